"""Amounts mean what people mean by them, and nothing else is taken for one."""

import pytest
from engine_helpers import make_book
from hypothesis import given
from hypothesis import strategies as st

from tabbook.quantities import seconds, size, size_text


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (90, 90),
        (0.5, 0.5),
        ("90", 90),
        ("90s", 90),
        ("90 sec", 90),
        ("20min", 1200),
        ("20m", 1200),
        ("1.5h", 5400),
        ("1h 30min", 5400),
        ("1h30m", 5400),
        ("2d", 172_800),
    ],
)
def test_times(text, value):
    assert seconds(text) == value


@pytest.mark.parametrize(
    "text", ["", "soon", "20 minutes", "min", "1h 30", "-5", "1e5", "20min!", None, True, [20], float("nan")]
)
def test_what_is_no_time(text):
    with pytest.raises(ValueError, match=r"time|more than 0"):
        seconds(text)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (6000, 6000),
        ("6GB", 6 * 10**9),
        ("6 gb", 6 * 10**9),
        ("512MiB", 512 * 2**20),
        ("1.5kB", 1500),
        ("200 B", 200),
        ("0.5 TiB", 2**39),
    ],
)
def test_sizes(text, value):
    assert size(text) == value


@pytest.mark.parametrize("text", ["", "big", "6 gigabytes", "GB", "-1GB", 0, -3, None, False, float("inf")])
def test_what_is_no_size(text):
    with pytest.raises(ValueError, match=r"size|more than 0"):
        size(text)


@given(st.integers(1, 10**14))
def test_a_size_reads_back_nearly_as_it_was(count):
    assert size(size_text(count)) == pytest.approx(count, rel=0.06)


def test_a_section_says_what_it_needs(tmp_path):
    matter = "---\nfile_format: mystnb\ntabbook: {gpus: 2, gpu_memory: 6GB, timeout: 20min}\n---\nx\n"
    book = make_book(tmp_path, {"a": matter, "b": "x"}, timeout="1h", output_limit="1MB")
    a, b = (book.read(f"chapters/{name}.md").settings for name in "ab")
    assert (a.gpus, a.gpu_memory, a.timeout) == (2, 6 * 10**9, 1200)
    assert (b.gpus, b.gpu_memory, b.timeout) == (0, None, None)
    assert (book.settings.timeout, book.settings.output_limit) == (3600, 10**6)

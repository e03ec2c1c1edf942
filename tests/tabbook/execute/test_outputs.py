"""A cell may print what it wants: what is kept is bounded, and says so where something is missing."""

import os
import re
import subprocess
import sys

from engine_helpers import job
from hypothesis import given, settings
from hypothesis import strategies as st

from tabbook.execute.job import execute
from tabbook.execute.outputs import cap_streams, normalise


def stream(text, name="stdout"):
    return {"output_type": "stream", "name": name, "text": text}


PICTURE = {"output_type": "display_data", "metadata": {}, "data": {"image/png": "A" * 5000}}


def test_what_fits_is_left_alone():
    outputs = (stream("x" * 100), stream("y" * 100, "stderr"), PICTURE)
    assert normalise(outputs, limit=100) == outputs


def test_a_stream_that_is_too_long_keeps_its_ends_and_says_how_much_is_missing():
    lines = "".join(f"line {n:04}\n" for n in range(1000))
    kept = normalise([stream(lines), PICTURE], limit=200)
    assert kept[1] == PICTURE
    text = kept[0]["text"].split("\n")
    assert (text[0], text[-2]) == ("line 0000", "line 0999")
    (mark,) = (line for line in text if not line.startswith("line ") and line)
    left = sum(len(line) + 1 for line in text[:-1]) - len(mark) - 1
    assert mark == f"[… {10_000 - left:,} characters left out: output_limit is 200 …]"
    assert left <= 200
    assert all(len(line) == 9 for line in text if line.startswith("line"))


def test_one_long_line_is_cut_too():
    (kept,) = normalise([stream("a" * 500 + "b" * 500)], limit=100)
    assert kept["text"] == f"{'a' * 50}\n[… 900 characters left out: output_limit is 100 …]\n{'b' * 50}"


LINES = st.lists(st.tuples(st.text("ab", max_size=9), st.text("cd", max_size=9)), max_size=80)


@settings(max_examples=200)
@given(LINES, st.lists(st.tuples(st.integers(1, 60), st.booleans()), min_size=1, max_size=20))
def test_shortening_on_the_way_changes_nothing_in_the_end(lines, cuts):
    text = "".join(f"{gone}\r{stays}\n" if gone else f"{stays}\r\n" for gone, stays in lines)
    outputs, place = [], 0
    while place < len(text):
        for length, now in cuts:
            if text[place : place + length]:
                outputs.append(stream(text[place : place + length]))
                place += length
            if now:
                cap_streams(outputs, 40)
    assert normalise(outputs, limit=40) == normalise([stream(text)] if text else [], limit=40)


def test_shortening_bounds_the_memory_and_spares_what_is_no_stream():
    outputs = [stream("early"), PICTURE]
    for n in range(2000):
        outputs += [stream(f"{n}\n" * 10), stream("warning\n", "stderr")]
        cap_streams(outputs, 100)
        assert sum(len(output.get("text", "")) for output in outputs) < 800
    assert outputs[:2] == [stream("early"), PICTURE]
    first, _, out, err = normalise(outputs, limit=100)
    assert first == stream("early")
    assert out["text"].endswith("1999\n")
    assert (out["name"], err["name"]) == ("stdout", "stderr")


@given(
    st.lists(st.one_of(st.none(), st.text("ab\n", max_size=60)), max_size=8),
    st.integers(1, 80),
)
def test_the_limit_is_for_all_that_a_cell_prints_whatever_stands_between(parts, limit):
    """Else each picture would allow for as much again. Whatever is missing is counted in one mark."""
    outputs = [PICTURE if part is None else stream(part) for part in parts]
    kept = normalise(outputs, limit=limit)
    texts = [output["text"] for output in kept if output["output_type"] == "stream"]
    assert [output for output in kept if output["output_type"] != "stream"] == [PICTURE] * parts.count(None)
    printed = "".join(filter(None, parts))
    if len(printed) <= limit:
        assert "".join(texts) == printed
        return
    mark = r"\[… ([\d,]+) characters left out: output_limit is [\d,]+ …\]\n"
    (missing,) = re.findall(mark, "".join(texts))
    shown = re.sub(mark, "", "".join(texts))
    # Where the mark does not follow a line's end, it begins a line of its own.
    assert len(shown) - (len(printed) - int(missing)) in (0, 1)
    assert len(shown) <= limit + 1


def test_progress_bars_take_no_room():
    outputs = []
    for n in range(3000):
        outputs.append(stream(f"\r{n:5} of 3000"))
        cap_streams(outputs, 100)
    assert normalise(outputs, limit=100) == (stream(" 2999 of 3000"),)


def test_a_kernel_that_prints_without_end_is_cut_while_it_runs():
    outcome = execute(
        job(
            "for i in range(200):\n    print(i, 'x' * 99_990)",
            "from IPython.display import Image, display\ndisplay(Image(b'\\x89PNG' + bytes(9000)))",
            output_limit=1000,
        )
    )
    printed, picture = outcome.result.outputs
    (printed,) = printed
    assert "characters left out: output_limit is 1,000" in printed["text"]
    assert len(printed["text"]) < 1100
    assert printed["text"].startswith("0 xxx")
    assert len(picture[0]["data"]["image/png"]) > 9000


def test_a_cell_that_prints_much_does_not_fill_the_memory_of_the_run():
    script = r"""
import resource, sys
from engine_helpers import job
from tabbook.execute.job import execute
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
source = "s = 'x' * 99_999\nfor i in range(3_000):\n    print(s)"
outcome = execute(job(source, output_limit=200_000))
assert outcome.result, outcome.failure
text = outcome.result.outputs[0][0]["text"]
assert len(text) < 201_000 and "299,8" in text, text[-200:]
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    done = subprocess.run(
        [sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    # 300 MB were printed; in kB on Linux. What is left is libraries, and messages on their way.
    assert int(done.stdout) < 250_000

"""A failure's line is a line of the section's file, whatever the projection did to the cell."""

import pickle

import pytest
from engine_helpers import job, projection
from hypothesis import given
from hypothesis import strategies as st

from tabbook.code import line_map
from tabbook.execute.outputs import normalise, stream_text, without_colours
from tabbook.plan.job_spec import Failure, steps_of


@pytest.mark.parametrize(
    ("original", "projected", "lines"),
    [
        ("a\nb", "a\nb", (7, 8)),
        ("if tab.selected('jax'):\n    x = 1\nelse:\n    y = 2\nz", "y = 2\nz", (10, 11)),
        ("if tab.selected('jax'):\n    x = 1\nelse:\n    y = 2\nz", "x = 1\nz", (8, 11)),
        ("y = d2l.tanh(x)\nz = d2l.exp(y)", "y = torch.tanh(x)\nz = torch.exp(y)", (7, 8)),
        ("a\nif tab.selected('jax'):\n    x\nb", "a\nb", (7, 10)),
        ("a", "a\nb", (7, 7)),
    ],
)
def test_lines_lead_back_to_the_source(original, projected, lines):
    assert line_map(original, projected, 7) == lines


@given(st.lists(st.sampled_from("abc")), st.lists(st.sampled_from("abcd")))
def test_a_line_is_always_one_of_the_cells(original, projected):
    lines = line_map("\n".join(original), "\n".join(projected), 5)
    assert len(lines) == max(1, len(projected))
    assert all(5 <= line < 5 + max(1, len(original)) for line in lines)


def test_steps_are_the_code_cells_with_their_places():
    first, second = steps_of(projection("x = 1\ny = 2", "z = 3", tags=("raises-exception",)))
    assert (first.lines, second.lines) == ((10, 11), (20,))
    assert second.tags == ("raises-exception",)
    assert [first.file_line(n) for n in (0, 1, 2, 99)] == [10, 10, 11, 11]


def test_a_job_can_be_sent_to_another_process():
    sent = job("x = 1", data={"d": "/d"})
    assert pickle.loads(pickle.dumps(sent)) == sent


def test_a_failure_is_a_fault_with_its_place():
    assert str(Failure("died", "a.md", 3, "jax", "the kernel died").fault) == "a.md:3: jax: the kernel died"


def stream(text, name="stdout"):
    return {"output_type": "stream", "name": name, "text": text}


SHOWN = {"output_type": "display_data", "metadata": {}, "data": {"text/plain": "1"}}


def test_streams_that_follow_each_other_become_one_per_name():
    mixed = [stream("e", "stderr"), stream("a"), stream("b"), SHOWN, stream("c"), stream("", "stderr")]
    assert normalise(mixed) == (stream("ab"), stream("e", "stderr"), SHOWN, stream("c"))


@pytest.mark.parametrize(
    ("printed", "kept"),
    [
        ("1%\r50%\r100%\n", "100%\n"),
        ("a\r\nb\n", "a\nb\n"),
        ("ab\x08\x08cd\n", "cd\n"),
        ("\x08x", "x"),
        ("at /tmp/x/ipykernel_12/345.py:3: Warning", "at <cell>:3: Warning"),
        ("/env/site/m.py", "m.py"),
    ],
)
def test_what_is_kept_is_what_a_terminal_shows_in_the_end(printed, kept):
    paths = {"/env/site/": "", "/tmp/x/ipykernel_": "/ipykernel_"}
    assert normalise([stream(printed)], paths) == (stream(kept),)


def test_a_long_line_takes_no_long_time():
    assert len(normalise([stream("x" * 5_000_000)])[0]["text"]) == 5_000_000


def test_what_a_cell_printed_last_is_plain():
    assert stream_text((stream("a\nb\n\x1b[31mc\x1b[0m\n"), SHOWN), lines=2) == "b\nc"
    assert without_colours("\x1b[1;32mgreen\x1b[m") == "green"

"""Widgets in real kernels: pages have no kernel, so what they show in the end is stored as plain outputs."""

import json

import pytest
from engine_helpers import job

from tabbook.execute.job import execute

BEGIN = "from ipywidgets import *\nfrom IPython.display import display\nout = Output()\n"


def outputs(*sources, **changes):
    """Return each cell's outputs: what streams and text say, or the name of an error."""
    outcome = execute(job(*sources, **changes))
    assert outcome.failure is None, outcome.failure
    assert "widget-view" not in json.dumps(outcome.result.outputs)
    return [
        [o.get("text") or o.get("data", {}).get("text/plain") or o["ename"] for o in cell]
        for cell in outcome.result.outputs
    ]


@pytest.mark.parametrize(
    ("sources", "shown"),
    [
        (["with out: print('x')\ndisplay(out)", "1"], [["x\n"], ["1"]]),
        (["display(out)\nwith out: print('x')\nprint('y')"], [["x\ny\n"]]),
        (["out", "with out: print('later')"], [["later\n"], []]),
        (
            [
                "with out:\n    print('a')\n    display(3)\n    1 / 0\nHBox([VBox([out])])",
                "'goes on'",
            ],
            [["a\n", "3", "ZeroDivisionError"], ["'goes on'"]],
        ),
        (
            ["interact(lambda x: print(x * 2), x=5);"],
            [["IntSlider(value=5, description='x', max=15, min=-5)", "10\n"]],
        ),
        (["out", "with out: print('gone')\nout.clear_output()"], [[], []]),
        (
            [
                "out\n",
                "for i in range(3):\n    with out:\n        print(i)\n    out.clear_output(wait=True)",
                "",
            ],
            [["2\n"], [], []],
        ),
        (
            ["out", "out.append_stdout('a')\nout.append_display_data(3)", "out.append_stdout('b')"],
            [["a", "3", "b"], [], []],
        ),
        (["with out: print('x')", "len(out.outputs), out.outputs[0]['text']"], [[], [r"(1, 'x\n')"]]),
        (["out", "with out: shown = display(1, display_id='a')", "shown.update(2)"], [["2"], [], []]),
        (
            [
                "b = Output()\ndisplay(HBox([out, b]))\n"
                "out.__enter__()\nprint('out')\nb.__enter__()\nprint('b')\nout.__exit__(None, None, None)\n"
                "print('b')\nb.__exit__(None, None, None)\nprint('cell')",
            ],
            [["out\nb\nb\ncell\n"]],
        ),
        (["with out: display(out)\nout"], [[]]),
        (
            ["import subprocess\nwith out: subprocess.run(['echo', 'x'])\nprint('y')\ndisplay(out)"],
            [["y\nx\n"]],
        ),
    ],
)
def test_what_an_output_widget_captures_is_shown_where_it_is_displayed(sources, shown):
    """It made a KeyError of the runner, and the page lost all outputs."""
    assert outputs(BEGIN + sources[0], *sources[1:]) == shown


@pytest.mark.parametrize(
    ("sources", "shown"),
    [
        (["s = IntSlider(3)\ns", "s.value = 9"], [["IntSlider(value=9)"], []]),
        (
            ["s = IntSlider(3)\nHBox([Label('<b>k</b> &amp;'), VBox([s, Text('t')])])", "s.value = 9"],
            [["k & IntSlider(value=9) Text(value='t')"], []],
        ),
        (["Button(description='x' * 200)"], [[f"Button(description={'x' * 200!r}, style=ButtonStyle())"]]),
        (["s = IntSlider(3)\ndisplay(s)\nprint('stays')", "s.close()"], [["stays\n"], []]),
        (["FloatProgress(value=3, max=10)"], [["FloatProgress(value=3.0, max=10.0)"]]),
    ],
)
def test_a_widget_shows_its_text_as_it_is_in_the_end(sources, shown):
    assert outputs(BEGIN + sources[0], *sources[1:]) == shown


def test_a_widget_that_cannot_describe_itself_is_a_failure():
    failed = execute(job(BEGIN + "class A(IntSlider):\n    def __repr__(self): 1 / 0\nA(3)")).failure
    assert failed.message == "ZeroDivisionError: division by zero"


def test_progress_bars_show_where_they_ended():
    """The first text of a bar was stored: 0 %."""
    first, second, hidden = outputs(
        "from tqdm.auto import tqdm\nfor i in tqdm(range(5), desc='load'): pass",
        "bar = tqdm(total=4)",
        "bar.update(4)\nbar.close()\nfor i in tqdm(range(2), leave=False): pass",
    )
    assert first[0].startswith("load: 100% |██████████| 5/5 [")
    assert second[0].startswith("100% |██████████| 4/4 [")
    assert hidden == []


def test_floods_into_a_widget_are_cut_like_others():
    ((text,), _) = outputs(
        f"{BEGIN}out", "with out:\n    for i in range(30_000): print(i, 'x' * 90)", output_limit=1000
    )
    assert "characters left out: output_limit is 1,000" in text
    assert len(text) < 1100


def test_a_widget_of_a_thread_is_followed_after_its_cell():
    assert outputs(
        f"{BEGIN}import threading, time\ns = IntSlider(1)\ndisplay(s)\nbox = HBox()\ndisplay(box)\n"
        "def work():\n    time.sleep(0.3)\n    s.value = 2\n    box.children = [s]\n"
        "t = threading.Thread(target=work)\nt.start()",
        "t.join()",
    ) == [["IntSlider(value=2)", "IntSlider(value=2)"], []]

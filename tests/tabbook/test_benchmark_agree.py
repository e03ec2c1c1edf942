"""When final metrics of two frameworks count as the same."""

import runpy
from pathlib import Path

AGREE = runpy.run_path(str(Path(__file__).parents[2] / "benchmarks" / "agree.py"))


def test_metrics_agree_within_a_tenth_or_two_deviations():
    agree = AGREE["agree"]
    assert agree([1.0] * 5, [1.09] * 5)
    assert not agree([1.0] * 5, [1.11] * 5)
    spread = [0.7, 0.8, 1.0, 1.2, 1.3]
    assert abs(AGREE["deviation"](spread) - 0.2) < 1e-12
    assert agree(spread, [1.39] * 5)
    assert not agree(spread, [1.41] * 5)


def test_the_table_says_who_does_not_agree():
    results = {
        tab: {"version": "1.0", "metrics": {"loss": [value] * 5, "ppl": [1.0] * 5}}
        for tab, value in (("A", 1.0), ("B", 2.0))
    }
    text, same = AGREE["table"](results, ["loss", "ppl"])
    assert not same
    assert text.splitlines()[0] == "| Held-out metric | A 1.0 | B 1.0 | Agree |"
    assert [line.split(" | ")[-1] for line in text.splitlines()[2:]] == ["no |", "yes |"]

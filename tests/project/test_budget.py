"""docs/budget.md has every section that trains, adds up, and stays within its bound."""

import re
import runpy

from commands import ROOT, SETTINGS

from tabbook.book import Book

BUDGET = runpy.run_path(str(ROOT / "docs/make_budget.py"))
ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in (ROOT / "docs/budget.md").read_text(encoding="utf-8").splitlines()
    if line.startswith("|")
]
_, _, *TIMES, ALL = ROWS


def numbers(cells: list[str]) -> list[int]:
    return [int(cell or 0) for cell in cells]


def test_every_section_that_trains_has_its_line() -> None:
    listed = [re.sub(r".*\(\.\./(.*)\)", r"\1", name) for name, *_ in TIMES]
    assert listed == list(BUDGET["training_sections"](Book.load(ROOT))), "run make book, then make budget"


def test_a_section_that_trains_is_recognized() -> None:
    trains = BUDGET["trains"]
    assert trains("trainer.fit(model, data)") and trains("d2l.Trainer(max_epochs=3).fit(model, data)")
    assert trains("steps.descend(batch, 0.1)") and trains("loss, grads = steps.gradient(*batch)")
    assert not trains("grads = tape.gradient(loss, params)")
    assert not trains("def fit(x, y): ...") and not trains("descend(torch.optim.SGD)")


def test_the_table_has_every_framework_and_adds_up() -> None:
    assert ROWS[0][1:] == [tab.name for tab in SETTINGS.tabs.values()]
    assert numbers(ALL[1:]) == [
        sum(column) for column in zip(*(numbers(row[1:]) for row in TIMES), strict=True)
    ]
    assert all(time > 0 for row in TIMES for time in numbers(row[1:]))


def test_the_whole_book_trains_within_its_bound() -> None:
    spent = sum(numbers(ALL[1:]))
    message = f"training takes {spent} s: cut what a section trains, or measure on an idle machine"
    assert spent <= BUDGET["BOUND"], message

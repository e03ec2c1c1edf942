"""A page whose code failed says so at the cell, and for as long as it is true."""

import re
from pathlib import Path

import pytest
from engine_helpers import LocalBook
from render_helpers import FRONT, fill_store, write_book

from tabbook.book import Book
from tabbook.plan.history import remove_failure
from tabbook.render.site import build_site
from tabbook.run.runner import run
from tabbook.status.overview import status

pytestmark = pytest.mark.filterwarnings("ignore::PendingDeprecationWarning:sphinx_jupyterbook_latex")

FENCE = "```{code-cell} python\n"
PAGE = f"""{FRONT}
# A

See {{numref}}`fig_loss`.

{FENCE}print('bef' + 'ore')
```

Text.

{FENCE}%%tab jax
def check(shape):
    print('checked')
    raise ValueError(f'bad shape {{shape}}')
check((2, 3))
```
{FENCE}%%tab pytorch, mxnet
1 + 1
```

{FENCE}print('af' + 'ter')
```

{FENCE}---
mystnb: {{figure: {{name: fig_loss, caption: The loss.}}}}
---
draw()
```
"""


def execute(root: Path, *tabs: str) -> None:
    book = LocalBook.load(root)
    (root / "jax.txt").write_text("jax==1\n")
    run(book, tabs=tabs, why_unusable=lambda _tab: "")


def page(root: Path, **kwargs: bool) -> str:
    """Build the book without a warning, and return its page as text with few tags."""
    site = build_site(Book.load(root), jobs=1, quiet=True, **kwargs)
    assert site.status == 0
    article = site.page.read_text().split("<article", 1)[1].split("</article", 1)[0]
    text = re.sub(r"<[^>]+>", "", re.sub(r"<button.*?</button>", "", article, flags=re.DOTALL))
    return re.sub(r"\n\s*\n+", "\n", text)


def test_the_failing_cell_shows_its_error_and_the_others_say_why_they_show_nothing(tmp_path: Path) -> None:
    root = write_book(tmp_path, {"index": PAGE})
    fill_store(root, tabs=("pytorch", "mxnet"))
    execute(root, "jax")
    text = page(root)
    above, failing = text.split("This cell failed in JAX: ValueError: bad shape (2, 3)", 1)
    assert "The outputs in JAX are missing: a cell below failed." in above
    assert "check((2, 3))" in above
    assert "checked" in above.split("check((2, 3))")[1], "what it printed before"
    assert "Traceback (most recent call last)" in above
    assert failing.count("Not executed in JAX: a cell above failed.") == 2
    assert "the outputs are missing" not in text
    assert "has not been executed" not in text


def test_a_page_without_any_outputs_says_above_that_it_failed(tmp_path: Path) -> None:
    root = write_book(tmp_path, {"index": PAGE})
    assert "The code of this page has not been executed: its outputs are missing." in page(root)
    execute(root, "jax")
    text = page(root)
    assert "The code of this page failed in JAX: the cells below say where and why." in text
    assert "It has not been executed in PyTorch and MXNet." in text
    assert "its outputs are missing" not in text


def test_a_failure_is_shown_for_as_long_as_status_tells_it(tmp_path: Path) -> None:
    root = write_book(tmp_path, {"index": PAGE})
    execute(root, "jax")
    assert "This cell failed" in page(root)
    failed = [job for job in status(Book.load(root)).jobs if job.status == "failed"]
    assert [job.tab for job in failed] == ["jax"]
    moved = PAGE.replace("Text.", "Text,\n\nand more of it.")
    (root / "index.md").write_text(moved)
    assert "This cell failed" in page(root), "prose is not what failed"
    (root / "index.md").write_text(moved.replace("(2, 3)", "(2, 4)"))
    assert "failed" not in page(root), "another key"
    (root / "index.md").write_text(moved)
    assert "This cell failed" in page(root)
    remove_failure(root / ".tabbook", failed[0].key)
    assert "failed" not in page(root), "the page is read again, though its text did not change"


@pytest.mark.parametrize(
    ("code", "limits", "told"),
    [
        (
            "import time; time.sleep(60)",
            "cell_timeout: 2s",
            "This cell failed in JAX: the cell was stopped: it took",
        ),
        ("import os; os._exit(3)", "timeout: 60s", "This cell failed in JAX: the kernel"),
    ],
)
def test_jobs_that_end_otherwise_say_so_too(tmp_path: Path, code: str, limits: str, told: str) -> None:
    front = FRONT.replace("tabbook: {}", f"tabbook: {{{limits}}}")
    root = write_book(tmp_path, {"index": f"{front}# A\n\n{FENCE}{code}\n```\n\n{FENCE}2\n```\n"})
    execute(root, "jax")
    text = page(root)
    assert told in text
    assert "Not executed in JAX: a cell above failed." in text

"""A build after any edits says and shows what a build from nothing does, byte for byte."""

import random
import shutil
from pathlib import Path

import pytest
import yaml
from build_helpers import ENTRY, FRONT, Builds, make

pytestmark = pytest.mark.filterwarnings("ignore::PendingDeprecationWarning:sphinx_jupyterbook_latex")

PAGES = [f"p{number}" for number in range(6)]
FILES = ["a.png", "b.png", "a.txt", "chain_a.txt", "a.zip"]
PIECES = [
    "(sec_L)=\n## Section L N", "{ref}`sec_L`", "{numref}`sec_L`", "(par_L)=\nA paragraph.", "[](#par_L)",
    "```{figure} L.png\n:name: fig_L\nCaption N.\n```", "{numref}`fig_L`", "$$x_N$$ (eq_L)", "{eq}`eq_L`",
    "{cite}`KL.2020`", "{cite}`K 2020 * 1`", "```{bibliography}\n:filter: docname in docnames\n```",
    "```{glossary}\nword L\n  Text N.\n```", "{term}`word L`", "{any}`sec_L`", "{index}`entry L`",
    "```{include} L.txt\n```", "```{include} chain_L.txt\n```", "![alt](L.png)", "{download}`f <L.zip>`",
    "[z](L.zip)", "{rolle}`N`", ":::{notte}\nx\n:::", "```json\n{ 'a: }\n```", "#### Deep N", "[^note]",
    "[t](P.md)", "[](P.md#heading-N)", "{doc}`P`", "## Heading N", "{{ subst }}",
    "```{py:function} f_L(x)\n```",
    "{py:func}`f_L`", ":::{tab} pytorch\n(tab_L)=\n### Of N\n:::\n\n:::{tab} jax\n(tab_L)=\n### For N\n:::",
    "{ref}`tab_L`", "```{code-cell} python\n%%tab pytorch\nprint(N)\n```", "{raising}`L`",
    "```{raises} writer\n```", "```{raises} post-transform\n```", '<img src="L.png">',
]  # fmt: skip


class Edits:
    """A book that is edited at random."""

    def __init__(self, seed: int, config: str) -> None:
        self.dice, self.config = random.Random(seed), yaml.safe_load(config)
        self.pages: dict[str, list[str]] = {page: ["# " + page, self.piece()] for page in PAGES[:5]}
        self.files: set[str] = set()
        self.keys = ["a", "b"]
        self.numbered: object = False

    def piece(self) -> str:
        made = self.dice.choice(PIECES).replace("N", str(self.dice.randrange(3)))
        return made.replace("P", self.dice.choice(PAGES)).replace("L", self.dice.choice("ab"))

    def edit(self) -> str:
        """Edit something; return what was done."""
        dice, page = self.dice, self.dice.choice(sorted(self.pages))
        free = [name for name in PAGES if name not in self.pages]
        done = dice.choice(
            ["add", "add", "add", "drop", "drop", "move", "title", "file", "page", "order", "book"]
        )
        if done == "add":
            self.pages[page].append(self.piece())
        elif done in ("drop", "move") and len(self.pages[page]) > 1:
            piece = self.pages[page].pop()
            if done == "move":
                self.pages[dice.choice(sorted(self.pages))].append(piece)
        elif done == "title":
            self.pages[page][0] = dice.choice(["# New", "# *A* `b` $c$ &amp; <d>", "Text.", f"# {page}"])
        elif done == "file":
            self.files ^= {dice.choice(FILES)}
        elif done == "page" and free:
            moved = self.pages.pop(page) if dice.random() < 0.5 and len(self.pages) > 3 else ["# Fresh"]
            self.pages[free[0]] = moved
        elif done == "order":
            self.pages = dict(dice.sample([*self.pages.items()], len(self.pages)))
        elif done == "book":
            self.keys = dice.choice([["a"], ["a", "b"], ["a", "a"]])
            self.numbered = dice.choice([False, True, 1])
            self.config["sphinx"]["config"]["suppress_warnings"] = dice.choice([[], ["ref"], ["myst"]])
        return f"{done} {page}"

    def write(self, root: Path) -> None:
        """Write what changed into ``root``."""
        first, *others = self.pages
        parts = [
            {"caption": name, "numbered": self.numbered, "chapters": [{"file": page} for page in pages]}
            for name, pages in {"A": others[:2], "B": others[2:]}.items()
            if pages
        ]
        texts = {f"{page}.md": FRONT + "\n\n".join(pieces) + "\n" for page, pieces in self.pages.items()}
        texts |= {name: "{ref}`sec_a`\n" if "chain" in name else "x\n" for name in self.files}
        texts["_toc.yml"] = yaml.safe_dump(
            {"format": "jb-book", "root": first, "parts": parts}, sort_keys=False
        )
        texts["_config.yml"] = yaml.safe_dump(self.config, sort_keys=False)
        texts["references.bib"] = "".join(ENTRY.format(f"K{key}.2020") for key in self.keys)
        for path in {*root.glob("*.md"), *(root / name for name in FILES if (root / name).exists())}:
            if path.name not in texts:
                path.unlink()
        for name, text in texts.items():
            if not (root / name).exists() or (root / name).read_text() != text:
                (root / name).write_text(text)

    def shown(self, root: Path) -> dict[str, str]:
        """Return the HTML of all pages."""
        names = [*self.pages, "genindex"]
        return {name: (root / f"_build/html/{name}.html").read_text() for name in names}


@pytest.mark.parametrize("seed", range(2))
def test_after_any_edits_all_is_as_from_nothing(tmp_path: Path, seed: int) -> None:
    root, fresh = tmp_path / "book", tmp_path / "fresh"
    builds = make(root)
    edits, done = Edits(seed, (root / "_config.yml").read_text()), []
    for step in range(7):
        edits.write(root)
        shutil.rmtree(fresh, ignore_errors=True)
        shutil.copytree(root, fresh, ignore=shutil.ignore_patterns("_build", ".tabbook"))
        anew = Builds(fresh)
        assert builds(1 + 2 * (step % 2)) == anew(), done
        assert builds.status == anew.status
        assert edits.shown(root) == edits.shown(fresh), done
        done += [edits.edit() for _ in range(edits.dice.choice([1, 1, 2, 4]))]

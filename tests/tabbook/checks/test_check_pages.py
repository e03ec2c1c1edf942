"""What Sphinx refuses is said by a check: the same places as in a build, also when little changed."""

# ruff: noqa: E501 - every fault on one line

import os
import re
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest
import yaml
from render_helpers import NAMES, write_book

from tabbook.cli import main

FRONT = "---\nfile_format: mystnb\ntabbook: {}\n---\n"
CLEAN = {
    "index": "# A book\n\nSee {ref}`sec_one`, {numref}`fig_one`, {eq}`eq_one`, {cite}`One.2020`, {doc}`two`.\n\n```{bibliography}\n```\n",
    "one": f"{FRONT}\n(sec_one)=\n# One\n\n```{{figure}} one.png\n:name: fig_one\n\nA caption.\n```\n\n$$a$$ (eq_one)\n\n```{{code-cell}} python\n%%tab pytorch\nprint(1)\n```\n",
    "two": f"{FRONT}\n# Two\n\nSee {{numref}}`fig_drawn`.\n\n```{{code-cell}} python\n---\nmystnb: {{figure: {{name: fig_drawn, caption: Drawn.}}}}\n---\nprint(2)\n```\n",
}
FAULTS = {
    "labels": "{ref}`sec_nowhere` and {numref}`fig_nowhere` and {eq}`eq_nowhere`",
    "links": "{doc}`nowhere`, [text](#sec-nowhere), [text](nowhere.md), [](<project:#foo>)",
    "citation": "{cite}`Nobody.2020`",
    "role": "{rolle}`x`",
    "directive": ":::{notte}\nx\n:::",
    "options": ":::{note}\n:clas: x\nx\n:::\n\n```{figure} one.png\n:widht: 3\n\nx\n```",
    "pictures": "![x](nowhere.png)\n\n```{figure} nowhere2.png\nx\n```",
    "html": "Text.\n\n<img src=\"nowhere3.png\">\n\nHere <img src='one.png'> too.\n\n<p>\n<video src=\"../x.mp4\"></video></p>",
    "includes": "```{include} nowhere.txt\n```\n\n```{literalinclude} nowhere.py\n```",
    "download": "{download}`x <nowhere.zip>`",
    "twice": "(sec_a)=\n## One\n\nx\n\n(sec_a)=\n## Two\n\nx",
    "elsewhere": "(sec_one)=\n## Two\n\nx",
    "equations": "$$a$$ (eq_dup)\n\n$$b$$ (eq_dup)",
    "levels": "## A\n\n#### B\n\nx",
    "language": "```{code-block} json\n{ 'a: }\n```\n\n```json\n{ 'a: }\n```\n\n```nolanguage\nx\n```",
    "term": "{term}`nothing`",
    "toctree": "```{toctree}\nnowhere\n```",
    "substitution": "A {{ nothing }} here.",
    "table": "```{list-table} X\n* - a\n  - b\n* - c\n```",
    "block": ":::{tab} pytroch\nx\n:::",
    "highlighted": "```{code-block} python\n:emphasize-lines: 99\nx\n```",
    "cell": "```{code-cell} python\n%%tab pytorch\na = = 1\n```",
    "footnote": "A note[^x].",
}  # fmt: skip


def make(root: Path, pages: dict[str, str] = CLEAN) -> Path:
    """Write a book of ``pages`` with a picture, a bibliography, and what its environments are made from."""
    write_book(root, pages)
    path = root / "_config.yml"
    config = yaml.safe_load(path.read_text())
    config["bibtex_bibfiles"] = ["references.bib"]
    config["parse"] = {"myst_enable_extensions": ["dollarmath", "colon_fence", "substitution"]}
    path.write_text(yaml.safe_dump(config, sort_keys=False))
    entry = "@book{One.2020, title={T}, author={A. B}, year={2020}, publisher={P}}\n"
    (root / "references.bib").write_text(entry)
    (root / "one.png").write_bytes(b"x")
    for tab in NAMES:
        (root / f"{tab}.txt").write_text("")
    return root


def checked(root: Path, capsys: pytest.CaptureFixture[str]) -> list[str]:
    """Return the faults that a check of the book prints."""
    status = main(["check", "--book", str(root)])
    shown = capsys.readouterr()
    faults = [line for line in shown.err.splitlines() if not line.startswith("tabbook: ")]
    assert status == (1 if faults else 0)
    return faults


def places(lines: list[str]) -> set[tuple[str, str]]:
    return {(found[1], found[2]) for line in lines if (found := re.match(r"([^:]+):(\d*)", line))}


def built(root: Path) -> list[str]:
    """Return what a plain build of Jupyter Book warns of, from nothing."""
    done = subprocess.run(
        [Path(sysconfig.get_path("scripts")) / "jupyter-book", "build", "--all", "-W", "--keep-going", root],
        capture_output=True,
        text=True,
        check=False,
    )
    text = re.sub(r"\x1b\[[0-9;]*m", "", done.stdout + done.stderr).replace(f"{root}/", "")
    found = re.findall(r"^(\S+:\d*): (?:WARNING|ERROR|CRITICAL|SEVERE): (.*)$", text, re.MULTILINE)
    assert done.returncode != 0 or not found
    return [f"{place.replace('.md.rst', '.md')}: {message}" for place, message in found]


def test_a_check_names_the_places_that_a_build_refuses(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The heart of it: whatever Jupyter Book would say with -W, at the same lines, and nothing else."""
    pages = {
        name: f"{FRONT}\n(sec_{name})=\n# Page {name}\n\nSome text.\n\n{text}\n\nEnd.\n"
        for name, text in FAULTS.items()
    }
    root = make(tmp_path / "book", CLEAN | pages)
    found = checked(root, capsys)
    assert places(found) == places(built(root))
    # The label that "elsewhere" repeats is a fault of the page that Sphinx reads later.
    named = {fault.partition(":")[0] for fault in found}
    assert named >= {f"{name}.md" for name in FAULTS} - {"elsewhere.md", "footnote.md"}


def test_a_check_of_a_clean_book_finds_nothing_and_leaves_the_book_as_it_was(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = make(tmp_path / "book")
    before = {path: path.read_bytes() for path in root.rglob("*") if path.is_file()}
    assert checked(root, capsys) == []
    after = {path: path.read_bytes() for path in root.rglob("*") if path.is_file()}
    assert {path: text for path, text in after.items() if ".tabbook" not in path.parts} == before
    assert not list(root.rglob("*.ipynb"))  # a build might take them for pages


def test_what_was_wrong_is_said_again_until_it_is_mended(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Sphinx does not read a page again that did not change, but its faults are still there."""
    root = make(tmp_path / "book")
    one = root / "one.md"
    text = one.read_text()
    one.write_text(text + "\n{ref}`sec_nowhere`\n")
    first = checked(root, capsys)
    assert len(first) == 1
    assert checked(root, capsys) == first  # nothing changed
    (root / "two.md").write_text((root / "two.md").read_text() + "\nMore.\n")
    assert checked(root, capsys) == first  # another page changed
    one.write_text(text)
    assert checked(root, capsys) == []


@pytest.mark.parametrize(
    ("path", "old", "new", "message"),
    [
        ("one.md", "(sec_one)=", "(sec_onee)=", "undefined label: 'sec_one'"),
        ("one.md", ":name: fig_one", ":name: fig_onee", "undefined label: 'fig_one'"),
        ("one.md", "(eq_one)", "(eq_onee)", "equation not found: eq_one"),
        ("references.bib", "One.2020", "One.2021", 'could not find bibtex key "One.2020"'),
    ],
)
def test_pages_that_did_not_change_are_wrong_when_what_they_name_is_gone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], path: str, old: str, new: str, message: str
) -> None:
    root = make(tmp_path / "book")
    assert checked(root, capsys) == []
    text = (root / path).read_text()
    (root / path).write_text(text.replace(old, new))
    (found,) = checked(root, capsys)
    assert found.startswith(f"index.md:3: {message}")
    assert found.endswith(f"; perhaps you meant {new.strip('()=').split()[-1]!r}")
    (root / path).write_text(text)
    assert checked(root, capsys) == []


@pytest.mark.parametrize("mended", ["one", "index"])
def test_a_label_on_two_pages_is_wrong_until_either_is_mended(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], mended: str
) -> None:
    """Sphinx warns at one of the two pages alone: that one must be forgotten when the other changes."""
    root = make(tmp_path / "book")
    assert checked(root, capsys) == []
    text = (root / "index.md").read_text()
    (root / "index.md").write_text("(sec_one)=\n" + text)
    (found,) = checked(root, capsys)
    assert "duplicate label sec_one" in found
    page = root / f"{mended}.md"
    page.write_text(page.read_text().replace("(sec_one)=", ""))
    assert checked(root, capsys) == []


def test_a_picture_that_goes_and_comes_back(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = make(tmp_path / "book")
    assert checked(root, capsys) == []
    (root / "one.png").rename(root / "kept.png")
    assert [fault.partition(";")[0] for fault in checked(root, capsys)] == [
        "one.md:9: image file not readable: one.png"
    ]
    (root / "kept.png").rename(root / "one.png")
    assert checked(root, capsys) == []


def test_a_check_that_was_ended_in_the_middle_hides_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Sphinx may have noted a page as read whose faults nobody was told of."""
    root = make(tmp_path / "book")
    (root / "one.md").write_text(CLEAN["one"] + "\n{rolle}`x`\n\n{ref}`sec_nowhere`\n")
    first = checked(root, capsys)
    assert len(first) == 2
    (root / ".tabbook/check/pages.json").unlink()
    (root / ".tabbook/check/warnings.json").unlink()  # written last, when everything has been said
    assert checked(root, capsys) == first


def test_a_page_that_cannot_be_read_still_has_its_labels(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Or else one fault would make a dozen on other pages."""
    root = make(tmp_path / "book")
    (root / "one.md").write_text(CLEAN["one"].replace("print(1)", "print(1"))
    (found,) = checked(root, capsys)
    assert "one.md:" in found
    assert "not valid Python" in found


def test_outputs_do_not_matter(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A check says the same before and after the code is run: figures that code draws have their labels."""
    root = make(tmp_path / "book")
    glued = "```{code-cell} python\nfrom myst_nb import glue\nglue('loss', 3)\n```\n\nIt is {glue}`loss`.\n"
    (root / "one.md").write_text(f"{CLEAN['one']}\n{glued}")
    (root / "two.md").write_text(CLEAN["two"].replace("fig_drawn`", "fig_darwn`"))
    (found,) = checked(root, capsys)
    assert found == "two.md:8: undefined label: 'fig_darwn'; perhaps you meant 'fig_drawn'"


@pytest.mark.parametrize(
    ("keys", "value", "message"),
    [
        (("sphinx", "config", "nb_merge_stream"), True, "unknown config value 'nb_merge_stream' in override, ignoring; perhaps you meant 'nb_merge_streams'"),
        (("sphinx", "config", "html_theme_options", "navbar_persistant"), [], "unsupported theme option 'navbar_persistant' given"),
        (("execute", "timeout"), "long", "execute.timeout: this must be a whole number; it says 'long'"),
        (("sphinx", "extra_extensions"), ["tabbook.render", "nowhere"], "Could not import extension nowhere"),
        (("html", "use_issues_button"), True, "html.use_issues_button: a button that leads to the repository needs its address; give it as url under repository"),
    ],
)  # fmt: skip
def test_the_configuration_is_checked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], keys: tuple[str, ...], value: object, message: str
) -> None:
    root = make(tmp_path / "book")
    config = yaml.safe_load((root / "_config.yml").read_text())
    below = config
    for key in keys[:-1]:
        below = below.setdefault(key, {})
    below[keys[-1]] = value
    (root / "_config.yml").write_text(yaml.safe_dump(config, sort_keys=False))
    (found,) = (fault for fault in checked(root, capsys) if message in fault)
    assert found.startswith("_config.yml")
    line = re.match(r"_config.yml:(\d+)", found)
    assert line is None or keys[-1] in (root / "_config.yml").read_text().splitlines()[int(line[1]) - 1]


def test_a_table_of_contents_that_sphinx_cannot_use(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = make(tmp_path / "book")
    (root / "_toc.yml").write_text(
        "format: jb-book\nroot: index\nchapters:\n- file: one\n  sectoins: []\n- file: two\n"
    )
    assert checked(root, capsys) == ["_toc.yml:5: unknown key 'sectoins'; perhaps you meant 'sections'"]


def test_pages_can_be_left_out(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = make(tmp_path / "book")
    (root / "one.md").write_text(CLEAN["one"] + "\n{rolle}`x`\n")
    assert main(["check", "--no-pages", "--book", str(root)]) == 0
    assert not (root / ".tabbook/check").exists()


def test_without_the_packages_for_pages_the_rest_is_checked(tmp_path: Path) -> None:
    """The core needs no Sphinx: where it is missing, one line says what was not checked."""
    root = make(tmp_path / "book")
    packages = tmp_path / "packages"
    packages.mkdir()
    for path in Path(sysconfig.get_path("purelib")).iterdir():
        if not re.match(r"sphinx|jupyter_book|myst_nb|docutils", path.name, re.IGNORECASE):
            (packages / path.name).symlink_to(path)
    ours = Path(__file__).parents[3]
    done = subprocess.run(
        [sys.executable, "-S", "-m", "tabbook", "check", "--book", root],
        env={**os.environ, "PYTHONPATH": f"{packages}{os.pathsep}{ours}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == "the pages were not checked: pip install 'tabbook[render]' for that\n"
    assert "no fault" in done.stdout


@pytest.mark.parametrize(("page", "status"), [("# A book\n", 0), ("# A book\n\n{rolle}`x`\n", 1)])
def test_a_command_that_reads_ends_without_freeing_its_memory(tmp_path: Path, page: str, status: int) -> None:
    """That takes a tenth of a check; what is printed, exit handlers and the status are as ever."""
    root = make(tmp_path / "book", {"index": page})
    code = (
        "import atexit, sys\n\nclass Tree:\n    def __del__(self):\n        print('freed')\n\n"
        f"tree = Tree()\natexit.register(print, 'the end')\nsys.argv = ['tabbook', 'check', '--book', {str(root)!r}]\n"
        "from tabbook.cli import main\nsys.exit(main())"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.splitlines()[-1]) == (status, "the end"), done.stderr
    assert ("rolle" in done.stderr) == bool(status)

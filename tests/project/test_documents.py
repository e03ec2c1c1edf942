"""The documents tell the truth: links lead somewhere, commands exist, examples do what they say."""

import re
import runpy
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import get_type_hints

import pytest
import typer
import yaml
from commands import ROOT, check_tabbook, make_targets, mentioned_targets
from markdown_it import MarkdownIt
from markdown_it.token import Token
from pydantic import BaseModel, TypeAdapter

import tabbook
from tabbook.cli.app import app
from tabbook.config import (
    CONFIG_FILE,
    BookSettings,
    DataFile,
    LibrarySettings,
    Repository,
    SectionSettings,
    Tab,
    read_settings,
)
from tabbook.project.idioms import rewrite
from tabbook.project.projection import idioms_of, project
from tabbook.read.section import read_section
from tabbook.render.build_warnings import FAILED
from tabbook.section_faults import check_section

DOCUMENTS = sorted(
    path.relative_to(ROOT).as_posix()
    for pattern in ("*.md", "docs/**/*.md", ".github/**/*.md", "d2l_lib/*.md", "plugins/*/*.md")
    for path in ROOT.glob(pattern)
)
SETTINGS = read_settings((ROOT / CONFIG_FILE).read_text(encoding="utf-8"))
_PATH = re.compile(
    r"(?:\.ci|\.github|chapters|d2l_lib|docs|plugins|requirements|tabbook|tests)/[\w./-]*|\w+\.(?:md|toml)"
)


def tokens(document: str) -> Iterator[Token]:
    """Yield every token of a document, inline ones included."""
    for token in (
        MarkdownIt("commonmark").enable("table").parse((ROOT / document).read_text(encoding="utf-8"))
    ):
        yield token
        yield from token.children or ()


def codes(document: str) -> list[str]:
    """Return a document's pieces of code: spans, and blocks."""
    return [
        token.content for token in tokens(document) if token.type in ("code_inline", "fence", "code_block")
    ]


def anchors(path: Path) -> set[str]:
    """Return the anchors that code hosts give to a document's headings."""
    found = set()
    for line in re.findall(r"^#+ +(.+)$", path.read_text(encoding="utf-8"), re.MULTILINE):
        found.add(re.sub(r"[^\w\- ]", "", line.strip().lower()).replace(" ", "-"))
    return found


def tracked() -> list[str]:
    """Return the files that git keeps."""
    git = shutil.which("git")
    if git is None or not (ROOT / ".git").exists():
        pytest.skip("this is not a git checkout")
    done = subprocess.run([git, "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True)
    return list(filter(None, done.stdout.split("\0")))


@pytest.mark.parametrize("document", DOCUMENTS)
def test_links_lead_to_files_and_headings(document: str) -> None:
    addresses = [
        str(token.attrGet("href") or token.attrGet("src") or "")
        for token in tokens(document)
        if token.type in ("link_open", "image")
    ]
    for token in tokens(document):
        if token.type in ("html_inline", "html_block"):
            addresses += re.findall(r'(?:src|href)="([^"]+)"', token.content)
    broken = []
    for address in addresses:
        if re.match(r"[a-z]+:", address):
            continue
        path, _, anchor = address.partition("#")
        target = (ROOT / document).parent / path if path else ROOT / document
        if not target.exists() or (anchor and anchor not in anchors(target)):
            broken.append(address)
    assert not broken


@pytest.mark.parametrize("document", DOCUMENTS)
def test_the_commands_that_documents_name_exist(document: str) -> None:
    wrong = []
    for code in codes(document):
        wrong += [f"there is no target {t}" for t in mentioned_targets(code) if t not in make_targets()]
        wrong += check_tabbook(code)
    assert not wrong


def test_a_wrong_command_would_be_found() -> None:
    assert list(mentioned_targets("cd x && make book test-d2l  # make it")) == ["book", "test-d2l"]
    assert list(check_tabbook(".venv/bin/tabbook build rnn-scratch --tab jax")) == []
    assert list(check_tabbook("tabbook bild")) == ["there is no command tabbook bild"]
    assert list(check_tabbook("tabbook env make --tap jax")) == ["tabbook env make has no option --tap"]


@pytest.mark.parametrize("document", DOCUMENTS)
def test_the_paths_that_documents_name_exist(document: str) -> None:
    spans = [token.content for token in tokens(document) if token.type == "code_inline"]
    beside = (ROOT / document).parent
    named = [span for span in spans if _PATH.fullmatch(span)]
    assert [path for path in named if not (ROOT / path).exists() and not (beside / path).exists()] == []


def test_the_readme_names_every_command_and_target() -> None:
    text = "\n".join(codes("README.md"))
    commands = typer.main.get_command(app)
    missing = [f"tabbook {name}" for name in commands.commands if f"tabbook {name}" not in text]  # type: ignore[attr-defined]
    listed = (ROOT / "Makefile").read_text(encoding="utf-8").split(".PHONY:")[1].split("\n")[0].split()
    missing += [
        f"make {name}" for name in listed if re.fullmatch(r"[\w-]+", name) and f"make {name}" not in text
    ]
    assert not missing


def documented_modules() -> set[str]:
    """Return the modules that the tables of docs/maintainers.md name, each in the rows of its package."""
    text = (ROOT / "docs/maintainers.md").read_text(encoding="utf-8").split("## For other tools")[0]
    modules, top, package = set(), "", ""
    for cell in re.findall(r"^\| (.+?) \|", text, re.MULTILINE):
        names = re.findall(r"`([^`]+)`", cell)
        if cell.startswith("in "):
            top = package = names[0]
        elif cell.startswith("**"):
            package = top + names[0]
        else:
            inside = package + "".join(name for name in names if name.endswith("/"))
            modules |= {f"{inside}{name}.py" for name in names if not name.endswith("/")}
    return modules


def test_the_maintainers_page_names_every_module_in_its_package() -> None:
    source = re.compile(r"(?:plugins/[\w-]+/tabbook_\w+|tabbook)/.*(?<!__init__)(?<!__main__)\.py")
    assert documented_modules() == set(filter(source.fullmatch, tracked()))


def test_the_maintainers_page_names_the_types_of_warnings() -> None:
    text = (ROOT / "docs/maintainers.md").read_text(encoding="utf-8")
    sources = [path.read_text(encoding="utf-8") for path in (ROOT / "tabbook/render").rglob("*.py")]
    types = {FAILED, *(name for source in sources for name in re.findall(r'subtype="(\w+)"', source))}
    assert [name for name in sorted(types) if f"`tabbook.{name}`" not in text] == []


def test_every_file_at_the_root_has_the_name_of_one() -> None:
    """A redirection of the shell to ``1`` or ``-`` leaves files that ``git add`` takes along."""
    known = re.compile(r"[A-Z][\w-]*(?:\.md)?|\.[\w.-]+|\w[\w-]*\.(?:bib|toml|yml|in|txt|py)")
    assert [name for name in tracked() if "/" not in name and not known.fullmatch(name)] == []


def test_every_decision_is_listed() -> None:
    folder = ROOT / "docs/decisions"
    index = (folder / "README.md").read_text(encoding="utf-8")
    assert [path.name for path in folder.glob("0*.md") if f"({path.name})" not in index] == []


def blocks(document: str, language: str) -> list[str]:
    return [t.content for t in tokens(document) if t.type == "fence" and t.info.strip() == language]


def test_the_authors_page_shows_a_section_that_works() -> None:
    text = next(block for block in blocks("docs/authors.md", "markdown") if block.startswith("---"))
    section = read_section(text, "chapters/sums.md", SETTINGS)
    assert check_section(section, SETTINGS) == []
    assert (section.title, section.label) == ("Sums", "sec_sums")
    code = {tab: project(section, tab, SETTINGS).code_cells[-1].source for tab in section.tabs}
    assert code["pytorch"] == "x = torch.ones((2, 3))\nx.sum()"
    assert code["tensorflow"] == "x = tf.ones((2, 3))\ntf.reduce_sum(x)"
    assert len(project(section, "jax", SETTINGS).cells) > len(project(section, "mxnet", SETTINGS).cells)


def test_the_authors_page_shows_front_matter_that_works() -> None:
    text = next(block for block in blocks("docs/authors.md", "yaml") if "tabbook:" in block)
    settings = read_section(f"{text}\n# Title\n", "chapters/x.md", SETTINGS).settings
    assert (settings.tabs, settings.timeout) == (("pytorch", "jax"), 600.0)


def test_the_changelog_begins_with_what_is_not_released_and_knows_the_version() -> None:
    headings = re.findall(r"^## (.+)$", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert headings[0] == "Unreleased"
    assert all(re.fullmatch(r"\d+\.\d+\.\d+ - \d{4}-\d\d-\d\d", heading) for heading in headings[1:])
    assert headings[1].split()[0] == tabbook.__version__
    assert "(CHANGELOG.md)" in (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_reference_of_the_settings_is_that_of_the_code() -> None:
    made = runpy.run_path(str(ROOT / "docs/make_settings.py"))["page"]()
    assert (ROOT / "docs/settings.md").read_text(encoding="utf-8") == made, "run make settings"


@pytest.mark.parametrize(
    "model", [BookSettings.__mro__[1], Tab, LibrarySettings, DataFile, Repository, SectionSettings]
)
def test_every_setting_is_described_and_its_example_works(model: type[BaseModel]) -> None:
    about = runpy.run_path(str(ROOT / "docs/make_settings.py"))["docstrings"](model)
    assert list(about) == list(model.model_fields), "write a docstring below each field"
    for name, hint in get_type_hints(model, include_extras=True).items():
        if example := re.search(r"Example: `([^`]+)`", about[name]):
            TypeAdapter(hint).validate_python(yaml.safe_load(example[1]))


def test_the_authors_page_is_right_about_portable_names() -> None:
    rows = re.findall(
        r"^\| `(d2l\.[^`]+)` \| `([^`]+)` \| `([^`]+)` \|$", (ROOT / "docs/authors.md").read_text(), re.M
    )
    assert len(rows) >= 3
    for source, pytorch, tensorflow in rows:
        assert rewrite(source, idioms_of("pytorch", SETTINGS)) == pytorch
        assert rewrite(source, idioms_of("tensorflow", SETTINGS)) == tensorflow


def test_the_authors_page_quotes_messages_that_exist() -> None:
    table = (ROOT / "docs/authors.md").read_text(encoding="utf-8").split("## When something is wrong")[1]
    source = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "tabbook").rglob("*.py"))
    quoted = [
        span for row in re.findall(r"^\| (`.+`) \|", table, re.M) for span in re.findall(r"`([^`]+)`", row)
    ]
    assert quoted
    for message in quoted:
        # What depends on the case: a name in quotes, the kind of block, the tab and Python's words.
        fixed = re.split(r" '[^']*'|tab block|: …|jax| torch", message)
        assert all(part.strip() in source for part in fixed), message


def test_no_file_names_a_place_on_one_machine() -> None:
    place = re.compile(r"(?<![\w.:}~-])/(?:home|Users|root|work|workspace|mnt|srv|data)/[\w.-]+")
    found = []
    for name in tracked():
        path = ROOT / name
        if not path.is_file():
            continue  # removed, and not yet committed
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue  # a picture
        found += [f"{name}: {match[0]}" for match in place.finditer(text)]
    assert not found

"""A build says all that is wrong with a book, also of pages that it passes over, and only that."""

# ruff: noqa: E501 - every fault on one line

import json
import re
import shutil
import subprocess
import sysconfig
from pathlib import Path

import pytest
import yaml
from build_helpers import CLEAN, ENTRY, FAULTS, OWN, Builds, jupyter_book, make

pytestmark = pytest.mark.filterwarnings("ignore::PendingDeprecationWarning:sphinx_jupyterbook_latex")


@pytest.fixture
def builds(tmp_path: Path) -> Builds:
    return make(tmp_path / "book")


def test_what_was_said_is_said_again_and_nothing_is_read(builds: Builds) -> None:
    for page, text in FAULTS.items():
        builds.add(page, text)
    first = builds()
    assert len(first) == 10, first
    assert {fault.partition(":")[0] for fault in first} == {f"{page}.md" for page in FAULTS}
    assert builds.status == 1
    assert builds() == first
    assert (builds.status, builds.read, builds.written) == (1, set(), set())
    builds.add("more4", "Another line.")
    assert builds() == first
    assert builds.read == {"more4"}
    assert builds.written <= {"more4", "index"}, "Sphinx writes the root with each page"


def test_the_order_is_that_of_the_places_with_any_number_of_processes(builds: Builds) -> None:
    for page, text in FAULTS.items():
        builds.add(page, text)
    builds.add("more4", "(sec_one)=\n## Again")
    first = builds.from_nothing(1)
    assert first == builds.from_nothing(2) == builds.from_nothing(5)
    places = [(fault.split(":")[0], int(fault.split(":")[1])) for fault in first]
    assert places == sorted(places)
    assert any("duplicate label sec_one, other instance in more4.md" in fault for fault in first)


def test_a_fault_that_is_mended_on_its_page_is_gone(builds: Builds) -> None:
    for page, text in FAULTS.items():
        builds.add(page, text)
    first = builds()
    builds.edit("more1", "{rolle}", "{sub}")
    assert builds() == [fault for fault in first if "rolle" not in fault]
    for page, text in FAULTS.items():
        builds.edit(page, text.replace("{rolle}", "{sub}"), "")
    assert builds() == []
    assert builds.status == 0


@pytest.mark.parametrize(
    ("page", "text", "said", "other", "old", "new"),
    [
        ("more0", "{ref}`sec_new`", "undefined label: 'sec_new'", "more1", "# More 1", "(sec_new)=\n# More 1"),
        ("more0", "{numref}`fig_new`", "undefined label: 'fig_new'", "one", "(fig_one)=", "(fig_new)=\n(fig_one)="),
        ("more0", "{eq}`eq_new`", "equation not found: eq_new", "more1", "Text.", "$$b$$ (eq_new)"),
        ("more0", "{cite}`New.2020`", 'could not find bibtex key "New.2020"', "references.bib", "@book", ENTRY.format("New.2020") + "@book"),
        ("more0", "[](#new)", "'new'", "more0", "Text.", "(new)=\nText."),
        ("more0", "[x](more1.md#new)", "'new'", "more1", "Text.", "(new)=\n## New"),
        ("more0", "{term}`word`", "term not in glossary: 'word'", "more1", "Text.", "```{glossary}\nword\n  Text.\n```"),
    ],
    ids=["label", "figure", "equation", "citation", "local", "anchor", "term"],
)  # fmt: skip
def test_a_cause_on_another_page_comes_and_goes(
    builds: Builds, page: str, text: str, said: str, other: str, old: str, new: str
) -> None:
    """Sphinx passes over pages that refer to what changed: it neither warned nor stopped to warn."""
    builds.add(page, text)
    (fault,) = builds()
    assert said in fault
    assert fault.startswith(f"{page}.md:5: ")
    builds.edit(other, old, new)
    assert builds() == []
    builds.edit(other, new, old)
    assert builds() == [fault]
    if other != page and other != "references.bib":
        assert builds.read == {other}
        assert builds.written <= {page, other, "index"}


@pytest.mark.parametrize(
    ("text", "file"),
    [
        ("![x](new.png)", "new.png"),
        ("```{include} new.txt\n```", "new.txt"),
        ("```{literalinclude} new.py\n```", "new.py"),
        ("{download}`x <new.zip>`", "new.zip"),
        ("```{csv-table}\n:file: new.csv\n```", "new.csv"),
    ],
)
def test_a_file_that_a_page_needs_comes_and_goes(builds: Builds, text: str, file: str) -> None:
    builds.add("more0", text)
    found = builds()
    assert found
    assert all(fault.startswith("more0.md:") for fault in found)
    builds.add("more1", "Another line.")
    assert builds() == found
    assert builds.read == {"more1"}, "a page waits for a file; Sphinx reads it in every build"
    (builds.root / file).write_text("a,b\n")
    assert builds() == []
    assert builds.read == {"more0"}
    (builds.root / file).unlink()
    assert builds() == found


def test_what_is_said_of_a_file_is_the_same_from_any_folder(
    builds: Builds, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Docutils names it as it is from the working folder, so the file was not found when it came."""
    builds.add("more0", "```{csv-table}\n:file: new.csv\n```")
    for folder in (Path("/"), builds.root.parent, builds.root):
        monkeypatch.chdir(folder)
        (found,) = builds()
        assert found.startswith("more0.md:5: ")
        assert "'new.csv'" in found
        assert builds.check() == [found]
        (builds.root / "new.csv").write_text("a,b\n")
        assert builds() == []
        (builds.root / "new.csv").unlink()


@pytest.mark.parametrize("jobs", [1, 3])
@pytest.mark.parametrize("mended", ["more0", "more4"])
def test_a_name_on_two_pages_is_a_fault_until_either_is_mended(
    builds: Builds, mended: str, jobs: int
) -> None:
    """With several processes Sphinx did not see it; with one, it forgot the label with the wrong page."""
    builds.add("more0", "(sec_new)=\n## New")
    builds.add("two", "{ref}`sec_new`")
    assert builds(jobs) == []
    builds.add("more4", "(sec_new)=\n## New")
    found = builds(jobs)
    assert found == ["more4.md:6: duplicate label sec_new, other instance in more0.md"]
    assert builds(jobs) == found
    assert builds.read == set()
    assert builds.from_nothing(jobs) == found
    builds.edit(mended, "(sec_new)=", "")
    assert builds(jobs) == []
    other = {"more0": "more4", "more4": "more0"}[mended]
    assert f'href="{other}.html#sec-new"' in (builds.root / "_build/html/two.html").read_text()


def test_a_label_may_move_to_another_page(builds: Builds) -> None:
    """Where Sphinx read the new page first, the label was still on the old one."""
    assert builds() == []
    builds.edit("one", "(eq_one)", "")
    builds.edit("one", "(sec_one)=", "")
    builds.add("more0", "(sec_one)=\n## There\n\n$$a$$ (eq_one)")
    builds.add("index", "More.")
    assert builds() == []
    assert 'href="more0.html#sec-one"' in (builds.root / "_build/html/two.html").read_text()


def test_an_exercise_may_move_to_another_page(builds: Builds) -> None:
    """Its extension has a table of its own, from which Sphinx took the old page only after reading the new one."""
    path = builds.root / "_config.yml"
    config = yaml.safe_load(path.read_text())
    config["sphinx"]["extra_extensions"].append("sphinx_exercise")
    path.write_text(yaml.safe_dump(config))
    exercise = "```{exercise}\n:label: ex_one\n\nWhy?\n```"
    builds.add("more4", exercise)
    assert builds() == []
    builds.edit("more4", exercise, "")
    builds.add("more0", exercise)
    assert builds(1) == []
    assert builds.read >= {"more0", "more4"}


def test_references_show_numbers_and_titles_as_they_are_now(builds: Builds) -> None:
    """A page that did not change itself kept the old ones."""
    path = builds.root / "_toc.yml"
    contents = yaml.safe_load(path.read_text())
    path.write_text(yaml.safe_dump({**contents, "options": {"numbered": True}}))
    builds()
    page = builds.root / "_build/html/two.html"
    assert ">One</span></a>, <a" in page.read_text()
    assert "Fig. 1.1" in page.read_text()
    builds.edit("one", "# One", "# The first")
    builds.edit("one", "(fig_one)=", "```{figure} one.png\nAnother.\n```\n\n(fig_one)=")
    assert builds() == []
    assert ">The first</span></a>, <a" in page.read_text()
    assert "Fig. 1.2" in page.read_text()
    assert builds.read == {"one"}


def test_what_is_around_a_page_is_as_new_as_the_page(builds: Builds) -> None:
    """The names of other pages stayed as they were: of the next one, the last one and those in the sidebar."""
    builds()
    page = builds.root / "_build/html/more1.html"
    contents = builds.root / "_toc.yml"
    builds.edit("more2", "# More 2", "# *Much* more")
    contents.write_text(contents.read_text().replace("- file: more0\n", ""))
    assert builds() == []
    shown = page.read_text()
    assert "Much" in shown
    assert "More 2" not in shown
    assert "More 0" not in shown
    first = {one.name: one.read_bytes() for one in page.parent.glob("*.html") if one.stem != "more0"}
    builds.from_nothing()
    assert first == {one.name: one.read_bytes() for one in page.parent.glob("*.html")}


def test_a_bibliography_lists_what_other_pages_cite(builds: Builds) -> None:
    (builds.root / "references.bib").write_text(ENTRY.format("One.2020") + ENTRY.format("Two.2021"))
    builds()
    page = builds.root / "_build/html/index.html"
    assert page.read_text().count('role="listitem"') == 1
    builds.add("more0", "{cite}`Two.2021`")
    builds()
    assert page.read_text().count('role="listitem"') == 2


def test_pages_are_removed_and_renamed(builds: Builds) -> None:
    for page, text in FAULTS.items():
        builds.add(page, text)
    first = builds()
    contents = builds.root / "_toc.yml"
    (builds.root / "more1.md").rename(builds.root / "new.md")
    contents.write_text(contents.read_text().replace("more1", "new"))
    renamed = builds()
    assert renamed == sorted(fault.replace("more1.md", "new.md") for fault in first)
    (builds.root / "new.md").unlink()
    contents.write_text(contents.read_text().replace("- file: new\n", ""))
    assert builds() == [fault for fault in first if "more1.md" not in fault]
    (builds.root / "one.md").unlink()
    contents.write_text(contents.read_text().replace("- file: one\n", ""))
    gone = [fault for fault in builds() if fault.startswith("two.md")]
    assert [re.sub(r".*: ", "", fault) for fault in gone] == ["eq_one", "'fig_one'", "'sec_one'"]


def test_a_plain_build_in_between_hides_nothing(builds: Builds) -> None:
    """It reads what changed, says what is wrong with that, and writes the same trees."""
    for page, text in FAULTS.items():
        builds.add(page, text)
    first = builds()
    builds.add("more3", "{ref}`sec_elsewhere`")
    builds.edit("more1", "{rolle}", "{sub}")
    said = jupyter_book(builds.root)
    assert "sec_elsewhere" in said
    assert "rolle" not in said
    found = builds()
    assert [fault for fault in found if fault not in first] == [
        "more3.md:11: undefined label: 'sec_elsewhere'"
    ]
    assert [fault for fault in first if fault not in found] == [fault for fault in first if "rolle" in fault]
    assert builds.read == {"more1", "more3"}


def test_a_plain_build_reads_a_page_when_a_file_turns_up_that_it_waits_for(builds: Builds) -> None:
    """It remembers no warnings, but reads the same trees, in which the file is no dependency."""
    builds.add("more0", "```{include} new.txt\n```")
    builds.add("more1", "![x](new.png)")
    assert len(builds()) == 2
    (builds.root / "new.txt").write_text("What is new.\n")
    jupyter_book(builds.root)
    assert "What is new." in (builds.root / "_build/html/more0.html").read_text()
    (builds.root / "new.png").write_bytes(b"x")
    assert builds() == []
    assert (builds.root / "_build/html/_images/new.png").is_file()


@pytest.mark.parametrize("lost", ["tabbook-warnings.json", "environment.pickle"])
def test_an_interrupted_build_hides_nothing(builds: Builds, lost: str) -> None:
    """Sphinx may have noted pages as read whose faults nobody was told of."""
    for page, text in FAULTS.items():
        builds.add(page, text)
    first = builds()
    path = builds.root / "_build/.doctrees" / lost
    old = path.read_bytes()
    builds.add("more3", "{ref}`sec_elsewhere`")
    builds.edit("more1", "{rolle}", "{sub}")
    found = builds()
    assert found != first
    path.write_bytes(old)  # as if the build had ended before it was written
    assert builds() == found
    path.unlink()
    assert builds() == found


def test_suppressed_warnings_come_and_go(builds: Builds) -> None:
    for page, text in FAULTS.items():
        builds.add(page, text)
    first = builds()
    path = builds.root / "_config.yml"
    config = yaml.safe_load(path.read_text())
    config["sphinx"]["config"]["suppress_warnings"] = ["ref", "myst.directive_unknown"]
    text = path.read_text()
    path.write_text(yaml.safe_dump(config, sort_keys=False))
    fewer = builds()
    assert len(fewer) < len(first)
    assert set(fewer) < set(first)
    path.write_text(text)
    assert builds() == first


def test_warnings_of_no_page_come_each_time_and_once(builds: Builds) -> None:
    path = builds.root / "_config.yml"
    config = yaml.safe_load(path.read_text())
    config["sphinx"]["config"] |= {"nb_merge_stream": True, "html_static_path": ["nowhere"]}
    path.write_text(yaml.safe_dump(config, sort_keys=False))
    bibliography = builds.root / "references.bib"
    bibliography.write_text(ENTRY.format("One.2020") * 2)
    first = builds()
    assert len(first) == 3, first
    assert [fault.partition(":")[0] for fault in first] == ["_config.yml", "_config.yml", "references.bib"]
    assert builds() == first
    assert builds.read == set()
    bibliography.write_text(ENTRY.format("One.2020"))
    assert builds() == [fault for fault in first if "references.bib" not in fault]
    builds.edit("_config.yml", "nb_merge_stream: true", "nb_merge_streams: true")
    assert len(builds()) == 1
    builds.edit("_config.yml", "    html_static_path:\n    - nowhere\n", "")
    assert builds() == []


def test_a_page_in_no_list_of_contents_is_said_again(builds: Builds) -> None:
    """Sphinx looks at all pages together only if it has read one."""
    builds.edit("_config.yml", "only_build_toc_files: true", "only_build_toc_files: false")
    (builds.root / "beside.md").write_text("# Beside\n\nText.\n")
    first = builds()
    assert any("isn't included in any toctree" in fault for fault in first), first
    assert builds() == first
    (builds.root / "beside.md").unlink()
    assert builds() == []


RAISING = {
    "directive": ("```{raises} directive\n```", 7, "ValueError: a bad shape"),
    "role": ("{raising}`x`", 7, "KeyError: 'x'"),
    "transform": ("```{raises} transform\n```", 0, "TypeError: a transform"),
    "event": ("```{raises} event\n```", 0, "RuntimeError: an event"),
    "pickle": ("```{raises} pickle\n```", 0, "pickle"),
    "post-transform": ("```{raises} post-transform\n```", 0, "TypeError: a post-transform"),
    "writer": ("```{raises} writer\n```", 0, "RuntimeError: a writer"),
    "context": ("```{raises} context\n```", 0, "RuntimeError: a template"),
}


@pytest.mark.parametrize("jobs", [1, 3])
@pytest.mark.parametrize("how", RAISING)
def test_a_page_that_cannot_be_made_costs_that_page(builds: Builds, how: str, jobs: int) -> None:
    text, line, said = RAISING[how]
    assert builds(jobs) == []
    html = builds.root / "_build/html"
    others = {page: (html / f"{page}.html").read_text() for page in CLEAN}
    builds.edit("more2", "# More 2\n\nText.\n", f"(sec_two)=\n# More 2\n\nText.\n\n\n{text}\n")
    builds.add("more3", "{ref}`sec_two`")
    (fault,) = builds(jobs)
    assert re.fullmatch(rf"more2\.md:(\d+:)? the page cannot be made: .*{re.escape(said)}.*", fault)
    assert not line or fault.startswith(f"more2.md:{line}: ")
    assert builds.status == 1
    shown = (html / "more2.html").read_text()
    assert "This page cannot be shown" in shown
    assert "<h1>More 2" in shown
    assert "<p>Text.</p>" not in shown, "nothing of what it was"
    assert ">More 2</span>" in (html / "more3.html").read_text()
    assert builds(jobs) == [fault]
    assert builds.read == {"more2"}, "each build tries it again"
    assert builds.from_nothing(jobs) == [fault]
    for page in CLEAN.keys() - {"more2", "more3"}:
        assert (html / f"{page}.html").read_text() == others[page], page
    builds.edit("more2", text, "")
    assert builds(jobs) == []
    assert "This page cannot be shown" not in (html / "more2.html").read_text()


def test_why_a_page_cannot_be_made_is_said_in_the_language_of_the_book(builds: Builds) -> None:
    builds.edit("_config.yml", "    myst_heading_anchors: 2", "    myst_heading_anchors: 2\n    language: de")
    builds.add("more2", "```{raises} directive\n```")
    (fault,) = builds()
    assert fault == "more2.md:5: the page cannot be made: ValueError: a bad shape", "authors read English"
    shown = (builds.root / "_build/html/more2.html").read_text()
    assert "<p>Diese Seite kann nicht angezeigt werden: Zeile 5: ValueError: a bad shape</p>" in shown


def test_a_notebook_that_is_none_costs_that_page(builds: Builds) -> None:
    builds.edit("_toc.yml", "- file: more0", "- file: more0\n- file: broken")
    (builds.root / "broken.ipynb").write_text('{"cells": [')
    faults = [fault for fault in builds() if not fault.startswith("_toc.yml")]
    assert len(faults) == 1
    assert faults[0].startswith("broken.ipynb: the page cannot be made: ")
    assert "This page cannot be shown" in (builds.root / "_build/html/broken.html").read_text()


@pytest.mark.parametrize(
    ("cite", "line"),
    [
        ("{cite}`He.Zhang 2016 * 1`", "malformed citation 'He.Zhang 2016 * 1'"),
        ("{cite:t}`One.2020,,One.2020`", "malformed citation 'One.2020,,One.2020'"),
        ("{cite:p}`One.2020,`", "malformed citation 'One.2020,'"),
        ("{cite}` `", "malformed citation ' '"),
        ("{cite}`{see}`", "malformed citation '{see}'"),
        ("{cite}`*`", 'could not find bibtex key "*"'),
        ("{cite}`No.2020`", 'could not find bibtex key "No.2020"'),
        ("{footcite}`No. 2020`", 'could not find bibtex key "No. 2020"'),
    ],
)
def test_a_malformed_citation_is_a_warning_and_its_text_stays(builds: Builds, cite: str, line: str) -> None:
    """It ended the build of the whole book."""
    builds.add("more0", f"Before {cite} after.")
    found = builds()
    assert [fault.partition("; ")[0].partition(" [tab")[0] for fault in found] == [f"more0.md:5: {line}"]
    shown = (builds.root / "_build/html/more0.html").read_text()
    assert "Before" in shown
    assert "after." in shown
    assert builds.check() == found


def test_a_check_says_first_what_a_build_says(builds: Builds) -> None:
    for page, text in {**FAULTS, "more4": "{raising}`x`\n\n(sec_one)=\n## Again"}.items():
        builds.add(page, text)
    assert builds.check() == builds()


@pytest.mark.parametrize(
    ("entry", "fault"),
    [
        ("@book{Two.2020,\n title={T},\n author A}\n", ":4: syntax error in line 4: '=' expected"),
        ("@book{Two.2020, title=nothing}\n", ":2: undefined string in line 2: nothing"),
        ("@book{Two.2020, title={T}, title={U}}\n", ":2: entry with key Two.2020 has a duplicate title field"),
        (ENTRY.format("One.2020"), ":2: repeated bibliography entry: One.2020"),
        (ENTRY.format("Two.2020").replace("A. B", "A, B, C, D"), ":2: Too many commas in 'A, B, C, D'"),
    ],
)  # fmt: skip
def test_what_is_wrong_in_a_bibliography_costs_its_entry(builds: Builds, entry: str, fault: str) -> None:
    """Any of these ended the build, and no page was looked at."""
    builds.add("more0", "{rolle}`x`")
    (builds.root / "references.bib").write_text(ENTRY.format("One.2020") + entry + ENTRY.format("Last.2020"))
    builds.add("more1", "{cite}`Last.2020`")
    found = builds()
    assert len(found) == 2, found
    assert found[0].startswith("more0.md:")
    assert found[1].startswith(f"references.bib{fault}")
    assert builds() == found == builds.check()
    (builds.root / "references.bib").write_text(ENTRY.format("One.2020") + ENTRY.format("Last.2020"))
    assert builds() == found[:1]


CHECKS = {
    "a listener": ("", "app.connect('env-check-consistency', lambda app, env: {}['nothing'])"),
    "a domain": (
        "from sphinx.domains import Domain\n\n"
        "class Own(Domain):\n    name = 'own'\n    def check_consistency(self):\n        {}['nothing']\n\n",
        "app.add_domain(Own)",
    ),
}


@pytest.mark.parametrize("kind", [*CHECKS])
def test_an_extension_that_fails_in_the_check_of_all_pages_costs_none(builds: Builds, kind: str) -> None:
    """Sphinx makes this check before it writes the first page: there was no site at all."""
    builds.add("more0", "{rolle}`x`")
    code, call = CHECKS[kind]
    own = OWN.replace("def setup(app):\n", f"{code}def setup(app):\n    {call}\n")
    (builds.root / "own.py").write_text(own)
    line = next(number for number, text in enumerate(own.splitlines(), 1) if "nothing" in text)
    found = builds()
    assert found[1] == f"own.py:{line}: the check of all pages failed: KeyError: 'nothing'"
    assert len(found) == 2, found
    assert {"index", "one", "two", "more0"} <= builds.written
    assert builds() == found == builds.check()
    (builds.root / "own.py").write_text(OWN)
    assert builds.from_nothing() == found[:1]


def test_files_of_pages_that_are_gone_leave_the_site(builds: Builds) -> None:
    """They stayed, and readers and search engines found them; what others put there is not touched."""
    builds()
    site = builds.root / "_build/html"
    (site / "CNAME").write_text("example.org")
    (site / "own.html").write_text("An author's own.")
    page, source = site / "more0.html", site / "_sources/more0.md"
    assert page.is_file()
    assert source.is_file()
    contents = builds.root / "_toc.yml"
    text = contents.read_text()
    contents.write_text(text.replace("- file: more0\n", ""))
    (builds.root / "more0.md").unlink()
    builds.check()
    assert page.is_file(), "a check leaves the site as it is"
    (builds.root / "_build/.doctrees/environment.pickle").unlink()  # as after a build that failed
    assert builds() == []
    assert not page.exists()
    assert not source.exists()
    assert (site / "CNAME").is_file()
    assert (site / "own.html").is_file()
    assert (site / "more1.html").is_file()
    contents.write_text(text)
    (builds.root / "more0.md").write_text("# More again\n")
    assert builds() == []
    assert page.is_file()
    if shutil.which("jupyter-book", path=sysconfig.get_path("scripts")):
        contents.write_text(text.replace("- file: more0\n", ""))
        jupyter_book(builds.root)
        assert not page.exists(), "a plain build does it, too"


def test_an_extension_that_fails_at_the_end_leaves_one_message(builds: Builds) -> None:
    own = builds.root / "own.py"
    own.write_text(
        OWN.replace("app.add_role(", "app.connect('env-updated', lambda *a: 1 / 0)\n    app.add_role(")
    )
    status, out, err = builds.command("build", "--no-run")
    assert status == 1
    lines = [text for text in err.splitlines() if not text.startswith(("tabbook:", "warning:"))]
    assert len(lines) == 1
    log = re.fullmatch(r"Sphinx failed: ZeroDivisionError: .*; the traceback is in (\S+)", lines[0])
    assert log
    assert "Traceback" in Path(log[1]).read_text()
    Path(log[1]).unlink()
    assert " is at " not in out


def test_a_fault_that_the_core_finds_too_is_said_once(builds: Builds) -> None:
    builds.edit("one", "print(1)", "print(1")
    status, _, err = builds.command("build", "--no-run")
    assert status == 1
    assert len([line for line in err.splitlines() if line.startswith("one.md:")]) == 1, err


def test_in_files_and_pipes_all_is_plain(builds: Builds) -> None:
    for page, text in FAULTS.items():
        builds.add(page, text)
    done = subprocess.run(
        [Path(sysconfig.get_path("scripts")) / "tabbook", "build", "--no-run", "--book", builds.root],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert "\x1b" not in done.stdout + done.stderr
    assert "WARNING" not in done.stderr
    faults = [line for line in done.stderr.splitlines() if line.startswith("more")]
    assert len(faults) == 10
    assert all(re.match(r"more\d\.md:\d+: \S", line) for line in faults)
    assert str(builds.root) not in "".join(faults)


@pytest.mark.parametrize(
    ("event", "find"),
    [
        ("doctree-read", "page = app.env.docname"),
        ("doctree-resolved", "page = rest[1]"),
        ("html-page-context", "page = rest[0]"),
    ],
)
def test_a_handler_that_fails_on_some_pages_costs_these(builds: Builds, event: str, find: str) -> None:
    """A handler failed on the notice as on the page, and the build ended."""
    handler = f"def fails(app, *rest):\n    {find}\n    if page in ('more1', 'more3'):\n        raise ValueError(page)\n"
    connect = f"def setup(app):\n    app.connect({event!r}, fails)\n"
    own = builds.root / "own.py"
    own.write_text(OWN.replace("def setup(app):\n", f"{handler}\n{connect}"))
    expected = [f"{page}.md: the page cannot be made: ValueError: {page}" for page in ("more1", "more3")]
    page = builds.root / "_build/html/more3.html"
    for jobs in (1, 3):
        assert builds.from_nothing(jobs) == expected
        assert "This page cannot be shown" in page.read_text()
    own.write_text(OWN)
    assert builds() == []
    assert "This page cannot be shown" not in page.read_text()


def test_a_link_to_a_page_that_comes_and_goes(builds: Builds) -> None:
    """MyST looks for the page as it reads the link: whether it was there was remembered."""
    builds.add("more0", "[x](new.md#a)\n\n[y](new.md)")
    contents = builds.root / "_toc.yml"
    text = contents.read_text()
    assert len(first := builds()) == 2
    (builds.root / "new.md").write_text("# New\n\n## A\n")
    contents.write_text(text.replace("- file: more0", "- file: more0\n- file: new"))
    assert builds() == []
    contents.write_text(text)
    (builds.root / "new.md").unlink()
    assert builds() == first == builds.from_nothing()


@pytest.mark.parametrize("kept", ["everything", "pages"])
def test_what_is_wrong_with_a_bibliography_is_said_whoever_parsed_it(builds: Builds, kept: str) -> None:
    """It is parsed once; a plain build, or one of another release, was told what no other was."""
    builds()
    bibliography = builds.root / "references.bib"
    if kept == "everything":
        bibliography.write_text(ENTRY.format("One.2020") * 2)
        jupyter_book(builds.root)
    else:
        bibliography.write_text(ENTRY.format("One.2020") * 2)
        builds()
        (builds.root / "_build/.doctrees/tabbook-warnings.json").unlink()
    (fault,) = builds()
    assert "repeated bibliography entry: One.2020" in fault
    builds.edit("_config.yml", "A small book", "A book")
    assert builds() == [fault]


def test_folders_are_neither_pictures_nor_pages(builds: Builds) -> None:
    """The fault was at `_config.yml`, and a check did not see it; a page that is a folder ended every command."""
    (builds.root / "pic.png").mkdir()
    builds.add("more0", "![x](pic.png)\n\n{download}`pic.png`")
    expected = [f"more0.md: cannot copy {kind} file 'pic.png': [Errno 21] Is a directory: 'pic.png'" for kind in ("downloadable", "image")]  # fmt: skip
    assert builds() == builds() == builds.check() == builds.check() == expected
    builds.add("more1", "Another line.")
    assert builds() == builds.check() == expected
    (builds.root / "more1.md").unlink()
    (builds.root / "more1.md").mkdir()
    found = [fault for fault in builds.check() if fault.startswith("more1.md")]
    assert found == [
        "more1.md: this file cannot be read: Is a directory; replace it with one that can be read"
    ]


def test_a_fault_of_the_contents_is_said_once_by_a_check(builds: Builds) -> None:
    (builds.root / "more0.md").unlink()
    assert len([fault for fault in builds.check() if fault.startswith("_toc.yml:")]) == 1


def test_an_author_that_is_none_is_at_its_place(builds: Builds) -> None:
    (builds.root / "references.bib").write_text(
        ENTRY.format("One.2020").replace("A. B", "A, B, C, D").replace(", author", ",\nauthor")
    )
    assert builds() == ["references.bib:2: Too many commas in 'A, B, C, D'"]


def test_lines_of_a_notebook_are_those_of_its_cells(builds: Builds) -> None:
    """MyST-NB says 20004 for the third line of the second cell."""
    cells = [
        {"cell_type": "markdown", "metadata": {}, "id": name, "source": text}
        for name, text in {"a": "# A", "b": "Text.\n\n{rolle}`x`"}.items()
    ]
    builds.edit("_toc.yml", "- file: more0", "- file: more0\n- file: book")
    (builds.root / "book.ipynb").write_text(
        json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5})
    )
    found = [fault for fault in builds() if fault.startswith("book.ipynb")]
    assert found == [
        'book.ipynb: line 3 of cell 2: Unknown interpreted text role "rolle". [myst.role_unknown]; '
        "perhaps you meant 'role'"
    ]

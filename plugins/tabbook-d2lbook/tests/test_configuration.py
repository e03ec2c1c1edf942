"""The configuration of an imported book: options, names, marks of older editions, requirements."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from import_helpers import CONFIG, cell, imported

from tabbook.book import Book
from tabbook.library.generator import generate
from tabbook.render.site import build_site
from tabbook_d2lbook.frameworks import framework_name

ROOT = Path(__file__).parents[3]
INDEX = {"index.md": "# Book\n\nText.\n"}


def written(book: Path) -> dict[str, Any]:
    data: dict[str, Any] = yaml.safe_load((book / "_config.yml").read_text(encoding="utf-8"))
    return data["sphinx"]["config"]  # type: ignore[no-any-return]


@pytest.mark.parametrize(
    ("tab", "name"),
    [
        ("mindspore", "MindSpore"),
        ("tvm", "TVM"),
        ("numpy", "NumPy"),
        ("paddle", "PaddlePaddle"),
        ("scikit-learn", "scikit-learn"),
        ("cupy", "CuPy"),
        ("numpy_tvm", "NumPy TVM"),
        ("something", "Something"),
    ],
)
def test_tabs_have_the_names_that_their_projects_write(tab: str, name: str) -> None:
    assert framework_name(tab) == name


def test_names_and_requirements_of_tabs_are_those_of_the_frameworks(tmp_path: Path) -> None:
    book, _ = imported(tmp_path, INDEX, CONFIG.replace("mxnet, pytorch", "mindspore, tvm"))
    assert {tab: about["name"] for tab, about in written(book)["tabbook"]["tabs"].items()} == {
        "mindspore": "MindSpore",
        "tvm": "TVM",
    }
    assert "apache-tvm\n" in (book / "requirements/tvm.txt").read_text()


def test_the_theme_has_one_search_field_beside_the_links(tmp_path: Path) -> None:
    config = f"{CONFIG}[html]\nheader_links = GitHub, https://example.org, fab fa-github\n"
    book, _ = imported(tmp_path, INDEX, config)
    options = written(book)["html_theme_options"]
    assert options["navbar_persistent"] == []
    assert [link["name"] for link in options["icon_links"]] == ["GitHub"]
    text = (book / "_config.yml").read_text()
    assert "navbar_persistent: [] # or else an empty bar with a second search field\n" in text


def test_options_of_sphinx_that_mean_the_same_are_carried_over(tmp_path: Path) -> None:
    options = (
        "numfig_format = {'figure': 'Abb. %s'}\n    suppress_warnings = ['myst.header']\n"
        "    linkcheck_timeout = 9\n    html_theme = 'other'\n    mathjax3_config = f()\n    my_own = 1"
    )
    book, report = imported(
        tmp_path, INDEX, CONFIG.replace("[build]", f"[build]\nsphinx_configs = {options}")
    )
    config = written(book)
    assert config["numfig_format"] == {"figure": "Abb. %s"}
    assert config["linkcheck_timeout"] == 9
    assert config["suppress_warnings"] == ["misc.highlighting_failure", "myst.header"]
    assert "html_theme" not in config
    assert [note.message for note in report.notes] == ["sphinx_configs: html_theme, mathjax3_config, my_own"]


def test_warnings_of_listings_are_hidden_as_with_d2lbook_and_no_others(tmp_path: Path) -> None:
    page = "# Book\n\n```python\nif $: no ? Python\n```\n\n```json\n{not: json}\n```\n\n[gone](gone.md)\n"
    book, _ = imported(tmp_path, {"index.md": page})
    (fault,) = build_site(Book.load(book), jobs=1, quiet=True).faults
    assert "gone.md" in fault.message


@pytest.mark.parametrize(
    ("lang", "language"), [("zh", "zh_CN"), ("zh-tw", "zh_TW"), ("pt", "pt_BR"), ("de", "de")]
)
def test_languages_have_the_names_that_sphinx_gives_them(tmp_path: Path, lang: str, language: str) -> None:
    book, _ = imported(tmp_path, INDEX, CONFIG.replace("[build]", f"lang = {lang}\n[build]"))
    assert written(book)["language"] == language
    needs = [line.split()[0] for line in (book / "requirements.txt").read_text().splitlines()]
    assert ("jieba" in needs) == language.startswith("zh")


def test_the_search_of_a_chinese_book_finds_its_words(tmp_path: Path) -> None:
    """Without a splitter of words, Sphinx indexes Latin letters only.

    It is built in a process of its own: Sphinx keeps the first language that it has loaded.
    """
    config = CONFIG.replace("[build]", "lang = zh\n[build]")
    book, _ = imported(tmp_path, {"index.md": "# 深度学习\n\n我们训练神经网络。\n"}, config)
    command = [Path(sys.executable).with_name("jupyter-book"), "build", "-W", "-q", book]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    index = (book / "_build/html/searchindex.js").read_text(encoding="utf-8")
    assert '"\\u795e\\u7ecf\\u7f51\\u7edc"' in index or '"神经网络"' in index
    assert "prefix dict" not in done.stderr, "jieba says what it loads"


def test_sections_are_saved_from_jupyterlab_as_ours_are(tmp_path: Path) -> None:
    book, _ = imported(tmp_path, INDEX)
    assert (book / "jupytext.toml").read_bytes() == (ROOT / "jupytext.toml").read_bytes()


MARKED = {
    "own line": "# Save to the d2ltvm package.\ndef f():\n    return 1\n\nx = 2",
    "saved in": "#Saved in the d2ltvm package for later use\ndef f():\n    return 1\n\nx = 2",
    "saved to": "#  saved to the `d2ltvm` package\ndef f():\n    return 1\n\nx = 2",
    "at the end": "def f():  # Save to the d2ltvm package.\n    return 1\n\nx = 2",
    "the new one": "#@save\ndef f():\n    return 1\n\nx = 2",
}
OLD = "[project]\ntitle = B\n[build]\nindex = index\n[library]\nsave_filename = d2ltvm/d2ltvm.py\n"


@pytest.mark.parametrize("code", MARKED.values(), ids=MARKED)
def test_marks_of_older_editions_save_what_they_saved(tmp_path: Path, code: str) -> None:
    book, report = imported(tmp_path, {"index.md": f"# B\n\n{cell('import tvm' + chr(10) + code)}"}, OLD)
    assert report.faults == ()
    text = generate(Book.load(book))["d2l_lib/d2ltvm/d2ltvm.py"]
    assert "def f():\n    return 1\n" in text
    assert "x = 2" not in text
    assert "Save" not in re.sub(r'""".*?"""', "", text, count=1, flags=re.DOTALL)


WHOLE = """# @save_cell
import abc
def f():
    return 1

y = \'\'\'
  # a \'\'\'

@abc.abstractmethod
def g(): ...
class C: pass  # note"""


@pytest.mark.parametrize(
    "first", ["# @save_cell", "#@save_cell\n", "#@save_all\n#@hide_all", "x = 0\n# @save_all\n"]
)
def test_marks_for_cells_save_all_that_is_in_them(tmp_path: Path, first: str) -> None:
    cells = [cell("a = 1"), cell(WHOLE.replace("# @save_cell", first)), cell("z = 3"), cell("%pwd\nw = 4")]
    book, report = imported(tmp_path, {"index.md": "# B\n\n" + "\n".join(cells)}, OLD)
    assert report.faults == ()
    text = generate(Book.load(book))["d2l_lib/d2ltvm/d2ltvm.py"]
    for saved in (
        "import abc",
        "def f():\n    return 1\n",
        "y = '''",
        "@abc.abstractmethod\ndef g(): ...",
        "class C: pass",
    ):
        assert saved in text
    assert ("x = 0" in text) == ("x = 0" in first)
    assert ("z = 3" in text) == ("all" in first)
    assert "a = 1" not in text and "w = 4" not in text


def test_the_mark_of_the_configuration_counts(tmp_path: Path) -> None:
    config = f"{OLD}save_mark = Keep this (for us)\n"
    page = f"# B\n\n# Keep this (for us)\n\n{cell('# Keep this (for us)' + chr(10) + 'def f(): ...')}"
    book, report = imported(tmp_path, {"index.md": page}, config)
    assert "def f(): ..." in generate(Book.load(book))["d2l_lib/d2ltvm/d2ltvm.py"]
    assert "# Keep this (for us)" in (book / "index.md").read_text(), "a heading is none"
    assert "1 marks of an older edition (Keep this (for us))" in [note.message for note in report.notes]


def test_another_package_s_name_is_no_mark(tmp_path: Path) -> None:
    book, _ = imported(
        tmp_path, {"index.md": f"# B\n\n{cell('# Save to the disk package' + chr(10) + 'y = 1')}"}, OLD
    )
    assert "y = 1" not in generate(Book.load(book))["d2l_lib/d2ltvm/d2ltvm.py"]


def test_the_package_of_an_older_edition_is_imported_as_its_one_module(tmp_path: Path) -> None:
    code = "import d2ltvm\nimport d2ltvm as d2l  # short\nimport tvm, d2ltvm.x\nd2ltvm.f()"
    book, _ = imported(tmp_path, {"index.md": f"# B\n\n{cell(code)}"}, OLD)
    text = (book / "index.md").read_text()
    assert (
        "\nfrom d2ltvm import d2ltvm\nfrom d2ltvm import d2ltvm as d2l  # short\nimport tvm, d2ltvm.x\n"
        in text
    )


def test_what_is_known_about_a_framework_is_written_down(tmp_path: Path) -> None:
    """The toolchain knows no framework; an imported book says about its own what this book says."""
    ours = settings_of(Path(__file__).parents[3])["tabs"]
    config = CONFIG.replace("mxnet, pytorch", "mxnet, pytorch, jax, tensorflow, paddle, chainer")
    book, _ = imported(tmp_path, INDEX, config)
    tabs = settings_of(book)["tabs"]
    own = {"name", "module", "requirements", "python", "preamble"}
    for tab, about in ours.items():
        assert {key: value for key, value in tabs[tab].items() if key not in own | {"distribution"}} == {
            key: value for key, value in about.items() if key not in own
        }
        assert tabs[tab].get("distribution", tabs[tab]["module"]) == about["module"]
    assert tabs["paddle"]["distribution"] == "paddlepaddle"
    assert not tabs["chainer"].keys() - own
    assert "&id" not in (book / "_config.yml").read_text(encoding="utf-8")


def settings_of(book: Path) -> dict[str, Any]:
    config: dict[str, Any] = yaml.safe_load((book / "_config.yml").read_text(encoding="utf-8"))
    return config["sphinx"]["config"]["tabbook"]


def test_what_an_import_writes_is_in_the_language_of_the_book(tmp_path: Path) -> None:
    config = "[project]\nlang = zh\n[build]\ntabs = mxnet\n"
    book, _ = imported(tmp_path, {"index.md": f"# T\n\n{cell('1 +')}"}, config)
    assert "下面的代码无法运行。不是有效的 Python：" in (book / "index.md").read_text(encoding="utf-8")


def test_what_code_imports_is_required_and_not_what_a_string_says(tmp_path: Path) -> None:
    code = "text = '''\nimport words\n'''\nif text:\n    import os.path, tqdm.auto\n    from PIL import Image"
    book, _ = imported(tmp_path, {"index.md": f"# B\n\n{cell(code)}"})
    required = (book / "requirements/mxnet.txt").read_text().split("\n")
    assert {"tqdm", "pillow"} <= set(required)
    assert not {"words", "os", "PIL"} & set(required)

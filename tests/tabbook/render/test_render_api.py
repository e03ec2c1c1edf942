"""Pages about the library: read from its source, in books whose frameworks are not there."""

import html
import re
from pathlib import Path

import pytest
import yaml
from render_helpers import FRONT, write_book

from tabbook.book import Book
from tabbook.render.site import build_site

pytestmark = pytest.mark.filterwarnings("ignore::PendingDeprecationWarning:sphinx_jupyterbook_latex")


def cell(code: str) -> str:
    return f"```{{code-cell}} python\n{code.strip()}\n```\n\n"


MODELS = (
    FRONT
    + "(sec_models)=\n# Models\n\n"
    + cell("%%tab pytorch\n#@save\nimport torch\nfrom typing import NamedTuple\nfrom torch import nn")
    + cell("%%tab pytorch\nlimit = 1e-3  #@save")
    + cell("%%tab jax\nimport flax  #@save")
    + cell('''
#@save
def try_gpu(i=0):
    """Return a device, *if any*.

    See {numref} and :ref:`sec_models`."""
    return i
''')
    + cell('''
%%tab pytorch
class Model(nn.Module):  #@save
    """A model of **ours**."""
    def __init__(self, lr=1e-3, m="fit", use=d2l.try_all_gpus(), f=lambda x: -x, *, k=[n for n in "ab"]):
        """Set it up."""
        super().__init__()

    @property
    def size(self) -> int:
        """The size."""

    @staticmethod
    def make(a, /, b: "int" = 0, **more):
        """Make one."""

    def _hidden(self):
        """Not shown."""

    def silent(self): ...
''')
    + cell('''
%%tab pytorch
class Derived(Model):  #@save
    """Takes what its base takes."""

class Foreign(d2l.Missing, torch.nn.Module):  #@save
    """Nobody knows what it takes."""

class Point(NamedTuple):  #@save
    """A point: `x` and [y](z).

    ```python
    Point(1)
    ```
    """
    x: int
    y: float = 1e-3

class Broken(ValueError):  #@save
    """Args:
        x: first
      y: *second
    """
''')
)
MORE = (
    FRONT
    + "(sec_more)=\n# More\n\n"
    + cell('''
%%tab pytorch
@d2l.add_to_class(Model)  #@save
def forward(self, X):
    """Compute `X`."""

def stated():  #@save
    """Stated.

    In :numref:`sec_more` it is defined."""
''')
)
LIBRARY = {"allow_undefined": True, "path": "lib", "package": "d2l"}


def write(root: Path, api: str) -> Path:
    write_book(root, {"index": "# Book\n", "models": MODELS, "more": MORE, "api": api})
    config = yaml.safe_load((root / "_config.yml").read_text())
    config["sphinx"]["extra_extensions"] = ["tabbook.render", "tabbook.render.api"]
    config["sphinx"]["config"]["tabbook"]["library"] = LIBRARY
    (root / "_config.yml").write_text(yaml.safe_dump(config, sort_keys=False))
    toc = yaml.safe_load((root / "_toc.yml").read_text()) | {"options": {"numbered": True}}
    (root / "_toc.yml").write_text(yaml.safe_dump(toc, sort_keys=False))
    return root


def build(root: Path, jobs: int = 1, faults: int = 0) -> str:
    """Build the book, with this many faults; return the article of the page of directives."""
    site = build_site(Book.load(root), jobs=jobs, quiet=True)
    assert len(site.faults) == faults, site.faults
    text = (site.page.parent / "api.html").read_text()
    return text.split("<article", 1)[1].split("<script", 1)[0]


def rst(*directives: str) -> str:
    text = "\n\n".join(directives)
    return f"```{{eval-rst}}\n{text}\n```\n"


def page(*directives: str) -> str:
    return f"# API\n\n{rst(*directives)}"


def words(article: str) -> str:
    """Return the text of an article, without links to its own places."""
    text = re.sub(r'<a class="headerlink".*?</a>', "", article)
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", "", text)))


def sections(article: str) -> dict[str, str]:
    """Return the text of each object that is described, by the name in its address."""
    parts = re.split(r'<dt class="sig sig-object py" id="([^"]+)">', article)
    return {name: words(text) for name, text in zip(parts[1::2], parts[2::2], strict=True)}


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A page of one whole module."""
    directive = ".. automodule:: d2l.pytorch\n   :members:\n   :show-inheritance:"
    root = write(tmp_path_factory.mktemp("whole"), page(directive))
    return build(root)


SIGNATURE = 'lr=1e-3, m="fit", use=d2l.try_all_gpus(), f=lambda x: -x, *, k=[n for n in "ab"]'


def test_signatures_are_those_of_the_source_whatever_they_compute(whole: str) -> None:
    """Imported with stand-ins, the module stopped at ``d2l.Missing``, and the page was empty."""
    found = sections(whole)
    assert f"d2l.pytorch.Model({SIGNATURE})" in found["d2l.pytorch.Model"]
    assert "make(a, /, b: int = 0, **more)" in found["d2l.pytorch.Model.make"]
    assert "property size: int" in found["d2l.pytorch.Model.size"]
    assert "try_gpu(i=0)" in found["d2l.pytorch.try_gpu"]


def test_a_class_takes_what_a_base_in_the_library_takes_and_what_others_take_is_left_open(whole: str) -> None:
    found = sections(whole)
    assert f"d2l.pytorch.Derived({SIGNATURE})" in found["d2l.pytorch.Derived"]
    assert "d2l.pytorch.Foreign Bases: d2l.pytorch.Missing, torch.nn.Module" in found["d2l.pytorch.Foreign"]
    assert "exception d2l.pytorch.Broken" in words(whole)
    assert "d2l.pytorch.Point(x: int, y: float = 1e-3)" in found["d2l.pytorch.Point"]


def test_bases_in_the_library_are_links(whole: str) -> None:
    assert '<a class="reference internal" href="#d2l.pytorch.Model"' in whole


def test_members_are_those_with_docstrings(whole: str) -> None:
    assert sorted(name.removeprefix("d2l.pytorch.") for name in sections(whole)) == [
        "Broken", "Derived", "Foreign", "Model", "Model.forward", "Model.make", "Model.size", "Point",
        "stated", "try_gpu",
    ]  # fmt: skip


def test_objects_lead_to_the_section_that_defines_them(whole: str) -> None:
    found = sections(whole)
    assert found["d2l.pytorch.try_gpu"].endswith("Defined in Section 1. ")
    assert found["d2l.pytorch.Model.forward"].endswith("Defined in Section 2. ")
    assert "Defined in" not in found["d2l.pytorch.Model.make"], "its class says so"
    assert (
        found["d2l.pytorch.stated"].strip() == "d2l.pytorch.stated() Stated. In Section 2 it is defined."
    ), "once"
    assert "Defined in sec_models" not in words(whole), "the words in the file, which are no link"
    assert '<a class="reference internal" href="models.html#sec-models"><span>Section 1</span></a>' in whole
    assert '<a class="reference internal" href="more.html#sec-more"><span>Section 2</span></a>' in whole


def test_docstrings_are_text_of_docutils_or_shown_as_they_are(whole: str) -> None:
    assert "<p>Return a device, <em>if any</em>.</p>" in whole
    assert "See {numref} and" in words(whole)
    assert '<a class="reference internal" href="models.html#sec-models">' in whole
    assert "Args:\n    x: first\n  y: *second\n" in whole
    assert "A point: `x` and [y](z).\n\n```python\nPoint(1)\n```\n" in whole


def test_a_page_about_the_library_costs_no_warning(tmp_path: Path) -> None:
    build(write(tmp_path, page(".. automodule:: d2l.pytorch\n   :members:\n   :undoc-members:")))


@pytest.mark.parametrize(
    ("options", "names"),
    [
        ([], []),
        (["members: size"], ["size"]),
        (["members:", "undoc-members:"], ["forward", "make", "silent", "size"]),
        (["members:", "private-members:"], ["_hidden", "forward", "make", "size"]),
        (["members:", "special-members: __init__"], ["__init__", "forward", "make", "size"]),
        (["members:", "exclude-members: make"], ["forward", "size"]),
        (["members:", "member-order: bysource"], ["size", "make", "forward"]),
        (["members:", "member-order: groupwise"], ["forward", "make", "size"]),
    ],
)
def test_options_choose_members(tmp_path: Path, options: list[str], names: list[str]) -> None:
    directive = "\n   :".join([".. autoclass:: d2l.pytorch.Model", *options])
    found = sections(build(write(tmp_path, page(directive))))
    assert [name.removeprefix("d2l.pytorch.Model.") for name in found][1:] == names


def test_inherited_members_are_those_of_the_library(tmp_path: Path) -> None:
    directive = ".. autoclass:: d2l.pytorch.Derived\n   :members:\n   :inherited-members:"
    found = sections(build(write(tmp_path, page(directive))))
    assert [name.removeprefix("d2l.pytorch.Derived") for name in found] == ["", ".forward", ".make", ".size"]


def test_each_tab_has_objects_of_its_own(tmp_path: Path) -> None:
    blocks = [
        f":::{{tab}} {tab}\n{rst(f'.. automodule:: d2l.{tab}{chr(10)}   :members:')}:::\n"
        for tab in ("pytorch", "jax")
    ]
    found = sections(build(write(tmp_path, "# API\n\n" + "\n".join(blocks))))
    assert {"d2l.pytorch.try_gpu", "d2l.pytorch.Model", "d2l.jax.try_gpu"} < set(found)
    assert "d2l.jax.Model" not in found


def test_names_are_looked_up_in_the_scope_of_the_page(tmp_path: Path) -> None:
    directives = [
        ".. currentmodule:: d2l.pytorch",
        ".. autofunction:: try_gpu(what_i_say)",
        ".. automethod:: Model.forward",
        ".. autofunction:: d2l.jax.try_gpu",
        ".. autoclass:: d2l.Model\n   :no-index:",
        ".. autodata:: limit\n   :no-value:",
        ".. autofunction:: json.dumps",
        ":py:func:`try_gpu`",
    ]
    article = build(write(tmp_path, page(*directives)))
    found = sections(article)
    assert "try_gpu(what_i_say)" in found["d2l.pytorch.try_gpu"]
    assert "1e-3" not in found["d2l.pytorch.limit"]
    assert {"d2l.pytorch.Model.forward", "d2l.jax.try_gpu", "json.dumps"} < set(found)
    assert f"class d2l.pytorch.Model({SIGNATURE})" in words(article)
    assert '<a class="reference internal" href="#d2l.pytorch.try_gpu"' in article


def test_a_name_that_the_library_lacks_is_a_warning_with_the_nearest(tmp_path: Path) -> None:
    directives = [
        ".. autoclass:: d2l.pytorch.Modle",
        ".. automodule:: d2l.pytroch",
        ".. autoclass:: d2l.pytorch.Derived\n   :members: nothing",
        ".. currentmodule:: d2l.jax",
        ".. autosummary::\n\n   try_gup",
    ]
    site = build_site(Book.load(write(tmp_path, page(*directives))), jobs=1, quiet=True)
    assert [str(fault).removesuffix(" [tabbook.library]") for fault in site.faults] == [
        "api.md:4: the library has no d2l.pytorch.Modle; perhaps you meant 'd2l.pytorch.Model'",
        "api.md:6: the library has no d2l.pytroch; perhaps you meant 'd2l.pytorch'",
        "api.md:8: d2l.pytorch.Derived has no member nothing; correct the name, or remove it",
        "api.md:13: the library has no d2l.jax.try_gup; perhaps you meant 'd2l.jax.try_gpu'",
    ]


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_page_follows_the_sections_that_it_documents(tmp_path: Path, jobs: int) -> None:
    """The library on disk may be old, or not there: the sections say what is in it."""
    root = write(tmp_path, page(".. autofunction:: d2l.pytorch.try_gpu"))
    for number in range(6 * (jobs - 1)):  # Sphinx shares the reading of many pages
        (root / f"p{number}.md").write_text(f"---\norphan: true\n---\n\n# P{number}\n")
    config = (root / "_config.yml").read_text()
    (root / "_config.yml").write_text(config.replace("toc_files: true", "toc_files: false"))
    build(root, jobs)
    tree = root / "_build" / ".doctrees" / "api.doctree"
    first = tree.stat().st_mtime_ns
    build(root, jobs)
    assert tree.stat().st_mtime_ns == first, "nothing changed"
    section = root / "models.md"
    section.write_text(section.read_text().replace("try_gpu(i=0)", "try_gpu(i=1)"))
    assert "try_gpu(i=1)" in words(build(root, jobs))


def test_sections_with_faults_leave_the_library_that_is_on_disk(tmp_path: Path) -> None:
    root = write(tmp_path, page(".. autofunction:: d2l.pytorch.try_gpu"))
    (root / "lib" / "d2l").mkdir(parents=True)
    (root / "lib" / "d2l" / "pytorch.py").write_text('def try_gpu(old):\n    """Defined in sec_models."""\n')
    (root / "more.md").write_text(MORE.replace("self, X)", "self, X"))
    assert "try_gpu(old)" in words(build(root, faults=1))


def test_a_summary_is_a_table_of_links(tmp_path: Path) -> None:
    directives = [
        ".. currentmodule:: d2l.pytorch",
        ".. autosummary::\n   :toctree: generated\n\n   ~d2l.pytorch.Model\n   try_gpu",
    ]
    article = build(write(tmp_path, page(*directives)))
    table = article.split("<table", 1)[1].split("</table>", 1)[0]
    assert words(table).split("> ", 1)[1].strip() == (
        f"Model({SIGNATURE}) A model of ours. try_gpu(i=0) Return a device, if any."
    )
    assert 'href="#d2l.pytorch.try_gpu"' in table
    assert "Defined in Section 1." in sections(article)["d2l.pytorch.Model"]


def test_a_directive_needs_no_block_of_restructuredtext(tmp_path: Path) -> None:
    text = "# API\n\n```{autoclass} d2l.pytorch.Model\n:members:\n```\n"
    assert "d2l.pytorch.Model.forward" in sections(build(write(tmp_path, text)))

"""Stage 6: the Sphinx extension that shows a section once, with each framework behind tabs.

MyST-NB reads pages through :func:`read_page` (see ``nb_custom_formats`` in ``_config.yml``)
and makes nodes of them; our transform groups these into tabs. So ``jupyter-book build`` needs
nothing but this extension. ``docs/maintainers.md`` lists the types of its warnings.
"""

import hashlib
import json
from functools import partial
from pathlib import Path
from typing import Any

from myst_nb.sphinx_ext import add_global_html_resources
from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.domains import Domain
from sphinx.environment import BuildEnvironment
from sphinx.ext.mathjax import MATHJAX_URL

import tabbook
from tabbook.book import WORK_FOLDER
from tabbook.cache import source_hash
from tabbook.files import write_atomic
from tabbook.language import marked, translator
from tabbook.render.aside import CellsDirective, DropAsides, PutAsideSlides, SlideDirective
from tabbook.render.citations import check_citations, name_entries
from tabbook.render.compact import ExpandCompactNodes
from tabbook.render.duplicates import Duplicates
from tabbook.render.equations import CountedEquations, NumberEquations
from tabbook.render.footnotes import MarkFootnotes
from tabbook.render.glue import setup_glue
from tabbook.render.highlighting import add_lexers, share_formatters
from tabbook.render.isolate import (
    STYLES,
    IsolateOutputs,
    NoteText,
    depart_isolated,
    isolated_output,
    visit_isolated,
)
from tabbook.render.language import TranslatePrompts, quiet_search, translate_search
from tabbook.render.latex import RenameCells
from tabbook.render.missing import pages_that_wait
from tabbook.render.navigation import setup_navigation
from tabbook.render.numbering import note_figures, number_sections
from tabbook.render.one_tab import KeepTab, prefer_outputs
from tabbook.render.pages import (
    PageCollector,
    begin_page,
    is_for_browsers,
    load_book,
    note_code,
    outdated_pages,
    publish_outputs,
)
from tabbook.render.pictures import SvgToPdf, ToPng
from tabbook.render.raw_pictures import CheckRawPictures
from tabbook.render.removed_pages import remove_old_pages
from tabbook.render.resolved import ExportBuilder
from tabbook.render.tabs import (
    GroupTabs,
    HtmlTabs,
    TabDirective,
    depart_div,
    tab_group,
    tab_lacks,
    tab_panel,
    visit_group,
    visit_lacks,
    visit_panel,
)
from tabbook.render.targets import note_references, pages_that_refer
from tabbook.render.templates import keep_templates
from tabbook.render.themed_pictures import MarkThemedPictures
from tabbook.render.twins import HideTwins, ShowTwins, TitleReferences
from tabbook.render.unique_ids import KeepIdsUnique

STATIC = Path(__file__).parent / "static"
SCRIPT_TEXTS = {
    "framework": marked("Framework"),
    "output": marked("Output"),
    "outputAbove": marked("Output of the code above"),
    "outputAboveIn": marked("Output of the code above in {name}"),
}
"""What our scripts show; they have it in English."""


def _digest(files: list[Path]) -> str:
    content = b"\0".join(file.read_bytes() for file in sorted(files))
    return hashlib.sha256(content).hexdigest()


def _add_assets(app: Sphinx) -> None:
    """Add our styles and scripts, where pages are for a browser (an e-book is not)."""
    if not is_for_browsers(app):
        return
    app.config.html_static_path.append(str(STATIC))
    app.add_css_file("tabbook.css")
    names = json.dumps({tab: value["name"] for tab, value in app.config.tabbook["tabs"].items()})
    # In the head and blocking: it says which tabs are visible before the first one is drawn.
    app.add_js_file("tabbook-early.js", priority=100, **{"data-tabs": names, **_words(app.config.language)})
    app.add_js_file("tabbook.js", loading_method="defer")
    styles: Any = {"data-styles": STYLES}
    app.add_js_file("tabbook-frames.js", loading_method="defer", **styles)


def _words(language: str) -> dict[str, str]:
    """Return what the scripts show, in the language of the book; nothing where that is English."""
    words = {name: translator(language)(text) for name, text in SCRIPT_TEXTS.items()}
    return {} if words == SCRIPT_TEXTS else {"data-words": json.dumps(words, ensure_ascii=False)}


def _drop_repeats(
    _app: Sphinx, _page: str, _template: str, context: dict[str, Any], _doctree: object
) -> None:
    """Keep each script of a page once: Sphinx repeats the inline ones, and browsers complain."""
    seen: dict[object, Any] = {}
    for script in context["script_files"]:
        seen.setdefault((str(script.filename or ""), *sorted(script.attributes.items())), script)
    context["script_files"][:] = seen.values()


def _keep_out_own_folder(_app: Sphinx, config: Config) -> None:
    """Keep tabbook's own folder out of the book: its reports of failures are Markdown, too."""
    config["exclude_patterns"] = [*config["exclude_patterns"], WORK_FOLDER]


def _note_versions(_app: Sphinx, config: Config) -> None:
    """Make pages depend on the toolchain and on our styles, too."""
    config["tabbook_code"] = source_hash()
    config["tabbook_assets"] = _digest([*STATIC.iterdir()])


def _prepare_site(app: Sphinx, config: Config) -> None:
    """Add what a site has and a check of its pages can do without: links, exports, MathJax, outputs."""
    if config["tabbook_outputs"]:
        from tabbook.render.links import add_links, finish, landing_page

        app.connect("env-updated", landing_page)
        app.connect("html-page-context", add_links)
        app.connect("build-finished", finish)
        app.connect("build-finished", publish_outputs)
        _keep_mathjax(app, config)


def _keep_mathjax(app: Sphinx, config: Config) -> None:
    """Let pages take MathJax from the site, not from the server of others that Sphinx names.

    An author's own ``mathjax_path`` is kept, and so is Sphinx's where the package with MathJax's
    files is not installed.
    """
    from tabbook.export.decks import mathjax

    script = mathjax()
    if script is not None and config["mathjax_path"] == MATHJAX_URL:
        config["mathjax_path"] = f"mathjax/{script.name}"
        app.connect("builder-inited", partial(_add_mathjax, script))


def _add_mathjax(script: Path, app: Sphinx) -> None:
    if is_for_browsers(app):
        write_atomic(Path(app.outdir) / "_static" / "mathjax" / script.name, script.read_bytes())


def _copy_notebook_styles(app: Sphinx) -> None:
    """Let MyST-NB copy its styles before pages are written: their address has a hash of the file."""
    if app.builder.format == "html" and app.config["tabbook_outputs"]:
        (Path(app.outdir) / "_static").mkdir(parents=True, exist_ok=True)
        add_global_html_resources(app, None)


def _declare_safe(app: Sphinx) -> None:
    """Say of two extensions that Jupyter Book brings what they omit: parallel reads are safe.

    One numbers the sections when all pages have been read, in the process that has them all;
    the other changes trees one by one, by values that are set before the first is read.
    """
    for name in ("sphinx_multitoc_numbering", "sphinx_jupyterbook_latex"):
        extension = app.extensions.get(name)
        if extension is not None and extension.parallel_read_safe is None:
            extension.parallel_read_safe = True


def _read_alone(app: Sphinx, env: BuildEnvironment, _pages: list[str]) -> None:
    """Read pages one after the other where a domain cannot merge what several processes have read.

    Sphinx believes what the domain's extension says of itself, and sphinx-proof says that it can.
    """
    if app.parallel > 1 and any(
        type(domain).merge_domaindata is Domain.merge_domaindata for domain in env.domains.values()
    ):
        app.connect("env-updated", partial(_write_in_parallel, app.parallel))
        app.parallel = 1


def _write_in_parallel(jobs: int, app: Sphinx, _env: BuildEnvironment) -> None:
    app.parallel = jobs


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the extension; return what Sphinx wants to know of it."""
    app.add_config_value("tabbook", {}, "env", types=[dict])
    app.add_config_value("tabbook_outputs", True, "env", types=[bool])
    app.add_config_value("tabbook_code", "", "env", types=[str])
    app.add_config_value("tabbook_assets", "", "html", types=[str])
    app.add_config_value("tabbook_sharing", False, "", types=[bool])
    quiet_search()
    app.connect("config-inited", translate_search)
    app.connect("config-inited", _keep_out_own_folder)
    app.connect("config-inited", _note_versions)
    app.connect("config-inited", prefer_outputs)
    app.connect("config-inited", _prepare_site)
    app.connect("config-inited", check_citations)
    app.connect("builder-inited", _declare_safe)
    app.connect("builder-inited", number_sections)
    app.connect("builder-inited", load_book)
    app.connect("builder-inited", _add_assets)
    app.connect("builder-inited", _copy_notebook_styles)
    app.connect("builder-inited", share_formatters)
    app.connect("builder-inited", keep_templates)
    app.connect("env-before-read-docs", _read_alone)
    app.connect("env-get-outdated", outdated_pages)
    app.connect("env-get-outdated", pages_that_refer)
    app.connect("env-get-outdated", pages_that_wait)
    app.connect("env-get-outdated", remove_old_pages)
    app.connect("source-read", begin_page)
    app.connect("doctree-read", note_references, priority=900)
    app.connect("doctree-read", note_figures, priority=900)
    app.connect("html-page-context", _drop_repeats)
    app.connect("html-page-context", name_entries)
    app.connect("html-page-context", note_code)
    app.add_env_collector(PageCollector)
    add_lexers(app)
    app.add_builder(ExportBuilder)
    app.add_post_transform(KeepTab)
    app.add_post_transform(SvgToPdf)
    app.add_post_transform(ToPng)
    app.add_post_transform(RenameCells)
    app.add_domain(CountedEquations, override=True)
    app.add_directive("tab", TabDirective)
    app.add_directive("tabbook-slide", SlideDirective)
    app.add_directive("tabbook-cells", CellsDirective)
    setup_glue(app)
    app.add_transform(CheckRawPictures)
    setup_navigation(app)
    Duplicates(app)
    app.add_transform(GroupTabs)
    app.add_transform(NumberEquations)
    app.add_transform(HideTwins)
    app.add_transform(MarkFootnotes)
    app.add_transform(PutAsideSlides)
    app.add_post_transform(DropAsides)
    app.add_post_transform(ExpandCompactNodes)
    app.add_post_transform(ShowTwins)
    app.add_post_transform(TitleReferences)
    app.add_post_transform(NoteText)
    app.add_post_transform(IsolateOutputs)
    app.add_post_transform(MarkThemedPictures)
    app.add_post_transform(HtmlTabs)
    app.add_post_transform(TranslatePrompts)
    app.add_post_transform(KeepIdsUnique)
    app.add_node(tab_group, html=(visit_group, depart_div))
    app.add_node(tab_lacks, html=(visit_lacks, depart_div))
    app.add_node(tab_panel, html=(visit_panel, depart_div))
    app.add_node(isolated_output, html=(visit_isolated, depart_isolated))
    return {"version": tabbook.__version__, "parallel_read_safe": True, "parallel_write_safe": True}

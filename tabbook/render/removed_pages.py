"""Pages that are no longer in the book leave the site: Sphinx keeps their files, and readers find them.

Every page that Sphinx has read has a file in its folder of trees, which stays there as well. So these say
which files of the site were pages, also where Sphinx has forgotten all of them.
"""

from pathlib import Path

from sphinx.application import Sphinx
from sphinx.builders.html import StandaloneHTMLBuilder
from sphinx.environment import BuildEnvironment

from tabbook.render.pages import is_for_browsers


def remove_old_pages(app: Sphinx, env: BuildEnvironment, *_: object) -> list[str]:
    """Remove what earlier builds wrote for pages that are gone; return no page to read again."""
    builder, trees = app.builder, Path(app.doctreedir)
    if is_for_browsers(app) and isinstance(builder, StandaloneHTMLBuilder):
        for tree in sorted(trees.rglob("*.doctree")):
            page = tree.relative_to(trees).as_posix().removesuffix(".doctree")
            if page not in env.found_docs:
                for file in (Path(builder.get_outfilename(page)), *_sources(app, page), tree):
                    file.unlink(missing_ok=True)
    return []


def _sources(app: Sphinx, page: str) -> list[Path]:
    """Return where the site has the source of a page, whatever its format was."""
    names = [f"{page}{suffix}" for suffix in app.config.source_suffix]
    end = app.config.html_sourcelink_suffix
    return [Path(app.outdir, "_sources", name if name.endswith(end) else f"{name}{end}") for name in names]

"""Files that pages name and that are missing: such a page is read again when one of them turns up.

Sphinx reads these pages in every build, because it does not remember what it said of them. Our
builds do, so they keep such files apart from those that a page depends on.
"""

from collections.abc import Mapping
from pathlib import Path

from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment

from tabbook.render.pages import page_data


def keep_missing_apart(app: Sphinx, env: BuildEnvironment) -> None:
    """Move the files that are missing from the dependencies of each page to a list of our own."""
    for page, files in env.dependencies.items():
        missing = {file for file in files if not _exists(app, file)}
        if missing:
            env.dependencies[page] = files - missing
            page_data(env, "missing")[page] = sorted(missing | {*page_data(env, "missing").get(page, ())})


def pages_that_wait(app: Sphinx, env: BuildEnvironment, *_: object) -> list[str]:
    """Return the pages with a file that was missing and is there now."""
    waiting = page_data(env, "missing").items()
    return [page for page, files in waiting if any(_exists(app, file) for file in files)]


def named_files(env: BuildEnvironment) -> Mapping[str, set[str]]:
    """Return for each page the files that it depends on, and those that are missing."""
    found = {page: {*map(str, files)} for page, files in env.dependencies.items()}
    for page, files in page_data(env, "missing").items():
        found[page] = found.get(page, set()).union(files)
    return found


def _exists(app: Sphinx, file: str) -> bool:
    return (Path(app.srcdir) / file).is_file()

"""The site, built as ``jupyter-book build`` builds it, but reading its pages in parallel."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def rare_garbage_collection() -> Iterator[None]:
    """Look for garbage less often: in documents' trees Python looks at everything, and finds little.

    What is there already is left out. So an extension that looks through all objects, as
    sphinx-external-toc does, has fewer to look through.
    """
    before = gc.get_threshold()
    gc.set_threshold(200_000, 20, 20)
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()
        gc.set_threshold(*before)


def run_sphinx(root: Path, out: Path, *, warnings_as_errors: bool, jobs: int, quiet: bool) -> int:
    """Build the book in ``root`` into ``out``; return Sphinx's exit status.

    Where anything is wrong, Sphinx's memory of what it has read is dropped: the next build
    would otherwise read only what changes, and pass over the pages that it warned of.
    """
    from jupyter_book.sphinx import build_sphinx

    # Of the processes that write pages, Sphinx counts the one that hands them their work.
    processes = jobs + 1 if jobs > 1 else 1
    # These are the values that jupyter-book's own command passes, so both commands share
    # what they have read.
    with rare_garbage_collection():
        status = build_sphinx(
            root,
            out,
            noconfig=True,
            path_config=root / "_config.yml",
            confoverrides={
                "external_toc_path": (root / "_toc.yml").as_posix(),
                "latex_individualpages": False,
                "tabbook_sharing": True,
            },
            builder="html",
            warningiserror=warnings_as_errors,
            keep_going=warnings_as_errors,
            quiet=quiet,
            jobs=processes,
        )
    if status != 0:
        (out.parent / ".doctrees" / "environment.pickle").unlink(missing_ok=True)
    return status if isinstance(status, int) else 2

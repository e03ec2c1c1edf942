"""What pages refer to, and what that is: a page is written again when it changes."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from docutils import nodes
from sphinx.addnodes import pending_xref
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment

from tabbook.keys.key import canonical, sha256
from tabbook.render.pages import page_data

_BREAK = re.compile(r"[\s,{}()<>#]+")
_SUFFIX = re.compile(r"\.(?:md|rst|ipynb|html)$")
Index = dict[str, list[str]]
"""Descriptions of everything that has a word in its name."""


def note_references(app: Sphinx, doctree: nodes.document) -> None:
    """Note what a page refers to, when it has been read."""
    env = app.env
    words = {
        str(node.get(key) or "")
        for node in doctree.findall(pending_xref)
        for key in ("reftarget", "reftargetid")
    }
    page_data(env, "refers")[env.docname] = sorted(
        {word for text in words for word in _words(text, parts=True)}
    )


def pages_that_refer(
    _app: Sphinx, env: BuildEnvironment, added: set[str], _changed: set[str], removed: set[str]
) -> list[str]:
    """Return the pages that refer to one that is new or gone: MyST looks for files as it reads a page."""
    names = {word for page in added | removed for word in _words(page, parts=False)}
    return [page for page, words in page_data(env, "refers").items() if not names.isdisjoint(words)]


def _words(text: str, *, parts: bool) -> Iterator[str]:
    """Yield the words that names and references to them share; with ``parts``, the ends of dotted ones."""
    for word in _BREAK.split(text.lower()):
        last = _SUFFIX.sub("", word.rpartition("/")[2])
        if last:
            yield last
        if parts and "." in last:
            yield last.rpartition(".")[2]


def _add(index: Index, name: str, about: object, *, parts: bool = False) -> None:
    for word in set(_words(name, parts=parts)):
        index.setdefault(word, []).append(repr((name, about)))


def _index(env: BuildEnvironment) -> Index:
    """Return everything that pages can refer to, with titles, numbers and places."""
    index, tables = Index(), env.domaindata
    for labels in (tables["std"]["anonlabels"], tables["std"]["labels"]):
        for name, (page, anchor, *title) in labels.items():
            # Some titles are translated when they are shown.
            _add(index, name, (page, anchor, [*map(str, title)], _numbers(env, page, anchor)))
    for name, (page, number) in tables["math"]["objects"].items():
        _add(index, name, (page, number, _numbers(env, page, nodes.make_id(f"equation-{name}"))))
    for one in tables.get("cite", {}).get("citations", ()):
        about = one.bibliography_key.docname, one.citation_id, str(one.formatted_entry.label)
        _add(index, str(one.key), about)
    for page in sorted(env.found_docs):
        slugs = sorted((env.metadata.get(page) or {}).get("myst_slugs") or ())
        title = env.titles[page].astext() if page in env.titles else ""
        _add(index, page, (title, _numbers(env, page, ""), slugs))
    for page, differing in sorted(page_data(env, "titles").items()):
        for name in differing:
            _add(index, name, (page, differing[name]))
    for domain, one in env.domains.items():
        for name, shown, kind, *place, _ in one.get_objects() if domain != "cite" else ():
            if kind not in ("doc", "label"):  # which are among the references
                _add(index, name, (str(shown), kind, *place), parts=domain not in ("std", "math"))
    return index


def _numbers(env: BuildEnvironment, page: str, anchor: str) -> list[str]:
    """Return the numbers that references to a place may show: of its section, its page, its figure."""
    sections: Mapping[str, Any] = env.toc_secnumbers.get(page, {})
    figures: Iterable[Mapping[str, Any]] = env.toc_fignumbers.get(page, {}).values()
    counted = (numbers[anchor] for numbers in figures if anchor in numbers)
    found = [sections.get(f"#{anchor}"), sections.get(""), *counted]
    return [".".join(map(str, number or ())) for number in found]


def contents_of(app: Sphinx) -> str:
    """Return a hash of what is beside and below each page: the titles of all, in the book's order."""
    env = app.env
    titles = [[page, env.titles[page].pformat()] for page in sorted(env.titles)]
    includes = sorted([page, *pages] for page, pages in env.toctree_includes.items())
    return sha256(canonical([app.config.external_site_map.as_json(), titles, includes]))


def digests(app: Sphinx, contents: str = "") -> Mapping[str, str]:
    """Return for each page a hash of what it refers to, as it is now, and of the ``contents`` beside it."""
    env, index = app.env, _index(app.env)
    bibliographies = _bibliographies(env)
    return {
        page: sha256(
            canonical(
                [
                    [[word, sorted(index.get(word, ()))] for word in page_data(env, "refers").get(page, ())],
                    bibliographies.get(page, []),
                    contents,
                ]
            )
        )
        for page in env.found_docs
    }


def _bibliographies(env: BuildEnvironment) -> dict[str, list[str]]:
    """Return the works that pages list, which depend on what other pages cite."""
    data: Any = env.domaindata.get("cite", {})
    works: dict[str, list[str]] = {}
    for one in data.get("citations", ()):
        text = f"{one.key} {one.formatted_entry.label}"
        works.setdefault(one.bibliography_key.docname, []).append(text)
    return works

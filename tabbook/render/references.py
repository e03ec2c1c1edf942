"""What labels mean, as Sphinx has found out: titles, numbers, places."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment


@dataclass(frozen=True, slots=True)
class Target:
    """What a label stands for.

    ``page`` is the page's path without its ending, ``anchor`` the place on it. ``number`` is empty
    where there is none. The title of a citation is its label, such as ``HS97``.
    """

    page: str
    anchor: str
    title: str = ""
    number: str = ""
    kind: str = "section"


@dataclass(frozen=True, slots=True)
class References:
    """Everything that text can refer to."""

    labels: Mapping[str, Target]
    equations: Mapping[str, Target]
    pages: Mapping[str, Target]
    citations: Mapping[str, Target]


def references_of(app: Sphinx) -> References:
    """Return all that the pages of a build can refer to."""
    env = app.env
    labels: dict[str, Target] = {}
    std: Any = env.domaindata.get("std", {})
    for name, (page, anchor, *_) in std.get("anonlabels", {}).items():
        labels[name] = _target(env, page, anchor, "")
    for name, (page, anchor, title) in std.get("labels", {}).items():
        labels[name] = _target(env, page, anchor, str(title))  # some are translated on demand
    pages = {
        page: Target(page, "", title.astext(), _number(env.toc_secnumbers.get(page, {}).get("", ())))
        for page, title in env.titles.items()
    }
    return References(labels, _equations(app), pages, _citations(env))


def _number(parts: Any) -> str:
    return ".".join(map(str, parts or ()))


def _target(env: BuildEnvironment, page: str, anchor: str, title: str) -> Target:
    for kind, numbers in env.toc_fignumbers.get(page, {}).items():
        if anchor in numbers:
            return Target(page, anchor, title, _number(numbers[anchor]), kind)
    sections = env.toc_secnumbers.get(page, {})
    number = sections.get(f"#{anchor}")
    if number is None and title and title == _title(env, page):
        number = sections.get("")
    return Target(page, anchor, title, _number(number), "section")


def _title(env: BuildEnvironment, page: str) -> str:
    return env.titles[page].astext() if page in env.titles else ""


def _equations(app: Sphinx) -> dict[str, Target]:
    """Return the equations, with the numbers that their references show."""
    env, found = app.env, {}
    math: Any = env.domaindata.get("math", {})
    for label, (page, number) in math.get("objects", {}).items():
        anchor = nodes.make_id(f"equation-{label}")
        shown = str(number or "")
        if app.config.math_numfig and app.config.numfig:
            numbers = env.toc_fignumbers.get(page, {}).get("displaymath", {})
            shown = _number(numbers.get(anchor)) or shown
        found[label] = Target(page, anchor, "", shown, "equation")
    return found


def _citations(env: BuildEnvironment) -> dict[str, Target]:
    """Return the entries of bibliographies, where sphinxcontrib-bibtex has made some."""
    cite: Any = env.domaindata.get("cite", {})
    return {
        str(one.key): Target(
            str(one.bibliography_key.docname),
            str(one.citation_id),
            str(one.formatted_entry.label),
            kind="citation",
        )
        for one in cite.get("citations", ())
    }

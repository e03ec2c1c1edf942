"""What labels mean: titles, numbers and places on the published pages.

A build of the site leaves them in a file beside Sphinx's own (see ``tabbook.render.references``).
Labels that no build has seen yet are taken from the sources: these have titles, and equations
are counted on each page, but nothing has the number that it gets in the book.
"""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tabbook.model import Section

FILE = "tabbook-references.json"
_LABELLED = re.compile(r"^\(([^()\n]+)\)=[ \t]*\n(?:[ \t]*\n)*(?: {0,3}#{1,6}[ \t]+(.+))?", re.MULTILINE)
_EQUATION = re.compile(
    r"^\s*[`:~]{3,}\{math\}[^\n]*\n(?:\s*:[a-z]+:[^\n]*\n)*?\s*:label:[ \t]*(\S+)"
    r"|\$\$[ \t]*\(([^()\n]+)\)[ \t]*$",
    re.MULTILINE,
)


@dataclass(frozen=True, slots=True)
class Target:
    """What a label stands for.

    ``page`` is the page's path without its ending, ``anchor`` the place on it. ``number`` is
    empty where there is none; ``kind`` is ``section``, ``figure``, ``table``, ``equation``, … The
    title of a citation is its label, such as ``HS97``.
    """

    page: str
    anchor: str
    title: str = ""
    number: str = ""
    kind: str = "section"


@dataclass(frozen=True, slots=True)
class References:
    """Everything that text can refer to. ``formats`` says how kinds are numbered: ``Figure %s``."""

    labels: Mapping[str, Target] = field(default_factory=dict)
    equations: Mapping[str, Target] = field(default_factory=dict)
    pages: Mapping[str, Target] = field(default_factory=dict)
    citations: Mapping[str, Target] = field(default_factory=dict)
    formats: Mapping[str, str] = field(default_factory=dict)

    def numbered(self, target: Target) -> str:
        """Return how a numbered reference to ``target`` reads: its title, if it has no number."""
        if not target.number:
            return target.title or target.anchor
        return self.formats.get(target.kind, f"{target.kind.title()} %s") % target.number


def normal(label: str) -> str:
    """Return a label as Sphinx compares labels."""
    return " ".join(label.lower().split())


def of_sources(sections: Iterable[Section]) -> References:
    """Return what the sources alone say: titles, and equations counted on each page."""
    labels: dict[str, Target] = {}
    equations: dict[str, Target] = {}
    pages: dict[str, Target] = {}
    for section in sections:
        page = section.path.removesuffix(".md")
        pages[page] = Target(page, "", section.title)
        count = 0
        for cell in section.cells:
            if cell.kind != "text":
                continue
            for found in _LABELLED.finditer(cell.source):
                title = found[2].strip() if found[2] else section.title
                labels[normal(found[1])] = Target(page, anchor(found[1]), title)
            for found in _EQUATION.finditer(cell.source):
                count += 1
                label = found[1] or found[2]
                equations[label] = Target(page, anchor(f"equation-{label}"), "", str(count), "equation")
    return References(labels, equations, pages)


def anchor(label: str) -> str:
    """Return the identifier of a label on its page, as docutils makes it."""
    return re.sub(r"[^a-z0-9]+", "-", label.lower()).strip("-")


def dump(references: References) -> str:
    """Return ``references`` as text; equal references, equal text."""

    def plain(targets: Mapping[str, Target]) -> dict[str, list[str]]:
        return {name: [t.page, t.anchor, t.title, t.number, t.kind] for name, t in targets.items()}

    value = {
        "labels": plain(references.labels),
        "equations": plain(references.equations),
        "pages": plain(references.pages),
        "citations": plain(references.citations),
        "formats": dict(references.formats),
    }
    return json.dumps(value, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def parse(text: str) -> References:
    """Return the references that :func:`dump` wrote.

    Raises:
        ValueError: The text is something else.
    """
    try:
        value: Any = json.loads(text)
        labels, equations, pages, citations = (
            {name: Target(*map(str, target)) for name, target in value[key].items()}
            for key in ("labels", "equations", "pages", "citations")
        )
        return References(labels, equations, pages, citations, dict(value["formats"]))
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"not a file of references: {error!r}") from error


def merged(sources: References, built: References) -> References:
    """Return what a build knows, and what the sources say of everything else."""
    return References(
        {**sources.labels, **built.labels},
        {**sources.equations, **built.equations},
        {**sources.pages, **built.pages},
        built.citations,
        built.formats,
    )


def load(path: Path, sections: Iterable[Section]) -> References:
    """Return what the file ``path`` of the last build says, completed from the sources.

    A file that is missing or damaged counts as no build.
    """
    sources = of_sources(sections)
    try:
        return merged(sources, parse(path.read_text(encoding="utf-8")))
    except (OSError, ValueError):
        return sources

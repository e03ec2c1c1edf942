"""Where a text stands: what its references, pictures, files, substitutions and footnotes mean."""

import posixpath
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import jinja2
from jinja2 import meta

from tabbook.export.references import References, Target

DEFINED = re.compile(r"^[ \t]*\[\^([^\[\]\s]+)\]:[ \t]*(.*)$", re.MULTILINE)
"""The first line of a footnote's text."""
_JINJA = jinja2.Environment(undefined=jinja2.StrictUndefined, autoescape=False)


@dataclass
class Footnotes:
    """The footnotes of a page, numbered as its text is converted; ``labels`` are those it defines."""

    labels: frozenset[str] = frozenset()
    numbers: dict[str, int] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, sources: Iterable[str]) -> "Footnotes":
        """Return the footnotes of a page whose text is ``sources``, none of them numbered."""
        return cls(frozenset(found[1] for source in sources for found in DEFINED.finditer(source)))

    def number(self, label: str) -> int:
        """Return the number of a footnote that the text refers to; 0 if it has no text."""
        if label not in self.labels:
            return 0
        if label not in self.numbers:
            used = set(self.numbers.values())
            free = next(number for number in range(1, len(used) + 2) if number not in used)
            self.numbers[label] = int(label) if label.isdecimal() and int(label) not in used else free
        return self.numbers[label]

    def shown(self) -> str:
        """Return the list of the footnotes that were referred to; empty if there are none."""
        lines = []
        for number, label in sorted((number, label) for label, number in self.numbers.items()):
            first, *rest = self.texts.get(label, "").split("\n")
            indent = " " * len(f"{number}. ")
            lines += [f"{number}. {first}", *(f"{indent}{line}" if line else "" for line in rest)]
        return "\n".join(["---", "", *lines]) if lines else ""


def _nothing(_path: str) -> str | None:
    return None


@dataclass(frozen=True, slots=True)
class Context:
    """Where a text stands, and where what it names leads.

    ``page`` is the page's path without its ending. ``address`` returns the address of a target,
    or nothing if it has none; ``picture`` that of a picture, by its path in the book; ``file``
    the text of a file of the book, ``None`` if it cannot be read. ``open`` are the files whose
    text this is part of, ``glued`` the values that the page's code glues, as text.
    """

    page: str
    references: References
    address: Callable[[Target], str]
    picture: Callable[[str], str]
    file: Callable[[str], str | None] = _nothing
    substitutions: Mapping[str, Any] = field(default_factory=dict)
    notes: Footnotes = field(default_factory=Footnotes)
    open: tuple[str, ...] = ()
    glued: Mapping[str, str] = field(default_factory=dict)
    language: str = "en"

    def path(self, name: str) -> str:
        """Return the path in the book of what the page calls ``name``; one that begins with / is it."""
        if name.startswith("/"):
            return posixpath.normpath(name.lstrip("/"))
        return posixpath.normpath(posixpath.join(posixpath.dirname(self.page), name))

    def linked(self, text: str, target: Target) -> str:
        """Return ``text`` as a link to ``target``, if that has an address."""
        address = self.address(target)
        return f"[{text}]({address})" if address else text

    def substituted(self, expression: str) -> tuple[str | None, "Context"]:
        """Return what ``{{expression}}`` stands for, and the context of that text.

        ``None`` if it names what nobody has given, or itself.
        """
        template = f"{{{{{expression}}}}}"
        try:
            value = _JINJA.from_string(template).render(self.substitutions)
            names = meta.find_undeclared_variables(_JINJA.parse(template))
        except Exception:  # the expression may call anything, and its author sees the page's warning
            return None, self
        rest = {name: known for name, known in self.substitutions.items() if name not in names}
        return value, replace(self, substitutions=rest)

    def included(self, name: str) -> tuple[str | None, "Context"]:
        """Return the text of the file that the page calls ``name``, and the context of that text.

        ``None`` if it cannot be read, or holds the text that asks for it.
        """
        path = self.path(name)
        text = None if path in self.open else self.file(path)
        return text, replace(self, open=(*self.open, path))

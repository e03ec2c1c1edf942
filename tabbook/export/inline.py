"""MyST inside a paragraph, as plain Markdown: roles, links and pictures."""

import posixpath
import re
from collections.abc import Callable
from dataclasses import dataclass

from tabbook.export.references import References, Target, normal

_INLINE = re.compile(
    r"(?P<escape>\\[^\w\s])"
    r"|(?P<comment><!--.*?-->)"
    r"|\{(?P<role>[A-Za-z][\w:+.-]*)\}(?P<ticks>`+)(?P<body>.+?)(?<!`)(?P=ticks)(?!`)"
    r"|(?P<code>(?P<fence>`+)(?!`).+?(?<!`)(?P=fence)(?!`))"
    r"|(?P<math>\$(?=\S)(?:\\.|[^$\\])+?(?<=\S)\$)"
    r"|!\[(?P<alt>[^\[\]]*)\]\((?P<image>[^\s()]+)(?P<title>\s+\"[^\"]*\")?\)(?:\{[^{}\n]*\})?"
    r"|\[(?P<text>(?:[^\[\]`]|`[^`]*`)*)\]\((?P<link>[^\s()]*)\)"
    r"|<(?:project:)(?P<project>[^\s<>]+)>",
    re.DOTALL,
)
_TITLED = re.compile(r"^(?P<text>.*?)\s*<(?P<target>[^<>]+)>$", re.DOTALL)
_OUTSIDE = re.compile(r"^[a-z][a-z0-9+.-]*:|^//", re.IGNORECASE)

_OTHERS: dict[str, Callable[[str], str]] = {
    "math": lambda words: f"${words}$",
    "code": lambda words: f"`{words}`",
    "command": lambda words: f"`{words}`",
    "file": lambda words: f"`{words}`",
    "kbd": lambda words: f"`{words}`",
    "strong": lambda words: f"**{words}**",
    "emphasis": lambda words: f"*{words}*",
    "sub": lambda words: f"<sub>{words}</sub>",
    "sup": lambda words: f"<sup>{words}</sup>",
    "raw": lambda _words: "",
}


@dataclass(frozen=True, slots=True)
class Context:
    """Where a text stands, and where its references and pictures lead.

    ``page`` is the page's path without its ending. ``address`` returns the address of a target,
    or nothing if it has none; ``picture`` that of a picture, by its path in the book.
    """

    page: str
    references: References
    address: Callable[[Target], str]
    picture: Callable[[str], str]

    def path(self, name: str) -> str:
        """Return the path in the book of what the page calls ``name``; one that begins with / is it."""
        if name.startswith("/"):
            return posixpath.normpath(name.lstrip("/"))
        return posixpath.normpath(posixpath.join(posixpath.dirname(self.page), name))

    def linked(self, text: str, target: Target) -> str:
        """Return ``text`` as a link to ``target``, if that has an address."""
        address = self.address(target)
        return f"[{text}]({address})" if address else text


def plain_inline(text: str, context: Context) -> str:
    """Return ``text``, a paragraph of MyST, as Markdown that every viewer reads.

    Roles that are not known become their text: nothing is lost. Code, mathematics and links to
    elsewhere are left as they are.
    """
    return _INLINE.sub(lambda found: _replace(found, context), text)


def _replace(found: re.Match[str], context: Context) -> str:
    if found["role"]:
        return _role(found["role"].lower(), " ".join(found["body"].split()), context)
    if found["image"]:
        name = found["image"]
        address = name if _OUTSIDE.match(name) else context.picture(context.path(name))
        return f"![{found['alt']}]({address}{found['title'] or ''})"
    if found["project"]:
        return _link("", found["project"], context)
    if found["link"] is not None:
        return _link(plain_inline(found["text"], context), found["link"], context) or found[0]
    return found[0]


def _link(text: str, destination: str, context: Context) -> str:
    """Return a link into the book as one to where that is published; nothing for other links."""
    page, _, label = destination.partition("#")
    references = context.references
    if _OUTSIDE.match(destination):
        return ""
    target = references.labels.get(normal(label or page)) if label or not text else None
    if target is None and page:
        target = references.pages.get(context.path(page).removesuffix(".md"))
        if target is not None and label:
            target = Target(target.page, label, target.title)
    if target is not None:
        return context.linked(text or references.numbered(target), target)
    return f"[{text}]({destination})" if text and page else text or label or page


def _role(role: str, body: str, context: Context) -> str:
    titled = _TITLED.match(body)
    name = titled["target"] if titled else body
    text = titled["text"] if titled else ""
    references = context.references
    if role == "eq":
        target = references.equations.get(name)
        return context.linked(f"({target.number})", target) if target else f"({name})"
    if role in ("ref", "numref"):
        target = references.labels.get(normal(name))
        if target is None:
            return text.replace("%s", name).replace("{number}", name) or name
        if role == "numref" and text:
            text = text.replace("%s", target.number).replace("{number}", target.number)
            text = text.replace("{name}", target.title)
        return context.linked(
            text or (references.numbered(target) if role == "numref" else target.title or name), target
        )
    if role == "doc":
        target = references.pages.get(context.path(name).removesuffix(".md"))
        return context.linked(text or target.title, target) if target else text or name
    if role.startswith("cite"):
        keys = [key.strip() for key in name.split(",")]
        return ", ".join(f"[{references.citations.get(key, key)}]" for key in keys)
    known = _OTHERS.get(role)
    return known(text or body) if known else text or body

"""MyST inside a paragraph, as plain Markdown: roles, links, pictures, substitutions, footnotes."""

import re
from collections.abc import Callable

from tabbook.export.context import Context
from tabbook.export.references import Target, normal
from tabbook.merge.glue import formatted

_SPAN = r"(?:(?!\n[ \t]*\n).)"  # no paragraph ends inside
_INLINE = re.compile(
    r"(?P<escape>\\[^\w\s])"
    r"|(?P<comment><!--.*?-->)"
    rf"|\{{(?P<role>[A-Za-z][\w:+.-]*)\}}(?P<ticks>`+)(?P<body>{_SPAN}+?)(?<!`)(?P=ticks)(?!`)"
    rf"|(?P<code>(?P<fence>`+)(?!`){_SPAN}+?(?<!`)(?P=fence)(?!`))(?:\{{[.#][^{{}}\n]*\}})?"
    r"|(?P<math>\$(?=\S)(?:\\.|[^$\\\n]|\n(?![ \t]*\n))+?(?<=\S)\$)"
    r"|\{\{(?P<name>[^{}]+)\}\}"
    r"|\[\^(?P<note>[^\[\]\s]+)\]"
    r"|!\[(?P<alt>[^\[\]]*)\]\((?P<image>[^\s()]+)(?P<title>\s+\"[^\"]*\")?\)(?:\{[^{}\n]*\})?"
    r"|\[(?P<text>(?:[^\[\]`]|`[^`]*`|\{[\w:+.-]+\}`[^`]*`)*)\]"
    r"(?:\(<?(?P<link>[^\s()<>]*)>?(?P<hover>\s+\"[^\"]*\")?\)(?:\{[.#][^{}\n]*\})?|\{[.#](?P<attributes>[^{}\n]*)\})"
    r"|<(?:project|path):(?P<project>[^\s<>]+)>"
    r"|<inv:[^#<>]*#(?P<inventory>[^\s<>]+)>",
    re.DOTALL,
)
_TITLED = re.compile(r"^(?P<text>.*?)\s*<(?P<target>[^<>]+)>$", re.DOTALL)
_OUTSIDE = re.compile(r"^(?!(?:project|path):)[a-z][a-z0-9+.-]*:|^//", re.IGNORECASE)
_INSIDE = re.compile(r"^(?:project|path):", re.IGNORECASE)
_CODE = re.compile(
    r"^(?:(?:py|c|cpp|js|rst):)?(?:class|func|meth|mod|attr|obj|exc|data|const|function|method|type)$|"
    r"^(?:code|command|file|kbd|literal|program|option|samp|envvar|download|py:\w+)$"
)
_MADE_UP = re.compile(r"^(?:raw|fa[bsr]?|octicon|material-\w+|glue:\w+|eval)$")
"""Roles whose words mean nothing without what would draw them."""

_OTHERS: dict[str, Callable[[str], str]] = {
    "math": lambda words: f"${words}$",
    "strong": lambda words: f"**{words}**",
    "guilabel": lambda words: f"**{words}**",
    "menuselection": lambda words: "**" + words.replace("-->", "→") + "**",
    "emphasis": lambda words: f"*{words}*",
    "dfn": lambda words: f"*{words}*",
    "sub": lambda words: f"<sub>{words}</sub>",
    "subscript": lambda words: f"<sub>{words}</sub>",
    "sup": lambda words: f"<sup>{words}</sup>",
    "superscript": lambda words: f"<sup>{words}</sup>",
    "rfc": lambda words: f"RFC {words}",
    "pep": lambda words: f"PEP {words}",
}


def plain_inline(text: str, context: Context) -> str:
    """Return ``text``, paragraphs of MyST, as Markdown that every viewer reads.

    Roles that are not known become their text: nothing is lost. Code, mathematics and links to
    elsewhere are left as they are.
    """
    return _INLINE.sub(lambda found: _replace(found, context), text)


def _replace(found: re.Match[str], context: Context) -> str:
    if found["comment"]:
        return ""
    if found["code"]:
        return found["code"]
    if found["role"]:
        return _role(found["role"].lower(), " ".join(found["body"].split()), context)
    if found["name"]:
        value, inner = context.substituted(found["name"])
        return found[0] if value is None else plain_inline(value, inner)
    if found["note"]:
        number = context.notes.number(found["note"])
        return f"<sup>{number}</sup>" if number else found[0]
    if found["image"]:
        name = found["image"]
        address = name if _OUTSIDE.match(name) else context.picture(context.path(name))
        return f"![{found['alt']}]({address}{found['title'] or ''})"
    if found["attributes"] is not None:
        return plain_inline(found["text"], context)
    if found["inventory"]:
        return f"`{found['inventory']}`"
    if found["project"]:
        return _link("", found["project"], "", context)
    if found["link"] is not None:
        text = plain_inline(found["text"], context)
        return _link(text, found["link"], found["hover"] or "", context)
    return found[0]


def _link(text: str, destination: str, hover: str, context: Context) -> str:
    """Return a link into the book as one to where that is published, and other links as they are."""
    if _OUTSIDE.match(destination):
        return f"[{text}]({destination}{hover})" if not destination.startswith("inv:") else text
    destination = _INSIDE.sub("", destination)
    page, _, label = destination.partition("#")
    references = context.references
    target = references.labels.get(normal(label or page))
    if page and (found := references.pages.get(context.path(page).removesuffix(".md"))):
        target = Target(found.page, label, found.title) if label else found
    if target is not None:
        return context.linked(text or references.numbered(target), target)
    return f"[{text}]({destination}{hover})" if text and page else text or label or page


def _role(role: str, body: str, context: Context) -> str:
    titled = _TITLED.match(body)
    name = titled["target"] if titled else body
    text = titled["text"] if titled else ""
    references = context.references
    if role in ("eq", "math:numref"):
        target = references.equations.get(name)
        return context.linked(f"({target.number})", target) if target else f"({name})"
    if role in ("ref", "numref", "any", "prf:ref", "doc"):
        return _reference(role, name, text, context)
    if "cite" in role:
        return ", ".join(_citation(key.strip(), context) for key in name.split(","))
    if role == "sub-ref":
        value, inner = context.substituted(name)
        return body if value is None else plain_inline(value, inner)
    if _CODE.match(role):
        shown = text or (name.rsplit(".", 1)[-1] if name.startswith("~") else name)
        return f"`{shown}`"
    if role.startswith("glue") and (glued := _glued(role, body, context)):
        return glued
    if _MADE_UP.match(role):
        return ""
    if role.startswith("bdg"):
        return f"**{text or body}**"
    known = _OTHERS.get(role)
    return known(text or body) if known else text or body


def _glued(role: str, body: str, context: Context) -> str:
    """Return the value of a key that the page's code glues; empty if there is none."""
    key, _, form = body.rpartition(":") if role == "glue:text" and ":" in body else (body, "", "")
    try:
        return formatted(context.glued[key], form) if key in context.glued else ""
    except (ValueError, TypeError):
        return context.glued[key]


def _reference(role: str, name: str, text: str, context: Context) -> str:
    references = context.references
    target = None if role == "doc" else references.labels.get(normal(name))
    if target is None and role in ("doc", "any"):
        target = references.pages.get(context.path(name).removesuffix(".md"))
    if target is None:
        return text.replace("%s", name).replace("{number}", name) or name
    if role == "numref" and text:
        text = text.replace("%s", target.number).replace("{number}", target.number)
        text = text.replace("{name}", target.title)
    shown = text or (references.numbered(target) if role in ("numref", "prf:ref") else target.title or name)
    return context.linked(shown, target)


def _citation(key: str, context: Context) -> str:
    target = context.references.citations.get(key)
    return context.linked(f"[{target.title}]", target) if target else f"[{key}]"

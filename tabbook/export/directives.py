"""What stands for MyST's directives in plain Markdown: quotations, tables, pictures, code.

Directives that are not known leave their content behind, under their arguments: nothing is lost.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from tabbook.export.blocks import Block, Convert, caption, fenced, quoted, read_block
from tabbook.export.context import Context
from tabbook.export.inline import plain_inline
from tabbook.export.tables import csv_table, list_table, table
from tabbook.language import marked, translator

DIRECTIVE = re.compile(r"^\{(?P<name>[A-Za-z][\w:+.-]*)\}[ \t]*(?P<argument>.*)$")
"""What stands behind the fence of a directive."""
_ADDRESS = re.compile(r"^(?:https?://|//)\S+$")


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_TITLED = _words(
    "admonition topic sidebar dropdown versionadded versionchanged versionremoved deprecated "
    "theorem lemma corollary proposition definition example remark axiom conjecture criterion "
    "algorithm property observation assumption proof exercise solution"
)
"""Admonitions whose argument is a title, not the beginning of their text."""
_ADMONITIONS = _TITLED | _words(
    "attention caution danger error hint important note seealso tip warning margin"
)
_NAMES = {
    "attention": marked("Attention"),
    "caution": marked("Caution"),
    "danger": marked("Danger"),
    "definition": marked("Definition"),
    "error": marked("Error"),
    "example": marked("Example"),
    "exercise": marked("Exercise"),
    "hint": marked("Hint"),
    "important": marked("Important"),
    "lemma": marked("Lemma"),
    "note": marked("Note"),
    "proof": marked("Proof"),
    "remark": marked("Remark"),
    "seealso": marked("See also"),
    "solution": marked("Solution"),
    "theorem": marked("Theorem"),
    "tip": marked("Tip"),
    "versionadded": marked("Added"),
    "versionchanged": marked("Changed"),
    "warning": marked("Warning"),
}
"""The names of admonitions; those of others are capitalized."""
_QUOTES = _words("epigraph highlights pull-quote")
_CODE = _words("code code-block sourcecode prompt parsed-literal code-cell")
_DRAWN = _words("mermaid graphviz digraph graph")
"""Pictures that others draw from their source: code hosts draw some of them."""
_NOTHING = _words(
    "tableofcontents toctree contents index bibliography tags meta class rst-class highlight default-role "
    "currentmodule module glue glue:figure glue:text"
)
_INSIDE = _words("grid grid-item tab-set container div hlist compound role subfigure card-carousel")
"""Directives whose arguments say how their content is laid out."""
_AMS = {"align": "aligned", "eqnarray": "aligned", "split": "aligned", "flalign": "aligned"} | {
    "alignat": "alignedat",
    "gather": "gathered",
    "multline": "gathered",
}


def plain_block(
    name: str, argument: str, lines: Sequence[str], context: Context, convert: Convert
) -> list[str]:
    """Return what stands for a directive.

    ``lines`` are those between its fences; ``convert`` turns what is MyST of them into plain lines.
    """
    block = read_block(name, argument, lines, convert)
    known = _KNOWN.get(block.name)
    if known is not None:
        return known(block, context)
    kind = block.name.removeprefix("prf:")
    if block.name in _NOTHING:
        return []
    if block.name in _CODE:
        return _code(block, context)
    if kind in _ADMONITIONS:
        return _admonition(block, kind, context)
    if block.name in _QUOTES:
        return quoted(block.convert(block.body, context))
    if block.name in _DRAWN:
        return fenced(block.body, block.name)
    if _ADDRESS.match(block.argument):
        return [f"<{block.argument}>", "", *block.convert(block.body, context)]
    # A directive of somebody else's: what it holds is all that can be known of it.
    shown = plain_inline(block.argument, context) if block.name not in _INSIDE else ""
    return [*([f"**{shown}**", ""] if shown else []), *block.convert(block.body, context)]


def _code(block: Block, context: Context) -> list[str]:
    words = block.options.get("caption", "")
    title = [f"**{plain_inline(words, context)}**", ""] if words else []
    return [*title, *fenced(block.body, block.argument)]


def _admonition(block: Block, kind: str, context: Context) -> list[str]:
    body = list(block.body)
    title = plain_inline(block.argument, context) if kind in _TITLED else ""
    if block.argument and not title:
        body.insert(0, block.argument)
    name = translator(context.language)(_NAMES.get(kind, kind.capitalize()))
    if title and kind not in ("admonition", "topic", "sidebar", "dropdown"):
        title = f"{name} ({title})"
    content = block.convert(body, context)
    lines = [f"**{title or name}**", *(["", *content] if content else [])]
    return quoted(lines)


def _math(block: Block, context: Context) -> list[str]:
    body = "\n".join([*([block.argument] if block.argument else []), *block.body])
    return equation(body, block.options.get("label", ""), context)


def equation(body: str, label: str, context: Context) -> list[str]:
    """Return an equation between double dollars, with the number that the book gives it."""
    body = body.strip()
    target = context.references.equations.get(label)
    body = re.sub(r"\\(?:begin|end)\{equation\*?\}\n?", "", body)
    if "\\\\" in body and "\\begin{" not in body:
        body = f"\\begin{{aligned}}\n{body}\n\\end{{aligned}}"
    body = re.sub(
        r"\\(begin|end)\{(align|alignat|flalign|eqnarray|split|gather|multline)\*?\}",
        lambda found: f"\\{found[1]}{{{_AMS[found[2]]}}}",
        body,
    )
    tag = [f"\\tag{{{target.number}}}"] if target and target.number and "\\tag{" not in body else []
    return ["$$", *(line for line in body.split("\n") if line.strip()), *tag, "$$"]


def _figure(block: Block, context: Context) -> list[str]:
    alt = block.options.get("alt", "")
    lines = plain_inline(f"![{alt}]({block.argument})", context).split("\n") if block.argument else []
    return [*lines, *_captioned(block, block.body, block.options.get("name", ""), context)]


def _captioned(block: Block, body: Sequence[str], name: str, context: Context) -> list[str]:
    """Return the caption and the legend below a figure."""
    blank = next((i for i, line in enumerate(body) if not line.strip()), len(body))
    words = caption("\n".join(body[:blank]), "figure", name, context)
    return [*(["", words] if words else []), "", *block.convert(body[blank:], context)]


def _figure_md(block: Block, context: Context) -> list[str]:
    blank = next((i for i, line in enumerate(block.body) if not line.strip()), len(block.body))
    below = [*block.body[blank:]]
    while below and not below[0].strip():
        below.pop(0)
    return [*block.convert(block.body[:blank], context), *_captioned(block, below, block.argument, context)]


def _raw(block: Block, context: Context) -> list[str]:
    """Return what is for web pages: Markdown takes it as it is, and nothing else."""
    if "html" not in block.argument:
        return []
    return list(block.body) if block.name == "raw" else block.convert(block.body, context)


def _rst(block: Block, _context: Context) -> list[str]:
    """Return text in another language as it is: it can be read, if not rendered."""
    return fenced(block.body, "rst")


def _card(block: Block, context: Context) -> list[str]:
    """Return a card's title, which may be a link, and what stands in its three parts."""
    title, link = plain_inline(block.argument, context), block.options.get("link", "")
    kind = block.options.get("link-type", "url")
    if link:
        words = block.argument or link
        role = {"ref": "ref", "doc": "doc", "any": "any"}.get(kind)
        title = plain_inline(f"{{{role}}}`{words} <{link}>`" if role else f"[{words}]({link})", context)
    body = ["" if re.match(r"^(?:\^{3,}|\+{3,})[ \t]*$", line) else line for line in block.body]
    return [*([f"**{title}**", ""] if title else []), *block.convert(body, context)]


def _button(block: Block, context: Context) -> list[str]:
    words = " ".join(block.body) or block.argument
    if block.name == "button-ref":
        return [plain_inline(f"{{any}}`{words} <{block.argument}>`", context)]
    return [f"[{plain_inline(words, context)}]({block.argument})"]


def _heading(block: Block, context: Context) -> list[str]:
    words = plain_inline(block.argument, context)
    return [f"**{words}**" if words else "", "", *block.convert(block.body, context)]


def _glossary(block: Block, context: Context) -> list[str]:
    """Return each term above what it means."""
    lines: list[str] = []
    for line in block.body:
        if line.startswith(".. "):
            continue
        if line.strip() and line == line.lstrip():
            lines += ["", f"**{line.strip()}**  "]
        else:
            lines.append(line.lstrip())
    return block.convert(lines, context)


def _include(block: Block, context: Context) -> list[str]:
    text, inner = context.included(block.argument)
    if text is None:
        return [f"`{block.argument}`"]
    lines = _excerpt(text.removesuffix("\n").split("\n"), block.options)
    if block.name == "literalinclude":
        language = block.options.get("language", block.options.get("lang", ""))
        return _code(replace(block, argument=language, body=tuple(lines)), context)
    if block.options.keys() & {"literal", "code"}:
        return fenced(lines, block.options.get("code", ""))
    if lines and lines[0] == "---" and "---" in lines[1:]:  # the front matter of a page
        lines = lines[lines.index("---", 1) + 1 :]
    return block.convert(lines, inner)


def _excerpt(lines: list[str], options: Mapping[str, str]) -> list[str]:
    """Return the part of a file that the options of an inclusion select."""

    def line_with(key: str, otherwise: int) -> int:
        words = options.get(key)
        return next((i for i, line in enumerate(lines) if words and words in line), otherwise)

    def number(key: str) -> int | None:
        return int(options[key]) if re.fullmatch(r"-?\d+", options.get(key, "")) else None

    if "lines" in options:
        chosen: list[str] = []
        for part in options["lines"].split(","):
            first, dash, last = part.strip().partition("-")
            start = int(first) if first.isdecimal() else 1
            end = int(last) if last.isdecimal() else (len(lines) if dash else start)
            chosen += lines[start - 1 : end]
        lines = chosen
    lines = lines[slice(number("start-line"), number("end-line"))]
    lines = lines[max(line_with("start-after", -1) + 1, line_with("start-at", 0)) :]
    return lines[: min(line_with("end-before", len(lines)), line_with("end-at", len(lines) - 1) + 1)]


_KNOWN: Mapping[str, Callable[[Block, Context], list[str]]] = {
    "math": _math,
    "raw": _raw,
    "only": _raw,
    "eval-rst": _rst,
    "figure": _figure,
    "image": _figure,
    "figure-md": _figure_md,
    "table": table,
    "list-table": list_table,
    "csv-table": csv_table,
    "card": _card,
    "grid-item-card": _card,
    "button-link": _button,
    "button-ref": _button,
    "centered": _heading,
    "rubric": _heading,
    "tab-item": _heading,
    "glossary": _glossary,
    "include": _include,
    "literalinclude": _include,
}

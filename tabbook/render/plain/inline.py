"""What is in a sentence of Sphinx's tree, as Markdown."""

import re
from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import unquote
from xml.sax.saxutils import quoteattr

from docutils import nodes
from sphinx.environment import BuildEnvironment

from tabbook.export.page import Links
from tabbook.render.equations import with_numbers
from tabbook.render.macros import Macros
from tabbook.render.plain.escape import DOLLAR, code_span, escaped, link, with_brackets
from tabbook.render.plain.formulas import inline_formula
from tabbook.render.resolved import INTERNAL

_BREAK = re.compile(r"\s*<br\s*/?>\s*", re.IGNORECASE)
_CHECKBOX = re.compile(r'<input class="task-list-item-checkbox"(?P<checked> checked="checked")?')
_PIXELS = {
    "px": 1.0,
    "em": 16,
    "rem": 16,
    "ex": 8,
    "in": 96,
    "cm": 96 / 2.54,
    "mm": 96 / 25.4,
    "pt": 4 / 3,
    "pc": 16,
}
"""Units of lengths, with the size of text that browsers begin with."""
_LENGTH = re.compile(rf"([\d.]*\d)\s*({'|'.join(_PIXELS)})")
_PICTURES = "image/svg+xml", "image/png", "image/gif", "image/jpeg", "image/webp"
_RAW_PICTURE = re.compile(r"""(<img\b[^>]*?\bsrc\s*=\s*["'])(?!data:|https?:|//|/)([^"']+)""", re.IGNORECASE)
_RAW_DOLLAR = re.compile(r"\$(?![^<>]*>)")
"""One in the text of HTML, where the escape of Markdown shows (see `with_dollars`)."""
_SCRIPT = re.compile(r"\s*<(?:script|style)\b", re.IGNORECASE)
_FOR = "tabbook-for-"


def is_for(node: nodes.Node, tab: str) -> bool:
    """Say whether readers of ``tab`` see ``node``, as far as itself says."""
    if not isinstance(node, nodes.Element):
        return True
    classes = node["classes"]
    named = [name for name in classes if name.startswith(_FOR)]
    return not named or f"{_FOR}{tab}" in named


class Inline:
    """Writes what is in sentences of one page for the readers of one framework.

    A method has the name of the node that it writes; of other nodes, what they hold is written.
    """

    def __init__(self, env: BuildEnvironment, page: str, tab: str, places: Links) -> None:
        self.env, self.page, self.tab, self.places = env, page, tab, places
        self.macros = Macros(env.config)
        self.tables = self.links = 0  # how many tables and links are around what is written

    def inline(self, node: nodes.Node) -> str:
        """Return the Markdown of what ``node`` holds, for a sentence."""
        markdown = ""
        children = list(node.children)
        for number, child in enumerate(children):
            if not is_for(child, self.tab):
                continue
            method: Callable[[Any], str] = self._method(child, "inline") or self.inline
            text = method(child)
            mark = {"**": "strong", "*": "em"}.get("**" if text.startswith("**") else text[:1], "")
            if mark and isinstance(child, nodes.strong | nodes.emphasis | nodes.title_reference):
                after = children[number + 1].astext()[:1] if number + 1 < len(children) else ""
                text = _delimited(text, mark, markdown[-1:], after)
            if text.startswith("[") and markdown.endswith("!"):
                markdown = f"{markdown[:-1]}\\!"  # a link behind this sign would be a picture
            if text.startswith("$") and markdown.endswith("$"):
                markdown += " "  # two dollars would begin another formula
            markdown += text
        return markdown

    def _method(self, node: nodes.Node, kind: str) -> Any:
        names = (cls.__name__ for cls in type(node).__mro__)
        return next((method for name in names if (method := getattr(self, f"_{kind}_{name}", None))), None)

    def _inline_Text(self, node: nodes.Text) -> str:  # noqa: N802 - the nodes' names
        text = escaped(str(node)).replace("$", DOLLAR)
        return with_brackets(text) if self.links else text

    def _inline_emphasis(self, node: nodes.Element) -> str:
        return self._marked(node, "*")

    _inline_title_reference = _inline_emphasis

    def _inline_strong(self, node: nodes.Element) -> str:
        return self._marked(node, "**")

    def _marked(self, node: nodes.Element, mark: str) -> str:
        words = self.inline(node)
        bare = words.strip()
        return words.replace(bare, f"{mark}{bare}{mark}") if bare else words

    def _inline_inline(self, node: nodes.Element) -> str:
        if "tabbook-variant-name" in node["classes"]:
            return ""
        if {"guilabel", "menuselection"} & {*node["classes"]}:
            return self._marked(node, "**")
        return self.inline(node)

    def _inline_literal(self, node: nodes.Element) -> str:
        return code_span(node.astext())

    def _inline_math(self, node: nodes.Element) -> str:
        tex = self._tex(node)
        return inline_formula(tex, in_table=self.tables > 0) if tex else ""

    def _tex(self, node: nodes.Element) -> str:
        return with_numbers(self.env, self.macros.expand(node.astext())).strip()

    def _inline_subscript(self, node: nodes.Element) -> str:
        return f"<sub>{self.inline(node)}</sub>"

    def _inline_superscript(self, node: nodes.Element) -> str:
        return f"<sup>{self.inline(node)}</sup>"

    def _inline_abbreviation(self, node: nodes.Element) -> str:
        words = self.inline(node)
        explanation = quoteattr(str(node.get("explanation", "")))
        return f"<abbr title={explanation}>{words}</abbr>" if "explanation" in node else words

    def _inline_footnote_reference(self, node: nodes.Element) -> str:
        return f"<sup>{node.astext()}</sup>"

    def _inline_raw(self, node: nodes.Element) -> str:
        if "html" not in node.get("format", "").split():
            return ""
        text = node.astext()
        if _BREAK.fullmatch(text):
            return "<br>" if self.tables else "  \n"
        if match := _CHECKBOX.match(text):
            return "[x]" if match["checked"] else "[ ]"
        return self.raw(node)

    def raw(self, node: nodes.Element) -> str:
        """Return HTML as it is, its pictures with the addresses that they have in the export."""
        text = node.astext()
        if _SCRIPT.match(text):  # no viewer of Markdown runs it
            return ""
        folder = self.page.rpartition("/")[0]

        def placed(found: re.Match[str]) -> str:
            path = _normal(f"{folder}/{unquote(found[2])}")
            return found[1] + self.places.picture(path, node.line or 0)

        return _RAW_DOLLAR.sub("<span>&#36;</span>", _RAW_PICTURE.sub(placed, text))

    def _inline_image(self, node: nodes.Element) -> str:
        alt, address = str(node.get("alt", "")), self._picture(node)
        sizes = {name: _size(str(node[name])) for name in ("width", "height") if name in node}
        if sizes or (address.startswith("attachment:") and address.endswith(".svg")):
            attributes = {"src": address, "alt": alt, **sizes}
            return f"<img {' '.join(f'{name}={quoteattr(value)}' for name, value in attributes.items())}>"
        words = re.sub(r"([\[\]\\])", r"\\\1", " ".join(alt.split()))
        return link(f"![{words}]", address, str(node.get("title", "")))

    def _picture(self, node: nodes.Element) -> str:
        candidates: dict[str, str] = node.get("candidates", {})
        uri = str(next((candidates[one] for one in _PICTURES if one in candidates), node["uri"]))
        if "://" in uri or uri.startswith("data:"):
            return uri
        return self.places.picture(uri, node.line or getattr(node.parent, "line", 0) or 0)

    def _words_of_link(self, node: nodes.Element) -> str:
        self.links += 1
        words = self.inline(node)
        self.links -= 1
        return words

    def _inline_reference(self, node: nodes.Element) -> str:
        words = self._words_of_link(node)
        if number := node.get("secnumber"):
            words = f"{'.'.join(map(str, number))}. {words}"
        address = self._address(node)
        if not address or not words.strip():
            return words
        if node.astext() == address and re.match(r"[a-z][a-z0-9+.-]+:", address):
            return f"<{address}>"
        return link(f"[{words}]", address, str(node.get("reftitle", "")) if "://" in address else "")

    _inline_number_reference = _inline_reference

    def _address(self, node: nodes.Element) -> str:
        uri = str(node.get("refuri", ""))
        if uri.startswith(INTERNAL):
            page, _, anchor = uri.removeprefix(INTERNAL).partition("#")
            return self.places.address(page, anchor)
        return uri or (self.places.address(self.page, node["refid"]) if node.get("refid") else "")

    def _inline_download_reference(self, node: nodes.Element) -> str:
        words = self._words_of_link(node)
        address = self.places.file(node["filename"]) if "filename" in node else str(node.get("refuri", ""))
        return link(f"[{words}]", address) if address else words

    def _inline_nothing(self, _node: nodes.Node) -> str:
        return ""

    _inline_comment = _inline_target = _inline_index = _inline_substitution_definition = _inline_nothing
    _inline_system_message = _inline_label = _inline_colspec = _inline_nothing


def _delimited(text: str, element: str, before: str, after: str) -> str:
    """Return emphasized text so that its marks are read as such where words have no blanks around them."""
    mark = "**" if element == "strong" else "*"
    words = text.removeprefix(mark).removesuffix(mark)
    opens = words[:1].isalnum() or not before.isalnum()
    opens = opens and before != "*"  # the marks of both would be read as others
    closes = words[-1:].isalnum() or not after.isalnum()
    return text if opens and closes else f"<{element}>{words}</{element}>"


def _size(value: str) -> str:
    """Return a length as HTML's attributes have it, which know percent and pixels: of 2em they take 2."""
    match = _LENGTH.fullmatch(value.strip())
    return f"{float(match[1]) * _PIXELS[match[2]]:.0f}" if match else value


def _normal(path: str) -> str:
    parts: list[str] = []
    for part in path.split("/"):
        if part == "..":
            parts[-1:] = []
        elif part not in ("", "."):
            parts.append(part)
    return "/".join(parts)


def numbered(env: BuildEnvironment, page: str, node: nodes.Element, ids: Sequence[str] = ()) -> str:
    """Return the number that the page shows in front of a caption, such as ``Fig. 1.2``; empty if none."""
    kind = env.get_domain("std").get_enumerable_node_type(node)
    kind = kind or ("figure" if isinstance(node, nodes.figure) else "")  # one that another tab has, too
    numbers = env.toc_fignumbers.get(page, {}).get(kind, {})
    number = next((numbers[one] for one in (*ids, *node["ids"]) if one in numbers), None)
    if number is None or not env.config.numfig:
        return ""
    shown = ".".join(map(str, number))
    if "realtype" in node:  # of sphinx-proof, which counts several kinds together
        return f"{str(node['realtype']).title()} {shown}"
    form = env.config.numfig_format.get(kind)
    return form % shown if form else shown

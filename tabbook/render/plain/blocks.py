"""The blocks of Sphinx's tree as Markdown: lists, quotations, tables, formulas, code."""

import re
from collections.abc import Iterable, Iterator, Sequence

from docutils import nodes
from sphinx import addnodes
from sphinx.locale import admonitionlabels

from tabbook.merge.made_with import MADE_WITH_CLASS as MADE_WITH
from tabbook.merge.page import OF_FIGURE
from tabbook.render.equations import equation_number
from tabbook.render.plain.escape import code_span, fenced, quoted, with_dollars, with_starts
from tabbook.render.plain.formulas import display_formula
from tabbook.render.plain.inline import Inline, is_for, numbered
from tabbook.render.plain.tables import own_rows, rows_of, table_html, table_lines
from tabbook.render.tabs import PART_ATTRIBUTE

Lines = list[str]
_MARKS = re.compile(r"[*_`$\[<\\]")
_LISTS = nodes.bullet_list | nodes.enumerated_list
_NOT_FOR_EXPORTS = {
    *("tabbook-stand-in", "tabbook-failed", "tabbook-not-executed"),
    *(MADE_WITH, "tabbook-name", "tabbook-note"),
}
"""Classes of what a page says of the outputs of all frameworks, and of its own tabs."""


class Blocks(Inline):
    """Writes blocks: a method returns the lines of one, without blank lines around them."""

    in_quotation = 0
    list_before = ""
    """The mark of the list that was written last, if nothing else was since."""

    def blocks(self, children: Iterable[nodes.Node]) -> Lines:
        """Return the lines of several blocks, with blank lines between them."""
        lines: Lines = []
        for child in children:
            made = self.block(child)
            if made and lines:
                lines.append("")
            lines += made
        return lines

    def block(self, node: nodes.Node) -> Lines:
        """Return the lines of a block; none if readers of the framework do not see it."""
        lines = self._lines_of(node)
        if lines and not any(isinstance(one, _LISTS) for one in node.findall()):
            self.list_before = ""
        return lines

    def _lines_of(self, node: nodes.Node) -> Lines:
        if not self._is_seen(node):
            return []
        method = self._method(node, "block")
        if method is not None:
            lines: Lines = method(node)
            return lines
        if isinstance(node, nodes.TextElement | nodes.Text):
            return self.paragraph(node)
        if isinstance(node, nodes.Element) and "code" in node and not node.children:
            return fenced(str(node["code"]), type(node).__name__)  # a drawing's source
        if isinstance(node, nodes.Element) and any(isinstance(one, nodes.title) for one in node.children):
            return self._titled(node)
        return self.blocks(node.children)

    def _is_seen(self, node: nodes.Node) -> bool:
        if not isinstance(node, nodes.Element):
            return True
        if not is_for(node, self.tab) or not _NOT_FOR_EXPORTS.isdisjoint(node["classes"]):
            return False
        return node.get(PART_ATTRIBUTE) not in ("panel", "block") or self.tab in node["tabs"]

    def paragraph(self, node: nodes.Node) -> Lines:
        """Return a paragraph."""
        method = self._method(node, "inline") or self.inline
        text = method(node)
        text = "\n".join(line.lstrip() for line in text.strip().split("\n"))
        text = (
            with_dollars(with_starts(text)) if not text.startswith(("[ ] ", "[x] ")) else with_dollars(text)
        )
        return [line if line.endswith("  ") else line.rstrip() for line in text.split("\n") if line.strip()]

    def _block_compact_paragraph(self, node: nodes.Element) -> Lines:
        """Return a paragraph, or the list inside it in a table of contents."""
        lists = [one for one in node.children if isinstance(one, nodes.bullet_list)]
        return self.blocks(lists) if lists else self.paragraph(node)

    def one_line(self, node: nodes.Node) -> str:
        """Return what ``node`` says in one line, as captions and titles need it."""
        words = re.sub(r" {2,}\n", "<br>", self.inline(node).strip())
        return with_dollars(" ".join(words.split()))

    def _nothing(self, _node: nodes.Node) -> Lines:
        return []

    _block_comment = _block_target = _block_index = _block_substitution_definition = _nothing
    _block_system_message = _block_pending = _block_meta = _block_colspec = _nothing
    _block_HiddenCellNode = _nothing  # noqa: N815 - the node's name
    _block_compact_node = _block_aside = _block_decoration = _block_docinfo = _block_toctree = _nothing

    # Text

    def _block_section(self, node: nodes.section) -> Lines:
        return self.blocks(node.children)

    def _block_title(self, node: nodes.Element) -> Lines:
        depth = 0
        parent = node.parent
        while parent is not None:
            depth += isinstance(parent, nodes.section)
            parent = parent.parent
        return [f"{'#' * min(max(depth, 1), 6)} {self.one_line(node)}"]

    _block_subtitle = _block_title

    def _block_rubric(self, node: nodes.Element) -> Lines:
        words = self.one_line(node)
        level = node.get("level")
        return [f"{'#' * int(level)} {words}" if level else f"**{words}**"] if words else []

    def _block_centered(self, node: nodes.Element) -> Lines:
        return [f"**{self.one_line(node)}**"]

    def _block_transition(self, _node: nodes.Node) -> Lines:
        return ["---"]

    def _block_raw(self, node: nodes.raw) -> Lines:
        if "html" not in node.get("format", "").split():
            return []
        text = self.raw(node).strip("\n")
        if text.startswith("<!--") and text.endswith("-->"):
            return []
        # A blank line would end the HTML, and what follows be Markdown.
        return [line for line in text.split("\n") if line.strip()]

    def _block_image(self, node: nodes.image) -> Lines:
        return [self._inline_image(node)]

    def _block_literal_block(self, node: nodes.Element) -> Lines:
        if self.tables:
            return [code_span(line) for line in node.astext().split("\n") if line.strip()]
        language = str(node.get("language", "") or "")
        return fenced(node.astext(), "" if language in ("default", "none") else language)

    def _block_doctest_block(self, node: nodes.Element) -> Lines:
        return fenced(node.astext(), "python")

    def _block_math_block(self, node: nodes.Element) -> Lines:
        label, count = str(node.get("label")), str(node.get("number") or "")
        number = equation_number(self.env, self.page, label, count)
        tex = self._tex(node)
        if not tex:  # it did nothing but define commands
            return []
        return display_formula(tex, number, on_one_line=self.in_quotation > 0, in_table=self.tables > 0)

    # Lists

    def _block_bullet_list(self, node: nodes.Element) -> Lines:
        mark = "*" if node.get("bullet") == "*" else "-"
        return self._list(node, mark, (mark for _ in node.children))

    def _block_enumerated_list(self, node: nodes.Element) -> Lines:
        start = int(node.get("start", 1))
        mark = ")" if self.list_before == "." else "."  # this one would go on with the other's numbers
        return self._list(node, mark, (f"{start + place}{mark}" for place in range(len(node.children))))

    def _list(self, node: nodes.Element, mark_of_all: str, marks: Iterator[str]) -> Lines:
        if self.tables:
            return [self._list_in_cell(node)]
        items = [
            (mark, item) for mark, item in zip(marks, node.children, strict=False) if self._is_seen(item)
        ]
        contents = [(mark, self._item(item)) for mark, item in items]
        is_loose = any("" in content for _, content in contents)
        lines: Lines = []
        for mark, content in contents:
            if lines and is_loose:
                lines.append("")
            lines += _under(mark, content)
        self.list_before = mark_of_all
        return lines

    def _list_in_cell(self, node: nodes.Element) -> str:
        """Return a list as HTML, in one line: a cell of a table can hold no other."""
        name = "ul" if isinstance(node, nodes.bullet_list) else "ol"
        items = (f"<li>{self._cell(item)}</li>" for item in node.children if self._is_seen(item))
        return f"<{name}>{''.join(items)}</{name}>"

    def _item(self, item: nodes.Node) -> Lines:
        """Return what is in an item: a list right below a line of text follows it without a blank line."""
        first, *rest = item.children or [nodes.Text("")]
        if len(rest) == 1 and isinstance(rest[0], nodes.bullet_list | nodes.enumerated_list):
            lines, below = self.block(first), self.block(rest[0])
            if "" not in below and (isinstance(rest[0], nodes.bullet_list) or rest[0].get("start", 1) == 1):
                return [*lines, *below]
        return self.blocks(item.children)

    def _block_definition_list_item(self, node: nodes.Element) -> Lines:
        """Return terms above what they mean: CommonMark has no lists of definitions."""
        terms = [f"**{self.one_line(one)}**" for one in node.children if isinstance(one, nodes.term)]
        kinds = [f"*{self.one_line(one)}*" for one in node.children if isinstance(one, nodes.classifier)]
        meaning = [one for one in node.children if isinstance(one, nodes.definition)]
        body = self.blocks(child for one in meaning for child in one.children)
        heads = [" ".join([terms[-1], *kinds]) if terms else ""]
        return self._under_head([*terms[:-1], *heads], meaning, body)

    def _block_field(self, node: nodes.Element) -> Lines:
        name, body = node.children
        return self._under_head([f"**{self.one_line(name)}:**"], [body], self.blocks(body.children))

    def _block_option_list_item(self, node: nodes.Element) -> Lines:
        group, description = node.children
        options = ", ".join(f"`{one.astext()}`" for one in group.children)
        return self._under_head([options], [description], self.blocks(description.children))

    def _under_head(self, heads: Lines, parents: Sequence[nodes.Node], body: Lines) -> Lines:
        first = next((child for parent in parents for child in parent.children), None)
        if isinstance(first, nodes.paragraph):
            return [*(f"{head}  " for head in heads), *body]
        return [*(f"{head}  " for head in heads[:-1]), heads[-1], *(["", *body] if body else [])]

    def _block_line_block(self, node: nodes.Element) -> Lines:
        lines = [
            with_starts(self.one_line(line)) if isinstance(line, nodes.line) else ""
            for line in node.findall(nodes.line)
        ]
        return [f"{line}  " for line in lines[:-1]] + lines[-1:]

    # Quotations and boxes

    def _quoted(self, children: Iterable[nodes.Node], title: str = "") -> Lines:
        self.in_quotation += 1
        content = self.blocks(children)
        self.in_quotation -= 1
        lines = _joined([[f"**{title}**"] if title else [], content])
        return lines if self.tables else quoted(lines)

    def _folded(self, title: str, children: Iterable[nodes.Node], *, is_open: bool = False) -> Lines:
        """Return what the page folds: HTML that viewers fold, too, with Markdown inside."""
        head = [f"<details{' open' if is_open else ''}>"]
        if title and _MARKS.search(title):  # Markdown inside HTML needs blank lines around it
            head += ["<summary>", "", title, "", "</summary>"]
        elif title:
            head += [f"<summary>{title}</summary>"]
        return _joined([head, self.blocks(children), ["</details>"]])

    def _block_block_quote(self, node: nodes.Element) -> Lines:
        return self._quoted(node.children)

    def _block_attribution(self, node: nodes.Element) -> Lines:
        return [f"— {self.one_line(node)}"]

    def _block_Admonition(self, node: nodes.Element) -> Lines:  # noqa: N802 - the node's name
        if len(node.children) == 1 and isinstance(node.children[0], nodes.Admonition):
            return self.block(node.children[0])
        name = admonitionlabels.get(type(node).__name__)
        return self._box(node, str(name), node.children) if name else self._titled(node)

    _block_topic = _block_sidebar = _block_Admonition

    def _titled(self, node: nodes.Element) -> Lines:
        """Return a box whose title is a part of it, with the number that the book gives to it."""
        title = next((one for one in node.children if isinstance(one, nodes.title)), None)
        number = numbered(self.env, self.page, node)
        if not number and type(node).__name__ == "unenumerable_node":
            number = str(node.get("realtype", "")).title()
        words = f"{number} {self.one_line(title) if title is not None else ''}".strip()
        return self._box(node, words, [one for one in node.children if one is not title])

    def _box(self, node: nodes.Element, title: str, children: Iterable[nodes.Node]) -> Lines:
        """Return a box; one with the class ``dropdown`` is folded until a reader wants to see it."""
        if {"dropdown", "toggle"} & {*node["classes"]}:
            return self._folded(title, children)
        return self._quoted(children, title)

    def _block_versionmodified(self, node: nodes.Element) -> Lines:
        return self._quoted(node.children)

    def _block_container(self, node: nodes.Element) -> Lines:
        if node.get("literal_block"):
            return self._with_caption(node)
        kind = node.get("design_component")
        if kind == "dropdown":
            first = node.children[0] if node.children else None
            title = self.one_line(first) if isinstance(first, nodes.rubric) else ""
            return self._folded(title, node.children[1 if title else 0 :], is_open=bool(node.get("opened")))
        if "toggle" in node["classes"]:
            return self._folded("", node.children)
        if kind == "card-title":
            words = " ".join(self.one_line(one) for one in node.children).strip()
            return [f"**{words}**"] if words else []
        return self.blocks(node.children)

    def _block_desc(self, node: nodes.Element) -> Lines:
        """Return the description of a function: its signatures and its text."""
        heads = [one for one in node.children if isinstance(one, addnodes.desc_signature)]
        body = [child for one in node.children[len(heads) :] for child in one.children]
        signatures = _spaced([code_span(" ".join(one.astext().split())) for one in heads])
        return _joined([signatures, self._quoted(body) if body else []])

    # What has a caption

    def _block_figure(self, node: nodes.Element) -> Lines:
        return self._with_caption(node)

    def _with_caption(self, node: nodes.Element) -> Lines:
        captions = [one for one in node.children if isinstance(one, nodes.caption)]
        above = [one for one in node.children if not isinstance(one, nodes.caption | nodes.legend)]
        below = [one for one in node.children if isinstance(one, nodes.legend)]
        lines, shown = [self.caption(node, one) for one in captions], self.blocks(above)
        first, second = (shown, lines) if isinstance(node, nodes.figure) else (lines, shown)
        return _joined([first, second, self.blocks(below)])

    def caption(self, node: nodes.Element, caption: nodes.Element | None) -> str:
        """Return a caption in one line, with the number that the book gives to what it is of."""
        named = [name.removeprefix(OF_FIGURE) for name in node["classes"] if name.startswith(OF_FIGURE)]
        number = numbered(self.env, self.page, node, [nodes.make_id(name) for name in named])
        words = self.one_line(caption) if caption is not None else ""
        if isinstance(node, nodes.container):
            number, words = "", " ".join(filter(None, (number, words)))
            return f"**{words}**"
        return f"**{number}.** {words}".strip() if number else with_starts(words)

    def _block_table(self, node: nodes.Element) -> Lines:
        title = next((one for one in node.children if isinstance(one, nodes.title)), None)
        head = [self.caption(node, title)] if title is not None else []
        self.tables += 1
        rows = [[self._cell(entry) for entry in row] for row in rows_of(node)]
        self.tables -= 1
        heads = sum(isinstance(row.parent, nodes.thead) for row in own_rows(node))
        return _joined([head, [table_html(rows, heads)] if self.tables else table_lines(rows, heads)])

    def _cell(self, entry: nodes.Node | None) -> str:
        """Return what is in a cell, in one line; a cell that another one covers is empty."""
        if entry is None:
            return ""
        self.in_quotation += 1  # a formula of one line
        parts = [
            self.one_line(child) if _is_text(child) else "<br>".join(filter(None, self.block(child)))
            for child in entry.children
        ]
        self.in_quotation -= 1
        return "<br>".join(filter(None, parts))

    # Notes

    def _block_footnote(self, node: nodes.Element) -> Lines:
        label, *rest = node.children
        number = f"<sup>{label.astext()}</sup>"
        if rest and not isinstance(rest[0], nodes.paragraph):
            return _joined([[number], self.blocks(rest)])
        return _before(f"{number} ", self.blocks(rest))

    def _block_citation(self, node: nodes.Element) -> Lines:
        # A bibliography that was resolved for the site as well has everything twice.
        label = next(iter(node.findall(nodes.label)))
        rest = [one for one in node.children if not isinstance(one, nodes.label)][:1]
        return _before(f"[{label.astext()}] ", self.blocks(rest))


def _is_text(node: nodes.Node) -> bool:
    return isinstance(node, nodes.TextElement) and not isinstance(node, nodes.FixedTextElement)


def _under(mark: str, content: Lines) -> Lines:
    """Return an item of a list: its mark, and everything else as far to the right."""
    indent = " " * (len(mark) + 1)
    first, *rest = content or [""]
    return [
        f"{mark} {first}".rstrip() if not first else f"{mark} {first}",
        *(indent + line if line else "" for line in rest),
    ]


def _before(text: str, lines: Lines) -> Lines:
    return [text + lines[0], *lines[1:]] if lines else [text.strip()]


def _spaced(lines: Lines) -> Lines:
    return [f"{line}  " for line in lines[:-1]] + lines[-1:]


def _joined(parts: Iterable[Lines]) -> Lines:
    """Return the lines of some blocks, with a blank line between them."""
    lines: Lines = []
    for part in parts:
        if part and lines:
            lines.append("")
        lines += part
    return lines

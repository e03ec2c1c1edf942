"""One page: from d2lbook's Markdown to a MyST notebook, with everything that goes with it."""

import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence

from tabbook.importers.fallback import code_cell, does_not_run, fill, keep, place_of, refusal
from tabbook.merge.bundled import BundledCell, cell_hash
from tabbook.model import Output
from tabbook.read.markdown import fence_for
from tabbook_d2lbook import blocks, figures, headings, inline, nbconvert_pages, rst, tables
from tabbook_d2lbook.anchors import settle_anchors
from tabbook_d2lbook.cells import Piece, SourceCell, tabs_of_page, tabs_of_quarto_page
from tabbook_d2lbook.equations import collect_equation_labels, write_equations
from tabbook_d2lbook.fences import Fence, closes, tidy
from tabbook_d2lbook.outputs import OutputError, as_text, read_outputs
from tabbook_d2lbook.slides import DeckConverter, shown_cells
from tabbook_d2lbook.source import Labels, Page

_SLIDES_ONLY = re.compile(r"\[~~|~~\]")
_RAW = re.compile(r"\{=(?P<format>\w+)\}")
_OURS = re.compile(r"^\s*(?::{3,}|`{3,}|~{3,})\{(?:tab|code-cell|slide|subslide)\}", re.MULTILINE)


class PageConverter:
    """Converts one page in two steps: what it holds, then, when the whole book is known, its text."""

    def __init__(
        self,
        page: Page,
        cells: Sequence[SourceCell],
        files: Collection[str],
        read: nbconvert_pages.ReadBytes,
    ) -> None:
        self.page = page
        self.book_tabs, self.files, self._read_bytes = page.tabs, files, read
        self.cells = list(cells)
        self.deck: DeckConverter | None = None
        self.contents: list[blocks.Contents] = []
        self.rst_labels: list[str] = []
        self.has_autodoc = False
        self.has_below = True
        """Whether the contents of the book have pages below this one."""
        self._gone: set[int] = set()
        self._blocks: list[tuple[str, int]] = []
        self._analyse()

    # -- what the page holds

    def _analyse(self) -> None:
        page = self.page
        self._read_outputs()
        self.headings = headings.find_headings(page)
        tab_blocks = blocks.find_tab_blocks(page)
        for heading in self.headings:
            if any(block.begin < heading.first < block.end for block in tab_blocks):
                headings.make_rubric(page, heading)
        self._figures = figures.find_figures(page)
        self._tables = tables.find_tables(page)
        rst_title = self._read_fences()
        self.title_heading = headings.settle_levels(page, self.headings, has_other_title=bool(rst_title))
        collect_equation_labels(page)
        headings.collect_labels(page)
        settle_anchors({page.path: page})
        inline.collect_references(page)
        named = [tab for block in tab_blocks for tab in block.tabs]
        rule = tabs_of_quarto_page if page.dialect == "quarto" else tabs_of_page
        self.tabs = rule(self.cells, named, self.book_tabs)
        self.title = self._make_title(rst_title)
        self._uses_slides = bool(page.slides or re.search(r"\[\*\*|\(\*\*|\(~~|\[~~", page.text))
        self._has_blocks = any(block.tabs for block in tab_blocks)
        self._settle_labels()
        if self.page.slides is not None:
            shown = ((cell.label, cell.for_tabs(self.tabs)) for cell in self.cells if cell.label)
            self.deck = DeckConverter(self.page.slides, self.tabs, shown_cells(shown), self.files)
            page.references += self.deck.page.references

    def _settle_labels(self) -> None:
        """Give cells the names on their fences as labels, each once in each tab."""
        places: dict[tuple[str, str], int] = {}
        for cell in self.cells:
            name, line = cell.fence.name, cell.fence.start
            if not name or cell.state != "code":
                continue
            first = [places.setdefault((name, tab), line) for tab in cell.for_tabs(self.tabs)]
            if twice := [place for place in first if place != line]:
                message = f"this cell has the name {name!r} of the one in line {twice[0] + 1}"
                self.page.fault(line, "label", message, "it gets no label")
            elif first:
                cell.label = name

    def _read_outputs(self) -> None:
        """Give the cells their stored outputs; note which tab these were made in."""
        cells = {cell.fence.start: cell for cell in self.cells}
        selected: Counter[str] = Counter()
        last: SourceCell | None = None
        for fence in self.page.fences:
            if fence.kind == "input":
                last = cells[fence.start]
                if self.page.is_exported:
                    self._read_below(fence, last)
            elif fence.kind == "output":
                selected.update(self._read_output(fence, last))
        self.selected = selected.most_common(1)[0][0] if selected else ""

    def _read_below(self, fence: Fence, cell: SourceCell) -> None:
        page = self.page
        outputs, end, missing = nbconvert_pages.read_exported_outputs(page.lines, fence.end, self._read_bytes)
        cell.outputs += outputs
        for path, line in missing:
            page.fault(line, "image", f"the figure {path} is missing", "the output says so")
        if outputs:
            page.edits.replace(page.starts[fence.end], min(page.starts[end], len(page.text)), "\n")
            page.consumed.update(range(fence.end, end))

    def _read_output(self, fence: Fence, cell: SourceCell | None) -> list[str]:
        page = self.page
        try:
            outputs, selected = read_outputs("\n".join(fence.body))
        except OutputError as error:
            page.fault(
                fence.start, "output", f"a stored output cannot be read: {error}", "it is left as text"
            )
            return []
        self._gone.add(fence.start)
        if cell is not None:
            cell.outputs += outputs
        elif outputs:
            page.fault(fence.start, "output", "a stored output without a cell above it", "it is left out")
        return selected

    def _read_fences(self) -> str:
        """Read contents and reStructuredText, and add their edits; return a title found there."""
        page = self.page
        may_have_title = not any(h.level == 1 and not h.in_block for h in self.headings)
        title, listed = "", False
        for fence in page.fences:
            if fence.kind == "toc":
                self.contents.append(blocks.read_contents(page.path, fence.start, fence.body))
                self._write_contents(fence, is_first=not listed)
                listed = True
            elif fence.kind == "eval_rst":
                body = rst.with_titled_cards("\n".join(fence.body)).split("\n")
                self.contents += rst.take_contents(body, fence.start + 1, page.path, self.files)
                self.rst_labels += rst.labels_in("\n".join(body))
                lines, found = blocks.read_rst(
                    page, fence, body, self.files, may_have_title=may_have_title and not title
                )
                title = title or found
                self.has_autodoc |= blocks.uses_autodoc(lines)
                marks = fence_for("\n".join(lines))
                self._write_block(fence, "\n".join([f"{marks}{{eval-rst}}", *lines, marks]) if lines else "")
            elif fence.kind == "code" or (fence.kind == "output" and fence.start not in self._gone):
                self._write_code(fence)
            elif fence.kind == "output":
                self._write_block(fence, "")
            if not fence.closed and fence.kind != "input":
                page.fault(
                    fence.start, "block", "this block is never closed", "it is closed where it must end"
                )
        return title

    def _write_block(self, fence: Fence, text: str) -> None:
        page = self.page
        start, end = page.starts[fence.start], min(page.starts[fence.end], len(page.text))
        if text:
            page.edits.replace(start, end, page.block(start, end, text) + "\n")
        else:
            page.edits.replace(start, end, "")

    def _write_contents(self, fence: Fence, *, is_first: bool) -> None:
        """Show the contents below the page, if it has any: which there are, the whole book says."""
        page = self.page
        start, end = page.starts[fence.start], min(page.starts[fence.end], len(page.text))
        text = page.block(start, end, "```{tableofcontents}\n```") + "\n"
        page.edits.replace(start, end, lambda: text if is_first and self.has_below else "")

    def _write_code(self, fence: Fence) -> None:
        page = self.page
        start, end = page.starts[fence.start], min(page.starts[fence.end], len(page.text))
        raw = _RAW.fullmatch(fence.info)
        if raw and raw["format"] != "html":
            page.edits.replace(start, end, "")
            return
        longest = max((len(line.strip()) for line in fence.body if closes(line, fence.mark)), default=0)
        mark = fence.mark[0] * (longest + 1) if longest else fence.mark
        is_cell = fence.info.startswith("{") and not fence.info.startswith("{raw}")
        if is_cell or longest:
            language = fence.info
            if raw:
                language = "{raw} html"
            elif is_cell:
                language = "json" if fence.kind == "output" else fence.language
            page.edits.replace(start, page.end_of_line(fence.start), f"{fence.indent}{mark}{language}")
        if not fence.closed:
            before = "" if page.text[:end].endswith("\n") else "\n"
            page.edits.insert(end, f"{before}{fence.below}{mark}\n\n")
        elif longest:
            last = fence.end - 1
            page.edits.replace(page.starts[last], page.end_of_line(last), f"{fence.below}{mark}")

    def _make_title(self, rst_title: str) -> str:
        page = self.page
        if self.title_heading is not None:
            return " ".join(page.text[self.title_heading.start : self.title_heading.end].split())
        if rst_title:
            return rst_title
        title = headings.title_from_name(page.path)
        page.fault(0, "heading", "the page has no level-1 heading", f"it is titled {title!r}")
        return title

    @property
    def saves_for(self) -> tuple[str, ...]:
        """The tabs that the page does not have, and whose library has what it saves for all."""
        if self.page.dialect == "d2lbook":
            return ()
        shared = [piece for cell in self.cells for piece in cell.pieces if piece.tabs is None]
        others = (tab for tab in self.book_tabs if tab not in self.tabs)
        return tuple(tab for tab in others if any(piece.saves.get(tab) for piece in shared))

    @property
    def library_tabs(self) -> tuple[str, ...]:
        """The tabs whose library has what the page saves."""
        return (*self.tabs, *self.saves_for)

    # -- its text

    def render(self, names: Labels) -> tuple[str, tuple[BundledCell, ...]]:
        """Return the page in our format, and the outputs that go beside it.

        ``names`` says what each label of the book names.
        """
        page = self.page
        rows = {line for table in self._tables for line in range(table.first, table.last + 1)}
        figures.write_figures(page, self._figures)
        write_equations(page, rows)
        inline.write_text(
            page, names, self.files, {n for h in self.headings for n in range(h.first, h.last + 1)}
        )
        inline.write_attributes(page)
        tables.write_tables(page, self._tables)
        self._write_slide_marks()
        above = self._write_cells()
        title = self.title_heading
        if title is not None:
            title.below = above
        headings.write_headings(
            page, self.headings, lambda text: self._place(text, title.last + 1 if title else 0)
        )
        body = tidy(page.edits.render()).strip("\n")
        if title is None:
            body = "\n\n".join([self._place(f"# {self.title}", 0), *above, body])
        body = fill(self._readable(body), [text for text, _ in self._blocks])
        if self.deck is not None:
            body = f"{body.rstrip()}\n\n{self.deck.render(names)}"
            page.images += self.deck.page.images
            page.links += self.deck.page.links
        front = self._front_matter() or ("---\n---\n\n" if body.startswith("---") else "")
        return front + body.rstrip() + "\n", self._stored()

    def _place(self, text: str, below: int) -> str:
        """Return the placeholder of a block that we write; its source ends above the line ``below``."""
        self._blocks.append((text, below))
        return place_of(len(self._blocks) - 1)

    def _readable(self, body: str) -> str:
        """Return the page's text as our reader takes it; what that refuses becomes a listing."""
        if not refusal(body, self.tabs):
            return body
        body, kept = keep(body, self.tabs)
        for number, why in kept:
            line = self._blocks[number][1] if number >= 0 else 0
            message = f"the text that begins here cannot be taken over: {why}"
            self.page.fault(line, "block", message, "it is shown as it stands")
        return body

    def _write_slide_marks(self) -> None:
        """Add the edits for text that is for slides alone: ``[~~…~~]`` is ``(~~…~~)`` with us."""
        page = self.page
        for found in _SLIDES_ONLY.finditer(page.text):
            if page.scan.span_at(found.start()) is None and not page.is_fenced(page.line_of(found.start())):
                page.edits.replace(*found.span(), "(~~" if found[0] == "[~~" else "~~)")

    def _write_cells(self) -> list[str]:
        """Add the cells' edits; return the text of those above the title, which go below it."""
        above: list[str] = []
        top = self.title_heading.first if self.title_heading else -1
        for cell in self.cells:
            text = self._cell_text(cell)
            text = self._place(text, cell.fence.end) if text else ""
            if cell.fence.start < top:
                if text:
                    above.append(text)
                text = ""
            self._write_block(cell.fence, text)
        return above

    def _cell_text(self, cell: SourceCell) -> str:
        if cell.state == "empty":
            return ""
        if cell.state == "interactive":
            names = ", ".join(map(repr, self.tabs))
            return code_cell(f"%load_ext tabbook.tab\ntab.interact_select({names})", None)
        if cell.state in ("invalid", "stray"):
            return self._shown(cell)
        return "\n\n".join(
            code_cell(piece.source, self._mark(piece), [f"remove-{part}" for part in cell.hidden], cell.label)
            for piece in cell.pieces
        )

    def _mark(self, piece: Piece) -> str | None:
        if len(self.book_tabs) == 1:
            return None
        if piece.tabs is None:
            return "%%tab all"
        return f"%%tab {', '.join(tab for tab in piece.tabs if tab in self.tabs)}"

    def _shown(self, cell: SourceCell) -> str:
        """Return a cell that cannot run: why, its code and its outputs as text."""
        is_invalid = cell.state == "invalid"
        error = cell.reason.removeprefix("not valid Python: ") if is_invalid else ""
        marks = fence_for(cell.source)
        parts = [
            does_not_run(self.page.language, error),
            f"{marks}python\n{cell.source}\n{marks}",
        ]
        text = as_text(cell.outputs)
        if text:
            marks = fence_for(text)
            parts.append(f"{marks}text\n{text}\n{marks}")
        own = cell.for_tabs(self.tabs)
        if is_invalid and own and own != self.tabs and not _OURS.search(cell.source):
            marks = fence_for(cell.source, ":")
            parts = [f"{marks}{{tab}} {', '.join(own)}", *parts, marks]
        return "\n\n".join(parts)

    def _front_matter(self) -> str:
        has_code = any(cell.state in ("code", "interactive") for cell in self.cells)
        if not (has_code or self._has_blocks or self._uses_slides):
            return ""
        lines = [
            "---",
            "file_format: mystnb",
            "kernelspec: {name: python3, display_name: Python 3}",
        ]
        keys = {"tabs": self.tabs if self.tabs != self.book_tabs else (), "saves_for": self.saves_for}
        declared = [f"{key}: [{', '.join(names)}]" for key, names in keys.items() if names]
        if declared or has_code:
            lines.append(f"tabbook: {{{', '.join(declared)}}}")
        return "\n".join([*lines, "---", "", ""])

    def _stored(self) -> tuple[BundledCell, ...]:
        """Return the page's outputs, each with the cell of ours that it belongs to."""
        stored: list[BundledCell] = []
        if not any(cell.outputs for cell in self.cells):
            return ()
        seen: Counter[str] = Counter()
        for cell in sorted(self.cells, key=lambda c: c.fence.start):
            if cell.state != "code":
                continue
            for piece in cell.pieces:
                digest = cell_hash(piece.source)
                number, seen[digest] = seen[digest], seen[digest] + 1
                outputs: tuple[Output, ...] = tuple(cell.outputs)
                if outputs:
                    stored.append(BundledCell(digest, number, self._made_in(piece), outputs))
        return tuple(stored)

    def _made_in(self, piece: Piece) -> tuple[str, ...] | None:
        """Return the tabs whose outputs are stored: the one that notices tell of, if it can be."""
        own = self.tabs if piece.tabs is None else piece.tabs
        if self.selected in own:
            return (self.selected,)
        return piece.tabs

    def facts(self) -> Mapping[str, int]:
        """Return how much of everything the page has."""
        page = self.page
        names = Counter(kind for kind, _ in page.labels.values())
        return {
            "cells": sum(cell.state == "code" for cell in self.cells),
            "cells not run": sum(cell.state in ("invalid", "stray") for cell in self.cells),
            "outputs": sum(len(cell.outputs) for cell in self.cells),
            "figures": len(self._figures),
            "tables": len(self._tables),
            "equations": sum(span.kind == "display" for span in page.scan.spans),
            "references": len(page.references),
            "slides": len(self.deck.slides) if self.deck else 0,
            **{f"labels of {kind}s": names[kind] for kind in ("section", "figure", "table", "equation")},
        }

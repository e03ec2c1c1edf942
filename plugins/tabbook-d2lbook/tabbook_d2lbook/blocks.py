"""Blocks that d2lbook marks in lines of their own: tab blocks, contents, reStructuredText."""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from posixpath import normpath

from tabbook_d2lbook.fences import Fence
from tabbook_d2lbook.scan import Span
from tabbook_d2lbook.source import Page

_UNDERLINE = re.compile(r"^[ \t]*(?P<mark>[=~^*#-])(?P=mark){2,}[ \t]*$")
_RAW_FILE = re.compile(
    r"^(?P<indent>[ \t]*)\.\. raw:: *html\s*\n(?:[ \t]*\n)*[ \t]+:file: *(?P<file>\S+)[ \t]*$", re.MULTILINE
)
_ONLY = re.compile(r"^[ \t]*\.\. only::.*$")
_AUTODOC = re.compile(r"^[ \t]*\.\. (?:auto\w+|currentmodule|module)::", re.MULTILINE)
_DOCUMENTS = re.compile(
    r"^[ \t]*\.\. (?P<kind>currentmodule|module|automodule|auto(?:class|function|data|exception)):: *"
    r"(?P<name>\S+)"
)
_TITLED = re.compile(r"^(?P<title>.+?)\s*<(?P<file>[^<>]+)>$")


@dataclass(slots=True)
class TabBlock:
    """Text for some tabs: from the line of ``begin`` to that of ``end``, from 0."""

    begin: int
    end: int
    tabs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Contents:
    """One ``toc`` fence: its entries (paths without ending, and lines), and its options."""

    line: int
    entries: tuple[tuple[str, str, int], ...]
    numbered: bool | int = False
    caption: str = ""


@dataclass(slots=True)
class _Open:
    """A tab block whose end has not been met."""

    line: int
    tabs: tuple[str, ...]


def find_tab_blocks(page: Page) -> list[TabBlock]:
    """Return the tab blocks, and add the edits that write them."""
    blocks: list[TabBlock] = []
    opened: _Open | None = None
    events: list[tuple[int, Span | None]] = [(f.start, None) for f in page.cell_fences]
    events += [
        (page.line_of(span.start), span)
        for span in page.scan.spans
        if span.kind == "role" and span.name in ("begin_tab", "end_tab")
    ]
    events.append((len(page.lines), None))
    for line, span in sorted(events, key=lambda event: event[0]):
        is_end = span is not None and span.name == "end_tab"
        unclosed = ""
        if opened and not is_end:
            unclosed = _unclosed(page, opened, line, span)
            blocks.append(TabBlock(opened.line, line, opened.tabs))
            opened = None
        if span is None:
            continue
        if page.text[page.starts[line] : span.start].strip():
            page.fault(line, "block", f"{span.name} does not begin its line", "it is taken as if it did")
        if not is_end:
            opened = _Open(line, _names(page, line, span.arg))
            fence = f":::{{tab}} {', '.join(opened.tabs)}" if opened.tabs else ""
            _write_mark(page, span, unclosed + fence)
        elif opened:
            blocks.append(TabBlock(opened.line, line, opened.tabs))
            _write_mark(page, span, ":::" if opened.tabs else "", is_end=True)
            opened = None
        else:
            page.fault(line, "block", "end_tab without a tab block", "it is left out")
            _write_mark(page, span, "", is_end=True)
    return blocks


def _unclosed(page: Page, opened: _Open, line: int, following: Span | None) -> str:
    """Report a block that is never closed; end it above ``line``, or return what ends it there."""
    end = ":::\n\n" if opened.tabs else ""
    if following is not None:
        hint = "it ends where the next one begins"
        page.fault(opened.line, "block", "this tab block is never closed", hint)
        return end
    if line < len(page.lines):
        page.fault(line, "block", "a code cell is inside a tab block", "the block ends above it")
    else:
        page.fault(opened.line, "block", "this tab block is never closed", "it ends with the page")
    last = line - 1
    while page.is_blank(last) and last > opened.line:
        last -= 1
    if end and last + 1 < len(page.lines):
        page.edits.insert(page.starts[last + 1], ":::\n\n", ends_outer=True)
    elif end:
        page.edits.insert(len(page.text), "\n:::\n", ends_outer=True)
    return ""


def _names(page: Page, line: int, text: str) -> tuple[str, ...]:
    own = {tab.casefold(): tab for tab in page.tabs}
    words = [own.get(word.casefold(), word) for word in re.split(r"[,\s]+", text) if word]
    if not words:
        page.fault(line, "tab", "this tab block names no tab", "its text is for all")
    for word in words:
        if word not in page.tabs and word != "all":
            hint = f"the book's tabs are {', '.join(page.tabs)}"
            page.fault(line, "tab", f"a tab block for the unknown tab {word!r}", hint)
    if "all" in words:
        return ()
    return tuple(tab for tab in page.tabs if tab in words)


def _write_mark(page: Page, span: Span, text: str, *, is_end: bool = False) -> None:
    """Add the edit that writes ``text`` in place of a block's mark, on a line of its own."""
    line = page.line_of(span.start)
    start, stop = page.starts[line], page.end_of_line(line)
    before, after = page.text[start : span.start].strip(), page.text[span.end : stop].strip()
    begin, end = (span.start if before else start), (span.end if after else stop)
    lead = "\n" if before or not (is_end or page.is_blank(line - 1)) else ""
    trail = "\n\n" if after and is_end else "\n" if after else ""
    if is_end and not after and not page.is_blank(line + 1):
        trail = "\n"
    page.edits.replace(begin, end, lead + text + trail)


def read_contents(path: str, start: int, body: Sequence[str]) -> Contents:
    """Return what a list of contents on a page lists, as paths from the source's root without their ending.

    ``body`` are the lines below the line ``start``, from 0.
    """
    entries: list[tuple[str, str, int]] = []
    options: dict[str, str] = {}
    folder = PurePosixPath(path).parent.as_posix()
    for number, text in enumerate(body):
        line = start + 1 + number
        word = text.strip()
        option = re.match(r"^:(\w+):\s*(.*)$", word)
        if option:
            options[option[1]] = option[2]
        elif word and not word.startswith("#"):
            titled = _TITLED.match(word)
            title, name = (titled["title"], titled["file"]) if titled else ("", word)
            name = name.removesuffix(".md").removesuffix(".ipynb").removesuffix(".rst")
            entry = name.lstrip("/") if name.startswith("/") else normpath(f"{folder}/{name}")
            entries.append((entry, title, line))
    numbered: bool | int = "numbered" in options
    if options.get("numbered", "").isdigit():
        numbered = int(options["numbered"])
    return Contents(start, tuple(entries), numbered, options.get("caption", ""))


def read_rst(
    page: Page, fence: Fence, body: Sequence[str], files: Collection[str], *, may_have_title: bool
) -> tuple[list[str], str]:
    """Return the reStructuredText of a fence, and the title that it gives the page (or nothing).

    ``body`` is what it holds. ``files`` are the paths of the source. A file that is not among them is
    left out. Only where it may have the page's title, the first heading is taken out for that.
    """
    text = "\n".join(body).strip("\n")
    folder = PurePosixPath(page.path).parent.as_posix()

    def known(found: re.Match[str]) -> str:
        path = normpath(f"{folder}/{found['file']}")
        if path in files:
            page.links.append(path)
            return found[0]
        line = fence.start + 1 + text.count("\n", 0, found.start("file"))
        page.fault(
            line, "file", f"the file {found['file']} is missing", "the block that shows it is left out"
        )
        return ""

    text = _RAW_FILE.sub(known, text)
    lines = text.split("\n")
    title = ""
    for number in range(1, len(lines) if may_have_title else 1):
        above = lines[number - 1]
        if _UNDERLINE.match(lines[number]) and above.strip() and not above.strip().startswith(".."):
            title = above.strip()
            del lines[number - 1 : number + 1]
            break
    if title:
        rest = [line for line in lines if line.strip() and not _ONLY.match(line)]
        lines = lines if rest else []
    return (lines if any(line.strip() for line in lines) else []), title


def uses_autodoc(lines: Sequence[str]) -> bool:
    """Say whether reStructuredText documents Python objects."""
    return bool(_AUTODOC.search("\n".join(lines)))


def documented(page: Page, module: str) -> list[tuple[str, str, int]]:
    """Return what a page documents: for each object its module, its name, and the line, from 0.

    ``module`` is the one that is meant where the page has named none.
    """
    found: list[tuple[str, str, int]] = []
    for fence in page.fences:
        for number, line in enumerate(fence.body if fence.kind == "eval_rst" else (), fence.start + 1):
            match = _DOCUMENTS.match(line)
            if match and match["kind"].endswith("module"):
                module = match["name"] if match["kind"] != "automodule" else module
            elif match:
                own, _, name = match["name"].partition("(")[0].rpartition(".")
                found.append((own or module, name, number))
    return found

"""Blocks that d2lbook marks in lines of their own: tab blocks, contents, reStructuredText."""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from posixpath import normpath

from tabbook.importers.d2lbook.fences import Fence
from tabbook.importers.d2lbook.source import Page

_UNDERLINE = re.compile(r"^[ \t]*(?P<mark>[=~^*#-])(?P=mark){2,}[ \t]*$")
_RAW_FILE = re.compile(
    r"^(?P<indent>[ \t]*)\.\. raw:: *html\s*\n(?:[ \t]*\n)*[ \t]+:file: *(?P<file>\S+)[ \t]*$", re.MULTILINE
)
_ONLY = re.compile(r"^[ \t]*\.\. only::.*$")
_AUTODOC = re.compile(r"^[ \t]*\.\. (?:auto\w+|currentmodule|module)::", re.MULTILINE)
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
    maxdepth: int = 0
    caption: str = ""


def find_tab_blocks(page: Page) -> list[TabBlock]:
    """Return the tab blocks, and add the edits that write them."""
    stops = {fence.start for fence in page.fences if fence.kind == "input"}
    blocks: list[TabBlock] = []
    opened: tuple[int, tuple[str, ...], int] | None = None  # line, tabs, place behind the mark
    marks = [s for s in page.scan.spans if s.kind == "role" and s.name in ("begin_tab", "end_tab")]
    places = sorted([(page.line_of(s.start), s.start, s) for s in marks], key=lambda m: m[1])
    events: list[tuple[int, object]] = [(line, span) for line, _, span in places]
    events += [(line, None) for line in stops] + [(len(page.lines), None)]
    for line, span in sorted(events, key=lambda e: e[0]):
        name = getattr(span, "name", "")
        if opened and name != "end_tab":
            if span is None and line < len(page.lines):
                page.fault(line, "block", "a code cell stands inside a tab block", "the block ends above it")
            else:
                hint = "it ends where the next one begins" if span else "it ends with the page"
                page.fault(opened[0], "block", "this tab block is never closed", hint)
            _close(page, blocks, opened, line, None)
            opened = None
        if span is None:
            continue
        start, end = span.start, span.end  # type: ignore[attr-defined]
        if page.text[page.starts[line] : start].strip():
            page.fault(line, "block", f"{name} does not begin its line", "it is taken as if it did")
        if name == "begin_tab":
            opened = (line, _names(page, line, span.arg), end)  # type: ignore[attr-defined]
            _open(page, opened, start, end)
        elif opened:
            _close(page, blocks, opened, line, (start, end))
            opened = None
        else:
            page.fault(line, "block", "end_tab without a tab block", "it is left out")
            page.edits.replace(start, end, "")
    return blocks


def _names(page: Page, line: int, text: str) -> tuple[str, ...]:
    words = [word for word in re.split(r"[,\s]+", text) if word]
    for word in words:
        if word not in page.tabs and word != "all":
            hint = f"the book's tabs are {', '.join(page.tabs)}"
            page.fault(line, "tab", f"a tab block for the unknown tab {word!r}", hint)
    if "all" in words:
        return ()
    return tuple(tab for tab in page.tabs if tab in words)


def _open(page: Page, opened: tuple[int, tuple[str, ...], int], start: int, end: int) -> None:
    line, tabs, _ = opened
    begin, stop = page.starts[line], page.end_of_line(line)
    if page.text[begin:start].strip():
        begin = start
    rest = page.text[end:stop].strip()
    fence = f":::{{tab}} {', '.join(tabs)}" if tabs else ""
    before = page.text[:begin]
    lead = "" if not before or before.endswith("\n\n") else "\n" if before.endswith("\n") else "\n\n"
    page.edits.replace(begin, end if rest else stop, lead + fence + ("\n" if rest else ""))


def _close(
    page: Page,
    blocks: list[TabBlock],
    opened: tuple[int, tuple[str, ...], int],
    line: int,
    mark: tuple[int, int] | None,
) -> None:
    first, tabs, _ = opened
    blocks.append(TabBlock(first, line, tabs))
    text = ":::" if tabs else ""
    if mark is None:
        place = page.starts[line] if line < len(page.lines) else len(page.text)
        before = "" if page.text[:place].endswith("\n") or not place else "\n"
        page.edits.replace(place, place, f"{before}{text}\n\n" if text else "")
        return
    start, end = mark
    begin, stop = page.starts[line], page.end_of_line(line)
    before = "" if not page.text[begin:start].strip() else "\n"
    after = page.text[end:stop].strip()
    trail = "" if page.text[stop:].startswith("\n\n") or not page.text[stop:].strip() else "\n"
    page.edits.replace(
        start if before else begin, end if after else stop, before + text + (trail if not after else "\n\n")
    )


def read_contents(page: Page, fence: Fence) -> Contents:
    """Return what a ``toc`` fence lists, as paths from the source's root without their ending."""
    entries: list[tuple[str, str, int]] = []
    options: dict[str, str] = {}
    folder = PurePosixPath(page.path).parent.as_posix()
    for number, text in enumerate(fence.body):
        line = fence.start + 1 + number
        word = text.strip()
        option = re.match(r"^:(\w+):\s*(.*)$", word)
        if option:
            options[option[1]] = option[2]
        elif word and not word.startswith("#"):
            titled = _TITLED.match(word)
            title, name = (titled["title"], titled["file"]) if titled else ("", word)
            name = name.removesuffix(".md").removesuffix(".ipynb").removesuffix(".rst")
            path = name.lstrip("/") if name.startswith("/") else normpath(f"{folder}/{name}")
            entries.append((path, title, line))
    depth = options.get("maxdepth", "")
    numbered: bool | int = "numbered" in options
    if options.get("numbered", "").isdigit():
        numbered = int(options["numbered"])
    return Contents(
        fence.start,
        tuple(entries),
        numbered,
        int(depth) if depth.isdigit() else 0,
        options.get("caption", ""),
    )


def read_rst(
    page: Page, fence: Fence, files: Collection[str], *, may_have_title: bool
) -> tuple[list[str], str]:
    """Return the reStructuredText of a fence, and the title that it gives the page (or nothing).

    ``files`` are the paths of the source. A file that is not among them is left out. Only where
    it may have the page's title, the first heading is taken out for that.
    """
    text = "\n".join(fence.body).strip("\n")
    folder = PurePosixPath(page.path).parent.as_posix()

    def known(found: re.Match[str]) -> str:
        path = normpath(f"{folder}/{found['file']}")
        if path in files:
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

"""Images with captions, widths and labels become figures; others stay in the text."""

import json
import re

from tabbook_d2lbook.headings import remove_mark
from tabbook_d2lbook.scan import Image, Span
from tabbook_d2lbook.source import LabelTarget, Page, safe_path

_SLIDE_OPEN = re.compile(r"[ \t]*(?:[\[(](?:\*\*|~~))?[ \t]*$")
_SLIDE_CLOSE = re.compile(r"[ \t]*(?:(?:\*\*|~~)[\])])?[ \t]*$")
_BLANKS = re.compile(r"[ \t]*(?:\n[ \t]*){0,2}$")
_UNSEEN = re.compile(r":[\w-]+:`+[^`]*`+|\[\]\{[^{}]*\}")
"""Roles, and names that pandoc gives: an alternative text has none of these."""


def marks_behind(page: Page, position: int, names: tuple[str, ...]) -> tuple[list[Span], int]:
    """Return the marks that follow ``position`` with at most one blank line between, and their end."""
    marks: list[Span] = []
    for span in page.scan.inside(position, len(page.text)):
        if span.kind != "role" or span.name not in names:
            break
        if not _BLANKS.match(page.text[position : span.start]):
            break
        marks.append(span)
        position = span.end
    return marks, position


def find_figures(page: Page) -> list[tuple[Image, list[Span], int]]:
    """Return the images that are figures, with their marks and the place behind these."""
    figures = []
    alternatives: list[tuple[int, int]] = []
    for image in page.scan.images:
        line, last = page.line_of(image.start), page.line_of(image.end)
        if line in page.consumed or any(a <= image.start < b for a, b in alternatives):
            continue
        alternatives.append((image.alt_start, image.alt_end))
        page.images.append((image.url, line))
        if image.link_end < image.end:
            page.edits.replace(image.link_end, image.end, "")
        marks, end = marks_behind(page, image.end, ("label", "width", "height", "eqlabel"))
        bottom = page.line_of(end - 1)
        before = page.text[page.starts[line] : image.start]
        after = page.text[end : page.end_of_line(bottom)]
        if not _SLIDE_OPEN.match(before) or not _SLIDE_CLOSE.match(after) or not page.is_text(line):
            continue
        alone = (page.is_blank(line - 1) or page.is_fenced(line - 1) or _is_mark(page, line - 1)) and (
            page.is_blank(bottom + 1) or page.is_fenced(bottom + 1) or _is_mark(page, bottom + 1)
        )
        has_caption = bool(page.text[image.alt_start : image.alt_end].strip())
        if not marks and not (alone and has_caption):
            continue
        if last != bottom or marks or has_caption:
            target = LabelTarget("figure", image.start, has_number=has_caption)
            page.define_named(target, page.text[image.start : image.end], line)
            page.targets.append(target)
            figures.append((image, marks, end))
    return figures


def _is_mark(page: Page, line: int) -> bool:
    """Say whether a line is no part of the paragraph beside it: a mark, or where a comment begins or ends."""
    text = page.lines[line].strip()
    return text.startswith((":begin_tab:", ":end_tab:", ":label:", "<!--")) or text.endswith("-->")


def write_figures(page: Page, figures: list[tuple[Image, list[Span], int]]) -> None:
    """Add the edits that write the figures."""
    targets = {target.position: target for target in page.targets if target.kind == "figure"}
    for image, marks, end in figures:
        line, bottom = page.line_of(image.start), page.line_of(end - 1)
        start = page.starts[line]
        for mark in marks:
            page.used_marks.add(mark.start)
            if mark.name in ("label", "eqlabel"):
                continue
            remove_mark(page, mark.start, mark.end)

        def write(
            image: Image = image,
            marks: list[Span] = marks,
            start: int = start,
            end: int = end,
            bottom: int = bottom,
        ) -> str:
            labels = targets[image.start].labels
            caption = " ".join(page.edits.render(image.alt_start, image.alt_end).split())
            before = page.text[start : image.start].strip()
            after = page.text[end : page.end_of_line(bottom)].strip()
            name = "figure" if caption or labels else "image"
            lines = [f"({label})=" for label in labels[1:]]
            local = "://" not in image.url and not image.url.startswith("data:")
            lines.append(f"{before}```{{{name}}} {safe_path(image.url) if local else image.url}")
            if labels:
                lines.append(f":name: {labels[0]}")
            sizes = [mark for mark in marks if mark.name in ("width", "height")]
            lines += [f":{mark.name}: {mark.arg.replace(' ', '')}" for mark in sizes]
            if image.width and not any(mark.name == "width" for mark in sizes):
                lines.append(f":width: {image.width}")
            alternative = " ".join(_UNSEEN.sub("", page.text[image.alt_start : image.alt_end]).split())
            if alternative:
                lines.append(f":alt: {json.dumps(alternative, ensure_ascii=False)}")
            lines += ["", caption] if caption else []
            lines.append(f"```{after}")
            indent = " " * page.container(page.line_of(image.start))
            text = "\n".join(indent + text if text else "" for text in lines)
            return page.block(start, page.end_of_line(bottom), text)

        page.edits.replace(start, page.end_of_line(bottom), write)

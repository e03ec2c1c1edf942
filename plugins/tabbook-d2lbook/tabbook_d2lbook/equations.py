"""Displayed equations: each a block of its own, with its label."""

import re
from collections.abc import Collection

from tabbook.read.markdown import fence_for
from tabbook_d2lbook.formulas import from_environment, with_valid_text
from tabbook_d2lbook.scan import Span
from tabbook_d2lbook.slide_marks import Place, slide_marks
from tabbook_d2lbook.source import Page, safe_label

_LEAD = re.compile(r"^(?P<blank>[ \t]*)(?P<mark>[\[(](?:\*\*|~~))?[ \t]*$")
_TAIL = re.compile(r"[ \t]*(?P<mark>(?:\*\*|~~)[\])])?[ \t]*(?P<stop>(?!:eqlabel:)[.,;:。，；：、]|)[ \t]*")
_CLOSE = re.compile(r"[ \t]*((?:\*\*|~~)[\])])")
_ITEM = re.compile(r"^[ \t]*(?:[-*+]|\d{1,9}[.)])[ \t]+$")
_TO_LABEL = re.compile(
    r"^(?P<lead>[ \t]*(?:\n[ \t]*){0,2}(?=[*~]))?(?P<mark>(?:\*\*|~~)[\])])?"
    r"[ \t]*[.,;:。，；：、]?[ \t]*(?P<late>(?:\*\*|~~)[\])])?[ \t]*(?:\n[ \t]*){0,2}$"
)
_QUOTE = re.compile(r"[ \t]*(?:>[ \t]?)+")
_QUOTED = re.compile(r"\n[ \t]*>")
_BLOCK = re.compile(r"=+[ \t]*$|[-+*#><|%\[]|\d+[.)]|`{3}|~{3}|:{3}")
_MARKS = re.compile(r":(?:label|width|height|eqlabel):`+[^`]*`+")
_HEADING_OR_ROW = re.compile(r"[ \t]*(?:#{1,6}[ \t]|\||(?:=+|-{3,})[ \t]*$)|.*\|[ \t]*$")


def _label_behind(page: Page, end: int) -> Span | None:
    """Return the ``:eqlabel:`` of the equation that ends at ``end``."""
    for span in page.scan.inside(end, len(page.text)):
        if span.kind == "role" and span.name == "eqlabel":
            return span if _TO_LABEL.match(_QUOTED.sub("\n", page.text[end : span.start])) else None
        if span.kind not in ("escape",):
            return None
    return None


def collect_equation_labels(page: Page) -> None:
    """Find the label of each displayed equation; a label without one is a fault.

    One right below a heading, an image or a table is taken for the ``:label:`` of that.
    """
    used: set[int] = set()
    for span in page.scan.spans:
        if span.kind != "display":
            continue
        label = _label_behind(page, span.end)
        own = from_environment(page.text[span.start : span.end], span.name)[1]
        if label:
            used.add(label.start)
        elif own:
            label = Span("role", span.end, span.end, "eqlabel", own)
        if label:
            page.equation_labels[span.start] = label
            page.define(label.arg, "equation", page.line_of(label.start))
    for span in page.scan.spans:
        if span.kind == "role" and span.name == "eqlabel" and span.start not in used:
            line = page.line_of(span.start)
            message = f"there is no equation that the label {span.arg!r} could name"
            if _is_below_block(page, span):
                page.misnamed_labels.add(span.start)
                page.fault(line, "label", message, "it is taken for a :label:")
            else:
                page.fault(line, "label", message, "write it right behind the equation")


def _is_below_block(page: Page, label: Span) -> bool:
    """Say whether nothing but marks is between a label and a heading, an image or a table above it."""
    line = page.line_of(label.start)
    above = page.text[page.starts[line] : label.start]
    while line and not _MARKS.sub("", above).strip():
        line -= 1
        above = page.lines[line]
    ends = {page.line_of(image.end - 1) for image in page.scan.images}
    return page.is_text(line) and (line in ends or bool(_HEADING_OR_ROW.match(above)))


def write_equations(page: Page, rows: set[int]) -> None:
    """Add the edits that write the displayed equations; ``rows`` are the lines of tables."""
    captions = [(image.alt_start, image.alt_end) for image in page.scan.images]
    headings = {page.line_of(target.position) for target in page.targets if target.kind == "section"}
    marks = {place for mark in ("**", "~~") for pair in slide_marks(page, mark) for place in pair}
    for span in page.scan.spans:
        if span.kind == "open-display":
            line = page.line_of(span.start)
            page.fault(line, "block", "an equation that $$ begins is never closed", "it is shown as text")
            page.edits.replace(span.start, span.end, r"\$\$")
        if span.kind == "latex":
            _write_listing(page, span)
        if span.kind != "display":
            continue
        line, label = page.line_of(span.start), page.equation_labels.get(span.start)
        formula = " ".join(_formula(page, span).split())
        if line in headings:
            page.edits.replace(span.start, span.end, f"${formula}$")
        elif line in rows or any(a <= span.start < b for a, b in captions):
            page.edits.replace(span.start, span.end, rf"$\displaystyle {formula}$")
        elif quote := _QUOTE.match(page.lines[line]):
            _write_quoted(page, span, label, quote[0])
        else:
            _write(page, span, label, marks)


def _formula(page: Page, span: Span) -> str:
    """Return what is between the ``$$`` of an equation."""
    formula = from_environment(page.text[span.start : span.end], span.name)[0]
    return with_valid_text(formula if span.name else formula[2:-2])


def _write_listing(page: Page, span: Span) -> None:
    """Add the edit that shows an environment of LaTeX that no page can show as what it is."""
    line, last = page.line_of(span.start), page.line_of(span.end - 1)
    message = f"LaTeX's environment {span.name!r} has no counterpart on a page"
    if page.lines[line].lstrip().startswith((">", "|", "#")):
        page.fault(line, "block", message, "it is left as text")
        return
    page.fault(line, "block", message, "it is shown as a listing")
    start, end = span.start, span.end
    if not page.text[page.starts[line] : start].strip():
        start = page.starts[line]
    if not page.text[end : page.end_of_line(last)].strip():
        end = page.end_of_line(last)
    source = page.text[span.start : span.end]
    marks = fence_for(source)
    indent = " " * page.container(line)
    rows = [row.removeprefix(indent) for row in source.split("\n")]
    text = "\n".join(indent + row for row in [f"{marks}latex", *rows, marks])
    page.edits.replace(start, end, page.block(start, end, text))


def _write_quoted(page: Page, span: Span, label: Span | None, quote: str) -> None:
    """Add the edit that writes an equation in a quotation, whose lines begin with ``quote``."""
    start, end = span.start, label.end if label else span.end
    tail = _TAIL.match(page.text, span.end, page.end_of_line(page.line_of(span.end - 1)))
    stop = tail["stop"] if tail else ""
    end = tail.end() if tail and stop and not label else end
    before = page.text[page.starts[page.line_of(start)] + len(quote) : start]
    after = page.text[end : page.end_of_line(page.line_of(end - 1))]
    rows = [re.sub(r"^[ \t>]+", "", row).strip() for row in _formula(page, span).split("\n")]
    lines = ["$$", *filter(None, rows), f"$${f' ({safe_label(label.arg)})' if label else ''}"]
    lines[-2] += stop
    text = f"\n{quote}".join(lines)
    apart = f"\n{quote.rstrip()}\n{quote}"
    start -= len(before) - len(before.rstrip())
    end += len(after) - len(after.lstrip())
    lead, trail = apart if before.strip() else "", apart if after.strip() else ""
    page.edits.replace(start, end, lead + text + trail)


def _write(page: Page, span: Span, label: Span | None, marks: Collection[Place]) -> None:
    """Add the edit that writes one equation as a block, apart from the text around it.

    ``marks`` are the places of marks around text of slides, which stay at the equation.
    """
    first = page.line_of(span.start)
    start, end = page.starts[first], span.end
    before = page.text[start : span.start]
    lead, item = _LEAD.match(before), _ITEM.match(before)
    if lead and lead["mark"] and (start + lead.start("mark"), start + lead.end("mark")) not in marks:
        lead = None
    tail = _TAIL.match(page.text, end, page.end_of_line(page.line_of(end - 1)))
    assert tail is not None  # it may match nothing
    if tail["mark"] and tail.span("mark") not in marks:
        tail = _TAIL.match(page.text, end, end)
        assert tail is not None
    close = tail["mark"] or ""
    if label:
        between = _TO_LABEL.match(page.text[end : label.start])
        if between and (mark := between["mark"] or between["late"]) and not close:
            close = f"\n\n{mark}"
        end = label.end
        behind = _CLOSE.match(page.text, end)
        if behind and not close and behind.span(1) in marks:
            close, end = behind[1], behind.end()
    elif close or tail["stop"]:
        end = tail.end()
    last = page.line_of(max(end - 1, span.start))
    after = page.text[end : page.end_of_line(last)]
    indent = " " * page.container(first)
    content = [text.strip() for text in _formula(page, span).split("\n") if text.strip()]
    if content:
        content[-1] += tail["stop"]
    suffix = f" ({safe_label(label.arg)})" if label else ""
    mark = (lead and lead["mark"]) or ""
    lines = [f"{mark}$$", *content, f"$${suffix}{close}"]
    if (mark or close) and any(_BLOCK.match(row) for row in content):
        # Beside a mark, our reader takes the formula for a paragraph, which these lines would end.
        lines = [
            *([mark, ""] if mark else []),
            "$$",
            *content,
            f"$${suffix}",
            *(["", close.strip()] if close else []),
        ]
    if item:
        if len(content) == 1 and not label and not after.strip() and not span.name:
            page.edits.replace(span.start, span.end, f"$${_formula(page, span)}$$")
            return  # MyST reads it as it is
        begin, text = span.start, f"\n{indent}".join(lines)
    else:
        begin = start if lead else start + len(before.rstrip())
        text = "\n".join(indent + line for line in lines)
    stop = end + (len(after) - len(after.lstrip()) if after.strip() else len(after))
    apart = page.block(begin, stop, text)
    page.edits.replace(
        begin, stop, (apart.lstrip("\n") if item else apart) + (indent if after.strip() else "")
    )
    if indent:
        _keep_in_list(page, last, len(indent))


def _keep_in_list(page: Page, line: int, indent: int) -> None:
    """Indent the rest of a list item's paragraph: a block above it ends the lazy continuation."""
    for number in range(line + 1, len(page.lines)):
        if page.is_blank(number) or page.is_fenced(number) or page.begins_item(number):
            return
        own = len(page.lines[number]) - len(page.lines[number].lstrip())
        if page.container(number) != indent or own >= indent:
            return
        page.edits.replace(page.starts[number], page.starts[number] + own, " " * indent)

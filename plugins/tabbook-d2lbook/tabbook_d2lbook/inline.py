"""What is inside paragraphs: roles, links, comments, dollars, MyST's own characters."""

import re
from collections.abc import Collection, Iterator

from tabbook_d2lbook.anchors import address_of, is_from_root, is_inside, links, named_page
from tabbook_d2lbook.emphasis import write_emphasis
from tabbook_d2lbook.formulas import with_valid_text
from tabbook_d2lbook.headings import remove_mark
from tabbook_d2lbook.source import Labels, Page, Reference, safe_label

_CITATIONS = {"cite": "cite", "citet": "cite:t", "citep": "cite:p"}
_REFERENCES = {"numref", "ref", "eqref"}
_PYTHON = {"class", "func", "mod", "meth"}
_LINE_START = re.compile(
    r"^(?:[ \t]*(?:(?:[-*+]|\d{1,9}[.)])[ \t]+|>[ \t]*)*)(?P<mark>%|:::|\+\+\+|\((?=[^()\s]+\)=\s*$))"
)
_ITEM = re.compile(r"[ \t]*(?:[-*+]|\d{1,9}[.)])[ \t]+")
_UNDERLINE = re.compile(r"^ {0,3}(?P<mark>=+|-+)[ \t]*$")
_ADDRESS = re.compile(r"""(?<![\w<="'/])https?://[\w.~:/?#@!$&'()+,;=%-]*[\w/=#&%+-]""", re.ASCII)
_COMMAND = re.compile(r"\\(?P<name>textbf|textit|emph|texttt)\{(?P<inside>[^{}\s](?:[^{}\n]*[^{}\s])?)\}")
_NOTE = re.compile(r"\\footnote\{")
_URL = re.compile(r"\\url\{(?P<url>[^{}\s]+)\}")
_HREF = re.compile(r"\\href\{(?P<url>[^{}\s]+)\}\{(?=[^{}\n]+\})")
_LAYOUT = re.compile(
    r"^[ \t]*\\(?:(?:new|clear|cleardouble)page|(?:page|line)break|newline|noindent|centering"
    r"|(?:small|med|big)skip|[vh]space\*?\{[^{}]*\})[ \t]*$",
    re.MULTILINE,
)
_SPACE = re.compile(r"\\ (?=\S)")
_LINKED = re.compile(r"\[(?:[^\[\]]|\[[^\[\]]*\])*\](?=[(\[])")
_SPAN = re.compile(r"(?<![!\\])\[(?:\\.|[^\[\]\\])*\](?=\{)")
_BRACED = re.compile(r"\{(?=[A-Za-z][\w:+-]*\}`)")


def collect_references(page: Page) -> None:
    """Note what the text refers to: labels and citations."""
    for span in page.scan.spans:
        if span.kind != "role":
            continue
        line = page.line_of(span.start) + 1
        if span.name in _REFERENCES or span.start in page.stray_labels:
            page.references.append(Reference(span.name, _labels(span.arg), line))
        elif span.name in _CITATIONS:
            page.references.append(Reference("cite", _keys(span.arg), line))


def _labels(text: str) -> tuple[str, ...]:
    return tuple(safe_label(key) for key in text.split(",") if key.strip())


def _keys(text: str) -> tuple[str, ...]:
    return tuple(key.strip() for key in text.split(",") if key.strip())


def write_text(page: Page, names: Labels, files: Collection[str], headings: Collection[int] = ()) -> None:
    """Add the edits for what is inside paragraphs; ``headings`` are the lines of headings."""
    write_roles(page, names)
    write_unclosed(page)
    write_comments(page)
    write_links(page, files)
    write_addresses(page)
    write_dollars(page)
    write_emphasis(page)
    write_commands(page)
    write_characters(page, headings)


def write_roles(page: Page, names: Labels) -> None:
    """Add the edits that write references, citations and the like as MyST roles."""
    for span in page.scan.spans:
        if span.kind != "role":
            continue
        line = page.line_of(span.start)
        text = ""
        if span.start in page.stray_labels:
            text = _reference("numref", _labels(span.arg), names)
        elif span.name in _REFERENCES:
            text = _reference(span.name, _labels(span.arg), names)
        elif span.name in _CITATIONS:
            text = f"{{{_CITATIONS[span.name]}}}`{','.join(_keys(span.arg))}`"
        elif span.name in _PYTHON:
            text = f"{{py:{span.name}}}`{span.arg}`"
        elif span.name == "math":
            text = f"${with_valid_text(span.arg)}$"
        elif span.name == "bibliography":
            start, end = page.starts[line], page.end_of_line(line)
            directive = page.bibliographies.get(span.start, "```{bibliography}\n```")
            page.edits.replace(start, end, page.block(start, end, directive) if directive else "")
        elif span.name in ("width", "height") and span.start not in page.used_marks:
            page.fault(line, "block", f"this :{span.name}: belongs to no image", "write it right below one")
            remove_mark(page, span.start, span.end)
        elif span.name.startswith("?") and _stands_alone(page, span.start):
            page.fault(line, "role", f"unknown role {span.name[1:]!r}", "it is left as text")
        if text:
            page.edits.replace(span.start, span.end, text)


def _reference(role: str, keys: tuple[str, ...], names: Labels) -> str:
    """Return references to ``keys``: the role is what suits the thing that a label names.

    What has no number is referred to by its title.
    """
    written = []
    for key in keys:
        named = names.find(key)
        if named is None:
            written.append(f"{{{'eq' if role == 'eqref' else role}}}`{key}`")
        elif named.kind == "equation":
            written.append(f"{{eq}}`{key}`")
        elif named.title:
            written.append(f"{{ref}}`{named.title} <{key}>`")
        else:
            name = "numref" if role == "eqref" else role
            written.append(f"{{{name if named.has_number else 'ref'}}}`{key}`")
    return ", ".join(written)


def _stands_alone(page: Page, start: int) -> bool:
    """Say whether a colon at ``start`` begins a role, and does not end a word."""
    before = page.text[start - 1 : start]
    return not (before.isascii() and before.isalnum())


def write_unclosed(page: Page) -> None:
    """Report roles that are never closed, and add the edits that leave them as text."""
    for span in page.scan.unclosed:
        message = f"the mark :{span.name}: is never closed"
        page.fault(page.line_of(span.start), "role", message, "it ends with its line; end it with `")
    for span in page.scan.spans:
        line = page.line_of(span.start)
        if span.kind == "open-role":
            message = f"the role :{span.name}: is never closed"
            page.fault(line, "role", message, "it is shown as text; end it with `")
            page.edits.replace(span.end - 1, span.end, "\\`")


def write_comments(page: Page) -> None:
    """Add the edits that keep the text around comments from becoming HTML with them."""
    for span in page.scan.spans:
        if span.kind == "comment":
            _write_comment(page, span.start, span.end)


def _write_comment(page: Page, start: int, end: int) -> None:
    line, last = page.line_of(start), page.line_of(end - 1)
    before, after = page.text[page.starts[line] : start], page.text[end : page.end_of_line(last)]
    if before.strip() and not _ITEM.fullmatch(before):
        if line != last:
            page.edits.replace(start, end, " ".join(page.text[start:end].split()))
    elif after.strip():
        blanks = len(after) - len(after.lstrip())
        page.edits.replace(end, end + blanks, "\n" + " " * page.container(line))


def write_links(page: Page, files: Collection[str]) -> None:
    """Look at links into the book: pages are found as ours, what is missing is a fault."""
    for start, end in links(page):
        target = page.text[start:end]
        if start in page.anchors:
            page.edits.replace(start, end, page.anchors[start])
            continue
        if "://" in target and " " in target:  # pandoc takes it, Markdown does not
            page.edits.replace(start, end, target.replace(" ", "%20"))
            continue
        name, mark, anchor = target.partition("#")
        line, as_found = page.line_of(start), "it is left as it is"
        if not (is_inside(target) or is_from_root(target)):
            continue
        if not name:
            if anchor and not re.search(rf"""(?:id|name)=["']{re.escape(anchor)}["']""", page.text):
                message = f"the link leads to {target}, which is not a heading of the page"
                page.fault(line, "link", message, as_found)
        elif named := named_page(page.path, name, files):
            if named == name:
                page.links.append(address_of(page.path, name))
            else:
                page.edits.replace(start, end, f"{named}{mark + anchor if named.endswith('.md') else ''}")
        elif is_inside(target):
            message = f"the link leads to {target}, which the book does not have"
            page.fault(line, "link", message, as_found)


def write_addresses(page: Page) -> None:
    """Add the edits that make links of bare addresses, as the original tool's reStructuredText does."""
    if "://" not in page.text:
        return
    linked = [found.span() for found in _LINKED.finditer(page.text)]
    for found in _ADDRESS.finditer(page.text):
        start, end = found.span()
        open_ones = found[0].count("(") - found[0].count(")")
        if open_ones < 0:
            end = start + found[0].rindex(")")  # the parenthesis around it
        elif open_ones and page.text[end : end + 1] == ")":
            end += 1
        line = page.line_of(start)
        if page.is_fenced(line) or page.scan.span_at(start) or any(a < start < b for a, b in linked):
            continue
        if page.lines[line].startswith(("    ", "\t")) and not page.container(line):
            continue  # a listing
        page.edits.replace(start, end, f"<{page.text[start:end]}>")


def write_dollars(page: Page) -> None:
    """Add the edits that leave no ``$`` in doubt: mathematics on one line, money escaped."""
    for span in page.scan.spans:
        text = page.text[span.start : span.end]
        if span.kind == "dollar":
            page.edits.replace(span.start, span.end, r"\$")
        elif span.kind == "math":
            formula = with_valid_text(text[1:-1].strip() if span.name == "spaced" else text[1:-1])
            written = f"${' '.join(formula.split()) if chr(10) in formula else formula}$"
            if written != text:
                page.edits.replace(span.start, span.end, written)


def write_attributes(page: Page) -> None:
    """Add the edits that remove pandoc's attributes, with the brackets that are there for these only.

    Code that is HTML by its attributes is written as such; what is for other formats goes.
    """
    ends = {span.start for span in page.scan.spans if span.kind == "attributes"}
    codes = {span.end: span for span in page.scan.spans if span.kind == "code"}
    for span in page.scan.spans:
        if span.kind != "attributes":
            continue
        written = page.text[span.start : span.end]
        code = codes.get(span.start)
        if written.startswith("{=") and code:
            raw = page.text[code.start : code.end].strip("`").strip()
            page.edits.replace(code.start, span.end, raw if written == "{=html}" else "")
        elif not written.startswith("{="):
            page.edits.replace(span.start, span.end, "")
    for found in _SPAN.finditer(page.text):
        if found.end() in ends and page.scan.span_at(found.start()) is None:
            page.edits.replace(found.start(), found.start() + 1, "")
            page.edits.replace(found.end() - 1, found.end(), "")


def write_commands(page: Page) -> None:
    """Add the edits that write LaTeX's commands in text as Markdown; those for the layout go."""

    def found_in_text(pattern: re.Pattern[str]) -> Iterator[re.Match[str]]:
        for found in pattern.finditer(page.text):
            if not page.scan.span_at(found.start()) and not page.is_fenced(page.line_of(found.start())):
                yield found

    for found in found_in_text(_COMMAND):
        mark = {"textbf": "**", "texttt": "`"}.get(found["name"], "*")
        place = found.start("inside")
        page.edits.replace(found.start(), place, mark)
        page.edits.replace(place + len(found["inside"]), found.end(), mark)
    for found in found_in_text(_URL):
        page.edits.replace(found.start(), found.end(), f"<{found['url']}>")
    for found in found_in_text(_HREF):
        end = page.text.index("}", found.end())
        page.edits.replace(found.start(), found.end(), "[")
        page.edits.replace(end, end + 1, f"]({found['url']})")
    for found in found_in_text(_LAYOUT):
        page.edits.replace(found.start(), found.end(), "")
    for found in found_in_text(_SPACE):
        page.edits.replace(found.start(), found.end(), "\N{NO-BREAK SPACE}")
    for number, found in enumerate(found_in_text(_NOTE), 1):
        _write_note(page, found, f"note-{number}")


def _write_note(page: Page, found: re.Match[str], name: str) -> None:
    """Add the edits that write LaTeX's footnote as one of Markdown, whose text is at the end of the page."""
    end, depth = found.end(), 1
    while depth and end < len(page.text):
        depth += {"{": 1, "}": -1}.get(page.text[end], 0)
        end += 2 if page.text[end] == "\\" else 1
    if depth:
        return
    page.edits.replace(found.start(), end, f"[^{name}]")

    def text() -> str:
        return f"\n\n[^{name}]: {' '.join(page.edits.render(found.end(), end - 1).split())}"

    page.edits.replace(len(page.text), len(page.text), text)


def write_characters(page: Page, headings: Collection[int]) -> None:
    """Add the edits that keep text from being MyST's own syntax.

    ``headings`` are the lines of headings. What else stands under a line of text is no underline.
    """
    for number, line in enumerate(page.lines):
        if not page.is_text(number):
            continue
        found = _LINE_START.match(line)
        if not found and number not in headings and not page.is_blank(number - 1):
            found = _UNDERLINE.match(line)
        if found:
            place = page.starts[number] + found.start("mark")
            page.edits.replace(place, place, "\\")
        for braced in _BRACED.finditer(line):
            place = page.starts[number] + braced.start()
            if page.scan.span_at(place) is None:
                page.edits.replace(place, place, "\\")

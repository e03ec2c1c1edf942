"""Marks of older editions, such as ``# Save to the d2l package.``: written as ``#@save``.

Older books have one library, without tabs, and name its mark and its file in ``[library]``:
``save_mark`` and ``save_filename``. They import the package itself, whose names were those of its
one module. ``#@save_cell`` saves a cell with all that is in it, ``#@save_all`` those behind it, too.
"""

import re
from collections.abc import Sequence

from tabbook.code import CodeError, parse
from tabbook.importers.report import Findings
from tabbook.statement_lines import first_line, last_line
from tabbook_d2lbook.fences import find_fences
from tabbook_d2lbook.library import library_place
from tabbook_d2lbook.project import CONFIG, Project

_WHOLE = re.compile(r"#[ \t]*@save_(?P<much>cell|all)\b")


class SaveMarks:
    """How the cells of one book mark what they save, and how they import it."""

    def __init__(self, project: Project) -> None:
        self.package, self.module = library_place(project, project.tabs[0])
        self.given = project.value("library", "save_mark")
        own = self.given.lstrip("# \t").rstrip(". \t")
        known = rf"Saved?[ \t]+(?:in|to|into)[ \t]+the[ \t]+`?{re.escape(self.package)}`?[ \t]+package"
        words = [known, r"@save_(?:cell|all)\b", *([re.escape(own)] if own and own != "@save" else [])]
        self._mark = re.compile(
            rf"#[ \t]*(?:{'|'.join(words)})(?:[ \t]+for[ \t]+(?:later|future)[ \t]+use)?[ \t]*[.:]?",
            re.IGNORECASE,
        )
        imported = (
            rf"^(?P<indent>[ \t]*)import[ \t]+{re.escape(self.package)}(?:[ \t]+as[ \t]+(?P<name>\w+))?"
        )
        self._import = re.compile(rf"{imported}(?P<rest>[ \t]*(?:#.*)?)$")
        self.has_one_file = bool(project.value("library", "save_filename"))
        self.count = 0

    def rewrite(self, text: str) -> str:
        """Return a page whose cells have marks and imports as newer books have them; no line moves."""
        if not (self._mark.search(text) or (self.has_one_file and self.package in text)):
            return text
        lines, saves_all = text.split("\n"), False
        for fence in find_fences([line.rstrip("\r") for line in lines]):
            if fence.kind != "input":
                continue
            first, end = fence.start + 1, fence.end - fence.closed
            whole = _WHOLE.search("\n".join(lines[first:end]))
            saves_all = saves_all or bool(whole and whole["much"] == "all")
            lines[first:end] = [self._line(line) for line in lines[first:end]]
            if whole or saves_all:
                lines[first:end] = _marked(lines[first:end])
        return "\n".join(lines)

    def _line(self, line: str) -> str:
        line, found = self._mark.subn("#@save", line)
        self.count += found
        imported = self._import.match(line) if self.has_one_file else None
        if imported is None:
            return line
        name = imported["name"] or self.package
        alias = f" as {name}" if name != self.module else ""
        return f"{imported['indent']}from {self.package} import {self.module}{alias}{imported['rest']}"

    def report(self, project: Project, findings: Findings) -> None:
        """Note what became of the marks, and what of the configuration is not carried over."""
        if self.count:
            message = f"{self.count} marks of an older edition ({self.given or 'Save to the package'})"
            findings.note(CONFIG, 0, "configuration", message, "they are written as #@save")
        for key in ("save_patterns", "root_dir"):
            if project.value("library", key):
                hint = "not carried over: what is marked goes into the library of the book"
                findings.note(CONFIG, 0, "configuration", f"library: {key} of older editions", hint)


def _marked(lines: Sequence[str]) -> list[str]:
    """Return the lines of a cell with a mark on each statement; one with commands of IPython gets none."""
    marked = list(lines)
    for number, line in enumerate(lines):
        if line.strip() == "#@save" and not "".join(lines[number + 1 : number + 2]).strip():
            marked[number] = ""
    try:
        code = parse("\n".join(marked))
    except CodeError:
        return marked
    if code.magics or code.opaque:
        return marked
    end, is_covered = 0, False
    for node in code.tree.body:
        first = first_line(node) - 1
        for line in marked[end:first]:
            is_covered = line.strip() == "#@save" or (is_covered and bool(line.strip()))
        end = last_line(node)
        room = end - 1 if first + 2 in code.string_lines or marked[first].endswith("\\") else first
        if not (is_covered or "@save" in marked[room]):
            marked[room] += "  #@save"
    return marked

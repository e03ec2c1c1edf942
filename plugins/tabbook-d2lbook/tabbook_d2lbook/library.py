"""The library's handwritten part: what is above the line below which d2lbook writes."""

import ast
import re
from collections.abc import Mapping

from tabbook.importers.report import Findings
from tabbook_d2lbook.project import Project

WARNING = "#################   WARNING   ################"
DEFAULT_MODULES = {"pytorch": "torch"}


def library_place(project: Project, tab: str) -> tuple[str, str]:
    """Return package and module of a tab's library, such as ``d2l`` and ``torch``."""
    path = project.library(tab).get("lib_file", "").strip() or project.value("library", "save_filename")
    folder, _, name = path.removesuffix(".py").rpartition("/")
    if len(project.tabs) > 1 and "lib_file" not in project.library(tab):
        name = ""  # one file of an older edition, which several tabs cannot share
    package = folder.rsplit("/", 1)[-1] or "d2l"
    module = name or DEFAULT_MODULES.get(tab, tab)
    return _identifier(package), _identifier(module)


def _identifier(name: str) -> str:
    """Return a name as Python can have it."""
    name = re.sub(r"[^A-Za-z0-9_]", "_", name)
    return name if name[:1].isalpha() or name[:1] == "_" else f"_{name}"


def preambles(project: Project, lines: Mapping[str, list[str]], findings: Findings) -> dict[str, str]:
    """Return for each tab the code that begins its library; none where it has none.

    ``lines`` are definitions of the configuration that no portable name can stand for.
    """
    found: dict[str, str] = {}
    for tab in project.tabs:
        text = _hand_written(project, tab, findings)
        own = "\n".join(lines.get(tab, []))
        if own:
            text = f"{text}\n\n# From the aliases of config.ini\n{own}" if text else own
        if text:
            found[tab] = text.strip("\n") + "\n"
    return found


def _hand_written(project: Project, tab: str, findings: Findings) -> str:
    path = project.library(tab).get("lib_file", "").strip()
    data = project.read(path) if path else None
    if path and data is None:
        findings.note(path, 0, "library", f"the library of {tab} has no file", "it has no hand-written part")
    if data is None:
        return ""
    lines = data.decode("utf-8", "replace").replace("\r\n", "\n").split("\n")
    end = next((n for n, line in enumerate(lines) if line.strip() == WARNING), None)
    if end is None:
        message = "the library has no WARNING line, so d2lbook takes all of it for generated"
        findings.note(path, 0, "library", message, "none of it is taken over")
        return ""
    text = "\n".join(lines[:end]).strip("\n")
    try:
        ast.parse(text)
    except SyntaxError as error:
        message = f"the hand-written part is not valid Python: {error.msg}"
        findings.fault(path, error.lineno or 0, "python", message, "it is left out")
        return ""
    return text

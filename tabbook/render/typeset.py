"""PDF from LaTeX, by XeLaTeX and latexmk: what they need, how they run, and what was wrong."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from tabbook.errors import Fault, TabbookError, usage
from tabbook.export.write import epoch
from tabbook.render.fonts import CJK, package_with, said
from tabbook.render.latex import PLACE, SOURCE

_PROGRAMS = {
    "xelatex": "texlive-xetex",
    "latexmk": "latexmk",
    "rsvg-convert": "librsvg2-bin",
    "fc-list": "fontconfig",
}
_FONTS = {"FreeSerif": "fonts-freefont-otf", "DejaVu Sans Mono": "fonts-dejavu-core"}
_CJK_FONTS = {"Noto Serif CJK": "fonts-noto-cjk"}
_STYLES = {"tabulary.sty": "texlive-latex-extra", "latinmodern-math.otf": "lmodern"}
_ERROR = re.compile(r"^(?:\./)?(?P<file>[^:\n]+):(?P<line>\d+): (?P<words>.+)$", re.MULTILINE)
_COMMAND = re.compile(r"^l\.\d+ .*?(\\[A-Za-z]+)$", re.MULTILINE)
_NO_GLYPH = re.compile(r"^Missing character: There is no (?P<char>.) \(U\+[0-9A-F]+\)", re.MULTILINE)
_TIMEOUT_SECONDS = 3600


def check_tools(language: str) -> None:
    """Raise a usage error that says what to install, if a PDF cannot be made here.

    Raises:
        UsageError: A program, a font or a package of TeX is missing.
    """
    found = [*_missing_programs()] or [*_missing_files(language)]
    if found:
        names = ", ".join(name for name, _ in found)
        packages = " ".join(dict.fromkeys(package for _, package in found))
        raise usage(f"a PDF needs {names}", f"on Debian: apt-get install {packages}")


def _missing_programs() -> Iterator[tuple[str, str]]:
    return ((name, package) for name, package in _PROGRAMS.items() if shutil.which(name) is None)


def _missing_files(language: str) -> Iterator[tuple[str, str]]:
    families = said("fc-list", ":", "family")
    is_cjk = language.partition("_")[0] in CJK
    for name, package in (_CJK_FONTS if is_cjk else _FONTS).items():
        if name not in families:
            yield f"the font {name}", package
    for name, package in _STYLES.items():
        if not said("kpsewhich", name).strip():
            yield name, package


def typeset(folder: Path) -> tuple[bytes, list[Fault]]:
    """Return the PDF of the LaTeX file in ``folder``, and the characters that it lacks, each place once.

    The same files give the same bytes.

    Raises:
        TabbookError: TeX refuses it; the fault has the place in the book, where that is known.
    """
    seconds = str(epoch())
    env = {**os.environ, "SOURCE_DATE_EPOCH": seconds, "FORCE_SOURCE_DATE": "1", "max_print_line": "1000"}
    options = "-norc -r latexmkrc -xelatex -interaction=nonstopmode -halt-on-error -file-line-error"
    command = ["latexmk", *options.split(), "-no-shell-escape", SOURCE]
    log, words = (folder / SOURCE).with_suffix(".log"), ""
    try:
        subprocess.run(
            command, cwd=folder, env=env, capture_output=True, check=True, timeout=_TIMEOUT_SECONDS,
            stdin=subprocess.DEVNULL,
        )  # fmt: skip
        return log.with_suffix(".pdf").read_bytes(), _missing_characters(folder / SOURCE, log)
    except subprocess.TimeoutExpired:
        words = f"TeX did not end within {_TIMEOUT_SECONDS} seconds"
    except (OSError, subprocess.CalledProcessError):
        pass
    raise TabbookError([_fault(folder, log, words)])


def _missing_characters(source: Path, log: Path) -> list[Fault]:
    """Return the places with characters that no font has, as TeX's log says."""
    chars = {*_NO_GLYPH.findall(log.read_text(encoding="utf-8", errors="replace"))}
    lines = source.read_text(encoding="utf-8").splitlines() if chars else []
    faults = set()
    for number, line in enumerate(lines, 1):
        for char in sorted(chars & {*line}) if not line.startswith(PLACE) else ():
            message = f"no font that is installed has {char} (U+{ord(char):04X}), so the PDF lacks it"
            hint = f"install one, such as Debian's {package_with(char)}, or write it in other words"
            faults.add(Fault(*_place(source, number), message, hint))
    return sorted(faults)


def _fault(folder: Path, log: Path, words: str) -> Fault:
    """Return what TeX says in its log, at the place in the book that it was at."""
    text = log.read_text(encoding="utf-8", errors="replace") if log.is_file() else ""
    hint = f"see {log}"
    error = _ERROR.search(text)
    if words or error is None:
        return Fault("", 0, words or "TeX failed", hint)
    command = _COMMAND.search(text, error.end())
    what = error["words"].rstrip(".") + (f" {command[1]}" if command else "")
    path, line = _place(folder / SOURCE, int(error["line"]))
    return Fault(path, line, f"TeX: {what}", f"correct it there, or {hint}")


def _place(source: Path, line: int) -> tuple[str, int]:
    """Return the place in the book that a line of LaTeX comes from; nothing where that is unknown."""
    above = source.read_text(encoding="utf-8").splitlines()[:line]
    note = next((one for one in reversed(above) if one.startswith(PLACE)), "")
    path, _, number = note.removeprefix(PLACE).rpartition(":")
    return (path, int(number)) if path else ("", 0)

"""The paths of this machine in what a cell puts out, and what readers see in their place.

A path has many forms: as it is, in the `repr` of a value, in JSON, HTML, LaTeX or a URL. All of
them are found, as whole paths: ``/tmp/x`` is not part of ``/tmp/xy``.
"""

import functools
import html
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path, PurePath
from typing import Any
from urllib.parse import quote

from tabbook.execute.scratch import PREFIX
from tabbook.plan.job_spec import JobSpec

HOME, WORK, DATA, CACHE, ENVIRONMENT = "~", "~/book", "~/data", "~/.cache", "~/env"
PACKAGES, PYTHON, TEMPORARY, SYSTEM = "site-packages", "python", "/tmp", "/usr"
_SLASH = r"(?:\\*/|&#x2[fF];|&#47;|%2[fF])"
_BEGIN = r"(?=[/\\&%])"  # how a slash begins in each form: most text is passed over at once
_END = r"(?![\w-]|\.\w)"
_ALONE = r"(?:(?<![\w.~-])|(?<=\dm)|(?<=\\[nrt]))"
"""What comes before a whole path: not part of another one, but maybe a colour or an escaped line end."""
BOOK_FOLDER = "book"
"""The folder that a job works in: its last part is what readers see of the path."""
_SCRATCH = re.compile(rf"\.?{PREFIX}\w{{8}}")
"""A job's own folder, in a part of a path: ``Path.cwd().parts``."""
_CELL_FILE = re.compile(r"(?:/tmp)?/ipykernel_\d+/\d+\.py")
_MIN_PARTS = 3
"""Parts of a path, with the root, up to which it may be the end of another one, as ``/vol/me``."""
_MAX_REPEATS = 10
"""How often text is gone over: a name that replaces a path may complete another one."""


def _any_form(char: str) -> str:
    """Return a pattern for all forms that a character of a path takes."""
    if char == "/":
        return _SLASH
    if re.match(r"[a-zA-Z0-9]", char):
        return char
    url, code = quote(char, safe=""), f"\\u{ord(char):04x}"
    forms = {char, html.escape(char), url, url.lower(), code, ascii(char)[1:-1]}
    forms |= {f"&#{ord(char)};", f"&#x{ord(char):x};"}
    return rf"\\*(?:{'|'.join(sorted(map(re.escape, forms), key=lambda form: -len(form)))})"


def _pattern(path: str) -> str:
    """Return a pattern for a path; for one of few parts, which may be the end of another, on its own."""
    before = _ALONE if len(PurePath(path).parts) <= _MIN_PARTS else ""
    return f"{before}{''.join(map(_any_form, path))}{'' if path[-1] in '/_' else _END}"


@functools.lru_cache(maxsize=8)
def _replacement(items: tuple[tuple[str, str], ...]) -> tuple[re.Pattern[str], dict[str, str]]:
    """Return a pattern for all paths, longest first, and the name of each by its group."""
    longest_first = sorted(items, key=lambda item: -len(item[0]))
    names = {f"p{number}": name for number, (_, name) in enumerate(longest_first)}
    forms = (f"(?P<p{number}>{_pattern(path)})" for number, (path, _) in enumerate(longest_first))
    return re.compile(f"{_BEGIN}(?:{'|'.join(forms)})"), names


@functools.lru_cache(maxsize=8)
def _signs(paths: tuple[str, ...]) -> tuple[str, ...]:
    """Return the longest plain part of each path: any form of the path in a text contains it."""
    return tuple({max(re.findall(r"[a-zA-Z0-9]+", path), key=len, default="/") for path in paths})


def without_paths(text: str, paths: Mapping[str, str]) -> str:
    """Return ``text`` with each of ``paths`` replaced by its name; those of cells, by ``<cell>``.

    A path that ends in ``/`` or ``_`` is the beginning of others.
    """
    if paths and any(sign in text for sign in _signs(tuple(paths))):
        pattern, names = _replacement(tuple(paths.items()))
        for _ in range(_MAX_REPEATS):
            replaced = pattern.sub(lambda found: names[str(found.lastgroup)], text)
            if replaced == text:
                break
            text = replaced
    text = _SCRATCH.sub("reader", text) if PREFIX in text else text
    return _CELL_FILE.sub("<cell>", text) if "/ipykernel_" in text else text


def map_strings(value: Any, change: Callable[[str], str]) -> Any:
    """Return a value of JSON with ``change`` made to all of its text."""
    if isinstance(value, str):
        return change(value)
    if isinstance(value, list):
        return [map_strings(each, change) for each in value]
    if isinstance(value, dict):
        return {change(name): map_strings(each, change) for name, each in value.items()}
    return value


def names_of(job: JobSpec, scratch: Path, folders: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """Return what outputs of ``job``, which runs in ``scratch``, say in place of this machine's paths.

    ``folders`` are those of its Python, by what they are: ``packages``, ``library``, ``prefix`` and
    ``base`` (see ``tabbook.execute.launcher``).
    """
    bins = [Path(job.python).parent, *(Path(base) / "bin" for base in folders["base"])]
    named: list[tuple[Iterable[str | Path], str]] = [
        ([scratch / BOOK_FOLDER], WORK),
        ([scratch / "data"], DATA),
        ([scratch / "home"], HOME),
        ([scratch / "t"], TEMPORARY),
        ([scratch / "ipython"], f"{HOME}/.ipython"),
        ([scratch], CACHE),
        *(([path], f"{DATA}/{name}") for name, path in job.data.items()),
        ([job.library_folder] if job.library_folder else [], PACKAGES),
        (folders["packages"], PACKAGES),
        *(([folder], f"lib/{PurePath(folder).name}") for folder in folders["library"]),
        (_programs(bins), PYTHON),
        ([folder for folder in folders["prefix"] if folder not in folders["base"]], ENVIRONMENT),
        ([folder for folder in folders["base"] if len(PurePath(folder).parts) > _MIN_PARTS], SYSTEM),
        *_shared(job.shared),
        ([Path.home()], HOME),
    ]
    names: dict[str, str] = {}
    for paths, name in named:
        for path in paths:
            for form in _forms(path):
                names.setdefault(form, name)
    return names


def _shared(folder: str | None) -> Iterator[tuple[Iterable[str | Path], str]]:
    """Yield the names of the folder that jobs share, and of the book that it is in."""
    if folder:
        yield [folder], CACHE
        if Path(folder).name == ".tabbook":
            yield [Path(folder).parent], WORK


def _forms(path: str | Path) -> list[str]:
    """Return a path, and where it leads if that is elsewhere; not what is too short to be this machine's."""
    forms = dict.fromkeys((str(path).rstrip("/"), str(Path(path).resolve())))
    return [each for each in forms if len(PurePath(each).parts) >= _MIN_PARTS]


def _programs(folders: Iterable[Path]) -> list[Path]:
    """Return the Pythons in ``folders``."""
    programs = (program for folder in folders for program in sorted(folder.glob("python*")))
    return [program for program in programs if re.fullmatch(r"python[\d.]*", program.name)]

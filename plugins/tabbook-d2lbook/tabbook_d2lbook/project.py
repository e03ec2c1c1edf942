"""A d2lbook project on disk: its ``config.ini``, its pages, and what else it is made of."""

import configparser
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath

from tabbook.importers.report import Findings
from tabbook_d2lbook.dialect import Dialect, quarto_file

CONFIG = "config.ini"
_IGNORED = {".git", "_build", "__pycache__", ".ipynb_checkpoints", ".tabbook", "node_modules"}
_TAB = re.compile(r"(?:#\s*@tab|%%tab)[ \t]+([\w, \t]+)")
_TAB_NAME = re.compile(r"[a-z][a-z0-9_-]*")
_SELECT = re.compile(r"tab\.interact_select\s*\(\s*\[?(?P<names>[^)\]]*)")
_CELL = re.compile(
    r"^`{3,}\s*\{\.python\s+\.input[^}]*\}[^\n]*\n(?P<code>.*?)^`{3,}", re.MULTILINE | re.DOTALL
)
_CJK = re.compile(r"[\u4e00-\u9fff]")
_MODULES = {
    "mxnet": "mxnet",
    "torch": "pytorch",
    "tensorflow": "tensorflow",
    "jax": "jax",
    "paddle": "paddle",
}


@dataclass(frozen=True, slots=True)
class Project:
    """The source of an import.

    ``files`` are all its files, as paths relative to ``root``; ``pages`` those that d2lbook takes
    for pages. ``single`` is the page that alone is imported, if one is. ``values`` are the
    configuration's, by section.
    """

    root: Path
    tabs: tuple[str, ...]
    pages: tuple[str, ...]
    files: frozenset[str]
    index: str = "index"
    single: str | None = None
    rst_pages: tuple[str, ...] = ()
    """Pages of reStructuredText."""
    values: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    language: str = ""
    """The language of a lone page, where its letters tell it."""
    dialect: Dialect = "d2lbook"

    def value(self, section: str, key: str, default: str = "") -> str:
        """Return one value of the configuration."""
        return self.values.get(section, {}).get(key, default).strip()

    def library(self, tab: str) -> Mapping[str, str]:
        """Return the values of ``[library-<tab>]``."""
        return self.values.get(f"library-{tab}", {})

    def read(self, path: str) -> bytes | None:
        """Return the content of a file of the source; None if there is none."""
        try:
            return (self.root / path).read_bytes()
        except OSError:
            return None


def read_text(project: Project, path: str, findings: Findings) -> str:
    """Return the text of a page; bytes that are not UTF-8 are a fault, and replaced."""
    data = (project.root / path).read_bytes()
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        findings.fault(path, line, "file", "not UTF-8", "the bytes that are not are replaced")
        return data.decode("utf-8", "replace")


def _list_files(root: Path) -> frozenset[str]:
    found = []
    stack = [root]
    while stack:
        folder = stack.pop()
        for entry in folder.iterdir():
            if entry.is_dir():
                if entry.name not in _IGNORED and not entry.is_symlink():
                    stack.append(entry)
            else:
                found.append(entry.relative_to(root).as_posix())
    return frozenset(found)


def _matches(path: str, patterns: Sequence[str]) -> bool:
    """Say whether ``path`` is one of ``patterns``, read as the shell reads them.

    A wildcard names no hidden files and folders. A folder means what is in it.
    """
    parts = path.split("/")
    for pattern in patterns:
        wanted = pattern.removeprefix("./").strip("/").split("/")
        if not re.search(r"[*?[]", pattern) and len(parts) > len(wanted):
            wanted.append("**")
        if _fits(parts, wanted):
            return True
    return False


def _fits(parts: Sequence[str], wanted: Sequence[str]) -> bool:
    if not parts or not wanted:
        return not parts and not wanted
    is_hidden = parts[0].startswith(".") and not wanted[0].startswith(".")
    if wanted[0] == "**" and not is_hidden:
        rest = wanted[1:] or (["*"] if len(parts) == 1 else [])
        return _fits(parts[1:], wanted) or _fits(parts, rest)
    return not is_hidden and fnmatchcase(parts[0], wanted[0]) and _fits(parts[1:], wanted[1:])


def matching(project: Project, patterns: str) -> list[str]:
    """Return the files of the source that match a list of wildcards."""
    listed = patterns.split()
    return sorted(path for path in project.files if _matches(path, listed))


def load_project(source: Path, findings: Findings) -> Project:
    """Return the project in the folder ``source``.

    Raises:
        FileNotFoundError: It is not a d2lbook project: neither a ``config.ini`` nor an index page.
    """
    files = _list_files(source)
    values = _read_config(source, findings) if CONFIG in files else {}
    build = values.get("build", {})
    index = build.get("index", "index").strip().removesuffix(".md") or "index"
    if CONFIG not in files:
        if f"{index}.md" not in files:
            raise FileNotFoundError(f"neither {CONFIG} nor {index}.md")
        findings.note("", 0, "configuration", f"there is no {CONFIG}", "the defaults of d2lbook are taken")
    tabs = _tabs(build.get("tabs", ""), findings)
    patterns = build.get("notebooks", "**/*.md *.md").split() + build.get("non-notebooks", "").split()
    excluded = build.get("exclusions", "").split()
    pages = [
        path
        for path in sorted(files)
        if path.endswith(".md") and _matches(path, patterns) and not _matches(path, excluded)
    ]
    listed = build.get("rsts", "").split()
    rst_pages = [
        path
        for path in sorted(files)
        if path.endswith(".rst") and _matches(path, listed) and not _matches(path, excluded)
    ]
    if not tabs:
        texts = [(source / path).read_text(encoding="utf-8", errors="replace") for path in pages]
        tabs = guess_tabs(texts)[:1]
    return Project(source, tabs, tuple(pages), files, index, None, tuple(rst_pages), values)


def in_dialect(project: Project, dialect: Dialect | None, findings: Findings) -> Project:
    """Return the project with its ``dialect``: the one given, or else the one that its sources are in."""

    def read(path: str) -> str:
        return (project.root / path).read_text(encoding="utf-8", errors="replace")

    if dialect is None and (found := quarto_file(project.files, project.pages, read)):
        dialect = "quarto"
        message = "a book for Quarto: its code cells without a mark belong to every framework"
        findings.note(found, 0, "configuration", message, "with --dialect d2lbook, to the default one")
    return replace(project, dialect=dialect or "d2lbook")


def _tabs(text: str, findings: Findings) -> tuple[str, ...]:
    """Return the tabs that a configuration lists; names that ours cannot have are faults."""
    names = list(dict.fromkeys(name.strip() for name in text.lower().split(",") if name.strip()))
    for name in names:
        if not _TAB_NAME.fullmatch(name):
            hint = "its cells are shown, and not run; name it with small letters, digits, '-' and '_'"
            findings.fault(CONFIG, 0, "configuration", f"{name!r} cannot be the name of a tab", hint)
    return tuple(name for name in names if _TAB_NAME.fullmatch(name))


def load_single(source: Path, findings: Findings) -> Project:
    """Return the project that the one page ``source`` makes.

    Where it is part of a d2lbook project, it brings that project's configuration.
    """
    root = source.parent
    for folder in (source.parent, *source.parent.parents):
        if (folder / CONFIG).is_file() and folder != Path(folder.anchor):
            root = folder
            break
    values = _read_config(root, findings) if (root / CONFIG).is_file() else {}
    path = source.relative_to(root).as_posix()
    tabs = _tabs(values.get("build", {}).get("tabs", ""), findings)
    text = source.read_text(encoding="utf-8", errors="replace")
    files = _list_files(root) if values else frozenset({path, *_beside(source, root)})
    return Project(
        root=root,
        tabs=tabs or guess_tabs([text]),
        pages=(path,),
        files=files,
        index=PurePosixPath(path).stem,
        single=path,
        values=values,
        language="zh" if len(_CJK.findall(text)) * 4 > len(text) / 4 else "",
    )


def _beside(source: Path, root: Path) -> set[str]:
    """Return the files in folders that belong to a lone page, such as its exported figures."""
    folders = [source.parent / f"{source.stem}_files", source.parent / "img"]
    found = {
        p.relative_to(root).as_posix() for f in folders if f.is_dir() for p in f.rglob("*") if p.is_file()
    }
    return found | {p.name for p in source.parent.glob("*.bib")}


def _read_config(root: Path, findings: Findings) -> dict[str, dict[str, str]]:
    parser = configparser.ConfigParser(strict=False, interpolation=None)
    text = (root / CONFIG).read_text(encoding="utf-8", errors="replace")
    try:
        parser.read_string(text)
    except configparser.Error as error:
        line = getattr(error, "lineno", 0) or next((n for n, _ in getattr(error, "errors", [])), 0)
        findings.fault(CONFIG, line, "configuration", f"cannot be read: {error.message.splitlines()[0]}")
        return {}
    return {
        section: {key: value.replace("%%", "%") for key, value in parser[section].items()}
        for section in parser.sections()
    }


def guess_tabs(texts: list[str]) -> tuple[str, ...]:
    """Return the tabs of pages whose project is unknown, the default one first.

    Tabs are known from what most books have, and from ``tab.interact_select``; a mark alone
    proves nothing: it may be misspelt. The default tab is that of the cells without a mark.
    """
    named: list[str] = []
    offered: list[str] = []
    default = ""
    imported: list[str] = []
    for text in texts:
        for found in _SELECT.finditer(text):
            offered += re.findall(r"[\w-]+", found["names"])
        for found in _TAB.finditer(text):
            named += [name for name in re.split(r"[,\s]+", found[1]) if name]
        for found in _CELL.finditer(text):
            modules = _imported(found["code"])
            imported += modules
            if not _TAB.search(found["code"]) and "d2lbook.tab" not in found["code"] and not default:
                default = next(iter(modules), "")
        if not named and not offered:
            imported += _imported(text)
    known = {*_MODULES.values(), *offered}
    order = list(dict.fromkeys([*offered, *(name for name in named if name in known)]))
    if not order:
        return (next(iter(imported), "python"),)
    unmarked = default in known and default not in offered[:1]
    if default and unmarked:
        order = [default, *(name for name in order if name != default)]
    return tuple(order)


def _imported(code: str) -> list[str]:
    """Return the frameworks that code imports, in order."""
    names = re.findall(r"^\s*(?:from\s+d2l\s+import\s+|import\s+|from\s+)(\w+)", code, re.MULTILINE)
    return [_MODULES[name] for name in names if name in _MODULES]

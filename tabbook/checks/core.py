"""Everything that can be known about a book without running it: what `tabbook check` reports.

:func:`check_core` has what the core knows; ``pages`` asks the renderer for the rest.
"""

import ast
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial

from tabbook.book import Book
from tabbook.checks.configuration import check_configuration
from tabbook.checks.names import (
    OWN_CELLS,
    OWN_MODULE,
    NeededName,
    bound_in_cells,
    is_missing,
    module_names,
    names_needed,
)
from tabbook.checks.options import check_options
from tabbook.code import CodeError
from tabbook.config import CONFIG_FILE, KEY_PATH
from tabbook.errors import Fault, TabbookError, nearest, suggestion
from tabbook.library.generator import foreign_modules, generate, outdated_files
from tabbook.model import Section
from tabbook.project.projection import idioms_of

__all__ = ["check_core"]


def check_core(book: Book) -> list[Fault]:
    """Return what is wrong with ``book``, as far as the core can tell, in the order of the places."""
    faults = [*check_configuration(_text(book, CONFIG_FILE)), *_missing_requirements(book)]
    faults += _bad_scripts(book)
    try:
        book.check()
    except TabbookError as error:
        faults += error.faults
    faulty = {fault.path for fault in faults}
    sound = [section for section in book.readable_sections[0] if section.path not in faulty]
    texts: dict[str, str] = {}
    if len(sound) == len(book.files):
        try:
            texts = generate(book)
        except TabbookError as error:
            faults += error.faults
        faults += [*_stale(book, texts), *(foreign_modules(book, texts) if texts else ())]
    for section in book.readable_sections[0]:
        faults += _options(book, section)
    places = {
        (fault.path, fault.line) for fault in faults
    }  # of saved code, where the fault is reported already
    unknown = _unknown_names(book, sound, _library_names(book, sound, texts))
    faults += (fault for fault in unknown if (fault.path, fault.line) not in places)
    return sorted(set(faults))


def faulty_pages(book: Book) -> frozenset[str]:
    """Return the pages that cannot be shown because of faults, which leaves Sphinx nothing to check."""
    shown = {section.path for section in book.readable_sections[0] if not book.faults(section, imports=False)}
    return frozenset(set(book.files) - shown)


def _text(book: Book, path: str) -> str:
    return (book.root / path).read_text(encoding="utf-8")


def _options(book: Book, section: Section) -> list[Fault]:
    return book.cached_value(
        section, "options", lambda: list(check_options(section, _text(book, section.path)))
    )


def _missing_requirements(book: Book) -> Iterator[Fault]:
    for tab, about in book.settings.tabs.items():
        if not book.requirements(tab).is_file():
            keys = ("tabs", tab, "requirements")
            hint = f"add it, or no environment for {tab} can be made"
            yield Fault(
                CONFIG_FILE,
                book.settings_line(*keys),
                f"{'.'.join((*KEY_PATH, *keys))}: there is no file {about.requirements}",
                hint,
            )


def _bad_scripts(book: Book) -> Iterator[Fault]:
    """Yield a fault for each script of a data file that is missing, outside the book, or not Python."""
    for name, file in book.settings.data.items():
        if not file.script:
            continue
        keys, path = ("data", name, "script"), book.root / file.script
        place = (CONFIG_FILE, book.settings_line(*keys), ".".join((*KEY_PATH, *keys)))
        try:
            if not path.resolve().is_relative_to(book.root.resolve()):
                yield Fault(
                    *place[:2], f"{place[2]}: {file.script} is outside the book", "copy it into the book"
                )
            elif not path.is_file():
                yield Fault(
                    *place[:2], f"{place[2]}: there is no file {file.script}", "add it, or correct the path"
                )
            else:
                ast.parse(path.read_text(encoding="utf-8"))
        except SyntaxError as error:
            yield Fault(file.script, error.lineno or 0, f"not valid Python: {error.msg}", "correct it")
        except (OSError, UnicodeDecodeError) as error:
            yield from book.unreadable(path, error).faults


def _stale(book: Book, texts: Mapping[str, str]) -> Iterator[Fault]:
    """Yield the files of the library that differ from ``texts``; none where nothing has been generated."""
    is_generated = any(book.library_file(tab).exists() for tab in book.settings.tabs)
    for path in outdated_files(book, texts) if texts and is_generated else ():
        if path not in texts:
            message = "no tab of the book generates this module"
            yield Fault(path, 0, message, "run tabbook lib, which removes it")
        elif not (book.root / path).exists():
            yield Fault(path, 0, "the file is missing", "run tabbook lib")
        else:
            yield Fault(
                path,
                0,
                "differs from what the sections generate",
                "run tabbook lib; edit the sections, not this file",
            )


def _library_names(
    book: Book, sound: Sequence[Section], texts: Mapping[str, str]
) -> dict[str, frozenset[str]]:
    """Return the names of each module of the library.

    Where faults keep the library from being generated, they are those that sound sections save and
    those that the module had before: what faulty sections save is not known.
    """
    names: dict[str, frozenset[str]] = {}
    for tab, about in book.settings.tabs.items():
        path = book.library_path(tab)
        if path in texts:
            names[about.module] = _names_of_text(book, tab, texts[path])
            continue
        known_names = {book.settings.library.package, "sys", *idioms_of(tab, book.settings)}
        for section in sound:
            if tab in section.tabs:
                known_names |= {name for saved in book.saved_by(section, tab) for name in saved.names}
        if book.library_file(tab).exists():
            known_names |= _names_of_text(book, tab, _text(book, path))
        names[about.module] = frozenset(known_names)
    return names


def _names_of_text(book: Book, tab: str, text: str) -> frozenset[str]:
    def find() -> frozenset[str]:
        try:
            return module_names(text, book.settings.library.package)
        except CodeError:
            return frozenset()

    return book.cache.entry(f"(names of {tab})", text.encode()).get("names", find)


def _unknown_names(
    book: Book, sections: Sequence[Section], modules: Mapping[str, frozenset[str]]
) -> Iterator[Fault]:
    """Yield a fault for each name that is missing, once for all the tabs that miss it."""
    for section in sections:
        missing: dict[NeededName, list[str]] = {}
        for tab in section.tabs:
            find = partial(names_needed, section, tab, book.settings)
            for needed in book.cached_value(section, f"needs {tab}", find):
                if is_missing(needed, book.settings.tabs[tab].module, modules):
                    missing.setdefault(needed, []).append(tab)
        for needed, tabs in missing.items():
            where = "" if len(tabs) == len(section.tabs) else f" for {', '.join(tabs)}"
            if needed.module == OWN_CELLS:
                message = f"{needed.shown}: no cell defines this name{where}"
                hint = _perhaps(needed, bound_in_cells(section, tabs[0]))
                hint = hint or "define or import it in a cell above"
            elif not needed.name:
                message = f"{needed.shown}: the library has no such module"
                hint = _perhaps(needed, modules) or f"its modules are {', '.join(modules)}"
            else:
                message = f"{needed.shown}: the library has no such name{where}"
                own = book.settings.tabs[tabs[0]].module if needed.module == OWN_MODULE else needed.module
                hint = _unsaved(sections, tabs[0], needed.name) or _perhaps(needed, modules[own])
                hint = hint or "save its definition with #@save, or correct the name"
            yield Fault(section.path, needed.line, message, hint)


def _perhaps(needed: NeededName, known: Iterable[str]) -> str:
    """Return a hint with the name, as the code would say it, that is most like the missing one."""
    name = needed.shown.rpartition(".")[2]
    close = nearest(name, known)
    return suggestion(needed.shown.removesuffix(name) + close if close else "")


def _unsaved(sections: Iterable[Section], tab: str, name: str) -> str:
    """Return a hint to the section that defines ``name`` without saving it; empty if none does."""
    for section in sections:
        line = bound_in_cells(section, tab).get(name) if tab in section.tabs else None
        if line:
            return f"mark its definition in {section.path}:{line} with #@save"
    return ""

"""The library as API pages read it: its generated text, module by module, and its places in the book."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from tabbook.book import Book
from tabbook.extract.assemble import defined_in
from tabbook.extract.pieces import find
from tabbook.extract.saved import Origin
from tabbook.keys.key import sha256
from tabbook.library.faults import Places
from tabbook.library.generator import current_texts, preamble_texts
from tabbook.render.api.described import Described, Module


@dataclass(frozen=True, slots=True)
class Origins:
    """Where in the book the lines of one module come from."""

    book: Book
    places: Places

    def of(self, line: int) -> Origin | None:
        """Return the section that saved a line; None for what no section saved."""
        piece, inside = find(self.places.pieces, line)
        return piece.origin(inside)[0] if piece.kind == "saved" else None

    def place(self, line: int) -> tuple[str, int]:
        """Return file and line in the book of a line of the module."""
        place = self.places.of(line)
        return str(self.book.root / place.path), place.line


@dataclass
class LibrarySource:
    """The modules of a book's library, by the tab that each is for.

    Each is read when something asks for it. A book whose sections have faults has the modules
    that are on disk, whose places in the book are not known.
    """

    book: Book
    texts: Mapping[str, str]
    is_generated: bool
    _modules: dict[str, Module] = field(default_factory=dict)
    _origins: dict[str, Origins] = field(default_factory=dict)

    @classmethod
    def of(cls, book: Book) -> "LibrarySource":
        """Return the library of ``book``: as its sections make it, or else as it is on disk."""
        texts, faults = current_texts(book)
        paths = {tab: book.library_path(tab) for tab in book.settings.tabs}
        modules = {tab: texts[path] for tab, path in paths.items() if path in texts}
        return cls(book, modules, is_generated=not faults)

    @property
    def package(self) -> str:
        """The package's name."""
        return self.book.settings.library.package

    @cached_property
    def digests(self) -> dict[str, str]:
        """A hash of each module, to know when a page about it is out of date."""
        return {tab: sha256(text) for tab, text in self.texts.items()}

    def has(self, name: str) -> bool:
        """Say whether a name, as it is imported, belongs to the library."""
        return name == self.package or name.startswith(f"{self.package}.")

    def module(self, tab: str) -> Module:
        """Return the module of a tab."""
        if tab not in self._modules:
            about = self.book.settings.tabs[tab]
            name, path = f"{self.package}.{about.module}", Path(self.book.library_path(tab))
            self._modules[tab] = Module(name, self.texts[tab], path)
        return self._modules[tab]

    def find(self, name: str) -> Described | None:
        """Return the object of a name that `has` accepts; None if there is none.

        A name that leaves the module out is one of the first tab that has it.
        """
        first, _, rest = name.removeprefix(self.package).removeprefix(".").partition(".")
        for tab in self.texts:
            if self.book.settings.tabs[tab].module == first:
                module = self.module(tab)
                return module.find(rest) if rest else module.described
        own = name.removeprefix(self.package).removeprefix(".")
        for tab in self.texts:
            module = self.module(tab)
            if described := module.find(own) if own else module.described:
                return described
        return None

    @property
    def names(self) -> Iterator[str]:
        """The path of every object."""
        for tab in self.texts:
            yield self.module(tab).name
            yield from self.module(tab).names

    def _of(self, one: Described) -> Origins | None:
        tab = next(tab for tab, module in self._modules.items() if module is one.module)
        if self.is_generated and tab not in self._origins:
            self._origins[tab] = Origins(self.book, Places(self.book, tab, preamble_texts(self.book)[tab]))
        return self._origins.get(tab)

    def origin(self, one: Described) -> Origin | None:
        """Return the section that saved an object; None if none did."""
        origins = self._of(one)
        return origins.of(one.line) if origins else None

    def place(self, one: Described, line: int) -> tuple[str, int]:
        """Return file and line in the book for a line of the module that an object is in."""
        origins = self._of(one)
        return origins.place(line) if origins else (one.module.name, line)

    def doc(self, one: Described) -> list[str]:
        """Return the lines of an object's docstring, without the section that `tabbook lib` adds."""
        text, origin = one.doc, self.origin(one)
        if origin:
            text = text.removesuffix(defined_in(origin)).rstrip()
        return text.splitlines()

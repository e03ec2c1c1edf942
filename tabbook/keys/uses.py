"""Which of the library's symbols some code names, by syntax; and why it may use any, where it may.

A string may be code as well: for another process, for a file that is run, for ``exec``. So a string
that names the package means all of the library, and so does one that names the
variable with the library's folder. Docstrings are an exception, as they are text for people unless
code reads them, and so are comments and addresses of web pages.
"""

import ast
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from unicodedata import normalize

from tabbook.code import CodeCell, CodeError, parse

_DYNAMIC = frozenset({"globals", "eval", "exec", "__import__"})
_BY_NAME = frozenset({"import_module", "run_module", "find_spec", "resolve_name"})
"""Functions that import a module whose name they are given."""
_DOCTEST = frozenset({"testmod", "testfile", "run_docstring_examples"})
_FILES = frozenset({"getmodule", "getfile", "getsourcefile", "co_filename"})
"""What leads from a symbol to its module or its file, which has all the others."""
_DYNAMIC_ATTRIBUTES = frozenset({"__globals__", "f_globals", "__subclasses__"}) | _BY_NAME | _DOCTEST | _FILES
_DYNAMIC_WORDS = frozenset({*_DYNAMIC, *_DYNAMIC_ATTRIBUTES, "modules"})
_WORD = re.compile(r"\w+")
_ADDRESS = re.compile(r"\b(?:https?|ftp|s3|gs)://[^\s'\"();,<>\\]+")
_LIBRARY_FOLDER = "PYTHONPATH"
"""The variable that says where the library is: code may read it there."""
_DOCSTRINGS = re.compile(r"\b(?:__doc__|getdoc)\b")
"""What reads docstrings, which may be code then."""
_IMPORTING = re.compile(r"\bimport\b|(?:^|\s)-m")
_SHELL_EXPRESSION = re.compile(r"\{[^{}]*\}|\$\w+")
_QUOTED = re.compile(r"'([^'\n]*)'|\"([^\"\n]*)\"")
_EVALUATED = re.compile(
    r"%%?(?:time|timeit|capture|prun|debug|memit|lprun|mprun)\b|%p(?:def|doc|file|info2?|source)\b|[^%!]"
)
"""IPython's commands that evaluate Python in the notebook itself; the last is help: ``d2l.f?``."""


@dataclass(frozen=True, slots=True)
class Uses:
    """The symbols that some code names; ``whole_because`` says why it may use any, or is empty.

    ``others`` says that it may use other modules of the library's package as well. ``bare`` says
    that a string is the package's name and nothing else, and ``imports`` that a string or a call
    imports something: each on its own is harmless (a folder may have that name), but together
    they may import the library.
    """

    names: frozenset[str]
    whole_because: str = ""
    others: bool = False
    bare: bool = False
    imports: bool = False

    def __or__(self, other: "Uses") -> "Uses":
        return Uses(
            self.names | other.names,
            self.whole_because or other.whole_because,
            self.others or other.others,
            self.bare or other.bare,
            self.imports or other.imports,
        )

    def __bool__(self) -> bool:
        """Say whether the code may use anything of the library at all."""
        return bool(self.names or self.whole_because or self.others or (self.bare and self.imports))


NOTHING = Uses(frozenset())


def cells_use(cells: Iterable[str], package: str, module: str) -> Uses:
    """Return what the code cells of one notebook use of the library ``package.module``."""
    aliases: set[str] = set()
    uses, codes, broken = NOTHING, list[CodeCell](), set[str]()
    for source in cells:
        try:
            codes.append(parse(source))
        except CodeError:
            # Python reads other letters as the ASCII letters that this form gives.
            broken.update(_WORD.findall(normalize("NFKC", source)))
    for code in codes:
        for node in ast.walk(code.tree):
            if isinstance(node, ast.Import):
                uses |= _plain_import(node, package, module, aliases)
            elif isinstance(node, ast.ImportFrom) and not node.level:
                uses |= _import_from(node, package, module, aliases)
    if broken & {package, *aliases, *_DYNAMIC_WORDS}:
        return Uses(frozenset(), "a cell is not valid Python", others=True)
    with_docs = any(_DOCSTRINGS.search(code.text) for code in codes)
    for code in codes:
        uses |= names_used(code.tree, aliases, frozenset())
        uses |= strings_use(code.tree, package, aliases, with_docs)
        for magic in [code.text] if code.opaque else code.magics:
            uses |= _magic_uses(magic, aliases, package)
    return uses


def file_uses(name: str, data: bytes, package: str, module: str) -> Uses:
    """Return what the file ``name``, which a job may import or run, uses of the library.

    Python is read as cells are. Any other text uses all of it, if it names the package.
    """
    try:
        text = data.decode()
    except UnicodeDecodeError:  # pickled objects name their modules, too
        text = data.decode("latin-1")
    if not name.endswith(".py"):
        return _text_uses(text, package, (), name)
    uses = cells_use([text], package, module)
    return replace(uses, whole_because=reason_of(name, uses.whole_because))


def reason_of(what: str, why: str) -> str:
    """Return why ``what`` may use any symbol, if ``why`` says so of its code."""
    return f"{what}{':' * why.startswith('a ')} {why}" if why else ""


def strings_use(tree: ast.AST, package: str, aliases: Iterable[str] = (), with_docs: bool = False) -> Uses:
    """Return what the strings in ``tree`` may use of the library, if they are run as code.

    Docstrings count ``with_docs`` only, where code reads them.
    """
    uses = NOTHING
    for text in _strings(tree, with_docs):
        uses |= _text_uses(text, package, aliases, "a string")
    return uses


def _strings(tree: ast.AST, with_docs: bool) -> Iterator[str]:
    """Yield every string that is a value, and docstrings, which are statements, ``with_docs`` only.

    Of an f-string it is the constant text, with a null character for each expression.
    """
    taken: set[int] = set()
    for node in ast.walk(tree):  # breadth first: parents come before their children
        if isinstance(node, ast.Expr) and not with_docs:
            taken.add(id(node.value))
        elif isinstance(node, ast.JoinedStr):
            parts = [part.value if isinstance(part, ast.Constant) else "\0" for part in node.values]
            taken.update(map(id, node.values))
            yield "".join(map(str, parts))
        elif isinstance(node, ast.Constant) and id(node) not in taken:
            if isinstance(node.value, str):
                yield node.value
            elif isinstance(node.value, bytes):
                yield node.value.decode("latin-1")


def _text_uses(text: str, package: str, aliases: Iterable[str], what: str) -> Uses:
    """Return what ``text``, which may be code, uses; ``what`` says what kind of text it is."""
    text = _ADDRESS.sub(" ", normalize("NFKC", text))
    if text.strip() == package:
        return Uses(frozenset(), bare=True)
    imports = bool(_IMPORTING.search(text))
    if _LIBRARY_FOLDER in text:
        return Uses(frozenset(), f"{what} names {_LIBRARY_FOLDER}", others=True, imports=imports)
    if package in text and re.search(rf"\b{package}\b", text):
        return Uses(frozenset(), f"{what} names {package}", others=True, imports=imports)
    for alias in sorted(aliases):
        if re.search(rf"\b{re.escape(alias)}\.\w", text):
            return Uses(frozenset(), f"{what} names {alias}", imports=imports)
    return Uses(frozenset(), imports=imports)


def _plain_import(node: ast.Import, package: str, module: str, aliases: set[str]) -> Uses:
    uses = NOTHING
    for alias in node.names:
        if alias.name == f"{package}.{module}" and alias.asname:
            aliases.add(alias.asname)
        elif alias.name.split(".")[0] == package:
            uses |= Uses(frozenset(), f"import {alias.name}", others=True)
    return uses


def _import_from(node: ast.ImportFrom, package: str, module: str, aliases: set[str]) -> Uses:
    uses = NOTHING
    if node.module == f"{package}.{module}":
        for alias in node.names:
            if alias.name == "*":
                uses |= Uses(frozenset(), f"from {node.module} import *")
            else:
                uses |= Uses(frozenset({alias.name}))
    elif (node.module or "").split(".")[0] == package:
        for alias in node.names:
            if node.module == package and alias.name == module:
                aliases.add(alias.asname or alias.name)
            else:
                uses |= Uses(frozenset(), f"from {node.module} import {alias.name}", others=True)
    return uses


def _magic_uses(magic: str, aliases: set[str], package: str) -> Uses:
    """Return what an IPython command, or a cell in another language, may use.

    Expressions in it see the notebook's names; the rest of it is text for another program.
    """
    magic = magic.strip()
    is_shell = magic.startswith("!")
    code = " ".join(_SHELL_EXPRESSION.findall(magic)) if is_shell else magic
    if not is_shell and not _EVALUATED.match(magic):
        code = ""
    uses, words = NOTHING, set(_WORD.findall(code))
    if _LIBRARY_FOLDER in magic:
        uses = Uses(frozenset(), f"a magic names {_LIBRARY_FOLDER}", others=True)
    if package in words and (package not in aliases or "import" in words):
        uses |= Uses(frozenset(), f"a magic names {package}", others=True)
    for name in map(re.escape, sorted(aliases)):
        uses |= Uses(frozenset(re.findall(rf"\b{name}\.(\w+)", code)))
        if re.search(rf"\b{name}\b(?!\.\w)", code):
            uses |= Uses(frozenset(), f"a magic names {name}")
    if words_found := sorted(_DYNAMIC_WORDS & words):
        uses |= Uses(frozenset(), f"a magic uses {words_found[0]}", imports=True)
    texts = ["".join(quoted) for quoted in _QUOTED.findall(code)]
    if not code or is_shell:
        texts.append(_SHELL_EXPRESSION.sub(" ", magic) if is_shell else magic)
    for text in texts:
        uses |= _text_uses(text, package, (), "a magic")
    return uses


def names_used(tree: ast.AST, aliases: set[str], known: frozenset[str]) -> Uses:
    """Return the names of ``known`` and the attributes of ``aliases`` that occur in ``tree``."""
    names: set[str] = set()
    whole = ""
    imports = False
    qualified: set[int] = set()
    for node in ast.walk(tree):  # breadth first: an attribute comes before the name it is of
        if isinstance(node, ast.Attribute):
            if isinstance(node.value, ast.Name) and node.value.id in aliases:
                qualified.add(id(node.value))
                if node.attr.startswith("__"):
                    whole = whole or f"uses {node.value.id}.{node.attr}"
                names.add(node.attr)
            elif node.attr in _DYNAMIC_ATTRIBUTES:
                whole = whole or f"uses {node.attr}"
                imports = imports or node.attr in _BY_NAME
            elif node.attr == "modules" and names_in(node.value) == {"sys"}:
                whole = whole or "uses sys.modules"
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
            if node.id in aliases and id(node) not in qualified:
                whole = whole or f"uses {node.id} as a value"
            if node.id in known:
                names.add(node.id)
            if node.id in _DYNAMIC:
                whole = whole or f"calls {node.id}"
                imports = imports or node.id == "__import__"
            elif node.id in _DYNAMIC_ATTRIBUTES:
                whole = whole or f"uses {node.id}"
                imports = imports or node.id in _BY_NAME
        elif isinstance(node, ast.ImportFrom):
            for attribute in sorted(_DYNAMIC_ATTRIBUTES.intersection(alias.name for alias in node.names)):
                whole = whole or f"uses {attribute}"
                imports = imports or attribute in _BY_NAME
        elif isinstance(node, ast.Global):
            names.update(known.intersection(node.names))
    return Uses(frozenset(names), whole, imports=imports)


def names_in(node: ast.AST) -> set[str]:
    """Return every plain name in ``node``."""
    return {part.id for part in ast.walk(node) if isinstance(part, ast.Name)}

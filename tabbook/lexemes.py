"""Strings, comments and brackets of Python text, found alike whichever Python runs tabbook.

Keys and the library must not depend on that. The standard library's tokenizer cannot be used for
them: in Python 3.12 it began to split f-strings, and to raise for text that it took before (IPython's
commands, say). Here an f-string is one string, as far as Python 3.12 says that it goes.
"""

import re
from collections.abc import Iterator
from typing import Literal, NamedTuple, cast

_LEXEME = re.compile(
    r"""(?P<comment> \#[^\n]* )
    | (?P<string>
        (?P<quotes>\"{3}|'{3}) (?: \\. | (?!(?P=quotes))[^\\] )* (?P=quotes)
        | (?!\"{3}|'{3}) (?: "(?:\\.|[^"\\\n])*" | '(?:\\.|[^'\\\n])*' ) )
    | (?P<unclosed> \"{3} | '{3} )
    | (?P<open> [(\[{] ) | (?P<close> [)\]}] ) | (?P<newline> \n )
    | (?P<other> \\. | [^\\\n"'\#()\[\]{}]+ | . )""",
    re.VERBOSE | re.DOTALL,
)
_PREFIX = re.compile(r"(?<!\w)(?:[fF]([rR]?)|([rR])[fF])\Z")
_NAMED = re.compile(r"\\N\{[^}\n]*\}")
_FORMAT = re.compile(r"(?:![^:}]*)?:")
_QUOTE = re.compile(r"\"{3}|'{3}|[\"']")

Kind = Literal["comment", "string", "unclosed", "open", "close", "newline", "other"]
"""``unclosed`` is the mark of a string of several lines that does not end, ``other`` all the rest:
names, numbers, operators, blanks."""


class Lexeme(NamedTuple):
    """A stretch of the text; a string begins with its quotation mark, after its prefix.

    ``fields`` says where the expressions of an f-string are.
    """

    kind: Kind
    start: int
    end: int
    fields: tuple[tuple[int, int], ...] = ()


def lexeme(text: str, start: int) -> Lexeme:
    """Return what begins at the place ``start`` of ``text``, which must be inside the text."""
    match = _LEXEME.match(text, start)
    assert match is not None  # its last alternative matches anything
    kind = cast(Kind, match.lastgroup)
    prefix = _PREFIX.search(text, max(0, start - 3), start) if text[start] in "\"'" else None
    if prefix is None:
        return Lexeme(kind, start, match.end())
    return _fstring(text, start, is_raw=any(prefix.groups())) or Lexeme(kind, start, match.end())


def lexemes(text: str) -> Iterator[Lexeme]:
    """Yield what ``text`` consists of, from its start to its end."""
    position = 0
    while position < len(text):
        item = lexeme(text, position)
        yield item
        position = item.end


def long_strings(text: str) -> Iterator[tuple[int, int]]:
    """Yield the first and the last line, from 1, of each string that goes over several lines."""
    line = 1
    for item in lexemes(text):
        last = line + text.count("\n", item.start, item.end)
        if item.kind == "string" and last > line:
            yield line, last
        line = last


def is_whole(text: str) -> bool:
    """Say whether strings and brackets that begin in ``text`` end in it."""
    depth = 0
    for item in lexemes(text):
        if item.kind == "unclosed":
            return False
        depth += (item.kind == "open") - (item.kind == "close")
    return depth == 0 and not text.endswith("\\\n")


def has_old_fstrings(text: str) -> bool:
    """Say whether the f-strings of ``text`` are such that Python before 3.12 takes them, too.

    Their expressions hold no quotation mark of the string, no backslash and no comment.
    """
    for item in lexemes(text):
        if item.kind != "string" or not item.fields:
            continue
        plain = _LEXEME.match(text, item.start)
        inside = [text[start:end] for start, end in item.fields]
        if plain is None or plain.end() != item.end or any("\\" in code for code in inside):
            return False
        if any(part.kind == "comment" for code in inside for part in lexemes(code)):
            return False
    return True


def _fstring(text: str, start: int, *, is_raw: bool) -> Lexeme | None:
    """Return the f-string whose quotation mark is at ``start``; ``None`` if it does not end."""
    match = _QUOTE.match(text, start)
    assert match is not None
    fields: list[tuple[int, int]] = []
    end = _literal(text, match.end(), match[0], is_raw, fields)
    return None if end is None else Lexeme("string", start, end, tuple(fields))


def _literal(text: str, at: int, quote: str, is_raw: bool, fields: list[tuple[int, int]]) -> int | None:
    """Return the end of the text of an f-string, or of a format in it, from ``at``; gather its fields.

    A format ends before its brace (``quote`` is ``}``), a string after its quotation mark.
    """
    is_format = quote == "}"
    while at < len(text):
        if text.startswith(quote, at):
            return at if is_format else at + len(quote)
        if text[at] == "\\":
            name = None if is_raw else _NAMED.match(text, at)
            before_brace = text[at + 1 : at + 2] in ("{", "}")
            at = name.end() if name else at + (1 if before_brace else 2)
        elif text[at] == "\n" and len(quote) == 1 and not is_format:
            return None
        elif text[at] == "{" and (is_format or text[at + 1 : at + 2] != "{"):
            end = _field(text, at + 1, is_raw, fields)
            if end is None:
                return None
            at = end
        else:
            at += 2 if text[at] in "{}" else 1
    return None


def _field(text: str, start: int, is_raw: bool, fields: list[tuple[int, int]]) -> int | None:
    """Return the end of a field of an f-string, whose expression is at ``start``; gather it."""
    at, depth = start, 0
    while at < len(text):
        item = lexeme(text, at)
        if item.kind == "unclosed" or (depth == 0 and item.kind == "close" and text[at] != "}"):
            return None
        if depth == 0 and (text[at] in "}:" or (text[at] == "!" and text[at + 1 : at + 2] != "=")):
            fields.append((start, at))
            break
        depth += (item.kind == "open") - (item.kind == "close")
        at = at + 1 if item.kind == "other" else item.end
    colon = _FORMAT.match(text, at)
    end = _literal(text, colon.end(), "}", is_raw, fields) if colon else text.find("}", at)
    return None if end is None or end < 0 else end + 1

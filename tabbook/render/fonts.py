"""Fonts of a PDF: those of the book's language, and others for the characters that these lack."""

import subprocess
from collections.abc import Iterable, Iterator
from functools import cache

CJK = {"zh": "SC", "ja": "JP", "ko": "KR"}
"""The languages that need fonts of their own, and how Noto's end."""
_CJK_TRADITIONAL = ("zh_tw", "zh_hk", "zh_hant")
_CJK_BLOCKS = ((0x2E80, 0x9FFF), (0xAC00, 0xD7FF), (0xF900, 0xFAFF), (0xFE30, 0xFE4F), (0xFF00, 0x3FFFF))
_MAIN = r"""
\setmainfont{%s}
\setsansfont{%s}
\setmonofont{%s}[Scale=MatchLowercase]
"""
_LINE_BREAKS = r"""
\XeTeXlinebreaklocale "%s"
\XeTeXlinebreakskip=0pt plus 1pt
"""
_FALLBACK = r"""\newXeTeXintercharclass\tabbookclass%(name)s
\newfontfamily\tabbookfont%(name)s{%(family)s}
\tabbookfallback\tabbookclass%(name)s\tabbookfont%(name)s
"""
_SWITCH = r"""\makeatletter
\newcommand\tabbookswitch[3]{%% between characters of two classes
  \XeTeXinterchartoks #1 #2={\begingroup #3\XeTeXlinebreaklocale "zh"\XeTeXlinebreakskip=0pt plus 1pt\relax}%%
  \XeTeXinterchartoks #2 #1={\endgroup}}
\newcommand\tabbookfallback[2]{%%
  \count@=\z@
  \loop\ifnum\count@<#1\relax \tabbookswitch{\count@}{#1}{#2}\advance\count@\@ne\repeat
  \tabbookswitch{\e@alloc@intercharclass@top}{#1}{#2}}
%s\AtBeginDocument{\XeTeXinterchartokenstate=1
%s}
\makeatother
"""
"""XeTeX changes fonts where a character of another class follows: text, code, bookmarks stay as they are."""


def main_fonts(language: str) -> str:
    """Return the LaTeX that sets the fonts of a book in ``language``."""
    start, _, _ = language.partition("_")
    return _MAIN % _families(language) + (_LINE_BREAKS % start if start in CJK else "")


def fallback_fonts(text: str, language: str) -> str:
    """Return the LaTeX that sets characters of ``text`` in other fonts, where the main ones lack them."""
    lacking = {one for one in {*text} if ord(one) > 0x7F} - _shared(_families(language))
    fonts: dict[str, list[str]] = {}
    for one in sorted(lacking):
        if family := _family_with(one, language):
            fonts.setdefault(family, []).append(f"{ord(one):X}")
    names = [chr(ord("A") + place) for place in range(len(fonts))]
    declared = [_FALLBACK % {"name": name, "family": one} for name, one in zip(names, fonts, strict=True)]
    classes = [
        f'\\XeTeXcharclass"{code}=\\tabbookclass{name}\n'
        for name, codes in zip(names, fonts.values(), strict=True)
        for code in codes
    ]
    return _SWITCH % ("".join(declared), "".join(classes)) if fonts else ""


def package_with(char: str) -> str:
    """Return the package of Debian that has a font with ``char``, most likely."""
    is_cjk = any(first <= ord(char) <= last for first, last in _CJK_BLOCKS) and not _is_symbol(char)
    return "fonts-noto-cjk" if is_cjk else "fonts-symbola"


def _is_symbol(char: str) -> bool:
    return 0x1D000 <= ord(char) <= 0x1FFFF


def _families(language: str) -> tuple[str, str, str]:
    start, _, _ = language.partition("_")
    if start not in CJK:
        return "FreeSerif", "FreeSans", "DejaVu Sans Mono"
    region = _region(language)
    return f"Noto Serif CJK {region}", f"Noto Sans CJK {region}", f"Noto Sans Mono CJK {region}"


def _region(language: str) -> str:
    return "TC" if language.lower() in _CJK_TRADITIONAL else CJK.get(language.partition("_")[0], "SC")


def _family_with(char: str, language: str) -> str:
    """Return a font that has ``char``; empty if none is installed. The same fonts give the same."""
    usual = ("FreeSerif", "DejaVu Sans Mono", "DejaVu Sans", f"Noto Serif CJK {_region(language)}")
    for one in usual:  # which most characters are in: then no program is asked for each of them
        if one in _installed() and char in _characters(one):
            return one
    return min(_installed(f":charset={ord(char):x}"), default="")


@cache
def _installed(pattern: str = "") -> frozenset[str]:
    """Return the families of fonts that can be drawn at any size, in black."""
    wanted = f"{pattern}:scalable=true:color=false"
    return frozenset(said("fc-list", "--format=%{family[0]}\n", wanted).splitlines())


def _shared(families: Iterable[str]) -> frozenset[str]:
    """Return the characters that all of ``families`` have."""
    return frozenset.intersection(*map(_characters, families))


@cache
def _characters(family: str) -> frozenset[str]:
    return frozenset(_expanded(said("fc-match", "--format=%{charset}", family)))


def _expanded(ranges: str) -> Iterator[str]:
    for one in ranges.split():
        first, _, last = one.partition("-")
        yield from map(chr, range(int(first, 16), int(last or first, 16) + 1))


def said(*command: str) -> str:
    """Return what a program prints."""
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout

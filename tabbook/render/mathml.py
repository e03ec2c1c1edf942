"""Formulas as MathML, which readers of e-books show without a script."""

import re
from html import escape

from math_core import LatexError, LatexToMathML

_REPLACED = {
    r"\mbox": r"\text",
    r"\hbox": r"\text",
    r"\Vert": r"\|",
    r"\bm": r"\boldsymbol",
}
"""Commands that the library does not know, with others that mean the same."""
_SAME = re.compile(rf"({'|'.join(map(re.escape, _REPLACED))})(?![A-Za-z])")
_TEXT = re.compile(r"\\text(?:rm)?\{([^{}$]*)\$([^$]*)\$([^{}]*)\}")
"""Text with a formula inside."""
_SUBSTACK = re.compile(r"\\substack\{((?:[^{}]|\{[^{}]*\})*)\}")
_NOT_IN_EPUB = re.compile(r"""</?span[^<>]*>| scriptlevel="0"(?=[^<>]*><mtr)""")
"""What names the font of text in a formula, and the size of tables, which they have anyway."""
_ESCAPES = re.compile(r"\x1b\[[\d;]*m")


class MathML:
    """Makes MathML of formulas."""

    def __init__(self) -> None:
        self._converter = LatexToMathML(xml_namespace=True)

    def formula(self, tex: str, *, display: bool) -> tuple[str, str]:
        """Return a formula as MathML, and why it is not; it is then shown as TeX."""
        try:
            made = self._converter.convert_with_local_state(_plain(tex), displaystyle=display)
        except LatexError as error:
            lines = [line for line in _ESCAPES.sub("", str(error)).splitlines() if line.strip()]
            return f"<code>{escape(tex)}</code>", lines[0].removeprefix("Error: ").rstrip(".")
        made = _NOT_IN_EPUB.sub("", made)
        said = escape(" ".join(tex.split()), quote=True)
        return made.replace("<math", f'<math alttext="{said}"', 1), ""


def _plain(tex: str) -> str:
    """Return a formula without what the library does not know and others say as well."""
    tex = _SAME.sub(lambda found: _REPLACED[found[1]], tex)
    tex = _SUBSTACK.sub(r"\\begin{matrix}\1\\end{matrix}", tex)
    while (found := _TEXT.search(tex)) is not None:
        before, inside, after = found.groups()
        tex = f"{tex[: found.start()]}\\text{{{before}}}{inside}\\text{{{after}}}{tex[found.end() :]}"
    return tex

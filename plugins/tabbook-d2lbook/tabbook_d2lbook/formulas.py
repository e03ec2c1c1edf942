"""Formulas as every MathJax and LaTeX shows them: text inside them valid, environments inside ``$$``."""

import re
from collections.abc import Iterator

_TEXT = re.compile(r"\\(?:text(?:rm|bf|it|sf|tt|up|normal)?|[mhf]box)[ \t]*\{")
_KEPT = re.compile(r"\\begin\{.*|\\\(.*?\\\)|\\[A-Za-z]*ref\{[^{}]*\}|\\.|(?<!\\)\$[^$]*\$", re.DOTALL)
_SPECIAL = re.compile(r"[_&#%^]")
_LABEL = re.compile(r"\\label\{([^{}]*)\}[ \t]*")
_INSIDE = {
    "equation": "",
    "displaymath": "",
    "math": "",
    "align": "aligned",
    "flalign": "aligned",
    "alignat": "alignedat",
    "gather": "gathered",
    "multline": "gathered",
    "eqnarray": "array",
}
"""The environment to write inside ``$$`` for one that is a formula of its own; empty for none."""
_WHOLE = frozenset(
    (
        *("aligned", "alignedat", "gathered", "split", "array", "cases", "matrix", "smallmatrix"),
        *("bmatrix", "Bmatrix", "pmatrix", "vmatrix", "Vmatrix"),
    )
)


def is_formula(environment: str) -> bool:
    """Say whether a LaTeX environment holds mathematics."""
    name = environment.rstrip("*")
    return name in _INSIDE or name in _WHOLE


def from_environment(source: str, environment: str) -> tuple[str, str]:
    """Return what goes between ``$$`` for a whole LaTeX environment, and its first label or nothing.

    Without an environment, it is the formula without its labels.
    """
    labels = _LABEL.findall(source)
    source = _LABEL.sub("", source)
    inside = _INSIDE.get(environment.rstrip("*"))
    if inside is not None:
        body = source[len(rf"\begin{{{environment}}}") : -len(rf"\end{{{environment}}}")].strip("\n")
        argument = "{rcl}" if inside == "array" else ""
        source = f"\\begin{{{inside}}}{argument}\n{body}\n\\end{{{inside}}}" if inside else body
    return source, labels[0] if labels else ""


def with_valid_text(formula: str) -> str:
    r"""Return a formula whose text, such as ``\textrm{a_b}``, holds no character that LaTeX refuses there.

    MathJax without its package for macros in text shows such characters, and with it refuses the
    formula, as LaTeX does.
    """
    pieces, position = [], 0
    for start, end in _arguments(formula):
        pieces += [formula[position:start], _escaped(formula[start:end])]
        position = end
    return "".join([*pieces, formula[position:]])


def _arguments(formula: str) -> Iterator[tuple[int, int]]:
    """Yield where the text in a formula begins and ends, without what is inside other text."""
    position = 0
    while found := _TEXT.search(formula, position):
        depth, position = 1, found.end()
        while depth and position < len(formula):
            character = formula[position]
            depth += (character == "{") - (character == "}")
            position += 2 if character == "\\" else 1
        if depth:
            return
        yield found.end(), position - 1


def _escaped(text: str) -> str:
    pieces, position = [], 0
    for kept in _KEPT.finditer(text):
        pieces += [_SPECIAL.sub(_escape, text[position : kept.start()]), kept[0]]
        position = kept.end()
    return "".join([*pieces, _SPECIAL.sub(_escape, text[position:])])


def _escape(found: re.Match[str]) -> str:
    return r"\^{}" if found[0] == "^" else f"\\{found[0]}"

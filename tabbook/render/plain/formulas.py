"""Formulas as viewers of notebooks take them: between dollars, numbered by the book."""

import re

_AMS = {
    **dict.fromkeys(("align", "eqnarray", "split", "flalign"), "aligned"),
    **dict.fromkeys(("gather", "multline"), "gathered"),
    "alignat": "alignedat",
}
"""The environments that stand for themselves, and those that may stand inside dollars."""
_ENVIRONMENT = re.compile(rf"\\(begin|end)\{{({'|'.join(_AMS)})\*?\}}")
_EQUATION = re.compile(r"\\(?:begin|end)\{(?:equation|math|displaymath)\*?\}")
_LABEL = re.compile(r"\\label\{[^{}]*\}")
_COLUMNS = re.compile(r"\\begin\{array\}(?:\[\w\])?\{[^{}]*\}")
_COMMENT = re.compile(r"(?<!\\)((?:\\\\)*)%.*")


def inline_formula(tex: str, *, in_table: bool) -> str:
    """Return a formula in a sentence, on one line; in a table without the sign that ends a cell."""
    text = " ".join(_bare(tex).split())
    return f"${_without_bars(text) if in_table else text}$"


def _without_bars(text: str) -> str:
    """Return a formula without the sign that ends a cell; the lines of an array become dashed ones."""
    text = _COLUMNS.sub(lambda found: found[0].replace("|", ":"), text)
    return text.replace("\\|", "\\Vert ").replace("|", "\\vert ").strip()


def display_formula(tex: str, number: str, *, on_one_line: bool, in_table: bool = False) -> list[str]:
    """Return the lines of a displayed formula; ``number`` is empty if it has none.

    Viewers take a formula out of the text before they read the rest as Markdown, so it must not have
    the marks of a quotation inside: there it is on one line.
    """
    parts = [
        part.strip("\n") for part in re.split(r"\n[ \t]*\n", _EQUATION.sub("", _bare(tex))) if part.strip()
    ]
    parts = [_ENVIRONMENT.sub(lambda found: f"\\{found[1]}{{{_AMS[found[2]]}}}", part) for part in parts]
    if len(parts) > 1:  # several formulas under each other
        rows = " \\\\\n".join(_aligned(part) if "\\\\" in part else part for part in parts)
        body = f"\\begin{{aligned}}\n{rows}\n\\end{{aligned}}"
    else:
        body = _aligned(parts[0]) if parts else ""
    if in_table:
        body = _without_bars(body)
    lines = [line.rstrip() for line in body.split("\n") if line.strip()]
    if number and "\\tag{" not in body:
        lines.append(f"\\tag{{{number}}}")
    if on_one_line:
        return ["$$" + " ".join(line.strip() for line in lines) + "$$"]
    return ["$$", *lines, "$$"]


def _aligned(part: str) -> str:
    """Return a formula of several lines in an environment that has lines."""
    outside = re.sub(r"\\begin\{(\w+\*?)\}.*?\\end\{\1\}", "", part, flags=re.DOTALL)
    return f"\\begin{{aligned}}\n{part}\n\\end{{aligned}}" if "\\\\" in outside else part


def _bare(tex: str) -> str:
    """Return a formula without comments, and without labels: a notebook refers by number."""
    return _LABEL.sub("", _COMMENT.sub(r"\1", tex)).strip()

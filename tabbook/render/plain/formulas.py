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
_TAG = re.compile(r"\\tag\*?\{(?:[^{}]|\{[^{}]*\})*\}")
_AT_BRACKET = re.compile(r"\A\s*\[")
"""After the end of a row it would be how much space follows."""
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
    tags = [match[0] for part in parts for match in _TAG.finditer(part)]
    if len(tags) > 1 and len(parts) > 1:  # rows with numbers cannot be in a formula of other rows
        shown = [display_formula(part, "", on_one_line=on_one_line, in_table=in_table) for part in parts]
        return [line for lines in shown for line in ("", *lines)][1:]
    parts = [_inner(_AT_BRACKET.sub("{}[", part), len(tags) > 1) for part in parts]
    if len(parts) > 1:  # several formulas under each other
        rows = " \\\\\n".join(_aligned(part) if "\\\\" in part else part for part in parts)
        body = f"\\begin{{aligned}}\n{rows}\n\\end{{aligned}}"
    else:
        body = _aligned(parts[0]) if parts else ""
    if in_table:
        body = _without_bars(body)
    lines = [line.rstrip() for line in body.split("\n") if line.strip()]
    if len(tags) == 1 or (number and not tags):
        lines.append(tags[0] if tags else f"\\tag{{{number}}}")
    if on_one_line:
        return ["$$" + " ".join(line.strip() for line in lines) + "$$"]
    return ["$$", *lines, "$$"]


def _inner(part: str, has_tags: bool) -> str:
    """Return a formula in environments that may stand inside dollars.

    These can hold no number: a single one goes below the formula. With ``has_tags`` rows keep theirs, in
    the environments that are whole displays, which viewers also take between dollars.
    """
    if has_tags:
        part = _ENVIRONMENT.sub(lambda found: f"\\{found[1]}{{{_display(found[2])}}}", part)
        return _aligned(part, "align*")
    return _ENVIRONMENT.sub(lambda found: f"\\{found[1]}{{{_AMS[found[2]]}}}", _TAG.sub("", part))


def _display(name: str) -> str:
    return f"{name}*" if name in ("gather", "alignat") else "align*"


def _aligned(part: str, name: str = "aligned") -> str:
    """Return a formula of several lines in an environment that has lines."""
    outside = re.sub(r"\\begin\{(\w+\*?)\}.*?\\end\{\1\}", "", part, flags=re.DOTALL)
    return f"\\begin{{{name}}}\n{part}\n\\end{{{name}}}" if "\\\\" in outside else part


def _bare(tex: str) -> str:
    """Return a formula without comments, and without labels: a notebook refers by number."""
    return _LABEL.sub("", _COMMENT.sub(r"\1", tex)).strip()

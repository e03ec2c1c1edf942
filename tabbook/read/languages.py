"""The language of code cells. Kernels run Python: other languages are refused before anything runs."""

import re
from collections.abc import Mapping
from typing import Any

from tabbook.errors import nearest, suggestion

_PYTHON = re.compile(r"(?:i?py(?:thon)?[\d.]*)?", re.IGNORECASE)
_DECLARED = (("kernelspec", "language"), ("language_info", "name"), ("jupytext", "main_language"))
_KERNELS = {
    "almond": "Scala", "bash": "Bash", "calysto_scheme": "Scheme", "deno": "TypeScript", "evcxr": "Rust",
    "gophernotes": "Go", "ihaskell": "Haskell", "iperl": "Perl", "ir": "R", "javascript": "JavaScript",
    "jslab": "JavaScript", "julia": "Julia", "kotlin": "Kotlin", "matlab": "MATLAB", "ocaml": "OCaml",
    "octave": "Octave", "ruby": "Ruby", "rust": "Rust", "sas": "SAS", "scala": "Scala", "stata": "Stata",
    "tslab": "TypeScript", "xcpp": "C++", "xr": "R",
}  # fmt: skip
"""What kernels of other languages are called, up to their version."""
_KERNEL = re.compile(rf"({'|'.join(_KERNELS)})(?![a-z])", re.IGNORECASE)


_MAGICS = frozenset({"bash", "html", "javascript", "latex", "perl", "ruby", "sh"})
"""Languages that a cell in Python can hold, by a magic of IPython's own."""


def cell_language_fault(info: str) -> tuple[str, str] | None:
    """Return message and hint for a code cell that is not in Python; ``info`` is what its fence says."""
    language = next(iter(info.removeprefix("{code-cell}").split()), "")
    if _PYTHON.fullmatch(language):
        return None
    magic = f" and begin the cell with '%%{language}'" if language in _MAGICS else ""
    shown = f"write '{{code-cell}} python'{magic}, or '{{code-block}} {language}' to only show the code"
    hint = suggestion(nearest(language.lower(), ("python", "ipython3"), 0.8), shown)
    return f"this code cell is in {language!r}, and only Python is executed", hint


def page_language_fault(data: Mapping[str, Any]) -> tuple[tuple[str, str], str, str] | None:
    """Return the key in front matter that chooses another language than Python, message and hint."""
    hint = "write 'kernelspec: {name: python3, display_name: Python 3}'"
    for key, part in _DECLARED:
        values = data.get(key)
        language = values.get(part) if isinstance(values, Mapping) else None
        if isinstance(language, str) and not _PYTHON.fullmatch(language):
            return (key, part), f"{key}.{part} is {language!r}, and only Python is executed", hint
    kernel = data.get("kernelspec")
    name = str(kernel.get("name")) if isinstance(kernel, Mapping) and "language" not in kernel else ""
    if found := _KERNEL.match(name):
        message = f"the kernel {name!r} is for {_KERNELS[found[1].lower()]}, and only Python is executed"
        return ("kernelspec", "name"), message, hint
    return None

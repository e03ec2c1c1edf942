"""The files beside the pages of a new book that are the same wherever it comes from."""

from collections.abc import Mapping
from typing import Any

_MATHJAX = {
    "loader": {"load": ["[tex]/textmacros"]},
    "tex": {"packages": {"[+]": ["textmacros"]}},
}
"""MathJax with macros in the text of formulas (``\\text{50\\%}``), wherever it comes from.

The MathJax that tabbook puts into sites has this package on anyway, that of Sphinx has not.
"""
EXTENSIONS = ["colon_fence", "dollarmath", "html_image"]
SPHINX: Mapping[str, Any] = {
    "nb_custom_formats": {".md": ["tabbook.render.read_page", {}, False]},
    "myst_enable_extensions": EXTENSIONS,
    "myst_heading_anchors": 6,  # links to headings of every level
    "numfig_secnum_depth": 2,
    "math_number_all": True,
    "mathjax3_config": _MATHJAX,
}
"""The options of Sphinx that every new book has."""
_IGNORE = "_build/\n.tabbook/\n__pycache__/\n"
_JUPYTEXT = """\
# How Jupytext saves a section that was edited in JupyterLab.

# The front matter is the first cell of the notebook, as text, and is saved as it is there. What
# JupyterLab knows of the session, such as the kernel that was chosen, is not saved.
root_level_metadata_filter = "-all"
notebook_metadata_filter = "-all"

# A cell keeps its options, and what editors note for themselves is not saved.
cell_metadata_filter = "all,-collapsed,-deletable,-editable,-execution,-ExecuteTime,-heading_collapsed,\
-jp-MarkdownHeadingCollapsed,-jupyter,-papermill,-scrolled,-trusted,-vscode"
"""


def common_files(language: str) -> dict[str, str]:
    """Return the files that every new book has, by path; ``language`` is what Sphinx calls it."""
    lines = ["# What builds the book.", "jupyter-book>=1.0.4,<2", "tabbook[render]"]
    if language.startswith("zh"):
        lines.append("jieba # finds the words of Chinese text, or else the site's search finds none")
    return {
        "requirements.txt": "\n".join([*lines, ""]),
        "jupytext.toml": _JUPYTEXT,
        ".gitignore": _IGNORE,
    }

"""The parser of blocks: what is a fence, a heading or a formula is decided as MyST decides it."""

import re
from collections.abc import Callable
from functools import cache

from markdown_it import MarkdownIt
from markdown_it.token import Token
from mdit_py_plugins.amsmath import amsmath_plugin
from mdit_py_plugins.attrs import attrs_block_plugin
from mdit_py_plugins.colon_fence import colon_fence_plugin
from mdit_py_plugins.deflist import deflist_plugin
from mdit_py_plugins.dollarmath import dollarmath_plugin
from mdit_py_plugins.field_list import fieldlist_plugin
from mdit_py_plugins.footnote import footnote_plugin
from mdit_py_plugins.front_matter import front_matter_plugin
from mdit_py_plugins.myst_blocks import myst_block_plugin
from mdit_py_plugins.substitution import substitution_plugin

_PLUGINS: dict[str, Callable[..., None]] = {
    "dollarmath": dollarmath_plugin,
    "amsmath": amsmath_plugin,
    "deflist": deflist_plugin,
    "fieldlist": fieldlist_plugin,
    "substitution": substitution_plugin,
    "attrs_block": attrs_block_plugin,
}
"""The extensions of MyST that change where blocks begin and end. The others are about text inside them."""
_VERBATIM = re.compile(
    r"^\{(?:code|code-block|code-cell|sourcecode|literalinclude|parsed-literal|highlight|raw|math|eval-rst"
    r"|prompt|doctest|testcode|testoutput|testsetup|testcleanup|productionlist|mermaid|graphviz|graph|digraph"
    r"|plantuml|uml)\}"
)


@cache
def _parser(extensions: frozenset[str], is_file: bool) -> MarkdownIt:
    # MyST's own factory would do, but its package needs Sphinx. A test compares the two.
    parser = MarkdownIt("commonmark").enable("table").use(myst_block_plugin)
    parser.use(footnote_plugin).disable("footnote_tail")
    if is_file:
        parser.use(front_matter_plugin)
    parser.use(colon_fence_plugin)  # in any case: text for some frameworks is in such fences
    for name, plugin in _PLUGINS.items():
        if name in extensions:
            parser.use(plugin)
    return parser.disable("inline")  # the renderer parses the text inside the blocks


def blocks(text: str, extensions: frozenset[str]) -> list[Token]:
    """Return the blocks of a file's text as markdown-it's tokens, with these extensions of MyST."""
    return _parser(extensions, True).parse(text)


def blocks_within(text: str) -> list[Token]:
    """Return the blocks of a piece of a file, with all extensions that change where blocks begin."""
    return _parser(frozenset(_PLUGINS), False).parse(text)


def fence_for(text: str, mark: str = "`") -> str:
    """Return a fence of ``mark`` that nothing in ``text`` closes."""
    longest = max((len(run) for run in re.findall(f"{mark}{{3,}}", text)), default=0)
    return mark * max(3, longest + 1)


def is_literal(info: str) -> bool:
    """Say whether a fence with this info string shows its content as it is, not as Markdown."""
    return not info.startswith("{") or _VERBATIM.match(info) is not None

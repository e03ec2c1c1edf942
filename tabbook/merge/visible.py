"""What readers see of a cell's outputs: one answer for the page and for the exports.

Outputs are shown in the order of the run. A widget needs a live kernel, so its text is shown
instead, and the page shows the text of every other output that it cannot draw.
"""

import re
from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Any

from tabbook.language import translator
from tabbook.merge.glue import split_glued
from tabbook.merge.markup import with_html
from tabbook.model import Output, with_hyphens

WIDGETS = "application/vnd.jupyter.widget"
"""What the types of widgets begin with."""
PAGE_TYPES = frozenset(
    (
        *("text/plain", "text/html", "text/markdown", "text/latex", "application/javascript"),
        *("image/png", "image/jpeg", "image/gif", "image/svg+xml", "application/pdf"),
    )
)
"""The types that MyST-NB has nodes for; a picture as PDF is for books on paper."""
_NOT_IN_BROWSERS = frozenset(("application/pdf",))
_OVERWRITTEN = re.compile(r"[^\n]*\r(?=[^\r\n])")
_ADDRESS = re.compile(r"(?<= at )0x[0-9a-f]+")
"""Where an object is in memory, as its ``repr`` says: it differs from process to process."""
_SVG_ID = re.compile(r"(?<=[\"#])[mp][0-9a-f]{10}(?=[\")])")


def hides_outputs(tags: Iterable[str]) -> bool:
    """Say whether a cell with ``tags`` shows no outputs."""
    return not with_hyphens(tags).isdisjoint(("remove-output", "remove-cell"))


def shown(outputs: Iterable[Output], tags: Iterable[str], language: str = "en") -> tuple[Output, ...]:
    """Return what readers see of the outputs of a cell with ``tags``, in the order of the run.

    Neighbouring prints on one stream are one output. Of a widget its text is kept; if it has none,
    a note in ``language`` takes its place.
    """
    names = with_hyphens(tags)
    if hides_outputs(names):
        return ()
    visible: list[Output] = []
    for output in outputs:
        if f"remove-{output.get('name')}" in names:
            continue
        last = visible[-1] if visible else {}
        if output["output_type"] != "stream":
            visible.append(_without(output, lambda mime: mime.startswith(WIDGETS), language))
        elif last.get("output_type") == "stream" and last["name"] == output["name"]:
            visible[-1] = {**last, "text": last["text"] + text_of(output["text"])}
        else:
            visible.append({**output, "text": text_of(output["text"])})
    return tuple(_as_displayed(output) for output in visible)


def seen_and_glued(
    outputs: Iterable[Output], tags: Iterable[str], language: str = "en"
) -> tuple[tuple[Output, ...], tuple[Output, ...]]:
    """Return what readers see at a cell with ``tags``, and what is there only to be glued elsewhere."""
    seen, glued = split_glued(outputs, hidden=hides_outputs(tags))
    return shown(seen, tags, language), glued


def on_page(
    outputs: Iterable[Output], types: Collection[str] = PAGE_TYPES, language: str = "en"
) -> tuple[Output, ...]:
    """Return ``outputs`` with only the ``types`` that the page can draw, or a note in ``language``."""
    drawn = (_without(output, lambda mime: mime not in types, language) for output in outputs)
    return tuple({**one, "data": with_html(one["data"])} if "data" in one else one for one in drawn)


def text_of(value: Any) -> str:
    """Return a text that nbformat may write as a list of lines."""
    return value if isinstance(value, str) else "".join(value)


def _as_displayed(output: Output) -> Output:
    """Return a stream as a terminal shows it: a line that was written again once, as it was in the end."""
    if output["output_type"] != "stream" or "\r" not in output["text"]:
        return output
    return {**output, "text": _OVERWRITTEN.sub("", output["text"].replace("\r\n", "\n"))}


def _without(output: Output, dropped: Callable[[str], bool], language: str) -> Output:
    """Return an output without the types that are ``dropped``; a note takes the place of the last."""
    data = output.get("data")
    if data is None:
        return output
    kept = {mime: value for mime, value in data.items() if not dropped(mime)}
    if kept.keys() <= _NOT_IN_BROWSERS and data:
        missing = ", ".join(sorted({*data} - {*kept})) or ", ".join(sorted(kept))
        _ = translator(language)
        note = _("[An output of the type {type}, which has no text form.]").format(type=missing)
        kept = {**kept, "text/plain": note}
    return output if kept == data else {**output, "data": kept}


def look_equal(one: Sequence[Output], other: Sequence[Output]) -> bool:
    """Say whether two frameworks' outputs look the same, apart from the numbers of the cells."""

    def essence(outputs: Sequence[Output]) -> list[Output]:
        return [_essence(output) for output in outputs]

    return essence(one) == essence(other)


def _essence(output: Output) -> Output:
    """Return an output without its cell's number, objects' addresses, and the names inside its drawing.

    matplotlib hashes a path's ``repr`` into its name, and NumPy 1 and 2 do not print numbers alike.
    """
    essence = {key: _unplaced(value) for key, value in output.items() if key != "execution_count"}
    if isinstance(plain := essence.get("data", {}).get("text/plain"), str | list):
        essence["data"] = {**essence["data"], "text/plain": _unplaced(text_of(plain))}
    drawing = essence.get("data", {}).get("image/svg+xml")
    if drawing is not None:
        order: dict[str, str] = {}
        named = _SVG_ID.sub(lambda found: order.setdefault(found[0], f"id{len(order)}"), text_of(drawing))
        essence["data"] = {**essence["data"], "image/svg+xml": named}
    return essence


def _unplaced(value: Any) -> Any:
    """Return a text without addresses; any other value as it is."""
    return _ADDRESS.sub("0x", value) if isinstance(value, str) else value

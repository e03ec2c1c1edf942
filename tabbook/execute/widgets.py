"""Widgets on a page that has no kernel: the text that they end with, in place of their views.

A kernel knows a widget by the state of its model, which it publishes. A page shows text: boxes as
what is in them, `Output` widgets as what they captured, all others as they describe themselves.
"""

import html
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

VIEW = "application/vnd.jupyter.widget-view+json"
"""The type of data that shows a widget where there is a kernel."""
_REFERENCE = "IPY_MODEL_"
_BAR_CHARACTERS = 10
"""Characters of the bar of a progress widget."""

Output = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Widgets:
    """The widgets of a kernel, by the names of their models.

    ``states`` are the models' states, ``captured`` holds the outputs of `Output` widgets,
    ``texts`` how widgets describe themselves. ``closed`` ones are not shown any more.
    """

    states: Mapping[str, Mapping[str, Any]]
    captured: Mapping[str, Sequence[Output]]
    texts: Mapping[str, str]
    closed: frozenset[str] = frozenset()

    def settled(self, outputs: Iterable[Output], within: frozenset[str] = frozenset()) -> Iterator[Output]:
        """Yield ``outputs`` with what widgets show in the end in place of their views.

        ``within`` are the widgets that hold these outputs; they are not shown again.
        """
        for output in outputs:
            view = output.get("data", {}).get(VIEW)
            if view is None:
                yield output
            else:
                yield from self._shown(str(view.get("model_id", "")), output, within)

    def _shown(self, model: str, output: Output, within: frozenset[str]) -> Iterator[Output]:
        """Yield what is stored for ``output``, the display of a widget."""
        data = {kind: value for kind, value in output["data"].items() if kind != VIEW}
        lines: list[str] = []
        for part in self._parts(model, str(data.get("text/plain", "")), within):
            if isinstance(part, str):
                lines.append(part)
                continue
            if lines:
                yield _with_text(output, data, lines)
            lines = []
            yield part
        if lines:
            yield _with_text(output, data, lines)

    def _parts(self, model: str, fallback: str, within: frozenset[str]) -> Iterator[str | Output]:
        """Yield the lines and outputs that a widget consists of."""
        if model in self.closed or model in within:
            return
        state = self.states.get(model, {})
        within |= {model}
        if model in self.captured:
            yield from self.settled(self.captured[model], within)
        elif children := _children(state):
            is_row = state.get("_model_name") == "HBoxModel"
            parts = [part for child in children for part in self._inside(child, within)]
            yield from _joined(parts) if is_row else parts
        else:
            yield self.texts.get(model) or fallback or str(state.get("_model_name", "")).removesuffix("Model")

    def _inside(self, model: str, within: frozenset[str]) -> Iterator[str | Output]:
        """Yield the parts of a widget in a box; text and progress bars as a reader sees them."""
        state = self.states.get(model, {})
        name = str(state.get("_model_name", ""))
        if model in self.closed:
            return
        if name in ("HTMLModel", "HTMLMathModel", "LabelModel"):
            yield _text(str(state.get("value", "")))
        elif name in ("FloatProgressModel", "IntProgressModel"):
            yield _bar(state)
        else:
            yield from self._parts(model, "", within)


def wanted(outputs: Iterable[Output], states: Mapping[str, Any]) -> list[str]:
    """Return the models whose texts may be needed: all that have views, if ``outputs`` show any."""
    if not any(VIEW in output.get("data", {}) for output in outputs):
        return []
    return sorted(model for model, state in states.items() if state.get("_view_name"))


def _children(state: Mapping[str, Any]) -> list[str]:
    """Return the models of the widgets in a box."""
    children = state.get("children")
    if not isinstance(children, list | tuple):
        return []
    names = (child for child in children if isinstance(child, str) and child.startswith(_REFERENCE))
    return [name.removeprefix(_REFERENCE) for name in names]


def _joined(parts: Iterable[str | Output]) -> Iterator[str | Output]:
    """Yield ``parts`` with neighbouring texts as one line."""
    line: list[str] = []
    for part in parts:
        if isinstance(part, str):
            line += filter(None, [part.strip()])
            continue
        if line:
            yield " ".join(line)
        line = []
        yield part
    if line:
        yield " ".join(line)


def _text(value: str) -> str:
    """Return the text of HTML, with spaces in place of other white space, such as tqdm's."""
    return re.sub(r"\s", " ", html.unescape(re.sub(r"<[^<>]*>", "", value)))


def _bar(state: Mapping[str, Any]) -> str:
    """Return a progress widget as a bar of characters."""
    low, high, value = (
        float(state.get(name, default)) for name, default in (("min", 0), ("max", 100), ("value", 0))
    )
    share = (value - low) / (high - low) if high > low else 0
    return f"|{'█' * round(_BAR_CHARACTERS * min(max(share, 0), 1)):{_BAR_CHARACTERS}}|"


def _with_text(output: Output, data: Mapping[str, Any], lines: Iterable[str]) -> Output:
    """Return ``output`` with ``data``, whose text is ``lines``."""
    return {**output, "data": {**data, "text/plain": "\n".join(lines)}}

"""Stored outputs: from the source's JSON to nbformat's values, without what is no output."""

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from tabbook.execute.outputs import without_colours
from tabbook.model import Output

_NOTICE = re.compile(r'\s*Ignored to run as it is not marked as an? "(?P<tab>[^"]*)" cell\.?\s*')
_DROPPED = ("application/vnd.jupyter.widget", "application/vnd.dataresource", "application/javascript")


class OutputError(Exception):
    """A stored output is not what nbformat knows."""


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return "".join(map(str, value))
    raise OutputError("a text is neither a string nor a list of strings")


def _data(value: Any) -> dict[str, Any]:
    if not isinstance(value, Mapping):
        raise OutputError("an output has no data")
    bundle: dict[str, Any] = {}
    for mime, content in value.items():
        if not mime.startswith(_DROPPED):
            bundle[mime] = content if mime.endswith("json") else _text(content)
    return bundle


def _output(value: Any) -> Output:
    if not isinstance(value, Mapping):
        raise OutputError("an output is not an object")
    kind = value.get("output_type")
    if kind == "stream":
        return {
            "output_type": "stream",
            "name": str(value.get("name", "stdout")),
            "text": _text(value.get("text", "")),
        }
    if kind in ("display_data", "execute_result", "pyout"):
        metadata = value.get("metadata")
        output: Output = {
            "output_type": "execute_result" if kind == "pyout" else kind,
            "metadata": dict(metadata) if isinstance(metadata, Mapping) else {},
            "data": _data(value.get("data")),
        }
        if output["output_type"] == "execute_result":
            output["execution_count"] = None
        return output
    if kind in ("error", "pyerr"):
        traceback = value.get("traceback", [])
        return {
            "output_type": "error",
            "ename": str(value.get("ename", "Error")),
            "evalue": str(value.get("evalue", "")),
            "traceback": [str(line) for line in traceback] if isinstance(traceback, list) else [],
        }
    raise OutputError(f"unknown kind of output {kind!r}")


def read_outputs(text: str) -> tuple[list[Output], list[str]]:
    """Return the outputs in a ``{.json .output}`` block, and the tabs that its notices name.

    A notice says that the cell was skipped because another tab was selected: it is no output, but
    names that tab. Widgets are reduced to their text.

    Raises:
        OutputError: The text is not a list of outputs.
    """
    try:
        values = json.loads(text)
    except json.JSONDecodeError as error:
        raise OutputError(f"not valid JSON: {error}") from None
    if not isinstance(values, list):
        raise OutputError("not a list of outputs")
    outputs: list[Output] = []
    selected: list[str] = []
    for value in values:
        output = _output(value)
        notice = _NOTICE.fullmatch(output["text"]) if output["output_type"] == "stream" else None
        if notice:
            selected.append(notice["tab"])
        elif output.get("data", {"": ""}):
            outputs.append(output)
    return outputs, selected


def as_text(outputs: Iterable[Output]) -> str:
    """Return outputs as plain text, for a cell that is shown and not run."""
    parts = []
    for output in outputs:
        if output["output_type"] == "stream":
            parts.append(output["text"])
        elif output["output_type"] == "error":
            parts.append("\n".join(output["traceback"]) or f"{output['ename']}: {output['evalue']}")
        else:
            parts.append(str(output["data"].get("text/plain", "")))
    return without_colours("\n".join(part.rstrip("\n") for part in parts if part.strip()))

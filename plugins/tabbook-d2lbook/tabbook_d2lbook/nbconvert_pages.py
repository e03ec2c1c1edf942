"""Pages that nbconvert made: plain ``python`` fences, outputs indented below, figures in a folder."""

import base64
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import PurePosixPath
from typing import Protocol

from tabbook.model import Output
from tabbook_d2lbook.fences import Fence

_FIGURE = re.compile(r"^!\[(?P<kind>svg|png|jpeg|jpg|gif)\]\((?P<path>[^()\s]+_files/[^()\s]+)\)\s*$")
_MIMES = {
    "svg": "image/svg+xml",
    "png": "image/png",
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "gif": "image/gif",
}


class ReadBytes(Protocol):
    """Reads a file of the source, given relative to the page; None where there is none."""

    def __call__(self, path: str, /) -> bytes | None:
        """Return the content of the file."""


def is_exported(lines: Sequence[str], fences: Sequence[Fence]) -> bool:
    """Say whether a page is an exported notebook: code fences with indented outputs or figures below."""
    if any(fence.kind in ("input", "output") for fence in fences):
        return False
    code = [fence for fence in fences if fence.kind == "code" and fence.language == "python"]
    return any(_has_output(lines, fence.end) for fence in code)


def _has_output(lines: Sequence[str], start: int) -> bool:
    number = start
    while number < len(lines) and not lines[number].strip():
        number += 1
    return number < len(lines) and (lines[number].startswith("    ") or bool(_FIGURE.match(lines[number])))


def as_cell(fence: Fence) -> Fence:
    """Return a plain fence as the code cell that it was."""
    return replace(fence, kind="input")


def read_exported_outputs(
    lines: Sequence[str], start: int, read: ReadBytes
) -> tuple[list[Output], int, list[tuple[str, int]]]:
    """Return the outputs below a cell that ends before ``start``.

    Also the line behind them, and the figures that are missing, with their lines.
    """
    outputs: list[Output] = []
    missing: list[tuple[str, int]] = []
    number, blanks, end = start, 0, start
    while number < len(lines):
        line = lines[number]
        if not line.strip():
            blanks, number = blanks + 1, number + 1
            continue
        figure = _FIGURE.match(line)
        if figure:
            data = read(figure["path"])
            if data is None:
                missing.append((figure["path"], number))
            outputs.append(_figure(figure["path"], data))
            number += 1
        elif line.startswith("    "):
            text, number = _indented(lines, number)
            # Exports set results off by more blank lines than what was printed.
            outputs.append(_result(text) if blanks > 2 else _printed(text))
        else:
            break
        blanks, end = 0, number
    return outputs, end, missing


def _indented(lines: Sequence[str], start: int) -> tuple[str, int]:
    number = start
    while number < len(lines) and (lines[number].startswith("    ") or not lines[number].strip()):
        number += 1
    while not lines[number - 1].strip():
        number -= 1
    return "\n".join(line[4:] for line in lines[start:number]), number


def _result(text: str) -> Output:
    return {
        "output_type": "execute_result",
        "metadata": {},
        "data": {"text/plain": text},
        "execution_count": None,
    }


def _printed(text: str) -> Output:
    return {"output_type": "stream", "name": "stdout", "text": text + "\n"}


def _figure(path: str, data: bytes | None) -> Output:
    name = PurePosixPath(path).name
    bundle = {"text/plain": f"<figure {name}>" if data is not None else f"<the figure {name} is missing>"}
    mime = _MIMES.get(name.rsplit(".", 1)[-1].lower(), "image/png")
    if data is not None:
        is_text = mime == "image/svg+xml"
        bundle[mime] = data.decode("utf-8", "replace") if is_text else base64.b64encode(data).decode()
    return {"output_type": "display_data", "metadata": {}, "data": bundle}

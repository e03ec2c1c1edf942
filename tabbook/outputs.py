"""A cell's outputs as they are kept: without what differs from one run or machine to the next."""

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from tabbook.model import Output

_ANSI = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]")
_CELL_FILE = re.compile(r"/ipykernel_\d+/\d+\.py")
_ERASED = re.compile(r"[^\n\x08]\x08")


def plain(text: str) -> str:
    """Return ``text`` without the escape sequences that colour it on a terminal."""
    return _ANSI.sub("", text)


def _settled(text: str) -> str:
    """Return what a terminal shows in the end: after backspaces and carriage returns."""
    text = text.replace("\r\n", "\n")
    erased = None
    while erased != text:
        erased, text = text, _ERASED.sub("", text)
    text = text.replace("\x08", "")
    return "\n".join(line.rstrip("\r").rsplit("\r", 1)[-1] for line in text.split("\n"))


def _tidy(text: str, paths: Mapping[str, str]) -> str:
    """Return ``text`` with the names of temporary files and of this machine's folders replaced."""
    for path, name in paths.items():
        text = text.replace(path, name)
    return _CELL_FILE.sub("<cell>", text)


def _flush(run: dict[str, str], paths: Mapping[str, str]) -> list[Output]:
    """Return a run of streams as one output for each stream, standard output first."""
    return [
        {"output_type": "stream", "name": name, "text": _tidy(_settled(run[name]), paths)}
        for name in sorted(run, reverse=True)
        if run[name]
    ]


def normalise(
    outputs: Iterable[Mapping[str, Any]], paths: Mapping[str, str] | None = None
) -> tuple[Output, ...]:
    """Return a cell's outputs as plain values that are the same for the same run of the code.

    Streams that follow each other become one per name: how they were cut, and which of the two
    came first, depends on timing alone. Paths of temporary files and of ``paths`` (text to
    replace → its replacement) are replaced in streams and tracebacks.
    """
    paths = paths or {}
    kept: list[Output] = []
    run: dict[str, str] = {}
    for output in outputs:
        value: Output = json.loads(json.dumps(output))
        if value["output_type"] == "stream":
            run[value["name"]] = run.get(value["name"], "") + value["text"]
            continue
        kept += _flush(run, paths)
        run = {}
        if value["output_type"] == "error":
            value["traceback"] = [_tidy(line, paths) for line in value["traceback"]]
            value["evalue"] = _tidy(value["evalue"], paths)
        kept.append(value)
    return tuple(kept + _flush(run, paths))


def stream_text(outputs: Iterable[Output], lines: int = 20) -> str:
    """Return the last ``lines`` lines that a cell printed, as plain text."""
    text = "".join(output["text"] for output in outputs if output["output_type"] == "stream")
    return "\n".join(plain(text).rstrip().split("\n")[-lines:])

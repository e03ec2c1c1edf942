"""A cell's outputs as they are kept: without what differs from one run or machine to the next."""

import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from tabbook.execute.paths import map_strings, without_paths
from tabbook.model import Output

MAX_DISPLAY_BYTES = 64_000_000
"""Bytes that what a job's cells show (pictures, HTML, values) may have: a page cannot show more."""
_ANSI = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]")
_ERASED = re.compile(r"[^\n\x08]\x08")


def without_colours(text: str) -> str:
    """Return ``text`` without the escape sequences that colour it on a terminal."""
    return _ANSI.sub("", text)


def _as_displayed(text: str) -> str:
    """Return what a terminal shows in the end: after backspaces and carriage returns."""
    text = text.replace("\r\n", "\n")
    if "\x08" in text:
        erased = None
        while erased != text:
            erased, text = text, _ERASED.sub("", text)
        text = text.replace("\x08", "")
    if "\r" not in text:
        return text
    return "\n".join(line.rstrip("\r").rsplit("\r", 1)[-1] for line in text.split("\n"))


def _tidy(output: Output, paths: Mapping[str, str]) -> Output:
    """Return ``output`` without the names of temporary files and of this machine's folders."""

    def tidy(text: str) -> str:
        return without_paths(text, paths)

    if "data" in output:
        data = {
            kind: map_strings(value, tidy) if _is_text(kind) else value
            for kind, value in output["data"].items()
        }
        return {**output, "data": data}
    return {name: map_strings(value, tidy) for name, value in output.items()}


def _is_text(kind: str) -> bool:
    """Return whether data of a MIME type is no picture or sound in base64."""
    return "svg" in kind or not re.match(r"(image|audio|video)/|application/(pdf|octet-stream)", kind)


def _cut(text: str, head: int, tail: int, left_out: int, limit: int) -> str:
    """Return the first ``head`` and the last ``tail`` characters of ``text``, and a mark between.

    The cuts are at the ends of lines if these are near. The mark counts ``left_out`` characters more
    than are cut here; if ``left_out`` is negative, another mark counts them, and there is none here.
    """
    first, last = text[:head], text[len(text) - tail :]
    if left_out < 0:
        return first + last
    gone, near = len(text) - head - tail, min(1000, limit // 4)
    if first and 0 <= len(first) - first.rfind("\n") - 1 <= near:
        gone += len(first) - first.rfind("\n") - 1
        first = first[: first.rfind("\n") + 1]
    if last and 0 <= last.find("\n") < near:
        gone += last.find("\n") + 1
        last = last[last.find("\n") + 1 :]
    line = "" if first.endswith("\n") or not first else "\n"
    return f"{first}{line}[… {gone + left_out:,} characters left out: output_limit is {limit:,} …]\n{last}"


def _capped(stretches: list[Output], limit: int, left_out: int) -> None:
    """Shorten what a cell printed on one stream to ``limit`` characters, its start and its end, in place.

    Pictures may be between the stretches. One mark counts all that is left out, at the place of the
    first cut. ``left_out`` is how many characters were dropped earlier.
    """
    sizes = [len(each["text"]) for each in stretches]
    if sum(sizes) <= limit and not left_out:
        return
    heads, tails = [0] * len(sizes), [0] * len(sizes)
    remaining = limit // 2
    for place, size in enumerate(sizes):
        heads[place] = min(size, remaining)
        remaining -= heads[place]
    remaining = limit - limit // 2
    for place in reversed(range(len(sizes))):
        tails[place] = min(sizes[place] - heads[place], remaining)
        remaining -= tails[place]
    short = [place for place, size in enumerate(sizes) if heads[place] + tails[place] < size]
    marked = short[0] if short else 0
    others = left_out + sum(sizes[place] - heads[place] - tails[place] for place in short[1:])
    for place in {marked, *short}:
        text, missing = stretches[place]["text"], others if place == marked else -1
        stretches[place]["text"] = _cut(text, heads[place], tails[place], missing, limit)


def _behind(text: str) -> str:
    """Return ``text`` with its finished lines as they are in the end, to be continued."""
    if "\r" not in text and "\x08" not in text:
        return text
    done, feed, last = text.rpartition("\n")
    end = "\r" if last.endswith("\r") else ""
    return (_as_displayed(done + feed) if feed else "") + last.rstrip("\r").rpartition("\r")[2] + end


def cap_streams(outputs: list[Any], limit: int) -> None:
    """Shorten the streams at the end of ``outputs`` in place, while more may follow.

    What `normalise` makes of them with the same ``limit`` stays the same, and the memory that
    they take is bounded, however much a cell prints.
    """
    start = len(outputs)
    while start and outputs[start - 1]["output_type"] == "stream":
        start -= 1
    run: dict[str, dict[str, Any]] = {}
    for output in outputs[start:]:
        name, text = output["name"], output["text"]
        kept = run.setdefault(name, {"output_type": "stream", "name": name, "text": "", "left_out": 0})
        kept["text"] += text
        kept["left_out"] += output.get("left_out", 0)
    for kept in run.values():
        text, head = _behind(kept["text"]), limit // 2
        if len(text) > 3 * limit:
            kept["left_out"] += len(text) - head - 2 * limit
            text = text[:head] + text[-2 * limit :]
        kept["text"] = text
    outputs[start:] = [type(outputs[start])(kept) for kept in run.values()] if run else []


def _flush(run: dict[str, str]) -> list[Output]:
    """Return a run of streams as one output for each stream, standard output first."""
    return [
        {"output_type": "stream", "name": name, "text": _as_displayed(run[name])}
        for name in sorted(run, reverse=True)
        if run[name]
    ]


def normalise(
    outputs: Iterable[Mapping[str, Any]], paths: Mapping[str, str] | None = None, limit: int | None = None
) -> tuple[Output, ...]:
    """Return a cell's outputs as plain values that are the same for the same run of the code.

    Streams that follow each other become one per name: how they were cut, and which of the two
    came first, depends on timing alone. The names of temporary files and ``paths`` (path → what
    to say in its place) are replaced in all text, but not in pictures. Of a stream, ``limit``
    characters are kept in all, and a mark says where how many are missing; nothing else is ever cut.
    """
    paths = paths or {}
    kept: list[Output] = []
    run: dict[str, str] = {}
    left_out: Counter[str] = Counter()
    for output in outputs:
        value: Output = json.loads(json.dumps(output))
        if value["output_type"] == "stream":
            run[value["name"]] = run.get(value["name"], "") + value["text"]
            left_out[value["name"]] += value.get("left_out", 0)
            continue
        kept += _flush(run)
        run = {}
        kept.append(value)
    kept += _flush(run)
    kept = [_tidy(each, paths) for each in kept]
    for name in ("stdout", "stderr") if limit is not None else ():
        _capped([each for each in kept if each.get("name") == name], limit or 0, left_out[name])
    return tuple(each for each in kept if each["output_type"] != "stream" or each["text"])


def size_of(output: Mapping[str, Any]) -> int:
    """Return about how many bytes an output has, apart from what is printed."""
    return sum(
        len(value if isinstance(value, str) else str(value)) for value in output.get("data", {}).values()
    )


def stream_text(outputs: Iterable[Output], lines: int = 20) -> str:
    """Return the last ``lines`` lines that a cell printed, as plain text."""
    text = "".join(output["text"] for output in outputs if output["output_type"] == "stream")
    return "\n".join(without_colours(text).rstrip().split("\n")[-lines:])

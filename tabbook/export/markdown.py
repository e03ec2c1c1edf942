"""A page as plain Markdown: fences, outputs, and figures in a folder beside the file."""

import base64
import hashlib
import re
from collections.abc import Mapping

from tabbook.execute.outputs import plain
from tabbook.export.page import Page, Part
from tabbook.language import translator
from tabbook.merge.visible import text_of
from tabbook.model import Output

_PICTURES = {"image/svg+xml": "svg", "image/png": "png", "image/jpeg": "jpg", "image/gif": "gif"}
_FENCE = re.compile(r"`{3,}")


def markdown(page: Page, pictures: Mapping[str, bytes], language: str = "en") -> dict[str, bytes]:
    """Return the file of ``page``, and those of its figures, by their paths beside each other.

    ``pictures`` are the page's own, by name. A figure of the code is kept once, whatever shows it.
    """
    name = page.path.rsplit("/", 1)[-1]
    files: dict[str, bytes] = {f"{name}_files/{key}": data for key, data in pictures.items()}
    _, blocks = translator(language), []
    for part in page.parts:
        if part.kind == "text":
            blocks.append(part.source)
        else:
            blocks += _code(part, name, files, _("Output of the code above"))
    text = "\n\n".join(block.strip("\n") for block in blocks if block.strip()) + "\n"
    return {f"{name}.md": text.encode(), **files}


def _code(part: Part, name: str, files: dict[str, bytes], alternative: str) -> list[str]:
    """Return a cell's code and outputs as blocks; their figures go to ``files``.

    ``alternative`` is said of a figure that says nothing of itself.
    """
    tags = {tag.replace("_", "-") for tag in part.tags}
    if "remove-cell" in tags:
        return []
    blocks = [] if "remove-input" in tags else [_fenced(part.source, "python")]
    for number, output in enumerate(part.outputs, 1):
        blocks += _output(output, f"{part.name}-{number}", name, files, alternative)
    return blocks


def _fenced(text: str, language: str = "") -> str:
    fence = "`" * max(3, 1 + max(map(len, _FENCE.findall(text)), default=0))
    return f"{fence}{language}\n{text.rstrip()}\n{fence}"


def _output(output: Output, figure: str, name: str, files: dict[str, bytes], alternative: str) -> list[str]:
    kind = output["output_type"]
    if kind == "stream":
        return [_fenced(plain(text_of(output["text"])), "text")]
    if kind == "error":
        lines = "\n".join(output.get("traceback") or [f"{output['ename']}: {output['evalue']}"])
        return [_fenced(plain(lines), "text")]
    data = output.get("data", {})
    for mime, ending in _PICTURES.items():
        if mime not in data:
            continue
        value = text_of(data[mime])
        content = value.encode() if mime == "image/svg+xml" else base64.b64decode(value)
        digest = hashlib.sha256(content).hexdigest()
        same = next((key for key in files if hashlib.sha256(files[key]).hexdigest() == digest), None)
        path = same or f"{name}_files/{figure}.{ending}"
        files[path] = content
        return [f"![{_alt(data, alternative)}]({path})"]
    for mime in ("text/markdown", "text/latex"):
        if mime in data:
            return [text_of(data[mime])]
    return [_fenced(plain(text_of(data["text/plain"])), "text")] if data.get("text/plain") else []


def _alt(data: Mapping[str, object], alternative: str) -> str:
    """Return words for who cannot see a figure."""
    said = str(data.get("text/plain", "")).split("\n")[0]
    return alternative if not said or said.startswith("<") else re.sub(r"[\[\]]", "", said)

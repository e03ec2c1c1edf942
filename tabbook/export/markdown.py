"""A page as plain Markdown: nbconvert's, from the notebook, with figures in a folder beside the file."""

import base64
import hashlib
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from tabbook.errors import usage
from tabbook.export.ipynb import notebook
from tabbook.export.page import ExportPage
from tabbook.language import translator
from tabbook.read.markdown import fence_for

TEMPLATES = Path(__file__).parent / "templates"
_PICTURES = {"image/svg+xml": "svg", "image/png": "png", "image/jpeg": "jpg", "image/gif": "gif"}


def markdown(page: ExportPage, language: str = "en") -> dict[str, bytes]:
    """Return the file of ``page``, and those of its figures, by their paths beside each other.

    A figure of the code is kept once, whatever shows it.

    Raises:
        UsageError: nbconvert is not installed.
    """
    name = page.path.rsplit("/", 1)[-1]
    files: dict[str, bytes] = {f"{name}_files/{key}": data for key, data in page.pictures.items()}
    made, _ = notebook(page, {}), translator(language)
    alternative = _("Output of the code above")
    for cell in made.cells:
        for number, output in enumerate(cell.get("outputs", ()), 1):
            _place(output, f"{name}_files/{cell.id}-{number}", files, alternative)
    text, _resources = _exporter().from_notebook_node(made)
    return {f"{name}.md": f"{text.strip()}\n".encode(), **files}


def _place(output: Any, figure: str, files: dict[str, bytes], alternative: str) -> None:
    """Move the picture of an output to ``files``, and a link to it into its place.

    ``alternative`` is the alternative text of a picture without one.
    """
    data = output.get("data", {})
    for mime, ending in _PICTURES.items():
        if mime in data:
            value = data[mime]
            content = value.encode() if mime == "image/svg+xml" else base64.b64decode(value)
            digest = hashlib.sha256(content).digest()
            same = (path for path, one in files.items() if hashlib.sha256(one).digest() == digest)
            path = next(same, f"{figure}.{ending}")
            files[path] = content
            output["data"] = {"text/markdown": f"![{_alt(data, alternative)}]({path})"}
            return


def _alt(data: Mapping[str, object], alternative: str) -> str:
    """Return words for who cannot see a figure."""
    said = str(data.get("text/plain", "")).split("\n")[0]
    return alternative if not said or said.startswith("<") else re.sub(r"[\[\]]", "", said)


def _fenced(text: str, language: str) -> str:
    fence = fence_for(text)
    return f"{fence}{language}\n{text.rstrip()}\n{fence}"


@cache
def _exporter() -> Any:
    try:
        from nbconvert.exporters import MarkdownExporter
        from traitlets.config import Config
    except ImportError:
        raise usage("Markdown needs nbconvert", "install nbconvert") from None

    config = Config()
    config.NbConvertBase.display_data_priority = ["text/markdown", "text/latex", "text/plain"]
    config.ExtractOutputPreprocessor.enabled = False
    config.ExtractAttachmentsPreprocessor.enabled = False
    config.TagRemovePreprocessor.enabled = True
    config.TagRemovePreprocessor.remove_cell_tags = {"remove-cell", "remove_cell"}
    config.TagRemovePreprocessor.remove_input_tags = {"remove-input", "remove_input"}
    make: Any = MarkdownExporter
    exporter = make(config=config, template_name="tabbook_markdown", extra_template_basedirs=[str(TEMPLATES)])
    exporter.register_filter("fence", _fenced)
    return exporter

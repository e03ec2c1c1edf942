"""A page as a Jupyter notebook: one framework's text and code, outputs included, ready to run."""

import base64
import json
import mimetypes
import re
from collections.abc import Mapping, Sequence
from typing import Any

import nbformat
from nbformat import NotebookNode

from tabbook.export.page import ExportPage
from tabbook.model import Output, with_hyphens

_V4: Any = nbformat.v4  # nbformat has no types
_from_dict: Any = nbformat.from_dict
_BAD_NAME = re.compile(r"[^a-zA-Z0-9_-]+")


def notebook(page: ExportPage, first: Mapping[str, str]) -> NotebookNode:
    """Return ``page`` as a notebook of nbformat 4.5.

    Args:
        page: The section in one framework.
        first: The code of the cells above the page's own, by name: what brings the library, say.
    """
    hidden = {"jupyter": {"source_hidden": True}}
    cells = [code_cell(name, source, (), None, hidden) for name, source in first.items()]
    count = 0
    for part in page.parts:
        if part.kind == "text":
            cells.append(text_cell(part.name, part.source, page.pictures))
            continue
        count += 1
        number = count if page.executed else None
        cells.append(code_cell(part.name, part.source, part.outputs, number, folded(part.tags)))
    return notebook_of(cells, page)


_FOLDED = {
    "source_hidden": {"hide-input", "hide-cell", "remove-input", "remove-cell"},
    "outputs_hidden": {"hide-output", "hide-cell"},
}
"""What Jupyter folds of a cell, and the tags by which the page folds it, or leaves it out."""


def folded(tags: Sequence[str]) -> dict[str, Any]:
    """Return the metadata of a code cell with ``tags``: what the page does not show at once is folded."""
    hidden = {key: True for key, folding_tags in _FOLDED.items() if with_hyphens(tags) & folding_tags}
    return ({"tags": sorted(tags)} if tags else {}) | ({"jupyter": hidden} if hidden else {})


def notebook_of(cells: Sequence[NotebookNode], page: ExportPage) -> NotebookNode:
    """Return the notebook of ``cells``, with the metadata that Jupyter and Colab read."""
    metadata: dict[str, Any] = {
        "kernelspec": {"name": "python3", "display_name": "Python 3 (ipykernel)", "language": "python"},
        "language_info": {"name": "python", "file_extension": ".py", "mimetype": "text/x-python"},
        "title": page.projection.section.title,
    }
    if page.projection.section.settings.gpu or page.projection.section.settings.gpus:
        metadata["accelerator"] = "GPU"
        metadata["colab"] = {"gpuType": "T4", "provenance": []}
    made: NotebookNode = _V4.new_notebook(cells=list(cells), metadata=metadata)
    made.nbformat_minor = 5
    return made


def text_cell(name: str, source: str, pictures: Mapping[str, bytes], **metadata: Any) -> NotebookNode:
    """Return a cell of text that carries those of ``pictures`` that it shows.

    Most are attachments. Viewers draw no SVG that is one, and look for attachments in Markdown alone,
    not in HTML: what HTML shows is in its address.
    """
    attachments = {}
    for picture, data in pictures.items():
        address = f"attachment:{picture}"
        kind = mimetypes.guess_type(picture)[0] or "application/octet-stream"
        content = base64.b64encode(data).decode()
        uri = f"data:{kind};base64,{content}"
        source = source.replace(f'"{address}"', f'"{uri}"')
        if f"({address}" in source:
            attachments[picture] = {kind: content}
    cell = _cell("markdown", name, source, metadata)
    if attachments:
        cell["attachments"] = _from_dict(attachments)
    return cell


def code_cell(
    name: str, source: str, outputs: Sequence[Output], count: int | None, metadata: Mapping[str, Any]
) -> NotebookNode:
    """Return a cell of code; ``count`` says when it was run, counted from 1."""
    shown = []
    for output in outputs:
        value = {key: kept for key, kept in output.items() if key != "transient"}
        if value["output_type"] == "execute_result":
            value["execution_count"] = count
        shown.append(_from_dict(value))
    cell = _cell("code", name, source, metadata)
    cell.update(outputs=shown, execution_count=count)
    return cell


def _cell(kind: str, name: str, source: str, metadata: Mapping[str, Any]) -> NotebookNode:
    """Return a cell as nbformat's own functions make it; they check each, and :func:`dump` checks all."""
    made = {
        "cell_type": kind,
        "id": _BAD_NAME.sub("-", name)[:64],
        "metadata": dict(metadata),
        "source": source,
    }
    cell: NotebookNode = _from_dict(made)
    return cell


def notebook_bytes(notebook: NotebookNode) -> bytes:
    """Return the bytes of a notebook's file; equal notebooks, equal bytes.

    Raises:
        nbformat.ValidationError: It is not valid.
    """
    nbformat.validate(notebook)
    split: Any = nbformat.v4.rwbase.split_lines(_from_dict(json.loads(json.dumps(notebook))))
    return (json.dumps(split, indent=1, sort_keys=True, ensure_ascii=False) + "\n").encode()

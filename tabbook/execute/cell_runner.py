"""Runs cells in a kernel as a browser would: displays that are updated, widgets that capture outputs.

It is nbclient's client with other ways of keeping outputs: in bounded memory, and for cells that
are over, too, as their threads may still print.
"""

import asyncio
import json
from collections.abc import Callable, Iterable, Mapping
from itertools import chain
from pathlib import Path
from typing import Any

from jupyter_core.utils import ensure_async
from nbclient import NotebookClient
from nbformat.v4 import output_from_msg

from tabbook.execute.outputs import MAX_DISPLAY_BYTES, cap_streams, normalise, size_of
from tabbook.execute.widgets import Widgets, wanted
from tabbook.framework import Tab

_REPORT = Path(__file__).with_name("kernel_info.py")
_REPORT_SECONDS = 300.0
"""How long a kernel may take to report; one of its threads may print a lot in that time."""


class CapturedOutputs:
    """The outputs of one `Output` widget, as a browser keeps them and shows them to the kernel.

    nbclient makes one for each such widget, and hands it what the kernel says about it.
    """

    def __init__(self, comm_id: str, state: Mapping[str, Any], client: Any, runner: "CellRunner") -> None:
        self.outputs: list[Any] = []
        self.clear_before_next_output = False
        self.printed = 0
        self.msg_id = ""
        self._comm_id, self._client, self._runner = comm_id, client, runner
        self._known: list[Any] = []
        runner.captures.append(self)
        self._set(state)

    def handle_msg(self, msg: Mapping[str, Any]) -> None:
        """Take in what the kernel says."""
        self._set(msg["content"]["data"].get("state", {}))

    def _set(self, state: Mapping[str, Any]) -> None:
        if "msg_id" in state:
            self.msg_id = state["msg_id"]
            self._runner.captures.remove(self)
            self._runner.captures.append(self)  # the one that was entered last captures
        if "outputs" in state:
            outputs, known = list(state["outputs"]), self._known
            if outputs[: len(known)] == known:  # some were appended, to those that the kernel knows of
                self.outputs += outputs[len(known) :]
            else:
                self.outputs[:] = outputs
            self._known = outputs

    def send(self, limit: int | None) -> None:
        """Send the kernel what was captured, for code that reads it."""
        outputs = list(normalise(self.outputs, limit=limit))
        if outputs == self._known:
            return
        self._known = json.loads(json.dumps(outputs))
        data = {"method": "update", "state": {"outputs": outputs}, "buffer_paths": []}
        message = self._client.session.msg("comm_msg", {"comm_id": self._comm_id, "data": data})
        self._client.shell_channel.send(message)


class CellRunner(NotebookClient):
    """Keeps what cells put out within bounds while they run.

    ``is_flooded`` says that they showed more than a page can; ``on_flood`` is called then.
    """

    def __init__(
        self, notebook: Any, client: Any, limit: int | None, on_flood: Callable[[], object], **options: Any
    ) -> None:
        """Prepare to run the cells of ``notebook``, keeping ``limit`` characters of each stream."""
        self.captures: list[CapturedOutputs] = []
        self.printed = self.shown = 0
        self.is_flooded = False
        self._limit, self._on_flood = limit, on_flood
        self._displays: dict[str, list[Any]] = {}
        self._closed: set[str] = set()
        self._begun: dict[str, tuple[Any, int]] = {}
        super().__init__(notebook, **options)
        self.widget_registry = {"@jupyter-widgets/output": {"OutputModel": CapturedOutputs}}
        self.kc: Any = client

    async def run(self, cell: Any, index: int) -> None:
        """Run a cell, whose outputs are then as complete as they can be."""
        self.printed = 0
        await self.async_execute_cell(cell, index)
        for captured in self.captures:
            captured.send(self._limit)

    async def report(self, framework: Tab, is_over: bool) -> dict[str, Any]:
        """Return what the kernel says about itself; its outputs so far have arrived then."""
        shown = chain(self._outputs(), *(captured.outputs for captured in self.captures))
        asked = {
            "distribution": framework.distribution_name,
            "is_over": is_over,
            "device_expression": framework.device,
            "widgets": wanted(shown, self.widget_state),
        }
        content = {"code": _REPORT.read_text(encoding="utf-8"), "asked": asked}
        message = self.kc.session.msg("report_request", content)
        async with asyncio.timeout(_REPORT_SECONDS):
            self.kc.shell_channel.send(message)
            reply = await self.async_wait_for_reply(message["header"]["msg_id"])
            await self._listen(message["header"]["msg_id"])
        return dict(reply["content"]) if reply else {}

    def widgets(self, texts: Mapping[str, str]) -> Widgets:
        """Return the kernel's widgets as they are now, with the ``texts`` that it gave."""
        captured = {each._comm_id: each.outputs for each in self.captures}
        return Widgets(self.widget_state, captured, texts, frozenset(self._closed))

    def _outputs(self) -> Iterable[Any]:
        return chain.from_iterable(cell.get("outputs", ()) for cell in self.nb.cells)

    # nbclient calls this for each cell, and drops what belongs to others.
    async def _async_poll_output_msg(self, parent_msg_id: str, cell: Any, cell_index: int) -> None:
        self._begun[parent_msg_id] = (cell, cell_index)
        await self._listen(parent_msg_id)

    async def _listen(self, last: str) -> None:
        """Take in messages until the kernel is done with the request ``last``."""
        while True:
            msg = await ensure_async(self.kc.iopub_channel.get_msg(timeout=None))
            parent = msg["parent_header"].get("msg_id")
            is_status = msg["msg_type"] == "status"
            if is_status and parent == last and msg["content"]["execution_state"] == "idle":
                return
            if parent in self._begun and not is_status:
                self.process_message(msg, *self._begun[parent])
            elif msg["msg_type"].startswith("comm"):
                self.handle_comm_msg([], msg, 0)

    def process_message(self, msg: dict[str, Any], cell: Any, cell_index: int) -> Any:
        """Take in a message that belongs to ``cell``; one that updates a display, everywhere."""
        content = msg["content"]
        name = (content.get("transient") or {}).get("display_id")
        for output in self._displays.get(name, ()) if name and "data" in content else ():
            output["data"], output["metadata"] = content["data"], content["metadata"]
        return super().process_message(msg, cell, cell_index)

    def handle_comm_msg(self, outs: list[Any], msg: dict[str, Any], cell_index: int) -> None:
        """Take in what the kernel says about a widget."""
        if msg["msg_type"] == "comm_close":
            self._closed.add(msg["content"]["comm_id"])
        elif isinstance(msg["content"].get("data"), dict):
            super().handle_comm_msg(outs, msg, cell_index)

    def _capturing(self, msg: Mapping[str, Any]) -> CapturedOutputs | None:
        """Return the widget that captures a message, if one does."""
        parent = msg["parent_header"].get("msg_id")
        return next((each for each in reversed(self.captures) if each.msg_id == parent), None)

    def clear_output(self, outs: list[Any], msg: dict[str, Any], *_: Any) -> None:
        """Clear a cell's outputs or a widget's; on request, when the next one arrives."""
        captured = self._capturing(msg)
        place = captured or self
        if msg["content"].get("wait"):
            place.clear_before_next_output = True
        else:
            self._clear(captured.outputs if captured else outs)

    def _clear(self, outs: list[Any]) -> None:
        gone = {id(output) for output in outs}
        outs[:] = []
        for name, shown in list(self._displays.items()):
            shown[:] = [output for output in shown if id(output) not in gone]
            if not shown:
                del self._displays[name]

    def output(self, outs: list[Any], msg: dict[str, Any], display_id: str | None, *_: Any) -> Any:
        """Keep an output, of a cell or in the widget that captures it."""
        if self._is_too_much(msg):
            return None
        captured = self._capturing(msg)
        place, outs = (captured, captured.outputs) if captured else (self, outs)
        is_stream = msg["msg_type"] == "stream"
        content = msg["content"]
        try:  # Without its text, which nbformat would look at for long where it is long.
            out = output_from_msg({**msg, "content": {**content, "text": ""}} if is_stream else msg)
        except ValueError:  # no output at all
            return None
        if place.clear_before_next_output:
            self._clear(outs)
            place.clear_before_next_output = False
        outs.append(out)
        if display_id:
            self._displays.setdefault(display_id, []).append(out)
        if is_stream:
            out["text"] = content["text"]
            place.printed += len(out["text"])
            if self._limit is not None and place.printed > 4 * self._limit:  # not each time
                place.printed = 0
                cap_streams(outs, self._limit)
        return out

    def _is_too_much(self, msg: Mapping[str, Any]) -> bool:
        """Return whether an output is one too many for a page."""
        if "data" in msg["content"] and not self.is_flooded:
            self.shown += size_of(msg["content"])
            if self.shown > MAX_DISPLAY_BYTES:  # some may have been cleared or replaced since
                kept = chain(self._outputs(), *(captured.outputs for captured in self.captures))
                self.shown = sum(map(size_of, kept)) + size_of(msg["content"])
            if self.shown > MAX_DISPLAY_BYTES:
                self.is_flooded = True
                self._on_flood()
        return self.is_flooded

"""Starts a kernel that neither loses outputs nor makes so much of them that nobody could hold it.

Its text is given to the Python of a framework's environment, which does not have tabbook. Usual
kernels drop what is more than a thousand messages ahead of a slow reader; this one keeps outputs
until they are read. What a cell prints is sent in parts that are not much: usual kernels make one
message of whatever was printed meanwhile, however many copies that takes. A single output that no
page could show is refused where it is made, and long messages of errors are shortened.
"""

import sys
from typing import Any

if sys.path[0] == "":
    del sys.path[0]

from ipykernel.iostream import OutStream
from ipykernel.kernelapp import IPKernelApp
from jupyter_client.session import Session
from traitlets import Int

PART = 1_000_000
"""Characters that are sent at once."""
ERROR = 20_000
"""Characters of the message of an error, and of each part of its traceback, that are kept."""


class Stream(OutStream):
    """Standard output or error, sent in parts."""

    ahead = 0

    def write(self, string: str) -> int:
        """Write ``string``; wait, where much is on its way."""
        if isinstance(string, str) and len(string) > PART:
            for start in range(0, len(string), PART):
                self.write(string[start : start + PART])
            return len(string)
        written = super().write(string)
        self.ahead += len(string)
        if self.ahead > PART:
            self.ahead = 0
            self.flush()  # type: ignore[no-untyped-call]
        return len(string) if written is None else written


def short(text: str) -> str:
    """Return the start and the end of ``text``, with a mark where it is too long for an error."""
    left_out = len(text) - ERROR
    if left_out <= 0:
        return text
    return f"{text[: ERROR // 2]}[… {left_out:,} characters left out …]{text[-ERROR // 2 :]}"


class Bounded(Session):
    """What sends messages; none that is too large."""

    most = Int(0, help="Bytes that an output may have.").tag(config=True)

    def serialize(self, msg: dict[str, Any], ident: Any = None) -> list[bytes]:
        """Return the parts of a message.

        Raises:
            ValueError: It is an output that is too large.
        """
        content = msg["content"]
        if isinstance(content, dict) and "traceback" in content:
            content["evalue"] = short(content["evalue"])
            content["traceback"] = [short(line) for line in content["traceback"]]
        parts: list[bytes] = super().serialize(msg, ident)
        if isinstance(content, dict) and "data" in content and (size := sum(map(len, parts))) > self.most:
            most = f"the most is {self.most / 1e6:g} MB"
            raise ValueError(f"an output of {size / 1e6:,.0f} MB is too large for a page: {most}")
        return parts


class App(IPKernelApp):
    """A kernel with these two."""

    classes = [*IPKernelApp.classes, Bounded]  # noqa: RUF012 (traitlets wants it so)
    outstream_class = "__main__.Stream"

    def _session_default(self) -> Bounded:
        return Bounded(parent=self)

    def init_iopub(self, context: Any) -> None:
        """Let no message be dropped."""
        context.sndhwm = 0
        super().init_iopub(context)  # type: ignore[no-untyped-call]


if __name__ == "__main__":
    App.launch_instance()

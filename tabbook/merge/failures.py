"""What a page shows of a job that failed: the error at its cell, and why other cells have no outputs."""

from dataclasses import dataclass

from tabbook.model import Output

FAILED = "failed"
"""A note: the cell failed in this tab."""
FAILED_ABOVE = "failed-above"
"""A note: the cell was not executed, because one above it failed."""
FAILED_BELOW = "failed-below"
"""A note: the outputs of the cell were not kept, because one below it failed."""
FAILED_JOB = "failed-job"
"""A note: the job failed before its first cell, or nothing is known about where."""


@dataclass(frozen=True, slots=True)
class Failed:
    """How a tab's job failed.

    ``cell`` is the place of the cell that was running among the tab's code cells, from 0; ``None``
    if none was. ``printed`` is what the cell printed before. Without a ``traceback``, the message
    is shown.
    """

    message: str
    cell: int | None = None
    traceback: str = ""
    printed: str = ""

    @property
    def outputs(self) -> tuple[Output, ...]:
        """The outputs of the failing cell."""
        name, _, value = self.message.partition(": ")
        error: Output = {
            "output_type": "error",
            "ename": name,
            "evalue": value,
            "traceback": (self.traceback.strip("\n") or self.message).split("\n"),
        }
        if not self.printed:
            return (error,)
        return {"output_type": "stream", "name": "stdout", "text": self.printed}, error

    def note(self, cell: int) -> dict[str, str]:
        """Return the part of a cell's mark that says what became of the tab's ``cell``-th code cell."""
        if self.cell is None:
            return {"note": FAILED_JOB, "reason": self.message}
        if cell == self.cell:
            return {"note": FAILED, "reason": self.message}
        return {"note": FAILED_ABOVE if cell > self.cell else FAILED_BELOW}

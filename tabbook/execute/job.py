"""Execute one job: a section's cells, in its framework's kernel, in a scratch folder.

`execute` takes a value and returns a value, and neither knows of a book, so it runs on any
``concurrent.futures.Executor``. Whatever goes wrong inside a job is part of its outcome. When
`execute` returns, the kernel and its children are gone, and so is the scratch folder.
"""

import asyncio
import math
import re
import time
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

from tabbook.execute.outputs import MAX_DISPLAY_BYTES, normalise, stream_text, without_colours
from tabbook.execute.paths import names_of
from tabbook.execute.processes import GuardedKernel, JobFailedError, running
from tabbook.execute.sandbox import kernel, make_folders
from tabbook.execute.scratch import scratch_folder
from tabbook.model import Output, Result
from tabbook.plan.job_spec import Failure, JobSpec, Limits, Outcome

__all__ = ["execute"]

_CELL_FRAME = re.compile(r"^ *(?:File )?Cell In\[(\d+)\], line (\d+)", re.MULTILINE)
_SENTENCES = ("CommandError", "EndedError")
"""Errors of the kernel's own launcher, whose messages need no name before them."""
_SYNTAX_PLACE = re.compile(r" \(\d+\.py, line \d+\)$")  # names a file that does not exist


class _Clock:
    """The time that a job has left, and its cell."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._end = time.monotonic() + limits.timeout
        self._cell_end = math.inf

    def begin_cell(self) -> None:
        """Take note that a cell begins now."""
        if self._limits.cell_timeout is not None:
            self._cell_end = time.monotonic() + self._limits.cell_timeout

    def seconds_left(self) -> float:
        """Return the seconds that are left.

        Raises:
            JobFailedError: None are left.
        """
        seconds = min(self._end, self._cell_end) - time.monotonic()
        if seconds <= 0:
            raise self.timeout_failure()
        return seconds

    def timeout_failure(self) -> JobFailedError:
        """Return the failure of a job that outlived its time, or whose cell did."""
        is_cells = self._cell_end < self._end
        what, name = ("the cell", "cell_timeout") if is_cells else ("the job", "timeout")
        limit = self._limits.cell_timeout if is_cells else self._limits.timeout
        message = (
            f"{what} was stopped: it took more than {limit:g} seconds;"
            f" raise {name}, under tabbook in the section's front matter or in _config.yml"
        )
        return JobFailedError("timeout", message)


def _raised(reply: Mapping[str, Any], job: JobSpec, names: Mapping[str, str]) -> JobFailedError:
    """Return the failure of a cell that raised: its line is the innermost one in the section."""
    error = normalise([{"output_type": "error", "ename": "", "evalue": "", **reply}], names)[0]
    traceback = without_colours("\n".join(error["traceback"]))
    places = _CELL_FRAME.findall(traceback)
    places += [
        (said["cell"], said["line"]) for said in reply.get("payload", ()) if said.get("source") == "place"
    ]
    line = 0
    for count, number in places:
        if 0 < int(count) <= len(job.steps):
            step = job.steps[int(count) - 1]
            # IPython drops a cell's first lines where they are blank, and counts without them.
            blank = re.match(r"(?:[ \t]*\n)*", step.source)
            line = step.file_line(int(number) + (blank[0].count("\n") if blank else 0))
    name, first = error["ename"], _SYNTAX_PLACE.sub("", error["evalue"].strip().split("\n")[0])
    is_sentence = name in _SENTENCES
    return JobFailedError(
        "raised", first if is_sentence else ": ".join(filter(None, (name, first))), traceback, line
    )


async def _run_cells(
    job: JobSpec, scratch: Path, guarded: GuardedKernel, done: list[tuple[Output, ...]]
) -> dict[str, Any]:
    """Run the job's cells, adding each one's outputs to ``done``; return the kernel's report.

    Raises:
        JobFailedError: A cell fails, or the kernel does. ``done`` then holds the cells before it, and
            what the failing one put out.
    """
    from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
    from nbformat import v4

    from tabbook.execute.cell_runner import CellRunner

    clock = _Clock(job.limits)
    cells = [v4.new_code_cell(step.source, metadata={"tags": list(step.tags)}) for step in job.steps]
    replies: list[Mapping[str, Any]] = []
    executing = cast("asyncio.Task[Any]", asyncio.current_task())
    async with kernel(job, scratch, guarded) as started:
        browser = CellRunner(
            v4.new_notebook(cells=cells),
            started.client,
            job.output_limit,
            executing.cancel,
            km=started.manager,
            timeout_func=lambda _: clock.seconds_left(),
            iopub_timeout=max(60, math.ceil(job.limits.timeout)),  # outputs are never cut off silently
            raise_on_iopub_timeout=True,
            record_timing=False,
            on_cell_executed=lambda execute_reply, **_: replies.append(execute_reply["content"]),
        )
        answer = await started.unless_dead(browser.report(job.framework, is_over=False))
        names = names_of(job, scratch, answer["folders"])
        for index, cell in enumerate(cells):
            clock.begin_cell()
            try:
                # The margin is for a client that hangs; the limit itself is timeout_func's.
                async with asyncio.timeout(clock.seconds_left() + 30):
                    await started.unless_dead(browser.run(cell, index))
            except CellExecutionError:
                raise _raised({**replies[-1], **_shown_error(cell)}, job, names) from None
            except (CellTimeoutError, TimeoutError):
                raise clock.timeout_failure() from None
            except asyncio.CancelledError:
                if not browser.is_flooded:
                    raise
                executing.uncancel()
                raise JobFailedError(
                    "raised",
                    f"the job's outputs are too large for a page: the most is {MAX_DISPLAY_BYTES / 1e6:g} MB",
                ) from None
            except DeadKernelError:
                raise guarded.failure(started.log.tail()) from None
            finally:
                done.append(normalise(cell.outputs, names, job.output_limit))
            if "raises-exception" not in cell.metadata["tags"] and (error := _shown_error(cell)):
                raise _raised({**replies[-1], **error}, job, names)
        answer = await started.unless_dead(browser.report(job.framework, is_over=True))
    # What later cells do, and threads, changes outputs of earlier ones, so all are taken at the end.
    settled = browser.widgets(answer["texts"]).settled
    done[:] = [normalise(settled(cell.outputs), names, job.output_limit) for cell in cells]
    return answer


def _shown_error(cell: Any) -> Mapping[str, Any]:
    """Return the last error that a cell shows, be it one that a display made; empty if there is none."""
    return next((each for each in reversed(cell.outputs) if each["output_type"] == "error"), {})


def _failure(job: JobSpec, failed: JobFailedError, done: list[tuple[Output, ...]]) -> Failure:
    """Return ``failed`` with its place: the cell that ran last, or the section as a whole."""
    if running.stopping:
        failed = JobFailedError("stopped", "the run was stopped")
    failure = Failure(
        failed.kind, job.section, failed.line, job.tab, failed.message, traceback=failed.traceback
    )
    if not done:
        return failure
    step = job.steps[len(done) - 1]
    return replace(
        failure,
        line=failed.line or step.file_line(1),
        cell_line=step.file_line(1),
        source=step.source,
        output=stream_text(done[-1]),
    )


def execute(job: JobSpec) -> Outcome:
    """Execute ``job`` and return its outcome; nothing that the job does raises here.

    Blocks for as long as the job takes. May be called from any thread, several at once.
    """
    with scratch_folder() as scratch:
        return _execute_in(scratch, job)


def _execute_in(scratch: Path, job: JobSpec) -> Outcome:
    """Execute ``job`` in the folder ``scratch``."""
    start = time.monotonic()
    done: list[tuple[Output, ...]] = []
    guarded = GuardedKernel(job.limits.memory, scratch)
    result = failure = None
    try:
        if running.stopping:
            raise JobFailedError("stopped", "the run was stopped")
        make_folders(job, scratch)
        answer = asyncio.run(_run_cells(job, scratch, guarded, done))
        made_with = {
            "framework": " ".join(filter(None, (job.framework.name, answer["framework"]))),
            "python": answer["python"],
            "device": answer["device"],
            "date": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "seconds": round(time.monotonic() - start, 1),
            "memory": guarded.finish().peak,
        }
        result = Result(
            job.key, job.section, job.tab, tuple(done), made_with, job.stand_ins, dict(job.inputs)
        )
    except JobFailedError as failed:
        failure = _failure(job, failed, done)
    except Exception as error:  # whatever else breaks must not take the other jobs along
        failure = _failure(job, JobFailedError("broken", f"the job could not be run: {error!r}"), done)
    finally:
        peak = guarded.finish().peak
    return Outcome(job.section, job.tab, time.monotonic() - start, result, failure, memory=peak)

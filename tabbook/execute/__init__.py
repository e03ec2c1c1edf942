"""Execute one job: a section's cells, in its framework's kernel, in a scratch folder.

`execute` takes a value and returns a value, and neither knows of a book, so it runs on any
``concurrent.futures.Executor``. Whatever goes wrong inside a job is part of its outcome. When
`execute` returns, the kernel and its children are gone, and so is the scratch folder.
"""

import ast
import asyncio
import math
import re
import time
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path
from typing import Any, cast

from tabbook.execute.folders import scratch_folder
from tabbook.execute.outputs import MOST, compact, normalise, plain, size_of, stream_text
from tabbook.execute.processes import Guarded, JobFailedError, running
from tabbook.execute.sandbox import kernel, log_tail, make_folders, shown_paths
from tabbook.model import Output, Result
from tabbook.plan.spec import Failure, JobSpec, Limits, Outcome

_CELL_FRAME = re.compile(r"^ *(?:File )?Cell In\[(\d+)\], line (\d+)", re.MULTILINE)
_SYNTAX_PLACE = re.compile(r" \(\d+\.py, line \d+\)$")  # names a file that nobody has


async def _versions(client: Any, module: str) -> dict[str, str]:
    """Return the versions of Python and of the framework in the kernel, where they can be known."""
    asked = {
        "python": "__import__('platform').python_version()",
        "framework": f"__import__('importlib.metadata').metadata.version({module!r})",
    }
    found: dict[str, str] = {}
    reply = await client.execute(
        "", silent=True, store_history=False, user_expressions=asked, reply=True, timeout=60
    )
    for name, answer in reply["content"].get("user_expressions", {}).items():
        if answer.get("status") == "ok":
            found[name] = str(ast.literal_eval(answer["data"]["text/plain"]))
    return found


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

    def left(self) -> float:
        """Return the seconds that are left.

        Raises:
            JobFailedError: None are left.
        """
        left = min(self._end, self._cell_end) - time.monotonic()
        if left <= 0:
            raise self.up()
        return left

    def up(self) -> JobFailedError:
        """Return the failure of a job that outlived its time, or whose cell did."""
        is_cells = self._cell_end < self._end
        what, name = ("the cell", "cell_timeout") if is_cells else ("the job", "timeout")
        limit = self._limits.cell_timeout if is_cells else self._limits.timeout
        message = (
            f"{what} was stopped: it took more than {limit:g} seconds;"
            f" raise {name}, under tabbook in the section's front matter or in _config.yml"
        )
        return JobFailedError("timeout", message)


def _raised(reply: Mapping[str, Any], job: JobSpec, paths: Mapping[str, str]) -> JobFailedError:
    """Return the failure of a cell that raised: its line is the innermost one in the section."""
    error = normalise([{"output_type": "error", "ename": "", "evalue": "", **reply}], paths)[0]
    traceback = plain("\n".join(error["traceback"]))
    line = 0
    for count, number in _CELL_FRAME.findall(traceback):
        if 0 < int(count) <= len(job.steps):
            step = job.steps[int(count) - 1]
            # IPython drops a cell's first lines where they are blank, and counts without them.
            blank = re.match(r"(?:[ \t]*\n)*", step.source)
            line = step.place(int(number) + (blank[0].count("\n") if blank else 0))
    first = _SYNTAX_PLACE.sub("", error["evalue"].strip().split("\n")[0])
    return JobFailedError(
        "raised", f"{error['ename']}: {first}" if first else error["ename"], traceback, line
    )


async def _run_cells(
    job: JobSpec, scratch: Path, guarded: Guarded, done: list[tuple[Output, ...]]
) -> dict[str, str]:
    """Run the job's cells, adding each one's outputs to ``done``; return the versions used.

    Raises:
        JobFailedError: A cell fails, or the kernel does. ``done`` then holds the cells before it, and
            what the failing one put out.
    """
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
    from nbformat import v4

    class Runner(NotebookClient):
        """Keeps what a cell prints within bounds while the cell runs."""

        printed = shown = 0
        is_flooded = False

        def output(self, outs: list[Any], msg: dict[str, Any], *rest: Any) -> Any:
            if "data" in msg["content"]:
                self.shown += size_of(msg["content"])
                if self.shown > MOST:  # some may have been cleared or replaced since
                    self.shown = sum(map(size_of, chain.from_iterable(cell.outputs for cell in cells)))
                if self.shown > MOST:
                    self.is_flooded = True
                    executing.cancel()
                    return None
            if msg["msg_type"] != "stream" or self.output_hook_stack[msg["parent_header"].get("msg_id")]:
                return super().output(outs, msg, *rest)
            # Without its text, which nbformat would look at for long where it is long.
            text = msg["content"]["text"]
            out: Any = super().output(outs, {**msg, "content": {**msg["content"], "text": ""}}, *rest)
            out["text"] = text
            self.printed += len(text)
            if job.output_limit is not None and self.printed > 4 * job.output_limit:  # not each time
                self.printed = 0
                compact(outs, job.output_limit)
            return out

    paths = shown_paths(job, scratch)
    clock = _Clock(job.limits)
    cells = [v4.new_code_cell(step.source, metadata={"tags": list(step.tags)}) for step in job.steps]
    replies: list[Mapping[str, Any]] = []
    executing = cast("asyncio.Task[Any]", asyncio.current_task())
    async with kernel(job, scratch, guarded) as started:
        versions = await started.alive(_versions(started.client, job.module))
        runner = Runner(
            v4.new_notebook(cells=cells),
            km=started.manager,
            timeout_func=lambda _: clock.left(),
            iopub_timeout=max(60, math.ceil(job.limits.timeout)),  # outputs are never cut off in silence
            raise_on_iopub_timeout=True,
            record_timing=False,
            store_widget_state=False,
            on_cell_error=lambda execute_reply, **_: replies.append(execute_reply["content"]),
        )
        runner.kc = started.client
        for index, cell in enumerate(cells):
            clock.begin_cell()
            try:
                # The margin is for a client that hangs; the limit itself is timeout_func's.
                async with asyncio.timeout(clock.left() + 30):
                    await started.alive(runner.async_execute_cell(cell, index))
            except CellExecutionError:
                raise _raised(replies[-1], job, paths) from None
            except (CellTimeoutError, TimeoutError):
                raise clock.up() from None
            except asyncio.CancelledError:
                if not runner.is_flooded:
                    raise
                executing.uncancel()
                raise JobFailedError(
                    "raised", f"the job's outputs are too large for a page: the most is {MOST / 1e6:g} MB"
                ) from None
            except DeadKernelError:
                raise guarded.death(log_tail(started.log)) from None
            finally:
                done.append(normalise(cell.outputs, paths, job.output_limit))
    # Displays that later cells update change outputs of earlier ones, so all are taken at the end.
    done[:] = [normalise(cell.outputs, paths, job.output_limit) for cell in cells]
    return versions


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
        line=failed.line or step.place(1),
        cell_line=step.place(1),
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
    guarded = Guarded(job.limits.memory, scratch)
    result = failure = None
    try:
        if running.stopping:
            raise JobFailedError("stopped", "the run was stopped")
        make_folders(job, scratch)
        versions = asyncio.run(_run_cells(job, scratch, guarded, done))
        made_with = {
            "framework": " ".join(filter(None, (job.framework, versions.get("framework")))),
            "python": versions.get("python", ""),
            "device": job.device,
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

"""GPUs: what this machine has, what a job needs, and which job gets which of them.

Jobs share a GPU by memory: a job that says how much it needs leaves the rest to others, one that says
nothing has the GPU for itself.
"""

import os
import shutil
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import islice

from tabbook.errors import usage
from tabbook.quantities import size, size_text

SHARED_GPU_VARIABLES: Mapping[str, str] = {"CUDA_DEVICE_ORDER": "PCI_BUS_ID"}
"""The variables of a job on a machine with GPUs: count them as the driver does (by itself, CUDA begins
with the fastest)."""


@dataclass(frozen=True, slots=True)
class Gpu:
    """A physical GPU: its number, and its memory in bytes."""

    number: int
    memory: int


@dataclass(frozen=True, slots=True)
class GpuNeed:
    """What a job needs: so many GPUs, and so many bytes on each of them; ``None`` means all."""

    gpus: int = 0
    memory: int | None = None

    def __str__(self) -> str:
        each = f" with {size_text(self.memory)}" if self.memory else ""
        return f"a GPU{each}" if self.gpus == 1 else f"{self.gpus} GPUs{each}{' each' * bool(each)}"


def parse_inventory(listed: str) -> tuple[Gpu, ...]:
    """Return the GPUs in what ``nvidia-smi`` lists: number, and memory in MiB, on each line."""
    gpus = []
    for line in listed.splitlines():
        number, _, memory = line.partition(",")
        if number.strip().isdigit() and memory.strip().isdigit():
            gpus.append(Gpu(int(number), int(memory) * 1024**2))
    return tuple(gpus)


def visible(gpus: Iterable[Gpu], allowed: str | None) -> tuple[Gpu, ...]:
    """Return those of ``gpus`` that ``CUDA_VISIBLE_DEVICES`` allows; all, where it is not set."""
    if allowed is None:
        return tuple(gpus)
    numbers = [int(part) for part in allowed.split(",") if part.strip().isdigit()]
    return tuple(gpu for gpu in gpus if gpu.number in numbers)


def inventory(device: str) -> tuple[Gpu, ...]:
    """Return the GPUs of this machine that jobs may use: none where ``device`` is ``cpu``.

    ``TABBOOK_GPUS``, a list of their memories such as ``16GB,16GB``, overrides what is found.

    Raises:
        UsageError: ``TABBOOK_GPUS`` is no such list.
    """
    if device != "gpu":
        return ()
    named = os.environ.get("TABBOOK_GPUS")
    if named is None:
        return _of_driver()
    try:
        return tuple(
            Gpu(number, size(part)) for number, part in enumerate(filter(str.strip, named.split(",")))
        )
    except ValueError as error:
        raise usage(f"TABBOOK_GPUS={named}: {error}", "name memories, such as 16GB,16GB") from None


@cache
def _of_driver() -> tuple[Gpu, ...]:
    tool = shutil.which("nvidia-smi")
    if tool is None:
        return ()
    ask = [tool, "--query-gpu=index,memory.total", "--format=csv,noheader,nounits"]
    try:
        listed = subprocess.run(ask, capture_output=True, text=True, timeout=30, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ()
    return visible(parse_inventory(listed.stdout), os.environ.get("CUDA_VISIBLE_DEVICES"))


def lacking(need: GpuNeed, gpus: Iterable[Gpu]) -> str:
    """Return what a machine with ``gpus`` lacks for ``need``, in words; empty if it lacks nothing."""
    gpus = tuple(gpus)
    if sum(1 for gpu in gpus if gpu.memory >= (need.memory or 0)) >= need.gpus:
        return ""
    have = ", ".join(size_text(gpu.memory) for gpu in gpus)
    return f"needs {need}" + (f"; this machine has {have}" if have else "")


class Slots:
    """Who has which GPU. Not for several threads at once."""

    def __init__(self, gpus: Iterable[Gpu]) -> None:
        self._all = {gpu.number: gpu.memory for gpu in gpus}
        self._free = dict(self._all)

    def take(self, need: GpuNeed) -> tuple[int, ...] | None:
        """Return the numbers of the GPUs that are now the taker's; ``None`` where it must wait.

        Of the GPUs with room it takes the fullest, so that jobs that need a whole one find it.
        """
        if need.memory is None:
            fitting = [number for number, free in self._free.items() if free == self._all[number]]
        else:
            fitting = [number for number, free in self._free.items() if free >= need.memory]
        fitting.sort(key=lambda number: (self._free[number], number))
        taken = tuple(islice(fitting, need.gpus))
        if len(taken) < need.gpus:
            return None
        for number in taken:
            self._free[number] -= self._all[number] if need.memory is None else need.memory
        return tuple(sorted(taken))

    def give(self, need: GpuNeed, taken: Iterable[int]) -> None:
        """Give back what `take` returned for ``need``."""
        for number in taken:
            self._free[number] += self._all[number] if need.memory is None else need.memory

"""Jobs get the GPUs that they need and never more memory than there is, on pretended machines."""

import io
import json
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from engine_helpers import code, job, make_book
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from tabbook.cli import main
from tabbook.errors import UsageError
from tabbook.model import Result
from tabbook.plan import gpus
from tabbook.plan.gpus import Gpu, GpuNeed, Slots, lacking, parse_inventory, visible
from tabbook.plan.job_spec import Outcome
from tabbook.run.progress import failures_text, summary_table
from tabbook.run.runner import run
from tabbook.run.schedule import run_all
from tabbook.run.shard import Shard
from tabbook.status.overview import status

GB = 10**9
TWO = (Gpu(0, 16 * GB), Gpu(1, 16 * GB))


def test_jobs_share_a_gpu_as_far_as_its_memory_goes():
    slots = Slots(TWO)
    small = GpuNeed(1, 6 * GB)
    assert [slots.take(small) for _ in range(5)] == [(0,), (0,), (1,), (1,), None]
    slots.give(small, (0,))
    assert slots.take(small) == (0,)


def test_a_job_that_does_not_say_how_much_has_the_gpu_for_itself():
    slots = Slots(TWO)
    assert slots.take(GpuNeed(1, GB)) == (0,)
    assert slots.take(GpuNeed(1)) == (1,)
    assert slots.take(GpuNeed(1)) is None
    slots.give(GpuNeed(1, GB), (0,))
    assert slots.take(GpuNeed(1)) == (0,)


def test_a_job_for_two_gpus_waits_until_both_are_free():
    slots = Slots(TWO)
    assert slots.take(GpuNeed(1, GB)) == (0,)
    assert slots.take(GpuNeed(2)) is None
    slots.give(GpuNeed(1, GB), (0,))
    assert slots.take(GpuNeed(2)) == (0, 1)


NEEDS = st.builds(GpuNeed, st.integers(0, 3), st.one_of(st.none(), st.integers(1, 24)))


@given(st.lists(st.integers(1, 24), max_size=4), st.lists(st.tuples(NEEDS, st.booleans()), max_size=40))
def test_memory_is_never_given_twice_and_all_comes_back(memories, requests):
    machine = [Gpu(number, memory) for number, memory in enumerate(memories)]
    slots, held = Slots(machine), []
    for need, returns in requests:
        taken = slots.take(need)
        assert taken is None or len(set(taken)) == need.gpus
        if taken is not None:
            held.append((need, taken))
        for gpu in machine:
            used = [need.memory or gpu.memory for need, taken in held if gpu.number in taken]
            assert sum(used) <= gpu.memory
        if returns and held:
            slots.give(*held.pop(0))
    for need, taken in held:
        slots.give(need, taken)
    for need, _ in requests:
        # Whatever a machine does not lack, it can give when nobody else has anything.
        taken = slots.take(need)
        assert (taken is None) == bool(lacking(need, machine))
        if taken is not None:
            slots.give(need, taken)


@pytest.mark.parametrize(
    ("need", "machine", "words"),
    [
        (GpuNeed(), (), ""),
        (GpuNeed(1), (), "needs a GPU"),
        (GpuNeed(1, 6 * GB), (), "needs a GPU with 6 GB"),
        (GpuNeed(2, 6 * GB), TWO[:1], "needs 2 GPUs with 6 GB each; this machine has 16 GB"),
        (GpuNeed(1, 20 * GB), TWO, "needs a GPU with 20 GB; this machine has 16 GB, 16 GB"),
        (GpuNeed(2), TWO, ""),
    ],
)
def test_what_a_machine_lacks_is_said(need, machine, words):
    assert lacking(need, machine) == words


def test_the_drivers_list_is_read():
    assert parse_inventory("0, 16384\n1, 81920\n[N/A]\n") == (Gpu(0, 16 * 2**30), Gpu(1, 80 * 2**30))
    assert parse_inventory("no devices were found") == ()


@pytest.mark.parametrize(
    ("allowed", "numbers"), [(None, [0, 1]), ("1", [1]), ("0,1", [0, 1]), ("", []), ("-1", []), ("7", [])]
)
def test_only_gpus_that_are_visible_count(allowed, numbers):
    assert [gpu.number for gpu in visible(TWO, allowed)] == numbers


@pytest.mark.parametrize(
    ("script", "count"),
    [("echo '0, 16384'; echo '1, 16384'", 2), ("exit 9", 0), (None, 0), ("echo broken", 0)],
)
def test_this_machines_gpus_are_those_of_the_driver(tmp_path, monkeypatch, script, count):
    if script:
        (tmp_path / "nvidia-smi").write_text(f"#!/bin/sh\n{script}\n")
        (tmp_path / "nvidia-smi").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("TABBOOK_GPUS", raising=False)
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    gpus._of_driver.cache_clear()
    assert len(gpus.inventory("gpu")) == count
    assert gpus.inventory("cpu") == ()
    monkeypatch.setenv("TABBOOK_GPUS", "16GB, 8GB")
    assert gpus.inventory("gpu") == (Gpu(0, 16 * GB), Gpu(1, 8 * GB))
    monkeypatch.setenv("TABBOOK_GPUS", "")
    assert gpus.inventory("gpu") == ()


def test_a_pretended_machine_must_be_written_right(monkeypatch):
    monkeypatch.setenv("TABBOOK_GPUS", "two")
    with pytest.raises(UsageError, match="16GB,16GB"):
        gpus.inventory("gpu")


class TestRuns:
    """Runs of a small book on pretended machines, with a fake for kernels."""

    @pytest.fixture
    def started(self, monkeypatch):
        """The jobs that were executed, in the order in which they began."""
        begun = []

        def fake(spec):
            begun.append(spec)
            result = Result(spec.key, spec.section, spec.tab, ((),), {"seconds": 1.0})
            return Outcome(spec.section, spec.tab, 1.0, result)

        monkeypatch.setattr("tabbook.run.recorder.execute", fake)
        return begun

    @pytest.fixture
    def machine(self, monkeypatch):
        def set_up(listed):
            device = "gpu" if listed else "cpu"
            monkeypatch.setenv("TABBOOK_GPUS", listed)
            for module in ("run.runner", "plan.planner", "status.overview"):
                monkeypatch.setattr(f"tabbook.{module}.device_class", lambda: device)

        return set_up

    @pytest.fixture
    def book(self, tmp_path):
        def section(name, needs):
            return f"---\nfile_format: mystnb\ntabbook: {{{needs}}}\n---\n{code(f'x = {name!r}')}"

        needs = {"two": "gpus: 2", "six": "gpus: 1, gpu_memory: 6GB", "none": ""}
        return make_book(tmp_path, {name: section(name, text) for name, text in needs.items()})

    def go(self, book):
        report = run(book, tabs=["jax"], why_unusable=lambda tab: "", workers=1)
        return report, {entry.section[9:-3]: entry.status for entry in report.jobs}

    def test_a_machine_without_gpus_defers_what_needs_them(self, book, machine, started):
        machine("")
        report, states = self.go(book)
        assert states == {"two": "deferred", "six": "deferred", "none": "executed"}
        assert not report.ok
        assert "six · jax: deferred, needs a GPU with 6 GB" in failures_text(report)
        again = status(book, tabs=["jax"])
        assert {entry.section[9:-3]: entry.status for entry in again.jobs} == {**states, "none": "stored"}
        console = Console(width=100, record=True, file=io.StringIO())
        console.print(summary_table(again, {"jax": "JAX"}))
        assert console.export_text().count("deferred ") == 2

    def test_it_uses_what_a_machine_with_gpus_made(self, book, machine, started):
        machine("16GB,16GB")
        report, states = self.go(book)
        assert set(states.values()) == {"executed"}
        machine("")
        report, states = self.go(book)
        assert report.ok
        assert set(states.values()) == {"stored"}

    def test_a_machine_with_too_few_defers_what_is_too_much(self, book, machine, started):
        machine("8GB")
        assert self.go(book)[1] == {"two": "deferred", "six": "executed", "none": "executed"}

    def test_jobs_see_their_gpus_alone(self, book, machine, started):
        machine("16GB,16GB")
        self.go(book)
        seen = {spec.section[9:-3]: spec.variables for spec in started}
        shown = {name: values.get("CUDA_VISIBLE_DEVICES") for name, values in seen.items()}
        assert shown == {"two": "0,1", "six": "0", "none": None}
        for values in seen.values():
            assert values["CUDA_DEVICE_ORDER"] == "PCI_BUS_ID"  # the numbers are the driver's

    @pytest.mark.parametrize(("listed", "lacks"), [("16GB", "; this machine has 16 GB"), ("", "")])
    def test_the_commands_say_what_was_deferred_and_end_with_1(
        self, book, machine, monkeypatch, capsys, listed, lacks
    ):
        machine(listed)
        monkeypatch.setenv("TABBOOK_DEVICE", "gpu" if listed else "cpu")
        for command in ("run", "status"):
            assert main([command, "two", "--tab", "jax", "--book", str(book.root)]) == 1
            printed = capsys.readouterr()
            assert f"two · jax: deferred, needs 2 GPUs{lacks}" in printed.out + printed.err
        assert main(["status", "--json", "--book", str(book.root)]) == 1
        (entry,) = (
            e
            for e in json.loads(capsys.readouterr().out)["jobs"]
            if "two" in e["section"] and e["tab"] == "jax"
        )
        assert (entry["status"], entry["reason"]) == ("deferred", f"needs 2 GPUs{lacks}")

    def test_shards_leave_each_others_jobs_alone(self, book, machine, started):
        machine("16GB,16GB")
        parts = []
        for number in (1, 2):
            report = run(book, why_unusable=lambda tab: "", shard=Shard(number, 2), force=True)
            assert report.ok
            parts.append({(e.section, e.tab) for e in report.jobs if e.status == "executed"})
            others = {(e.section, e.tab) for e in report.jobs if e.status == "elsewhere"}
            assert not others & parts[-1]
        assert not parts[0] & parts[1]
        assert len(parts[0] | parts[1]) == 6


def test_jobs_that_need_no_gpu_pass_one_that_waits_and_no_other_does():
    """Two jobs hold a GPU each; one for both waits. What began in which order is looked at."""
    began, go_on = [], threading.Event()
    names = {"a": GpuNeed(1), "b": GpuNeed(1), "both": GpuNeed(2), "c": GpuNeed(1), "cpu": GpuNeed()}
    specs = [job("x", section=name, need=need) for name, need in names.items()]

    def work(spec):
        if spec.section in ("a", "b"):
            go_on.wait(10)
        elif spec.section == "cpu":
            go_on.set()
        return Outcome(spec.section, spec.tab, 0.0)

    with ThreadPoolExecutor(5) as pool:
        ended = [
            outcome.section
            for outcome in run_all(specs, pool, 5, work, lambda spec: began.append(spec.section), TWO)
        ]
    assert began == ["a", "b", "cpu", "both", "c"]
    assert sorted(ended) == sorted(names)


def test_a_job_that_nobody_can_ever_serve_ends_as_broken():
    with ThreadPoolExecutor(1) as pool:
        (outcome,) = run_all([job("x", need=GpuNeed(3))], pool, 1, lambda spec: None, gpus=TWO)
    assert "3 GPUs" in outcome.failure.message

"""As many jobs run at once as memory allows, on pretended machines and in pretended containers."""

import os

import psutil
import pytest
from engine_helpers import job
from hypothesis import given
from hypothesis import strategies as st

from tabbook.errors import UsageError
from tabbook.machine import cores, group_cores, group_memory
from tabbook.plan import memory
from tabbook.plan.gpus import Gpu, GpuNeed, Slots, lacking
from tabbook.plan.memory import ASSUMED_MEMORY_BYTES, MemoryBudget, available_memory, likely_memory
from tabbook.run.schedule import FreeResources, next_job

GB = 10**9


def pretend(root, lines, files):
    """Write what a system shows of control groups; return the two folders to look into."""
    (root / "proc/self").mkdir(parents=True)
    (root / "proc/self/cgroup").write_text(lines)
    for name, text in files.items():
        path = root / "groups" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root / "proc", root / "groups"


ONE = {"memory.max": "100\n", "memory.current": "70\n", "memory.stat": "anon 5\ninactive_file 20\n"}
TWO = {
    "a/b/memory.max": "100",
    "a/b/memory.current": "10",
    "a/memory.max": "60",
    "a/memory.current": "20",
}
OLD = {
    "memory/x/memory.limit_in_bytes": "100",
    "memory/x/memory.usage_in_bytes": "60",
    "memory/x/memory.stat": "inactive_file 1\ntotal_inactive_file 10",
}


@pytest.mark.parametrize(
    ("lines", "files", "left"),
    [
        ("", {}, None),
        ("0::/\n", {"memory.max": "max\n", "memory.current": "5\n"}, None),
        ("0::/\n", {"memory.max": "100"}, None),
        ("0::/\n", ONE, 50),
        ("0::/a/b\n", TWO, 40),
        ("9:cpu,cpuacct:/x\n4:memory:/x\n0::/\n", OLD, 50),
        # The path is the host's, which a container does not have.
        ("0::/elsewhere/on/the/host\n", {"memory.max": "100", "memory.current": "130"}, 0),
    ],
)
def test_a_containers_limit_of_memory_counts(tmp_path, lines, files, left):
    assert group_memory(*pretend(tmp_path, lines, files)) == left


@pytest.mark.parametrize(
    ("lines", "files", "count"),
    [
        ("", {}, None),
        ("0::/a\n", {"a/cpu.max": "max 100000\n"}, None),
        ("0::/a\n", {"a/cpu.max": "150000 100000\n", "cpu.max": "800000 100000\n"}, 2),
        ("2:cpu,cpuacct:/\n", {"cpu/cpu.cfs_quota_us": "-1", "cpu/cpu.cfs_period_us": "100000"}, None),
        ("2:cpu:/\n", {"cpu/cpu.cfs_quota_us": "50000", "cpu/cpu.cfs_period_us": "100000"}, 1),
    ],
)
def test_a_containers_share_of_the_cores_counts(tmp_path, lines, files, count):
    assert group_cores(*pretend(tmp_path, lines, files)) == count


def test_this_machine_has_something():
    assert 1 <= cores() <= (os.cpu_count() or 1)
    assert 0 < available_memory({}) <= psutil.virtual_memory().total


def test_a_pretended_machine_has_what_is_said():
    assert available_memory({"TABBOOK_MEMORY": "8GB"}) == 8 * GB
    with pytest.raises(UsageError, match="TABBOOK_MEMORY=much"):
        available_memory({"TABBOOK_MEMORY": "much"})


def test_a_container_has_no_more_than_it_may(monkeypatch):
    monkeypatch.setattr(memory, "group_memory", lambda: 5)
    assert available_memory({}) == 5


@pytest.mark.parametrize(
    ("peaks", "declared", "limit", "likely"),
    [
        ({}, None, None, ASSUMED_MEMORY_BYTES),
        ({}, None, GB, GB),
        ({}, 6 * GB, GB, 6 * GB),
        ({("a", "jax"): 5}, 6 * GB, None, 5),
        ({("b", "jax"): 5, ("c", "jax"): 7, ("c", "mxnet"): 9}, None, None, 7),
        ({("a", "jax"): 5 * GB}, GB, None, GB),
    ],
)
def test_what_a_job_is_likely_to_take(peaks, declared, limit, likely):
    """What it took before; else what its section says; else as much as the worst of its framework."""
    assert likely_memory(("a", "jax"), peaks, declared, limit) == likely


def simulate(specs, free, slots, look=lambda running: None):
    """Begin jobs as a run does, ending the oldest whenever none can begin; return who began when.

    Each entry is a job and how many ran then, itself included.
    """
    waiting, running, began = list(specs), [], []
    while waiting or running:
        while len(running) < slots and (found := next_job(waiting, free)):
            running.append(found)
            began.append((found[0].section, len(running)))
            look(running)
        free.give(*running.pop(0))
    return began


def sized(*sizes):
    return [job("x", section=str(n), memory=size) for n, size in enumerate(sizes)]


def test_one_that_finds_no_room_waits_and_smaller_ones_pass():
    began = simulate(sized(6, 6, 3, 1), FreeResources(Slots(()), MemoryBudget(lambda: 10)), 4)
    assert began == [("0", 1), ("2", 2), ("3", 3), ("1", 3)]


def test_one_that_needs_more_than_there_is_runs_alone():
    assert simulate(sized(99, 1), FreeResources(Slots(()), MemoryBudget(lambda: 10)), 4) == [
        ("0", 1),
        ("1", 1),
    ]
    assert simulate(sized(1, 99), FreeResources(Slots(()), MemoryBudget(lambda: 10)), 4) == [
        ("0", 1),
        ("1", 1),
    ]


def test_memory_that_other_programs_take_is_not_given_to_jobs():
    left = iter([10, 2, 2])
    assert simulate(sized(3, 3), FreeResources(Slots(()), MemoryBudget(lambda: next(left))), 4) == [
        ("0", 1),
        ("1", 1),
    ]


def test_where_others_give_out_memory_nothing_waits():
    assert simulate(sized(99, 99), FreeResources(None, None), 4) == [("0", 1), ("1", 2)]


NEEDS = st.builds(GpuNeed, st.integers(0, 2), st.one_of(st.none(), st.integers(1, 8)))
GPUS = (Gpu(0, 8), Gpu(1, 6), Gpu(2, 8))


@given(
    st.lists(st.tuples(st.integers(0, 12), NEEDS.filter(lambda need: not lacking(need, GPUS))), max_size=20),
    st.integers(1, 6),
)
def test_nothing_is_given_twice_and_everybody_gets_a_turn(wanted, slots):
    """No memory, no GPU's memory, and to one job no GPU twice; and none waits where all is free."""
    specs = [job("x", section=str(n), memory=size, need=need) for n, (size, need) in enumerate(wanted)]
    sizes = {gpu.number: gpu.memory for gpu in GPUS}

    def look(running):
        assert len(running) <= slots
        assert len(running) == 1 or sum(spec.memory for spec, _ in running) <= 10
        for spec, own in running:
            assert len(set(own)) == len(own) == spec.need.gpus
        for number, size in sizes.items():
            used = [spec.need.memory or size for spec, own in running if number in own]
            assert sum(used) <= size

    began = simulate(specs, FreeResources(Slots(GPUS), MemoryBudget(lambda: 10)), slots, look)
    assert sorted(int(section) for section, _ in began) == list(range(len(specs)))


@given(st.lists(st.integers(0, 12), max_size=20), st.integers(1, 6))
def test_as_many_run_at_once_as_there_is_room_for(sizes, slots):
    """Whenever a core is idle although jobs wait, none of those would have fitted."""
    waiting, running, free = sized(*sizes), [], FreeResources(Slots(()), MemoryBudget(lambda: 10))
    while waiting or running:
        while len(running) < slots and (found := next_job(waiting, free)):
            running.append(found)
        left = 10 - sum(spec.memory for spec, _ in running)
        if len(running) < slots:
            assert all(spec.memory > left for spec in waiting)
        free.give(*running.pop(0))

"""A job's memory is known and bounded, and nothing that it started outlives it; with real processes."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import psutil
import pytest
from engine_helpers import job

from tabbook.execute import guard
from tabbook.execute.job import execute
from tabbook.execute.processes import GuardedKernel
from tabbook.execute.scratch import scratch_folder
from tabbook.plan.job_spec import Limits

MB = 10**6
linux = pytest.mark.skipif(sys.platform != "linux", reason="the kernel of Linux knows what this needs")


def until(true, seconds=20):
    """Wait until ``true()`` is, and return it."""
    deadline = time.monotonic() + seconds
    while not (found := true()) and time.monotonic() < deadline:
        time.sleep(0.01)
    return found


def gone(pid):
    """Say whether a process has ended, or does so soon; one that nobody waited for has."""

    def is_gone():
        try:
            return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
        except psutil.NoSuchProcess:
            return True

    return until(is_gone, 5)


# Each writes the number of a process that tries to escape, and waits for nothing.
ESCAPES = {
    "a session of its own": "p = subprocess.Popen(['sleep', '300'], start_new_session=True).pid",
    "a daemon": (
        "subprocess.run([sys.executable, '-c', '''import os\n"
        "if os.fork(): os._exit(0)\n"
        "os.setsid()\n"
        "if os.fork(): os._exit(0)\n"
        "open('pid', 'w').write(str(os.getpid()))\n"
        "os.execve('/bin/sleep', ['sleep', '300'], {})''']).returncode\n"
        "while not os.path.exists('pid') or not open('pid').read(): pass\n"
        "p = int(open('pid').read())"
    ),
    "deaf to signals": (
        "p = subprocess.Popen(['sh', '-c', 'trap \"\" TERM INT HUP; sleep 300; sleep 300']).pid"
    ),
}


@linux
@pytest.mark.parametrize("escape", ESCAPES)
@pytest.mark.parametrize("end", ["'done'", "1 / 0", "os._exit(1)", "os.kill(os.getpid(), 9)"])
def test_nothing_that_a_job_started_outlives_it(tmp_path, escape, end):
    note = tmp_path / "pid"
    source = f"import os, subprocess, sys\n{ESCAPES[escape]}\nopen({str(note)!r}, 'w').write(str(p))\n{end}"
    execute(job(source))
    assert gone(int(note.read_text()))


@linux
def test_a_job_whose_guard_is_killed_leaves_nothing_either(tmp_path):
    note = tmp_path / "pid"
    source = (
        "import os, subprocess\n"
        "p = subprocess.Popen(['sleep', '300'], start_new_session=True).pid\n"
        f"open({str(note)!r}, 'w').write(f'{{os.getppid()}} {{os.getpid()}} {{p}}')\n"
        "import time\ntime.sleep(300)"
    )

    def kill():
        until(lambda: note.exists() and len(note.read_text().split()) == 3)
        os.kill(int(note.read_text().split()[0]), signal.SIGKILL)

    (killer := threading.Thread(target=kill)).start()
    assert execute(job(source)).failure.kind == "died"
    killer.join()
    assert all(gone(int(pid)) for pid in note.read_text().split())


LONER = """
import sys
import tempfile
sys.path.insert(0, {helpers!r})
from engine_helpers import job
from tabbook.execute.job import execute
execute(job({source!r}))
"""


@linux
def test_when_tabbook_is_killed_kernels_and_folders_go_too(tmp_path):
    """Killed as `kill -9` does: it has no time to tell anybody."""
    note = tmp_path / "pid"
    source = (
        "import os, subprocess, time\n"
        "p = subprocess.Popen(['sleep', '300'], start_new_session=True).pid\n"
        f"open({str(tmp_path / 'new')!r}, 'w').write(f'{{os.getpid()}} {{os.getppid()}} {{p}}')\n"
        f"os.rename({str(tmp_path / 'new')!r}, {str(note)!r})\n"
        "time.sleep(300)"
    )
    script = LONER.format(helpers=str(Path(__file__).parents[1]), source=source)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    with tempfile.TemporaryDirectory() as short:  # pytest's folders may be too deep for sockets
        environment["TMPDIR"] = short
        running = subprocess.Popen([sys.executable, "-c", script], env=environment)
        try:
            assert until(note.exists, 180)
            assert list(Path(short).iterdir())
        finally:
            running.kill()
            running.wait()
        assert all(gone(int(pid)) for pid in note.read_text().split())
        assert until(lambda: not list(Path(short).iterdir()))


@linux
def test_how_much_memory_a_job_took_is_known():
    small, large = execute(job("1")), execute(job("x = bytearray(b'1') * 300_000_000\ndel x"))
    assert 10 * MB < small.memory < 200 * MB
    assert small.memory == small.result.made_with["memory"]
    assert 290 * MB < large.memory - small.memory < 330 * MB


@linux
def test_memory_that_processes_share_counts_once():
    source = (
        "import os, time\nx = bytearray(b'1') * 300_000_000\n"
        "for _ in range(4):\n    if not os.fork():\n        time.sleep(2)\n        os._exit(0)\n"
        "for _ in range(4): os.wait()"
    )
    done = execute(job(source, limits=Limits(60, memory=700 * MB)))
    assert done.failure is None
    assert 300 * MB < done.memory < 500 * MB


@linux
@pytest.mark.parametrize(
    "source",
    [
        "x = []\nwhile True:\n    x.append(bytearray(b'1') * 5_000_000)",
        "import subprocess, sys\n"
        "code = 'x = bytearray(bytes([1])) * 900_000_000; import time; time.sleep(60)'\n"
        "subprocess.run([sys.executable, '-c', code])",
    ],
    ids=["itself", "a child"],
)
def test_a_job_over_its_limit_is_stopped_and_says_so(source):
    failed = execute(job("'fine'", source, limits=Limits(60, memory=400 * MB))).failure
    assert failed.kind == "memory"
    assert "needed more than 400 MB" in failed.message
    assert "raise memory" in failed.message
    assert failed.line == 16


@linux
def test_address_space_that_is_only_reserved_costs_nothing():
    """Frameworks reserve far more than they use."""
    done = execute(job("import mmap\nx = mmap.mmap(-1, 2_000_000_000)", limits=Limits(60, memory=400 * MB)))
    assert done.failure is None


@linux
def test_pages_of_files_cost_nothing(tmp_path):
    """They are the system's to take back; else each job would count its framework's code."""
    path = tmp_path / "large"
    path.write_bytes(b"1" * 300_000_000)
    source = (
        f"import mmap\nf = open({str(path)!r}, 'rb')\nx = mmap.mmap(f.fileno(), 0, access=mmap.ACCESS_READ)\n"
        "sum(x[::4096])\nimport time\ntime.sleep(0.5)"
    )
    done = execute(job(source, limits=Limits(60, memory=200 * MB)))
    assert done.failure is None
    assert done.memory < 200 * MB


@pytest.mark.parametrize(
    ("told", "kind", "words"),
    [
        (
            {"code": -9, "starved": True, "peak": 3 * 10**9},
            "died",
            "out of memory and killed the kernel; the job had 3 GB",
        ),
        ({"code": -9}, "died", "it was killed, perhaps because memory ran out"),
        ({"code": -11}, "died", "the kernel died of SIGSEGV"),
        ({"code": 3}, "died", "it ended with status 3"),
        ({"over": True}, "memory", "more than 1 GB"),
        (None, "died", "the kernel died"),
    ],
)
def test_why_a_kernel_died_is_said(tmp_path, told, kind, words):
    guarded = GuardedKernel(10**9, tmp_path)
    # In place of a guard: whoever holds the other end says how it went.
    with guarded.stdin.dup() as end:
        if told is not None:
            end.sendall(json.dumps(told).encode() + b"\n")
        child = subprocess.Popen(["sleep", "0"], start_new_session=True)
        guarded.started(child.pid)
    failed = guarded.failure("the log")
    child.wait()
    assert (failed.kind, failed.traceback) == (kind, "the log")
    assert words in failed.message


@linux
def test_a_guard_needs_the_standard_library_alone():
    """It starts before every kernel: whatever else it imported would cost each job its time."""
    tail = "import sys\nprint(*{name.partition('.')[0] for name in sys.modules})"
    source = Path(guard.__file__).read_text().partition("if __name__")[0]
    done = subprocess.check_output([sys.executable, "-I", "-S", "-c", source + tail], text=True)
    loaded = set(done.split()) - {"__main__"}
    assert loaded <= set(sys.stdlib_module_names)


@linux
def test_processes_below_one_are_found():
    parent = subprocess.Popen(["sh", "-c", "sleep 300 & sleep 300 & wait"])
    try:
        assert until(lambda: len(guard.descendants(parent.pid)) == 2)
        assert parent.pid in guard.children(os.getpid())
        assert guard._parents()[parent.pid] == os.getpid()
    finally:
        for pid in (*guard.descendants(parent.pid), parent.pid):
            os.kill(pid, signal.SIGKILL)
        parent.wait()


def test_folders_of_killed_processes_go_when_the_next_job_begins(tmp_path, monkeypatch):
    """Those in use stay, and those that somebody is about to take."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    for name in ("tabbook-job-dead", ".tabbook-job-dead", ".tabbook-job-new", "other", "tabbook-lib-x"):
        (tmp_path / name / "work").mkdir(parents=True)
    os.utime(tmp_path / ".tabbook-job-dead", (time.time() - 7200,) * 2)
    with scratch_folder() as first, scratch_folder() as second:
        assert {path.name for path in tmp_path.iterdir()} == {
            ".tabbook-job-new",
            "other",
            "tabbook-lib-x",
            first.name,
            second.name,
        }
    assert len(list(tmp_path.iterdir())) == 3

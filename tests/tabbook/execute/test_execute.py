"""Jobs in real kernels: what they see, what they leave, and every way in which they fail."""

import os
import re
import tempfile
import threading
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import psutil
import pytest
import zmq
from engine_helpers import FRAMEWORK, KEY, job

from tabbook.config import Tab
from tabbook.execute.job import execute
from tabbook.execute.processes import Stop, stop_all
from tabbook.execute.sandbox import job_variables
from tabbook.plan.job_spec import Limits


@pytest.fixture(autouse=True)
def nothing_left_behind(monkeypatch, tmp_path_factory):
    """Check after every test that its kernels, their children and their folders are gone."""
    tmp_path_factory.getbasetemp()  # made now, outside of the folder that is looked at
    with tempfile.TemporaryDirectory() as folder:
        monkeypatch.setattr(tempfile, "tempdir", folder)
        before = set(psutil.Process().children(recursive=True))
        yield
        assert not list(Path(folder).glob("tabbook-*"))
        left = [child.pid for child in set(psutil.Process().children(recursive=True)) - before]
        assert all(gone(pid) for pid in left)


def gone(pid):
    """Say whether a process has ended, within three seconds; one that nobody waited for has."""
    deadline = time.monotonic() + 3
    while time.monotonic() < deadline:
        if not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE:
            return True
        time.sleep(0.02)
    return False


def texts(outcome):
    """Return each cell's outputs as text."""
    assert outcome.failure is None, outcome.failure
    return [
        "".join(o.get("text") or o.get("data", {}).get("text/plain") or o["ename"] for o in cell)
        for cell in outcome.result.outputs
    ]


def test_outputs_stand_for_the_cells_in_order():
    done = execute(
        job(
            "x = 20\nprint('hello')\nx",
            "x += 1",
            "x",
            device="cpu",
            inputs={"tab": "pytorch"},
            stand_ins=("words.txt",),
        )
    )
    assert texts(done) == ["hello\n20", "", "21"]
    assert done.result.outputs[2][0]["execution_count"] == 3
    assert (done.result.key, done.result.section, done.result.tab) == (KEY, "chapters/a.md", "pytorch")
    assert (done.result.inputs, done.result.stand_ins) == ({"tab": "pytorch"}, ("words.txt",))
    made = done.result.made_with
    assert made["framework"].startswith("Client 0.")
    assert made["python"].startswith("3.")
    assert made["device"] == "cpu"
    assert made["date"].endswith("Z")
    assert 0 < made["seconds"] < 60


def test_a_framework_whose_version_cannot_be_known_has_none():
    odd = Tab(name="Odd", module="not_there", requirements="")
    assert execute(job("1", framework=odd)).result.made_with["framework"] == "Odd"
    other = odd.model_copy(update={"distribution": "nbclient"})
    assert re.fullmatch(r"Odd 0\.\d+\.\d+", execute(job("1", framework=other)).result.made_with["framework"])


def test_the_same_code_leaves_the_same_outputs():
    source = "import sys\nfor i in range(50):\n    print(i)\n    print(i, file=sys.stderr)\nhash('a')"
    first, second = execute(job(source)), execute(job(source))
    assert first.result.outputs == second.result.outputs


def test_the_same_figure_is_the_same_file():
    environments = Path(__file__).parents[3] / ".tabbook/environments"
    python = next(
        (p for p in environments.glob("*/bin/python") if list(p.parent.parent.glob("lib/*/*/matplotlib"))),
        None,
    )
    if python is None:
        pytest.skip("no framework's environment was made: run tabbook env make")
    source = (
        "from matplotlib import pyplot as plt\n%config InlineBackend.figure_formats = ['svg']\n"
        "plt.plot([1, 2]);"
    )
    first, second = (execute(job(source, python=str(python))) for _ in range(2))
    assert "image/svg+xml" in first.result.outputs[0][0]["data"]
    assert first.result.outputs == second.result.outputs


def test_a_job_has_a_folder_of_its_own_and_the_data_that_it_declared(tmp_path, monkeypatch):
    (tmp_path / "words").write_text("time")
    (tmp_path / "d2l").mkdir()
    (tmp_path / "d2l/__init__.py").write_text("x = 5")
    monkeypatch.setenv("HOME", str(tmp_path.parent))
    done = execute(
        job(
            "import os\nos.listdir()",
            "open('a', 'w').close()\nopen(os.path.join(os.environ['D2L_DATA'], 'words.txt')).read()",
            "os.listdir(os.environ['D2L_DATA']), os.environ['D2L_DATA_OFFLINE'], os.environ['TABBOOK_TAB']",
            "import d2l\nd2l.x, os.environ['OMP_NUM_THREADS'], os.environ['MORE']",
            "import warnings\nwarnings.warn('careful')",
            data={"words.txt": str(tmp_path / "words")},
            library_folder=str(tmp_path),
            threads=2,
            variables={"MORE": "1"},
        )
    )
    *outputs, warned = texts(done)
    assert outputs == ["[]", "'time'", "(['words.txt'], '1', 'pytorch')", "(5, '2', '1')"]
    assert warned.startswith("<cell>:2: UserWarning: careful")


def test_credentials_are_not_passed_on_unless_named():
    inherited = {
        "HOME": "/h",
        "PATH": "/bin",
        "CUDA_VISIBLE_DEVICES": "0",
        "GITHUB_TOKEN": "t",
        "AWS_SECRET_ACCESS_KEY": "k",
        "HTTPS_PROXY": "http://me:pw@proxy",
        "D2L_TOKEN": "t",
        "XDG_API_KEY": "k",
        "MY_VALUE": "v",
        "PYTHONPATH": "/mine",
        "TABBOOK_PASS_ENV": "MY_VALUE, NOT_THERE",
    }
    passing = FRAMEWORK.model_copy(update={"pass_variables": ("XLA_*", "EXACT", "AWS_*")})
    inherited |= {
        "XLA_FLAGS": "--f",
        "EXACT": "1",
        "EXACTLY": "2",
        "NBCLIENT_X": "3",
        "PYTORCH_X": "4",
        "TF_X": "5",
    }
    seen = job_variables(job("1", python="/env/bin/python", framework=passing), Path("/s"), inherited)
    own = ("XLA_FLAGS", "EXACT", "EXACTLY", "NBCLIENT_X", "PYTORCH_X", "TF_X")
    assert [seen.get(name) for name in own] == ["--f", "1", None, "3", "4", None]
    assert seen["PATH"] == "/env/bin:/bin"
    assert seen["CUDA_VISIBLE_DEVICES"] == "0"
    assert seen["MY_VALUE"] == "v"
    assert seen["PYTHONPATH"] == ""
    assert not {"GITHUB_TOKEN", "AWS_SECRET_ACCESS_KEY", "HTTPS_PROXY", "D2L_TOKEN", "XDG_API_KEY"} & set(
        seen
    )


def test_a_cell_that_raises_stops_the_job_and_is_named():
    failed = execute(
        job("def f(x):\n    y = 1\n    return y / x", "print('before')\nf(0)", "print('never')")
    ).failure
    assert failed.kind == "raised"
    assert failed.message == "ZeroDivisionError: division by zero"
    assert (failed.path, failed.line, failed.cell_line) == ("chapters/a.md", 12, 18)
    assert failed.source == "print('before')\nf(0)"
    assert failed.output == "before"
    assert "return y / x" in failed.traceback
    assert "\x1b" not in failed.traceback


@pytest.mark.parametrize(
    ("source", "message", "line"),
    [
        ("x = 1\ny = )", "SyntaxError", 11),
        ("raise ValueError", "ValueError", 10),
        ("\nraise ValueError('one\\ntwo')", "ValueError: one", 11),
        ("%%time\n1 / 0", "ZeroDivisionError: division by zero", 10),
        ("input()", "StdinNotImplementedError", 10),
    ],
)
def test_the_line_of_other_faults(source, message, line):
    failed = execute(job(source)).failure
    assert failed.message.startswith(message)
    assert ".py, line" not in failed.message
    assert failed.line == line


def test_a_cell_that_is_to_raise_may():
    done = execute(job(("1 / 0", ("raises-exception",)), "'after'"))
    assert texts(done) == ["ZeroDivisionError", "'after'"]


def test_a_cell_that_never_ends_is_stopped_in_time():
    start = time.monotonic()
    failed = execute(
        job("'fine'", "import time\nwhile True:\n    time.sleep(0.01)", limits=Limits(4))
    ).failure
    assert failed.kind == "timeout"
    assert "more than 4 seconds" in failed.message
    assert failed.line == 16
    assert time.monotonic() - start < 10


def test_the_limit_is_the_jobs_not_each_cells():
    failed = execute(job(*["import time; time.sleep(1)"] * 6, limits=Limits(4))).failure
    assert failed.kind == "timeout"


def test_a_cell_may_have_a_limit_of_its_own():
    """Quick cells before it do not count, and the job's time is not up."""
    slow = "import time; time.sleep(0.6)"
    failed = execute(job(slow, slow, slow, "time.sleep(60)", limits=Limits(60, cell_timeout=1.5))).failure
    assert failed.kind == "timeout"
    assert "the cell was stopped: it took more than 1.5 seconds; raise cell_timeout" in failed.message
    assert failed.line == 28


@pytest.mark.parametrize("end", ["os._exit(3)", "os.kill(os.getpid(), 9)"])
def test_a_kernel_that_dies_is_a_failure_like_any_other(end):
    failed = execute(job("import os", f"os.write(2, b'why')\n{end}")).failure
    assert failed.kind == "died"
    assert (failed.line, failed.source.split("\n")[-1]) == (16, end)


@pytest.mark.parametrize("python", ["/bin/false", "/nowhere/python"])
def test_a_kernel_that_does_not_start_is_one_too(python):
    failed = execute(job("1", python=python)).failure
    assert failed.kind == "no-start"
    assert (failed.line, failed.source) == (0, "")


def test_a_path_too_long_for_sockets_is_said_to_be(monkeypatch):
    """Their addresses have about a hundred bytes; a kernel would die with a trace back into ZeroMQ."""
    room = zmq.IPC_PATH_MAX_LEN - len("/tabbook-job-12345678/kernel.json-ipc-5")
    short = Path(tempfile.gettempdir())
    for length, is_started in ((room, True), (room + 1, False)):
        folder = short / ("x" * (length - len(str(short)) - 1))
        folder.mkdir()
        monkeypatch.setattr(tempfile, "tempdir", str(folder))
        failed = execute(job("1")).failure
        assert (failed is None) == is_started
    assert failed.kind == "no-start"
    assert f"set TMPDIR to a folder whose path has at most {room} characters" in failed.message


def test_what_a_kernel_says_as_it_fails_to_start_is_kept(tmp_path):
    python = tmp_path / "python"
    python.write_text("#!/bin/sh\necho no module named ipykernel >&2\nexit 1\n")
    python.chmod(0o755)
    assert execute(job("1", python=str(python))).failure.traceback == "no module named ipykernel"


def test_children_of_a_kernel_are_killed_with_it():
    done = execute(job("import subprocess\nsubprocess.Popen(['sleep', '300']).pid"))
    assert gone(int(texts(done)[0]))


def test_children_of_a_dead_kernel_are_killed_too(tmp_path):
    note = tmp_path / "pid"
    source = (
        f"import os, subprocess\nopen({str(note)!r}, 'w').write(str(subprocess.Popen(['sleep', '300']).pid))"
    )
    assert execute(job(source, "os._exit(1)")).failure.kind == "died"
    assert gone(int(note.read_text()))


def test_much_output_is_kept_whole():
    long, many = texts(execute(job("print('x' * 20_000_000)", "for i in range(3000): display(i)")))
    assert len(long) == 20_000_001
    assert many == "".join(map(str, range(3000)))


def test_cleared_and_updated_displays_are_kept_as_they_end():
    done = execute(
        job(
            "from IPython.display import clear_output, display\n"
            "for i in range(9):\n    clear_output(wait=True)\n    display(i)",
            "shown = display('old', display_id=True)",
            "shown.update('new')",
        )
    )
    assert texts(done) == ["8", "'new'", ""]


def test_a_job_that_breaks_the_machinery_is_a_failure():
    failed = execute(job("1", data={"a": "/x", "a/b": "/y"})).failure
    assert failed.kind == "broken"


def test_stopping_ends_running_jobs_at_once_and_lets_none_start():
    outcomes = []
    thread = threading.Thread(target=lambda: outcomes.append(execute(job("import time\ntime.sleep(60)"))))
    thread.start()
    time.sleep(1.5)
    start = time.monotonic()
    with stop_all():
        thread.join()
        outcomes.append(execute(job("1")))
    assert [outcome.failure.kind for outcome in outcomes] == ["stopped", "stopped"]
    assert time.monotonic() - start < 5
    assert texts(execute(job("1"))) == ["1"]


def test_one_job_can_be_stopped_and_others_go_on(tmp_path):
    stops, outcomes = [Stop(), Stop()], {}

    def begin(number, source):
        with stops[number]:
            outcomes[number] = execute(job(source))
        outcomes[number + 2] = execute(job("1"))  # the thread is free for others then

    note = tmp_path / "begun"
    waits = f"import os, time\nopen({str(note)!r}, 'w').close()\ntime.sleep(300)"
    goes_on = f"import os, time\nwhile not os.path.exists({str(note)!r}): time.sleep(0.02)\n'done'"
    threads = [threading.Thread(target=begin, args=item) for item in enumerate((waits, goes_on))]
    for thread in threads:
        thread.start()
    while not note.exists():
        time.sleep(0.02)
    stops[0]()
    for thread in threads:
        thread.join()
    stops[0]()  # too late: it must reach no other job of the thread
    assert outcomes[0].failure.kind == "stopped"
    assert texts(outcomes[1]) == ["'done'"]
    assert texts(outcomes[2]) == texts(outcomes[3]) == ["1"]
    assert (stops[0].asked, stops[1].asked) == (True, False)


def test_a_job_that_is_stopped_before_it_begins_does_not_run():
    stop = Stop()
    stop()
    with stop:
        assert execute(job("1")).failure.kind == "stopped"
    assert texts(execute(job("1"))) == ["1"]


def test_jobs_run_in_other_processes_as_well():
    with ProcessPoolExecutor(1) as pool:
        assert texts(pool.submit(execute, job("6 * 7")).result()) == ["42"]


@pytest.mark.skipif(os.name != "posix", reason="needs a POSIX shell")
def test_the_users_own_kernels_and_profile_are_not_consulted(tmp_path, monkeypatch):
    startup = tmp_path / ".ipython/profile_default/startup"
    startup.mkdir(parents=True)
    (startup / "a.py").write_text("surprise = 1")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / ".ipython"))
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path))
    assert texts(execute(job("'surprise' in globals()"))) == ["False"]

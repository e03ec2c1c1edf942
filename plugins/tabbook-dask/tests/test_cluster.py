"""Jobs on a Dask cluster of real processes: the same results as here, whatever happens to whom."""

import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
from pathlib import Path

import psutil
import pytest
from cluster_helpers import Machines, environments, gone, machines, until, worker_of
from engine_helpers import DATA, FRAMEWORK, LocalBook, code, job, make_book, steps, with_data

import tabbook
import tabbook_dask
from tabbook.cli import main
from tabbook.execute.job import execute
from tabbook.model import Result
from tabbook.plan.gpus import GpuNeed
from tabbook.plan.job_spec import DeferredError, Limits
from tabbook.run.runner import run
from tabbook.store.local import Store
from tabbook_dask import worker
from tabbook_dask.cluster import _CALL, Cluster, connect
from tabbook_dask.payload import payload_of, version

LIBRARY = """
import warnings

def warn():
    warnings.warn("careful", stacklevel=1)

def fail():
    raise ValueError("no")
"""


@pytest.fixture(autouse=True)
def no_data_of_this_machine(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("D2L_DATA", raising=False)
    monkeypatch.setenv("TABBOOK_DEVICE", "cpu")


@pytest.fixture(scope="module")
def pair(tmp_path_factory):
    """A scheduler and two workers, for tests that leave them alive."""
    with machines(tmp_path_factory.mktemp("pair")) as made:
        made.scheduler()
        made.worker("one")
        made.worker("two")
        made.ready()
        yield made


@pytest.fixture
def own(tmp_path):
    """A cluster of the test's own, without any process yet."""
    (tmp_path / "own").mkdir()
    with machines(tmp_path / "own") as made:
        yield made


def book_in(root: Path, sections, **settings) -> LocalBook:
    """Make a book with a library for ``pytorch``."""
    package = root / "d2l_lib/d2l"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("")
    (package / "nbclient.py").write_text(LIBRARY)
    return make_book(root, sections, **settings)


def execute_on(made: Machines, book: LocalBook, patience: float = 20, **options):
    """Execute what is stale in a book on a cluster, and return the report."""
    with connect(made.ready(), patience) as cluster:
        return run(book, executor=cluster, device=cluster.device, **options)


def states(report):
    return {f"{Path(job.section).stem} {job.tab}": job.status for job in report.jobs}


def results(book) -> dict[str, Result]:
    return {entry.key: entry.result for entry in Store(book.outputs).entries()}


def plain(result: Result):
    return result.outputs, result.section, result.tab, result.stand_ins, result.inputs


INPUTS = {"environment": ["pytorch==1.0"]}
SECTIONS = {
    "data": with_data(
        code("import os\nfolder = os.environ['D2L_DATA']\nopen(folder + '/words.txt').read()")
        + code("os.listdir(folder), os.listdir(), os.environ['TABBOOK_TAB']")
    ),
    "library": code("%%tab pytorch\nfrom d2l import nbclient as d2l\nd2l.warn()")
    + code("%%tab pytorch\nd2l.fail()", ":tags: [raises-exception]\n")
    + code("%%tab jax\nimport sys\nprint('out')\nprint('err', file=sys.stderr)\nhash('a')"),
    "fails": code("x = 1") + code("# a comment\n1 / 0"),
}


class TestResults:
    def test_they_are_what_a_local_run_gives_byte_by_byte(self, tmp_path, pair, monkeypatch):
        data = tmp_path / "data"
        data.mkdir()
        (data / "words.txt").write_bytes(DATA)
        monkeypatch.setenv("D2L_DATA", str(data))
        here = book_in(tmp_path / "here", SECTIONS)
        there = book_in(tmp_path / "there", SECTIONS)
        local = run(here, why_unusable=lambda tab: "", workers=2)
        remote = execute_on(pair, there)
        assert states(remote) == states(local)
        assert states(remote)["data jax"] == states(remote)["library pytorch"] == "executed"
        kept, got = results(here), results(there)
        assert {k: plain(r) for k, r in got.items()} == {k: plain(r) for k, r in kept.items()}
        assert len(got) == 4
        for mine, theirs in zip(local.failures, remote.failures, strict=True):
            assert theirs.failure == mine.failure
            assert theirs.failure.line
        shown = json.dumps([r.outputs for r in got.values()])
        assert "d2l/nbclient.py" in shown
        assert str(pair.folder) not in shown

    def test_the_files_of_a_section_travel_with_its_job(self, tmp_path, pair):
        matter = "---\nfile_format: mystnb\ntabbook: {files: [helper.py, ../notes]}\n---\n"
        cells = "import helper\nhelper.__name__, open('../notes/one.txt').read()"
        book = book_in(tmp_path / "book", {"files": matter + code(cells)})
        (book.root / "notes").mkdir()
        (book.root / "notes/one.txt").write_text("one")
        (book.root / "chapters/helper.py").write_text("x = 1\n")
        assert set(states(execute_on(pair, book)).values()) == {"executed"}
        (first, *_) = results(book).values()
        assert first.outputs[0][0]["data"]["text/plain"] == "('helper', 'one')"

    def test_a_large_file_arrives_whole_and_once(self, tmp_path, pair):
        """It goes in parts; jobs that come later find it there."""
        large = tmp_path / "large"
        large.write_bytes(os.urandom(20_000_001))
        source = (
            "import hashlib, os\n"
            "hashlib.sha256(open(os.environ['D2L_DATA'] + '/a/large', 'rb').read()).hexdigest()"
        )
        digest = hashlib.sha256(large.read_bytes()).hexdigest()
        with connect(pair.address) as cluster:

            def read() -> None:
                twice = [cluster.submit(execute, job(source, data={"a/large": str(large)})) for _ in "12"]
                shown = [done.result(60).result.outputs[0][0]["data"]["text/plain"] for done in twice]
                assert shown == [repr(digest)] * 2

            read()
            written = {path: path.stat().st_ctime_ns for path in pair.kept(digest)}
            read()
        assert {path: path.stat().st_ctime_ns for path in pair.kept(digest)}.items() >= written.items()
        assert 1 <= len(written) <= 2
        assert not pair.kept("*.part")

    def test_time_limits_hold_there(self, pair):
        with connect(pair.address) as cluster:
            failed = cluster.submit(execute, job("import time\ntime.sleep(300)", limits=Limits(2))).result(60)
        assert failed.failure.kind == "timeout"

    def test_so_do_the_variables_of_a_framework(self, pair):
        framework = FRAMEWORK.model_copy(
            update={"variables": {"BACKEND": "demo"}, "unkeyed_variables": {"CORES": "{threads}"}}
        )
        with connect(pair.address) as cluster:
            asked = job(
                "import os\nprint(os.environ['BACKEND'], int(os.environ['CORES']) > 0)", framework=framework
            )
            done = cluster.submit(execute, asked).result(120)
        assert done.result.outputs[0][0]["text"] == "demo True\n"

    def test_so_do_limits_of_memory(self, pair):
        much = job(
            "x = bytearray(900_000_000)\nimport time\ntime.sleep(60)", limits=Limits(60, None, 400_000_000)
        )
        with connect(pair.address) as cluster:
            assert cluster.submit(execute, much).result(60).failure.kind == "memory"

    def test_jobs_are_told_of_when_they_begin(self, tmp_path, pair):
        begun = []
        with connect(pair.address) as cluster:
            cluster.on_begin(lambda *place: begun.append(place))
            run(make_book(tmp_path, {"a": code("1")}), executor=cluster, device="cpu")
            assert sorted(begun) == [("chapters/a.md", "jax"), ("chapters/a.md", "pytorch")]


def waiting(note: Path, go: Path) -> str:
    """Return code that notes who executes it, and waits until it may go on."""
    return (
        f"import os, time\nwith open({str(note)!r}, 'a') as file:\n"
        "    file.write(f'{os.getpid()}\\n')\n"
        f"while not os.path.exists({str(go)!r}):\n    time.sleep(0.02)"
    )


def noted(note: Path) -> list[int]:
    """Return the kernels that executed `waiting` code."""
    return list(map(int, note.read_text().split())) if note.exists() else []


class TestLoss:
    def test_whoever_executes_a_job_may_go_away(self, tmp_path, own):
        """Killed, or told to stop: another one takes the job, no kernel stays behind, nothing differs."""
        note, go = tmp_path / "note", tmp_path / "go"
        sections = {
            "slow": code(f"%%tab jax\n{waiting(note, go)}") + code("print('done')"),
            **{f"quick{n}": code(f"print({n})") for n in range(4)},
        }
        there, here = (make_book(tmp_path / name, sections) for name in ("there", "here"))
        own.scheduler()
        workers = {own.worker(name) for name in ("one", "two", "three")}
        own.ready()
        reports = []
        thread = threading.Thread(target=lambda: reports.append(execute_on(own, there)))
        thread.start()
        for count, end in enumerate((signal.SIGKILL, signal.SIGTERM)):
            kernel = until(lambda count=count: noted(note)[count:])[0]
            worker = worker_of(kernel, own)
            workers.remove(worker)
            worker.send_signal(end)
            until(lambda kernel=kernel: gone(kernel), 10, "the kernel outlived its worker")
        kernel = until(lambda: noted(note)[2:])[0]
        assert {worker_of(kernel, own)} == workers
        go.touch()
        thread.join()
        assert set(states(reports[0]).values()) == {"executed"}
        run(here, why_unusable=lambda tab: "", workers=2)
        assert {k: plain(r) for k, r in results(there).items()} == {
            k: plain(r) for k, r in results(here).items()
        }
        assert len(results(there)) == 10

    def test_a_job_whose_workers_die_is_given_up(self, tmp_path, own):
        own.scheduler(DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES="0")
        own.worker("one")
        own.worker("two")
        with connect(own.ready()) as cluster:
            note = tmp_path / "note"
            deadly = cluster.submit(execute, job(waiting(note, tmp_path / "never")))
            (kernel,) = until(lambda: noted(note))
            worker_of(kernel, own).kill()
            with pytest.raises(ConnectionError, match=r"its worker died, tcp:"):
                deadly.result(60)
            assert cluster.submit(execute, job("1")).result(60).result

    def test_a_worker_that_comes_later_gets_what_waits(self, own):
        own.scheduler()
        own.worker("one", "pytorch=1")
        with connect(own.ready(), wait_seconds=60) as cluster:
            waits = cluster.submit(execute, job("1", tab="jax"))
            assert cluster.submit(execute, job("1")).result(60).result
            assert not waits.done()
            own.worker("two", "jax=1")
            assert waits.result(60).result

    def test_without_its_scheduler_a_run_ends(self, own):
        own.scheduler()
        own.worker("one")
        with connect(own.ready()) as cluster:
            job_ = cluster.submit(execute, job("import time\ntime.sleep(300)"))
            until(lambda: cluster._submissions and psutil.Process(own.processes["one"].pid).children())
            own.processes["scheduler"].kill()
            with pytest.raises(ConnectionError, match=r"scheduler at tcp:.* is gone"):
                job_.result(60)


class TestNobody:
    def test_a_job_that_no_worker_has_the_environment_for_is_deferred(self, pair):
        with connect(pair.address, wait_seconds=0.5) as cluster, pytest.raises(DeferredError) as deferred:
            cluster.submit(execute, job("1", tab="mxnet")).result(30)
        start = f"start one: dask worker {pair.address}"
        assert str(deferred.value) == f'no worker has what it needs; {start} --resources "mxnet=1"'

    def test_so_is_one_that_needs_a_gpu_and_the_run_says_so(self, tmp_path, pair, capfd):
        needs = "---\nfile_format: mystnb\ntabbook: {gpus: 1}\n---\n"
        make_book(tmp_path, {"a": needs + code("%%tab jax\n1"), "b": code("%%tab jax\n1")})
        assert main(["run", "--book", str(tmp_path), "--cluster", pair.address]) == 1
        out, err = capfd.readouterr()
        assert "b · jax executed" in out
        assert "a · jax: deferred, needs a GPU; these jobs run on cpu" in err

    def test_workers_that_would_make_other_outputs_get_no_jobs(self, own, caplog):
        """Where all refuse, the job says why; where one does not, it does it all."""
        own.scheduler()
        other = environments(own.folder / "other", {"pytorch": "pytorch==2.0\n"})
        own.worker("requirements", TABBOOK_ENVIRONMENTS=str(other))
        own.worker("stranger", PYTHONPATH=os.pathsep.join((str(own.folder / "no"), own.path)))
        bare = own.folder / "without/tabbook_dask/__init__.py"
        bare.parent.mkdir(parents=True)
        bare.write_text("raise ModuleNotFoundError(\"No module named 'tabbook_dask'\")\n")
        own.worker("bare", PYTHONPATH=os.pathsep.join((str(bare.parents[1]), own.path)))
        with connect(own.ready(), wait_seconds=1) as cluster, pytest.raises(DeferredError) as deferred:
            cluster.submit(execute, job("1", inputs=INPUTS)).result(60)
        said = str(deferred.value)
        assert "no worker of the cluster can run it" in said
        assert "made from other requirements: it lacks pytorch==1.0 and has pytorch==2.0" in said
        for missing in ("there is no tabbook here", "No module named 'tabbook_dask'"):
            assert re.search(rf"it cannot load tabbook-dask \([^;]*{missing}[^;]*, and this is 0", said)
        own.worker("right")
        with connect(own.ready()) as cluster:
            futures = [cluster.submit(execute, job(str(n), inputs=INPUTS)) for n in range(6)]
            assert all(future.result(60).result for future in futures)

    def test_a_worker_looks_into_nothing_that_another_tabbook_sent(self, pair):
        with connect(pair.address) as cluster:
            given = {"given": ("0.0 (another)", b"no pickle", {}, "topic")}
            kind, worker, reason = cluster._client.submit(eval, _CALL, given).result(30)
        assert (kind, reason) == ("refused", f"its tabbook is {version()}, and this one 0.0 (another)")
        assert worker in reason or worker.startswith("tcp://")

    @pytest.mark.parametrize(("package", "module"), [(tabbook, "model.py"), (tabbook_dask, "worker.py")])
    def test_a_tabbook_that_differs_in_a_comment_is_another(self, tmp_path, package, module):
        """Nobody can say what a difference changes, in tabbook or in the plugin."""
        copy = tmp_path / package.__name__
        shutil.copytree(Path(package.__file__).parent, copy)
        path = os.pathsep.join((str(tmp_path), *filter(None, sys.path)))
        ask = [sys.executable, "-c", "from tabbook_dask.payload import version\nprint(version())"]
        for more, same in (("", True), ("# another\n", False)):
            with (copy / module).open("a") as file:
                file.write(more)
            said = subprocess.run(
                ask,
                env={**os.environ, "PYTHONPATH": path},
                cwd=tmp_path,
                capture_output=True,
                text=True,
                check=True,
            )
            assert (said.stdout.strip() == version()) == same


class TestRefusals:
    """What a worker asks of its environment before it executes a job in it."""

    @pytest.fixture(autouse=True)
    def here(self, tmp_path, monkeypatch):
        monkeypatch.setattr(worker, "device_class", lambda: "cpu")
        monkeypatch.setenv(worker.ENVIRONMENTS, str(environments(tmp_path)))

    def refusal(self, **changes) -> str:
        return worker._refusal(payload_of(job("1", **{"inputs": INPUTS, **changes}))[0])

    def test_one_that_is_right_is_used(self):
        assert self.refusal() == ""

    def test_one_that_is_not_there(self, tmp_path):
        said = f"there is no environment {tmp_path}/mxnet; set TABBOOK_ENVIRONMENTS to the folder"
        assert self.refusal(tab="mxnet").startswith(said)

    def test_one_that_does_not_say_what_it_was_made_from(self, tmp_path):
        (tmp_path / "pytorch/tabbook-requirements.txt").unlink()
        assert (
            self.refusal()
            == f"it is not known what {tmp_path}/pytorch was made from; run tabbook env make there"
        )

    def test_one_of_another_python(self, tmp_path):
        (tmp_path / "pytorch/tabbook-requirements.txt").write_text("# python 2.7\npytorch==1.0\n")
        assert self.refusal().startswith("its pytorch environment has Python 2.7, and the book's 3.")

    def test_comments_and_order_are_no_difference(self, tmp_path):
        text = (tmp_path / "pytorch/tabbook-requirements.txt").read_text()
        (tmp_path / "pytorch/tabbook-requirements.txt").write_text(f"{text}    # via nobody\n\n")
        assert self.refusal() == ""

    def test_a_machine_without_the_gpus(self, monkeypatch):
        assert self.refusal(device="gpu") == "it has no GPU that frameworks can use"
        monkeypatch.setattr(worker, "device_class", lambda: "gpu")
        monkeypatch.setenv("TABBOOK_GPUS", "16GB")
        assert self.refusal(device="gpu", need=GpuNeed(1)) == ""
        assert self.refusal(device="gpu", need=GpuNeed(2)) == "needs 2 GPUs; this machine has 16 GB"

    def test_data_of_its_own_is_used_if_it_is_the_same(self, tmp_path, monkeypatch):
        (tmp_path / "words.txt").write_bytes(DATA)
        monkeypatch.setenv("D2L_DATA", str(tmp_path))
        shelf = worker._FileStore(tmp_path / "shelf")
        assert shelf.find("words.txt", hashlib.sha256(DATA).hexdigest()) == tmp_path / "words.txt"
        assert shelf.find("words.txt", "0" * 64) is None


class TestGpus:
    def test_each_job_has_its_own_and_too_many_are_deferred(self, tmp_path, own):
        own.scheduler()
        own.worker("one", "pytorch=9 GPU=2", 3, TABBOOK_DEVICE="gpu", TABBOOK_GPUS="16GB,16GB")
        own.worker("none", "pytorch=9", 3)
        note, go = tmp_path / "note", tmp_path / "go"
        seen = "os.environ.get('CUDA_VISIBLE_DEVICES')"
        source = waiting(note, go)
        with connect(own.ready(), wait_seconds=1) as cluster:
            os.environ.pop("TABBOOK_DEVICE")
            assert cluster.device == "gpu"
            one = {"device": "gpu", "need": GpuNeed(1)}
            pair = [cluster.submit(execute, job(source, seen, **one)) for _ in range(3)]
            none = cluster.submit(execute, job("import os", seen, device="gpu"))
            three = cluster.submit(execute, job("1", device="gpu", need=GpuNeed(3)))
            large = cluster.submit(execute, job("1", device="gpu", need=GpuNeed(1, 20 * 10**9)))
            until(lambda: len(noted(note)) == 2)
            with pytest.raises(DeferredError, match='"pytorch=1 GPU=3"'):
                three.result(30)
            assert not pair[2].done()
            go.touch()
            shown = [f.result(60).result.outputs[1][0]["data"]["text/plain"] for f in pair]
            assert sorted(shown[:2]) == ["'0'", "'1'"]
            assert none.result(60).result.outputs[1] == ()
            with pytest.raises(DeferredError, match="needs a GPU with 20 GB; this machine has 16 GB, 16 GB"):
                large.result(30)

    def test_jobs_for_a_cpu_do_not_see_them(self, own):
        own.scheduler()
        own.worker("one", "pytorch=1 GPU=1", TABBOOK_DEVICE="gpu", TABBOOK_GPUS="16GB")
        with connect(own.ready()) as cluster:
            done = cluster.submit(execute, job("import os\nos.environ['CUDA_VISIBLE_DEVICES']")).result(60)
            assert done.result.outputs[0][0]["data"]["text/plain"] == "''"
            with pytest.raises(DeferredError, match="needs a GPU; these jobs run on cpu"):
                cluster.submit(execute, job("1", need=GpuNeed(1))).result(5)


COMMAND = """
import signal
import sys
# Whoever starts the tests in the background may have had SIGINT ignored, which children inherit.
signal.signal(signal.SIGINT, signal.default_int_handler)
import tabbook
import tabbook_dask
from tabbook.cli import main
sys.exit(main())
"""


class TestStopping:
    @pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
    def test_nothing_goes_on_when_the_run_is_stopped(self, tmp_path, pair, sent):
        """Not even when it is killed: the workers notice that nobody waits for its jobs."""
        note, go = tmp_path / "note", tmp_path / "go"
        book = make_book(
            tmp_path / "book",
            {
                "quick": code("%%tab jax" + "\nx = 1" * 20),  # the longest begin first
                "endless": code(f"%%tab jax\n{waiting(note, go)}"),
                "endless2": code(f"%%tab pytorch\n{waiting(note, go)}"),
                "never": code("x = 2"),
            },
        )
        running = subprocess.Popen(
            [sys.executable, "-c", COMMAND, "run", "--cluster", pair.address, "--book", str(book.root)],
            env={**os.environ, "PYTHONPATH": pair.path},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        try:
            store = Store(book.outputs)
            until(lambda: len(noted(note)) == 2 and list(store.keys()), 60)
            running.send_signal(sent)
            said = running.communicate(timeout=20)[0].decode()
            until(lambda: all(map(gone, noted(note))), 5, said)
            assert running.returncode == (-9 if sent == signal.SIGKILL else 130), said
        finally:
            running.kill()
        with connect(pair.address) as cluster:  # the workers are free for others
            assert cluster.submit(execute, job("1")).result(30).result


class TestCommand:
    def test_it_runs_the_book_there_without_any_environment_here(self, tmp_path, pair, capsys):
        book = make_book(tmp_path, {"a": code("x = 1")})
        assert main(["run", "--book", str(tmp_path), "--cluster", pair.address]) == 0
        shown = capsys.readouterr().out
        assert "2 to execute" in shown
        assert shown.count("a · jax …") == 1
        assert len(results(book)) == 2

    @pytest.mark.parametrize(
        "address", ["tcp://127.0.0.1:1", "nonsense", "tcp://no.such.host.invalid:1", "x://y", "", "tcp://"]
    )
    def test_an_address_where_nobody_is_costs_one_line(self, tmp_path, capfd, monkeypatch, address):
        monkeypatch.setattr("tabbook_dask.cluster.CONNECT_SECONDS", 1.0)
        make_book(tmp_path, {"a": code("x = 1")})
        command = "build" if address == "nonsense" else "run"
        assert main([command, "--book", str(tmp_path), "--cluster", address]) == 2
        out, err = capfd.readouterr()
        assert err.startswith("tabbook: ")
        assert err.count("\n") == 1, err
        assert not out
        assert not (tmp_path / ".tabbook/outputs").exists()

    def test_a_cluster_without_workers_too(self, tmp_path, own, capfd, monkeypatch):
        monkeypatch.setenv("TABBOOK_CLUSTER_PATIENCE", "1s")
        make_book(tmp_path / "book", {"a": code("x = 1")})
        own.scheduler()
        assert main(["run", "--book", str(tmp_path / "book"), "--cluster", own.address]) == 2
        assert "has no workers; start one: dask worker tcp://" in capfd.readouterr().err

    def test_without_dask_it_says_what_to_install(self, tmp_path, capfd, monkeypatch):
        monkeypatch.setitem(sys.modules, "distributed", None)
        make_book(tmp_path, {"a": code("x = 1")})
        assert main(["run", "--book", str(tmp_path), "--cluster", "tcp://127.0.0.1:1"]) == 2
        said = capfd.readouterr().err
        assert said == "tabbook: --cluster needs the package distributed; pip install distributed\n"

    def test_patience_that_is_no_time_is_named(self, tmp_path, capfd, monkeypatch):
        monkeypatch.setenv("TABBOOK_CLUSTER_PATIENCE", "soon")
        make_book(tmp_path, {"a": code("x = 1")})
        assert main(["run", "--book", str(tmp_path), "--cluster", "tcp://127.0.0.1:1"]) == 2
        assert "TABBOOK_CLUSTER_PATIENCE=soon" in capfd.readouterr().err


def test_a_cluster_that_is_closed_takes_no_more(pair):
    with connect(pair.address) as cluster:
        assert isinstance(cluster, Cluster)
    with pytest.raises(RuntimeError, match="closed"):
        cluster.submit(execute, job("1"))


def test_steps_travel_with_their_places(pair):
    spec = job("x = 1", "1 / 0")
    with connect(pair.address) as cluster:
        failed = cluster.submit(execute, spec).result(60).failure
    assert failed.line == steps("x = 1", "1 / 0")[1].file_line(1)

"""A run executes what is stale and nothing else, and keeps whatever is good."""

import errno
import io
import os
import time
from dataclasses import replace
from pathlib import Path

import pytest
from engine_helpers import DATA, DATA_SHA1, LocalBook, code, make_book, with_data
from rich.console import Console

from tabbook.errors import ExecuteError, ProjectError, StoreError
from tabbook.library.generator import frozen_copy
from tabbook.model import Result
from tabbook.plan import planner
from tabbook.plan.history import load_failure, remove_failure, save_failure
from tabbook.plan.job_spec import Failure, Limits, Outcome
from tabbook.plan.outputs import StoredOutputs, accepted_devices, page_result
from tabbook.plan.planner import device_class, job, jobs
from tabbook.plan.reports import Cost, failure_text, read_costs, write_cost
from tabbook.plan.used_keys import used_keys
from tabbook.run.progress import LiveProgress, PlainProgress, failures_text, progress_on, summary_table
from tabbook.run.runner import run
from tabbook.status.overview import status
from tabbook.status.standing import JobStatus, RunReport
from tabbook.store.local import Store


@pytest.fixture(autouse=True)
def no_data_of_this_machine(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("D2L_DATA", raising=False)
    monkeypatch.setattr("tabbook.run.runner.device_class", lambda: "cpu")
    monkeypatch.setattr("tabbook.status.overview.device_class", lambda: "cpu")
    monkeypatch.setattr("tabbook.plan.outputs.device_class", lambda: "cpu")


def ready(_tab):
    return ""


def go(book, **options):
    return run(book, **{"why_unusable": ready, **options})


def states(report):
    return {f"{Path(job.section).stem} {job.tab}": job.status for job in report.jobs}


@pytest.fixture
def executed(monkeypatch):
    """Replace kernels by a fake, and return the list of the jobs that it was given."""
    given = []

    def fake(spec):
        given.append(spec)
        failure = None
        if "fail" in spec.steps[0].source:
            line = spec.steps[0].file_line(1)
            failure = Failure(
                "raised", spec.section, line, spec.tab, "Error: no", line, "fail()", "trace", "said"
            )
        output = {"output_type": "stream", "name": "stdout", "text": spec.tab}
        made = {"seconds": 2.0, "device": spec.device}
        outputs = tuple((output,) for _ in spec.steps)
        result = Result(spec.key, spec.section, spec.tab, outputs, made, spec.stand_ins, dict(spec.inputs))
        return Outcome(spec.section, spec.tab, 2.0, None if failure else result, failure)

    monkeypatch.setattr("tabbook.run.recorder.execute", fake)
    return given


def test_a_book_is_executed_once_in_real_kernels(tmp_path):
    body = code("x = 1") + code("%%tab jax\nx = 2") + code("x")
    book = make_book(tmp_path, {"a": body, "prose": "Nothing."})
    report = go(book)
    assert states(report) == {"a pytorch": "executed", "a jax": "executed"}
    assert report.ok
    (section,) = (s for s in book.sections if s.name == "a")
    shown = {
        tab: page_result(book, section, tab).outputs[-1][0]["data"]["text/plain"]
        for tab in ("pytorch", "jax")
    }
    assert shown == {"pytorch": "1", "jax": "2"}
    again = go(book)
    assert states(again) == {"a pytorch": "stored", "a jax": "stored"}
    assert again.jobs[0].seconds > 0


def test_only_what_changed_is_executed_again(tmp_path, executed):
    sections = {"a": code("x = 1") + code("%%tab jax\ny = 1"), "b": code("z = 1")}
    assert len(go(make_book(tmp_path, sections)).having("executed")) == 4
    sections["a"] = "New prose.\n\n" + sections["a"].replace("y = 1", "y = 2")
    report = go(make_book(tmp_path, sections))
    assert states(report) == {
        "a pytorch": "stored",
        "a jax": "executed",
        "b pytorch": "stored",
        "b jax": "stored",
    }


def test_the_environment_and_the_library_are_part_of_the_key(tmp_path, executed):
    book = make_book(tmp_path, {"a": code("from d2l import nbclient as d2l\nd2l.x")})
    go(book)
    (tmp_path / "requirements/jax.txt").write_text("# remark\njax==2.0\n")
    assert states(status(book)) == {"a pytorch": "stored", "a jax": "stale"}
    book.library_file("pytorch").parent.mkdir(parents=True)
    book.library_file("pytorch").write_text("x = 1\n")
    assert states(go(book)) == {"a pytorch": "executed", "a jax": "executed"}
    book.library_file("pytorch").write_text("# remark\nx = 1\n")
    assert states(go(book)) == {"a pytorch": "stored", "a jax": "stored"}


class TestFailuresAreRemembered:
    @pytest.fixture
    def book(self, tmp_path):
        return make_book(tmp_path, {"a": code("fail()"), "b": code("x = 1")})

    def test_until_something_changes(self, tmp_path, executed, book):
        assert states(go(book, tabs=("jax",))) == {"a jax": "failed", "b jax": "executed"}
        assert len(executed) == 2
        again = go(book, tabs=("jax",))
        assert states(again) == {"a jax": "failed", "b jax": "stored"}
        assert len(executed) == 2
        assert again.failures[0].remembered
        assert not again.ok
        assert "Error: no" in failures_text(again)
        assert "--retry" in failures_text(again)
        table = Console(width=120)
        with table.capture() as shown:
            table.print(summary_table(again, {"jax": "JAX"}))
        assert "failed (remembered)" in shown.get()
        assert states(status(book, tabs=("jax",))) == {"a jax": "failed", "b jax": "stored"}
        (tmp_path / "chapters/a.md").write_text("---\ntabbook: {}\n---\n# a\n\n" + code("fail(again)"))
        assert not go(LocalBook.load(tmp_path), tabs=("jax",)).failures[0].remembered
        assert len(executed) == 3

    @pytest.mark.parametrize("option", ["retry", "force"])
    def test_or_another_try_is_wanted(self, executed, book, option):
        go(book, tabs=("jax",))
        assert not go(book, tabs=("jax",), **{option: True}).failures[0].remembered

    def test_and_forgotten_when_the_job_succeeds(self, executed, book, monkeypatch):
        go(book, tabs=("jax",))
        result = Result(executed[0].key, executed[0].section, "jax", ((),))
        monkeypatch.setattr(
            "tabbook.run.recorder.execute", lambda spec: Outcome(spec.section, "jax", 1.0, result)
        )
        assert go(book, tabs=("jax",), retry=True).ok
        assert not list((book.work / "failures").iterdir())

    def test_with_the_report_and_the_place_where_the_cell_is_now(self, tmp_path, executed, book):
        report = go(book, tabs=("jax",)).failures[0].report
        report.unlink()
        path = tmp_path / "chapters/a.md"
        path.write_text(path.read_text().replace("```{code", "One more paragraph.\n\n```{code", 1))
        moved = LocalBook.load(tmp_path)
        failed = go(moved, tabs=("jax",)).failures[0]
        assert failed.remembered
        assert failed.failure.cell_line == moved.find(("a",))[0].code_cells[0].line
        assert failed.report.exists()

    @pytest.mark.parametrize(
        ("kind", "kept"),
        [
            ("raised", 1),
            ("timeout", 1),
            ("memory", 1),
            ("died", 1),
            ("no-start", 0),
            ("stopped", 0),
            ("broken", 0),
        ],
    )
    def test_only_where_the_section_is_to_blame(self, tmp_path, book, executed, kind, kept):
        spec = _specs(book, executed)[0]
        failure = Failure(kind, spec.section, 7, spec.tab, "no")
        save_failure(tmp_path, spec, Outcome(spec.section, spec.tab, 1.0, failure=failure))
        assert len(list(tmp_path.glob("failures/*"))) == kept
        assert (load_failure(tmp_path, spec.key, spec.steps, spec.limits) is not None) == bool(kept)

    @pytest.mark.parametrize(
        ("kind", "more"),
        [
            ("timeout", Limits(61, 10, 1000)),
            ("timeout", Limits(60, None, 1000)),
            ("timeout", Limits(60, 11, 1000)),
            ("memory", Limits(60, 10, 1001)),
            ("memory", Limits(60, 10, None)),
        ],
    )
    def test_more_of_what_was_too_little_is_another_chance(self, tmp_path, book, executed, kind, more):
        limits = Limits(60, 10, 1000)
        spec = replace(_specs(book, executed)[0], limits=limits)
        failure = Failure(kind, spec.section, 7, spec.tab, "no", 7)
        save_failure(tmp_path, spec, Outcome(spec.section, spec.tab, 1.0, failure=failure))
        other = Limits(60, 10, None) if kind == "timeout" else Limits(99, None, 1000)
        for same in (limits, other, Limits(59, 9, 999)):
            assert load_failure(tmp_path, spec.key, spec.steps, same)
        assert not load_failure(tmp_path, spec.key, spec.steps, more)

    @pytest.mark.parametrize("text", ["", "{}", "[]", '{"failure": {}}', '{"failure": {"kind": "raised"}}'])
    def test_what_cannot_be_read_was_never_there(self, tmp_path, text):
        (tmp_path / "failures").mkdir()
        (tmp_path / f"failures/{'0' * 64}.json").write_text(text)
        assert load_failure(tmp_path, "0" * 64, (), Limits(1)) is None
        remove_failure(tmp_path, "0" * 64)
        assert not list(tmp_path.glob("failures/*"))


def _specs(book, executed):
    go(book, tabs=("jax",))
    return executed


def test_sections_and_tabs_can_be_chosen(tmp_path, executed):
    book = make_book(tmp_path, {"a": code("x = 1"), "b": code("x = 1")})
    report = go(book, sections=book.find(("b",)), tabs=("jax",))
    assert states(report) == {"b jax": "executed"}
    assert states(status(book)) == {
        "a pytorch": "stale",
        "a jax": "stored",
        "b pytorch": "stale",
        "b jax": "stored",
    }


def test_force_executes_what_the_store_has(tmp_path, executed):
    book = make_book(tmp_path, {"a": code("x = 1")})
    go(book)
    assert len(go(book, force=True).having("executed")) == 2


def test_a_failing_job_stops_alone_and_leaves_a_report(tmp_path, executed):
    sections = {"a": code("%%tab jax\nfail()") + code("x = 1"), "b": code("x = 2")}
    report = go(make_book(tmp_path, sections))
    assert states(report) == {
        "a pytorch": "executed",
        "a jax": "failed",
        "b pytorch": "executed",
        "b jax": "executed",
    }
    assert not report.ok
    (failed,) = report.failures
    text = failed.report.read_text()
    assert failed.report == tmp_path / ".tabbook/reports/chapters/a.jax.md"
    for part in ("chapters/a.md:9 (jax)", "Error: no", "fail()", "trace", "said"):
        assert part in text
    assert "a.md:9: jax: Error: no" in failures_text(report)
    sections["a"] = sections["a"].replace("fail()", "x = 0")
    assert go(make_book(tmp_path, sections)).ok
    assert not failed.report.exists()


def test_a_report_goes_when_the_store_has_the_result_again(tmp_path, executed):
    good, bad = {"a": code("x = 1")}, {"a": code("fail()")}
    go(make_book(tmp_path, good))
    report = go(make_book(tmp_path, bad)).failures[0].report
    assert report.exists()
    go(make_book(tmp_path, good))
    assert not report.exists()


def test_a_framework_without_environment_is_skipped_and_the_run_is_not_clean(tmp_path, executed):
    book = make_book(tmp_path, {"a": code("x = 1"), "b": code("y = 1")})
    report = go(book, why_unusable=lambda tab: "no wheel" if tab == "jax" else "")
    assert states(report) == {
        "a pytorch": "executed",
        "a jax": "skipped",
        "b pytorch": "executed",
        "b jax": "skipped",
    }
    assert not report.ok
    assert [entry.reason for entry in report.having("skipped")] == ["no wheel", "no wheel"]
    assert failures_text(report).count("no wheel") == 1


def test_an_environment_is_checked_where_nothing_else_is_said(tmp_path, executed):
    report = run(make_book(tmp_path, {"a": code("x = 1")}))
    assert {entry.status for entry in report.jobs} == {"skipped"}
    assert "tabbook env make" in report.jobs[0].reason


def test_nothing_is_executed_where_it_could_not_be_stored(tmp_path, executed):
    book = make_book(tmp_path, {"a": code("x = 1")})
    book.work.mkdir()
    book.outputs.write_text("in the way")
    with pytest.raises(StoreError, match="outputs cannot be stored: File exists"):
        go(book, tabs=("jax",))
    assert not executed


@pytest.mark.parametrize(("number", "goes_on"), [(errno.ENOSPC, False), (errno.ENAMETOOLONG, True)])
def test_a_result_that_cannot_be_stored_fails_and_a_full_disk_ends_the_run(
    tmp_path, executed, monkeypatch, number, goes_on
):
    """What one entry cannot help is that entry's failure; what no other can is not tried with each."""
    book = make_book(tmp_path, {"a": code("x = 1"), "b": code("x = 2"), "c": code("x = 3")})

    def put(*_):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr("tabbook.store.local.Store.put", put)
    if goes_on:
        report = go(book, tabs=("jax",), workers=1)
        assert [job.status for job in report.jobs] == ["failed"] * 3
        assert "cannot be stored" in report.failures[0].failure.message
        return
    with pytest.raises(StoreError, match="free some space, and run again"):
        go(book, tabs=("jax",), workers=1)
    assert len(executed) < 3


def test_the_limits_and_the_threads_of_a_job(tmp_path, executed):
    own = "---\nfile_format: mystnb\ntabbook: {timeout: 5, cell_timeout: 2s, memory: 1GB}\n---\n"
    book = make_book(tmp_path, {"a": own + code("x = 1"), "b": code("x = 2")}, memory="4GB")
    go(book, workers=10_000)
    limits = {Path(spec.section).stem: spec.limits for spec in executed}
    assert limits == {"a": Limits(5, 2, 10**9), "b": Limits(60, None, 4 * 10**9)}
    assert all(spec.threads >= 1 for spec in executed)
    assert {(spec.tab, spec.framework.name) for spec in executed} == {("jax", "Jax"), ("pytorch", "Pytorch")}


def test_jobs_that_took_long_begin_first(tmp_path, executed):
    book = make_book(tmp_path, {"a": code("x = 1"), "b": code("x = 2")})
    for name, seconds in (("a", 1), ("b", 100)):
        write_cost(book.work, f"chapters/{name}.md", "jax", Cost(seconds, 7))
    (book.work / "seconds/broken.json").write_text("{")
    (book.work / "seconds/older.json").write_text('{"section": "c", "tab": "jax", "seconds": 3}')
    assert read_costs(book.work) == {
        ("chapters/a.md", "jax"): Cost(1.0, 7),
        ("chapters/b.md", "jax"): Cost(100.0, 7),
        ("c", "jax"): Cost(3.0, 0),
    }
    go(book, tabs=("jax",), workers=1)
    assert [Path(spec.section).stem for spec in executed] == ["b", "a"]
    assert [spec.memory for spec in executed] == [7, 7]


class TestData:
    def book(self, tmp_path, **options):
        return make_book(tmp_path / "book", {"a": with_data(code("x = 1")), "b": code("x = 1")}, **options)

    def test_data_that_can_be_had_reaches_the_job(self, tmp_path, executed, monkeypatch):
        monkeypatch.setenv("D2L_DATA", str(tmp_path / "named"))
        (tmp_path / "named").mkdir()
        (tmp_path / "named/words.txt").write_bytes(DATA)
        report = go(self.book(tmp_path), tabs=("jax",), strict_data=True)
        by_name = {Path(spec.section).stem: spec for spec in executed}
        assert by_name["a"].data == {"words.txt": str(tmp_path / "named/words.txt")}
        assert (by_name["a"].stand_ins, by_name["b"].data) == ((), {})
        assert not report.stand_ins

    def test_data_that_a_script_makes_reaches_the_job(self, tmp_path, executed):
        declared = {"words.txt": {"script": "data/words.py", "sha1": DATA_SHA1}}
        book = self.book(tmp_path, data=declared)
        (book.root / "data").mkdir()
        (book.root / "data/words.py").write_text("raise OSError('out of ink')")
        first = go(book, tabs=("jax",))
        assert "its script failed: data/words.py: OSError: out of ink" in first.stand_ins["words.txt"]
        write = f"import sys\nwith open(sys.argv[1], 'wb') as file:\n    file.write({DATA!r})\n"
        (book.root / "data/words.py").write_text(write)
        report = go(book, tabs=("jax",), strict_data=True)
        assert states(report) == {"a jax": "executed", "b jax": "stored"} and not report.stand_ins
        (path,) = executed[-1].data.values()
        assert Path(path).read_bytes() == DATA

    def test_a_stand_in_is_said_aloud_and_replaced_when_the_data_comes(self, tmp_path, executed, monkeypatch):
        book = self.book(tmp_path)
        first = go(book, tabs=("jax",))
        assert first.ok
        assert set(first.stand_ins) == {"words.txt"}
        assert "WARNING: the data file words.txt" in failures_text(first)
        assert [entry.stand_ins for entry in first.jobs] == [("words.txt",), ()]
        again = go(book, tabs=("jax",))
        assert states(again) == {"a jax": "stored", "b jax": "stored"}
        assert set(again.stand_ins) == {"words.txt"}
        section = book.find(("a",))[0]
        assert page_result(book, section, "jax").stand_ins == ("words.txt",)
        assert states(status(book, tabs=("jax",))) == {"a jax": "stored", "b jax": "stored"}
        assert set(status(book).stand_ins) == {"words.txt"}

        monkeypatch.setenv("D2L_DATA", str(tmp_path))
        (tmp_path / "words.txt").write_bytes(DATA)
        assert states(status(book, tabs=("jax",)))["a jax"] == "stale"
        assert states(go(book, tabs=("jax",))) == {"a jax": "executed", "b jax": "stored"}
        assert page_result(book, section, "jax").stand_ins == ()

        # Whoever has the results does not need the data.
        monkeypatch.delenv("D2L_DATA")
        report = go(book, tabs=("jax",), strict_data=True)
        assert states(report) == {"a jax": "stored", "b jax": "stored"}
        assert not report.stand_ins

    @pytest.mark.parametrize("count", [5, 40])
    def test_outputs_made_without_one_of_many_files_are_shown_and_kept(self, tmp_path, monkeypatch, count):
        """Four files were looked up in every combination, more than four with all of them or none."""
        names = [f"{n}.txt" for n in range(count)]
        declared = {name: {"url": "file:///nowhere", "sha1": DATA_SHA1} for name in names}
        section = with_data(code("x = 1\nx")).replace("words.txt", ", ".join(names))
        book = make_book(tmp_path / "book", {"a": section}, data=declared)
        monkeypatch.setenv("D2L_DATA", str(tmp_path))
        for name in names[:2] + names[3:]:
            (tmp_path / name).write_bytes(DATA)
        assert states(go(book, tabs=("pytorch",))) == {"a pytorch": "executed"}
        page, store = book.find(("a",))[0], Store(book.outputs)
        monkeypatch.delenv("D2L_DATA")  # whatever is missing now
        shown = page_result(book, page, "pytorch")
        assert shown.stand_ins == ("2.txt",)
        planned = job(book, page, "pytorch")
        assert StoredOutputs(store).best_hash(planned, "cpu")[0] == shown.key
        used = used_keys(book)
        assert shown.key in used
        assert len(used) <= 12
        assert store.unused_entries(used, 0, time.time() + 1e9) == ()

        # The fewest stand-ins come first, and the real data before all.
        for missing in (names, names[1:3], ()):
            key = planned.key("gpu", missing)
            store.put(Result(key.digest, page.path, "pytorch", ((),), {}, tuple(missing), key.record))
            best = page_result(book, page, "pytorch")
            assert best.stand_ins == (() if missing == () else ("2.txt",))
            assert best.key in used_keys(book)

    def test_what_was_made_with_more_of_the_data_is_not_executed_with_less(self, tmp_path, executed):
        """The page would show the older outputs all the same: they come first."""
        names = ["words.txt", "more.txt"]
        declared = {name: {"url": "file:///nowhere", "sha1": DATA_SHA1} for name in names}
        section = with_data(code("x = 1")).replace("words.txt", ", ".join(names))
        book = make_book(tmp_path / "book", {"a": section}, data=declared)
        page, store = book.find(("a",))[0], Store(book.outputs)
        key = job(book, page, "jax").key("cpu", names[1:])
        store.put(Result(key.digest, page.path, "jax", ((),), {}, ("more.txt",), key.record))
        assert states(status(book, tabs=("jax",))) == {"a jax": "stored"}
        (entry,) = go(book, tabs=("jax",)).jobs
        assert (entry.status, entry.stand_ins, entry.key) == ("stored", ("more.txt",), key.digest)
        assert page_result(book, page, "jax").key == entry.key
        assert not executed

    def test_strict_data_executes_nothing_without_it(self, tmp_path, executed):
        with pytest.raises(ExecuteError) as raised:
            go(self.book(tmp_path), strict_data=True)
        assert not executed
        assert raised.value.faults[0].path == "chapters/a.md"
        assert "words.txt" in raised.value.faults[0].message
        assert "D2L_DATA" in raised.value.faults[0].hint

    def test_a_file_that_the_book_does_not_declare_is_an_error(self, tmp_path):
        book = make_book(tmp_path, {"a": with_data(code("x = 1")).replace("words", "other")})
        with pytest.raises(Exception, match=r"other\.txt"):
            go(book)


class TestDevices:
    def test_a_machine_without_a_gpu_takes_what_one_with_it_made(self, tmp_path, executed, monkeypatch):
        book = make_book(tmp_path, {"a": code("x = 1")})
        monkeypatch.setattr("tabbook.run.runner.device_class", lambda: "gpu")
        go(book, tabs=("jax",))
        monkeypatch.setattr("tabbook.run.runner.device_class", lambda: "cpu")
        assert states(go(book)) == {"a pytorch": "executed", "a jax": "stored"}
        assert page_result(book, book.find(("a",))[0], "jax").made_with["device"] == "gpu"

    def test_a_machine_with_a_gpu_does_its_own(self, tmp_path, executed, monkeypatch):
        book = make_book(tmp_path, {"a": code("x = 1")})
        go(book)
        monkeypatch.setattr("tabbook.run.runner.device_class", lambda: "gpu")
        assert states(go(book)) == {"a pytorch": "executed", "a jax": "executed"}
        assert accepted_devices("gpu") == ("gpu",)

    @pytest.mark.parametrize(
        ("script", "device"),
        [("echo 'GPU 0: fast'", "gpu"), ("echo none", "cpu"), ("echo 'GPU 0'; exit 9", "cpu"), (None, "cpu")],
    )
    def test_a_gpu_is_one_that_the_driver_lists(self, tmp_path, monkeypatch, script, device):
        if script:
            (tmp_path / "nvidia-smi").write_text(f"#!/bin/sh\n{script}\n")
            (tmp_path / "nvidia-smi").chmod(0o755)
        monkeypatch.setenv("PATH", str(tmp_path))
        monkeypatch.delenv("TABBOOK_DEVICE", raising=False)
        monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
        assert device_class.__wrapped__() == device
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
        assert device_class.__wrapped__() == "cpu"
        monkeypatch.setenv("TABBOOK_DEVICE", "gpu")
        assert device_class.__wrapped__() == "gpu"

    def test_a_driver_that_hangs_is_no_gpu(self, tmp_path, monkeypatch):
        (tmp_path / "nvidia-smi").write_text("#!/nowhere\n")
        (tmp_path / "nvidia-smi").chmod(0o755)
        monkeypatch.setenv("PATH", str(tmp_path))
        monkeypatch.delenv("TABBOOK_DEVICE", raising=False)
        monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
        assert device_class.__wrapped__() == "cpu"


def test_a_section_without_code_for_a_tab_has_no_job(tmp_path):
    book = make_book(
        tmp_path, {"a": code("%%tab jax\nx = 1") + code("%load_ext tabbook.tab\ntab.interact_select('jax')")}
    )
    assert [(found.section.name, found.tab) for found in jobs(book)] == [("a", "jax")]
    section = book.find(("a",))[0]
    assert job(book, section, "mxnet") is None
    assert page_result(book, section, "pytorch") is None
    assert page_result(book, section, "jax") is None


def test_the_faults_of_all_sections_are_reported_together(tmp_path, monkeypatch):
    book = make_book(tmp_path, {"a": code("x = 1"), "b": code("x = 1")})

    def broken(self, section, tab):
        raise ProjectError([planner.Fault(section.path, 3, f"bad for {tab}")])

    monkeypatch.setattr("tabbook.book.Book.project", broken)
    with pytest.raises(ProjectError) as raised:
        jobs(book, book.find(("a", "b")), ("pytorch", "jax"))
    assert len(raised.value.faults) == 4


def test_lookup_does_not_read_files_that_did_not_change(tmp_path, executed, monkeypatch):
    book = make_book(tmp_path, {"a": code("x = 1")})
    go(book)
    page_result(book, book.find(("a",))[0], "jax")
    monkeypatch.setattr("pathlib.Path.read_text", lambda *_, **__: pytest.fail("read again"))
    assert page_result(book, book.find(("a",))[0], "jax") is not None


REPORT = RunReport(
    (
        JobStatus("chapters/a.md", "pytorch", "executed", 12.0),
        JobStatus("chapters/a.md", "jax", "stored", 3.0, stand_ins=("w",)),
        JobStatus(
            "chapters/b.md",
            "pytorch",
            "failed",
            1.0,
            failure=Failure("died", "chapters/b.md", 3, "pytorch", "the kernel died"),
        ),
        JobStatus("chapters/b.md", "jax", "skipped", reason="no wheel\nat all"),
        JobStatus("chapters/c.md", "jax", "stale"),
    ),
    {"w": "not found"},
)


def printed(*things, **options):
    console = Console(width=100, record=True, file=io.StringIO(), **options)
    for thing in things:
        console.print(thing)
    return console.export_text()


def test_the_table_says_how_every_job_stands():
    text = printed(
        summary_table(REPORT, {"pytorch": "PyTorch", "jax": "JAX"}, ["chapters/b.md", "chapters/a.md"])
    )
    assert "executed 12\N{NO-BREAK SPACE}s" in text
    assert "from the store 3\N{NO-BREAK SPACE}s *" in text
    assert "failed 1\N{NO-BREAK SPACE}s" in text
    assert "not executed" in text
    assert text.index("│ b ") < text.index("│ a ")
    assert "stand-in" in text
    assert "│ c " in printed(summary_table(REPORT, {"pytorch": "PyTorch", "jax": "JAX"}))


@pytest.mark.parametrize("terminal", [True, False])
def test_progress_says_what_begins_and_how_it_ends(terminal):
    console = Console(width=100, record=True, file=io.StringIO(), force_terminal=terminal)
    with progress_on(console) as progress:
        assert isinstance(progress, LiveProgress if terminal else PlainProgress)
        progress.planned(3, 1)
        progress.begun("chapters/b.md", "pytorch")
        for entry in REPORT.jobs[2:4] + REPORT.jobs[:1]:
            progress.ended(entry)
    text = console.export_text()
    assert "3 to execute, 1 from the store" in text
    assert "[1/3] b · pytorch failed after 1 s: chapters/b.md:3: pytorch: the kernel died" in text
    assert "[2/3] b · jax not executed (no wheel)" in text
    assert "[3/3] a · pytorch executed after 12 s" in text
    assert terminal or "b · pytorch …" in text


def test_a_report_survives_code_with_fences():
    text = failure_text(
        Failure("died", "a.md", 0, "jax", "the kernel died", source="x = '```'", traceback="log")
    )
    assert "````python\nx = '```'\n````" in text
    assert "The kernel's log" in text
    assert text.startswith("# a.md (jax)")


def test_a_job_runs_with_the_library_that_its_key_is_about(tmp_path, executed, monkeypatch):
    """Whoever edits the library while a run is on its way changes what the next run executes."""
    book = make_book(tmp_path, {"a": code("from d2l import nbclient as d2l\nd2l.x")})
    module = book.library_file("pytorch")
    module.parent.mkdir(parents=True)
    module.write_text("x = 1\n")
    go(book, tabs=("pytorch",))
    module.write_text("x = 2\n")
    [spec] = executed
    assert (Path(spec.library_folder) / "d2l/nbclient.py").read_text() == "x = 1\n"
    go(book, tabs=("pytorch",))
    assert (Path(executed[1].library_folder) / "d2l/nbclient.py").read_text() == "x = 2\n"
    assert spec.key != executed[1].key


def test_libraries_of_earlier_runs_go_after_a_day_but_for_the_last(tmp_path):
    book = make_book(tmp_path, {})
    hours = [23, 25, 26, 27, 28]
    folders = [frozen_copy(book, {"d2l/a.py": b"%d" % number}) for number in hours]
    for folder, age in zip(folders, hours, strict=True):
        os.utime(folder, (time.time() - age * 3600,) * 2)
    assert frozen_copy(book, {"d2l/a.py": b"27"}) == folders[3]
    assert [folder.exists() for folder in folders] == [True, True, False, True, False]

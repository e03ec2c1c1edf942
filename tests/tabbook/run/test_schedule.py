"""The order of jobs, how many run at once, and that every one of them ends; no kernels here."""

import threading
from concurrent.futures import Executor, Future, ThreadPoolExecutor

from engine_helpers import job
from hypothesis import given
from hypothesis import strategies as st

from tabbook.plan.gpus import GpuNeed
from tabbook.plan.job_spec import DeferredError, Outcome
from tabbook.run.schedule import longest_first, run_all


class FakeExecutor(Executor):
    """Ends the oldest job whenever it is asked for another, and notes how many it held."""

    def __init__(self, lose=(), seconds=0.005):
        self.held, self.most, self.lose, self.seconds = [], 0, lose, seconds

    def submit(self, work, item):
        future = Future()
        self.held.append(future)
        self.most = max(self.most, sum(not f.done() for f in self.held))
        threading.Timer(self.seconds, self.end, (future, work, item)).start()
        return future

    def end(self, future, work, item):
        if not future.set_running_or_notify_cancel():
            return
        if item.section in self.lose:
            future.set_exception(ConnectionError("the worker is gone"))
        else:
            future.set_result(work(item))


def work(spec):
    return Outcome(spec.section, spec.tab, 1.0)


def jobs(count):
    return [job("1", section=str(number)) for number in range(count)]


@given(st.integers(0, 12), st.integers(-1, 5))
def test_every_job_ends_once_and_never_too_many_run(count, slots):
    executor, begun = FakeExecutor(), []
    ended = [
        outcome.section
        for outcome in run_all(jobs(count), executor, slots, work, lambda j: begun.append(j.section))
    ]
    assert sorted(ended) == sorted(begun)
    assert begun == [str(number) for number in range(count)]
    assert executor.most <= max(1, slots)


def test_a_job_that_its_worker_loses_fails_alone():
    ended = {o.section: o.failure for o in run_all(jobs(3), FakeExecutor(lose=["1"]), 2, work)}
    assert ended["0"] is ended["2"] is None
    assert ended["1"].kind == "broken"
    assert "the worker is gone" in ended["1"].message


def test_a_job_that_an_executor_has_nobody_for_is_deferred():
    class Picky(FakeExecutor):
        def submit(self, work, item):
            if item.section != "1":
                return super().submit(work, item)
            (future := Future()).set_exception(DeferredError("needs a GPU"))
            return future

    ended = {o.section: o for o in run_all(jobs(3), Picky(), 3, work)}
    assert ended["1"].deferred == "needs a GPU"
    assert [o.failure for o in ended.values()] == [None] * 3
    assert not ended["0"].deferred


def test_an_executor_may_give_out_the_gpus_itself():
    """Jobs reach it as they are, all at once: those of other machines are none of this one's business."""
    seen = []

    def note(spec):
        seen.append(spec)
        return work(spec)

    wanted = [job("1", section=str(n), need=GpuNeed(2)) for n in range(4)]
    executor = FakeExecutor(seconds=0.5)
    assert len(list(run_all(wanted, executor, 10, note, gpus=None))) == 4
    assert sorted(seen, key=lambda spec: spec.section) == wanted
    assert executor.most == 4


def test_an_executor_that_takes_no_more_fails_what_is_left():
    executor = ThreadPoolExecutor(1)
    executor.shutdown()
    assert [o.failure.kind for o in run_all(jobs(2), executor, 1, work)] == ["broken", "broken"]


def test_whoever_stops_listening_stops_what_has_not_begun():
    executor = FakeExecutor()
    outcomes = run_all(jobs(10), executor, 2, work)
    next(outcomes)
    outcomes.close()
    assert len(executor.held) <= 3


def test_the_longest_begin_first_and_the_unknown_before_them():
    known = {("a", "jax"): 5.0, ("b", "jax"): 50.0}
    short, long = job("1", section="a", tab="jax"), job("1", section="b", tab="jax")
    new, large = job("1", section="c", tab="jax"), job("1\n2\n3", section="d", tab="jax")
    assert longest_first([short, new, long, large], known) == [large, new, long, short]


def test_equals_keep_the_order_of_the_book():
    assert [spec.section for spec in longest_first(jobs(5), {})] == list("01234")

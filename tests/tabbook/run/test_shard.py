"""Machines that know nothing of each other split a run so that nothing is lost or done twice."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tabbook.errors import UsageError
from tabbook.run.shard import Shard, jobs_of_shard, parse_shard

JOBS = st.lists(st.tuples(st.text(max_size=3), st.sampled_from(["jax", "mxnet"])), unique=True, max_size=40)


@given(JOBS, st.dictionaries(st.integers(0, 39), st.floats(0, 1000)), st.integers(1, 7))
def test_the_union_is_everything_and_no_job_is_in_two(jobs, times, count):
    seconds = {jobs[place]: time for place, time in times.items() if place < len(jobs)}
    parts = [jobs_of_shard(jobs, seconds, Shard(number, count)) for number in range(1, count + 1)]
    assert sorted(job for part in parts for job in part) == sorted(jobs)
    assert parts == [jobs_of_shard(list(jobs), dict(seconds), Shard(n, count)) for n in range(1, count + 1)]
    for part in parts:
        assert part == [job for job in jobs if job in part]


@given(st.lists(st.integers(1, 1000), min_size=1, max_size=40), st.integers(1, 6))
def test_parts_take_about_the_same_time(times, count):
    seconds = {(str(number), "jax"): float(time) for number, time in enumerate(times)}
    loads = [
        sum(seconds[job] for job in jobs_of_shard(list(seconds), seconds, Shard(n + 1, count)))
        for n in range(count)
    ]
    assert max(loads) - min(loads) <= max(times)


def test_jobs_without_a_time_are_dealt_out_evenly():
    jobs = [(str(number), "jax") for number in range(10)]
    assert sorted(len(jobs_of_shard(jobs, {}, Shard(n, 4))) for n in (1, 2, 3, 4)) == [2, 2, 3, 3]


def test_an_unknown_job_counts_as_a_usual_one():
    jobs = [(name, "jax") for name in "abcd"]
    seconds = {jobs[0]: 10.0, jobs[1]: 10.0, jobs[2]: 10.0}
    assert [len(jobs_of_shard(jobs, seconds, Shard(n, 2))) for n in (1, 2)] == [2, 2]


def test_a_shard_is_written_as_a_fraction():
    assert parse_shard("2/4") == Shard(2, 4)


@pytest.mark.parametrize("text", ["0/4", "5/4", "2", "a/b", "1/0", "-1/2", "1/2/3", ""])
def test_what_is_no_shard(text):
    with pytest.raises(UsageError, match="K/N"):
        parse_shard(text)

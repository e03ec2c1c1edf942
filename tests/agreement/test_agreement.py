"""The four frameworks and a NumPy reference compute the same, and the page of the book says so truly."""

# ruff: noqa: N806 (matrices have capital letters, as in the book)

import csv
import io

import numpy as np
import pytest
from cases import BY_NAME, CASES
from mutants import MUTATIONS
from runs import BOUND, EXPECTED, TABS, among, difference, environment, from_reference, measure_all, rows
from subjects import SUBJECTS
from table import FOLDER, differences, versions

ROWS = [(case.name, row) for case in CASES for row in rows(case)]


@pytest.fixture(scope="session")
def results():
    """What each framework has found whose environment is there."""
    return measure_all(tab for tab in TABS if environment(tab).exists())


@pytest.fixture
def result(tab, results):
    if tab not in results:
        pytest.skip(f"there is no environment of {tab}: run tabbook env make --tab {tab}")
    return results[tab]


def test_every_framework_of_the_book_takes_part():
    assert set(TABS) == set(SUBJECTS)


@pytest.mark.parametrize("tab", TABS)
@pytest.mark.parametrize(("name", "row"), ROWS)
def test_a_framework_agrees_with_the_reference(name, row, tab, result):
    case = BY_NAME[name]
    assert from_reference(case, result.of(name), row) <= rows(case)[row]


@pytest.mark.parametrize(("name", "row"), ROWS)
def test_the_frameworks_agree_with_each_other(name, row, results):
    case = BY_NAME[name]
    assert among(case, row, results.values()) <= rows(case)[row]


@pytest.mark.parametrize("tab", TABS)
@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.name)
def test_a_mutation_of_one_framework_is_noticed(mutation, tab, result):
    case, found = BY_NAME[mutation.case], result.of(mutation.name)
    assert found
    assert from_reference(case, found) == np.inf or any(
        from_reference(case, found, row) > bound for row, bound in rows(case).items()
    )


def test_a_mutation_that_finds_nothing_to_change_says_so():
    with pytest.raises(LookupError, match="nothing to change"):
        MUTATIONS[0].source("class LinearRegressionScratch:\n    def loss(self): pass\n")


def test_a_difference_is_relative_to_large_values_alone():
    assert difference([0.5, 200.0], [0.25, 100.0]) == 1
    assert difference([0.5], [0.25]) == 0.25
    assert difference([1.0], [[1.0]]) == difference([np.nan], [1.0]) == np.inf


def test_central_differences_find_a_known_gradient():
    case = BY_NAME["LinearRegressionScratch"]
    params, (batch, *_), _ = case.given()
    X, y = batch
    error = X @ params["w"] + params["b"] - y
    assert difference(EXPECTED[case.name]["gradients/w"], X.T @ error / len(X)) < BOUND / 1000


def shown(table):
    return list(csv.reader(io.StringIO(table)))


def test_the_page_shows_these_rows_and_versions(results):
    """Not the differences, which another CPU may change: that they are small enough is tested above."""
    if set(results) != set(TABS):
        pytest.skip("not all environments are there: run tabbook env make")
    on_page = [(FOLDER / f"{name}.csv").read_text(encoding="utf-8") for name in ("agreement", "versions")]
    now = [differences(results), versions(results)]
    without = [[(what, row, allowed) for what, row, _, allowed in shown(t)] for t in (on_page[0], now[0])]
    assert without[0] == without[1], "run make agreement"
    assert shown(on_page[1]) == shown(now[1]), "run make agreement"

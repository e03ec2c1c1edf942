"""Outputs come back as they were stored, or not at all."""

import json
import logging
import threading

import pytest
from engine_helpers import KEY

from tabbook.model import Result
from tabbook.store import Store

RESULT = Result(
    KEY,
    "chapters/a.md",
    "jax",
    (({"output_type": "stream", "name": "stdout", "text": "é 1\n"},), ()),
    {"framework": "JAX 1", "seconds": 1.5},
    ("words.txt",),
    {"tab": "jax", "cells": []},
)


def test_a_result_comes_back_equal(tmp_path):
    store = Store(tmp_path / "outputs")
    assert store.get(KEY) is None
    assert list(store.keys()) == []
    path = store.put(RESULT)
    assert path == tmp_path / "outputs/00" / f"{KEY}.json"
    assert store.get(KEY) == RESULT
    assert list(store.keys()) == [KEY]
    assert json.loads(path.read_text())["result"]["section"] == "chapters/a.md"
    assert [file.name for file in path.parent.iterdir()] == [path.name]


def damage(change):
    return pytest.param(change, id=change.__name__)


@damage
def truncated(data):
    return data[: len(data) // 2]


@damage
def emptied(data):
    return b""


@damage
def flipped(data):
    return data.replace(b"JAX 1", b"JAX 2")


@damage
def rehashed_by_hand(data):
    return data.replace(data[21:40], b"f" * 19)


@damage
def not_ours(data):
    return b'{"a": 1}'


@pytest.mark.parametrize("change", [truncated, emptied, flipped, rehashed_by_hand, not_ours])
def test_a_damaged_entry_counts_as_missing_with_a_warning(tmp_path, caplog, change):
    store = Store(tmp_path)
    path = store.put(RESULT)
    path.write_bytes(change(path.read_bytes()))
    with caplog.at_level(logging.WARNING):
        assert store.get(KEY) is None
    assert str(path) in caplog.text
    store.put(RESULT)
    assert store.get(KEY) == RESULT


def test_an_entry_under_another_key_is_not_taken(tmp_path, caplog):
    store = Store(tmp_path)
    other = "1" * 64
    store.path(other).parent.mkdir(parents=True)
    store.put(RESULT).rename(store.path(other))
    assert store.get(other) is None
    assert "another key" in caplog.text


def test_an_entry_of_another_version_is_not_taken(tmp_path, caplog, monkeypatch):
    store = Store(tmp_path)
    monkeypatch.setattr(
        "tabbook.store.asdict", lambda _: {"key": KEY, "outputs": [], "stand_ins": [], "new": 1}
    )
    store.put(RESULT)
    assert store.get(KEY) is None
    assert "field" in caplog.text


@pytest.mark.parametrize("key", ["", "../../etc/passwd", "0" * 63, "G" * 64])
def test_only_keys_become_paths(tmp_path, key):
    with pytest.raises(ValueError, match="not a key"):
        Store(tmp_path).get(key)


def test_other_files_are_no_entries(tmp_path):
    (tmp_path / "00").mkdir()
    (tmp_path / "00" / "notes.json").write_text("{}")
    assert list(Store(tmp_path).keys()) == []


def test_many_may_write_and_read_at_once(tmp_path):
    store, seen = Store(tmp_path), []

    def work():
        for _ in range(30):
            store.put(RESULT)
            seen.append(store.get(KEY))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(seen) == 120
    assert all(result == RESULT for result in seen)

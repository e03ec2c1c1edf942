"""Outputs come back as they were stored, or not at all."""

import base64
import json
import logging
import os
import threading
from dataclasses import replace

import pytest
from engine_helpers import KEY
from hypothesis import given
from hypothesis import strategies as st

from tabbook.model import Result
from tabbook.store.entry import decode, encode
from tabbook.store.local import Store

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


@given(
    st.lists(st.lists(st.text(), max_size=4), max_size=3),
    st.text(),
)
def test_a_store_knows_what_its_entries_were_made_without(tmp_path_factory, choices, tab):
    """Pages find outputs that lack some of many data files by it: not every combination can be tried."""
    store = Store(tmp_path_factory.mktemp("store"))
    assert store.stand_ins() == frozenset()
    for number, names in enumerate([*choices, ["x" * 9] * 2000]):
        said = {"output_type": "stream", "text": '"stand_ins":["no"]', "data": {"a": "b" * 2000}}
        key = f"{number:064x}"
        store.put(replace(RESULT, key=key, tab=tab, stand_ins=tuple(names), outputs=((said,),)))
    assert store.stand_ins() == frozenset(map(tuple, [*choices, ["x" * 9] * 2000]))
    store.path(f"{0:064x}").write_bytes(b'{"stand_ins":[')
    store.path("f" * 64).mkdir(parents=True)
    os.mkfifo(store.path(f"{1:064x}").with_stem("0" * 62 + "ff"))
    assert store.stand_ins() <= frozenset(map(tuple, [*choices, ["x" * 9] * 2000]))


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


def test_an_entry_of_another_format_is_passed_over_and_kept_for_a_while(tmp_path, caplog):
    store = Store(tmp_path)
    path = store.put(RESULT)
    path.write_bytes(path.read_bytes().replace(b'"format":2', b'"format":1'))
    assert store.get(KEY) is None
    assert caplog.text == ""
    (entry,) = store.entries()
    assert entry.problem == "it is of format 1, and this is made for format 2"
    assert (entry.is_foreign, entry.is_damaged) == (True, False)
    assert store.unused_entries((), 7 * DAY, entry.written + 6 * DAY) == ()
    assert store.unused_entries((), 7 * DAY, entry.written + 8 * DAY) == (entry,)


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
        "tabbook.store.entry.asdict", lambda _: {"key": KEY, "outputs": [], "stand_ins": [], "new": 1}
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


def with_pictures(*values):
    cells = tuple(
        ({"output_type": "display_data", "metadata": {}, "data": {"image/png": v, "text/plain": "<Figure>"}},)
        for v in values
    )
    return replace(RESULT, outputs=cells)


def test_a_picture_that_is_shown_again_stands_once_and_comes_back_as_it_was(tmp_path):
    store, picture = Store(tmp_path), base64.b64encode(bytes(range(256)) * 40).decode() + "\n"
    once = store.put(with_pictures(picture)).stat().st_size
    often = with_pictures(*[picture] * 9, "small", picture[:-1])
    path = store.put(often)
    assert store.get(KEY) == often
    assert path.stat().st_size < 3 * once
    assert path.read_text().count(picture.strip()) == 2  # the one without a line feed is another


@given(
    st.lists(
        st.lists(
            st.dictionaries(
                st.sampled_from(["image/png", "text/plain", "application/json", "$blob"]),
                st.one_of(
                    st.text(max_size=5),
                    st.sampled_from(["a" * 1023, "a" * 1024, "é\n" * 2000]),
                    st.dictionaries(st.text(max_size=3), st.text(max_size=3), max_size=2),
                ),
            ),
            max_size=3,
        ),
        max_size=4,
    )
)
def test_whatever_cells_put_out_comes_back_the_same(cells):
    outputs = tuple(
        tuple({"output_type": "display_data", "metadata": {}, "data": data} for data in cell)
        for cell in cells
    )
    result = replace(RESULT, outputs=outputs)
    data = encode(result)
    assert decode(data, KEY) == result
    assert encode(decode(data, KEY)) == data


def test_every_damage_is_found(tmp_path):
    data = encode(with_pictures("x" * 2000, "x" * 2000))
    for position in range(0, len(data), 7):
        changed = data[:position] + bytes([data[position] ^ 1]) + data[position + 1 :]
        with pytest.raises(ValueError, match="it"):
            decode(changed, KEY)


HOUR, DAY = 3600, 86_400


def aged(store, number, seconds, now=1e9):
    """Store an entry as if it were written ``seconds`` ago, and return its key."""
    key = f"{number:064x}"
    path = store.put(replace(RESULT, key=key))
    os.utime(path, (now - seconds, now - seconds))
    return key


def test_garbage_is_what_nobody_uses_and_nobody_just_wrote(tmp_path):
    store = Store(tmp_path)
    used, old, young, fresh, broken, breaking = (
        aged(store, n, age) for n, age in enumerate([9 * DAY, 9 * DAY, 2 * DAY, 60, 2 * HOUR, 60])
    )
    for key, age in ((broken, 2 * HOUR), (breaking, 60)):
        store.path(key).write_bytes(b"{}")
        os.utime(store.path(key), (1e9 - age, 1e9 - age))

    def garbage(keep):
        return {entry.key for entry in store.unused_entries({used}, keep, now=1e9)}

    assert garbage(7 * DAY) == {old, broken}
    assert garbage(0) == {old, young, broken}
    assert {used, fresh, breaking} <= set(store.keys())


def test_an_entry_that_was_written_meanwhile_is_not_removed(tmp_path):
    store = Store(tmp_path)
    key = aged(store, 1, 9 * DAY)
    (entry,) = store.unused_entries((), 0, now=1e9)
    store.put(replace(RESULT, key=key))  # the same bytes: it is wanted again all the same
    assert not store.remove(entry)
    assert store.get(key) is not None
    os.utime(entry.path, (entry.written, entry.written))
    assert store.remove(entry)
    assert not store.remove(entry)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_what_killed_processes_left_is_found_when_it_is_old(tmp_path):
    store = Store(tmp_path)
    path = store.put(RESULT)
    for name, age in (("old", 2 * HOUR), ("new", 60)):
        left = path.with_name(f".{path.name}.{name}.tmp")
        left.write_text("half")
        os.utime(left, (1e9 - age, 1e9 - age))
    assert [file.name for file in store.temporary_files(now=1e9)] == [f".{path.name}.old.tmp"]


def test_entries_say_what_is_wrong_with_them(tmp_path):
    store = Store(tmp_path)
    good, bad = aged(store, 1, 0), aged(store, 2, 0)
    store.path(bad).write_bytes(b"{}")
    first, second = store.entries()
    assert (first.key, first.problem, first.result.section) == (good, "", "chapters/a.md")
    assert (second.key, second.result) == (bad, None)
    assert "hash" in second.problem

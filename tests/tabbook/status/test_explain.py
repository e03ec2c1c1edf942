"""Why a job would run, said in words with places that are right."""

import json
import re

import pytest
from engine_helpers import DATA_SHA1, code, make_book, projection
from hypothesis import given
from hypothesis import strategies as st

from tabbook.keys.closure import ALWAYS, MISSING
from tabbook.keys.key import STAND_IN, job_key
from tabbook.library.generator import generate
from tabbook.model import Result
from tabbook.plan.history import read_last, write_last
from tabbook.plan.planner import jobs
from tabbook.run.progress import explanations
from tabbook.status.as_json import status_json
from tabbook.status.explain import reasons, sentence
from tabbook.status.overview import status
from tabbook.status.places import symbol_places
from tabbook.status.standing import JobStatus, RunReport
from tabbook.store.local import Store


def key(*sources, tags=(), **changes):
    values = {
        "requirements": ("a==1", "b==2"),
        "device": "cpu",
        "data": {"d": "1" * 40},
        "library_hashes": {"f": "1", "C": "1", "C.m": "1"},
    }
    return job_key(projection(*(sources or ("x", "y", "z")), tags=tags), **{**values, **changes})


def why(now, last=None, damaged=False):
    places = [(i, f"a.md:{10 * i}") for i in range(1, 9)]
    found = reasons(last or key(), now, places, lambda name: {"f": "b.md:5"}.get(name, ""), "d2l", damaged)
    return sentence(found)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (
            {"library_hashes": {"f": "2", "C": "1", "C.m": "1"}},
            "d2l.f changed (b.md:5); environment unchanged",
        ),
        ({"library_hashes": {"f": "1", "C": "1", "C.m": "2"}}, "d2l.C.m changed; environment unchanged"),
        (
            {"library_hashes": {"C": "1", "C.m": "1"}},
            "d2l.f is no longer used (b.md:5); environment unchanged",
        ),
        ({"library_hashes": {"f": "1", "C": "1"}}, "d2l.C.m is gone; environment unchanged"),
        (
            {"library_hashes": {"f": "1", "C": "1", "C.m": MISSING}},
            "d2l.C.m is not in the library; environment unchanged",
        ),
        (
            {"library_hashes": {"f": "1", "C": "1", "C.m": "1", "g": "1", ALWAYS: "1", "d2l.jax": "1"}},
            "what importing d2l does is used now; d2l.jax is used now; d2l.g is used now; "
            "environment unchanged",
        ),
        (
            {
                "whole_because": "uses d2l as a value",
                "library_hashes": {"f": "1", "C": "1", "C.m": "1", "g": "1"},
            },
            "depends on all of the library now (uses d2l as a value); environment unchanged",
        ),
        ({"requirements": ("a==3", "b==2")}, "environment changed (a 1 → 3)"),
        ({"requirements": ("b==2", "c==1")}, "environment changed (a gone, c new)"),
        ({"requirements": ("--x", "a==1", "b==2")}, "environment changed (options of its packages)"),
        (
            {"requirements": tuple(f"p{i}==1" for i in range(9))},
            "environment changed (a gone, b gone, p0 new, p1 new, p2 new, and 6 more)",
        ),
        ({"device": "gpu"}, "device cpu → gpu; environment unchanged"),
        ({"python": "3.12"}, "Python changed: 3.11 → 3.12"),
        ({"variables": {"B": "1"}}, "the variable B is set now"),
        ({"python": "3.12", "device": "gpu"}, "device cpu → gpu; Python changed: 3.11 → 3.12"),
        ({"data": {"d": "2" * 40}}, "the data file d changed; environment unchanged"),
        ({"data": {"d": STAND_IN}}, "the data file d is no longer available; environment unchanged"),
        ({"data": {}}, "the data file d is no longer declared; environment unchanged"),
        (
            {"data": {"d": "1" * 40, "e": "1"}},
            "the data file e is declared now; environment unchanged",
        ),
    ],
)
def test_each_kind_of_change_has_its_words(change, words):
    assert why(key(**change)) == words


@pytest.mark.parametrize(
    ("cells", "words"),
    [
        (("x", "other", "z"), "code of cell 2 changed (a.md:20)"),
        (("x", "y", "new", "z"), "cell 3 is new (a.md:30)"),
        (("x", "z"), "a cell after cell 1 gone"),
        (("z",), "2 cells at the start gone"),
        (("x", "1", "2", "z"), "code of cell 2 changed (a.md:20); cell 3 is new (a.md:30)"),
    ],
)
def test_changed_cells_are_named_with_their_lines(cells, words):
    assert why(key(*cells)) == f"{words}; environment unchanged"


def test_what_else_there_is_to_say():
    tagged = key(tags=("raises-exception",))
    assert why(tagged).startswith("tags of cell 1 changed (a.md:10); tags of cell 2 changed (a.md:20)")
    assert why(key(data={"d": "1" * 40}), key(data={"d": STAND_IN})).startswith(
        "the data file d is available"
    )
    assert why(key(), key(whole_because="x")).startswith("uses only some of the library now")
    assert why(key()) == "its outputs are no longer in the store"
    assert why(key(), damaged=True) == "its outputs in the store are damaged"
    assert sentence(reasons(None, key(), [], str, "d2l")) == "never executed here"
    many = key(library_hashes={f"s{i}": "1" for i in range(9)})
    assert "and 7 more of the library's symbols" in why(many)
    older = key()
    old = {**older.record, "format": 0}
    assert why(key(), type(older)("0", old)) == "tabbook executes jobs differently now"


@given(st.dictionaries(st.sampled_from("fgCD"), st.sampled_from("12")))
def test_whatever_changed_in_the_library_there_are_words_for_it(library):
    now = key(library_hashes=library)
    text = why(now)
    assert text
    assert (text == "its outputs are no longer in the store") == (now.digest == key().digest)


SAVED = '''```{code-cell} python
%%tab all
import os  #@save

# Why.
@d2l.wrapper  #@save
class C:
    """Doc."""

    def first(self):
        return 1

    @property
    def second(self):
        return 2
```

```{code-cell} python
@d2l.add_to_class(C)  #@save
def third(self): ...

#@save
def f():
    return 1
VALUE = 3
```
'''


def test_symbols_are_found_where_they_are_written(tmp_path):
    book = make_book(tmp_path, {"a": SAVED}, names={"tanh": {"jax": "jnp.tanh"}})
    lines = (tmp_path / "chapters/a.md").read_text().split("\n")
    place = symbol_places(book, "jax")
    found = {}
    for name in ("os", "C", "C.first", "C.second", "C.third", "f", "VALUE"):
        path, line = place(name).split(":")
        assert path == "chapters/a.md"
        found[name] = lines[int(line) - 1].strip()
    assert found == {
        "os": "import os  #@save",
        "C": "@d2l.wrapper  #@save",
        "C.first": "def first(self):",
        "C.second": "def second(self):",
        "C.third": "@d2l.add_to_class(C)  #@save",
        "f": "def f():",
        "VALUE": "VALUE = 3",
    }
    assert re.fullmatch(r"_config\.yml:[1-9]\d*", place("tanh"))
    assert place("nothing") == symbol_places(book, "pytorch")("tanh") == ""


def test_the_last_record_outlives_whatever_is_in_its_file(tmp_path):
    write_last(tmp_path, "chapters/a.md", "jax", key().digest, key().record)
    assert read_last(tmp_path, "chapters/a.md", "jax").record == json.loads(json.dumps(key().record))
    [path] = (tmp_path / "last").rglob("*.json")
    for text in (
        path.read_text().replace("cpu", "gpu"),
        "",
        "[]",
        "[" * 100_000,
        '{"key": "k"}',
        '{"key": "k", "record": 3}',
    ):
        path.write_text(text)
        assert read_last(tmp_path, "chapters/a.md", "jax") is None
    assert read_last(tmp_path, "chapters/b.md", "jax") is None


def test_the_library_counts_as_the_next_run_will_write_it(tmp_path, monkeypatch):
    monkeypatch.setattr("tabbook.status.overview.device_class", lambda: "cpu")
    book = make_book(tmp_path, {"a": code("from d2l import nbclient as d2l\nd2l.f()")})
    path = book.library_file("pytorch").relative_to(tmp_path).as_posix()
    [before] = status(book, tabs=["pytorch"]).jobs
    [after] = status(book, tabs=["pytorch"], library_texts={path: "def f(): ..."}).jobs
    assert before.key != after.key
    write_last(book.work, before.section, "pytorch", before.key, {**_record(book)})
    [told] = status(book, tabs=["pytorch"], library_texts={path: "def f(): ..."}, explain=True).jobs
    assert sentence(told.reasons) == "d2l.f changed; environment unchanged"


def _record(book):
    return jobs(book, tabs=["pytorch"])[0].key("cpu").record


def test_lines_and_json_say_the_same():
    found = reasons(key(), key("x", "new", "z"), [(1, "a.md:1"), (2, "a.md:2"), (3, "a.md:3")], str, "d2l")
    stale = JobStatus(
        "chapters/a.md", "jax", "stale", key="k", reasons=found, whole_because="uses d2l as a value"
    )
    good = JobStatus("chapters/b.md", "jax", "stored", 3.0)
    report = RunReport((stale, good), {"words.txt": DATA_SHA1})
    line = "a · jax — code of cell 2 changed (a.md:2); environment unchanged"
    assert explanations(report) == [line]
    assert explanations(report, all_jobs=True) == [line, "b · jax — up to date"]
    value = json.loads(status_json(report, ["d2l_lib/d2l/jax.py"]))
    assert not value["ok"]
    assert value["jobs"][0]["reasons"] == [
        {"kind": "code", "text": "code of cell 2 changed", "place": "a.md:2"}
    ]
    assert value["jobs"][0]["whole_library"] == "uses d2l as a value"
    assert [job["failure"] for job in value["jobs"]] == [None, None]


def test_a_cell_has_one_number_whoever_names_it(tmp_path, monkeypatch):
    """The library's comments and the reasons of a job count the cells of all frameworks."""
    monkeypatch.setenv("TABBOOK_DEVICE", "cpu")
    cells = ["%%tab jax\na = 1", "b = 2", "%%tab pytorch\nc = 3  #@save"]
    book = make_book(tmp_path, {"a": "".join(map(code, cells))})
    (job,) = jobs(book, tabs=["pytorch"])
    write_last(book.work, "chapters/a.md", "pytorch", *_key_of(job))
    cells[2] = "%%tab pytorch\nc = 4  #@save"
    book = make_book(tmp_path, {"a": "".join(map(code, cells))})
    (stale,) = status(book, tabs=["pytorch"], explain=True).jobs
    assert stale.reasons[0].text == "code of cell 3 changed"
    assert "# chapters/a.md, cell 3\nc = 4" in generate(book)["d2l_lib/d2l/nbclient.py"]


def _key_of(job):
    key = job.key("cpu")
    return key.digest, key.record


def test_without_a_last_record_the_most_similar_of_the_store_is_compared(tmp_path, monkeypatch):
    """As in a new clone that has taken the published outputs: it was not never executed."""
    monkeypatch.setattr("tabbook.status.overview.device_class", lambda: "cpu")
    store = Store(tmp_path / "book/.tabbook/outputs")
    for cells in (("x = 1", "y = 1", "z = 1"), ("x = 1", "y = 2", "z = 2"), ("x = 0", "y = 0", "z = 0")):
        book = make_book(tmp_path / "book", {"a": "".join(map(code, cells))})
        (planned,) = jobs(book, tabs=["jax"])
        before = planned.key("cpu")
        store.put(Result(before.digest, planned.section.path, "jax", ((), (), ()), {}, (), before.record))
    book = make_book(tmp_path / "book", {"a": code("x = 1") + code("y = 2") + code("z = 3")})
    (job,) = status(book, tabs=["jax"], explain=True).jobs
    assert [reason.text for reason in job.reasons] == ["code of cell 3 changed"]
    (job,) = status(book, tabs=["pytorch"], explain=True).jobs
    assert [reason.text for reason in job.reasons] == ["never executed here"]

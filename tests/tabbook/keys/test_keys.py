"""What makes outputs stale, and what does not."""

import ast

import pytest
from engine_helpers import code, make_book, projection, with_data
from hypothesis import given
from hypothesis import strategies as st

from tabbook.keys.key import (
    FORMAT,
    STAND_IN,
    canonical,
    job_key,
    library_code,
    normal_code,
    requirement_lines,
    sha256,
)
from tabbook.plan.planner import jobs


def key(projected=None, **changes):
    values = {
        "requirements": ("a==1",),
        "device": "cpu",
        "data": {"d": "1" * 40},
        "library_hashes": {"*": "x"},
    }
    return job_key(projected or projection("x = 1"), **{**values, **changes})


def test_the_record_proves_the_key():
    assert key().digest == sha256(canonical(key().record))
    assert key().digest == key().digest


@pytest.mark.parametrize(
    "changed",
    [
        projection("x = 2"),
        projection("x = 1", "y = 1"),
        projection("x = 1 # why"),
        projection("x = 1", tab="jax"),
        projection("x = 1", tags=("raises-exception",)),
        projection("x = 1", tags=("skip-execution",)),
    ],
)
def test_code_tab_and_execution_tags_change_the_key(changed):
    assert key(changed).digest != key().digest


@pytest.mark.parametrize(
    "change",
    [
        {"requirements": ("a==2",)},
        {"device": "gpu"},
        {"data": {"d": "2" * 40}},
        {"data": {"d": STAND_IN}},
        {"data": {}},
        {"library_hashes": {"*": "y"}},
        {"whole_because": "uses d2l as a value"},
    ],
)
def test_what_surrounds_the_code_changes_the_key(change):
    assert key(**change).digest != key().digest


@pytest.mark.parametrize(
    "same",
    [
        projection("x = 1", text="Other prose,\n\nand more."),
        projection("x = 1", tags=("hide-input", "remove-output")),
        projection("x = 1  \t\n\n"),
        projection("\nx = 1\r\n"),
    ],
)
def test_prose_presentation_and_trailing_blanks_do_not(same):
    assert key(same).digest == key().digest


def test_a_python_is_part_of_the_key_where_it_is_not_the_one_of_all_others():
    """A tab that moves to another Python runs anew; naming the one that it always had changes nothing."""
    assert key(python="3.11").record == key(python=None).record == key().record
    assert key(python="3.12").digest not in (key().digest, key(python="3.13").digest)
    assert key(python="3.12").record["python"] == "3.12"


def test_variables_that_a_framework_sets_are_part_of_the_key_where_there_are_some():
    """The keys of all jobs of frameworks that set none stay as they were."""
    assert key(variables={}).record == key().record
    assert key(variables={"A": "1"}).record["variables"] == {"A": "1"}
    assert len({key(variables=given).digest for given in ({}, {"A": "1"}, {"A": "2"}, {"B": "1"})}) == 4


LIBRARY_OF_A_JOB = """def f():
    return g(), URL

URL = "http://d2l-data.example.org/"

def g():
    plt.rcParams["svg.hashsalt"] = "d2l"

def cache_folder():
    return home() / "d2l"
"""


def test_the_key_of_a_job_stays_what_it_was(tmp_path):
    """Another key would make every book stale; raise FORMAT where that is meant."""
    cells = code("from d2l import nbclient as d2l\nd2l.f()") + code("%time d2l.cache_folder()\n# d2l.g")
    book = make_book(tmp_path, {"a": with_data(cells)})
    file = book.library_file("pytorch")
    file.parent.mkdir(parents=True)
    file.write_text(LIBRARY_OF_A_JOB)
    planned = jobs(book, tabs=["pytorch"])[0]
    assert FORMAT == 2
    assert planned.key("cpu").digest == "1f6a0269aa11f1cf8de9ce6c91de919a048b3dea1626969ccf0069a68e209285"
    assert (
        planned.key("gpu", ["words.txt"]).digest
        == "4ab5d9a49a5abbea89a7375f1c00ecd97306f828602560b5018d62d6b05be778"
    )


def test_order_of_cells_counts():
    assert key(projection("a()", "b()")).digest != key(projection("b()", "a()")).digest


def test_blanks_inside_a_string_are_part_of_the_value():
    assert normal_code('x = """a  \nb"""  \ny') == 'x = """a  \nb"""\ny'
    assert normal_code("x = 1  \r\ny = 2\r\n") == "x = 1\ny = 2"


def test_code_that_is_not_python_is_kept_as_it_is():
    assert normal_code("%%bash\necho '''  \n") == "%%bash\necho '''  "


LIBRARY = '''# from a.md, cell 3
import torch  # why


def f():
    """Doc.

    # not a comment
    """
    return "#"  # but this is


x = """

a"""
'''


def test_comments_and_blank_lines_of_the_library_do_not_count():
    text = library_code(LIBRARY)
    assert "why" not in text
    assert "# not a comment" in text
    assert ast.dump(ast.parse(text)) == ast.dump(ast.parse(LIBRARY))
    assert library_code(LIBRARY) == library_code(
        LIBRARY.replace("cell 3", "cell 4").replace("\n\n\ndef", "\n\ndef")
    )
    assert library_code(LIBRARY) != library_code(LIBRARY.replace('"#"', '"!"'))
    assert library_code("x = '''") != library_code("x = '''#")


LINES = st.lists(
    st.sampled_from(
        ["x = 1", "  # c", "", "   ", 'y = """a', 'b"""', "def f():", "    return 2  # r", "z = '#'", "\t"]
    )
)


@given(LINES)
def test_the_library_without_comments_means_the_same(lines):
    text = "\n".join(lines) + "\n"
    try:
        tree = ast.dump(ast.parse(text))
    except (SyntaxError, ValueError):
        return
    assert ast.dump(ast.parse(library_code(text))) == tree
    assert ast.dump(ast.parse(normal_code(text))) == tree
    assert library_code(library_code(text)) == library_code(text)


def test_only_the_requirements_of_a_requirements_file_count():
    one = requirement_lines("# made by uv\nb==2  # via a\n    # via x\n\na==1 \\\n")
    assert one == ("a==1 \\", "b==2")
    assert requirement_lines("a==1 \\\r\nb==2") == one

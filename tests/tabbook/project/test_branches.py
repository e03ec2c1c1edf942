"""Choosing branches, one construct at a time: what is left, to the letter."""

import ast
from textwrap import dedent

import pytest

from tabbook.code import CodeError
from tabbook.project.branches import select


def chosen(code: str, tab: str = "jax") -> str:
    return select(dedent(code).strip("\n"), tab)


def check(code: str, left: str, tab: str = "jax") -> None:
    result = chosen(code, tab)
    assert result == dedent(left).strip("\n")
    ast.parse("\n".join(line for line in result.split("\n") if line.lstrip()[:1] not in ("%", "!")))
    assert select(result, tab) == result


EXPRESSIONS = [
    ("x = 1 if tab.selected('jax') else 2", "x = 1", "x = 2"),
    ("x = 1 if not tab.selected('jax') else 2", "x = 2", "x = 1"),
    ("x = tab.selected('jax', 'pytorch')", "x = True", "x = False"),
    ("x = tab.selected(['jax', 'pytorch'])", "x = True", "x = False"),
    ("x = tab.selected(('pytorch',), 'jax')", "x = True", "x = False"),
    ("x = not tab.selected('jax')", "x = False", "x = True"),
    ("x = a and tab.selected('jax')", "x = a and True", "x = a and False"),
    ("x = tab.selected('jax') and a", "x = a", "x = False"),
    ("x = tab.selected('jax') or a", "x = True", "x = a"),
    ("x = tab.selected('jax') and (a or b)", "x = (a or b)", "x = False"),
    ("x = a and tab.selected('jax') and b", "x = a and b", "x = a and False"),
    ("x = 1 if a and tab.selected('jax') else 2", "x = 1 if a else 2", "x = 2"),
    ("x = 1 if (a or b) and tab.selected('jax') else 2", "x = 1 if (a or b) else 2", "x = 2"),
    ("x = 1 if a else tab.selected('jax')", "x = 1 if a else True", "x = 1 if a else False"),
    ("x = (yield) if tab.selected('jax') else 2", "x = (yield)", "x = 2"),
    ("x = (y := 1) if tab.selected('jax') else 2", "x = (y := 1)", "x = 2"),
    ("x = (a +\n     b) if tab.selected('jax') else c", "x = (a +\n     b)", "x = c"),
    ("f(*(a if tab.selected('jax') else b))", "f(*(a))", "f(*(b))"),
    ("f(k=1 if tab.selected('jax') else 2)", "f(k=1)", "f(k=2)"),
    ("x = 'ü', 1 if tab.selected('jax') else 2", "x = 'ü', 1", "x = 'ü', 2"),
    ("while tab.selected('jax') and x: y", "while x: y", "while False: y"),
    ("[x for x in y if tab.selected('jax')]", "[x for x in y if True]", "[x for x in y if False]"),
    ("[1 if tab.selected('jax') else 2,  # one\n 3]", "[1,  # one\n 3]", "[2,  # one\n 3]"),
    ("x = -1 if tab.selected('jax') else lambda: 1", "x = -1", "x = lambda: 1"),
]  # fmt: skip


@pytest.mark.parametrize(("code", "jax", "mxnet"), EXPRESSIONS, ids=[row[0] for row in EXPRESSIONS])
def test_expressions(code: str, jax: str, mxnet: str) -> None:
    assert select(code, "jax") == jax
    assert select(code, "mxnet") == mxnet


CHAIN = """
    a = 0
    if tab.selected('jax'):  # for JAX
        # a comment of the body
        b = 1

        c = 2  # behind
        # the last of JAX
    # about MXNet
    elif tab.selected('mxnet'):
        b = 3
    # about the rest
    else:
        b = 4
    # after all
    d = 5
    """


@pytest.mark.parametrize(
    ("tab", "lines"),
    [
        ("jax", ["# a comment of the body", "b = 1", "", "c = 2  # behind", "# the last of JAX"]),
        ("mxnet", ["# about MXNet", "b = 3"]),
        ("pytorch", ["# about the rest", "b = 4"]),
    ],
)
def test_a_chain_leaves_one_branch_with_its_comments(tab: str, lines: list[str]) -> None:
    assert chosen(CHAIN, tab).split("\n") == ["a = 0", *lines, "# after all", "d = 5"]


def test_what_is_left_of_a_chain_begins_with_if() -> None:
    code = """
        if tab.selected('mxnet') and a:
            x
        elif b and tab.selected('jax'):  # b: yes

            y
        # about c
        elif tab.selected('jax') and c:
            z

        else:
            w
        """
    check(code, "if b:  # b: yes\n\n    y\n# about c\nelif c:\n    z\n\nelse:\n    w")
    check(code, "if a:\n    x\n\nelse:\n    w", "mxnet")
    check(code, "w", "pytorch")


def test_conditions_that_do_not_ask_stay_as_they_are() -> None:
    code = """
        if (a and  # first: a
                (b)):
            x
        elif tab.selected('jax'):
            y
        """
    check(code, "if (a and  # first: a\n        (b)):\n    x\nelse:\n    y")
    check(code, "if (a and  # first: a\n        (b)):\n    x", "mxnet")


def test_conditions_over_several_lines() -> None:
    code = """
        if (a and  # one: of three
                tab.selected('jax') and  # two:
                (b or  # three: else
                 c)):
            x
        if (tab.selected('mxnet') or
                a):
            y
        if (  # why: not
                tab.selected('jax') and a):
            z
        """
    check(
        code,
        """
        if (a and  # one: of three
                (b or  # three: else
                 c)):
            x
        if a:
            y
        if (  # why: not
                a):
            z
        """,
    )


def test_branches_in_branches() -> None:
    code = """
        if tab.selected('jax', 'mxnet'):
            if tab.selected('jax'):
                a
            else:
                if x:
                    b
            c
        """
    check(code, "a\nc")
    check(code, "if x:\n    b\nc", "mxnet")
    check(code, "", "pytorch")


def test_strings_keep_their_value() -> None:
    code = '''
        if tab.selected('jax'):
            if a:
                text = """one
        two
                three"""
                other = f(\'\'\'
        at the margin\'\'\',
                          "a \\
        b")
        '''
    whole = dedent(code).strip("\n")
    values = [n.value for n in ast.walk(ast.parse(whole)) if isinstance(n, ast.Constant)]
    left = [n.value for n in ast.walk(ast.parse(select(whole, "jax"))) if isinstance(n, ast.Constant)]
    assert left == [value for value in values if value != "jax"]
    assert select(whole, "jax").split("\n")[:2] == ["if a:", '    text = """one']


def test_the_question_in_a_string_is_text() -> None:
    code = 'x = """\nif tab.selected(\'jax\'):\n    a\n"""  # tab.selected("mxnet")'
    assert select(code, "jax") == code


EMPTIED = [
    ("def f():\n    BRANCH", "def f():\n    pass"),
    ("def f():\n    '''Doc.'''\n    BRANCH", "def f():\n    '''Doc.'''"),
    ("class A:\n    BRANCH\n    BRANCH", "class A:\n    pass"),
    ("async def f():\n    # why\n    BRANCH", "async def f():\n    # why\n    pass"),
    ("for x in y:\n    BRANCH\nelse:\n    BRANCH", "for x in y:\n    pass\nelse:\n    pass"),
    ("while x:\n\tBRANCH", "while x:\n\tpass"),
    ("with x:\n  BRANCH", "with x:\n  pass"),
    (
        "try:\n  BRANCH\nexcept E:\n  BRANCH\nelse:\n  BRANCH\nfinally:\n  BRANCH",
        "try:\n  pass\nexcept E:\n  pass\nelse:\n  pass\nfinally:\n  pass",
    ),
    ("match x:\n    case 1:\n        BRANCH\n    case _:\n        BRANCH\n        b",
     "match x:\n    case 1:\n        pass\n    case _:\n        b"),
    ("if x:\n  BRANCH\nelif y:\n  BRANCH\nelse:\n  BRANCH", "if x:\n  pass\nelif y:\n  pass\nelse:\n  pass"),
    ("BRANCH", ""),
    ("a\n\nBRANCH\n\nb", "a\n\nb"),
]  # fmt: skip


@pytest.mark.parametrize(("code", "left"), EMPTIED, ids=[row[1] for row in EMPTIED])
def test_an_emptied_body_stays_a_body(code: str, left: str) -> None:
    assert select(code.replace("BRANCH", "if tab.selected('mxnet'): a; b"), "jax") == left


@pytest.mark.parametrize(
    ("code", "left"),
    [
        ("if tab.selected('jax'): a; b  # c", "a; b  # c"),
        ("if tab.selected('mxnet'): a\nelse: b", "b"),
        ("if x and tab.selected('jax'): a  # c\nelse : b", "if x: a  # c\nelse : b"),
        ("if tab.selected('jax'): f(1,\n         2)", "f(1,\n         2)"),
        ("if tab.selected('mxnet'):\n\ta\nelse:\n\tif x:\n\t\tb\n\t\t# c", "if x:\n\tb\n\t# c"),
        ("if tab.selected('jax'):\n    @d\n    def f(): 1\n\n    class A: 2", "@d\ndef f(): 1\n\nclass A: 2"),
        ("if tab.selected('jax'):\n    a\n# at the margin\n    b", "a\n# at the margin\nb"),
        ("if tab.selected('jax'):\n    f(\n  1)", "f(\n1)"),
        ("if tab.selected('jax'):\n    a = 1 \\\n        + 2", "a = 1 \\\n    + 2"),
        ("if tab.selected('jax'): 'ü'; b", "'ü'; b"),
        ("if tab.selected('jax') \\\n   and x:\n    a", "if x:\n    a"),
        ("if f(tab.selected('jax')):\n    a", "if f(True):\n    a"),
        (
            "if x:\n    a\nelse:\n    # why\n    if tab.selected('jax'):\n        b",
            "if x:\n    a\nelse:\n    # why\n    b",
        ),
    ],
)
def test_layouts(code: str, left: str) -> None:
    assert select(code, "jax") == left


def test_commands_of_ipython_stand_anywhere() -> None:
    code = """
        %matplotlib inline
        if tab.selected('jax'):
            !pip install \\
                jax
            %time x = "it's
            files = !ls
            files?
        else:
            %env A=1
        ?print
        s = '''
        %not a magic
        '''
        y = (1
             % 2)
        """
    left = chosen(code)
    assert "%env" not in left
    assert "!pip install \\\n        jax\n%time x = \"it's\nfiles = !ls\nfiles?\n?print" in left
    assert "'''\n%not a magic\n'''\ny = (1\n     % 2)" in left
    assert chosen(code, "mxnet").split("\n")[:3] == ["%matplotlib inline", "%env A=1", "?print"]


def test_cell_magics() -> None:
    assert select("%%time\nif tab.selected('jax'):\n    a", "jax") == "%%time\na"
    bash = "%%bash\nif tab.selected('jax'): (("
    assert select(bash, "jax") == bash


REFUSED = [
    ("tab.selected(name)", 1, "tab.selected takes names written out, nothing computed"),
    ("\ntab.selected()", 2, "tab.selected does not say for which tabs it asks"),
    ("tab.selected('jax', name='x')", 1, "tab.selected does not say for which tabs it asks"),
    ("f'{tab.selected(\"jax\")}'", 1, "tab.selected is inside an f-string"),
    ("x = 1\nask = tab.selected", 2, "tab.selected is not called"),
    ("x = 1\n%time tab.selected('jax')\nselected", 2, "tab.selected is inside a magic or shell command"),
    ("if (n := f()) and tab.selected('jax'): n", 1, "':=' comes before tab.selected in a condition"),
    ("if tab.selected('jax'):\n    a = (", 2, "not valid Python: '(' was never closed"),
]  # fmt: skip


@pytest.mark.parametrize(("code", "line", "message"), REFUSED, ids=[row[2] for row in REFUSED])
def test_what_cannot_be_answered_is_refused(code: str, line: int, message: str) -> None:
    with pytest.raises(CodeError) as caught:
        select(code, "jax")
    assert (caught.value.line, str(caught.value)) == (line, message)

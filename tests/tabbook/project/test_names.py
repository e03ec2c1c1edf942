"""Portable names: what the configuration may say, what the library defines, what readers see."""

import ast

import pytest

from tabbook.code import CodeError
from tabbook.project.idioms import rewrite
from tabbook.project.names import definition, parse_idiom, roots

WAYS = {
    name: parse_idiom(text)
    for name, text in {
        "tanh": "torch.tanh",
        "log": "torch.log",
        "zeros": "t.z",
        "long": "tensorflow.compat.zeros",
        "float32": "torch.float32",
        "reduce_sum": "x.sum(...)",
        "numpy": "x.detach().numpy(...)",
        "size": "lambda a: a.numel()",
        "transpose": "lambda a: a.T",
        "rand": "lambda *shape: tf.random.uniform(shape)",
        "inc": "lambda a, b=1: a + b",
        "neg": "lambda a: -a",
        "square": "lambda a: a * a",
        "first": "lambda a, b: a[0]",
        "cast": "lambda a, *, dtype=None: tf.cast(a, dtype=dtype)",
        "apply": "lambda f, /, x: f(x)",
        "same": "lambda a: a",
        "pair": "lambda a: (a, 1)",
        "ü": "lambda ü: f('ü', ü)",
    }.items()
}


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("torch.tanh", "attribute"),
        ("jax.nn.sigmoid", "attribute"),
        (" x.sum(...) ", "method"),
        ("x.detach().numpy(...)", "method"),
        ("x.a.b( ... )", "method"),
        ("lambda a: a.numel()", "expression"),
        ("lambda *shape, key=1: (\nshape)", "expression"),
    ],
)
def test_ways(text: str, kind: str) -> None:
    assert parse_idiom(text).kind == kind


@pytest.mark.parametrize(
    "text",
    [
        "tanh",
        "f(...)",
        "x.sum()",
        "x.sum(1)",
        "x.sum(..., 1)",
        "x.sum(..., k=1)",
        "1 + 1",
        "lambda **k: k",
        "x +",
        "",
        "'s'.join(...)",
    ],
)
def test_whatever_else_is_no_way(text: str) -> None:
    with pytest.raises(ValueError, match=r"is not an attribute|is not Python"):
        parse_idiom(text)


@pytest.mark.parametrize(
    ("way", "statement"),
    [
        ("torch.tanh", "f = torch.tanh"),
        ("x.sum(...)", "f = lambda x, *args, **kwargs: x.sum(*args, **kwargs)"),
        ("x.a().b( ... )", "f = lambda x, *args, **kwargs: x.a().b(*args, **kwargs)"),
        ("lambda a, b=1: a + b", "f = lambda a, b=1: a + b"),
        ("lambda *shape: (g(shape))", "f = lambda *shape: (g(shape))"),
    ],
)
def test_what_the_library_defines(way: str, statement: str) -> None:
    assert definition("f", parse_idiom(way)) == statement
    ast.parse(statement)


@pytest.mark.parametrize(
    ("way", "needed"),
    [
        ("torch.tanh", {"torch"}),
        ("x.sum(...)", set()),
        ("lambda a: len(a) + np.size([b for b in a])", {"np"}),
        ("lambda *s: jax.random.normal(d2l.get_key(), s)", {"jax", "d2l"}),
    ],
)
def test_what_a_way_needs(way: str, needed: set[str]) -> None:
    assert roots(parse_idiom(way)) == needed


# One line: the use, and what a reader sees
SAME = object()
USES = [
    # Attributes
    ("d2l.tanh(x)", "torch.tanh(x)"),
    ("f(d2l.tanh, d2l.float32)", "f(torch.tanh, torch.float32)"),
    ("@d2l.tanh\nclass A(d2l.log): pass", "@torch.tanh\nclass A(torch.log): pass"),
    ("d2l.log(d2l.log_rmse(x), d2l.logs)", "torch.log(d2l.log_rmse(x), d2l.logs)"),
    ("d2l.log = d2l.tanh", "d2l.log = torch.tanh"),
    ("x.d2l.log + d2l.x.log + e2d2l.log", SAME),
    ("'d2l.log'  # d2l.log", SAME),
    ("f'{d2l.log(x)}' + d2l.log(y)", "f'{torch.log(x)}' + torch.log(y)"),
    ("f'd2l.log {{d2l.log}} {d2l.log}'", "f'd2l.log {{d2l.log}} {torch.log}'"),
    ("f'{d2l.size(x):>9} {d2l.reduce_sum(d2l.tanh(x))!r}'", "f'{x.numel():>9} {torch.tanh(x).sum()!r}'"),
    ("(f'ü {d2l.log(ü)}'\n f'{d2l.inc(ü)}')", "(f'ü {torch.log(ü)}'\n f'{(ü + 1)}')"),
    ('f"""\n  {d2l.log(x)}\nx {d2l.neg(x)}"""', 'f"""\n  {torch.log(x)}\nx {(-x)}"""'),
    ("f'{d2l.log(x)=}' + d2l.log(x)", "f'{d2l.log(x)=}' + torch.log(x)"),  # it says how it is written
    ("f'{d2l.ü(x)}'", SAME),  # its way has the string's own quotation marks
    ("f'{x:{d2l.size(y)}}'", "f'{x:{y.numel()}}'"),
    ("'ü' + d2l.log(ü)", "'ü' + torch.log(ü)"),
    ("del d2l.log", SAME),
    # Methods
    ("d2l.reduce_sum(x)", "x.sum()"),
    ("d2l.reduce_sum(x, 0, keepdims=True)", "x.sum(0, keepdims=True)"),
    ("d2l.reduce_sum(x=a)", "a.sum()"),
    ("d2l.reduce_sum(axis=0, x=a)", "a.sum(axis=0)"),
    ("d2l.reduce_sum(axis=0, x=a, k=1)", "a.sum(axis=0, k=1)"),
    ("d2l.reduce_sum(x=a, **kw)", "a.sum(**kw)"),
    ("d2l.reduce_sum(a,)", "a.sum()"),
    ("d2l.reduce_sum(a, *b, **c)", "a.sum(*b, **c)"),
    ("d2l.reduce_sum((a), (0))", "a.sum((0))"),
    ("d2l.reduce_sum(a + b)", "(a + b).sum()"),
    ("d2l.reduce_sum((a + b), 1)", "(a + b).sum(1)"),
    ("d2l.reduce_sum((a, b), 1)", "(a, b).sum(1)"),
    ("d2l.reduce_sum([a, b])", "[a, b].sum()"),
    ("d2l.reduce_sum((i for i in a))", SAME),
    ("d2l.reduce_sum(i for i in a)", SAME),
    ("d2l.reduce_sum(-1)", "(-1).sum()"),
    ("d2l.reduce_sum(1)", "(1).sum()"),
    ("d2l.reduce_sum('s')", "'s'.sum()"),
    ("d2l.reduce_sum(lambda: 1)", "(lambda: 1).sum()"),
    ("d2l.reduce_sum(a if b else c)", "(a if b else c).sum()"),
    ("d2l.reduce_sum(await a)", "(await a).sum()"),
    ("d2l.reduce_sum(y := a)", "(y := a).sum()"),
    ("d2l.reduce_sum(a == b)", "(a == b).sum()"),
    ("d2l.reduce_sum(a[0].b(c))", "a[0].b(c).sum()"),
    ("d2l.reduce_sum(d2l.reduce_sum(a, 0), 1)", "a.sum(0).sum(1)"),
    ("d2l.reduce_sum(a) ** 2", "a.sum() ** 2"),
    ("d2l.reduce_sum(a).b[0]", "a.sum().b[0]"),
    ("d2l.numpy(x)", "x.detach().numpy()"),
    ("(d2l.reduce_sum)(x)", "x.sum()"),
    ("d2l.reduce_sum()", SAME),
    ("d2l.reduce_sum(axis=0)", SAME),
    ("d2l.reduce_sum(a, x=b)", SAME),
    ("d2l.reduce_sum(*a)", SAME),
    ("map(d2l.reduce_sum, a)", SAME),
    # Expressions
    ("d2l.size(x)", "x.numel()"),
    ("d2l.size(a + b)", "(a + b).numel()"),
    ("d2l.size(1)", "(1).numel()"),
    ("y = d2l.inc(x)", "y = x + 1"),
    ("d2l.inc(x) * 2", "(x + 1) * 2"),
    ("d2l.inc(b=2, a=x)", "x + 2"),
    ("d2l.inc(x)(y)", "(x + 1)(y)"),
    ("d2l.inc(x).y", "(x + 1).y"),
    ("d2l.inc(d2l.inc(x))", "(x + 1) + 1"),
    ("d2l.reduce_sum(d2l.inc(x))", "(x + 1).sum()"),
    ("f(d2l.inc(x), k=d2l.inc(x))", "f(x + 1, k=x + 1)"),
    ("[d2l.inc(x)]", "[x + 1]"),
    ("d2l.inc(x if y else z)", "(x if y else z) + 1"),
    ("d2l.neg(a + b) ** 2", "(-(a + b)) ** 2"),
    ("d2l.rand(2, 3)", "tf.random.uniform((2, 3))"),
    ("d2l.rand(2)", "tf.random.uniform((2,))"),
    ("d2l.rand()", "tf.random.uniform(())"),
    ("d2l.rand(*shape)", SAME),
    ("d2l.cast(a + 1, dtype=d2l.float32)", "tf.cast(a + 1, dtype=torch.float32)"),
    ("d2l.cast(y := a)", "tf.cast(y := a, dtype=None)"),
    ("d2l.cast(a, dtype=(y := b))", "tf.cast(a, dtype=(y := b))"),
    ("d2l.cast(a, 1)", SAME),
    ("d2l.cast(**a)", SAME),
    ("d2l.square(a)", "a * a"),
    ("d2l.square(f(a))", SAME),
    ("d2l.first(a, b)", "a[0]"),
    ("d2l.first(a, f(b))", SAME),
    ("d2l.apply(lambda y: y, 1)", "(lambda y: y)(1)"),
    ("d2l.same(a + b) * 2", "(a + b) * 2"),
    ("d2l.pair(a)[0]", "(a, 1)[0]"),
    ("d2l.ü('ü')", "f('ü', 'ü')"),
    ("x, y = d2l.size", SAME),
    ("%time d2l.tanh(x)\nd2l.tanh(x)", "%time d2l.tanh(x)\ntorch.tanh(x)"),
]


@pytest.mark.parametrize(("use", "seen"), USES, ids=[row[0] for row in USES])
def test_what_a_reader_sees(use: str, seen: str) -> None:
    expected = use if seen is SAME else seen
    assert rewrite(use, WAYS) == expected
    assert rewrite(expected, WAYS) == expected


# Over several lines: the layout stays, and what stood under a bracket stands under it
LAYOUTS = [
    (
        "d2l.zeros((a, b),\n          ctx=c)",
        "t.z((a, b),\n    ctx=c)",
    ),
    (
        "d2l.reduce_sum(x, axis=1,\n               keepdims=True)",
        "x.sum(axis=1,\n      keepdims=True)",
    ),
    (
        "y = d2l.long((a,\n              b), [  # c\n    1,\n], f(\n    2))",
        "y = tensorflow.compat.zeros((a,\n                             b), [  # c\n    1,\n], f(\n    2))",
    ),
    (
        "d2l.zeros((a,\n           f(\n               b,\n           ),\n\n           c))",
        "t.z((a,\n     f(\n         b,\n     ),\n\n     c))",
    ),
    (
        "d2l.reduce_sum(x,  # the values\n               axis=0)",
        "x.sum(  # the values\n      axis=0)",
    ),
    (
        "d2l.reduce_sum(  # all\n    x,  # the values\n    axis=0)",
        "x.sum(  # all\n    # the values\n    axis=0)",
    ),
    ("d2l.reduce_sum(\n    x, axis=0)", "x.sum(\n    axis=0)"),
    ("d2l.reduce_sum(\n    x\n)", "x.sum()"),
    ("d2l.reduce_sum(x,\n               axis=0)", "x.sum(axis=0)"),
    ("d2l.reduce_sum(x  # why\n               )", "x.sum(  # why\n      )"),
    ("d2l.reduce_sum((  # why\n    x), 1)", "(  # why\n    x).sum(1)"),
    (
        "d2l.reduce_sum(a +\n               b,\n               axis=(0,\n                     1))",
        "(a +\n b).sum(axis=(0,\n              1))",
    ),
    ("d2l.inc((a +\n         b))", "(a +\n b) + 1"),
    ("f(d2l.inc(a,\n          2),\n  b)", "f(a + 2,\n  b)"),
    (
        "d2l.zeros('''\n          text (''', [1,\n                           2])",
        "t.z('''\n          text (''', [1,\n                           2])",
    ),
    ("d2l.zeros(a,\n\tb)", "t.z(a,\n\tb)"),
    ("x = d2l.tanh(a) + \\\n    d2l.tanh(b)", "x = torch.tanh(a) + \\\n    torch.tanh(b)"),
    ("d2l.inc(a,  # first\n        2)", SAME),
    ("d2l.reduce_sum(axis=0,  # zero\n               x=a)", SAME),
    ("d2l.size([  # why\n    a])", "[  # why\n    a].numel()"),
    ("!ls \\\n  -l\nd2l.zeros(a,\n          b)", "!ls \\\n  -l\nt.z(a,\n    b)"),
]


@pytest.mark.parametrize(("use", "seen"), LAYOUTS, ids=[row[0] for row in LAYOUTS])
def test_layouts(use: str, seen: str) -> None:
    assert rewrite(use, WAYS) == (use if seen is SAME else seen)


def test_another_package() -> None:
    assert rewrite("book.tanh(d2l.tanh)", WAYS, "book") == "torch.tanh(d2l.tanh)"


def test_code_that_is_not_python() -> None:
    with pytest.raises(CodeError, match="not valid Python"):
        rewrite("x = 1\nd2l.tanh(", WAYS)

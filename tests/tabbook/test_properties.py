"""What holds for any cell, not only for those that somebody thought of."""

import ast
import contextlib
import os
import re
from types import SimpleNamespace

from core_helpers import SETTINGS, section
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tabbook.code import parse
from tabbook.extract.assemble import assemble
from tabbook.extract.saved import extract
from tabbook.project.branches import select
from tabbook.project.idioms import rewrite
from tabbook.project.names import definition, parse_idiom
from tabbook.read.section import read_section

TABS = ("pytorch", "jax", "mxnet")
FLAGS = ("p", "q")
SLOW = settings(max_examples=int(os.environ.get("TABBOOK_EXAMPLES", "60")))


@st.composite
def conditions(draw: st.DrawFn, depth: int = 2) -> str:
    """A condition over tabs and flags, often over several lines, with comments that hold colons."""
    kind = draw(
        st.sampled_from(["tab", "tab", "flag", "not", "and", "or", "if"] if depth else ["tab", "flag"])
    )
    if kind == "tab":
        names = draw(st.lists(st.sampled_from(TABS), min_size=1, max_size=2, unique=True))
        inside = ", ".join(map(repr, names))
        return f"tab.selected({draw(st.sampled_from([inside, f'[{inside}]']))})"
    if kind == "flag":
        return draw(st.sampled_from(FLAGS))
    gap = draw(st.sampled_from([" ", " ", "  # one: or two\n    "]))
    first = draw(conditions(depth - 1))
    if kind == "not":
        return f"(not{gap}{first})"
    second = draw(conditions(depth - 1))
    if kind == "if":
        return f"({first} if{gap}{draw(conditions(depth - 1))} else {second})"
    bare = f"{first}{gap}{kind}{gap}{second}"
    return bare if "\n" not in bare and "if" not in bare and draw(st.booleans()) else f"({bare})"


@st.composite
def blocks(draw: st.DrawFn, indent: str = "", depth: int = 3) -> list[str]:
    """Lines of statements; every one that runs leaves a mark in the trace."""
    lines: list[str] = []
    for _ in range(draw(st.integers(1, 3))):
        lines += draw(statements(indent, depth))
    return lines


COUNTER = st.integers(0, 99)


@st.composite
def statements(draw: st.DrawFn, indent: str, depth: int) -> list[str]:
    step = draw(st.sampled_from(["  ", "    ", "\t"]))
    inner = indent + step
    number = draw(COUNTER)
    kinds = ["call", "choice", "string", "comment", "value"]
    if depth:
        kinds += ["if"] * 6 + ["oneline", "def", "class", "for", "while", "with", "try", "match"]
    kind = draw(st.sampled_from(kinds))

    def body() -> list[str]:
        return draw(blocks(inner, depth - 1))

    def noise() -> list[str]:
        return draw(
            st.sampled_from(
                [[], [], [""], [indent + "# note: of else"], [inner + "# deep"], ["# ü at the margin"]]
            )
        )

    match kind:
        case "call":
            return [f"{indent}t({number})" + draw(st.sampled_from(["", "  # ü: why", f"; t({number + 1})"]))]
        case "choice":
            return [f"{indent}t( {number} if {draw(conditions())} else [{number},", f"{indent}    1])"]
        case "value":
            return [f"{indent}t( {draw(conditions())})"]
        case "string":
            return [f'{indent}t("""', "if tab.selected('jax'):", f'  ü  """, {number})']
        case "comment":
            return [f"{indent}t({number})", *noise()]
        case "if":
            lines = [
                f"{indent}if {draw(conditions())}:{draw(st.sampled_from(['', '  # if: x']))}",
                *noise(),
                *body(),
                *noise(),
            ]
            for _ in range(draw(st.integers(0, 2))):
                lines += [f"{indent}elif {draw(conditions())}:", *body(), *noise()]
            return lines + draw(
                st.sampled_from([[], [f"{indent}else:", *body()], [f"{indent}else: t( {number})"]])
            )
        case "oneline":
            return [
                f"{indent}if {draw(conditions())}: t( {number}); t( 1)",
                *draw(st.sampled_from([[], [f"{indent}else: t( 2)"]])),
            ]
        case "def":
            return [f"{indent}def f():", *noise(), *body(), f"{indent}f()"]
        case "class":
            return [f"{indent}class A:", *body()]
        case "for":
            return [f"{indent}for i in range(2):", *body(), f"{indent}else:", *body()]
        case "while":
            return [f"{indent}while {draw(conditions())}:", *body(), f"{inner}break"]
        case "with":
            return [f"{indent}with nothing():", *body()]
        case "try":
            return [
                f"{indent}try:", *body(), f"{inner}raised({number})", f"{indent}except KeyError:", *body(),
                f"{indent}else:", *body(), f"{indent}finally:", *body(),
            ]  # fmt: skip
    return [f"{indent}match {number}:", f"{indent} case {number}:", *draw(blocks(indent + "  ", depth - 1)),
            f"{indent} case _:", *draw(blocks(indent + "  ", depth - 1))]  # fmt: skip


def trace(code: str, flags: dict[str, object], tab: str) -> list[object]:
    """Return what the calls of ``t`` in ``code`` got, in order."""
    seen: list[object] = []

    def t(*values: object) -> object:
        seen.append(values)
        return values

    def raised(number: int) -> None:
        if number % 2:
            raise KeyError

    def selected(*names: object) -> bool:
        return any(tab == name or (isinstance(name, list) and tab in name) for name in names)

    names = {**flags, "t": t, "raised": raised, "nothing": contextlib.nullcontext}
    exec(compile(code, "cell", "exec"), {**names, "tab": SimpleNamespace(selected=selected)})
    return seen


def plain(code: str) -> list[str]:
    """Return the lines that no choice touches, without indent: calls, comments, the inside of strings."""
    lines = (line.strip(" \t") if not line.startswith("  ü") else line for line in code.split("\n"))
    return [line for line in lines if re.match(r"t\(\d+\)|#|  ü|class|def|with", line)]


def is_subsequence(part: list[str], whole: list[str]) -> bool:
    rest = iter(whole)
    return all(line in rest for line in part)


@SLOW
@given(blocks(), st.fixed_dictionaries({flag: st.sampled_from([0, 1, True, "", "x"]) for flag in FLAGS}))
def test_the_chosen_code_does_what_the_whole_code_does(lines: list[str], flags: dict[str, object]) -> None:
    code = "\n".join(lines)
    for tab in TABS:
        chosen = select(code, tab)
        assert "tab.selected(" not in chosen.replace("if tab.selected('jax'):\n", ""), chosen
        assert trace(chosen, flags, tab) == trace(code, flags, tab), chosen
        assert select(chosen, tab) == chosen
        assert is_subsequence(plain(chosen), plain(code)), chosen


class Symbol:
    """Anything: what is done to it can be read off, so two computations can be compared."""

    def __init__(self, text: str) -> None:
        self._text = text

    def __repr__(self) -> str:
        return self._text

    def __getattr__(self, name: str) -> "Symbol":
        if name.startswith("__"):
            raise AttributeError(name)
        return Symbol(f"{self}.{name}")

    def __call__(self, *values: object, **named: object) -> "Symbol":
        return Symbol(f"{self}{values!r}{sorted(named.items())!r}")

    def __add__(self, other: object) -> "Symbol":
        return Symbol(f"({self} + {other!r})")

    def __radd__(self, other: object) -> "Symbol":
        return Symbol(f"({other!r} + {self})")

    def __mul__(self, other: object) -> "Symbol":
        return Symbol(f"({self} * {other!r})")

    def __neg__(self) -> "Symbol":
        return Symbol(f"(-{self})")

    def __getitem__(self, key: object) -> "Symbol":
        return Symbol(f"{self}[{key!r}]")


WAYS = {
    name: parse_idiom(text)
    for name, text in {
        "log": "torch.log", "log_long_name": "t.l", "sum": "x.sum(...)", "array": "x.detach().numpy(...)",
        "size": "lambda a: a.numel()", "inc": "lambda a, b=1: a + b", "neg": "lambda a: -a",
        "rand": "lambda *shape: tf.rand(shape)", "twice": "lambda a: torch.add(a, a)",
        "cast": "lambda a, *, dtype=None: tf.cast(a, dtype=dtype)", "pair": "lambda a, b: f((b, a))",
    }.items()
}  # fmt: skip


@st.composite
def expressions(draw: st.DrawFn, depth: int = 3) -> str:
    """An expression over symbols and portable names, laid out in many ways."""
    leaf = st.sampled_from(["u", "v", "w.y", "u[v]", "v"])
    if not depth:
        return draw(leaf)

    def inner() -> str:
        return draw(expressions(depth - 1))

    def gap() -> str:
        return draw(st.sampled_from(["", "", " ", "\n       ", "  # a, (comment\n    "]))

    kind = draw(
        st.sampled_from(["leaf", "+", "*", "-", "()", "if", "lambda", "tuple", "other"] + ["call"] * 9)
    )
    match kind:
        case "leaf":
            return draw(leaf)
        case "+" | "*":
            return f"({inner()}{gap()} {kind} {inner()})"
        case "-":
            return f"(-{inner()})"
        case "()":
            return f"({gap()}{inner()}{gap()})"
        case "if":
            return f"({inner()} if True{gap()} else {inner()})"
        case "lambda":
            return f"(lambda: {inner()})()"
        case "tuple":
            return f"f({inner()}{gap()}, ({gap()}{inner()},{gap()}))"
        case "other":
            return f"d2l.log_rmse({gap()}{inner()})"
    name = draw(st.sampled_from(sorted(WAYS)))
    subject = WAYS[name].subject or "a"
    shown = [inner() for _ in range(draw(st.integers(1, 2)))]
    if name != "rand" and draw(st.booleans()):
        shown[0] = f"{subject}={gap()}{shown[0]}"
        shown[1:] = [f"{'dtype' if name == 'cast' else 'b'}={value}" for value in shown[1:]]
        if draw(st.booleans()):
            shown.reverse()
    parts = f"{gap()},{gap()}".join(shown)
    return f"d2l.{name}({gap()}{parts}{draw(st.sampled_from(['', ',']))}{gap()})"


class Bag:
    """What takes whatever names it is given."""


def value_of(code: str) -> str:
    """Return what ``code`` computes, or that it fails, with the library's definitions of the names."""
    names: dict[str, object] = {name: Symbol(name) for name in ("u", "v", "w", "f", "torch", "t", "tf")}
    library = Bag()
    for name, way in WAYS.items():
        exec(definition(name, way), names)
        setattr(library, name, names.pop(name))
    library.log_rmse = Symbol("log_rmse")  # type: ignore[attr-defined]
    try:
        return repr(eval(compile(f"({code}\n)", "cell", "eval"), {**names, "d2l": library}))
    except TypeError:
        return "fails"


@SLOW
@given(
    expressions(), st.sampled_from(["{}", "{} + u", "-{}", "{}.y", "f({})", "f(k={})", "[{}, u]", "({})[v]"])
)
def test_the_idiom_computes_what_the_portable_names_do(expression: str, context: str) -> None:
    code = "y = (" + context.format(expression) + ")"
    shown = rewrite(code, WAYS)
    value = value_of(code.removeprefix("y = "))
    assert value == "fails" or value_of(shown.removeprefix("y = ")) == value, shown
    assert rewrite(shown, WAYS) == shown
    assert "\0" not in shown
    comments = re.compile("# a, .comment")
    assert len(comments.findall(shown)) == len(comments.findall(code)), shown


@st.composite
def fstrings(draw: st.DrawFn) -> str:
    """An f-string, or several in a row, with portable names in and between their expressions."""

    def one() -> str:
        quote = draw(st.sampled_from(["'", '"', "'''", '"""']))
        parts = []
        for _ in range(draw(st.integers(1, 4))):
            text = draw(st.sampled_from(["", "a ", "d2l.size(u) ", "{{d2l.log}}", "中", "\\n", "# ", "\n"]))
            # No expression there may have comments, nor line breaks where the string has none.
            expression = draw(expressions(draw(st.integers(0, 2)))).replace("  # a, (comment", "")
            if len(quote) == 1:
                text, expression = text.replace("\n", " "), expression.replace("\n", " ")
            fields = ["{%s}", "{ %s }", "{%s!r}", "{%s:>9}", "{%s=}", "{u:{%s}}", "{(%s)}", "{%s,}"]
            field = draw(st.sampled_from(fields))
            parts.append(text)
            parts.append(field % expression)
        return f"{draw(st.sampled_from(['f', 'rf']))}{quote}{''.join(parts)}{quote}"

    gap = draw(st.sampled_from(["", " ", "\n    "]))
    return gap.join(one() for _ in range(draw(st.integers(1, 3))))


@SLOW
@given(fstrings(), st.sampled_from(["{}", "f({}, d2l.log(u))", "d2l.inc({})", "[d2l.size(u), {}]"]))
def test_an_fstring_says_what_it_did(string: str, context: str) -> None:
    """Places of expressions in f-strings may be wrong: then the portable name stays."""
    code = "y = (" + context.format(string) + ")"
    try:
        ast.parse(code)
    except SyntaxError:
        assume(False)
    shown = rewrite(code, WAYS)
    value = value_of(code.removeprefix("y = "))
    assert value == "fails" or value_of(shown.removeprefix("y = ")) == value, shown
    assert rewrite(shown, WAYS) == shown


@SLOW
@given(expressions())
def test_a_rewritten_statement_needs_no_brackets_of_its_own(expression: str) -> None:
    if "\n" not in expression or expression.startswith(("d2l", "f(", "(")):
        ast.parse(rewrite(expression, WAYS))


BODIES = [
    "return {}",
    "'''Doc {}.'''\n    return 1",
    '"""Doc.\n\n    More about {}.\n    """\n    x = """\nat the margin\n  \n"""\n    return x',
    "# {}\n    return f(1,\n             '#@save')  # aligned",
    "def inner():\n        return '''\n#@save\n'''\n    return inner()\n    # the end",
    "if tab.selected('jax'):\n        return {}\n    return [\n        1,\n    ]",
]
DECORATORS = ["", "@d\n", "@d(1,\n   2)  # why\n", "# above\n@d\n"]


@st.composite
def functions(draw: st.DrawFn, names: tuple[str, ...], first: str = "a") -> tuple[str, str]:
    """The name of a function, and its source from ``def`` on."""
    name, word = draw(st.sampled_from(names)), draw(st.sampled_from(["def", "async def"]))
    wrapped = draw(
        st.sampled_from(
            [f"{first}", f"{first},\n      b={draw(COUNTER)}", f"{first}, *args,  # why\n  **kwargs"]
        )
    )
    return name, f"{word} {name}({wrapped}):\n    {draw(st.sampled_from(BODIES)).format(draw(COUNTER))}"


@st.composite
def saved_cells(draw: st.DrawFn) -> tuple[str, tuple[str, str, str]]:
    """A cell that saves one definition, and what it defines: class or nothing, name, source."""
    mark_above = draw(st.booleans())
    decorators = draw(st.sampled_from(DECORATORS))
    if draw(st.booleans()):
        name, source = draw(functions(("f", "g", "h")))
        wanted, into, cell = decorators + source, "", decorators + source
    else:
        name, source = draw(functions(("m", "n", "o"), "self"))
        into = draw(st.sampled_from(["A", "B"]))
        prefix = st.sampled_from(["", "d2l."])
        adder = f"@{draw(prefix)}add_to_class({draw(prefix)}{into})\n"
        wanted, cell = decorators + source, adder + decorators + source
    if mark_above:
        return f"x = 0\n\n#@save\n{cell}\n\ny = 0", (into, name, wanted)
    lines = cell.split("\n")
    number = next(i for i, line in enumerate(lines) if line.startswith(("@add", "@d2l", "def", "async")))
    lines[number] += " #@save" if "#" in lines[number] else "  #@save"
    return "\n".join(lines), (into, name, wanted)


CLASSES = "#@save\nclass A:\n    '''A.'''\n    def m(self):\n        return 0\nclass B(A): pass"
PLAIN_LIBRARY = SETTINGS.library


def without_docstrings(source: str) -> dict[str, str]:
    """Return the functions of a module and of its classes, by name."""
    found: dict[str, str] = {}

    def collect(nodes: list[ast.stmt], prefix: str) -> None:
        for node in nodes:
            if isinstance(node, ast.ClassDef):
                collect(node.body, f"{node.name}.")
            elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                if ast.get_docstring(node) is not None:
                    node.body = node.body[1:]
                found[prefix + node.name] = ast.dump(node)

    collect(ast.parse(source).body, "")
    return found


@SLOW
@given(st.lists(saved_cells(), max_size=6))
def test_a_module_defines_what_the_cells_define(cells: list[tuple[str, tuple[str, str, str]]]) -> None:
    text = section(CLASSES, *(cell for cell, _ in cells))
    page = read_section(text, "a.md", SETTINGS)
    module = assemble(extract(page, "jax"), SETTINGS.tabs["jax"], {}, PLAIN_LIBRARY)
    assert module == assemble(extract(page, "jax"), SETTINGS.tabs["jax"], {}, PLAIN_LIBRARY)
    expected = {"A.m": without_docstrings("def m(self):\n    return 0")["m"]}
    for _, (into, name, source) in cells:
        expected[f"{into}.{name}" if into else name] = without_docstrings(select(source, "jax"))[name]
    assert without_docstrings(module) == expected
    assert not [comment for _, comment in parse(module).comments.values() if "@save" in comment]


@SLOW
@given(st.lists(saved_cells(), max_size=5), st.lists(saved_cells(), max_size=5))
def test_classes_do_not_depend_on_the_order_of_sections_that_do_not_touch_them(
    ours: list[tuple[str, tuple[str, str, str]]], others: list[tuple[str, tuple[str, str, str]]]
) -> None:
    def classes(*cells: str) -> dict[str, str]:
        text = section("class A: pass  #@save\nclass B: pass  #@save", *cells)
        module = assemble(
            extract(read_section(text, "a.md", SETTINGS), "jax"), SETTINGS.tabs["jax"], {}, PLAIN_LIBRARY
        )
        return {name: code for name, code in without_docstrings(module).items() if name.startswith("A.")}

    first = [cell for cell, (into, _, _) in ours if into == "A"]
    second = [cell for cell, (into, _, _) in others if into != "A"]
    assert classes(*first, *second) == classes(*second, *first)

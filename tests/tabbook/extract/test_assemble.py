"""Saved statements become a module: golden modules of the small book, and the rules one by one."""

import ast
import re
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from textwrap import dedent

import pytest
from core_helpers import SETTINGS, SMALL

from tabbook.book import Book
from tabbook.errors import ExtractError
from tabbook.extract.assemble import assemble
from tabbook.extract.saved import Origin, Saved, extract_code
from tabbook.library.generator import generate
from tabbook.project.names import parse_idiom

TAB = SETTINGS.tabs["jax"]


@pytest.mark.parametrize("module", ["torch", "jax", "mxnet", "__init__"])
def test_the_small_book(module: str, golden: Callable[[str, str], None]) -> None:
    golden(f"library-{module}.txt", generate(Book.load(SMALL))[f"d2l_lib/d2l/{module}.py"])


def saved(*cells: str) -> list[Saved]:
    return [
        item
        for number, cell in enumerate(cells, 1)
        for item in extract_code(dedent(cell).strip("\n"), Origin(f"{number}.md", number, 1, f"sec_{number}"))
    ]


def module(*cells: str, ways: dict[str, str] | None = None) -> str:
    text = assemble(
        saved(*cells), TAB, {n: parse_idiom(t) for n, t in (ways or {}).items()}, SETTINGS.library
    )
    ast.parse(text)
    return text


def body(*cells: str) -> str:
    """Return what stands behind ``__all__``."""
    return module(*cells).partition("\n]\n")[2].strip("\n") + "\n"


def check(cells: Sequence[str], expected: str) -> None:
    assert body(*cells) == dedent(expected).lstrip("\n")


# Classes and the methods added to them


def test_methods_go_into_their_class_and_replace_earlier_ones() -> None:
    check(
        [
            """
            class A(B):  #@save
                x = 1

                # of f
                @d
                def f(self):
                    return 1

                def g(self):
                    return 2
            """,
            """
            @d2l.add_to_class(A)  #@save
            def f(self):
                '''Say f.'''
                return '''
            left'''

            @add_to_class(A)  #@save
            def h(self): pass
            """,
            """
            @add_to_class(A)  #@save
            @e
            def h(self, x):
                if x:
                    return f(x,
                             1)
            """,
        ],
        """
        # 1.md, cell 1
        class A(B):
            x = 1

            def g(self):
                return 2

            # 2.md, cell 2
            def f(self):
                \'\'\'Say f.

                Defined in sec_2.
                \'\'\'
                return \'\'\'
        left\'\'\'

            # 3.md, cell 3
            @e
            def h(self, x):
                if x:
                    return f(x,
                             1)
        """,
    )


ADDED = "@add_to_class(A)  #@save\ndef f(self): pass"


@pytest.mark.parametrize(
    ("source", "begins"),
    [
        ("class A: pass  #@save", "class A:\n    # 2.md"),
        ("class A: pass  #@save of B", "class A:  # of B\n    # 2.md"),
        ("class A:  #@save\n    pass", "class A:\n    # 2.md"),
        ("class A:  #@save\n  # why\n  pass", "class A:\n  # 2.md"),
        ("class A(B,  #@save\n        C): pass", "class A(B,\n        C):\n    # 2.md"),
        ("class A: x = 1; y = 2  #@save", "class A:\n    x = 1\n    y = 2\n\n    # 2.md"),
        ("class A:  #@save\n\tx = 1", "class A:\n\tx = 1\n\n\t# 2.md"),
        ("class A:  #@save\n    def f(self): return 1", "class A:\n    # 2.md"),
        ("class A:  #@save\n    def f(self): return 1\n    pass", "class A:\n    # 2.md"),
        ("class A:  #@save\n    x = 1\n    pass", "class A:\n    x = 1\n    pass\n\n    # 2.md"),
        ("@d\nclass A:  #@save\n    x = 1", "@d\nclass A:\n    x = 1\n\n    # 2.md"),
        ("class A:  #@save\n  @property\n  def f(self): 1\n  @f.setter\n  def f(self, x): 2\n  y = 1",
         "class A:\n  y = 1\n\n  # 2.md"),
        ("class A:  #@save\n    def f(self): pass\n    # the end", "class A:\n    # the end\n    # 2.md"),
        ("class A: 'Doc.'  #@save", "class A:\n    DOC\n\n    # 2.md"),
        ("class A:  #@save\n    '''Doc.'''\n    pass", "class A:\n    DOC\n\n    # 2.md"),
    ],
)  # fmt: skip
def test_classes_of_every_layout_take_methods(source: str, begins: str) -> None:
    text = body(source, ADDED).replace("'''", '"""')
    begins = begins.replace("DOC", '"""Doc.\n\n    Defined in sec_1.\n    """')
    assert text.startswith(f"# 1.md, cell 1\n{begins}"), text
    (node,) = ast.parse(text).body
    assert isinstance(node, ast.ClassDef)
    assert [child.name for child in node.body if isinstance(child, ast.FunctionDef)] == ["f"]


def test_a_library_may_keep_the_methods_that_others_override() -> None:
    cells = saved(
        "class A:  #@save\n    pass\n\n    def f(self):\n        return 1",
        "@d2l.add_to_class(A)  #@save\ndef f(self):\n    return 2",
        "@d2l.add_to_class(A)  #@save\ndef f(self):\n    return 3",
    )
    kept = assemble(cells, TAB, {}, SETTINGS.library.model_copy(update={"keep_overridden": True}))
    replaced = assemble(cells, TAB, {}, SETTINGS.library)
    assert re.findall(r"pass|return \d", kept) == ["pass", "return 1", "return 2", "return 3"]
    assert re.findall(r"pass|return \d", replaced) == ["return 3"]


def test_a_class_that_is_saved_again_takes_the_methods_from_there_on() -> None:
    text = body(
        "class A:  #@save\n    x = 1",
        ADDED,
        "class A:  #@save\n    x = 2",
        "@add_to_class(A)  #@save\ndef g(self): 1",
    )
    first, second = ast.parse(text).body
    assert [getattr(n, "name", "x") for c in (first, second) for n in c.body] == ["x", "f", "x", "g"]  # type: ignore[attr-defined]


def test_methods_of_classes_that_nobody_saved() -> None:
    with pytest.raises(ExtractError) as caught:
        module(ADDED, "class A: pass  #@save", "@add_to_class(B)  #@save\ndef g(self): 1")
    assert [(f.path, f.line, f.message.split(",")[0]) for f in caught.value.faults] == [
        ("1.md", 1, "f is added to A"),
        ("3.md", 1, "g is added to B"),
    ]


# Docstrings


@pytest.mark.parametrize(
    ("docstring", "value"),
    [
        ('"""One."""', "One.\n\nDefined in sec_1."),
        ("'One.'", "One.\n\nDefined in sec_1."),
        ("'''One.\n\n    More.\n    '''", "One.\n\nMore.\n\nDefined in sec_1."),
        ('r"""\\alpha"""', "\\alpha\n\nDefined in sec_1."),
        ('\'Say """x""".\'', 'Say """x""".'),
        ("'Say \"x\"'", 'Say "x"'),
        ("'One ' 'two.'", "One two."),
        (
            "'See :numref:`sec_2` or :ref:`sec_1`.'",
            "See :numref:`sec_2` or :ref:`sec_1`.\n\nDefined in sec_1.",
        ),
        ("'Defined in :numref:`sec_1`.'", "Defined in :numref:`sec_1`."),
        ("'It\\'s.'", "It's.\n\nDefined in sec_1."),
        ("'''\n    One.\n    '''", "One.\n\nDefined in sec_1."),
    ],
)
def test_docstrings_name_their_section(docstring: str, value: str) -> None:
    (node,) = ast.parse(body(f"def f():  #@save\n    {docstring}\n    return 1")).body
    assert isinstance(node, ast.FunctionDef)
    assert ast.get_docstring(node) == value


def test_a_docstring_on_the_header_stays_as_it_is() -> None:
    assert body("def f(): 'Doc.'  #@save").endswith("def f(): 'Doc.'\n")


def test_a_section_without_label_is_named_by_its_path() -> None:
    item = extract_code("def f():  #@save\n    'Doc.'", Origin("c/a.md", 3, 7, None))
    assert '# c/a.md, cell 3\ndef f():\n    """Doc.\n\n    Defined in c/a.md.' in assemble(
        item, TAB, {}, SETTINGS.library
    )


# Imports


def imports(*cells: str) -> str:
    return module(*cells).split('"""\n', 2)[1].partition("d2l = sys")[0].strip("\n")


def test_imports_are_merged_sorted_and_without_repeats() -> None:
    text = imports(
        """
        #@save
        import torch
        import os, sys
        from torch import nn, Tensor
        from __future__ import annotations
        from . import sibling
        import numpy as np
        """,
        """
        #@save
        from torch import (nn,
            optim as o)
        import os.path
        import os
        from d2l import torch as d2l
        import d2l.torch
        from torch import *
        """,
    )
    assert text.split("\n") == [
        "from __future__ import annotations",
        "",
        "import os",
        "import os.path",
        "import sys",
        "",
        "import numpy as np",
        "import torch",
        "from . import sibling",
        "from torch import *",
        "from torch import nn, optim as o, Tensor",
    ]


def test_comments_of_imports_stay() -> None:
    text = imports(
        """
        #@save
        # For plots
        import b  # not a
        from c import (d,  # one
                       e)
        import a
        """,
        "import b  #@save\nfrom c import f  # the last #@save",
    )
    assert text.split("\n\n")[1].split("\n") == [
        "import a",
        "# For plots",
        "import b  # not a",
        "from c import (",
        "    d,  # one",
        "    e,",
        ")",
        "from c import f  # the last",
    ]


def test_long_imports_are_broken() -> None:
    names = ", ".join(f"name_number_{i}" for i in range(9))
    lines = imports(f"from package import {names}  #@save").split("\n")
    assert lines[2] == "from package import ("
    assert lines[-1] == ")"
    assert max(map(len, lines)) < 90


# The module as a whole


def test_all_names_what_is_saved_and_portable() -> None:
    text = module("#@save\nimport a\nx = 1\n_y = 2\ndef z(): pass", ways={"tanh": "a.tanh", "_p": "a.p"})
    assert text.partition("__all__ = ")[2].startswith('[\n    "tanh",\n    "x",\n    "z",\n]\n')


CONDITIONAL = [
    # (saved code, names that a star import gives, those of them that the list at the top names)
    ("try:\n    import json as a\nexcept ImportError:\n    a = None", "a", "a"),
    ("try:\n    import no_such_module as a\nexcept ImportError:\n    a = None", "a", "a"),
    ("try:\n    import no_such_module\n    a = 1\nexcept ImportError:\n    b = 2", "b", ""),
    ("try:\n    a = 1\nexcept ImportError:\n    raise", "a", "a"),
    ("try:\n    a = 1\nexcept ValueError:\n    a = 2\nelse:\n    b = 3\nfinally:\n    c = 4", "a b c", "a c"),
    ("e = 1\ntry:\n    1 / 0\nexcept ZeroDivisionError as e:\n    pass", "", ""),
    ("from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    A = int\nB = 'A'", "B", "B"),
    ("import sys\nif sys.version_info >= (3,):\n    def f(): 1\nelse:\n    def f(): 2", "f", "f"),
    ("import sys\nif sys.version_info < (3,):\n    class C: pass\nelse:\n    D = 1", "D", ""),
    ("x = y = 1\ndel x", "y", "y"),
    ("x = y = 1\ndel d2l.x", "y", "y"),
    ("for i in []:\n    j = i", "", ""),
    ("for i in [1]:\n    j = i\nelse:\n    k = 2", "i j k", ""),
    ("while False:\n    j = 1", "", ""),
    ("import contextlib as c\nwith c.suppress(OSError) as s:\n    open('/no/such')\n    a = 1", "s", ""),
    ("match [1, 2]:\n    case [a, *rest]:\n        pass\n    case {'k': b, **c}:\n        1", "a rest", ""),
    ("x = [y := 1, [z := i for i in [2]]]", "x y z", "x"),
    ("x = False and (y := 1)", "x", "x"),
    ("def f():\n    global late\n    late = 1", "f", "f"),
    ("def f():\n    global now\n    now = 1\nf()", "f now", "f"),
    ("a, (b, *c) = 1, (2, 3)\n_d = 4\na += 1\ne: int = 5\nf: int", "a b c e", "a b c e"),
    ("import os.path\nfrom math import *", "", ""),
]  # fmt: skip


@pytest.mark.parametrize(("code", "given", "listed"), CONDITIONAL)
def test_a_star_import_gives_the_names_that_are_there(
    code: str, given: str, listed: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name in ``__all__`` that the module does not have would break ``from d2l.jax import *``."""
    (tmp_path / "a_library.py").write_text(module(f"#@save\n{code}"))
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "a_library", raising=False)
    names: dict[str, object] = {}
    exec("from a_library import *", names)
    assert set(names) - {"__builtins__"} == set(given.split())
    first = module(f"#@save\n{code}").partition("__all__ = ")[2].partition("]\n")[0] + "]"
    assert ast.literal_eval(first) == listed.split()


def test_portable_names_need_what_they_are_made_of() -> None:
    with pytest.raises(ExtractError) as caught:
        module("import a  #@save", ways={"f": "np.f", "g": "np.g", "h": "lambda x: a.b(x, jax.c, d2l.f)"})
    assert [str(fault) for fault in caught.value.faults] == [
        "_config.yml: the portable name f needs np for JAX, which no section saves; "
        "mark the import of np with #@save in a section",
        "_config.yml: the portable name h needs jax for JAX, which no section saves; "
        "mark the import of jax with #@save in a section",
    ]
    assert "f = np.f" in module("from np import *  #@save", ways={"f": "np.f"})


def test_a_portable_name_must_not_hide_an_import() -> None:
    """The module defines it after its imports: saved code that uses the import would get the other."""
    with pytest.raises(ExtractError) as caught:
        module("import numpy  #@save\nimport b.c  #@save", ways={"numpy": "x.asnumpy(...)", "c": "b.c"})
    message = "this imports numpy, but the library would have the portable name numpy"
    assert [fault.message for fault in caught.value.faults] == [message]


def test_an_empty_book_makes_an_empty_module() -> None:
    assert module().endswith("__all__ = [\n]\n")


def test_blank_lines() -> None:
    text = body("#@save\nx = 1\ny = 2\ndef f(): pass\nz = 3").replace("# 1.md, cell 1\n", "")
    assert text == "x = 1\n\ny = 2\n\n\ndef f(): pass\n\n\nz = 3\n"

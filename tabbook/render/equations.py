"""Numbers of equations: counted so that tab blocks can share them, and given to all where the book asks.

With ``math_number_all`` Sphinx numbers the equations of its own directive. MyST makes equations between
dollars into nodes itself, and numbers those with a label alone, so a book that numbers all would count
only some.
"""

import re
from typing import Any

from docutils import nodes
from sphinx.domains.math import MathDomain
from sphinx.environment import BuildEnvironment
from sphinx.transforms import SphinxTransform

_REFERENCE = re.compile(r"\\(eqref|ref)\{([^{}]*)\}")
COUNT = "tabbook_equations"
"""Where the number of equations so far is kept while a page is read."""


class CountedEquations(MathDomain):
    """Numbers the equations of a page by a count that we can change: Sphinx's own only ever goes up."""

    def note_equation(self, docname: str, labelid: str, location: Any = None) -> None:
        """Give an equation the next number of its page."""
        super().note_equation(docname, labelid, location)
        count = self.env.temp_data.get(COUNT, 0) + 1
        self.env.temp_data[COUNT] = count
        self.equations[labelid] = docname, count


class NumberEquations(SphinxTransform):
    """Gives every displayed equation of a page a label and a number, if the book asks for that."""

    default_priority = 300
    """After MyST has labelled its own, before targets are propagated."""

    def apply(self, **_arguments: object) -> None:
        """Give a number to what has none, as Sphinx's directive does."""
        if not self.config.math_number_all:
            return
        domain = self.env.get_domain("math")
        assert isinstance(domain, MathDomain)
        for node in self.document.findall(nodes.math_block):
            if node.get("number") or node.get("nowrap"):
                continue
            page = self.env.docname
            label = f"{page}:{self.env.new_serialno('sphinx.ext.math#equations')}"
            domain.note_equation(page, label, location=node)
            node["docname"], node["label"] = page, label
            node["number"] = domain.get_equation_number_for(label)
            node["ids"].append(nodes.make_id(f"equation-{label}"))
            self.document.note_explicit_target(node)


def with_numbers(env: BuildEnvironment, tex: str) -> str:
    """Return a formula with the numbers of those that it refers to; ``???`` is that of an unknown one."""
    return _REFERENCE.sub(lambda found: _number_in_formula(env, found), tex)


def _number_in_formula(env: BuildEnvironment, found: re.Match[str]) -> str:
    known = env.get_domain("math").data["objects"].get(found[2])
    number = equation_number(env, known[0], found[2], str(known[1] or "")) if known else ""
    number = number or "???"
    return f"\\text{{({number})}}" if found[1] == "eqref" else f"\\text{{{number}}}"


def equation_number(env: BuildEnvironment, page: str, label: str, number: str) -> str:
    """Return the number of an equation as the book shows it; ``number`` is that within its page."""
    if not (number and env.config.math_numfig and env.config.numfig):
        return number
    numbers = env.toc_fignumbers.get(page, {}).get("displaymath", {})
    return ".".join(map(str, numbers.get(nodes.make_id(f"equation-{label}"), ()))) or number

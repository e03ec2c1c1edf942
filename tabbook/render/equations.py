"""Numbers for equations without a label, where the book has them: ``math_number_all``.

Sphinx gives them to its own directive. MyST makes equations between dollars into nodes itself, and
numbers those with a label alone, so a book that numbers all would count only some.
"""

from docutils import nodes
from sphinx.domains.math import MathDomain
from sphinx.transforms import SphinxTransform


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

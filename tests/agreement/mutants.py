"""Wrong versions of the library: one sign, bias or mask changed in one place, in the source as a tree.

That place has the same name in every framework, so an entry is a mutation of each of them.
"""

import ast
from dataclasses import dataclass


class Sign(ast.NodeTransformer):
    """The first difference becomes a sum, or the first negative number positive."""

    done = False

    def generic_visit(self, node):
        if self.done:
            return node
        if isinstance(node, ast.BinOp | ast.AugAssign) and isinstance(node.op, ast.Sub):
            node.op, self.done = ast.Add(), True
        elif isinstance(node, ast.Attribute) and node.attr == "assign_sub":
            node.attr, self.done = "assign_add", True
        elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
            self.done = True
            return node.operand
        return super().generic_visit(node)


class Bias(ast.NodeTransformer):
    """A bias is not added: an attribute that is called b, or b_ and something."""

    done = False

    def visit_BinOp(self, node):
        bias = isinstance(node.right, ast.Attribute) and node.right.attr.partition("_")[0] == "b"
        if isinstance(node.op, ast.Add) and bias:
            self.done = True
            return node.left
        return self.generic_visit(node)


class Mask(ast.NodeTransformer):
    """The first comparison for equality is turned around."""

    done = False

    def visit_Compare(self, node):
        if isinstance(node.ops[0], ast.Eq) and not self.done:
            node.ops[0], self.done = ast.NotEq(), True
        return self.generic_visit(node)


class Recurrence(ast.NodeTransformer):
    """Sums whose right side is a product of matrices lose it: a layer forgets its state."""

    done = False

    def visit_BinOp(self, node):
        product = isinstance(node.right, ast.Call) and ast.unparse(node.right.func) == "d2l.matmul"
        if isinstance(node.op, ast.Add) and product:
            self.done = True
            return node.left
        return self.generic_visit(node)


class Limit(ast.NodeTransformer):
    """The first 1, the least factor that a gradient is divided by, becomes 1000."""

    done = False

    def visit_Constant(self, node):
        if node.value == 1 and not self.done:
            self.done = True
            return ast.Constant(1000)
        return node


@dataclass(frozen=True)
class Mutation:
    """A change of the class or method `where`, and the case that must notice it."""

    change: type
    where: str
    case: str

    @property
    def name(self):
        return f"{self.change.__name__.lower()} of {self.where}"

    def source(self, source):
        """Return a module's source with this change."""
        tree = ast.parse(source)
        scope = tree
        for name in self.where.split("."):
            scope = next((node for node in scope.body if getattr(node, "name", None) == name), ast.Module([]))
        change = self.change()
        change.visit(scope)
        if not change.done:
            raise LookupError(f"{self.where} has nothing to change: name another place for {self.name}")
        return ast.unparse(ast.fix_missing_locations(tree))


MUTATIONS = [
    Mutation(Sign, "LinearRegressionScratch.loss", "LinearRegressionScratch"),
    Mutation(Bias, "LinearRegressionScratch.forward", "LinearRegressionScratch"),
    Mutation(Sign, "SGD", "SGD"),
    Mutation(Limit, "Trainer.clip_gradients", "LinearRegressionScratch"),
    Mutation(Bias, "RNNScratch.input_terms", "RNNLMScratch from a given state"),
    Mutation(Bias, "RNNLMScratch.output_layer", "RNNLMScratch from a given state"),
    Mutation(Mask, "Classifier.accuracy", "RNNLMScratch"),
    Mutation(Recurrence, "RNNScratch", "RNNLMScratch from a given state"),
]

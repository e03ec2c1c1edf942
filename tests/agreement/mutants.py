"""Wrong versions of the library or of a section: one sign, bias or mask changed, in the source as a tree.

That place has the same name in every framework, so an entry is a mutation of each of them.
"""

import ast
import re
from dataclasses import dataclass
from typing import ClassVar


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


class Difference(ast.NodeTransformer):
    """The first sum becomes a difference."""

    done = False

    def visit_BinOp(self, node):
        self.generic_visit(node)
        if isinstance(node.op, ast.Add) and not self.done:
            node.op, self.done = ast.Sub(), True
        return node


class Bias(ast.NodeTransformer):
    """A bias is not added: an attribute that is called b, b1, or b_ and something."""

    done = False

    def visit_BinOp(self, node):
        bias = isinstance(node.right, ast.Attribute) and re.fullmatch(r"b\d?(_.*)?", node.right.attr)
        if isinstance(node.op, ast.Add) and bias:
            self.done = True
            return node.left
        return self.generic_visit(node)


class Mask(ast.NodeTransformer):
    """The first comparison of tensors is turned around: one of a single number with a number is none."""

    done = False
    TURNED: ClassVar = {
        ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
        ast.GtE: ast.Lt, ast.Gt: ast.LtE, ast.Lt: ast.GtE, ast.LtE: ast.Gt,
    }  # fmt: skip

    def visit_Compare(self, node):
        turned = self.TURNED.get(type(node.ops[0]))
        single = isinstance(node.left, ast.Name | ast.Attribute | ast.Call)  # A rate, a number of axes
        of_numbers = single and isinstance(node.comparators[0], ast.Constant)
        if turned and not of_numbers and not self.done:
            node.ops[0], self.done = turned(), True
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


class Activation(ast.NodeTransformer):
    """ReLU becomes tanh, or the reverse, whether it is a layer, a function or a word."""

    done = False
    OTHER: ClassVar = {"relu": "tanh", "ReLU": "Tanh", "tanh": "relu", "Tanh": "ReLU"}

    def visit_Attribute(self, node):
        other = self.OTHER.get(node.attr)
        if other:
            node.attr, self.done = other, True
        return self.generic_visit(node)

    def visit_Constant(self, node):
        if not isinstance(node.value, str) or node.value not in self.OTHER:
            return node
        self.done = True
        return ast.Constant(self.OTHER[node.value])


class Double(ast.NodeTransformer):
    """A setting of the model counts twice where it is first used."""

    done = False
    names: ClassVar[set[str]] = set()

    def visit_Attribute(self, node):
        return self.doubled(node, node.attr) or self.generic_visit(node)

    def visit_Name(self, node):
        return self.doubled(node, node.id) or node

    def doubled(self, node, name):
        if name not in self.names or not isinstance(node.ctx, ast.Load) or self.done:
            return None
        self.done = True
        return ast.BinOp(ast.Constant(2), ast.Mult(), node)


class Decay(Double):
    """Weights decay twice as fast."""

    names: ClassVar = {"wd", "lambd"}

    def visit_FunctionDef(self, node):
        """Look into methods that use the setting, not into the one that keeps it."""
        return node if node.name == "__init__" else self.generic_visit(node)


class Spread(Double):
    """Random parameters spread twice as far."""

    names: ClassVar = {"sigma"}

    def visit_Call(self, node):
        """Leave the call alone that hands settings on to another class."""
        return node if ast.unparse(node.func).startswith("super") else self.generic_visit(node)


class Exemption(ast.NodeTransformer):
    """The bias decays, too: however the framework says that it does not."""

    done = False

    def visit_Compare(self, node):  # A mask by the number of axes
        self.done = True
        return ast.Constant(True)

    def visit_Dict(self, node):  # A group of parameters without the setting
        if [ast.unparse(value) for value in node.values] == ["biases"]:
            node.keys.append(ast.Constant("weight_decay"))
            node.values.append(ast.parse("self.wd", mode="eval").body)
            self.done = True
        return node

    def visit_Expr(self, node):  # A call that exempts it
        self.done = True
        return ast.Pass()


class Fan(ast.NodeTransformer):
    """The spread of weights goes by the number of outputs instead of inputs."""

    done = False
    OTHER: ClassVar = {"fan_in": "fan_out", "in": "out", "in_features": "out_features"}

    def visit_Constant(self, node):
        if not isinstance(node.value, str) or node.value not in self.OTHER:
            return node
        self.done = True
        return ast.Constant(self.OTHER[node.value])

    def visit_Attribute(self, node):
        if node.attr in self.OTHER:
            node.attr, self.done = self.OTHER[node.attr], True
        return self.generic_visit(node)


class Share(ast.NodeTransformer):
    """A layer of dropout gets the share that stays instead of the share that is silenced."""

    done = False

    def visit_Call(self, node):
        if isinstance(node.func, ast.Attribute) and node.func.attr == "Dropout":
            node.args[0], self.done = ast.BinOp(ast.Constant(1), ast.Sub(), node.args[0]), True
        return self.generic_visit(node)


class Always(ast.NodeTransformer):
    """What is done in training alone is always done."""

    done = False

    def visit_If(self, node):
        return self.visit_IfExp(node)

    def visit_IfExp(self, node):
        if "training" in ast.unparse(node.test):
            node.test, self.done = ast.Constant(True), True
        return self.generic_visit(node)


class Axis(ast.NodeTransformer):
    """What is done along the last axis is done along the second."""

    done = False

    def visit_keyword(self, node):
        if node.arg in ("axis", "dim") and ast.unparse(node.value) == "-1":
            node.value, self.done = ast.Constant(1), True
        return self.generic_visit(node)


class Swap(ast.NodeTransformer):
    """The first two axes that should change places do not."""

    done = False

    def visit_Call(self, node):
        if ast.unparse(node.func) == "d2l.swapaxes" and not self.done:
            self.done = True
            return node.args[0]
        return self.generic_visit(node)


class Lengths(ast.NodeTransformer):
    """A call does not get the lengths that it should pass on or look at."""

    done = False
    names: ClassVar = {"lens", "valid_lens"}

    def visit_Call(self, node):
        self.generic_visit(node)
        found = [arg for arg in node.args if ast.unparse(arg) in self.names]
        if found or any(ast.unparse(arg) == "*args" for arg in node.args):
            node.args = [
                ast.Constant(None) if arg in found else arg
                for arg in node.args
                if ast.unparse(arg) != "*args"
            ]
            self.done = True
        return node


class Order(ast.NodeTransformer):
    """What is joined is joined in the reverse order."""

    done = False

    def visit_Call(self, node):
        if ast.unparse(node.func) == "d2l.concat" and isinstance(node.args[0], ast.List):
            node.args[0].elts.reverse()
            self.done = True
        return self.generic_visit(node)


class Forward(ast.NodeTransformer):
    """A list or tensor that should be turned around is not."""

    done = False

    def visit_Subscript(self, node):
        if ast.unparse(node.slice) != "::-1":
            return self.generic_visit(node)
        self.done = True
        return node.value


class Turned(ast.NodeTransformer):
    """A matrix that is read by two indices is read from its end."""

    done = False

    def visit_Subscript(self, node):
        pair = node.slice.elts if isinstance(node.slice, ast.Tuple) else []
        if pair and all(isinstance(index, ast.Name) for index in pair):
            node.slice.elts = [ast.UnaryOp(ast.Invert(), index) for index in pair]
            self.done = True
        return node


class Factor(ast.NodeTransformer):
    """The first product loses its right side."""

    done = False

    def visit_BinOp(self, node):
        if isinstance(node.op, ast.Mult) and not self.done:
            self.done = True
            return node.left
        return self.generic_visit(node)


class Linear(ast.NodeTransformer):
    """The activation function of a layer is left out."""

    done = False

    def visit_Call(self, node):
        self.generic_visit(node)
        if ast.unparse(node.func) != "self.relu":
            return node
        self.done = True
        return node.args[0]


class Rate(Double):
    """The learning rate counts twice."""

    names: ClassVar = {"lr"}


@dataclass(frozen=True)
class Mutation:
    """A change of the class, method or function `where`, and the case that must notice it.

    The source that is changed is that of the case's section, if it has one, and else the library's.
    """

    change: type
    where: str
    case: str

    @property
    def name(self):
        return f"{self.change.__name__.lower()} of {self.where}, {self.case}"

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


RECURRENT = "Seq2Seq with Seq2SeqEncoder and Seq2SeqDecoder"
BLOCKS = "Seq2Seq with TransformerEncoder and TransformerDecoder"
MUTATIONS = [
    Mutation(Sign, "LinearRegressionScratch.loss", "LinearRegressionScratch"),
    Mutation(Bias, "LinearRegressionScratch.forward", "LinearRegressionScratch"),
    Mutation(Sign, "SGD", "SGD"),
    Mutation(Limit, "Trainer.clip_gradients", "LinearRegressionScratch"),
    Mutation(Bias, "RNNScratch.input_terms", "RNNLMScratch from a given state"),
    Mutation(Bias, "RNNLMScratch.output_layer", "RNNLMScratch from a given state"),
    Mutation(Mask, "Classifier.accuracy", "RNNLMScratch"),
    Mutation(Recurrence, "RNNScratch", "RNNLMScratch from a given state"),
    Mutation(Activation, "MLP", "MLP"),
    Mutation(Activation, "MLP", "Steps"),
    Mutation(Activation, "LeNet", "LeNet"),
    Mutation(Difference, "Residual", "ResNet and Residual"),
    Mutation(Sign, "Steps.descend", "Steps"),
    Mutation(Sign, "cross_entropy", "SoftmaxRegressionScratch"),
    Mutation(Bias, "forward", "SoftmaxRegressionScratch"),
    Mutation(Spread, "SoftmaxRegressionScratch", "SoftmaxRegressionScratch, initial parameters"),
    Mutation(Difference, "WeightDecayScratch.loss", "WeightDecayScratch"),
    Mutation(Decay, "WeightDecayScratch", "WeightDecayScratch"),
    Mutation(Decay, "WeightDecay", "WeightDecay.configure_optimizers"),
    Mutation(Exemption, "WeightDecay.configure_optimizers", "WeightDecay.configure_optimizers"),
    Mutation(Sign, "adam", "Adam from scratch"),
    Mutation(Bias, "forward", "MLPScratch"),
    Mutation(Spread, "MLPScratch", "MLPScratch, initial parameters"),
    Mutation(Sign, "StandardGarments", "StandardGarments"),
    Mutation(Difference, "gelu", "gelu and other activation functions"),
    Mutation(Difference, "gelu", "TwoLayers with GELU"),
    Mutation(Mask, "dropout_layer", "DropoutMLPScratch"),
    Mutation(Sign, "dropout_layer", "DropoutMLPScratch"),
    Mutation(Always, "DropoutMLPScratch", "DropoutMLPScratch"),
    Mutation(Share, "DropoutMLP", "DropoutMLP"),
    Mutation(Fan, "DeepNet", "DeepNet, initial parameters"),
    Mutation(Sign, "Checkers", "Checkers"),
    Mutation(Mask, "Checkers", "Checkers"),
    Mutation(Sign, "Clusters", "Clusters"),
    Mutation(Swap, "RNNLM.output_layer", "RNNLM with LSTM"),
    Mutation(Swap, "RNNLM.output_layer", "RNNLM with GRU"),
    Mutation(Axis, "masked_softmax", "masked_softmax without lengths"),
    Mutation(Mask, "masked_softmax", "masked_softmax with a length for each example"),
    Mutation(Mask, "masked_softmax", "masked_softmax with a length for each query"),
    Mutation(Sign, "DotProductAttention", "DotProductAttention"),
    Mutation(Difference, "AdditiveAttention", "AdditiveAttention"),
    Mutation(Swap, "MultiHeadAttention", "MultiHeadAttention without lengths"),
    Mutation(Mask, "masked_softmax", "MultiHeadAttention with a length for each example"),
    Mutation(Mask, "masked_softmax", "MultiHeadAttention with a length for each query"),
    Mutation(Difference, "PositionalEncoding", "PositionalEncoding"),
    Mutation(Difference, "rotary", "rotary from a later position"),
    Mutation(Order, "BiRNNScratch", "RNNLMScratch with BiRNNScratch"),
    Mutation(Forward, "BiRNNScratch", "RNNLMScratch with BiRNNScratch"),
    Mutation(Difference, "Windows.rows", "Windows"),
    Mutation(Turned, "corr2d", "corr2d"),
    Mutation(Lengths, "EncoderDecoder.forward", RECURRENT),
    Mutation(Lengths, "Seq2SeqEncoder.forward", RECURRENT),
    Mutation(Order, "Seq2SeqDecoder.forward", RECURRENT),
    Mutation(Mask, "Seq2Seq.without_padding", RECURRENT),
    Mutation(Lengths, "Seq2Seq.write", RECURRENT),
    Mutation(Rate, "Seq2Seq.configure_optimizers", "Seq2Seq.configure_optimizers"),
    Mutation(Lengths, "Seq2SeqAttentionDecoder.step", "Seq2Seq with Seq2SeqAttentionDecoder"),
    Mutation(Order, "Seq2SeqAttentionDecoder.step", "Seq2Seq with Seq2SeqAttentionDecoder"),
    Mutation(Linear, "PositionWiseFFN", "PositionWiseFFN"),
    Mutation(Difference, "AddNorm", "AddNorm"),
    Mutation(Lengths, "TransformerEncoderBlock", "TransformerEncoderBlock"),
    Mutation(Lengths, "TransformerEncoder", "TransformerEncoder"),
    Mutation(Factor, "TransformerEncoder", "TransformerEncoder"),
    Mutation(Lengths, "TransformerDecoderBlock.forward", BLOCKS),
    Mutation(Order, "TransformerDecoderBlock.forward", BLOCKS),
    Mutation(Factor, "TransformerDecoder.forward", BLOCKS),
    Mutation(Mask, "causal_weights", "GPT"),
    Mutation(Difference, "GPT", "GPT"),
    Mutation(Difference, "beam_search", "beam_search on fixed scores"),
    Mutation(Rate, "GPT.configure_optimizers", "GPT.configure_optimizers"),
]

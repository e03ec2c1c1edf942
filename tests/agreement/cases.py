"""All cases. A new model, optimizer or loader of the library is a new entry here.

``make`` is the library's own code or that of a section, the same in every framework; the functions of
``reference`` are NumPy's. Shapes and parameters have the names that ``subjects`` explains.
"""

# ruff: noqa: N806 (matrices have capital letters, as in the book)

import inspect
import struct
from functools import partial

import numpy as np
import reference
from gates import keep_one_bias, recurrent
from kinds import (
    LR,
    ByHand,
    Convolutional,
    Drawn,
    Dropped,
    Functions,
    Initial,
    Layer,
    Loader,
    Model,
    Normalized,
    NormalizedNetwork,
    Optimizer,
    Pictures,
    Search,
)
from translators import SEQ2SEQ, TRANSFORMERS

REGRESSION = {"loss": ("loss", reference.half_squared_error)}
CLASSIFICATION = {
    "loss": ("loss", reference.cross_entropy),
    "loss of each example": ("loss", False, reference.cross_entropies),
    "accuracy": ("accuracy", reference.accuracy),
}
SCRATCH = {name: CLASSIFICATION[name] for name in ("loss", "accuracy")}
VOCAB, HIDDENS, STEPS = 5, 4, 3
DECAY, SHARE = 0.5, 0.25
CLASSES, BIG = 3, (35, 42)
SERIES = np.arange(24) ** 2 % 19 / 4
PARTS = (slice(0, 10), slice(13, 19))
"""Which windows of this series are for training and for validation, with a gap as long as a window."""
TEXT = "The cat sat on the mat; the dog, on the log. " * 3


def regression_batch(random, size):
    return random.standard_normal((size, 3)), random.standard_normal((size, 1))


def wide_batch(random, size):
    return random.standard_normal((size, 2000)), random.standard_normal((size, 1))


def picture_batch(random, size):
    return random.standard_normal((size, 2, 3, 2)), random.randint(0, CLASSES, size)


def small_picture_batch(random, size):
    return random.standard_normal((size, 8, 8, 1)), random.randint(0, CLASSES, size)


def flat_batch(random, size):
    return random.standard_normal((size, 12)), random.randint(0, 2, size)


def channel_batch(random, size):
    return random.standard_normal((size, 12, 12, 1)), random.randint(0, CLASSES, size)


def tiny_picture_batch(random, size):
    return random.standard_normal((size, 4, 4, 1)), random.randint(0, CLASSES, size)


def full_picture_batch(random, size):
    return random.standard_normal((size, 28, 28)), random.randint(0, 10, size)


def token_batch(random, size, steps=STEPS):
    return tuple(random.randint(0, VOCAB, (size, steps)) for _ in "XY")


def token_batch_with_state(random, size):
    X, Y = token_batch(random, size)
    return X, random.standard_normal((size, HIDDENS)), Y


LINEAR = {
    "make": lambda d2l: d2l.LinearRegressionScratch(3, lr=LR),
    "shapes": {"w": (3, 1), "b": (1,)},
    "batch": regression_batch,
}
CONCISE = {
    "make": lambda d2l: d2l.LinearRegression(lr=LR),
    "shapes": {"net.kernel": (3, 1), "net.bias": (1,)},
    "batch": regression_batch,
}
SOFTMAX = {
    "make": lambda d2l: d2l.SoftmaxRegression(CLASSES, lr=LR),
    "shapes": {"net.kernel": (12, CLASSES), "net.bias": (CLASSES,)},
    "batch": picture_batch,
    "places": {"pytorch": {"net": "net.1"}, "tensorflow": {"net": "net.1"}, "jax": {"net": "Dense_0"}},
}
MLP = {
    "make": lambda d2l: d2l.MLP(CLASSES, HIDDENS, lr=LR),
    "shapes": {
        "first.kernel": (12, HIDDENS), "first.bias": (HIDDENS,),
        "second.kernel": (HIDDENS, CLASSES), "second.bias": (CLASSES,),
    },
    "batch": picture_batch,
    "places": {
        "pytorch": {"first": "net.1", "second": "net.3"}, "jax": {"first": "Dense_0", "second": "Dense_1"},
        "tensorflow": {"first": "net.1", "second": "net.2"}, "mxnet": {"first": "net.0", "second": "net.1"},
    },
}  # fmt: skip
HIDDEN_AND_OUT = {
    "shapes": {
        "first.kernel": (12, HIDDENS), "first.bias": (HIDDENS,),
        "second.kernel": (HIDDENS, HIDDENS), "second.bias": (HIDDENS,),
    },
    "batch": picture_batch,
    "places": {tab: {"first": "hidden", "second": "out"} for tab in ("pytorch", "tensorflow", "mxnet")}
    | {"jax": {"first": "Dense_0", "second": "Dense_1"}},
}  # fmt: skip
DROPOUT = HIDDEN_AND_OUT | {
    "places": {
        "pytorch": {"first": "net.1", "second": "net.4"}, "jax": {"first": "Dense_0", "second": "Dense_1"},
        "tensorflow": {"first": "net.1", "second": "net.3"}, "mxnet": {"first": "net.0", "second": "net.2"},
    },
}  # fmt: skip
DEEP = {
    "pytorch": {f"dense{i}": f"net.{2 * i + 1}" for i in range(9)},
    "jax": {f"dense{i}": f"Dense_{i}" for i in range(9)},
    "tensorflow": {f"dense{i}": f"net.{i + 1}" for i in range(9)},
    "mxnet": {f"dense{i}": f"net.{i}" for i in range(9)},
}
LENET_LAYERS = ("conv1", "conv2", "dense1", "dense2", "dense3")
LENET = {
    "shapes": {
        "conv1.kernel": (5, 5, 1, 6), "conv1.bias": (6,), "conv2.kernel": (5, 5, 6, 16), "conv2.bias": (16,),
        "dense1.kernel": (16, 120), "dense1.bias": (120,), "dense2.kernel": (120, 84), "dense2.bias": (84,),
        "dense3.kernel": (84, CLASSES), "dense3.bias": (CLASSES,),
    },
    "batch": channel_batch,
    "places": {
        tab: dict(zip(LENET_LAYERS, (f"net.{i}" for i in places), strict=True))
        for tab, places in {
            "pytorch": (0, 3, 7, 9, 11), "jax": (0, 3, 7, 9, 11),
            "tensorflow": (0, 2, 5, 6, 7), "mxnet": (0, 2, 4, 5, 6),
        }.items()
    },
}  # fmt: skip
VGG_LAYERS = ("conv1", "conv2", "conv3", "dense1", "dense2")
VGG = {
    "shapes": {
        "conv1.kernel": (3, 3, 1, 2), "conv1.bias": (2,), "conv2.kernel": (3, 3, 2, 3), "conv2.bias": (3,),
        "conv3.kernel": (3, 3, 3, 3), "conv3.bias": (3,), "dense1.kernel": (3, 64), "dense1.bias": (64,),
        "dense2.kernel": (64, CLASSES), "dense2.bias": (CLASSES,),
    },
    "places": {
        tab: dict(zip(VGG_LAYERS, (f"net.{i}" for i in places), strict=True))
        for tab, places in {
            "pytorch": ("0.0", "1.0", "1.2", 3, 5), "jax": ("0.0", "1.0", "1.2", 3, 5),
            "tensorflow": ("0.0", "1.0", "1.1", 3, 4), "mxnet": ("0.0", "1.0", "1.1", 2, 3),
        }.items()
    },
}  # fmt: skip
RESIDUAL = {
    "make": lambda d2l: d2l.ResNet(((1, 2), (1, 3)), num_classes=CLASSES),
    "shapes": {
        "stem.kernel": (3, 3, 1, 2), "norm.scale": (2,), "norm.shift": (2,),
        "first.conv1.kernel": (3, 3, 2, 2), "first.bn1.scale": (2,), "first.bn1.shift": (2,),
        "first.conv2.kernel": (3, 3, 2, 2), "first.bn2.scale": (2,), "first.bn2.shift": (2,),
        "second.conv1.kernel": (3, 3, 2, 3), "second.bn1.scale": (3,), "second.bn1.shift": (3,),
        "second.conv2.kernel": (3, 3, 3, 3), "second.bn2.scale": (3,), "second.bn2.shift": (3,),
        "second.conv3.kernel": (1, 1, 2, 3), "out.kernel": (3, CLASSES), "out.bias": (CLASSES,),
    },
    "places": {
        tab: {"stem": f"net.{at}", "norm": f"net.{at + 1}", "out": f"net.{out}"}
        | {
            f"{name}.{layer}": f"net.{at + number}.{layer}"
            for name, number in (("first", 3), ("second", 4))
            for layer in ("conv1", "conv2", "conv3", "bn1", "bn2")
        }
        for tab, at, out in (("pytorch", 0, 7), ("tensorflow", 1, 7), ("mxnet", 0, 6))
    }
    | {
        "jax": {"stem": "Conv_0", "norm": "BatchNorm_0", "out": "Dense_0"}
        | {
            f"{name}.{short}{i + 1}": f"Residual_{number}.{layer}_{i}"
            for number, name in enumerate(("first", "second"))
            for short, layer, i in (
                ("conv", "Conv", 0), ("conv", "Conv", 1), ("conv", "Conv", 2),
                ("bn", "BatchNorm", 0), ("bn", "BatchNorm", 1),
            )
        }
    },
}  # fmt: skip
RNN = {
    "make": lambda d2l: d2l.RNNLMScratch(d2l.RNNScratch(VOCAB, HIDDENS), VOCAB, lr=LR),
    "shapes": {
        "rnn.W_xh": (VOCAB, HIDDENS), "rnn.W_hh": (HIDDENS, HIDDENS), "rnn.b_h": (HIDDENS,),
        "W_hq": (HIDDENS, VOCAB), "b_q": (VOCAB,),
    },
    "batch": token_batch,
}  # fmt: skip
STACKED_RNN = {
    "make": lambda d2l: d2l.RNNLMScratch(d2l.StackedRNNScratch(VOCAB, HIDDENS, 2), VOCAB, lr=LR),
    "shapes": {
        "low.W_xh": (VOCAB, HIDDENS), "low.W_hh": (HIDDENS, HIDDENS), "low.b_h": (HIDDENS,),
        "high.W_xh": (HIDDENS, HIDDENS), "high.W_hh": (HIDDENS, HIDDENS), "high.b_h": (HIDDENS,),
        "W_hq": (HIDDENS, VOCAB), "b_q": (VOCAB,),
    },
    "places": {
        tab: {"low": f"rnn.{at}0", "high": f"rnn.{at}1"}
        for tab, at in (("pytorch", "rnns."), ("jax", "rnns_"), ("tensorflow", ""), ("mxnet", "rnns."))
    },
    "batch": token_batch,
}  # fmt: skip
BI_RNN = {
    "make": lambda d2l: d2l.RNNLMScratch(d2l.BiRNNScratch(VOCAB, HIDDENS), VOCAB, lr=LR),
    "shapes": {
        "forth.W_xh": (VOCAB, HIDDENS), "forth.W_hh": (HIDDENS, HIDDENS), "forth.b_h": (HIDDENS,),
        "back.W_xh": (VOCAB, HIDDENS), "back.W_hh": (HIDDENS, HIDDENS), "back.b_h": (HIDDENS,),
        "W_hq": (2 * HIDDENS, VOCAB), "b_q": (VOCAB,),
    },
    "places": {
        tab: {"forth": "rnn.f_rnn", "back": "rnn.b_rnn"} for tab in ("pytorch", "jax", "tensorflow", "mxnet")
    },
    "batch": token_batch,
}  # fmt: skip
GRU = {
    "make": lambda d2l: d2l.RNNLMScratch(d2l.GRUScratch(VOCAB, HIDDENS), VOCAB, lr=LR),
    "shapes": {
        "rnn.W_x": (VOCAB, 3 * HIDDENS), "rnn.W_h": (HIDDENS, 3 * HIDDENS), "rnn.b_x": (3 * HIDDENS,),
        "rnn.b_hh": (HIDDENS,), "W_hq": (HIDDENS, VOCAB), "b_q": (VOCAB,),
    },
    "batch": token_batch,
}  # fmt: skip
LSTM = {
    "make": lambda d2l: d2l.RNNLMScratch(d2l.LSTMScratch(VOCAB, HIDDENS), VOCAB, lr=LR),
    "shapes": {
        name + part: shape
        for part in "ifoc"
        for name, shape in (
            ("rnn.W_x", (VOCAB, HIDDENS)), ("rnn.W_h", (HIDDENS, HIDDENS)), ("rnn.b_", (HIDDENS,)),
        )
    } | {"W_hq": (HIDDENS, VOCAB), "b_q": (VOCAB,)},
    "batch": token_batch,
}  # fmt: skip
RNN_MODEL = RNN | {"output": reference.rnn_lm, "measures": CLASSIFICATION, "scale": 1.0}


def with_one_bias(kind):
    """Return what makes a language model whose layer has its second bias, if there is one, at zero."""

    def make(d2l):
        model = d2l.RNNLM(getattr(d2l, kind)(VOCAB, HIDDENS), VOCAB, lr=LR)
        keep_one_bias(getattr(model.rnn, "rnn", None), kind)  # Flax has none before it runs
        return model

    return make


def ready(kind):
    """Return what a case has of a language model with a recurrent layer of the framework."""
    shapes, places = recurrent(kind, VOCAB, HIDDENS)
    shapes |= {"linear.kernel": (HIDDENS, VOCAB), "linear.bias": (VOCAB,)}
    return {"make": with_one_bias(kind), "shapes": shapes, "places": places, "batch": token_batch}


READY_RNN, READY_LSTM, READY_GRU = map(ready, ("RNN", "LSTM", "GRU"))

LENS = {
    "without lengths": {},
    "with a length for each example": {"lens": np.array([3, 0, 5, 1])},
    "with a length for each query": {"lens": np.arange(12).reshape(4, 3) % 6},
}
"""Of 5 keys: how many count for 4 examples, or for each of their 3 queries."""


def attention_inputs(lens, key=6):
    """Return what draws queries of the size 6, keys of this size, and values of the size 2."""

    def inputs(random):
        shapes = {"queries": (4, 3, 6), "keys": (4, 5, key), "values": (4, 5, 2)}
        return {name: random.standard_normal(shape) for name, shape in shapes.items()} | LENS[lens]

    return inputs


def of_inputs(function):
    """Return a function as the model of a layer without parameters."""
    return lambda params, *inputs: function(*inputs)


ADDITIVE = {
    "make": lambda d2l: d2l.AdditiveAttention(HIDDENS, 0.0),
    "shapes": {"W_q.kernel": (6, HIDDENS), "W_k.kernel": (5, HIDDENS), "w_v.kernel": (HIDDENS, 1)},
    "places": {"jax": {"W_q": "Dense_0", "W_k": "Dense_1", "w_v": "Dense_2"}},
    "output": reference.additive_attention,
}
MULTI_HEAD = {
    "make": lambda d2l: d2l.MultiHeadAttention(HIDDENS, 2, 0.0, bias=True),
    "shapes": {
        f"{name}.{part}": shape
        for name, size in (("W_q", 6), ("W_k", 5), ("W_v", 2), ("W_o", HIDDENS))
        for part, shape in (("kernel", (size, HIDDENS)), ("bias", (HIDDENS,)))
    },
    "output": reference.multi_head_attention,
}
NORM = {"scale": (HIDDENS,), "shift": (HIDDENS,)}
BLOCK = {
    "attention.qkv": {"kernel": (HIDDENS, 3 * HIDDENS), "bias": (3 * HIDDENS,)},
    "attention.out": {"kernel": (HIDDENS, HIDDENS), "bias": (HIDDENS,)},
    "dense1": {"kernel": (HIDDENS, 4 * HIDDENS), "bias": (4 * HIDDENS,)},
    "dense2": {"kernel": (4 * HIDDENS, HIDDENS), "bias": (HIDDENS,)},
    "norm1": NORM,
    "norm2": NORM,
}
GPT = {
    "shapes": {"tokens.table": (VOCAB, HIDDENS), "positions.table": (6, HIDDENS)}
    | {
        f"blocks.{i}.{layer}.{part}": shape
        for i in range(2)
        for layer, parts in BLOCK.items()
        for part, shape in parts.items()
    }
    | {f"norm.{part}": shape for part, shape in NORM.items()},
    "places": {"jax": {f"blocks.{i}.{name}": f"blocks_{i}.{name}" for i in range(2) for name in BLOCK}},
    "batch": partial(token_batch, steps=5),
}


def gpt(kind):
    return kind(VOCAB, num_steps=6, num_hiddens=HIDDENS, num_heads=2, num_blks=2, lr=LR)


def descending_gpt(d2l):
    """Return a GPT that is trained by gradient descent.

    Keys' biases have a gradient of 0: where AdamW moves them to is decided by the last digits.
    """

    class Descending(d2l.GPT):
        def configure_optimizers(self):
            return super(d2l.GPT, self).configure_optimizers()

    return gpt(Descending)


def gradient_descent(params, grads, memory):
    return reference.sgd(params, grads, LR)


def momentum_descent(params, grads, memory, nesterov=False):
    return reference.momentum(params, grads, LR, SHARE, memory, nesterov)


def with_optimizer(make, **options):
    """Return what makes a linear regression that is trained with an optimizer of the section on momentum."""

    def regression(page):
        class Regression(page.d2l.LinearRegression):
            def configure_optimizers(self):
                given = {
                    "d2l.torch": lambda: [list(self.parameters())],
                    "d2l.mxnet": lambda: [self.parameters()],
                }
                params = given.get(page.d2l.__name__, list)()
                return getattr(page, make)(*params, lr=LR, mu=SHARE, **options)

        return Regression(lr=LR)

    return CONCISE | {"make": regression}


def decayed_descent(params, grads, memory):
    """Return parameters after a step in which weights decay and biases do not."""
    return reference.decayed_sgd(params, grads, LR, {"net.kernel": DECAY})


def adam(params, grads, memory, decay=0.0):
    return reference.adam(params, grads, LR, memory, decay)


def with_adam(make, decay):
    """Return what a case has whose model is trained by an optimizer of the section on Adam."""
    return CONCISE | {
        "section": "adam",
        "make": lambda page: page.regression(getattr(page, make), LR, decay),
        "step": partial(adam, decay=decay),
    }


def numbered_rows(d2l):
    """Return data of 23 numbered rows, the last eight of them for validation."""

    class Rows(d2l.DataModule):
        def __init__(self):
            super().__init__()
            self.batch_size = 4

        def get_dataloader(self, train):
            X = d2l.tensor([[float(i), 0.5 * i] for i in range(23)])
            y = d2l.tensor([100.0 + i for i in range(23)])
            return self.get_tensorloader([X, y], train, slice(0, 15) if train else slice(15, None))

    return Rows()


def short_text(d2l):
    class ShortText(d2l.TimeMachine):
        def _download(self):
            return TEXT

    return ShortText(batch_size=8, num_steps=5, num_train=50, num_val=30)


def short_series(d2l):
    return d2l.Windows(SERIES.tolist(), tau=3, num_train=10, num_val=6, batch_size=4)


def drawn(part):
    """Return random pictures of 28 by 28 bytes and their labels: 15 to train on, 7 for validation."""
    random = np.random.RandomState(len(part))
    size = 15 if part == "train" else 7
    return random.randint(0, 256, (size, 28, 28)).astype("uint8"), np.arange(size, dtype="uint8") % 10


def few_garments(kind="Garments", **options):
    def make(d2l):
        class FewGarments(getattr(d2l, kind)):
            def files(self):
                found = {}
                for part in ("train", "t10k"):
                    X, y = drawn(part)
                    found[f"{part}-images-idx3-ubyte"] = struct.pack(">4I", 0x803, *X.shape) + X.tobytes()
                    found[f"{part}-labels-idx1-ubyte"] = struct.pack(">2I", 0x801, *y.shape) + y.tobytes()
                return found

        return FewGarments(batch_size=4, **options)

    return make


def garments(size=(28, 28), mean=0, deviation=1):
    parts = map(drawn, ("train", "t10k"))
    return tuple([(reference.pixels(X, size) - mean) / deviation, y] for X, y in parts)


def clusters(d2l):
    """Return the noise around the centers of three classes, and how far labels are from 0, 1, 2, 0, ..."""
    data, centers = d2l.Clusters(), [[0.0, 2.0], [-1.7, -1.0], [1.7, -1.0]]
    classes = [i % 3 for i in range(1800)]
    labels = d2l.d2l.astype(data.y, d2l.d2l.float32) - d2l.d2l.tensor([float(c) for c in classes])
    return {"noise": data.X - d2l.d2l.tensor([centers[c] for c in classes]), "labels": labels}


def checkers(d2l):
    """Return the points of the four fields, and how far the product's sign is from what labels say."""
    data = d2l.Checkers(num_train=1000, num_val=1000)
    same = d2l.d2l.astype(data.X[:, 0] * data.X[:, 1] > 0, d2l.d2l.float32)
    return {"points": data.X, "labels": d2l.d2l.astype(data.y, d2l.d2l.float32) - same}


def numbers(start, stop):
    i = np.arange(start, stop)
    return [np.stack([i, 0.5 * i], 1), 100 + i]


def windows(start, stop):
    return [part[start:stop] for part in reference.characters(TEXT, 5)]


def synthetic(d2l):
    data = d2l.SyntheticRegressionData(d2l.tensor([1.0, 2.0]), 0.5, noise=0.3)
    exact = d2l.matmul(data.X, d2l.tensor([[1.0], [2.0]])) + 0.5
    return {"X": data.X, "noise": data.y - exact}


def run_batch_norm(page, batches, last):
    """Let the section's layer, which needs the number of features in some frameworks, run."""
    sizes = {"num_features": 3} if "num_features" in inspect.signature(page.BatchNorm).parameters else {}
    return page.run(page.BatchNorm(**sizes), batches, last)


CASES = [
    Model(name="LinearRegressionScratch", **LINEAR, output=reference.linear, measures=REGRESSION),
    Model(name="LinearRegression", **CONCISE, output=reference.linear_layer, measures=REGRESSION),
    Model(
        name="SoftmaxRegression", **SOFTMAX, output=reference.softmax_regression, measures=CLASSIFICATION
    ),
    Model(
        name="SoftmaxRegressionScratch", section="softmax-scratch", batch=picture_batch,
        make=lambda page: page.SoftmaxRegressionScratch(12, CLASSES, lr=LR),
        shapes={"W": (12, CLASSES), "b": (CLASSES,)},
        output=reference.softmax_of_parts, measures=SCRATCH,
    ),
    Model(
        name="WeightDecayScratch", section="weight-decay", batch=regression_batch,
        make=lambda page: page.WeightDecayScratch(3, lambd=DECAY, lr=LR), shapes=LINEAR["shapes"],
        output=reference.linear, measures=REGRESSION,
        penalty=lambda params: DECAY * reference.half_squared_norm(params["w"]),
    ),
    Model(name="MLP", **MLP, output=reference.perceptron, measures=CLASSIFICATION),
    Model(
        name="MLPScratch", section="mlp-implementation", batch=picture_batch,
        make=lambda page: page.MLPScratch(12, CLASSES, HIDDENS, lr=LR),
        shapes={"W1": (12, HIDDENS), "b1": (HIDDENS,), "W2": (HIDDENS, CLASSES), "b2": (CLASSES,)},
        output=reference.perceptron_of_parts, measures=CLASSIFICATION,
    ),
    Model(
        name="TwoLayers with GELU", section="mlp",
        **HIDDEN_AND_OUT
        | {
            "batch": flat_batch,
            "shapes": HIDDEN_AND_OUT["shapes"] | {"second.kernel": (HIDDENS, 2), "second.bias": (2,)},
        },
        make=lambda page: page.TwoLayers(HIDDENS, page.gelu, lr=LR), measures=CLASSIFICATION,
        output=partial(reference.perceptron, activation=reference.gelu),
    ),
    Functions(
        name="gelu and other activation functions", section="mlp",
        functions={
            "ReLU": (lambda page: page.relu, reference.relu),
            "sigmoid": (lambda page: page.d2l.sigmoid, reference.sigmoid),
            "tanh": (lambda page: page.d2l.tanh, np.tanh),
            "GELU": (lambda page: page.gelu, reference.gelu),
        },
    ),
    Dropped(
        name="DropoutMLPScratch", section="dropout", **HIDDEN_AND_OUT, share=SHARE,
        make=lambda page: page.DropoutMLPScratch(HIDDENS, HIDDENS, SHARE, lr=LR),
        output=reference.perceptron,
    ),
    Dropped(
        name="DropoutMLP", section="dropout", **DROPOUT, share=SHARE,
        make=lambda page: page.DropoutMLP(HIDDENS, HIDDENS, SHARE, lr=LR), output=reference.perceptron,
    ),
    Layer(
        name="corr2d", make=lambda d2l: d2l.corr2d, output=of_inputs(reference.correlation),
        inputs=lambda random: {"X": random.standard_normal((5, 6)), "K": random.standard_normal((2, 3))},
    ),
    Convolutional(
        name="LeNet", **LENET, make=lambda d2l: d2l.LeNet(lr=LR, num_classes=CLASSES), scale=0.2,
        output=reference.lenet, measures=CLASSIFICATION,
    ),
    Convolutional(
        name="VGG", **VGG, batch=tiny_picture_batch, output=reference.vgg, measures=CLASSIFICATION,
        make=lambda d2l: d2l.VGG(((1, 2), (2, 3)), lr=LR, num_classes=CLASSES),
    ),
    NormalizedNetwork(
        name="ResNet and Residual", **RESIDUAL, batch=small_picture_batch, output=reference.residual_network
    ),
    Normalized(
        name="BatchNorm of features", section="batch-norm", shape=(6, 3), run=run_batch_norm,
        output=reference.batch_norm,
    ),
    Normalized(
        name="BatchNorm of channels", section="batch-norm", shape=(4, 5, 2, 3), run=run_batch_norm,
        output=reference.batch_norm,
    ),
    Normalized(
        name="layer_norm", section="layer-norm", shape=(6, 3),
        run=lambda page, batches, last: [page.layer_norm(Z) for Z in (batches[-1], last)],
        output=lambda batches, last: [reference.layer_norm(Z) for Z in (batches[-1], last)],
    ),
    Normalized(
        name="rms_norm", section="layer-norm", shape=(6, 3),
        run=lambda page, batches, last: [page.rms_norm(Z) for Z in (batches[-1], last)],
        output=lambda batches, last: [reference.rms_norm(Z) for Z in (batches[-1], last)],
    ),
    ByHand(name="Steps", **MLP, output=reference.perceptron, measures=CLASSIFICATION),
    Model(name="RNNLMScratch", **RNN_MODEL, perplexity=True),
    Model(name="RNNLMScratch from a given state", **RNN_MODEL | {"batch": token_batch_with_state}),
    Model(
        name="RNNLMScratch with StackedRNNScratch", **STACKED_RNN, output=reference.stacked_rnn_lm,
        measures=CLASSIFICATION, scale=1.0, perplexity=True,
    ),
    Model(
        name="RNNLMScratch with BiRNNScratch", **BI_RNN, output=reference.bidirectional_rnn_lm,
        measures=CLASSIFICATION, scale=1.0, perplexity=True,
    ),
    Model(
        name="RNNLM with RNN", **READY_RNN, output=reference.ready_rnn_lm, measures=CLASSIFICATION,
        scale=1.0, perplexity=True,
    ),
    Model(
        name="RNNLMScratch with LSTMScratch", **LSTM, output=reference.lstm_lm, measures=CLASSIFICATION,
        scale=1.0, perplexity=True,
    ),
    Model(
        name="RNNLMScratch with GRUScratch", **GRU, output=reference.gru_lm, measures=CLASSIFICATION,
        scale=1.0, perplexity=True,
    ),
    Model(
        name="RNNLM with LSTM", **READY_LSTM, output=reference.ready_lstm_lm, measures=CLASSIFICATION,
        scale=1.0, perplexity=True,
    ),
    Model(
        name="RNNLM with GRU", **READY_GRU, output=reference.ready_gru_lm, measures=CLASSIFICATION,
        scale=1.0, perplexity=True, trained=False,
    ),
    *SEQ2SEQ,
    # Attention and Transformers, in the order of the sections
    *(
        Layer(
            name=f"masked_softmax {which}", make=lambda d2l: d2l.masked_softmax,
            inputs=lambda random, lens=lens: {"scores": random.standard_normal((4, 3, 5))} | lens,
            output=of_inputs(reference.masked_softmax),
        )
        for which, lens in LENS.items()
    ),
    Layer(
        name="DotProductAttention", make=lambda d2l: d2l.DotProductAttention(0.0),
        inputs=attention_inputs("with a length for each example"),
        output=of_inputs(reference.dot_product_attention),
    ),
    Layer(
        name="AdditiveAttention", **ADDITIVE,
        inputs=attention_inputs("with a length for each query", key=5),
    ),
    *(
        Layer(name=f"MultiHeadAttention {which}", **MULTI_HEAD, inputs=attention_inputs(which, key=5))
        for which in LENS
    ),
    Layer(
        name="PositionalEncoding", make=lambda d2l: d2l.PositionalEncoding(6, 0.0),
        inputs=lambda random: {"X": random.standard_normal((2, 12, 6))},
        output=of_inputs(reference.positional_encoding),
    ),
    *(
        Layer(
            name=name, make=lambda d2l, start=start: partial(d2l.rotary, start=start),
            inputs=lambda random: {"X": random.standard_normal((2, 12, 6))},
            output=of_inputs(partial(reference.rotary, start=start)),
        )
        for name, start in (("rotary", 0), ("rotary from a later position", 5))
    ),
    *TRANSFORMERS,
    Model(
        name="GPT", **GPT, make=descending_gpt, output=reference.gpt, measures=CLASSIFICATION,
        perplexity=True, cuts=(2, 3),
    ),
    Search(name="beam_search on fixed scores", size=6, beams=(1, 3, 8), steps=5, alpha=0.75),
    Optimizer(name="SGD", **LINEAR, step=gradient_descent),
    Optimizer(name="LinearRegression.configure_optimizers", **CONCISE, step=gradient_descent),
    Optimizer(name="SoftmaxRegression.configure_optimizers", **SOFTMAX, step=gradient_descent),
    Optimizer(name="Classifier.configure_optimizers", **RNN, step=gradient_descent),
    Optimizer(
        name="GPT.configure_optimizers", **GPT, make=lambda d2l: gpt(d2l.GPT),
        step=partial(adam, decay=0.01), least=0.5,
    ),
    Optimizer(
        name="WeightDecay.configure_optimizers", section="weight-decay",
        **CONCISE | {"make": lambda page: page.WeightDecay(wd=DECAY, lr=LR)}, step=decayed_descent,
    ),
    Optimizer(
        name="Momentum", section="momentum", **with_optimizer("Momentum"), step=momentum_descent,
    ),
    Optimizer(
        name="SGD of the framework, with momentum", section="momentum", **with_optimizer("concise"),
        step=momentum_descent,
    ),
    Optimizer(
        name="SGD of the framework, with Nesterov's momentum", section="momentum",
        **with_optimizer("concise", nesterov=True), step=partial(momentum_descent, nesterov=True),
    ),
    Optimizer(name="Adam from scratch", **with_adam("ours", 0.0)),
    Optimizer(name="AdamW from scratch", **with_adam("ours", DECAY)),
    Optimizer(name="Adam of the framework", **with_adam("theirs", 0.0)),
    Optimizer(name="AdamW of the framework", **with_adam("theirs", DECAY)),
    Initial(
        name="LinearRegressionScratch, initial parameters", batch=wide_batch,
        make=lambda d2l: d2l.LinearRegressionScratch(2000, lr=LR, sigma=0.02),
        deviations={"w": 0.02, "b": 0},
    ),
    Initial(
        name="LinearRegression, initial parameters", batch=wide_batch,
        make=lambda d2l: d2l.LinearRegression(lr=LR),
        deviations={"net.kernel": 0.01, "net.bias": 0},
    ),
    Initial(
        name="SoftmaxRegressionScratch, initial parameters", section="softmax-scratch",
        batch=full_picture_batch,
        make=lambda page: page.SoftmaxRegressionScratch(784, 10, lr=LR, sigma=0.03),
        deviations={"W": 0.03, "b": 0},
    ),
    Initial(
        name="MLPScratch, initial parameters", section="mlp-implementation", batch=full_picture_batch,
        make=lambda page: page.MLPScratch(784, 10, 100, lr=LR, sigma=0.03),
        deviations={"W1": 0.03, "b1": 0, "W2": 0.03, "b2": 0},
    ),
    Initial(
        name="DeepNet, initial parameters", section="first-weights", batch=full_picture_batch,
        make=lambda page: page.DeepNet(0.5), places=DEEP,
        deviations={f"dense{i}.kernel": 0.5 * (2 / (64 if i else 784)) ** 0.5 for i in range(9)}
        | {f"dense{i}.bias": 0 for i in range(9)},
    ),
    Initial(
        name="RNNLMScratch, initial parameters", batch=token_batch,
        make=lambda d2l: d2l.RNNLMScratch(d2l.RNNScratch(VOCAB, 300, sigma=0.05), VOCAB),
        deviations={"rnn.W_xh": 0.05, "rnn.W_hh": 0.05, "rnn.b_h": 0, "W_hq": 0.05, "b_q": 0},
    ),
    Drawn(name="SyntheticRegressionData", make=synthetic, deviations={"X": 1, "noise": 0.3}),
    Drawn(name="Clusters", section="classification", make=clusters, deviations={"noise": 1, "labels": 0}),
    Drawn(
        name="Checkers", section="mlp", make=checkers, deviations={"points": 3**-0.5, "labels": 0},
        kurtosis=1.8,
    ),
    Loader(
        name="DataModule.get_tensorloader", make=numbered_rows, batch_size=4,
        rows=lambda: (numbers(0, 15), numbers(15, 23)),
    ),
    Loader(
        name="TimeMachine", make=short_text, batch_size=8,
        rows=lambda: (windows(0, 50), windows(50, 80)),
    ),
    Loader(
        name="Windows", make=short_series, batch_size=4,
        rows=lambda: tuple([part[rows] for part in reference.following(SERIES, 3)] for rows in PARTS),
    ),
    Pictures(name="Garments", make=few_garments(), batch_size=4, rows=garments),
    Pictures(
        name="Garments, resized", make=few_garments(resize=BIG), batch_size=4, rows=lambda: garments(BIG)
    ),
    Pictures(
        name="StandardGarments", section="mlp-implementation", make=few_garments("StandardGarments"),
        batch_size=4, rows=lambda: garments(mean=0.17, deviation=0.26),
    ),
]  # fmt: skip
BY_NAME = {case.name: case for case in CASES}

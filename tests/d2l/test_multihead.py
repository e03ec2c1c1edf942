"""Multi-head attention computes the same as a loop over heads in NumPy, with and without masks.

The reference is written for this test alone, in double precision, example by example and head by head.
"""

# ruff: noqa: N803, N806 (matrices have capital letters, as in the book)

import numpy as np
import pytest

BATCH, QUERIES, KEYS, HIDDENS = 3, 4, 6, 12
WIDTHS = {"W_q": 5, "W_k": 7, "W_v": 2, "W_o": HIDDENS}
CLOSE = {"rtol": 0, "atol": 1e-5}
LENS = {
    "no mask": None,
    "one length for each example": np.array([6, 1, 3]),
    "one length for each query": np.array([[1, 2, 3, 4], [6, 5, 6, 1], [2, 2, 4, 6]]),
}


def softmax(scores):
    weights = np.exp(scores - scores.max(-1, keepdims=True))
    return weights / weights.sum(-1, keepdims=True)


class Reference:
    """Queries, keys, values and weights, and what follows from them."""

    def __init__(self, bias=False):
        rng = np.random.default_rng(7)
        self.W = {name: rng.normal(size=(width, HIDDENS)) for name, width in WIDTHS.items()}
        self.b = {name: rng.normal(size=HIDDENS) * bias for name in WIDTHS}
        counts = (QUERIES, KEYS, KEYS)
        shapes = zip(counts, list(WIDTHS.values())[:3], strict=True)
        self.inputs = [rng.normal(size=(BATCH, *shape)) for shape in shapes]

    def project(self, name, X):
        return X @ self.W[name] + self.b[name]

    def outputs(self, num_heads, lens=None):
        """Return the outputs, and the weights: (batch, heads, queries, keys)."""
        Y = np.zeros((BATCH, QUERIES, HIDDENS))
        S = np.zeros((BATCH, num_heads, QUERIES, KEYS))
        for i in range(BATCH):
            names = ("W_q", "W_k", "W_v")
            Q, K, V = (self.project(name, X[i]) for name, X in zip(names, self.inputs, strict=True))
            averages = []
            for head, part in enumerate(np.split(np.arange(HIDDENS), num_heads)):
                for t in range(QUERIES):
                    valid = KEYS if lens is None else lens[i] if lens.ndim == 1 else lens[i, t]
                    scores = K[:valid, part] @ Q[t, part] / np.sqrt(HIDDENS / num_heads)
                    S[i, head, t, :valid] = softmax(scores)
                averages.append(S[i, head] @ V[:, part])
            Y[i] = self.project("W_o", np.concatenate(averages, -1))
        return Y, S


class Layer:
    """`MultiHeadAttention` of one framework with the reference's weights."""

    def __init__(self, d2l, tab, numpy_of, ref, num_heads, bias=False):
        self.d2l, self.tab, self.array = d2l, tab, numpy_of
        self.inputs = [self.floats(X) for X in ref.inputs]
        self.layer = d2l.MultiHeadAttention(HIDDENS, num_heads, 0.0, bias)
        if tab == "jax":
            self.params = {
                name: {"kernel": self.floats(W), **({"bias": self.floats(ref.b[name])} if bias else {})}
                for name, W in ref.W.items()
            }
            return
        if tab == "mxnet":
            self.layer.initialize()
        self.layer(*self.inputs)  # Makes the parameters
        for name, W in ref.W.items():
            dense = getattr(self.layer, name)
            if tab == "tensorflow":
                dense.set_weights([W, ref.b[name]] if bias else [W])
                continue
            pairs = [(dense.weight, W.T), *([(dense.bias, ref.b[name])] if bias else [])]
            for param, value in pairs:
                if tab == "pytorch":
                    param.data = self.floats(value)
                else:
                    param.set_data(self.floats(value))

    def floats(self, X):
        return self.d2l.tensor(X.tolist(), dtype=self.d2l.float32)

    def __call__(self, lens=None):
        """Return the outputs, and the weights: (batch, heads, queries, keys)."""
        lens = None if lens is None else self.d2l.tensor(lens.tolist())
        if self.tab == "jax":
            Y, weights = self.layer.apply({"params": self.params}, *self.inputs, lens)
        else:
            Y = self.layer(*self.inputs, lens)
            weights = self.layer.attention.attention_weights
        self.d2l.check_shape(Y, (BATCH, QUERIES, HIDDENS))
        return self.array(Y), self.array(weights).reshape(BATCH, -1, QUERIES, KEYS)


@pytest.mark.parametrize("lens", LENS.values(), ids=LENS)
@pytest.mark.parametrize("num_heads", [1, 3, HIDDENS])
def test_outputs_and_weights_are_those_of_a_loop_over_heads(d2l, tab, numpy_of, num_heads, lens):
    ref = Reference()
    Y, weights = Layer(d2l, tab, numpy_of, ref, num_heads)(lens)
    expected, expected_weights = ref.outputs(num_heads, lens)
    np.testing.assert_allclose(weights, expected_weights, **CLOSE)
    np.testing.assert_allclose(Y, expected, **CLOSE)


def test_biases_belong_to_all_four_dense_layers(d2l, tab, numpy_of):
    ref = Reference(bias=True)
    Y, _ = Layer(d2l, tab, numpy_of, ref, 3, bias=True)()
    np.testing.assert_allclose(Y, ref.outputs(3)[0], **CLOSE)


@pytest.mark.parametrize("lens", LENS.values(), ids=LENS)
def test_one_head_is_the_attention_between_dense_layers(d2l, tab, numpy_of, lens):
    ref = Reference()
    layer = Layer(d2l, tab, numpy_of, ref, 1)
    names = ("W_q", "W_k", "W_v")
    projected = [layer.floats(ref.project(name, X)) for name, X in zip(names, ref.inputs, strict=True)]
    lens_given = None if lens is None else d2l.tensor(lens.tolist())
    attention = d2l.DotProductAttention(0.0)
    if tab == "jax":
        averages, _ = attention.apply({}, *projected, lens_given)
    else:
        averages = attention(*projected, lens_given)
    Y = ref.project("W_o", numpy_of(averages))
    np.testing.assert_allclose(layer(lens)[0], Y, **CLOSE)


@pytest.mark.parametrize("num_heads", [1, 2, 6])
def test_heads_become_examples_and_come_back(d2l, numpy_of, num_heads):
    X = np.arange(BATCH * KEYS * HIDDENS, dtype="float32").reshape(BATCH, KEYS, HIDDENS)
    layer = d2l.MultiHeadAttention(HIDDENS, num_heads, 0.0)
    heads = layer.transpose_qkv(d2l.tensor(X.tolist()))
    expected = [part for example in X for part in np.split(example, num_heads, -1)]
    np.testing.assert_array_equal(numpy_of(heads), expected)
    np.testing.assert_array_equal(numpy_of(layer.transpose_output(heads)), X)


def test_the_lengths_of_an_example_are_repeated_next_to_each_other(d2l, numpy_of):
    for lens in ([3, 1], [[3, 1, 2], [4, 5, 6]]):
        found = numpy_of(d2l.repeat_lens(d2l.tensor(lens), 2))
        assert found.tolist() == [lens[0], lens[0], lens[1], lens[1]]


def test_heads_that_do_not_divide_the_width_are_refused(d2l):
    with pytest.raises(AssertionError, match="heads of equal size"):
        layer = d2l.MultiHeadAttention(HIDDENS, 5, 0.0)
        layer.init(d2l.get_key(), *(d2l.ones((1, 2, 3)) for _ in range(3)))  # In JAX, not before

"""Both LSTM layers compute the same as NumPy, and the language model takes them with their pair of states.

The reference is written for this test alone, in double precision.
"""

# ruff: noqa: N803, N806 (matrices have capital letters, as in the book)

import math

import numpy as np
import pytest
from recurrent import BATCH, CLOSE, HIDDENS, STEPS, VOCAB, trained
from recurrent import Reference as OutputLayer


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


class Reference(OutputLayer):
    """A layer of LSTM cells in NumPy, with an output layer for a language model."""

    def __init__(self, scale=0.5):
        rng = np.random.default_rng(7)
        self.weights = {
            name + k: rng.normal(0, scale, shape)
            for k in "ifoc"
            for name, shape in (
                ("W_x", (VOCAB, HIDDENS)),
                ("W_h", (HIDDENS, HIDDENS)),
                ("b_", HIDDENS),
            )
        }
        self.W_hq, self.b_q = rng.normal(0, scale, (HIDDENS, VOCAB)), rng.normal(0, scale, VOCAB)
        self.X, self.Y = rng.integers(0, VOCAB, (2, BATCH, STEPS))
        self.start = tuple(rng.normal(0, scale, (2, BATCH, HIDDENS)))

    def side_by_side(self, name):
        """Return the parts of one name in the order in which the frameworks keep them."""
        return np.concatenate([self.weights[name + k] for k in "ifco"], -1)

    def states(self, X, H_C=None):
        """Return the hidden states of all steps, (steps, batch, hiddens), and the last state."""
        H, C = np.zeros((2, len(X), HIDDENS)) if H_C is None else H_C
        found, w = [], self.weights
        for tokens in X.T:
            i, f, o, c = (w[f"W_x{k}"][tokens] + H @ w[f"W_h{k}"] + w[f"b_{k}"] for k in "ifoc")
            C = sigmoid(f) * C + sigmoid(i) * np.tanh(c)
            H = sigmoid(o) * np.tanh(C)
            found.append(H)
        return np.array(found), (H, C)

    def outputs(self, X, H_C=None):
        return self.states(X, H_C)[0]


class Model:
    """`RNNLM` with one of the two layers in one framework, with the reference's weights."""

    def __init__(self, d2l, tab, numpy_of, kind, ref):
        self.d2l, self.tab, self.array, self.kind = d2l, tab, numpy_of, kind
        d2l.set_seed(0)
        self.model = d2l.RNNLM(getattr(d2l, kind)(VOCAB, HIDDENS), VOCAB, lr=0.5)
        self.X, self.Y = self.tokens(ref.X), self.tokens(ref.Y)
        self.params = None
        if tab == "jax":
            layer = self.layer_in_flax(ref)
            linear = {"kernel": self.tensor(ref.W_hq), "bias": self.tensor(ref.b_q)}
            self.params = {"rnn": layer, "linear": linear}
            return
        self.model(self.X)  # Makes the parameters
        if kind == "LSTMScratch":
            for name, value in ref.weights.items():
                self.put(self.model.rnn, name, value)
            self.put_linear(ref)
        else:
            names = ("W_x", "W_h", "b_")
            values = [ref.side_by_side(name) for name in names]
            if tab == "tensorflow":
                for p, value in zip(self.model.rnn.rnn.trainable_variables, values, strict=True):
                    p.assign(value)
            else:  # Two biases, and the outputs first
                W_x, W_h, b = values
                values = [W_x.T, W_h.T, 0.25 * b, 0.75 * b]
                layer = self.model.rnn.rnn
                params = layer.parameters() if tab == "pytorch" else layer.collect_params().values()
                for p, value in zip(params, values, strict=True):
                    self.fill(p, value)
            self.put_linear(ref)

    def layer_in_flax(self, ref):
        if self.kind == "LSTMScratch":
            return {name: self.tensor(value) for name, value in ref.weights.items()}
        cell = {}
        for theirs, ours in zip("ifgo", "ifco", strict=True):
            w = {name: self.tensor(ref.weights[name + ours]) for name in ("W_x", "W_h", "b_")}
            cell["i" + theirs] = {"kernel": w["W_x"]}
            cell["h" + theirs] = {"kernel": w["W_h"], "bias": w["b_"]}
        return {"rnn": {"cell": cell}}

    def fill(self, p, value):
        if self.tab == "pytorch":
            p.data = self.tensor(value)
        else:
            p.set_data(self.tensor(value))

    def put(self, part, name, value):
        if self.tab == "pytorch":
            getattr(part, name).data = self.tensor(value)
        elif self.tab == "tensorflow":
            getattr(part, name).assign(value)
        else:
            getattr(part, name)[:] = self.tensor(value)

    def put_linear(self, ref):
        linear = self.model.linear
        if self.tab == "tensorflow":
            linear.kernel.assign(ref.W_hq)
            linear.bias.assign(ref.b_q)
        else:
            self.fill(linear.weight, ref.W_hq.T)
            self.fill(linear.bias, ref.b_q)

    def tensor(self, a):
        return self.d2l.tensor(np.asarray(a).tolist(), dtype=self.d2l.float32)

    def tokens(self, a):
        return self.d2l.tensor(a.tolist(), dtype=self.d2l.int64 if self.tab == "pytorch" else self.d2l.int32)

    def state(self, H_C):
        """Return a state in the form of the layer."""
        H_C = tuple(map(self.tensor, H_C))
        if self.kind == "LSTM" and self.tab in ("pytorch", "mxnet"):
            H_C = [a[None] for a in H_C]
            return tuple(H_C) if self.tab == "pytorch" else H_C
        return H_C

    def layer(self, X, H_C=None):
        """Return what the layer makes of tokens, as one-hot vectors."""
        inputs = self.tensor(np.eye(VOCAB)[X.T])
        if self.tab == "jax":
            return self.model.rnn.apply({"params": self.params["rnn"]}, inputs, H_C)
        return self.model.rnn(inputs, H_C)

    def scores(self, *inputs):
        if self.tab == "jax":
            return self.array(self.model.apply({"params": self.params}, *inputs))
        return self.array(self.model(*inputs))

    def predict(self, *arguments):
        return self.model.predict(*arguments, *([self.params] if self.tab == "jax" else []))

    def trained(self, epochs):
        self.d2l.set_seed(0)
        return trained(self.d2l, self.model, (self.X, self.Y), epochs)


@pytest.fixture
def ref():
    return Reference()


@pytest.fixture(params=["LSTMScratch", "LSTM"])
def it(request, d2l, tab, numpy_of, ref):
    return Model(d2l, tab, numpy_of, request.param, ref)


def check_state(it, state, wanted):
    assert len(state) == 2
    for found, a in zip(state, wanted, strict=True):
        np.testing.assert_allclose(it.array(found).reshape(BATCH, HIDDENS), a, **CLOSE)


def test_the_layer_returns_the_states_of_all_steps_and_the_last_pair(it, ref):
    outputs, state = it.layer(ref.X)
    wanted, last = ref.states(ref.X)
    it.d2l.check_shape(outputs, (STEPS, BATCH, HIDDENS))
    np.testing.assert_allclose(it.array(outputs), wanted, **CLOSE)
    check_state(it, state, last)


def test_the_layer_goes_on_from_a_given_state_and_does_not_swap_its_parts(it, ref):
    outputs, state = it.layer(ref.X, it.state(ref.start))
    wanted, last = ref.states(ref.X, ref.start)
    np.testing.assert_allclose(it.array(outputs), wanted, **CLOSE)
    check_state(it, state, last)


def test_the_state_that_a_call_returns_is_one_that_the_next_takes(it, ref):
    _, state = it.layer(ref.X[:, :3])
    rest, _ = it.layer(ref.X[:, 3:], state)
    np.testing.assert_allclose(it.array(rest), ref.states(ref.X)[0][3:], **CLOSE)


def test_the_models_scores_are_those_of_the_reference(it, ref):
    scores = it.scores(it.X)
    assert scores.shape == (BATCH, STEPS, VOCAB)
    np.testing.assert_allclose(scores, ref.scores(ref.X), **CLOSE)


def test_training_lowers_the_loss(it):
    before, after = it.trained(0), it.trained(20)
    assert after < before < math.inf


@pytest.mark.parametrize("kind", ["LSTMScratch", "LSTM"])
def test_predict_continues_what_the_whole_prefix_suggests(d2l, tab, numpy_of, kind):
    vocab, ref = d2l.Vocab(list("aaaabbbccd")), Reference(scale=3)
    it = Model(d2l, tab, numpy_of, kind, ref)
    assert it.predict("abca", 6, vocab) == ref.predict("abca", 6, vocab)


def test_our_layer_starts_with_small_weights_and_without_biases(d2l, tab, numpy_of):
    d2l.set_seed(0)
    layer = d2l.LSTMScratch(40, 30, sigma=0.1)
    if tab == "jax":
        layer = layer.bind(layer.init(d2l.get_key(), d2l.zeros((1, 1, 40))))
    for k in "ifoc":
        for name, rows in (("W_x", 40), ("W_h", 30)):
            values = numpy_of(getattr(layer, name + k))
            assert values.shape == (rows, 30)
            assert abs(values.std() - 0.1) < 0.01
        np.testing.assert_array_equal(numpy_of(getattr(layer, f"b_{k}")), np.zeros(30))

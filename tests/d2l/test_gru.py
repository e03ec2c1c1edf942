"""Gated recurrent units, ours and the frameworks', compute the same as NumPy.

The reference is written for this test alone, in double precision, gate by gate.
"""

# ruff: noqa: N803, N806 (matrices have capital letters, as in the book)

import math

import numpy as np
import pytest
from recurrent import BATCH, CLOSE, HIDDENS, STEPS, VOCAB, LanguageModel, trained
from recurrent import Reference as OutputLayer


def sigmoid(a):
    return 1 / (1 + np.exp(-a))


class Reference(OutputLayer):
    """A language model with gated recurrent units in NumPy; k is r, z or n, the candidate."""

    def __init__(self, scale=0.7):
        rng = np.random.default_rng(7)
        self.W_x = {k: rng.normal(0, scale, (VOCAB, HIDDENS)) for k in "rzn"}
        self.W_h = {k: rng.normal(0, scale, (HIDDENS, HIDDENS)) for k in "rzn"}
        self.b_x = {k: rng.normal(0, scale, HIDDENS) for k in "rzn"}
        self.b_h = {k: rng.normal(0, scale, HIDDENS) for k in "rzn"}
        self.W_hq, self.b_q = rng.normal(0, scale, (HIDDENS, VOCAB)), rng.normal(0, scale, VOCAB)
        self.X, self.Y = rng.integers(0, VOCAB, (2, BATCH, STEPS))
        self.start = np.tanh(rng.normal(0, scale, (BATCH, HIDDENS)))

    def states(self, X, H=None):
        """Return the hidden states of all steps: (steps, batch, hiddens)."""
        H, found = np.zeros((len(X), HIDDENS)) if H is None else H, []
        for tokens in X.T:
            x = {k: self.W_x[k][tokens] + self.b_x[k] for k in "rzn"}
            h = {k: H @ self.W_h[k] + self.b_h[k] for k in "rzn"}
            r, z = sigmoid(x["r"] + h["r"]), sigmoid(x["z"] + h["z"])
            H = z * H + (1 - z) * np.tanh(x["n"] + r * h["n"])
            found.append(H)
        return np.array(found)

    outputs = states

    def values(self, tab):
        """Return the parameters in the order and the form of a framework."""

        def beside(parts, order="rzn"):
            return np.concatenate([parts[k] for k in order], -1)

        if tab == "jax":  # Sorted by name, and one bias for each gate
            b = {k: self.b_x[k] + (0 if k == "n" else self.b_h[k]) for k in "rzn"}
            return [self.b_q, self.W_hq, self.b_h["n"], *(self.W_h[k] for k in "nrz"),
                    b["n"], self.W_x["n"], b["r"], self.W_x["r"], b["z"], self.W_x["z"]]  # fmt: skip
        if tab == "tensorflow":
            biases = np.stack([beside(self.b_x, "zrn"), beside(self.b_h, "zrn")])
            return [beside(self.W_x, "zrn"), beside(self.W_h, "zrn"), biases, self.W_hq, self.b_q]
        both = [beside(self.W_x).T, beside(self.W_h).T, beside(self.b_x), beside(self.b_h)]
        return [*both, self.W_hq.T, self.b_q]

    def scratch_values(self):
        """Return the parameters of our layer, by name."""
        b = [self.b_x["r"] + self.b_h["r"], self.b_x["z"] + self.b_h["z"], self.b_x["n"]]
        return {
            "W_x": np.concatenate([self.W_x[k] for k in "rzn"], 1),
            "W_h": np.concatenate([self.W_h[k] for k in "rzn"], 1),
            "b_x": np.concatenate(b), "b_hh": self.b_h["n"],
        }  # fmt: skip


class Model(LanguageModel):
    """`RNNLM` with `GRU` in one framework, with the reference's weights."""

    def __init__(self, d2l, tab, numpy_of, ref):
        d2l.set_seed(0)
        model = d2l.RNNLM(d2l.GRU(VOCAB, HIDDENS), VOCAB, lr=0.5)
        super().__init__(d2l, tab, numpy_of, model, ref)
        self.Y = self.tokens(ref.Y)
        self.put(ref.values(tab))


@pytest.fixture
def ref():
    return Reference()


@pytest.fixture
def it(d2l, tab, numpy_of, ref):
    return Model(d2l, tab, numpy_of, ref)


def our_layer(d2l, tab, ref):
    """Return a function that is our layer with the reference's weights."""
    layer = d2l.GRUScratch(VOCAB, HIDDENS)
    values = {k: d2l.tensor(v.tolist(), dtype=d2l.float32) for k, v in ref.scratch_values().items()}
    if tab == "jax":
        return lambda *inputs: layer.apply({"params": values}, *inputs)
    for name, value in values.items():
        if tab == "pytorch":
            getattr(layer, name).data = value
        elif tab == "tensorflow":
            getattr(layer, name).assign(value)
        else:
            setattr(layer, name, value)
    return layer


def test_our_layer_returns_the_states_of_all_steps_and_the_last(d2l, tab, numpy_of, ref):
    inputs = d2l.tensor(np.eye(VOCAB)[ref.X.T].tolist(), dtype=d2l.float32)
    outputs, last = our_layer(d2l, tab, ref)(inputs)
    d2l.check_len(outputs, STEPS)
    d2l.check_shape(last, (BATCH, HIDDENS))
    np.testing.assert_allclose([numpy_of(H) for H in outputs], ref.states(ref.X), **CLOSE)
    np.testing.assert_allclose(numpy_of(last), ref.states(ref.X)[-1], **CLOSE)


def test_our_layer_goes_on_from_a_given_state(d2l, tab, numpy_of, ref):
    inputs = d2l.tensor(np.eye(VOCAB)[ref.X.T].tolist(), dtype=d2l.float32)
    start = d2l.tensor(ref.start.tolist(), dtype=d2l.float32)
    outputs, _ = our_layer(d2l, tab, ref)(inputs, start)
    np.testing.assert_allclose([numpy_of(H) for H in outputs], ref.states(ref.X, ref.start), **CLOSE)


def test_the_frameworks_layer_resets_behind_the_product_with_two_biases(it, ref):
    outputs, state = it.layer(ref.X)
    it.d2l.check_shape(outputs, (STEPS, BATCH, HIDDENS))
    np.testing.assert_allclose(it.array(outputs), ref.states(ref.X), **CLOSE)
    last = state[0] if isinstance(state, list) else state
    np.testing.assert_allclose(it.array(last).reshape(BATCH, HIDDENS), ref.states(ref.X)[-1], **CLOSE)


def test_the_state_that_a_call_returns_is_one_that_the_next_takes(it, ref):
    outputs, _ = it.layer(ref.X, it.state(ref.start))
    np.testing.assert_allclose(it.array(outputs), ref.states(ref.X, ref.start), **CLOSE)
    _, state = it.layer(ref.X[:, :3])
    rest, _ = it.layer(ref.X[:, 3:], state)
    np.testing.assert_allclose(it.array(rest), ref.states(ref.X)[3:], **CLOSE)


def test_the_models_scores_are_those_of_the_reference(it, ref):
    np.testing.assert_allclose(it.scores(it.X), ref.scores(ref.X), **CLOSE)


@pytest.mark.parametrize("name", ["GRU", "GRUScratch"])
def test_training_lowers_the_loss(d2l, name, it):
    perplexities = []
    for epochs in (0, 1, 5):
        d2l.set_seed(0)
        model = d2l.RNNLM(getattr(d2l, name)(VOCAB, HIDDENS), VOCAB, lr=0.5)
        perplexities.append(trained(d2l, model, (it.X, it.Y), epochs))
    assert perplexities == sorted(perplexities, reverse=True)
    assert perplexities[-1] < perplexities[0] < math.inf


@pytest.mark.parametrize("prefix", ["a", "abca"])
def test_predict_continues_what_the_whole_prefix_suggests(d2l, tab, numpy_of, prefix):
    vocab, ref = d2l.Vocab(list("aaaabbbccd")), Reference(scale=1.5)
    it = Model(d2l, tab, numpy_of, ref)
    assert it.predict(prefix, 6, vocab) == ref.predict(prefix, 6, vocab)


def test_our_layer_predicts_and_reads_the_outputs_of_another(d2l, tab, it):
    vocab = d2l.Vocab(list("aaaabbbccd"))
    model = d2l.RNNLMScratch(d2l.GRUScratch(VOCAB, HIDDENS), VOCAB)
    arguments = (model.init(d2l.get_key(), it.X)["params"],) if tab == "jax" else ()
    text = model.predict("ab", 4, vocab, *arguments)
    assert text.startswith("ab") and len("".join(text).replace("<unk>", "?")) == 6
    above = d2l.GRUScratch(HIDDENS, 2)
    outputs = [d2l.ones((BATCH, HIDDENS))] * STEPS
    if tab == "jax":
        (states, _), _ = above.init_with_output(d2l.get_key(), outputs)
    else:
        states, _ = above(outputs)
    d2l.check_len(states, STEPS)
    d2l.check_shape(states[0], (BATCH, 2))

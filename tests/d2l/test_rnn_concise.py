"""The ready-made recurrent layer and the language model with it compute the same as NumPy.

The reference is written for this test alone, in double precision. The weights go in by `Steps`, whose
arrays have the order and the form of each framework.
"""

# ruff: noqa: N803, N806 (matrices have capital letters, as in the book)

import math

import numpy as np
import pytest
from recurrent import BATCH, CLOSE, HIDDENS, STEPS, VOCAB, LanguageModel, trained
from recurrent import Reference as OutputLayer


class Reference(OutputLayer):
    """An RNN language model in NumPy."""

    def __init__(self, scale=0.5):
        rng = np.random.default_rng(5)
        self.W_xh, self.W_hh, self.b_h, self.W_hq, self.b_q = (
            rng.normal(0, scale, shape)
            for shape in ((VOCAB, HIDDENS), (HIDDENS, HIDDENS), HIDDENS, (HIDDENS, VOCAB), VOCAB)
        )
        self.X, self.Y = rng.integers(0, VOCAB, (2, BATCH, STEPS))
        self.start = rng.normal(0, scale, (BATCH, HIDDENS))

    def states(self, X, H=None):
        """Return the hidden states of all steps: (steps, batch, hiddens)."""
        H, found = np.zeros((len(X), HIDDENS)) if H is None else H, []
        for tokens in X.T:
            H = np.tanh(self.W_xh[tokens] + H @ self.W_hh + self.b_h)
            found.append(H)
        return np.array(found)

    outputs = states


class Model(LanguageModel):
    """`RNNLM` with `RNN` in one framework, with the reference's weights."""

    def __init__(self, d2l, tab, numpy_of, ref):
        d2l.set_seed(0)
        model = d2l.RNNLM(d2l.RNN(VOCAB, HIDDENS), VOCAB, lr=0.5)
        super().__init__(d2l, tab, numpy_of, model, ref)
        self.Y = self.tokens(ref.Y)
        values = [ref.W_xh, ref.W_hh, ref.b_h, ref.W_hq, ref.b_q]
        if tab == "jax":
            values = [ref.b_q, ref.W_hq, ref.W_hh, ref.b_h, ref.W_xh]
        elif tab != "tensorflow":  # Two biases, and the outputs first
            values = [ref.W_xh.T, ref.W_hh.T, 0.25 * ref.b_h, 0.75 * ref.b_h, ref.W_hq.T, ref.b_q]
        self.put(values)


@pytest.fixture
def ref():
    return Reference()


@pytest.fixture
def it(d2l, tab, numpy_of, ref):
    return Model(d2l, tab, numpy_of, ref)


def test_the_layer_returns_the_states_of_all_steps_and_the_last(it, ref):
    outputs, state = it.layer(ref.X)
    it.d2l.check_shape(outputs, (STEPS, BATCH, HIDDENS))
    np.testing.assert_allclose(it.array(outputs), ref.states(ref.X), **CLOSE)
    last = state[0] if isinstance(state, list) else state
    np.testing.assert_allclose(it.array(last).reshape(BATCH, HIDDENS), ref.states(ref.X)[-1], **CLOSE)


def test_the_layer_goes_on_from_a_given_state(it, ref):
    outputs, _ = it.layer(ref.X, it.state(ref.start))
    np.testing.assert_allclose(it.array(outputs), ref.states(ref.X, ref.start), **CLOSE)


def test_the_state_that_a_call_returns_is_one_that_the_next_takes(it, ref):
    _, state = it.layer(ref.X[:, :3])
    rest, _ = it.layer(ref.X[:, 3:], state)
    np.testing.assert_allclose(it.array(rest), ref.states(ref.X)[3:], **CLOSE)


def test_the_models_scores_are_those_of_the_reference(it, ref):
    scores = it.scores(it.X)
    assert scores.shape == (BATCH, STEPS, VOCAB)
    np.testing.assert_allclose(scores, ref.scores(ref.X), **CLOSE)
    np.testing.assert_allclose(it.scores(it.X, it.state(ref.start)), ref.scores(ref.X, ref.start), **CLOSE)


def test_a_layer_with_two_biases_moves_their_sum_twice_as_far(it):
    _, before, grads = it.steps.descend((it.X, it.Y), 0.1)
    biases = [k for k, p in enumerate(before) if p.shape == (HIDDENS,)]
    assert len(biases) == (2 if it.tab in ("pytorch", "mxnet") else 1)
    moved = sum(it.steps.get()[k] - before[k] for k in biases)
    np.testing.assert_allclose(moved, -0.1 * len(biases) * grads[biases[0]], **CLOSE)


def test_the_model_takes_our_own_layer_as_well(d2l, tab, numpy_of, ref, it):
    d2l.set_seed(0)
    model = d2l.RNNLM(d2l.RNNScratch(VOCAB, HIDDENS), VOCAB)
    if tab == "jax":
        scores, _ = model.init_with_output(d2l.get_key(), it.X)
    else:
        scores = model(it.X)
    d2l.check_shape(scores, (BATCH, STEPS, VOCAB))


def test_a_step_of_training_lowers_the_loss(it):
    perplexities = [trained(it.d2l, it.model, (it.X, it.Y), epochs) for epochs in (0, 1, 5)]
    assert perplexities == sorted(perplexities, reverse=True)
    assert perplexities[-1] < perplexities[0] < math.inf


@pytest.mark.parametrize("prefix", ["a", "abca"])
def test_predict_continues_what_the_whole_prefix_suggests(d2l, tab, numpy_of, prefix):
    vocab, ref = d2l.Vocab(list("aaaabbbccd")), Reference(scale=1.5)
    it = Model(d2l, tab, numpy_of, ref)
    assert it.predict(prefix, 6, vocab) == ref.predict(prefix, 6, vocab)

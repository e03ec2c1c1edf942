"""Stacked recurrent layers from scratch compute the same as NumPy, alone and inside a language model.

The reference is written for this test alone, in double precision, and goes column by column where the
library goes row by row. The weights go in by `Steps` where it knows them.
"""

# ruff: noqa: N803, N806 (matrices have capital letters, as in the book)

import numpy as np
import pytest
from recurrent import BATCH, CLOSE, HIDDENS, STEPS, VOCAB, LanguageModel
from recurrent import Reference as OutputLayer

LAYERS = 3


class Reference(OutputLayer):
    """A language model with three recurrent layers in NumPy."""

    def __init__(self, scale=0.5):
        rng = np.random.default_rng(7)
        self.layers = [
            tuple(rng.normal(0, scale, shape) for shape in ((d, HIDDENS), (HIDDENS, HIDDENS), HIDDENS))
            for d in (VOCAB, *[HIDDENS] * (LAYERS - 1))
        ]
        self.W_hq, self.b_q = rng.normal(0, scale, (HIDDENS, VOCAB)), rng.normal(0, scale, VOCAB)
        self.X = rng.integers(0, VOCAB, (BATCH, STEPS))
        self.start = rng.normal(0, scale, (LAYERS, BATCH, HIDDENS))

    def states(self, X, Hs=None):
        """Return the states of all steps and layers: (steps, layers, batch, hiddens)."""
        Hs, found = np.zeros((LAYERS, len(X), HIDDENS)) if Hs is None else Hs.copy(), []
        for tokens in X.T:
            below = np.eye(VOCAB)[tokens]
            for k, (W_xh, W_hh, b_h) in enumerate(self.layers):
                below = Hs[k] = np.tanh(below @ W_xh + Hs[k] @ W_hh + b_h)
            found.append(Hs.copy())
        return np.array(found)

    def outputs(self, X, Hs=None):
        return self.states(X, Hs)[:, -1]


class Model(LanguageModel):
    """`RNNLMScratch` with `StackedRNNScratch` in one framework, with the reference's weights."""

    def __init__(self, d2l, tab, numpy_of, ref):
        d2l.set_seed(0)
        stack = d2l.StackedRNNScratch(VOCAB, HIDDENS, LAYERS)
        super().__init__(d2l, tab, numpy_of, d2l.RNNLMScratch(stack, VOCAB, lr=0.5), ref)
        rows = {"W_xh": 0, "W_hh": 1, "b_h": 2}
        layers = [array for layer in ref.layers for array in layer]
        if tab == "jax":  # By name: W_hh, W_xh, b_h
            layers = [layer[rows[name]] for layer in ref.layers for name in sorted(rows)]
        values = [*layers, ref.W_hq, ref.b_q]
        # `Steps` knows Gluon's parameters only, and these are plain arrays
        arrays = self.model.get_scratch_params() if tab == "mxnet" else self.steps.get()
        shapes = [p.shape for p in arrays]
        if shapes != [value.shape for value in values]:  # The output layer comes first
            values = [*values[-2:], *values[:-2]]
        assert shapes == [value.shape for value in values]
        if tab == "mxnet":
            for array, value in zip(arrays, values, strict=True):
                array[:] = self.floats(value)
        else:
            self.put(values)


@pytest.fixture
def ref():
    return Reference()


@pytest.fixture
def it(d2l, tab, numpy_of, ref):
    return Model(d2l, tab, numpy_of, ref)


def test_the_stack_returns_the_top_layers_states_and_the_last_of_each_layer(it, ref):
    outputs, Hs = it.layer(ref.X)
    expected = ref.states(ref.X)
    np.testing.assert_allclose([it.array(H) for H in outputs], expected[:, -1], **CLOSE)
    np.testing.assert_allclose([it.array(H) for H in Hs], expected[-1], **CLOSE)


def test_the_stack_goes_on_from_given_states_and_leaves_their_list_alone(it, ref):
    given = [it.floats(H) for H in ref.start]
    before = list(given)
    outputs, _ = it.layer(ref.X, given)
    np.testing.assert_allclose([it.array(H) for H in outputs], ref.states(ref.X, ref.start)[:, -1], **CLOSE)
    assert all(a is b for a, b in zip(given, before, strict=True))


def test_the_states_that_a_call_returns_are_those_that_the_next_takes(it, ref):
    _, Hs = it.layer(ref.X[:, :3])
    rest, _ = it.layer(ref.X[:, 3:], Hs)
    np.testing.assert_allclose([it.array(H) for H in rest], ref.states(ref.X)[3:, -1], **CLOSE)


def test_a_language_model_takes_the_stack(it, ref):
    np.testing.assert_allclose(it.scores(it.X), ref.scores(ref.X), **CLOSE)


def test_the_language_model_writes_with_the_states_of_all_layers(d2l, it, ref):
    vocab = d2l.Vocab(list("abcd"))
    assert len(vocab) == VOCAB
    assert it.predict("abca", 8, vocab) == ref.predict("abca", 8, vocab)

"""Bidirectional recurrent layers from scratch compute the same as NumPy, alone and inside a language model.

The reference is written for this test alone, in double precision, and reads every sequence twice.
"""

# ruff: noqa: N806 (matrices have capital letters, as in the book)

import math

import numpy as np
import pytest
from recurrent import BATCH, CLOSE, HIDDENS, STEPS, VOCAB, trained

WAYS = ("f_rnn", "b_rnn")
SHAPES = {"W_xh": (VOCAB, HIDDENS), "W_hh": (HIDDENS, HIDDENS), "b_h": (HIDDENS,)}


@pytest.fixture
def rng():
    return np.random.default_rng(7)


@pytest.fixture
def tokens(rng):
    return rng.integers(0, VOCAB, (STEPS, BATCH))


def our_layer(d2l, tab, floats, weights):
    """Return a function that is our layer with the weights of both directions."""
    layer = d2l.BiRNNScratch(VOCAB, HIDDENS)
    values = {way: {k: floats(v) for k, v in weights[way].items()} for way in WAYS}
    if tab == "jax":
        return lambda *inputs: layer.apply({"params": values}, *inputs)
    for way in WAYS:
        for name, value in values[way].items():
            if tab == "pytorch":
                getattr(layer, way).get_parameter(name).data = value
            elif tab == "tensorflow":
                getattr(getattr(layer, way), name).assign(value)
            else:
                setattr(getattr(layer, way), name, value)
    return layer


@pytest.fixture
def weights(rng):
    return {way: {k: rng.normal(0, 0.5, shape) for k, shape in SHAPES.items()} for way in WAYS}


@pytest.fixture
def ours(d2l, tab, floats, weights):
    return our_layer(d2l, tab, floats, weights)


def expected(weights, inputs, starts=None):
    """Return both directions' states side by side, (steps, batch, 2 * hiddens), and the last of each."""
    found, starts = [], np.zeros((2, BATCH, HIDDENS)) if starts is None else starts
    for name, way, H in zip(WAYS, (1, -1), starts, strict=True):
        w, states = weights[name], []
        for X in inputs[::way]:
            H = np.tanh(X @ w["W_xh"] + H @ w["W_hh"] + w["b_h"])
            states.append(H)
        found.append(np.array(states)[::way])
    return np.concatenate(found, -1), (found[0][-1], found[1][0])


def same(numpy_of, found, outputs, last):
    np.testing.assert_allclose([numpy_of(H) for H in found[0]], outputs, **CLOSE)
    for H, wanted in zip(found[1], last, strict=True):
        np.testing.assert_allclose(numpy_of(H), wanted, **CLOSE)


@pytest.mark.parametrize("form", ["one-hot", "indices", "a list"])
def test_our_layer_returns_the_states_of_both_directions(floats, ids, numpy_of, form, ours, weights, tokens):
    one_hot = np.eye(VOCAB)[tokens]
    inputs = ids(tokens) if form == "indices" else floats(one_hot)
    if form == "a list":  # The outputs of another layer
        inputs = [floats(X) for X in one_hot]
    same(numpy_of, ours(inputs), *expected(weights, one_hot))


def test_our_layer_goes_on_from_given_states(floats, numpy_of, rng, ours, weights, tokens):
    one_hot, starts = np.eye(VOCAB)[tokens], rng.normal(0, 0.5, (2, BATCH, HIDDENS))
    found = ours(floats(one_hot), [floats(H) for H in starts])
    same(numpy_of, found, *expected(weights, one_hot, starts))


def test_one_bidirectional_layer_reads_the_outputs_of_another(d2l, tab, floats, tokens):
    d2l.set_seed(0)
    inputs = floats(np.eye(VOCAB)[tokens])
    layers = [d2l.BiRNNScratch(VOCAB, HIDDENS), d2l.BiRNNScratch(2 * HIDDENS, 2)]
    for layer in layers:
        if tab == "jax":
            (inputs, _), _ = layer.init_with_output(d2l.get_key(), inputs)
        else:
            inputs, _ = layer(inputs)
    d2l.check_len(inputs, STEPS)
    d2l.check_shape(inputs[0], (BATCH, 4))


def test_the_attribute_is_the_width_of_the_outputs_in_a_copy_too(d2l, tab):
    layer = d2l.BiRNNScratch(VOCAB, HIDDENS)
    assert layer.num_hiddens == 2 * HIDDENS
    if tab == "jax":
        assert layer.clone().num_hiddens == 2 * HIDDENS
        assert layer.clone() == layer


def test_a_model_takes_it_and_learns(d2l, ids, tokens):
    X, Y = [ids(a.T) for a in (tokens, tokens[::-1])]
    perplexities = []
    for epochs in (0, 1, 5):
        d2l.set_seed(0)
        layer = d2l.BiRNNScratch(VOCAB, HIDDENS, sigma=0.1)
        model = d2l.RNNLMScratch(layer, VOCAB, lr=0.5)
        perplexities.append(trained(d2l, model, (X, Y), epochs))
    assert perplexities == sorted(perplexities, reverse=True)
    assert perplexities[-1] < perplexities[0] < math.inf

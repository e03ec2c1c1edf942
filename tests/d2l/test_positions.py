"""Positions by sines and cosines and by turning are what NumPy says, with complex numbers.

The references are written for these tests alone, in double precision.
"""

# ruff: noqa: N802, N803, N806 (matrices have capital letters, as in the book)

import numpy as np
import pytest

BATCH, STEPS, HIDDENS = 3, 7, 8
CLOSE = {"rtol": 0, "atol": 1e-5}


def frequencies(d):
    return np.exp(-np.log(10000) * np.arange(0, d, 2) / d)


def hands(positions, d):
    """Return a complex number of length 1 for each position and each frequency."""
    return np.exp(1j * np.outer(positions, frequencies(d)))


def turned(X, start=0):
    """Return X with each pair of neighbors as a complex number times the hand of its position."""
    steps, d = X.shape[-2:]
    Z = (X[..., 0::2] + 1j * X[..., 1::2]) * hands(np.arange(steps) + start, d)
    return np.stack([Z.real, Z.imag], -1).reshape(X.shape)


@pytest.fixture
def X():
    return np.random.default_rng(3).standard_normal((BATCH, STEPS, HIDDENS))


@pytest.fixture
def encoded(d2l, tab, floats, numpy_of):
    """A function that applies `PositionalEncoding` to an array, in training or not."""

    def apply(X, *arguments, training=False, **options):
        layer, X = d2l.PositionalEncoding(X.shape[-1], *arguments, **options), floats(X)
        if tab == "jax":
            rngs = {"dropout": d2l.get_key()} if training else None
            return numpy_of(layer.apply({}, X, training=training, rngs=rngs))
        if tab == "pytorch":
            return numpy_of(layer.train(training)(X))
        if tab == "tensorflow":
            return numpy_of(layer(X, training=training))
        autograd = __import__("mxnet").autograd
        with autograd.record(train_mode=training):
            return numpy_of(layer(X))

    return apply


@pytest.mark.parametrize(("positions", "d"), [(1, 2), (5, 2), (60, 32), (3, 512)])
def test_the_table_has_sines_and_cosines_in_turns(d2l, numpy_of, positions, d):
    table = numpy_of(d2l.position_table(positions, d))
    assert table.shape == (positions, d)
    expected = hands(np.arange(positions), d)
    np.testing.assert_allclose(table[:, 0::2], expected.imag, **CLOSE)
    np.testing.assert_allclose(table[:, 1::2], expected.real, **CLOSE)


def test_a_table_with_an_odd_number_of_columns_is_refused(d2l):
    with pytest.raises(AssertionError, match="a sine and a cosine"):
        d2l.position_table(4, 5)


def test_an_encoding_adds_the_first_rows_of_the_table_to_each_sequence(encoded, numpy_of, d2l, X):
    P = numpy_of(d2l.position_table(STEPS, HIDDENS))
    np.testing.assert_allclose(encoded(X, 0), X + P, **CLOSE)
    np.testing.assert_allclose(encoded(X[:, :2], 0), X[:, :2] + P[:2], **CLOSE)


def test_an_encoding_drops_numbers_in_training_alone(encoded, d2l, X):
    d2l.set_seed(0)
    full = encoded(X, 0)
    np.testing.assert_allclose(encoded(X, 0.5), full, **CLOSE)
    dropped = encoded(X, 0.5, training=True)
    kept = dropped != 0
    assert 0.25 < kept.mean() < 0.75
    np.testing.assert_allclose(dropped[kept], 2 * full[kept], **CLOSE)


def test_an_encoding_reads_sequences_up_to_its_longest(encoded, X):
    expected = encoded(X, 0)
    np.testing.assert_allclose(encoded(X, 0, max_len=STEPS), expected, **CLOSE)
    with pytest.raises(Exception):  # noqa: B017 (each framework has its own)
        encoded(X, 0, max_len=STEPS - 2)


def test_an_encoding_has_no_parameters(d2l, tab, floats, X):
    layer = d2l.PositionalEncoding(HIDDENS, 0.1)
    if tab == "jax":
        parameters = layer.init(d2l.get_key(), floats(X))
    elif tab == "pytorch":
        parameters = list(layer.parameters())
    elif tab == "tensorflow":
        layer(floats(X))
        parameters = layer.trainable_variables
    else:
        parameters = layer.collect_params()
    assert not list(parameters)


@pytest.mark.parametrize("shape", [(STEPS, 2), (BATCH, STEPS, HIDDENS), (2, BATCH, STEPS, 32), (1, 1, 4)])
@pytest.mark.parametrize("start", [0, 3, 200])
def test_rotary_multiplies_pairs_of_neighbors_by_complex_numbers(d2l, floats, numpy_of, shape, start):
    X = np.random.default_rng(5).standard_normal(shape)
    found = numpy_of(d2l.rotary(floats(X), start))
    assert found.shape == shape
    np.testing.assert_allclose(found, turned(X, start), rtol=0, atol=1e-4 if start > 100 else 1e-5)


def test_rotary_keeps_lengths_and_the_first_position(d2l, floats, numpy_of, X):
    found = numpy_of(d2l.rotary(floats(X)))
    np.testing.assert_allclose(found[:, 0], X[:, 0], **CLOSE)
    np.testing.assert_allclose(np.linalg.norm(found, axis=-1), np.linalg.norm(X, axis=-1), **CLOSE)


def test_scores_of_turned_rows_depend_on_the_difference_of_positions(d2l, floats, numpy_of, X):
    Q, K = (np.repeat(X[0, i][None], STEPS, 0) for i in (0, 1))
    for start in (0, 40):
        scores = numpy_of(d2l.rotary(floats(Q), start)) @ numpy_of(d2l.rotary(floats(K), start)).T
        for t in range(STEPS):
            for s in range(STEPS):
                a, b = Q[0, 0::2] + 1j * Q[0, 1::2], K[0, 0::2] + 1j * K[0, 1::2]
                expected = (a * b.conj() * hands([t - s], HIDDENS)[0]).sum().real
                assert scores[t, s] == pytest.approx(expected, abs=1e-4)


def test_a_sequence_in_two_parts_is_turned_like_the_whole(d2l, floats, numpy_of, X):
    whole = numpy_of(d2l.rotary(floats(X)))
    parts = [d2l.rotary(floats(X[:, :4])), d2l.rotary(floats(X[:, 4:]), start=4)]
    np.testing.assert_allclose(np.concatenate([numpy_of(p) for p in parts], 1), whole, **CLOSE)


def test_a_start_may_be_a_tensor_and_the_function_compiled(d2l, tab, floats, numpy_of, X):
    start, rotary = 4, d2l.rotary
    if tab == "jax":
        rotary, start = __import__("jax").jit(rotary), d2l.tensor(4)
    if tab == "tensorflow":
        rotary, start = __import__("tensorflow").function(rotary), d2l.tensor(4)
    np.testing.assert_allclose(numpy_of(rotary(floats(X), start)), turned(X, 4), **CLOSE)


def test_rotary_keeps_the_number_format(d2l, tab, floats, X):
    half = floats(X).half() if tab == "pytorch" else d2l.astype(floats(X), "float16")
    assert d2l.rotary(half).dtype == half.dtype

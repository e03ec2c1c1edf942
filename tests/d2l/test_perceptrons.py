"""The multilayer perceptron and training by hand agree with NumPy."""

# ruff: noqa: N803, N806 (matrices have capital letters, as in the book)

import numpy as np
import pytest

INPUTS, HIDDENS, CLASSES, LR = (2, 3, 2), 5, 3, 0.3
CLOSE = {"rtol": 0, "atol": 2e-5}


@pytest.fixture
def examples():
    rng = np.random.default_rng(0)
    return rng.normal(size=(7, *INPUTS)).astype("float32"), rng.integers(0, CLASSES, 7)


@pytest.fixture
def weights():
    """W1, b1, W2 and b2, as the book writes them: inputs come first."""
    rng = np.random.default_rng(1)
    shapes = (np.prod(INPUTS), HIDDENS), (HIDDENS,), (HIDDENS, CLASSES), (CLASSES,)
    return [rng.normal(size=shape).astype("float32") for shape in shapes]


class Hand:
    """`Steps` of an MLP whose parameters are in the book's order, whatever that of the framework is."""

    def __init__(self, d2l, tab, X, Y):
        integer = d2l.int64 if tab == "pytorch" else d2l.int32
        self.batch = d2l.tensor(X.tolist()), d2l.tensor(Y.tolist(), dtype=integer)
        self.model = d2l.MLP(num_outputs=CLASSES, num_hiddens=HIDDENS, lr=LR)
        self.steps = d2l.Steps(self.model, self.batch[0])
        self.turned = tab in ("pytorch", "mxnet")  # Outputs come first there
        self.order = (1, 0, 3, 2) if tab == "jax" else (0, 1, 2, 3)  # By name: the bias first

    def book(self, arrays):
        arrays = [arrays[i] for i in self.order]
        return [a.T if self.turned else a for a in arrays]

    def framework(self, arrays):
        arrays = [arrays[i] for i in self.order]  # It is its own inverse
        return [np.ascontiguousarray(a.T) if self.turned else a for a in arrays]


@pytest.fixture
def hand(d2l, tab, examples, weights):
    found = Hand(d2l, tab, *examples)
    found.steps.set(found.framework(weights))
    return found


def outputs(X, W1, b1, W2, b2):
    return np.maximum(X.reshape(len(X), -1) @ W1 + b1, 0) @ W2 + b2


def loss_of(weights, X, Y):
    logits = outputs(X, *weights)
    shifted = logits - logits.max(1, keepdims=True)
    return -(shifted - np.log(np.exp(shifted).sum(1, keepdims=True)))[np.arange(len(Y)), Y].mean()


def slopes(weights, X, Y, h=1e-5):
    """Return central differences in 64 bits."""
    weights, found = [w.astype("float64") for w in weights], []
    for weight in weights:
        slope = np.empty_like(weight)
        for place in np.ndindex(weight.shape):
            value, losses = weight[place], []
            for step in (h, -h):
                weight[place] = value + step
                losses.append(loss_of(weights, X, Y))
            weight[place] = value
            slope[place] = (losses[0] - losses[1]) / (2 * h)
        found.append(slope)
    return found


def test_parameters_come_back_as_they_were_set(hand, weights):
    for found, expected in zip(hand.book(hand.steps.get()), weights, strict=True):
        np.testing.assert_array_equal(found, expected)


def test_the_mlp_returns_logits(hand, tab, numpy_of, examples, weights):
    X, model = hand.batch[0], hand.model
    found = model.apply({"params": hand.steps.state.params}, X) if tab == "jax" else model(X)
    np.testing.assert_allclose(numpy_of(found), outputs(examples[0], *weights), **CLOSE)


def test_gradients_are_those_of_the_loss(hand, examples, weights):
    loss, grads = hand.steps.gradient(*hand.batch)
    assert loss == pytest.approx(loss_of(weights, *examples), abs=1e-5)
    for found, expected in zip(hand.book(grads), slopes(weights, *examples), strict=True):
        np.testing.assert_allclose(found, expected, **CLOSE)


def test_gradients_are_not_added_up(hand):
    first, again = (hand.steps.gradient(*hand.batch)[1] for _ in range(2))
    for a, b in zip(first, again, strict=True):
        np.testing.assert_array_equal(a, b)


def test_a_step_goes_against_the_gradient_and_returns_what_was_before(hand, examples, weights):
    loss, params, grads = hand.steps.descend(hand.batch, lr=0.5)
    assert loss == pytest.approx(loss_of(weights, *examples), abs=1e-5)
    for found, expected in zip(hand.book(params), weights, strict=True):
        np.testing.assert_array_equal(found, expected)
    new = hand.book(hand.steps.get())
    for found, old, grad in zip(new, weights, hand.book(grads), strict=True):
        np.testing.assert_allclose(found, old - 0.5 * grad, **CLOSE)
    assert hand.steps.gradient(*hand.batch)[0] < loss

"""Linear regression made of a framework's layer: the same model as from scratch."""

# ruff: noqa: N806 (matrices have capital letters, as in the book)

import numpy as np
import pytest


@pytest.fixture
def trained(d2l):
    """A trainer that has trained the model on examples of a known function."""
    d2l.set_seed(0)
    data = d2l.SyntheticRegressionData(w=d2l.tensor([2.0, -3.4]), b=4.2, num_train=200, num_val=50)
    model = d2l.LinearRegression(lr=0.5)
    model.board.display = False
    trainer = d2l.Trainer(max_epochs=5)
    trainer.fit(model, data)
    return trainer, data


def weights(tab, trainer, numpy_of):
    w, b = trainer.model.get_w_b(*([trainer.state] if tab == "jax" else []))
    return numpy_of(w).reshape(2, 1), numpy_of(b)


def test_it_finds_the_weights(tab, trained, numpy_of):
    w, b = weights(tab, trained[0], numpy_of)
    np.testing.assert_allclose(w[:, 0], [2, -3.4], atol=0.02)
    np.testing.assert_allclose(b, [4.2], atol=0.02)


def test_the_loss_is_half_the_mean_squared_error(d2l, tab, trained, numpy_of):
    """In two frameworks the built-in loss has the half, in two it has not."""
    trainer, data = trained
    w, b = weights(tab, trainer, numpy_of)
    X, y = data.X[:7], data.y[:7] + 1.0
    if tab == "jax":
        loss = trainer.model.loss(trainer.state.params, (X,), y, trainer.state)
    else:
        loss = trainer.model.loss(trainer.model(X), y)
    expected = ((numpy_of(X) @ w + b - numpy_of(y)) ** 2).mean() / 2
    np.testing.assert_allclose(numpy_of(loss), expected, rtol=1e-5)


def test_weights_start_small_and_the_bias_at_zero(d2l, tab, numpy_of):
    """PyTorch's own start would be up to 1 / sqrt(num_inputs)."""
    d2l.set_seed(0)
    model, X = d2l.LinearRegression(lr=0.1), d2l.ones((1, 500))
    if tab == "jax":
        net = model.init(d2l.get_key(), X)["params"]["net"]
        w, b = net["kernel"], net["bias"]
    else:
        model(X)
        w, b = model.get_w_b()
    assert 0.008 < numpy_of(w).std() < 0.012
    assert numpy_of(b).tolist() == [0]

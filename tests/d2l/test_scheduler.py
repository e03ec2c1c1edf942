"""The schedule for learning rates: its values against NumPy, and that a trainer really uses them."""

import numpy as np
import pytest
from affine import Fixed

SCHEDULES = [
    {"max_update": 10, "base_lr": 0.4, "final_lr": 0.05, "warmup_steps": 3, "warmup_begin_lr": 0.1},
    {"max_update": 10, "base_lr": 0.4, "warmup_steps": 2},
    {"max_update": 10, "base_lr": 0.4, "final_lr": 0.1},
    {"max_update": 1, "base_lr": 0.5},
    {"max_update": 4, "base_lr": 0.5, "warmup_steps": 3},
    {"max_update": 7},
]


def expected(num, max_update, base_lr=0.01, final_lr=0.0, warmup_steps=0, warmup_begin_lr=0.0):
    """Return the rates of so many updates, computed with NumPy."""
    t = np.arange(num)
    line = np.interp(t, [0, max(warmup_steps, 1)], [warmup_begin_lr, base_lr])
    angle = np.pi * np.clip((t - warmup_steps) / (max_update - warmup_steps), 0, 1)
    wave = final_lr + (base_lr - final_lr) * (1 + np.cos(angle)) / 2
    return np.where(t < warmup_steps, line, wave)


@pytest.mark.parametrize("settings", SCHEDULES)
def test_values_and_edges(d2l, settings):
    """From update 0 over the end of warm-up to updates beyond the last."""
    schedule = d2l.CosineScheduler(**settings)
    values = [float(schedule(t)) for t in range(15)]
    np.testing.assert_allclose(values, expected(15, **settings), rtol=1e-5, atol=1e-7)


def test_calls_do_not_depend_on_each_other(d2l):
    schedule = d2l.CosineScheduler(10, 0.4, warmup_steps=2)
    last, first = float(schedule(12)), float(schedule(2))
    assert (last, first) == (0.0, pytest.approx(0.4))


@pytest.mark.parametrize("warmup_steps", [-1, 10, 11])
def test_a_warm_up_must_leave_updates(d2l, warmup_steps):
    with pytest.raises(AssertionError, match="warm-up"):
        d2l.CosineScheduler(10, 0.4, warmup_steps=warmup_steps)


def optimizer(tab, model):
    """Return the framework's SGD with the schedule of a model, as the section makes it."""
    if tab == "pytorch":
        import torch

        sgd = torch.optim.SGD(model.parameters(), lr=1)
        scheduler = torch.optim.lr_scheduler.LambdaLR(sgd, model.lr)
        sgd.register_step_post_hook(lambda *_: scheduler.step())
        return sgd
    if tab == "jax":
        import optax

        return optax.sgd(model.lr)
    if tab == "tensorflow":
        import tensorflow as tf

        return tf.keras.optimizers.SGD(model.lr)
    from mxnet import gluon

    options = {"lr_scheduler": model.lr, "begin_num_update": -1}
    return gluon.Trainer(model.collect_params(), "sgd", options)


@pytest.mark.filterwarnings("error:.*lr_scheduler.step:UserWarning")
@pytest.mark.parametrize("settings", SCHEDULES[:3])
def test_a_trainer_uses_the_rate_of_each_update(d2l, tab, settings):
    """The loss is the bias, so its derivative is 1 and each update lowers it by the rate."""

    class Bias(d2l.LinearRegression):
        def configure_optimizers(self):
            return optimizer(tab, self)

        if tab == "jax":

            def loss(self, params, X, y, state):  # noqa: N803
                return d2l.reduce_mean(state.apply_fn({"params": params}, *X))

        else:

            def loss(self, y_hat, y):
                return d2l.reduce_mean(y_hat)

    zero = d2l.zeros((1, 1))
    model = Bias(d2l.CosineScheduler(**settings))
    model.plot_train_per_epoch = 7
    model.board.display = False
    d2l.Trainer(max_epochs=2).fit(model, Fixed([(zero, zero)] * 7))
    losses = [loss for _, loss in model.board.data["train_loss"]]
    np.testing.assert_allclose(-np.diff(losses), expected(13, **settings), atol=1e-6)


def test_keras_can_save_it_with_an_optimizer(d2l, tab):
    if tab != "tensorflow":
        pytest.skip("only Keras makes schedules from a configuration")
    schedule = d2l.CosineScheduler(**SCHEDULES[0])
    copy = d2l.CosineScheduler.from_config(schedule.get_config())
    assert [float(copy(t)) for t in range(12)] == [float(schedule(t)) for t in range(12)]

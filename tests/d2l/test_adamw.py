"""AdamW: MXNet's from the library and the other frameworks' own take the same steps as NumPy."""

# ruff: noqa: N806 (a class has a capital letter)

import importlib

import numpy as np
import pytest

LR, DECAY = 0.05, 0.2
RANDOM = np.random.RandomState(5)
START = RANDOM.standard_normal(6)
GRADIENTS = RANDOM.standard_normal((8, 6)) * 10.0 ** np.arange(-1, 5)
"""Of eight steps: one of six parameters has gradients a hundred thousand times as large as another."""
CLOSE = {"rtol": 2e-5, "atol": 2e-6}


def adamw(w, gradients, decay):
    m = s = 0
    for t, g in enumerate(gradients, 1):
        m, s = 0.9 * m + 0.1 * g, 0.999 * s + 0.001 * g**2
        w = w - LR * (m / (1 - 0.9**t) / (np.sqrt(s / (1 - 0.999**t)) + 1e-8) + decay * w)
    return w


def pytorch_steps(gradients, decay):
    torch = importlib.import_module("torch")
    w = torch.nn.Parameter(torch.tensor(START, dtype=torch.float32))
    optimizer = torch.optim.AdamW([w], lr=LR, weight_decay=decay)
    for g in gradients:
        w.grad = torch.tensor(g, dtype=torch.float32)
        optimizer.step()
    return w


def jax_steps(gradients, decay):
    jnp, optax = map(importlib.import_module, ("jax.numpy", "optax"))
    w = jnp.array(START)
    optimizer = optax.adamw(LR, weight_decay=decay)
    state = optimizer.init(w)
    for g in gradients:
        updates, state = optimizer.update(jnp.array(g), state, w)
        w = optax.apply_updates(w, updates)
    return w


def tensorflow_steps(gradients, decay):
    tf = importlib.import_module("tensorflow")
    w = tf.Variable(START.astype("float32"))
    optimizer = tf.keras.optimizers.AdamW(LR, weight_decay=decay, epsilon=1e-8)
    for g in gradients:
        optimizer.apply_gradients([(tf.constant(g, tf.float32), w)])
    return w


def mxnet_steps(gradients, decay, optimizer=None, batch_size=1, wd_mult=1, **options):
    """Return a weight after steps of Gluon's trainer, with the library's AdamW or another optimizer."""
    mxnet, d2l = map(importlib.import_module, ("mxnet", "d2l.mxnet"))
    w = mxnet.gluon.Parameter("w", shape=START.shape, wd_mult=wd_mult)
    w.initialize()
    w.set_data(mxnet.np.array(START))
    optimizer = optimizer or d2l.AdamW(learning_rate=LR, wd=decay, **options)
    trainer = mxnet.gluon.Trainer([w], optimizer)
    for g in gradients:
        with mxnet.autograd.record():
            loss = (w.data() * mxnet.np.array(g, dtype="float32")).sum()
        loss.backward()
        trainer.step(batch_size)
    return w.data()


STEPS = {"pytorch": pytorch_steps, "jax": jax_steps, "tensorflow": tensorflow_steps, "mxnet": mxnet_steps}


@pytest.fixture
def only_mxnet(tab, d2l):
    if tab != "mxnet":
        pytest.skip("the library has an AdamW for MXNet alone")


@pytest.mark.parametrize("decay", [0.0, DECAY])
def test_steps_are_those_of_the_reference(tab, d2l, numpy_of, decay):
    expected = adamw(START, GRADIENTS, decay)
    np.testing.assert_allclose(numpy_of(STEPS[tab](GRADIENTS, decay)), expected, **CLOSE)


def test_decay_does_not_depend_on_gradients(tab, d2l, numpy_of):
    """Without a gradient, each step takes the same share of all weights away."""
    found = numpy_of(STEPS[tab](np.zeros_like(GRADIENTS), DECAY))
    np.testing.assert_allclose(found, START * (1 - LR * DECAY) ** len(GRADIENTS), **CLOSE)


def test_gluons_trainer_can_exempt_a_parameter(only_mxnet, numpy_of):
    found = numpy_of(mxnet_steps(GRADIENTS, DECAY, wd_mult=0))
    np.testing.assert_allclose(found, adamw(START, GRADIENTS, 0.0), **CLOSE)


def test_without_decay_it_is_gluons_adam(only_mxnet, numpy_of):
    mxnet = importlib.import_module("mxnet")
    adam = mxnet.optimizer.Adam(learning_rate=LR)
    found = [numpy_of(mxnet_steps(GRADIENTS, 0.0, optimizer)) for optimizer in (None, adam)]
    np.testing.assert_array_equal(*found)


def test_gradients_are_divided_by_the_batch_size_and_clipped(only_mxnet, numpy_of):
    found = numpy_of(mxnet_steps(GRADIENTS, DECAY, batch_size=4, clip_gradient=0.5))
    expected = adamw(START, np.clip(GRADIENTS / 4, -0.5, 0.5), DECAY)
    np.testing.assert_allclose(found, expected, **CLOSE)


def test_a_schedule_sets_the_rate_of_decay_too(only_mxnet, numpy_of):
    """The rate of a step is that of the schedule for this very step, also for the decay."""
    LRScheduler = importlib.import_module("mxnet.lr_scheduler").LRScheduler

    class Falling(LRScheduler):
        def __call__(self, num_update):
            return LR / num_update

    found = numpy_of(mxnet_steps(np.zeros_like(GRADIENTS), DECAY, lr_scheduler=Falling(LR)))
    expected = START * np.prod([1 - LR / t * DECAY for t in range(1, 9)])
    np.testing.assert_allclose(found, expected, **CLOSE)

"""Linear regression from scratch agrees with NumPy: data, prediction, loss, gradients, steps, epochs."""

# ruff: noqa: N803, N806 (matrices have capital letters, as in the book)

import numpy as np
import pytest
from affine import Affine

CLOSE = {"rtol": 0, "atol": 1e-5}
LR = 0.1


def predict(params, X):
    return X @ params["w"] + params["b"]


def loss(params, X, y):
    return ((predict(params, X) - y) ** 2 / 2).mean()


def gradients(params, X, y):
    error = predict(params, X) - y
    return {"w": X.T @ error / len(X), "b": error.mean(0)}


@pytest.fixture
def params():
    return {"w": np.array([[0.5], [-1.0], [2.0]]), "b": np.array([0.3])}


@pytest.fixture
def batches():
    """Three minibatches, the last one smaller."""
    rng = np.random.default_rng(5)
    return [(rng.normal(size=(n, 3)), rng.normal(size=(n, 1))) for n in (4, 4, 2)]


@pytest.fixture
def make(d2l, tab, numpy_of, params, batches):
    def make(**options):
        model = d2l.LinearRegressionScratch(3, lr=LR)
        return Affine(d2l, tab, numpy_of, model, params, **{"train": batches, "val": batches[:1], **options})

    return make


def test_the_reference_has_the_right_gradients(params, batches):
    X, y = batches[0]
    for name, grads in gradients(params, X, y).items():
        for place in np.ndindex(grads.shape):
            up, down = ({k: v.copy() for k, v in params.items()} for _ in "ab")
            up[name][place] += 1e-6
            down[name][place] -= 1e-6
            assert (loss(up, X, y) - loss(down, X, y)) / 2e-6 == pytest.approx(grads[place], abs=1e-7)


def test_new_weights_are_small_and_random_and_the_bias_zero(d2l, tab, numpy_of):
    d2l.set_seed(0)
    model = d2l.LinearRegressionScratch(2000, lr=LR, sigma=0.5)
    zeros = np.zeros((1, 2000))
    start = {"w": np.zeros((2000, 1)), "b": np.zeros(1)}

    class Unset(Affine):
        params = None  # Leave the parameters as they were drawn

    it = Unset(d2l, tab, numpy_of, model, start, [(zeros, np.zeros((1, 1)))])
    w, b = (Affine.params.fget(it)[name] for name in ("w", "b"))
    assert w.shape == (2000, 1)
    assert b.tolist() == [0]
    assert abs(w.mean()) < 0.05
    assert w.std() == pytest.approx(0.5, rel=0.1)


def test_predictions_agree_with_the_reference(make, params, batches):
    X = batches[0][0]
    np.testing.assert_allclose(make().predict(X), predict(params, X), **CLOSE)


def test_loss_and_gradients_agree_with_the_reference(make, params, batches):
    it = make()
    for X, y in batches:
        value, grads = it.step(X, y)
        assert value == pytest.approx(loss(params, X, y), abs=1e-5)
        assert float(it.loss(X, y)) == pytest.approx(loss(params, X, y), abs=1e-5)
        for name, expected in gradients(params, X, y).items():
            np.testing.assert_allclose(grads[name], expected, **CLOSE)


def test_sgd_moves_each_parameter_against_its_gradient(d2l, tab, numpy_of):
    values, slopes = [[1.0, -2.0], [0.5, 0.0]], [3.0, -4.0]
    tensors, grads = d2l.tensor(values), d2l.tensor(slopes)
    if tab == "pytorch":
        tensors.requires_grad_()
        tensors.grad = d2l.zeros_like(tensors) + grads
        sgd = d2l.SGD([tensors], lr=0.5)
        sgd.step()
        new = tensors
        sgd.zero_grad()
        assert tensors.grad is None
        sgd.step()  # Nothing is known: nothing moves
    elif tab == "jax":
        sgd = d2l.SGD(lr=0.5)
        changes, state = sgd.update({"p": d2l.zeros_like(tensors) + grads}, sgd.init({"p": tensors}))
        assert not list(state)
        new = tensors + changes["p"]
    elif tab == "tensorflow":
        import tensorflow as tf

        new, idle = tf.Variable(tensors), tf.Variable(1.0)
        d2l.SGD(lr=0.5).apply_gradients([(d2l.zeros_like(tensors) + grads, new), (None, idle)])
        assert float(idle) == 1
    else:
        new = tensors
        new.attach_grad()
        new.grad[:] = 2 * grads
        d2l.SGD([new], lr=0.5).step(2)
    np.testing.assert_allclose(numpy_of(new), np.array(values) - 0.5 * np.array(slopes), **CLOSE)


def test_an_epoch_takes_a_step_for_each_minibatch(make, params, batches):
    it = make()
    for _ in range(2):
        it.trainer.fit_epoch()
    for X, y in batches * 2:
        grads = gradients(params, X, y)
        params = {name: value - LR * grads[name] for name, value in params.items()}
    for name, value in params.items():
        np.testing.assert_allclose(it.params[name], value, **CLOSE)
    assert it.trainer.train_batch_idx == 6
    assert it.trainer.val_batch_idx == 2


def test_an_epoch_plots_the_loss_of_training_and_validation(make, params, batches):
    it = make()
    calls = it.watch()
    it.trainer.fit_epoch()
    assert [call.label for call in calls] == ["train_loss"] * 3 + ["val_loss"]
    assert [call.x for call in calls] == [0, 1 / 3, 2 / 3, 1]
    assert calls[0].y == pytest.approx(loss(params, *batches[0]), abs=1e-5)
    assert calls[-1].y == pytest.approx(loss(it.params, *batches[0]), abs=1e-5)


def test_without_validation_data_an_epoch_only_trains(make):
    it = make(val=None)
    calls = it.watch()
    it.trainer.fit_epoch()
    assert {call.label for call in calls} == {"train_loss"}
    assert it.trainer.num_val_batches == 0


def test_validation_changes_no_parameter(make, params, batches):
    it = make()
    it.validate(*batches[1])
    for name, value in params.items():
        np.testing.assert_array_equal(it.params[name], value.astype("float32"))


@pytest.mark.parametrize("clip", [0, 0.01])
def test_gradients_are_clipped_before_the_step_if_asked(make, params, clip):
    it = make(clip=clip)
    calls, original = [], it.trainer.clip_gradients

    def clip_gradients(value, what):
        calls.append(value)
        return original(value, what)

    it.trainer.clip_gradients = clip_gradients
    it.trainer.fit_epoch()
    assert calls == [clip] * 3 * bool(clip)
    distance = np.sqrt(sum(((it.params[n] - params[n]) ** 2).sum() for n in params))
    assert (distance <= 3 * LR * 0.01 + 1e-6) == bool(clip)


def test_a_batch_stays_where_it_is_without_gpus(d2l):
    batch = (d2l.ones(2), d2l.zeros(2))
    assert d2l.Trainer(max_epochs=1).prepare_batch(batch) is batch


def test_a_batch_goes_to_the_first_gpu(d2l, tab):
    if tab == "tensorflow":
        pytest.skip("TensorFlow places tensors by itself")
    trainer = d2l.Trainer(max_epochs=1)
    # Something other than where tensors are made, as far as a machine without GPUs has it
    if tab == "pytorch":
        import torch

        trainer.gpus = [torch.device("meta")]
    elif tab == "jax":
        trainer.gpus = [d2l.cpu()]
    else:
        from mxnet import context

        trainer.gpus = [context.cpu(1)]
    for moved in trainer.prepare_batch((d2l.ones(2), d2l.zeros(2))):
        where = {"pytorch": "device", "jax": "device", "mxnet": "ctx"}[tab]
        assert getattr(moved, where) == trainer.gpus[0]


def test_synthetic_data_follow_the_linear_model(d2l, numpy_of):
    d2l.set_seed(0)
    w, b = [2.0, -3.4, 0.5], 4.2
    data = d2l.SyntheticRegressionData(d2l.tensor(w), b, noise=0, num_train=70, num_val=30, batch_size=20)
    X, y = numpy_of(data.X), numpy_of(data.y)
    assert (X.shape, y.shape) == ((100, 3), (100, 1))
    np.testing.assert_allclose(y, (X @ w + b)[:, None], rtol=0, atol=1e-4)
    assert (data.num_train, data.num_val, data.batch_size, data.noise) == (70, 30, 20, 0)


def test_synthetic_data_have_the_noise_that_was_asked_for(d2l, numpy_of):
    d2l.set_seed(0)
    data = d2l.SyntheticRegressionData(d2l.tensor([1.0]), 0.0, noise=0.5)
    noise = numpy_of(data.y) - numpy_of(data.X)
    assert noise.shape == (2000, 1)
    assert noise.std() == pytest.approx(0.5, rel=0.1)
    assert np.abs(np.corrcoef(noise[:, 0], numpy_of(data.X)[:, 0])[0, 1]) < 0.1


def test_synthetic_data_are_split_into_training_and_validation(d2l, numpy_of):
    data = d2l.SyntheticRegressionData(d2l.tensor([1.0, 1.0]), 0.0, num_train=70, num_val=30, batch_size=20)
    train = np.concatenate([numpy_of(X) for X, _ in data.train_dataloader()])
    val = np.concatenate([numpy_of(X) for X, _ in data.val_dataloader()])
    X = numpy_of(data.X)
    np.testing.assert_array_equal(val, X[70:])
    assert sorted(map(tuple, train)) == sorted(map(tuple, X[:70]))


def test_training_finds_the_true_parameters(d2l, tab, numpy_of):
    d2l.set_seed(1)
    data = d2l.SyntheticRegressionData(d2l.tensor([2.0, -3.4]), 4.2)
    model = d2l.LinearRegressionScratch(2, lr=0.1)
    model.board.display = False
    trainer = d2l.Trainer(max_epochs=3)
    trainer.fit(model, data)
    params = trainer.state.params if tab == "jax" else {"w": model.w, "b": model.b}
    np.testing.assert_allclose(numpy_of(params["w"])[:, 0], [2, -3.4], atol=0.01)
    np.testing.assert_allclose(numpy_of(params["b"]), [4.2], atol=0.01)
    assert [len(points) for points in model.board.data.values()] == [6, 3]

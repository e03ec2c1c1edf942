"""Classifiers agree with NumPy: cross-entropy, its gradients, accuracy, default optimizer, logits."""

# ruff: noqa: N803, N806 (matrices have capital letters, as in the book)

import numpy as np
import pytest
from affine import Affine

CLOSE = {"rtol": 0, "atol": 1e-5}
FEATURES, CLASSES, LR = 4, 3, 0.2


def log_softmax(logits):
    logits = logits - logits.max(-1, keepdims=True)
    return logits - np.log(np.exp(logits).sum(-1, keepdims=True))


def losses(params, X, Y):
    """Return the cross-entropy of each example, in one long vector."""
    logits = log_softmax(X @ params["w"] + params["b"]).reshape(-1, CLASSES)
    return -logits[np.arange(Y.size), Y.ravel()]


def hits(params, X, Y):
    return ((X @ params["w"] + params["b"]).argmax(-1) == Y).ravel().astype(float)


def gradients(params, X, Y):
    delta = np.exp(log_softmax(X @ params["w"] + params["b"])).reshape(-1, CLASSES)
    delta[np.arange(Y.size), Y.ravel()] -= 1
    return {"w": X.reshape(-1, FEATURES).T @ delta / Y.size, "b": delta.sum(0) / Y.size}


def classifier(d2l, tab):
    """Return softmax regression with parameters of our own."""
    if tab == "jax":
        from flax import linen as nn

        class Softmax(d2l.Classifier):
            lr: float = LR

            def setup(self):
                self.w = self.param("w", nn.initializers.zeros, (FEATURES, CLASSES))
                self.b = self.param("b", nn.initializers.zeros, (CLASSES,))

            def forward(self, X):
                return d2l.matmul(X, self.w) + self.b

        return Softmax()

    class Softmax(d2l.Classifier):
        def __init__(self, lr=LR):
            super().__init__()
            self.save_hyperparameters()
            self.w, self.b = map(self.parameter, ((FEATURES, CLASSES), (CLASSES,)))

        def parameter(self, shape):
            zeros = d2l.zeros(shape)
            if tab == "pytorch":
                from torch import nn

                return nn.Parameter(zeros)
            if tab == "tensorflow":
                import tensorflow as tf

                return tf.Variable(zeros)
            zeros.attach_grad()
            return zeros

        def forward(self, X):
            return d2l.matmul(X, self.w) + self.b

    return Softmax()


@pytest.fixture
def params():
    rng = np.random.default_rng(2)
    return {"w": rng.normal(size=(FEATURES, CLASSES)), "b": rng.normal(size=CLASSES)}


@pytest.fixture(params=[(6,), (2, 5)], ids=["single labels", "sequences of labels"])
def batch(request):
    rng = np.random.default_rng(3)
    shape = request.param
    return rng.normal(size=(*shape, FEATURES)), rng.integers(0, CLASSES, shape)


@pytest.fixture
def it(d2l, tab, numpy_of, params, batch):
    return Affine(d2l, tab, numpy_of, classifier(d2l, tab), params, [batch], [batch])


def accuracy(it, X, Y, **options):
    X, Y = it.tensor(X), it.tensor(Y)
    if it.tab == "jax":
        state = it.trainer.state
        return it.numpy_of(it.model.accuracy(state.params, (X,), Y, state, *options.values()))
    return it.numpy_of(it.model.accuracy(it.model(X), Y, **options))


def test_the_reference_has_the_right_gradients(params, batch):
    for name, grads in gradients(params, *batch).items():
        for place in np.ndindex(grads.shape):
            up, down = ({k: v.copy() for k, v in params.items()} for _ in "ab")
            up[name][place] += 1e-6
            down[name][place] -= 1e-6
            slope = (losses(up, *batch).mean() - losses(down, *batch).mean()) / 2e-6
            assert slope == pytest.approx(grads[place], abs=1e-7)


def test_the_loss_is_the_mean_cross_entropy(it, params, batch):
    value = it.loss(*batch)
    assert value.shape == ()
    assert float(value) == pytest.approx(losses(params, *batch).mean(), abs=1e-5)


def test_the_loss_of_each_example_can_be_had(it, params, batch):
    np.testing.assert_allclose(it.loss(*batch, averaged=False), losses(params, *batch), **CLOSE)


def test_gradients_agree_with_the_reference(it, params, batch):
    value, grads = it.step(*batch)
    assert value == pytest.approx(losses(params, *batch).mean(), abs=1e-5)
    for name, expected in gradients(params, *batch).items():
        np.testing.assert_allclose(grads[name], expected, **CLOSE)


def test_large_logits_neither_overflow_nor_vanish(it):
    it.params = {"w": np.zeros((FEATURES, CLASSES)), "b": np.array([1000.0, 0.0, -1000.0])}
    X = np.zeros((3, FEATURES))
    each = it.loss(X, np.arange(3), averaged=False)
    np.testing.assert_allclose(each, [0, 1000, 2000], rtol=1e-6, atol=1e-5)


def test_accuracy_is_the_fraction_of_right_choices(it, params, batch):
    expected = hits(params, *batch)
    assert 0 < expected.mean() < 1  # Else the test could not tell
    assert float(accuracy(it, *batch)) == pytest.approx(expected.mean(), abs=1e-6)
    np.testing.assert_array_equal(accuracy(it, *batch, averaged=False), expected)


def test_validation_reports_loss_and_accuracy(it, params, batch):
    calls = it.watch()
    it.validate(*batch)
    assert [call.label for call in calls] == ["val_loss", "val_acc"]
    assert calls[0].y == pytest.approx(losses(params, *batch).mean(), abs=1e-5)
    assert calls[1].y == pytest.approx(hits(params, *batch).mean(), abs=1e-6)


def test_training_reports_the_loss(it, params, batch):
    calls = it.watch()
    it.step(*batch)
    assert [call.label for call in calls] == ["train_loss"]
    assert calls[0].y == pytest.approx(losses(params, *batch).mean(), abs=1e-5)


def test_models_use_plain_sgd_with_their_learning_rate(it, params, batch):
    it.trainer.fit_epoch()
    for name, grads in gradients(params, *batch).items():
        np.testing.assert_allclose(it.params[name], params[name] - LR * grads, **CLOSE)


def test_layers_of_the_framework_are_trained_too(d2l, tab):
    rng = np.random.default_rng(0)
    Y = np.arange(90) % CLASSES
    X = 3 * np.eye(FEATURES)[Y] + 0.3 * rng.normal(size=(90, FEATURES))

    class Data(d2l.DataModule):
        def __init__(self, batch_size=30):
            super().__init__()
            self.save_hyperparameters()
            dtype = d2l.int64 if tab == "pytorch" else d2l.int32
            self.tensors = d2l.tensor(X.tolist()), d2l.tensor(Y.tolist(), dtype=dtype)

        def get_dataloader(self, train):
            return self.get_tensorloader(self.tensors, train)

    d2l.set_seed(0)
    if tab == "jax":
        from flax import linen as nn

        class Model(d2l.Classifier):
            lr: float = LR

            def setup(self):
                self.net = nn.Dense(CLASSES)
    else:

        class Model(d2l.Classifier):
            def __init__(self, lr=LR):
                super().__init__()
                self.save_hyperparameters()
                if tab == "pytorch":
                    from torch import nn

                    self.net = nn.Linear(FEATURES, CLASSES)
                elif tab == "tensorflow":
                    import tensorflow as tf

                    self.net = tf.keras.layers.Dense(CLASSES)
                else:
                    from mxnet.gluon import nn

                    self.net = nn.Dense(CLASSES)
                    self.net.initialize()

    model = Model()
    model.board.display = False
    d2l.Trainer(max_epochs=10).fit(model, Data())
    assert model.board.data["val_acc"][-1][1] > 0.95
    assert model.board.data["val_loss"][-1][1] < 0.5


# The linear classifier of the library


IMAGE = (2, 3, 4)


@pytest.fixture
def pictures():
    """A minibatch of pictures with several channels: flattened in another order, they give other logits."""
    rng = np.random.default_rng(4)
    return rng.normal(size=(6, *IMAGE)), rng.integers(0, CLASSES, 6)


@pytest.fixture
def weights():
    rng = np.random.default_rng(5)
    return {"w": rng.normal(size=(np.prod(IMAGE), CLASSES)), "b": rng.normal(size=CLASSES)}


class Layer(Affine):
    """A model whose parameters are those of its only layer that has any."""

    @property
    def layer(self):
        """The layer; in JAX, its parameters."""
        if self.tab == "jax":
            (found,) = self.trainer.state.params.values()
            return found
        if self.tab == "mxnet":
            return self.model.net
        return self.model.net[-1] if self.tab == "pytorch" else self.model.net.layers[-1]

    @property
    def params(self):
        layer = self.layer
        if self.tab == "jax":
            w, b = layer["kernel"], layer["bias"]
        elif self.tab == "tensorflow":
            w, b = layer.kernel, layer.bias
        else:
            w, b = layer.weight, layer.bias
            if self.tab == "mxnet":
                w, b = w.data(), b.data()
            w = w.T  # Outputs come first there
        return {"w": self.numpy_of(w), "b": self.numpy_of(b)}

    @params.setter
    def params(self, params):
        assert {n: v.shape for n, v in self.params.items()} == {n: v.shape for n, v in params.items()}
        w, b = self.tensor(params["w"]), self.tensor(params["b"])
        layer = self.layer
        if self.tab == "jax":
            (name,) = self.trainer.state.params
            params = {name: {"kernel": w, "bias": b}}
            self.trainer.state = self.trainer.state.replace(params=params)
        elif self.tab == "tensorflow":
            layer.kernel.assign(w)
            layer.bias.assign(b)
        elif self.tab == "pytorch":
            layer.weight.data, layer.bias.data = w.T, b
        else:
            layer.weight.set_data(w.T)
            layer.bias.set_data(b)


@pytest.fixture(params=["pictures", "rows"])
def examples(request, pictures):
    X, Y = pictures
    return (X if request.param == "pictures" else X.reshape(len(X), -1)), Y


@pytest.fixture
def softmax(d2l, tab, numpy_of, weights, examples):
    """Softmax regression with given weights."""
    model = d2l.SoftmaxRegression(num_outputs=CLASSES, lr=LR)
    if tab != "jax":  # There the trainer does it
        model(d2l.tensor(examples[0].tolist()))
    return Layer(d2l, tab, numpy_of, model, weights, [examples], [examples])


def rows(X):
    return X.reshape(len(X), -1)


def test_softmax_regression_returns_logits(softmax, weights, examples):
    X, _ = examples
    logits = softmax.predict(X)
    assert logits.shape == (6, CLASSES)
    np.testing.assert_allclose(logits, rows(X) @ weights["w"] + weights["b"], **CLOSE)


def test_the_loss_of_softmax_regression(softmax, weights, examples):
    X, Y = examples
    expected = losses(weights, rows(X), Y)
    assert float(softmax.loss(X, Y)) == pytest.approx(expected.mean(), abs=1e-5)
    np.testing.assert_allclose(softmax.loss(X, Y, averaged=False), expected, **CLOSE)


def test_the_accuracy_of_softmax_regression(softmax, weights, examples):
    X, Y = examples
    expected = hits(weights, rows(X), Y)
    assert 0 < expected.mean() < 1
    assert float(accuracy(softmax, X, Y)) == pytest.approx(expected.mean(), abs=1e-6)


def test_a_step_of_softmax_regression(softmax, weights, examples):
    X, Y = examples
    softmax.trainer.fit_epoch()
    delta = np.exp(log_softmax(rows(X) @ weights["w"] + weights["b"])) - np.eye(CLASSES)[Y]
    found = softmax.params
    np.testing.assert_allclose(found["w"], weights["w"] - LR * rows(X).T @ delta / len(X), **CLOSE)
    np.testing.assert_allclose(found["b"], weights["b"] - LR * delta.mean(0), **CLOSE)

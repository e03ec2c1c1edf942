"""What training has to get right for models of every kind: modes, statistics, parameters, files."""

# ruff: noqa: N803, N806 (matrices have capital letters, as in the book)

import numpy as np
import pytest
from affine import Fixed

FEATURES, CLASSES = 4, 3


def batch_of(d2l, tab, n=32):
    rng = np.random.default_rng(0)
    whole = d2l.int64 if tab == "pytorch" else d2l.int32
    X = d2l.tensor(rng.normal(size=(n, FEATURES)).tolist(), dtype=d2l.float32)
    return X, d2l.tensor((np.arange(n) % CLASSES).tolist(), dtype=whole)


def dropout_model(d2l, tab):
    """Return a classifier that drops half of its inputs in training."""
    if tab == "jax":
        from flax import linen as nn

        class Model(d2l.Classifier):
            lr: float = 0.0

            def setup(self):
                self.dropout, self.dense = nn.Dropout(0.5), nn.Dense(CLASSES)

            def forward(self, X):
                return self.dense(self.dropout(X, deterministic=not self.training))

        return Model()

    class Model(d2l.Classifier):
        def __init__(self, lr=0.0):
            super().__init__()
            self.save_hyperparameters()
            if tab == "pytorch":
                from torch import nn

                self.net = nn.Sequential(nn.Dropout(0.5), nn.Linear(FEATURES, CLASSES))
            elif tab == "tensorflow":
                import tensorflow as tf

                self.net = tf.keras.Sequential([tf.keras.layers.Dropout(0.5), tf.keras.layers.Dense(CLASSES)])
            else:
                from mxnet.gluon import nn

                self.net = nn.Sequential()
                self.net.add(nn.Dropout(0.5), nn.Dense(CLASSES))
                self.net.initialize()

    return Model()


def test_dropout_is_on_in_training_and_off_in_validation(d2l, tab):
    """With a learning rate of zero, only dropout makes the losses of two epochs differ."""
    d2l.set_seed(0)
    batch = batch_of(d2l, tab)
    model = dropout_model(d2l, tab)
    model.plot_train_per_epoch = 1
    model.board.display = False
    d2l.Trainer(max_epochs=3).fit(model, Fixed([batch], [batch]))
    training = [y for _, y in model.board.data["train_loss"]]
    validation = [y for _, y in model.board.data["val_loss"]]
    assert len(set(training)) == 3
    assert len(set(validation)) == 1


def test_perplexity_is_measured_without_dropout(d2l, tab):
    d2l.set_seed(0)
    batch = batch_of(d2l, tab)
    model = dropout_model(d2l, tab)
    model.board.display = False
    trainer = d2l.Trainer(max_epochs=1)
    trainer.fit(model, Fixed([batch]))
    assert trainer.perplexity([batch]) == trainer.perplexity([batch])


def test_perplexity_may_be_too_large_for_a_number(d2l, tab):
    X, y = batch_of(d2l, tab)
    model = dropout_model(d2l, tab)
    model.board.display = False
    trainer = d2l.Trainer(max_epochs=1)
    trainer.fit(model, Fixed([(X, y)]))
    assert trainer.perplexity([(1e5 * X, y)]) == float("inf")


def test_prediction_and_measurement_build_no_graph(d2l, tab):
    """A graph would grow with each character that is predicted."""
    if tab != "pytorch":
        pytest.skip("elsewhere nothing is recorded unless asked for")
    import torch

    class Watching(d2l.RNNScratch):
        def forward(self, inputs, state=None):
            recorded.append(torch.is_grad_enabled())
            return super().forward(inputs, state)

    recorded = []
    vocab = d2l.Vocab(list("abc"))
    model = d2l.RNNLMScratch(Watching(len(vocab), 4), len(vocab))
    model.board.display = False
    batch = (d2l.tensor([vocab[list("ab")]]), d2l.tensor([vocab[list("bc")]]))
    trainer = d2l.Trainer(max_epochs=1)
    trainer.fit(model, Fixed([batch]))
    assert recorded == [True]
    model.predict("ab", num_preds=2, vocab=vocab)
    trainer.perplexity([batch])
    assert recorded == [True, False, False, False]


def test_a_jax_model_may_declare_training_itself(d2l, tab, numpy_of):
    if tab != "jax":
        pytest.skip("elsewhere models are no dataclasses")
    from flax import linen as nn

    class Model(d2l.Classifier):
        num_outputs: int
        lr: float = 0.0
        training: bool = True

        @nn.compact
        def __call__(self, X, scale=1.0):
            return scale * nn.Dense(self.num_outputs)(nn.Dropout(0.5, deterministic=not self.training)(X))

    model = Model(CLASSES)
    assert (model.num_outputs, model.training) == (CLASSES, True)
    assert not Model(CLASSES, training=False).training
    model.board.display, batch = False, batch_of(d2l, tab)
    model.plot_train_per_epoch = 1
    d2l.Trainer(max_epochs=3).fit(model, Fixed([batch], [batch]))
    assert len({y for _, y in model.board.data["train_loss"]}) == 3
    assert len({y for _, y in model.board.data["val_loss"]}) == 1


def test_keywords_reach_a_jax_model(d2l, tab, numpy_of):
    if tab != "jax":
        pytest.skip("the other frameworks pass them")

    class Model(d2l.Module):
        def forward(self, X, scale=1.0):
            return scale * X

    X, _ = batch_of(d2l, tab)
    assert numpy_of(Model().apply({}, X, scale=0.0)).max() == 0


def test_jax_compiles_once_for_each_shape(d2l, tab):
    """A shorter last minibatch costs one program, in the first epoch alone."""
    if tab != "jax":
        pytest.skip("TensorFlow has a file of tests for this; the others compile nothing by themselves")

    class Model(d2l.SoftmaxRegression):
        def forward(self, X):
            traced.append(X.shape[0])
            return super().forward(X)

    traced, model = [], Model(num_outputs=CLASSES, lr=0.1)
    model.board.display = False
    X, y = batch_of(d2l, tab)
    data = Fixed([(X, y), (X[:-1], y[:-1])], [(X, y)])
    trainer = d2l.Trainer(max_epochs=1)
    trainer.fit(model, data)
    traced.clear()
    trainer.fit_epoch()
    assert not traced


def test_batch_normalization_keeps_statistics_in_training_and_uses_them_in_validation(d2l, tab, numpy_of):
    if tab != "jax":
        pytest.skip("the other frameworks keep the statistics in their layers")
    from flax import linen as nn

    class Model(d2l.Classifier):
        lr: float = 0.0

        def setup(self):
            self.norm, self.dense = nn.BatchNorm(momentum=0.5), nn.Dense(CLASSES)

        def forward(self, X):
            return self.dense(self.norm(X, use_running_average=not self.training))

    X, y = batch_of(d2l, tab)
    X = 5 + 2 * X
    model = Model()
    model.board.display = False
    trainer = d2l.Trainer(max_epochs=20)
    trainer.fit(model, Fixed([(X, y)], [(X, y)]))
    mean = numpy_of(trainer.state.batch_stats["norm"]["mean"])
    np.testing.assert_allclose(mean, numpy_of(X).mean(0), rtol=1e-3)
    training, validation = (model.board.data[name][-1][1] for name in ("train_loss", "val_loss"))
    assert validation == pytest.approx(training, rel=1e-3)


def test_keys_are_refused_where_they_would_be_frozen(d2l, tab):
    if tab != "jax":
        pytest.skip("only JAX has keys")
    import jax

    for name, draw in (("get_key", d2l.get_key), ("randn", lambda: d2l.randn(2))):
        with pytest.raises(RuntimeError, match="same key in each call"):
            jax.jit(draw)()
        assert draw() is not None, name


def test_the_state_has_a_key_of_its_own(d2l, tab):
    """The key that made the parameters must not be the one that training draws from."""
    if tab != "jax":
        pytest.skip("only JAX has keys")
    import jax

    model = dropout_model(d2l, tab)
    seen = []
    init = type(model).apply_init
    type(model).apply_init = lambda self, inputs, key: seen.append(key) or init(self, inputs, key)
    trainer = d2l.Trainer(max_epochs=0)
    trainer.fit(model, Fixed([batch_of(d2l, tab)]))
    used = {tuple(jax.random.key_data(key).tolist()) for key in seen[0].values()}
    assert len(used) == 2
    assert tuple(jax.random.key_data(trainer.state.dropout_rng).tolist()) not in used


class Mixed:
    """Makes models that have an array of their own, a layer, and a part, in a list, with an array."""

    def __init__(self, d2l, tab):
        self.d2l, self.tab = d2l, tab

    def __call__(self, seed):
        d2l, tab = self.d2l, self.tab
        d2l.set_seed(seed)

        def array(*shape):
            values = d2l.randn(*shape)
            if tab == "tensorflow":
                import tensorflow as tf

                return tf.Variable(values)  # As code from elsewhere makes them
            if tab == "mxnet":
                values.attach_grad()
                return values
            from torch import nn

            return nn.Parameter(values)

        class Part(d2l.Module):
            def __init__(self):
                super().__init__()
                self.w = array(FEATURES, FEATURES)

            def forward(self, X):
                return d2l.matmul(X, self.w)

        class Model(d2l.Classifier):
            def __init__(self, lr=0.1):
                super().__init__()
                self.save_hyperparameters()
                self.scale = array(FEATURES)
                if tab == "pytorch":
                    from torch import nn

                    self.layers_, self.net = nn.ModuleList([Part()]), nn.Linear(FEATURES, CLASSES)
                elif tab == "tensorflow":
                    import tensorflow as tf

                    self.layers_, self.net = [Part()], tf.keras.layers.Dense(CLASSES)
                else:
                    from mxnet.gluon import nn

                    self.layers_ = [Part(), nn.Dense(FEATURES, in_units=FEATURES)]
                    self.net = nn.Dense(CLASSES)
                    self.layers_[1].initialize()
                    self.net.initialize()

            def forward(self, X):
                X = X * self.scale
                for layer in self.layers_:
                    X = layer(X)
                return self.net(X)

        return Model()

    def values(self, model):
        """Return all parameters as arrays, in an order that is always the same."""
        if self.tab == "pytorch":
            return [p.detach().numpy().copy() for p in model.parameters()]
        if self.tab == "tensorflow":
            return [np.array(v) for v in model.trainable_variables]
        return [array.asnumpy().copy() for array, _ in self.d2l.arrays_and_grads(model.parameters())]


@pytest.fixture
def mixed(d2l, tab):
    if tab == "jax":
        pytest.skip("in JAX all parameters are in one tree")
    return Mixed(d2l, tab)


@pytest.mark.parametrize("clip", [0, 1e-3])
def test_arrays_layers_and_parts_in_lists_are_all_trained(d2l, tab, mixed, clip):
    model = mixed(0)
    model.board.display = False
    data = Fixed([batch_of(d2l, tab)])
    trainer = d2l.Trainer(max_epochs=0, gradient_clip_val=clip)
    trainer.fit(model, data)
    model(data.train[0][0])  # Layers make their parameters when they are first called
    before = mixed.values(model)
    trainer.optim = model.configure_optimizers()
    trainer.fit_epoch()
    after = mixed.values(model)
    assert len(before) == (6 if tab == "mxnet" else 4)
    assert [bool(np.abs(a - b).max()) for a, b in zip(after, before, strict=True)] == [True] * len(before)
    if clip:
        length = np.sqrt(sum(np.sum((a - b) ** 2) for a, b in zip(after, before, strict=True)))
        assert length == pytest.approx(model.lr * clip, rel=1e-2)


def test_a_model_that_is_saved_and_loaded_is_the_same(d2l, tab, mixed, numpy_of, tmp_path):
    X, _ = batch_of(d2l, tab)
    one, other = mixed(0), mixed(1)
    wanted = numpy_of(one(X))
    assert not np.allclose(numpy_of(other(X)), wanted)
    if tab == "pytorch":
        import torch

        torch.save(one.state_dict(), tmp_path / "model")
        other.load_state_dict(torch.load(tmp_path / "model"))
    elif tab == "tensorflow":
        one.save_weights(tmp_path / "model.weights.h5")
        other.load_weights(tmp_path / "model.weights.h5")
    else:
        one.save_parameters(str(tmp_path / "model"))
        other.load_parameters(str(tmp_path / "model"))
    np.testing.assert_allclose(numpy_of(other(X)), wanted, rtol=1e-6)


def test_models_from_scratch_are_saved_and_loaded(d2l, tab, numpy_of, tmp_path):
    """Their weights are what a framework's own functions see."""
    if tab in ("jax", "pytorch"):
        pytest.skip("there all parameters are in one tree or registered")
    one, other = d2l.LinearRegressionScratch(2, lr=0.1), d2l.LinearRegressionScratch(2, lr=0.1)
    if tab == "tensorflow":
        assert [tuple(w.shape) for w in one.weights] == [(2, 1), (1,)]
        one(d2l.ones((1, 2))), other(d2l.ones((1, 2)))  # Keras asks for a first call
        one.save_weights(tmp_path / "model.weights.h5")
        other.load_weights(tmp_path / "model.weights.h5")
    else:
        one.save_parameters(str(tmp_path / "model"))
        other.load_parameters(str(tmp_path / "model"))
    np.testing.assert_array_equal(numpy_of(other.w), numpy_of(one.w))


@pytest.mark.parametrize(("num_gpus", "wanted"), [(0, "CPU:0"), (1, "CPU:1")])
def test_keras_is_told_where_to_compute(d2l, tab, monkeypatch, num_gpus, wanted):
    """`num_gpus` decides in TensorFlow, too: there a GPU would be used whether or not it was asked for."""
    if tab != "tensorflow":
        pytest.skip("elsewhere tensors are moved")
    seen = []
    monkeypatch.setattr(d2l, "num_gpus", lambda: 1)
    monkeypatch.setattr(d2l, "gpu", lambda i=0: _Scope(seen, "CPU:1"))
    monkeypatch.setattr(d2l, "cpu", lambda: _Scope(seen, "CPU:0"))
    model = dropout_model(d2l, tab)
    model.board.display = False
    d2l.Trainer(max_epochs=1, num_gpus=num_gpus).fit(model, Fixed([batch_of(d2l, tab)]))
    assert seen == [wanted]


class _Scope:
    """In the place of a device, notes that it was entered."""

    def __init__(self, seen, name):
        self.seen, self.name = seen, name

    def __enter__(self):
        self.seen.append(self.name)

    def __exit__(self, *_):
        return False

"""What compiling a step must not change: results, modes, learning rates, and which model is trained."""

# ruff: noqa: N803 (matrices have capital letters, as in the book)

import numpy as np
import pytest
from affine import Fixed

tf = pytest.importorskip(
    "tensorflow", reason="the trainers of the other frameworks compile nothing by themselves"
)


def batches_of(d2l, sizes=(8, 8, 3)):
    rng = np.random.default_rng(0)
    inputs = [rng.normal(size=(n, 4)) for n in sizes]
    return [(d2l.tensor(X, dtype=d2l.float32), d2l.tensor(X.argmax(1), dtype=d2l.int32)) for X in inputs]


def softmax(d2l, lr=0.1, forward=None):
    """Return softmax regression, whose predictions may go through another function."""

    class Model(d2l.SoftmaxRegression):
        def forward(self, X):
            return super().forward(X) if forward is None else forward(super().forward(X))

    model = Model(num_outputs=4, lr=lr)
    model.board.display = False
    return model


def trained(d2l, model, trainer=None, epochs=3):
    batches = batches_of(d2l)
    trainer = trainer or d2l.Trainer(max_epochs=epochs, gradient_clip_val=1)
    trainer.fit(model, Fixed(batches, batches))
    return [v.numpy() for v in model.trainable_variables]


def compiled(raised):
    """Return whether a traceback goes through compiled code, of which readers understand little."""
    return any("self.program(" in str(entry.statement) for entry in raised.traceback)


@pytest.fixture
def eagerly():
    yield lambda: tf.config.run_functions_eagerly(True)
    tf.config.run_functions_eagerly(False)


def test_a_compiled_run_is_the_run_without_compiling(d2l, eagerly):
    models = []
    for prepare in (lambda: None, eagerly):
        prepare()
        d2l.set_seed(0)
        model = softmax(d2l)
        models.append((model, trained(d2l, model)))
    (compiled, ours), (plain, theirs) = models
    for a, b in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)
    assert compiled.board.data.keys() == plain.board.data.keys() == {"train_loss", "val_loss", "val_acc"}
    for name, curve in compiled.board.data.items():
        np.testing.assert_allclose(curve, plain.board.data[name], rtol=1e-4, atol=1e-6)


def test_a_model_is_called_once_for_each_shape_and_mode(d2l):
    calls = []
    model = softmax(d2l, forward=lambda logits: calls.append(tuple(logits.shape)) or logits)
    trained(d2l, model)
    without_compiling = [(8, 4), (8, 4)]  # The first call of each mode
    assert sorted(calls) == [(3, 4), (3, 4), (8, 4), (8, 4), *without_compiling]


def test_what_cannot_be_compiled_runs_as_it_is_and_says_so(d2l):
    def bounded(logits):
        return logits / 2 if float(tf.reduce_max(logits)) > 1e6 else logits

    d2l.set_seed(0)
    expected = trained(d2l, softmax(d2l))
    d2l.set_seed(0)
    with pytest.warns(UserWarning, match="training runs without compiling") as warned:
        found = trained(d2l, softmax(d2l, forward=bounded))
    assert len(warned) == 2, "once for training, once for validation"
    for a, b in zip(found, expected, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)


def test_a_fault_of_the_model_is_raised_as_without_compiling(d2l):
    def wrong(logits):
        raise ZeroDivisionError("the model is wrong")

    with pytest.raises(ZeroDivisionError, match="the model is wrong") as raised:
        trained(d2l, softmax(d2l, forward=wrong))
    assert not compiled(raised)


def test_a_fault_that_comes_later_is_raised_as_without_compiling(d2l):
    def wrong_for_three(logits):
        return logits if logits.shape[0] > 3 else logits + tf.ones(7)

    with pytest.raises(tf.errors.InvalidArgumentError) as raised:
        trained(d2l, softmax(d2l, forward=wrong_for_three))
    assert not compiled(raised)


@pytest.mark.parametrize("own", [True, False], ids=["our SGD", "SGD of Keras"])
def test_a_learning_rate_can_change_between_epochs(d2l, own):
    model = softmax(d2l)
    model.configure_optimizers = lambda: d2l.SGD(0.1) if own else tf.keras.optimizers.SGD(0.1)
    trainer = d2l.Trainer(max_epochs=1)
    before = trained(d2l, model, trainer)
    if own:
        trainer.optim.lr = 0.0
    else:
        trainer.optim.learning_rate = 0.0
    trainer.fit_epoch()
    for a, v in zip(before, model.trainable_variables, strict=True):
        np.testing.assert_array_equal(a, v.numpy())


def test_a_trainer_trains_the_model_that_it_was_given_last(d2l):
    trainer = d2l.Trainer(max_epochs=2)
    first, second = softmax(d2l), softmax(d2l)
    kept = trained(d2l, first, trainer)
    start = [v.numpy() for v in second.trainable_variables]
    changed = trained(d2l, second, trainer)
    assert not start, "its layers are made by the first inputs"
    for a, v in zip(kept, first.trainable_variables, strict=True):
        np.testing.assert_array_equal(a, v.numpy())
    assert any((a != b).any() for a, b in zip(kept, changed, strict=True))


# What is plotted


def classifier(d2l, layers, lr=0.1, optim=None, points=4, **methods):
    """Return a model made of layers, with methods of its own."""
    defaults = {"configure_optimizers": lambda self: optim or d2l.SGD(self.lr)}
    Model = type("Model", (d2l.Classifier,), defaults | methods)  # noqa: N806
    model = Model(plot_train_per_epoch=points)
    model.net, model.lr, model.board.display = tf.keras.Sequential(layers), lr, False
    return model


def dense(units=4):
    return tf.keras.layers.Dense(units)


def values(model, label):
    return [y for _, y in model.board.data[label]]


def test_a_step_may_plot_into_each_curve_and_several_points_at_once(d2l):
    def training_step(self, batch):
        loss = d2l.Classifier.training_step(self, batch)
        self.plot("loss", -loss, train=True)
        self.plot("seen", loss, train=False)
        return loss

    model = classifier(d2l, [dense()], points=6, training_step=training_step)
    model.plot_valid_per_epoch = 3
    trained(d2l, model)
    assert model.board.data.keys() == {"train_loss", "val_seen", "val_loss", "val_acc"}
    losses = values(model, "train_loss")
    assert losses[::2] == [-y for y in losses[1::2]] == values(model, "val_seen")
    assert len(values(model, "val_loss")) == 3 * 3


def test_a_plot_of_the_models_own_changes_each_value_once(d2l):
    def plot(self, key, value, train):
        d2l.Classifier.plot(self, key, 100 * value, train)

    found = []
    for methods in ({}, {"plot": plot}):
        d2l.set_seed(0)
        model = classifier(d2l, [dense()], **methods)
        trained(d2l, model)
        found.append(values(model, "train_loss"))
    np.testing.assert_allclose(found[1], 100 * np.array(found[0]), rtol=1e-5)


@pytest.mark.parametrize("what", ["a number", "the epoch"])
def test_a_step_that_would_plot_what_it_was_is_not_compiled(d2l, what):
    def training_step(self, batch):
        if what == "a number":
            self.count += 1
            self.plot("count", self.count, train=True)
        else:
            self.plot("count", tf.constant(self.trainer.train_batch_idx + 1.0), train=True)
        return d2l.Classifier.training_step(self, batch)

    model = classifier(d2l, [dense()], training_step=training_step)
    model.count = 0
    with pytest.warns(UserWarning, match="training runs without compiling"):
        trained(d2l, model)
    counts = values(model, "train_count")
    assert len(counts) == 9
    assert counts == sorted(set(counts)), "a new number in each step"
    assert model.trainer.model is model


# Layers and optimizers


def test_dropout_draws_anew_in_each_step(d2l):
    def training_step(self, batch):
        kept = self.net.layers[0](tf.ones((1, 20)), training=True) > 0
        self.plot("mask", tf.reduce_sum(tf.cast(kept, tf.float32) * 2.0 ** tf.range(20.0)), train=True)
        return d2l.Classifier.training_step(self, batch)

    model = classifier(d2l, [tf.keras.layers.Dropout(0.5), dense()], training_step=training_step)
    trained(d2l, model)
    masks = values(model, "train_mask")
    assert len(set(masks)) == len(masks) == 9


def test_batch_normalization_is_the_same_as_without_compiling(d2l, eagerly):
    found = []
    for prepare in (lambda: None, eagerly):
        prepare()
        d2l.set_seed(0)
        model = classifier(d2l, [dense(8), tf.keras.layers.BatchNormalization(), dense()])
        trained(d2l, model)
        found.append([v.numpy() for v in model.variables])
    assert len(found[0]) == 8
    for a, b in zip(*found, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-6)


OPTIMIZERS = ["SGD", "keras.SGD", "keras.Adam"]


def optimizer(d2l, name, lr=0.1):
    return getattr(tf.keras.optimizers, name.split(".")[1])(lr) if "." in name else d2l.SGD(lr)


@pytest.mark.parametrize("clip", [0, 1])
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_sparse_and_missing_gradients(d2l, name, clip):
    layers = [tf.keras.layers.Embedding(5, 3), tf.keras.layers.Flatten(), dense()]
    model = classifier(d2l, layers, optim=optimizer(d2l, name))
    model.unused = model.add_weight((2,), "ones", name="unused")
    rng = np.random.default_rng(0)
    batches = [
        tuple(map(tf.constant, (rng.integers(5, size=(n, 4)), rng.integers(4, size=n)))) for n in (8, 3)
    ]
    model(batches[0][0])
    before = model.net.layers[0].embeddings.numpy()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("warnings.warn", lambda *args, **kwargs: None)  # Keras misses a gradient, too
        d2l.Trainer(max_epochs=3, gradient_clip_val=clip).fit(model, Fixed(batches, None))
    assert (model.net.layers[0].embeddings.numpy() != before).any()
    np.testing.assert_array_equal(model.unused.numpy(), 1)


# What is changed between epochs


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_an_optimizer_can_be_replaced_between_epochs(d2l, name):
    model, trainer = classifier(d2l, [dense()], optim=optimizer(d2l, name)), d2l.Trainer(max_epochs=2)
    before = trained(d2l, model, trainer)
    trainer.optim = optimizer(d2l, name, lr=0.0)
    trainer.fit_epoch()
    for a, v in zip(before, model.trainable_variables, strict=True):
        np.testing.assert_array_equal(a, v.numpy())


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_a_layer_can_be_frozen_between_epochs(d2l, name):
    model = classifier(d2l, [dense(8), dense()], optim=optimizer(d2l, name))
    trainer = d2l.Trainer(max_epochs=2)
    before = trained(d2l, model, trainer)
    model.net.layers[0].trainable = False
    trainer.fit_epoch()
    changed = [(a != v.numpy()).any() for a, v in zip(before, model.variables, strict=True)]
    assert changed == [False, False, True, True]


def test_what_changes_between_trainings_takes_effect(d2l):
    def loss(self, y_hat, y, averaged=True):
        return self.scale * d2l.Classifier.loss(self, y_hat, y, averaged)

    kept = tf.keras.optimizers.SGD(0.1)  # The same in both trainings
    model, trainer = classifier(d2l, [dense()], optim=kept, loss=loss), d2l.Trainer(max_epochs=2)
    model.scale = 1.0
    before = trained(d2l, model, trainer)
    model.scale = 0.0
    for a, b in zip(before, trained(d2l, model, trainer), strict=True):
        np.testing.assert_array_equal(a, b)


def test_training_goes_on_after_an_interruption(d2l):
    class Interrupted(list):
        def __iter__(self):
            yield self[0]
            raise KeyboardInterrupt

    model, trainer, batches = classifier(d2l, [dense()]), d2l.Trainer(max_epochs=2), batches_of(d2l)
    with pytest.raises(KeyboardInterrupt):
        trainer.fit(model, Fixed(Interrupted(batches), None))
    trainer.train_dataloader = batches
    trainer.fit_epoch()
    assert trainer.train_batch_idx == 1 + 3


def test_a_trainer_may_prepare_models_in_its_own_way(d2l):
    class Own(d2l.Trainer):
        def prepare_model(self, model):
            model.trainer = self
            model.board.xlim = [0, self.max_epochs]
            self.model = model

    model = classifier(d2l, [dense()])
    trained(d2l, model, Own(max_epochs=2))
    assert len(values(model, "val_loss")) == 2


def test_keywords_reach_forward(d2l):
    model = classifier(d2l, [dense()], forward=lambda self, X, scale=1.0: scale * self.net(X))
    assert float(tf.reduce_max(tf.abs(model(tf.ones((2, 3)), scale=0.0)))) == 0

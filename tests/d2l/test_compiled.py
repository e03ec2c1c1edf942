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

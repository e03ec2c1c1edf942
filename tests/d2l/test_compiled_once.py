"""JAX compiles the loss of equal models once, and never takes the program of one model for another's."""

# ruff: noqa: N803, N806 (matrices have capital letters, as in the book)

import numpy as np
import pytest
from affine import Fixed

jax = pytest.importorskip("jax", reason="other frameworks compile a step for each training, or none")


def trained(d2l, model):
    rng = np.random.default_rng(0)
    inputs = [rng.normal(size=(n, 4)) for n in (8, 8, 3)]
    batches = [(d2l.tensor(X, dtype=d2l.float32), d2l.tensor(X.argmax(1), dtype=d2l.int32)) for X in inputs]
    d2l.set_seed(0)
    model.board.display = False
    trainer = d2l.Trainer(max_epochs=2)
    trainer.fit(model, Fixed(batches, batches))
    return jax.tree.leaves(trainer.state.params), trainer.perplexity(batches)


def test_a_second_training_of_an_equal_model_traces_nothing_but_the_first_weights(d2l):
    calls = []

    class Traced(d2l.SoftmaxRegression):
        def __call__(self, X):
            calls.append((X.shape, self.training))
            return super().__call__(X)

    first, first_perplexity = trained(d2l, Traced(num_outputs=4, lr=0.1))
    assert {training for _, training in calls} == {True, False}
    calls.clear()
    second, second_perplexity = trained(d2l, Traced(num_outputs=4, lr=0.1))
    assert calls == [((8, 4), True)]
    assert first_perplexity == second_perplexity
    for a, b in zip(first, second, strict=True):
        np.testing.assert_array_equal(a, b)


def test_a_model_with_other_settings_gets_a_program_of_its_own(d2l):
    class Scaled(d2l.SoftmaxRegression):
        scale: float = 1.0

        def __call__(self, X):
            return self.scale * super().__call__(X)

    results = [trained(d2l, Scaled(num_outputs=4, lr=0.1, scale=scale)) for scale in (1.0, 2.0, 1.0)]
    assert results[0][1] == results[2][1] != results[1][1]


def test_steps_by_hand_share_it_too(d2l):
    calls = []

    class Traced(d2l.SoftmaxRegression):
        def __call__(self, X):
            calls.append(X.shape)
            return super().__call__(X)

    X, y = d2l.ones((2, 4)), d2l.tensor([0, 1])
    for _ in range(2):
        d2l.Steps(Traced(num_outputs=4, lr=0.1), X).gradient(X, y)
    assert len(calls) == 3, "two for the first weights, one for the loss"

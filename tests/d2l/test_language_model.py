"""Minibatches for language models: which pieces of the corpus, in which order, with which labels."""

# ruff: noqa: N806 (matrices have capital letters, as in the book)

import numpy as np
import pytest

TEXT = "".join(chr(97 + i % 7) + chr(97 + i % 11) for i in range(60))  # 120 letters


def array(tensor):
    """Return any framework's tensor as an array of NumPy."""
    if hasattr(tensor, "asnumpy"):
        return tensor.asnumpy()
    return tensor.numpy() if hasattr(tensor, "numpy") else np.array(tensor)


@pytest.fixture
def make(d2l, monkeypatch):
    """Return a function that makes a `TimeMachine` whose corpus is `TEXT`."""
    monkeypatch.setattr(d2l.TimeMachine, "_download", lambda self: TEXT)

    def make(**kwargs):
        d2l.set_seed(0)
        return d2l.TimeMachine(**{"batch_size": 8, "num_steps": 5, "num_train": 50, "num_val": 20, **kwargs})

    return make


def test_pieces_start_at_every_position_and_labels_are_shifted_by_one(make):
    data = make()
    corpus = data.vocab[list(TEXT)]
    pieces = np.array([corpus[i : i + 6] for i in range(len(corpus) - 5)])
    np.testing.assert_array_equal(array(data.X), pieces[:, :-1])
    np.testing.assert_array_equal(array(data.Y), pieces[:, 1:])


def test_arguments_become_attributes_with_the_books_defaults(d2l, monkeypatch):
    monkeypatch.setattr(d2l.TimeMachine, "_download", lambda self: TEXT)
    data = d2l.TimeMachine(batch_size=4, num_steps=3)
    assert (data.batch_size, data.num_steps, data.num_train, data.num_val) == (4, 3, 10000, 5000)


def test_tokens_are_whole_numbers(make):
    X, Y = next(iter(make().train_dataloader()))
    assert array(X).dtype.kind == array(Y).dtype.kind == "i"


def test_batches_have_batch_size_rows_but_the_last(make):
    shapes = [tuple(X.shape) for X, Y in make().train_dataloader()]
    assert shapes == [(8, 5)] * 6 + [(2, 5)]
    assert len(make().train_dataloader()) == 7 and len(make().val_dataloader()) == 3


def rows(loader):
    batches = [(array(X), array(Y)) for X, Y in loader]
    return np.concatenate([np.concatenate([X, Y], 1) for X, Y in batches])


def test_validation_pieces_follow_the_training_pieces_in_order(make):
    data = make()
    expected = np.concatenate([array(data.X), array(data.Y)], 1)[50:70]
    np.testing.assert_array_equal(rows(data.val_dataloader()), expected)
    np.testing.assert_array_equal(rows(data.get_dataloader(train=False)), expected)


def test_training_shuffles_whole_rows_and_uses_each_once(make):
    data = make()
    expected = np.concatenate([array(data.X), array(data.Y)], 1)[:50]
    first, second = rows(data.train_dataloader()), rows(data.train_dataloader())

    def ordered(a):
        return a[np.lexsort(a.T)]

    for drawn in (first, second):
        np.testing.assert_array_equal(ordered(drawn), ordered(expected))
    assert (first != expected).any() and (first != second).any()


def test_the_seed_fixes_the_order(make):
    np.testing.assert_array_equal(rows(make().train_dataloader()), rows(make().train_dataloader()))

"""The tools of older code: sums, steps, clipping, and minibatches that continue each other or do not."""

# ruff: noqa: N803, N806 (matrices have capital letters, as in the book)

import random

import numpy as np
import pytest


def test_sums_and_times(d2l):
    sums = d2l.Accumulator(2)
    sums.add(1, 2)
    sums.add(3, 4.5)
    assert (sums[0], sums[1]) == (4, 6.5)
    sums.reset()
    assert sums[0] == 0
    timer = d2l.Timer()
    assert timer.stop() >= 0
    timer.times = [1.0, 2.0]
    assert (timer.sum(), timer.avg(), timer.cumsum()) == (3, 1.5, [1, 3])


def test_accuracy_counts_scores_and_classes(d2l):
    y = d2l.tensor([2, 0])
    scores = d2l.tensor([[0.1, 0.3, 0.6], [0.2, 0.5, 0.3]])
    assert d2l.accuracy(scores, y) == 1
    assert d2l.accuracy(d2l.tensor([2, 0]), y) == 2
    assert d2l.evaluate_accuracy(lambda X: X, [(scores, y)] * 2) == 0.5


@pytest.mark.parametrize("norm", [0.5, 1, 5])
def test_clipping_and_steps(d2l, tab, numpy_of, norm):
    w, g = np.array([1.0, 2.0], "float32"), np.array([0.6, 0.8], "float32") * np.float32(norm)
    expected = w - 0.5 * g / max(1, norm) / 2
    if tab == "jax":
        found = d2l.sgd([d2l.tensor(w)], d2l.grad_clipping([d2l.tensor(g)], 1), 0.5, 2)[0]
    elif tab == "tensorflow":
        import tensorflow as tf

        found = tf.Variable(w)
        d2l.sgd([found], d2l.grad_clipping([tf.constant(g)], 1), 0.5, 2)
    else:
        found = d2l.tensor(w.tolist())
        net = type("Net", (), {"params": [found]})()
        if tab == "pytorch":
            found.requires_grad_()
            (found * d2l.tensor(g)).sum().backward()
        else:
            from mxnet import autograd

            found.attach_grad()
            with autograd.record():
                product = (found * d2l.tensor(g.tolist())).sum()
            product.backward()
        d2l.grad_clipping(net, 1)
        d2l.sgd(net.params, 0.5, 2)
    np.testing.assert_allclose(numpy_of(found), expected, rtol=1e-5)


def test_sequential_rows_continue_and_random_pieces_do_not_overlap(d2l, numpy_of):
    corpus = list(range(200))
    random.seed(1)
    last = None
    for X, Y in d2l.seq_data_iter_sequential(corpus, 4, 6):
        X, Y = numpy_of(X), numpy_of(Y)
        assert X.shape == (4, 6)
        np.testing.assert_array_equal(Y, X + 1)
        assert last is None or (X[:, 0] == last + 1).all()
        last = X[:, -1]
    batches = [(numpy_of(X), numpy_of(Y)) for X, Y in d2l.seq_data_iter_random(corpus, 4, 6)]
    tokens = np.concatenate([X for X, _ in batches]).ravel()
    assert len(set(tokens.tolist())) == len(tokens) >= 168
    assert all((X + 1 == Y).all() for X, Y in batches)


def test_text_functions(d2l):
    assert d2l.tokenize(["the time"], "char") == [list("the time")]
    assert d2l.count_corpus(d2l.tokenize(["a b", "a"])) == {"a": 2, "b": 1}
    with pytest.raises(ValueError, match="'word' or 'char'"):
        d2l.tokenize(["a"], "letter")

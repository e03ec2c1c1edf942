"""The cross-correlation of a matrix with a kernel."""

# ruff: noqa: N803, N806 (tensors have capital letters, as in the book)

import numpy as np
import pytest


def by_loops(X, K):
    """Return the cross-correlation, window by window."""
    (height, width), (k_h, k_w) = X.shape, K.shape
    return np.array(
        [
            [(X[i : i + k_h, j : j + k_w] * K).sum() for j in range(width - k_w + 1)]
            for i in range(height - k_h + 1)
        ]
    )


def tensor(d2l, array):
    return d2l.tensor(array.tolist())


@pytest.mark.parametrize("kernel", [(1, 1), (1, 2), (2, 1), (3, 3), (2, 4), (5, 7)])
def test_corr2d_is_the_sum_over_each_window(d2l, numpy_of, kernel):
    random = np.random.RandomState(0)
    X, K = random.standard_normal((5, 7)), random.standard_normal(kernel)
    found = numpy_of(d2l.corr2d(tensor(d2l, X), tensor(d2l, K)))
    assert found.shape == (5 - kernel[0] + 1, 7 - kernel[1] + 1)
    np.testing.assert_allclose(found, by_loops(X, K), rtol=1e-5, atol=1e-6)


def test_corr2d_does_not_flip_the_kernel(d2l, numpy_of):
    X, K = np.zeros((3, 3)), np.arange(4.0).reshape(2, 2)
    X[1, 1] = 1
    np.testing.assert_array_equal(numpy_of(d2l.corr2d(tensor(d2l, X), tensor(d2l, K))), [[3, 2], [1, 0]])


def test_corr2d_has_gradients(d2l, tab, numpy_of):
    """The gradient of the sum of all outputs is, for each weight, the sum of the block that it meets."""
    X = np.random.RandomState(1).standard_normal((4, 5))
    expected = by_loops(X, np.ones((3, 4)))  # For a kernel of 2 by 2, blocks have 3 by 4 pixels
    x, K = tensor(d2l, X), d2l.ones((2, 2))
    if tab == "pytorch":
        K.requires_grad_()
        d2l.corr2d(x, K).sum().backward()
        found = K.grad
    if tab == "jax":
        import jax

        found = jax.jit(jax.grad(lambda K: d2l.corr2d(x, K).sum()))(K)
    if tab == "tensorflow":
        import tensorflow as tf

        @tf.function
        def gradient(K):
            with tf.GradientTape() as tape:
                tape.watch(K)
                total = tf.reduce_sum(d2l.corr2d(x, K))
            return tape.gradient(total, K)

        found = gradient(K)
    if tab == "mxnet":
        from mxnet import autograd

        K.attach_grad()
        with autograd.record():
            total = d2l.corr2d(x, K).sum()
        total.backward()
        found = K.grad
    np.testing.assert_allclose(numpy_of(found), expected, rtol=1e-5, atol=1e-6)

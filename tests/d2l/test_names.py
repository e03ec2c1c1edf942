"""Portable names mean the same in every framework."""

import numpy as np
import pytest

A = np.array([[1.0, -2.0, 3.0], [0.5, 4.0, -1.0]])
CLOSE = {"rtol": 1e-5, "atol": 1e-6}


@pytest.fixture
def a(d2l):
    return d2l.tensor(A.tolist())


@pytest.mark.parametrize("name", ["abs", "exp", "sin", "cos", "tanh", "zeros_like", "ones_like", "transpose"])
def test_functions_of_a_tensor(d2l, numpy_of, a, name):
    np.testing.assert_allclose(numpy_of(getattr(d2l, name)(a)), getattr(np, name)(A), **CLOSE)


@pytest.mark.parametrize("name", ["log", "sqrt"])
def test_functions_of_positive_tensors(d2l, numpy_of, a, name):
    np.testing.assert_allclose(numpy_of(getattr(d2l, name)(a * a)), getattr(np, name)(A * A), **CLOSE)


def test_functions_of_several_tensors(d2l, numpy_of, a):
    np.testing.assert_allclose(numpy_of(d2l.sigmoid(a)), 1 / (1 + np.exp(-A)), **CLOSE)
    np.testing.assert_allclose(numpy_of(d2l.maximum(a, d2l.zeros_like(a))), np.maximum(A, 0), **CLOSE)
    np.testing.assert_allclose(numpy_of(d2l.matmul(a, d2l.transpose(a))), A @ A.T, **CLOSE)
    many = np.arange(24.0).reshape(2, 3, 4)
    both = d2l.tensor(many.tolist()), d2l.tensor(many.swapaxes(1, 2).tolist())
    np.testing.assert_allclose(numpy_of(d2l.matmul(*both)), many @ many.swapaxes(1, 2), **CLOSE)


def test_new_tensors(d2l, numpy_of):
    assert numpy_of(d2l.zeros((2, 3))).tolist() == [[0] * 3] * 2
    assert numpy_of(d2l.ones((2, 3))).tolist() == [[1] * 3] * 2
    assert numpy_of(d2l.eye(2)).tolist() == [[1, 0], [0, 1]]
    assert numpy_of(d2l.arange(3)).tolist() == [0, 1, 2]
    np.testing.assert_allclose(numpy_of(d2l.linspace(0.0, 1.0, 5)), [0, 0.25, 0.5, 0.75, 1])


def test_random_tensors(d2l, numpy_of):
    d2l.set_seed(0)
    tensors = d2l.rand(50, 40), d2l.randn(50, 40), d2l.normal((50, 40))
    uniform, normal, other = map(numpy_of, tensors)
    assert uniform.shape == normal.shape == other.shape == (50, 40)
    assert 0 <= uniform.min() < uniform.max() < 1
    assert uniform.mean() == pytest.approx(0.5, abs=0.05)
    for sample in (normal, other):
        assert sample.mean() == pytest.approx(0, abs=0.1)
        assert sample.std() == pytest.approx(1, abs=0.1)
    assert not np.array_equal(normal, other)


def test_shapes(d2l, numpy_of, a):
    assert numpy_of(d2l.reshape(a, (3, 2))).tolist() == A.reshape(3, 2).tolist()
    assert numpy_of(d2l.reshape(a, (-1,))).tolist() == A.ravel().tolist()
    assert numpy_of(d2l.expand_dims(a, 1)).shape == (2, 1, 3)
    assert numpy_of(d2l.concat([a, a], 1)).tolist() == np.concatenate([A, A], 1).tolist()
    assert numpy_of(d2l.stack([a, a], 1)).tolist() == np.stack([A, A], 1).tolist()
    assert numpy_of(d2l.swapaxes(a, 0, 1)).tolist() == A.T.tolist()
    assert d2l.size(a) == 6


def test_reductions(d2l, numpy_of, a):
    for name, reference in (("reduce_sum", np.sum), ("reduce_mean", np.mean), ("argmax", np.argmax)):
        for axis in (0, 1):
            reduced = numpy_of(getattr(d2l, name)(a, axis))
            np.testing.assert_allclose(reduced, reference(A, axis), **CLOSE)
    assert float(d2l.reduce_sum(a)) == pytest.approx(A.sum())
    assert float(d2l.reduce_mean(a)) == pytest.approx(A.mean())


@pytest.mark.parametrize("name", ["float32", "int32", "int64"])
def test_types(d2l, tab, numpy_of, a, name):
    if (tab, name) == ("jax", "int64"):
        pytest.skip("JAX has numbers of 32 bits unless told otherwise")
    assert numpy_of(d2l.astype(a, getattr(d2l, name))).dtype == name
    assert numpy_of(d2l.ones(2, dtype=getattr(d2l, name))).dtype == name


def test_leaving_the_framework(d2l, a):
    array = d2l.numpy(a)
    assert type(array).__module__ == "numpy"
    np.testing.assert_allclose(array, A)

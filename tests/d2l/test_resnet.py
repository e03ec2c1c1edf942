"""A residual block and a network of them compute what NumPy does, in prediction."""

# ruff: noqa: N803, N806 (matrices have capital letters, as in the book)

import numpy as np
import pytest

SIZE, IN = 6, 3


@pytest.fixture
def pictures():
    """Nonnegative pictures, channels last."""
    return np.random.default_rng(0).uniform(size=(2, SIZE, SIZE, IN)).astype("float32")


class Block:
    """A layer whose arrays have the axes of Flax and Keras, whatever those of the framework are."""

    def __init__(self, d2l, tab, numpy_of, X, make):
        self.tab, self.numpy_of = tab, numpy_of
        self.turned = tab in ("pytorch", "mxnet")
        self.X = d2l.tensor((np.moveaxis(X, -1, 1) if self.turned else X).tolist())
        self.layer = make(d2l)
        if tab == "pytorch":
            self.layer.eval()  # The running averages stay as they are
            self.layer(self.X)  # The first input makes the weights
        if tab == "jax":
            d2l.set_seed(0)
            self.variables = self.layer.init(d2l.get_key(), self.X)
            mode = "evaluating" if isinstance(self.layer, d2l.Module) else "training"
            self.layer = self.layer.clone(**{mode: mode == "evaluating"})
        if tab == "mxnet" and not isinstance(self.layer, d2l.Module):
            self.layer.initialize()

    def __call__(self):
        if self.tab == "jax":
            return self.last(self.layer.apply(self.variables, self.X))
        return self.last(self.layer(self.X))

    def last(self, Y):
        Y = self.numpy_of(Y)
        return np.moveaxis(Y, 1, -1) if self.turned and Y.ndim == 4 else Y

    def kernel(self, name):
        """Return the weights of a convolution: (height, width, inputs, outputs)."""
        if self.tab == "jax":
            place = {"conv1": "Conv_0", "conv2": "Conv_1", "conv3": "Conv_2"}[name]
            return np.asarray(self.variables["params"][place]["kernel"])
        layer = getattr(self.layer, name)
        if self.tab == "tensorflow":
            return layer.kernel.numpy()
        weight = layer.weight.data() if self.tab == "mxnet" else layer.weight
        return self.numpy_of(weight).transpose(2, 3, 1, 0)


def convolution(X, kernel, stride=1):
    size = len(kernel)
    X = np.pad(X, [(0, 0), (size // 2,) * 2, (size // 2,) * 2, (0, 0)])
    steps = range(0, X.shape[1] - size + 1, stride)
    rows = [[np.tensordot(X[:, i : i + size, j : j + size], kernel, 3) for j in steps] for i in steps]
    return np.array(rows).transpose(2, 0, 1, 3)


def expected(X, block, stride=1, *, shortcut=False):
    """Return a block's output with new running averages: a mean of 0, a variance of 1."""

    def norm(X):
        return X / np.sqrt(1 + 1e-5)

    Y = np.maximum(norm(convolution(X, block.kernel("conv1"), stride)), 0)
    Y = norm(convolution(Y, block.kernel("conv2")))
    return np.maximum(Y + (convolution(X, block.kernel("conv3"), stride) if shortcut else X), 0)


@pytest.fixture
def made(d2l, tab, numpy_of, pictures):
    def make(function):
        block = Block(d2l, tab, numpy_of, pictures, function)
        return block, block()

    return make


def test_a_block_adds_its_branch_to_its_input(made, pictures):
    block, found = made(lambda d2l: d2l.Residual(IN))
    assert found.shape == pictures.shape
    np.testing.assert_allclose(found, expected(pictures, block), atol=1e-5)


def test_a_block_may_halve_the_size_and_change_the_channels(made, pictures, tab):
    strides = (2, 2) if tab == "jax" else 2
    block, found = made(lambda d2l: d2l.Residual(5, use_1x1conv=True, strides=strides))
    assert found.shape == (2, SIZE // 2, SIZE // 2, 5)
    np.testing.assert_allclose(found, expected(pictures, block, 2, shortcut=True), atol=1e-5)


def test_convolutions_have_no_bias(d2l, tab, made):
    block, _ = made(lambda d2l: d2l.Residual(IN))
    if tab == "jax":
        assert set(block.variables["params"]["Conv_0"]) == {"kernel"}
    elif tab == "tensorflow":
        assert len(block.layer.conv1.weights) == 1
    else:
        assert block.layer.conv1.bias is None


@pytest.mark.parametrize("arch", [((1, 4),), ((2, 4), (1, 6))])
def test_a_network_returns_a_row_of_logits_for_each_picture(made, arch):
    _, found = made(lambda d2l: d2l.ResNet(arch, num_classes=7))
    assert found.shape == (2, 7)
    assert np.isfinite(found).all()

"""Networks made of blocks: their sizes, their first weights, and their logits against NumPy."""

# ruff: noqa: N802, N803, N806 (tensors have capital letters, as in the book)

import numpy as np
import pytest

ARCH = ((1, 2), (2, 3))
"""For pictures of 8 by 8: blocks of 2 and 3 channels, which leave 2 by 2 places."""
SIZES = {  # The axes of Keras and Flax, then what goes in for each output
    (3, 3, 1, 2): 9, (3, 3, 2, 3): 18, (3, 3, 3, 3): 27, (12, 64): 12, (64, 10): 64,
}  # fmt: skip


@pytest.fixture
def X():
    return np.random.default_rng(0).normal(size=(4, 8, 8, 1)).astype("float32")


def made(d2l, tab, X, **options):
    """Return the logits of a new network, and its kernels and biases with the axes of Keras and Flax."""
    d2l.set_seed(0)
    model, turned = d2l.VGG(ARCH, **options), tab in ("pytorch", "mxnet")
    X = d2l.tensor((np.moveaxis(X, -1, 1) if turned else X).tolist())
    if tab == "jax":
        variables = model.apply_init((X,), d2l.get_key())
        net = variables["params"]["net"]
        layers = [net["layers_0"]["layers_0"], net["layers_1"]["layers_0"], net["layers_1"]["layers_2"]]
        layers += [net[name] for name in ("layers_3", "layers_5")]
        params = [np.asarray(layer[name]) for layer in layers for name in ("kernel", "bias")]
        return np.asarray(model.apply(variables, X)), params[::2], params[1::2]
    if tab == "pytorch":
        model.apply_init([X], d2l.init_he)
        params = [p.detach().numpy() for p in model.parameters()]
        logits = model(X).detach().numpy()
    else:
        logits = d2l.numpy(model(X))
        params = (
            [v.numpy() for v in model.trainable_variables] if tab == "tensorflow"
            else [p.data().asnumpy() for p in model.collect_params().values()]
        )  # fmt: skip
    kernels, biases = params[::2], params[1::2]
    if turned:
        kernels = [a.T if a.ndim == 2 else np.transpose(a, (2, 3, 1, 0)) for a in kernels]
        dense = kernels[3].reshape(3, 2, 2, 64)  # Channels first in the row, and last in Keras and Flax
        kernels[3] = np.moveaxis(dense, 0, 2).reshape(12, 64)
    return logits, kernels, biases


def relu(X):
    return np.maximum(X, 0)


def conv(X, K, b):
    """Return a convolution that keeps the size, for channels last."""
    padded = np.pad(X, ((0, 0), (1, 1), (1, 1), (0, 0)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, (3, 3), axis=(1, 2))
    return np.einsum("nhwckl,klco->nhwo", windows, K) + b


def pool(X):
    n, h, w, c = X.shape
    return X.reshape(n, h // 2, 2, w // 2, 2, c).max((2, 4))


def test_the_logits_are_those_of_numpy(d2l, tab, X):
    logits, K, b = made(d2l, tab, X)
    H = pool(relu(conv(X, K[0], b[0])))
    H = pool(relu(conv(relu(conv(H, K[1], b[1])), K[2], b[2])))
    H = relu(H.reshape(len(X), -1) @ K[3] + b[3])
    np.testing.assert_allclose(logits, H @ K[4] + b[4], rtol=0, atol=1e-5)


def test_weights_begin_as_hes_and_biases_at_zero(d2l, tab, X):
    _, kernels, biases = made(d2l, tab, X)
    assert [kernel.shape for kernel in kernels] == list(SIZES)
    assert all((bias == 0).all() for bias in biases)
    for kernel, inputs in zip(kernels, SIZES.values(), strict=True):
        if kernel.size > 500:  # Enough numbers to estimate a deviation
            assert kernel.std() == pytest.approx(np.sqrt(2 / inputs), rel=0.15)


def test_kernels_can_have_another_size_and_there_can_be_other_classes(d2l, tab, X):
    logits, kernels, _ = made(d2l, tab, X, kernel_size=5, num_classes=3, lr=0.2)
    assert logits.shape == (4, 3)
    assert kernels[0].shape == (5, 5, 1, 2)

"""LeNet: its sizes and first weights, what `layer_summary` prints, and how PyTorch's are made."""

# ruff: noqa: N803, N806 (tensors have capital letters, as in the book)

import numpy as np
import pytest

SIZES = {  # Of weights, without biases: what goes in, what comes out, how many there are
    "conv1": (25, 150, 150), "conv2": (150, 400, 2400),
    "dense1": (400, 120, 48000), "dense2": (120, 84, 10080), "dense3": (84, 10, 840),
}  # fmt: skip


@pytest.fixture
def shape(tab):
    return (2, 1, 28, 28) if tab in ("pytorch", "mxnet") else (2, 28, 28, 1)


def parameters(d2l, tab, shape, **options):
    """Return a new LeNet, and its parameters as arrays."""
    d2l.set_seed(0)
    model, X = d2l.LeNet(**options), d2l.zeros(shape)
    if tab == "jax":
        import jax

        params = model.apply_init((X,), d2l.get_key())["params"]
        return model, [np.asarray(a) for a in jax.tree.leaves(params)]
    if tab == "pytorch":
        model.apply_init([X], d2l.init_cnn)
        return model, [p.detach().numpy() for p in model.parameters()]
    model(X)
    if tab == "tensorflow":
        return model, [v.numpy() for v in model.trainable_variables]
    return model, [p.data().asnumpy() for p in model.collect_params().values()]


def test_it_has_as_many_parameters_as_the_book_says(d2l, tab, shape):
    _, found = parameters(d2l, tab, shape)
    assert sum(a.size for a in found) == 61706


def test_classes_and_learning_rate_can_be_chosen(d2l, tab, shape):
    model, found = parameters(d2l, tab, shape, lr=0.3, num_classes=7)
    assert model.lr == 0.3
    assert sum(a.size for a in found) == 61706 - 3 * 85


def test_weights_begin_as_xaviers(d2l, tab, shape):
    _, found = parameters(d2l, tab, shape)
    weights = {a.size: a for a in found if a.ndim > 1}
    for fan_in, fan_out, size in SIZES.values():
        limit = np.sqrt(6 / (fan_in + fan_out))
        assert abs(weights[size]).max() <= limit
        assert weights[size].std() == pytest.approx(limit / np.sqrt(3), rel=0.15)


def test_a_summary_has_a_line_for_each_layer(d2l, tab, shape, capsys):
    d2l.LeNet().layer_summary(shape)
    lines = capsys.readouterr().out.splitlines()
    assert all(" output shape: (2, " in line for line in lines)
    first, last = lines[0].split(), lines[-1].split()
    assert first[0].lower().startswith("conv")
    assert last[0] in ("Linear", "Dense")
    assert lines[0].endswith("28, 28)" if tab in ("pytorch", "mxnet") else "28, 28, 6)")
    assert lines[-1].endswith("(2, 10)")
    assert len(lines) == {"pytorch": 12, "jax": 12, "tensorflow": 8, "mxnet": 7}[tab]


def test_another_activation_function_is_used_everywhere(d2l, tab, shape):
    """With the identity, the logits are an affine function of the picture."""
    if tab == "pytorch":
        from torch import nn

        identity = nn.Identity
    elif tab == "jax":

        def identity(x):
            return x
    else:
        identity = None
    model, _ = parameters(d2l, tab, shape, activation=identity)
    if tab == "jax":
        variables = model.apply_init((d2l.zeros(shape),), d2l.get_key())

        def logits(X):
            return model.apply(variables, X)
    else:
        logits = model
    X, Z = d2l.randn(*shape), d2l.zeros(shape)
    line = [d2l.numpy(logits(a)) for a in (Z, X, 2 * X)]
    np.testing.assert_allclose(line[2] - line[1], line[1] - line[0], rtol=0, atol=1e-4)


def test_pytorchs_layers_are_made_and_given_to_a_function(d2l, tab, shape):
    if tab != "pytorch":
        pytest.skip("the others have another apply_init or none")
    seen, model = [], d2l.LeNet()
    model.apply_init([d2l.zeros(shape)], seen.append)
    assert [layer for layer in model.net if layer not in seen] == []
    before = [p.clone() for p in model.parameters()]
    model.apply_init([d2l.zeros(shape)])
    for old, new in zip(before, model.parameters(), strict=True):
        assert (old == new).all()


def test_pytorchs_biases_are_left_alone(d2l, tab):
    if tab != "pytorch":
        pytest.skip("only PyTorch has init_cnn")
    import torch

    layer = torch.nn.Conv2d(3, 4, 5)
    bias, weight = layer.bias.clone(), layer.weight.clone()
    d2l.init_cnn(layer)
    assert (layer.bias == bias).all()
    assert (layer.weight != weight).any()
    norm = torch.nn.BatchNorm2d(3)
    d2l.init_cnn(norm)
    assert (norm.weight == 1).all()

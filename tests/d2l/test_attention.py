"""Attention computes the same as NumPy, ignores masked keys, and is shown as heatmaps with one scale.

The references are written for this test alone, in double precision, and cut sequences where the library
masks them.
"""

# ruff: noqa: N806 (matrices have capital letters, as in the book)

import numpy as np
import pytest

BATCH, QUERIES, KEYS, VALUES, HIDDENS = 2, 3, 5, 4, 6
CLOSE = {"rtol": 0, "atol": 1e-5}
LENS = {
    "all count": None,
    "one length for each sequence": [2, 5],
    "one length for each query": [[1, 2, 5], [4, 1, 3]],
}


def softmax(scores):
    weights = np.exp(scores - scores.max(-1, keepdims=True))
    return weights / weights.sum(-1, keepdims=True)


def masked(scores, lens):
    """Return the weights of each query, computed from the scores of its keys that count alone."""
    lens = np.full(scores.shape[:2], KEYS) if lens is None else np.array(lens)
    lens = np.broadcast_to(lens.reshape(BATCH, -1), scores.shape[:2])
    weights = np.zeros(scores.shape)
    for place, length in np.ndenumerate(lens):
        weights[place][:length] = softmax(scores[place][:length])
    return weights


class Case:
    """Queries, keys and values at random; those of additive attention have different lengths."""

    def __init__(self, d2l, tab, numpy_of, floats):
        self.d2l, self.tab, self.array, self.floats = d2l, tab, numpy_of, floats
        rng = np.random.default_rng(7)
        self.queries = rng.normal(size=(BATCH, QUERIES, 8))
        self.keys = rng.normal(size=(BATCH, KEYS, 8))
        self.values = rng.normal(size=(BATCH, KEYS, VALUES))
        self.long_queries = rng.normal(size=(BATCH, QUERIES, 11))

    def lens(self, lens):
        return None if lens is None else self.d2l.tensor(lens)

    def attend(self, layer, queries, lens=None, training=False):
        """Return what the layer answers, the weights that it keeps, and its parameters."""
        inputs = [self.floats(a) for a in (queries, self.keys, self.values)] + [self.lens(lens)]
        params = []
        if self.tab == "jax":
            import jax

            variables = layer.init(jax.random.key(0), *inputs)
            rngs = {"dropout": jax.random.key(1)}
            output, weights = layer.apply(variables, *inputs, training, rngs=rngs)
            params = [layer["kernel"] for layer in variables.get("params", {}).values()]
        elif self.tab == "mxnet":
            from mxnet import autograd

            layer.initialize()  # Parameters that are there stay, with a warning
            with autograd.record(train_mode=training):
                output = layer(*inputs)
            params = [p.data().T for p in layer.collect_params().values()]
        elif self.tab == "pytorch":
            layer.train(training)
            output = layer(*inputs)
            params = [p.T for p in layer.parameters()]
        else:
            output = layer(*inputs, training=training)
            params = layer.trainable_variables
        weights = weights if self.tab == "jax" else layer.attention_weights
        return self.array(output), self.array(weights), [self.array(p) for p in params]


@pytest.fixture
def case(d2l, tab, numpy_of, floats):
    d2l.set_seed(0)
    return Case(d2l, tab, numpy_of, floats)


@pytest.mark.parametrize("lens", LENS.values(), ids=LENS)
def test_masked_keys_have_no_weight_and_the_others_share_it(d2l, case, lens):
    scores = 3 * np.random.default_rng(1).normal(size=(BATCH, QUERIES, KEYS))
    weights = case.array(d2l.masked_softmax(case.floats(scores), case.lens(lens)))
    np.testing.assert_allclose(weights, masked(scores, lens), **CLOSE)
    np.testing.assert_allclose(weights.sum(-1), 1, **CLOSE)
    assert (weights[masked(scores, lens) == 0] == 0).all(), "exactly zero"


@pytest.mark.parametrize("lens", [[0, 5], [[0, 1, 2], [5, 5, 0]]])
def test_without_any_key_that_counts_all_weights_are_equal(d2l, case, lens):
    scores = 100 * np.random.default_rng(1).normal(size=(BATCH, QUERIES, KEYS))
    weights = case.array(d2l.masked_softmax(case.floats(scores), case.lens(lens)))
    np.testing.assert_allclose(weights[0, 0], 1 / KEYS, **CLOSE)
    assert np.isfinite(weights).all()


@pytest.mark.parametrize("lens", LENS.values(), ids=LENS)
def test_dot_product_attention_averages_by_scaled_dot_products(d2l, case, lens):
    output, weights, params = case.attend(d2l.DotProductAttention(0.5), case.queries, lens)
    expected = masked(case.queries @ case.keys.transpose(0, 2, 1) / np.sqrt(8), lens)
    np.testing.assert_allclose(weights, expected, **CLOSE)
    np.testing.assert_allclose(output, expected @ case.values, **CLOSE)
    assert params == [], "it has no parameters"


@pytest.mark.parametrize("lens", LENS.values(), ids=LENS)
def test_additive_attention_compares_vectors_of_different_lengths(d2l, case, lens):
    layer = d2l.AdditiveAttention(HIDDENS, 0.5)
    output, weights, (W_q, W_k, w_v) = case.attend(layer, case.long_queries, lens)
    assert (W_q.shape, W_k.shape, w_v.shape) == ((11, HIDDENS), (8, HIDDENS), (HIDDENS, 1))
    sums = (case.long_queries @ W_q)[:, :, None] + (case.keys @ W_k)[:, None]
    expected = masked((np.tanh(sums) @ w_v)[..., 0], lens)
    np.testing.assert_allclose(weights, expected, **CLOSE)
    np.testing.assert_allclose(output, expected @ case.values, **CLOSE)


@pytest.mark.parametrize(("lens", "padded"), [([2, 5], 0), ([[1, 2, 5], [4, 1, 3]], 1)])
@pytest.mark.parametrize("name", ["DotProductAttention", "AdditiveAttention"])
def test_what_is_masked_for_all_queries_does_not_matter(d2l, case, name, lens, padded):
    layer = getattr(d2l, name)(*((0,) if name == "DotProductAttention" else (HIDDENS, 0)))
    before, *_ = case.attend(layer, case.queries, lens)
    case.keys[padded, -1] += 7
    case.values[padded, -1] += 7
    after, *_ = case.attend(layer, case.queries, lens)
    np.testing.assert_allclose(after, before, **CLOSE)


@pytest.mark.parametrize("name", ["DotProductAttention", "AdditiveAttention"])
def test_dropout_acts_on_the_weights_in_training_alone(d2l, case, name):
    arguments = (0.5,) if name == "DotProductAttention" else (HIDDENS, 0.5)
    layer = getattr(d2l, name)(*arguments)
    still, weights, _ = case.attend(layer, case.queries)
    np.testing.assert_allclose(still, weights @ case.values, **CLOSE)
    case.values = np.eye(KEYS)[None].repeat(BATCH, 0)  # So that the answers are the weights
    layer = getattr(d2l, name)(*arguments)
    dropped, weights, _ = case.attend(layer, case.queries, training=True)
    silent = dropped == 0
    assert 0 < silent.sum() < silent.size
    np.testing.assert_allclose(dropped[~silent], 2 * weights[~silent], **CLOSE)


@pytest.fixture
def heatmaps(d2l):
    """Show four heatmaps; return the matrices and the axes, of which the last is that of the scale."""
    from matplotlib import pyplot as plt

    matrices = np.linspace(0, 0.8, 2 * 2 * 3 * 5).reshape(2, 2, 3, 5)
    plt.close("all")
    d2l.show_heatmaps(d2l.tensor(matrices.tolist()), "keys", "queries", ["one", "other"], figsize=(5, 4))
    yield matrices, plt.gcf().axes
    plt.close("all")


def test_heatmaps_come_out_as_a_grid_with_labels_at_its_edges(heatmaps):
    matrices, (*axes, _) = heatmaps
    assert len(axes) == 4
    assert [ax.get_xlabel() for ax in axes] == ["", "", "keys", "keys"]
    assert [ax.get_ylabel() for ax in axes] == ["queries", "", "queries", ""]
    assert [ax.get_title() for ax in axes] == ["one", "other"] * 2
    shown = [ax.images[0].get_array() for ax in axes]
    np.testing.assert_allclose(shown, matrices.reshape(4, 3, 5), **CLOSE)


def test_heatmaps_have_one_color_scale(heatmaps):
    _, (*axes, scale) = heatmaps
    for ax in axes:
        np.testing.assert_allclose(ax.images[0].get_clim(), (0, 0.8), **CLOSE)
    np.testing.assert_allclose(scale.get_ylim(), (0, 0.8), **CLOSE)


def test_a_single_heatmap_needs_no_title(d2l):
    from matplotlib import pyplot as plt

    plt.close("all")
    d2l.show_heatmaps(d2l.eye(3)[None, None], "keys", "queries", figsize=(3, 2))
    assert plt.gcf().get_size_inches().tolist() == [3, 2]
    assert len(plt.gcf().axes) == 2
    plt.close("all")

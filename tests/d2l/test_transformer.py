"""The Transformer's encoder and decoder compute the same as NumPy, in each framework.

The reference is written for this test alone, in double precision, sequence by sequence and head by head.
It reads the weights of the layers by the names of their attributes, which all frameworks share.
"""

# ruff: noqa: N803, N806 (matrices have capital letters, as in the book)

import math

import numpy as np
import pytest

VOCAB, HIDDENS, FFN, HEADS, BLOCKS = 11, 8, 12, 2, 2
CLOSE = {"rtol": 0, "atol": 2e-5}
SRC = np.array([[1, 2, 3, 4, 5], [6, 7, 8, 0, 0], [9, 10, 1, 3, 0]])
LENS = np.array([5, 3, 4])
TGT = np.array([[1, 5, 2, 8], [1, 4, 4, 10], [1, 3, 9, 7]])


class Layer:
    """A layer of one framework with random parameters, and these by name in double precision."""

    def __init__(self, d2l, tab, numpy_of, layer, *inputs, scale=0.5):
        self.d2l, self.tab, self.array = d2l, tab, numpy_of
        d2l.set_seed(0)
        rng = np.random.default_rng(1)
        self.layer = d2l.with_params(layer, *inputs)

        def draw(p):
            return rng.normal(0, scale, p.shape).astype("float32")

        if tab == "pytorch":
            for p in self.layer.parameters():
                p.data = d2l.tensor(draw(p).tolist())
        if tab == "tensorflow":
            for p in self.layer.trainable_variables:
                p.assign(draw(p))
        if tab == "mxnet":
            for p in self.layer.collect_params().values():
                p.set_data(d2l.tensor(draw(p).tolist()))
        if tab == "jax":
            import jax

            self.params = jax.tree.map(draw, self.layer.variables["params"])
            self.layer = layer.bind({"params": self.params})
            self.unbound = layer

    def weights(self, *path):
        """Return the one or two parameters of a part: the matrix (inputs, outputs) or scale, and the bias."""
        if self.tab == "jax":
            part = self.params
            for name in path:
                part = part[name.replace(".", "_")]
            names = ("embedding",), ("kernel", "bias"), ("scale", "bias")
            found = next([part[k] for k in keys if k in part] for keys in names if keys[0] in part)
        else:
            part = self.layer
            for name in path:
                name, _, number = name.partition(".")
                part = getattr(part, name)
                part = part[int(number)] if number else part
            names = ("weight", "kernel", "embeddings", "gamma"), ("bias", "beta")
            found = [next((getattr(part, k) for k in keys if hasattr(part, k)), None) for keys in names]
            found = [p.data() if self.tab == "mxnet" and p is not None else p for p in found]
        found = [self.array(p).astype("float64") for p in found if p is not None]
        turned = self.tab in ("pytorch", "mxnet") and "embedding" not in path
        return [p.T if turned else p for p in found]

    def train(self, *inputs):
        """Return what the layer computes in training, as an array."""
        if self.tab == "pytorch":
            self.layer.train()
            found = self.layer(*inputs)
            self.layer.eval()
        if self.tab == "jax":
            rngs = {"dropout": self.d2l.get_key()}
            found = self.unbound.apply({"params": self.params}, *inputs, training=True, rngs=rngs)
        if self.tab == "tensorflow":
            found = self.layer(*inputs, training=True)
        if self.tab == "mxnet":
            from mxnet import autograd

            with autograd.record():
                found = self.layer(*inputs)
        return self.array(found[0] if isinstance(found, tuple) else found)


def dense(x, weights):
    return x @ weights[0] + (weights[1] if len(weights) > 1 else 0)


def norm(x, weights):
    scaled = (x - x.mean(-1, keepdims=True)) / np.sqrt(x.var(-1, keepdims=True) + 1e-5)
    return weights[0] * scaled + weights[1]


def attention(net, path, queries, keys, lens):
    """Return the attention of one sequence; ``lens`` has the number of keys for each query."""
    q, k, v = (
        dense(x, net.weights(*path, name))
        for x, name in zip((queries, keys, keys), ("W_q", "W_k", "W_v"), strict=True)
    )
    heads = []
    for part in np.split(np.arange(HIDDENS), HEADS):
        scores = q[:, part] @ k[:, part].T / math.sqrt(len(part))
        scores[np.arange(len(keys)) >= np.asarray(lens)[:, None]] = -np.inf
        weights = np.exp(scores - scores.max(-1, keepdims=True))
        heads.append(weights / weights.sum(-1, keepdims=True) @ v[:, part])
    return dense(np.concatenate(heads, -1), net.weights(*path, "W_o"))


def network(net, path, x):
    hidden = np.maximum(dense(x, net.weights(*path, "ffn", "dense1")), 0)
    return dense(hidden, net.weights(*path, "ffn", "dense2"))


def embedded(net, tokens):
    x = net.weights("embedding")[0][tokens] * math.sqrt(HIDDENS)
    for t in range(len(tokens)):
        for i in range(0, HIDDENS, 2):
            angle = t / 10000 ** (i / HIDDENS)
            x[t, i : i + 2] += math.sin(angle), math.cos(angle)
    return x


def encoder_block(net, path, x, length):
    x = norm(
        x + attention(net, (*path, "attention"), x, x, [length] * len(x)),
        net.weights(*path, "addnorm1", "ln"),
    )
    return norm(x + network(net, path, x), net.weights(*path, "addnorm2", "ln"))


def encoded(net, tokens, length):
    x = embedded(net, tokens)
    for i in range(BLOCKS):
        x = encoder_block(net, (f"blks.{i}",), x, length)
    return x


def decoded(net, tokens, vectors, length):
    """Return the scores of the tokens that follow."""
    x = embedded(net, tokens)
    for i in range(BLOCKS):
        path = (f"blks.{i}",)
        seen = np.arange(1, len(x) + 1)
        x = norm(x + attention(net, (*path, "attention1"), x, x, seen), net.weights(*path, "addnorm1", "ln"))
        cross = attention(net, (*path, "attention2"), x, vectors, [length] * len(x))
        x = norm(x + cross, net.weights(*path, "addnorm2", "ln"))
        x = norm(x + network(net, path, x), net.weights(*path, "addnorm3", "ln"))
    return dense(x, net.weights("dense"))


@pytest.fixture
def encoder(d2l, tab, numpy_of, ids):
    def make(dropout=0.0, use_bias=True):
        layer = d2l.TransformerEncoder(VOCAB, HIDDENS, FFN, HEADS, BLOCKS, dropout, use_bias)
        return Layer(d2l, tab, numpy_of, layer, ids(SRC), ids(LENS))

    return make


@pytest.fixture
def vectors():
    return np.random.default_rng(2).normal(size=(3, 5, HIDDENS))


@pytest.fixture
def decoder(d2l, tab, numpy_of, ids, floats, vectors):
    def make(dropout=0.0):
        layer = d2l.TransformerDecoder(VOCAB, HIDDENS, FFN, HEADS, BLOCKS, dropout)
        state = layer.init_state(floats(vectors), ids(LENS))
        return Layer(d2l, tab, numpy_of, layer, ids(TGT), state), state

    return make


@pytest.mark.parametrize("use_bias", [False, True])
def test_the_encoder_computes_what_numpy_does_and_ignores_padding(encoder, ids, use_bias):
    it = encoder(use_bias=use_bias)
    found = it.array(it.layer(ids(SRC), ids(LENS)))
    assert found.shape == (3, 5, HIDDENS)
    for vectors, tokens, length in zip(found, SRC, LENS, strict=True):
        np.testing.assert_allclose(vectors, encoded(it, tokens, length), **CLOSE)
    other = np.where(SRC == 0, 7, SRC)
    again = it.array(it.layer(ids(other), ids(LENS)))
    for one, two, length in zip(found, again, LENS, strict=True):
        np.testing.assert_allclose(one[:length], two[:length], **CLOSE)
    assert abs(found - again).max() > 0.01


def test_without_lengths_all_tokens_of_the_encoder_count(encoder, ids):
    it = encoder()
    found = it.array(it.layer(ids(SRC), None))
    for vectors, tokens in zip(found, SRC, strict=True):
        np.testing.assert_allclose(vectors, encoded(it, tokens, 5), **CLOSE)


def test_a_block_takes_vectors(d2l, tab, numpy_of, floats, ids, vectors):
    it = Layer(
        d2l, tab, numpy_of, d2l.TransformerEncoderBlock(HIDDENS, FFN, HEADS, 0.5), floats(vectors), ids(LENS)
    )
    found = it.layer(floats(vectors), ids(LENS))
    found = it.array(found[0] if tab == "jax" else found)
    for got, x, length in zip(found, vectors, LENS, strict=True):
        np.testing.assert_allclose(got, encoder_block(it, (), x, length), **CLOSE)


def test_the_decoder_computes_what_numpy_does(decoder, ids, vectors):
    it, state = decoder()
    scores, _ = it.layer(ids(TGT), state)
    assert it.array(scores).shape == (3, 4, VOCAB)
    for got, tokens, x, length in zip(it.array(scores), TGT, vectors, LENS, strict=True):
        np.testing.assert_allclose(got, decoded(it, tokens, x, length), **CLOSE)


@pytest.mark.parametrize("pieces", [(1, 1, 1, 1), (2, 2), (1, 3)])
def test_the_decoder_goes_on_from_a_state(decoder, ids, pieces):
    it, state = decoder()
    whole = it.array(it.layer(ids(TGT), state)[0])
    found, start = [], 0
    for size in pieces:
        scores, state = it.layer(ids(TGT[:, start : start + size]), state)
        found.append(it.array(scores))
        start += size
    np.testing.assert_allclose(np.concatenate(found, 1), whole, **CLOSE)
    assert [inputs.shape for inputs in state[2]] == [(3, 4, HIDDENS)] * BLOCKS


def test_a_later_token_changes_no_earlier_score_also_in_training(decoder, ids):
    it, state = decoder()
    other = TGT.copy()
    other[:, 2] = 6
    for call in (lambda X: it.array(it.layer(X, state)[0]), lambda X: it.train(X, state)):
        one, two = call(ids(TGT)), call(ids(other))
        np.testing.assert_allclose(one[:, :2], two[:, :2], **CLOSE)
        assert abs(one - two)[:, 2:].max() > 1e-3


def test_a_call_leaves_the_state_that_it_gets_as_it_is(decoder, ids):
    it, state = decoder()
    it.layer(ids(TGT), state)
    assert list(state[2]) == [None] * BLOCKS


def test_dropout_is_for_training_alone(encoder, decoder, ids):
    it = encoder(dropout=0.5)
    inputs = ids(SRC), ids(LENS)
    calm = it.array(it.layer(*inputs))
    np.testing.assert_allclose(calm, it.array(it.layer(*inputs)), **CLOSE)
    assert abs(it.train(*inputs) - calm).max() > 0.1
    it, state = decoder(dropout=0.5)
    calm = it.array(it.layer(ids(TGT), state)[0])
    np.testing.assert_allclose(calm, it.array(it.layer(ids(TGT), state)[0]), **CLOSE)
    assert abs(it.train(ids(TGT), state) - calm).max() > 0.1


def test_attention_weights_of_the_decoder_are_those_of_each_block(d2l, tab, decoder, ids):
    it, state = decoder()
    if tab == "jax":
        _, kept = it.unbound.apply({"params": it.params}, ids(TGT), state, mutable=["intermediates"])
        weights = kept["intermediates"]["dec_attention_weights"][0]
    else:
        it.layer(ids(TGT), state)
        weights = it.layer.attention_weights
    assert len(weights) == BLOCKS
    for own, cross in weights:
        own, cross = it.array(own), it.array(cross)
        assert own.shape == (3 * HEADS, 4, 4)
        assert cross.shape == (3 * HEADS, 4, 5)
        np.testing.assert_allclose(np.triu(own, 1), 0, atol=1e-7)
        np.testing.assert_allclose(cross[2:4, :, 3:], 0, atol=1e-7)
        np.testing.assert_allclose(cross.sum(-1), 1, atol=1e-5)


def test_the_numbers_of_parameters_are_those_of_the_formulas(d2l, encoder, decoder):
    network = 2 * HIDDENS * FFN + FFN + HIDDENS
    block = 4 * HIDDENS**2 + network + 4 * HIDDENS
    assert d2l.num_params(encoder(use_bias=False).layer) == VOCAB * HIDDENS + BLOCKS * block
    block = 8 * HIDDENS**2 + network + 6 * HIDDENS
    output = HIDDENS * VOCAB + VOCAB
    assert d2l.num_params(decoder()[0].layer) == VOCAB * HIDDENS + BLOCKS * block + output


def test_positions_share_one_network(d2l, tab, numpy_of, floats, vectors):
    it = Layer(d2l, tab, numpy_of, d2l.PositionWiseFFN(FFN, 3), floats(vectors))
    found = it.array(it.layer(floats(vectors)))
    hidden = np.maximum(dense(vectors, it.weights("dense1")), 0)
    np.testing.assert_allclose(found, dense(hidden, it.weights("dense2")), **CLOSE)


def test_causal_lens_go_on_behind_earlier_positions(d2l, numpy_of, vectors, floats):
    X = floats(vectors[:, :2])
    np.testing.assert_array_equal(numpy_of(d2l.causal_lens(X, 2)), [[1, 2]] * 3)
    np.testing.assert_array_equal(numpy_of(d2l.causal_lens(X, 6)), [[5, 6]] * 3)


def test_rows_of_an_embedding_are_about_as_long_as_1(d2l, tab, numpy_of, ids):
    d2l.set_seed(0)
    layer = d2l.with_params(d2l.normal_embedding(200, 64, 1 / math.sqrt(64)), ids([[1]]))
    rows = numpy_of(layer(ids(np.arange(200))))
    assert 0.9 < np.linalg.norm(rows, axis=-1).mean() < 1.1

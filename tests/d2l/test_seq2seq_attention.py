"""A recurrent decoder with attention computes the same as NumPy, and never sees padding.

The reference is written for this test alone, in double precision, one sequence at a time, and it cuts
sources where the library masks them.
"""

# ruff: noqa: N806 (matrices have capital letters, as in the book)

import functools

import numpy as np
import pytest

SRC_VOCAB, TGT_VOCAB, EMBED, HIDDENS, LAYERS, PAD = 9, 7, 4, 5, 2, 2
CLOSE = {"rtol": 0, "atol": 2e-5}
SRC = np.array([[3, 4, 5, 6, 1], [7, 8, 1, 2, 2], [3, 2, 2, 2, 2]])
LENS = np.array([5, 3, 1])
INPUTS = np.array([[0, 3, 4, 6], [0, 5, 2, 2], [0, 6, 6, 2]])
TARGETS = np.array([[3, 4, 6, 1], [5, 1, 2, 2], [6, 6, 1, 2]])


def sigmoid(a):
    return 1 / (1 + np.exp(-a))


@functools.cache
def compiled(module, method, **options):
    """Return a method of a module of Flax, compiled once for all equal modules."""
    import jax

    return jax.jit(functools.partial(getattr(module, method), **options))


class Model:
    """`Seq2Seq` with attention in one framework, with random parameters."""

    def __init__(self, d2l, tab, numpy_of, ids, dropout=0):
        self.d2l, self.tab, self.array, self.ids = d2l, tab, numpy_of, ids
        d2l.set_seed(0)
        sizes = EMBED, HIDDENS, LAYERS, dropout
        self.model = d2l.Seq2Seq(
            d2l.Seq2SeqEncoder(SRC_VOCAB, *sizes), d2l.Seq2SeqAttentionDecoder(TGT_VOCAB, *sizes), PAD, 0.01
        )
        inputs, rng = [ids(a) for a in (SRC, INPUTS, LENS)], np.random.default_rng(1)

        def draw(p):
            return rng.normal(0, 0.8, p.shape).astype("float32")

        if tab == "jax":
            import jax

            params = compiled(self.model, "init")(d2l.get_key(), *inputs)["params"]
            self.params = jax.tree.map(draw, params)
            return
        self.model(*inputs)  # Makes all parameters
        if tab == "pytorch":
            for p in self.model.parameters():
                p.data = d2l.tensor(draw(p).tolist())
        if tab == "tensorflow":
            for p in self.model.trainable_variables:
                p.assign(draw(p))
        if tab == "mxnet":
            for p in self.model.collect_params().values():
                p.set_data(d2l.tensor(draw(p).tolist()))

    def scores(self, src=SRC, training=False):
        """Return the scores of all targets and the weights of all steps."""
        inputs = [self.ids(a) for a in (src, INPUTS, LENS)]
        if self.tab == "jax":
            import jax

            apply = compiled(self.model.clone(evaluating=not training), "apply", mutable="intermediates")
            scores, kept = apply({"params": self.params}, *inputs, rngs={"dropout": jax.random.key(1)})
            (weights,) = kept["intermediates"]["decoder"]["dec_attention_weights"]
            return self.array(scores), self.array(weights)
        if self.tab == "pytorch":
            self.model.train(training)
        if self.tab == "tensorflow":
            scores = self.model(*inputs, training=training)
        elif self.tab == "mxnet":
            from mxnet import autograd

            with autograd.record(train_mode=training):
                scores = self.model(*inputs)
        else:
            scores = self.model(*inputs)
        return self.array(scores), self.array(self.model.decoder.attention_weights)

    def parts(self):
        """Return the encoder, and the decoder's first state and scores, as functions."""
        if self.tab == "pytorch":
            self.model.eval()
        if self.tab == "jax":
            model = self.model.clone(evaluating=True)
            encoder, decoder = (
                functools.partial(compiled(getattr(model, name), "apply"), {"params": self.params[name]})
                for name in ("encoder", "decoder")
            )
            return encoder, model.decoder.init_state, decoder
        return self.model.encoder, self.model.decoder.init_state, self.model.decoder

    def written(self, num_steps):
        """Return what `predict_step` writes, and its weights one step after the other."""
        batch = [self.ids(a) for a in (SRC, INPUTS, LENS, TARGETS)]
        first = self.params if self.tab == "jax" else batch
        second = batch if self.tab == "jax" else self.d2l.cpu()
        tokens, weights = self.model.predict_step(first, second, num_steps, True)
        assert len(weights) == num_steps
        return self.array(tokens), np.concatenate([self.array(w) for w in weights], 1)

    def matrices(self, *path):
        """Return the parameters below a path of attributes, as (inputs, outputs) matrices and biases."""
        if self.tab == "jax":
            part = self.params
            for name in path:
                part = part[{"W_q": "Dense_0", "W_k": "Dense_1", "w_v": "Dense_2"}.get(name, name)]
            names = ("embedding", "kernel", "bias")
            return [np.float64(part[name]) for name in names if name in part]
        part = self.model
        for name in path:
            part = getattr(part, name)
        names = ("embeddings", "kernel", "weight", "bias")
        found = [getattr(part, name) for name in names if getattr(part, name, None) is not None]
        found = [np.float64(self.array(p.data() if self.tab == "mxnet" else p)) for p in found]
        turned = self.tab in ("pytorch", "mxnet") and path[-1] != "embedding"
        return [p.T for p in found] if turned else found

    def gates(self, which, layer):
        """Return W_x, W_h, b_x and b_h of a recurrent layer, each by gate: r, z and n."""
        if self.tab == "jax":
            cell = self.params[which]["rnn"][f"rnns_{layer}"]["rnn"]["cell"]
            zero = np.zeros(HIDDENS)
            kinds = ("i", "kernel"), ("h", "kernel"), ("i", "bias"), ("h", "bias")
            return [{k: np.float64(cell[i + k].get(name, zero)) for k in "rzn"} for i, name in kinds]
        rnn = getattr(self.model, which).rnn.rnns[layer].rnn
        if self.tab == "tensorflow":
            found, order = [rnn.cell.kernel, rnn.cell.recurrent_kernel, *self.array(rnn.cell.bias)], "zrn"
        elif self.tab == "pytorch":
            found, order = rnn.all_weights[0], "rzn"
        else:
            found, order = [p.data() for p in rnn.collect_params().values()], "rzn"
        found = [np.float64(self.array(a)) for a in found]
        if self.tab != "tensorflow":
            found = [a.T for a in found]
        parts = [np.split(a, 3, -1) for a in found]
        return [dict(zip(order, part, strict=True)) for part in parts]

    def next_states(self, which, x, states):
        """Return the states of all layers after one input."""
        found = []
        for layer, h in enumerate(states):
            W_x, W_h, b_x, b_h = self.gates(which, layer)
            new = {k: x @ W_x[k] + b_x[k] for k in "rzn"}
            old = {k: h @ W_h[k] + b_h[k] for k in "rzn"}
            r, z = sigmoid(new["r"] + old["r"]), sigmoid(new["z"] + old["z"])
            x = z * h + (1 - z) * np.tanh(new["n"] + r * old["n"])
            found.append(x)
        return found

    def expected(self, src, tokens, num_steps=None):
        """Return scores and weights for one source without padding; if asked, for tokens that it writes."""
        (source,), (target,) = (self.matrices(which, "embedding") for which in ("encoder", "decoder"))
        ((W_q,), (W_k,), (w_v,)) = (self.matrices("decoder", "attention", k) for k in ("W_q", "W_k", "w_v"))
        W, b = self.matrices("decoder", "dense")
        states, keys, scores, all_weights = [np.zeros(HIDDENS)] * LAYERS, [], [], []
        for token in src:
            states = self.next_states("encoder", source[token], states)
            keys.append(states[-1])
        keys, tokens = np.array(keys), list(tokens)
        for t in range(num_steps or len(tokens)):
            weights = np.exp((np.tanh(states[-1] @ W_q + keys @ W_k) @ w_v)[:, 0])
            weights /= weights.sum()
            states = self.next_states("decoder", np.hstack([target[tokens[t]], weights @ keys]), states)
            scores.append(states[-1] @ W + b)
            if num_steps:
                tokens.append(int(scores[-1].argmax()))
            all_weights.append(np.pad(weights, (0, SRC.shape[1] - len(src))))
        return np.array(scores), np.array(all_weights), tokens[1:]


@pytest.fixture
def it(d2l, tab, numpy_of, ids):
    return Model(d2l, tab, numpy_of, ids)


def test_scores_and_weights_are_those_of_the_reference(it):
    scores, weights = it.scores()
    assert scores.shape == (3, 4, TGT_VOCAB) and weights.shape == (3, 4, 5)
    for i, (src, length, inputs) in enumerate(zip(SRC, LENS, INPUTS, strict=True)):
        expected, expected_weights, _ = it.expected(src[:length], inputs)
        np.testing.assert_allclose(scores[i], expected, **CLOSE)
        np.testing.assert_allclose(weights[i], expected_weights, **CLOSE)


def test_each_step_has_weights_of_its_own(it):
    _, weights = it.scores()
    assert abs(weights[:2, 1:] - weights[:2, :-1]).max(-1).min() > 1e-3


def test_padding_has_no_weight_and_no_influence(it):
    scores, weights = it.scores()
    behind = np.arange(SRC.shape[1]) >= LENS[:, None]
    assert (weights.swapaxes(1, 2)[behind] == 0).all()
    other, _ = it.scores(np.where(behind, 8, SRC))
    np.testing.assert_allclose(other, scores, **CLOSE)
    other, _ = it.scores(np.where(behind, SRC, 8))
    assert abs(other - scores).max() > 1e-2, "what counts has an influence"


def test_reading_one_token_at_a_time_is_the_same_as_all_at_once(it):
    scores, _ = it.scores()
    src, lens, inputs = (it.ids(a) for a in (SRC, LENS, INPUTS))
    encoder, init_state, decoder = it.parts()
    state = init_state(encoder(src, lens), lens)
    for t in range(INPUTS.shape[1]):
        one, state = decoder(inputs[:, t : t + 1], state)
        np.testing.assert_allclose(it.array(one)[:, 0], scores[:, t], **CLOSE)


def test_predictions_come_with_the_weights_of_each_step(it):
    tokens, weights = it.written(6)
    assert tokens.shape == (3, 6) and weights.shape == (3, 6, 5)
    for i, (src, length) in enumerate(zip(SRC, LENS, strict=True)):
        _, expected_weights, expected = it.expected(src[:length], [0], 6)
        assert tokens[i].tolist() == expected
        np.testing.assert_allclose(weights[i], expected_weights, **CLOSE)


def test_with_a_single_token_it_is_the_decoder_without_attention(d2l, it):
    one = it.ids(np.ones_like(LENS))
    src, inputs = it.ids(SRC), it.ids(INPUTS)
    encoder, init_state, decoder = it.parts()
    plain = d2l.Seq2SeqDecoder(TGT_VOCAB, EMBED, HIDDENS, LAYERS)
    seen = encoder(src, one), one
    state, plain_state = init_state(*seen), plain.init_state(*seen)
    if it.tab == "jax":
        plain = functools.partial(compiled(plain, "apply"), {"params": it.params["decoder"]})
    else:
        plain(inputs, plain_state)  # Makes all parameters
    if it.tab == "pytorch":
        plain.load_state_dict(decoder.state_dict(), strict=False)
    if it.tab == "tensorflow":
        for p, q in zip(plain.trainable_variables, decoder.trainable_variables, strict=False):
            p.assign(q)
    if it.tab == "mxnet":
        pairs = zip(plain.collect_params().values(), decoder.collect_params().values(), strict=False)
        for p, q in pairs:
            p.set_data(q.data())
    scores, expected = it.array(decoder(inputs, state)[0]), it.array(plain(inputs, plain_state)[0])
    np.testing.assert_allclose(scores, expected, **CLOSE)


def test_dropout_acts_in_training_alone(d2l, tab, numpy_of, ids):
    it = Model(d2l, tab, numpy_of, ids, dropout=0.5)
    still, _ = it.scores()
    expected = [it.expected(s[:n], x)[0] for s, n, x in zip(SRC, LENS, INPUTS, strict=True)]
    np.testing.assert_allclose(still, expected, **CLOSE)
    dropped, _ = it.scores(training=True)
    assert abs(dropped - still).max() > 1e-2


def test_a_decoder_without_weights_says_so(d2l):
    with pytest.raises(NotImplementedError, match="keeps no weights"):
        _ = d2l.AttentionDecoder().attention_weights

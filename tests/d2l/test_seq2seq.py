"""Encoder, decoder and their training compute the same as NumPy, and so does BLEU as plain Python.

The reference is written for this test alone, in double precision, gate by gate and layer by layer.
"""

# ruff: noqa: N803, N806 (matrices have capital letters, as in the book)

import fractions
import math
import random

import numpy as np
import pytest

SRC_VOCAB, TGT_VOCAB, EMBED, HIDDENS, LAYERS = 9, 7, 4, 5, 2
PAD = 2
CLOSE = {"rtol": 0, "atol": 2e-5}
SRC = np.array([[3, 4, 5, 6, 1], [7, 8, 1, 2, 2], [3, 1, 2, 2, 2]])
LENS = np.array([5, 3, 2])
INPUTS = np.array([[0, 3, 4, 6], [0, 5, 2, 2], [0, 6, 6, 2]])
TARGETS = np.array([[3, 4, 6, 1], [5, 1, 2, 2], [6, 6, 1, 2]])


def sigmoid(a):
    return 1 / (1 + np.exp(-a))


class Model:
    """A model of one framework with random parameters, and these by name in double precision."""

    def __init__(self, d2l, tab, numpy_of, ids, dropout=0, scale=0.6):
        self.d2l, self.tab, self.array, self.ids = d2l, tab, numpy_of, ids
        d2l.set_seed(0)
        sizes = EMBED, HIDDENS, LAYERS, dropout
        encoder = d2l.Seq2SeqEncoder(SRC_VOCAB, *sizes)
        self.model = d2l.Seq2Seq(encoder, d2l.Seq2SeqDecoder(TGT_VOCAB, *sizes), PAD, 0.01)
        rng = np.random.default_rng(1)
        self.batch = [ids(a) for a in (SRC, INPUTS, LENS, TARGETS)]

        def draw(p):
            return rng.normal(0, scale, p.shape).astype("float32")

        if tab == "jax":
            import jax

            self.params = jax.jit(self.model.init)(d2l.get_key(), *self.batch[:-1])["params"]
            self.params = jax.tree.map(draw, self.params)
            bound = self.model.clone(evaluating=True).bind({"params": self.params})
            self.encoder, self.decoder = bound.encoder, bound.decoder
            self.forward = bound
        else:
            if tab == "pytorch":
                self.model.eval()
            if tab == "tensorflow":
                self.model.training = False
            self.model(*self.batch[:-1])
            if tab == "pytorch":
                for p in self.model.parameters():
                    p.data = d2l.tensor(draw(p).tolist())
            if tab == "tensorflow":
                for p in self.model.trainable_variables:
                    p.assign(draw(p))
            if tab == "mxnet":
                for p in self.model.collect_params().values():
                    p.set_data(d2l.tensor(draw(p).tolist()))
            self.encoder, self.decoder = self.model.encoder, self.model.decoder
            self.forward = self.model

    def part(self, which):
        return self.params[which] if self.tab == "jax" else getattr(self.model, which)

    def embedding(self, which):
        part = self.part(which)
        if self.tab == "jax":
            return self.array(part["embedding"]["embedding"]).astype(float)
        table = part.embedding.embeddings if self.tab == "tensorflow" else part.embedding.weight
        return self.array(table.data() if self.tab == "mxnet" else table).astype(float)

    def dense(self):
        if self.tab == "jax":
            dense = self.params["decoder"]["dense"]
            return self.array(dense["kernel"]), self.array(dense["bias"])
        dense = self.model.decoder.dense
        if self.tab == "tensorflow":
            return self.array(dense.kernel), self.array(dense.bias)
        W, b = dense.weight, dense.bias
        return (self.array(W.data()).T, self.array(b.data())) if self.tab == "mxnet" else (
            self.array(W).T, self.array(b))  # fmt: skip

    def gates(self, which, layer):
        """Return four dictionaries by gate, r, z and n: W_x, W_h, b_x, b_h."""
        if self.tab == "jax":
            cell = self.params[which]["rnn"][f"rnns_{layer}"]["rnn"]["cell"]
            zero = np.zeros(HIDDENS)
            return [
                {k: self.array(cell[f"{side}{k}"].get(name, zero)).astype(float) for k in "rzn"}
                for side, name in (("i", "kernel"), ("h", "kernel"), ("i", "bias"), ("h", "bias"))
            ]
        rnn = self.part(which).rnn.rnns[layer].rnn
        if self.tab == "tensorflow":
            cell, order = rnn.cell, "zrn"
            both = self.array(cell.bias)
            found = self.array(cell.kernel), self.array(cell.recurrent_kernel), both[0], both[1]
        else:
            order = "rzn"
            params = (
                rnn.all_weights[0]
                if self.tab == "pytorch"
                else [p.data() for p in rnn.collect_params().values()]
            )
            W_x, W_h, b_x, b_h = (self.array(p) for p in params)
            found = W_x.T, W_h.T, b_x, b_h
        return [dict(zip(order, np.split(a.astype(float), 3, -1), strict=True)) for a in found]

    def gru(self, which, layer, xs, h):
        """Return the states of one layer for one sequence: (steps, hiddens)."""
        W_x, W_h, b_x, b_h = self.gates(which, layer)
        found = []
        for x in xs:
            fresh = {k: x @ W_x[k] + b_x[k] for k in "rzn"}
            old = {k: h @ W_h[k] + b_h[k] for k in "rzn"}
            r, z = sigmoid(fresh["r"] + old["r"]), sigmoid(fresh["z"] + old["z"])
            h = z * h + (1 - z) * np.tanh(fresh["n"] + r * old["n"])
            found.append(h)
        return np.array(found)

    def encoded(self, tokens):
        """Return the top states of one source without padding, and the last of all layers."""
        xs, last = self.embedding("encoder")[tokens], []
        for layer in range(LAYERS):
            xs = self.gru("encoder", layer, xs, np.zeros(HIDDENS))
            last.append(xs[-1])
        return xs, last

    def scores(self, tokens, context, states):
        """Return the scores of one target, and the last states."""
        xs, last = np.hstack([self.embedding("decoder")[tokens], [context] * len(tokens)]), []
        for layer, h in enumerate(states):
            xs = self.gru("decoder", layer, xs, h)
            last.append(xs[-1])
        W, b = self.dense()
        return xs @ W + b, last

    def all_scores(self):
        found = []
        for src, length, tgt in zip(SRC, LENS, INPUTS, strict=True):
            _, last = self.encoded(src[:length])
            found.append(self.scores(tgt, last[-1], last)[0])
        return np.array(found)

    def measure(self, name, Y, averaged):
        """Return the loss or the accuracy of the model's scores."""
        if self.tab == "jax":
            import jax

            state = self.d2l.TrainState(
                step=0, apply_fn=self.model.apply, params=self.params, tx=None, opt_state=None,
                batch_stats={}, dropout_rng=jax.random.PRNGKey(0))  # fmt: skip
            found = getattr(self.model, name)(self.params, self.batch[:-1], self.ids(Y), state, averaged)
            return self.array(found[0] if name == "loss" else found)
        scores = self.model(*self.batch[:-1])
        return self.array(getattr(self.model, name)(scores, self.ids(Y), averaged))

    def predict(self, num_steps, save=False):
        arguments = (self.batch, num_steps, save)
        if self.tab == "jax":
            return self.model.predict_step(self.params, *arguments)
        return self.model.predict_step(self.batch, self.d2l.cpu(), num_steps, save)


@pytest.fixture
def it(d2l, tab, numpy_of, ids):
    return Model(d2l, tab, numpy_of, ids)


def test_the_encoder_reads_each_source_to_its_end(it):
    outputs, states = it.encoder(it.batch[0], it.batch[2])
    it.d2l.check_shape(outputs, (5, 3, HIDDENS))
    assert isinstance(states, list) and len(states) == LAYERS
    for i, length in enumerate(LENS):
        top, last = it.encoded(SRC[i, :length])
        np.testing.assert_allclose(it.array(outputs)[:length, i], top, **CLOSE)
        for state, wanted in zip(states, last, strict=True):
            it.d2l.check_shape(state, (3, HIDDENS))
            np.testing.assert_allclose(it.array(state)[i], wanted, **CLOSE)


def test_without_lengths_the_encoder_reads_everything(it):
    _, states = it.encoder(it.batch[0])
    for i, source in enumerate(SRC):
        wanted = it.encoded(source)[1]
        np.testing.assert_allclose([it.array(state)[i] for state in states], wanted, **CLOSE)


def test_padding_changes_no_state(it):
    _, states = it.encoder(it.batch[0], it.batch[2])
    longer = np.hstack([np.where(np.arange(5) < LENS[:, None], SRC, 5), [[6] * 3] * 3])
    _, same = it.encoder(it.ids(longer), it.batch[2])
    for a, b in zip(states, same, strict=True):
        np.testing.assert_allclose(it.array(a), it.array(b), **CLOSE)


def test_the_decoder_reads_the_context_at_every_step(it, floats):
    rng = np.random.default_rng(2)
    context, *states = np.tanh(rng.normal(size=(1 + LAYERS, 3, HIDDENS)))
    scores, state = it.decoder(it.ids(INPUTS), [floats(context), [floats(H) for H in states]])
    it.d2l.check_shape(scores, (3, 4, TGT_VOCAB))
    for i, tokens in enumerate(INPUTS):
        wanted, last = it.scores(tokens, context[i], [H[i] for H in states])
        np.testing.assert_allclose(it.array(scores)[i], wanted, **CLOSE)
        np.testing.assert_allclose(it.array(state[0])[i], context[i], **CLOSE)
        np.testing.assert_allclose([it.array(H)[i] for H in state[1]], last, **CLOSE)


def test_the_first_state_has_the_top_layers_last_state_as_context(it):
    everything = it.encoder(it.batch[0], it.batch[2])
    context, states = it.decoder.init_state(everything, it.batch[2])
    np.testing.assert_array_equal(it.array(context), it.array(everything[1][-1]))
    for a, b in zip(states, everything[1], strict=True):
        np.testing.assert_array_equal(it.array(a), it.array(b))
    np.testing.assert_allclose(it.array(it.forward(*it.batch[:-1])), it.all_scores(), **CLOSE)


def test_one_token_at_a_time_gives_the_same_scores_as_all_at_once(it):
    state = it.decoder.init_state(it.encoder(it.batch[0], it.batch[2]), it.batch[2])
    scores, end = it.decoder(it.ids(INPUTS), state)
    for t in range(INPUTS.shape[1]):
        one, state = it.decoder(it.ids(INPUTS[:, t : t + 1]), state)
        np.testing.assert_allclose(it.array(one)[:, 0], it.array(scores)[:, t], **CLOSE)
    for a, b in zip(state[1], end[1], strict=True):
        np.testing.assert_allclose(it.array(a), it.array(b), **CLOSE)


def test_loss_and_accuracy_leave_out_padding(it):
    scores = it.all_scores()
    logs = scores - np.log(np.exp(scores).sum(-1, keepdims=True))
    Y = scores.argmax(-1)
    Y[0, 1], Y[2, 0] = (Y[0, 1] + 1) % TGT_VOCAB, (Y[2, 0] + 3) % TGT_VOCAB
    Y[1, 2:] = Y[2, 3] = PAD
    counts = Y != PAD
    losses = np.where(counts, -np.take_along_axis(logs, Y[:, :, None], 2)[:, :, 0], 0)
    hits = np.where(counts, scores.argmax(-1) == Y, 0)
    assert 0 < hits.sum() < counts.sum() < 10
    for name, wanted in (("loss", losses), ("accuracy", hits)):
        assert it.measure(name, Y, True) == pytest.approx(wanted.sum() / counts.sum(), abs=1e-5)
        np.testing.assert_allclose(it.measure(name, Y, False), wanted.reshape(-1), **CLOSE)


@pytest.mark.parametrize("dropout", [0, 0.5])
def test_predicted_tokens_have_the_largest_scores_behind_those_before(d2l, tab, numpy_of, ids, dropout):
    it = Model(d2l, tab, numpy_of, ids, dropout, scale=1.5)
    if tab == "pytorch":
        it.model.train()
    if tab == "tensorflow":
        it.model.training = True
    tokens, weights = it.predict(6)
    it.d2l.check_shape(tokens, (3, 6))
    tokens = it.array(tokens).astype(int)
    assert weights == [] and len(np.unique(tokens)) > 1
    for i, length in enumerate(LENS):
        _, last = it.encoded(SRC[i, :length])
        scores, _ = it.scores(np.insert(tokens[i, :-1], 0, INPUTS[i, 0]), last[-1], last)
        np.testing.assert_array_equal(scores.argmax(-1), tokens[i])


def test_a_state_may_be_a_nested_list_that_grows(d2l, tab, numpy_of, ids):
    """The decoder keeps all its tokens, and writes their sum plus the source's first token."""

    class Encoder(d2l.Encoder):
        def forward(self, X, *args):
            return X

    class Decoder(d2l.Decoder):
        def init_state(self, enc_all_outputs, *args):
            return [enc_all_outputs[:, :1], [args[0], [None]]]

        def forward(self, X, state):
            first, (lens, (kept,)) = state
            kept = X if kept is None else d2l.concat([kept, X], 1)
            total = kept[:, :1]
            for t in range(1, kept.shape[1]):
                total = total + kept[:, t : t + 1]
            total = total + first
            tokens = d2l.arange(TGT_VOCAB)
            remainder = total % TGT_VOCAB
            tokens = d2l.astype(tokens, remainder.dtype)
            scores = -d2l.astype(d2l.abs(tokens - remainder[:, :, None]), d2l.float32)
            weights = d2l.ones((X.shape[0], 1, kept.shape[1]))
            if tab == "jax":
                self.sow("intermediates", "dec_attention_weights", weights)
            else:
                self.attention_weights = weights
            return scores, [first, [lens, [kept]]]

    model = d2l.Seq2Seq(Encoder(), Decoder(), PAD, 0.1)
    batch = [ids(a) for a in (SRC, INPUTS + 3, LENS, TARGETS)]
    for save in (False, True):
        if tab == "jax":
            tokens, weights = model.predict_step({}, batch, 4, save)
        else:
            tokens, weights = model.predict_step(batch, d2l.cpu(), 4, save)
        for row, source in zip(numpy_of(tokens).astype(int), SRC, strict=True):
            written = [3]
            for _ in range(4):
                written.append((sum(written) + source[0]) % TGT_VOCAB)
            assert row.tolist() == written[1:]
        assert [numpy_of(w).shape for w in weights] == [(3, 1, t) for t in range(1, 5)][: 4 * save]


def states_in_training(d2l, tab, encoder, X):
    """Return the last states of all layers, computed twice, as in training."""
    if tab == "pytorch":
        encoder.train()
    if tab == "jax":
        params = encoder.init({"params": d2l.get_key(), "dropout": d2l.get_key()}, X)
        return [encoder.apply(params, X, rngs={"dropout": d2l.get_key()})[1] for _ in range(2)]
    if tab == "tensorflow":
        return [encoder(X, training=True)[1] for _ in range(2)]
    if tab == "mxnet":
        from mxnet import autograd

        with autograd.record():
            return [encoder(X)[1] for _ in range(2)]
    return [encoder(X)[1] for _ in range(2)]


def test_training_drops_units_between_layers(d2l, tab, numpy_of, ids):
    d2l.set_seed(0)
    encoder = d2l.Seq2SeqEncoder(SRC_VOCAB, EMBED, HIDDENS, LAYERS, 0.5)
    one, other = states_in_training(d2l, tab, encoder, ids(SRC))
    np.testing.assert_array_equal(numpy_of(one[0]), numpy_of(other[0]), "below the first layer is nothing")
    assert abs(numpy_of(one[1]) - numpy_of(other[1])).max() > 1e-3


def test_a_short_training_lowers_the_loss(d2l, ids):
    class Data(d2l.DataModule):
        def get_dataloader(self, train):
            return [[ids(a) for a in (SRC, INPUTS, LENS, TARGETS)]]

    d2l.set_seed(0)
    sizes = EMBED, 16, LAYERS, 0.3
    encoder = d2l.Seq2SeqEncoder(SRC_VOCAB, *sizes)
    model = d2l.Seq2Seq(encoder, d2l.Seq2SeqDecoder(TGT_VOCAB, *sizes), PAD, 0.02)
    model.board.display = False
    d2l.Trainer(max_epochs=25, gradient_clip_val=1).fit(model, Data())
    curves = {name: [float(y) for _, y in curve] for name, curve in model.board.data.items()}
    assert curves["val_loss"][-1] < 0.5 < 1.5 < curves["train_loss"][0]
    assert curves["val_acc"][-1] > 0.85
    assert curves["val_loss"][-1] < curves["train_loss"][-1], "only training drops anything"


def test_weights_begin_as_xavier_says(d2l, tab, numpy_of):
    if tab not in ("pytorch", "mxnet"):
        pytest.skip("the framework's own rule is good enough")
    d2l.set_seed(0)
    decoder = d2l.Seq2SeqDecoder(50, 30, 40, 1)
    params = decoder.named_parameters() if tab == "pytorch" else decoder.collect_params().items()
    matrices = {name: numpy_of(p if tab == "pytorch" else p.data()) for name, p in params}
    matrices = {name: a for name, a in matrices.items() if a.ndim == 2 and "embedding" not in name}
    assert sorted(a.shape for a in matrices.values()) == [(50, 40), (120, 40), (120, 70)]
    for a in matrices.values():
        bound = math.sqrt(6 / sum(a.shape))
        assert 0.95 * bound < abs(a).max() <= bound * (1 + 1e-6)
        assert a.std() == pytest.approx(bound / math.sqrt(3), rel=0.05)


def reference_bleu(pred, label, k):
    """Return BLEU with fractions and lists that get shorter with each match."""
    logarithm = min(0, 1 - fractions.Fraction(len(label), len(pred)))
    for n in range(1, min(k, len(pred)) + 1):
        left = [label[i : i + n] for i in range(len(label) - n + 1)]
        pieces = [pred[i : i + n] for i in range(len(pred) - n + 1)]
        matches = 0
        for piece in pieces:
            if piece in left:
                left.remove(piece)
                matches += 1
        if not matches:
            return 0
        logarithm += math.log(fractions.Fraction(matches, len(pieces))) / 2**n
    return math.exp(logarithm)


def test_bleu_is_that_of_another_program(d2l):
    rng, seen = random.Random(0), set()
    for _ in range(300):
        pred, label = ([rng.choice("abc") for _ in range(rng.randint(1, 7))] for _ in range(2))
        for k in range(1, 5):
            wanted = reference_bleu(pred, label, k)
            assert d2l.bleu(" ".join(pred), " ".join(label), k) == pytest.approx(wanted)
            seen.add(wanted > 0)
    assert seen == {False, True}


def test_bleu_in_cases_that_are_computed_by_hand(d2l):
    assert d2l.bleu("a b c d", "a b c d", 4) == 1
    assert d2l.bleu("a", "a", 2) == 1, "there are no pairs to miss"
    assert d2l.bleu("b a", "a b", 1) == 1 and d2l.bleu("b a", "a b", 2) == 0
    assert d2l.bleu("a a a a", "a b c d", 1) == pytest.approx(0.5), "an a counts once"
    assert d2l.bleu("a b", "a b c d", 1) == pytest.approx(math.exp(-1))
    assert d2l.bleu("a b c d", "a b", 2) == pytest.approx(0.5**0.5 * (1 / 3) ** 0.25)
    assert d2l.bleu("", "a", 2) == d2l.bleu("a", "", 2) == 0
    assert d2l.bleu("", "", 2) == 1

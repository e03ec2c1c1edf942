"""The RNN from scratch: the same weights give the same numbers as NumPy, in every framework.

The reference below is written for this test alone, in double precision, with the gradients derived
by hand; it shares nothing with the book's code.
"""

# ruff: noqa: N803, N806 (matrices have capital letters, as in the book)

import math

import numpy as np
import pytest

HIDDENS, VOCAB, BATCH, STEPS = 6, 5, 3, 7
CLOSE = {"rtol": 0, "atol": 1e-5}
NAMES = ("W_xh", "W_hh", "b_h", "W_hq", "b_q")


def array(tensor):
    """Return any framework's tensor as an array of NumPy."""
    if hasattr(tensor, "asnumpy"):
        return tensor.asnumpy()
    tensor = tensor.detach() if hasattr(tensor, "detach") else tensor
    return tensor.numpy() if hasattr(tensor, "numpy") else np.array(tensor)


class Reference:
    """An RNN language model in NumPy."""

    def __init__(self, scale=0.5, seed=3):
        rng = np.random.default_rng(seed)
        shapes = ((VOCAB, HIDDENS), (HIDDENS, HIDDENS), (HIDDENS,), (HIDDENS, VOCAB), (VOCAB,))
        self.params = {name: rng.normal(0, scale, shape) for name, shape in zip(NAMES, shapes, strict=True)}
        self.X = rng.integers(0, VOCAB, (BATCH, STEPS))
        self.Y = rng.integers(0, VOCAB, (BATCH, STEPS))
        self.start = rng.normal(0, scale, (BATCH, HIDDENS))

    def hidden(self, X, state=None):
        """Return the hidden states of all steps: (steps, batch, hiddens)."""
        p, states = self.params, []
        state = np.zeros((len(X), HIDDENS)) if state is None else state
        for t in range(X.shape[1]):
            state = np.tanh(np.eye(VOCAB)[X[:, t]] @ p["W_xh"] + state @ p["W_hh"] + p["b_h"])
            states.append(state)
        return np.array(states)

    def logits(self, X, state=None):
        """Return the scores: (batch, steps, vocab)."""
        return (self.hidden(X, state) @ self.params["W_hq"] + self.params["b_q"]).transpose(1, 0, 2)

    def log_probs(self, X, state=None):
        scores = self.logits(X, state)
        scores = scores - scores.max(-1, keepdims=True)
        return scores - np.log(np.exp(scores).sum(-1, keepdims=True))

    def loss(self, X, Y):
        return -np.take_along_axis(self.log_probs(X), Y[..., None], -1).mean()

    def grads(self, X, Y):
        """Return the gradient of the loss, by backpropagation through time."""
        p, H = self.params, self.hidden(X)
        delta = (np.exp(self.log_probs(X)) - np.eye(VOCAB)[Y]).transpose(1, 0, 2) / Y.size
        grads = {name: np.zeros_like(value) for name, value in p.items()}
        back = np.zeros((len(X), HIDDENS))  # From later steps to the hidden state
        for t in reversed(range(X.shape[1])):
            grads["W_hq"] += H[t].T @ delta[t]
            grads["b_q"] += delta[t].sum(0)
            pre = (delta[t] @ p["W_hq"].T + back) * (1 - H[t] ** 2)
            grads["W_xh"] += np.eye(VOCAB)[X[:, t]].T @ pre
            grads["W_hh"] += (H[t - 1] if t else np.zeros_like(H[t])).T @ pre
            grads["b_h"] += pre.sum(0)
            back = pre @ p["W_hh"].T
        return grads

    def clipped(self, X, Y, theta):
        grads = self.grads(X, Y)
        norm = math.sqrt(sum((g**2).sum() for g in grads.values()))
        return {name: g * min(1, theta / norm) for name, g in grads.items()}, norm

    def predict(self, prefix, num_preds, vocab):
        text = list(prefix)
        for _ in range(num_preds):  # From the start each time: no state to get wrong
            scores = self.logits(np.array([vocab[text]]))[0, -1]
            text.append(vocab.idx_to_token[int(scores.argmax())])
        return "".join(text)


class Model:
    """`RNNLMScratch` of one framework, with the reference's weights, and a trainer of it."""

    def __init__(self, d2l, tab, params, batches=(), clip=0, lr=1):
        self.d2l, self.tab = d2l, tab
        d2l.set_seed(0)
        self.rnn = d2l.RNNScratch(VOCAB, HIDDENS)
        self.model = d2l.RNNLMScratch(self.rnn, VOCAB, lr=lr)
        if not batches:
            ones = np.ones((BATCH, STEPS), int)
            batches = [(ones, ones)]
        tensors = [tuple(self.tensor(a) for a in batch) for batch in batches]

        class Data(d2l.DataModule):
            def get_dataloader(self, train):
                return tensors

        self.data = Data()
        self.trainer = d2l.Trainer(max_epochs=0, gradient_clip_val=clip)
        self.model.board.display = False
        self.trainer.fit(self.model, self.data)  # Gets ready, but no epoch
        self.set_params(params)

    def tensor(self, a):
        dtype = self.d2l.int32 if self.tab == "jax" else self.d2l.int64
        return self.d2l.tensor(a.tolist(), dtype=dtype)

    def floats(self, a):
        return self.d2l.tensor(a.tolist(), dtype=self.d2l.float32)

    def holder(self, name):
        return self.model if name in ("W_hq", "b_q") else self.rnn

    def set_params(self, params):
        if self.tab == "jax":
            tree = {name: self.floats(params[name]) for name in ("W_hq", "b_q")}
            tree["rnn"] = {name: self.floats(params[name]) for name in ("W_xh", "W_hh", "b_h")}
            import jax

            shapes = jax.tree_util.tree_map(np.shape, self.trainer.state.params)
            assert shapes == jax.tree_util.tree_map(np.shape, tree)
            self.trainer.state = self.trainer.state.replace(params=tree)
            return
        for name, value in params.items():
            param = getattr(self.holder(name), name)
            assert tuple(param.shape) == value.shape
            if self.tab == "pytorch":
                param.data = self.floats(value)
            elif self.tab == "tensorflow":
                param.assign(self.floats(value))
            else:
                param[:] = self.floats(value)

    def params(self):
        if self.tab == "jax":
            tree = self.trainer.state.params
            return {name: array(tree[name] if name in tree else tree["rnn"][name]) for name in NAMES}
        return {name: array(getattr(self.holder(name), name)) for name in NAMES}

    def hidden(self, inputs, state=None):
        """Run the layer alone."""
        if self.tab == "jax":
            return self.rnn.apply({"params": self.trainer.state.params["rnn"]}, inputs, state)
        return self.rnn(inputs, state)

    def logits(self, X, state=None):
        if self.tab == "jax":
            return self.model.apply({"params": self.trainer.state.params}, X, state)
        return self.model(X, state)

    def loss_and_grads(self, X, Y, clip=None):
        """Return the loss and, by name, its gradients, clipped by the trainer if asked."""
        model, trainer = self.model, self.trainer
        if self.tab == "jax":
            (loss, _), grads = model.training_step(trainer.state.params, (X, Y), trainer.state)
            if clip is not None:
                grads = trainer.clip_gradients(clip, grads)
            return float(loss), {
                name: array(grads[name] if name in grads else grads["rnn"][name]) for name in NAMES
            }
        if self.tab == "tensorflow":
            import tensorflow as tf

            params = [getattr(self.holder(name), name) for name in NAMES]
            with tf.GradientTape() as tape:
                loss = model.training_step((X, Y))
            grads = tape.gradient(loss, params)
            if clip is not None:
                grads = trainer.clip_gradients(clip, grads)
            grads = [tf.convert_to_tensor(g) for g in grads]  # Of rows that were looked up, too
            return float(loss), {name: array(g) for name, g in zip(NAMES, grads, strict=True)}
        if self.tab == "mxnet":
            from mxnet import autograd

            with autograd.record():
                loss = model.training_step((X, Y))
        else:
            loss = model.training_step((X, Y))
        loss.backward()
        if clip is not None:
            trainer.clip_gradients(clip, model)
        return float(array(loss)), {name: array(getattr(self.holder(name), name).grad) for name in NAMES}

    def predict(self, prefix, num_preds, vocab):
        if self.tab == "jax":
            return self.model.predict(prefix, num_preds, vocab, self.trainer.state.params)
        return self.model.predict(prefix, num_preds, vocab)


@pytest.fixture
def ref():
    return Reference()


@pytest.fixture
def it(d2l, tab, ref):
    return Model(d2l, tab, ref.params)


def test_the_reference_has_the_right_gradients(ref):
    # Against difference quotients, for a few entries of each parameter
    grads, rng = ref.grads(ref.X, ref.Y), np.random.default_rng(0)
    for name, value in ref.params.items():
        for i in rng.integers(0, value.size, 4):
            old, ends = value.flat[i], []
            for h in (1e-5, -1e-5):
                value.flat[i] = old + h
                ends.append(ref.loss(ref.X, ref.Y))
            value.flat[i] = old
            assert grads[name].flat[i] == pytest.approx((ends[0] - ends[1]) / 2e-5, abs=1e-8)


def test_new_weights_are_small_and_random_and_biases_zero(d2l, tab):
    d2l.set_seed(0)
    rnn = d2l.RNNScratch(50, 40, sigma=0.1)
    if tab == "jax":
        made = rnn.init(d2l.get_key(), d2l.ones((2, 1, 50)))["params"]
        W_xh, W_hh, b_h = (array(made[name]) for name in ("W_xh", "W_hh", "b_h"))
    else:
        W_xh, W_hh, b_h = array(rnn.W_xh), array(rnn.W_hh), array(rnn.b_h)
    assert (W_xh.shape, W_hh.shape, b_h.shape) == ((50, 40), (40, 40), (40,))
    for W in (W_xh, W_hh):
        assert abs(W.std() - 0.1) < 0.01 and abs(W.mean()) < 0.01
    assert not b_h.any()


def test_the_layer_returns_the_states_of_all_steps_and_the_last(it, ref):
    outputs, state = it.hidden(it.model.one_hot(it.tensor(ref.X)))
    expected = ref.hidden(ref.X)
    it.d2l.check_len(outputs, STEPS)
    it.d2l.check_shape(outputs[0], (BATCH, HIDDENS))
    np.testing.assert_allclose(np.array([array(H) for H in outputs]), expected, **CLOSE)
    np.testing.assert_allclose(array(state), expected[-1], **CLOSE)


@pytest.mark.parametrize("form", ["tensor", "tuple"])
def test_the_layer_goes_on_from_a_state(it, ref, form):
    state = it.floats(ref.start)
    outputs, _ = it.hidden(it.model.one_hot(it.tensor(ref.X)), (state,) if form == "tuple" else state)
    np.testing.assert_allclose(np.array([array(H) for H in outputs]), ref.hidden(ref.X, ref.start), **CLOSE)


def test_the_layer_takes_indices_for_one_hot_vectors(it, ref):
    X = it.tensor(ref.X.T)
    outputs, state = it.hidden(X, it.floats(ref.start))
    expected = ref.hidden(ref.X, ref.start)
    np.testing.assert_allclose(np.array([array(H) for H in outputs]), expected, **CLOSE)
    np.testing.assert_allclose(array(state), expected[-1], **CLOSE)


def test_a_layer_reads_the_outputs_of_another(d2l, tab):
    d2l.set_seed(0)
    lower, upper = d2l.RNNScratch(3, HIDDENS, sigma=1), d2l.RNNScratch(HIDDENS, 2, sigma=1)
    inputs = d2l.ones((STEPS, BATCH, 3))
    if tab == "jax":
        (outputs, _), _ = lower.init_with_output(d2l.get_key(), inputs)
        (above, _), _ = upper.init_with_output(d2l.get_key(), list(outputs))
    else:
        outputs, _ = lower(inputs)
        above, _ = upper(outputs)
    d2l.check_len(above, STEPS)
    d2l.check_shape(above[0], (BATCH, 2))


def test_step_by_step_is_the_same(it, ref):
    layer = it.rnn.bind({"params": it.trainer.state.params["rnn"]}) if it.tab == "jax" else it.rnn
    H = it.floats(ref.start)
    for X, expected in zip(np.eye(VOCAB)[ref.X.T], ref.hidden(ref.X, ref.start), strict=True):
        H = layer.step(it.floats(X), H)
        np.testing.assert_allclose(array(H), expected, **CLOSE)


@pytest.mark.parametrize("form", ["list", "tensor"])
def test_the_output_layer_takes_a_list_or_a_tensor(it, ref, form):
    states = [it.floats(H) for H in ref.hidden(ref.X)]
    states = states if form == "list" else it.d2l.stack(states, 0)
    if it.tab == "jax":
        params = {"params": it.trainer.state.params}
        scores = it.model.apply(params, states, method="output_layer")
    else:
        scores = it.model.output_layer(states)
    np.testing.assert_allclose(array(scores), ref.logits(ref.X), **CLOSE)


def test_other_layers_than_ours_get_one_hot_vectors(d2l, tab, ref):
    seen = []

    class Other(d2l.RNNScratch):
        if tab == "jax":

            def __call__(self, inputs, state=None):
                seen.append(tuple(inputs.shape))
                return super().__call__(inputs, state)
        else:

            def forward(self, inputs, state=None):
                seen.append(tuple(inputs.shape))
                return super().forward(inputs, state)

    it = Model(d2l, tab, ref.params)
    model = d2l.RNNLMScratch(Other(VOCAB, HIDDENS), VOCAB)
    if tab == "jax":
        scores, _ = model.init_with_output(d2l.get_key(), it.tensor(ref.X))
    else:
        scores = model(it.tensor(ref.X))
    d2l.check_shape(scores, (BATCH, STEPS, VOCAB))
    assert seen == [(STEPS, BATCH, VOCAB)]


def test_one_hot_puts_the_steps_first(it, ref):
    embs = array(it.model.one_hot(it.tensor(ref.X)))
    assert embs.dtype == np.float32
    np.testing.assert_array_equal(embs, np.eye(VOCAB)[ref.X.T])


def test_scores_agree_with_the_reference(it, ref):
    X = it.tensor(ref.X)
    np.testing.assert_allclose(array(it.logits(X)), ref.logits(ref.X), **CLOSE)
    np.testing.assert_allclose(
        array(it.logits(X, it.floats(ref.start))), ref.logits(ref.X, ref.start), **CLOSE
    )


def test_loss_and_gradients_agree_with_the_reference(it, ref):
    loss, grads = it.loss_and_grads(it.tensor(ref.X), it.tensor(ref.Y))
    assert loss == pytest.approx(ref.loss(ref.X, ref.Y), abs=1e-5)
    for name, grad in ref.grads(ref.X, ref.Y).items():
        np.testing.assert_allclose(grads[name], grad, err_msg=name, **CLOSE)


@pytest.mark.parametrize("part", [0.05, 0.5, 2.0])
def test_clipped_gradients_agree_with_the_reference(it, ref, part):
    _, norm = ref.clipped(ref.X, ref.Y, 1)
    expected, _ = ref.clipped(ref.X, ref.Y, part * norm)
    _, grads = it.loss_and_grads(it.tensor(ref.X), it.tensor(ref.Y), clip=part * norm)
    for name in NAMES:
        np.testing.assert_allclose(grads[name], expected[name], err_msg=name, **CLOSE)
    length = math.sqrt(sum((g**2).sum() for g in grads.values()))
    assert length == pytest.approx(min(part, 1) * norm, abs=1e-5)


@pytest.mark.parametrize("clip", [0, 0.01])
def test_an_epoch_takes_the_clipped_steps(d2l, tab, ref, clip):
    batches = [(ref.X, ref.Y), (ref.Y, ref.X)]
    it = Model(d2l, tab, ref.params, batches, clip, lr=0.5)
    it.trainer.fit_epoch()
    for X, Y in batches:
        grads, norm = ref.clipped(X, Y, clip or math.inf)
        assert norm > 0.01  # Or the second case would not clip
        for name in NAMES:
            ref.params[name] = ref.params[name] - 0.5 * grads[name]
    for name, value in it.params().items():
        np.testing.assert_allclose(value, ref.params[name], err_msg=name, **CLOSE)


def test_training_and_validation_plot_the_perplexity(d2l, tab, ref):
    it = Model(d2l, tab, ref.params, [(ref.X, ref.Y)], lr=0.0)
    it.model.board.display = False
    it.trainer.fit_epoch()
    points = it.model.board.data
    assert set(points) == {"train_ppl", "val_ppl"}
    for label in points:
        assert points[label][-1][1] == pytest.approx(math.exp(ref.loss(ref.X, ref.Y)), rel=1e-5)


def test_perplexity_weighs_batches_by_their_tokens(d2l, tab, ref):
    small = ref.X[:1, :4], ref.Y[:1, :4]
    it = Model(d2l, tab, ref.params, [(ref.X, ref.Y), small])
    total = ref.loss(ref.X, ref.Y) * ref.Y.size + ref.loss(*small) * small[1].size
    expected = math.exp(total / (ref.Y.size + small[1].size))
    assert it.trainer.perplexity(it.data.val_dataloader()) == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("prefix", ["a", "abca", "cabbac"])
def test_predict_continues_what_the_whole_prefix_suggests(d2l, tab, prefix):
    vocab = d2l.Vocab(list("aaaabbbccd"))
    assert len(vocab) == VOCAB
    ref = Reference(scale=1.5)
    it = Model(d2l, tab, ref.params)
    text = it.predict(prefix, 8, vocab)
    assert text == ref.predict(prefix, 8, vocab)
    assert text.startswith(prefix) and len(text) == len(prefix) + 8


def test_predict_computes_on_the_device_it_is_given(d2l, tab, monkeypatch):
    if tab != "tensorflow":
        pytest.skip("tensors of the others are on the device of their inputs")
    import tensorflow as tf

    device, it = tf.device("/CPU:0"), Model(d2l, tab, Reference(scale=1.5).params)
    entered, original = [], type(device).__enter__
    monkeypatch.setattr(type(device), "__enter__", lambda self: entered.append(self) or original(self))
    text = it.model.predict("ab", 3, d2l.Vocab(list("aaaabbbccd")), device)
    assert entered.count(device) == 3
    assert text == it.predict("ab", 3, d2l.Vocab(list("aaaabbbccd")))


def test_predict_returns_the_prefix_if_nothing_is_to_be_predicted(d2l, it):
    assert it.predict("abcd", 0, d2l.Vocab(list("aaaabbbccd"))) == "abcd"


def test_predict_depends_on_the_warm_up(d2l, tab):
    # The last character alone does not decide: else the state would have been dropped.
    vocab, found = d2l.Vocab(list("aaaabbbccd")), set()
    it = Model(d2l, tab, Reference(scale=1.5).params)
    for prefix in ("aaa", "bba", "cda", "dca", "bca"):
        found.add(it.predict(prefix, 6, vocab)[3:])
    assert len(found) > 1


def test_check_len_and_check_shape_complain(d2l):
    d2l.check_len([1, 2], 2)
    d2l.check_shape(d2l.ones((2, 3)), (2, 3))
    with pytest.raises(AssertionError, match=r"2.*expected 3"):
        d2l.check_len([1, 2], 3)
    with pytest.raises(AssertionError, match="expected"):
        d2l.check_shape(d2l.ones((2, 3)), (3, 2))


def test_it_learns_a_text_that_repeats_itself(d2l, tab, monkeypatch):
    monkeypatch.setattr(d2l.TimeMachine, "_download", lambda self: "the time machine " * 40)
    d2l.set_seed(0)
    data = d2l.TimeMachine(batch_size=64, num_steps=12, num_train=320, num_val=128)
    rnn = d2l.RNNScratch(len(data.vocab), 24, sigma=0.1)
    model = d2l.RNNLMScratch(rnn, len(data.vocab), lr=1)
    model.board.display = False
    trainer = d2l.Trainer(max_epochs=40, gradient_clip_val=1)
    trainer.fit(model, data)
    assert trainer.perplexity(data.train_dataloader()) < 2
    assert trainer.perplexity(data.val_dataloader()) < 2
    args = (trainer.state.params,) if tab == "jax" else ()
    assert model.predict("the t", 14, data.vocab, *args) == "the time machine th"

"""The ready-made recurrent layer and the language model with it compute the same as NumPy.

The reference is written for this test alone, in double precision. The weights go in by `Steps`, whose
arrays have the order and the form of each framework.
"""

# ruff: noqa: N803, N806 (matrices have capital letters, as in the book)

import math

import numpy as np
import pytest

HIDDENS, VOCAB, BATCH, STEPS = 6, 5, 3, 7
CLOSE = {"rtol": 0, "atol": 1e-5}


class Reference:
    """An RNN language model in NumPy."""

    def __init__(self, scale=0.5):
        rng = np.random.default_rng(5)
        self.W_xh, self.W_hh, self.b_h, self.W_hq, self.b_q = (
            rng.normal(0, scale, shape)
            for shape in ((VOCAB, HIDDENS), (HIDDENS, HIDDENS), HIDDENS, (HIDDENS, VOCAB), VOCAB)
        )
        self.X, self.Y = rng.integers(0, VOCAB, (2, BATCH, STEPS))
        self.start = rng.normal(0, scale, (BATCH, HIDDENS))

    def states(self, X, H=None):
        """Return the hidden states of all steps: (steps, batch, hiddens)."""
        H, found = np.zeros((len(X), HIDDENS)) if H is None else H, []
        for tokens in X.T:
            H = np.tanh(self.W_xh[tokens] + H @ self.W_hh + self.b_h)
            found.append(H)
        return np.array(found)

    def scores(self, X, H=None):
        return (self.states(X, H) @ self.W_hq + self.b_q).transpose(1, 0, 2)

    def predict(self, prefix, num_preds, vocab):
        text = list(prefix)
        for _ in range(num_preds):  # From the start each time: no state to get wrong
            text.append(vocab.idx_to_token[int(self.scores(np.array([vocab[text]]))[0, -1].argmax())])
        return "".join(text)


class Model:
    """`RNNLM` with `RNN` in one framework, with the reference's weights."""

    def __init__(self, d2l, tab, numpy_of, ref):
        self.d2l, self.tab, self.array = d2l, tab, numpy_of
        d2l.set_seed(0)
        self.model = d2l.RNNLM(d2l.RNN(VOCAB, HIDDENS), VOCAB, lr=0.5)
        self.X, self.Y = self.tokens(ref.X), self.tokens(ref.Y)
        self.steps = d2l.Steps(self.model, self.X)
        values = [ref.W_xh, ref.W_hh, ref.b_h, ref.W_hq, ref.b_q]
        if tab == "jax":
            values = [ref.b_q, ref.W_hq, ref.W_hh, ref.b_h, ref.W_xh]
        elif tab != "tensorflow":  # Two biases, and the outputs first
            values = [ref.W_xh.T, ref.W_hh.T, 0.25 * ref.b_h, 0.75 * ref.b_h, ref.W_hq.T, ref.b_q]
        assert [p.shape for p in self.steps.get()] == [value.shape for value in values]
        self.steps.set([np.array(value, "float32", order="C") for value in values])

    def tokens(self, a):
        return self.d2l.tensor(a.tolist(), dtype=self.d2l.int64 if self.tab == "pytorch" else self.d2l.int32)

    def state(self, H):
        """Return a state in the form of the framework's layer."""
        H = self.d2l.tensor(H.tolist(), dtype=self.d2l.float32)
        return {"pytorch": lambda: H[None], "jax": lambda: H, "tensorflow": lambda: [H],
                "mxnet": lambda: [H[None]]}[self.tab]()  # fmt: skip

    def layer(self, X, H=None):
        """Return what the layer makes of tokens, as one-hot vectors."""
        inputs = self.d2l.tensor(np.eye(VOCAB)[X.T].tolist(), dtype=self.d2l.float32)
        if self.tab == "jax":
            return self.model.rnn.apply({"params": self.steps.state.params["rnn"]}, inputs, H)
        return self.model.rnn(inputs, H)

    def scores(self, *inputs):
        if self.tab == "jax":
            return self.array(self.model.apply({"params": self.steps.state.params}, *inputs))
        return self.array(self.model(*inputs))

    def predict(self, *arguments):
        if self.tab == "jax":
            arguments += (self.steps.state.params,)
        return self.model.predict(*arguments)

    def trained(self, epochs):
        """Return the perplexity after some epochs with a single minibatch."""
        batches = [(self.X, self.Y)]

        class Data(self.d2l.DataModule):
            def get_dataloader(self, train):
                return batches

        self.model.board.display = False
        trainer = self.d2l.Trainer(max_epochs=epochs)
        trainer.fit(self.model, Data())
        return trainer.perplexity(batches)


@pytest.fixture
def ref():
    return Reference()


@pytest.fixture
def it(d2l, tab, numpy_of, ref):
    return Model(d2l, tab, numpy_of, ref)


def test_the_layer_returns_the_states_of_all_steps_and_the_last(it, ref):
    outputs, state = it.layer(ref.X)
    it.d2l.check_shape(outputs, (STEPS, BATCH, HIDDENS))
    np.testing.assert_allclose(it.array(outputs), ref.states(ref.X), **CLOSE)
    last = state[0] if isinstance(state, list) else state
    np.testing.assert_allclose(it.array(last).reshape(BATCH, HIDDENS), ref.states(ref.X)[-1], **CLOSE)


def test_the_layer_goes_on_from_a_given_state(it, ref):
    outputs, _ = it.layer(ref.X, it.state(ref.start))
    np.testing.assert_allclose(it.array(outputs), ref.states(ref.X, ref.start), **CLOSE)


def test_the_state_that_a_call_returns_is_one_that_the_next_takes(it, ref):
    _, state = it.layer(ref.X[:, :3])
    rest, _ = it.layer(ref.X[:, 3:], state)
    np.testing.assert_allclose(it.array(rest), ref.states(ref.X)[3:], **CLOSE)


def test_the_models_scores_are_those_of_the_reference(it, ref):
    scores = it.scores(it.X)
    assert scores.shape == (BATCH, STEPS, VOCAB)
    np.testing.assert_allclose(scores, ref.scores(ref.X), **CLOSE)
    np.testing.assert_allclose(it.scores(it.X, it.state(ref.start)), ref.scores(ref.X, ref.start), **CLOSE)


def test_a_layer_with_two_biases_moves_their_sum_twice_as_far(it):
    _, before, grads = it.steps.descend((it.X, it.Y), 0.1)
    biases = [k for k, p in enumerate(before) if p.shape == (HIDDENS,)]
    assert len(biases) == (2 if it.tab in ("pytorch", "mxnet") else 1)
    moved = sum(it.steps.get()[k] - before[k] for k in biases)
    np.testing.assert_allclose(moved, -0.1 * len(biases) * grads[biases[0]], **CLOSE)


def test_the_model_takes_our_own_layer_as_well(d2l, tab, numpy_of, ref, it):
    d2l.set_seed(0)
    model = d2l.RNNLM(d2l.RNNScratch(VOCAB, HIDDENS), VOCAB)
    if tab == "jax":
        scores, _ = model.init_with_output(d2l.get_key(), it.X)
    else:
        scores = model(it.X)
    d2l.check_shape(scores, (BATCH, STEPS, VOCAB))


def test_a_step_of_training_lowers_the_loss(it):
    perplexities = [it.trained(epochs) for epochs in (0, 1, 5)]
    assert perplexities == sorted(perplexities, reverse=True)
    assert perplexities[-1] < perplexities[0] < math.inf


@pytest.mark.parametrize("prefix", ["a", "abca"])
def test_predict_continues_what_the_whole_prefix_suggests(d2l, tab, numpy_of, prefix):
    vocab, ref = d2l.Vocab(list("aaaabbbccd")), Reference(scale=1.5)
    it = Model(d2l, tab, numpy_of, ref)
    assert it.predict(prefix, 6, vocab) == ref.predict(prefix, 6, vocab)

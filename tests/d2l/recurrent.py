"""What tests of recurrent language models share: a reference in NumPy, and a model with its weights."""

# ruff: noqa: N803, N806 (matrices have capital letters, as in the book)

import numpy as np

HIDDENS, VOCAB, BATCH, STEPS = 6, 5, 3, 7
CLOSE = {"rtol": 0, "atol": 1e-5}


class Reference:
    """The output layer of a language model in NumPy, in double precision; a test adds the recurrent layer.

    Its method ``outputs(X, state)`` returns what the output layer reads: (steps, batch, hiddens).
    """

    def scores(self, X, state=None):
        """Return the scores of the tokens that follow: (batch, steps, vocabulary)."""
        return (self.outputs(X, state) @ self.W_hq + self.b_q).transpose(1, 0, 2)

    def predict(self, prefix, num_preds, vocab):
        text = list(prefix)
        for _ in range(num_preds):  # From the start each time: no state to get wrong
            text.append(vocab.idx_to_token[int(self.scores(np.array([vocab[text]]))[0, -1].argmax())])
        return "".join(text)


class LanguageModel:
    """A language model of one framework, handled in the same way in all; its weights go in by `Steps`."""

    def __init__(self, d2l, tab, numpy_of, model, ref):
        self.d2l, self.tab, self.array, self.model = d2l, tab, numpy_of, model
        self.X = self.tokens(ref.X)
        self.steps = d2l.Steps(model, self.X)

    def put(self, values):
        """Replace the parameters by arrays that have the order and the form of the framework."""
        assert [p.shape for p in self.steps.get()] == [value.shape for value in values]
        self.steps.set([np.array(value, "float32", order="C") for value in values])

    def tokens(self, a):
        return self.d2l.tensor(a.tolist(), dtype=self.d2l.int64 if self.tab == "pytorch" else self.d2l.int32)

    def floats(self, a):
        return self.d2l.tensor(np.asarray(a).tolist(), dtype=self.d2l.float32)

    def state(self, H):
        """Return a state in the form of a framework's layer."""
        H = self.floats(H)
        return {"pytorch": lambda: H[None], "jax": lambda: H, "tensorflow": lambda: [H],
                "mxnet": lambda: [H[None]]}[self.tab]()  # fmt: skip

    def layer(self, X, state=None):
        """Return what the recurrent layer makes of tokens, as one-hot vectors."""
        inputs = self.floats(np.eye(VOCAB)[X.T])
        if self.tab == "jax":
            return self.model.rnn.apply({"params": self.steps.state.params["rnn"]}, inputs, state)
        return self.model.rnn(inputs, state)

    def scores(self, *inputs):
        if self.tab == "jax":
            return self.array(self.model.apply({"params": self.steps.state.params}, *inputs))
        return self.array(self.model(*inputs))

    def predict(self, *arguments):
        if self.tab == "jax":
            arguments += (self.steps.state.params,)
        return self.model.predict(*arguments)


def trained(d2l, model, batch, epochs):
    """Return the perplexity of a model after some epochs with a single minibatch."""

    class Data(d2l.DataModule):
        def get_dataloader(self, train):
            return [batch]

    model.board.display = False
    trainer = d2l.Trainer(max_epochs=epochs)
    trainer.fit(model, Data())
    return trainer.perplexity([batch])

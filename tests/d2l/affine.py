"""A model with two parameters in its trainer, looked at in the same way in every framework."""

# ruff: noqa: N803, N806 (matrices have capital letters, as in the book)

from types import SimpleNamespace

import numpy as np


class Fixed:
    """Data that consist of given minibatches, in the given order."""

    def __init__(self, train, val=None):
        self.train, self.val = train, val

    def train_dataloader(self):
        return self.train

    def val_dataloader(self):
        return self.val


class Affine:
    """A model whose parameters are `w` and `b`, prepared by a trainer that has run no epoch yet.

    `train` and `val` are lists of minibatches `(X, y)` of NumPy; labels of whole numbers stay whole.
    """

    def __init__(self, d2l, tab, numpy_of, model, params, train, val=None, clip=0):
        self.d2l, self.tab, self.numpy_of, self.model = d2l, tab, numpy_of, model
        model.board.display = False
        parts = [part and [tuple(map(self.tensor, b)) for b in part] for part in (train, val)]
        self.trainer = d2l.Trainer(max_epochs=0, gradient_clip_val=clip)
        self.trainer.fit(model, Fixed(*parts))
        self.params = params

    def tensor(self, a):
        """Return an array as a tensor of the framework."""
        whole = self.d2l.int64 if self.tab == "pytorch" else self.d2l.int32
        a = np.asarray(a)
        dtype = whole if np.issubdtype(a.dtype, np.integer) else self.d2l.float32
        return self.d2l.tensor(a.tolist(), dtype=dtype)

    @property
    def params(self):
        """Weights and bias, as arrays of NumPy."""
        if self.tab == "jax":
            tree = self.trainer.state.params
            return {name: self.numpy_of(tree[name]) for name in ("w", "b")}
        return {name: self.numpy_of(getattr(self.model, name)) for name in ("w", "b")}

    @params.setter
    def params(self, params):
        new = {name: self.tensor(np.asarray(value, float)) for name, value in params.items()}
        assert {n: v.shape for n, v in self.params.items()} == {n: np.shape(v) for n, v in params.items()}
        if self.tab == "jax":
            self.trainer.state = self.trainer.state.replace(params=new)
            return
        for name, value in new.items():
            if self.tab == "pytorch":
                getattr(self.model, name).data = value
            elif self.tab == "tensorflow":
                getattr(self.model, name).assign(value)
            else:
                getattr(self.model, name)[:] = value

    def predict(self, X):
        if self.tab == "jax":
            return self.numpy_of(self.model.apply({"params": self.trainer.state.params}, self.tensor(X)))
        return self.numpy_of(self.model(self.tensor(X)))

    def loss(self, X, y, **options):
        """Return the loss of the model's predictions."""
        X, y = self.tensor(X), self.tensor(y)
        if self.tab == "jax":
            state = self.trainer.state
            out = self.model.loss(state.params, (X,), y, state, *options.values())
            return self.numpy_of(out[0] if isinstance(out, tuple) else out)
        return self.numpy_of(self.model.loss(self.model(X), y, **options))

    def step(self, X, y):
        """Return the loss and the gradients of one training step, which updates nothing."""
        batch = (self.tensor(X), self.tensor(y))
        if self.tab == "jax":
            value, grads = self.model.training_step(self.trainer.state.params, batch, self.trainer.state)
            loss = value[0] if isinstance(value, tuple) else value
        elif self.tab == "tensorflow":
            import tensorflow as tf

            with tf.GradientTape() as tape:
                loss = self.model.training_step(batch)
            grads = tape.gradient(loss, {"w": self.model.w, "b": self.model.b})
        else:
            if self.tab == "mxnet":
                from mxnet import autograd

                with autograd.record():
                    loss = self.model.training_step(batch)
            else:
                self.model.zero_grad()
                loss = self.model.training_step(batch)
            loss.backward()
            grads = {"w": self.model.w.grad, "b": self.model.b.grad}
        return float(self.numpy_of(loss)), {name: self.numpy_of(grads[name]) for name in ("w", "b")}

    def validate(self, X, y):
        batch = (self.tensor(X), self.tensor(y))
        if self.tab == "jax":
            self.model.validation_step(self.trainer.state.params, batch, self.trainer.state)
        else:
            self.model.validation_step(batch)

    def watch(self):
        """Return a list to which, from now on, each call of the board's `draw` is added."""
        calls = []

        def draw(x, y, label, every_n=1):
            calls.append(SimpleNamespace(x=x, y=float(y), label=label, every_n=every_n))

        self.model.board.draw = draw
        return calls

"""A model in its trainer, or a layer without one, handled in the same way in every framework.

Parameters have one name everywhere: the path of attributes that leads to them, such as ``rnn.W_xh``, or
``net.1.kernel`` and ``net.1.bias`` of the layer at place 1 of ``net``. Where a framework has a layer at
another place than its case says, the case says where: a path, with an index if the framework has the
parameter as a part of a larger one, as it has those of gates. A normalization has a ``scale`` and a
``shift`` and an embedding a ``table``, whatever the framework calls them. A kernel has the axes of Keras
and Flax, inputs before outputs; PyTorch and MXNet call it weight, and have the outputs first.
"""

# ruff: noqa: N803, N806 (matrices have capital letters, as in the book)

from itertools import pairwise
from typing import ClassVar

import numpy as np


class Given:
    """Minibatches in the given order, as the data of a trainer."""

    def __init__(self, batches):
        self.batches = batches

    def train_dataloader(self):
        return self.batches

    def val_dataloader(self):
        return None


class Subject:
    """A model whose trainer has run no epoch yet, or a layer or a function, which have none."""

    tab = ""
    whole = "int32"
    """The type of tokens and labels."""
    channels_first = False
    names: ClassVar[dict[str, str]] = {}
    """What parameters are called that have another name in this framework."""

    def __init__(self, d2l, model, batches, places):
        self.d2l = d2l = d2l.d2l  # The library itself, also where it is a section's module that was given
        self.model, self.places = model, places.get(self.tab, {})
        self.batches = [tuple(map(self.tensor, batch)) for batch in batches]
        self.make_parameters()
        if isinstance(model, d2l.Module):
            model.board.display = False
            self.trainer = d2l.Trainer(max_epochs=0)
            self.trainer.fit(model, Given(self.batches))

    def make_parameters(self):
        """Call the model once: layers that learn their number of inputs have parameters only then."""
        self.model(*self.batches[0][:-1])

    def tensor(self, array):
        """Return an array as a tensor of the framework."""
        array = np.asarray(array)
        dtype = self.whole if np.issubdtype(array.dtype, np.integer) else "float32"
        return self.d2l.tensor(array.tolist(), dtype=getattr(self.d2l, dtype))

    @staticmethod
    def array(tensor):
        """Return a tensor, or a number, as an array of NumPy."""
        return np.asarray(tensor)

    @staticmethod
    def child(parent, name):
        return parent[int(name)] if name.isdigit() else getattr(parent, name)

    def located(self, path):
        """Return the path that a parameter has in this framework, and which part it is of what is there."""
        if path in self.places:
            found = self.places[path]
            return (found, ...) if isinstance(found, str) else found
        layer, dot, name = path.rpartition(".")
        return self.places.get(layer, layer) + dot + self.names.get(name, name), ...

    def place(self, path):
        return self.located(path)[0]

    def forget(self):
        """Reset the running averages that the first call of the model may have changed."""

    def find(self, path):
        """Return the framework's parameter at a path."""
        found = self.model
        for name in self.place(path).split("."):
            found = self.child(found, name)
        return found

    def seen(self, name, array):
        """Return the part of an array with a name, such as a gradient, as the reference has it."""
        return self.kernel_last(name, self.array(array))[self.located(name)[1]]

    def get(self, names):
        """Return the parameters with these names."""
        return {name: self.seen(name, self.find(name)) for name in names}

    def replaced(self, name, value):
        """Return what the framework has at a parameter's place, with a value of the reference for it."""
        whole = np.array(self.kernel_last(name, self.array(self.find(name))))
        whole[self.located(name)[1]] = value
        return self.tensor(self.kernel_first(name, whole))

    @staticmethod
    def kernel_last(name, array):
        """Return a parameter with the axes of the reference."""
        return array

    @staticmethod
    def kernel_first(name, array):
        """Return a parameter of the reference with the axes of this framework."""
        return array

    @classmethod
    def pictures(cls, array):
        """Return pictures with their channels last in the layout of this framework."""
        return np.moveaxis(array, -1, 1) if cls.channels_first else array

    def ordered(self, names):
        """Return the names of parameters in the order in which the framework lists them."""
        return list(names)

    def measure(self, name, batch, *options):
        """Return what a method of the model, such as its loss, says of a minibatch."""
        return getattr(self.model, name)(self.predict(batch), batch[-1], *options)

    def predict_in_pieces(self, X, cuts):
        """Return the outputs of a model with a cache, to which the steps of X come in pieces."""
        caches, found = self.model.make_caches(X.shape[0]), []
        for start, stop in pairwise((0, *cuts, X.shape[1])):
            outputs, caches = self.predict((X[:, start:stop], caches, None))
            found.append(self.array(outputs))
        return np.concatenate(found, 1)

    def decode_in_pieces(self, cuts):
        """Return a decoder's outputs, to which the steps of its inputs come in pieces."""
        return np.concatenate([self.array(a) for a in decoded(self.model, cuts, *self.batches[0][:-1])], 1)

    def write(self, steps, save):
        """Return the tokens that a model writes, and the weights of its attention if it shall save them."""
        return self.unpacked(*self.model.predict_step(self.batches[0], self.d2l.cpu(), steps, save))

    def unpacked(self, tokens, weights):
        """Return tokens, and weights that may be in lists of lists, as arrays."""
        while weights and isinstance(weights[0], list | tuple):
            weights = [w for part in weights for w in part]
        return self.array(tokens), [self.array(w) for w in weights]


def decoded(model, cuts, sources, inputs, *lens):
    """Return what a model's decoder makes of its inputs, piece by piece."""
    state, found = model.decoder.init_state(model.encoder(sources, *lens), *lens), []
    for start, stop in pairwise((0, *cuts, inputs.shape[1])):
        outputs, state = model.decoder(inputs[:, start:stop], state)
        found.append(outputs)
    return found


class FirstOutputs(Subject):
    """Of a framework whose kernels have the outputs first, and another name."""

    channels_first = True

    @staticmethod
    def child(parent, name):
        return Subject.child(parent, "weight" if name == "kernel" else name)

    @staticmethod
    def kernel_last(name, array):
        return np.moveaxis(array, (0, 1), (-1, -2)) if name.endswith("kernel") else array

    @staticmethod
    def kernel_first(name, array):
        return np.moveaxis(array, (-1, -2), (0, 1)) if name.endswith("kernel") else array


class PyTorch(FirstOutputs):
    """A subject in PyTorch."""

    tab = "pytorch"
    whole = "int64"
    names: ClassVar = {"scale": "weight", "shift": "bias", "table": "weight"}

    @staticmethod
    def array(tensor):
        return np.asarray(tensor.detach() if hasattr(tensor, "detach") else tensor)

    def forget(self):
        for part in self.model.modules():
            if hasattr(part, "reset_running_stats"):
                part.reset_running_stats()

    def predict(self, batch, training=False):
        self.model.train(training)
        found = self.model(*batch[:-1])
        self.model.train()
        return found

    def set(self, params):
        import torch

        with torch.no_grad():
            for name, value in params.items():
                self.find(name).copy_(self.replaced(name, value))

    def gradients(self, names, clip=0):
        self.trainer.optim.zero_grad()
        self.model.training_step(self.batches[0]).backward()
        if clip:
            self.trainer.clip_gradients(clip, self.model)
        return {name: self.seen(name, self.find(name).grad) for name in names}

    def differentiate(self, params):
        """Return a layer's outputs, and the gradients of their weighted sum by parameters and by inputs."""
        self.set(params)
        *inputs, weights = self.batches[0]
        for X in inputs:
            X.requires_grad_(X.is_floating_point())
        outputs = self.model(*inputs)
        outputs.backward(weights)
        return outputs, [self.find(name).grad for name in params], [X.grad for X in inputs]

    def step(self, grads):
        """Let the optimizer take a step with the given gradients."""
        for name, grad in grads.items():
            self.find(name).grad = self.tensor(self.kernel_first(name, grad))
        self.trainer.optim.step()


class Jax(Subject):
    """A subject in JAX, whose parameters the trainer's state has."""

    tab = "jax"
    names: ClassVar = {"shift": "bias", "table": "embedding"}

    def make_parameters(self):
        pass  # The trainer does

    def leaf(self, tree, path):
        for name in self.place(path).split("."):
            tree = tree[f"layers_{name}" if name.isdigit() else name]
        return tree

    def find(self, path):
        return self.leaf(self.trainer.state.params, path)

    def tree(self, values):
        """Return values, by path, in a tree with the form of the parameters."""
        import jax

        values = {self.place(name): value for name, value in values.items()}

        def path(keys):
            return ".".join(key.key.removeprefix("layers_") for key in keys)

        def value(keys, leaf):
            assert values[path(keys)].shape == leaf.shape
            return self.tensor(values[path(keys)])

        return jax.tree_util.tree_map_with_path(value, self.trainer.state.params)

    def set(self, params):
        self.trainer.state = self.trainer.state.replace(params=self.tree(params))

    def predict(self, batch, training=False):
        model, state = self.model if training else self.trainer.evaluator, self.trainer.state
        if training:
            self.trainer.state = state.replace(dropout_rng=self.d2l.get_key())
        variables = {"params": state.params, "batch_stats": state.batch_stats}
        mutable = ["batch_stats"] if training and state.batch_stats else False
        found = model.apply(variables, *batch[:-1], rngs={"dropout": state.dropout_rng}, mutable=mutable)
        return found[0] if mutable else found

    def ordered(self, names):
        return sorted(names, key=self.place)

    def measure(self, name, batch, *options):
        state = self.trainer.state
        found = getattr(self.model, name)(state.params, batch[:-1], batch[-1], state, *options)
        return found[0] if isinstance(found, tuple) else found

    def decode_in_pieces(self, cuts):
        variables = {"params": self.trainer.state.params}
        found = self.model.apply(variables, cuts, *self.batches[0][:-1], method=decoded)
        return np.concatenate([self.array(a) for a in found], 1)

    def write(self, steps, save):
        params = self.trainer.state.params
        return self.unpacked(*self.model.predict_step(params, self.batches[0], steps, save))

    def gradients(self, names, clip=0):
        state = self.trainer.state
        _, grads = self.model.training_step(state.params, self.batches[0], state)
        if clip:
            grads = self.trainer.clip_gradients(clip, grads)
        return {name: self.array(self.leaf(grads, name)) for name in names}

    def differentiate(self, params):
        import jax
        from flax.traverse_util import unflatten_dict

        def outputs(params, inputs):
            if not hasattr(self.model, "apply"):
                return self.model(*inputs)
            found = self.model.apply({"params": params}, *inputs)
            return found[0] if isinstance(found, tuple) else found  # Without the weights of attention

        *inputs, weights = self.batches[0]
        tree = unflatten_dict({self.place(n): self.tensor(value) for n, value in params.items()}, sep=".")
        found, back = jax.vjp(outputs, tree, inputs)
        grads, by_inputs = back(weights)
        return found, [self.leaf(grads, name) for name in params], by_inputs

    def step(self, grads):
        self.trainer.state = self.trainer.state.apply_gradients(grads=self.tree(grads))


class TensorFlow(Subject):
    """A subject in TensorFlow."""

    tab = "tensorflow"
    names: ClassVar = {"scale": "gamma", "shift": "beta", "table": "embeddings"}

    def predict(self, batch, training=False):
        before, self.model.training = self.model.training, training
        found = self.model(*batch[:-1])
        self.model.training = before
        return found

    @staticmethod
    def child(parent, name):
        return getattr(parent, "layers", parent)[int(name)] if name.isdigit() else getattr(parent, name)

    def set(self, params):
        for name, value in params.items():
            self.find(name).assign(self.replaced(name, value))

    def variables(self, names):
        """Return the variables with these names, by path: one may have several parameters."""
        import tensorflow as tf

        found = {self.place(name): self.find(name) for name in names}
        return {path: v.value if isinstance(v, tf.keras.Variable) else v for path, v in found.items()}

    def gradients(self, names, clip=0):
        import tensorflow as tf

        self.model.training = True
        with tf.GradientTape() as tape:
            loss = self.model.training_step(self.batches[0])
        variables = self.variables(names)
        zero = tf.UnconnectedGradients.ZERO  # Where a parameter is not used
        grads = tape.gradient(loss, list(variables.values()), unconnected_gradients=zero)
        if clip:
            grads = self.trainer.clip_gradients(clip, grads)
        found = dict(zip(variables, map(tf.convert_to_tensor, grads), strict=True))
        return {name: self.seen(name, found[self.place(name)]) for name in names}

    def differentiate(self, params):
        import tensorflow as tf

        self.set(params)
        *inputs, weights = self.batches[0]
        with tf.GradientTape() as tape:
            tape.watch([X for X in inputs if X.dtype.is_floating])
            outputs = self.model(*inputs)
        variables = list(self.variables(params).values())
        by_params, by_inputs = tape.gradient(outputs, (variables, inputs), weights)
        return outputs, list(map(tf.convert_to_tensor, by_params)), by_inputs

    def step(self, grads):
        pairs = [(self.tensor(grad), self.find(name)) for name, grad in grads.items()]
        self.trainer.optim.apply_gradients(pairs)


class MXNet(FirstOutputs):
    """A subject in MXNet, whose parameters are arrays or Gluon's."""

    tab = "mxnet"
    names: ClassVar = {"scale": "gamma", "shift": "beta", "table": "weight"}

    def make_parameters(self):
        if isinstance(self.model, self.d2l.nn_Module) and not isinstance(self.model, self.d2l.Module):
            self.model.initialize()  # As the model does that has the layer
        super().make_parameters()

    @staticmethod
    def array(tensor):
        tensor = tensor.data() if hasattr(tensor, "grad_req") else tensor
        return tensor.asnumpy() if hasattr(tensor, "asnumpy") else np.asarray(tensor)

    def predict(self, batch, training=False):
        from mxnet import autograd

        with autograd.train_mode() if training else autograd.predict_mode():
            return self.model(*batch[:-1])

    @staticmethod
    def grad(param):
        return param.grad() if hasattr(param, "grad_req") else param.grad

    def set(self, params):
        for name, value in params.items():
            param = self.find(name)
            param = param.data() if hasattr(param, "grad_req") else param
            param[:] = self.replaced(name, value)

    def gradients(self, names, clip=0):
        from mxnet import autograd

        with autograd.record():
            loss = self.model.training_step(self.batches[0])
        loss.backward()
        if clip:
            self.trainer.clip_gradients(clip, self.model)
        return {name: self.seen(name, self.grad(self.find(name))) for name in names}

    def differentiate(self, params):
        from mxnet import autograd

        self.set(params)
        *inputs, weights = self.batches[0]
        for X in inputs:
            if X.dtype == np.float32:
                X.attach_grad()
        with autograd.record():
            outputs = self.model(*inputs)
        outputs.backward(weights)
        grads = [self.grad(self.find(name)) for name in params]
        return outputs, grads, [X.grad for X in inputs]

    def step(self, grads):
        self.gradients(list(grads))  # Gluon refuses a step if nothing was computed since the last one
        for name, grad in grads.items():
            self.grad(self.find(name))[:] = self.tensor(self.kernel_first(name, grad))
        self.trainer.optim.step(1)


SUBJECTS = {subject.tab: subject for subject in (PyTorch, Jax, TensorFlow, MXNet)}

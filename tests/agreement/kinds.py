"""The kinds of cases: what is compared of a model, an optimizer, a loader or random parameters.

A case has two methods. ``expected`` computes its quantities in NumPy, ``measured`` with the library of one
framework. Both return a dictionary of arrays. In a key such as ``gradients/w``, the part before the
slash names the row of the table.
"""

# ruff: noqa: N803, N806 (matrices have capital letters, as in the book)

import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import ClassVar

import numpy as np
import reference
from numpy.random import RandomState

DIRECTIONS = "gradients along ten directions"
LR = 0.1


def under(row, values):
    return {f"{row}/{name}": np.asarray(value, float) for name, value in values.items()}


@dataclass(frozen=True, kw_only=True)
class Case:
    """What every kind of case has."""

    name: str
    section: str = ""
    """The section whose definitions `make` gets, if it needs any that the library does not save."""
    bounds: ClassVar[dict[str, float]] = {}
    """The largest difference allowed, of the rows that have another one than ``BOUND``."""
    among: ClassVar[bool] = True
    """Whether the frameworks are also compared with each other, not with the reference alone."""
    places: dict[str, dict[str, str]] = field(default_factory=dict)
    """By framework: the paths of layers that are elsewhere there than the names of parameters say."""

    @property
    def random(self):
        """A generator that gives the same numbers in every version of NumPy."""
        return RandomState(zlib.crc32(self.name.encode()))


BOUND = 1e-5


@dataclass(frozen=True, kw_only=True)
class Model(Case):
    """Outputs, losses, gradients, and the parameters after three steps of training.

    ``output`` is the model in NumPy, a function of parameters and inputs. ``measures`` are the methods
    that judge an output, by row: the name, its options, and the same in NumPy. The first is the loss,
    to which the ``penalty`` of the parameters is added. ``cuts`` are the steps at which the inputs of a
    model with a cache are cut into pieces. A model that is not ``trained`` takes no steps, and its
    gradient is not shortened.
    """

    make: Callable
    shapes: dict[str, tuple[int, ...]]
    batch: Callable  # (random, size) -> inputs and labels
    output: Callable
    measures: dict[str, tuple]
    penalty: Callable = lambda params: 0.0
    perplexity: bool = False
    cuts: tuple[int, ...] = ()
    trained: bool = True
    scale: float = 0.5
    lr: float = LR
    bounds: ClassVar = {DIRECTIONS: 1e-3}

    def given(self):
        """Return parameters, three minibatches of different sizes, and ten directions."""
        random = self.random
        params, *directions = (
            {name: scale * random.standard_normal(shape) for name, shape in self.shapes.items()}
            for scale in [self.scale] + [1] * 10
        )
        return params, [self.batch(random, size) for size in (4, 4, 2)], directions

    def loss(self, batch):
        measure = next(iter(self.measures.values()))[-1]
        return lambda params: measure(self.output(params, *batch[:-1]), batch[-1]) + self.penalty(params)

    @cached_property
    def first_gradient(self):
        params, batches, _ = self.given()
        return reference.gradient(self.loss(batches[0]), params)

    @property
    def longest(self):
        """Half the length of the first gradient: what the clipped ones are shortened to."""
        return reference.length(self.first_gradient) / 2

    def expected(self):
        params, batches, directions = self.given()
        output = self.output(params, *batches[0][:-1])
        found = {"outputs": output}
        if self.cuts:
            found["outputs in pieces, with a cache"] = output
        found |= {row: fn(output, batches[0][-1]) for row, (*_, fn) in self.measures.items()}
        found[next(iter(self.measures))] = self.loss(batches[0])(params)
        if self.perplexity:
            losses, sizes = [self.loss(b)(params) for b in batches], [b[-1].size for b in batches]
            found["perplexity"] = np.exp(np.average(losses, weights=sizes))
        grads = self.first_gradient
        found |= under("gradients", grads)
        found[DIRECTIONS] = [reference.slope(self.loss(batches[0]), params, d) for d in directions]
        if not self.trained:
            return found
        factor = reference.shrinkage(grads, self.longest)
        assert factor < 1
        found |= under("clipped gradients", {name: factor * grad for name, grad in grads.items()})
        found[f"{DIRECTIONS}/clipped"] = factor * np.array(found[DIRECTIONS])
        for row, limit in (("three steps", np.inf), ("three clipped steps", self.longest)):
            now = params
            for batch in batches:
                first = now is params
                grads = self.first_gradient if first else reference.gradient(self.loss(batch), now)
                grads = {n: g * reference.shrinkage(grads, limit) for n, g in grads.items()}
                now = reference.sgd(now, grads, self.lr)
            found |= under(row, now)
        return found

    def measured(self, d2l, Subject):
        params, batches, directions = self.given()
        it = Subject(d2l, self.make(d2l), batches, self.places)
        it.set(params)
        batch, array = it.batches[0], it.array
        found = {"outputs": array(it.predict(batch))}
        if self.cuts:
            found["outputs in pieces, with a cache"] = it.predict_in_pieces(batch[0], self.cuts)
        found |= {row: array(it.measure(name, batch, *o)) for row, (name, *o, _) in self.measures.items()}
        if self.perplexity:
            found["perplexity"] = it.trainer.perplexity(it.batches)
        for word, key, clip in (("", "", 0), ("clipped ", "/clipped", float(self.longest))):
            it.set(params)
            grads = {name: np.array(grad, float) for name, grad in it.gradients(list(params), clip).items()}
            found |= under(f"{word}gradients", grads)
            found[DIRECTIONS + key] = [sum((d[n] * grads[n]).sum() for n in grads) for d in directions]
            if not self.trained:
                break
            it.trainer.gradient_clip_val = clip
            it.trainer.fit_epoch()
            found |= under(f"three {word}steps", {n: value.copy() for n, value in it.get(params).items()})
        return found


@dataclass(frozen=True, kw_only=True)
class Convolutional(Model):
    """Outputs, losses and gradients of a network for pictures, given with their channels last.

    It has too many parameters to take the reference's gradient by all of them. Those of the parameters
    with at most ``few`` numbers are compared one by one, and the others along ten directions.
    """

    few: int = 160

    def expected(self):
        params, (batch, *_), directions = self.given()
        output = self.output(params, *batch[:-1])
        found = {"outputs": output}
        found |= {row: fn(output, batch[-1]) for row, (*_, fn) in self.measures.items()}
        small = {name: value for name, value in params.items() if value.size <= self.few}
        grads = reference.gradient(lambda part: self.loss(batch)(params | part), small)
        found[DIRECTIONS] = [reference.slope(self.loss(batch), params, d) for d in directions]
        return found | under("gradients", grads)

    def measured(self, d2l, Subject):
        params, batches, directions = self.given()
        batches = [(Subject.pictures(X), y) for X, y in batches]
        it = Subject(d2l, self.make(d2l), batches, self.places)
        it.set(params)
        batch, array = it.batches[0], it.array
        found = {"outputs": array(it.predict(batch))}
        found |= {row: array(it.measure(name, batch, *o)) for row, (name, *o, _) in self.measures.items()}
        grads = {name: np.array(grad, float) for name, grad in it.gradients(list(params)).items()}
        found[DIRECTIONS] = [sum((d[n] * grads[n]).sum() for n in grads) for d in directions]
        return found | under("gradients", {n: g for n, g in grads.items() if g.size <= self.few})


@dataclass(frozen=True, kw_only=True)
class ByHand(Model):
    """The loss, the gradients and a step of ``d2l.Steps``, whose arrays have no names but an order."""

    def expected(self):
        params, (batch, *_), _ = self.given()
        grads = reference.gradient(self.loss(batch), params)
        found = {"loss": self.loss(batch)(params)} | under("gradients", grads)
        return found | under("a step by hand", reference.sgd(params, grads, self.lr))

    def measured(self, d2l, Subject):
        params, batches, _ = self.given()
        it = Subject(d2l, self.make(d2l), batches, self.places)
        names = it.ordered(params)
        steps = d2l.d2l.Steps(it.model, it.batches[0][0])
        steps.set([np.array(it.kernel_first(n, params[n]), "float32", order="C") for n in names])
        loss, grads = steps.gradient(*it.batches[0])
        steps.descend(it.batches[0], self.lr)
        found = {"loss": loss}
        for row, arrays in (("gradients", grads), ("a step by hand", steps.get())):
            pairs = zip(names, arrays, strict=True)
            found |= under(row, {name: it.kernel_last(name, array) for name, array in pairs})
        return found


@dataclass(frozen=True, kw_only=True)
class Layer(Case):
    """The outputs of a layer or a function, and the gradients of a sum of these, each times a random number.

    ``inputs`` are drawn by name; those that are whole numbers have no gradients.
    """

    make: Callable
    inputs: Callable
    output: Callable
    shapes: dict[str, tuple[int, ...]] = field(default_factory=dict)

    def given(self):
        """Return parameters, inputs, and the factors of outputs in the sum."""
        random = self.random
        params = {name: 0.5 * random.standard_normal(shape) for name, shape in self.shapes.items()}
        inputs = self.inputs(random)
        return params, inputs, random.standard_normal(self.output(params, *inputs.values()).shape)

    @staticmethod
    def fractional(inputs):
        return {name: array for name, array in inputs.items() if array.dtype.kind == "f"}

    def expected(self):
        params, inputs, factors = self.given()

        def total(values):
            return (factors * self.output(values, *((inputs | values)[n] for n in inputs))).sum()

        found = {"outputs": self.output(params, *inputs.values())}
        return found | under("gradients", reference.gradient(total, params | self.fractional(inputs)))

    def measured(self, d2l, Subject):
        params, inputs, factors = self.given()
        it = Subject(d2l, self.make(d2l), [(*inputs.values(), factors)], self.places)
        outputs, by_params, by_inputs = it.differentiate(params)
        grads = {name: it.seen(name, grad) for name, grad in zip(params, by_params, strict=True)}
        by_inputs = dict(zip(inputs, by_inputs, strict=True))
        grads |= {name: it.array(by_inputs[name]) for name in self.fractional(inputs)}
        return {"outputs": it.array(outputs)} | under("gradients", grads)


@dataclass(frozen=True, kw_only=True)
class Search(Case):
    """The sequences that beam search finds, and their scores, where the next token depends on the last one.

    A sequence begins behind the token 0, and ends with the last token of the vocabulary.
    """

    size: int
    beams: tuple[int, ...]
    steps: int
    alpha: float
    bounds: ClassVar = {"sequences": 0}

    @property
    def chances(self):
        """The probabilities of the next token: (last one, next one)."""
        return self.random.dirichlet(np.ones(self.size), self.size)

    def found(self, search):
        """Return sequences, filled up to one length, and scores for each number of beams."""
        lists, scores = zip(*(pair for k in self.beams for pair in search(k)), strict=True)
        rows = [tokens + [-1] * (self.steps - len(tokens)) for tokens in lists]
        return {"sequences": np.array(rows), "scores": np.array(scores)}

    def expected(self):
        table, how = np.log(self.chances), (self.steps, self.alpha)
        return self.found(lambda k: reference.beam_search(table, k, *how))

    def measured(self, d2l, Subject):
        table = Subject.array(d2l.d2l.log(d2l.d2l.tensor(self.chances.tolist())))

        def next_scores(sequences):
            return table[[tokens[-1] if tokens else 0 for tokens in sequences]]

        how = (self.steps, self.size - 1, self.alpha)
        return self.found(lambda k: d2l.d2l.beam_search(next_scores, k, *how))


@dataclass(frozen=True, kw_only=True)
class Functions(Case):
    """Values and derivatives of functions of a number.

    ``functions`` gives them by name: how to find one in the section, and the same in NumPy. Derivatives
    are those of the section's ``slope``.
    """

    functions: dict[str, tuple[Callable, Callable]]

    X = np.linspace(-6, 6, 48)  # Without 0, where ReLU has no derivative

    def expected(self):
        found = {}
        for name, (_, fn) in self.functions.items():
            up, down = fn(self.X + reference.STEP), fn(self.X - reference.STEP)
            found |= {f"values/{name}": fn(self.X), f"derivatives/{name}": (up - down) / (2 * reference.STEP)}
        return found

    def measured(self, d2l, Subject):
        X, found = d2l.d2l.tensor(self.X.tolist()), {}
        for name, (get, _) in self.functions.items():
            values, slopes = get(d2l)(X), d2l.slope(get(d2l), X)
            found |= {f"values/{name}": Subject.array(values), f"derivatives/{name}": Subject.array(slopes)}
        return found


@dataclass(frozen=True, kw_only=True)
class Dropped(Case):
    """A network with dropout: its outputs in prediction, and its hidden units in training.

    In training, the first layer is made to return ones and the second to pass them on, so that the
    outputs are hidden units. ``share`` of them must be silent, with a mean of 1 all the same.
    """

    make: Callable
    shapes: dict[str, tuple[int, ...]]
    batch: Callable
    output: Callable
    share: float
    size: int = 4000
    bounds: ClassVar = {"mean and share in training": 4, "alike in two examples or calls": 0}
    among: ClassVar = False

    def given(self):
        random = self.random
        return {n: random.standard_normal(s) for n, s in self.shapes.items()}, self.batch(random, self.size)

    def expected(self):
        params, (X, _) = self.given()
        found = {"outputs in prediction": self.output(params, X), "values in training": 0}
        found |= {"alike in two examples or calls": 0}
        return found | under("mean and share in training", {"mean": 0, "share": 0})

    def measured(self, d2l, Subject):
        params, batch = self.given()
        d2l.d2l.set_seed(1)
        it = Subject(d2l, self.make(d2l), [batch], self.places)
        it.set(params)
        found = {"outputs in prediction": it.array(it.predict(it.batches[0]))}
        ones = {n: np.ones(s) if n == "first.bias" else np.zeros(s) for n, s in self.shapes.items()}
        it.set(ones | {"second.kernel": np.eye(*self.shapes["second.kernel"])})
        hidden, again = (it.array(it.predict(it.batches[0], training=True)) for _ in range(2))
        stays = 1 / (1 - self.share)
        found["values in training"] = np.minimum(abs(hidden), abs(hidden - stays)).max()
        alike = np.array_equal(hidden[::2], hidden[1::2]) or np.array_equal(hidden, again)
        found["alike in two examples or calls"] = alike
        share_error = np.sqrt(self.share * (1 - self.share) / hidden.size)
        errors = {"mean": (hidden.mean() - 1) / (stays * share_error),
                  "share": ((hidden == 0).mean() - self.share) / share_error}  # fmt: skip
        return found | under("mean and share in training", {name: abs(e) for name, e in errors.items()})


@dataclass(frozen=True, kw_only=True)
class NormalizedNetwork(Case):
    """A network with batch normalization: outputs in both modes, and gradients in training.

    Pictures have their channels last here, and where the framework wants them. ``output`` has a third
    argument, whether the network is in training. In prediction, its running averages are still new.
    """

    make: Callable
    shapes: dict[str, tuple[int, ...]]
    batch: Callable
    output: Callable

    def given(self):
        random = self.random
        return {n: random.standard_normal(s) for n, s in self.shapes.items()}, self.batch(random, 4)

    def expected(self):
        params, (X, y) = self.given()
        found = {f"outputs/{mode}": self.output(params, X, mode == "training")
                 for mode in ("prediction", "training")}  # fmt: skip

        def loss(params):
            return reference.cross_entropy(self.output(params, X, True), y)

        return found | under("gradients in training", reference.gradient(loss, params))

    def measured(self, d2l, Subject):
        params, (X, y) = self.given()
        it = Subject(d2l, self.make(d2l), [(Subject.pictures(X), y)], self.places)
        it.forget()
        it.set(params)
        batch, array = it.batches[0], it.array
        found = {"outputs/prediction": array(it.predict(batch))}
        found["outputs/training"] = array(it.predict(batch, training=True))
        grads = it.gradients(list(params))
        return found | under("gradients in training", {n: np.array(g) for n, g in grads.items()})


@dataclass(frozen=True, kw_only=True)
class Optimizer(Case):
    """The parameters after each of three steps on given gradients.

    ``make`` returns a model: its ``configure_optimizers`` is what is tested. ``step`` is one step in
    NumPy: it gets parameters, gradients and a dictionary to remember things in. ``least`` is what is
    added to the size of each gradient: frameworks put the epsilon of Adam in different places, which
    shows where a gradient is close to zero.
    """

    make: Callable
    shapes: dict[str, tuple[int, ...]]
    batch: Callable
    step: Callable
    least: float = 0.0

    def given(self):
        """Return parameters and three gradients."""
        random = self.random
        params, *gradients = (
            {n: random.standard_normal(s) for n, s in self.shapes.items()} for _ in range(4)
        )
        return params, *({n: g + self.least * np.sign(g) for n, g in grads.items()} for grads in gradients)

    def expected(self):
        params, *gradients = self.given()
        memory, found = {}, {}
        for number, grads in enumerate(gradients, 1):
            params = self.step(params, grads, memory)
            found |= under("three steps on given gradients", {f"{n} {number}": v for n, v in params.items()})
        return found

    def measured(self, d2l, Subject):
        params, *gradients = self.given()
        it = Subject(d2l, self.make(d2l), [self.batch(self.random, 2)], self.places)
        it.set(params)
        found = {}
        for number, grads in enumerate(gradients, 1):
            it.step(grads)
            now = {f"{name} {number}": value.copy() for name, value in it.get(params).items()}
            found |= under("three steps on given gradients", now)
        return found


@dataclass(frozen=True, kw_only=True)
class Initial(Case):
    """Mean and standard deviation of random parameters, in standard errors, and parameters that are zero.

    ``deviations`` are the standard deviations by name, 0 for zeros. ``kurtosis`` is 3 for normal
    numbers and 1.8 for uniform ones.
    """

    make: Callable
    batch: Callable
    deviations: dict[str, float]
    kurtosis: float = 3
    bounds: ClassVar = {"mean and deviation": 4, "zeros": 0}
    among: ClassVar = False

    def expected(self):
        return {
            (f"mean and deviation/{name}" if sigma else f"zeros/{name}"): 0
            for name, sigma in self.deviations.items()
        }

    def measured(self, d2l, Subject):
        d2l.d2l.set_seed(1)
        it = Subject(d2l, self.make(d2l), [self.batch(self.random, 2)], self.places)
        return self.judged(it.get(self.deviations))

    def judged(self, values):
        found = {}
        for name, value in values.items():
            value, sigma = np.asarray(value, float), self.deviations[name]
            if not sigma:
                found[f"zeros/{name}"] = abs(value).max()
                continue
            of_mean = sigma / np.sqrt(value.size)
            of_deviation = of_mean * np.sqrt((self.kurtosis - 1) / 4)
            errors = (value.mean() / of_mean, (value.std() - sigma) / of_deviation)
            found[f"mean and deviation/{name}"] = max(map(abs, errors))
        return found


@dataclass(frozen=True, kw_only=True)
class Drawn(Initial):
    """The same of random data: ``make`` returns tensors by name."""

    batch: None = None

    def measured(self, d2l, Subject):
        d2l.d2l.set_seed(1)
        return self.judged({name: Subject.array(value) for name, value in self.make(d2l).items()})


@dataclass(frozen=True, kw_only=True)
class Loader(Case):
    """The rows of a loader: of validation in their order, of training as a multiset, and shuffled.

    ``make`` returns the data; ``rows`` those of training and of validation, as lists of arrays.
    """

    make: Callable
    rows: Callable
    batch_size: int
    bounds: ClassVar = dict.fromkeys(("order", "same rows", "sizes of minibatches", "shuffled"), 0)

    @staticmethod
    def joined(arrays):
        return np.concatenate([np.asarray(a, float).reshape(len(a), -1) for a in arrays], 1)

    @staticmethod
    def ordered(rows):
        return rows[np.lexsort(rows.T)]

    def expected(self):
        train, val = map(self.joined, self.rows())
        sizes = {
            name: [len(part[i : i + self.batch_size]) for i in range(0, len(part), self.batch_size)]
            for name, part in (("training", train), ("validation", val))
        }
        found = {"order": val, "same rows": self.ordered(train), "shuffled": 1}
        return found | under("sizes of minibatches", sizes)

    def measured(self, d2l, Subject):
        d2l.d2l.set_seed(0)
        data, found, sizes = self.make(d2l), {}, {}
        for name, loader in (("training", data.train_dataloader()), ("validation", data.val_dataloader())):
            batches = [self.joined([Subject.array(part) for part in batch]) for batch in loader]
            sizes[name] = [len(batch) for batch in batches]
            if name == "validation":
                found["order"] = np.concatenate(batches)
            else:
                rows = np.concatenate(batches)
                found["same rows"] = self.ordered(rows)
                found["shuffled"] = not np.array_equal(rows, self.joined(self.rows()[0]))
        return found | under("sizes of minibatches", sizes)


@dataclass(frozen=True, kw_only=True)
class Pictures(Loader):
    """The same of pictures, whose numbers are computed: they agree as other numbers do."""

    bounds: ClassVar = dict.fromkeys(("sizes of minibatches", "shuffled"), 0)


@dataclass(frozen=True, kw_only=True)
class Normalized(Case):
    """What a normalization makes of three minibatches, and then of an input in prediction.

    ``shape`` is that of a minibatch, with the features last. ``run`` gets the section,
    the minibatches and the input, and returns two tensors: the last output in training,
    and that in prediction. ``output`` does the same in NumPy.
    """

    shape: tuple[int, ...]
    run: Callable
    output: Callable

    def given(self):
        random = self.random
        return [3 * random.standard_normal(self.shape) + 2 for _ in range(4)]

    def expected(self):
        *batches, X = self.given()
        return dict(zip(("in training", "in prediction"), self.output(batches, X), strict=True))

    def measured(self, d2l, Subject):
        *batches, X = (d2l.d2l.tensor(Subject.pictures(array).tolist()) for array in self.given())
        found = [Subject.array(Y) for Y in self.run(d2l, batches, X)]
        found = [np.moveaxis(Y, 1, -1) if Subject.channels_first else Y for Y in found]
        return dict(zip(("in training", "in prediction"), found, strict=True))

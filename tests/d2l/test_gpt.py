"""A GPT computes the same as NumPy, with caches and without, and writes the same text either way.

The reference is written for this test alone, in double precision, with a loop over positions and heads
where the library has an axis. The weights of the library's model are read and given to it.
"""

# ruff: noqa: N803, N806 (matrices have capital letters, as in the book)

import math

import numpy as np
import pytest

VOCAB, CONTEXT, HIDDENS, HEADS, BLOCKS = 11, 12, 8, 2, 3
CLOSE = {"rtol": 0, "atol": 1e-5}


def _norm(X, gamma, beta):
    centered = X - X.mean(-1, keepdims=True)
    return gamma * centered / np.sqrt((centered**2).mean(-1, keepdims=True) + 1e-5) + beta


def _gelu(X):
    return X * (1 + np.vectorize(math.erf)(X / math.sqrt(2))) / 2


class Reference:
    """A GPT in NumPy for one text, with weights in a dictionary by name."""

    def __init__(self, weights):
        self.weights = {name: value.astype("float64") for name, value in weights.items()}

    def dense(self, X, name):
        return X @ self.weights[f"{name}.W"] + self.weights[f"{name}.b"]

    def norm(self, X, name):
        return _norm(X, self.weights[f"{name}.gamma"], self.weights[f"{name}.beta"])

    def attention(self, X, name):
        d, Y = HIDDENS // HEADS, np.zeros_like(X)
        queries, keys, values = np.split(self.dense(X, f"{name}.qkv"), 3, -1)
        for i in range(len(X)):
            for head in range(HEADS):
                part = slice(head * d, (head + 1) * d)
                scores = keys[: i + 1, part] @ queries[i, part] / math.sqrt(d)
                weights = np.exp(scores - scores.max())
                Y[i, part] = weights @ values[: i + 1, part] / weights.sum()
        return self.dense(Y, f"{name}.out")

    def scores(self, tokens):
        H = self.weights["tokens"][tokens] + self.weights["positions"][: len(tokens)]
        for k in range(BLOCKS):
            H = H + self.attention(self.norm(H, f"{k}.norm1"), k)
            hiddens = _gelu(self.dense(self.norm(H, f"{k}.norm2"), f"{k}.dense1"))
            H = H + self.dense(hiddens, f"{k}.dense2")
        return self.norm(H, "norm") @ self.weights["tokens"].T


class Model:
    """A GPT of one framework, with weights large enough to make a difference."""

    def __init__(self, d2l, tab, numpy_of, **options):
        self.d2l, self.tab, self.array = d2l, tab, numpy_of
        d2l.set_seed(0)
        self.model = d2l.GPT(VOCAB, CONTEXT, HIDDENS, HEADS, BLOCKS, **options)
        self.steps = d2l.Steps(self.model, self.tokens([[0]]))
        rng = np.random.default_rng(3)
        self.steps.set([
            np.asarray(p + rng.normal(0, 0.4, p.shape), "float32", order="C") for p in self.steps.get()
        ])  # fmt: skip

    def tokens(self, a):
        kind = self.d2l.int64 if self.tab == "pytorch" else self.d2l.int32
        return self.d2l.tensor(np.asarray(a).tolist(), dtype=kind)

    @property
    def params(self):
        return (self.steps.state.params,) if self.tab == "jax" else ()

    def __call__(self, tokens, *caches):
        tokens = self.tokens(tokens)
        if self.tab == "jax":
            return self.model.apply({"params": self.steps.state.params}, tokens, *caches)
        return self.model(tokens, *caches)

    def scores(self, tokens):
        return self.array(self(tokens))

    def generate(self, prefix, num_tokens, **options):
        return self.model.generate(prefix, num_tokens, *self.params, **options)

    def _dense(self, layer, name):
        if self.tab == "pytorch":
            W, b = self.array(layer.weight).T, self.array(layer.bias)
        elif self.tab == "mxnet":
            W, b = self.array(layer.weight.data()).T, self.array(layer.bias.data())
        else:
            W, b = (layer["kernel"], layer["bias"]) if self.tab == "jax" else (layer.kernel, layer.bias)
        return {f"{name}.W": self.array(W), f"{name}.b": self.array(b)}

    def _norm(self, layer, name):
        gamma, beta = {
            "pytorch": lambda: (layer.weight, layer.bias),
            "jax": lambda: (layer["scale"], layer["bias"]),
            "tensorflow": lambda: (layer.gamma, layer.beta),
            "mxnet": lambda: (layer.gamma.data(), layer.beta.data()),
        }[self.tab]()
        return {f"{name}.gamma": self.array(gamma), f"{name}.beta": self.array(beta)}

    def _embedding(self, layer):
        if self.tab == "jax":
            return self.array(layer["embedding"])
        weight = layer.embeddings if self.tab == "tensorflow" else layer.weight
        return self.array(weight.data() if self.tab == "mxnet" else weight)

    def _parts(self):
        """Return functions that give the parts of the model and of its blocks by name."""
        if self.tab == "jax":
            params = self.steps.state.params
            return params.__getitem__, lambda k: params[f"blocks_{k}"].__getitem__
        model = self.model
        return (lambda name: getattr(model, name)), lambda k: lambda name: getattr(model.blocks[k], name)

    def weights(self):
        of_model, of_block = self._parts()
        found = {"tokens": self._embedding(of_model("tokens"))}
        found["positions"] = self._embedding(of_model("positions"))
        found |= self._norm(of_model("norm"), "norm")
        for k in range(BLOCKS):
            part = of_block(k)
            attention = part("attention")
            for name in ("qkv", "out"):
                layer = attention[name] if self.tab == "jax" else getattr(attention, name)
                found |= self._dense(layer, f"{k}.{name}")
            for name in ("dense1", "dense2"):
                found |= self._dense(part(name), f"{k}.{name}")
            for name in ("norm1", "norm2"):
                found |= self._norm(part(name), f"{k}.{name}")
        return found


@pytest.fixture(scope="module")
def it(d2l, tab, numpy_of):
    return Model(d2l, tab, numpy_of)


@pytest.fixture(scope="module")
def ref(it):
    return Reference(it.weights())


@pytest.fixture(scope="module")
def texts():
    return np.random.default_rng(5).integers(0, VOCAB, (3, CONTEXT))


def test_the_scores_are_those_of_numpy(it, ref, texts):
    expected = [ref.scores(text) for text in texts]
    np.testing.assert_allclose(it.scores(texts), expected, rtol=1e-4, atol=1e-4)


def test_gelu_is_the_exact_one(d2l, numpy_of):
    X = np.linspace(-4, 4, 33)
    found = numpy_of(d2l.gelu(d2l.tensor(X.tolist(), dtype=d2l.float32)))
    np.testing.assert_allclose(found, _gelu(X), rtol=0, atol=2e-6)


def test_no_position_sees_a_later_token(it, texts):
    changed = texts.copy()
    changed[:, 5] = (changed[:, 5] + 1) % VOCAB
    difference = np.abs(it.scores(texts) - it.scores(changed)).max((0, 2))
    assert (difference[:5] == 0).all()
    assert (difference[5:] > 1e-3).all()


@pytest.mark.parametrize("lengths", [[12], [1] * 12, [5, 1, 6], [3, 3, 3]])
def test_pieces_with_caches_have_the_scores_of_the_whole(it, texts, lengths):
    caches, found, first = it.model.make_caches(len(texts)), [], 0
    for length in lengths:
        scores, caches = it(texts[:, first : first + length], caches)
        found.append(it.array(scores))
        first += length
    expected = it.scores(texts[:, :first])
    np.testing.assert_allclose(np.concatenate(found, 1), expected, **CLOSE)
    assert all(int(cache[2]) == first for cache in caches)
    shape = (len(texts), HEADS, CONTEXT, HIDDENS // HEADS)
    assert all(tuple(a.shape) == shape for cache in caches for a in cache[:2])


def test_the_count_of_parameters_has_one_array_for_both_embeddings(it):
    assert sum(p.size for p in it.steps.get()) == (
        BLOCKS * (12 * HIDDENS**2 + 13 * HIDDENS) + (VOCAB + CONTEXT + 2) * HIDDENS
    )
    assert [p.shape for p in it.steps.get()].count((VOCAB, HIDDENS)) == 1


def test_first_weights_are_small_in_all_frameworks(d2l, tab, numpy_of):
    fresh = Model(d2l, tab, numpy_of)
    fresh.model = d2l.GPT(VOCAB, CONTEXT, 32, 4, BLOCKS)
    fresh.steps = d2l.Steps(fresh.model, fresh.tokens([[0]]))
    for name, value in fresh.weights().items():
        if name.endswith((".b", ".beta")):
            assert (value == 0).all()
        elif name.endswith(".gamma"):
            assert (value == 1).all()
        else:
            last = name.endswith(("out.W", "dense2.W"))
            sigma = 0.02 / math.sqrt(2 * BLOCKS) if last else 0.02
            assert value.std() == pytest.approx(sigma, rel=0.2), name


@pytest.mark.parametrize("num_tokens", [5, 3 * CONTEXT])
def test_greedy_text_is_the_same_with_and_without_caches_also_behind_a_full_context(it, ref, num_tokens):
    prefix = [1, 2, 3]
    text = it.generate(prefix, num_tokens, temperature=0)
    assert text == it.generate(prefix, num_tokens, temperature=0, use_cache=False)
    expected, first = list(prefix), 0
    for _ in range(num_tokens):
        if len(expected) - first > CONTEXT:
            first = len(expected) - CONTEXT // 2
        expected.append(int(ref.scores(expected[first:])[-1].argmax()))
    assert text == expected


def test_a_prefix_longer_than_the_context_is_cut_to_its_last_half(it):
    prefix = [i % VOCAB for i in range(CONTEXT + 5)]
    text = it.generate(prefix, 3, temperature=0)
    assert text[: len(prefix)] == prefix
    assert text[len(prefix) :] == it.generate(prefix[-CONTEXT // 2 :], 3, temperature=0)[CONTEXT // 2 :]


def test_the_best_of_one_is_greedy(it):
    assert it.generate([4, 5], 20, top_k=1, temperature=3) == it.generate([4, 5], 20, temperature=0)


def test_the_same_seed_writes_the_same_text_with_and_without_caches(d2l, it):
    found = []
    for seed, use_cache in ((1, True), (1, True), (1, False), (2, True)):
        d2l.set_seed(seed)
        found.append(it.generate([7], 20, use_cache=use_cache))
    assert found[0] == found[1] == found[2] != found[3]
    assert all(len(text) == 21 for text in found)


def test_nothing_is_dropped_when_a_model_writes(d2l, tab, numpy_of, it):
    dropping = Model(d2l, tab, numpy_of, dropout=0.5)
    dropping.steps.set(it.steps.get())
    assert dropping.generate([1, 2], 20, temperature=0) == it.generate([1, 2], 20, temperature=0)


def test_probabilities_follow_temperature_and_top_k(d2l):
    scores = [math.log(p) for p in (0.1, 0.6, 0.3)]
    for options, expected in (
        ({}, (0.1, 0.6, 0.3)),
        ({"temperature": 0.5}, (1 / 46, 36 / 46, 9 / 46)),
        ({"temperature": 0}, (0, 1, 0)),
        ({"top_k": 2}, (0, 2 / 3, 1 / 3)),
        ({"top_k": 9}, (0.1, 0.6, 0.3)),
        ({"top_k": 2, "temperature": 0.5}, (0, 0.8, 0.2)),
    ):
        np.testing.assert_allclose(d2l.next_probabilities(scores, **options), expected, atol=1e-12)
    assert d2l.next_probabilities([1.0, 1.0], temperature=0) == [1.0, 0.0]
    assert d2l.next_probabilities([1000.0, 0.0], temperature=0.01) == [1.0, 0.0]

"""The book's encoders and decoders in NumPy, as ``reference`` has the other models.

A model gets parameters, sources, the decoder's inputs and the lengths of sources, and returns the scores of
the next tokens: (batch, steps, vocabulary). It reads all inputs at once and keeps no state. Those with
attention put their weights into a list, if they get one.
"""

# ruff: noqa: N803, N806 (matrices have capital letters, as in the book)

import numpy as np
from reference import (
    cross_entropies,
    dense,
    dot_product_attention,
    gated_unit,
    layer_norm,
    masked_softmax,
    positional_encoding,
    relu,
)

PAD = 1
"""What a target is filled up with."""


def counted(values, Y):
    """Return values with 0 for padding, and how many are not padding."""
    counts = Y.ravel() != PAD
    return values * counts, counts.sum()


def losses(output, Y):
    return counted(cross_entropies(output, Y), Y)[0]


def loss(output, Y):
    values, number = counted(cross_entropies(output, Y), Y)
    return values.sum() / number


def accuracy(output, Y):
    values, number = counted((output.argmax(-1) == Y).ravel(), Y)
    return values.sum() / number


def gated_steps(params, name, X, H):
    """Return the states of gated recurrent units with the inputs X: (batch, steps, hiddens)."""
    found = []
    for inputs in X.swapaxes(0, 1):
        x = [dense(params, f"{name}.x{k}", inputs) for k in "rzn"]
        H = gated_unit(x, [H @ params[f"{name}.h{k}.kernel"] for k in "rzn"], params[f"{name}.hn.bias"], H)
        found.append(H)
    return np.stack(found, 1)


def layers(params, name):
    """Return the names of recurrent layers or blocks of the encoder or decoder, the lowest first."""
    return sorted({".".join(key.split(".")[:2]) for key in params if key.startswith(f"{name}.")})


def read(params, sources, lens):
    """Return the states of the encoder's top layer, and for each layer those at the ends of the sources."""
    X, last = params["source.table"][sources], []
    for layer in layers(params, "encoder"):
        X = gated_steps(params, layer, X, np.zeros((len(X), len(params[f"{layer}.hn.bias"]))))
        last.append(X[np.arange(len(X)), lens - 1])
    return X, last


def seq2seq(params, sources, inputs, lens):
    """Return the scores of recurrent layers that read the encoder's last state at every step."""
    _, last = read(params, sources, lens)
    E = params["target.table"][inputs]
    X = np.concatenate([E, np.repeat(last[-1][:, None], E.shape[1], 1)], -1)
    for layer, H in zip(layers(params, "decoder"), last, strict=True):
        X = gated_steps(params, layer, X, H)
    return dense(params, "dense", X)


def attentive_seq2seq(params, sources, inputs, lens, kept=None):
    """Return the scores of recurrent layers that attend to the encoder's states at every step."""
    keys, states = read(params, sources, lens)
    tops, weights = [], []
    for e in params["target.table"][inputs].swapaxes(0, 1):
        features = np.tanh((states[-1] @ params["W_q.kernel"])[:, None] + keys @ params["W_k.kernel"])
        weights.append(masked_softmax((features @ params["w_v.kernel"]).swapaxes(1, 2), lens)[:, 0])
        X = np.concatenate([e, np.einsum("nk,nkh->nh", weights[-1], keys)], -1)[:, None]
        for i, layer in enumerate(layers(params, "decoder")):
            X = gated_steps(params, layer, X, states[i])
            states[i] = X[:, 0]
        tops.append(X[:, 0])
    if kept is not None:
        kept.append(np.stack(weights, 1))
    return dense(params, "dense", np.stack(tops, 1))


def projected(params, name, X):
    """Return what a layer makes of X that need not have a bias."""
    return X @ params[f"{name}.kernel"] + params.get(f"{name}.bias", 0)


def attention(params, name, queries, source, lens, kept=None, num_heads=2):
    """Return combinations of what heads find in the source: (batch, queries, hiddens).

    The weights, for each example those of all heads, are averages of the unit vectors.
    """
    Q, K, V = (
        projected(params, f"{name}.W_{k}", X) for k, X in zip("qkv", (queries, source, source), strict=True)
    )
    units = np.eye(source.shape[1])
    parts = zip(*(np.split(A, num_heads, -1) for A in (Q, K, V)), strict=True)
    weights, averages = zip(
        *((w := dot_product_attention(q, k, units, lens), w @ v) for q, k, v in parts), strict=True
    )
    if kept is not None:
        kept.append(np.stack(weights, 1).reshape(-1, *weights[0].shape[1:]))
    return projected(params, f"{name}.W_o", np.concatenate(averages, -1))


def add_norm(params, name, X, Y):
    return layer_norm(X + Y) * params[f"{name}.scale"] + params[f"{name}.shift"]


def network(params, name, X):
    """Return what a network with one hidden layer makes of each position."""
    return dense(params, f"{name}dense2", relu(dense(params, f"{name}dense1", X)))


def encoder_block(params, X, lens, name=""):
    """Return the vectors that a block of the encoder makes of X."""
    X = add_norm(params, f"{name}addnorm1.ln", X, attention(params, f"{name}attention", X, X, lens))
    return add_norm(params, f"{name}addnorm2.ln", X, network(params, f"{name}ffn.", X))


def decoder_block(params, name, X, vectors, lens, kept):
    """Return the vectors that a block of the decoder makes of X; position number i sees the first i + 1."""
    growing = np.tile(np.arange(1, X.shape[1] + 1), (len(X), 1))
    for i, source, seen in ((1, X, growing), (2, vectors, lens)):
        Y = attention(params, f"{name}.attention{i}", X, source, seen, kept)
        X = add_norm(params, f"{name}.addnorm{i}.ln", X, Y)
    return add_norm(params, f"{name}.addnorm3.ln", X, network(params, f"{name}.ffn.", X))


def placed(table, tokens):
    """Return the vectors of tokens, made longer by the root of their length, with their positions."""
    return positional_encoding(table[tokens] * np.sqrt(table.shape[1]))


def encoder(params, sources, lens):
    """Return the vectors that a Transformer's encoder makes of sources."""
    X = placed(params["source.table"], sources)
    for block in layers(params, "encoder"):
        X = encoder_block(params, X, lens, f"{block}.")
    return X


def transformer(params, sources, inputs, lens, kept=None):
    """Return the scores of a Transformer."""
    vectors, X = encoder(params, sources, lens), placed(params["target.table"], inputs)
    for block in layers(params, "decoder"):
        X = decoder_block(params, block, X, vectors, lens, kept)
    return dense(params, "dense", X)


def write(model, steps, first):
    """Return the most probable tokens, one after the other, and the weights that each has to do with.

    The `model` gets all inputs so far, the column `first` in front, and a list for weights.
    """
    tokens, weights = first, []
    for _ in range(steps):
        kept = []
        scores = model(tokens, kept)[:, -1]
        low, high = np.sort(scores)[:, -2:].T
        assert (high - low > 1e-3).all(), "rounding must not decide which token is written"
        tokens = np.concatenate([tokens, scores.argmax(-1)[:, None]], 1)
        weights += [w[:, -1:] for w in kept]
    return tokens[:, 1:], weights

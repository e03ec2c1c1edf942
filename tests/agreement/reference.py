"""The book's models, losses and data in NumPy, in double precision. Nothing here comes from the library.

A model is a function of its parameters, a dictionary, and of the inputs. Its gradient is taken by
central differences, so that no formula has to be derived.
"""

# ruff: noqa: N803, N806 (matrices have capital letters, as in the book)

import math
import re

import numpy as np

STEP = 1e-5
"""Of the central differences: their error is about its square."""


def linear(params, X):
    """Return the predictions of linear regression: (batch, 1)."""
    return X @ params["w"] + params["b"]


def dense(params, name, X):
    """Return what the layer with this name makes of X, whose last axis has the inputs."""
    return X @ params[f"{name}.kernel"] + params[f"{name}.bias"]


def linear_layer(params, X):
    """Return the same, of a model whose only layer is `net`."""
    return dense(params, "net", X)


def softmax_regression(params, X):
    """Return the logits of a linear layer for pictures, whose pixels are put in a row: (batch, classes)."""
    return linear_layer(params, X.reshape(len(X), -1))


def relu(x):
    return np.maximum(x, 0)


def gelu(x):
    """Return the exact form, with the error function and not with tanh."""
    return x * (1 + np.vectorize(math.erf)(x / np.sqrt(2))) / 2


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def perceptron(params, X, activation=relu):
    """Return the logits of a network with one hidden layer: (batch, classes)."""
    return dense(params, "second", activation(dense(params, "first", X.reshape(len(X), -1))))


def perceptron_of_parts(params, X):
    """Return the same, of a model with the parameters W1, b1, W2 and b2."""
    names = {"first.kernel": "W1", "first.bias": "b1", "second.kernel": "W2", "second.bias": "b2"}
    return perceptron({name: params[part] for name, part in names.items()}, X)


def softmax_of_parts(params, X):
    """Return the logits of softmax regression with the parameters W and b."""
    return X.reshape(len(X), -1) @ params["W"] + params["b"]


def convolution(X, kernel, bias=0.0, padding=0, stride=1):
    """Return the cross-correlation of pictures, channels last, with kernels (height, width, in, out)."""
    X = np.pad(X, ((0, 0), (padding, padding), (padding, padding), (0, 0)))
    windows = np.lib.stride_tricks.sliding_window_view(X, kernel.shape[:2], axis=(1, 2))
    return np.tensordot(windows[:, ::stride, ::stride], kernel, ((4, 5, 3), (0, 1, 2))) + bias


def correlation(X, kernel):
    """Return the cross-correlation of two matrices."""
    return convolution(X[None, ..., None], kernel[..., None, None])[0, ..., 0]


def halved(X):
    """Return the means of windows of 2 by 2, in pictures of even sizes."""
    n, h, w, c = X.shape
    return X.reshape(n, h // 2, 2, w // 2, 2, c).mean((2, 4))


def lenet(params, X):
    """Return the logits of LeNet: (batch, classes)."""
    for name, padding in (("conv1", 2), ("conv2", 0)):
        kernel, bias = params[f"{name}.kernel"], params[f"{name}.bias"]
        X = halved(np.tanh(convolution(X, kernel, bias, padding)))
    X = X.reshape(len(X), -1)
    for name in ("dense1", "dense2"):
        X = np.tanh(dense(params, name, X))
    return dense(params, "dense3", X)


def largest(X):
    """Return the maxima of windows of 2 by 2, in pictures of even sizes."""
    n, h, w, c = X.shape
    return X.reshape(n, h // 2, 2, w // 2, 2, c).max((2, 4))


def vgg(params, X):
    """Return the logits of a block with one convolution and one with two, and of dense layers on top."""
    for block in (("conv1",), ("conv2", "conv3")):
        for name in block:
            X = relu(convolution(X, params[f"{name}.kernel"], params[f"{name}.bias"], padding=1))
        X = largest(X)
    return dense(params, "dense2", relu(dense(params, "dense1", X.reshape(len(X), -1))))


def standardized(X, mean, variance):
    return (X - mean) / np.sqrt(variance + 1e-5)


def batch_norm(batches, X, momentum=0.9):
    """Return the last minibatch, normalized, and X, normalized by running averages; features are last."""
    m, v = 0, 1
    for batch in batches:
        axes = tuple(range(batch.ndim - 1))
        mean, var = batch.mean(axes), batch.var(axes)
        m, v = (momentum * old + (1 - momentum) * new for old, new in ((m, mean), (v, var)))
        Y = standardized(batch, mean, var)
    return Y, standardized(X, m, v)


def layer_norm(X):
    """Return the rows of X, each normalized by its own mean and variance."""
    return standardized(X, X.mean(-1, keepdims=True), X.var(-1, keepdims=True))


def rms_norm(X):
    """Return the rows of X, each divided by the root of its mean square."""
    return standardized(X, 0, (X**2).mean(-1, keepdims=True))


def half_squared_norm(w):
    return (w**2).sum() / 2


def half_squared_error(output, y):
    return ((output - y) ** 2).mean() / 2


def recurrent_scores(params, X, step, *state):
    """Return the scores of a recurrent language model: (batch, steps, vocabulary).

    `step` returns the states that follow on inputs and states; the output layer reads the first of them.
    """
    read = []
    for inputs in np.eye(len(params["b_q"]))[X].swapaxes(0, 1):
        state = step(inputs, *state)
        read.append(state[0])
    return np.stack(read, 1) @ params["W_hq"] + params["b_q"]


def no_states(params, X, count=1):
    """Return states of zeros, as many as a model keeps: (count, batch, hiddens)."""
    return np.zeros((count, len(X), len(params["W_hq"])))


def tanh_layer(params, inputs, H, name):
    """Return the next states of a recurrent layer with tanh."""
    W_xh, W_hh, b_h = (params[f"{name}.{part}"] for part in ("W_xh", "W_hh", "b_h"))
    return np.tanh(inputs @ W_xh + H @ W_hh + b_h)


def rnn_lm(params, X, state=None):
    """Return the scores of the RNN language model, which may go on from a state."""

    def step(inputs, H):
        return (tanh_layer(params, inputs, H, "rnn"),)

    return recurrent_scores(params, X, step, *(no_states(params, X) if state is None else [state]))


def stacked_rnn_lm(params, X):
    """Return the scores of a language model with two recurrent layers, computed step by step."""

    def step(inputs, high, low):
        low = tanh_layer(params, inputs, low, "low")
        return tanh_layer(params, low, high, "high"), low

    return recurrent_scores(params, X, step, *no_states(params, X, 2))


def bidirectional_rnn_lm(params, X):
    """Return the scores of a model with two recurrent layers, of which the second begins at the end.

    Each has a half of the output layer.
    """
    forth, back = np.split(params["W_hq"], 2)
    halves = {"forth": forth, "back": back}

    def scores(name, X):
        names = {f"rnn.{part}": f"{name}.{part}" for part in ("W_xh", "W_hh", "b_h")}
        own = renamed(params, names) | {"W_hq": halves[name], "b_q": params["b_q"] / 2}
        return rnn_lm(own, X)

    return scores("forth", X) + scores("back", X[:, ::-1])[:, ::-1]


def lstm_lm(params, X):
    """Return the scores of the language model with LSTM cells."""

    def step(inputs, H, C):
        i, f, o, c = (
            inputs @ params[f"rnn.W_x{k}"] + H @ params[f"rnn.W_h{k}"] + params[f"rnn.b_{k}"] for k in "ifoc"
        )
        C = sigmoid(f) * C + sigmoid(i) * np.tanh(c)
        return sigmoid(o) * np.tanh(C), C

    return recurrent_scores(params, X, step, *no_states(params, X, 2))


def gated_unit(x, old, bias, H):
    """Return the next states of gated recurrent units.

    `x` and `old` are what inputs and states add to r, to z, and to the candidate with its `bias`.
    """
    r, z = (sigmoid(x[k] + old[k]) for k in (0, 1))
    return z * H + (1 - z) * np.tanh(x[2] + r * (old[2] + bias))


def gru_lm(params, X):
    """Return the scores of the language model with gated recurrent units."""

    def step(inputs, H):
        x = np.split(inputs @ params["rnn.W_x"] + params["rnn.b_x"], 3, 1)
        return (gated_unit(x, np.split(H @ params["rnn.W_h"], 3, 1), params["rnn.b_hh"], H),)

    return recurrent_scores(params, X, step, *no_states(params, X))


OUTPUT_LAYER = {"W_hq": "linear.kernel", "b_q": "linear.bias"}


def renamed(params, names):
    return {name: params[part] for name, part in names.items()}


def ready_rnn_lm(params, X):
    """Return the scores of the RNN language model, made of the framework's layers."""
    names = {"rnn.W_xh": "x.kernel", "rnn.b_h": "x.bias", "rnn.W_hh": "h.kernel"}
    return rnn_lm(renamed(params, names | OUTPUT_LAYER), X)


def ready_lstm_lm(params, X):
    """Return the same with LSTM cells; their parameters are named gate by gate."""
    names = {f"rnn.W_{a}{k}": f"{a}{k}.kernel" for a in "xh" for k in "ifoc"}
    return lstm_lm(renamed(params, names | {f"rnn.b_{k}": f"x{k}.bias" for k in "ifoc"} | OUTPUT_LAYER), X)


def ready_gru_lm(params, X):
    """Return the same with gated recurrent units: r, z and n, the candidate, which has two biases."""
    own = {
        "rnn.W_x": np.concatenate([params[f"x{k}.kernel"] for k in "rzn"], 1),
        "rnn.W_h": np.concatenate([params[f"h{k}.kernel"] for k in "rzn"], 1),
        "rnn.b_x": np.concatenate([params[f"x{k}.bias"] for k in "rzn"]),
        "rnn.b_hh": params["hn.bias"],
    }
    return gru_lm(own | renamed(params, OUTPUT_LAYER), X)


def softmax(X):
    Y = np.exp(X - X.max(-1, keepdims=True))
    return Y / Y.sum(-1, keepdims=True)


def masked_softmax(scores, lens=None):
    """Return weights of 0 for masked keys, and equal ones where all are masked.

    The scores have the shape (batch, queries, keys), the lengths (batch,) or (batch, queries).
    """
    if lens is not None:
        counts = np.arange(scores.shape[-1]) < lens.reshape(len(scores), -1, 1)
        scores = np.where(counts, scores, -1e6)
    return softmax(scores)


def dot_product_attention(queries, keys, values, lens=None):
    """Return averages of values: (batch, queries, size of a value)."""
    scores = queries @ keys.swapaxes(1, 2) / np.sqrt(queries.shape[-1])
    return masked_softmax(scores, lens) @ values


def additive_attention(params, queries, keys, values, lens=None):
    """Return averages of values, with the scores of a network with one hidden layer."""
    queries, keys = queries @ params["W_q.kernel"], keys @ params["W_k.kernel"]
    features = np.tanh(queries[:, :, None] + keys[:, None])
    return masked_softmax((features @ params["w_v.kernel"])[..., 0], lens) @ values


def heads(num_heads, queries, keys, values, lens=None):
    """Return the averages of heads, each of which sees its share of the features, side by side."""
    parts = zip(*(np.split(A, num_heads, -1) for A in (queries, keys, values)), strict=True)
    return np.concatenate([dot_product_attention(*part, lens) for part in parts], -1)


def multi_head_attention(params, queries, keys, values, lens=None, num_heads=2):
    """Return combinations of what the heads found: (batch, queries, hiddens)."""
    inputs = {"W_q": queries, "W_k": keys, "W_v": values}
    projected = (dense(params, name, X) for name, X in inputs.items())
    return dense(params, "W_o", heads(num_heads, *projected, lens))


def positional_encoding(X):
    """Return X, (batch, steps, features), with a sine and a cosine for each two features."""
    steps, size = X.shape[1:]
    angles = np.arange(steps)[:, None] / 10000 ** (np.arange(0, size, 2) / size)
    return X + np.stack([np.sin(angles), np.cos(angles)], -1).reshape(steps, size)


def rotary(X, start=0):
    """Return X, (..., steps, features), as complex numbers of two neighbors each, turned by the position."""
    steps, size = X.shape[-2:]
    angles = np.arange(start, start + steps)[:, None] / 10000 ** (np.arange(0, size, 2) / size)
    turned = (X[..., 0::2] + 1j * X[..., 1::2]) * np.exp(1j * angles)
    return np.stack([turned.real, turned.imag], -1).reshape(X.shape)


def beam_search(table, beams, steps, alpha):
    """Return pairs of a list of tokens and its score, the best first, from a table of log probabilities.

    The next token depends on the last one, at first on token 0; the table's last token ends a sequence.
    """
    tokens, totals, ended = np.zeros((1, 0), int), np.zeros(1), []
    for step in range(steps):
        last = tokens[:, -1] if step else np.zeros(1, int)
        grown = (totals[:, None] + table[last]).ravel()
        best = np.argsort(-grown)[:beams]
        tokens = np.concatenate([tokens[best // len(table)], best[:, None] % len(table)], 1)
        totals, is_end = grown[best], tokens[:, -1] == len(table) - 1
        ended += zip(tokens[is_end].tolist(), totals[is_end], strict=True)
        tokens, totals = tokens[~is_end], totals[~is_end]
    ended += zip(tokens.tolist(), totals, strict=True)
    scored = [(found, total / len(found) ** alpha) for found, total in ended]
    return sorted(scored, key=lambda pair: -pair[1])


def gpt(params, X, num_heads=2):
    """Return the scores of a GPT: (batch, steps, vocabulary). Query number i sees i + 1 keys."""

    def norm(name, H):
        return layer_norm(H) * params[f"{name}.scale"] + params[f"{name}.shift"]

    lens = np.arange(1, X.shape[1] + 1) * np.ones((len(X), 1))
    H = params["tokens.table"][X] + params["positions.table"][: X.shape[1]]
    for block in sorted({".".join(name.split(".")[:2]) for name in params if name.startswith("blocks.")}):
        qkv = dense(params, f"{block}.attention.qkv", norm(f"{block}.norm1", H))
        H = H + dense(params, f"{block}.attention.out", heads(num_heads, *np.split(qkv, 3, -1), lens))
        hidden = gelu(dense(params, f"{block}.dense1", norm(f"{block}.norm2", H)))
        H = H + dense(params, f"{block}.dense2", hidden)
    return norm("norm", H) @ params["tokens.table"].T


def normalized_channels(X, scale, shift, training):
    """Return channels with the minibatch's mean and variance taken out, or those of a new layer: 0 and 1."""
    axes = tuple(range(X.ndim - 1))
    mean, variance = (X.mean(axes), X.var(axes)) if training else (0, 1)
    return scale * standardized(X, mean, variance) + shift


def residual_network(params, X, training):
    """Return the logits of a first convolution, a block, a block at half the size, and a dense layer."""

    def layer(X, name, norm, stride=1):
        X = convolution(X, params[f"{name}.kernel"], padding=1, stride=stride)
        return normalized_channels(X, params[f"{norm}.scale"], params[f"{norm}.shift"], training)

    X = relu(layer(X, "stem", "norm", 2))
    for name, stride in (("first", 1), ("second", 2)):
        Y = relu(layer(X, f"{name}.conv1", f"{name}.bn1", stride))
        Y = layer(Y, f"{name}.conv2", f"{name}.bn2")
        if stride == 2:
            X = convolution(X, params[f"{name}.conv3.kernel"], stride=stride)
        X = relu(X + Y)
    return dense(params, "out", X.mean((1, 2)))


def cross_entropies(output, y):
    """Return one cross-entropy per label, in one row."""
    output = output.reshape(-1, output.shape[-1])
    highest = output.max(-1, keepdims=True)
    log_sums = highest[:, 0] + np.log(np.exp(output - highest).sum(-1))
    return log_sums - output[np.arange(y.size), y.ravel()]


def cross_entropy(output, y):
    return cross_entropies(output, y).mean()


def accuracy(output, y):
    return (output.argmax(-1) == y).mean()


def sgd(params, grads, lr):
    return {name: value - lr * grads[name] for name, value in params.items()}


def decayed_sgd(params, grads, lr, decays):
    """Return parameters after a step in which some of them decay, by the factors in `decays`."""
    return sgd(params, {n: g + decays.get(n, 0) * params[n] for n, g in grads.items()}, lr)


def momentum(params, grads, lr, mu, memory, nesterov=False):
    """Return parameters after a step along velocities, which `memory` keeps; Nesterov's look ahead."""
    moves = {}
    for name, grad in grads.items():
        memory[name] = mu * memory.get(name, 0) + grad
        moves[name] = grad + mu * memory[name] if nesterov else memory[name]
    return sgd(params, moves, lr)


def adam(params, grads, lr, memory, decay=0.0):
    """Return parameters after a step of Adam, or of AdamW if there is a decay."""
    memory["t"] = t = memory.get("t", 0) + 1
    found = {}
    for name, g in grads.items():
        m, s = memory.get(name, (0, 0))
        memory[name] = m, s = 0.9 * m + 0.1 * g, 0.999 * s + 0.001 * g**2
        update = m / (1 - 0.9**t) / (np.sqrt(s / (1 - 0.999**t)) + 1e-8)
        found[name] = params[name] - lr * (update + decay * params[name])
    return found


def slope(function, params, direction):
    """Return the derivative of a function of parameters along a direction, by central differences."""
    up, down = ({n: v + sign * STEP * direction[n] for n, v in params.items()} for sign in (1, -1))
    return (function(up) - function(down)) / (2 * STEP)


def gradient(function, params):
    """Return the gradient of a function of parameters, a number at a time."""
    grads = {name: np.zeros(np.shape(value)) for name, value in params.items()}
    for name, grad in grads.items():
        for place in np.ndindex(grad.shape):
            direction = {other: np.zeros(np.shape(value)) for other, value in params.items()}
            direction[name][place] = 1
            grad[place] = slope(function, params, direction)
    return grads


def length(grads):
    """Return the length of a gradient, as one vector."""
    return np.sqrt(sum((grad**2).sum() for grad in grads.values()))


def shrinkage(grads, longest):
    """Return the factor that shortens a gradient to a length, 1 if it is not longer."""
    return min(1, longest / length(grads))


def characters(text, num_steps):
    """Return a text as windows of indices, and these one character later: (windows, num_steps) each."""
    text = re.sub("[^a-z]+", " ", text.lower())
    number = {token: i for i, token in enumerate(sorted({"<unk>", *text}))}
    indices = np.array([number[token] for token in text])
    pieces = np.array([indices[i : i + num_steps + 1] for i in range(len(indices) - num_steps)])
    return pieces[:, :-1], pieces[:, 1:]


def following(series, length):
    """Return all pieces of a series, (pieces, length), and the value behind each: (pieces, 1)."""
    pieces = np.lib.stride_tricks.sliding_window_view(series, length + 1)
    return pieces[:, :-1], pieces[:, -1:]


def pixels(images, size):
    """Return bytes as numbers between 0 and 1, stretched linearly to a size: (pictures, height, width)."""
    images = images / 255
    for axis, length in enumerate(size, 1):
        old = images.shape[axis]
        place = np.clip((np.arange(length) + 0.5) * old / length - 0.5, 0, old - 1)  # Of the new centers
        weights = np.maximum(0, 1 - abs(place[:, None] - np.arange(old)))
        images = np.moveaxis(np.moveaxis(images, axis, -1) @ weights.T, -1, axis)
    return images

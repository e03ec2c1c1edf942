"""One step of a decoder with attention: it looks at the encoder, reads a token, and writes one."""

import math

from figures.kit import Figure


def draw() -> Figure:
    """Draw the encoder's states on top, the context in the middle, and one step of the decoder below."""
    states, scores = ((1, 0), (0, 1)), (-0.55, 0.55)
    total = sum(math.exp(score) for score in scores)
    weights = [math.exp(score) / total for score in scores]
    context = [sum(w * s[i] for w, s in zip(weights, states, strict=True)) for i in range(2)]
    figure = Figure(390, 336)
    figure.text(12, 50, "encoder", "muted", 13, anchor="start")
    for x, word, state in ((130, "twenty", states[0]), (235, "one", states[1]), (340, "<pad>", ("", ""))):
        color = "muted" if word == "<pad>" else "blue"
        figure.text(x, 16, word, color)
        figure.grid(x - 34, 36, [state], color)
    # The attention
    for x, weight in zip((130, 235), weights, strict=True):
        figure.line((x, 66), (235 - 0.2 * (235 - x), 142), color="orange", width=1 + 8 * weight)
    figure.line((340, 66), (262, 142), color="muted", dashed=True)
    for x, y, weight in ((188, 88, weights[0]), (260, 92, weights[1])):
        figure.text(x, y, f"{weight:.2f}", "orange", 13)
    figure.text(330, 104, "0", "muted", 13)
    figure.grid(195, 144, [[f"{c:.2f}" for c in context]], "orange", cell=(40, 28))
    figure.text(284, 158, "context", "orange", 13, anchor="start")
    # The step of the decoder
    figure.line((235, 172), (235, 208), color="orange", arrow=True)
    figure.box(235, 228, 66, 38, "GRU", "green")
    figure.box(60, 228, 76, 38, "*s*_{t−1}", "green")
    figure.line((60, 209), (60, 112), (112, 112), color="purple", dashed=True, arrow=True)
    figure.text(66, 130, "query", "purple", 13, anchor="start")
    figure.line((98, 228), (200, 228), color="ink", arrow=True)
    figure.line((268, 228), (308, 228), color="ink", arrow=True)
    figure.box(346, 228, 72, 38, "*s*_t", "green")
    figure.line((235, 296), (235, 249), color="ink", arrow=True)
    figure.text(235, 312, "<bos>", "ink")
    figure.line((346, 247), (346, 296), color="ink", arrow=True)
    figure.text(346, 312, "ein", "green")
    figure.text(12, 312, "decoder", "muted", 13, anchor="start")
    return figure

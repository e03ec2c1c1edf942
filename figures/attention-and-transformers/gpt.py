"""A GPT: two embeddings, a stack of blocks, and an output layer that is tied to the first embedding."""

from figures.kit import Figure

STREAM = 180


def draw() -> Figure:
    """Draw the model from the token at the bottom to the scores at the top."""
    figure = Figure(380, 352)
    figure.line((STREAM, 278), (STREAM, 75), color="red", width=4)
    figure.text(STREAM + 14, 252, "stream", "red", 13, "start")
    for k, name in enumerate(("block 1", "…", "block *L*")):
        figure.box(STREAM, 216 - 42 * k, 140, 30, name, "green")
    figure.box(STREAM, 88, 140, 26, "norm", "orange")
    figure.line((STREAM, 75), (STREAM, 66), color="muted", arrow=True)
    figure.box(STREAM, 52, 140, 26, "times **E**^⊤", "purple")
    figure.line((STREAM, 39), (STREAM, 28), color="muted", arrow=True)
    figure.text(STREAM, 16, "scores of *N* tokens")
    figure.circle(STREAM, 282, 10, "+", "red")
    figure.box(90, 312, 100, 26, "rows of **E**", "purple")
    figure.box(270, 312, 100, 26, "rows of **P**", "blue")
    figure.line((90, 299), (90, 282), (STREAM - 12, 282), color="muted", arrow=True)
    figure.line((270, 299), (270, 282), (STREAM + 12, 282), color="muted", arrow=True)
    figure.text(90, 340, "token")
    figure.text(270, 340, "position")
    figure.line((40, 312), (16, 312), (16, 52), (STREAM - 72, 52), color="purple", dashed=True)
    figure.text(24, 172, "same", "purple", 13, "start")
    figure.text(24, 189, "matrix", "purple", 13, "start")
    return figure

"""An encoder that reads three tokens and a decoder that writes four, with the context between them."""

from figures.kit import Figure


def draw() -> Figure:
    """Draw the encoder's states above, the decoder's below, and the context between, with its arrows."""
    figure = Figure(400, 310)
    top, middle, bottom = 66, 136, 236
    states = (120, 210, 300)
    figure.text(10, top, "encoder", "muted", 12, "start")
    for t, (x, word) in enumerate(zip(states, ("twenty", "three", "<eos>"), strict=True), 1):
        figure.text(x, 16, word, "blue", 13)
        figure.line((x, 26), (x, top - 20), color="blue", arrow=True)
        figure.box(x, top, 44, 32, f"**h**_{t}", "blue")
        if t > 1:
            figure.line((x - 68, top), (x - 25, top), color="blue", arrow=True)
    columns = (104, 190, 276, 362)
    figure.line((300, top + 17), (300, middle - 16), color="orange", width=2, arrow=True)
    figure.box(300, middle, 44, 28, "**c**", "orange")
    lane = middle + 28
    figure.line(
        (278, middle),
        (50, middle),
        (50, bottom),
        (columns[0] - 25, bottom),
        color="orange",
        width=2,
        arrow=True,
    )
    figure.line((300, middle + 15), (300, lane), color="orange", width=2)
    figure.line((columns[0] + 12, lane), (columns[3] + 12, lane), color="orange", width=2)
    figure.text(10, bottom + 26, "decoder", "muted", 12, "start")
    reads, writes = ("<bos>", "drei", "und", "zwanzig"), ("drei", "und", "zwanzig", "<eos>")
    for t, (x, read, written) in enumerate(zip(columns, reads, writes, strict=True), 1):
        figure.line((x + 12, lane), (x + 12, bottom - 20), color="orange", width=2, arrow=True)
        figure.text(x - 20, bottom - 46, read, "green", 12)
        figure.line((x - 12, bottom - 36), (x - 12, bottom - 20), color="green", arrow=True)
        figure.box(x, bottom, 44, 32, f"**s**_{t}", "green")
        figure.line((x, bottom + 17), (x, bottom + 46), color="green", arrow=True)
        figure.text(x, bottom + 58, written, "green", 13)
        if t > 1:
            figure.line((x - 63, bottom), (x - 25, bottom), color="green", arrow=True)
    figure.text(10, bottom + 58, "writes", "muted", 12, "start")
    figure.text(10, 16, "reads", "muted", 12, "start")
    return figure

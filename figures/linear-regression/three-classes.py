"""Who calls whom: the trainer, the data, the model and its board."""

from figures.kit import Figure


def draw() -> Figure:
    """Draw the classes as boxes, and their calls as arrows."""
    figure = Figure(400, 262)
    figure.box(190, 24, 110, 34, "**Trainer**", "green")
    figure.box(70, 168, 120, 34, "**DataModule**", "orange")
    figure.box(290, 168, 100, 34, "**Module**", "blue")
    figure.box(290, 240, 134, 34, "**ProgressBoard**", "muted")
    figure.line((165, 41), (80, 150), arrow=True)
    figure.line((215, 41), (280, 150), arrow=True)
    figure.line((290, 185), (290, 222), arrow=True)
    for y, x, name in ((76, 130, r"train\_dataloader"), (96, 114, r"val\_dataloader")):
        figure.text(x, y, name, "orange", 12, anchor="end")
    calls = (r"configure\_optimizers", r"training\_step", r"validation\_step")
    for y, name in zip((70, 90, 110), calls, strict=True):
        figure.text(222 + (y - 41) * 0.596, y, name, "blue", 12, anchor="start")
    figure.text(300, 203, "draw", "muted", 12, anchor="start")
    return figure

"""The three ways to run the book's code: what each needs, and the folder that it makes."""

from figures.kit import Figure

WAYS = (
    ("a notebook", ("Python",), "your folder", ("a notebook",), ("versions named:", "a few packages")),
    (
        "all notebooks",
        ("Python",),
        "notebooks",
        ("chapters", "d2l\\_lib", "requirements.txt"),
        ("versions named:", "all but JupyterLab"),
    ),
    ("the whole book", ("Linux, Python,", "git, make"), "book", ("chapters", "requirements"), ()),
)
ALONE = (("env", "1 framework,", "JupyterLab"),)
TOGETHER = ((".venv", "the tool"), ("pytorch",), ("jax",), ("tensorflow",), ("mxnet",))
TOP = 60


def draw() -> Figure:
    """Draw a column for each way: files in blue, and environments in green."""
    figure = Figure(400, 340)
    for i, (way, needs, folder, files, notes) in enumerate(WAYS):
        x = 66 + 134 * i
        figure.text(x, 12, f"**{way}**", size=13)
        for j, line in enumerate(needs):
            figure.text(x, 32 + 16 * j, line, "muted", 12)
        environments = ALONE if notes else TOGETHER
        height = 186 if notes else 276
        figure.box(x, TOP + height / 2, 128, height, color="muted")
        figure.text(x - 58, TOP + 16, f"{folder}/", size=13, anchor="start")
        for j, name in enumerate(files):
            figure.box(x, TOP + 42 + 27 * j, 114, 22, "", "blue")
            figure.text(x, TOP + 42 + 27 * j, name, size=12)
        top = TOP + 118.0
        for lines in environments:
            tall = 8 + 16 * len(lines) if len(lines) > 1 else 22
            figure.box(x, top + tall / 2, 114, tall, "", "green")
            for j, line in enumerate(lines):
                figure.text(x, top + 11 + 16 * j, line, "green" if j else "ink", 12)
            top += tall + 5
        for j, note in enumerate(notes):
            figure.text(x, TOP + height + 18 + 16 * j, note, "muted", 12)
    return figure

"""What we know of the five files: their names in the table, what is cut, and which cells do not run."""

from dataclasses import dataclass

# Training to the end would take hours; nothing else in the cells is changed.
CUTS = ((r"(\bnum_epochs, lr = )\d+", r"\g<1>2"), (r"(\bmax_epochs=)\d+", r"\g<1>1"))

FILES = {
    "000": "a draft, halfway through a rewrite",
    "001": "the finished section",
    "002": "a Chinese translation of an older version",
    "003": "slides, from the oldest version",
    "004": "an older version",
}


@dataclass(frozen=True)
class Known:
    """A cell that does not run: words of its error, and whose fault that is."""

    error: str
    reason: str


NO_CLASS = Known(
    "name 'RNNScratch' is not defined",
    "The cell that would define the class `RNNScratch` is not valid Python",
)
NO_MODEL = Known("name 'model' is not defined", "The draft makes no `model`, as the class is missing")
WRONG_LABELS = Known(
    "The size of tensor a (280) must match the size of tensor b (1120)",
    "The draft's `accuracy` has an argument `y` and uses the variable `Y` of another cell",
)
NO_NET = Known("name 'net' is not defined", "The draft has lost the cell that makes `net`")
NO_TENSORFLOW_CLASS = Known(
    "name 'RNNScratch' is not defined", "The draft has no class `RNNScratch` for TensorFlow yet"
)
WHOLE_RATE = Known(
    "`learning_rate` should be float",
    "The cell calls `tf.keras.optimizers.SGD(1)`; Keras 3 takes no whole number as a learning rate",
)
ONE_AXIS = Known(
    "Only scalar arrays can be converted",
    "The cell calls `int` on an array with one axis, which JAX refuses",
)

# By file, tab and the place of the cell among those of its tab, counted from 1.
EXCEPTIONS = {
    **dict.fromkeys([("000", "mxnet", cell) for cell in (4, 5, 6, 7)], NO_CLASS),
    ("000", "mxnet", 9): NO_MODEL,
    ("000", "pytorch", 10): WRONG_LABELS,
    ("000", "tensorflow", 6): NO_TENSORFLOW_CLASS,
    ("000", "tensorflow", 8): NO_MODEL,
    ("000", "tensorflow", 11): NO_NET,
    ("000", "tensorflow", 13): NO_NET,
    ("001", "jax", 14): ONE_AXIS,
    ("002", "tensorflow", 16): WHOLE_RATE,
    ("002", "tensorflow", 17): WHOLE_RATE,
    ("004", "tensorflow", 15): WHOLE_RATE,
    ("004", "tensorflow", 16): WHOLE_RATE,
}

"""The library's tests run once in each framework's environment: ``pytest tests/d2l --tab jax``.

They see the framework through fixtures: ``tab``, its name in the book; ``d2l``, its module of the
library; ``numpy_of``, which makes an array of NumPy from one of its tensors; and the other way round
``floats`` and ``ids``, or the library's own ``d2l.tensor``.
"""

import importlib
import importlib.util
import os

import pytest

MODULES = {"pytorch": "torch", "jax": "jax", "tensorflow": "tensorflow", "mxnet": "mxnet"}

os.environ.setdefault("MPLBACKEND", "agg")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
# What a test compiles it computes once or twice, and compiling takes most of the time.
os.environ.setdefault("JAX_DISABLE_MOST_OPTIMIZATIONS", "1")


def pytest_addoption(parser):
    parser.addoption(
        "--tab", choices=sorted(MODULES), help="the framework to test (default: the one that is installed)"
    )


class _Unavailable(pytest.Module):
    """A file of tests that this Python cannot even import."""

    def collect(self):
        wanted = ", ".join(MODULES.values())
        pytest.skip(f"none of {wanted} is installed here; see `make test-d2l`", allow_module_level=True)


def pytest_pycollect_makemodule(module_path, parent):
    """Skip the tests of this folder where there is no framework to run them with."""
    return None if _tab(parent.config) else _Unavailable.from_parent(parent, path=module_path)


def _tab(config):
    """Return the framework that was asked for, else the first that this Python has, else None."""
    here = (tab for tab, module in MODULES.items() if importlib.util.find_spec(module))
    return config.getoption("--tab", None) or next(here, None)


@pytest.fixture(scope="session")
def tab(pytestconfig):
    """The framework's name in the book: ``pytorch``, ``jax``, ``tensorflow`` or ``mxnet``."""
    return _tab(pytestconfig)


@pytest.fixture(scope="session")
def d2l(tab):
    """The framework's module of the library."""
    if tab == "mxnet":
        importlib.import_module("mxnet.numpy_extension").set_np()
    return importlib.import_module(f"d2l.{MODULES[tab]}")


@pytest.fixture(scope="session")
def numpy_of(tab):
    """A function that returns any tensor of the framework, or number, as an array of NumPy."""

    import numpy as np  # The builder's environment, where nothing here runs, has none

    def convert(tensor):
        if tab == "mxnet" and hasattr(tensor, "asnumpy"):
            return tensor.asnumpy()
        if tab == "pytorch" and hasattr(tensor, "detach"):
            return tensor.detach().cpu().numpy()
        return np.asarray(tensor)

    return convert


@pytest.fixture(scope="session")
def floats(d2l):
    """A function that returns numbers, nested lists or an array of NumPy as a tensor of 32-bit floats."""
    import numpy as np

    return lambda a: d2l.tensor(np.asarray(a).tolist(), dtype=d2l.float32)


@pytest.fixture(scope="session")
def ids(d2l, tab):
    """A function that returns tokens, the same way, as a tensor of the integers that embeddings take."""
    import numpy as np

    return lambda a: d2l.tensor(np.asarray(a).tolist(), dtype=d2l.int64 if tab == "pytorch" else d2l.int32)

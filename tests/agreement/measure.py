"""Runs all cases, and those that should notice a mutation, with the library of one framework.

    PYTHONPATH=d2l_lib:PAGES ENVIRONMENT/bin/python tests/agreement/measure.py TAB MODULE OUT.npz

It runs in the framework's own environment. PAGES has the modules that `definitions` writes. OUT.npz gets
the arrays, and the versions as JSON.
"""

import contextlib
import importlib
import importlib.util
import json
import os
import platform
import re
import sys
import tempfile
from importlib import metadata
from pathlib import Path

os.environ.setdefault("MPLBACKEND", "agg")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ["CUDA_VISIBLE_DEVICES"] = ""  # What is compared is computed on CPUs
os.environ.setdefault("JAX_PLATFORMS", "cpu")

import numpy as np
from cases import BY_NAME, CASES
from definitions import module_name
from mutants import MUTATIONS
from subjects import SUBJECTS

PACKAGES = {
    "pytorch": ("torch",),
    "jax": ("jax", "flax", "optax"),
    "tensorflow": ("tensorflow", "keras"),
    "mxnet": ("mxnet",),
}


def versions(tab):
    """Return the versions of the framework's packages, without what says for which device they are."""
    packages = (*PACKAGES[tab], "numpy")
    found = {name: metadata.version(name).partition("+")[0] for name in packages}
    return found | {"python": ".".join(platform.python_version_tuple()[:2])}


def module_of(case, d2l):
    """Return the module with the code of a case: the library, or what a section defines."""
    return importlib.import_module(module_name(case.section)) if case.section else d2l


def mutated(mutation, module, folder):
    """Return a module with a mutation, imported from a file of its own."""
    name = re.sub(r"\W+", "_", mutation.name)
    path = folder / f"{name}.py"
    path.write_text(mutation.source(Path(module.__file__).read_text(encoding="utf-8")), encoding="utf-8")
    spec = importlib.util.spec_from_file_location(name, path)
    sys.modules[name] = found = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(found)
    return found


def uncompiled(tab):
    """Return a context in which JAX compiles no program as a whole, which for a few calls takes longer."""
    return importlib.import_module("jax").disable_jit() if tab == "jax" else contextlib.nullcontext()


def main(tab, module, out):
    """Write what the cases measure, ``CASE/ROW/PART`` each, and below ``MUTATION/`` what mutants do."""
    if tab == "mxnet":
        importlib.import_module("mxnet.numpy_extension").set_np()
    d2l, subject = importlib.import_module(f"d2l.{module}"), SUBJECTS[tab]
    found = {
        f"{case.name}/{key}": value
        for case in CASES
        for key, value in case.measured(module_of(case, d2l), subject).items()
    }
    with tempfile.TemporaryDirectory() as folder, uncompiled(tab):
        for mutation in MUTATIONS:
            case = BY_NAME[mutation.case]
            wrong = mutated(mutation, module_of(case, d2l), Path(folder))
            try:
                measured = case.measured(wrong, subject)
            except Exception as error:  # A mutant may also fail, and is noticed then
                measured = {"failed": 1}
                print(f"{mutation.name}: {type(error).__name__}: {error}", file=sys.stderr)
            found |= {f"{mutation.name}/{key}": value for key, value in measured.items()}
    np.savez(out, versions=np.array(json.dumps(versions(tab))), **found)


if __name__ == "__main__":
    main(*sys.argv[1:])

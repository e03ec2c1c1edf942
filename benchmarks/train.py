"""Training from scratch beside d2l 1.0.3: python benchmarks/train.py [--tabs jax] [--peer FOLDER].

The language model of the chapter on recurrent networks (32 hidden units, batches of 1024 pieces
of 32 characters, gradients clipped at 1) is trained in one thread, in the environments that
`tabbook` made, by three programs:

- the library as it is, which looks rows up before the loop over the steps;
- a layer that multiplies one-hot vectors at each step, in the same library;
- d2l 1.0.3, if FOLDER has it: pip install --no-deps --target FOLDER d2l==1.0.3.

For each there are the characters per CPU second of the model alone, on the same ten batches, and
of whole epochs with the program's own loader and validation; how long the first step takes; and
the perplexity on the first batch in the end. Packages that d2l 1.0.3 imports for other models are
mocks where an environment has none. The text is $D2L_DATA/timemachine.txt.
"""

import argparse
import importlib
import json
import math
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest.mock import MagicMock

ROOT = Path(__file__).parents[1]
MODULES = {"pytorch": "torch", "jax": "jax", "tensorflow": "tensorflow", "mxnet": "mxnet"}
MOCKED = ("torchvision", "requests", "tensorflow_datasets", "PIL", "pandas", "scipy", "scipy.spatial")
ONE_THREAD = {
    "OMP_NUM_THREADS": "1",
    "NPROC": "1",
    "XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1",
    "TF_NUM_INTRAOP_THREADS": "1",
    "TF_NUM_INTEROP_THREADS": "1",
    "TF_CPP_MIN_LOG_LEVEL": "3",
}
BATCH, STEPS, HIDDENS, BATCHES = 1024, 32, 32, 10
PEER, STEP_BY_STEP = "d2l 1.0.3", "one-hot, step by step"
PROGRAMS = ("ours", STEP_BY_STEP, PEER)


def step_by_step(d2l: Any, tab: str) -> Any:
    """Return a class of layers that multiply by both weights at each step."""

    class Layer(d2l.RNNScratch):  # type: ignore[misc]
        def forward(self, inputs: Any, state: Any = None) -> Any:
            outputs = []
            for t in range(inputs.shape[0]):
                state = self.step(inputs[t], state)
                outputs.append(state)
            return outputs, state

    if tab == "jax":
        Layer.__call__ = Layer.forward
    return Layer


def prepare(tab: str) -> Any:
    """Import what is there, and return the library."""
    for name in MOCKED:
        try:
            importlib.import_module(name)
        except ImportError:
            sys.modules[name] = MagicMock()
    if tab == "jax":  # d2l 1.0.3 needs TensorFlow for its loaders, and a name that JAX no longer has
        sys.modules.setdefault("tensorflow", MagicMock())
        jax = importlib.import_module("jax")
        vars(jax.random).setdefault("PRNGKeyArray", jax.Array)
    if tab == "pytorch":
        importlib.import_module("torch").set_num_threads(1)
    if tab == "mxnet":
        importlib.import_module("mxnet").npx.set_np()
    return importlib.import_module(f"d2l.{MODULES[tab]}")


def train(tab: str, program: str, epochs: int) -> dict[str, float]:
    """Train with the library that can be imported; return the measurements."""
    d2l = prepare(tab)
    text = (Path(os.environ["D2L_DATA"]) / "timemachine.txt").read_text(encoding="utf-8")

    class Text(d2l.TimeMachine):  # type: ignore[misc, name-defined]
        def _download(self) -> str:
            return text

    if hasattr(d2l, "set_seed"):
        d2l.set_seed(0)
    data = Text(BATCH, STEPS)
    size = len(data.vocab)
    # Of one size, so that nothing is compiled twice
    batches = [(data.X[i : i + BATCH], data.Y[i : i + BATCH]) for i in range(0, BATCHES * BATCH, BATCH)]

    class Batches(d2l.DataModule):  # type: ignore[misc, name-defined]
        def train_dataloader(self) -> Any:
            return batches

        def val_dataloader(self) -> Any:
            return batches[:1]  # d2l 1.0.3 wants some

    Layer = step_by_step(d2l, tab) if program == STEP_BY_STEP else d2l.RNNScratch  # noqa: N806
    model = d2l.RNNLMScratch(Layer(size, HIDDENS), size, lr=1.0)
    model.board.display = False
    if tab == "tensorflow" and program == PEER:  # Our trainer compiles by itself
        model.forward = importlib.import_module("tensorflow").function(model.forward)
    trainer = d2l.Trainer(max_epochs=0, gradient_clip_val=1)
    trainer.fit(model, Batches())

    def seconds(clock: Callable[[], float], times: int) -> float:
        start = clock()
        for _ in range(times):
            trainer.fit_epoch()
        if tab == "mxnet":
            importlib.import_module("mxnet").nd.waitall()
        return clock() - start

    trainer.train_dataloader, trainer.val_dataloader = batches[:1], None
    result = {"first": seconds(time.perf_counter, 1)}
    trainer.train_dataloader = batches
    seconds(time.process_time, 1)
    result["model"] = epochs * BATCHES * BATCH * STEPS / seconds(time.process_time, epochs)
    X, Y = batches[0]  # noqa: N806
    if tab == "jax":
        loss = model.loss(trainer.state.params, (X,), Y, trainer.state)[0]
    else:
        loss = model.loss(model(X), Y)
    result["perplexity"] = math.exp(float(loss))
    if tab != "jax" or program != PEER:  # Its loaders need tensorflow_datasets
        trainer.prepare_data(data)
        seconds(time.process_time, 1)
        pieces = data.num_train + data.num_val
        result["whole"] = epochs * pieces * STEPS / seconds(time.process_time, epochs)
    return result


def measure(tab: str, program: str, arguments: argparse.Namespace) -> dict[str, float] | str:
    """Train in a process of its own; return the measurements, or what went wrong."""
    library = arguments.peer if program == PEER else ROOT / "d2l_lib"
    if library is None:
        return "not measured: no --peer"
    python = ROOT / ".tabbook/environments" / tab / "bin/python"
    variables = {**os.environ, **ONE_THREAD, "PYTHONPATH": str(library)}
    command = [python, __file__, "--here", tab, "--program", program, "--epochs", str(arguments.epochs)]
    done = subprocess.run(command, env=variables, capture_output=True, text=True, check=False)
    if done.returncode:
        errors = [line for line in done.stderr.splitlines() if re.match(r"[\w.]*(Error|Exception)\b", line)]
        return f"does not run here: {errors[-1] if errors else done.stderr[-200:]}"
    result: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return result


def main() -> None:
    """Measure each framework with each program, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--tabs", nargs="+", choices=MODULES, default=list(MODULES))
    parser.add_argument("--peer", type=Path, help="the folder that holds d2l 1.0.3")
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--here", choices=MODULES, help=argparse.SUPPRESS)
    parser.add_argument("--program", choices=PROGRAMS, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.here:
        sys.stdout.write(f"{json.dumps(train(arguments.here, arguments.program, arguments.epochs))}\n")
        return
    sys.stdout.write(
        f"{'':35}{'model/s':>11}{'ratio':>7}{'whole/s':>11}{'ratio':>7}{'first step':>12}{'ppl':>7}\n"
    )
    for tab in arguments.tabs:
        ours: dict[str, float] = {}
        for program in PROGRAMS:
            found = measure(tab, program, arguments)
            if isinstance(found, str):
                sys.stdout.write(f"{tab:11}{program:24}{found}\n")
                continue
            ours = ours or found
            row = f"{tab:11}{program:24}"
            for rate in ("model", "whole"):
                row += (
                    f"{found[rate]:11,.0f}{ours[rate] / found[rate]:7.2f}"
                    if rate in found
                    else f"{'no loader':>18}"
                )
            sys.stdout.write(f"{row}{found['first']:10.2f} s{found['perplexity']:7.2f}\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main()

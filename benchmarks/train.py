"""Training from scratch beside d2l 1.0.3: python benchmarks/train.py [--models rnn] [--peer FOLDER].

Language models of the book (recurrent ones with 32 hidden units and minibatches of 1024 pieces, a GPT
with two blocks of 64 units and minibatches of 64; pieces of 32 characters, gradients clipped at 1) are
trained in one thread, in the environments that `tabbook` made, by several programs:

- the library as it is: `RNNScratch`, `LSTMScratch`, `GPT`;
- the framework's own layer in the same model: `RNN`, `LSTM`, or its function for attention;
- an RNN that multiplies one-hot vectors at each step, in the same library;
- d2l 1.0.3, if FOLDER has it: pip install --no-deps --target FOLDER d2l==1.0.3. It has an RNN alone.

For each there are the characters per CPU second of the model alone, on the same ten batches, and
of whole epochs with the program's own loader and validation; how long the first step takes; and
the perplexity on the first batch in the end. Packages that d2l 1.0.3 imports for other models are
mocks where an environment has none. The text is $D2L_DATA/timemachine.txt.

With --classic, it is the run of the older editions instead, with their interface: 512 hidden units,
minibatches of 32 pieces of 35 characters out of the first 10,000, a learning rate of 1, 500 epochs
(--epochs: fewer). In sequential order the perplexity in the end should be 1.0 to one decimal; random
order is measured without a target.
"""

import argparse
import importlib
import itertools
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
STEPS, HIDDENS, BATCHES = 32, 32, 10
OURS, FUSED, PEER, STEP_BY_STEP = "ours", "the framework's", "d2l 1.0.3", "one-hot, step by step"
MODELS = {
    "rnn": (1024, (OURS, FUSED, STEP_BY_STEP, PEER)),
    "lstm": (1024, (OURS, FUSED)),
    "gpt": (64, (OURS, FUSED)),
}
"""For each model, pieces in a minibatch and the programs that train it."""
ORDERS = ("sequential", "random")


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


def fused_attention(tab: str) -> Callable[..., Any]:
    """Return the framework's causal attention; heads come before steps.

    Raises:
        NotImplementedError: MXNet has none.
    """
    if tab == "pytorch":
        attention = importlib.import_module("torch.nn.functional").scaled_dot_product_attention
        return lambda *heads: attention(*heads, is_causal=True)
    if tab == "mxnet":
        raise NotImplementedError("MXNet has no causal attention")
    tensors = importlib.import_module("jax.numpy" if tab == "jax" else "keras.ops")
    attention = importlib.import_module("jax.nn" if tab == "jax" else "keras.ops").dot_product_attention

    def attend(*heads: Any) -> Any:
        steps_first = (tensors.swapaxes(a, 1, 2) for a in heads)
        return tensors.swapaxes(attention(*steps_first, is_causal=True), 1, 2)

    return attend


def make_model(d2l: Any, tab: str, model: str, program: str, size: int) -> Any:
    """Return the model that a program trains, for a vocabulary of a size."""
    if model == "gpt":
        if program == FUSED:
            d2l.causal_attention = fused_attention(tab)  # Which the blocks ask the library for
        return d2l.GPT(size, STEPS, 64, num_heads=4, num_blks=2, lr=0.001)
    if program == FUSED:
        layer = {"rnn": d2l.RNN, "lstm": d2l.LSTM}[model](size, HIDDENS)
        return d2l.RNNLM(layer, size, lr=1.0)
    if program == STEP_BY_STEP:
        layer = step_by_step(d2l, tab)(size, HIDDENS)
    else:
        layer = (d2l.RNNScratch if model == "rnn" else d2l.LSTMScratch)(size, HIDDENS)
    return d2l.RNNLMScratch(layer, size, lr=1.0)


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


def train(tab: str, name: str, program: str, epochs: int) -> dict[str, float]:
    """Train with the library that can be imported; return the measurements."""
    d2l = prepare(tab)
    text = (Path(os.environ["D2L_DATA"]) / "timemachine.txt").read_text(encoding="utf-8")

    class Text(d2l.TimeMachine):  # type: ignore[misc, name-defined]
        def _download(self) -> str:
            return text

    if hasattr(d2l, "set_seed"):
        d2l.set_seed(0)
    batch, _ = MODELS[name]
    data = Text(batch, STEPS)
    # Of one size, so that nothing is compiled twice
    batches = [(data.X[i : i + batch], data.Y[i : i + batch]) for i in range(0, BATCHES * batch, batch)]

    class Batches(d2l.DataModule):  # type: ignore[misc, name-defined]
        def train_dataloader(self) -> Any:
            return batches

        def val_dataloader(self) -> Any:
            return batches[:1]  # d2l 1.0.3 wants some

    model = make_model(d2l, tab, name, program, len(data.vocab))
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
    result["model"] = epochs * BATCHES * batch * STEPS / seconds(time.process_time, epochs)
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


def train_classic(tab: str, order: str, epochs: int) -> dict[str, float]:
    """Train as older editions do; return the perplexity and the characters per second."""
    d2l = prepare(tab)
    d2l.set_seed(0)
    batches, vocab = d2l.load_data_time_machine(32, 35, use_random_iter=order == "random")

    def get_params(size: int, hiddens: int, *_: Any) -> Any:
        shapes = ((size, hiddens), (hiddens, hiddens), (hiddens,), (hiddens, size), (size,))
        # The biases start with zeros
        params = [0.01 * d2l.randn(*shape) if len(shape) == 2 else d2l.zeros(shape) for shape in shapes]
        if tab == "tensorflow":
            return [importlib.import_module("tensorflow").Variable(param) for param in params]
        for param in params if tab in ("pytorch", "mxnet") else ():
            param.requires_grad_() if tab == "pytorch" else param.attach_grad()
        return params

    def init_state(batch_size: int, hiddens: int, *_: Any) -> Any:
        return (d2l.zeros((batch_size, hiddens)),)

    def rnn(inputs: Any, state: Any, params: Any) -> Any:
        W_xh, W_hh, b_h, W_hq, b_q = params  # noqa: N806
        (H,), scores = state, []  # noqa: N806
        for t in range(inputs.shape[0]):
            H = d2l.tanh(d2l.matmul(inputs[t], W_xh) + d2l.matmul(H, W_hh) + b_h)  # noqa: N806
            scores.append(d2l.matmul(H, W_hq) + b_q)
        return d2l.concat(scores, 0), (H,)

    if tab == "tensorflow":
        forward = importlib.import_module("tensorflow").function(rnn)
        net = d2l.RNNModelScratch(len(vocab), 512, init_state, forward, get_params)
        device, (loss, updater) = (), d2l.updater_ch8(1)
    else:
        device = (d2l.cpu(),)
        net = d2l.RNNModelScratch(len(vocab), 512, *device, get_params, init_state, rnn)
        loss, updater = d2l.updater_ch8(net, 1, *device)
    start, tokens, perplexity = time.process_time(), 0, math.inf
    for _ in range(epochs):
        perplexity, _ = d2l.train_epoch_ch8(net, batches, loss, updater, *device, order == "random")
        tokens += 8 * 32 * 35
    return {"perplexity": perplexity, "tokens": tokens / (time.process_time() - start)}


def compare_classic(arguments: argparse.Namespace) -> None:
    """Train in both orders in each framework, and print a table."""
    sys.stdout.write(f"{'':11}{'order':13}{'perplexity':>11}{'target':>8}{'characters per CPU s':>22}\n")
    for tab in arguments.tabs:
        for order, target in zip(ORDERS, ("1.0", "none"), strict=True):
            found = measure(tab, order, arguments)
            if isinstance(found, str):
                sys.stdout.write(f"{tab:11}{order:13}{found}\n")
            else:
                row = f"{found['perplexity']:11.2f}{target:>8}{found['tokens']:22,.0f}"
                sys.stdout.write(f"{tab:11}{order:13}{row}\n")
            sys.stdout.flush()


def measure(tab: str, program: str, arguments: argparse.Namespace, model: str = "") -> dict[str, float] | str:
    """Train in a process of its own; return the measurements, or what went wrong."""
    library = arguments.peer if program == PEER else ROOT / "d2l_lib"
    if library is None:
        return "not measured: no --peer"
    python = ROOT / ".tabbook/environments" / tab / "bin/python"
    variables = {**os.environ, **ONE_THREAD, "PYTHONPATH": str(library)}
    epochs = arguments.epochs or (500 if arguments.classic else 10)
    command = [python, __file__, "--here", tab, "--program", program, "--epochs", str(epochs)]
    command += ["--models", model] if model else []
    done = subprocess.run(command, env=variables, capture_output=True, text=True, check=False)
    if done.returncode:
        errors = [line for line in done.stderr.splitlines() if re.match(r"[\w.]*(Error|Exception)\b", line)]
        return f"does not run here: {errors[-1] if errors else done.stderr[-200:]}"
    result: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return result


def main() -> None:
    """Measure each framework with each program, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--models", nargs="+", choices=MODELS, default=list(MODELS))
    parser.add_argument("--tabs", nargs="+", choices=MODULES, default=list(MODULES))
    parser.add_argument("--peer", type=Path, help="the folder that holds d2l 1.0.3")
    parser.add_argument("--epochs", type=int, help="10, or 500 with --classic")
    parser.add_argument("--classic", action="store_true", help="the run of the older editions")
    parser.add_argument("--here", choices=MODULES, help=argparse.SUPPRESS)
    parser.add_argument(
        "--program", choices=(OURS, FUSED, STEP_BY_STEP, PEER, *ORDERS), help=argparse.SUPPRESS
    )
    arguments = parser.parse_args()
    if arguments.here:
        if arguments.program in ORDERS:
            found = train_classic(arguments.here, arguments.program, arguments.epochs)
        else:
            found = train(arguments.here, arguments.models[0], arguments.program, arguments.epochs)
        sys.stdout.write(f"{json.dumps(found)}\n")
    elif arguments.classic:
        compare_classic(arguments)
    else:
        compare(arguments)


def compare(arguments: argparse.Namespace) -> None:
    """Train each model with each program in each framework, and print a table."""
    sys.stdout.write(
        f"{'':40}{'model/s':>11}{'ratio':>7}{'whole/s':>11}{'ratio':>7}{'first step':>12}{'ppl':>7}\n"
    )
    for model, tab in itertools.product(arguments.models, arguments.tabs):
        ours: dict[str, float] = {}
        for program in MODELS[model][1]:
            found = measure(tab, program, arguments, model)
            row = f"{model:5}{tab:11}{program:24}"
            if isinstance(found, str):
                sys.stdout.write(f"{row}{found}\n")
                continue
            ours = ours or found
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

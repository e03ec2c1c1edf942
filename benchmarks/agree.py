"""Whether training ends at the same held-out metric in all frameworks: python benchmarks/agree.py.

Trains what the book's sections train, with their settings and five seeds, in each framework's
environment. Where a section trains longer, the experiment's name says what was cut. Two frameworks
agree if their medians differ by at most 10 %, or by at most twice the larger median absolute
deviation. The status is 1 if some do not. ``--write`` keeps the table in benchmarks/agree.md,
``--only NAME`` trains less, and then only its rows are replaced there.

Models and functions that the library does not save come from the pages themselves.
"""

import argparse
import importlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import combinations
from pathlib import Path
from statistics import median
from typing import Any

ROOT = Path(__file__).parents[1]
TABLE = ROOT / "benchmarks" / "agree.md"
SEEDS = range(5)
PAGES = ("weight-decay", "softmax-scratch", "mlp", "mlp-implementation", "dropout")


def page(name: str) -> Any:
    """Return the module of what a section defines."""
    return importlib.import_module("page_" + name.replace("-", "_"))


def curve(d2l: Any, model: Any, data: Any, epochs: int, name: str) -> list[float]:
    """Train a model, and return a curve of its board, one number per epoch."""
    model.board.display = False
    d2l.Trainer(max_epochs=epochs).fit(model, data)
    return [float(value) for _, value in model.board.data[name]]


def regression(d2l: Any, model: Any) -> float:
    """Train a linear model as its section does, and return the loss on the validation data."""
    data = d2l.SyntheticRegressionData(w=d2l.tensor([-1.2, 2.6]), b=5.0)
    return curve(d2l, model, data, 5, "val_loss")[-1]


def linear_scratch(d2l: Any, _seed: int) -> float:
    """Train linear regression from scratch."""
    return regression(d2l, d2l.LinearRegressionScratch(2, lr=0.05))


def linear_concise(d2l: Any, _seed: int) -> float:
    """Train linear regression with the framework's layer."""
    return regression(d2l, d2l.LinearRegression(lr=0.05))


def weight_decay_scratch(_d2l: Any, seed: int) -> float:
    """Train with a penalty, and return the validation error without it."""
    _, validation = page("weight-decay").errors_of(1.0, seed)
    return float(validation)


def weight_decay(d2l: Any, _seed: int) -> float:
    """Train with the decay of the framework's optimizer, on the same kind of data."""
    its = page("weight-decay")
    data, model = its.ManyInputs(), its.WeightDecay(wd=1.0, lr=0.1)
    data.val_dataloader = lambda: None
    model.board.display = False
    trainer = d2l.Trainer(max_epochs=60)
    trainer.fit(model, data)
    return float(its.mean_error(model, trainer, data, 40, 240))


def softmax_scratch(d2l: Any, _seed: int) -> float:
    """Train softmax regression from scratch, and return the loss on the validation data."""
    model = page("softmax-scratch").SoftmaxRegressionScratch(784, 10, lr=0.1)
    return curve(d2l, model, d2l.Garments(batch_size=256), 5, "val_loss")[-1]


def softmax_concise(d2l: Any, _seed: int) -> float:
    """Train softmax regression with the framework's layer."""
    model = d2l.SoftmaxRegression(num_outputs=10, lr=0.1)
    return curve(d2l, model, d2l.Garments(batch_size=256), 5, "val_loss")[-1]


def two_layers(_d2l: Any, seed: int) -> float:
    """Train a hidden layer of 32 ReLUs on the four fields, and return the accuracy."""
    its = page("mlp")
    return float(its.train(32, its.relu, seed))


def mlp_scratch(d2l: Any, _seed: int) -> float:
    """Train the network with 256 hidden units, and return the share of mistakes of its best epoch.

    With the section's learning rate of 0.1, accuracies jump from epoch to epoch: over 20 seeds, the
    best of six has a standard deviation of a tenth, so that five seeds could not tell frameworks apart.
    """
    its = page("mlp-implementation")
    model = its.MLPScratch(num_inputs=784, num_outputs=10, num_hiddens=256, lr=0.02)
    return 1 - max(curve(d2l, model, its.StandardGarments(batch_size=256), 6, "val_acc"))


def mlp(_d2l: Any, seed: int) -> float:
    """Train the network of layers with 32 hidden units as its section does."""
    its = page("mlp-implementation")
    its.data = its.StandardGarments(batch_size=256)
    return 1 - float(its.accuracy_of(32, seed))


def dropout_of(name: str) -> Callable[[Any, int], float]:
    """Return a function that trains a network with dropout on 500 pictures, for its validation loss."""

    def train(_d2l: Any, seed: int) -> float:
        its = page("dropout")
        its.data = its.FewGarments()
        _, validation, _ = its.results_of(getattr(its, name), 0.5, seed)
        return float(validation)

    return train


def rnn_scratch(d2l: Any, _seed: int) -> float:
    """Train the character model, and return its perplexity on the validation data."""
    data = d2l.TimeMachine(batch_size=1024, num_steps=32)
    size = len(data.vocab)
    model = d2l.RNNLMScratch(d2l.RNNScratch(size, num_hiddens=32), size, lr=1)
    model.board.display = False
    trainer = d2l.Trainer(max_epochs=20)
    trainer.fit(model, data)
    return float(trainer.perplexity(data.val_dataloader()))


EXPERIMENTS: dict[str, Callable[[Any, int], float]] = {
    "linear regression from scratch, loss": linear_scratch,
    "linear regression with a layer, loss": linear_concise,
    "weight decay from scratch, loss without penalty": weight_decay_scratch,
    "weight decay of the optimizer, loss": weight_decay,
    "softmax regression from scratch, 5 of 10 epochs, loss": softmax_scratch,
    "softmax regression with a layer, 5 of 10 epochs, loss": softmax_concise,
    "two layers on four fields, accuracy": two_layers,
    "MLP from scratch, 6 of 30 epochs with lr 0.02, mistakes": mlp_scratch,
    "MLP with layers, 32 units, mistakes": mlp,
    "dropout from scratch, loss": dropout_of("DropoutMLPScratch"),
    "dropout with a layer, loss": dropout_of("DropoutMLP"),
    "recurrent network from scratch, 20 of 70 epochs, perplexity": rnn_scratch,
}


def train(module: str, names: list[str]) -> None:
    """Print what each experiment gives for each seed, and the framework's version, as JSON."""
    if module == "mxnet":
        importlib.import_module("mxnet.numpy_extension").set_np()
    d2l = importlib.import_module(f"d2l.{module}")
    found: dict[str, list[float]] = {name: [] for name in names}
    for name in names:
        start = time.perf_counter()
        for seed in SEEDS:
            d2l.set_seed(seed)
            found[name].append(EXPERIMENTS[name](d2l, seed))
        print(f"{module}: {name}: {time.perf_counter() - start:.0f} s", file=sys.stderr, flush=True)
    version = importlib.import_module(module).__version__.partition("+")[0]
    print(json.dumps({"version": version, "metrics": found}))


def trained(tab: str, settings: Any, names: list[str]) -> dict[str, Any]:
    """Train in the environment of a framework, and return what `train` prints there."""
    sys.path.append(str(ROOT / "tests" / "agreement"))
    definitions = importlib.import_module("definitions")
    python = ROOT / ".tabbook" / "environments" / tab / "bin" / "python"
    with tempfile.TemporaryDirectory() as folder:
        definitions.write(ROOT, folder, PAGES, tab)
        path = os.pathsep.join((str(ROOT / "d2l_lib"), folder))
        variables = {"PYTHONPATH": path, "OMP_NUM_THREADS": "1", "MPLBACKEND": "agg",
                     "CUDA_VISIBLE_DEVICES": ""}  # fmt: skip
        variables |= settings.environ(Path(folder))
        done = subprocess.run(
            [python, __file__, "train", settings.module, *names],
            env=os.environ | variables, stdout=subprocess.PIPE, text=True, check=True,
        )  # fmt: skip
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def deviation(values: list[float]) -> float:
    """Return the median absolute deviation from the median."""
    middle = median(values)
    return median(abs(value - middle) for value in values)


def agree(a: list[float], b: list[float]) -> bool:
    """Say whether two frameworks' metrics over several seeds are alike."""
    apart = abs(median(a) - median(b))
    tenth = 0.1 * min(abs(median(a)), abs(median(b)))
    return apart <= max(tenth, 2 * max(deviation(a), deviation(b)))


def table(results: dict[str, Any], names: list[str]) -> tuple[str, bool]:
    """Return the table as Markdown, and whether all agree; results are by the framework's name."""
    head = ["Held-out metric", *(f"{tab} {found['version']}" for tab, found in results.items()), "Agree"]
    lines, all_agree = [head, ["---"] * len(head)], True
    for name in names:
        metrics = [found["metrics"][name] for found in results.values()]
        same = all(agree(a, b) for a, b in combinations(metrics, 2))
        all_agree &= same
        cells = [f"{median(values):.3g} ± {deviation(values):.1g}" for values in metrics]
        lines.append([name, *cells, "yes" if same else "no"])
    return "".join(f"| {' | '.join(line)} |\n" for line in lines), all_agree


def merged(text: str, kept: str) -> str:
    """Return a table with the rows that it lacks from one that is kept, if versions are the same."""
    new, old = ([line for line in part.splitlines() if line.startswith("|")] for part in (text, kept))
    rows = {line.split(" | ")[0].strip("| "): line for line in new[2:]}
    if old[:1] == new[:1]:
        rows = {line.split(" | ")[0].strip("| "): line for line in old[2:]} | rows
    return "".join(f"{line}\n" for line in [*new[:2], *(rows[n] for n in EXPERIMENTS if n in rows)])


def main() -> None:
    """Train in every framework, and print the table."""
    from tabbook.config import CONFIG_FILE, read_settings
    from tabbook.files import write_atomic

    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--only", action="append", metavar="NAME", help="experiments whose names contain this"
    )
    parser.add_argument("--write", action="store_true", help="keep the table in benchmarks/agree.md")
    options = parser.parse_args()
    names = [name for name in EXPERIMENTS if any(part in name for part in options.only or [""])]
    if not names:
        parser.error(f"no such experiment; there are: {'; '.join(EXPERIMENTS)}")
    tabs = read_settings((ROOT / CONFIG_FILE).read_text(encoding="utf-8")).tabs
    for tab in tabs:
        if not (ROOT / ".tabbook" / "environments" / tab / "bin" / "python").exists():
            sys.exit(f"there is no environment of {tab}; run tabbook env make --tab {tab}")
    with ThreadPoolExecutor(2) as pool:
        found = pool.map(lambda item: trained(*item, names), tabs.items())
        results = {settings.name: result for settings, result in zip(tabs.values(), found, strict=True)}
    text, all_agree = table(results, names)
    print(text)
    if options.write:
        about = (
            "What `benchmarks/agree.py --write` found last: "
            f"medians over {len(SEEDS)} seeds ± median absolute deviations.\n\n"
        )
        kept = TABLE.read_text(encoding="utf-8") if TABLE.exists() else ""
        write_atomic(TABLE, about + merged(text, kept))
    sys.exit(not all_agree)


if __name__ == "__main__":
    if sys.argv[1:2] == ["train"]:
        train(sys.argv[2], sys.argv[3:])
    else:
        main()

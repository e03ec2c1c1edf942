"""Whether training ends at the same held-out metric in all frameworks: python benchmarks/agree.py.

Trains what the book's sections train, with their settings and five seeds, in each framework's
environment. Two frameworks agree if their medians differ by at most 10 %, or by at most twice the
larger median absolute deviation. The status is 1 if some do not. ``--write`` keeps the table in
benchmarks/agree.md, ``--only NAME`` trains less.
"""

import argparse
import importlib
import json
import os
import subprocess
import sys
from itertools import combinations
from pathlib import Path
from statistics import median
from typing import Any

ROOT = Path(__file__).parents[1]
TABLE = ROOT / "benchmarks" / "agree.md"
SEEDS = range(5)


def regression(d2l: Any, model: Any) -> float:
    """Train a linear model as its section does, and return the loss on the validation data."""
    data = d2l.SyntheticRegressionData(w=d2l.tensor([-1.2, 2.6]), b=5.0)
    model.board.display = False
    d2l.Trainer(max_epochs=5).fit(model, data)
    return float(model.board.data["val_loss"][-1][1])


def linear_scratch(d2l: Any) -> float:
    """Train linear regression from scratch."""
    return regression(d2l, d2l.LinearRegressionScratch(2, lr=0.05))


def linear_concise(d2l: Any) -> float:
    """Train linear regression with the framework's layer."""
    return regression(d2l, d2l.LinearRegression(lr=0.05))


def rnn_scratch(d2l: Any) -> float:
    """Train the character model, and return its perplexity on the validation data."""
    data = d2l.TimeMachine(batch_size=1024, num_steps=32)
    size = len(data.vocab)
    model = d2l.RNNLMScratch(d2l.RNNScratch(size, num_hiddens=32), size, lr=1)
    model.board.display = False
    trainer = d2l.Trainer(max_epochs=100)
    trainer.fit(model, data)
    return float(trainer.perplexity(data.val_dataloader()))


EXPERIMENTS = {
    "linear regression from scratch, loss": linear_scratch,
    "linear regression with a layer, loss": linear_concise,
    "recurrent network from scratch, perplexity": rnn_scratch,
}


def train(module: str, names: list[str]) -> None:
    """Print what each experiment gives for each seed, and the framework's version, as JSON."""
    if module == "mxnet":
        importlib.import_module("mxnet.numpy_extension").set_np()
    d2l = importlib.import_module(f"d2l.{module}")
    found: dict[str, list[float]] = {name: [] for name in names}
    for name in names:
        for seed in SEEDS:
            d2l.set_seed(seed)
            found[name].append(EXPERIMENTS[name](d2l))
    version = importlib.import_module(module).__version__.partition("+")[0]
    print(json.dumps({"version": version, "metrics": found}))


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
    results = {}
    for tab, settings in read_settings((ROOT / CONFIG_FILE).read_text(encoding="utf-8")).tabs.items():
        python = ROOT / ".tabbook" / "environments" / tab / "bin" / "python"
        if not python.exists():
            sys.exit(f"there is no environment of {tab}; run tabbook env make --tab {tab}")
        variables = {"PYTHONPATH": str(ROOT / "d2l_lib"), "OMP_NUM_THREADS": "1", "MPLBACKEND": "agg",
                     "CUDA_VISIBLE_DEVICES": ""}  # fmt: skip
        done = subprocess.run(
            [python, __file__, "train", settings.module, *names],
            env=os.environ | variables, stdout=subprocess.PIPE, text=True, check=True,
        )  # fmt: skip
        results[settings.name] = json.loads(done.stdout.splitlines()[-1])
    text, all_agree = table(results, names)
    print(text)
    if options.write:
        about = (
            "What `benchmarks/agree.py --write` found last: "
            f"medians over {len(SEEDS)} seeds ± median absolute deviations.\n\n"
        )
        write_atomic(TABLE, about + text)
    sys.exit(not all_agree)


if __name__ == "__main__":
    if sys.argv[1:2] == ["train"]:
        train(sys.argv[2], sys.argv[3:])
    else:
        main()

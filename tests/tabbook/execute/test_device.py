"""A page names the device that its code ran on, not what the machine has."""

from pathlib import Path

import pytest
from engine_helpers import FRAMEWORK, code, job, make_book

from tabbook.config import CONFIG_FILE, read_settings
from tabbook.execute.job import execute
from tabbook.merge.made_with import made_with_line
from tabbook.run.runner import run
from tabbook.store.local import Store

TABS = read_settings((Path(__file__).parents[3] / CONFIG_FILE).read_text(encoding="utf-8")).tabs
FRAMEWORKS = {
    "pytorch": "import torch\ntorch.ones(2) + 1",
    "jax": "import jax.numpy as np\nnp.ones(2) + 1",
    "tensorflow": "import tensorflow as tf\ntf.ones(2) + 1",
    "mxnet": "from mxnet import np\nnp.ones(2) + 1",
}


def device_of(*sources, **changes):
    outcome = execute(job(*sources, device="gpu", **changes))
    assert outcome.failure is None, outcome.failure
    return outcome.result.made_with["device"]


@pytest.mark.parametrize("tab", FRAMEWORKS)
def test_a_framework_that_used_the_cpu_of_a_machine_with_a_gpu_says_so(tab):
    python = Path(__file__).parents[3] / ".tabbook/environments" / tab / "bin/python"
    if not python.exists():
        pytest.skip(f"no environment of {tab}: run tabbook env make")
    plain = TABS[tab].model_copy(update={"device": None})
    # It raises where the framework's own expression fails.
    asked = f"{FRAMEWORKS[tab]}\nimport {TABS[tab].module}\nassert not ({TABS[tab].device})"
    assert device_of(asked, python=str(python), framework=TABS[tab]) == "cpu"
    assert device_of(FRAMEWORKS[tab], python=str(python), framework=plain) == "cpu"


def test_a_section_without_a_framework_runs_on_the_cpu():
    assert (
        device_of("import sys\nassert not {'torch', 'jax', 'tensorflow', 'mxnet'} & set(sys.modules)")
        == "cpu"
    )


TORCH = """
class backends:
    class mps: is_available = lambda: False
class xpu: device_count = lambda: 0
class cuda:
    device_count = lambda: 2
    max_memory_allocated = lambda index: {used}[index]
"""
JAX = """
class Device:
    platform = 'gpu'
    def memory_stats(self): return {used}
def local_devices(): return [Device()]
"""
TENSORFLOW = """
class config:
    class Device: name = '/device:GPU:0'
    list_logical_devices = lambda kind: [config.Device]
    class experimental:
        get_memory_info = lambda name: {{'GPU:0': {{'peak': {used}}}}}[name]
"""
MXNET = "class context: num_gpus = lambda: {used}"


@pytest.mark.parametrize(
    ("module", "text", "used", "device"),
    [
        ("torch", TORCH, "(0, 512)", "gpu"),
        ("torch", TORCH, "(0, 0)", "cpu"),
        ("jax", JAX, "{'peak_bytes_in_use': 512}", "gpu"),
        ("jax", JAX, "None", "gpu"),
        ("jax", JAX, "{'peak_bytes_in_use': 0}", "cpu"),
        ("tensorflow", TENSORFLOW, "512", "gpu"),
        ("tensorflow", TENSORFLOW, "0", "cpu"),
        ("mxnet", MXNET, "1", "gpu"),
        ("mxnet", MXNET, "0", "cpu"),
        ("torch", "raise_ = {used}", "1", "cpu"),
    ],
)
def test_what_frameworks_say_of_gpus_counts(tmp_path, module, text, used, device):
    """The frameworks are stand-ins, as no GPU is needed to run the tests; what they are asked is real."""
    (tmp_path / f"{module}.py").write_text(text.format(used=used))
    framework = next(about for about in TABS.values() if about.module == module)
    assert device_of(f"import {module}", library_folder=str(tmp_path), framework=framework) == device
    assert device_of("1", library_folder=str(tmp_path), framework=framework) == "cpu"


@pytest.mark.parametrize(
    ("expression", "device"),
    [
        ("'tpu'", "tpu"),
        ("1 > 0", "gpu"),
        ("[]", "cpu"),
        ("os.path.exists('/')", "gpu"),
        ("no.such", "cpu"),
        ("1 / 0", "cpu"),
        ("sys.exit(1)", "cpu"),
        ("type('Array', (), {'__bool__': lambda self: 1 / 0})()", "cpu"),
    ],
)
def test_a_framework_says_in_its_own_way_what_its_code_ran_on(expression, device):
    """Any framework can be asked; where it has no answer, the files that the process has open count."""
    framework = FRAMEWORK.model_copy(update={"device": expression})
    assert device_of("no = 1", framework=framework) == device


def test_a_gpu_that_the_process_has_open_counts_where_no_framework_is_asked(tmp_path, monkeypatch):
    from tabbook.execute import kernel_info

    for target, device in (("/dev/null", "cpu"), ("/dev/nvidia0", "gpu")):
        link = tmp_path / device
        link.symlink_to(target)
        monkeypatch.setattr(Path, "iterdir", lambda _, link=link: iter([link]))
        assert kernel_info.device("") == device


def test_the_key_keeps_the_class_of_the_machine(tmp_path, monkeypatch):
    monkeypatch.setenv("TABBOOK_GPUS", "16GB")
    book = make_book(tmp_path, {"a": code("1 + 1")})
    run(book, tabs=["pytorch"], device="gpu", why_unusable=lambda _: "")
    store = Store(book.work / "outputs")
    (key,) = store.keys()
    result = store.get(key)
    assert (result.inputs["device"], result.made_with["device"]) == ("gpu", "cpu")
    assert ", CPU, " in made_with_line("PyTorch", result.made_with)


def test_a_device_that_is_not_known_is_not_named():
    line = made_with_line("PyTorch", {"framework": "PyTorch 2", "python": "3.11", "device": "", "seconds": 5})
    assert line == "PyTorch 2, Python 3.11, 5 s"

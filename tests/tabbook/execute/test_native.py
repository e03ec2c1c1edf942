"""What child processes and C code write past Python is shown, in its place, as ipykernel shows it."""

import pytest
from engine_helpers import FRAMEWORK, job

from tabbook.execute.job import execute


def texts(*sources, **changes):
    """Return each cell's outputs as (name of the stream or type, text)."""
    outcome = execute(job(*sources, **changes))
    assert outcome.failure is None, outcome.failure
    return [
        [(o.get("name") or "data", o.get("text") or o["data"]["text/plain"]) for o in cell]
        for cell in outcome.result.outputs
    ]


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        (
            "import os, subprocess\nfor i in range(20):\n    print('py', i)\n"
            "    subprocess.run(['echo', f'child {i}'])\n"
            "    os.write(1, f'fd {i}\\n'.encode())\n    os.system(f'echo sh {i}')",
            [("stdout", "".join(f"py {i}\nchild {i}\nfd {i}\nsh {i}\n" for i in range(20)))],
        ),
        ("import os\nos.system('printf é');", [("stdout", "é")]),
        ("import os\nos.system('echo x >&2');", [("stderr", "x\n")]),
        (
            "import os\nos.system('echo a')\ndisplay(1)\nos.system('echo b')\nprint('c')",
            [("stdout", "a\n"), ("data", "1"), ("stdout", "b\nc\n")],
        ),
        (
            "import ctypes\nc = ctypes.CDLL(None)\nc.printf(b'a')\nprint('b')\nc.puts(b'c');",
            [("stdout", "ab\nc\n")],
        ),
        ("import subprocess, sys\nsubprocess.run(['echo', 'x'], stdout=sys.stdout);", [("stdout", "x\n")]),
        ("import sys\nprint('x', file=sys.__stdout__)", [("stdout", "x\n")]),
        (
            "import os\nos.system('echo x | tee /dev/stderr > /dev/stdout');",
            [("stdout", "x\n"), ("stderr", "x\n")],
        ),
        (
            "import multiprocessing\ncontext = multiprocessing.get_context('fork')\n"
            "p = context.Process(target=print, args=('x',))\np.start()\np.join()",
            [("stdout", "x\n")],
        ),
        (
            "import os\nif (pid := os.fork()) == 0:\n    os.write(1, b'child')\n    os._exit(0)\n"
            "os.waitpid(pid, 0);",
            [("stdout", "child")],
        ),
        (
            "import os\nos.system('head -c 3000000 /dev/zero | tr \"\\\\0\" x');",
            [("stdout", "x" * 3_000_000)],
        ),
    ],
)
def test_children_and_c_code_are_shown_in_order_in_their_cell(source, shown):
    assert texts(source, "print('next')") == [shown, [("stdout", "next\n")]]


def test_the_last_cells_children_are_shown_too():
    assert texts("1", "import os\nos.system('echo last');")[1] == [("stdout", "last\n")]


def test_a_child_that_goes_on_holds_nothing_up():
    """What it prints lands in the cell that runs then."""
    shown = texts(
        "import subprocess\nsubprocess.Popen('sleep 300 & sleep 0.4; echo late', shell=True);",
        "import time\ntime.sleep(1)",
    )
    assert shown == [[], [("stdout", "late\n")]]


LOGS = [
    "W0000 00:00:1764352800.123456   12345 port.cc:153] oneDNN is on.",
    "I1128 18:00:00.123456 139 tpu.cc:91] Opening library",
    "2026-11-28 18:00:00.123456: I tensorflow/core/platform/cpu_feature_guard.cc:210] This TensorFlow binary",
    "WARNING: All log messages before absl::InitializeLog() is called are written to STDERR",
    "[18:00:00] ../src/storage/storage.cc:202: Using Pooled (Naive) StorageManager for CPU",
    "[W1128 18:00:00.123456789 NNPACK.cpp:56] Could not initialize NNPACK! Reason: Unsupported hardware.",
]
PROSE = ["Warning: 3 items", "[18:00:00] done", "I 12 things", "2026-11-28 18:00:00 saved"]


def test_log_lines_of_frameworks_stay_out_of_the_page():
    lines = [line for pair in zip(LOGS, [*PROSE, *PROSE], strict=False) for line in pair]
    source = f"import os\nfor line in {lines}: os.write(2, line.encode() + b'\\n')"
    assert texts(source) == [[("stderr", "".join(f"{line}\n" for line in lines if line not in LOGS))]]


def test_a_framework_may_have_log_lines_of_its_own():
    """They are the book's to say; another framework's pages show such lines, as any print."""
    lines = ["To enable the following: AVX2", "in other words", "[demo] x", "'quoted'", "a | b"]
    source = f"import os\nfor line in {lines}: os.write(2, line.encode() + b'\\n')"
    ours = FRAMEWORK.model_copy(
        update={"log_lines": ("To enable the", r"(?i)\[DEMO\] ", r"(?P<q>')\w+(?P=q)", r"(?P<q>a) \|")}
    )
    assert texts(source, framework=ours) == [[("stderr", "in other words\n")]]
    assert texts(source) == [[("stderr", "".join(f"{line}\n" for line in lines))]]


@pytest.mark.parametrize(
    ("end", "said"),
    [
        ("os.system('echo why >&2')\nos._exit(0)", "why"),
        ("os.system('echo why')\nos._exit(3)", "why"),
        ("os.write(2, b'why')\nos.kill(os.getpid(), 9)", "why"),
        ("import ctypes\nctypes.CDLL(None).abort()", "Fatal Python error: Aborted"),
        ("import ctypes\nctypes.string_at(0)", "Fatal Python error: Segmentation fault"),
        ("import faulthandler\nfaulthandler.enable()\nos.kill(os.getpid(), 11)", "Segmentation fault"),
    ],
)
def test_what_was_said_before_the_kernel_died_is_reported(end, said):
    failed = execute(job("import os", end)).failure
    assert failed.kind == "died"
    assert said in failed.traceback


def test_children_are_cut_like_all_that_prints():
    source = "import os\nos.system('head -c 30000000 /dev/zero | tr \"\\\\0\" x');"
    ((name, text),) = texts(source, output_limit=1000)[0]
    assert name == "stdout"
    assert "characters left out: output_limit is 1,000" in text
    assert len(text) < 1100


def test_a_thread_may_print_after_its_cell():
    assert texts(
        "import threading, time\ndef work():\n    time.sleep(0.3)\n    print('thread')\n"
        "t = threading.Thread(target=work)\nt.start()",
        "t.join()",
        "2",
    ) == [[], [("stdout", "thread\n")], [("data", "2")]]

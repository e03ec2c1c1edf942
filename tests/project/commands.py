"""What the project offers to be typed, and what a text tells its readers to type."""

import re
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import typer

from tabbook.cli.app import app
from tabbook.config import CONFIG_FILE, read_settings

ROOT = Path(__file__).parents[2]
SETTINGS = read_settings((ROOT / CONFIG_FILE).read_text(encoding="utf-8"))
_MAKE = re.compile(r"(?:^|[\s;&|(])make((?: +[a-z][\w-]*)+)")
_TABBOOK = re.compile(r"(?:^|[\s/;&|(])tabbook(?= +[a-z-])([^\n;&|#)]*)")


@cache
def make_targets() -> frozenset[str]:
    """Return the targets of the Makefile, as make itself reads them."""
    make = shutil.which("make")
    if make is None:
        pytest.skip("make is not installed")
    done = subprocess.run([make, "-pRrq"], cwd=ROOT, capture_output=True, text=True, check=False)
    targets = frozenset(re.findall(r"^([a-z][\w-]*):(?!=)", done.stdout, re.MULTILINE))
    return targets | {f"test-d2l-{tab}" for tab in SETTINGS.tabs if "test-d2l-%:" in done.stdout}


def mentioned_targets(code: str) -> Iterator[str]:
    """Yield the targets of each ``make …`` in a piece of shell code."""
    for names in _MAKE.findall(re.sub(r"#.*", "", code)):
        yield from names.split()


def check_tabbook(code: str) -> Iterator[str]:
    """Yield what is wrong with each ``tabbook …`` in a piece of shell code."""
    for text in _TABBOOK.findall(code):
        words = shlex.split(text.replace("…", ""))
        command: Any = typer.main.get_command(app)
        name = "tabbook"
        while words and hasattr(command, "commands") and not words[0].startswith("-"):
            word, words = words[0], words[1:]
            if word not in command.list_commands(None):
                yield f"there is no command {name} {word}"
                return
            command, name = command.get_command(None, word), f"{name} {word}"
        options = {option for parameter in command.params for option in parameter.opts} | {"--help", "-h"}
        yield from (
            f"{name} has no option {word}"
            for word in words
            if word.startswith("-") and word.split("=")[0] not in options
        )

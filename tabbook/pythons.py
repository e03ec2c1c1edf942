"""The Pythons of this machine: which of them makes the environment of a tab that names a version."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

UV = (sys.executable, "-m", "uv")
_ASK = "import sys; print(sys.implementation.name, '%d.%d' % sys.version_info[:2], sys._base_executable)"
_SECONDS = 30


def own_version() -> str:
    """Return the version of the Python that runs tabbook, such as ``3.11``."""
    return f"{sys.version_info[0]}.{sys.version_info[1]}"


def version_order(version: str) -> tuple[int, ...]:
    """Return what orders versions by age: (3, 9) for ``3.9``, which is older than ``3.10``."""
    return tuple(map(int, version.split(".")))


def find(version: str, environ: Mapping[str, str]) -> str | None:
    """Return the interpreter of CPython ``version``, such as ``3.11``; ``None`` if there is none.

    The Python that runs tabbook comes first, then those on the ``PATH``, pyenv's, and uv's own.
    If there is none, uv fetches one, if it may and can.
    """
    if version == own_version():
        return sys.executable
    for candidate in _candidates(version, environ):
        if interpreter := _ask(candidate, version):
            return interpreter
    return _managed(version, tuple(sorted(environ.items())))


def _candidates(version: str, environ: Mapping[str, str]) -> Iterator[str]:
    """Yield commands that may be Python ``version``, the most likely first."""
    for name in (f"python{version}", "python3", "python"):
        for folder in environ.get("PATH", "").split(os.pathsep):
            if command := shutil.which(name, path=folder or os.curdir):
                yield command
    # pyenv's commands on the PATH fail for all versions but those that are selected there.
    root = environ.get("PYENV_ROOT") or Path(environ.get("HOME") or Path.home(), ".pyenv")
    versions = [path for path in Path(root, "versions").glob(f"{version}*") if _is_patch(path.name, version)]
    for path in sorted(versions, key=lambda path: _patch(path.name), reverse=True):
        yield str(path / "bin" / "python")


def _is_patch(name: str, version: str) -> bool:
    return name == version or (name.startswith(f"{version}.") and _patch(name) >= 0)


def _patch(name: str) -> int:
    """Return the 7 of ``3.11.7``; -1 for what is no release (``3.13.0rc1``, ``3.13.0t``)."""
    last = name.rsplit(".", maxsplit=1)[-1]
    return int(last) if last.isdecimal() else -1


def _ask(command: str, version: str) -> str | None:
    """Return the interpreter that ``command`` starts, if it runs and is CPython ``version``.

    For the Python of a virtual environment, that is the one that the environment was made with.
    """
    try:
        done = subprocess.run(
            [command, "-I", "-c", _ASK], capture_output=True, text=True, timeout=_SECONDS, check=False
        )
    except (OSError, ValueError, subprocess.TimeoutExpired):
        return None
    said = done.stdout.strip().split(" ", 2)
    is_right = done.returncode == 0 and len(said) == 3 and said[:2] == ["cpython", version]
    return said[2] if is_right else None


@cache
def _managed(version: str, variables: tuple[tuple[str, str], ...]) -> str | None:
    """Return uv's own Python ``version``, fetched if need be; a failure is not tried again."""
    environment = dict(variables)

    def uv(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*UV, "python", *arguments, version],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )

    interpreter = uv("find", "--managed-python", "--system")
    if interpreter.returncode and environment.get("UV_PYTHON_DOWNLOADS") not in ("manual", "never"):
        uv("install", "--no-bin", "--quiet")
        interpreter = uv("find", "--managed-python", "--system")
    return interpreter.stdout.strip() if interpreter.returncode == 0 else None

"""The library that goes with exported notebooks, and the cell that looks for it.

Each framework's folder of notebooks is whole: its library module, the pinned packages, and what
Binder wants to know. Whether the installed library is the right one is a question of its bytes,
not of a version that may not have been raised.
"""

import contextlib
import hashlib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import quote

from tabbook.config import LibrarySettings, Repository, Tab
from tabbook.export.wheel import wheel

LIBRARY_FOLDER = "d2l_lib"
"""The folder of the library beside the notebooks."""
_CHECK = '''\
# @title Is the library of this book installed?
def check_library(module, digest, about, address, advice):
    """Look for the library that this notebook was made with; on Colab, install it."""
    import hashlib
    import importlib.util
    import subprocess
    import sys
    from pathlib import Path

    def problem():
        importlib.invalidate_caches()
        try:
            spec = importlib.util.find_spec(module)
        except ModuleNotFoundError:
            spec = None
        if spec is None or not spec.origin:
            return "is not installed"
        text = Path(spec.origin).read_bytes().replace(b"\\r\\n", b"\\n")
        return "" if hashlib.sha256(text).hexdigest() == digest else "is another than the installed one"

    found = problem()
    if found and address and "google.colab" in sys.modules:
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", address]
        done = subprocess.run(pip, capture_output=True, text=True)
        if done.returncode:
            print(done.stderr)
        for name in [name for name in sys.modules if name.split(".")[0] == module.split(".")[0]]:
            del sys.modules[name]
        found = problem()
    if found:
        message = f"{about}, which this notebook needs, {found}: {advice}"
        if "not installed" in found:
            raise ModuleNotFoundError(message)
        print(f"Warning: {message}")


check_library('''


@dataclass(frozen=True)
class Package:
    """The library of one framework, as it is exported.

    ``distribution`` and ``version`` are those of its ``pyproject.toml``, or stand for them;
    ``needs`` are the packages that it asks for. ``text`` is the framework's module, ``files`` are
    the others, by their paths in the folder.
    """

    module: str
    text: str
    distribution: str
    version: str
    needs: tuple[str, ...]
    files: Mapping[str, bytes]

    @property
    def digest(self) -> str:
        """The hash that identifies this module."""
        return hashlib.sha256(self.text.encode()).hexdigest()

    @property
    def code(self) -> dict[str, bytes]:
        """The modules, by their paths below the folder."""
        name, module = self.module.split(".", 1)
        modules = {path: data for path, data in self.files.items() if path.startswith(f"{name}/")}
        return modules | {f"{name}/{module}.py": self.text.encode()}

    @cached_property
    def wheel(self) -> tuple[str, bytes]:
        """The file that pip installs: its name, which says what is in it, and its bytes.

        The same library gives the same file, and a different one a different name.
        """
        return wheel(self.distribution, self.version, self.needs, self.code, self.files.get("LICENSE"))


def package(text: str, tab: Tab, settings: LibrarySettings, files: Mapping[str, bytes]) -> Package:
    """Return the package of ``tab``, whose module's text is ``text``.

    ``files`` are those of the library's folder that belong to no framework.
    """
    project: dict[str, Any] = {}
    with contextlib.suppress(tomllib.TOMLDecodeError, UnicodeDecodeError):  # our wheel needs no such file
        project = tomllib.loads(files.get("pyproject.toml", b"").decode()).get("project", {})
    name = str(project.get("name") or settings.package)
    needs = tuple(map(str, project.get("dependencies", ())))
    return Package(
        f"{settings.package}.{tab.module}", text, name, str(project.get("version") or "0"), needs, files
    )


def branch_of(repository: Repository, tab: str) -> str:
    """Return the branch that has the exported notebooks of ``tab``."""
    return repository.branch.replace("{tab}", tab)


def wheel_address(package: Package, tab: str, repository: Repository | None, site: str) -> str:
    """Return where pip finds the library of ``tab``; empty if it is published nowhere.

    The branches for Colab and Binder keep the libraries of earlier days; a site has today's alone.
    ``site`` is the address of the published exports, empty if there are none.
    """
    name, data = package.wheel
    if repository is not None:
        path = f"{repository.url.removeprefix('https://github.com/')}/{branch_of(repository, tab)}"
        start = f"https://raw.githubusercontent.com/{quote(path)}"
    elif site:
        start = f"{site.rstrip('/')}/ipynb/{tab}"
    else:
        return ""
    return f"{start}/{LIBRARY_FOLDER}/{quote(name)}#sha256={hashlib.sha256(data).hexdigest()}"


def check_cell(package: Package, address: str) -> str:
    """Return the code that looks for the library; on Colab it installs it from ``address``."""
    name, _ = package.wheel
    about = f"the library {package.distribution} {package.version}"
    advice = f"run 'pip install \"{address}\"'"
    if not address:
        advice = f"run 'pip install {LIBRARY_FOLDER}/{name}' in the folder of all notebooks of this book"
    values = [package.module, package.digest, about, address, advice]
    return _CHECK + "".join(f"\n    {value!r}," for value in values) + "\n)\ndel check_library"


def companions(package: Package | None, requirements: str, framework: Tab, python: str) -> dict[str, bytes]:
    """Return the files beside the notebooks of a framework, which run on ``python``, by name."""
    first = "".join(f"{line}\n" for line in framework.binder_requirements)
    files = {
        "requirements.txt": requirements,
        "binder/requirements.txt": f"{first}-r ../requirements.txt\n",
        "binder/runtime.txt": f"python-{python}\n",
    }
    steps = ["python -m venv env", "env/bin/pip install -r requirements.txt jupyterlab"]
    companions: dict[str, bytes] = {}
    if package is not None:
        name, data = package.wheel
        companions = {
            f"{LIBRARY_FOLDER}/{path}": content
            for path, content in (*package.files.items(), *package.code.items())
        }
        companions[f"{LIBRARY_FOLDER}/{name}"] = data
        files["requirements.txt"] = f"{requirements.rstrip()}\n./{LIBRARY_FOLDER}/{name}\n"
    run = "\n".join([*steps, "env/bin/jupyter lab"])
    files["README.md"] = (
        f"# {framework.name}\n\nThe notebooks of the book for one framework, with the library that they use."
        f"\n\n```bash\n{run}\n```\n"
    )
    return companions | {name: text.encode() for name, text in files.items()}

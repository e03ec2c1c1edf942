"""The library that goes with exported notebooks: as a cell of each, and as a package beside them.

Each framework's folder of notebooks is whole: its library module, the pinned packages, and what
Binder wants to know. Whether the installed library is the right one is a question of its bytes,
not of a version that may not have been raised. See decision 27 in ``docs/decisions``.
"""

import contextlib
import hashlib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from tabbook.config import LibrarySettings, Repository, Tab
from tabbook.export.files_cell import packed
from tabbook.export.wheel import wheel

LIBRARY_FOLDER = "d2l_lib"
"""The folder of the library beside the notebooks."""
_BRING = '''\
# @title The library of this book
def bring_library(module, digest, files):
    """Make the library of this notebook importable, unless the very same one is installed."""
    import atexit
    import base64
    import bz2
    import hashlib
    import importlib.util
    import shutil
    import sys
    import tempfile
    from pathlib import Path

    try:
        spec = importlib.util.find_spec(module)
    except ModuleNotFoundError:
        spec = None
    if spec and spec.origin:
        text = Path(spec.origin).read_bytes().replace(b"\\r\\n", b"\\n")
        if hashlib.sha256(text).hexdigest() == digest:
            return
        print(f"{spec.origin} is another library. This notebook uses the one that it contains.")
    folder = Path(tempfile.mkdtemp(prefix="library-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(bz2.decompress(base64.b64decode(content)))
    sys.path.insert(0, str(folder))
    package = module.split(".")[0]
    for name in [name for name in sys.modules if name.split(".")[0] == package]:
        del sys.modules[name]
    importlib.invalidate_caches()


bring_library('''


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
        """The modules and the files beside them, by their paths below the folder."""
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


def library_cell(package: Package, *, with_data: bool) -> str:
    """Return the code that makes the library importable where it is not installed.

    It contains the library, so that a notebook runs wherever it was saved. ``with_data`` also takes the
    files beside the modules, such as the text that stands in for a missing one.
    """
    lines = [
        f"        {name!r}: {packed(data)!r},"
        for name, data in sorted(package.code.items())
        if with_data or name.endswith(".py")
    ]
    start = [_BRING, f"    {package.module!r},", f"    {package.digest!r},", "    {"]
    return "\n".join([*start, *lines, "    },", ")", "del bring_library"])


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

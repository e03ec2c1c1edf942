"""The library that goes with exported notebooks, and the cell that looks for it.

Each framework's folder of notebooks is whole: its library module, the pinned packages, and what
Binder wants to know. Whether the installed library is the right one is a question of its bytes,
not of a version that somebody may have forgotten to raise.
"""

import hashlib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass

from tabbook.config import Library, Repository, Tab

FOLDER = "d2l_lib"
"""The folder of the library beside the notebooks."""
_CHECK = '''\
# @title Is the library of this book installed?
def check_library(module, digest, about, install, advice):
    """Look for the library that this notebook was made with; on Colab, install it."""
    import hashlib
    import importlib.util
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
    if found and install and "google.colab" in sys.modules:
        get_ipython().run_line_magic("pip", install)
        for name in [name for name in sys.modules if name.split(".")[0] == module.split(".")[0]]:
            del sys.modules[name]
        found = problem()
    if found:
        message = f"{about}, which this notebook needs, {found}: {advice}"
        if "not installed" in found:
            raise ModuleNotFoundError(message)
        print(f"Warning: {message}")


check_library('''


@dataclass(frozen=True, slots=True)
class Package:
    """The library of one framework, as it is exported.

    ``version`` and ``distribution`` are those of its ``pyproject.toml``, where it has one.
    ``text`` is the framework's module, ``files`` are the others, by their paths in the folder.
    """

    module: str
    text: str
    distribution: str = ""
    version: str = ""
    files: Mapping[str, bytes] | None = None

    @property
    def digest(self) -> str:
        """The hash that tells this module from all others."""
        return hashlib.sha256(self.text.encode()).hexdigest()


def package(text: str, tab: Tab, library: Library, files: Mapping[str, bytes]) -> Package:
    """Return the package of ``tab``, whose module's text is ``text``.

    ``files`` are those of the library's folder that belong to no framework.
    """
    project = {}
    if "pyproject.toml" in files:
        try:
            project = tomllib.loads(files["pyproject.toml"].decode()).get("project", {})
        except (tomllib.TOMLDecodeError, UnicodeDecodeError):
            project = {}
    name = f"{library.package}.{tab.module}"
    return Package(name, text, str(project.get("name", "")), str(project.get("version", "")), files)


def branch_of(repository: Repository, tab: str) -> str:
    """Return the branch that has the exported notebooks of ``tab``."""
    return repository.branch.replace("{tab}", tab)


def check_cell(package: Package, repository: Repository | None, tab: str) -> str:
    """Return the code that looks for the library, and installs it on Colab."""
    about = " ".join(filter(None, ("the library", package.distribution, package.version)))
    if repository is None:
        install = ""
        advice = f"put the folder {FOLDER} of the notebooks on PYTHONPATH"
        if package.distribution:
            advice = f"run 'pip install --no-deps ./{FOLDER}' in the folder of the notebooks"
    else:
        source = f"git+{repository.url}@{branch_of(repository, tab)}#subdirectory={FOLDER}"
        # Colab brings the framework, and a Python of its own choice.
        install = f'install --quiet --no-deps --ignore-requires-python "{source}"'
        advice = f"run 'pip install --no-deps \"{source}\"'"
    values = [package.module, package.digest, about, install, advice]
    return _CHECK + "".join(f"\n    {value!r}," for value in values) + "\n)\ndel check_library"


def companions(package: Package | None, library: Library, requirements: str, title: str) -> dict[str, bytes]:
    """Return the files beside the notebooks of a framework, by name."""
    files = {"requirements.txt": requirements, "runtime.txt": "python-3.11\n"}
    steps = ["python -m venv env", "env/bin/pip install -r requirements.txt jupyterlab"]
    found: dict[str, bytes] = {}
    if package is not None:
        for name, data in (package.files or {}).items():
            found[f"{FOLDER}/{name}"] = data
        module = package.module.rsplit(".", 1)[-1]
        found[f"{FOLDER}/{library.package}/{module}.py"] = package.text.encode()
        if package.distribution:
            files["requirements.txt"] = f"{requirements.rstrip()}\n./{FOLDER}\n"
    run = "\n".join([*steps, "env/bin/jupyter lab"])
    files["README.md"] = (
        f"# {title}\n\nThe notebooks of the book for one framework, with the library that they use."
        f"\n\n```bash\n{run}\n```\n"
    )
    return found | {name: text.encode() for name, text in files.items()}

"""The layers of the toolchain, as its own imports show them."""

import ast
import importlib
import inspect
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import tabbook

ROOT = Path(tabbook.__file__).parent
MODULES = {
    ".".join(("tabbook", *path.relative_to(ROOT).with_suffix("").parts)).removesuffix(".__init__"): path
    for path in sorted(ROOT.rglob("*.py"))
}
FRAMEWORKS = {"torch", "jax", "flax", "optax", "tensorflow", "keras", "mxnet"}
PLUGINS = [
    pytest.param(path, id=path.relative_to(ROOT.parent / "plugins").as_posix())
    for path in sorted(ROOT.parent.glob("plugins/*/tabbook_*/**/*.py"))
]
# What plugins may import: any of them, importers, executors.
FOR_PLUGINS = [
    "errors files machine model quantities yaml_text",
    "importers.contents importers.importer importers.fallback importers.project importers.report",
    "code execute.outputs extract.saved lexemes",
    "statement_lines merge.bundled project.branches project.conditions",
    "project.names read.markdown read.slides",
    "book cache environments execute.processes keys.key",
    "plan.planner plan.data plan.gpus plan.memory plan.job_spec",
    "run.executors run.schedule",
]
RENDERERS = {"sphinx", "docutils", "myst_nb", "jupyter_book", "sphinx_design", "sphinx_book_theme"}

# From the ground up: a module imports only what stands before it, or its own package.
LAYERS = [
    "errors language quantities files cache lexemes machine lazy_imports pythons urls environ tab",
    "plugins parallel yaml_text framework",
    "config code",
    "contents statement_lines model",
    "sphinx_config",
    "declared_files",
    "read",
    "book_files",
    "project",
    "extract section_faults",
    "book",
    "library environments keys",
    "checks kernel_specs store merge",
    "plan",
    "execute status",
    "run export importers",
    "render",
    "cli",
    "__main__",
]


def imported(path: Path) -> Iterator[str]:
    """Yield the modules that a file imports, wherever in it."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are absolute"
            module = node.module or ""
            yield module
            yield from (f"{module}.{alias.name}" for alias in node.names if module == "tabbook")


def packages(path: Path) -> set[str]:
    return {name.split(".")[0] for name in imported(path)}


@pytest.mark.parametrize("name", sorted(MODULES))
def test_no_module_imports_a_framework(name: str) -> None:
    assert not packages(MODULES[name]) & FRAMEWORKS


@pytest.mark.parametrize("name", [n for n in sorted(MODULES) if not n.startswith("tabbook.render")])
def test_only_the_renderer_imports_sphinx(name: str) -> None:
    allowed = {"jupyter_book"} if name in ("tabbook.cli.app", "tabbook.render.site") else set()
    assert not packages(MODULES[name]) & (RENDERERS - allowed)


@pytest.mark.parametrize("name", ["tabbook", "tabbook.tab"])
def test_what_kernels_import_needs_nothing_but_ipython(name: str) -> None:
    assert packages(MODULES[name]) <= set(sys.stdlib_module_names) | {
        "IPython",
        "ipywidgets",
        "yaml",
        "tabbook",
    }
    assert not [module for module in imported(MODULES[name]) if module.startswith("tabbook.")]


def test_the_core_imports_downwards_only() -> None:
    level = {name: number for number, line in enumerate(LAYERS) for name in line.split()}
    assert set(level) == {name.split(".")[1] for name in MODULES if name != "tabbook"}
    upwards = [
        f"{name} imports {module}"
        for name in MODULES
        if (part := name.split(".")[1:2]) and part[0] in level
        for module in imported(MODULES[name])
        if module in MODULES
        and module != "tabbook"
        and (other := module.split(".")[1]) != part[0]
        and level.get(other, len(LAYERS)) >= level[part[0]]
    ]
    assert upwards == []


@pytest.mark.parametrize("name", sorted(MODULES))
def test_the_core_imports_no_plugin(name: str) -> None:
    """It finds them by their entry points, so that one that is missing costs a line and no traceback."""
    assert not [package for package in packages(MODULES[name]) if package.startswith("tabbook_")]


@pytest.mark.parametrize("path", PLUGINS)
def test_a_plugin_imports_what_is_public_and_no_other_plugin(path: Path) -> None:
    allowed = {"tabbook", *(f"tabbook.{name}" for line in FOR_PLUGINS for name in line.split())}
    own = path.relative_to(ROOT.parent / "plugins").parts[1]
    others = {module for module in imported(path) if module.startswith("tabbook")} - allowed
    assert [module for module in sorted(others) if module.split(".")[0] != own] == []


@pytest.mark.parametrize("path", PLUGINS)
def test_modules_of_plugins_are_small_and_say_what_they_are_for(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 400
    assert ast.get_docstring(ast.parse(text))
    assert not packages(path) & (FRAMEWORKS | RENDERERS)


@pytest.mark.parametrize("name", sorted(MODULES.keys() - {"tabbook.machine"}))
def test_cores_are_counted_in_one_place(name: str) -> None:
    """A count that knows no control groups starts far too many processes in a container."""
    source = MODULES[name].read_text(encoding="utf-8")
    assert not [word for word in ("cpu_count", "sched_getaffinity") if word in source]


@pytest.mark.parametrize("name", sorted(MODULES))
def test_modules_are_small(name: str) -> None:
    assert len(MODULES[name].read_text(encoding="utf-8").splitlines()) <= 400


@pytest.mark.parametrize("name", sorted(MODULES))
def test_modules_say_what_they_are_for(name: str) -> None:
    assert ast.get_docstring(ast.parse(MODULES[name].read_text(encoding="utf-8")))


def test_docstrings_and_comments_name_classes_and_constants_that_exist() -> None:
    """A rename does not reach them by itself."""
    paths = [*MODULES.values(), *(case.values[0] for case in PLUGINS)]
    sources = {path: path.read_text(encoding="utf-8") for path in paths}
    quoted = re.compile(r"(?<!`)(`{1,2})([A-Z]\w+)(?:\.\w+)*\1(?!`)")
    code = quoted.sub("", "\n".join(sources.values()))
    existing = set(re.findall(r"\w+", code))
    gone = [
        f"{path.name}: {name[0]}"
        for path, text in sources.items()
        for name in quoted.finditer(text)
        if name[2] not in existing
    ]
    assert gone == []


def public_names(path: Path) -> list[str]:
    """Return what ``__all__`` of a module lists."""
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__":
            return [str(name) for name in ast.literal_eval(node.value)]
    return []


PUBLIC = {name: names for name, path in MODULES.items() if (names := public_names(path))}


def test_the_maintainers_page_lists_the_modules_for_other_tools() -> None:
    """Other tools rely on what ``__all__`` lists, so each list is one that we promised."""
    page = (ROOT.parent / "docs/maintainers.md").read_text(encoding="utf-8")
    table = page.split("## For other tools")[1].split("\n## ")[0]
    core = {name for name in PUBLIC if not name.startswith("tabbook.importers")}
    assert set(re.findall(r"`(tabbook\.[\w.]+)`", table)) == core


@pytest.mark.parametrize("name", sorted(PUBLIC))
def test_what_other_tools_may_import_exists_and_is_described(name: str) -> None:
    module = importlib.import_module(name)
    assert len(set(PUBLIC[name])) == len(PUBLIC[name])
    for public in PUBLIC[name]:
        value = getattr(module, public)
        if inspect.isclass(value) or inspect.isroutine(inspect.unwrap(value)):
            text = inspect.getdoc(value) or ""
            assert text and not text.startswith(f"{public}("), f"{name}.{public} has no docstring"
        else:
            assert re.search(
                rf'^{public}\b.*\n"""|^from .*\b{public}\b', MODULES[name].read_text(encoding="utf-8"), re.M
            )


@pytest.mark.parametrize("name", [n for n, path in MODULES.items() if path.name == "__init__.py"])
def test_no_name_of_a_package_hides_one_of_its_modules(name: str) -> None:
    """``from tabbook.plan.planner import jobs`` must not depend on what was imported before."""
    names: set[str] = set()
    for node in ast.parse(MODULES[name].read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Import | ast.ImportFrom):
            names.update(alias.asname or alias.name for alias in node.names)
        elif isinstance(node, ast.FunctionDef | ast.ClassDef):
            names.add(node.name)
        else:
            names.update(n.id for n in ast.walk(node) if isinstance(n, ast.Name))
    assert not {part for part in names if f"{name}.{part}" in MODULES}


@pytest.mark.parametrize(
    "name", ["tabbook.run.locks", "tabbook.plan.gpus", "tabbook.store.entry", "tabbook.keys.uses"]
)
def test_importing_a_leaf_loads_little(name: str) -> None:
    """What needs one function must not wait for the whole toolchain: packages hold no code of their own."""
    count = "print(sum(name.split('.')[0] == 'tabbook' for name in sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", f"import sys, {name}; {count}"], capture_output=True, text=True, check=True
    )
    assert int(done.stdout) < 15

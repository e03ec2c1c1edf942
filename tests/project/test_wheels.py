"""What pip installs: the core by itself, and plugins beside it, where nothing of ours is."""

import shutil
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest
from commands import ROOT

UV = Path(sys.executable).with_name("uv")
LEFT_OUT = shutil.ignore_patterns("__pycache__", "*.egg-info", "build", "tests")
PLUGINS = sorted(path.parent.relative_to(ROOT).as_posix() for path in ROOT.glob("plugins/*/pyproject.toml"))


def uv(*arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run([UV, *map(str, arguments)], capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The wheel of each distribution, by its folder; built from a copy, since builds leave files behind."""
    pytest.importorskip(
        "setuptools", "77", reason="setuptools, which builds wheels, is not in this environment"
    )
    folder = tmp_path_factory.mktemp("wheels")
    built = {}
    for name in (".", *PLUGINS):
        copy = folder / "source" / name
        if name == ".":
            shutil.copytree(ROOT / "tabbook", copy / "tabbook", ignore=LEFT_OUT)
            for file in ("pyproject.toml", "LICENSE", "LICENSE-TEXT"):
                shutil.copy(ROOT / file, copy)
        else:
            shutil.copytree(ROOT / name, copy, ignore=LEFT_OUT)
        out = folder / "built" / name
        options = ("--wheel", "--no-build-isolation", "--python", sys.executable, "--out-dir", out)
        done = uv("build", *options, copy)
        assert done.returncode == 0, done.stderr
        (built[name],) = out.glob("*.whl")
    return built


@pytest.fixture
def clean(tmp_path: Path) -> Path:
    """An environment that has every package of this one but those that are ours."""
    done = uv("venv", "--python", sys.executable, tmp_path / "env")
    assert done.returncode == 0, done.stderr
    others = tmp_path / "others"
    others.mkdir()
    for path in Path(sysconfig.get_path("purelib")).iterdir():
        if "tabbook" not in path.name and path.suffix != ".pth":
            (others / path.name).symlink_to(path)
    (packages,) = (tmp_path / "env").glob("lib/python*/site-packages")
    (packages / "others.pth").write_text(f"{others}\n")
    return tmp_path / "env"


def install(env: Path, *wheels: Path) -> None:
    done = uv("pip", "install", "--quiet", "--offline", "--no-deps", "--python", env / "bin/python", *wheels)
    assert done.returncode == 0, done.stderr


def tabbook(env: Path, *arguments: object) -> subprocess.CompletedProcess[str]:
    command = [env / "bin/tabbook", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=env.parent)


def test_the_core_without_plugins_says_what_is_missing(wheels: dict[str, Path], clean: Path) -> None:
    install(clean, wheels["."])
    assert tabbook(clean, "--help").returncode == 0
    shown = tabbook(clean, "import", "--help")
    assert (shown.returncode, "Commands:" in shown.stdout) == (0, False)
    for command, plugin in (
        (("import", "d2lbook", "a", "b"), "tabbook-d2lbook"),
        (("run", "--book", ROOT, "--cluster", "tcp://127.0.0.1:1"), "tabbook-dask"),
    ):
        done = tabbook(clean, *command)
        assert done.returncode == 2
        assert f"needs the plugin {plugin}, which is not installed" in done.stderr
        assert (ROOT / done.stderr.rsplit("pip install ", 1)[1].strip()).is_dir()
        assert done.stderr.count("\n") == 1


def test_the_core_without_its_extras_says_what_to_install(wheels: dict[str, Path], clean: Path) -> None:
    """Building and exporting need Sphinx and others, which the core alone does not bring."""
    install(clean, wheels["."])
    for package in ("sphinx", "docutils", "bs4", "nbconvert"):
        (clean.parent / "others" / package).unlink()
    for command in (("build",), *(("export", kind) for kind in ("pdf", "epub", "ipynb", "slides"))):
        done = tabbook(clean, *command, "--book", ROOT)
        assert done.returncode == 2, done.stderr
        (line,) = done.stderr.splitlines()
        assert "which is not installed; pip install 'tabbook[render,export]'" in line
    shown = tabbook(clean, "export", "--help")
    assert shown.returncode == 0 and "ipynb" in shown.stdout


def test_with_plugins_it_imports_a_book_and_looks_for_clusters(wheels: dict[str, Path], clean: Path) -> None:
    install(clean, *wheels.values())
    assert "--dialect" in tabbook(clean, "import", "d2lbook", "--help").stdout
    (clean.parent / "page.md").write_text("# T\n\n```{.python .input}\nx = 1\n```\n")
    assert tabbook(clean, "import", "d2lbook", "page.md", "book").returncode == 0
    assert (clean.parent / "book/_config.yml").is_file()
    done = tabbook(clean, "run", "--book", "book", "--cluster", "nonsense://")
    assert "installed are: tcp, tls" in done.stderr
    done = tabbook(clean, "run", "--book", "book", "--cluster", "tcp://127.0.0.1:1")
    assert (done.returncode, "cannot be reached" in done.stderr) == (2, True)


def test_the_wheel_of_the_core_holds_its_data_and_nothing_of_plugins(wheels: dict[str, Path]) -> None:
    """A folder that the configuration forgets is missing only where tabbook is installed, not in a clone."""
    packed = set(zipfile.ZipFile(wheels["."]).namelist())
    files = {path.relative_to(ROOT).as_posix() for path in (ROOT / "tabbook").rglob("*") if path.is_file()}
    assert {name for name in files - packed if "__pycache__" not in name} == set()
    assert {name.split("/")[0] for name in packed} == {"tabbook", "tabbook-0.1.0.dist-info"}


@pytest.mark.parametrize("name", PLUGINS)
def test_the_wheel_of_a_plugin_holds_its_package_alone(name: str, wheels: dict[str, Path]) -> None:
    package = Path(name).name.replace("-", "_")
    top = {member.split("/")[0] for member in zipfile.ZipFile(wheels[name]).namelist()}
    assert top == {package, f"{package}-0.1.0.dist-info"}

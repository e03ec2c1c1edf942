"""Sections in a live notebook: cells of other tabs step aside, all others behave as always."""

import ast
import os
import sys
import types
from pathlib import Path

import pytest
import yaml
from IPython.core.error import UsageError
from IPython.core.interactiveshell import InteractiveShell
from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
from jupyter_client.manager import KernelManager
from traitlets.config import Config

from tabbook import tab as extension
from tabbook.execute.outputs import without_colours
from tabbook.tab import Tabs, load_ipython_extension, transform, unload_ipython_extension

ROOT = Path(__file__).parents[2]
ENVIRONMENTS = ROOT / ".tabbook/environments"


@pytest.fixture
def tabs(monkeypatch):
    """Return the tabs of a notebook whose kernel is for JAX, as the extension has them."""
    monkeypatch.setenv("TABBOOK_TAB", "jax")
    monkeypatch.setenv("TABBOOK_TABS", "pytorch,jax,mxnet")
    monkeypatch.setattr(extension, "tab", Tabs())
    return extension.tab


@pytest.fixture
def shell(tabs, tmp_path, monkeypatch):
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path))
    made = InteractiveShell(config=Config({"HistoryManager": {"enabled": False}, "colors": "nocolor"}))
    load_ipython_extension(made)
    load_ipython_extension(made)
    yield made
    unload_ipython_extension(made)
    unload_ipython_extension(made)
    assert "tab" not in made.user_ns
    assert transform not in made.input_transformers_cleanup


class TestSelection:
    def test_the_kernels_own_framework_comes_first(self, tabs):
        assert tabs.current == "jax"
        assert repr(tabs) == "<tab jax, of pytorch, jax, mxnet>"

    def test_without_one_it_is_the_first_that_is_installed(self, monkeypatch, tmp_path):
        """The book above the notebook says which package each tab needs, whatever the tab is called."""
        monkeypatch.delenv("TABBOOK_TAB", raising=False)
        monkeypatch.delenv("TABBOOK_TABS", raising=False)
        tabs = {"odd": {"module": "no_such"}, "even": {"module": "x", "distribution": "ipython"}}
        text = yaml.safe_dump({"sphinx": {"config": {"tabbook": {"tabs": tabs}}}}, sort_keys=False)
        (tmp_path / "_config.yml").write_text(text)
        (tmp_path / "chapters").mkdir()
        monkeypatch.chdir(tmp_path / "chapters")
        assert (Tabs().offered, Tabs().current) == (("odd", "even"), "even")
        monkeypatch.setattr(extension, "_is_installed", lambda _: False)
        assert Tabs().current == "odd"

    @pytest.mark.parametrize("config", [None, "a: [", "sphinx: 3", "- 1"])
    def test_where_no_book_says_the_tabs_the_notebook_does(self, monkeypatch, tmp_path, config, capsys):
        monkeypatch.delenv("TABBOOK_TAB", raising=False)
        monkeypatch.delenv("TABBOOK_TABS", raising=False)
        monkeypatch.setitem(sys.modules, "ipywidgets", None)
        if config:
            (tmp_path / "_config.yml").write_text(config)
        monkeypatch.chdir(tmp_path)
        made = Tabs()
        for ask in (made.interact_select, lambda: made.selected("ipython"), lambda: made.select("ipython")):
            with pytest.raises(UsageError, match="name the tabs first"):
                ask()
        made.interact_select("no-such", "ipython")
        assert made.selected("ipython")

    def test_a_tab_that_the_book_lacks_is_offered_if_the_kernel_is_for_it(self, monkeypatch):
        monkeypatch.setenv("TABBOOK_TAB", "odd")
        assert Tabs().current == "odd"

    def test_selected_is_truthful(self, tabs):
        assert tabs.selected("jax")
        assert tabs.selected("pytorch", ["mxnet", "jax"])
        assert not tabs.selected(["pytorch"])
        tabs.select("pytorch")
        assert tabs.selected("pytorch")

    @pytest.mark.parametrize("ask", [lambda t: t.selected("jaxx"), lambda t: t.select("jaxx")])
    def test_unknown_tabs_are_an_error_that_names_the_known(self, tabs, ask):
        with pytest.raises(UsageError, match=r"'jaxx'.*pytorch, jax, mxnet"):
            ask(tabs)

    def test_selected_needs_names(self, tabs):
        with pytest.raises(UsageError, match="needs the names"):
            tabs.selected()

    def test_without_widgets_a_line_says_how_to_choose(self, tabs, capsys, monkeypatch):
        monkeypatch.setitem(sys.modules, "ipywidgets", None)
        tabs.interact_select("mxnet", "jax")
        assert (
            capsys.readouterr().out
            == "The selected tab is jax, of mxnet, jax. To choose another: tab.select('mxnet')\n"
        )
        tabs.interact_select(["jax"])
        assert capsys.readouterr().out == "The selected tab is jax, of jax.\n"

    def test_a_section_without_the_kernels_framework_selects_another(self, tabs, monkeypatch):
        monkeypatch.setitem(sys.modules, "ipywidgets", None)
        monkeypatch.setattr(extension, "_is_installed", lambda name: name == "mxnet")
        tabs.interact_select("pytorch", "mxnet")
        assert tabs.current == "mxnet"

    def test_a_choice_outlives_the_next_section_of_a_kernel_for_no_framework(self, tabs, monkeypatch):
        monkeypatch.setitem(sys.modules, "ipywidgets", None)
        monkeypatch.delenv("TABBOOK_TAB")
        tabs.select("mxnet")
        tabs.interact_select("pytorch", "mxnet")
        assert tabs.current == "mxnet"
        tabs.interact_select()
        assert tabs.offered == ("pytorch", "mxnet")

    def test_with_widgets_there_is_a_drop_down(self, tabs, monkeypatch, capsys):
        menus = []

        class Dropdown:
            def __init__(self, **options):
                self.options = options
                menus.append(self)

            def observe(self, function, names):
                self.function = function

        monkeypatch.setitem(sys.modules, "ipywidgets", types.SimpleNamespace(Dropdown=Dropdown))
        tabs.interact_select("pytorch", "jax")
        assert menus[0].options == {"options": ["pytorch", "jax"], "value": "jax", "description": "tab"}
        menus[0].function({"new": "pytorch"})
        assert tabs.selected("pytorch")


class TestCells:
    @pytest.mark.parametrize(
        "mark",
        ["%%tab jax", "%%tab pytorch, jax", "%%tab all", "#@tab jax", "# @tab all", "%%tab jax pytorch"],
    )
    def test_a_cell_of_the_selected_tab_runs(self, shell, mark):
        assert shell.run_cell(f"{mark}\nx = 7\nx").result == 7

    @pytest.mark.parametrize("mark", ["%%tab pytorch, mxnet", "#@tab pytorch,mxnet"])
    def test_a_cell_of_other_tabs_says_so(self, shell, mark, capsys):
        assert shell.run_cell(f"{mark}\nx = 7 (").success
        assert (
            capsys.readouterr().out == "Skipped: this cell is for pytorch, mxnet; the selected tab is jax\n"
        )
        assert "x" not in shell.user_ns

    @pytest.mark.parametrize(
        ("mark", "message"),
        [
            ("%%tab jaxx", "unknown tab 'jaxx'"),
            ("%%tab jax, jaxx", "unknown tab 'jaxx'"),
            ("%%tab", "names tabs, or all"),
            ("%%tab all, jax", "names tabs, or all"),
        ],
    )
    def test_a_wrong_mark_is_an_error_that_stops_the_notebook(self, shell, mark, message, capsys):
        result = shell.run_cell(f"{mark}\nx = 7")
        assert not result.success
        assert message in str(result.error_in_exec)
        assert "x" not in shell.user_ns

    def test_the_name_tab_is_there_and_may_be_taken(self, shell, capsys):
        assert shell.run_cell("tab.selected('jax')").result is True
        shell.run_cell("tab = 3")
        shell.run_cell("%%tab pytorch\n1")
        del shell.user_ns["tab"]
        assert "Skipped" in capsys.readouterr().out

    def test_magics_below_the_mark_work(self, shell, capsys):
        shell.run_cell("%%tab jax\n%%capture kept\nprint('inside')")
        shell.run_cell("%%tab jax\n%env D2L_TEST=1")
        shell.run_cell("%%capture\n%%tab pytorch\nx = 7")
        assert shell.user_ns["kept"].stdout == "inside\n"
        assert "Skipped" not in capsys.readouterr().out
        assert "x" not in shell.user_ns
        os.environ.pop("D2L_TEST", None)

    def test_errors_name_their_line(self, shell, capsys):
        result = shell.run_cell("%%tab jax\nx = 1\n1 / 0")
        assert isinstance(result.error_in_exec, ZeroDivisionError)
        assert "> 3 1 / 0" in without_colours(capsys.readouterr().out)

    def test_await_works_below_the_mark(self, shell):
        assert shell.run_cell("%%tab jax\nimport asyncio\nawait asyncio.sleep(0, 5)").result == 5

    def test_the_magic_itself_does_the_same(self, shell, capsys):
        shell.run_cell_magic("tab", "jax", "y = 2")
        shell.run_cell_magic("tab", "pytorch", "y = 3")
        assert shell.user_ns["y"] == 2
        assert "Skipped" in capsys.readouterr().out

    @pytest.mark.parametrize("lines", [[], ["x = 1\n"], ["x = 1\n", "%%tab jax\n"], ["%%tabular\n"]])
    def test_other_cells_are_left_alone(self, tabs, lines):
        assert transform(list(lines)) == lines


def talk(python, tab, sources):
    """Run ``sources`` in a fresh kernel; return for each what it printed, showed or raised."""

    class OneKernel(KernelSpecManager):
        def get_kernel_spec(self, _):
            return KernelSpec(
                argv=[str(python), "-m", "ipykernel_launcher", "-f", "{connection_file}"], language="python"
            )

    environment = {**os.environ, "PYTHONPATH": str(ROOT), "TABBOOK_TAB": tab}
    kernel = KernelManager(kernel_name="any", kernel_spec_manager=OneKernel())
    kernel.start_kernel(env=environment)
    client = kernel.blocking_client()
    client.start_channels()
    answers = []
    try:
        client.wait_for_ready(timeout=60)
        for source in sources:
            said = []

            def hear(message, said=said):
                content = message["content"]
                said.append(content.get("text") or content.get("data", {}).get("text/plain") or "")

            reply = client.execute_interactive(source, timeout=120, output_hook=hear)["content"]
            answers.append(("".join(said), reply["status"], reply.get("ename")))
    finally:
        client.stop_channels()
        kernel.shutdown_kernel(now=True)
    return answers


KERNELS = [("", sys.executable), *((tab, ENVIRONMENTS / tab / "bin/python") for tab in ("pytorch", "mxnet"))]


@pytest.mark.parametrize(("tab", "python"), KERNELS, ids=["builder", "pytorch", "mxnet"])
def test_a_section_runs_in_a_real_kernel(tab, python):
    if not Path(python).exists():
        pytest.skip(f"the environment of {tab} was not made: run tabbook env make --tab {tab}")
    own = tab or "pytorch"
    other = "mxnet" if own == "pytorch" else "pytorch"
    answers = talk(
        python,
        own,
        [
            "%load_ext tabbook.tab\ntab.interact_select('pytorch', 'mxnet', 'jax')",
            f"%%tab {own}\nx = 1\nx + 1",
            f"%%tab {other}\nx = 2",
            f"x, tab.selected('{own}'), tab.selected(['{other}'])",
            f"%%tab {own}\n%%time\n1 / 0",
            "%%tab jaxx\n1",
            f"tab.select('{other}')",
            f"%%tab {other}, jax\n%precision\nx = 3\nx",
        ],
    )
    texts = [text for text, _, _ in answers]
    assert f"value='{own}'" in texts[0] or texts[0].startswith(f"The selected tab is {own}")  # or no widgets
    assert texts[1] == "2"
    assert texts[2] == f"Skipped: this cell is for {other}; the selected tab is {own}\n"
    assert ast.literal_eval(texts[3]) == (1, True, False)
    assert answers[4][1:] == ("error", "ZeroDivisionError")
    assert answers[5][1:] == ("error", "UsageError")
    assert texts[7].endswith("3")
    assert [status for _, status, _ in answers] == ["ok"] * 4 + ["error"] * 2 + ["ok"] * 2


def test_the_extension_needs_ipython_alone():
    source = (ROOT / "tabbook/tab.py").read_text() + (ROOT / "tabbook/__init__.py").read_text()
    imported = {
        name.split(".")[0]
        for node in ast.walk(ast.parse(source))
        for name in (
            [a.name for a in node.names]
            if isinstance(node, ast.Import)
            else [getattr(node, "module", None) or ""]
        )
        if isinstance(node, ast.Import | ast.ImportFrom)
    }
    assert imported - set(sys.stdlib_module_names) <= {"IPython", "ipywidgets", "yaml"}

"""The page about installation names the versions that the book is made with, and targets that there are."""

import re

import pytest
from commands import ROOT, SETTINGS, make_targets

_TEXT = (ROOT / "chapters" / "appendix" / "installation.md").read_text(encoding="utf-8")
TABS = SETTINGS.tabs


def _pinned(requirements: str) -> dict[str, str]:
    """Return the version of each package that a file of requirements pins."""
    text = (ROOT / requirements).read_text(encoding="utf-8")
    return dict(re.findall(r"^([\w.-]+)==([\w.+]+)", text, re.MULTILINE))


def _install(tab: str) -> str:
    """Return the command that installs a framework with its versions."""
    block = re.search(rf":::\{{tab\}} {tab}\n```bash\n(.*?)```", _TEXT, re.DOTALL)
    assert block is not None
    commands = block[1].replace("\\\n", "").splitlines()
    return next(command for command in commands if "pip install" in command)


@pytest.mark.parametrize("tab", TABS)
def test_versions_are_those_of_the_requirements(tab: str) -> None:
    """Each version in the command is pinned for this framework, and the framework itself is among them."""
    pinned = _pinned(TABS[tab].requirements)
    named = dict(re.findall(r"([\w.-]+)==([\w.+]+)", _install(tab)))
    assert {"pytorch": "torch"}.get(tab, tab) in named
    assert named == {name: pinned.get(name) for name in named}


def test_every_version_is_in_a_command_that_is_checked() -> None:
    """No version is named elsewhere on the page."""
    checked = sum(len(re.findall("==", _install(tab))) for tab in TABS)
    assert _TEXT.count("==") == checked


def test_python_is_that_of_every_framework() -> None:
    """The Python of the commands is the one on which the frameworks run."""
    assert {settings.python for settings in TABS.values()} == set(re.findall(r"python(3\.\d+)", _TEXT))


def test_make_has_the_targets() -> None:
    """What the page asks make for exists."""
    assert set(re.findall(r"\bmake (\w+)$|`make (\w+)`", _TEXT, re.MULTILINE))
    for words in re.findall(r"^make (\w+)$|`make (\w+)`", _TEXT, re.MULTILINE):
        assert "".join(words) in make_targets()

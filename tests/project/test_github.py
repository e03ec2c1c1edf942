"""The workflows are valid, pinned, and may do no more than they must."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from commands import ROOT, check_tabbook, make_targets, mentioned_targets

from tabbook.config import CONFIG_FILE, read_settings

GITHUB = ROOT / ".github"
WORKFLOWS = sorted((GITHUB / "workflows").glob("*.yml"))
ACTIONS = sorted((GITHUB / "actions").glob("*/action.yml"))
FORMS = sorted(path for path in (GITHUB / "ISSUE_TEMPLATE").glob("*.yml") if path.name != "config.yml")
BIN = Path(sys.executable).parent


def load(path: Path) -> dict[str, Any]:
    data = yaml.safe_load(path.read_text(encoding="utf-8"))
    data["on"] = data.pop(True, None)  # YAML 1.1 takes the key `on` for a boolean
    return data


def named(path: Path) -> str:
    return path.relative_to(GITHUB).as_posix()


def steps(path: Path) -> Iterator[dict[str, Any]]:
    data = load(path)
    yield from data.get("runs", {}).get("steps", [])
    for job in data.get("jobs", {}).values():
        yield from job.get("steps", [])


def run(*command: str | Path) -> None:
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("schema", "paths"),
    [
        ("vendor.github-workflows", WORKFLOWS),
        ("vendor.github-actions", ACTIONS),
        ("vendor.dependabot", [GITHUB / "dependabot.yml"]),
        ("vendor.github-issue-forms", FORMS),
        ("vendor.github-issue-config", [GITHUB / "ISSUE_TEMPLATE" / "config.yml"]),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_files_follow_githubs_schemas(schema: str, paths: list[Path]) -> None:
    assert paths
    run(BIN / "check-jsonschema", "--builtin-schema", schema, *paths)


def test_zizmor_finds_nothing_even_as_an_auditor() -> None:
    options = ("--offline", "--no-progress", "--persona", "auditor", "--collect=all", "--strict-collection")
    run(BIN / "zizmor", *options, ".github", ".pre-commit-config.yaml")


def test_there_are_the_three_workflows() -> None:
    assert {path.name for path in WORKFLOWS} >= {"ci.yml", "execute.yml", "publish.yml"}


def test_every_action_is_pinned_by_hash_and_says_its_version() -> None:
    pins: dict[str, set[str]] = {}
    for path in [*WORKFLOWS, *ACTIONS]:
        for line in re.findall(r"^\s*(?:- )?uses:\s*(.+)$", path.read_text(encoding="utf-8"), re.MULTILINE):
            if line.startswith("./"):
                assert (ROOT / line).exists(), line
                continue
            match = re.fullmatch(r"([\w.-]+/[\w.-]+)(?:/[\w./-]+)?@([0-9a-f]{40}) # v\d+\.\d+\.\d+", line)
            assert match, f"{named(path)}: {line}"
            pins.setdefault(match[1], set()).add(match[2])
    assert pins
    assert [action for action, hashes in pins.items() if len(hashes) > 1] == []


@pytest.mark.parametrize("path", WORKFLOWS, ids=named)
def test_no_stranger_gets_the_rights_of_main(path: Path) -> None:
    triggers = load(path)["on"]
    assert not set(triggers) & {"pull_request_target", "workflow_run", "issue_comment", "issues"}
    assert "secrets." not in path.read_text(encoding="utf-8")
    if "pull_request" in triggers:
        assert "self-hosted" not in str(load(path)["jobs"])
        assert "vars.GPU_RUNNER" not in path.read_text(encoding="utf-8")


@pytest.mark.parametrize("path", WORKFLOWS, ids=named)
def test_permissions_are_the_least(path: Path) -> None:
    data = load(path)
    assert data["permissions"] == {"contents": "read"}
    wider = {name: job["permissions"] for name, job in data["jobs"].items() if "permissions" in job}
    expected = {"deploy": {"pages": "write", "id-token": "write"}, "notebooks": {"contents": "write"}}
    assert wider == (expected if path.name == "publish.yml" else {})


def test_the_job_that_may_write_the_repository_pushes_branches_of_notebooks_alone(tmp_path: Path) -> None:
    """Whatever the job before it made: nothing of it runs, and no other branch is pushed."""
    job = load(GITHUB / "workflows" / "publish.yml")["jobs"]["notebooks"]
    take, push = job["steps"]
    assert take["uses"].startswith("actions/download-artifact@") and list(push) == ["name", "run", "env"]

    def git(folder: str, *arguments: str, given: str = "") -> str:
        command = ["git", "-c", "user.name=n", "-c", "user.email=e", "-C", str(tmp_path / folder), *arguments]
        return subprocess.run(command, input=given, capture_output=True, text=True, check=True).stdout.strip()

    for folder in ("made", "remote"):
        git("", "init", "--quiet", "--bare", folder)
        commit = git(folder, "commit-tree", "-m", folder, git(folder, "mktree"))
        git(folder, "update-ref", "refs/heads/main", commit)
    tree = git("remote", "rev-parse", "main^{tree}")
    first = git("remote", "commit-tree", "-m", "first", tree)
    second = git("remote", "commit-tree", "-m", "second", "-p", first, tree)
    git("remote", "update-ref", "refs/heads/notebooks-jax", second)
    git("made", "fetch", "--quiet", "--depth=1", (tmp_path / "remote").as_uri(), "notebooks-jax")
    third = git("made", "commit-tree", "-m", "third", "-p", second, tree)
    for branch, commit in (("notebooks-jax", third), ("notebooks-mxnet", "refs/heads/main"), ("evil", third)):
        git("made", "update-ref", f"refs/heads/{branch}", commit)
    git("made", "config", "core.hooksPath", str(tmp_path))
    for hook in ("pre-push", "post-checkout", "reference-transaction"):
        (tmp_path / hook).write_text("#!/bin/sh\ntouch ran\n")
        (tmp_path / hook).chmod(0o755)
    env = {**os.environ, "TOKEN": "t", "REPOSITORY": str(tmp_path / "remote")}
    done = subprocess.run(
        ["bash", "-e", "-c", push["run"]], cwd=tmp_path, env=env, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr
    found = git("remote", "for-each-ref", "--format=%(refname:short) %(subject)").splitlines()
    assert found == ["main remote", "notebooks-jax third", "notebooks-mxnet made"]
    assert git("remote", "rev-list", "--count", "notebooks-jax") == "3"
    assert not list(tmp_path.rglob("ran"))


def test_the_job_that_may_write_pages_runs_no_code_of_ours() -> None:
    deploy = load(GITHUB / "workflows" / "publish.yml")["jobs"]["deploy"]
    assert all("run" not in step and step["uses"].startswith("actions/") for step in deploy["steps"])


@pytest.mark.parametrize("path", WORKFLOWS, ids=named)
def test_jobs_end_and_checkouts_keep_no_credentials(path: Path) -> None:
    for name, job in load(path)["jobs"].items():
        assert "timeout-minutes" in job or "uses" in job, name
    for step in steps(path):
        if step.get("uses", "").startswith("actions/checkout@"):
            assert step["with"]["persist-credentials"] is False


def test_main_alone_writes_caches() -> None:
    found = 0
    for path in [*WORKFLOWS, *ACTIONS]:
        for step in steps(path):
            action = step.get("uses", "").split("@")[0]
            assert action != "actions/cache", "it saves whenever it may: use restore, and save on main"
            if action == "actions/cache/save":
                found += 1
                assert "github.ref == 'refs/heads/main'" in step["if"]
                guarded = "github.event_name == 'push'" in step["if"]
                assert guarded or "pull_request" not in load(path)["on"]
    assert found


@pytest.mark.parametrize("path", [*WORKFLOWS, *ACTIONS], ids=named)
def test_commands_of_the_workflows_exist(path: Path) -> None:
    wrong = []
    for step in steps(path):
        code = step.get("run", "")
        assert "${{" not in code, "expressions go through env, where the shell does not read them"
        wrong += [f"no target {t}" for t in mentioned_targets(code) if t not in make_targets()]
        wrong += list(check_tabbook(code))
    assert not wrong


def test_matrices_have_every_framework_of_the_book() -> None:
    """The first job asks `_config.yml`: a framework that is added there is tested and executed at once."""
    asking = set()
    for path in WORKFLOWS:
        jobs = load(path)["jobs"]
        for name, job in jobs.items():
            if "strategy" in job:
                asking.add(f"{path.name}: {name}")
                assert job["strategy"]["matrix"] == {"tab": "${{ fromJSON(needs.tabs.outputs.tabs) }}"}
                assert job["needs"] == "tabs"
                assert jobs["tabs"]["outputs"] == {"tabs": "${{ steps.list.outputs.tabs }}"}
                assert "tabbook env list --json" in jobs["tabs"]["steps"][-1]["run"]
    assert asking == {"ci.yml: library", "execute.yml: execute", "exports.yml: notebooks"}


def test_the_job_that_lists_the_frameworks_gives_a_matrix(tmp_path: Path) -> None:
    step = load(GITHUB / "workflows" / "ci.yml")["jobs"]["tabs"]["steps"][-1]
    env = {**os.environ, "GITHUB_OUTPUT": str(tmp_path / "output")}
    command = step["run"].removeprefix("make .venv/book.stamp && ")
    subprocess.run(["bash", "-e", "-c", command], cwd=ROOT, env=env, check=True)
    name, _, value = (tmp_path / "output").read_text().strip().partition("=")
    tabs = list(read_settings((ROOT / CONFIG_FILE).read_text(encoding="utf-8")).tabs)
    assert (name, json.loads(value)) == ("tabs", tabs)


def test_no_workflow_names_a_framework() -> None:
    tabs = read_settings((ROOT / CONFIG_FILE).read_text(encoding="utf-8")).tabs
    for path in [*WORKFLOWS, *ACTIONS, ROOT / "Makefile"]:
        text = re.sub(r"#.*|UV_TORCH_BACKEND|torch\.", "", path.read_text(encoding="utf-8"))
        assert not re.findall(rf"\b(?:{'|'.join(tabs)})\b", text), path


def test_publishing_waits_for_every_framework() -> None:
    jobs = load(GITHUB / "workflows" / "publish.yml")["jobs"]
    assert jobs["execute"]["uses"] == "./.github/workflows/execute.yml"
    assert (jobs["render"]["needs"], jobs["deploy"]["needs"]) == ("execute", "render")
    execute = "\n".join(step.get("run", "") for step in steps(GITHUB / "workflows" / "execute.yml"))
    assert "--strict-data" in execute


def test_hooks_are_pinned_and_ours_run_from_the_builders_environment() -> None:
    path = ROOT / ".pre-commit-config.yaml"
    run(BIN / "pre-commit", "validate-config", path)
    for line in re.findall(r"^\s*rev:\s*(.+)$", path.read_text(encoding="utf-8"), re.MULTILINE):
        assert re.fullmatch(r"[0-9a-f]{40} # frozen: v\d+\.\d+\.\d+", line), line
    local = [repo for repo in load(path)["repos"] if repo["repo"] == "local"]
    entries = [hook["entry"].split()[0] for repo in local for hook in repo["hooks"]]
    assert entries
    # The library is excluded from hooks that look at files, and must not be from this one.
    (check,) = (hook for repo in local for hook in repo["hooks"] if hook["id"] == "tabbook-check")
    assert check["always_run"]
    assert all(entry.startswith(".venv/bin/") and (BIN / entry.split("/")[-1]).exists() for entry in entries)

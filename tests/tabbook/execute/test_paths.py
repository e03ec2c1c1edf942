"""No path of the machine reaches a page, in whatever form; and nothing else is touched."""

import html
import json
import os
import re
import sys
from pathlib import Path
from urllib.parse import quote

import pytest
from engine_helpers import job
from hypothesis import given
from hypothesis import strategies as st

from tabbook.execute.job import execute
from tabbook.execute.outputs import normalise
from tabbook.execute.paths import without_paths

PATHS = {
    "/tmp/job_1-x/work": "~/book",
    "/tmp/job_1-x": "~/.cache",
    "/opt/my env & más/lib": "lib",
    "/vol/me": "~",
}


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("/tmp/job_1-x/work", "~/book"),
        ("/tmp/job_1-x/work/", "~/book/"),
        ("/tmp/job_1-x/work/a.txt: in /tmp/job_1-x.", "~/book/a.txt: in ~/.cache."),
        (
            "/tmp/job_1-x/works /tmp/job_1-x/work-2 /tmp/job_1-x/work.d",
            "~/.cache/works ~/.cache/work-2 ~/.cache/work.d",
        ),
        ("/tmp/job_1-xy /tmp/job_1", "/tmp/job_1-xy /tmp/job_1"),
        ("PATH=/tmp/job_1-x/work:/bin", "PATH=~/book:/bin"),
        ("-I/tmp/job_1-x/work", "-I~/book"),
        ("\x1b[32m/tmp/job_1-x/work\x1b[0m", "\x1b[32m~/book\x1b[0m"),
        (repr("a\n/tmp/job_1-x/work\n/vol/me"), repr("a\n~/book\n~")),
        ("/net/vol/me/x ~/vol/me", "/net/vol/me/x ~/vol/me"),
        (json.dumps("/tmp/job_1-x/work").replace("/", r"\/"), '"~/book"'),
        (r"\text{/tmp/job\_1-x/work}", r"\text{~/book}"),
        ("&#x2F;tmp&#x2F;job_1-x&#47;work", "~/book"),
        (repr(Path("/opt/my env & más/lib")), "PosixPath('lib')"),
        (ascii("/opt/my env & más/lib"), "'lib'"),
        (json.dumps("/opt/my env & más/lib"), '"lib"'),
        (html.escape("/opt/my env & más/lib"), "lib"),
        (f"file://{quote('/opt/my env & más/lib')}/m.py", "file://lib/m.py"),
        (quote("/opt/my env & más/lib", safe="").lower(), "lib"),
        ("/tmp/job_1-x/tmp/job_1-x/work", "~/.cache~/book"),
    ],
)
def test_all_forms_of_a_path_are_found(text, shown):
    assert without_paths(text, PATHS) == shown


WORDS = st.sampled_from(
    [*PATHS, "/", "tmp", "job_1-x", "/work", "~", "x", " ", "\\", "&", "%2F", ".", "é", "\n"]
)
TEXT = st.one_of(st.text(), st.lists(WORDS, max_size=12).map("".join))


@given(TEXT)
def test_replacing_paths_twice_changes_nothing(text):
    once = without_paths(text, PATHS)
    assert without_paths(once, PATHS) == once


@given(st.one_of(st.text(), st.lists(WORDS.filter(lambda word: len(word) < 8), max_size=12).map("".join)))
def test_text_without_these_paths_is_left_alone(text):
    if not any(path in text.replace("%2F", "/").replace("\\", "") for path in PATHS):
        assert without_paths(text, PATHS) == text


PICTURE = "iVBORw0KGgo/tmp/job_1-x/work"


def test_all_text_of_an_output_is_looked_at_but_no_picture():
    path = "/tmp/job_1-x/work"
    data = {
        "text/plain": path,
        "text/html": f"<b>{path}</b>",
        "text/latex": path,
        "text/markdown": path,
        "image/svg+xml": f"<svg><text>{path}</text></svg>",
        "application/json": {path: [path, 1, None, {"a": path}]},
        "application/vnd.x+json": {"a": path},
        "application/javascript": path,
        "image/png": PICTURE,
    }
    shown = {"output_type": "display_data", "metadata": {}, "data": data}
    error = {"output_type": "error", "ename": "E", "evalue": path, "traceback": [path]}
    first, second = normalise([shown, error], PATHS)
    assert first["data"].pop("image/png") == PICTURE
    assert path not in json.dumps([first, second])
    assert first["data"]["application/json"] == {"~/book": ["~/book", 1, None, {"a": "~/book"}]}


SOURCES = [
    "import getpass, json, os, sys, sysconfig, tempfile\nfrom pathlib import Path\nos.getcwd(), Path.cwd()",
    "sys.executable, os.path.realpath(sys.executable), sys.prefix, os.path.realpath(sys.prefix)",
    "os.__file__, json.__file__, sysconfig.get_paths(), sys.path",
    "Path.home(), tempfile.gettempdir(), os.environ['D2L_DATA'], getpass.getuser()",
    "print(os.getcwd(), flush=True)\n!pwd\nos.system('pwd; cd /proc/self/cwd; pwd -P')",
    "Path('a b').absolute().as_uri(), json.dumps({'a': os.getcwd()}), os.path.realpath('/proc/self/cwd')",
    ("json.loads('{')", ("raises-exception",)),
    ("import asyncio\nawait asyncio.wait_for(asyncio.sleep(9), 0.01)", ("raises-exception",)),
    ("import zmq\nzmq.Context().socket(-5)", ("raises-exception",)),
    "import traceback\ntry: json.loads('{')\nexcept ValueError: traceback.print_exc()",
    "import words_of_d2l\nwords_of_d2l.__file__, os.path.realpath(os.environ['D2L_DATA'] + '/words.txt')",
]


def test_two_environments_of_two_machines_show_the_same(tmp_path):
    """Else equal outputs stand behind tabs, and pages tell where they were made."""
    results = []
    for name in ("one", "two-of-them"):
        root = tmp_path / name
        (root / "library").mkdir(parents=True)
        (root / "library/words_of_d2l.py").touch()
        (root / "words").write_text("time")
        environment = root / ".tabbook/environments/x"
        (environment / "bin").mkdir(parents=True)
        (environment / "bin/python").symlink_to(sys.executable)
        (environment / "pyvenv.cfg").write_text(f"home = {Path(os.path.realpath(sys.executable)).parent}\n")
        (environment / "lib").symlink_to(Path(sys.prefix) / "lib")
        done = execute(
            job(
                *SOURCES,
                python=str(environment / "bin/python"),
                library_folder=str(root / "library"),
                data={"words.txt": str(root / "words")},
                shared=str(root / ".tabbook"),
            )
        )
        assert done.failure is None, done.failure
        results.append(done.result.outputs)
        said = json.dumps(done.result.outputs)
        for path in (str(tmp_path), sys.prefix, "tabbook-job-", os.path.realpath(sys.base_prefix)):
            assert path not in said
    assert results[0] == results[1]
    texts = [[o.get("text") or o.get("data", {}).get("text/plain", "") for o in cell] for cell in results[0]]
    texts = [[re.sub(r",\s+", ",", text) for text in cell] for cell in texts]  # lines end by true lengths
    assert texts[0] == ["('~/book',PosixPath('~/book'))"]
    assert texts[1] == ["('python','python','~/env','~/env')"]
    assert texts[3] == ["(PosixPath('~'),'/tmp','~/data','reader')"]
    assert texts[4][0] == "~/book\n" * 4
    assert texts[-1] == ["('site-packages/words_of_d2l.py','~/data/words.txt')"]


def test_parts_of_a_path_name_no_folder_of_a_run() -> None:
    """The folder has another name in each run: equal outputs of two frameworks differed in it."""
    text = "('/', 'tmp', 'tabbook-job-ab12_xyz', 'book') .tabbook-job-00000000"
    assert without_paths(text, {}) == "('/', 'tmp', 'reader', 'book') reader"

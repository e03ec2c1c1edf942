"""Shell commands, magics and scripts that fail are failures, in the line where they stand."""

import pytest
from engine_helpers import job

from tabbook.execute.job import execute

SCRIPT = "open('a.py', 'w').write({!r})\n"


@pytest.mark.parametrize(
    ("source", "line", "message"),
    [
        ("!false", 10, "the command 'false' ended with status 1"),
        ("x = 1\n!ls /nope\n!true", 11, "the command 'ls /nope' ended with status 2"),
        (
            "for i in (0, 1):\n    if i:\n        !ls /nope{i}",
            12,
            "the command 'ls /nope1' ended with status 2",
        ),
        ("x = 1\ny = !ls /nope", 11, "the command 'ls /nope' ended with status 2"),
        ("\n\n%sx exit 3", 12, "the command 'exit 3' ended with status 3"),
        ("%system false", 10, "the command 'false' ended with status 1"),
        ("!!false", 10, "the command 'false' ended with status 1"),
        ("!true | false", 10, "the command 'true | false' ended with status 1"),
        ("!exit 200", 10, "the command 'exit 200' ended with status 200"),
        ("!kill -9 $$", 10, "the command 'kill -9 $$' was ended by SIGKILL"),
        ("%ls /nope", 10, "the command 'ls -F --color /nope' ended with status 2"),
        (
            "1\n%pip install not-there==1",
            11,
            "the command 'python -m pip install not-there==1' ended with status 1",
        ),
        ("%conda install x", 10, "ValueError: "),
        ("%%bash\nexit 3", 10, "CalledProcessError: "),
        ("%nosuch", 10, "UsageError: "),
        ("1\n%cd /nope", 11, "FileNotFoundError: [Errno 2] No such file or directory: '/nope'"),
        ("%pushd /nope", 10, "FileNotFoundError: "),
        ("%cd -7", 10, "FileNotFoundError: The requested directory does not exist"),
        ("%%script nosuch --flag\nx", 10, "FileNotFoundError: there is no program 'nosuch'"),
        (SCRIPT.format("x = 1\n1 / 0") + "%run a.py", 11, "ZeroDivisionError: division by zero"),
        (SCRIPT.format("import sys\nsys.exit(3)") + "%run a.py", 11, "SystemExit: 3"),
        ("%run nope.py", 10, ""),
        ("1\nexit()", 11, "the cell calls exit() or quit(), which would end the kernel"),
        ("quit()", 10, "the cell calls exit() or quit(), which would end the kernel"),
        ("import sys\nsys.exit(0)", 11, "SystemExit: 0"),
        ("class A:\n    def _repr_html_(self): 1 / 0\ndisplay(A())", 11, "ZeroDivisionError: "),
    ],
)
def test_a_command_that_fails_is_a_failure(source, line, message):
    failed = execute(job(source)).failure
    assert failed is not None
    assert failed.kind == "raised"
    assert failed.message.startswith(message)
    assert failed.line == line
    assert "<string>" not in failed.traceback


def test_what_a_failing_command_printed_is_reported():
    for source in ("!ls /nope", "x = !ls /nope"):
        assert "cannot access" in execute(job(source)).failure.output


def test_a_command_may_fail_where_the_author_says_so():
    done = execute(
        job(
            ("!false", ("raises-exception",)),
            "!false || true\nx = !ls /nope || true\nlen(x), _exit_code",
            "a = 5\n!echo {a} $a '$a'\ny = !echo {a}\ny, _exit_code",
            SCRIPT.format("import sys\nsys.exit(0)") + "%run a.py",
            ("exit()", ("raises-exception",)),
            SCRIPT.format("import sys\nsys.exit(3)") + "%run -e a.py",
        )
    )
    assert done.failure is None
    first, second, third, *_ = done.result.outputs
    assert first[0]["evalue"] == "the command 'false' ended with status 1"
    assert second[0]["data"]["text/plain"] == "(1, 0)"
    assert third[0]["text"] == "5 5 $a\n"
    assert third[1]["data"]["text/plain"] == "(['5'], 0)"

"""Starts a kernel that loses no output, and that never holds more of it than memory allows.

Its text is given to the Python of a framework's environment, which does not have tabbook. It
differs from the usual kernel in these points:

- The usual one drops messages that are more than a thousand ahead of a slow reader; this one keeps
  them until they are read.
- What a cell prints is sent in parts, as the usual one makes a single message of everything printed
  meanwhile. An output that no page could show is refused where it is made, and long messages of
  errors are shortened.
- What native code and child processes write to the file descriptors 1 and 2 appears where they
  wrote it, without the log lines of frameworks; these stay in the kernel's log.
- A shell command that fails is an error, and so is an attempt to end the kernel.
- It answers ``report_request``, which brings its own code (``tabbook.execute.kernel_info``).
"""

import codecs
import contextlib
import ctypes
import faulthandler
import fcntl
import io
import json
import os
import re
import select
import shutil
import signal
import subprocess
import sys
import termios
import threading
from typing import Any

if sys.path[0] == "":
    del sys.path[0]

from ipykernel.iostream import OutStream
from ipykernel.ipkernel import IPythonKernel
from ipykernel.kernelapp import IPKernelApp
from ipykernel.zmqshell import ZMQInteractiveShell
from IPython.core.magic import cell_magic, line_magic, magics_class
from IPython.core.magics.osm import OSMagics
from IPython.core.magics.script import ScriptMagics
from IPython.utils.process import arg_split, system  # type: ignore[attr-defined]
from IPython.utils.text import LSString, SList
from jupyter_client.session import Session
from traitlets import Int, Type, Unicode

PART_CHARS = 1_000_000
"""Characters that are sent at once."""
ERROR_CHARS = 20_000
"""Characters of the message of an error, and of each part of its traceback, that are kept."""
_NOTHING = bytes(4)
"""The number 0, as C has it."""
LOG_BYTES = 10_000_000
"""Bytes that the kernel's log may have; it starts again then."""
_LOG_LOCK = threading.Lock()
"""Held while bytes go to the kernel's log, which both streams share."""


class Stream(OutStream):
    """Standard output or error, sent in parts, with what is written past Python in its place."""

    ahead = 0
    native: "NativeOutput | None" = None

    def fileno(self) -> int:
        """Return the file descriptor, so that ``subprocess.run(…, stdout=sys.stdout)`` is shown.

        Raises:
            io.UnsupportedOperation: Nothing is read from it.
        """
        if self.native is None:
            raise io.UnsupportedOperation("fileno")
        return self.native.number

    def write(self, string: str) -> int:
        """Write ``string`` after what native code wrote before."""
        if self.native is not None and string:
            self.native.drain()
        return self.put(string)

    def put(self, string: str) -> int:
        """Write ``string``; wait, where much is on its way."""
        if isinstance(string, str) and len(string) > PART_CHARS:
            for start in range(0, len(string), PART_CHARS):
                self.put(string[start : start + PART_CHARS])
            return len(string)
        written = super().write(string)
        self.ahead += len(string)
        if self.ahead > PART_CHARS:
            self.ahead = 0
            super().flush()  # type: ignore[no-untyped-call]
        return len(string) if written is None else written

    def flush(self) -> None:
        """Send all that was written, by native code, too."""
        if self.native is not None:
            self.native.drain()
        super().flush()  # type: ignore[no-untyped-call]


class NativeOutput:
    """What native code and child processes write to a file descriptor.

    It is a named pipe, which tabbook has open as well: what is in it when the kernel dies, such as
    the reason, is not lost.
    """

    def __init__(self, number: int, path: str, stream: Stream, log: int, noise: str) -> None:
        self.number = number
        self._noise = [re.compile(pattern) for pattern in json.loads(noise)]
        self._stream, self._log, self._owner = stream, log, os.getpid()
        self._lock = threading.RLock()
        self._decode = codecs.getincrementaldecoder("utf-8")("replace").decode
        self._is_new_line, self._is_noise, self._is_busy = True, False, False
        self._source = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
        target = os.open(path, os.O_WRONLY)
        os.dup2(target, number)
        os.close(target)
        threading.Thread(target=self._watch, daemon=True, name=f"native-{number}").start()

    def _watch(self) -> None:
        """Show what arrives while Python itself writes nothing."""
        while True:
            select.select([self._source], [], [])
            self.drain()

    def drain(self) -> None:
        """Hand on what was written so far; a child that has ended has written all it ever will."""
        # In this order: what is not in the pipe any more may be in the hands of the other thread.
        if self._waiting() == _NOTHING and not self._is_busy:
            return
        if os.getpid() != self._owner:  # a fork: the pipe is its parent's to read
            return
        with self._lock:
            self._is_busy = True
            self._hand_on(int.from_bytes(self._waiting(), sys.byteorder))
            self._is_busy = False

    def _waiting(self) -> bytes:
        """Return how many bytes are in the pipe, as C has that number."""
        return fcntl.ioctl(self._source, termios.FIONREAD, _NOTHING)

    def _hand_on(self, count: int) -> None:
        """Hand on ``count`` bytes; not more, as a writer may never stop."""
        while count > 0 and (part := self._move(min(count, 1 << 16))):
            count -= len(part)
            text = self._decode(part)
            if text := text if self.number == 1 else self._without_noise(text):
                self._stream.put(text)

    def _move(self, count: int) -> bytes:
        """Move up to ``count`` bytes from the pipe to the kernel's log, and return them.

        The kernel may die before anything is sent, and tabbook then looks into both. Where the system
        has a call that moves bytes from one to the other, there is no moment at which they are in neither.
        """
        with _LOG_LOCK:
            start = os.lseek(self._log, 0, os.SEEK_CUR)
            if start > LOG_BYTES:
                os.ftruncate(self._log, 0)
                start = os.lseek(self._log, 0, os.SEEK_SET)
            if sys.platform == "linux":
                return os.pread(self._log, os.splice(self._source, self._log, count), start)
            part = os.read(self._source, count)
            os.write(self._log, part)
            return part

    def _without_noise(self, text: str) -> str:
        """Return ``text`` without the lines of logs."""
        kept = []
        for line in re.findall(r"[^\n]*\n|[^\n]+", text):
            if self._is_new_line:
                self._is_noise = any(pattern.match(line) for pattern in self._noise)
            self._is_new_line = line.endswith("\n")
            if not self._is_noise:
                kept.append(line)
        return "".join(kept)


def unbuffer_c() -> None:
    """Let C's standard output be written at once: it waits for the end of the process otherwise."""
    with contextlib.suppress(OSError, ValueError, AttributeError):  # there is no such library here
        library = ctypes.CDLL(None)
        library.setvbuf(ctypes.c_void_p.in_dll(library, "stdout"), None, 2, ctypes.c_size_t(0))


def short(text: str) -> str:
    """Return the start and the end of ``text``, with a mark where it is too long for an error."""
    left_out = len(text) - ERROR_CHARS
    if left_out <= 0:
        return text
    return f"{text[: ERROR_CHARS // 2]}[… {left_out:,} characters left out …]{text[-ERROR_CHARS // 2 :]}"


class Bounded(Session):
    """What sends messages; none that is too large."""

    most = Int(0, help="Bytes that an output may have.").tag(config=True)

    def serialize(self, msg: dict[str, Any], ident: Any = None) -> list[bytes]:
        """Return the parts of a message.

        Raises:
            ValueError: It is an output that is too large.
        """
        content = msg["content"]
        if isinstance(content, dict) and "traceback" in content:
            content["evalue"] = short(content["evalue"])
            content["traceback"] = [short(line) for line in content["traceback"]]
        parts: list[bytes] = super().serialize(msg, ident)
        if isinstance(content, dict) and "data" in content and (size := sum(map(len, parts))) > self.most:
            most = f"the most is {self.most / 1e6:g} MB"
            raise ValueError(f"an output of {size / 1e6:,.0f} MB is too large for a page: {most}")
        return parts


class CommandError(subprocess.CalledProcessError):
    """A shell command of a cell failed: ``!command``, ``%pip``, ``%sx`` and their kin."""

    def __str__(self) -> str:
        """Return which command, and how it ended."""
        number = self.returncode
        try:
            how = f"was ended by {signal.Signals(-number).name}"
        except ValueError:  # IPython makes -n of each status 128 + n
            how = f"ended with status {number if number >= 0 else 128 - number}"
        return f"the command {short(self.cmd.strip())!r} {how}"


class EndedError(RuntimeError):
    """A cell tries to end the kernel."""


@magics_class
class Folders(OSMagics):
    """Magics that change the folder; the usual ones only print that they failed."""

    @line_magic
    def cd(self, parameter_s: str = "") -> None:
        """Change the folder, or raise a ``FileNotFoundError``."""
        with contextlib.redirect_stdout(io.StringIO()) as said:
            super().cd(parameter_s)
        if re.match(r"\[Errno|The requested directory|No matching entry", text := said.getvalue()):
            raise FileNotFoundError(text.splitlines()[0])
        print(text, end="")

    line_magic(OSMagics.pushd)
    line_magic(OSMagics.popd)


@magics_class
class Scripts(ScriptMagics):
    """``%%script``, ``%%bash`` and their kin; the usual ones only print that there is no such program."""

    @cell_magic("script")  # type: ignore[arg-type]
    def shebang(self, line: str, cell: str) -> None:
        """Run a cell in another program, or raise a ``FileNotFoundError``."""
        _, command = ScriptMagics.shebang.parser.parse_known_args(arg_split(line, posix=True))
        if command and shutil.which(command[0]) is None:
            raise FileNotFoundError(f"there is no program {command[0]!r}")
        super().shebang(line, cell)

    shebang.parser = ScriptMagics.shebang.parser


class Shell(ZMQInteractiveShell):
    """A shell that lets no command fail unnoticed."""

    def init_magics(self) -> None:
        """Replace the magics that only print that they failed."""
        super().init_magics()  # type: ignore[no-untyped-call]
        self.register_magics(Folders, Scripts)

    def system(self, cmd: str) -> None:
        """Run a command, as ``!cmd`` and magics such as ``%pip`` do.

        Raises:
            CommandError: It fails.
            OSError: It ends in ``&``.
        """
        if cmd.rstrip().endswith("&"):
            raise OSError("Background processes not supported.")
        command = self.var_expand(cmd, depth=1)  # type: ignore[no-untyped-call]
        code = system(command)
        self.user_ns["_exit_code"] = code
        if code:
            raise CommandError(code, command)

    system_piped = system

    def getoutput(self, cmd: str, split: bool = True, depth: int = 0) -> Any:
        """Return what a command prints, as ``x = !cmd`` and ``%sx`` do.

        Raises:
            CommandError: It fails. What it printed is shown then, or it would be lost.
            OSError: It ends in ``&``.
        """
        if cmd.rstrip().endswith("&"):
            raise OSError("Background processes not supported.")
        command = self.var_expand(cmd, depth=depth + 1)  # type: ignore[no-untyped-call]
        done = subprocess.run(
            command,
            shell=True,
            executable=os.environ.get("SHELL"),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
        )
        printed = done.stdout.decode(errors="replace")
        self.user_ns["_exit_code"] = done.returncode
        if done.returncode:
            print(printed, end="")
            raise CommandError(done.returncode, command)
        return SList(printed.splitlines()) if split else LSString(printed)

    def safe_execfile(self, fname: Any, *where: Any, exit_ignore: bool = False, **options: Any) -> None:
        """Run a script, as ``%run`` does.

        Raises:
            BaseException: The script does, or ends with a status other than 0; not with ``%run -e``.
        """
        options["raise_exceptions"] = not exit_ignore
        super().safe_execfile(fname, *where, exit_ignore=exit_ignore, **options)  # type: ignore[no-untyped-call]

    def showtraceback(self, exc_tuple: Any = None, *arguments: Any, **options: Any) -> None:
        """Show an exception, without this file's frames, and say which line of a cell it came from."""
        tb = (exc_tuple or sys.exc_info())[2]
        place = None
        while tb is not None:
            name = self.compile.format_code_name(tb.tb_frame.f_code.co_filename)
            if name is not None and (number := re.search(r"\d+", name[1])):
                place = {"source": "place", "cell": int(number[0]), "line": tb.tb_lineno}
            while tb.tb_next is not None and tb.tb_next.tb_frame.f_globals is globals():
                tb.tb_next = tb.tb_next.tb_next
            tb = tb.tb_next
        if place is not None and self.payload_manager is not None:
            self.payload_manager.write_payload(place)
        super().showtraceback(exc_tuple, *arguments, **options)

    def ask_exit(self) -> None:
        """Refuse to end the kernel, as ``exit()`` and ``quit()`` ask.

        Raises:
            EndedError: Always: the next cells would not run.
        """
        raise EndedError("the cell calls exit() or quit(), which would end the kernel")


class Kernel(IPythonKernel):
    """A kernel with this shell, which answers questions apart from what the section's code does."""

    shell_class = Type(Shell)
    msg_types = [*IPythonKernel.msg_types, "report_request"]  # noqa: RUF012 (as its base has it)

    def report_request(self, stream: Any, ident: Any, parent: dict[str, Any]) -> None:
        """Answer with what ``report(kernel, **asked)`` of the given code returns."""
        content = parent["content"]
        namespace: dict[str, Any] = {"__name__": "report"}
        exec(content["code"], namespace)
        answer = namespace["report"](self, **content["asked"])
        assert self.session is not None
        self.session.send(stream, "report_reply", answer, parent=parent, ident=ident)


class App(IPKernelApp):
    """A kernel with all of these."""

    classes = [*IPKernelApp.classes, Bounded]  # noqa: RUF012 (traitlets wants it so)
    outstream_class = "__main__.Stream"
    kernel_class = Type(Kernel)
    noise = Unicode("[]", help="How log lines of native code begin: patterns, in JSON.").tag(config=True)
    pipes = Unicode("", help="What the paths of the two named pipes begin with.").tag(config=True)

    def _session_default(self) -> Bounded:
        return Bounded(parent=self)

    def init_iopub(self, context: Any) -> None:
        """Let no message be dropped."""
        context.sndhwm = 0
        super().init_iopub(context)  # type: ignore[no-untyped-call]

    def init_io(self) -> None:
        """Read what is written past Python, too."""
        super().init_io()  # type: ignore[no-untyped-call]
        for number, stream in ((1, sys.stdout), (2, sys.stderr)) if self.pipes else ():
            assert isinstance(stream, Stream)
            stream.native = NativeOutput(number, f"{self.pipes}{number}", stream, LOG_FILE, self.noise)


if __name__ == "__main__":
    LOG_FILE = os.dup(2)
    # Messages of the kernel itself, such as why it crashed, go to the log that failures quote.
    sys.stderr = io.TextIOWrapper(io.FileIO(os.dup(2), "w"), line_buffering=True)
    faulthandler.enable(LOG_FILE, all_threads=False)
    unbuffer_c()
    App.launch_instance()

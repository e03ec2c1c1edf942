"""How a command is stopped: by Ctrl-C, by SIGTERM, or by a terminal that is closed."""

import atexit
import contextlib
import os
import signal
import sys
import threading
from collections.abc import Iterator
from types import FrameType
from typing import NoReturn

_ASKING = ("SIGINT", "SIGTERM", "SIGHUP")


@contextlib.contextmanager
def stoppable(*, is_last: bool = False) -> Iterator[None]:
    """Let whatever asks the command to stop raise a ``KeyboardInterrupt`` in it, once.

    Asking again changes nothing: the command is tidying up, which is quick, and must not leave
    half of it. Signals that the parent process ignores (``nohup`` does) stay ignored.
    Afterwards all is as before, unless the command is the last thing that this process does.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    numbers = [getattr(signal, name) for name in _ASKING if hasattr(signal, name)]
    before = {number: signal.getsignal(number) for number in numbers}
    before = {number: handler for number, handler in before.items() if handler != signal.SIG_IGN}
    asked = False

    def ask(_number: int, _frame: FrameType | None) -> None:
        nonlocal asked
        if not asked:
            asked = True
            raise KeyboardInterrupt

    for number in before:
        signal.signal(number, ask)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, signal.SIG_IGN if asked and is_last else handler)


def end_process(status: int) -> NoReturn:
    """End this process without freeing its memory first.

    Python would free the trees of a large book one object at a time, which takes longer than a
    tenth of a check with one page changed. Exit handlers have run, and what was printed is out.
    """
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):  # the reader has gone, or it is closed
            stream.flush()
    os._exit(status)

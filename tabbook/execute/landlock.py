"""Keeps a kernel from changing anything outside of its own folders.

It is a program, ``python -I -S landlock.py OPTIONS COMMAND…``, that needs only the standard library.
It gives up the right to write outside of the given folders, and to signal or inspect other processes,
and then becomes COMMAND. Linux calls this Landlock (5.13 and later); it needs no privileges, and
COMMAND cannot undo it. On other systems, COMMAND runs without it.
"""

import ctypes
import json
import os
import struct
import sys
from collections.abc import Iterable, Sequence

_CREATE, _ADD_RULE, _RESTRICT = 444, 445, 446  # system calls, the same on all machines
_VERSION, _BENEATH = 1, 1
_DROP, _NO_NEW_PRIVILEGES = 24, 38  # of prctl
_PTRACE, _ADMIN, _PERFMON = 19, 21, 38
"""What root may give up: with these, it can read the environment variables of any process."""
_WRITE_FILE, _REFER, _TRUNCATE = 1 << 1, 1 << 13, 1 << 14
_CHANGE_FOLDER = sum(1 << number for number in range(4, 13))  # remove and make entries of any kind
_SCOPE_SIGNAL = 1 << 1
_ALWAYS = {"/dev": _WRITE_FILE, "/proc": _WRITE_FILE, "/dev/shm": -1, "/dev/mqueue": -1}
"""What every process may have to write to: the null device, its own threads' names, shared memory."""


def _call(number: int, *arguments: object) -> int:
    """Make a system call.

    Raises:
        OSError: It failed.
    """
    library = ctypes.CDLL(None, use_errno=True)
    result = int(library.syscall(ctypes.c_long(number), *arguments))
    if result < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return result


def version() -> int:
    """Return which version of Landlock this system has; 0, if none."""
    if sys.platform != "linux":
        return 0
    try:
        return _call(_CREATE, None, ctypes.c_size_t(0), ctypes.c_uint32(_VERSION))
    except OSError:
        return 0


def restrict_writes(folders: Iterable[str]) -> bool:
    """Let this process, and all that it starts, write below ``folders`` alone; say whether it is so.

    A folder that is not there is passed over.

    Raises:
        OSError: The system can do it, but refuses.
    """
    known = version()
    if not known:
        return False
    rights = _WRITE_FILE | _CHANGE_FOLDER | (known >= 2) * _REFER | (known >= 3) * _TRUNCATE
    attributes = struct.pack("QQQ", rights, 0, _SCOPE_SIGNAL)[: 24 if known >= 6 else 8]
    rules = _call(_CREATE, attributes, ctypes.c_size_t(len(attributes)), ctypes.c_uint32(0))
    for folder, allowed in {**_ALWAYS, **dict.fromkeys(folders, -1)}.items():
        try:
            handle = os.open(folder, os.O_PATH | os.O_CLOEXEC)
        except OSError:
            continue
        rule = struct.pack("=Qi", allowed & rights, handle)
        _call(_ADD_RULE, ctypes.c_int(rules), ctypes.c_int(_BENEATH), rule, ctypes.c_uint32(0))
        os.close(handle)
    for capability in (_PTRACE, _ADMIN, _PERFMON):
        ctypes.CDLL(None).prctl(_DROP, capability, 0, 0, 0)
    ctypes.CDLL(None).prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0)
    _call(_RESTRICT, ctypes.c_int(rules), ctypes.c_uint32(0))
    os.close(rules)
    return True


def restricted_command(command: Sequence[str], folders: Iterable[str]) -> list[str]:
    """Return what starts ``command`` so that it may write below ``folders`` alone, if that is possible."""
    if not version():
        return list(command)
    return [sys.executable, "-I", "-S", __file__, json.dumps({"folders": [*folders]}), *command]


if __name__ == "__main__":
    try:
        restrict_writes(json.loads(sys.argv[1])["folders"])
        os.execvp(sys.argv[2], sys.argv[2:])
    except OSError as error:
        sys.exit(f"{sys.argv[2]}: {error.strerror}")

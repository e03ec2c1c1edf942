"""Loaded by Python itself where this folder is on PYTHONPATH: notes which library functions run.

``settings.json`` beside this file names the library's file and the file to write to. For each
function that runs after the import, in a kernel or any process that it starts, a line
``first line<TAB>name`` is written at once, since kernels are killed. Processes append whole lines,
so they may share the file. What TensorFlow's AutoGraph writes anew is noted by name, with line 0.
"""

import json
import os
import sys
import threading
from pathlib import Path

_OF, _TO = json.loads(Path(__file__).with_name("settings.json").read_text())
_OPTIMIZED = 1  # the flag of functions: bodies of modules and classes do not have it
_seen = set()


def _importing(frame):
    while frame is not None:
        if frame.f_code.co_filename == _OF and frame.f_code.co_name == "<module>":
            return True
        frame = frame.f_back
    return False


def _note(frame, event, _argument):
    code = frame.f_code
    if event != "call" or code in _seen:
        return
    if code.co_filename == _OF:
        if not code.co_flags & _OPTIMIZED or _importing(frame):
            return
        line = f"{code.co_firstlineno}\t{code.co_qualname}\n"
    elif "__autograph_generated_file" in code.co_filename and code.co_name.startswith("tf__"):
        line = f"0\t{code.co_name.removeprefix('tf__')}\n"
    else:
        _seen.add(code)
        return
    _seen.add(code)
    handle = os.open(_TO, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.write(handle, line.encode())
    os.close(handle)


threading.setprofile(_note)
sys.setprofile(_note)

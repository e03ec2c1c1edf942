"""The cells of an exported notebook that bring what its code needs and readers would not have.

A notebook is often taken away alone: by a download, by Colab. So it has the files that its section
declares in it, and the variables that its framework needs.
"""

import base64
import bz2
from collections.abc import Mapping

_CARRY = '''\
# @title The files that this notebook reads
def bring_files(files):
    """Write the files of this notebook that are not there."""
    import base64
    from pathlib import Path

    for name, content in files.items():
        path = Path(name)
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(base64.b64decode(content))


bring_files({'''


_MAKE = '''\
# @title The data files that this notebook reads
def make_data(scripts):
    """Make the data files that are not there, in the folder where the library looks for them."""
    import base64
    import bz2
    import hashlib
    import os
    import subprocess
    import sys
    import tempfile
    from pathlib import Path

    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "d2l"
    folders = [Path(os.environ["D2L_DATA"])] if os.environ.get("D2L_DATA") else []

    def intact(path, sha1):
        return path.is_file() and hashlib.sha1(path.read_bytes()).hexdigest() == sha1

    for name, (sha1, script) in scripts.items():
        if any(intact(folder / name, sha1) for folder in [*folders, cache]):
            continue
        cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=cache) as folder:
            program, made = Path(folder, "make.py"), Path(folder, "made")
            program.write_bytes(bz2.decompress(base64.b64decode(script)))
            done = subprocess.run([sys.executable, program, made], capture_output=True, text=True)
            if not intact(made, sha1):
                raise OSError(f"{name} could not be made: {done.stderr or 'its SHA-1 differs'}")
            made.replace(cache / name)


make_data({'''


def packed(data: bytes) -> str:
    """Return bytes as text for a cell, which unpacks it by base64 and bzip2.

    bzip2 gives the same bytes on every machine; zlib has implementations that do not.
    """
    return base64.b64encode(bz2.compress(data)).decode()


def data_cell(scripts: Mapping[str, tuple[str, bytes]]) -> str:
    """Return the code that makes data files where they are missing; empty without any.

    ``scripts`` has the SHA-1 and the program of each, by the file's name.
    """
    if not scripts:
        return ""
    lines = [f"    {name!r}: ({sha1!r}, {packed(program)!r})," for name, (sha1, program) in scripts.items()]
    return "\n".join([_MAKE, *lines, "})", "del make_data"])


def files_cell(files: Mapping[str, bytes]) -> str:
    """Return the code that writes ``files``, by name, where they are missing; empty without any."""
    if not files:
        return ""
    lines = [f"    {name!r}: {base64.b64encode(data).decode()!r}," for name, data in files.items()]
    return "\n".join([_CARRY, *lines, "})", "del bring_files"])


def variables_cell(variables: Mapping[str, str]) -> str:
    """Return the code that sets ``variables``; empty without any."""
    if not variables:
        return ""
    lines = [f"os.environ[{name!r}] = {value!r}" for name, value in variables.items()]
    return "\n".join(["# @title The variables that this notebook needs", "import os", "", *lines])

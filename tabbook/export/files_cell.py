"""The cells of an exported notebook that bring what its code needs and readers would not have.

A notebook is often taken away alone: by a download, by Colab. So it has the files that its section
declares in it, and the variables that its framework needs.
"""

import base64
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

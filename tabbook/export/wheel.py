"""The library as the file that pip installs: without building anything, and the same on every machine."""

import base64
import hashlib
import re
from collections.abc import Mapping, Sequence

from tabbook.export.write import zipped

_ABOUT = b"Wheel-Version: 1.0\nGenerator: tabbook\nRoot-Is-Purelib: true\nTag: py3-none-any\n"


def wheel(
    distribution: str, version: str, needs: Sequence[str], code: Mapping[str, bytes], licence: bytes | None
) -> tuple[str, bytes]:
    """Return the name and the bytes of the wheel that holds ``code``.

    A hash of the code is part of the version, and so of the name: another library has another name,
    and pip never takes one for the other.
    """
    digest = hashlib.sha256("\n".join(_records(code)).encode()).hexdigest()
    version = f"{version}{'.' if '+' in version else '+'}{digest[:12]}"
    name = f"{re.sub(r'[-_.]+', '_', distribution).lower()}-{version}"
    info = f"{name}.dist-info"
    about = ["Metadata-Version: 2.1", f"Name: {distribution}", f"Version: {version}"]
    about += [f"Requires-Dist: {one}" for one in needs]
    files = {
        **code,
        f"{info}/METADATA": "\n".join([*about, ""]).encode(),
        f"{info}/WHEEL": _ABOUT,
    }
    if licence is not None:
        files[f"{info}/licenses/LICENSE"] = licence
    files[f"{info}/RECORD"] = "\n".join([*_records(files), f"{info}/RECORD,,", ""]).encode()
    return f"{name}-py3-none-any.whl", zipped(files, compress=False)


def _records(files: Mapping[str, bytes]) -> list[str]:
    """Return a line for each file, with its hash and its size."""
    return [f"{path},{_record(data)},{len(data)}" for path, data in sorted(files.items())]


def _record(data: bytes) -> str:
    return "sha256=" + base64.urlsafe_b64encode(hashlib.sha256(data).digest()).decode().rstrip("=")

"""Which environment variables code of the book gets to see."""

import re
from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase

_PASSED_ON = re.compile(
    r"USER|LOGNAME|SHELL|LANG|LANGUAGE|LC_\w+|TZ|PATH|(DY)?LD_LIBRARY_PATH|SYSTEMROOT"
    r"|SSL_CERT_\w+|(CUDA|CUDNN|NVIDIA|NCCL|D2L)_\w+"
)
_CREDENTIAL = re.compile(r"TOKEN|SECRET|PASSW|CREDENTIAL|(^|_)KEY|KEY($|_)", re.IGNORECASE)
RESERVED = re.compile(
    r"PATH|HOME|USER|LOGNAME|TMPDIR|PYTHONPATH|IPYTHONDIR|MATPLOTLIBRC|D2L_DATA\w*|TABBOOK_\w+"
)
"""The variables that only tabbook sets."""


def passed_on(inherited: Mapping[str, str], more: Iterable[str] = ()) -> dict[str, str]:
    """Return those of ``inherited`` that code of the book may see.

    These are variables that are known to be needed, and those that ``more`` names (a ``*`` at the end
    matches any ending), but none that looks like a credential. ``TABBOOK_PASS_ENV`` names others to pass,
    separated by commas.
    """
    named = {name.strip() for name in inherited.get("TABBOOK_PASS_ENV", "").split(",")}
    patterns = tuple(more)

    def is_known(name: str) -> bool:
        known = _PASSED_ON.fullmatch(name) or any(fnmatchcase(name, pattern) for pattern in patterns)
        return bool(known) and not _CREDENTIAL.search(name)

    return {name: value for name, value in inherited.items() if name in named or is_known(name)}

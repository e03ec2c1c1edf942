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
"""The variables without which a job would not be what it is: tabbook alone sets them."""


def passed_on(inherited: Mapping[str, str], more: Iterable[str] = ()) -> dict[str, str]:
    """Return those of ``inherited`` that code of the book may see.

    That is only what is known to be needed, what ``more`` names (``*`` at the end stands for any
    ending), and never what looks like a credential; ``TABBOOK_PASS_ENV`` names, with commas, what else
    to pass.
    """
    named = {name.strip() for name in inherited.get("TABBOOK_PASS_ENV", "").split(",")}
    patterns = tuple(more)

    def is_known(name: str) -> bool:
        known = _PASSED_ON.fullmatch(name) or any(fnmatchcase(name, pattern) for pattern in patterns)
        return bool(known) and not _CREDENTIAL.search(name)

    return {name: value for name, value in inherited.items() if name in named or is_known(name)}

"""Which environment variables code of the book gets to see."""

import re
from collections.abc import Mapping

_PASSED_ON = re.compile(
    r"USER|LOGNAME|SHELL|LANG|LANGUAGE|LC_\w+|TZ|PATH|(DY)?LD_LIBRARY_PATH|SYSTEMROOT"
    r"|SSL_CERT_\w+|(CUDA|CUDNN|NVIDIA|NCCL|XLA|JAX|TF|KERAS|TORCH|PYTORCH|MXNET|D2L)_\w+"
)
_CREDENTIAL = re.compile(r"TOKEN|SECRET|PASSW|CREDENTIAL|(^|_)KEY|KEY($|_)", re.IGNORECASE)


def passed_on(inherited: Mapping[str, str]) -> dict[str, str]:
    """Return those of ``inherited`` that code of the book may see.

    That is only what is known to be needed, and never what looks like a credential;
    ``TABBOOK_PASS_ENV`` names, with commas, what else to pass.
    """
    named = {name.strip() for name in inherited.get("TABBOOK_PASS_ENV", "").split(",")}
    return {
        name: value
        for name, value in inherited.items()
        if name in named or (_PASSED_ON.fullmatch(name) and not _CREDENTIAL.search(name))
    }

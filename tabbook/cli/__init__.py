"""The command line: the only place that prints and decides exit statuses."""

from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status; only a bug raises an exception."""
    from tabbook.cli.app import main as run_command

    return run_command(arguments)

"""With what a page's outputs were made: one line per framework, for the foot of the page."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from tabbook.language import translator

MADE_WITH_CLASS = "tabbook-made-with"
_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|$])")
_DEVICES = {"cpu": "CPU", "gpu": "GPU"}


def _time(seconds: float) -> str:
    return f"{seconds / 60:.0f} min" if seconds >= 90 else f"{seconds:.0f} s"


def made_with_line(name: str, made_with: Mapping[str, Any], language: str = "en") -> str:
    """Return what is known about how a framework's outputs were made; empty if nothing is.

    For example: ``PyTorch 2.9.1, Python 3.11.9, CPU, 2026-11-21, 36 s``.
    """
    python, device = made_with.get("python"), str(made_with.get("device") or "")
    seconds = made_with.get("seconds")
    facts = [
        f"Python {python}" if python else "",
        _DEVICES.get(device, device),
        str(made_with.get("date") or "")[:10],
        _time(float(seconds)) if seconds is not None else "",
    ]
    if made_with.get("stored"):
        _ = translator(language)
        facts.append(_("outputs that came with the section"))
    known = [fact for fact in facts if fact]
    return ", ".join([str(made_with.get("framework") or name), *known]) if known else ""


def made_with_note(made: Iterable[tuple[str, Mapping[str, Any]]], language: str = "en") -> str:
    """Return the note for a page's frameworks, each with its name, as Markdown; empty if nothing is known."""
    lines = [line for name, made_with in made if (line := made_with_line(name, made_with, language))]
    if not lines:
        return ""
    items = "\n".join("- " + _SPECIAL.sub(r"\\\1", line) for line in lines)
    _ = translator(language)
    words = _("The outputs on this page were made with:")
    return f"```{{container}} {MADE_WITH_CLASS}\n{words}\n\n{items}\n```"

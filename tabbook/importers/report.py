"""What an import found: each finding with its place in the source, as text and as JSON."""

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Severity = Literal["fault", "note"]
"""A fault is wrong in the source; a note says what the import decided or could not carry over."""


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """One thing to know about the import.

    ``path`` is relative to the source, ``line`` counts from 1 (0: the file as a whole). ``kind``
    is one word for what it is about, for programs: ``tab``, ``python``, ``label``, ``block``,
    ``image``, ``output``, ``save``, ``heading``, ``contents``, ``citation``, ``configuration``…
    """

    path: str
    line: int
    severity: Severity
    kind: str
    message: str
    hint: str = ""

    def __str__(self) -> str:
        place = f"{self.path}:{self.line}" if self.line else self.path
        text = f"{place}: {self.message}"
        return f"{text}; {self.hint}" if self.hint else text


@dataclass(slots=True)
class Findings:
    """Collects findings on the way."""

    items: list[Finding] = field(default_factory=list)

    def fault(self, path: str, line: int, kind: str, message: str, hint: str = "") -> None:
        """Add something that is wrong in the source."""
        self.items.append(Finding(path, line, "fault", kind, message, hint))

    def note(self, path: str, line: int, kind: str, message: str, hint: str = "") -> None:
        """Add something that is not wrong but worth knowing."""
        self.items.append(Finding(path, line, "note", kind, message, hint))


@dataclass(frozen=True, slots=True)
class Report:
    """An import's findings, in the order of their places, and what it brought over."""

    source: str
    findings: tuple[Finding, ...]
    counts: Mapping[str, int]

    @property
    def faults(self) -> tuple[Finding, ...]:
        """The findings that are wrong in the source; none means a clean import."""
        return tuple(finding for finding in self.findings if finding.severity == "fault")

    @property
    def notes(self) -> tuple[Finding, ...]:
        """The findings that are no faults."""
        return tuple(finding for finding in self.findings if finding.severity == "note")

    def to_json(self) -> str:
        """Return the report as JSON that is the same for the same import."""

        def plain(finding: Finding) -> dict[str, Any]:
            return {
                "file": finding.path,
                "line": finding.line,
                "kind": finding.kind,
                "message": finding.message,
                "hint": finding.hint,
            }

        document = {
            "source": self.source,
            "clean": not self.faults,
            "counts": dict(sorted(self.counts.items())),
            "faults_by_kind": dict(sorted(Counter(finding.kind for finding in self.faults).items())),
            "faults": [plain(finding) for finding in self.faults],
            "notes": [plain(finding) for finding in self.notes],
        }
        return json.dumps(document, indent=1, ensure_ascii=False) + "\n"


def make_report(source: str, findings: Findings, counts: Mapping[str, int]) -> Report:
    """Return the report of what was collected, sorted and without repeats."""
    return Report(source, tuple(sorted(set(findings.items))), dict(counts))

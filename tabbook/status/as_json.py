"""The status of jobs for programs: JSON in a documented format (docs/engine.md)."""

import json
from collections.abc import Sequence
from typing import Any

from tabbook.status.standing import JobStatus, RunReport

FORMAT = 1


def _job(job: JobStatus) -> dict[str, Any]:
    failure = job.failure
    return {
        "section": job.section,
        "tab": job.tab,
        "status": job.status,
        "reason": job.reason or None,
        "seconds": job.seconds,
        "memory": job.memory or None,
        "key": job.key,
        "remembered": job.remembered,
        "whole_library": job.whole_because or None,
        "stand_ins": list(job.stand_ins),
        "reasons": [{"kind": r.kind, "text": r.text, "place": r.location or None} for r in job.reasons],
        "failure": None
        if failure is None
        else {
            "kind": failure.kind,
            "path": failure.path,
            "line": failure.line,
            "message": failure.message,
            "report": str(job.report) if job.report else None,
        },
    }


def status_json(report: RunReport, stale_library: Sequence[str]) -> str:
    """Return a report as JSON; ``stale_library`` names the library's files that are out of date."""
    value = {
        "format": FORMAT,
        "ok": report.ok and not stale_library,
        "jobs": [_job(job) for job in report.jobs],
        "stale_library": list(stale_library),
        "missing_data": dict(report.stand_ins),
    }
    return json.dumps(value, indent=2, ensure_ascii=False)

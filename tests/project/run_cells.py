"""Run the cells of one tab, a JSON list on standard input, and report each as JSON: null, or its error."""

import json
import os
import sys
from pathlib import Path

from IPython.core.interactiveshell import InteractiveShell

os.environ["MPLBACKEND"] = "agg"
shell = InteractiveShell.instance()
report = []
for source in json.load(sys.stdin):
    outcome = shell.run_cell(source)
    error = outcome.error_before_exec or outcome.error_in_exec
    report.append(None if error is None else f"{type(error).__name__}: {error}")
Path(sys.argv[1]).write_text(json.dumps(report), encoding="utf-8")

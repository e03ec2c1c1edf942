"""A job that puts out far too much: its run ends well, and tabbook's own memory stays bounded.

``TABBOOK_FLOOD`` says how many megabytes are put out (1000 is the real thing); without it, these are
100, and of each sort of flood one or two are tried.
"""

import os
import re
from pathlib import Path

import pytest
from engine_helpers import code
from faults_helpers import await_, ending

FLOOD = int(os.environ.get("TABBOOK_FLOOD", "100")) * 1_000_000
IS_WHOLE = "TABBOOK_FLOOD" in os.environ
PATIENCE = 60 + FLOOD // 2_000_000
"""Seconds that a job may take to put all of that out."""
BOUND = 600_000_000 + FLOOD // 2
"""Bytes that a run may take; without any output it takes 100 million.

What a busy machine has not come to yet waits in the kernel's socket: 1,000 messages, of up to 1 MB.
"""

FLOODS = {
    "line": "print('x' * {flood})",
    "lines": "for i in range({flood} // 100): print('x' * 99)",
    "chunks": "import sys\nfor i in range({flood} // 10**6): sys.stdout.write('x' * 10**6)",
    "errors": "import sys\nfor i in range({flood} // 1000): print('x' * 999, file=sys.stderr)",
    "progress": "for i in range({flood} // 50): print('\\r' + 'x' * 48, end='')",
    "file descriptors": "import os\nfor i in range({flood} // 10**6): os.write(1, b'x' * 10**6)",
    "thread": (
        "import threading\ndef work():\n    for i in range({flood} // 1000): print('x' * 999)\n"
        "thread = threading.Thread(target=work, daemon=True)\nthread.start()"
    ),
    "updates": (
        "shown = display('', display_id=True)\nfor i in range({flood} // 20_000): shown.update('x' * 20_000)"
    ),
    "animation": (
        "from IPython.display import clear_output, display\n"
        "for i in range({flood} // 20_000):\n    clear_output(wait=True)\n    display('x' * 20_000)"
    ),
}
"""What is cut with a mark, or leaves no more than its end."""

REFUSED = {
    "displays": "for i in range({flood} // 10_000): display('x' * 10_000)",
    "picture": (
        "import os\nfrom IPython.display import Image\n"
        "Image(data=b'\\x89PNG\\r\\n\\x1a\\n' + os.urandom({flood} * 3 // 4), format='png')"
    ),
    "html": "from IPython.display import HTML, display\ndisplay(HTML('x' * {flood}))",
    "result": "'x' * {flood}",
    "error": "raise ValueError('x' * {flood})",
}
"""What no page can show and nobody wants cut: the job fails, and says why."""


def peak_of(pid: int) -> int:
    """Return the most memory that a process had so far, in bytes; 0 when it has ended."""
    try:
        found = re.search(r"VmHWM:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())
    except OSError:
        return 0
    return int(found[1]) * 1024 if found else 0


def flooded(faulty, source):
    """Run a book of one flood, and a job of another section beside it; return status, peak and book."""
    sections = {"flood": code(source.format(flood=FLOOD)) + code("'after'"), "other": code("'fine'")}
    book = faulty(sections, timeout=PATIENCE)
    peak = 0
    with ending(book.start("run", "-t", "jax")) as running:

        def watched():
            nonlocal peak
            peak = max(peak, peak_of(running.pid))
            return running.poll() is not None

        assert await_(watched, PATIENCE + 60), book.said()
    assert "Traceback" not in book.said().replace("Traceback (most recent call last)", "", 1)
    print(f"peak {peak / 1e6:.0f} MB")
    return running.returncode, peak, book


@pytest.mark.parametrize("kind", FLOODS if IS_WHOLE else ["line", "lines"])
def test_a_flood_is_cut(faulty, kind):
    status, peak, book = flooded(faulty, FLOODS[kind])
    assert status == 0, book.said()
    assert peak < BOUND
    kept = book.trusted()
    assert len(kept) == 2
    assert sum(path.stat().st_size for path in book.store.root.rglob("*.json")) < 2_000_000


@pytest.mark.parametrize("kind", REFUSED if IS_WHOLE else ["displays", "html"])
def test_what_is_too_large_to_show_fails(faulty, kind):
    status, peak, book = flooded(faulty, REFUSED[kind])
    assert status == 1
    assert peak < BOUND
    assert len(book.trusted()) == 1
    assert "flood.md:" in book.said()
    assert "too large for a page" in book.said() or "ValueError" in book.said()

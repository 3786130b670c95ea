"""Calls in processes of their own: what they answer, what went wrong, and that none outlives its limit."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from seakeep.pipeline.retraining import child
from seakeep.pipeline.retraining.child import Ended, call


def program(folder: Path, text: str) -> Path:
    (folder / "prog.py").write_text(text)
    return folder


def called(folder: Path, text: str, *arguments: str, limit: float = 60) -> Ended:
    return call(arguments, limit_seconds=limit, module="prog", folder=program(folder, text))


def test_the_last_document_is_the_answer_whatever_was_printed_before(tmp_path) -> None:
    text = "import sys\nprint('{not json')\nprint('{\"a\": 1}')\nprint('{\\n \"b\": [\\n  {}\\n ]\\n}')\nsys.exit(2)"
    assert called(tmp_path, text) == Ended(2, {"b": [{}]}, "", False)


@pytest.mark.parametrize("printed", ["", "hello", "[1]", "{torn"])
def test_no_document_is_no_answer(tmp_path, printed) -> None:
    found = called(tmp_path, f"print({printed!r})")
    assert (found.code, found.answer) == (0, None)
    assert found.trouble == "ended with code 0 and said nothing"


def test_an_error_in_four_parts_is_told_in_one_line(tmp_path) -> None:
    text = (
        "import sys\nprint('a warning', file=sys.stderr)\n"
        'sys.stderr.write(\'{"error": "BadSpan", "found": "span a has no rows", "where": "a.csv"}\\n\')\nsys.exit(3)'
    )
    assert called(tmp_path, text).trouble == "BadSpan: span a has no rows (a.csv)"
    assert called(tmp_path, "1 / 0").trouble == "ZeroDivisionError: division by zero"


def test_a_call_that_is_killed_says_by_what(tmp_path) -> None:
    found = called(tmp_path, "import os; os.kill(os.getpid(), 9)")
    assert (found.code, found.trouble, found.overdue) == (-9, "ended by SIGKILL", False)


def test_a_call_beyond_its_limit_is_told_to_end(tmp_path) -> None:
    found = called(tmp_path, "import time; time.sleep(60)", limit=0.3)
    assert (found.code, found.overdue, found.trouble) == (-15, True, "ended by SIGTERM")


def test_a_call_that_heeds_nothing_is_killed_with_what_it_started(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(child, "GRACE_SECONDS", 0.3)
    text = (
        "import signal, subprocess, sys, time\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "grandchild = subprocess.Popen([sys.executable, '-c', "
        "'import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(60)'])\n"
        "open('pid', 'w').write(str(grandchild.pid))\ntime.sleep(60)"
    )
    found = called(tmp_path, text, limit=3)
    assert (found.code, found.overdue) == (-9, True)
    pid = int((tmp_path / "pid").read_text())
    deadline = time.monotonic() + 10
    while alive(pid) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not alive(pid)


@pytest.fixture
def interruptible() -> Iterator[None]:
    """What is started in the background, as tests may be, begins with SIGINT ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("interruptible")
def test_an_interruption_stops_the_call(tmp_path) -> None:
    text = "import os, time\nopen('pid', 'w').write(str(os.getpid()))\ntime.sleep(60)"
    pid_file = tmp_path / "pid"

    def interrupt() -> None:
        while not (pid_file.exists() and pid_file.read_text()):
            time.sleep(0.02)
        os.kill(os.getpid(), signal.SIGINT)

    threading.Thread(target=interrupt, daemon=True).start()
    with pytest.raises(KeyboardInterrupt):
        called(tmp_path, text)
    assert not alive(int(pid_file.read_text()))


def alive(pid: int) -> bool:
    """Whether a process runs; one that has ended and waits to be buried does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False

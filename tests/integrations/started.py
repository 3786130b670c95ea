"""A server of the model's own process, for tests that ask it as foreign systems do."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_START_SECONDS = 30


@contextlib.contextmanager
def served(*arguments: str | Path, ready: str = "/v2/health/ready", **environment: str) -> Iterator[str]:
    """The address of `python -m seakeep.serving ARGUMENTS`, once it answers; ended at the end."""
    command = [sys.executable, "-m", "seakeep.serving", *map(str, arguments), "--port", "0"]
    with running(command, ready=ready, **environment) as address:
        yield address


@contextlib.contextmanager
def running(command: list[str], *, ready: str = "/v2/health/ready", **environment: str) -> Iterator[str]:
    """The address that a command writes in its first line, its last word, once it answers at `ready` with 200."""
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env={**os.environ, **environment}) as process:
        assert process.stdout is not None
        try:
            address = process.stdout.readline().split()[-1]
            _until_ready(process, address + ready)
            yield address
        finally:
            process.send_signal(signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(20)
            if process.poll() is None:
                process.kill()


def _until_ready(process: subprocess.Popen[str], url: str) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError, urllib.error.URLError), urllib.request.urlopen(url, timeout=5) as answer:
            if answer.status == 200:
                return
        assert process.poll() is None, "the server ended"
        time.sleep(0.02)
    raise AssertionError("the server did not become ready")

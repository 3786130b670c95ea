"""Minding: the server's parent keeps one scribe running while predictions are logged, and starts it again if it dies.

The scribe is a process of its own, since it needs Polars, which no worker shall load, and since its death must harm no request:
whatever it has not converted stays in spools, which are read as well. It gets the lowest priority, and ends with the server.
"""

from __future__ import annotations

import contextlib
import logging
import os
import subprocess
import sys
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from seakeep.serving.server.worker import WorkerStart

_AGAIN_SECONDS = 1.0
_END_SECONDS = 10.0
_log = logging.getLogger("seakeep.serving")


@contextlib.contextmanager
def scribe(start: WorkerStart) -> Iterator[None]:
    """Keep a scribe running during the block, if anything is logged. Raises UsageError for a name that no log can have."""
    if not start.logged:
        yield
        return
    minder = _Minder(start)
    try:
        yield
    finally:
        minder.end()


class _Minder:
    """Starts the scribe in a thread of its own: the kernel ties a child to the thread that made it."""

    def __init__(self, start: WorkerStart) -> None:
        assert start.home is not None
        self._command = [sys.executable, "-m", "seakeep.serving.scribe", "--home", str(start.home)]
        self._command += ["--folder", str(start.folder), "--parent", str(os.getpid()), *start.logged]
        self._over = threading.Event()
        self._process: subprocess.Popen[bytes] | None = None
        self._thread = threading.Thread(target=self._mind, name="scribe", daemon=True)
        self._thread.start()

    def end(self) -> None:
        """End the scribe; it finishes the file that it is at."""
        self._over.set()
        if self._process is not None:
            self._process.terminate()
        self._thread.join(_END_SECONDS)
        if self._process is not None and self._process.poll() is None:
            self._process.kill()

    def _mind(self) -> None:
        while not self._over.is_set():
            with subprocess.Popen(self._command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL) as process:
                self._process = process
                if self._over.is_set():
                    process.terminate()
                code = process.wait()
            if not self._over.wait(_AGAIN_SECONDS):
                _log.error("the scribe ended (exit code %d) and is started again", code)

"""Minding: the server's parent keeps one scribe running while predictions are logged, and starts it again if it dies.

The scribe is a process of its own, since it needs Polars, which no worker shall load, and since its death must harm no request:
whatever it has not converted stays in spools, which are read as well. It gets the lowest priority, and ends with the server.
"""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import sys
import threading
from typing import TYPE_CHECKING

from seakeep.serving.server.crew import READY_SUFFIX

if TYPE_CHECKING:
    from collections.abc import Iterator

    from seakeep.serving.server.processes.worker import WorkerStart

_AGAIN_SECONDS = 1.0
_END_SECONDS = 10.0
_FIRST_SECONDS, _LOOK_SECONDS = 10.0, 0.05
_NOWHERE = [
    (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
    (os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0),
]
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
    """Starts the scribe in a thread of its own: the kernel ties a child to the thread that made it.

    By posix_spawn: subprocess waits on a pipe for the child to begin, and a worker that is forked at that moment holds the
    pipe's other end open for as long as it lives.
    """

    def __init__(self, start: WorkerStart) -> None:
        assert start.home is not None
        self._command = [sys.executable, "-m", "seakeep.serving.scribe", "--home", str(start.home)]
        self._command += ["--folder", str(start.folder), "--parent", str(os.getpid())]
        self._command += ["--keep", str(start.settings.keeping.keep), "--lines", start.settings.telemetry.lines]
        for sink in start.settings.keeping.sinks:
            self._command += ["--sink", sink]
        self._command += ["--", *start.logged]
        self._folder, self._over = start.folder, threading.Event()
        self._changing = threading.Lock()
        self._process: int | None = None
        self._thread = threading.Thread(target=self._mind, name="scribe", daemon=True)
        self._thread.start()

    def end(self) -> None:
        """End the scribe; it finishes the file that it is at."""
        with self._changing:
            self._over.set()
        self._tell(signal.SIGTERM)
        self._thread.join(_END_SECONDS)
        self._tell(signal.SIGKILL)

    def _tell(self, what: signal.Signals) -> None:
        with self._changing:
            if self._process is not None:  # not waited for yet, so that its number is nobody else's
                os.kill(self._process, what)

    def _mind(self) -> None:
        self._wait_for_workers()
        while self._begun():
            code = self._ended()
            if not self._over.wait(_AGAIN_SECONDS):
                _log.error("the scribe ended (exit code %d) and is started again", code)

    def _wait_for_workers(self) -> None:
        """Workers come first: what there is to convert has time, and both would load what is large on the same core."""
        tries = int(_FIRST_SECONDS / _LOOK_SECONDS)
        while tries and not any(self._folder.glob(f"*{READY_SUFFIX}")) and not self._over.wait(_LOOK_SECONDS):
            tries -= 1

    def _begun(self) -> bool:
        """Whether a scribe was started: not once the server is over."""
        with self._changing:
            if not self._over.is_set():
                self._process = os.posix_spawn(sys.executable, self._command, os.environ, file_actions=_NOWHERE)
            return not self._over.is_set()

    def _ended(self) -> int:
        """Its exit code, once it has ended; it is waited for only where nobody can tell it anything any more."""
        assert self._process is not None
        os.waitid(os.P_PID, self._process, os.WEXITED | os.WNOWAIT)
        with self._changing:
            _, status = os.waitpid(self._process, 0)
            self._process = None
        return os.waitstatus_to_exitcode(status)

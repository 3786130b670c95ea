"""Lifeline: ends a worker when its parent ends, however that came about.

Granian leaves its workers alone when the parent is killed, and they would hold the port. So the kernel is asked for a signal
when the parent dies; since that is lost if the parent dies before it is asked, a thread looks after the parent too. The
signal is one of its own: when it arrives, getppid() may still name the parent, whose other threads have yet to die.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import signal
import threading
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_PR_SET_PDEATHSIG = 1
_LOOK_SECONDS = 0.5


class Lifeline:
    """Ties this process to its parent.

    Parameters: parent: its process id. folder: the parent's, which nobody else will remove if it is killed.
        drain_seconds: time between being told to end and being made to.
    """

    def __init__(self, parent: int, folder: Path, drain_seconds: float) -> None:
        self._parent, self._folder, self._drain_seconds = parent, folder, drain_seconds
        self._lost = False

    def tie(self) -> None:
        """Tie it; must be called in the main thread. Raises SystemExit, if the parent is gone already."""
        signal.signal(signal.SIGUSR1, lambda *_: self._lose())
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGUSR1, 0, 0, 0)
        if os.getppid() != self._parent:
            raise SystemExit(1)
        threading.Thread(target=self._watch, name="parent", daemon=True).start()

    def clean(self) -> None:
        """Remove the parent's folder if it is gone; called when this process has drained."""
        if self._lost:
            shutil.rmtree(self._folder, ignore_errors=True)

    def _lose(self) -> None:
        self._lost = True
        os.kill(os.getpid(), signal.SIGTERM)

    def _watch(self) -> None:
        while os.getppid() == self._parent:
            time.sleep(_LOOK_SECONDS)
        self._lose()
        time.sleep(self._drain_seconds)
        os._exit(1)

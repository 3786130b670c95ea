"""A worker: the process that answers. It must not outlive its parent, and must say why if it cannot begin.

Granian leaves its workers alone when the parent is killed, and they would hold the port. So the kernel is told to send
SIGTERM when the parent dies, and, since that is lost if the parent dies before it is told, a thread looks after the parent too.
"""

from __future__ import annotations

import ctypes
import json
import logging
import os
import shutil
import signal
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from seakeep.core.errors import SeakeepError
from seakeep.serving.server.app import App

if TYPE_CHECKING:
    from pathlib import Path

    from seakeep.serving.served import Served
    from seakeep.serving.server.settings import Settings

FAILURE_FILE = "failure.json"
_PR_SET_PDEATHSIG = 1
_LOOK_SECONDS = 0.5
_log = logging.getLogger("seakeep.serving")


@dataclass(frozen=True, slots=True)
class WorkerStart:
    """What Granian calls in each new worker to get its application.

    parent: process id of the server. folder: of the counters, and of the failure that the parent is to tell.
    """

    served: tuple[Served, ...]
    settings: Settings
    folder: Path
    parent: int

    def __call__(self) -> App:
        die_with(self.parent, self.folder, self.settings.drain_seconds)
        return App(self.served, self.settings, self.folder, failed=self.fail, ended=self.end)

    def fail(self, error: Exception) -> None:
        """Leave the error for the parent to raise, and end the server: what cannot load will not load on a respawn."""
        _log.error("a worker cannot start: %s", error)
        found, cause, fix = str(error), "", ""
        if isinstance(error, SeakeepError):
            found, cause, fix = error.found, error.cause, error.fix
        (self.folder / FAILURE_FILE).write_text(json.dumps({"found": found, "cause": cause, "fix": fix}), "utf-8")
        os.kill(self.parent, signal.SIGTERM)

    def end(self) -> None:
        """Remove the folder if the parent, whose it is, is gone."""
        if os.getppid() != self.parent:
            shutil.rmtree(self.folder, ignore_errors=True)


def die_with(parent: int, folder: Path, drain_seconds: float) -> None:
    """End this process, by draining it, when `parent` ends; remove `folder` then, which nobody else will.

    Raises: SystemExit, if the parent is gone already.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
    if os.getppid() != parent:
        raise SystemExit(1)
    threading.Thread(target=_watch, args=(parent, folder, drain_seconds), name="parent", daemon=True).start()


def _watch(parent: int, folder: Path, drain_seconds: float) -> None:
    while os.getppid() == parent:
        time.sleep(_LOOK_SECONDS)
    os.kill(os.getpid(), signal.SIGTERM)
    shutil.rmtree(folder, ignore_errors=True)
    time.sleep(drain_seconds)
    os._exit(1)

"""A worker's beginning: what Granian calls in each new process, and what is left for the parent if it fails."""

from __future__ import annotations

import json
import logging
import os
import signal
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from seakeep.core.errors import SeakeepError
from seakeep.prediction_log.layout import Layout
from seakeep.serving.server.app import App
from seakeep.serving.server.crew import READY_SUFFIX
from seakeep.serving.server.processes.heeding import heed_once
from seakeep.serving.server.processes.lifeline import Lifeline

if TYPE_CHECKING:
    from seakeep.serving.followed import Followed
    from seakeep.serving.served import Served
    from seakeep.serving.server.settings import Settings

FAILURE_FILE = "failure.json"
_log = logging.getLogger("seakeep.serving")


@dataclass(frozen=True, slots=True)
class WorkerStart:
    """What Granian calls in each new worker to get its application.

    pinned: releases that stay as they are. followed: names whose routes are followed. parent: process id of the server.
    folder: of the counters, and of the failure that the parent is to tell. home: below which predictions are logged, or None.
    """

    pinned: tuple[Served, ...]
    followed: tuple[Followed, ...]
    settings: Settings
    folder: Path
    parent: int
    home: Path | None = None

    def __call__(self) -> App:
        lifeline = Lifeline(self.parent, self.folder, self.settings.drain_seconds)
        lifeline.tie()
        heed_once()
        return App(self, failed=self.fail, ended=lifeline.clean)

    @property
    def logged(self) -> tuple[str, ...]:
        """The models whose predictions are logged. Raises UsageError for a name that no log can have."""
        if self.home is None or self.settings.log == "off":
            return ()
        names = (*(one.name for one in self.followed), *(one.name for one in self.pinned))
        for name in names:
            Layout.of(self.home, name)
        return tuple(dict.fromkeys(names))

    def layout(self, name: str) -> Layout:
        """Where a model's predictions are logged."""
        assert self.home is not None
        return Layout.of(self.home, name)

    def fail(self, error: Exception) -> None:
        """Leave the error for the parent to raise, and end the server: what cannot load will not load on a respawn. Where others answer,
        it did load before: this worker ends alone, and is tried again.
        """
        if any(Path("/proc", ready.stem).exists() for ready in self.folder.glob(f"*{READY_SUFFIX}")):
            _log.error("a worker cannot start, and is tried again: %s", error)
            os._exit(1)
        _log.error("a worker cannot start: %s", error)
        found, cause, fix = str(error), "", ""
        if isinstance(error, SeakeepError):
            found, cause, fix = error.found, error.cause, error.fix
        (self.folder / FAILURE_FILE).write_text(json.dumps({"found": found, "cause": cause, "fix": fix}), "utf-8")
        os.kill(self.parent, signal.SIGTERM)

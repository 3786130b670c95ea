"""One file: Parquet, CSV, Arrow IPC or JSON lines by its ending, whole or not at all.

What is hard: Polars writes by pulling from a scan, and a run pushes. The sink therefore runs in a thread of its own, and
takes units from a queue that holds one; what goes wrong there comes out of the next `write`, or of `publish`.
"""

from __future__ import annotations

import contextlib
from pathlib import Path
from queue import Full, Queue
from threading import Thread
from typing import TYPE_CHECKING

from polars.io.plugins import register_io_source

from seakeep.core.files import CannotWrite, full_disk, replacing
from seakeep.serving.scoring.errors import CannotScore
from seakeep.serving.scoring.outputs.formats import ENDINGS, SINKS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import polars as pl

    from seakeep.serving.scoring.outputs import Plan

_LOOK_SECONDS = 0.5


class _GivenUp(Exception):
    """The run ended before the file was whole."""


class OneFile:
    """A file in the making."""

    resumable = False
    reach = ""

    def __init__(self, path: Path, plan: Plan) -> None:
        self._path, self._plan = path, plan
        self._queue: Queue[pl.DataFrame | None] = Queue(1)
        self._error: BaseException | None = None
        self._held = contextlib.ExitStack()
        self._temporary = self._held.enter_context(replacing(path))
        self._thread = Thread(target=self._sink, name=f"writing {path.name}", daemon=True)
        self._thread.start()

    def done(self) -> Mapping[int, bytes]:
        """Nothing outlives a run."""
        return {}

    def write(self, number: int, frame: pl.DataFrame, note: bytes) -> None:  # noqa: ARG002  (nobody asks for it again)
        """Hand the next rows to the sink. Raises CannotWrite, for what went wrong with those before."""
        self._put(
            frame.rechunk()
        )  # Polars cuts row groups where chunks end, and those are the input files' or the engine's

    def publish(self, units: int) -> None:  # noqa: ARG002  (all that came are written)
        """Wait until every row is written, and give the file its name."""
        self._put(None)
        self._thread.join()
        self._check()
        self._held.close()

    def close(self) -> None:
        """Let go of what was not published."""
        if self._thread.is_alive():
            self._error = self._error or _GivenUp()
            with contextlib.suppress(Full):
                self._queue.put_nowait(None)
            self._thread.join()
        self._held.__exit__(_GivenUp, _GivenUp(), None)

    def _put(self, frame: pl.DataFrame | None) -> None:
        while True:
            self._check()
            with contextlib.suppress(Full):
                self._queue.put(frame, timeout=_LOOK_SECONDS)
                return

    def _check(self) -> None:
        if self._error is None:
            return
        error = self._error if isinstance(self._error, OSError) else full_disk(self._error)
        if error is not None:
            raise CannotWrite.because(self._path, error) from self._error
        raise self._error

    def _sink(self) -> None:
        scan = register_io_source(self._frames, schema=self._plan.columns)
        try:
            SINKS[self._path.suffix.lower()](scan, self._temporary, self._plan.release)
        except BaseException as error:  # noqa: BLE001  (told to whoever writes, in their thread)
            self._error = self._error or error

    def _frames(self, *_: object) -> Iterator[pl.DataFrame]:
        while (frame := self._queue.get()) is not None and self._error is None:
            yield frame
        if self._error is not None:
            raise self._error


def open_output(address: Path | str, plan: Plan) -> OneFile:
    """The file at a path. Raises CannotScore, if it may not be written; CannotWrite."""
    path = Path(address)
    check_path(path, plan)
    return OneFile(path, plan)


def check_path(path: Path, plan: Plan) -> None:
    """Raise CannotScore for a file of another ending, of the input, or that is there and may not be replaced."""
    if path.suffix.lower() not in ENDINGS:
        raise CannotScore.ending(path, ENDINGS)
    if path.exists() and any(path.samefile(file) for file in plan.files if "://" not in file):
        raise CannotScore.own_input(path, plan.table)
    if path.exists() and not plan.overwrite:
        raise CannotScore.exists(path)

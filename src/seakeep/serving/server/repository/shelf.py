"""Shelf: the names that were unloaded by request, as all workers of a server know them: a file in the server's own folder.

A request to unload reaches one worker and is meant for all. That worker writes the names under a lock, with a revision; each worker
looks at the file, takes it, and leaves word of the revision that it has taken; who asked is answered when all have.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import time
from typing import TYPE_CHECKING, NamedTuple

from seakeep.core.files import write_text

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_FILE, _LOCK, _TAKEN = "unloaded.json", "unloaded.lock", ".unloaded"
_LOOK_SECONDS = 0.01


class Unloaded(NamedTuple):
    """revision: counts the changes. names: of the models that were unloaded."""

    revision: int
    names: frozenset[str]


class Shelf:
    """Parameters: folder: the server's. ready: the suffix of the files that living workers leave, named for their process."""

    def __init__(self, folder: Path, *, ready: str) -> None:
        self._folder, self._ready = folder, ready
        self._seen: tuple[int, int] | None = None

    def changed(self) -> Unloaded | None:
        """What is on the shelf, None where that is what it was at the last look."""
        try:
            found = (self._folder / _FILE).stat()
        except FileNotFoundError:
            return None
        stamp = found.st_ino, found.st_mtime_ns
        if stamp == self._seen:
            return None
        unloaded = self._read()
        self._seen = stamp
        return unloaded

    def forget(self) -> None:
        """What was seen could not be taken: the next look sees it again."""
        self._seen = None

    def put(self, name: str, *, unloaded: bool) -> int:
        """Write down that a model is unloaded, or is not any more. Returns the revision."""
        with self._locked():
            before = self._read()
            names = before.names | {name} if unloaded else before.names - {name}
            revision = before.revision + 1
            write_text(self._folder / _FILE, json.dumps({"revision": revision, "names": sorted(names)}))
        return revision

    def took(self, revision: int) -> None:
        """Leave word that this worker holds to a revision."""
        write_text(self._folder / f"{os.getpid()}{_TAKEN}", str(revision))

    def all_took(self, revision: int, *, seconds: float) -> bool:
        """Wait until every worker holds to it, for so long at most; whether they do."""
        deadline = time.monotonic() + seconds
        while any(self._taken(pid) < revision for pid in self._workers()):
            if time.monotonic() > deadline:
                return False
            time.sleep(_LOOK_SECONDS)
        return True

    def _read(self) -> Unloaded:
        try:
            found = json.loads((self._folder / _FILE).read_text("utf-8"))
        except FileNotFoundError:
            return Unloaded(0, frozenset())
        return Unloaded(found["revision"], frozenset(found["names"]))

    def _workers(self) -> Iterator[int]:
        for file in self._folder.glob(f"*{self._ready}"):
            pid = int(file.name.removesuffix(self._ready))
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, 0)
                yield pid

    def _taken(self, pid: int) -> int:
        try:
            return int((self._folder / f"{pid}{_TAKEN}").read_text("ascii"))
        except FileNotFoundError:
            return 0

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        with (self._folder / _LOCK).open("ab") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

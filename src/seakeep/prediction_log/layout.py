"""Layout: where a prediction log's files stand below the registry's home, and what their names say.

    predictions/<name>/spool/<segment>.open|.closed      what workers write (see spool)
    predictions/<name>/parts/date=2013-11-04/hour=05/release=3f2a…/<segment>.parquet
    predictions/<name>/labels/<segment>.parquet          labels, by the spool or the call that they came by
    predictions/<name>/releases/<first digits>.json      how each release's rows are to be read
    predictions/<name>/torn/<segment>.spool, .json       damaged spools, and what was wrong with them
    predictions/<name>/outbox/<sink>/…                   finished files that a sink has not got yet (see outbox)
    predictions/<name>/batches/<job>/…                   rows of a table that is being scored (see batches)

A segment is one spool's life: a part belongs to the spool of the same name, and while that spool still stands, the spool
counts and the part does not. Standard library only, like everything that a server's worker imports.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from seakeep.core.errors import UsageError
from seakeep.prediction_log.columns import RELEASE_DIGITS

if TYPE_CHECKING:
    from datetime import datetime

FOLDER = "predictions"
_NAME = re.compile(r"[^/\\\x00]+")


@dataclass(frozen=True, slots=True)
class Layout:
    """The folders of one log. root: `predictions/<name>` below the home."""

    root: Path

    @classmethod
    def of(cls, home: Path | str, name: str) -> Layout:
        """The log of the model `name`. Raises UsageError for a name that no folder can have."""
        if not _NAME.fullmatch(name) or name in (".", ".."):
            raise UsageError(
                f"{name!r} cannot be a model's name",
                cause="A prediction log is a folder of that name.",
                fix="See the names: seakeep releases",
                name=name,
            )
        return cls(Path(home) / FOLDER / name)

    @classmethod
    def all_of(cls, home: Path | str) -> tuple[Layout, ...]:
        """Every log below a home, by name."""
        folder = Path(home) / FOLDER
        found = sorted(folder.iterdir()) if folder.is_dir() else []
        return tuple(cls(path) for path in found if path.is_dir())

    @property
    def name(self) -> str:
        """The model's name."""
        return self.root.name

    @property
    def spool(self) -> Path:
        """Where workers write."""
        return self.root / "spool"

    @property
    def parts(self) -> Path:
        """Parquet files by date, hour and release."""
        return self.root / "parts"

    def hour(self, time: datetime) -> Path:
        """The parts of the hour that holds `time`, which is in UTC."""
        return self.parts / f"date={time:%Y-%m-%d}" / f"hour={time:%H}"

    @property
    def labels(self) -> Path:
        """Parquet files of labels."""
        return self.root / "labels"

    @property
    def releases(self) -> Path:
        """Descriptions of releases."""
        return self.root / "releases"

    def description(self, release: str) -> Path:
        """How a release's rows are to be read. release: its digest."""
        return self.releases / f"{release[:RELEASE_DIGITS]}.json"

    @property
    def torn(self) -> Path:
        """Damaged spools."""
        return self.root / "torn"

    @property
    def outbox(self) -> Path:
        """What sinks have not got yet."""
        return self.root / "outbox"

    @property
    def batches(self) -> Path:
        """Rows of tables that are being scored."""
        return self.root / "batches"

    @property
    def converting(self) -> Path:
        """The lock of whoever turns spools into parts."""
        return self.root / "converting.lock"

    @property
    def publishing(self) -> Path:
        """The lock under which parts appear and their spool goes, so that a reader sees the one or the other."""
        return self.root / "publishing.lock"

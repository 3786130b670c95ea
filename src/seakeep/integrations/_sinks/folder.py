"""A folder as a sink: the log's files as they are, `/data/log` or `file:///data/log`, where another machine or a backup takes them.

What arrives is a prediction log itself: PredictionLog.of("/data/log", name) reads it, also where several servers send to one folder,
since their files have names of their own. A file that was sent before is written again under its name.
The log's own home is none: parts that were put together since would come back beside the larger ones, and count twice.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from seakeep.core.errors import UsageError
from seakeep.core.files import replacing
from seakeep.integrations._sinks._files import Descriptions
from seakeep.prediction_log.layout import Layout

if TYPE_CHECKING:
    from seakeep.prediction_log.outbox import Parcel


class OwnFolder(UsageError):
    """The folder that the log's files shall be copied to is where they are."""

    @classmethod
    def of(cls, folder: Path) -> OwnFolder:
        return cls(
            f"the sink {folder} is the home of the log itself",
            cause="Its files would be copied onto themselves, and those that were removed would come back.",
            fix="Name a folder of its own: serve.log_sinks",
            folder=str(folder),
        )


def open_sink(address: str) -> FolderSink:
    """The sink at a path or a file:// address."""
    return FolderSink(Path(unquote(urlsplit(address).path) if address.startswith("file://") else address))


class FolderSink:
    """Copies files below a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._descriptions = folder, Descriptions()

    def take(self, log: Layout, parcel: Parcel) -> None:
        """Copy one file, and before it how its rows are to be read. Raises CannotWrite; OwnFolder."""
        if Layout.of(self._folder, log.name).root.resolve() == log.root.resolve():
            raise OwnFolder.of(self._folder)
        for place, path in (*self._descriptions.before(log, parcel), (parcel.place, parcel.path)):
            self._put(log.name, place, path)

    def _put(self, name: str, place: str, path: Path) -> None:
        with replacing(Layout.of(self._folder, name).root / place) as temporary:
            shutil.copyfile(path, temporary)

    def close(self) -> None:
        """Nothing is open."""

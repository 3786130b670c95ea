"""A bucket as a sink: the log's files as objects, `s3://BUCKET/PREFIX`, `gs://…` or `az://…`, under the names that they have in the log.

An object is written whole or not at all, and one that was sent before is written again under its name. Who may write is the
client's own matter: the environment, a profile, or the cloud's identity.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from seakeep.data.reading.buckets import Bucket
from seakeep.integrations._sinks._files import Descriptions
from seakeep.prediction_log.layout import FOLDER

if TYPE_CHECKING:
    from pathlib import Path

    from seakeep.prediction_log.layout import Layout
    from seakeep.prediction_log.outbox import Parcel


def open_sink(address: str) -> BucketSink:
    """The sink at an address. Raises CannotReach, for one that is none; MissingExtra."""
    return BucketSink(Bucket(address))


class BucketSink:
    """Puts files into a bucket."""

    def __init__(self, bucket: Bucket) -> None:
        self._bucket, self._descriptions = bucket, Descriptions()

    def take(self, log: Layout, parcel: Parcel) -> None:
        """Put one file, and before it how its rows are to be read. Raises CannotReach."""
        for place, path in (*self._descriptions.before(log, parcel), (parcel.place, parcel.path)):
            self._put(log.name, place, path)

    def _put(self, name: str, place: str, path: Path) -> None:
        self._bucket.put(f"{FOLDER}/{name}/{place}", path.read_bytes())

    def close(self) -> None:
        """The client closes by itself."""

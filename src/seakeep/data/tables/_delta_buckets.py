"""Delta Lake in a bucket: the log is read where it is, by the library's own client; the version's live files are fetched, as all tables in buckets are.

Called by data.tables.delta. Credentials and the endpoint come from the environment, as they do for every address. What is hard: the library waits long and says
little where a bucket refuses, so the bucket is asked first by ours; and a new version must be noticed later, so the log's newest entry goes among the files.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from seakeep.core.addresses import has_secret, scheme
from seakeep.data.errors import BadSnapshot
from seakeep.data.reading.buckets import Bucket, CannotReach, NotThere
from seakeep.data.reading.fetching import fetched

if TYPE_CHECKING:
    from pathlib import Path

LOG = "_delta_log"
SCHEMES = ("s3", "file")
"""Buckets whose client the library configures as ours does; the others were never run."""
_SECONDS = {"timeout": "30s", "connect_timeout": "10s"}


@dataclass(frozen=True, slots=True)
class Objects:
    """A table's folder in a bucket. place: its address. log: the addresses of the log's entries, by name."""

    place: str
    log: tuple[str, ...]

    def file(self, path: str, called: str) -> Path:
        """A copy of a data file. path: below the folder. Raises CannotReach; BadSnapshot, where it is gone; CannotRead, where the disk is full."""
        found = Bucket(self.place).look(path)
        if found is None:
            raise BadSnapshot.lost_file(called, f"{self.place}/{path}")
        return fetched(found)

    def newest(self, version: int) -> str:
        """The log's last entry that a version is made of."""
        entries = [each for each in self.log if _number(each) <= version]
        return (entries or list(self.log))[-1]


def objects_of(place: str, called: str) -> Objects:
    """The table at an address of objects. Raises CannotReach; BadSnapshot, where there is none, or not in such a bucket."""
    if scheme(place) not in SCHEMES:
        raise BadSnapshot.elsewhere(called, "Delta")
    if has_secret(place):
        raise CannotReach.address(place)
    entries = tuple(each for each in listed(place, LOG) if _number(each) >= 0)
    if not entries:
        raise BadSnapshot.absent(called, "Delta", f"there is no {LOG} below it")
    return Objects(place.rstrip("/"), entries)


def listed(place: str, folder: str) -> tuple[str, ...]:
    """Addresses of the objects in a folder of a table, by name; none where there is no such folder. Raises CannotReach."""
    try:
        return tuple(each.address for each in Bucket(place).list(folder))
    except NotThere:
        return ()


def storage_options(place: str) -> dict[str, str]:
    """What the library's client is told beside the environment: how long to wait, and an endpoint that is named for S3 alone."""
    if scheme(place) != "s3":
        return {}
    endpoint = os.environ.get("AWS_ENDPOINT_URL_S3", os.environ.get("AWS_ENDPOINT_URL", ""))
    named = {"AWS_ENDPOINT_URL": endpoint} if endpoint else {}
    return _SECONDS | named | ({"AWS_ALLOW_HTTP": "true"} if endpoint.startswith("http://") else {})


def _number(address: str) -> int:
    """The version that an entry of the log makes, or checkpoints; -1 for other objects."""
    digits = address.rpartition("/")[2].partition(".")[0]
    return int(digits) if digits.isdecimal() else -1

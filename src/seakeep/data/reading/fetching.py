"""Tables at an address (`s3://`, `gs://`, `az://`): fetched once a process to a temporary folder, and read from there.

Called by data.read. The content is what counts, as for any file: the digest of a dataset is that of its bytes, so the same table
has the same digest in a bucket and in a folder. Whether an object has changed since is told without reading it, by its version or
ETag and its size. The copies are removed when the process ends; a table that is larger than the free disk is refused.
"""

from __future__ import annotations

import contextlib
import fnmatch
import functools
import glob
import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from seakeep.core.addresses import has_secret, scheme
from seakeep.core.files import replacing
from seakeep.data.errors import CannotRead, NoCopy
from seakeep.data.reading import scratch
from seakeep.data.reading.buckets import SCHEMES, Bucket, CannotReach, Found

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    import polars as pl

    from seakeep.data.sources import FileSource


@dataclass(frozen=True, slots=True)
class FetchedSource:
    """A source of copies, which speaks of them by their addresses. inner: of the copies. addresses: of the files, in order."""

    called: str
    inner: FileSource
    addresses: tuple[str, ...]

    @property
    def description(self) -> str:
        """What to call this table in messages."""
        return self.called

    @property
    def schemas(self) -> Sequence[pl.Schema]:
        """The columns of every file."""
        return self.inner.schemas

    def pieces(self) -> Sequence[pl.LazyFrame]:
        """The pieces of the copies."""
        return self.inner.pieces()

    def files(self) -> Sequence[str]:
        """The addresses, in order."""
        return self.addresses

    def file_of(self, piece: int) -> str:
        """The address of the file that a piece is of."""
        return self.addresses[list(self.inner.files()).index(self.inner.file_of(piece))]

    def digest(self) -> str:
        """That of the copies: equal bytes, equal digests, wherever they are."""
        return self.inner.digest()


def is_address(called: str) -> bool:
    """Whether this is an address of objects, and no path."""
    return scheme(called) in SCHEMES


def listed(called: str, endings: Sequence[str] = ()) -> tuple[Found, ...]:
    """The objects that an address stands for, by name: one, those of a pattern, or the tables below a prefix.

    Raises: CannotReach, where there is none.
    """
    if has_secret(called):
        raise CannotReach.address(called)
    fixed, _, _ = called.partition("*") if glob.has_magic(called) else (called.rstrip("/"), "", "")
    bucket = Bucket(fixed.rpartition("/")[0] if "/" in fixed.partition("://")[2] else fixed)
    if not glob.has_magic(called):
        alone = bucket.look(fixed.removeprefix(bucket.address).lstrip("/")) if fixed != bucket.address else None
        if alone is not None:
            return (alone,)
        below = [each for each in Bucket(fixed).list() if not endings or each.address.endswith(tuple(endings))]
    else:
        depth = called.count("/")
        below = [
            each
            for each in bucket.list()
            if fnmatch.fnmatchcase(each.address, called) and ("**" in called or each.address.count("/") == depth)
        ]
    if not below:
        raise CannotReach.absent(called)
    return tuple(below)


def fetched(found: Found) -> Path:
    """A copy of an object on this machine, whole. Raises CannotReach; CannotRead, where it does not fit on the disk."""
    return _fetched(found.address, found.size, found.mark)


def found_at(address: str) -> Found | None:
    """What is known of one object without reading it; None where there is none. Raises CannotReach."""
    place, _, key = address.rpartition("/")
    return Bucket(place).look(key)


@contextlib.contextmanager
def by_address(copies: dict[str, str]) -> Iterator[None]:
    """Let errors speak of addresses instead of copies. copies: address by path."""
    try:
        yield
    except CannotRead as error:
        found, where, cause, fix = (
            _replaced(part, copies) for part in (error.found, error.where, error.cause, error.fix)
        )
        raise CannotRead(found, where=where, cause=cause, fix=fix) from error


def _replaced(text: str, copies: dict[str, str]) -> str:
    return functools.reduce(lambda told, path: told.replace(path, copies[path]), copies, text)


@functools.lru_cache(maxsize=10_000)
def _fetched(address: str, size: int, mark: str) -> Path:
    mine = hashlib.sha256(f"{address} {mark}".encode()).hexdigest()[:16]
    place, _, key = address.rpartition("/")
    target = scratch.folder() / mine / key
    free = scratch.bytes_free()
    if size > free - scratch.KEPT_FREE:
        raise NoCopy.fetched_too_large(address, size, free, scratch.folder())
    with replacing(target) as temporary:
        Bucket(place).fetch(key, temporary)
        if temporary.stat().st_size != size:
            raise CannotReach.unreachable(address, "reading", f"{temporary.stat().st_size:,} of {size:,} bytes came")
    return target

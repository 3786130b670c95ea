"""BadSnapshot: a table of Delta Lake or Iceberg is not there, or not in the version that was asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seakeep.core.errors import UsageError
from seakeep.data.errors.reading import CannotRead
from seakeep.data.errors.words import first_line

if TYPE_CHECKING:
    from collections.abc import Sequence


class BadSnapshot(CannotRead):
    """A table that keeps its versions cannot be read as asked."""

    @classmethod
    def no_query(cls, address: str) -> UsageError:
        return UsageError(
            f"{address} is a table, and a query was given",
            cause="Only databases answer queries.",
            fix="Leave query out; choose rows with where=polars.col('month') <= 9.",
            address=address,
        )

    @classmethod
    def twice(cls, address: str) -> UsageError:
        return UsageError(
            f"{address} names a version, and version= names one too", fix="Leave one of them out.", address=address
        )

    @classmethod
    def absent(cls, address: str, kind: str, reason: str) -> BadSnapshot:
        return cls(
            f"there is no {kind} table at {address}: {first_line(reason)}",
            cause="The place is misspelt, or what is there is no such table.",
            fix=f"ls {address.partition('://')[2].partition('?')[0] or address}",
            address=address,
            reason=reason,
        )

    @classmethod
    def elsewhere(cls, address: str, kind: str) -> BadSnapshot:
        fix = "Copy the table's folder here and read that, or mount the bucket."
        if kind == "Iceberg":
            fix = "Name it by its catalog, iceberg://catalog/namespace.table, which knows how to reach its files."
        return cls(
            f"{address} is a table of {kind}, and such tables are not read in this bucket",
            cause="Of tables with versions in buckets, Delta Lake's on S3 are read. A glob of their files would give old and deleted rows, too.",
            fix=fix,
            address=address,
        )

    @classmethod
    def no_version(cls, address: str, version: object, known: Sequence[str]) -> BadSnapshot:
        return cls(
            f"{address} has no version {version}",
            cause=f"There are: {', '.join(known[-8:]) or 'none'}."
            + (" Older ones may have been removed." if known else ""),
            fix=f"seakeep.read(…, version={known[-1]!r})" if known else "",
            address=address,
            version=version,
        )

    @classmethod
    def ambiguous(cls, address: str, names: Sequence[str]) -> BadSnapshot:
        return cls(
            f"{address} has two metadata files of one number: {' and '.join(names)}",
            cause="Two writers met, and only the table's catalog knows which of them won.",
            fix="Name the table by its catalog, iceberg://catalog/namespace.table, or the metadata file itself.",
            address=address,
            names=tuple(names),
        )

    @classmethod
    def features(cls, address: str, names: Sequence[str]) -> BadSnapshot:
        return cls(
            f"{address} needs what is not known here: {', '.join(names)}",
            cause="The table was written with features that change what its files mean; reading them as they stand would be wrong.",
            fix="Write a plain copy with the program that wrote it: create table … as select * from …",
            address=address,
            names=tuple(names),
        )

    @classmethod
    def lost_file(cls, address: str, file: str) -> BadSnapshot:
        return cls(
            f"{address} names {file}, which is not there",
            cause="The version is older than what was kept (VACUUM, or expired snapshots), or a copy of the table broke off.",
            fix="Read a newer version, or restore the file.",
            address=address,
            file=file,
        )

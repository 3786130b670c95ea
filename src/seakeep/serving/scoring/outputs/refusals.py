"""What can be wrong with a table that predictions go to, in words. Addresses are shown without their secrets."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seakeep.core.addresses import redacted
from seakeep.core.errors import DataError
from seakeep.serving.scoring.errors import CannotScore

if TYPE_CHECKING:
    from collections.abc import Sequence

_MOST = 8


class CannotFill(CannotScore):
    """A table cannot take the predictions; no row of it has changed."""

    @classmethod
    def address(cls, address: str, expected: str) -> CannotFill:
        return cls(
            f"{redacted(address)!r} names no table to write to",
            cause="An output is a table, and no query or version of one.",
            fix=f"-o {expected!r}",
            address=redacted(address),
        )

    @classmethod
    def no_parts(cls, address: str, parts: str) -> CannotFill:
        return cls(
            f"a table has no parts in {parts!r}",
            where=redacted(address),
            cause="The address names a table, which keeps its rows in its own way.",
            fix="Leave out --parts, or name a folder: -o scored/",
            parts=parts,
        )

    @classmethod
    def unlike(cls, table: str, differences: Sequence[str]) -> CannotFill:
        more = f"; and {len(differences) - _MOST} more" if len(differences) > _MOST else ""
        return cls(
            f"the table's columns are not those of the predictions: {'; '.join(differences[:_MOST])}{more}",
            where=table,
            cause="It was made for another model, or another table.",
            fix="Name another table, change its columns, or choose what is kept beside the predictions: --keep key",
            table=table,
            differences=tuple(differences),
        )

    @classmethod
    def type(cls, column: str, dtype: object, kind: str) -> CannotFill:
        return cls(
            f"column {column!r} is {dtype}, which a table of {kind} has no type for",
            cause="All of the table's columns are kept beside the predictions.",
            fix=f"Pass --keep key, or leave it out on reading: seakeep.read(…, drop=[{column!r}]).",
            column=column,
            dtype=dtype,
        )

    @classmethod
    def name(cls, column: str, kind: str, most: str) -> CannotFill:
        return cls(
            f"{column[:80]!r} cannot be the name of a column of {kind}, which has {most}",
            cause="The database would cut it, or refuse it, and it could not be found again.",
            fix="Rename it on reading: seakeep.read(…, derive={…}), or pass --keep key.",
            column=column,
        )

    @classmethod
    def ability(cls, table: str, what: str) -> CannotFill:
        return cls(
            f"the table {what}",
            where=table,
            cause="Rows that were put there without regard to it would break what its owner asked for.",
            fix="Write to a table of its own, and insert from there with the engine that keeps this one.",
            table=table,
        )

    @classmethod
    def there(cls, table: str, job: str) -> CannotFill:
        return cls(
            "these predictions are in the table already",
            where=table,
            cause=f"The same run, {job[:12]}, of the same rows by the same release, put them there; twice would double every row.",
            fix="Nothing is left to do. To replace all of the table's rows by them: --overwrite",
            table=table,
            job=job,
        )

    @classmethod
    def taken_place(cls, address: str, strange: str = "") -> CannotFill:
        return cls(
            f"there is something at {address} already" + (f": {strange!r}, which no run put there" if strange else ""),
            cause="It may hold an earlier run's predictions."
            if not strange
            else "Writing it over would remove what no run can make again.",
            fix="Name another place, or pass overwrite=True (--overwrite)." if not strange else "Name another place.",
            address=address,
        )

    @classmethod
    def under_way(cls, table: str) -> CannotFill:
        return cls(
            "the same run is under way already",
            where=table,
            cause="Another process holds it, on this machine or another.",
            fix="Wait for it, or end it; the same command then goes on where it stood.",
            table=table,
        )

    @classmethod
    def itself(cls, table: str) -> CannotFill:
        return cls(
            "the output is the table that is to be scored",
            where=table,
            cause="Overwriting it would leave the predictions and lose the rows that they are for.",
            fix="Name another table.",
            table=table,
        )


class CannotInsert(DataError):
    """A table did not take rows that it should take. The units before are kept: the same command goes on where it stood."""

    @classmethod
    def refused(cls, table: str, reason: str) -> CannotInsert:
        return cls(
            f"the rows were not taken: {_words(reason)}",
            where=table,
            cause="The user may not create or fill tables there, a disk is full, or somebody changed the table meanwhile.",
            fix="Mend that and give the same command again: it goes on where it stood.",
            table=table,
            reason=_words(reason),
        )

    @classmethod
    def unreachable(cls, table: str, reason: str, tries: int) -> CannotInsert:
        return cls(
            f"the database did not answer in {tries} tries: {_words(reason)}",
            where=table,
            cause="It is down, it ended the connection, another writer holds it, or a network is in between.",
            fix="When it answers, give the same command again: it goes on where it stood.",
            table=table,
            reason=_words(reason),
        )

    @classmethod
    def gone(cls, table: str, unit: int) -> CannotInsert:
        return cls(
            f"unit {unit} was written and is not there any more",
            where=table,
            cause="Somebody removed files or rows of this run while it was under way (a clean-up, a vacuum without retention).",
            fix="Give the same command again: it writes what is lacking.",
            table=table,
            unit=unit,
        )


def _words(reason: str) -> str:
    """What a driver says, in one line and without a password."""
    lines = [line.strip() for line in str(reason).splitlines() if line.strip()]
    return redacted(lines[0])[:300].rstrip(".") if lines else "it did not say why"

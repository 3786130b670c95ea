"""What can be wrong with a batch run before a row is read, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seakeep.core.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


class CannotScore(UsageError):
    """The output cannot be written as asked; nothing was written."""

    @classmethod
    def ending(cls, out: Path, endings: Sequence[str]) -> CannotScore:
        return cls(
            f"{out.name!r} ends in {out.suffix!r}, expected {', '.join(endings[:-1])} or {endings[-1]}",
            cause="The ending says what to write.",
            fix=f"Name it {out.stem}.parquet.",
            path=str(out),
        )

    @classmethod
    def exists(cls, out: Path) -> CannotScore:
        return cls(
            f"{out} exists already",
            cause="It may hold an earlier run's predictions.",
            fix="Name another file, or pass overwrite=True (--overwrite).",
            path=str(out),
        )

    @classmethod
    def own_input(cls, out: Path, table: str) -> CannotScore:
        return cls(
            f"{out} is a file of the table that is to be scored",
            where=table,
            cause="Overwriting it would leave the predictions and lose the rows that they are for.",
            fix=f"Name another file: -o {out.with_name(f'{out.stem}-scored{out.suffix}')}",
            path=str(out),
        )

    @classmethod
    def taken(cls, names: Sequence[str], table: str) -> CannotScore:
        return cls(
            f"the table has a column {names[0]!r} already, which is the name of a predicted one",
            where=table,
            cause="The predictions stand beside the columns that are kept.",
            fix="Pass keep='key', or drop the column on reading: seakeep.read(…, drop=[…]).",
            names=tuple(names),
        )

"""What can be wrong with a batch run before a row is read, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seakeep.core.errors import DataError, UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import polars as pl

    from seakeep.serving.scoring.contract import Fault


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

    @classmethod
    def format(cls, found: str, known: Sequence[str]) -> CannotScore:
        return cls(
            f"parts cannot be {found!r}, expected {', '.join(known[:-1])} or {known[-1]}",
            fix="For a folder of Parquet files: --parts parquet",
            format=found,
        )

    @classmethod
    def holds_input(cls, out: Path, table: str) -> CannotScore:
        return cls(
            f"{out} holds files of the table that is to be scored",
            where=table,
            cause="A folder of parts appears as a whole, and what stood there would go.",
            fix=f"Name another folder: -o {out.with_name(f'{out.name}-scored')}/",
            path=str(out),
        )

    @classmethod
    def inside_input(cls, out: Path, table: str) -> CannotScore:
        return cls(
            f"{out} lies within {table}, whose files are scored",
            where=table,
            cause="Its parts would be rows of the table when that is read again.",
            fix=f"Name a folder beside it: -o {out.name}/",
            path=str(out),
        )

    @classmethod
    def busy(cls, out: Path, process: int | None) -> CannotScore:
        return cls(
            f"another run writes {out} now" + (f", process {process}" if process else ""),
            cause="Two runs of one command would write every part twice.",
            fix="Wait for it; if it is lost, end it, and the same command goes on where it stood"
            + (f": kill {process}" if process else "."),
            path=str(out),
            process=process,
        )

    @classmethod
    def other_job(cls, out: Path, theirs: Mapping[str, str], own: Mapping[str, str], parts: int) -> CannotScore:
        differing = [name for name in own if theirs.get(name) != own[name]]
        told = "; ".join(f"{name} was {theirs.get(name, 'none')[:60]}, is {own[name][:60]}" for name in differing)
        return cls(
            f"{out} was begun by another run, which wrote {parts:,} parts: {told or 'it was of another version'}",
            where=str(out),
            cause="Its parts and those of this run would not belong together.",
            fix="Go on with the command of that run, name another folder, or begin anew without its parts: --overwrite",
            path=str(out),
            parts=parts,
            differing=tuple(differing),
        )

    @classmethod
    def not_ours(cls, out: Path, strange: str) -> CannotScore:
        found = f"{strange!r}, which no run put there" if strange else "what no run has made"
        return cls(
            f"{out} holds {found}, and is not written over",
            cause="Writing it over removes the whole folder; a wrong path would remove what is not to be had again.",
            fix=f"Name another folder, or look at it and remove it yourself: ls {out}",
            path=str(out),
        )

    @classmethod
    def nowhere_to_set_aside(cls) -> CannotScore:
        return cls(
            "broken rows are to be set aside, and no place for them is named",
            cause="A row that is neither scored nor kept would be lost.",
            fix="Name a file or a folder for them: --quarantine bad-rows.parquet",
        )

    @classmethod
    def quarantine_unused(cls, broken: str) -> CannotScore:
        return cls(
            f"a place for broken rows is named, and broken rows are to be {broken!r}",
            cause="Only one of the two can happen to a row.",
            fix="Leave out one of them: --quarantine, or --broken.",
            broken=broken,
        )

    @classmethod
    def quarantine_forgets(cls, quarantine: str, out: str) -> CannotScore:
        return cls(
            f"{out} is written part by part and outlives a kill, and {quarantine} is one file and does not",
            cause="A run that goes on would have lost the broken rows of the parts that were done.",
            fix="Give the broken rows a folder too: --quarantine bad-rows/",
            quarantine=quarantine,
        )

    @classmethod
    def same_place(cls, out: str) -> CannotScore:
        return cls(
            f"answers and the rows that are set aside are both to be written to {out}",
            fix=f"Name another place for these: --quarantine {out.rstrip('/')}-broken/",
            path=out,
        )

    @classmethod
    def input_changed(cls, path: str) -> CannotScore:
        return cls(
            f"{path} was written to while it was scored",
            where=path,
            cause="Some rows were answered as they were before, and others as they are now.",
            fix="Run it again when nothing writes to the table; parts that were written are of the old one: --overwrite",
            path=path,
        )

    @classmethod
    def odd_name(cls, place: str) -> CannotScore:
        return cls(
            f"{place!a} is no text in UTF-8, and no file of that name can be written",
            cause="It was typed in another encoding, or came from an archive of another system.",
            fix="Name it in UTF-8: -o scored/",
            path=place,
        )

    @classmethod
    def part_gone(cls, part: Path) -> CannotScore:
        return cls(
            f"{part.name} was written and is not there any more",
            where=str(part.parent),
            cause="Somebody removed or changed it while the run was under way.",
            fix="Give the same command again: it writes what is lacking.",
            path=str(part),
        )


class BrokenRow(DataError):
    """A row breaks the model's contract, and the run was told to end at the first that does."""

    @classmethod
    def of(cls, fault: Fault, frame: pl.DataFrame, *, number: int) -> BrokenRow:
        row = int(fault.rows[0])
        if not fault.column:
            return cls(
                f"row {number:,} breaks the rule {fault.name!r}: {fault.expected}",
                cause="Values that a server would refuse together (serve.rules) are in the table.",
                fix="Set such rows aside and score the others: --quarantine bad-rows.parquet",
                row=number,
                rule=fault.name,
            )
        value = frame[fault.column][row]
        found = "nothing" if value is None else repr(value)[:80]
        return cls(
            f"row {number:,} has {found} in {fault.column!r}, expected {fault.expected}",
            where=fault.name,
            cause="The table holds what the model's contract does not allow when it is served.",
            fix="Set such rows aside and score the others: --quarantine bad-rows.parquet",
            row=number,
            column=fault.column,
            value=value,
            rule=fault.name,
        )

"""The errors of reading tables: wording in classmethods, offending values as attributes.

DataError
├── CannotRead          a path, file or folder cannot be read as a table
├── MixedTables         the files of one dataset do not have the same columns
├── UnsupportedColumn   a column's type has no meaning here
└── BadStep             a derived column or filter cannot be applied
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from seakeep.core.errors import DataError, nearest

if TYPE_CHECKING:
    from collections.abc import Sequence

    import polars as pl


_KNOWN_TYPES = "numbers, booleans, text, dates, times, durations, bytes, lists and structs"


class CannotRead(DataError):
    """A path, file or folder cannot be read as a table."""

    @classmethod
    def missing(cls, path: Path) -> CannotRead:
        if path.is_symlink():
            return cls.dangling(path)
        near = nearest(path.name, _names(path.parent))
        return cls(
            f"there is no file or folder {path}",
            where=f"looked from {Path.cwd()}",
            cause=f"Did you mean {path.with_name(near)}?" if near else _parent_says(path.parent),
            fix=f"ls {path.parent if path.parent.is_dir() else '.'}",
            path=str(path),
            nearest=near,
        )

    @classmethod
    def dangling(cls, path: Path) -> CannotRead:
        return cls(
            f"{path} is a link to {path.readlink()}, and there is nothing",
            where=f"looked from {Path.cwd()}",
            cause="What it pointed to was moved or deleted, or it points to itself.",
            fix=f"ls -l {path}",
            path=str(path),
        )

    @classmethod
    def not_a_path(cls, called: str, error: Exception) -> CannotRead:
        return cls(
            f"{called[:60]!r}{'…' if len(called) > 60 else ''} cannot be a path: {getattr(error, 'strerror', None) or error}",
            cause=f"It is {len(called):,} characters long; a name may have 255 bytes, and none of them zero.",
            fix='Name a file, for example: seakeep.read("flights/*.parquet")',
            called=called,
        )

    @classmethod
    def not_a_file(cls, path: Path) -> CannotRead:
        return cls(
            f"{path} is a pipe, a socket or a device, a plain file is expected",
            cause="Tables are read several times and in pieces, which such a thing does not allow.",
            fix=f"Write it to a file first: cat {path} > table.csv",
            path=str(path),
        )

    @classmethod
    def address(cls, called: str) -> CannotRead:
        return cls(
            f"{called} is an address, a path on this machine is expected",
            cause="Files are read in place, several times; nothing is fetched over a network.",
            fix="Copy it here first, or read it yourself: seakeep.read(polars.scan_parquet('…')).",
            address=called,
        )

    @classmethod
    def no_match(cls, pattern: str) -> CannotRead:
        return cls(
            f"no file matches {pattern!r}",
            where=f"looked from {Path.cwd()}",
            cause="The pattern is misspelt, or the shell's folder is another one.",
            fix=f"ls {pattern}",
            pattern=pattern,
        )

    @classmethod
    def no_tables(cls, folder: Path, known: Sequence[str]) -> CannotRead:
        return cls(
            f"folder {folder} holds no table",
            cause=f"Nothing below it ends in {' or '.join(f'.{name}' for name in known)}.",
            fix=f"ls -R {folder}",
            path=str(folder),
        )

    @classmethod
    def no_paths(cls) -> CannotRead:
        return cls("the list of paths is empty", fix='Name at least one file: seakeep.read(["flights.parquet"]).')

    @classmethod
    def unknown_format(cls, path: Path, known: Sequence[str]) -> CannotRead:
        return cls(
            f"{path} has no ending that names a format",
            cause=f"Known formats: {', '.join(known)} (and .csv.gz, .csv.zip, .zip).",
            fix=f"Rename it: mv {path} {path}.parquet (or .csv), whichever it is.",
            path=str(path),
        )

    @classmethod
    def mixed_formats(cls, first: Path, second: Path) -> CannotRead:
        return cls(
            f"{first} and {second} are of different formats",
            cause="One dataset is read by one reader.",
            fix="Read them apart, or name one ending: seakeep.read('folder/*.parquet').",
            first=str(first),
            second=str(second),
        )

    @classmethod
    def unknown_object(cls, data: object) -> CannotRead:
        return cls(
            f"cannot read a {type(data).__module__}.{type(data).__qualname__} as a table",
            cause="Known: a path, a glob, a folder, a list of paths, a Polars, Arrow or pandas table.",
            fix="Turn it into one of these first, for example polars.DataFrame(…).",
            type=type(data).__qualname__,
        )

    @classmethod
    def empty(cls, path: Path) -> CannotRead:
        return cls(
            f"{path} is empty (0 bytes)",
            cause="It was created and never written, or a copy of it broke off.",
            fix=f"Make it again, or leave it out: rm {path}",
            path=str(path),
        )

    @classmethod
    def blank(cls, path: Path, size: int) -> CannotRead:
        return cls(
            f"{path} holds only empty lines and spaces ({size:,} bytes)",
            cause="It was written without a header and rows.",
            fix=f"Make it again, or leave it out: rm {path}",
            path=str(path),
            size=size,
        )

    @classmethod
    def torn(cls, path: Path, kind: str, reason: str) -> CannotRead:
        return cls(
            f"{path} is not a whole {kind} file: {_first_line(reason)}",
            cause="A download or copy broke off, the file is still being written, or it is of another format.",
            fix=f"Compare its size with the original's: ls -l {path}",
            path=str(path),
            reason=reason,
        )

    @classmethod
    def bad_line(cls, path: Path, line: int, reason: str) -> CannotRead:
        return cls(
            f"{path} cannot be read as CSV: {_first_line(reason)}",
            where=f"line {line}",
            cause="A line has more or fewer fields than the header, or a quote is not closed; a torn file ends so.",
            fix=f"sed -n {line}p {path}",
            path=str(path),
            line=line,
            reason=reason,
        )

    @classmethod
    def bad_value(cls, path: Path, column: str, *, value: str, dtype: pl.DataType) -> CannotRead:
        return cls(
            f"{value!r} in column {column!r} of {path} is not of type {dtype}",
            cause="The type was given, or inferred from the first rows alone.",
            fix=f"Infer it from all rows (infer_rows=None), or read it as text: types={{{column!r}: polars.String()}}.",
            path=str(path),
            column=column,
            value=value,
            dtype=dtype,
        )

    @classmethod
    def utf16(cls, path: Path) -> CannotRead:
        return cls(
            f"{path} is UTF-16, UTF-8 is expected",
            cause="It was saved as Unicode text by a spreadsheet.",
            fix=f"iconv -f UTF-16 -t UTF-8 {path} > {path.with_suffix('.utf8.csv')}",
            path=str(path),
        )

    @classmethod
    def is_parquet(cls, path: Path, *, packed: bool) -> CannotRead:
        renamed = f"mv {path} {path.with_suffix('.parquet')}"
        return cls(
            f"{path} is a Parquet file, CSV is expected",
            where="its first bytes are PAR1",
            cause="It was written or renamed with the wrong ending; the ending says how a file is read.",
            fix=f"Unpack it, and give what is in it the ending .parquet: {path}" if packed else f"Rename it: {renamed}",
            path=str(path),
        )

    @classmethod
    def zero_bytes(cls, path: Path, line: int) -> CannotRead:
        return cls(
            f"{path} holds bytes that are zero, CSV is text and has none",
            where=f"line {line}",
            cause="A crash left a block of zeros in it, it is UTF-16 without a mark, or it is no text at all.",
            fix=f"See what it is: file {path}; zeros alone go by: tr -d '\\000' < {path} > {path}.clean.csv",
            path=str(path),
            line=line,
        )

    @classmethod
    def duplicate_columns(cls, where: str, names: Sequence[str]) -> CannotRead:
        return cls(
            f"column name {names[0]!r} occurs more than once",
            where=where,
            cause="A join or an export wrote the same column twice; which one is meant cannot be told.",
            fix="Rename one of them where the table is written.",
            names=tuple(names),
        )

    @classmethod
    def not_convertible(cls, reason: str) -> CannotRead:
        return cls(
            f"a table in memory cannot be turned into a Polars frame: {_first_line(reason)}",
            cause="A column mixes types, or holds Python objects.",
            fix="Give every column one type first: frame.convert_dtypes() in pandas, table.cast(…) in Arrow.",
            reason=reason,
        )

    @classmethod
    def failed(cls, called: str, reason: str) -> CannotRead:
        return cls(
            f"{called} cannot be computed: {_first_line(reason)}",
            cause="The lazy frame itself fails.",
            fix="See the whole message: frame.collect()",
            called=called,
            reason=reason,
        )

    @classmethod
    def archive(cls, path: Path, members: Sequence[str]) -> CannotRead:
        listed = ", ".join(members[:5]) or "none"
        return cls(
            f"{path} must hold exactly one CSV file, it holds {len(members)}",
            where=listed,
            cause="Which member is meant cannot be told.",
            fix=f"unzip {path} -d tables, and read the folder: seakeep.read('tables/*.csv').",
            path=str(path),
            members=tuple(members),
        )

    @classmethod
    def unpacks_too_large(cls, path: Path, needed: int, free: int, folder: Path) -> CannotRead:
        return cls(
            f"{path} unpacks to {needed:,} bytes or more, and {folder} has {free:,} bytes free",
            cause="A compressed CSV is unpacked to a temporary folder to be read in pieces.",
            fix="Free some space, or name a larger folder: export TMPDIR=/path",
            path=str(path),
            needed=needed,
            free=free,
        )

    @classmethod
    def fetched_too_large(cls, address: str, needed: int, free: int, folder: Path) -> CannotRead:
        return cls(
            f"{address} has {needed:,} bytes, and {folder} has {free:,} bytes free",
            cause="A table at an address is fetched to a temporary folder to be read in pieces.",
            fix="Free some space, or name a larger folder: export TMPDIR=/path",
            path=address,
            needed=needed,
            free=free,
        )

    @classmethod
    def forbidden(cls, path: Path, error: OSError) -> CannotRead:
        return cls(
            f"{path} cannot be opened: {error.strerror or error}",
            cause="It belongs to somebody else, or it is not a plain file.",
            fix=f"ls -ld {path}",
            path=str(path),
            errno=error.errno,
        )


class MixedTables(DataError):
    """The files of one dataset do not have the same columns."""

    @classmethod
    def types(cls, column: str, *, files: tuple[str, str], types: tuple[pl.DataType, pl.DataType]) -> MixedTables:
        zones = [getattr(dtype, "time_zone", None) for dtype in types]
        mixed_zones = all(dtype.is_temporal() for dtype in types) and zones[0] != zones[1]
        cast = f"polars.col({column!r}).cast(polars.{type(types[0]).__name__})"
        to_utc = f"polars.col({column!r}).cast(polars.Datetime('us', 'UTC'))"
        return cls(
            f"column {column!r} is {types[0]} in {files[0]} and {types[1]} in {files[1]}",
            cause="The files have mixed time zones (None is a time without a zone)."
            if mixed_zones
            else "The files were written with different types.",
            fix=f"Give it one type on reading: seakeep.read(…, derive={{{column!r}: {to_utc if mixed_zones else cast}}}).",
            column=column,
            files=files,
            types=types,
        )

    @classmethod
    def columns(cls, column: str, *, has: str, lacks: str) -> MixedTables:
        return cls(
            f"column {column!r} is in {has} and not in {lacks}",
            cause="The files were written by different versions of a job, or belong to different tables.",
            fix=f"Read them apart, or leave the column out: seakeep.read(…, drop=[{column!r}]).",
            column=column,
            has=has,
            lacks=lacks,
        )


class UnsupportedColumn(DataError):
    """A column's type has no meaning here."""

    @classmethod
    def of(cls, name: str, dtype: pl.DataType) -> UnsupportedColumn:
        return cls(
            f"column {name!r} is of type {dtype}, which no kind stands for",
            cause="It holds Python objects; these cannot be compared, hashed or saved."
            if str(dtype) == "Object"
            else f"Known types: {_KNOWN_TYPES}.",
            fix=f"Turn it into text or numbers first, or leave it out: seakeep.read(…, drop=[{name!r}]).",
            name=name,
            dtype=dtype,
        )


class BadStep(DataError):
    """A derived column or filter cannot be applied."""

    @classmethod
    def python_function(cls, name: str) -> BadStep:
        return cls(
            f"{name} calls a Python function",
            cause="Its text is not the same on every machine and version, so results could not be traced to it.",
            fix="Write it with Polars expressions, for example polars.when(…).then(…).otherwise(…).",
            name=name,
        )

    @classmethod
    def looks_at_other_rows(cls, name: str, expression: str) -> BadStep:
        return cls(
            f"{name} does not work row by row: {expression}",
            cause="Tables are read in pieces; a value may depend on its own row only. Text to time needs its format.",
            fix="Compute it before reading, or say the format: .str.to_datetime('%Y-%m-%d %H:%M').",
            name=name,
            expression=expression,
        )

    @classmethod
    def wrong_type(cls, name: str, reason: str) -> BadStep:
        return cls(
            f"{name} cannot be computed: {_first_line(reason)}",
            cause="A column in it is of another type than the expression needs.",
            fix="Look at the types: seakeep.read(…).pieces()[0].collect_schema()",
            name=name,
            reason=reason,
        )

    @classmethod
    def not_boolean(cls, dtype: pl.DataType) -> BadStep:
        return cls(
            f"where must be true or false for every row, it is {dtype}",
            cause="It names a column or a sum instead of a comparison.",
            fix="seakeep.read(…, where=polars.col('month') <= 9)",
            dtype=dtype,
        )


def _first_line(reason: str) -> str:
    lines = [line.strip() for line in reason.splitlines() if line.strip()]
    return lines[0] if lines else "no reason given"


def _names(folder: Path) -> list[str]:
    return sorted(item.name for item in folder.iterdir()) if folder.is_dir() else []


def _parent_says(folder: Path) -> str:
    if not folder.is_dir():
        return f"Folder {folder} does not exist either."
    listed = _names(folder)
    shown = ", ".join(listed[:8]) + (", …" if len(listed) > 8 else "")
    return f"{folder} holds: {shown}." if listed else f"Folder {folder} is empty."

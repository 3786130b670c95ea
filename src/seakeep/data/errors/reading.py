"""CannotRead: a path, file, folder or table in memory cannot be read as a table; the errors of formats are kinds of it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from seakeep.core.addresses import redacted
from seakeep.core.errors import DataError, nearest
from seakeep.data.errors.words import first_line

if TYPE_CHECKING:
    from collections.abc import Sequence


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
            f"{redacted(called)} is an address, a path on this machine is expected",
            cause="Known addresses: s3://, gs://, az://, postgresql://, sqlite://, delta://, iceberg://.",
            fix="Copy it here first, or read it yourself: seakeep.read(polars.scan_parquet('…')).",
            address=redacted(called),
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
            cause=f"Nothing below it ends in {', '.join(f'.{name}' for name in known)}.",
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
            cause=f"Known formats: {', '.join(known)}; text and records also packed (.gz, .zip, .zst).",
            fix="Say which it is: seakeep.read(…, format='csv').",
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
    def no_records(cls, path: Path) -> CannotRead:
        return cls(
            f"{path} holds no record, so it says nothing of its columns",
            cause="It was written without rows, by a format that names columns in every row and nowhere else.",
            fix="Leave it out, or say what its columns are: seakeep.read(…, types={'fare': polars.Float64()}).",
            path=str(path),
        )

    @classmethod
    def encrypted(cls, path: Path) -> CannotRead:
        return cls(
            f"{path} is an encrypted Parquet file, a plain one is expected",
            where="its first or last bytes are PARE",
            cause="It was written with keys, and Seakeep keeps none.",
            fix="Decrypt it with the program that wrote it, or read it yourself: seakeep.read(polars.read_parquet(…)).",
            path=str(path),
        )

    @classmethod
    def old_feather(cls, path: Path) -> CannotRead:
        return cls(
            f"{path} is Feather of version 1, Arrow IPC (Feather 2) is expected",
            where="its first bytes are FEA1",
            cause="It was written by a library before 2020, or with version=1.",
            fix=f"Write it again: pyarrow.feather.write_feather(pyarrow.feather.read_table('{path}'), '{path}')",
            path=str(path),
        )

    @classmethod
    def torn(cls, path: Path, kind: str, reason: str) -> CannotRead:
        return cls(
            f"{path} is not a whole {kind} file: {first_line(reason)}",
            cause="A download or copy broke off, the file is still being written, or it is of another format.",
            fix=f"Compare its size with the original's: ls -l {path}",
            path=str(path),
            reason=reason,
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
    def pattern_for_name(cls, name: str, where: str) -> CannotRead:
        return cls(
            f"column name {name!r} stands for other columns",
            where=where,
            cause="Polars, which reads tables, takes * and names of the form ^…$ for patterns that columns match.",
            fix="Rename it where the table is written.",
            name=name,
        )

    @classmethod
    def not_convertible(cls, reason: str) -> CannotRead:
        return cls(
            f"a table in memory cannot be turned into a Polars frame: {first_line(reason)}",
            cause="A column mixes types, or holds Python objects.",
            fix="Give every column one type first: frame.convert_dtypes() in pandas, table.cast(…) in Arrow.",
            reason=reason,
        )

    @classmethod
    def changed(cls, called: str, fewest: int, most: int) -> CannotRead:
        return cls(
            f"{called} changed while it was read: some of its columns had {fewest:,} rows, others {most:,}",
            cause="A file was written anew in its place meanwhile.",
            fix="Read it again once it is written; let writers write under another name and rename.",
            called=called,
            fewest=fewest,
            most=most,
        )

    @classmethod
    def failed(cls, called: str, reason: str) -> CannotRead:
        return cls(
            f"{called} cannot be computed: {first_line(reason)}",
            cause="The lazy frame itself fails.",
            fix="See the whole message: frame.collect()",
            called=called,
            reason=reason,
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


def _names(folder: Path) -> list[str]:
    return sorted(item.name for item in folder.iterdir()) if folder.is_dir() else []


def _parent_says(folder: Path) -> str:
    if not folder.is_dir():
        return f"Folder {folder} does not exist either."
    listed = _names(folder)
    shown = ", ".join(listed[:8]) + (", …" if len(listed) > 8 else "")
    return f"{folder} holds: {shown}." if listed else f"Folder {folder} is empty."

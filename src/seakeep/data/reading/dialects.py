"""CSV files of any dialect as files that RFC 4180 knows, once a process: UTF-8, commas as they were, quotes doubled, a header.

Called by data.sources.csv, so that what cuts files into pieces and parses them fast has one dialect to know. What is hard:
a broken record must be named by its line in the file as it was given, so fields are counted here, where that line is known; and
bytes that are not of the encoding become U+FFFD, which profile counts, as those that are not UTF-8 do.
"""

from __future__ import annotations

import csv
import functools
import itertools
from typing import TYPE_CHECKING, Any

from seakeep.core.files import replacing
from seakeep.data.errors import BadText, CannotRead, NoCopy
from seakeep.data.reading import scratch

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path
    from typing import TextIO

    from seakeep.data.reading.options import Dialect

_BLOCK = 1 << 20
_ROWS = 4096


def normal_file(plain: Path, dialect: Dialect, separator: str, *, called: Path) -> Path:
    """The file itself, or a copy of it without peculiarities but its separator and decimal sign.

    Raises: BadText, naming the line of `called`; NoCopy, where the copy does not fit on the disk.
    """
    if dialect.plain:
        return plain
    facts = plain.stat()
    if facts.st_size == 0:
        raise CannotRead.empty(called)
    return _normal(plain, facts.st_mtime_ns, dialect, separator, called)


@functools.lru_cache(maxsize=1000)
def _normal(plain: Path, changed: int, dialect: Dialect, separator: str, called: Path) -> Path:
    target = scratch.folder() / f"normal-{abs(hash((plain, changed, dialect, separator))):x}.csv"
    with (
        replacing(target) as temporary,
        plain.open(encoding=dialect.encoding, errors="replace", newline="") as file,
        temporary.open("w", encoding="utf-8", newline="") as copy,
    ):
        if _only_encoded(dialect):
            _transcode(file, copy, called)
        else:
            _rewrite(file, copy, dialect, separator, called)
    return target


def _only_encoded(dialect: Dialect) -> bool:
    return (dialect.quote, dialect.escape, dialect.comment, dialect.header) == ('"', "", "", True)


def _transcode(file: TextIO, copy: TextIO, called: Path) -> None:
    start = True
    try:
        while block := file.read(_BLOCK):
            _check_space(called, 4 * len(block))
            copy.write(block.removeprefix("\ufeff") if start else block)
            start = False
    except UnicodeError as error:
        raise CannotRead.torn(called, "text", str(error)) from error


def _rewrite(file: TextIO, copy: TextIO, dialect: Dialect, separator: str, called: Path) -> None:
    records = _records(file, dialect, separator, called)
    first = next(records, None)
    if first is None:
        raise CannotRead.blank(called, called.stat().st_size)
    header = _header(first[1], dialect)
    writer = csv.writer(copy, delimiter=separator, lineterminator="\r\n")  # a lone one of either is quoted then
    writer.writerow(header)
    for batch in _batches(records if dialect.header is True else itertools.chain([first], records)):
        for line, fields in batch:
            if len(fields) != len(header):
                raise BadText.bad_line(called, line, f"{len(fields)} fields where the header names {len(header)}")
        _check_space(called, 4 * sum(len(field) + 1 for _, fields in batch for field in fields))
        writer.writerows(fields for _, fields in batch)


def _records(file: TextIO, dialect: Dialect, separator: str, called: Path) -> Iterator[tuple[int, list[str]]]:
    """Every record's fields, and the line on which it begins."""
    lines = _Lines(file, dialect.comment)
    options: dict[str, Any] = {"quotechar": dialect.quote} if dialect.quote else {"quoting": csv.QUOTE_NONE}
    if dialect.escape:
        options |= {"escapechar": dialect.escape, "doublequote": False}
    reader = csv.reader(lines, delimiter=separator, strict=True, **options)
    line = 1
    try:
        for fields in reader:
            if fields:
                yield lines.first, fields
            line = lines.number + 1
            lines.first = 0
    except csv.Error as error:
        raise BadText.bad_line(called, lines.first or line, str(error)) from error


class _Lines:
    """Lines of a file without comments. number: of the last one given, from 1. first: of the record that is being read."""

    def __init__(self, file: TextIO, comment: str) -> None:
        self._file, self._comment = file, comment
        self.number = 0
        self.first = 0

    def __iter__(self) -> Iterator[str]:
        for number, line in enumerate(self._file, 1):
            text = line.removeprefix("\ufeff") if number == 1 else line
            if self._comment and not self.first and text.startswith(self._comment):
                continue
            self.number = number
            self.first = self.first or number
            yield text


def _header(first: list[str], dialect: Dialect) -> Sequence[str]:
    if dialect.header is True:
        return first
    if isinstance(dialect.header, tuple):
        return dialect.header
    return [f"column_{number}" for number in range(1, len(first) + 1)]


def _batches(records: Iterable[tuple[int, list[str]]]) -> Iterator[list[tuple[int, list[str]]]]:
    """Records some at a time."""
    rest = iter(records)
    while batch := list(itertools.islice(rest, _ROWS)):
        yield batch


def _check_space(called: Path, needed: int) -> None:
    free = scratch.bytes_free()
    if needed > free - scratch.KEPT_FREE:
        raise NoCopy.unpacks_too_large(called, needed, free, scratch.folder())

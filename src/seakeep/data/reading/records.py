"""A text file cut into ranges of bytes that begin and end with whole records, and its header.

Called by data.sources.csv, so that a file of any size is read a range at a time. What is hard is the line break within quotes,
which ends no record: quotes are counted on the way, and a break after an odd number of them does not count.
"""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from seakeep.data.errors import BadText, CannotRead

if TYPE_CHECKING:
    from pathlib import Path
    from typing import BinaryIO

TARGET = 32 << 20
UTF16 = (b"\xff\xfe", b"\xfe\xff")
_HEADER = 4 << 20
_BLOCK = 1 << 18
"""Bytes looked at a time: bytes.count stops at every mark, which takes four times as long."""
_LONGEST = 64 << 20
_QUOTE = b'"'
_BOM = b"\xef\xbb\xbf"


class Span(NamedTuple):
    """Bytes from `start` up to `stop` of a file."""

    start: int
    stop: int


def header_of(path: Path, separator: str, *, called: Path) -> tuple[tuple[str, ...], int]:
    """Column names, and the byte at which the first record begins. Raises CannotRead about the file `called` so."""
    try:
        with path.open("rb") as file:
            content = file.read(_HEADER)
    except OSError as error:
        raise CannotRead.forbidden(called, error) from error
    if not content.strip():
        raise CannotRead.blank(called, path.stat().st_size) if content else CannotRead.empty(called)
    if content.startswith(UTF16):
        raise BadText.utf16(called)
    skipped = len(_BOM) if content.startswith(_BOM) else 0
    end = _record_end(content, skipped)
    line = content[skipped : len(content) if end is None else end].rstrip(b"\r\n").decode("utf-8", "replace")
    first, *more = list(csv.reader(io.StringIO(line, newline=""), delimiter=separator)) or [[]]
    if more:
        raise BadText.bad_line(
            called, 1, "a carriage return stands there without the line feed that would end the line"
        )
    names = tuple(first)
    twice = [name for name in dict.fromkeys(names) if names.count(name) > 1]
    if twice:
        raise CannotRead.duplicate_columns(f"{called}, line 1", twice)
    return names, len(content) if end is None else end


def spans_of(path: Path, start: int, *, called: Path) -> tuple[Span, ...]:
    """The records from byte `start` on, some 32 MiB a span; one empty span where there is none. Reads every byte once.

    Raises: CannotRead, where a quote is not closed within 64 MiB.
    """
    spans: list[Span] = []
    with path.open("rb") as file:
        size = file.seek(0, 2)
        while start < size or not spans:
            stop = _stop(file, start, size)
            if stop is None:
                raise BadText.bad_line(called, line_of(path, start), "a quote is not closed within 64 MiB")
            spans.append(Span(start, stop))
            start = stop
    return tuple(spans)


def bytes_of(path: Path, span: Span) -> bytes:
    """The records of a span; empty lines at the file's end are left out."""
    with path.open("rb") as file:
        size = file.seek(0, 2)
        file.seek(span.start)
        content = file.read(span.stop - span.start)
    return content.rstrip(b"\r\n") if span.stop >= size else content


def separators(content: bytes, separator: str) -> int:
    """How many separators stand outside of quotes."""
    mark = separator.encode()
    values = np.frombuffer(content, np.uint8)
    if _QUOTE not in content:
        blocks = (values[start : start + _BLOCK] == ord(mark) for start in range(0, len(values), _BLOCK))
        return sum(map(np.count_nonzero, blocks))
    outside = ~np.logical_xor.accumulate(values == ord(_QUOTE))
    return int(np.count_nonzero(outside & (values == ord(mark))))


class BrokenRecord(ValueError):
    """A record has another number of fields than the header, or its quotes do not close. line: from 0."""

    def __init__(self, line: int, reason: str) -> None:
        super().__init__(reason)
        self.line = line
        self.reason = reason


def parsed(content: bytes, separator: str, *, columns: int) -> list[list[str]]:
    """Every record's fields, by Python's own reader: slow, and exact about lines. Raises BrokenRecord."""
    reader = csv.reader(io.StringIO(content.decode("utf-8", "replace"), newline=""), delimiter=separator, strict=True)
    records: list[list[str]] = []
    line = 0
    try:
        for fields in reader:
            records.append(fields or [""] * (columns == 1))
            if len(records[-1]) != columns:
                raise BrokenRecord(line, f"{len(fields)} fields where the header names {columns}")
            line = reader.line_num
    except csv.Error as error:
        raise BrokenRecord(line, str(error)) from error
    return records


def line_of(path: Path, offset: int) -> int:
    """The line (from 1) that begins at byte `offset`."""
    lines, left = 1, offset
    with path.open("rb") as file:
        while left and (block := file.read(min(left, TARGET))):
            lines += block.count(b"\n")
            left -= len(block)
    return lines


def _stop(file: BinaryIO, start: int, size: int) -> int | None:
    """Where the span that begins at `start` ends: after the first record that ends TARGET bytes on, or with the file."""
    if size - start <= TARGET:
        return size
    file.seek(start)
    quoted = file.read(TARGET).count(_QUOTE) % 2 == 1
    end = _record_end(file.read(_LONGEST), 0, quoted=quoted)
    if end is None:
        return size if size - start - TARGET <= _LONGEST else None
    return start + TARGET + end


def _record_end(content: bytes, start: int, *, quoted: bool = False) -> int | None:
    """The byte after the first line break from `start` on that stands outside of quotes; None if there is none."""
    at = start
    while (found := content.find(b"\n", at)) >= 0:
        quoted ^= content.count(_QUOTE, at, found) % 2 == 1
        if not quoted:
            return found + 1
        at = found + 1
    return None

"""A file of lines cut into ranges of bytes that end with a line. Called by data.sources.jsonl; reads little of the file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seakeep.data.errors import BadText, CannotRead
from seakeep.data.reading import records
from seakeep.data.reading.records import Span, line_of

if TYPE_CHECKING:
    from pathlib import Path
    from typing import BinaryIO

_LONGEST = 256 << 20


def line_spans(path: Path, *, called: Path) -> tuple[Span, ...]:
    """Ranges of some 32 MiB that hold whole lines; one empty span of an empty file. Raises CannotRead about the file `called` so."""
    spans: list[Span] = []
    try:
        with path.open("rb") as file:
            size = file.seek(0, 2)
            start = 0
            while start < size or not spans:
                stop = _line_end(file, min(start + records.TARGET, size), size)
                if stop - start > records.TARGET + _LONGEST:
                    raise BadText.bad_record(called, line_of(path, start), "a line is longer than 256 MiB")
                spans.append(Span(start, stop))
                start = stop
    except OSError as error:
        raise CannotRead.forbidden(called, error) from error
    return tuple(spans)


def _line_end(file: BinaryIO, at: int, size: int) -> int:
    """The byte after the first line break from `at` on; the file's end, where there is none within 256 MiB."""
    file.seek(at)
    read = 0
    while read <= _LONGEST and (block := file.read(1 << 20)):
        found = block.find(b"\n")
        if found >= 0:
            return at + read + found + 1
        read += len(block)
    return size

"""CSV files as a Source: cut at record ends into ranges of some 32 MiB, each parsed when asked for.

Called by data.read for .csv, plain or packed (.gz, .zip, .zst), and .zip. A dialect of their own is taken from them first (reading.dialects).
What is hard: types must be the same in every range and every file,
so they are inferred from all of them, on opening; bytes that are not UTF-8 become U+FFFD, which profile counts; and
a record with too few or too many fields is named by its line, since it usually means a torn file.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

import polars as pl

from seakeep.core.codec import digest
from seakeep.core.errors import UsageError
from seakeep.core.kinds import Kind
from seakeep.data.content import digest_of_files
from seakeep.data.errors import BadText, CannotRead
from seakeep.data.kinds import kind_of
from seakeep.data.reading import kept
from seakeep.data.reading.dialects import normal_file
from seakeep.data.reading.records import (
    UTF16,
    BrokenRecord,
    Span,
    bytes_of,
    header_of,
    line_of,
    parsed,
    separators,
    spans_of,
)
from seakeep.data.reading.scanning import scan
from seakeep.data.reading.text_types import COMMA, COMMA_LADDER, LADDER, NOTHING, TextType, read_as_inferred
from seakeep.data.reading.unpack import plain_file

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping, Sequence
    from pathlib import Path

    from seakeep.data.reading.options import TextOptions

_PARQUET = (b"PAR1\x15", b"PAR1\x00")  # the mark, and what no header of text goes on with
_HEAD = 64 << 10
_ZERO = b"\x00"
_READABLE = (Kind.INTEGER, Kind.NUMBER, Kind.BOOLEAN, Kind.STRING, Kind.TIMESTAMP)


@dataclass(frozen=True, slots=True)
class TextFile:
    """One file. path: as given. plain: unpacked. names: of its columns. spans: its records."""

    path: Path
    plain: Path
    names: tuple[str, ...]
    spans: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class CsvSource:
    """CSV files. called: what the user called them. types: of every column of any file."""

    called: str
    texts: tuple[TextFile, ...]
    options: TextOptions
    types: Mapping[str, TextType] = field(hash=False)

    @property
    def description(self) -> str:
        """What to call this table in messages."""
        return self.called

    @property
    def schemas(self) -> Sequence[pl.Schema]:
        """The columns of every file."""
        return tuple(self._schema(text) for text in self.texts)

    def pieces(self) -> Sequence[pl.LazyFrame]:
        """Ranges of records, file by file."""
        return tuple(self._piece(text, span) for text in self.texts for span in text.spans)

    def files(self) -> Sequence[str]:
        """Absolute paths of the files as given, in order."""
        return tuple(str(text.path) for text in self.texts)

    def file_of(self, piece: int) -> str:
        """The file that a piece is of."""
        return [str(text.path) for text in self.texts for _ in text.spans][piece]

    def digest(self) -> str:
        """SHA-256 of the files' bytes in order, and of how they are to be read."""
        return digest([digest_of_files([text.path for text in self.texts]), self.options.canonical])

    def _schema(self, text: TextFile) -> pl.Schema:
        return pl.Schema({name: self.types[name].dtype for name in text.names})

    def _piece(self, text: TextFile, span: Span) -> pl.LazyFrame:
        return scan(lambda columns: [self._typed(text, span, columns)], self._schema(text))

    def _typed(self, text: TextFile, span: Span, columns: Sequence[str]) -> pl.DataFrame:
        known = kept.kept(text.plain, _part(text, span, self.types, self.options))
        if known is not None:
            return known.select(columns)
        texts = _read(text, span, self.options)
        typed = texts.select(self.types[name].read(pl.col(name)).alias(name) for name in columns)
        for name in columns:
            if typed[name].null_count() > texts[name].null_count():
                bad = texts.filter(typed[name].is_null() & texts[name].is_not_null())[name][0]
                raise BadText.bad_value(text.path, name, value=bad, dtype=self.types[name].dtype)
        return typed


def open_files(paths: Sequence[Path], *, called: str, options: TextOptions) -> CsvSource:
    """A source of these files. Reads every byte once or twice. Raises CannotRead, naming the file; UsageError."""
    texts = tuple(_text_file(path, options) for path in paths)
    known = dict.fromkeys(name for text in texts for name in text.names)
    for name in options.types:
        if name not in known:
            raise UsageError.unknown_name("column", name, known, where="types")
    given = {name: given_type(name, dtype, options) for name, dtype in options.types.items()}
    return CsvSource(called, texts, options, {**_infer(texts, options), **given})


def given_type(name: str, dtype: pl.DataType, options: TextOptions) -> TextType:
    """A type that the user gave. Raises UsageError, where text cannot be turned into it."""
    known = pl.Schema({name: dtype})[name]
    if kind_of(known, name=name) not in _READABLE:
        raise UsageError(
            f"column {name!r} cannot be read from text as {dtype}",
            cause=f"What can: {', '.join(kind.value for kind in _READABLE)}.",
            fix=f"types={{{name!r}: polars.String()}}",
            name=name,
            dtype=dtype,
        )
    comma = options.dialect.decimal == COMMA and (known.is_float() or known.is_decimal())
    return TextType(known, COMMA if comma else "")


def _text_file(path: Path, options: TextOptions) -> TextFile:
    unpacked = plain_file(path)
    plain = normal_file(unpacked, options.dialect, options.separator, called=path)
    _check_text(plain, called=path)
    names, start = header_of(plain, options.separator, called=path)
    return TextFile(path, plain, names, spans_of(plain, start, called=path))


def _check_text(plain: Path, *, called: Path) -> None:
    """Raises CannotRead, where the first bytes are those of a Parquet file, or zeros are among them."""
    try:
        with plain.open("rb") as file:
            content = file.read(_HEAD)
    except OSError as error:
        raise CannotRead.forbidden(called, error) from error
    if content.startswith(_PARQUET):
        raise BadText.is_parquet(called, packed=plain != called)
    if _ZERO in content and not content.startswith(UTF16):
        raise BadText.zero_bytes(called, line_of(plain, content.index(_ZERO)))


def _infer(texts: Sequence[TextFile], options: TextOptions) -> dict[str, TextType]:
    """Types by column name, from all records or the first `infer_rows`. Keeps the values that it reads, of small files."""
    types = {name: NOTHING for text in texts for name in text.names}
    left = options.infer_rows
    ladder = COMMA_LADDER if options.dialect.decimal == COMMA else LADDER
    keeps = left is None and not options.types and sum(text.spans[-1].stop for text in texts) <= kept.SMALL
    found: list[_Values] = []
    size = 0
    for text in texts:
        facts = kept.facts_of(text.plain)
        for span in text.spans:
            if left == 0:
                return types
            frame = _read(text, span, options)[:left]
            told, values = read_as_inferred(frame.drop(options.types, strict=False), types, ladder=ladder)
            types.update(told)
            left = None if left is None else left - frame.height
            size += int(values.estimated_size()) if keeps else 0
            if keeps and size <= kept.MOST:
                found.append(_Values(text, span, facts, values))
    for each in found:
        _keep(each, types, options)
    return types


class _Values(NamedTuple):
    """Values of a span, as they were read to know their types. facts: the file's."""

    text: TextFile
    span: Span
    facts: kept.Facts | None
    frame: pl.DataFrame


def _keep(values: _Values, types: Mapping[str, TextType], options: TextOptions) -> None:
    """Keep a span's values, unless a later one showed that a column is of another type."""
    text, span, facts, frame = values
    wanted = pl.Schema({name: types[name].dtype for name in text.names})
    nothing = [name for name, dtype in frame.schema.items() if dtype == pl.Null]
    ready = frame.with_columns(pl.col(name).cast(wanted[name]) for name in nothing)
    if ready.schema == wanted:
        kept.keep(text.plain, _part(text, span, types, options), ready, facts=facts)


def _part(text: TextFile, span: Span, types: Mapping[str, TextType], options: TextOptions) -> Hashable:
    """What kept values depend on besides the file."""
    return span, tuple((name, types[name]) for name in text.names), repr(options.canonical)


def _read(text: TextFile, span: Span, options: TextOptions) -> pl.DataFrame:
    """The records of a span, every column as text. Raises CannotRead, naming the line."""
    content = bytes_of(text.plain, span)
    if _ZERO in content:
        raise BadText.zero_bytes(text.path, line_of(text.plain, span.start + content.index(_ZERO)))
    schema = dict.fromkeys(text.names, pl.String())
    if not content:
        return pl.DataFrame(schema=schema)
    try:
        frame = pl.read_csv(
            content,
            has_header=False,
            schema=schema,
            separator=options.separator,
            null_values=list(options.null_values),
            empty_string_is_null="" in options.null_values,
            encoding="utf8-lossy",
            raise_if_empty=False,
        )
    except pl.exceptions.PolarsError:
        return _read_slowly(text, span, content, options)
    if separators(content, options.separator) != frame.height * (len(text.names) - 1):
        return _read_slowly(text, span, content, options)
    return frame


def _read_slowly(text: TextFile, span: Span, content: bytes, options: TextOptions) -> pl.DataFrame:
    """The same by Python's own reader: it takes quotes within fields as they stand, and knows the line of what is broken."""
    try:
        records = parsed(content, options.separator, columns=len(text.names))
    except BrokenRecord as broken:
        line = line_of(text.plain, span.start) + broken.line
        raise BadText.bad_line(text.path, line, broken.reason) from broken
    rows = [[None if field in options.null_values else field for field in fields] for fields in records]
    return pl.DataFrame(rows, schema=dict.fromkeys(text.names, pl.String()), orient="row")

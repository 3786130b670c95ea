"""JSON lines as a Source: one object a line, cut at line ends into ranges of some 32 MiB, each parsed when asked for.

Called by data.read for .jsonl and .ndjson, plain or packed (.gz, .zip, .zst). What is hard: a name may be absent from a line, hold whole
numbers first and a float at last, or text that is a time, so types are joined over all lines of all files, on opening; a name that
holds unlike values, and a line that is no object, are named by file and line.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import polars as pl

from seakeep.core.codec import digest
from seakeep.data.content import digest_of_files
from seakeep.data.errors import BadText, CannotRead
from seakeep.data.reading.lines import line_spans
from seakeep.data.reading.nesting import DEEPEST, deep_line
from seakeep.data.reading.records import Span, bytes_of, line_of
from seakeep.data.reading.scanning import scan
from seakeep.data.reading.text_types import MOMENTS, TextType, inferred
from seakeep.data.reading.unpack import plain_file
from seakeep.data.reading.widening import joined

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from seakeep.data.reading.options import TextOptions

_MARK = b"\xef\xbb\xbf"
_FAILURES = (pl.exceptions.PolarsError, pl.exceptions.PanicException)


@dataclass(frozen=True, slots=True)
class JsonFile:
    """One file. path: as given. plain: unpacked. spans: its lines. names: that its lines have, in the order of their first."""

    path: Path
    plain: Path
    spans: tuple[Span, ...]
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class JsonSource:
    """JSON lines. called: what the user called them. held: types as JSON has them, by name; types: of text that stands for times."""

    called: str
    texts: tuple[JsonFile, ...]
    options: TextOptions
    held: Mapping[str, pl.DataType] = field(hash=False)
    types: Mapping[str, TextType] = field(hash=False)

    @property
    def description(self) -> str:
        """What to call this table in messages."""
        return self.called

    @property
    def schemas(self) -> Sequence[pl.Schema]:
        """The columns of every file: those of all files, since a line that lacks a name lacks a value."""
        schema = pl.Schema({name: self._type(name) for name in self.held})
        return tuple(schema for _ in self.texts)

    def pieces(self) -> Sequence[pl.LazyFrame]:
        """Ranges of lines, file by file."""
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

    def _type(self, name: str) -> pl.DataType:
        return self.types[name].dtype if name in self.types else self.held[name]

    def _piece(self, text: JsonFile, span: Span) -> pl.LazyFrame:
        return scan(lambda columns: [self._typed(text, span, columns)], self.schemas[0])

    def _typed(self, text: JsonFile, span: Span, columns: Sequence[str]) -> pl.DataFrame:
        frame = _parsed(text.path, text.plain, span, pl.Schema({name: self.held[name] for name in columns}))
        read = frame.with_columns(
            self.types[name].read(pl.col(name)).alias(name) for name in columns if name in self.types
        )
        for name in columns:
            if read[name].null_count() > frame[name].null_count():
                bad = frame.filter(read[name].is_null() & frame[name].is_not_null())[name][0]
                raise BadText.bad_value(text.path, name, value=bad, dtype=self._type(name))
        return read


def open_files(paths: Sequence[Path], *, called: str, options: TextOptions) -> JsonSource:
    """A source of these files. Reads every byte. Raises CannotRead, naming the file and line; UsageError."""
    options.refuse_for("JSON lines", but=("types", "infer_rows"))
    plains = [plain_file(path) for path in paths]
    spans = [line_spans(plain, called=path) for path, plain in zip(paths, plains, strict=True)]
    found = _Types(options)
    names = [found.names_of(*each) for each in zip(paths, plains, spans, strict=True)]
    if not found.held:
        raise CannotRead.no_records(paths[0])
    texts = tuple(JsonFile(*each) for each in zip(paths, plains, spans, names, strict=True))
    return JsonSource(called, texts, options, found.held, found.types)


class _Types:
    """What is known of the columns' types, file by file and span by span; those that were given are not inferred."""

    def __init__(self, options: TextOptions) -> None:
        given = {name: pl.Schema({name: dtype})[name] for name, dtype in options.types.items()}
        self.given = given
        self.held = {name: pl.String() if dtype.is_temporal() else dtype for name, dtype in given.items()}
        self.types = {name: TextType(dtype) for name, dtype in given.items() if dtype.is_temporal()}
        self._texts: dict[str, TextType] = {}
        self._left = options.infer_rows

    def names_of(self, path: Path, plain: Path, spans: Sequence[Span]) -> tuple[str, ...]:
        """The names in a file, whose types are known from now on."""
        names: dict[str, None] = {}
        for span in spans:
            if self._left == 0:
                break
            frame = _parsed(path, plain, span, None, rows=self._left)
            self._left = None if self._left is None else self._left - frame.height
            names |= dict.fromkeys(frame.columns)
            self._join(path, frame.drop(self.given, strict=False))
        return tuple(names)

    def _join(self, path: Path, frame: pl.DataFrame) -> None:
        for name, dtype in frame.schema.items():
            known = self.held.get(name, dtype)
            both = joined(known, dtype)
            if both is None:
                raise BadText.unlike(path, name, (known, dtype))
            self.held[name] = both
        texts = [name for name, dtype in frame.schema.items() if dtype == pl.String]
        self._texts |= inferred(frame.select(texts), self._texts, ladder=MOMENTS)
        moments = {name: kind for name, kind in self._texts.items() if kind.dtype.is_temporal()}
        self.types = {name: TextType(dtype) for name, dtype in self.given.items() if dtype.is_temporal()} | moments


def _parsed(path: Path, plain: Path, span: Span, schema: pl.Schema | None, *, rows: int | None = None) -> pl.DataFrame:
    """The lines of a span. schema: the columns to read; None to infer them. Raises BadText, naming the line."""
    content = bytes_of(plain, span)
    content = content if span.start else content.removeprefix(_MARK)
    if not content.strip():
        return pl.DataFrame(schema=schema)
    if (deep := deep_line(content)) is not None:
        number = line_of(plain, span.start) + deep
        raise BadText.bad_record(path, number, f"it is nested more than {DEEPEST} levels deep")
    try:
        return pl.read_ndjson(content, schema=schema, infer_schema_length=None, n_rows=rows)
    except _FAILURES as error:
        raise _explained(path, plain, span, content, error) from error


def _explained(path: Path, plain: Path, span: Span, content: bytes, error: BaseException) -> BadText:
    """The first line that is no object or holds another type than one before, or what Polars says where there is none."""
    first = line_of(plain, span.start)
    known: dict[str, tuple[str, int]] = {}
    for number, line in enumerate(content.split(b"\n"), first):
        if not line.strip():
            continue
        try:
            value = json.loads(line.decode())
        except (ValueError, RecursionError) as broken:
            return BadText.bad_record(path, number, str(broken))
        if not isinstance(value, dict):
            return BadText.bad_record(path, number, f"it holds a {type(value).__name__}, an object is expected")
        for name, item in value.items():
            told, at = known.setdefault(name, (_kind(item), number)) if item is not None else (_kind(item), number)
            if told != _kind(item):
                return BadText.bad_record(path, number, f"{name!r} holds {_kind(item)}, and {told} in line {at}")
    return BadText.bad_record(path, first, str(error))


def _kind(value: object) -> str:
    """What JSON calls a value."""
    words = {bool: "a boolean", int: "a number", float: "a number", str: "text", list: "an array", dict: "an object"}
    return words.get(type(value), "null")

"""The conformance suite of sources: what every room relies on that reads a table, whoever wrote the source.

    def test_my_source_conforms(tmp_path):
        check_source(lambda table: my_source(saved(table, in_a_new_place(tmp_path))))

A source whose pieces come in another order tomorrow makes another release of the same data, one whose digest knows of its place
is never found in a cache, and one that passes over a filter trains on rows that should be held out. The suite has the source
made of tables that it knows, so that it can tell; a broken law raises AssertionError with the law and what was found.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from seakeep.core.errors import DataError
from seakeep.data.sources import FileSource
from seakeep.testing.laws import hold

if TYPE_CHECKING:
    from seakeep.core.dataset import Source

Make = Callable[[pl.DataFrame], "Source"]
_BEGAN = datetime(2013, 11, 4, 12, tzinfo=UTC)


def check_source(make: Make, *, open_files: Callable[[Sequence[str]], Source] | None = None) -> None:
    """Hold a kind of source to the laws; raises AssertionError naming the first that it breaks.

    Parameters: make: puts a table where such a source reads, in a new place at every call, and gives the source of it. Its rows
        must be read in the table's order; columns of the source's own may be beside. The tables have the columns number, count,
        word and flag (each with a missing value) and moment, which rises from row to row and leaves hours out.
        open_files: for sources of files: the source of these files, as they are now. Files that were torn must be refused by name, when they are
        opened or when they are read, and never be read as fewer rows.
    """
    table = ordinary()
    source = make(table)
    _check_words(source)
    _check_rows(source, table)
    _check_pieces(source)
    _check_files(source)
    _check_digest(make, table)
    _check_empty(make(table.clear()), table)
    _check_many(make)
    if open_files is not None:
        _check_torn(make(ordinary(1000)).files(), open_files)


def ordinary(rows: int = 24) -> pl.DataFrame:
    """The table that sources are made of."""
    return pl.DataFrame(
        {
            "number": [None if i % 7 == 3 else i * 1.25 - 4 for i in range(rows)],
            "count": [None if i % 11 == 5 else i * i - 9 for i in range(rows)],
            "word": [None if i % 5 == 2 else ("JFK", "Zürich", 'a "b", c', "N/A")[i % 4] for i in range(rows)],
            "flag": [None if i % 9 == 4 else i % 2 == 0 for i in range(rows)],
            "moment": [_BEGAN + timedelta(minutes=17 * i + 180 * (i // 8)) for i in range(rows)],
        },
        schema_overrides={"moment": pl.Datetime("us", "UTC")},
    )


def _check_words(source: Source) -> None:
    told = source.description
    hold(isinstance(told, str) and bool(told.strip()) and "\n" not in told, "description is a line of text", told)


def _check_rows(source: Source, table: pl.DataFrame) -> None:
    found = pl.concat([piece.collect() for piece in source.pieces()])
    lacking = [name for name in table.columns if name not in found.columns]
    hold(not lacking, "every column of the table is there", lacking)
    hold(found.height == table.height, "every row is there, once", found.height)
    for name in table.columns:
        held = found[name].to_list() == table[name].to_list()
        hold(held, f"values of {name!r} are those of the table, in its order", found[name].to_list())


def _check_pieces(source: Source) -> None:
    pieces = source.pieces()
    hold(bool(pieces), "there is at least one piece", pieces)
    hold(all(isinstance(piece, pl.LazyFrame) for piece in pieces), "pieces are lazy frames", pieces)
    wholes = [piece.collect() for piece in pieces]
    for place in reversed(range(len(pieces))):
        again = source.pieces()[place]
        hold(wholes[place].equals(again.collect()), "a piece is the same again, whatever was read before it", place)
        told = again.collect_schema()
        hold(told == wholes[place].schema, "a piece has the columns and types that it claims", told)
        _check_reading(again, wholes[place])


def _check_reading(piece: pl.LazyFrame, whole: pl.DataFrame) -> None:
    """Columns, rows and filters that are asked of a lazy piece are what they are of its table."""
    few = whole.columns[:0:-2]
    kept = pl.col("number") > 0
    words = (pl.col("word") == "JFK") & pl.col("flag")
    asked: dict[str, Callable[[pl.LazyFrame], pl.LazyFrame]] = {
        "some columns": (lambda frame: frame.select(few)),
        "rows of a filter": (lambda frame: frame.filter(kept)),
        "the first rows": (lambda frame: frame.head(2)),
        "columns and rows of a filter": (lambda frame: frame.filter(kept).select("word")),
        "rows of a filter on columns that are not asked for": (lambda frame: frame.filter(words).select("moment")),
        "rows of a filter after the first ones": (lambda frame: frame.head(5).filter(kept)),
        "values that are computed": (lambda frame: frame.select(pl.col("count") * 2, pl.col("number").is_null())),
        "the number of rows of a filter": (lambda frame: frame.filter(kept).select(pl.len())),
        "the number of rows": (lambda frame: frame.select(pl.len())),
    }
    for what, ask in asked.items():
        found, expected = ask(piece).collect(), ask(whole.lazy()).collect()
        hold(found.equals(expected), f"{what} of a lazy piece are those of the whole", found)


def _check_files(source: Source) -> None:
    files = source.files()
    hold(list(files) == list(source.files()), "files are the same again", files)
    lost = [path for path in files if not Path(path).is_absolute() or not Path(path).exists()]
    hold(not lost, "files are absolute paths of what is there", lost)
    if isinstance(source, FileSource):
        hold(len(source.schemas) == len(files), "there is a schema for every file", source.schemas)
        for place, piece in enumerate(source.pieces()):
            path = source.file_of(place)
            hold(path in files, "a piece is of one of the files", path)
            hold(
                piece.collect_schema() == source.schemas[list(files).index(path)], "a piece has its file's schema", path
            )


def _check_digest(make: Make, table: pl.DataFrame) -> None:
    source = make(table)
    first = source.digest()
    hold(isinstance(first, str) and bool(re.fullmatch(r"[0-9a-f]{64}", first)), "the digest is SHA-256", first)
    hold(source.digest() == first, "the digest is the same again", source.digest())
    hold(make(table).digest() == first, "equal content has an equal digest wherever it is", make(table).digest())
    turned = table.with_columns(pl.exclude("moment").reverse())
    others = {
        "another value": table.with_columns(count=pl.col("count") + (pl.col("count") == 0)),
        "another order": turned,
        "another name": table.rename({"word": "words"}),
        "a row less": table.head(-1),
    }
    for what, other in others.items():
        hold(make(other).digest() != first, f"{what} makes another digest", first)


def _check_empty(source: Source, table: pl.DataFrame) -> None:
    pieces = [piece.collect() for piece in source.pieces()]
    hold(bool(pieces), "a table without rows has a piece", pieces)
    hold(not sum(piece.height for piece in pieces), "a table without rows has none", pieces)
    lacking = [name for name in table.columns if name not in pieces[0].columns]
    hold(not lacking, "a table without rows has its columns", lacking)


def _check_many(make: Make) -> None:
    """More rows than a small buffer holds: every one of them once, in order, whatever the pieces."""
    table = ordinary(300)
    moments = pl.concat([piece.select("moment").collect() for piece in make(table).pieces()])["moment"]
    hold(
        moments.to_list() == table["moment"].to_list(),
        "every row of many is there once, in the table's order",
        len(moments),
    )


def _check_torn(files: Sequence[str], open_files: Callable[[Sequence[str]], Source]) -> None:
    """A file cut in half, and one without its last byte, are refused in words that name them."""
    path = Path(files[0])
    content = path.read_bytes()
    for kept in (len(content) // 2, len(content) - 1):
        path.write_bytes(content[:kept])
        if kept == len(content) - 1 and content.endswith(b"\n"):
            continue  # a text without its last line break is whole
        try:
            rows = sum(piece.collect().height for piece in open_files(files).pieces())
        except DataError as error:
            hold(path.name in str(error), "the error about a torn file names it", str(error))
        except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError):
            continue  # read in pieces: seakeep.data.frames names the file
        else:
            hold(False, f"a file of {kept} of {len(content)} bytes is refused", rows)

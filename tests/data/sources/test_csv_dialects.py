"""CSV files of other dialects and encodings: read as if they were written as RFC 4180 has it, and broken lines by their own numbers."""

from __future__ import annotations

import csv
import io

import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seakeep.core.errors import UsageError
from seakeep.data import collect, read
from seakeep.data.errors import BadText, CannotRead


@pytest.fixture
def file(tmp_path):
    def write(content: str | bytes, name: str = "t.csv"):
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return write


@pytest.mark.parametrize(
    ("content", "options", "rows"),
    [
        (
            "a;b\n'x;y';1,5\n'it''s';-2,25\n",
            {"separator": ";", "quote": "'", "decimal": ","},
            [("x;y", 1.5), ("it's", -2.25)],
        ),
        ('a,b\n"say \\"hi\\"",1\n', {"escape": "\\"}, [('say "hi"', 1)]),
        ("# made by hand\na,b\n1,2\n# a remark, with a comma\n3,4\n", {"comment": "#"}, [(1, 2), (3, 4)]),
        ('a,b\n"#1\n# within quotes",2\n', {"comment": "#"}, [("#1\n# within quotes", 2)]),
        ("1,x\n2,y\n", {"header": False}, [(1, "x"), (2, "y")]),
        ("1,x\n2,y\n", {"header": ["number", "word"]}, [(1, "x"), (2, "y")]),
        ('a|b\n"x|1\n', {"separator": "|", "quote": ""}, [('"x', 1)]),
        ("a\tb\n1\t2\n", {"separator": "\t"}, [(1, 2)]),
        ("a,b\nZürich,1\n".encode("latin-1"), {"encoding": "latin-1"}, [("Zürich", 1)]),
        ("a,b\n€,1\n".encode("cp1252"), {"encoding": "windows-1252"}, [("€", 1)]),
        ("a,b\nZürich,1\n".encode("utf-16"), {"encoding": "utf-16"}, [("Zürich", 1)]),
        ("a,b\n日本,1\n".encode("shift_jis"), {"encoding": "shift_jis"}, [("日本", 1)]),
        ("\ufeffa,b\nx,1\n", {"comment": "#"}, [("x", 1)]),
        ("\ufeffa,b\nx,1\n", {"encoding": "utf-8-sig"}, [("x", 1)]),
    ],
)
def test_a_dialect_is_read_as_it_was_meant(file, content, options, rows) -> None:
    frame = collect(read(file(content), **options))
    assert frame.rows() == rows
    names = {"header": ["column_1", "column_2"] if options.get("header") is False else options.get("header")}.get(
        "header"
    )
    assert frame.columns == (list(names) if names else ["a", "b"])


def test_a_decimal_comma_makes_numbers_and_a_point_then_does_not(file) -> None:
    path = file("a;b;c\n1,5;1.5;7\n2;2;8\n")
    frame = collect(read(path, separator=";", decimal=","))
    assert frame.dtypes == [pl.Float64, pl.String, pl.Int64]
    given = collect(read(path, separator=";", decimal=",", types={"a": pl.Decimal(9, 2)}))
    assert [str(value) for value in given["a"]] == ["1.50", "2.00"]


def test_zstd_is_unpacked_and_torn_zstd_is_told(file) -> None:
    packed = pa.compress(b"a,b\n1,2\n" * 500, codec="zstd", asbytes=True)
    assert collect(read(file(packed, "t.csv.zst"), types={"a": pl.String(), "b": pl.String()})).height == 999
    with pytest.raises(CannotRead, match=r"u\.csv\.zst is not a whole zst file"):
        read(file(packed[:-5], "u.csv.zst"))


@pytest.mark.parametrize(
    ("content", "options", "line"),
    [
        ("# one\na;b\n1;2\n# three\n1;2;3\n", {"separator": ";", "comment": "#"}, 5),
        ("a,b\n'x\ny',1\n'z',2,3\n", {"quote": "'"}, 4),
        ("1,2\n3\n", {"header": False}, 2),
        ("1,2\n", {"header": ["a", "b", "c"]}, 1),
    ],
)
def test_a_broken_line_has_its_number_in_the_file_as_it_was_given(file, content, options, line) -> None:
    with pytest.raises(BadText, match=rf"fields where the header names .*\(line {line}\)"):
        read(file(content), **options)


def test_bytes_that_are_not_of_the_encoding_are_counted_and_the_dialect_is_in_the_digest(file) -> None:
    path = file(b"a,b\n\x81\x9f,1\nx,2\n")
    assert collect(read(path, encoding="ascii"))["a"][0] == "\ufffd\ufffd"
    assert len({read(path, encoding=name).digest for name in ("ascii", "latin-1", "cp437")}) == 3
    assert read(path).digest == read(path, encoding="utf8").digest


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"quote": "''"}, "quote must be one ASCII character"),
        ({"escape": "é"}, "escape must be one ASCII character"),
        ({"decimal": ";"}, "decimal must be '.' or ','"),
        ({"decimal": ","}, "separator is ',', which is also the dialect's"),
        ({"header": ["a", "a"]}, "header must be True, False, or names that all differ"),
        ({"comment": "\n"}, "comment must be the beginning of a line"),
        ({"encoding": "latin-0"}, "there is no encoding 'latin-0'"),
    ],
)
def test_a_dialect_that_is_none_is_refused(file, options, words) -> None:
    with pytest.raises(UsageError, match=words):
        read(file("a,b\n1,2\n"), **options)


@given(
    st.lists(st.tuples(st.text(st.sampled_from("ab;'#\n é"), max_size=5), st.integers(0, 9)), min_size=1, max_size=9)
)
def test_any_dialect_of_pythons_writer_is_read_back(tmp_path_factory, rows) -> None:
    path = tmp_path_factory.mktemp("csv") / "t.csv"
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=";", quotechar="'", quoting=csv.QUOTE_ALL)
    writer.writerows([("w", "n"), *rows])
    path.write_text(text.getvalue(), encoding="utf-16", newline="")
    found = collect(read(path, separator=";", quote="'", encoding="utf-16", types={"w": pl.String()}, null_values=[]))
    assert found.rows() == rows


def test_a_carriage_return_within_quotes_is_kept_by_every_dialect(tmp_path) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(b"a\tb\n'x'\t'\r'\n'\r'\t'y\r'\n")
    assert collect(read(path, separator="\t", quote="'")).rows() == [("x", "\r"), ("\r", "y\r")]

"""CSV files: types from every row, pieces at record ends, and every broken line by its number."""

from __future__ import annotations

import gzip
import zipfile
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seakeep.core.errors import UsageError
from seakeep.data import batches, collect, profile, profile_frame, read
from seakeep.data.errors import CannotRead, MixedTables
from seakeep.data.reading import records


@pytest.fixture
def csv(tmp_path: Path) -> object:
    def write(content: str | bytes, name: str = "t.csv") -> Path:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return write


def test_types_are_inferred_from_all_rows(csv: object) -> None:
    late = 5_000
    lines = [f"{i},{i},{i},{i % 2 == 0},x" for i in range(late)]
    path = csv("\n".join(["whole,float,word,flag,text", *lines, "7,2.5,abc,false,y"]) + "\n")
    frame = collect(read(path))
    assert frame.dtypes == [pl.Int64, pl.Float64, pl.String, pl.Boolean, pl.String]
    assert frame[-1].rows() == [(7, 2.5, "abc", False, "y")]
    assert frame["word"][17] == "17"


def test_types_of_pieces_and_files_are_joined(csv: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(records, "TARGET", 64)
    csv("a,b,c\n" + "1,2013-01-01,\n" * 40, "1.csv")
    path = csv("a,b,c\n" + "1.5,2013-01-02,\n" * 40 + "3,2013-01-03,x\n", "2.csv").parent
    dataset = read(path)
    assert len(dataset.pieces()) > 10
    frame = collect(dataset)
    assert frame.dtypes == [pl.Float64, pl.Date, pl.String]
    assert (frame.height, frame["a"].sum(), frame["c"].null_count()) == (81, 103.0, 80)


@pytest.mark.parametrize(
    ("texts", "dtype", "values"),
    [
        (["1", "-2", "+3", "007"], pl.Int64, [1, -2, 3, 7]),
        (["9223372036854775807", "9223372036854775808"], pl.Int128, [2**63 - 1, 2**63]),
        (["1", "2.5", "1e3", "-.5"], pl.Float64, [1.0, 2.5, 1000.0, -0.5]),
        (["inf", "-inf", "1"], pl.Float64, [float("inf"), float("-inf"), 1.0]),
        (["true", "False", "TRUE"], pl.Boolean, [True, False, True]),
        (["2013-01-01", "1969-12-31"], pl.Date, [date(2013, 1, 1), date(1969, 12, 31)]),
        (["2013-01-01T10:00:00Z", "2013-01-01T10:00:00.5+02:00"], pl.Datetime("us", "UTC"),
         [datetime(2013, 1, 1, 10, tzinfo=UTC), datetime(2013, 1, 1, 8, 0, 0, 500_000, tzinfo=UTC)]),
        (["2013-01-01 10:00:00", "2013-01-01 10:00:00.25"], pl.Datetime("us"),
         [datetime(2013, 1, 1, 10), datetime(2013, 1, 1, 10, 0, 0, 250_000)]),
        (["2013-01-01 10:00"], pl.Datetime("us"), [datetime(2013, 1, 1, 10)]),
        (["2013-01-01T10:00"], pl.Datetime("us"), [datetime(2013, 1, 1, 10)]),
        (["2013-01-01", "2013-01-01 10:00"], pl.String, ["2013-01-01", "2013-01-01 10:00"]),
        (["true", "1"], pl.String, ["true", "1"]),
        (["2013-02-30"], pl.String, ["2013-02-30"]),
        ([" 5"], pl.String, [" 5"]),
    ],
)  # fmt: skip
def test_what_text_stands_for(csv: object, texts: list[str], dtype: pl.DataType, values: list[object]) -> None:
    frame = collect(read(csv("x,y\n" + "".join(f"{text},1\n" for text in texts))))
    assert frame.schema["x"] == dtype
    assert frame["x"].to_list() == values


def test_empty_fields_and_na_are_missing_unless_said_otherwise(csv: object) -> None:
    path = csv('a,b\n1,\nNA,""\n3,null\n')
    assert collect(read(path)).rows() == [(1, None), (None, None), (3, "null")]
    assert collect(read(path, null_values=["null", ""]))["a"].to_list() == ["1", "NA", "3"]
    assert collect(read(path, null_values=["null", ""]))["b"].null_count() == 3
    assert collect(read(path, null_values=[]))["b"].to_list() == ["", "", "null"]


def test_a_column_without_a_value_has_no_type(csv: object) -> None:
    assert collect(read(csv("a,b\n1,\n2,NA\n"))).schema["b"] == pl.Null


def test_types_can_be_given(csv: object) -> None:
    path = csv("zip,n\n02134,1\n00501,2\n")
    frame = collect(read(path, types={"zip": pl.String, "n": pl.Float32}))
    assert frame.rows() == [("02134", 1.0), ("00501", 2.0)]
    assert frame.schema["n"] == pl.Float32
    with pytest.raises(UsageError, match=r"no column 'zap' \(types\)\n  Did you mean 'zip'"):
        read(path, types={"zap": pl.String})
    with pytest.raises(UsageError, match=r"column 'zip' cannot be read from text as List"):
        read(path, types={"zip": pl.List(pl.String)})


def test_a_value_that_is_not_of_its_type_is_named(csv: object) -> None:
    path = csv("a,b\n" + "1,x\n" * 50 + "oops,x\n")
    dataset = read(path, infer_rows=10)
    with pytest.raises(CannotRead) as caught:
        collect(dataset)
    assert str(caught.value) == (
        f"'oops' in column 'a' of {path} is not of type Int64\n"
        "  The type was given, or inferred from the first rows alone.\n"
        "  Infer it from all rows (infer_rows=None), or read it as text: types={'a': polars.String()}."
    )
    with pytest.raises(CannotRead, match=r"'oops' in column 'a'"):
        profile(dataset)
    assert collect(dataset, columns=["b"]).height == 51


def test_types_may_be_inferred_from_the_first_rows_alone(csv: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(records, "TARGET", 8)
    path = csv("a,b\n1,2\n3,4\n5.5,6\n")
    assert collect(read(path)).dtypes == [pl.Float64, pl.Int64]
    with pytest.raises(CannotRead, match=r"'5\.5' in column 'a'"):
        collect(read(path, infer_rows=2))


@given(
    st.lists(
        st.tuples(
            st.text(st.sampled_from('ab",\n;é '), max_size=6), st.integers(-999, 999), st.none() | st.floats(-9, 9)
        ),
        min_size=1,
        max_size=25,
    ),
    st.integers(1, 60),
)
def test_what_pandas_writes_is_read_back_whatever_the_cuts(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, int, float | None]], target: int
) -> None:
    frame = pd.DataFrame(rows, columns=['text, "quoted"', "n", "x"])
    path = tmp_path_factory.mktemp("csv") / "t.csv"
    frame.to_csv(path, index=False)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(records, "TARGET", target)
        found = collect(read(path, types={'text, "quoted"': pl.String}))
    assert found.columns == list(frame.columns)
    assert found.to_series(0).to_list() == [text or None for text, _, _ in rows]
    assert found["n"].to_list() == [n for _, n, _ in rows]
    assert [x if x is None else float(x) for x in found["x"].to_list()] == [x for _, _, x in rows]


def test_csv_and_parquet_of_one_table_have_equal_statistics(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    generator = np.random.default_rng(8)
    frame = pl.DataFrame({
        "x": generator.choice(generator.normal(size=2_000), 3_000), "n": generator.integers(0, 99, 3_000), "t": generator.choice(["a", "é", "c,d"], 3_000)
    })  # fmt: skip
    frame.write_csv(tmp_path / "t.csv")
    monkeypatch.setattr(records, "TARGET", 5_000)
    dataset = read(tmp_path / "t.csv")
    assert len(dataset.pieces()) > 5
    assert profile(dataset) == profile_frame(frame)
    assert pl.concat(batches(dataset, rows=700)).equals(frame)


def test_bytes_that_are_not_utf8_are_counted(csv: object) -> None:
    found = profile(read(csv(b"city,n\nZ\xfcrich,1\nZ\xc3\xbcrich,2\n\xff\xfe,3\nBern,4\n")))
    assert found["city"].invalid_utf8 == 2
    assert found["city"].rows == 4
    assert found["n"].kind.value == "integer"


def test_a_byte_order_mark_and_windows_line_ends_are_passed_over(csv: object) -> None:
    frame = collect(read(csv(b"\xef\xbb\xbfa,b\r\n1,x\r\n2,y\r\n\r\n")))
    assert frame.to_dict(as_series=False) == {"a": [1, 2], "b": ["x", "y"]}


@pytest.mark.parametrize("content", [b"a,b\r1,2\r3,4\r", b"a,b\r1,2\n3,4\n"])
def test_rows_behind_a_lone_carriage_return_are_not_lost_silently(csv: object, content: bytes) -> None:
    with pytest.raises(CannotRead, match="a carriage return stands there without the line feed"):
        read(csv(content))
    assert collect(read(csv(b'"a\r",b\n1,2\n'))).columns == ["a\r", "b"]


def test_other_separators(csv: object) -> None:
    assert collect(read(csv('a;b\n1;"x;y"\n'), separator=";")).rows() == [(1, "x;y")]
    assert collect(read(csv("a\tb\n1\tx\n"), separator="\t")).rows() == [(1, "x")]


@pytest.mark.parametrize("separator", ["", "ab", '"', "\n", "é"])
def test_what_cannot_separate_is_refused(csv: object, separator: str) -> None:
    with pytest.raises(UsageError, match="separator must be one ASCII character"):
        read(csv("a,b\n1,2\n"), separator=separator)


def test_infer_rows_must_be_positive(csv: object) -> None:
    with pytest.raises(UsageError, match="infer_rows must be at least 1"):
        read(csv("a,b\n1,2\n"), infer_rows=0)


def test_one_column_may_have_missing_lines_inside(csv: object) -> None:
    assert collect(read(csv("a\n1\n\n3\n")))["a"].to_list() == [1, None, 3]


def test_a_header_alone_is_a_table_without_rows(csv: object) -> None:
    for content in ("a,b\n", "a,b", "a,b\n\n"):
        frame = collect(read(csv(content)))
        assert (frame.columns, frame.height, frame.dtypes) == (["a", "b"], 0, [pl.Null, pl.Null])
        assert profile(read(csv(content))).rows == 0


def test_the_digest_is_that_of_bytes_and_options(csv: object) -> None:
    path = csv("a,b\n1,NA\n")
    same, other = read(csv("a,b\n1,NA\n", "copy.csv")), read(path, null_values=[""])
    assert read(path).digest == same.digest
    assert read(path).digest != other.digest


@pytest.mark.parametrize(
    ("content", "line", "reason"),
    [
        ("a,b\n1,2\n1,2,3\n", 3, "3 fields where the header names 2"),
        ("a,b\n1,2\n1\n3,4\n", 3, "1 fields where the header names 2"),
        ("a,b\n1,2\n\n3,4\n", 3, "0 fields where the header names 2"),
        ('a,b\n1,"x\ny"\n1,2\n1,2,3\n', 5, "3 fields where the header names 2"),
        ('a,b\n1,"x,y"\n7\n', 3, "1 fields where the header names 2"),
        ('a,b\n1,2\n3,"never closed\n', 3, "unexpected end of data"),
        ("a,b,c\n1,2,3\n4,5", 3, "2 fields where the header names 3"),
    ],
)
def test_a_broken_line_is_named(csv: object, content: str, line: int, reason: str) -> None:
    path = csv(content)
    with pytest.raises(CannotRead) as caught:
        read(path)
    assert str(caught.value) == (
        f"{path} cannot be read as CSV: {reason} (line {line})\n"
        "  A line has more or fewer fields than the header, or a quote is not closed; a torn file ends so.\n"
        f"  sed -n {line}p {path}"
    )


def test_a_broken_line_in_a_later_piece_is_named(csv: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(records, "TARGET", 100)
    path = csv("a,b\n" + "1,2\n" * 500 + "1,2,3\n" + "1,2\n" * 500)
    with pytest.raises(CannotRead, match=r"3 fields where the header names 2 \(line 502\)"):
        read(path)


def test_a_stray_quote_within_a_field_breaks_nothing(csv: object) -> None:
    frame = collect(read(csv('a,b\n5" pipe,1\nx,2\n')))
    assert frame.rows() == [('5" pipe', 1), ("x", 2)]


def test_a_quote_that_is_never_closed_in_a_long_file_is_named(csv: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(records, "TARGET", 64)
    monkeypatch.setattr(records, "_LONGEST", 256)
    path = csv("a,b\n1,2\n" + '3,"x\n' + "1,2\n" * 500)
    with pytest.raises(CannotRead, match="a quote is not closed within 64 MiB"):
        read(path)


def test_an_empty_file_is_named(csv: object) -> None:
    with pytest.raises(CannotRead, match=r"t\.csv is empty \(0 bytes\)"):
        read(csv(b""))


@pytest.mark.parametrize("content", [b"\n\n", b"  \n"])
def test_a_file_of_empty_lines_is_named_with_its_size(csv: object, content: bytes) -> None:
    path = csv(content)
    with pytest.raises(CannotRead) as caught:
        read(path)
    assert str(caught.value) == (
        f"{path} holds only empty lines and spaces ({len(content)} bytes)\n"
        "  It was written without a header and rows.\n"
        f"  Make it again, or leave it out: rm {path}"
    )


def test_duplicate_columns_are_refused(csv: object) -> None:
    path = csv("a,b,a\n1,2,3\n")
    with pytest.raises(CannotRead) as caught:
        read(path)
    assert str(caught.value) == (
        f"column name 'a' occurs more than once ({path}, line 1)\n"
        "  A join or an export wrote the same column twice; which one is meant cannot be told.\n"
        "  Rename one of them where the table is written."
    )


def test_utf16_is_refused_with_the_line_that_converts_it(csv: object) -> None:
    path = csv("a,b\n1,2\n".encode("utf-16"))
    with pytest.raises(
        CannotRead, match=r"is UTF-16, UTF-8 is expected\n.*\n  Say so: seakeep\.read\(…, encoding='utf-16'\)"
    ):
        read(path)


def test_a_parquet_file_named_csv_is_refused_with_the_line_that_renames_it(csv: object) -> None:
    path = csv("")
    pl.DataFrame({"a": [1, 2]}).write_parquet(path)
    with pytest.raises(CannotRead) as caught:
        read(path)
    assert str(caught.value) == (
        f"{path} is a Parquet file, CSV is expected (its first bytes are PAR1)\n"
        "  It was written or renamed with the wrong ending; the ending says how a file is read.\n"
        f"  Rename it: mv {path} {path.with_suffix('.parquet')}"
    )
    packed = csv(gzip.compress(path.read_bytes()), "t.csv.gz")
    with pytest.raises(CannotRead, match=r"is a Parquet file.*\n.*\n  Unpack it, and give what is in it the ending"):
        read(packed)


def test_a_column_called_like_the_mark_of_parquet_is_read(csv: object) -> None:
    assert collect(read(csv("PAR1,b\n1,2\n"))).columns == ["PAR1", "b"]


@pytest.mark.parametrize(
    ("content", "line"),
    [(b"a\0,b\n1,2\n", 1), (b"a,b\n1,2\n3,\0\0\n", 3), (b"a,b\n" + b"1,2\n" * 50_000 + b"\0" * 512, 50_002)],
)
def test_zero_bytes_are_refused_with_their_line(csv: object, content: bytes, line: int) -> None:
    path = csv(content)
    with pytest.raises(CannotRead) as caught:
        read(path)
    assert str(caught.value) == (
        f"{path} holds bytes that are zero, CSV is text and has none (line {line})\n"
        "  A crash left a block of zeros in it, it is UTF-16 without a mark, or it is no text at all.\n"
        f"  See what it is: file {path}; zeros alone go by: tr -d '\\000' < {path} > {path}.clean.csv"
    )


def test_files_with_other_columns_name_both(csv: object) -> None:
    csv("a,b\n1,2\n", "1.csv")
    path = csv("a,c\n1,2\n", "2.csv").parent
    with pytest.raises(MixedTables, match=r"column 'b' is in .*1\.csv and not in .*2\.csv"):
        read(path)
    csv("b,a\n2,1\n", "2.csv")
    assert collect(read(path)).rows() == [(1, 2), (1, 2)]


def test_a_piece_knows_its_file(csv: object) -> None:
    csv("a\n1\n", "1.csv")
    source = read(csv("a\n2\n", "2.csv").parent).source
    assert [Path(source.file_of(piece)).name for piece in (0, 1)] == ["1.csv", "2.csv"]


def test_a_query_on_a_piece_reads_what_it_asks_for(csv: object) -> None:
    piece = read(csv("a,b\n1,x\n2,y\n3,z\n")).pieces()[0]
    assert piece.filter(pl.col("a") > 1).select("b").collect().rows() == [("y",), ("z",)]
    assert piece.head(2).collect().height == 2
    assert piece.select(pl.len()).collect().item() == 3


def test_a_file_removed_after_reading_is_named(csv: object) -> None:
    path = csv("a,b\n1,2\n")
    dataset = read(path)
    path.unlink()
    with pytest.raises(CannotRead, match=r"t\.csv"):
        collect(dataset)
    with pytest.raises(CannotRead, match=r"there is no file or folder .*t\.csv"):
        dataset.source.digest()


# Compressed files.


def test_compressed_files_are_the_same_table(tmp_path: Path) -> None:
    content = b"a,b\n1,x\n2,y\n"
    (tmp_path / "t.csv").write_bytes(content)
    with gzip.open(tmp_path / "g.csv.gz", "wb") as file:
        file.write(content)
    for name in ("z.csv.zip", "z.zip"):
        with zipfile.ZipFile(tmp_path / name, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("__MACOSX/._t.csv", b"junk")
            archive.writestr("inside/t.csv", content)
    plain = collect(read(tmp_path / "t.csv"))
    for name in ("g.csv.gz", "z.csv.zip", "z.zip"):
        dataset = read(tmp_path / name)
        assert collect(dataset).equals(plain)
        assert dataset.source.files() == (str(tmp_path / name),)


def test_a_broken_line_within_an_archive_names_the_archive(tmp_path: Path) -> None:
    with gzip.open(tmp_path / "g.csv.gz", "wb") as file:
        file.write(b"a,b\n1,2\n3\n")
    with pytest.raises(CannotRead, match=r"g\.csv\.gz cannot be read as CSV: 1 fields .* \(line 3\)"):
        read(tmp_path / "g.csv.gz")

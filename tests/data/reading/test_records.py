"""Spans of records: whole records, every byte once."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seakeep.data.reading import records
from seakeep.data.reading.records import BrokenRecord, bytes_of, header_of, line_of, parsed, separators, spans_of

fields = st.text(st.sampled_from('ab,"\n '), max_size=5)


def written(rows: list[list[str]]) -> bytes:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n", quoting=csv.QUOTE_ALL).writerows(rows)
    return out.getvalue().encode()


@given(st.lists(st.tuples(fields, fields).map(list), max_size=30), st.integers(1, 40))
def test_spans_hold_whole_records_and_every_byte_once(
    tmp_path_factory: pytest.TempPathFactory, rows: list[list[str]], target: int
) -> None:
    path = tmp_path_factory.mktemp("r") / "t.csv"
    path.write_bytes(b"x,y\n" + written(rows))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(records, "TARGET", target)
        names, start = header_of(path, ",", called=path)
        spans = spans_of(path, start, called=path)
    assert names == ("x", "y")
    assert [span.start for span in spans] == [4, *(span.stop for span in spans[:-1])]
    assert spans[-1].stop == path.stat().st_size
    found = [record for span in spans for record in parsed(bytes_of(path, span), ",", columns=2)]
    assert found == rows


@given(st.lists(st.tuples(fields, fields, fields).map(list), max_size=30))
def test_separators_are_counted_outside_of_quotes(rows: list[list[str]]) -> None:
    assert separators(written(rows), ",") == 2 * len(rows)


def test_quoted_names_may_hold_separators_and_line_breaks(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(b'"a,\n1",b\n1,2\n')
    assert header_of(path, ",", called=path) == (("a,\n1", "b"), 9)


def test_lines_are_counted_from_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(b"a\nb\nc\n")
    monkeypatch.setattr(records, "TARGET", 1)
    assert [line_of(path, offset) for offset in (0, 2, 4, 99)] == [1, 2, 3, 4]


def test_a_broken_record_knows_its_line() -> None:
    with pytest.raises(BrokenRecord, match="1 fields") as caught:
        parsed(b'"a\nb",c\nd\n', ",", columns=2)
    assert caught.value.line == 2


def test_a_missing_file_is_explained(tmp_path: Path) -> None:
    from seakeep.data.errors import CannotRead

    with pytest.raises(CannotRead, match="cannot be opened"):
        header_of(tmp_path / "x.csv", ",", called=tmp_path / "x.csv")

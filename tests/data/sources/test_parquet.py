"""Parquet files as a source: ranges of rows, each with its file."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from seakeep.core.dataset import Source
from seakeep.data import collect, read
from seakeep.data.errors import BadStep, CannotRead
from seakeep.data.sources import FileSource, parquet


def test_files_are_cut_into_ranges_in_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parquet, "PIECE_ROWS", 4)
    for number, rows in enumerate((10, 0, 3)):
        pl.DataFrame({"a": pl.Series(range(rows), dtype=pl.Int64)}).write_parquet(tmp_path / f"{number}.parquet")
    source = read(tmp_path).source
    assert isinstance(source, FileSource)
    assert [piece.collect().height for piece in source.pieces()] == [4, 4, 2, 0, 3]
    assert [Path(source.file_of(piece)).stem for piece in range(5)] == ["0", "0", "0", "1", "2"]
    check: Source = source
    assert check.files() == tuple(str(tmp_path / f"{number}.parquet") for number in range(3))


def test_all_ranges_of_a_file_share_one_scan(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parquet, "PIECE_ROWS", 4)
    for name in ("a", "b"):
        pl.DataFrame({"n": range(10)}).write_parquet(tmp_path / f"{name}.parquet")
    source = read(tmp_path).source
    scanned = []
    scan = pl.scan_parquet
    monkeypatch.setattr(pl, "scan_parquet", lambda path, **options: scanned.append(path) or scan(path, **options))
    assert [piece.collect()["n"].to_list() for piece in source.pieces()] == 2 * [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9]]
    assert [path.name for path in scanned] == ["a.parquet", "b.parquet"]


def test_a_file_that_may_not_be_opened_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pl.DataFrame({"a": [1]}).write_parquet(tmp_path / "t.parquet")

    opened = Path.open

    def refuse(path: Path, *arguments: object, **options: object) -> object:
        if path.name == "t.parquet":
            raise PermissionError(13, "Permission denied")
        return opened(path, *arguments, **options)

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(CannotRead) as caught:
        read(tmp_path / "t.parquet")
    assert str(caught.value) == (
        f"{tmp_path}/t.parquet cannot be opened: Permission denied\n"
        "  It belongs to somebody else, or it is not a plain file.\n"
        f"  ls -ld {tmp_path}/t.parquet"
    )


def test_a_footer_that_claims_more_rows_than_any_file_has_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pl.DataFrame({"a": range(100)}).write_parquet(tmp_path / "t.parquet")
    monkeypatch.setattr(parquet, "_MOST_ROWS", 99)
    with pytest.raises(CannotRead, match=r"t\.parquet is not a whole parquet file: its footer claims 100 rows"):
        read(tmp_path / "t.parquet")


def test_a_file_torn_after_it_was_read_is_named(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    pl.DataFrame({"a": [1]}).write_parquet(path)
    dataset = read(path)
    path.write_bytes(b"PAR1")
    with pytest.raises(CannotRead, match=r"t\.parquet is not a whole parquet file"):
        collect(dataset)
    with pytest.raises(CannotRead, match=r"t\.parquet is not a whole parquet file"):
        collect(dataset, columns=["a"])


def test_a_step_that_fails_on_rows_is_told_from_a_torn_file(tmp_path: Path) -> None:
    pl.DataFrame({"a": ["1", "x"]}).write_parquet(tmp_path / "t.parquet")
    with pytest.raises(BadStep, match="with a cannot be computed"):
        collect(read(tmp_path / "t.parquet", derive={"a": pl.col("a").cast(pl.Int64)}))

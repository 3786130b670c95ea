"""The fast ways of counting, summing and sketching against plain Python, on columns made to break them; equal to the bit."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from tests.data.statistics.plain_statistics import plain_numbers, plain_texts

from seakeep.core.column_statistics import ColumnStatistics
from seakeep.core.distinct import DistinctSketch
from seakeep.core.statistics import Statistics
from seakeep.data import profile, profile_frame, read
from seakeep.data.errors import CannotRead
from seakeep.data.statistics import profile as profiling
from seakeep.data.statistics.columns import column_statistics
from seakeep.data.statistics.sketches import sketch_of

ROWS = 12_000
generator = np.random.default_rng(29)
normal = generator.normal(size=ROWS)
exponents = np.ldexp(generator.uniform(0.5, 1, ROWS), generator.integers(-1070, 1020, ROWS).astype(np.int32))
signs = generator.choice([-1.0, 1.0], ROWS)
steps = np.nextafter(1.0, 2.0) + np.arange(ROWS) * 2.0**-52

DOUBLES = {
    "every exponent, both signs": exponents * signs,
    "subnormals": generator.integers(-(2**40), 2**40, ROWS) * 5e-324,
    "the largest and the smallest": np.tile([1.7976931348623157e308, -1.7976931348623157e308, 5e-324, -5e-324], ROWS // 4),
    "powers of two and their neighbours": np.concatenate(
        [s * np.nextafter(2.0 ** np.arange(-500, 500), t) for s in (-1, 1) for t in (0, 1e300)] + [-(2.0 ** np.arange(-500, 500))]
    ),
    "neighbours of one": steps,
    "whole at first, then not": np.where(np.arange(ROWS) < 100, np.arange(ROWS), normal),
    "whole numbers beyond 2^53": np.rint(normal * 2.0**60),
    "zeros of both signs among numbers": np.where(np.arange(ROWS) % 3 == 0, -0.0, np.where(np.arange(ROWS) % 3 == 1, 0.0, normal)),
    "zeros of both signs alone": np.tile([-0.0, 0.0], 500),
    "one value": np.full(1000, 0.1),
    "one value many times, beside others": np.concatenate([np.full(200_000, 0.1), normal[:3000]]),
    "nothing finite": np.array([np.nan, np.inf, -np.inf, np.nan]),
    "NaN, infinities and numbers": np.concatenate([normal, [np.nan, np.inf, -np.inf, -np.inf]]),
    "exactly as many values as are kept": np.repeat(normal[:2048], 3),
    "one more than are kept": np.repeat(normal[:2049], 3),
    "a million rows of few values": np.round(generator.normal(size=1 << 20), 2),
    "prices": generator.lognormal(3, 1, ROWS).round(2),
    "all negative": -np.abs(normal) - 1,
    "none": np.empty(0),
}  # fmt: skip
WHOLE = {
    "one value": np.full(1000, 7),
    "both ends of int64": np.array([-(2**63), 2**63 - 1] * 500),
    "neighbours beyond 2^53": 2**53 + np.arange(ROWS),
    "far apart": generator.integers(-(2**63), 2**63 - 1, ROWS),
    "near each other, far away": 2**62 + generator.integers(0, 5000, ROWS),
    "at the limit of the short sum": np.array([2**21 - 1, -(2**21), 2**21, 2**21 + 1] * 300),
    "small and negative": generator.integers(-9, 9, ROWS),
}


@pytest.mark.parametrize("name", DOUBLES)
def test_doubles_are_what_plain_python_says(name: str) -> None:
    values = pl.Series("x", DOUBLES[name])
    assert column_statistics(values) == plain_numbers(values)
    holes = values.set(pl.Series(np.arange(len(values)) % 5 == 0), None)
    assert column_statistics(holes) == plain_numbers(holes)


@pytest.mark.parametrize("name", WHOLE)
def test_whole_numbers_are_what_plain_python_says(name: str) -> None:
    values = pl.Series("x", WHOLE[name])
    assert column_statistics(values) == plain_numbers(values)
    if values.min() >= 0:  # type: ignore[operator]
        assert column_statistics(values.cast(pl.UInt64)).total == plain_numbers(values).total


@pytest.mark.parametrize("rows", [3, 1_001, 40_000])
def test_texts_are_what_plain_python_says_few_or_many(rows: int) -> None:
    texts = [None if i % 7 == 0 else f"{'é' * (i % 5)}{i % (rows // 2)}\0" for i in range(rows)]
    values = pl.Series("t", texts, pl.String)
    found = column_statistics(values)
    assert (found.top, found.sketch) == plain_texts(values)


def test_hashes_that_leave_registers_empty_are_all_looked_at() -> None:
    few_registers = generator.integers(0, 2**60, 400_000, np.uint64)
    assert sketch_of(few_registers) == DistinctSketch.of(few_registers.tolist())


def test_columns_read_apart_and_together_have_equal_statistics(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    frame = pl.DataFrame({f"c{i}": np.roll(normal, i).round(i % 4) for i in range(11)})
    frame = frame.with_columns(pl.col("c1").cast(pl.String).alias("t"), pl.lit(None).alias("nothing"))
    frame.write_parquet(tmp_path / "table.parquet", row_group_size=4_000)
    monkeypatch.setattr(profiling, "BATCH", 7_000)
    together = profile(read(frame))
    for size in (1, 3, 64):
        monkeypatch.setattr(profiling, "TOGETHER", size)
        apart = profile(read(tmp_path / "table.parquet"))
        assert apart == together
        assert list(apart.columns) == frame.columns
    filtered = read(tmp_path / "table.parquet", where=pl.col("c0") > 0)
    assert profile(filtered).rows == frame.filter(pl.col("c0") > 0).height


def test_a_failure_stops_the_other_columns(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(3):
        pl.DataFrame({f"c{i}": normal for i in range(6)}).write_parquet(tmp_path / f"{number}.parquet")
    dataset = read(tmp_path)
    torn = tmp_path / "1.parquet"
    content = torn.read_bytes()
    torn.write_bytes(content[:4] + bytes(len(content) // 2) + content[4 + len(content) // 2 :])
    monkeypatch.setattr(profiling, "BATCH", 10_000)
    with pytest.raises(CannotRead, match=r"1\.parquet"):
        profile(dataset)


def test_a_table_of_columns_without_rows_has_them_all(tmp_path: Path) -> None:
    pl.DataFrame(schema={f"c{i}": pl.Float64 for i in range(9)}).write_parquet(tmp_path / "empty.parquet")
    found = profile(read(tmp_path / "empty.parquet"))
    assert (found.rows, len(found.columns)) == (0, 9)
    assert found == Statistics() + found == profile_frame(pl.read_parquet(tmp_path / "empty.parquet"))


def test_a_file_that_is_written_anew_between_two_columns_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "table.parquet"
    frame = pl.DataFrame({f"c{i}": normal for i in range(30)})
    frame.write_parquet(path)
    dataset = read(path)
    frame[:100].write_parquet(tmp_path / "new")
    counted = column_statistics

    def counted_while_it_changes(values: pl.Series) -> ColumnStatistics:
        if len(values) == ROWS:
            (tmp_path / "new").rename(path)
        return counted(values)

    monkeypatch.setattr(profiling, "column_statistics", counted_while_it_changes)
    monkeypatch.setattr(profiling, "ThreadPoolExecutor", lambda _: ThreadPoolExecutor(1))
    monkeypatch.setattr(profiling, "TOGETHER", 1)
    with pytest.raises(CannotRead) as caught:
        profile(dataset)
    assert str(caught.value) == (
        f"{path} changed while it was read: some of its columns had 100 rows, others {ROWS:,}\n"
        "  A file was written anew in its place meanwhile.\n"
        "  Read it again once it is written; let writers write under another name and rename."
    )

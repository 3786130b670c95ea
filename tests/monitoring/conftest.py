"""A watched name: a release with training statistics and an evaluation, and a prediction log written in its own format."""

from __future__ import annotations

import datetime as dt
import hashlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import polars as pl
import pytest

from seakeep.core import Check, ColumnSchema, Input, Kind, Model, Report, Schema, Table, Task, Verdict
from seakeep.data.statistics.profile import profile_frame
from seakeep.monitoring import Monitor, MonitorSettings
from seakeep.prediction_log import columns as names
from seakeep.prediction_log.frames import Header
from seakeep.prediction_log.layout import Layout
from seakeep.prediction_log.tables import LABELS, schema_of
from seakeep.registry import Registered, Registry

NAME = "flights"
START = dt.datetime(2026, 3, 2, tzinfo=dt.UTC)  # a Monday
HOUR = dt.timedelta(hours=1)
CARRIERS = ("AA", "B6", "DL", "UA")
COLUMNS = {
    "temp": Kind.NUMBER,
    "seats": Kind.INTEGER,
    "carrier": Kind.STRING,
    "night": Kind.BOOLEAN,
    "pickup": Kind.TIMESTAMP,
}


def hour(number: float) -> float:
    """Unix seconds of the number-th hour after START."""
    return (START + number * HOUR).timestamp()


def raw(
    rows: int, seed: int = 0, *, warmer: float = 0.0, start: dt.datetime = START, span: dt.timedelta = HOUR
) -> pl.DataFrame:
    """Raw rows of one distribution; `warmer` moves the temperature, whose standard deviation is 1."""
    random = np.random.default_rng(seed)
    moments = [start + span * (i / max(1, rows)) for i in range(rows)]
    return pl.DataFrame(
        {
            "temp": random.normal(10 + warmer, 1, rows),
            "seats": random.integers(50, 90, rows),
            "carrier": random.choice(CARRIERS, rows, p=(0.4, 0.3, 0.2, 0.1)),
            "night": random.random(rows) < 0.3,
            "pickup": pl.Series(moments, dtype=pl.Datetime("us", "UTC")),
        }
    )


def model(seed: int = 0, *, rows: int = 20_000, **changes: Any) -> Model:
    """A model of this table; nothing of these tests runs its graph."""
    training = raw(rows, seed + 1000, start=START - dt.timedelta(days=30), span=dt.timedelta(days=29))
    columns = {
        name: ColumnSchema(kind, missing_at_most=0.05 if name == "temp" else 0.0) for name, kind in COLUMNS.items()
    }
    schema = Schema(NAME, {**columns, "late": ColumnSchema(Kind.BOOLEAN)}, label="late", time="pickup")
    fields: dict[str, Any] = {
        "name": NAME,
        "task": Task.BINARY,
        "graph": f"graph {seed}".encode(),
        "inputs": tuple(Input(name, kind) for name, kind in COLUMNS.items()),
        "schema": schema,
        "statistics": profile_frame(training),
        "classes": (False, True),
    }
    return Model(**{**fields, **changes})


def evaluation(auc: float = 0.8, half: float = 0.005) -> Report:
    check = Check("metric.at_least", "roc_auc", Verdict.PASS, "roc_auc is fine.", auc, 0.7)
    columns = ("slice", "metric", "value", "low", "high", "rows")
    rows = (
        ("all", "roc_auc", auc, auc - half, auc + half, 20_000),
        ("carrier=AA", "roc_auc", auc, auc - half, auc + half, 8000),
    )
    return Report("evaluation", "Evaluation", NAME, (check,), (Table("metrics", "Metrics", columns, rows),))


@dataclass
class Watched:
    """The registry, its release and its log."""

    registry: Registry
    release: Registered
    model: Model
    written: int = field(default=0)

    @property
    def layout(self) -> Layout:
        return Layout.of(self.registry.home, NAME)

    @property
    def digest(self) -> str:
        return self.release.release.digest

    def monitor(self, **settings: Any) -> Monitor:
        return Monitor(self.registry, NAME, MonitorSettings(**{"window": "1h", "grace": "1s", **settings}))

    def again(self, seed: int = 1, **changes: Any) -> Registered:
        """One more release."""
        return self.registry.register(NAME, model(seed, **changes), [evaluation()], made_from={})

    def log(
        self,
        frame: pl.DataFrame,
        at: float,
        *,
        release: Registered | None = None,
        skill: float = 1.2,
        outcome: str = "answered",
        role: str = "champion",
        span: float = 1.0,
    ) -> pl.DataFrame:
        """Write rows as asked in the hour `at` after START, evenly; returns them with the label that is still to come.

        skill: how many standard deviations the logit of a positive row is above that of a negative one.
        """
        release = release or self.release
        self.written += 1
        random = np.random.default_rng(self.written)
        rows = frame.height
        late = random.random(rows) < 0.4
        positive = 1 / (1 + np.exp(-random.normal(np.where(late, skill, 0.0), 1)))
        times = [START + (at + span * i / rows) * HOUR for i in range(rows)]
        header = Header.of(self.model, name=NAME, release=release.release.digest, version=release.version)
        own = pl.DataFrame(
            {
                names.ID: [f"{self.written}-{i}.0" for i in range(rows)],
                names.TIME: times,
                names.KEY: pl.Series([None] * rows, dtype=pl.String),
                names.RELEASE: release.release.digest,
                names.VERSION: release.version,
                names.ROLE: role,
                names.REVISION: 1,
                names.LATENCY: 1.0,
                names.OUTCOME: outcome,
                names.REASON: pl.Series([None if outcome == "answered" else "missing"] * rows, dtype=pl.String),
                names.PREDICTION: positive > 0.5,
                "@probability_false": 1 - positive,
                "@probability_true": positive,
            }
        )
        schema = schema_of(header)
        table = pl.concat([own, frame], how="horizontal")
        missing = [pl.lit(None, dtype).alias(name) for name, dtype in schema.items() if name not in table.columns]
        table = table.with_columns(missing).select(list(schema)).cast(schema)
        digits = release.release.digest[: names.RELEASE_DIGITS]
        for (time,), part in table.group_by(pl.col(names.TIME).dt.truncate("1h")):
            folder = self.layout.parts / f"date={time:%Y-%m-%d}" / f"hour={time:%H}" / f"release={digits}"
            folder.mkdir(parents=True, exist_ok=True)
            part.sort(names.TIME).write_parquet(folder / f"segment-{self.written}.parquet")
        self.layout.releases.mkdir(parents=True, exist_ok=True)
        (self.layout.releases / f"{digits}.json").write_bytes(msgspec.json.encode(header))
        return own.select(names.ID, late=pl.Series(late))

    def label(self, rows: pl.DataFrame, *, at: float = 100.0) -> None:
        """Let these labels arrive."""
        self.written += 1
        self.layout.labels.mkdir(parents=True, exist_ok=True)
        text = pl.col("late").cast(pl.String).alias(names.LABEL)
        key = pl.lit(None, pl.String).alias(names.KEY)
        table = rows.select(names.ID, key, text, pl.lit(START + at * HOUR).alias(names.LABELLED)).cast(LABELS)
        table.write_parquet(self.layout.labels / f"labels-{self.written}.parquet")

    def lines(self, kind: str = "window") -> list[dict[str, Any]]:
        return [entry.content for entry in self.registry.journal.entries(kind=kind, name=NAME)]  # type: ignore[misc]


def make(home: Path) -> Watched:
    registry = Registry(home)
    made = model()
    release = registry.register(NAME, made, [evaluation()], made_from={})
    return Watched(registry, release, made)


@pytest.fixture(scope="session")
def template(tmp_path_factory) -> Path:
    home = tmp_path_factory.mktemp("template") / ".seakeep"
    make(home).registry.close()
    return home


@pytest.fixture
def watched(template: Path, tmp_path: Path):
    import shutil

    home = tmp_path / ".seakeep"
    shutil.copytree(template, home)
    registry = Registry(home)
    release = registry.resolve(NAME)
    with registry:
        yield Watched(registry, release, Model.load(release.folder))


def digest_of(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()

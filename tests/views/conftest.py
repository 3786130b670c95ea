"""Nouns made by hand, ordinary and hostile, for every view to draw."""

from __future__ import annotations

from collections import Counter

import pytest

from seakeep.core import (
    Check,
    ColumnSchema,
    ColumnStatistics,
    Input,
    Kind,
    Model,
    Report,
    Schema,
    Statistics,
    Table,
    Task,
    Verdict,
)
from seakeep.core.counters import TopValues
from seakeep.core.exact import ExactSum
from seakeep.core.histogram import Histogram
from seakeep.core.statistics import Lengths

from . import examples

HOSTILE = (
    "</script><script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "{{ 7 * 7 }}{% raw %}",
    "\u202etxt.exe",
    "\x1b[31mred\x1b[0m\x07",
    "a|b`c*d_e[f](javascript:alert(1))",
    "[bold red]markup[/]",
    "two\nlines\tand a tab",
    "🛳️ emoji",
    "שלום עולם",
    "x" * 400,
    "",
    " ",
    "\ud800",
)


def numbers(kind: Kind, values: list[float], *, missing: int = 0, nan: int = 0) -> ColumnStatistics:
    total, squares = ExactSum(), ExactSum()
    for value in values:
        total, squares = total + ExactSum.of(value), squares + ExactSum.of(min(float(value) * value, 1e308))
    return ColumnStatistics(
        kind,
        rows=len(values) + missing + nan,
        missing=missing,
        nan=nan,
        zeros=sum(value == 0 for value in values),
        minimum=min(values),
        maximum=max(values),
        total=total,
        squares=squares,
        histogram=Histogram.of({float(value): count for value, count in Counter(values).items()}),
        top=TopValues.of(dict(Counter(values))),
    )


def texts(values: list[str], *, missing: int = 0) -> ColumnStatistics:
    sizes = [len(value) for value in values]
    counted = Histogram.of({float(size): count for size, count in Counter(sizes).items()})
    return ColumnStatistics(
        Kind.STRING,
        rows=len(values) + missing,
        missing=missing,
        top=TopValues.of(dict(Counter(values))),
        lengths=Lengths(len(sizes), sum(sizes), min(sizes), max(sizes), counted),
    )


@pytest.fixture
def statistics() -> Statistics:
    rows = 200
    day = 86_400_000_000
    return Statistics(
        rows,
        {
            "distance": numbers(Kind.INTEGER, [80 + 13 * (i % 40) for i in range(rows)]),
            "delay": numbers(Kind.NUMBER, [i / 7 - 9 for i in range(rows - 30)], missing=20, nan=10),
            "carrier": texts(["UA", "B6", "EV", "DL"] * 50),
            "late": ColumnStatistics(
                Kind.BOOLEAN,
                rows,
                10,
                total=ExactSum.of(50.0),
                top=TopValues.of({True: 50, False: 140}),
            ),
            "scheduled": numbers(Kind.TIMESTAMP, [1_356_998_400_000_000 + i * day for i in range(rows)]),
            "air_time": numbers(Kind.DURATION, [60_000_000 * (i % 90 + 20) for i in range(rows)]),
            "year": numbers(Kind.INTEGER, [2013] * rows),
            "extreme": numbers(Kind.NUMBER, [1e308, -1e308, 0.0, 5e-324] * 50),
            "empty": ColumnStatistics.absent(Kind.NULL, rows),
        },
    )


@pytest.fixture
def hostile_statistics() -> Statistics:
    column = texts([value for value in HOSTILE for _ in range(3)])
    return Statistics(column.rows, dict.fromkeys(HOSTILE, column))


@pytest.fixture
def schema() -> Schema:
    return Schema(
        "flights",
        {
            "late": ColumnSchema(Kind.BOOLEAN, missing_at_most=0.03),
            "carrier": ColumnSchema(Kind.STRING, values=tuple("ABCDEFGHIJ"), others_at_most=0.01, drift={"psi": 0.2}),
            "scheduled": ColumnSchema(Kind.TIMESTAMP, minimum=1_356_998_400_000_000),
            "distance": ColumnSchema(Kind.INTEGER, minimum=0, maximum=5000),
            "arr_delay": ColumnSchema(Kind.NUMBER, available="after", maximum=1500.0, infinite=True),
            "id": ColumnSchema(
                Kind.STRING, unique=True, required=False, not_in=("serving",), note="carrier and number"
            ),
        },
        label="late",
        time="scheduled",
        key="id",
    )


@pytest.fixture
def evaluation() -> Report:
    slices = ("all", "carrier=UA", "carrier=EV")
    metrics = tuple((name, metric, 0.7, 0.68, 0.72, 1000) for metric in ("roc_auc", "recall") for name in slices)
    return Report(
        "evaluation",
        "Evaluation of flight-delay",
        "flights after 2013-10-01",
        (
            Check("metric.at_least", "roc_auc", Verdict.PASS, "roc_auc is 0.713.", 0.713, 0.7),
            Check(
                "metric.at_least",
                "roc_auc[carrier=EV]",
                Verdict.INCONCLUSIVE,
                "The interval holds the threshold.",
                0.702,
                0.7,
                "Judge it on more rows.",
                {"low": 0.68},
            ),
            Check(
                "fairness.equal_opportunity", "carrier", Verdict.FAIL, "The gap is 0.21.", 0.21, 0.15, "seakeep show it"
            ),
        ),
        (Table("metrics", "Metrics", ("slice", "metric", "value", "low", "high", "rows"), metrics, "95 % intervals."),),
    )


@pytest.fixture
def training() -> Report:
    rows = (("model", "roc_auc", 0.71, 0.70, 0.72), ("majority", "roc_auc", 0.5, 0.5, 0.5))
    return Report(
        "training",
        "Training of flight-delay",
        "flight-delay",
        (Check("parity.difference", "replay", Verdict.PASS, "The graph agrees within 2e-7.", 2e-7, 1e-5),),
        (Table("baselines", "Beside simpler models", ("model", "metric", "value", "low", "high"), rows),),
    )


@pytest.fixture
def hostile_report() -> Report:
    checks = tuple(
        Check(text, text, verdict, text, text, text, text, {text: text}) for text in HOSTILE for verdict in Verdict
    )
    rows = tuple((text, "roc_auc", 0.5, 0.4, 0.6, 10) for text in HOSTILE)
    others = tuple(Table(text, text, (f"{text} 1", f"{text} 2"), ((text, 1.0),), text) for text in HOSTILE)
    metrics = Table("metrics", HOSTILE[0], ("slice", "metric", "value", "low", "high", "rows"), rows, HOSTILE[1])
    return Report(HOSTILE[0], HOSTILE[1], HOSTILE[2], checks, (metrics, *others))


@pytest.fixture
def model(schema: Schema, statistics: Statistics) -> Model:
    return Model(
        name="flight-delay",
        task=Task.BINARY,
        graph=bytes(5000),
        inputs=(Input("distance", Kind.INTEGER), Input("carrier", Kind.STRING), Input("scheduled", Kind.TIMESTAMP)),
        schema=schema,
        statistics=statistics,
        classes=(False, True),
        features=("log1p(distance)", "carrier=UA", "carrier=EV", "hour"),
        sources={
            "log1p(distance)": ("distance",),
            "carrier=UA": ("carrier",),
            "carrier=EV": ("carrier",),
            "hour": ("scheduled",),
        },
        estimator="LGBMClassifier(n_estimators=200)",
    )


@pytest.fixture
def drift_report() -> Report:
    return examples.drift()


@pytest.fixture
def monitoring_report() -> Report:
    return examples.monitoring()


@pytest.fixture
def rollout_report() -> Report:
    return examples.rolled_back()


@pytest.fixture
def hostile_life() -> Report:
    """Names that would like to be markup in every table of a monitor's and a rollout's report."""
    checks = [
        examples.drift_check(name, 0.4, 0.2, moved_values=[{"value": name, "reference": 0.1, "current": 0.3}])
        for name in HOSTILE
    ]
    tables = {
        "drift": examples.drift_table().columns,
        "shapes": ("column", "bin", "reference", "current"),
        "windows": examples.windows_table(1, 1).columns,
        "decay": examples.decay_table(1).columns,
        "decisions": ("seconds", "from", "to", "step", "title", "code", "why", "challenger requests"),
        "effects": ("measure", "difference", "low", "high", "champion", "challenger"),
    }
    made = [
        Table(name, HOSTILE[0], columns, tuple(tuple(text for _ in columns) for text in HOSTILE))
        for name, columns in tables.items()
    ]
    shapes = Table("shapes", "", tables["shapes"], tuple((name, name, 0.2, 0.3) for name in HOSTILE))
    return Report("monitoring", HOSTILE[1], HOSTILE[2], tuple(checks), (shapes, *made))

"""Faults, each planted into a clean table by a seed: what a finding must find and name. Used by the tests and benchmarks/data_faults.py.

Every plant names the kind of finding and the column that must be told, and works on `tips` of tables.py and on real flights: it
takes the names of the columns that play the parts.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import numpy as np
import polars as pl

Frame = pl.DataFrame
Draw = np.random.Generator


@dataclass(frozen=True)
class Parts:
    """Which columns of a table play which part."""

    number: str = "distance"
    positive: str = "fare"
    count: str = "age"
    city: str = "city"
    time: str = "pickup"
    key: str = "ride"
    label: str = "tipped"
    latitude: str = "latitude"
    gappy: str = "humidity"


@dataclass(frozen=True)
class Plant:
    """kind: the finding that must tell it. column: of what, as a part's name or itself. plant: the fault put in."""

    kind: str
    column: str
    plant: Callable[[Frame, Draw, Parts], Frame]
    against: Callable[[Frame, Frame, Draw, Parts], Frame] | None = None
    roles: Mapping[str, str] = field(default_factory=dict)


def some(frame: Frame, draw: Draw, share: float) -> np.ndarray:
    """True for a share of the rows, drawn; 20 of them at least."""
    chosen = np.zeros(frame.height, dtype=bool)
    chosen[draw.choice(frame.height, max(20, int(share * frame.height)), replace=False)] = True
    return chosen


def put(frame: Frame, name: str, chosen: np.ndarray, values: object) -> Frame:
    """The frame with other values where chosen."""
    given = values if isinstance(values, pl.Expr) else pl.lit(values)
    return frame.with_columns(pl.when(pl.Series(chosen)).then(given).otherwise(pl.col(name)).alias(name))


def duplicate_rows(frame, draw, parts):
    return pl.concat([frame, frame.sample(max(3, frame.height // 200), seed=int(draw.integers(1 << 30)))])


def duplicate_keys(frame, draw, parts):
    other = frame.sample(10, seed=int(draw.integers(1 << 30))).with_columns(pl.col(parts.number) + 1.0)
    return pl.concat([frame.with_columns(pl.col(parts.number).cast(pl.Float64)), other], how="vertical_relaxed")


def _few(frame, draw, count):
    chosen = np.zeros(frame.height, dtype=bool)
    chosen[draw.choice(frame.height, count, replace=False)] = True
    return chosen


def few_outliers(frame, draw, parts):
    top = float(frame[parts.positive].max())
    return put(frame, parts.positive, _few(frame, draw, 4), 60 * abs(top))


def sentinel_999(frame, draw, parts):
    return put(frame, parts.count, some(frame, draw, 0.01), 99999)


def sentinel_minus_one(frame, draw, parts):
    return put(frame, parts.count, some(frame, draw, 0.01), -1)


def sentinel_1900(frame, draw, parts):
    return put(frame, parts.time, some(frame, draw, 0.01), datetime(1900, 1, 1))


def sentinel_epoch(frame, draw, parts):
    return put(frame, parts.time, some(frame, draw, 0.01), datetime(1970, 1, 1))


def negative(frame, draw, parts):
    return put(frame, parts.positive, some(frame, draw, 0.004), -pl.col(parts.positive))


def future(frame, draw, parts):
    return put(frame, parts.time, _few(frame, draw, 3), datetime(2205, 3, 1))


def latitudes(frame, draw, parts):
    return put(frame, parts.latitude, some(frame, draw, 0.01), 152.4)


def metres(frame, draw, parts):
    late = np.arange(frame.height) > 0.8 * frame.height
    return put(
        frame.with_columns(pl.col(parts.number).cast(pl.Float64)), parts.number, late, pl.col(parts.number) * 1000.0
    )


def miles(frame, draw, parts):
    late = np.arange(frame.height) > 0.7 * frame.height
    return put(
        frame.with_columns(pl.col(parts.number).cast(pl.Float64)), parts.number, late, pl.col(parts.number) * 1.609344
    )


def fahrenheit(frame, draw, parts):
    late = np.arange(frame.height) < 0.3 * frame.height
    celsius = frame.with_columns(celsius=pl.Series(draw.normal(18, 6, frame.height)))
    return put(celsius, "celsius", late, pl.col("celsius") * 1.8 + 32)


def milliseconds(frame, draw, parts):
    seconds = frame.with_columns(seconds=pl.Series(draw.gamma(20, 2, frame.height)))
    return put(seconds, "seconds", some(frame, draw, 0.1), pl.col("seconds") * 1000)


def mojibake(frame, draw, parts):
    cities = frame.with_columns(place=pl.Series(draw.choice(["Zürich", "Köln", "Málaga", "Genève"], frame.height)))
    spoilt = pl.col("place").replace(
        {name: name.encode().decode("cp1252") for name in ("Zürich", "Köln", "Málaga", "Genève")}
    )
    return put(cities, "place", some(frame, draw, 0.02), spoilt)


def replaced(frame, draw, parts):
    return put(
        frame,
        parts.city,
        some(frame, draw, 0.005),
        pl.concat_str(pl.col(parts.city), pl.lit("\N{REPLACEMENT CHARACTER}")),
    )


def mark(frame, draw, parts):
    return put(frame, parts.city, _few(frame, draw, 1), pl.concat_str(pl.lit("\ufeff"), pl.col(parts.city)))


def controls(frame, draw, parts):
    return put(frame, parts.city, _few(frame, draw, 3), pl.concat_str(pl.col(parts.city), pl.lit("\x07")))


def mixed_dates(frame, draw, parts):
    day = pl.col(parts.time)
    texts = frame.with_columns(paid=day.dt.strftime("%Y-%m-%d"))
    return put(texts, "paid", some(frame, draw, 0.3), day.dt.strftime("%d.%m.%Y"))


def american_dates(frame, draw, parts):
    day = pl.col(parts.time)
    texts = frame.with_columns(paid=day.dt.strftime("%d/%m/%Y"))
    return put(texts, "paid", some(frame, draw, 0.3), day.dt.strftime("%m/%d/%Y"))


def thousands(frame, draw, parts):
    amounts = [f"${value:,.2f}" for value in draw.lognormal(7, 1.5, frame.height)]
    return frame.with_columns(paid=pl.Series(amounts))


def commas(frame, draw, parts):
    amounts = [f"{value:.2f}".replace(".", ",") for value in draw.lognormal(3, 1, frame.height)]
    return frame.with_columns(paid=pl.Series(amounts))


def booleans(frame, draw, parts):
    return frame.with_columns(paid=pl.Series(draw.choice(["yes", "Y", "true", "no", "N", "FALSE"], frame.height)))


def spaces(frame, draw, parts):
    return put(frame, parts.city, some(frame, draw, 0.01), pl.concat_str(pl.col(parts.city), pl.lit(" ")))


def capitals(frame, draw, parts):
    return put(frame, parts.city, some(frame, draw, 0.02), pl.col(parts.city).str.to_lowercase())


def typing_errors(frame, draw, parts):
    names = frame.with_columns(town=pl.Series(draw.choice(["Rotterdam", "Marseille", "Frankfurt"], frame.height)))
    return put(names, "town", _few(frame, draw, 4), "Roterdam")


def placeholder(frame, draw, parts):
    return put(frame, parts.city, some(frame, draw, 0.01), draw.choice(["N/A", "null", "unknown", "-"]))


def constant(frame, draw, parts):
    return frame.with_columns(source=pl.lit("export"))


def nothing(frame, draw, parts):
    return frame.with_columns(tip=pl.lit(None, dtype=pl.Float64))


def infinite(frame, draw, parts):
    return put(
        frame.with_columns(rate=pl.Series(draw.random(frame.height))), "rate", _few(frame, draw, 2), float("inf")
    )


def copied(frame, draw, parts):
    return frame.with_columns(pl.col(parts.number).alias("copy"))


def redundant(frame, draw, parts):
    names = {name: f"code {at % 7}" for at, name in enumerate(sorted(frame[parts.city].unique()))}
    return frame.with_columns(region=pl.col(parts.city).replace(names))


def linear(frame, draw, parts):
    return frame.with_columns(doubled=pl.col(parts.number) * 1.8 + 32)


def identifier(frame, draw, parts):
    return frame.with_columns(
        session_id=pl.Series([f"{value:016x}" for value in draw.integers(0, 1 << 62, frame.height)])
    )


def cardinality(frame, draw, parts):
    return frame.with_columns(
        street=pl.Series([f"street {value}" for value in draw.integers(0, frame.height // 3, frame.height)])
    )


def rare(frame, draw, parts):
    return put(frame, parts.city, _few(frame, draw, 2), "Ulaanbaatar")


def skewed(frame, draw, parts):
    return frame.with_columns(income=pl.Series(draw.lognormal(10, 1.6, frame.height)))


def gap(frame, draw, parts):
    times = frame[parts.time]
    begin, stretch = times.quantile(0.6), (times.max() - times.min()) / 10
    return frame.filter((times < begin) | (times > begin + stretch))


def disorder(frame, draw, parts):
    ordered = frame.sort(parts.time)
    moved = ordered.sample(8, seed=int(draw.integers(1 << 30)))
    return pl.concat([ordered, moved.with_columns(pl.col(parts.key) + "x")])


def twice(frame, draw, parts):
    base = datetime(2025, 1, 1)
    every = np.cumsum(draw.integers(1, 4_000_000, frame.height)) * 1000
    frame = frame.with_columns(pl.Series(parts.time, [base + timedelta(microseconds=int(step)) for step in every]))
    again = np.arange(0, frame.height, frame.height // 40)
    times = frame[parts.time].to_list()
    for at in again[1:]:
        times[at] = times[at - 1]
    return frame.with_columns(pl.Series(parts.time, times))


def zone(frame, draw, parts):
    ordered = frame.sort(parts.time)
    late = np.arange(frame.height) > 0.75 * frame.height
    return put(ordered, parts.time, late, pl.col(parts.time) + timedelta(hours=6))


def midnight(frame, draw, parts):
    return put(frame, parts.time, some(frame, draw, 0.05), pl.col(parts.time).dt.truncate("1d"))


def missing_by_label(frame, draw, parts):
    return put(
        frame, parts.number, (frame[parts.label].fill_null(False).to_numpy()) & (draw.random(frame.height) < 0.4), None
    )


def missing_over_time(frame, draw, parts):
    share = 0.25 + 0.25 * np.sin(np.arange(frame.height) / frame.height * 20)
    return put(frame.sort(parts.time), parts.number, draw.random(frame.height) < share, None)


def missing_stops(frame, draw, parts):
    return put(frame.sort(parts.time), parts.number, np.arange(frame.height) > 0.8 * frame.height, None)


def leak(frame, draw, parts):
    tells = pl.Series(draw.normal(0, 0.1, frame.height)) + frame[parts.label].fill_null(False).cast(pl.Float64)
    return frame.with_columns(refund=tells)


def filled_after(frame, draw, parts):
    unknown = some(frame, draw, 0.05)
    frame = put(frame, parts.label, unknown, None)
    score = pl.Series("rating", draw.integers(1, 6, frame.height))
    return put(frame.with_columns(score), "rating", frame[parts.label].is_null().to_numpy(), None)


def later(frame, draw, parts):
    wait = pl.Series(draw.integers(60, 9000, frame.height)) * timedelta(seconds=1)
    return frame.with_columns(closed=pl.col(parts.time) + wait)


def ordered_by_label(frame, draw, parts):
    return frame.sort(parts.label, maintain_order=True)


def imbalance(frame, draw, parts):
    keep = (~frame[parts.label].fill_null(False).to_numpy()) | (draw.random(frame.height) < 0.02)
    return frame.filter(pl.Series(keep))


def conflicts(frame, draw, parts):
    again = frame.drop_nulls(parts.label).sample(12, seed=int(draw.integers(1 << 30)))
    return pl.concat([frame, again.with_columns(~pl.col(parts.label), pl.col(parts.key) + "y")])


def wrong_labels(frame, draw, parts):
    sure = (pl.col(parts.number).rank() > pl.len() * 0.5) ^ (
        pl.col(parts.positive).fill_null(0).rank() > pl.len() * 0.6
    )
    return put(
        frame.with_columns(sure.alias(parts.label)), parts.label, draw.random(frame.height) < 0.06, ~pl.col(parts.label)
    )


def unchanged(frame, draw, parts):
    return frame


def test_of_training(frame, clean, draw, parts):
    return frame.sample(frame.height // 50, seed=int(draw.integers(1 << 30))).with_columns(pl.col(parts.key) + "z")


def test_of_keys(frame, clean, draw, parts):
    return frame.sample(50, seed=int(draw.integers(1 << 30))).with_columns(pl.col(parts.number) + 0.77)


def test_of_times(frame, clean, draw, parts):
    return clean.sample(50, seed=int(draw.integers(1 << 30))).with_columns(
        pl.col(parts.key) + "w", pl.col(parts.number) + 0.77
    )


PLANTS: dict[str, Plant] = {
    "repeated rows": Plant("duplicate_rows", "table", duplicate_rows),
    "repeated keys": Plant("duplicate_keys", "key", duplicate_keys),
    "4 outliers": Plant("outliers", "positive", few_outliers),
    "99999 for missing": Plant("sentinel", "count", sentinel_999),
    "-1 for missing": Plant("sentinel", "count", sentinel_minus_one),
    "1900-01-01": Plant("sentinel", "time", sentinel_1900),
    "1970-01-01": Plant("sentinel", "time", sentinel_epoch),
    "lost signs": Plant("negative", "positive", negative),
    "the year 2205": Plant("future_dates", "time", future),
    "latitude 152": Plant("coordinates", "latitude", latitudes),
    "km, then m": Plant("unit_change", "number", metres),
    "miles, then km": Plant("unit_change", "number", miles),
    "°F, then °C": Plant("unit_change", "celsius", fahrenheit),
    "10 % in ms": Plant("unit_change", "seconds", milliseconds),
    "mojibake": Plant("encoding", "place", mojibake),
    "U+FFFD": Plant("encoding", "city", replaced),
    "byte order mark": Plant("encoding", "city", mark),
    "control characters": Plant("encoding", "city", controls),
    "two date formats": Plant("mixed_dates", "paid", mixed_dates),
    "day and month exchanged": Plant("mixed_dates", "paid", american_dates),
    "$1,234.50 as text": Plant("numbers_as_text", "paid", thousands),
    "decimal commas": Plant("numbers_as_text", "paid", commas),
    "yes, Y, true": Plant("booleans_as_text", "paid", booleans),
    "trailing spaces": Plant("spaces", "city", spaces),
    "capitals": Plant("case_variants", "city", capitals),
    "typing errors": Plant("typos", "town", typing_errors),
    "N/A and the like": Plant("placeholders", "city", placeholder),
    "constant column": Plant("constant", "source", constant),
    "empty column": Plant("all_missing", "tip", nothing),
    "infinities": Plant("infinite", "rate", infinite),
    "copied column": Plant("duplicate_columns", "number, copy", copied),
    "function of a column": Plant("redundant", "region", redundant),
    "straight line of a column": Plant("redundant", "doubled", linear),
    "identifier as feature": Plant("identifier", "session_id", identifier),
    "many categories": Plant("high_cardinality", "street", cardinality),
    "rare level": Plant("rare_levels", "city", rare),
    "long tail": Plant("skewed", "income", skewed),
    "a tenth of the time without rows": Plant("time_gaps", "time", gap),
    "late rows": Plant("time_order", "time", disorder),
    "moments twice": Plant("time_duplicates", "time", twice),
    "clock moved 6 hours": Plant("time_zone_jump", "time", zone),
    "times cut to midnight": Plant("midnight", "time", midnight),
    "missing by label": Plant("missing_by_label", "number", missing_by_label),
    "missing comes and goes": Plant("missing_over_time", "number", missing_over_time),
    "values stop": Plant("missing_starts", "number", missing_stops),
    "leak": Plant("leakage", "refund", leak),
    "filled with the label": Plant("known_after", "rating", filled_after),
    "a later time": Plant("known_after", "closed", later),
    "rows in order of the label": Plant("leakage_order", "table", ordered_by_label),
    "rare class": Plant("class_imbalance", "label", imbalance),
    "one row, two labels": Plant("conflicting_labels", "label", conflicts),
    "6 % wrong labels": Plant("label_noise", "label", wrong_labels),
    "test rows in training": Plant("overlap", "table", unchanged, test_of_training),
    "test keys in training": Plant("overlap_keys", "key", unchanged, test_of_keys),
    "test before training": Plant("overlap_times", "time", unchanged, test_of_times),
}


def subject(plant: Plant, parts: Parts) -> str:
    """What the finding must name."""
    return ", ".join(getattr(parts, word, word) if word != "table" else word for word in plant.column.split(", "))

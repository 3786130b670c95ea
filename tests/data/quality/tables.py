"""Clean tables of many kinds, drawn by a seed: what a finding must be silent about. Used by the tests and benchmarks/data_faults.py."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import numpy as np
import polars as pl

Frame = pl.DataFrame
START = datetime(2025, 1, 1)
CITIES = (
    "Amsterdam",
    "Barcelona",
    "Copenhagen",
    "Dublin",
    "Edinburgh",
    "Florence",
    "Gothenburg",
    "Hamburg",
    "Istanbul",
    "Jakarta",
)


def moments(draw: np.random.Generator, rows: int, *, days: int = 200) -> list[datetime]:
    """Times of day as shops have them, in order."""
    day = draw.integers(0, days, rows)
    hour = np.clip(draw.normal(14, 3, rows), 7, 22)
    seconds = np.sort(day * 86_400 + (hour * 3600).astype(int) + draw.integers(0, 1800, rows))
    return [START + timedelta(seconds=int(second)) for second in seconds]


def tips(draw: np.random.Generator, rows: int = 4000) -> Frame:
    """Rides with keys, times, amounts, coordinates, a label that is half chance, and values missing at random."""
    distance = draw.gamma(3, 2, rows)
    age = draw.integers(18, 90, rows)
    logit = 0.3 * (distance - 6) + draw.normal(0, 1.5, rows)
    humidity = draw.normal(60, 10, rows).round(1)
    return pl.DataFrame(
        {
            "ride": [f"R{number:07}" for number in draw.permutation(rows)],
            "pickup": moments(draw, rows),
            "distance": distance.round(3),
            "fare": (4 + 2.1 * distance * np.exp(draw.normal(0, 0.15, rows))).round(2),
            "age": age,
            "temp": (15 + 8 * draw.normal(size=rows)).round(1),
            "humidity": [
                None if gone else float(value) for gone, value in zip(draw.random(rows) < 0.05, humidity, strict=True)
            ],
            "latitude": draw.normal(52.4, 0.05, rows).round(5),
            "longitude": draw.normal(4.9, 0.08, rows).round(5),
            "city": draw.choice(CITIES, rows, p=np.arange(10, 0, -1) / 55),
            "card": draw.random(rows) < 0.6,
            "tipped": logit > 0,
        }
    )


def sensor(draw: np.random.Generator, rows: int = 4000) -> Frame:
    """A reading every ten minutes: seasons of day and week, a slow walk, noise."""
    at = np.arange(rows)
    daily = 6 * np.sin(2 * np.pi * at / 144)
    return pl.DataFrame(
        {
            "at": [START + timedelta(minutes=10 * int(step)) for step in at],
            "celsius": (12 + daily + np.cumsum(draw.normal(0, 0.05, rows)) + draw.normal(0, 0.5, rows)).round(2),
            "pressure": (1013 + np.cumsum(draw.normal(0, 0.1, rows))).round(1),
            "wind": draw.weibull(2, rows).round(2) * 5,
            "station": draw.choice(["north", "south", "harbour"], rows),
        }
    )


def sales(draw: np.random.Generator, rows: int = 3000) -> Frame:
    """Orders on working days only, counts, prices of a list, a numeric label."""
    days = np.sort(draw.choice([day for day in range(360) if day % 7 < 5], rows))
    price = draw.choice([4.99, 9.99, 14.5, 19.99, 49.0], rows)
    count = draw.poisson(2, rows) + 1
    return pl.DataFrame(
        {
            "order": np.arange(rows) + 100_000,
            "day": [
                START + timedelta(days=int(day), hours=int(hour))
                for day, hour in zip(days, draw.integers(8, 18, rows), strict=True)
            ],
            "price": price,
            "count": count,
            "channel": draw.choice(["web", "shop", "phone"], rows, p=[0.6, 0.3, 0.1]),
            "revenue": (price * count * np.exp(draw.normal(0, 0.3, rows))).round(2),
        }
    )


def heavy(draw: np.random.Generator, rows: int = 5000) -> Frame:
    """Numbers of many shapes: normal, uniform, exponential, Student, two humps, zero-inflated."""
    return pl.DataFrame(
        {
            "normal": draw.normal(size=rows),
            "uniform": draw.random(rows),
            "exponential": draw.exponential(3, rows),
            "student": draw.standard_t(6, rows),
            "humps": np.where(draw.random(rows) < 0.5, draw.normal(-4, 1, rows), draw.normal(4, 1, rows)),
            "zeros": np.where(draw.random(rows) < 0.7, 0, draw.gamma(2, 5, rows)),
            "gamma": draw.gamma(2, 5, rows),
        }
    )


def survey(draw: np.random.Generator, rows: int = 1200) -> Frame:
    """Answers to questions: few values a column, so that many rows are equal by chance."""
    words = ["never", "rarely", "sometimes", "often", "always"]
    return pl.DataFrame(
        {f"question_{at}": draw.choice(words, rows) for at in range(4)} | {"group": draw.choice(["a", "b"], rows)}
    )


def small(draw: np.random.Generator, rows: int = 150) -> Frame:
    """A hundred and fifty rows."""
    return pl.DataFrame(
        {
            "length": draw.normal(5.8, 0.8, rows).round(1),
            "width": draw.normal(3, 0.4, rows).round(1),
            "kind": draw.choice(["a", "b", "c"], rows),
        }
    )


def classes(draw: np.random.Generator, rows: int = 2000) -> Frame:
    """Three classes that two numbers tell partly."""
    kind = draw.integers(0, 3, rows)
    return pl.DataFrame(
        {
            "x": kind + draw.normal(0, 1, rows),
            "y": (kind == 1) * 2 + draw.normal(0, 1, rows),
            "kind": np.array(["apple", "pear", "plum"])[kind],
            "noise": draw.normal(size=rows),
        }
    )


def wide(draw: np.random.Generator, rows: int = 800) -> Frame:
    """A hundred columns of noise, and a label of noise."""
    return pl.DataFrame({f"x{at}": draw.normal(size=rows) for at in range(100)} | {"late": draw.random(rows) < 0.3})


CLEAN: dict[str, tuple[Callable[..., Frame], dict[str, str]]] = {
    "tips": (tips, {"label": "tipped", "time": "pickup", "key": "ride"}),
    "sensor": (sensor, {"time": "at"}),
    "sales": (sales, {"label": "revenue", "time": "day", "key": "order"}),
    "heavy": (heavy, {}),
    "survey": (survey, {}),
    "small": (small, {"label": "kind"}),
    "classes": (classes, {"label": "kind"}),
    "wide": (wide, {"label": "late"}),
}
"""A table by name, and its roles."""

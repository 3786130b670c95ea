"""A synthetic table for `seakeep init`: parcels, some of which arrive late. The same rows on every machine."""

from __future__ import annotations

import csv
import io
import math
import random
from datetime import datetime, timedelta

ROWS = 2000
_COLUMNS = (
    "parcel", "handed_over", "distance_km", "weight_kg", "items", "express", "carrier", "region", "hours_taken", "late"
)  # fmt: skip
_CARRIERS = {"heron": 0.0, "swift": -0.8, "gannet": 0.6, "petrel": -0.2}
_REGIONS = ("coast", "hills", "plain")
_START = datetime(2026, 1, 5)  # noqa: DTZ001  (local time, as such files have it)


def parcels(rows: int = ROWS, *, seed: int = 7) -> str:
    """CSV text of so many parcels, in the order of their handing over."""
    draw = random.Random(seed)  # noqa: S311  (no secret)
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(_COLUMNS)
    handed_over = _START
    for number in range(1, rows + 1):
        handed_over += timedelta(minutes=round(draw.expovariate(1 / 110), 0))
        writer.writerow(_parcel(draw, number, handed_over))
    return out.getvalue()


def _parcel(draw: random.Random, number: int, handed_over: datetime) -> list[object]:
    """One row. Being late depends on what is known beforehand, in ways that a weighted sum cannot say."""
    distance, weight = draw.lognormvariate(5.2, 0.8), draw.lognormvariate(0.9, 0.7)
    items, express = 1 + int(draw.expovariate(0.9)), draw.random() < 0.2
    carrier, region = draw.choice(list(_CARRIERS)), draw.choice(_REGIONS)
    far, awkward = distance > 180, weight < 1.2 or weight > 6
    slow_road = region == "hills" and not express
    score = 2.6 * (far and slow_road) + 2.8 * awkward * (not far) - 2.4 * express + 1.5 * _CARRIERS[carrier]
    score += 2.0 * (handed_over.hour >= 16 and carrier != "swift") - 2.3
    late = draw.random() < 1 / (1 + math.exp(-2.2 * score))
    promised = 24 if express else 72
    taken = promised * (1.02 + draw.expovariate(3) if late else draw.uniform(0.3, 1.0))
    return [
        f"P{number:05}",
        handed_over.isoformat(sep=" "),
        "" if draw.random() < 0.04 else f"{distance:.1f}",
        "" if draw.random() < 0.08 else f"{weight:.2f}",
        items,
        str(express).lower(),
        carrier,
        region,
        f"{taken:.1f}",
        str(late).lower(),
    ]

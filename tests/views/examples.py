"""Reports made by hand of what the later life of a model gives: drift, windows and decay, a release that is let in."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta

from seakeep.core import Check, Report, Table, Verdict
from seakeep.rollout import Look, Party, Rollout, Stratum, Tally, begin, make_plan, observe
from seakeep.rollout import report as rollout_report

START = datetime(2013, 8, 1, tzinfo=UTC)
DISTANCES = (
    ("temp", 0.61, 0.2),
    ("humid", 0.31, 0.2),
    ("carrier", 0.24, 0.1),
    ("wind", 0.04, 0.2),
    ("visib", 0.02, 0.2),
)


def iso(hours: float) -> str:
    return (START + timedelta(hours=hours)).isoformat().replace("+00:00", "Z")


def drift_check(column: str, observed: float, threshold: float, **evidence: object) -> Check:
    failed = observed > threshold
    return Check(
        "drift.psi",
        column,
        Verdict.FAIL if failed else Verdict.PASS,
        f"Column {column!r}: psi to the reference is {observed:g}, {'above' if failed else 'at most'} {threshold:g}.",
        observed,
        threshold,
        "If rows now differ for good, train again on recent ones." if failed else "",
        {"noise": threshold / 3, **evidence},  # type: ignore[dict-item]
    )


def moved_checks() -> tuple[Check, ...]:
    temp = {"rows": [80_000, 9_000], "mean": [14.2, 21.8], "mean_moved_by_standard_deviations": 1.41}
    carrier = {"moved_values": [{"value": "EV", "reference": 0.12, "current": 0.31}]}
    facts = {"temp": temp, "carrier": carrier}
    checks = [drift_check(name, found, most, **facts.get(name, {})) for name, found, most in DISTANCES]
    distance = Check(
        "drift.kolmogorov_smirnov",
        "temp",
        Verdict.FAIL,
        "Column 'temp': kolmogorov_smirnov to the reference is 0.4, above 0.1.",
        0.4,
        0.1,
        "If rows now differ for good, train again on recent ones.",
        temp,  # type: ignore[arg-type]
    )
    return (*checks, distance)


def drift_table() -> Table:
    columns = ("column", "kind", "distance", "observed", "threshold", "noise", "verdict", "reference", "current")
    rows = [
        (name, "number", "psi", found, most, most / 3, "fail" if found > most else "pass", 14.2, 21.8)
        for name, found, most in DISTANCES
    ]
    return Table("drift", "Distance from the reference", columns, tuple(rows))


def shapes_table(columns: tuple[str, ...] = ("temp", "humid", "carrier", "wind")) -> Table:
    rows = []
    for column in columns:
        for i in range(10):
            before, after = (math.exp(-((i - middle) ** 2) / 5) for middle in (3.5, 6.0))
            rows.append((column, f"{4 * i} to {4 * i + 4}", before / 3.9, after / 3.9))
    return Table("shapes", "How the columns are distributed", ("column", "bin", "reference", "current"), tuple(rows))


def drift() -> Report:
    tables = (drift_table(), shapes_table())
    return Report("drift", "Drift", "current against reference", moved_checks(), tables)


def windows_table(columns: int = 6, windows: int = 72) -> Table:
    rows = []
    for c in range(columns):
        for w in range(windows):
            found = 0.03 + 0.02 * math.sin(w / 5 + c) + (0.01 * max(0, w - 40) if c in (1, 3) else 0)
            rows.append((iso(w), f"column_{c}", "psi", found, 0.2, "fail" if found > 0.2 else "pass"))
    names = ("window", "column", "distance", "observed", "threshold", "verdict")
    return Table("windows", "Windows", names, tuple(rows))


def decay_table(windows: int = 30) -> Table:
    rows = []
    for w in range(windows):
        value = 0.74 - 0.004 * max(0, w - 12)
        word = "fail" if value < 0.7 else "pass"
        rows.append((iso(24 * w), "roc_auc", value, value - 0.015, value + 0.015, 0.745, 0.70, 4000, word))
    names = ("window", "metric", "value", "low", "high", "reference", "threshold", "rows", "verdict")
    return Table("decay", "Metrics over time", names, tuple(rows))


def monitoring() -> Report:
    auc = Check(
        "decay.roc_auc",
        "roc_auc",
        Verdict.FAIL,
        "roc_auc fell from 0.745 at release to 0.672, below 0.7.",
        0.672,
        0.7,
        "seakeep run flights.py",
    )
    tables = (drift_table(), shapes_table(), windows_table(), decay_table())
    return Report("monitoring", "Monitoring of flight-delay", "flight-delay@1", (*moved_checks(), auc), tables)


def large(columns: int = 500, windows: int = 2000) -> Report:
    """Far more than a page can show at once."""
    names = [f"column_{i}" for i in range(columns)]
    checks = tuple(drift_check(name, 0.201 + i / 1000, 0.2, mean=[1.0, 2.0]) for i, name in enumerate(names))
    rows = tuple((name, "number", "psi", 0.201 + i / 1000, 0.2, 0.05, "fail", 1.0, 2.0) for i, name in enumerate(names))
    drifted = Table("drift", "Distance", drift_table().columns, rows)
    tables = (drifted, shapes_table(tuple(names)), windows_table(20, windows))
    return Report("monitoring", "Monitoring of large", "large@1", checks, tables)


def _look(rows: int, rate: float, share: float, *, present: bool = True) -> Look:
    """A minute's traffic: the champion fails 1 request of 100, the challenger at `rate`."""
    ours = round(rows * share)
    theirs = rows - ours
    champion = Tally(theirs, theirs // 100, theirs, theirs // 100, theirs)
    challenger = Tally(ours, round(ours * rate), ours, ours // 100, ours)
    return Look((Stratum(champion, challenger, present),), champion_p99_ms=12.0)


def _copies(rows: int) -> Look:
    tally = Tally(rows, rows // 100)
    return Look((Stratum(tally, tally),), copies=rows, disagreements=rows // 50)


def rolled_out(rate: float = 0.01, *, minutes: int = 120, plan: str = "canary") -> Rollout:
    """The state after so many minutes of 600 requests each, or when it has ended."""
    begun = START.timestamp()
    champion, challenger = Party("a" * 64, 1), Party("b" * 64, 2)
    settings = {"measure": "errors", "requests": 2000} if plan == "experiment" else {}
    state = begin(make_plan(plan, settings), name="flight-delay", champion=champion, challenger=challenger, at=begun)
    for minute in range(1, minutes + 1):
        if state.present is None:
            break
        share = state.present.share
        look = _look(600, rate, share) if share else _copies(600)
        state = observe(state, look, at=begun + 60 * minute)
    return state


def rollout() -> Report:
    """Let in on evidence."""
    return rollout_report(rolled_out())


def rolled_back() -> Report:
    """A challenger that fails 4 requests of 100."""
    return rollout_report(rolled_out(0.04))


def experiment() -> Report:
    """Two arms; the challenger fails less."""
    return rollout_report(rolled_out(0.002, minutes=600, plan="experiment"))

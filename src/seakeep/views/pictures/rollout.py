"""Pictures of a release being let in: its phases and what ended them, and the evidence at every look.

The limits at which evidence rolls a release back stand in the report's checks and not in the table of looks, so these pictures
are drawn with the whole report at hand.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING

from seakeep.core.report import Verdict
from seakeep.views import figures
from seakeep.views.charts import Dot, Level, Line, Phase, dots, line, timeline
from seakeep.views.pictures.records import Draw, Picture, Record, bound, is_finite, number, words

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from seakeep.core.report import Report

_LN_10 = math.log(10.0)
_LOG_E = "log e "
_NOTHING = 1e-9
_ENDINGS = {"promoted": Verdict.PASS, "rolled_back": Verdict.FAIL, "aborted": Verdict.FAIL, "concluded": Verdict.PASS}


@dataclass(frozen=True, slots=True)
class Lasted:
    """One phase of a rollout. start, end: seconds since it began. ended: "pass" or "fail" where a decision ended it, else "".

    why: the reason of the decision that ended it. requests: the challenger's, within the phase.
    """

    title: str
    start: float
    end: float
    ended: str
    why: str
    requests: float


def lasted(decisions: Sequence[Record], *, until: float) -> tuple[Lasted, ...]:
    """The phases between decisions; one that nothing ended yet lasts `until` the latest look. What ends all is no phase."""
    found = []
    for i, begun in enumerate(decisions):
        if begun["to"] in _ENDINGS:
            continue
        after = decisions[i + 1] if i + 1 < len(decisions) else None
        end = number(after["seconds"]) if after else max(until, number(begun["seconds"]))
        requests = number(after["challenger requests"]) - number(begun["challenger requests"]) if after else math.nan
        why = figures.scalar(after["why"]) if after else ""
        found.append(Lasted(_title(begun), number(begun["seconds"]), end, _ended(after), why, requests))
    return tuple(found)


def until(report: Report) -> float:
    """Seconds from a rollout's beginning to its latest look; 0 where nothing was looked at."""
    looks = [table for table in report.tables if table.name == "looks" and "seconds" in table.columns]
    return max(
        (number(r["seconds"]) for table in looks for r in table.records() if is_finite(r["seconds"])), default=0.0
    )


def limits(report: Report) -> dict[str, float]:
    """By test, the log e-value at which it rolls the challenger back, from the checks' evidence."""
    found = {}
    for check in report.checks:
        limit = check.evidence.get("rolls_back_at")
        if isinstance(limit, int | float) and not isinstance(limit, bool):
            found[check.code.partition(".")[2].replace("_", " ")] = float(limit)
    return found


def _decisions(records: Sequence[Record], report: Report) -> Iterator[Picture]:
    """The phases as a timeline."""
    found = lasted(records, until=until(report))
    if found:
        rows = [Phase(one.title, one.start, one.end, one.ended, _length(one)) for one in found]
        title = "Phases"
        yield Picture(
            timeline(rows, title=title, unit="seconds"),
            title,
            "Since the rollout began; a sign tells how a phase ended.",
        )


def _looks(records: Sequence[Record], report: Report) -> Iterator[Picture]:
    """Both arms' rate of errors, then a line of evidence a test, against the limit that rolls the challenger back."""
    yield from _rates(records)
    allowed = limits(report)
    for column in records[0]:
        values = (
            [(number(r["seconds"]), number(r[column]) / _LN_10) for r in records] if column.startswith(_LOG_E) else []
        )
        if any(abs(value) > _NOTHING for _, value in values if math.isfinite(value)):
            yield _evidence(column.removeprefix(_LOG_E), values, allowed)


def _evidence(test: str, values: Sequence[tuple[float, float]], allowed: Mapping[str, float]) -> Picture:
    title = f"Evidence against the challenger: {test}"
    levels = [Level(allowed[test] / _LN_10, "rolls back")] if test in allowed else []
    drawn = line([Line("log10 of the e-value", values)], title=title, across="seconds", levels=levels)
    says = "Powers of ten by which the looks so far speak against it; valid however often one looks."
    return Picture(drawn, title, says)


def _rates(records: Sequence[Record]) -> Iterator[Picture]:
    """Errors of all requests so far, an arm a line."""
    arms = []
    for arm in ("champion", "challenger"):
        asked = accumulate(number(r[f"{arm} requests"]) for r in records)
        failed = accumulate(number(r[f"{arm} errors"]) for r in records)
        points = [
            (number(r["seconds"]), errors / rows if rows > 0 else math.nan)
            for r, rows, errors in zip(records, asked, failed, strict=True)
        ]
        arms.append(Line(arm, points))
    title = "Rate of errors so far"
    drawn = line(arms, title=title, unit="share", across="seconds", from_zero=True)
    yield Picture(drawn, title, "Of all requests since the rollout began.")


def _effects(records: Sequence[Record]) -> Iterator[Picture]:
    """The difference of the arms, a dot a measure."""
    rows = [
        Dot(words(r["measure"]), number(r["difference"]), bound(r, "low"), bound(r, "high"))
        for r in records
        if is_finite(r["difference"])
    ]
    if rows:
        title = "Challenger minus champion"
        says = (
            "Right of the dashed line the challenger has more of it, which is worse; the intervals hold at every look."
        )
        yield Picture(dots(rows, title=title, threshold=0.0), title, says)


def _title(decision: Record) -> str:
    return figures.scalar(decision.get("title") or decision["to"])


def _ended(decision: Record | None) -> str:
    if decision is None:
        return ""
    verdict = _ENDINGS.get(str(decision["to"]), Verdict.PASS if decision["to"] != "held" else None)
    return verdict.value if verdict else ""


def _length(one: Lasted) -> str:
    return figures.seconds(one.end - one.start) if math.isfinite(one.end - one.start) else ""


DRAWN: Mapping[str, tuple[tuple[str, ...], Draw]] = {
    "effects": (("measure", "difference", "low", "high"), _effects),
}
DRAWN_WITH_REPORT: Mapping[str, tuple[tuple[str, ...], Callable[[Sequence[Record], Report], Iterator[Picture]]]] = {
    "decisions": (("seconds", "to", "why", "challenger requests"), _decisions),
    "looks": (
        ("seconds", "champion requests", "champion errors", "challenger requests", "challenger errors"),
        _looks,
    ),
}

"""Headers, records and spools that the tests of this room share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from seakeep.prediction_log import Header, PredictionLog, Record, Spool

if TYPE_CHECKING:
    from collections.abc import Sequence

ONE, TWO = "a" * 64, "b" * 64
NOON = 1_383_566_400_000_000  # 2013-11-04 12:00 UTC
MINUTE, HOUR = 60_000_000, 3_600_000_000
LATE = Header(
    "late",
    ONE,
    1,
    "binary",
    (("distance", "number"), ("carrier", "string"), ("seats", "integer"), ("fresh", "boolean"), ("due", "timestamp")),
    (False, True),
)
MINUTES = Header("late", TWO, 2, "regression", (("distance", "number"), ("origin", "string")))


def asked(
    number: int, *, time: int = NOON, release: str = ONE, key: str | None = None, role: str = "champion", **given: Any
) -> Record:
    """A one-row record that the header LATE or MINUTES describes; its id is `q<number>`."""
    own: dict[str, Any] = (
        {"columns": [[float(number)], ["UA"], [number], [True], [time]], "scores": [0.25, 0.75], "decisions": [1]}
        if release == ONE
        else {"columns": [[float(number)], ["JFK"]], "scores": [number / 2], "decisions": []}
    )
    keys = None if key is None else [key]
    return Record(time, f"q{number}", release, role, 3, 0.5, 1, **{"keys": keys, **own, **given})


def written(log: PredictionLog, records: Sequence[Any], *, close: bool = True, boot: str = "boot") -> Spool:
    """A spool with these records, flushed; closed unless told otherwise."""
    spool = Spool(log.layout.spool, boot=boot)
    spool.describe(LATE)
    spool.describe(MINUTES)
    for record in records:
        spool.append(record)
    assert spool.flush()
    if close:
        assert spool.close()
    return spool


def ids(log: PredictionLog, **given: Any) -> list[str]:
    """The ids of a scan, sorted."""
    return sorted(log.scan(**given).collect()["@id"].to_list())

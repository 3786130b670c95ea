"""Records: an answer, a refusal or a failure of a lane as the prediction log writes it down."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from seakeep.prediction_log.frames import Record
from seakeep.serving.server.keys import log_keys
from seakeep.serving.server.marks import by_row

if TYPE_CHECKING:
    from seakeep.serving.server.engine import Answered
    from seakeep.serving.server.lanes import Lane


def answered_record(lane: Lane, seconds: float, answered: Answered, key: str | None) -> Record:
    """An answer, which has an id. seconds: that it took. key: of the request, where its header had one."""
    ask = answered.ask
    named = ask.key if key is None else key
    prediction_id = answered.prediction_id
    assert prediction_id is not None
    return Record(
        _microseconds() - int(seconds * 1e6),
        prediction_id,
        lane.served.release,
        lane.role,
        lane.revision,
        seconds * 1e3,
        ask.rows,
        "answered",
        ask.columns,
        answered.scores,
        answered.decisions,
        log_keys(ask.keys, named, ask.rows),
        dealt=named,
        broken=by_row(ask.marks, ask.rows) if ask.marks else None,
    )


def unanswered_record(
    lane: Lane, prediction_id: str, seconds: float, *, outcome: str, reason: str, key: str | None
) -> Record:
    """A request that was refused or failed, without its values. reason: the refusal's code, or the error's kind. key: that it was dealt by."""
    return Record(
        _microseconds() - int(seconds * 1e6),
        prediction_id,
        lane.served.release,
        lane.role,
        lane.revision,
        seconds * 1e3,
        1,
        outcome,
        keys=None if key is None else [key],
        reason=reason,
        dealt=key,
    )


def _microseconds() -> int:
    return time.time_ns() // 1000

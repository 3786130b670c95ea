"""Urgency: until when an answer is wanted, and before whose it goes, as headers and parameters say it.

Headers (`seakeep-timeout-ms`, `seakeep-priority`) are known before the body is, so that they count where a request is let in; the
parameters `timeout` (microseconds) and `priority` are those of the Open Inference Protocol and of Triton, and count from
where the body was read. Nobody who sends neither pays for them.

Where callers have tokens, priority 1 is for those whose token has the scope `urgent`; anybody else's 1 is a 2. Where nobody needs a token,
all callers are trusted alike.
"""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING, Any

from seakeep.serving.server.refusals.traffic import Pressed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from seakeep.serving.server.form import Request

TIMEOUT, PRIORITY = "seakeep-timeout-ms", "seakeep-priority"
FIRST, NORMAL, LAST = 1, 2, 3
SHADOW = 4
"""After everybody who waits for an answer."""
_MOST_SECONDS = 24 * 3600.0
PRIORITIES = {"0": NORMAL, "1": FIRST, "2": NORMAL, "3": LAST}


def until(text: str, started: float) -> float:
    """When the wait of `text` milliseconds is over that began at `started`. Raises Refusal.

    >>> until("250", 10.0)
    10.25
    """
    try:
        seconds = float(text) / 1e3
    except ValueError:
        raise Pressed.timeout(TIMEOUT, text, "milliseconds") from None
    if not 0 < seconds < math.inf:
        raise Pressed.timeout(TIMEOUT, text, "milliseconds")
    return started + min(seconds, _MOST_SECONDS)


def priority(text: str) -> int:
    """The priority that a header names: 1 before 2 before 3; 0 is 2. Raises Refusal."""
    found = PRIORITIES.get(text)
    if found is None:
        raise Pressed.priority(PRIORITY, text)
    return found


def urged(request: Request, parameters: Mapping[str, Any]) -> Request:
    """The request with what its parameters say of its urgency; the earlier of two deadlines counts. Raises Refusal.

    A shadow's copy has no urgency: nobody waits for it.
    """
    if request.priority == SHADOW:
        return request
    timeout, rank = parameters.get("timeout"), parameters.get("priority")
    if timeout is not None:
        request = request._replace(until=min(request.until, time.perf_counter() + _seconds(timeout)))
    if rank is not None:
        request = request._replace(priority=max(request.first, _rank(rank)))
    return request


def _seconds(found: object) -> float:
    """Of a timeout in microseconds; 0 is none, as it is in Triton."""
    if isinstance(found, str) and found.isdecimal() and len(found) < 20:  # KServe's clients send texts
        found = int(found)
    if not isinstance(found, int) or isinstance(found, bool) or found < 0:
        raise Pressed.timeout("parameters.timeout", found, "whole microseconds")
    return min(found, round(_MOST_SECONDS * 1e6)) / 1e6 if found else _MOST_SECONDS


def _rank(found: object) -> int:
    rank = None if isinstance(found, bool) or not isinstance(found, int | str) else PRIORITIES.get(str(found)[:2])
    if rank is None:
        raise Pressed.priority("parameters.priority", found)
    return rank

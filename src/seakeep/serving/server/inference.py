"""Inference: a request for a model, from its body to its answer: the way that every transport and every form shares.

A refusal is an answer like any other; what is no refusal is our fault, is logged with the request's number, and is answered 500
without its insides. Whatever the outcome, it is counted and written down before the client hears of it, so that who
has an answer finds it on record.
"""

from __future__ import annotations

import json
import logging
import secrets
import time
from typing import TYPE_CHECKING, Any

from seakeep.serving.server.form import Request
from seakeep.serving.server.keys import header_key
from seakeep.serving.server.pages import JSON, LOADING, RETRY
from seakeep.serving.server.refusals import Refusal
from seakeep.serving.server.shadows import Copy

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from seakeep.serving.server.crew import Crew
    from seakeep.serving.server.form import Form
    from seakeep.serving.server.lanes import Crossing, Lane
    from seakeep.serving.server.pages import Page

_log = logging.getLogger("seakeep.serving")


class Inference:
    """Answers requests for the models of one worker. Parameters: crew: the worker's parts."""

    def __init__(self, crew: Crew) -> None:
        self._shadows = crew.shadows

    async def answer(self, crossing: Crossing, form: Form, headers: Any, body: Awaitable[bytes]) -> Page | None:
        """Status, headers and body of the answer; None where the client has gone before its request was whole.

        Parameters: crossing: where the request came in. form: that the body is in. headers: of the request. body: to come; may
            raise Refusal.
        """
        started = time.perf_counter()
        lane, key, dealt = crossing.main, None, None
        try:
            request = Request(await body, form, headers)
            key = dealt = header_key(headers)
            if crossing.only is None:
                lane, dealt = crossing.lane(request, key)
            engine, log = lane.engine, lane.log
            if engine is None:
                lane.answered[503].add()
                return 503, RETRY, json.dumps(LOADING).encode()
            reply = await engine.answer(request, None if log is None else log.next_id())
            if log is not None:
                log.answered(lane, time.perf_counter() - started, reply.answered, key=key)
                if log.acknowledged:
                    await log.committed()
        except Refusal as refusal:
            _unanswered(lane, started, "refused", refusal.code, dealt)
            lane.answered[refusal.status].add()
            lane.refused[refusal.code].add()
            return refused(refusal)
        except Exception as error:  # noqa: BLE001  (whatever it is, the client gets an answer and the log the rest)
            if not is_fault(error):
                return None
            _unanswered(lane, started, "failed", type(error).__name__, dealt)
            lane.answered[500].add()
            return failed(f"for {lane.served.name}")
        lane.answered[200].add()
        lane.latency.observe(time.perf_counter() - started)
        if crossing.shadows:
            self._shadows.offer(crossing.shadows, Copy(request, lane, reply.answered, key))
        return 200, reply.headers, reply.content


def refused(refusal: Refusal) -> Page:
    """The answer that a refusal is."""
    headers = [*JSON, ("allow", refusal.allow)] if refusal.allow else JSON
    return refusal.status, headers, json.dumps(refusal.as_answer()).encode()


def failed(what: str) -> Page:
    """The answer that a failure of ours is; told to the log, with the error that is being handled. what: the request."""
    number = secrets.token_hex(8)
    _log.exception("request %s: %s failed", number, what)
    answer = {
        "error": "the server failed to answer, which is not the request's fault",
        "request": number,
        "fix": f"Look for {number} in the server's log.",
    }
    return 500, JSON, json.dumps(answer).encode()


def is_fault(error: Exception) -> bool:
    """Whether an error is one of ours: a client that hung up before its request was whole is nobody to answer."""
    from granian.rsgi import ProtocolClosed  # type: ignore[attr-defined]  # documented, yet not in its __all__

    return not isinstance(error, ProtocolClosed)


def _unanswered(lane: Lane, started: float, outcome: str, reason: str, key: str | None) -> None:
    if lane.log is not None and lane.engine is not None:
        lane.log.unanswered(lane, lane.log.next_id(), time.perf_counter() - started, outcome, reason, key=key)

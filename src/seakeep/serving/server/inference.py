"""Inference: a request for a model, from its body to its answer: the way that every transport and every form shares.

The order of its steps, each of which costs nothing where it is switched off, since the way is bound when a worker begins:

1. layers (`Crew.layers`, the first outermost) see a request begin and end: traces, an access log;
2. the gate (`Crew.gate`) lets the caller in by its headers: 401, 403, or 429 for one that asks too often;
3. the valve (`Crew.valve`) lets in what can be answered in time beside what is under way: 429 (too_busy);
4. the body is read, and how urgent it is by its headers: 408, 413;
5. the crossing decides the lane by the key;
6. the engine reads the body (and marks what the contract says of it), runs the model, and writes the answer: 4xx; what would come too
   late or is wanted by nobody any more is not run: 504 (too_late);
7. the log writes it down, metrics count it, shadows get a copy.

What ends at 1 to 3 has cost no body, no decoding and no run; it is counted, and not written to the prediction log, nor is what is turned
away later as there is no room (429): whoever may not ask, or asks too much, must not fill the disk. A refusal is an answer like any other; what is no refusal is our fault, is logged with
the request's number, and is answered 500 without its insides. Whatever the outcome, it is counted and written down before the
client hears of it, so that who has an answer finds it on record.
"""

from __future__ import annotations

import json
import logging
import math
import secrets
import time
from typing import TYPE_CHECKING

from seakeep.serving.server.ask import ROWS_TOGETHER
from seakeep.serving.server.form import Request
from seakeep.serving.server.keys import header_key
from seakeep.serving.server.pages import JSON, LOADING, RETRY
from seakeep.serving.server.receiving import LARGE_BODY_BYTES, is_large
from seakeep.serving.server.refusals import Refusal
from seakeep.serving.server.shadows import Copy
from seakeep.serving.server.telemetry.ids import REQUEST
from seakeep.serving.server.traffic.urgency import FIRST, NORMAL, PRIORITIES, PRIORITY, TIMEOUT, priority, until

if TYPE_CHECKING:
    from seakeep.serving.server.crew import Crew
    from seakeep.serving.server.form import Form, Headers
    from seakeep.serving.server.lanes import Crossing, Lane
    from seakeep.serving.server.pages import Page
    from seakeep.serving.server.steps import Body, Way

_log = logging.getLogger("seakeep.serving")


class Inference:
    """Answers requests for the models of one worker. Parameters: crew: the worker's parts."""

    answer: Way
    """`await inference.answer(crossing, form, headers, body)`: status, headers and body of the answer; None where the client has
    gone before its request was whole.

    Parameters: crossing: where the request came in. form: that the body is in. headers: of the request, by lower-case name; those that
        count whatever the transport: authorization, seakeep-key, seakeep-timeout-ms, seakeep-priority, traceparent. body: to come
        (`steps.arrived(content)` where it is here already); may raise Refusal.
    """

    def __init__(self, crew: Crew) -> None:
        self._wake, self._aside = crew.waker.engine, crew.aside
        self._shadows, self._gate, self._valve = crew.shadows, crew.gate, crew.valve
        self._inside = self._answer if crew.valve is None else self._through
        self.answer = self._inside if crew.gate is None else self._let_in
        for layer in reversed(crew.layers):
            self.answer = layer(self.answer)

    async def _let_in(self, crossing: Crossing, form: Form, headers: Headers, body: Body) -> Page | None:
        """Step 2, before the rest."""
        assert self._gate is not None
        try:
            first = self._gate(headers, "predict")
        except Refusal as refusal:
            body.close()
            return _turned_away(crossing.main, refusal, form)
        return await self._inside(crossing, form, headers, body, first)

    async def _through(
        self, crossing: Crossing, form: Form, headers: Headers, body: Body, first: int = FIRST
    ) -> Page | None:
        """Step 3, before the rest. What is large waits for its like and not before others; how long is bounded there."""
        assert self._valve is not None
        if is_large(headers):
            return await self._answer(crossing, form, headers, body, first)
        lane = crossing.main
        model, rank = lane.served.name, headers.get(PRIORITY)
        entered = self._valve.enter(model, NORMAL if rank is None else max(first, PRIORITIES.get(rank, NORMAL)))
        if isinstance(entered, tuple):
            body.close()
            count(lane, 429, "too_busy", form)
            await self._valve.hold_back()
            return entered
        try:
            return await self._answer(crossing, form, headers, self._valve.read(entered, body), first)
        finally:
            self._valve.leave(entered)

    async def _answer(
        self, crossing: Crossing, form: Form, headers: Headers, body: Body, first: int = FIRST
    ) -> Page | None:
        """Steps 4 to 7. first: of the priorities that the caller may claim."""
        started = came = time.perf_counter()
        lane, key, dealt = crossing.main, None, None
        try:
            content = await body
            if self._valve is not None:
                came = time.perf_counter()
            request = _request(content, form, headers, started, first)
            key = dealt = header_key(headers)
            if crossing.only is None:
                if key is None and len(content) > LARGE_BODY_BYTES:
                    request, dealt = await self._opened(crossing, request)
                    lane, dealt = crossing.dealt(dealt)
                else:
                    lane, dealt = crossing.lane(request, key)
            engine, log = lane.engine, lane.log
            if engine is None:
                engine = await self._wake(lane)
            if engine is None:
                count(lane, 503, None, form)
                return 503, RETRY, json.dumps(LOADING).encode()
            reply = await engine.answer(request, None if log is None else log.next_id())
            if log is not None:
                log.answered(lane, time.perf_counter() - started, reply.answered, key=key)
                if log.acknowledged:
                    await log.committed()
        except Refusal as refusal:
            if refusal.status not in form.uncounted and refusal.code != "too_busy":
                _unanswered(lane, started, "refused", refusal.code, dealt)
            return _turned_away(lane, refusal, form)
        except Exception as error:  # noqa: BLE001  (whatever it is, the client gets an answer and the log the rest)
            if not is_fault(error):
                return None
            _unanswered(lane, started, "failed", type(error).__name__, dealt)
            lane.answered[500].add()
            return failed(f"for {lane.served.name}")
        lane.answered[200].add()
        seconds = time.perf_counter() - started
        lane.latency.observe(seconds)
        lane.decided(reply.answered.decisions)
        if self._valve is not None and reply.answered.ask.rows <= ROWS_TOGETHER:
            self._valve.took(seconds, came - started)
        if crossing.shadows:
            self._shadows.offer(crossing.shadows, Copy(request, lane, reply.answered, key))
        return 200, reply.headers, reply.content

    async def _opened(self, crossing: Crossing, request: Request) -> tuple[Request, str | None]:
        """A large request as the arms read it, and the key in it: read once, and beside the loop."""
        opened: tuple[Request, str | None] = await self._aside.run(
            crossing.opened, request, priority=request.priority, until=request.until
        )
        return opened


def refused(refusal: Refusal) -> Page:
    """The answer that a refusal is."""
    return refusal.status, [*JSON, *refusal.headers], json.dumps(refusal.as_answer()).encode()


def failed(what: str) -> Page:
    """The answer that a failure of ours is; told to the log, with the error that is being handled. what: the request."""
    number = REQUEST.get() or secrets.token_hex(8)
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


def _request(body: bytes, form: Form, headers: Headers, started: float, first: int) -> Request:
    """The request, as urgent as its headers say, and as it may be. Raises Refusal."""
    wait, rank = headers.get(TIMEOUT), headers.get(PRIORITY)
    if wait is None and rank is None and first == FIRST:
        return Request(body, form, headers)
    latest = math.inf if wait is None else until(wait, started)
    return Request(body, form, headers, latest, NORMAL if rank is None else max(first, priority(rank)), first)


def count(lane: Lane, status: int, code: str | None, form: Form | None = None) -> None:
    """Count a request that has no prediction. code: of its refusal, None where it is none. form: that it came in."""
    if form is not None and status in form.uncounted:
        return
    lane.answered[status].add()
    if code is not None:
        lane.refused[code].add()


def _turned_away(lane: Lane, refusal: Refusal, form: Form) -> Page:
    """The answer that a refusal is, counted."""
    count(lane, refusal.status, refusal.code, form)
    return refused(refusal)


def _unanswered(lane: Lane, started: float, outcome: str, reason: str, key: str | None) -> None:
    if lane.log is not None and lane.engine is not None:
        lane.log.unanswered(lane, lane.log.next_id(), time.perf_counter() - started, outcome, reason, key=key)

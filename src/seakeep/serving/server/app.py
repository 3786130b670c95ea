"""The RSGI application: finds the lane, reads the body within its limit, answers, refuses, counts, writes down.

The first workers make their engines in a thread after they have begun to listen, so that health can be asked from the first
moment and readiness is told as it is; a worker that replaces a dead one makes them before it listens, so that no request
meets it unready. A refusal is an answer like any other; what is no refusal is our fault, is logged with the
request's number, and is answered 500 without its insides.
"""

from __future__ import annotations

import asyncio
import json
import logging
import secrets
import signal
import sys
import time
from typing import TYPE_CHECKING, Any

from seakeep.serving.server.crew import Crew
from seakeep.serving.server.families import REFUSALS, REQUESTS, STATUSES
from seakeep.serving.server.keys import header_key
from seakeep.serving.server.labelling import read_labels
from seakeep.serving.server.pages import JSON, LOADING, RETRY, Pages
from seakeep.serving.server.patience import Patience
from seakeep.serving.server.receiving import LARGE_BODY_BYTES, check_encoding, check_headers, media_of, receive
from seakeep.serving.server.refusals import CODES, Refusal
from seakeep.serving.server.shadows import Copy

if TYPE_CHECKING:
    from collections.abc import Callable

    from seakeep.serving.server.cells import Cell
    from seakeep.serving.server.dialect import Dialect
    from seakeep.serving.server.engine import Answered
    from seakeep.serving.server.lanes import Lane
    from seakeep.serving.server.pages import Page
    from seakeep.serving.server.worker import WorkerStart

_SWITCH_SECONDS = (
    0.0005  # instead of 0.005: small requests beside a large one that is read aside wait less for the lock
)
_NOT_KEPT = {
    "error": "the labels could not be written to the disk, and were not taken",
    "fix": "Send them again; seakeep_log_writable in /metrics tells whether the log can be written.",
}
_NOWHERE: tuple[None, None] = (None, None)
_log = logging.getLogger("seakeep.serving")


class App:
    """Answers HTTP requests for some models; one a worker.

    Parameters: start: what is served and how. failed: called with the error if a model cannot be loaded. ended: called when
        the last request was answered and the worker is about to end.
    """

    def __init__(self, start: WorkerStart, *, failed: Callable[[Exception], None], ended: Callable[[], None]) -> None:
        self._start, self._failed, self._ended = start, failed, ended
        self._limit = start.settings.body_limit_bytes

    def __rsgi_init__(self, loop: asyncio.AbstractEventLoop) -> None:
        """Granian calls this in the worker before it listens."""
        sys.setswitchinterval(_SWITCH_SECONDS)
        self._patience = Patience(loop, self._start.settings.read_seconds)
        loop.remove_signal_handler(signal.SIGINT)
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the parent, which drains us by SIGTERM
        signal.pthread_sigmask(signal.SIG_UNBLOCK, (signal.SIGTERM, signal.SIGINT))  # the parent had them wait
        self._crew = Crew(self._start, loop=loop, failed=self._failed)
        self._fleet, self._shadows = self._crew.fleet, self._crew.shadows
        nowhere = self._crew.metrics.nowhere()
        self._answered = {status: nowhere.cell(REQUESTS, "", "", "", str(status)) for status in STATUSES}
        self._refused = {code: nowhere.cell(REFUSALS, "", "", code) for code in CODES}
        self._pages = Pages(self._crew.ready, self._crew.metrics.text, self._crew.dialects)
        self._crew.begin()

    def __rsgi_del__(self, loop: asyncio.AbstractEventLoop) -> None:
        """Granian calls this when the worker has drained."""
        del loop
        try:
            self._crew.end()
        finally:
            self._ended()

    async def __rsgi__(self, scope: Any, protocol: Any) -> None:
        """Answer one request."""
        started = time.perf_counter()
        board = self._fleet.board
        crossing, dialect = board.infer.get(scope.path), None
        if crossing is None and board.spoken:
            crossing, dialect = board.spoken.get(scope.path, _NOWHERE)
        if crossing is None or scope.method != "POST":
            await self._elsewhere(scope, protocol)
            return
        lane, key, dealt = crossing.main, None, None
        try:
            if dialect is None:
                body = await receive(scope, protocol, limit=self._limit, patience=self._patience)
                check_headers(scope.headers)
            else:
                body = await self._translated(dialect, lane, scope, protocol)
            key = dealt = header_key(scope.headers)
            if crossing.only is None:
                lane, dealt = crossing.lane(body, key)
            engine, log = lane.engine, lane.log
            if engine is None:
                _not_ready(protocol, lane)
                return
            prediction_id = None if log is None else log.next_id()
            answered = await engine.answer(body, prediction_id)
            headers, content = JSON, answered.content
            if dialect is not None:
                headers, content = _in_dialect(dialect, answered, prediction_id, scope.headers)
            if log is not None and prediction_id is not None:
                log.answered(lane, prediction_id, time.perf_counter() - started, answered, key=key)
                if log.acknowledged:
                    await log.committed()
        except Refusal as refusal:
            self._unanswered(lane, started, "refused", refusal.code, dealt)
            _refuse(protocol, refusal, lane.answered, lane.refused)
        except Exception as error:  # noqa: BLE001  (whatever it is, the client gets an answer and the log the rest)
            if _is_fault(error):
                self._unanswered(lane, started, "failed", type(error).__name__, dealt)
                _fault(protocol, scope, lane.answered)
        else:
            lane.answered[200].add()  # before it is sent: who has an answer finds it counted
            lane.latency.observe(time.perf_counter() - started)
            protocol.response_bytes(200, headers, content)
            if crossing.shadows:
                self._shadows.offer(crossing.shadows, Copy(body, lane, answered, prediction_id, key))

    async def _translated(self, dialect: Dialect, lane: Lane, scope: Any, protocol: Any) -> bytes:
        """The body of a request in a dialect, in the server's own form; what is large is read beside the loop. Raises Refusal."""
        limit = min(self._limit, dialect.most_bytes or self._limit)
        body = await receive(scope, protocol, limit=limit, patience=self._patience)
        check_encoding(scope.headers)
        media, inputs = media_of(scope.headers, dialect.media), lane.served.model.inputs
        if len(body) <= LARGE_BODY_BYTES:
            return dialect.read(body, media, inputs)
        return await asyncio.get_running_loop().run_in_executor(self._crew.aside, dialect.read, body, media, inputs)

    def _unanswered(self, lane: Lane, started: float, outcome: str, reason: str, key: str | None) -> None:
        if lane.log is not None and lane.engine is not None:
            seconds = time.perf_counter() - started
            lane.log.unanswered(lane, lane.log.next_id(), seconds, outcome, reason, key=key)

    async def _elsewhere(self, scope: Any, protocol: Any) -> None:
        """Everything that is not an inference."""
        try:
            body = b""
            if scope.method not in ("GET", "HEAD"):
                body = await receive(scope, protocol, limit=self._limit, patience=self._patience)
            name = self._fleet.board.labels.get(scope.path)
            if name is not None and scope.method == "POST":
                check_headers(scope.headers)
                status, headers, content = await self._label(name, body)
            else:
                status, headers, content = self._pages.get(self._fleet.board, scope.method, scope.path)
        except Refusal as refusal:
            _refuse(protocol, refusal, self._answered, self._refused)
        except Exception as error:  # noqa: BLE001
            if _is_fault(error):
                _fault(protocol, scope, self._answered)
        else:
            self._answered[status].add()
            protocol.response_bytes(status, headers, b"" if scope.method == "HEAD" else content)

    async def _label(self, name: str, body: bytes) -> Page:
        """Take labels, and answer once they are on the disk."""
        model = self._fleet.board.places[name].crossing.main.served.model
        labels = read_labels(body, model, limit=self._start.settings.row_limit)
        if not await self._crew.logs[name].labelled(labels):
            return 503, RETRY, json.dumps(_NOT_KEPT).encode()
        return 200, JSON, json.dumps({"accepted": len(labels)}).encode()


def _in_dialect(
    dialect: Dialect, answered: Answered, prediction_id: str | None, headers: Any
) -> tuple[list[tuple[str, str]], bytes]:
    """Headers and body of an answer in a dialect. Raises Refusal."""
    accept, media = headers.get("accept", ""), media_of(headers, dialect.media)
    return dialect.write(answered, prediction_id, accept, media)


def _not_ready(protocol: Any, lane: Lane) -> None:
    lane.answered[503].add()
    protocol.response_bytes(503, RETRY, json.dumps(LOADING).encode())


def _refuse(protocol: Any, refusal: Refusal, answered: dict[int, Cell], refused: dict[str, Cell]) -> None:
    headers = [*JSON, ("allow", refusal.allow)] if refusal.allow else JSON
    answered[refusal.status].add()
    refused[refusal.code].add()
    protocol.response_bytes(refusal.status, headers, json.dumps(refusal.as_answer()).encode())


def _is_fault(error: Exception) -> bool:
    """Whether an error is one of ours: a client that hung up before its request was whole is nobody to answer."""
    from granian.rsgi import ProtocolClosed  # type: ignore[attr-defined]  # documented, yet not in its __all__

    return not isinstance(error, ProtocolClosed)


def _fault(protocol: Any, scope: Any, answered: dict[int, Cell]) -> None:
    number = secrets.token_hex(8)
    _log.exception("request %s: %s %s failed", number, scope.method, scope.path)
    answer = {
        "error": "the server failed to answer, which is not the request's fault",
        "request": number,
        "fix": f"Look for {number} in the server's log.",
    }
    answered[500].add()
    protocol.response_bytes(500, JSON, json.dumps(answer).encode())

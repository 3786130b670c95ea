"""The RSGI application: finds what is asked, reads the body within its limit, and has it answered.

The first workers make their engines in a thread after they have begun to listen, so that health can be asked from the first
moment and readiness is told as it is; a worker that replaces a dead one makes them before it listens, so that no request
meets it unready.
"""

from __future__ import annotations

import functools
import json
import os
import signal
import sys
from typing import TYPE_CHECKING, Any

from seakeep.serving.server.choosing import choose
from seakeep.serving.server.crew import Crew
from seakeep.serving.server.families import REFUSALS, REQUESTS, STATUSES
from seakeep.serving.server.gates.scopes import health_route, scope_of
from seakeep.serving.server.inference import Inference, failed, is_fault, refused
from seakeep.serving.server.labelling import take_labels
from seakeep.serving.server.pages import JSON, RETRY, Pages
from seakeep.serving.server.patience import Patience
from seakeep.serving.server.receiving import check_headers, is_large, receive
from seakeep.serving.server.refusals import CODES, Refusal
from seakeep.serving.server.refusals.refusal import shown
from seakeep.serving.server.repository.repository import PATH as REPOSITORY
from seakeep.serving.server.sending import LARGE_ANSWER_BYTES, packed
from seakeep.serving.server.streaming import SUFFIX, Stream
from seakeep.serving.server.traffic.leaving import unless_left

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

    from seakeep.serving.server.board import Board
    from seakeep.serving.server.explanations import Explanations
    from seakeep.serving.server.grpc.listening import Listener
    from seakeep.serving.server.openapi.document import Document
    from seakeep.serving.server.pages import Page
    from seakeep.serving.server.processes.worker import WorkerStart

_SWITCH_SECONDS = (
    0.0005  # instead of 0.005: small requests beside a large one that is read aside wait less for the lock
)
_CUT: tuple[int, list[tuple[str, str]]] = (400, [])
"""For a client that ended its request before it was whole: most have gone, and who still listens is told (Granian would say 500)."""
_NOT_KEPT = {
    "error": "the labels could not be written to the disk, and were not taken",
    "fix": "Send them again; seakeep_log_writable in /metrics tells whether the log can be written.",
}


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
        loop.call_soon(_hear)
        self._crew = Crew(self._start, loop=loop, failed=self._failed)
        self._fleet = self._crew.fleet
        nowhere = self._crew.metrics.nowhere()
        self._answered = {status: nowhere.cell(REQUESTS, "", "", "", str(status)) for status in STATUSES}
        self._refused = {code: nowhere.cell(REFUSALS, "", "", code) for code in CODES}
        self._inference = Inference(self._crew)
        self._health = health_route(os.environ)
        self._pages = Pages(
            self._crew.ready,
            self._crew.started,
            self._crew.metrics.text,
            self._described,
            self._crew.dialects,
        )
        self._crew.begin()
        self._grpc = self._listening(loop) if self._start.settings.grpc else None

    def __rsgi_del__(self, loop: asyncio.AbstractEventLoop) -> None:
        """Granian calls this when the worker has drained."""
        try:
            if self._grpc is not None:
                loop.run_until_complete(self._grpc.drained())
            self._crew.end()
        finally:
            self._ended()

    async def __rsgi__(self, scope: Any, protocol: Any) -> None:
        """Answer one request."""
        board, form = self._fleet.board, None
        crossing = board.infer.get(scope.path)
        if crossing is None and board.spoken:
            crossing, form = board.spoken.get(scope.path, (None, None))
        if crossing is None or scope.method != "POST":
            await self._elsewhere(scope, protocol)
            return
        headers = scope.headers
        form = form or choose(headers)
        limit = self._limit if form.most_bytes is None else min(self._limit, form.most_bytes)
        body = receive(scope, protocol, limit=limit, patience=self._patience)
        answering = self._inference.answer(crossing, form, headers, body)
        outcome = await (unless_left(protocol, answering) if is_large(headers) else answering)
        if outcome is not None:
            if len(outcome[2]) > LARGE_ANSWER_BYTES:
                outcome = await packed(outcome, headers)
            protocol.response_bytes(*outcome)
        else:
            protocol.response_empty(*_CUT)

    async def _stream(self, scope: Any, protocol: Any) -> None:
        """Answer a stream of rows."""
        path = scope.path.removesuffix(SUFFIX) + "/infer"
        stream = Stream(
            self._inference.answer,
            lambda: self._fleet.board.infer.get(path),
            scope,
            limit=self._limit,
            patience=self._patience,
            look=self._crew.first_gate,
        )
        try:
            page = await stream.run(protocol)
        except Exception as error:  # noqa: BLE001
            page = failed(f"POST {shown(scope.path)}") if is_fault(error) else (*_CUT, b"")
            self._answered[page[0]].add()
        if page is not None:
            protocol.response_bytes(*page)

    @functools.cached_property
    def _explanations(self) -> Explanations:
        from seakeep.serving.server.explanations import Explanations  # NumPy, which the parent lives without

        return Explanations(self._crew, self._inference.answer)

    async def _explained(self, scope: Any, protocol: Any) -> bool:
        """Whether an explanation is what is asked for; it is then answered."""
        found = self._fleet.board.explained(scope.path)
        if found is None:
            return False
        crossing, headers = found[0], scope.headers
        form = found[1] or choose(headers)
        body = receive(scope, protocol, limit=self._limit, patience=self._patience)
        outcome = await unless_left(protocol, self._explanations.answer(crossing, form, headers, body))
        if outcome is not None:
            protocol.response_bytes(*outcome)
        else:
            protocol.response_empty(*_CUT)
        return True

    def _described(self, board: Board) -> dict[str, Any]:
        """The document of OpenAPI."""
        return self._document.of(board)

    @functools.cached_property
    def _document(self) -> Document:
        from seakeep.serving.server.openapi.document import Document  # as Explanations

        return Document(self._start.settings)

    def _listening(self, loop: asyncio.AbstractEventLoop) -> Listener:
        """A server for gRPC beside HTTP's."""
        from seakeep.serving.server.grpc.listening import Listener  # with grpcio, in who is asked to

        return Listener(self._crew, self._inference, loop=loop, settings=self._start.settings)

    async def _elsewhere(self, scope: Any, protocol: Any) -> None:
        """Everything that is not one inference."""
        if scope.method == "POST" and await self._explained(scope, protocol):
            return
        if scope.path.endswith(SUFFIX) and scope.method == "POST":
            found = self._fleet.board.infer.get(scope.path.removesuffix(SUFFIX) + "/infer")
            if found is not None:
                await self._stream(scope, protocol)
                return
        watch = self._crew.watch
        seen = None if watch is None else watch.begin(scope.headers)
        try:
            if self._crew.gate is not None and (needed := scope_of(scope.path, also_open=self._health)) is not None:
                self._crew.gate(scope.headers, needed)
            body = b""
            if scope.method not in ("GET", "HEAD"):
                body = await receive(scope, protocol, limit=self._limit, patience=self._patience)
            name = self._fleet.board.labels.get(scope.path)
            if scope.path.startswith(REPOSITORY):
                status, headers, content = await self._crew.repository.answer(scope.method, scope.path, body)
            elif name is not None and scope.method == "POST":
                check_headers(scope.headers)
                status, headers, content = await self._label(name, body)
            else:
                status, headers, content = self._pages.get(self._fleet.board, scope.method, scope.path)
        except Refusal as refusal:
            self._refused[refusal.code].add()
            status, headers, content = refused(refusal)
        except Exception as error:  # noqa: BLE001
            if not is_fault(error):
                protocol.response_empty(*_CUT)
                return
            status, headers, content = failed(f"{scope.method} {shown(scope.path)}")
        self._answered[status].add()
        if watch is not None and seen is not None:
            headers = [*headers, *watch.end(seen, f"{scope.method} {scope.path}", status, len(content))]
        page = status, headers, b"" if scope.method == "HEAD" else content
        if len(content) > LARGE_ANSWER_BYTES:
            page = await packed(page, scope.headers)
        protocol.response_bytes(*page)

    async def _label(self, name: str, body: bytes) -> Page:
        """Take labels, and answer once they are on the disk."""
        model = self._fleet.board.places[name].crossing.main.served.model
        labels = await take_labels(body, model, limit=self._start.settings.row_limit)
        if not await self._crew.logs[name].labelled(labels):
            return 503, RETRY, json.dumps(_NOT_KEPT).encode()
        return 200, JSON, json.dumps({"accepted": len(labels)}).encode()


def _hear() -> None:
    """Let signals come, which the parent had wait: the loop runs now. What comes sooner uvloop would not hear of."""
    signal.pthread_sigmask(signal.SIG_UNBLOCK, (signal.SIGTERM, signal.SIGINT))

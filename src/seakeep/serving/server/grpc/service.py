"""Service: the protocol's calls, each from the bytes of its message to the bytes of its answer.

A token is looked at before anything of the message is read, since only the message says what is asked for, and it may be large. A
refusal is a status with the refusal's words; its whole JSON, with the code, the field and what to do, goes along in the metadata
`seakeep-refusal-bin`. An inference crosses to the loop; all else is read off the board in the thread in which it was asked.
"""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

from seakeep import __version__
from seakeep.serving.server.board import MODELS
from seakeep.serving.server.engine import metadata
from seakeep.serving.server.families import REFUSALS, REQUESTS, STATUSES
from seakeep.serving.server.grpc.bridge import Bridge, Call
from seakeep.serving.server.grpc.form import FORM, parsed
from seakeep.serving.server.grpc.messages import SERVICE, messages
from seakeep.serving.server.grpc.patience import Patience
from seakeep.serving.server.grpc.room import Room
from seakeep.serving.server.inference import failed, is_fault, refused
from seakeep.serving.server.pages import LOADING, RETRY
from seakeep.serving.server.receiving import LARGE_BODY_BYTES, LENGTH
from seakeep.serving.server.refusals import CODES, BadCall, Refusal
from seakeep.serving.server.steps import arrived
from seakeep.serving.server.traffic.urgency import TIMEOUT

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable, Iterator

    from seakeep.serving.server.board import Board
    from seakeep.serving.server.crew import Crew
    from seakeep.serving.server.form import Headers
    from seakeep.serving.server.inference import Inference
    from seakeep.serving.server.lanes import Crossing, Lane, Place
    from seakeep.serving.server.pages import Page
    from seakeep.serving.server.repository.repository import Change

    Answer = Callable[[Iterator[bytes], Any], bytes]
    """From a call's messages and its context to the bytes of its answer."""

_LEAST_SECONDS = 1e-6  # of a deadline that passed while the call waited for a thread
REFUSAL = "seakeep-refusal-bin"
EXTENSIONS = ("model_repository",)
_MOST_CHARACTERS = 500
"""Of each part of a refusal, such as the names of all inputs: a client of gRPC drops an end of more than 8 KiB, its status too."""
_CODES = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    405: "UNIMPLEMENTED",
    408: "DEADLINE_EXCEEDED",
    409: "FAILED_PRECONDITION",
    413: "RESOURCE_EXHAUSTED",
    415: "INVALID_ARGUMENT",
    422: "INVALID_ARGUMENT",
    429: "RESOURCE_EXHAUSTED",
    500: "INTERNAL",
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
}
"""By HTTP's status: gRPC's."""


class Service:
    """Answers calls of one worker. Every call comes through `_answered`, the place for whatever may turn a caller away.

    Parameters: inference: makes answers, on the loop. loop: the worker's. read_seconds: that a client has to send its message.
        limit: bytes of a message.
    """

    def __init__(
        self, crew: Crew, inference: Inference, *, loop: asyncio.AbstractEventLoop, read_seconds: float, limit: int
    ) -> None:
        self._crew, self._inference = crew, inference
        self._bridge, self._loop = Bridge(loop), loop
        nowhere = crew.metrics.nowhere()
        self._counts = {status: nowhere.cell(REQUESTS, "", "", "", str(status)) for status in STATUSES}
        self._refused = {code: nowhere.cell(REFUSALS, "", "", code) for code in CODES}
        self._kinds, self._room = messages(), Room(limit)
        self._patience = Patience(loop, read_seconds, awaited=self._room.most // limit)

    def calls(self) -> dict[str, Answer]:
        """What answers each call of the protocol, by its name."""
        kinds = self._kinds
        small = {
            "ServerLive": (kinds.Empty, self._server_live, ""),
            "ServerReady": (kinds.Empty, self._server_ready, ""),
            "ModelReady": (kinds.Named, self._model_ready, "predict"),
            "ServerMetadata": (kinds.Empty, self._server_metadata, "predict"),
            "ModelMetadata": (kinds.Named, self._model_metadata, "predict"),
            "RepositoryIndex": (kinds.IndexRequest, self._index, "admin"),
            "RepositoryModelLoad": (kinds.Change, self._load, "admin"),
            "RepositoryModelUnload": (kinds.Change, self._unload, "admin"),
        }
        gate = self._crew.gate
        return {"ModelInfer": self._answered(self._infer, None if gate is None else self._look, "predict")} | {
            name: self._answered(_asking(kind, behaviour), gate if scope else None, scope)
            for name, (kind, behaviour, scope) in small.items()
        }

    def health(self) -> dict[str, Answer]:
        """What answers gRPC's own health check, of which orchestrators ask."""
        return {"Check": self._answered(_asking(self._kinds.HealthRequest, self._check))}

    def _answered(
        self,
        behaviour: Callable[[bytes, Any], bytes],
        gate: Callable[[Headers, str], object] | None = None,
        scope: str = "",
    ) -> Answer:
        """A behaviour whose refusals and failures are told in gRPC's way.

        gate: asked before the message is read, None where nobody needs a token. scope: that the token needs.
        """
        from grpc import RpcError

        first = self._patience.first

        def answer(messages: Iterator[bytes], context: Any) -> bytes:
            try:
                if gate is not None:
                    gate(dict(context.invocation_metadata()), scope)
                return behaviour(first(messages, context), context)
            except RpcError:  # the call is over: there is nobody to answer
                raise
            except Refusal as refusal:
                self._loop.call_soon_threadsafe(self._refused[refusal.code].add)  # cells are the loop's
                page = refused(refusal)
            except _Unavailable:
                page = 503, RETRY, json.dumps(LOADING).encode()
            except Exception as error:  # noqa: BLE001  (whatever it is, the client gets an answer and the log the rest)
                if not is_fault(error):
                    return b""
                page = failed("a call of gRPC")
            self._loop.call_soon_threadsafe(self._counts[page[0]].add)
            return _told(context, page)

        return answer

    def _look(self, headers: Headers, scope: str) -> int:
        """Look at the token of who asks for an inference, which `Inference` lets in later. Raises Refusal, on record as an inference's."""
        assert self._crew.first_gate is not None
        try:
            return self._crew.first_gate(headers, scope)
        except Refusal as refusal:
            if self._crew.watch is not None:
                self._loop.call_soon_threadsafe(self._tell, headers, refusal.status)
            raise

    def _tell(self, headers: Headers, status: int) -> None:
        watch = self._crew.watch
        assert watch is not None
        watch.end(watch.begin(headers), "infer", status, 0)

    def _infer(self, body: bytes, context: Any) -> bytes:
        headers = _headers(context)
        if len(body) <= LARGE_BODY_BYTES:
            return self._inferred(body, headers, context)
        headers[LENGTH] = str(len(body))  # so that it waits for its like, and in no place of the valve's
        with self._room.of(len(body)):
            return self._inferred(body, headers, context)

    def _inferred(self, body: bytes, headers: dict[str, str], context: Any) -> bytes:
        peeked = parsed(self._kinds.Peeked.FromString, body)
        crossing = self._crossing(peeked.model_name, peeked.model_version, headers)
        call = Call(self._inference.answer(crossing, FORM, headers, arrived(body)))
        if LENGTH in headers:  # what is small is answered before anybody could take it back
            context.add_callback(lambda: self._bridge.cancel(call))
        page = self._bridge.cross(call)
        if page is None or page[0] == 200:
            return b"" if page is None else page[2]
        return _told(context, page)

    def _crossing(self, name: str, version: str, headers: Headers) -> Crossing:
        """Where a request for this model comes in. Asking for models that are not there counts for a token's rate too."""
        board = self._crew.fleet.board
        crossing = board.infer.get(f"{MODELS}/{name}/versions/{version}/infer" if version else f"{MODELS}/{name}/infer")
        if crossing is None:
            if self._crew.gate is not None:
                self._crew.gate(headers, "predict")
            self._lane(name, version)  # words what is unknown
            raise BadCall.unknown_model(name, list(board.places))
        return crossing

    def _lane(self, name: str, version: str) -> Lane:
        place = _place(self._crew.fleet.board, name)
        if version and version not in place.versions:
            raise BadCall.unknown_version(name, version, list(place.versions))
        return place.versions[version] if version else place.crossing.main

    def _server_live(self, _: Any) -> Any:
        return self._kinds.Live(live=True)

    def _server_ready(self, _: Any) -> Any:
        return self._kinds.Ready(ready=self._crew.ready())

    def _model_ready(self, asked: Any) -> Any:
        return self._kinds.Ready(ready=self._lane(asked.name, asked.version).ready)

    def _server_metadata(self, _: Any) -> Any:
        return self._kinds.ServerMetadata(name="seakeep", version=__version__, extensions=EXTENSIONS)

    def _model_metadata(self, asked: Any) -> Any:
        lane = self._lane(asked.name, asked.version)
        if lane.engine is None and lane.rest == "loading":
            raise _Unavailable
        told = metadata(lane.served)
        properties = {"release": lane.served.release, "classes": json.dumps(told["parameters"]["classes"])}
        versions = list(_place(self._crew.fleet.board, asked.name).versions)
        own = {name: told[name] for name in ("name", "platform")}
        tensors = {
            side: [self._kinds.TensorMetadata(**tensor) for tensor in told[side]] for side in ("inputs", "outputs")
        }
        return self._kinds.ModelMetadata(**own, **tensors, versions=versions, properties=properties)

    def _index(self, asked: Any) -> Any:
        entries = self._crew.repository.index(ready=asked.ready)
        return self._kinds.IndexResponse(models=[self._kinds.IndexEntry(**entry) for entry in entries])

    def _load(self, asked: Any) -> Any:
        return self._change(asked, "load")

    def _unload(self, asked: Any) -> Any:
        return self._change(asked, "unload")

    def _change(self, asked: Any, change: Change) -> Any:
        """KServe's own messages have the model's name where Triton's have the repository's, and a word that it is done."""
        name = asked.model_name or asked.repository_name
        self._crew.repository.change(name, change, asked.parameters)
        return self._kinds.Changed(model_name=name, done=True)

    def _check(self, asked: Any) -> Any:
        """Of the whole server, or of the model that is named as the service."""
        if not asked.service or asked.service == SERVICE:
            ready = self._crew.ready()
        else:
            ready = self._lane(asked.service, "").ready
        return self._kinds.HealthResponse(status=1 if ready else 2)


class _Unavailable(Exception):
    """A model is being loaded."""


def _asking(kind: Any, behaviour: Callable[[Any], Any]) -> Callable[[bytes, Any], bytes]:
    """A behaviour from message to message as one from bytes to bytes."""

    def answer(body: bytes, _: Any) -> bytes:
        told: bytes = behaviour(parsed(kind.FromString, body)).SerializeToString()
        return told

    return answer


def _headers(context: Any) -> dict[str, str]:
    """A call's metadata as a request's headers, but for what they say of its length; its deadline among them, unless they name one."""
    headers = dict(context.invocation_metadata())
    headers.pop(LENGTH, None)
    headers.pop("transfer-encoding", None)
    remaining = context.time_remaining()
    if remaining < math.inf and TIMEOUT not in headers:
        headers[TIMEOUT] = str(max(remaining, _LEAST_SECONDS) * 1e3)
    return headers


def _place(board: Board, name: str) -> Place:
    place = board.places.get(name)
    if place is None:
        raise BadCall.unknown_model(name, list(board.places))
    return place


def _told(context: Any, page: Page) -> bytes:
    """Say in gRPC's way what a page says in HTTP's."""
    import grpc

    status, headers, content = page
    told = {name: word[:_MOST_CHARACTERS] for name, word in json.loads(content).items()}
    words = [told.get("error", ""), told.get("cause", ""), told.get("fix", "")]
    context.set_code(getattr(grpc.StatusCode, _CODES.get(status, "UNKNOWN")))
    context.set_details(". ".join(word.rstrip(".") for word in words if word) + ".")
    more = [(name, value) for name, value in headers if name == "retry-after"]
    context.set_trailing_metadata([(REFUSAL, json.dumps(told).encode()), *more])
    return b""

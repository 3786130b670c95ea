"""Pages: everything that can be asked with GET: health, metadata, what is served, metrics."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from seakeep import __version__
from seakeep.serving.server.board import MODELS
from seakeep.serving.server.refusals import BadCall

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from seakeep.serving.server.board import Board
    from seakeep.serving.server.dialect import Dialect
    from seakeep.serving.server.lanes import Lane, Place

JSON = [("content-type", "application/json")]
RETRY = [*JSON, ("retry-after", "1")]
READY, OPENAPI = "/v2/health/ready", "/openapi.json"
_TEXT = [("content-type", "text/plain; version=0.0.4; charset=utf-8")]
_LIVE, _STARTED, _METRICS, _ROOT = "/v2/health/live", "/v2/health/started", "/metrics", "/v2"
_EXTENSIONS = ["binary_tensor_data", "rows", "columns", "streams", "explain", "metrics", "labels"]
LOADING = {"error": "the model is being loaded", "fix": f"Ask again in a second; {READY} tells."}
Page = tuple[int, list[tuple[str, str]], bytes]


class Pages:
    """Answers what is no inference.

    Parameters: ready: whether requests may come. started: whether all workers have made their engines. metrics: their text. describe:
        makes the document of OpenAPI. dialects: whose pages there are too.
    """

    def __init__(
        self,
        ready: Callable[[], bool],
        started: Callable[[], bool],
        metrics: Callable[[], bytes],
        describe: Callable[[Board], dict[str, Any]],
        dialects: Sequence[Dialect] = (),
    ) -> None:
        self._ready, self._started, self._metrics, self._dialects = ready, started, metrics, tuple(dialects)
        self._describe = describe
        self._extensions = [*_EXTENSIONS, *(dialect.name for dialect in self._dialects)]

    def get(self, board: Board, method: str, asked: str) -> Page:
        """Status, headers and body of a page. Raises Refusal where there is none, or it does not take the method."""
        path = asked.rstrip("/") or "/"
        posted = (
            board.explained(asked) is not None or asked in board.infer or asked in board.labels or asked in board.spoken
        )
        answer = None if posted else self._found(board, unquote(path))
        if answer is None and method == "POST":
            raise BadCall.unknown_path(
                path, (*board.infer, *board.labels, *board.spoken)
            )  # spelt in a way that only looks like it
        if answer is None:
            raise BadCall.method(method, "POST", path)
        if method not in ("GET", "HEAD"):
            raise BadCall.method(method, "GET, HEAD", path)
        status, content = answer
        if isinstance(content, bytes):
            return status, _TEXT, content
        return status, JSON if status == 200 else RETRY, json.dumps(content).encode()

    def _found(self, board: Board, path: str) -> tuple[int, Any] | None:
        """Status and content of a path, None where one posts. Raises Refusal where there is nothing."""
        if path == _LIVE:
            return 200, {"live": True}
        if path == READY:
            ready = self._ready()
            return 200 if ready else 503, {"ready": ready}
        if path == _STARTED:
            started = self._started()
            return 200 if started else 503, {"started": started}
        if path == _METRICS:
            return 200, self._metrics()
        if path == _ROOT:
            return 200, {
                "name": "seakeep",
                "version": __version__,
                "extensions": self._extensions,
                "models": _listed(board),
            }
        if path == OPENAPI:
            return 200, self._describe(board)
        if path == MODELS:
            return 200, {"models": _listed(board)}
        if path.startswith(MODELS + "/"):
            return _of_model(board, path, path.removeprefix(MODELS + "/").split("/"))
        for dialect in self._dialects:
            if (page := dialect.page(path, board, self._ready())) is not None:
                return page
        raise BadCall.unknown_path(path, (_ROOT, _LIVE, READY, MODELS, _METRICS, OPENAPI))


def _of_model(board: Board, path: str, parts: list[str]) -> tuple[int, Any] | None:
    """`{model}[/versions/{version}][/ready|/infer|/stream|/labels]`."""
    place = board.places.get(parts[0])
    if place is None:
        raise BadCall.unknown_model(parts[0], list(board.places))
    lane, rest = place.crossing.main, parts[1:]
    if len(rest) >= 2 and rest[0] == "versions":
        if rest[1] not in place.versions:
            raise BadCall.unknown_version(parts[0], rest[1], list(place.versions))
        lane, rest = place.versions[rest[1]], rest[2:]
    if rest in (["infer"], ["stream"]) or (rest == ["labels"] and place.name in board.labels.values()):
        return None
    if rest == ["ready"]:
        ready = lane.ready
        return 200 if ready else 503, {"name": parts[0], "ready": ready}
    if not rest:
        return _metadata(lane, place)
    base = f"{MODELS}/{parts[0]}"
    raise BadCall.unknown_path(path, (base, f"{base}/ready", f"{base}/infer", f"{base}/versions/{{version}}"))


def _metadata(lane: Lane, place: Place) -> tuple[int, Any]:
    if lane.engine is None and lane.rest == "loading":
        return 503, LOADING
    from seakeep.serving.server.engine import metadata  # NumPy, which the parent does without

    return 200, {**metadata(lane.served), "versions": list(place.versions)}


def _listed(board: Board) -> list[dict[str, str]]:
    return [{"name": one.name, "version": one.version, "release": one.release} for one in board.served]

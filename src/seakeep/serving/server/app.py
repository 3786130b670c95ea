"""The RSGI application: finds the route, reads the body within its limit, answers, refuses, counts.

The first workers make their engines in a thread after they have begun to listen, so that health can be asked from the first
moment and readiness is told as it is; a worker that replaces a dead one makes them before it listens, so that no request
meets it unready. A refusal is an answer like any other; what is no refusal is our fault, is logged with the
request's number, and is answered 500 without its insides.
"""

from __future__ import annotations

import json
import logging
import os
import secrets
import signal
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote

from seakeep import __version__
from seakeep.serving.server.metrics import REFUSALS, REQUESTS, STATUSES, Metrics
from seakeep.serving.server.patience import Patience
from seakeep.serving.server.refusals import CODES, BadCall, BadInput, Refusal

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from seakeep.serving.served import Served
    from seakeep.serving.server.engine import Engine
    from seakeep.serving.server.settings import Settings

_JSON = [("content-type", "application/json")]
_TEXT = [("content-type", "text/plain; version=0.0.4; charset=utf-8")]
_RETRY = [*_JSON, ("retry-after", "1")]
_LIVE, _READY, _METRICS, _ROOT, _MODELS = "/v2/health/live", "/v2/health/ready", "/metrics", "/v2", "/v2/models"
_READY_SUFFIX = ".ready"
_SWITCH_SECONDS = (
    0.0005  # instead of 0.005: small requests beside a large one that is read aside wait less for the lock
)
_LINGER_BYTES = 128 * 1024 * 1024
_log = logging.getLogger("seakeep.serving")


class Model:
    """A served model's place in the application: its engine, once made, and its counters."""

    def __init__(self, served: Served | None, metrics: Metrics) -> None:
        self.served = served
        self.engine: Engine | None = None
        labels = (served.name, served.version) if served else ("", "")
        self.answered = {status: metrics.cell(REQUESTS, *labels, str(status)) for status in STATUSES}
        self.refused = {code: metrics.cell(REFUSALS, *labels, code) for code in CODES}


class App:
    """Answers HTTP requests for some models; one a worker.

    Parameters: served: the models, the first of a name being the one that answers where no version is named.
        settings: see Settings. folder: of the workers' counters. failed: called with the error if a model cannot be loaded.
        ended: called when the last request was answered and the worker is about to end.
    """

    def __init__(
        self,
        served: Sequence[Served],
        settings: Settings,
        folder: Path,
        *,
        failed: Callable[[Exception], None],
        ended: Callable[[], None],
    ) -> None:
        self._settings, self._failed, self._ended = settings, failed, ended
        self._folder = folder
        self._metrics = Metrics(served, folder)
        self._models = [Model(one, self._metrics) for one in served]
        self._nowhere = Model(None, self._metrics)
        self._by_name: dict[str, list[Model]] = {}
        for model, one in zip(self._models, served, strict=True):
            self._by_name.setdefault(one.name, []).append(model)
        self._infer = {path: model for model in reversed(self._models) for path in _infer_paths(model.served)}
        self._ready = False

    def __rsgi_init__(self, loop: asyncio.AbstractEventLoop) -> None:
        """Granian calls this in the worker before it listens."""
        sys.setswitchinterval(_SWITCH_SECONDS)
        self._patience = Patience(loop, self._settings.read_seconds)
        loop.remove_signal_handler(signal.SIGINT)
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the parent, which drains us by SIGTERM
        signal.pthread_sigmask(signal.SIG_UNBLOCK, (signal.SIGTERM, signal.SIGINT))  # the parent had them wait
        if any(self._folder.glob(f"*{_READY_SUFFIX}")):
            self._load(loop)
        else:
            threading.Thread(target=self._load, args=(loop,), name="load", daemon=True).start()

    def __rsgi_del__(self, loop: asyncio.AbstractEventLoop) -> None:
        """Granian calls this when the worker has drained."""
        del loop
        self._ended()

    async def __rsgi__(self, scope: Any, protocol: Any) -> None:
        """Answer one request."""
        started = time.perf_counter()
        model = self._infer.get(scope.path)
        if model is None or scope.method != "POST":
            await self._elsewhere(scope, protocol)
            return
        try:
            body = await self._received(scope, protocol)
            _check_headers(scope.headers)
            if model.engine is None:
                self._not_ready(protocol, model)
                return
            answer = await model.engine.answer(body)
        except Refusal as refusal:
            self._refuse(protocol, refusal, model)
        except Exception:  # noqa: BLE001  (whatever it is, the client gets an answer and the log the rest)
            self._fault(protocol, scope, model)
        else:
            model.answered[200].add()  # before it is sent: who has an answer finds it counted
            model.engine.latency.observe(time.perf_counter() - started)
            protocol.response_bytes(200, _JSON, answer)

    async def _received(self, scope: Any, protocol: Any) -> bytes:
        """The request's body. Its length is believed only where the HTTP parser holds the client to it."""
        headers, limit = scope.headers, self._settings.body_limit_bytes
        length = headers.get("content-length")
        known = length is not None and length.isdigit() and "transfer-encoding" not in headers
        if known and int(length) > limit and "expect" in headers:
            raise BadCall.too_large(int(length), limit)  # before the client sends it
        whole = known and int(length) <= limit
        return await self._patience.read(protocol() if whole else _streamed(protocol, limit))

    async def _elsewhere(self, scope: Any, protocol: Any) -> None:
        """Everything that is not an inference."""
        try:
            if scope.method not in ("GET", "HEAD"):
                await self._received(scope, protocol)
            status, headers, body = self._get(scope)
        except Refusal as refusal:
            self._refuse(protocol, refusal, self._nowhere)
        except Exception:  # noqa: BLE001
            self._fault(protocol, scope, self._nowhere)
        else:
            self._nowhere.answered[status].add()
            protocol.response_bytes(status, headers, b"" if scope.method == "HEAD" else body)

    def _get(self, scope: Any) -> tuple[int, list[tuple[str, str]], bytes]:
        path = scope.path.rstrip("/") or "/"
        answer = self._found(unquote(path), scope.path in self._infer)
        if answer is None and scope.method == "POST":
            raise BadCall.unknown_path(path, tuple(self._infer))  # spelt in a way that only looks like it
        if answer is None:
            raise BadCall.method(scope.method, "POST", path)
        if scope.method not in ("GET", "HEAD"):
            raise BadCall.method(scope.method, "GET, HEAD", path)
        status, content = answer
        if isinstance(content, bytes):
            return status, _TEXT, content
        return status, _JSON if status == 200 else _RETRY, json.dumps(content).encode()

    def _found(self, path: str, infers: bool) -> tuple[int, Any] | None:
        """Status and content of a path, None where one infers. Raises Refusal where there is nothing."""
        if infers:
            return None
        if path == _LIVE:
            return 200, {"live": True}
        if path == _READY:
            ready = self._is_ready()
            return 200 if ready else 503, {"ready": ready}
        if path == _METRICS:
            return 200, self._metrics.text()
        if path == _ROOT:
            extensions = ["rows", "metrics"]
            return 200, {"name": "seakeep", "version": __version__, "extensions": extensions, "models": self._listed()}
        if path == _MODELS:
            return 200, {"models": self._listed()}
        if path.startswith(_MODELS + "/"):
            return self._model_path(path, path.removeprefix(_MODELS + "/").split("/"))
        raise BadCall.unknown_path(path, (_ROOT, _LIVE, _READY, _MODELS, _METRICS))

    def _model_path(self, path: str, parts: list[str]) -> tuple[int, Any] | None:
        """`{model}[/versions/{version}][/ready|/infer]`."""
        models = self._by_name.get(parts[0])
        if models is None:
            raise BadCall.unknown_model(parts[0], list(self._by_name))
        model, rest = models[0], parts[1:]
        if len(rest) >= 2 and rest[0] == "versions":
            versions = {one.served.version: one for one in models if one.served}
            if rest[1] not in versions:
                raise BadCall.unknown_version(parts[0], rest[1], list(versions))
            model, rest = versions[rest[1]], rest[2:]
        if rest == ["infer"]:
            return None
        ready = model.engine is not None
        if rest == ["ready"]:
            return 200 if ready else 503, {"name": parts[0], "ready": ready}
        if not rest:
            return self._metadata(model, models)
        base = f"{_MODELS}/{parts[0]}"
        raise BadCall.unknown_path(path, (base, f"{base}/ready", f"{base}/infer", f"{base}/versions/{{version}}"))

    def _metadata(self, model: Model, models: Sequence[Model]) -> tuple[int, Any]:
        if model.engine is None:
            return 503, {"error": "the model is being loaded", "fix": f"Ask again in a second; {_READY} tells."}
        versions = [one.served.version for one in models if one.served]
        return 200, {**model.engine.metadata(), "versions": versions}

    def _is_ready(self) -> bool:
        """Whether all workers have made their engines: the next request may go to any of them."""
        self._ready = self._ready or len(list(self._folder.glob(f"*{_READY_SUFFIX}"))) >= self._settings.workers
        return self._ready

    def _listed(self) -> list[dict[str, str]]:
        models = (one.served for one in self._models if one.served)
        return [{"name": one.name, "version": one.version, "release": one.release} for one in models]

    def _not_ready(self, protocol: Any, model: Model) -> None:
        answer = {"error": "the model is being loaded", "fix": f"Ask again in a second; {_READY} tells."}
        model.answered[503].add()
        protocol.response_bytes(503, _RETRY, json.dumps(answer).encode())

    def _refuse(self, protocol: Any, refusal: Refusal, model: Model) -> None:
        headers = [*_JSON, ("allow", refusal.allow)] if refusal.allow else _JSON
        model.answered[refusal.status].add()
        model.refused[refusal.code].add()
        protocol.response_bytes(refusal.status, headers, json.dumps(refusal.as_answer()).encode())

    def _fault(self, protocol: Any, scope: Any, model: Model) -> None:
        from granian.rsgi import ProtocolClosed  # type: ignore[attr-defined]  # documented, yet not in its __all__

        if isinstance(sys.exception(), ProtocolClosed):
            return  # the client hung up before its request was whole: there is nobody to answer
        number = secrets.token_hex(8)
        _log.exception("request %s: %s %s failed", number, scope.method, scope.path)
        answer = {
            "error": "the server failed to answer, which is not the request's fault",
            "request": number,
            "fix": f"Look for {number} in the server's log.",
        }
        model.answered[500].add()
        protocol.response_bytes(500, _JSON, json.dumps(answer).encode())

    def _load(self, loop: asyncio.AbstractEventLoop) -> None:
        """Make the engines, one after another, and leave word that this worker is ready."""
        import gc

        from seakeep.serving.server.engine import Engine

        aside = ThreadPoolExecutor(1, thread_name_prefix="aside")
        try:
            for model in self._models:
                if model.served:
                    model.engine = Engine(model.served, self._settings, self._metrics, loop=loop, aside=aside)
        except Exception as error:  # noqa: BLE001  (the parent says it, whatever it is)
            self._failed(error)
            return
        gc.collect()
        gc.freeze()
        (self._folder / f"{os.getpid()}{_READY_SUFFIX}").touch()


def _infer_paths(served: Served | None) -> tuple[str, ...]:
    if served is None:
        return ()
    names = dict.fromkeys((served.name, quote(served.name, safe="")))
    bases = (f"{_MODELS}/{name}{version}" for name in names for version in ("", f"/versions/{served.version}"))
    return tuple(f"{base}/infer{slash}" for base in bases for slash in ("", "/"))


def _check_headers(headers: Any) -> None:
    """Raise Refusal unless the body is plain JSON in UTF-8; no Content-Type at all is taken for that."""
    kind = headers.get("content-type")
    if kind not in ("application/json", None):
        media, _, parameters = kind.lower().partition(";")
        charset = parameters.strip().removeprefix("charset=").strip('"')
        if media.strip() != "application/json" or charset not in ("", "utf-8", "utf8"):
            raise BadCall.content_type(kind)
    if headers.get("content-encoding", "identity") != "identity":
        raise BadCall.content_encoding(headers.get("content-encoding"))
    if "inference-header-content-length" in headers:
        raise BadInput.binary("Inference-Header-Content-Length")


async def _streamed(protocol: Any, limit: int) -> bytes:
    """The body, if it is within `limit`. What is beyond is read on for a while without being kept, so that a client that
    writes all before it reads comes to see its refusal and not a broken pipe.
    """
    parts, size = [], 0
    async for part in protocol:
        size += len(part)
        if size > limit + _LINGER_BYTES:
            break
        if size <= limit:
            parts.append(part)
        else:
            parts.clear()
    if size > limit:
        raise BadCall.too_large(None, limit)
    return b"".join(parts)

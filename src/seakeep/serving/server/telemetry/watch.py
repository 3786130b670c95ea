"""Watch: sees each request begin and end, and tells of it as it was asked to: an id, a line, a span.

It stands around inferences as a layer (see `inference`), whatever their transport, and around every other page in `app`.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, NamedTuple

from seakeep.serving.server.telemetry.access import AccessLog
from seakeep.serving.server.telemetry.ids import BEARER, HEADER, Ids
from seakeep.serving.server.telemetry.traces import Traces

if TYPE_CHECKING:
    import asyncio

    from seakeep.serving.server.form import Form, HeaderList, Headers
    from seakeep.serving.server.lanes import Crossing
    from seakeep.serving.server.pages import Page
    from seakeep.serving.server.steps import Body, Way
    from seakeep.serving.server.telemetry.settings import Telemetry

_GONE = 499
"""The status in the log of a request whose client went away before it was whole; nobody gets it."""


class Seen(NamedTuple):
    """A request that has begun. started: by time.perf_counter. span: None where it is not traced."""

    request: str
    started: float
    span: Any


class Watch:
    """Tells of requests. Parameters: telemetry: how. loop: the worker's."""

    def __init__(self, telemetry: Telemetry, loop: asyncio.AbstractEventLoop) -> None:
        self._ids = Ids()
        self._access = AccessLog(loop) if telemetry.access_log else None
        self._traces = Traces(telemetry.traces, telemetry.trace_share) if telemetry.traces else None

    def begin(self, headers: Headers) -> Seen:
        """A request has come. Nobody's yet: a thread of gRPC hands on the context of the request before."""
        BEARER.set("")
        span = None if self._traces is None else self._traces.begin(headers)
        return Seen(self._ids.name(headers), time.perf_counter(), span)

    def end(self, seen: Seen, what: str, status: int, size: int) -> HeaderList:
        """A request was answered. what: "infer flights", or method and path. size: bytes of its answer. Returns the answer's headers."""
        headers, trace = [(HEADER, seen.request)], ""
        if self._traces is not None and seen.span is not None:
            trace, own = self._traces.end(seen.span, what, status, seen.request)
            headers.append(("traceparent", own))
        if self._access is not None:
            seconds = time.perf_counter() - seen.started
            self._access.write(what, status, seconds, size, request=seen.request, bearer=BEARER.get(), trace=trace)
        return headers

    def layer(self, way: Way) -> Way:
        """Stands around every inference."""

        async def watched(crossing: Crossing, form: Form, headers: Headers, body: Body) -> Page | None:
            seen = self.begin(headers)
            what = f"infer {crossing.main.served.name}"
            if self._traces is not None and seen.span is not None:
                seen.span.set_attribute("seakeep.model", crossing.main.served.name)
                body = self._traces.reading(seen.span, body)
            try:
                page = await way(crossing, form, headers, body)
            except BaseException:
                self.end(seen, what, _GONE, 0)
                raise
            if page is None:
                self.end(seen, what, _GONE, 0)
                return None
            status, own, content = page
            return status, [*own, *self.end(seen, what, status, len(content))], content

        return watched

    def close(self) -> None:
        """The last request was answered."""
        if self._access is not None:
            self._access.flush()
        if self._traces is not None:
            self._traces.close()

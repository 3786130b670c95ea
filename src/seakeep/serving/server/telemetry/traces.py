"""Traces: spans of requests in OpenTelemetry's form, sent to a collector by OTLP over HTTP from a thread of their own.

Whether a request is traced is decided before anything is made for it: by the flag of its W3C traceparent, else by chance. So a request
that is not traced costs the reading of a header. A client could set the flag on everything, so this worker begins at most MOST_A_SECOND
spans; the others are answered without. A collector that is slow or away loses spans, of which OpenTelemetry's queue holds two
thousand, and no answer waits for it.
"""

from __future__ import annotations

import random
import re
import threading
import time
from typing import TYPE_CHECKING, Any

from seakeep import __version__

if TYPE_CHECKING:
    from collections.abc import Generator

    from seakeep.serving.server.form import Headers
    from seakeep.serving.server.steps import Body

MOST_A_SECOND = 200
CLOSE_SECONDS = 1.5
_PARENT = re.compile(r"[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(-.*)?")
_SAMPLED = 1


class Traces:
    """Begins and sends spans. Parameters: endpoint: the collector's. share: of the requests without a traceparent."""

    def __init__(self, endpoint: str, share: float) -> None:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
        from opentelemetry.sdk.trace.sampling import ALWAYS_ON

        resource = Resource.create({"service.name": "seakeep", "service.version": __version__})
        self._provider = TracerProvider(resource=resource, sampler=ALWAYS_ON, shutdown_on_exit=False)
        self._provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=endpoint)))
        self._tracer = self._provider.get_tracer("seakeep.serving", __version__)
        self._share = share
        self._second, self._begun = 0, 0

    def begin(self, headers: Headers) -> Any:
        """The request's span, None where it is not traced."""
        given = headers.get("traceparent")
        parent = _PARENT.fullmatch(given) if given else None
        return self._span(parent) if self._is_wanted(parent) and self._has_room() else None

    def end(self, span: Any, what: str, status: int, request: str) -> tuple[str, str]:
        """End a span. what: "infer flights", or method and path. Returns its trace's id and the traceparent that names it."""
        from opentelemetry.trace import Status, StatusCode

        span.update_name(what.partition(" /")[0])
        span.set_attributes({"http.response.status_code": status, "seakeep.request": request, "seakeep.what": what})
        if status >= 500:
            span.set_status(Status(StatusCode.ERROR))
        span.end()
        own = span.get_span_context()
        trace = format(own.trace_id, "032x")
        return trace, f"00-{trace}-{own.span_id:016x}-01"

    def reading(self, span: Any, body: Body) -> Body:
        """A body that tells the span when it has arrived, and how large it is."""
        return _Told(span, body)

    def close(self) -> None:
        """Send what waits, within CLOSE_SECONDS: what is tried again and again must not hold up a server's end."""
        closing = threading.Thread(target=self._provider.shutdown, name="traces", daemon=True)
        closing.start()
        closing.join(CLOSE_SECONDS)

    def _is_wanted(self, parent: re.Match[str] | None) -> bool:
        if parent is not None:
            return bool(int(parent[3], 16) & _SAMPLED)
        return random.random() < self._share  # noqa: S311  (nobody guesses for gain)

    def _has_room(self) -> bool:
        second = int(time.monotonic())
        if second != self._second:
            self._second, self._begun = second, 0
        self._begun += 1
        return self._begun <= MOST_A_SECOND

    def _span(self, parent: re.Match[str] | None) -> Any:
        from opentelemetry import trace

        context = None
        if parent is not None:
            flags = trace.TraceFlags(trace.TraceFlags.SAMPLED)
            remote = trace.SpanContext(int(parent[1], 16), int(parent[2], 16), is_remote=True, trace_flags=flags)
            context = trace.set_span_in_context(trace.NonRecordingSpan(remote))
        return self._tracer.start_span("request", context, kind=trace.SpanKind.SERVER)


class _Told:
    """A body, to come: see `reading`."""

    def __init__(self, span: Any, body: Body) -> None:
        self._span, self._body = span, body

    def __await__(self) -> Generator[Any, Any, bytes]:
        content = yield from self._body.__await__()
        self._span.add_event("body", {"bytes": len(content)})
        return content

    def close(self) -> None:
        """It is not wanted."""
        self._body.close()

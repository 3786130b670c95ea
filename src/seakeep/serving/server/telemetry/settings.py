"""What a server tells of single requests, beside its metrics and its prediction log."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec
from typing import Literal, get_args
from urllib.parse import urlsplit

from seakeep.core.addresses import has_secret
from seakeep.core.errors import MissingExtra, UsageError

Lines = Literal["text", "json"]


class BadTelemetry(UsageError):
    """Nothing can be told in the way that was asked for."""

    @classmethod
    def lines(cls, found: str) -> BadTelemetry:
        return cls(
            f"telemetry.lines is {found!r}, expected one of {', '.join(map(repr, get_args(Lines)))}",
            cause="Lines are read by people or by machines.",
            fix='Change it in seakeep.toml: [telemetry] lines = "json"',
        )

    @classmethod
    def share(cls, found: float) -> BadTelemetry:
        return cls(
            f"telemetry.trace_share is {found:g}, expected 0 to 1",
            cause="It is the share of the requests without a traceparent that begin a trace.",
            fix="Change it in seakeep.toml: [telemetry] trace_share = 0.01",
            share=found,
        )

    @classmethod
    def endpoint(cls, found: str, why: str) -> BadTelemetry:
        return cls(
            f"telemetry.traces {why}",
            cause="It is the whole address at which a collector takes OTLP over HTTP.",
            fix='Name one: [telemetry] traces = "http://127.0.0.1:4318/v1/traces"; headers belong into OTEL_EXPORTER_OTLP_HEADERS',
            endpoint="" if has_secret(found) else found,
        )


@dataclass(frozen=True, slots=True)
class Telemetry:
    """What is told of requests.

    lines: of the log on standard error. access_log: whether each request has one. request_ids: whether answers carry x-request-id.
    traces: address for OTLP over HTTP, "" for none. trace_share: of the requests that begin a trace of their own; a request that
    comes with a traceparent is traced as its flag says.
    Raises: BadTelemetry; MissingExtra, for traces without the library.
    """

    lines: Lines = "text"
    access_log: bool = False
    request_ids: bool = False
    traces: str = ""
    trace_share: float = 0.01

    def __post_init__(self) -> None:
        if self.lines not in get_args(Lines):
            raise BadTelemetry.lines(self.lines)
        if not 0 <= self.trace_share <= 1:
            raise BadTelemetry.share(self.trace_share)
        if self.traces:
            _check(self.traces)

    @property
    def watches(self) -> bool:
        """Whether single requests are seen at all."""
        return bool(self.access_log or self.request_ids or self.traces)


def _check(endpoint: str) -> None:
    if has_secret(endpoint):
        raise BadTelemetry.endpoint(endpoint, "holds a password")
    parts = urlsplit(endpoint)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise BadTelemetry.endpoint(endpoint, f"is {endpoint[:200]!r}, which is no address of HTTP")
    if not all(map(_is_there, ("opentelemetry.sdk", "opentelemetry.exporter.otlp.proto.http"))):
        raise MissingExtra.of("opentelemetry-sdk", "telemetry", purpose="Tracing requests")


def _is_there(module: str) -> bool:
    """Looked for and not imported: the parent has no use for it."""
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:
        return False

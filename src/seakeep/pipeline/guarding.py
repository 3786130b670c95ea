"""Who may reach the servers of a project, and how: and what is told of it: the sections [tls], [access] and [telemetry] of its
settings. For `serve` and the control server.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from seakeep.core.tls import Tls
from seakeep.serving.server.gates.access import Access
from seakeep.serving.server.telemetry.settings import Telemetry

if TYPE_CHECKING:
    from seakeep.pipeline.settings import Settings


def tls_of(settings: Settings) -> Tls | None:
    """What is spoken, None for plain HTTP. Raises BadTls."""
    own = settings.tls
    return Tls.of(_file(own.certificate), _file(own.key), _file(own.client_ca), least=own.least)


def access_of(settings: Settings) -> Access:
    """What a request must bring. Raises BadAccess, BadTokenFile."""
    own = settings.access
    return Access(_file(own.tokens), own.rate, own.burst_seconds)


def telemetry_of(settings: Settings) -> Telemetry:
    """What is told of single requests. Raises BadTelemetry, MissingExtra."""
    own = settings.telemetry
    return Telemetry(own.lines, own.access_log, own.request_ids, own.traces, own.trace_share)


def _file(name: str) -> Path | None:
    return Path(name).expanduser().absolute() if name else None

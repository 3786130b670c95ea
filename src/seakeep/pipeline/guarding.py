"""Who may reach the servers of a project, and how: the sections [tls] and [access] of its settings. For `serve` and the control server."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from seakeep.core.tls import Tls
from seakeep.serving.server.gates.access import Access

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


def _file(name: str) -> Path | None:
    return Path(name).expanduser().absolute() if name else None

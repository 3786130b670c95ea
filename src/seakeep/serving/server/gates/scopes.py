"""Scopes: what each address of a server needs. Health needs nothing: an orchestrator has no token, and is told no more than yes or no."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import unquote

if TYPE_CHECKING:
    from collections.abc import Mapping

_OPEN = frozenset({"/", "/ping"})
_HEALTH = "/v2/health/"
_METRICS = "/metrics"
_LABELS = "/labels"
_ADMIN = "/v2/repository"
_MODEL_DEPTH = 3  # of /v2/models/NAME, where the name may be "labels"
_VERTEX = "AIP_HEALTH_ROUTE"


def scope_of(asked: str, *, also_open: str = "") -> str | None:
    """The scope that a path needs, None for none. It is read as `pages` reads it, where an encoded sign is the sign.

    also_open: a path of a cloud that asks for health.
    >>> scope_of("/v2/health/ready"), scope_of("/%6Detrics/"), scope_of("/v2/models/flights/infer")
    (None, 'metrics', 'predict')
    """
    path = unquote(asked).rstrip("/") or "/"
    if path in _OPEN or path == also_open or path.startswith(_HEALTH):
        return None
    if path == _METRICS:
        return "metrics"
    if path.startswith(_ADMIN):
        return "admin"
    return "labels" if path.endswith(_LABELS) and path.count("/") > _MODEL_DEPTH else "predict"


def health_route(environ: Mapping[str, str]) -> str:
    """Where Vertex AI asks for health."""
    return environ.get(_VERTEX, "/health")

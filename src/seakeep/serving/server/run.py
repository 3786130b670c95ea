"""`serve`: answer for models over HTTP until told to stop."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seakeep.serving.served import Served, gather
from seakeep.serving.server.settings import Domain, Missing, Settings

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from seakeep.core.model import Model


def serve(
    models: Sequence[Served | Model | Path | str],
    *,
    host: str = "127.0.0.1",
    port: int = 8080,
    workers: int = 1,
    missing: Missing = "schema",
    domain: Domain = "accept",
    body_limit_bytes: int = 8 * 1024 * 1024,
    row_limit: int = 10_000,
    drain_seconds: int = 30,
    announce: Callable[[str], None] | None = None,
) -> None:
    """Answer for `models` at http://host:port until SIGTERM or SIGINT; then finish what is under way and return.

    Parameters: models: folders of releases or models, loaded models, or `Served.load(folder, name=…, version=…)`.
        host, port, workers, missing, domain, body_limit_bytes, row_limit, drain_seconds: see Settings.
        announce: called with the address once the port is ours.
    Raises: CannotServe or SameName, if a model cannot be served; BadSetting; PortTaken; WorkerFailed, if no worker starts.
    """
    settings = Settings(host, port, workers, missing, domain, body_limit_bytes, row_limit, drain_seconds)
    gather(models)
    raise NotImplementedError(settings, announce)

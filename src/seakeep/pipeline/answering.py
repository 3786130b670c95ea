"""The verb `serve`: releases, by what a person calls them, behind the server that the settings describe.

What is hard is what a reference means while the server runs: a name is followed as its route changes, a version or a digest answers for
itself, and a folder needs no registry at all.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from seakeep.core import Model, durations
from seakeep.core.errors import UsageError
from seakeep.core.model import FACTS_FILE
from seakeep.pipeline.guarding import access_of, telemetry_of, tls_of
from seakeep.pipeline.project import find_home
from seakeep.pipeline.settings import Settings, load_settings
from seakeep.pipeline.verbs import find_registry, served
from seakeep.registry.releases import CHAMPION

_FOREIGN = (".onnx", ".pkl", ".pickle", ".joblib")  # files that hold a model elsewhere, and are told to be none here

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from seakeep.pipeline.verbs import Reference
    from seakeep.serving import Followed, Served
    from seakeep.serving.server.keeping import Keeping
    from seakeep.serving.server.traffic.bounds import Bounds


def serve(
    *references: Reference,
    home: Path | str | None = None,
    flags: Mapping[str, object] | None = None,
    announce: Callable[[str], None] | None = None,
) -> None:
    """Answer for releases over HTTP until told to stop.

    A release's name, or "name@champion", is followed: requests go where its route in the registry says, also when it changes
    while the server runs. "name@3", a digest or a folder answers for itself. A release's folder needs no registry: its role and
    version in the log are the settings serve.role and serve.version. What is served from a registry, or with a stated home
    (`home`, or the setting of that name), has its predictions logged there.
    flags: settings ("serve.http", "serve.workers", …) that come before those of the environment and of seakeep.toml.
    """
    from seakeep import serving
    from seakeep.serving.server.dialect import in_cloud

    settings = load_settings(Path.cwd(), flags=flags)
    dialects, host, port = in_cloud(settings.serve.dialects, *address(settings), os.environ)
    models = [_to_serve(reference, home, settings) for reference in references]
    _refuse_one_version_for_all(settings, models)
    is_stated = home is not None or bool(settings.home)
    is_recorded = is_stated or not all(isinstance(reference, Model | Path) for reference in map(place_of, references))
    serving.serve(
        models,
        host=host,
        port=port,
        workers=settings.serve.workers,
        missing=settings.serve.missing,
        domain=settings.serve.domain,
        rules=settings.serve.rules,
        body_limit_bytes=settings.serve.max_body_mb * 1024 * 1024,
        row_limit=settings.serve.max_rows,
        bounds=_bounds(settings),
        drain_seconds=settings.serve.drain_seconds,
        home=_home(home) if is_recorded else None,
        log=settings.serve.log,
        log_seconds=settings.serve.log_seconds,
        keeping=_keeping(settings),
        dialects=dialects,
        grpc=settings.serve.grpc,
        repository=settings.serve.repository,
        memory_mb=settings.serve.memory_mb,
        trees=settings.serve.trees,
        tls=tls_of(settings),
        access=access_of(settings),
        telemetry=telemetry_of(settings),
        announce=announce,
    )


def address(settings: Settings) -> tuple[str, int]:
    """Host and port of `serve.http`: "127.0.0.1:8080", ":8080" (this machine), "[::1]:8080"."""
    host, _, port = settings.serve.http.rpartition(":")
    return host.strip("[]") or "127.0.0.1", int(port)


def _bounds(settings: Settings) -> Bounds:
    """How much may wait."""
    from seakeep.serving.server.traffic.bounds import Bounds

    return Bounds(settings.serve.latency_target_ms, settings.serve.concurrency)


def _keeping(settings: Settings) -> Keeping:
    """What of the requests is logged."""
    from seakeep.serving.server.keeping import Keeping

    serve = settings.serve
    return Keeping(
        serve.log_sample_requests,
        serve.log_sample_seconds,
        serve.redact,
        serve.hash,
        str(settings.key_file or ""),
        durations.seconds(serve.log_keep) or 0.0 if serve.log_keep else 0.0,
        serve.log_sinks,
    )


def _home(home: Path | str | None) -> Path:
    start = Path.cwd()
    return find_home(start, load_settings(start, arguments={"home": home}))


def _refuse_one_version_for_all(settings: Settings, models: Sequence[object]) -> None:
    if settings.serve.version and len(models) > 1:
        raise UsageError(
            f"the setting serve.version is {settings.serve.version}, and {len(models)} releases are served",
            cause="It numbers one release that is served from its folder.",
            fix="Serve that folder alone, or remove the setting (SEAKEEP_SERVE_VERSION).",
            version=settings.serve.version,
        )


def place_of(reference: Reference) -> Reference:
    """A reference that names a folder, or a file of another kind of model, as its path; everything else as it is."""
    if not isinstance(reference, str):
        return reference
    path = Path(reference)
    foreign = path.suffix in _FOREIGN and path.is_file()
    return path if os.sep in reference or foreign or (path / FACTS_FILE).is_file() else reference


def _to_serve(reference: Reference, home: Path | str | None, settings: Settings) -> Served | Followed | Model:
    place = place_of(reference)
    if isinstance(place, Model):
        return place
    if isinstance(place, Path):
        from seakeep.serving import Served

        return Served.load(place, version=settings.serve.version or None, role=settings.serve.role)
    with find_registry(home) as registry:
        registered = registry.resolve(str(reference), check=True)
    if str(reference) in (registered.release.name, f"{registered.release.name}@{CHAMPION}"):
        from seakeep.serving import Followed

        return Followed.of(registry.place, registered.release.name)
    return served(registered)

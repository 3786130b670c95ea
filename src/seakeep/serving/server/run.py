"""`serve`: answer for models over HTTP until told to stop. The parent process: it holds the port's name and minds workers.

The parent stays small: it reads the models, so that what is wrong with them is told before anything starts, and imports
neither NumPy nor ONNX Runtime. Each worker listens on the same port by SO_REUSEPORT; so would a second server by mistake,
which is why the port is tried without that option first.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import shutil
import signal
import socket
import tempfile
import threading
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from seakeep.core.errors import MissingExtra, SeakeepError, UsageError
from seakeep.serving.followed import Followed
from seakeep.serving.served import Served, gather
from seakeep.serving.server.dialect import check_models, load
from seakeep.serving.server.gates.access import Access
from seakeep.serving.server.keeping import Keeping
from seakeep.serving.server.processes.minding import scribe
from seakeep.serving.server.processes.worker import FAILURE_FILE, WorkerStart
from seakeep.serving.server.settings import (
    BadSetting,
    Control,
    Domain,
    Log,
    Missing,
    Rules,
    Settings,
    Trees,
    address_of,
)
from seakeep.serving.server.telemetry.lines import config
from seakeep.serving.server.telemetry.settings import Telemetry
from seakeep.serving.server.traffic.bounds import Bounds
from seakeep.serving.server.veils import check_names

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from seakeep.core.model import Model
    from seakeep.core.tls import Tls


class PortTaken(UsageError):
    """Somebody else listens there."""

    @classmethod
    def of(cls, host: str, port: int, name: str = "http") -> PortTaken:
        return cls(
            f"port {port} of {host} is taken",
            cause="Another server listens there, perhaps an earlier one of this model.",
            fix=f"Find it with: ss -ltnp 'sport = :{port}', or choose another port: --{name} {host}:{port + 1}",
            port=port,
        )


class NoTemporaryFolder(SeakeepError):
    """Nothing can be written where temporary files go."""

    @classmethod
    def of(cls, error: OSError) -> NoTemporaryFolder:
        return cls(
            f"there is no folder for temporary files: {error.strerror or error}",
            cause="The file system is read-only or full, and nothing writable is mounted for them.",
            fix="Mount a writable folder at /tmp (an emptyDir, --tmpfs /tmp), or name one: TMPDIR=DIR",
            errno=error.errno,
        )


class WorkerFailed(SeakeepError):
    """No worker could begin to answer."""

    @classmethod
    def of(cls, found: str, cause: str, fix: str) -> WorkerFailed:
        return cls(found, where="a worker of the server", cause=cause, fix=fix or "See the lines above for the reason.")


def serve(
    models: Sequence[Served | Model | Followed | Path | str],
    *,
    host: str = "127.0.0.1",
    port: int = 8080,
    workers: int = 1,
    missing: Missing = "schema",
    domain: Domain = "accept",
    rules: Rules = "accept",
    body_limit_bytes: int = 8 * 1024 * 1024,
    row_limit: int = 10_000,
    read_seconds: int = 30,
    drain_seconds: int = 30,
    home: Path | str | None = None,
    log: Log = "interval",
    log_seconds: float = 1.0,
    dialects: Sequence[str] = (),
    grpc: str = "",
    repository: Control = "look",
    memory_mb: int = 0,
    trees: Trees = "onnxruntime",
    tls: Tls | None = None,
    access: Access = Access(),  # noqa: B008  (frozen)
    keeping: Keeping = Keeping(),  # noqa: B008  (frozen)
    bounds: Bounds = Bounds(),  # noqa: B008  (frozen)
    telemetry: Telemetry = Telemetry(),  # noqa: B008  (frozen)
    announce: Callable[[str], None] | None = None,
) -> None:
    """Answer for `models` at http://host:port until SIGTERM or SIGINT; then finish what is under way and return.

    Must be called in the main thread, since it minds signals; it blocks.
    Parameters: models: folders of releases or models, loaded models, or `Served.load(folder, name=…, version=…)`; of
        several with one name the first answers where a request names no version. `Followed.of(home, name)` answers as the
        name's route in that registry says, also when it changes.
        home: below which predictions are logged (`predictions/<name>/`); without one they are not.
        host, port, workers, missing, domain, rules, body_limit_bytes, row_limit, read_seconds, drain_seconds, log, log_seconds,
        dialects, grpc, repository, memory_mb, trees, tls, access, keeping, bounds, telemetry: see Settings.
        announce: called with each address, HTTP's first, once a worker listens; /v2/health/ready tells when all is loaded.
    Raises: CannotServe or SameName, if a model cannot be served; BadSetting; BadDialect; PortTaken; MissingExtra, for gRPC that is
        not installed; WorkerFailed, if no worker starts.
    """
    if threading.current_thread() is not threading.main_thread():
        raise UsageError(
            "serve was called in a thread", fix="Call it in the main thread, or start: python -m seakeep.serving"
        )
    settings = Settings(
        host=host,
        port=port,
        workers=workers,
        missing=missing,
        domain=domain,
        rules=rules,
        body_limit_bytes=body_limit_bytes,
        row_limit=row_limit,
        read_seconds=read_seconds,
        drain_seconds=drain_seconds,
        log=log,
        log_seconds=log_seconds,
        dialects=tuple(dialects),
        grpc=_installed(grpc),
        repository=repository,
        memory_mb=memory_mb,
        trees=_compilable(trees),
        tls=tls,
        access=access,
        keeping=keeping,
        bounds=bounds,
        telemetry=telemetry,
    )
    with _signals_wait():
        followed = _distinct(one for one in models if isinstance(one, Followed))
        others = [one for one in models if not isinstance(one, Followed)]
        pinned = gather(others) if others or not followed else ()
        check_models(
            load(settings.dialects, os.environ), [*(one.name for one in followed), *(one.name for one in pinned)]
        )
        check_names(keeping, [one.model for one in (*pinned, *(each for name in followed for each in name.served))])
        address, own_port = claim(settings.host, settings.port)
        url = f"http{'s' if tls else ''}://{f'[{address}]' if ':' in address else address}:{own_port}"
        settings, urls = _with_grpc(settings, [url])
        folder = _own_folder()
        try:
            place = None if home is None else Path(home).absolute()
            start = WorkerStart(pinned, followed, settings, folder, os.getpid(), place)
            with scribe(start):
                _run(start, address, own_port, lambda: _announce(announce, urls))
            _raise_failure(folder)
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def _installed(grpc: str) -> str:
    """The address, where what listens there is installed; looked for, not imported: it would not survive the fork of workers."""
    if grpc and not all(find_spec(module) for module in ("grpc", "google.protobuf")):
        raise MissingExtra.of("grpcio", "grpc", purpose="Serving over gRPC")
    return grpc


def _compilable(trees: Trees) -> Trees:
    """The setting, where what it needs is installed; looked for, not imported: workers compile, each for itself."""
    if trees == "compiled" and not find_spec("llvmlite"):
        raise MissingExtra.of("llvmlite", "compiled", purpose="Compiling trees")
    return trees


def _with_grpc(settings: Settings, urls: list[str]) -> tuple[Settings, list[str]]:
    """The settings with a numeric address for gRPC, and the addresses with it, where it is switched on."""
    if not settings.grpc:
        return settings, urls
    address, port = claim(*address_of("grpc", settings.grpc), name="grpc")
    own = f"{f'[{address}]' if ':' in address else address}:{port}"
    return replace(settings, grpc=own), [*urls, f"grpc{'s' if settings.tls else ''}://{own}"]


def _announce(announce: Callable[[str], None] | None, urls: Sequence[str]) -> None:
    for url in urls:
        if announce:
            announce(url)


def _own_folder() -> Path:
    """Where workers count; the only place beside the home that a server writes to."""
    try:
        return Path(tempfile.mkdtemp(prefix="seakeep-serve-"))
    except OSError as error:
        raise NoTemporaryFolder.of(error) from error


def _distinct(followed: Iterable[Followed]) -> tuple[Followed, ...]:
    return tuple({one.name: one for one in followed}.values())


@contextlib.contextmanager
def _signals_wait() -> Iterator[None]:
    """SIGTERM and SIGINT wait until somebody can heed them: see parent.py."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGTERM, signal.SIGINT))
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def claim(host: str, port: int, *, name: str = "http") -> tuple[str, int]:
    """The numeric address of `host` and a port of it that nobody listens on: `port`, or any free one for 0.

    Raises: PortTaken; BadSetting, for a host that is not of this machine, or a port that needs rights.
    """
    name_of_it = host.encode() if host.isascii() else host  # a text has tables of Unicode loaded
    try:
        family, _, _, _, target = socket.getaddrinfo(
            name_of_it, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except (socket.gaierror, UnicodeError):
        raise BadSetting.of("host", host, "an address or name of this machine") from None
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(target)
        except OSError as error:
            raise _refused(error, host, port, name) from None
        return str(target[0]), int(probe.getsockname()[1])


def _refused(error: OSError, host: str, port: int, name: str) -> UsageError:
    if error.errno == errno.EADDRINUSE:
        return PortTaken.of(host, port, name)
    if error.errno == errno.EACCES:
        return BadSetting.of("port", port, "a port from 1024 on, since lower ones need rights that this user lacks")
    return BadSetting.of("host", host, "an address or name of this machine")


def _run(start: WorkerStart, address: str, port: int, opened: Callable[[], None]) -> None:
    from granian.constants import HTTPModes, Interfaces, Loops
    from granian.log import LogLevels

    from seakeep.serving.server.processes.parent import Parent

    server = Parent(
        opened=opened,
        address=address,
        port=port,
        interface=Interfaces.RSGI,
        workers=start.settings.workers,
        loop=Loops.uvloop if find_spec("uvloop") else Loops.asyncio,
        http=HTTPModes.auto,
        websockets=False,
        log_level=LogLevels.error,  # it warns of workers that it is late to see ended
        log_dictconfig=config(start.settings.telemetry.lines),
        respawn_failed_workers=True,
        workers_kill_timeout=start.settings.drain_seconds,
        tls=start.settings.tls,
        folder=start.folder,
    )
    # Granian exits with 1 if a worker ended by itself; when everybody was told to stop, that is no failure.
    with contextlib.closing(server), _told_to_stop(server):
        server.serve(target_loader=cast("Any", start), wrap_loader=False)


@contextlib.contextmanager
def _told_to_stop(server: Any) -> Iterator[None]:
    try:
        yield
    except SystemExit as error:
        if not server.interrupt_signal:
            raise WorkerFailed.of(
                f"workers ended again and again (exit code {error.code})", "Each died soon after it had begun.", ""
            ) from None


def _raise_failure(folder: Path) -> None:
    failure = folder / FAILURE_FILE
    if failure.exists():
        raise WorkerFailed.of(**json.loads(failure.read_text("utf-8")))

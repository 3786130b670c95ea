"""The parent's part of Granian: it tells the address once somebody listens there, and hears signals from the first moment.

Granian sets a threading.Event in a signal handler; if the signal comes while the main thread holds that event's lock, both
wait for ever. So SIGTERM and SIGINT stay blocked in the main thread from the beginning of `serve`, a thread takes them up
once workers were forked, and what came before it is found pending. Workers inherit the mask: a signal that comes before
they can drain waits for them (see App.__rsgi_init__).

A worker may heed a signal sooner than its parent, where both get it at once (Ctrl-C, systemd, a container's end): it has then
done what it was told, and is neither an accident nor to be replaced.
"""

from __future__ import annotations

import contextlib
import logging
import signal
import socket
import threading
import time
from typing import TYPE_CHECKING, Any, cast

from granian.server.mp import MPServer, WorkerProcess

from seakeep.core.tls import BadTls
from seakeep.serving.server.crew import READY_SUFFIX

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from granian.constants import Interfaces

    from seakeep.core.tls import Tls

STOPS = frozenset({signal.SIGTERM, signal.SIGINT})
_PROBE_SECONDS = 0.005
_SAME_SIGNAL_SECONDS = 0.25
_RENEWED_SECONDS, _AGAIN_SECONDS = 1.0, 1.0
_LISTENS_SECONDS = 0.2  # between a worker's word that it is ready and its listening lie some milliseconds
_log = logging.getLogger("seakeep.serving")


class Worker(WorkerProcess):
    """A worker's process. One thread alone waits for its end and says so: two would take its exit code from each other.

    Parameters: made: as Granian made it, not started yet.
    """

    def __init__(self, made: WorkerProcess, server: Parent) -> None:
        vars(self).update(vars(made))
        self._server, self._ended = server, threading.Event()

    def is_alive(self) -> bool:
        """Whether it has not ended."""
        return not self._ended.is_set()

    def join(self, timeout: float | None = None) -> None:
        """Wait for its end."""
        self._ended.wait(timeout)

    def terminate(self) -> None:
        """Tell it to end; it may have ended."""
        with contextlib.suppress(ProcessLookupError):
            super().terminate()  # type: ignore[no-untyped-call]

    def kill(self) -> None:
        """End it; it may have ended."""
        with contextlib.suppress(ProcessLookupError):
            super().kill()  # type: ignore[no-untyped-call]

    def _watcher(self) -> None:
        self.inner.join()
        self._ended.set()
        if self.inner.exitcode == 0 and not self.interrupt_by_parent:
            self.interrupt_by_parent = self._server.is_stopping(_SAME_SIGNAL_SECONDS)
        self._server.forgive(self)
        super()._watcher()  # type: ignore[no-untyped-call]


class Parent(MPServer):
    """Granian's server.

    Parameters: opened: called once, in the main thread, when a worker listens. tls: that workers speak, begun anew by other ones when
        its files are renewed. folder: where a worker leaves word that it is ready. Others: MPServer's.
    """

    def __init__(
        self,
        *,
        opened: Callable[[], None],
        address: str,
        port: int,
        interface: Interfaces,
        tls: Tls | None = None,
        folder: Path,
        **rest: Any,
    ) -> None:
        super().__init__("seakeep", address=address, port=port, interface=interface, **_spoken(tls), **rest)
        self._tls, self._folder, self._tls_problem = tls, folder, ""
        self._opened: Callable[[], None] | None = opened
        self._ears: threading.Thread | None = None
        self._over = False

    def close(self) -> None:
        """End the thread that hears signals."""
        self._over = True
        if self._ears:
            signal.pthread_kill(self._ears.ident or 0, signal.SIGTERM)
            self._ears.join()

    def forgive(self, worker: Worker) -> None:
        """Granian ends the server if a worker dies twice within seconds, since who cannot begin never will. Once one has begun to
        answer, they can: whatever kills one, it is replaced as often as it takes, and the others go on. One that died before it could
        answer is replaced after a pause. For threads that have STOPS blocked.
        """
        if not any(self._folder.glob(f"*{READY_SUFFIX}")):
            return
        if not (self._folder / f"{worker.inner.pid}{READY_SUFFIX}").exists() and not worker.interrupt_by_parent:
            self.is_stopping(_AGAIN_SECONDS)
        self.respawned_wrks.pop(worker.idx, None)

    def is_stopping(self, seconds: float) -> bool:
        """Whether this server was told to stop, or is within so many seconds. For threads that have STOPS blocked."""
        deadline = time.monotonic() + seconds
        while not (self.interrupt_signal or STOPS & signal.sigpending()):
            if time.monotonic() > deadline:
                return False
            time.sleep(_PROBE_SECONDS)
        return True

    def _spawn_worker(self, *given: Any, **named: Any) -> Worker:
        return Worker(super()._spawn_worker(*given, **named), self)

    def _spawn_workers(self, spawn_target: Any, target_loader: Any) -> None:
        if STOPS & signal.sigpending():
            self.signal_handler_interrupt()  # type: ignore[no-untyped-call]
            return
        super()._spawn_workers(spawn_target, target_loader)  # type: ignore[no-untyped-call]
        self._ears = threading.Thread(target=self._hear, name="signals", daemon=True)  # no sooner: threads and forks
        self._ears.start()
        if self._tls:
            threading.Thread(target=self._watch_tls, args=(self._tls,), name="tls", daemon=True).start()
        self._tell()

    def _respawn_workers(self, workers: Any, spawn_target: Any, target_loader: Any, delay: float = 0) -> None:
        super()._respawn_workers(workers, spawn_target, target_loader, delay)
        self._tell()

    def _reload(self, spawn_target: Any, target_loader: Any) -> None:
        """Put a new worker in each one's place, one after another: the old one ends when the new one is ready."""
        self.reload_signal = False
        self.respawned_wrks.clear()
        self.main_loop_interrupt.clear()
        for number in range(self.workers):
            if self.interrupt_signal:
                return
            old = cast("Worker", self.wrks[number])
            new = self._spawn_worker(idx=number, target=spawn_target, callback_loader=target_loader)
            new.interrupt_by_parent = True  # if it dies now, the old one goes on
            new.start()  # type: ignore[no-untyped-call]
            if not self._is_ready(new):
                new.terminate()
                return
            new.interrupt_by_parent = False
            self.wrks[number] = new
            old.terminate()
            old.join(self.workers_kill_timeout)
            if old.is_alive():
                old.kill()

    def _is_ready(self, worker: Worker) -> bool:
        """Wait until a worker has loaded what it serves and listens; False where it dies, or all are told to stop, before."""
        ready = self._folder / f"{worker.inner.pid}{READY_SUFFIX}"
        while worker.is_alive() and not self.interrupt_signal:
            is_loaded = ready.exists()
            time.sleep(_LISTENS_SECONDS)
            if is_loaded:
                return worker.is_alive()
        return False

    def _watch_tls(self, tls: Tls) -> None:
        """Have other workers take over when the files of TLS are renewed. A worker reads them when it begins."""
        seen = tls.stamp()
        while not self._over:
            time.sleep(_RENEWED_SECONDS)
            try:
                stamp = tls.stamp()
                if stamp == seen:
                    continue
                tls.context()
            except (BadTls, OSError) as error:
                self._tell_tls(str(error))
                continue
            seen = stamp
            self._tell_tls("")
            self.signal_handler_reload()  # type: ignore[no-untyped-call]

    def _tell_tls(self, problem: str) -> None:
        if not problem:
            _log.info("the files of TLS were renewed; new workers take over")
        elif problem != self._tls_problem:
            _log.error("the certificate that was known is shown still: %s", problem)
        self._tls_problem = problem

    def _hear(self) -> None:
        while True:
            signal.sigwait(STOPS)
            if self._over:
                return
            self.signal_handler_interrupt()  # type: ignore[no-untyped-call]

    def _tell(self) -> None:
        """Wait until a worker listens and say so, unless something happens to the workers or to us first."""
        while self._opened and not self.main_loop_interrupt.is_set():
            if not _listens(self.bind_addr, self.bind_port):
                time.sleep(_PROBE_SECONDS)
                continue
            opened, self._opened = self._opened, None
            try:
                opened()
            except BaseException:
                self._stop_workers()  # type: ignore[no-untyped-call]
                raise


def _spoken(tls: Tls | None) -> dict[str, Any]:
    """TLS in Granian's words."""
    if tls is None:
        return {}
    from granian.constants import SSLProtocols

    least = SSLProtocols.tls13 if tls.least == "1.3" else SSLProtocols.tls12
    files = {"ssl_cert": tls.certificate, "ssl_key": tls.key, "ssl_ca": tls.client_ca}
    return {**files, "ssl_protocol_min": least, "ssl_client_verify": tls.client_ca is not None}


def _listens(address: str, port: int) -> bool:
    """Whether somebody listens there. Bound first: an unbound socket might be given that very port and meet itself."""
    with contextlib.suppress(OSError), socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET) as probe:
        probe.settimeout(1)
        probe.bind((address, 0))
        if probe.getsockname()[1] != port:
            probe.connect((address, port))
            return True
    return False

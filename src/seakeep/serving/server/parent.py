"""The parent's part of Granian: it tells the address once somebody listens there, and hears signals from the first moment.

Granian sets a threading.Event in a signal handler; if the signal comes while the main thread holds that event's lock, both
wait for ever. So SIGTERM and SIGINT stay blocked in the main thread from the beginning of `serve`, a thread takes them up
once workers were forked, and what came before it is found pending. Workers inherit the mask: a signal that comes before
they can drain waits for them (see App.__rsgi_init__).
"""

from __future__ import annotations

import contextlib
import signal
import socket
import threading
import time
from typing import TYPE_CHECKING, Any

from granian.server.mp import MPServer

if TYPE_CHECKING:
    from collections.abc import Callable

    from granian.constants import Interfaces

STOPS = frozenset({signal.SIGTERM, signal.SIGINT})
_PROBE_SECONDS = 0.005


class Parent(MPServer):
    """Granian's server. Parameters: opened: called once, in the main thread, when a worker listens. Others: MPServer's."""

    def __init__(
        self, *, opened: Callable[[], None], address: str, port: int, interface: Interfaces, **rest: Any
    ) -> None:
        super().__init__("seakeep", address=address, port=port, interface=interface, **rest)
        self._opened: Callable[[], None] | None = opened
        self._ears: threading.Thread | None = None
        self._over = False

    def close(self) -> None:
        """End the thread that hears signals."""
        self._over = True
        if self._ears:
            signal.pthread_kill(self._ears.ident or 0, signal.SIGTERM)
            self._ears.join()

    def _spawn_workers(self, spawn_target: Any, target_loader: Any) -> None:
        if STOPS & signal.sigpending():
            self.signal_handler_interrupt()  # type: ignore[no-untyped-call]
            return
        super()._spawn_workers(spawn_target, target_loader)  # type: ignore[no-untyped-call]
        self._ears = threading.Thread(target=self._hear, name="signals", daemon=True)  # no sooner: threads and forks
        self._ears.start()
        self._tell()

    def _respawn_workers(self, workers: Any, spawn_target: Any, target_loader: Any, delay: float = 0) -> None:
        super()._respawn_workers(workers, spawn_target, target_loader, delay)
        self._tell()

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


def _listens(address: str, port: int) -> bool:
    """Whether somebody listens there. Bound first: an unbound socket might be given that very port and meet itself."""
    with contextlib.suppress(OSError), socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET) as probe:
        probe.settimeout(1)
        probe.bind((address, 0))
        if probe.getsockname()[1] != port:
            probe.connect((address, port))
            return True
    return False

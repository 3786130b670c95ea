"""Heeding: a worker drains at the first signal to end, and passes over every other one.

Two often come: a service manager tells all processes and the parent tells its workers too; a lost parent is noticed in two ways
(see lifeline). Granian hands each of them to a channel that takes one, and for the second its event loop would wait for ever.
"""

from __future__ import annotations

import signal
import threading
from typing import TYPE_CHECKING

from granian import _signals as granian_signals
from granian._granian import WorkerSignal

if TYPE_CHECKING:
    import asyncio


_ENDING = threading.Event()


def is_ending() -> bool:
    """Whether this worker was told to end."""
    return _ENDING.is_set()


def heed_once() -> None:
    """Have Granian end this worker by `end_signal`; to be called before its event loop runs."""
    granian_signals.set_loop_signals = end_signal


def end_signal(loop: asyncio.AbstractEventLoop) -> WorkerSignal:
    """What Granian waits for to drain this worker: set once, by the first SIGTERM or SIGINT."""
    told = WorkerSignal()
    waiting = [told]

    def heed() -> None:
        _ENDING.set()
        if waiting:
            waiting.pop().set()

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, heed)
    return told

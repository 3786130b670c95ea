"""Access log: one line of JSON a request on standard error, written together a few times a second.

A line costs some three microseconds where a logger's would cost fifteen. Lines are handed to the kernel whole and in pieces that a pipe
takes at once, so that those of several workers do not run into each other; what waits when a worker is killed is lost.
"""

from __future__ import annotations

import os
import sys
import time
from typing import TYPE_CHECKING

import msgspec

from seakeep.serving.server.telemetry.lines import stamp

if TYPE_CHECKING:
    import asyncio

WAIT_SECONDS = 0.2
_PIPE_BYTES = 4096
_PATH_SIGNS = 300


class Line(msgspec.Struct, omit_defaults=True, gc=False):
    """A request that was answered. what: "infer flights", or method and path. ms: it took. bytes: of the answer. bearer: a token's name."""

    time: str
    request: str
    what: str
    status: int
    ms: float
    bytes: int
    bearer: str = ""
    trace: str = ""


class AccessLog:
    """Writes lines of requests. Parameters: loop: the worker's. handle: where they go, standard error's by default."""

    def __init__(self, loop: asyncio.AbstractEventLoop, handle: int | None = None) -> None:
        self._loop = loop
        self._handle = sys.stderr.fileno() if handle is None else handle
        self._encode = msgspec.json.Encoder().encode
        self._waiting: list[bytes] = []

    def write(
        self, what: str, status: int, seconds: float, size: int, *, request: str, bearer: str, trace: str
    ) -> None:
        """Write a line, within WAIT_SECONDS."""
        if not self._waiting:
            self._loop.call_later(WAIT_SECONDS, self.flush)
        line = Line(
            stamp(time.time()), request, what[:_PATH_SIGNS], status, round(seconds * 1e3, 3), size, bearer, trace
        )
        self._waiting.append(self._encode(line))

    def flush(self) -> None:
        """Hand what waits to the kernel. A reader that has gone loses it."""
        waiting, self._waiting = self._waiting, []
        for piece in pieces(waiting):
            try:
                os.write(self._handle, piece)
            except OSError:
                return


def pieces(lines: list[bytes]) -> list[bytes]:
    """Lines put together to as many bytes as a pipe takes at once; a longer line stands alone."""
    made, size = [bytearray()], 0
    for line in lines:
        if size and size + len(line) >= _PIPE_BYTES:
            made.append(bytearray())
            size = 0
        made[-1] += line + b"\n"
        size = len(made[-1])
    return [bytes(piece) for piece in made if piece]

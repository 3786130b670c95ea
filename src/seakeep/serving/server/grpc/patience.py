"""Patience: the message of a call, if it comes within its time.

A call that was opened and sends nothing keeps a thread, so whoever opens many could keep all of them. Callers that are waited for
are written down, and looked at once a second by the loop, as those of HTTP are. The call is taken as a stream of
messages, of which the first is read: only so there is a context to cancel while its message is awaited.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from seakeep.serving.server.refusals import BadBody

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Iterator

_LOOK_SECONDS = 1.0


class Patience:
    """Limits how long a message may take. Parameters: loop: that looks. seconds: that a client has to send its message."""

    def __init__(self, loop: asyncio.AbstractEventLoop, seconds: float) -> None:
        self._loop, self._seconds = loop, seconds
        self._waiting: dict[int, tuple[float, Any]] = {}
        loop.call_later(_LOOK_SECONDS, self._look)

    def first(self, messages: Iterator[bytes], context: Any) -> bytes:
        """A call's message. Raises BadBody, where there is none; grpc.RpcError, where the call was ended meanwhile."""
        own = id(context)
        self._waiting[own] = (time.monotonic() + self._seconds, context)
        try:
            body = next(messages, None)
        finally:
            del self._waiting[own]
        if body is None:
            raise BadBody.not_a_message(b"")
        return body

    def _look(self) -> None:
        now = time.monotonic()
        for deadline, context in list(self._waiting.values()):
            if deadline < now:
                context.cancel()
        self._loop.call_later(_LOOK_SECONDS, self._look)

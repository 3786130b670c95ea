"""Patience: the message of a call, if it comes within its time.

A call that was opened and sends nothing keeps a thread, so whoever opens many could keep all of them. Callers that are waited for
are written down, and looked at once a second by the loop, as those of HTTP are. The call is taken as a stream of
messages, of which the first is read: only so there is a context to cancel while its message is awaited.

What has come of a message lies in memory too, so where many are awaited the slowest of them are ended before their time: who
sends a little of many messages loses those, and nobody's who come meanwhile.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from seakeep.serving.server.refusals import BadBody

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Iterator

_LOOK_SECONDS, _SLOW_SECONDS = 1.0, 0.5
_LEAST_AWAITED = 16


class Patience:
    """Limits how long a message may take.

    Parameters: loop: that looks. seconds: that a client has to send its message. awaited: messages that may be slow at once.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, seconds: float, *, awaited: int) -> None:
        self._loop, self._seconds, self._awaited = loop, seconds, max(awaited, _LEAST_AWAITED)
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
        now, waiting = time.monotonic(), list(self._waiting.values())
        slow_until = now + self._seconds - _SLOW_SECONDS
        too_many = len(waiting) - self._awaited
        for number, (deadline, context) in enumerate(waiting):  # in the order in which they came
            if deadline < now or (number < too_many and deadline < slow_until):
                context.cancel()
        self._loop.call_later(_LOOK_SECONDS, self._look)

"""Room: what large messages may take in a worker's memory together; what finds none is refused before it is read for its meaning.

A message of gRPC is in memory before anybody knows what it asks for, and a thousand calls may come at once. Small messages are not
counted: a thousand of them are little, and each would pay for the lock.
"""

from __future__ import annotations

import contextlib
import threading
from typing import TYPE_CHECKING

from seakeep.serving.server.refusals.traffic import Pressed

if TYPE_CHECKING:
    from collections.abc import Iterator

MOST_BYTES = 128 * 1024 * 1024
"""Of all large messages of a worker, unless two as large as one may be need more."""


class Room:
    """Counts the bytes of messages that are held. Parameters: limit: bytes of one message. For any thread."""

    def __init__(self, limit: int) -> None:
        self.most = max(MOST_BYTES, 2 * limit)
        self._held = 0
        self._lock = threading.Lock()

    @contextlib.contextmanager
    def of(self, size: int) -> Iterator[None]:
        """Hold a message of so many bytes. Raises Pressed, where there is no room for it."""
        with self._lock:
            if self._held + size > self.most:
                raise Pressed.full(self.most)
            self._held += size
        try:
            yield
        finally:
            with self._lock:
                self._held -= size

"""Leaving: what a client no longer waits for is not answered. Watched where that may be long: large requests, and explanations."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from seakeep.serving.server.pages import Page


async def unless_left(protocol: Any, answering: Coroutine[Any, Any, Page | None]) -> Page | None:
    """The answer, or None once the client has hung up: what was to answer it is cancelled then, and gives its place to others.

    Parameters: protocol: Granian's, of the request.
    """
    answer = asyncio.ensure_future(answering)
    left = asyncio.ensure_future(protocol.client_disconnect())
    try:
        await asyncio.wait((answer, left), return_when=asyncio.FIRST_COMPLETED)
        return answer.result() if answer.done() else None
    finally:
        left.cancel()
        answer.cancel()

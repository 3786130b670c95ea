"""Sending: an answer packed, where the client takes that and it is large enough to be worth it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from seakeep.serving.server.compression import ACCEPTED, HEADER, LEAST_BYTES, pack

if TYPE_CHECKING:
    from seakeep.serving.server.form import Headers
    from seakeep.serving.server.pages import Page

LARGE_ANSWER_BYTES = LEAST_BYTES


async def packed(page: Page, headers: Headers) -> Page:
    """`page`, packed beside the loop as the request's Accept-Encoding allows; else as it is."""
    status, told, content = page
    accepted = headers.get(ACCEPTED)
    if accepted is None or len(content) <= LARGE_ANSWER_BYTES:
        return page
    made = await asyncio.get_running_loop().run_in_executor(None, pack, content, accepted)
    told = [*told, ("vary", ACCEPTED)]
    return (status, told, content) if made is None else (status, [*told, (HEADER, made[0])], made[1])

"""Streaming: as many rows as one likes in one request, a line in for a line out, while the request is still coming.

Lines that are there go together, some hundred at a time, through `Inference` like every other request, so that they are held to the
contract, logged, counted and shadowed by it. A line that is refused has its refusal in its place and costs no other its answer;
a server that is busy makes a stream wait. What was answered is sent before more is read.

What is counted is what the client sees: a request for every part that was answered, one for every line that was refused, and one for
what ended the stream. The looking for a line at fault, and the waiting, are nobody's requests.
"""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from seakeep.serving.server import compression
from seakeep.serving.server.choosing import choose
from seakeep.serving.server.forms import lines
from seakeep.serving.server.inference import count, refused
from seakeep.serving.server.receiving import media_of
from seakeep.serving.server.refusals import BadBody, BadCall, BadTable, Refusal
from seakeep.serving.server.steps import arrived

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence

    from seakeep.serving.server.form import Form, Headers
    from seakeep.serving.server.lanes import Crossing
    from seakeep.serving.server.pages import Page
    from seakeep.serving.server.patience import Patience
    from seakeep.serving.server.steps import Gate, Way

SUFFIX = "/stream"
LINES_TOGETHER = 256
MOST_BYTES = 256 * 1024 * 1024
"""Of one stream's answers: what a client does not read is held for it, and nobody tells how much that is."""
_LINE_FAULTS = (400, 413)
_BUSY = (429, 503)
_BUSY_SECONDS, _BUSY_TIMES = 0.25, 120
_LINE = replace(choose({"content-type": lines.MEDIA[0]}), uncounted=_BUSY)
_PART = replace(_LINE, uncounted=(*_LINE_FAULTS, *_BUSY))


class _Ended(Exception):
    """Nothing of the stream can be answered any more. page: why, counted by who made it; None where nobody asks any more."""

    def __init__(self, page: Page | None) -> None:
        self.page = page


class Stream:
    """One request's stream.

    Parameters: answer: the way to an answer. crossing: looks up where requests for the model come, anew for every part, since a
        stream may outlive a release. limit: bytes of a line. patience: how long a client may take for the next part, and
        to read what it was sent. look: at the caller's token before anything is read, None where nobody needs one.
    """

    def __init__(
        self,
        answer: Way,
        crossing: Callable[[], Crossing | None],
        scope: Any,
        *,
        limit: int,
        patience: Patience,
        look: Gate | None = None,
    ) -> None:
        self._answer, self._crossing, self._headers = answer, crossing, _OfParts(scope.headers)
        self._limit, self._patience, self._look = limit, patience, look

    async def run(self, protocol: Any) -> Page | None:
        """Answer it. Returns a page where it could not begin, None where it was answered or the client has gone."""
        transport: Any = None
        left = MOST_BYTES
        try:
            self._check()
            async for part in self._parts(protocol):
                content = await self._answered(part)
                if transport is None:
                    transport = protocol.response_stream(200, [("content-type", lines.MEDIA[0])])
                await self._patience.read(transport.send_bytes(content))
                left -= len(content)
                if left < 0:
                    raise BadTable.long_stream(MOST_BYTES)
            if transport is None:
                raise BadBody.empty()
        except Refusal as refusal:
            self._count(refusal.status, refusal.code)
            page: Page | None = refused(refusal)
        except _Ended as end:
            page = end.page
        else:
            return None
        if transport is None or page is None:
            return page
        await transport.send_bytes(page[2] + b"\n")
        return None

    def _check(self) -> None:
        if self._look is not None:
            self._look(self._headers, "predict")
        media_of(self._headers, lines.MEDIA)
        encoding = self._headers.get(compression.HEADER)
        if encoding is not None:
            raise BadCall.content_encoding(encoding, ("identity",))

    async def _parts(self, protocol: Any) -> AsyncIterator[list[bytes]]:
        """Lines that have come, at most LINES_TOGETHER at a time. Raises Refusal for one that is too long or too slow to come."""
        rest = bytearray()  # what of a line is there: long lines come in thousands of pieces
        pieces = aiter(protocol)
        while piece := await self._patience.read(_next(pieces)):
            begun, *whole = piece.split(b"\n")
            rest += begun
            if whole:
                whole, rest = [bytes(rest), *whole[:-1]], bytearray(whole[-1])
            for part in _cut(whole):
                yield part
            if len(rest) > self._limit:
                raise BadCall.too_large(None, self._limit)
        for part in _cut([bytes(rest)]):
            yield part

    async def _answered(self, part: Sequence[bytes]) -> bytes:
        """The answers to some lines, as many lines; a part that is refused is halved until the line at fault is found."""
        status, _, content = await self._page(b"\n".join(part), _LINE if len(part) == 1 else _PART)
        if status == 200:
            return content
        if status not in _LINE_FAULTS:
            raise _Ended((status, _, content))
        if len(part) == 1:
            return content + b"\n"
        middle = len(part) // 2
        return await self._answered(part[:middle]) + await self._answered(part[middle:])

    async def _page(self, body: bytes, form: Form) -> Page:
        """The answer to some lines, once the server is not too busy for it."""
        page: Page | None = None
        for _ in range(_BUSY_TIMES):
            crossing = self._crossing()
            if crossing is None:
                raise BadCall.unknown_path(SUFFIX, ())
            page = await self._answer(crossing, form, self._headers, arrived(body))
            if page is None:
                raise _Ended(None)
            if page[0] not in _BUSY:
                return page
            await asyncio.sleep(_BUSY_SECONDS)
        assert page is not None
        self._count(page[0], json.loads(page[2]).get("code"))
        raise _Ended(page)

    def _count(self, status: int, code: str | None) -> None:
        """Count what ended the stream, where the model is still there."""
        crossing = self._crossing()
        if crossing is not None:
            count(crossing.main, status, code)


class _OfParts:
    """A stream's headers as those of its parts, which are not as long as it is: none goes past the bounds as a large body does."""

    def __init__(self, headers: Headers) -> None:
        self._headers = headers

    def get(self, name: str, /) -> str | None:
        """The value of a header, None where there is none."""
        return None if name == "content-length" else self._headers.get(name)

    def __contains__(self, name: object, /) -> bool:
        return name != "content-length" and name in self._headers


async def _next(pieces: AsyncIterator[bytes]) -> bytes:
    """The next piece, empty at the end. A coroutine, so that patience with it can end."""
    try:
        return await anext(pieces)
    except StopAsyncIteration:
        return b""


def _cut(whole: Sequence[bytes]) -> list[list[bytes]]:
    """Lines that are not blank, in parts."""
    kept = [line for line in whole if line.strip()]
    return [kept[begin : begin + LINES_TOGETHER] for begin in range(0, len(kept), LINES_TOGETHER)]

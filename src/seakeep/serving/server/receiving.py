"""Receiving: a request's body within its limit and its time, and the headers that say what the body is."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from seakeep.serving.server import compression
from seakeep.serving.server.refusals import BadBinary, BadCall

if TYPE_CHECKING:
    from collections.abc import Sequence

    from seakeep.serving.server.patience import Patience

_JSON = "application/json"
LENGTH = "content-length"
BINARY = "inference-header-content-length"
LARGE_BODY_BYTES = 128 * 1024
_LARGE_DIGITS = len(str(LARGE_BODY_BYTES))
"""Above this a body is read beside the loop, so that small requests need not wait for it."""
TOGETHER = 4096
"""So many rows of a large body are worked on by one call into C, during which the loop has to wait."""
_LINGER_BYTES = 128 * 1024 * 1024


async def receive(scope: Any, protocol: Any, *, limit: int, patience: Patience) -> bytes:
    """The request's body, plain. Its length is believed only where the HTTP parser holds the client to it.

    Parameters: limit: bytes, of the body as it comes and as it is once unpacked. Raises: Refusal, for a body that is too large,
        too slow, or not of its Content-Encoding.
    """
    headers = scope.headers
    length = headers.get(LENGTH)
    known = length is not None and length.isdigit() and "transfer-encoding" not in headers
    if known and int(length) > limit and "expect" in headers:
        raise BadCall.too_large(int(length), limit)  # before the client sends it
    whole = known and int(length) <= limit
    body = await patience.read(protocol() if whole else _streamed(protocol, limit))
    return body if compression.HEADER not in headers else await _unpacked(body, headers.get(compression.HEADER), limit)


def is_large(headers: Any) -> bool:
    """Whether a request says that its body is large, and is held to it: one in chunks may say what it likes."""
    length = headers.get(LENGTH)
    if length is None or len(length) < _LARGE_DIGITS or not length.isdigit():
        return False
    return int(length) > LARGE_BODY_BYTES and "transfer-encoding" not in headers


def check_headers(headers: Any) -> None:
    """Raise Refusal unless the body is plain JSON in UTF-8; no Content-Type at all is taken for that."""
    kind = headers.get("content-type")
    if kind not in (_JSON, None):
        media_of(headers, (_JSON,))
    check_plain(headers)


def check_plain(headers: Any) -> None:
    """Raise Refusal for a body that has tensors in binary form."""
    if BINARY in headers:
        raise BadBinary.not_here()


def media_of(headers: Any, known: Sequence[str]) -> str:
    """The body's type, one of `known`, the first where none is stated; with its parameters, apart from the charset: UTF-8.

    >>> media_of({"content-type": "text/CSV; charset=utf-8; header=present"}, ("text/csv",))
    'text/csv;header=present'
    """
    kind = headers.get("content-type")
    if kind is None:
        return known[0]
    media, *parameters = [part.strip() for part in kind.lower().split(";")]
    charsets = [part.removeprefix("charset=").strip('"') for part in parameters if part.startswith("charset=")]
    others = [part for part in parameters if part and not part.startswith("charset=")]
    is_json = media == _JSON and others
    if media not in known or any(one not in ("", "utf-8", "utf8") for one in charsets) or is_json:
        raise BadCall.content_type(kind, known)
    return ";".join((media, *others))


async def _unpacked(body: bytes, encoding: str, limit: int) -> bytes:
    """The plain body; one that is large, or unpacks to more than a little, is unpacked beside the loop."""
    few = min(limit, LARGE_BODY_BYTES)
    if len(body) <= few:
        try:
            return compression.unpack(body, encoding, few)
        except BadCall as refusal:
            if refusal.code != "body_too_large" or few == limit:
                raise
    return await asyncio.get_running_loop().run_in_executor(None, compression.unpack, body, encoding, limit)


async def _streamed(protocol: Any, limit: int) -> bytes:
    """The body, if it is within `limit`. What is beyond is read on for a while without being kept, so that a client that
    writes all before it reads comes to see its refusal and not a broken pipe.
    """
    body, size = bytearray(), 0  # not a list: parts of a byte each would take forty times their size
    async for part in protocol:
        size += len(part)
        if size > limit + _LINGER_BYTES:
            break
        if size <= limit:
            body += part
        else:
            body.clear()
    if size > limit:
        raise BadCall.too_large(None, limit)
    return bytes(body)

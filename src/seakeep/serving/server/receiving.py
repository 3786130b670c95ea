"""Receiving: a request's body within its limit and its time, and the headers that say what the body is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from seakeep.serving.server.refusals import BadCall, BadInput

if TYPE_CHECKING:
    from seakeep.serving.server.patience import Patience

_LINGER_BYTES = 128 * 1024 * 1024


async def receive(scope: Any, protocol: Any, *, limit: int, patience: Patience) -> bytes:
    """The request's body. Its length is believed only where the HTTP parser holds the client to it.

    Parameters: limit: bytes. Raises: Refusal, for a body that is too large, too slow, or said to be something else than JSON.
    """
    headers = scope.headers
    length = headers.get("content-length")
    known = length is not None and length.isdigit() and "transfer-encoding" not in headers
    if known and int(length) > limit and "expect" in headers:
        raise BadCall.too_large(int(length), limit)  # before the client sends it
    whole = known and int(length) <= limit
    return await patience.read(protocol() if whole else _streamed(protocol, limit))


def check_headers(headers: Any) -> None:
    """Raise Refusal unless the body is plain JSON in UTF-8; no Content-Type at all is taken for that."""
    kind = headers.get("content-type")
    if kind not in ("application/json", None):
        media, _, parameters = kind.lower().partition(";")
        charset = parameters.strip().removeprefix("charset=").strip('"')
        if media.strip() != "application/json" or charset not in ("", "utf-8", "utf8"):
            raise BadCall.content_type(kind)
    if headers.get("content-encoding", "identity") != "identity":
        raise BadCall.content_encoding(headers.get("content-encoding"))
    if "inference-header-content-length" in headers:
        raise BadInput.binary("Inference-Header-Content-Length")


async def _streamed(protocol: Any, limit: int) -> bytes:
    """The body, if it is within `limit`. What is beyond is read on for a while without being kept, so that a client that
    writes all before it reads comes to see its refusal and not a broken pipe.
    """
    parts, size = [], 0
    async for part in protocol:
        size += len(part)
        if size > limit + _LINGER_BYTES:
            break
        if size <= limit:
            parts.append(part)
        else:
            parts.clear()
    if size > limit:
        raise BadCall.too_large(None, limit)
    return b"".join(parts)

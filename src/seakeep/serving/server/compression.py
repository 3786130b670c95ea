"""Compression: bodies and answers that HTTP says are gzip, deflate or Zstandard (Content-Encoding, Accept-Encoding).

A body of a few bytes may become gigabytes, so no more is unpacked than a plain body may have; what is beyond is never made.
Zstandard is offered where Python brings it (3.14), or the package zstandard is installed.
"""

from __future__ import annotations

import zlib
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any, NamedTuple

from seakeep.serving.server.refusals import BadBody, BadCall

if TYPE_CHECKING:
    from collections.abc import Callable

HEADER, ACCEPTED = "content-encoding", "accept-encoding"
LEAST_BYTES = 32 * 1024
"""Answers below this go as they are: packing them would take longer than sending them."""
_LEVEL = 1
_GZIP, _ZLIB, _RAW = 31, 15, -15
_DEFLATE_METHOD, _ZLIB_CHECK = 8, 31
_LEAST_PIECE, _PIECE = 64, 4096
_WINDOW_LOG = 23  # RFC 9659: what a receiver over HTTP must have room for, and needs no more


class _Codec(NamedTuple):
    """One encoding. unpack: (body, most bytes) to at most so many plain bytes; raises one of `errors`."""

    unpack: Callable[[bytes, int], bytes]
    pack: Callable[[bytes], bytes]
    errors: tuple[type[Exception], ...]


def encodings() -> tuple[str, ...]:
    """What can be unpacked and packed here, the best first."""
    return tuple(_codecs())


def unpack(body: bytes, encoding: str, limit: int) -> bytes:
    """The plain body. Parameters: encoding: as Content-Encoding says. limit: bytes of the plain body.

    Raises: Refusal, for an encoding that is not known, bytes that are not of it, and a plain body over the limit (413).
    >>> unpack(zlib.compress(b"{}"), "deflate", 10)
    b'{}'
    """
    name = encoding.strip().lower().removeprefix("x-")
    if name == "identity":
        return body
    codec = _codecs().get(name)
    if codec is None:
        raise BadCall.content_encoding(encoding, encodings())
    try:
        plain = codec.unpack(body, limit + 1)
    except codec.errors as error:
        raise BadBody.packed(name, str(error)) from None
    if len(plain) > limit:
        raise BadCall.too_large(None, limit)
    return plain


def pack(content: bytes, accepted: str) -> tuple[str, bytes] | None:
    """The encoding that the client likes best and the content in it; None where it takes none. accepted: its Accept-Encoding.

    >>> pack(b"{}", "br, *;q=0")
    """
    wanted = {part.partition(";")[0].strip(): quality(part) for part in accepted.lower().split(",")}
    rest = wanted.get("*", 0.0)
    codecs = _codecs()
    best = max(codecs, key=lambda name: wanted.get(name, rest))
    return (best, codecs[best].pack(content)) if wanted.get(best, rest) > 0 else None


def quality(part: str) -> float:
    """The weight that a part of an Accept header states: 1 where it states none, 0 where it is no number.

    >>> quality("text/csv; q=0.5"), quality("gzip"), quality("br;q=no")
    (0.5, 1.0, 0.0)
    """
    stated = next((one.strip()[2:] for one in part.split(";")[1:] if one.strip().startswith("q=")), "1")
    digits = stated.replace(".", "", 1)
    return min(1.0, float(stated)) if digits.isascii() and digits.isdecimal() else 0.0


@cache
def _codecs() -> dict[str, _Codec]:
    own = {"gzip": _zlib_codec(_GZIP), "deflate": _zlib_codec(_ZLIB)}
    zstandard = _standard_zstandard() or _package_zstandard()
    return own if zstandard is None else {"zstd": zstandard, **own}


def _zlib_codec(wrapper: int) -> _Codec:
    def unpack(body: bytes, most: int) -> bytes:
        is_raw = wrapper == _ZLIB and not _has_zlib_wrapper(body)  # clients write "deflate" in both ways
        return _members(body, most, lambda: zlib.decompressobj(_RAW if is_raw else wrapper))

    def pack(content: bytes) -> bytes:
        packer = zlib.compressobj(_LEVEL, wbits=wrapper)
        return packer.compress(content) + packer.flush()

    return _Codec(unpack, pack, (zlib.error, EOFError))


def _has_zlib_wrapper(body: bytes) -> bool:
    return len(body) > 1 and body[0] % 16 == _DEFLATE_METHOD and int.from_bytes(body[:2], "big") % _ZLIB_CHECK == 0


def _members(body: bytes, most: int, make: Callable[[], Any]) -> bytes:
    """What each of the streams that follow each other in `body` holds, at most `most` bytes.

    In pieces, since what lies behind a stream's end is copied: thousands of empty streams would copy the whole body as often.
    """
    parts: list[bytes] = []
    unpacker, left = make(), memoryview(body)
    while left and most > 0:
        if unpacker.eof:
            unpacker = make()
        piece = left[:_PIECE]
        parts.append(unpacker.decompress(piece, most))
        most -= len(parts[-1])
        left = left[len(piece) - len(unpacker.unused_data) :]
    if body and most > 0 and not unpacker.eof:
        raise EOFError("it ends too early")
    return b"".join(parts)


def _standard_zstandard() -> _Codec | None:
    try:
        own: Any = import_module("compression.zstd")
    except ImportError:
        return None
    options = {own.DecompressionParameter.window_log_max: _WINDOW_LOG}
    return _Codec(
        lambda body, most: _members(body, most, lambda: own.ZstdDecompressor(options=options)),
        lambda content: bytes(own.compress(content, _LEVEL)),
        (own.ZstdError, EOFError),
    )


def _package_zstandard() -> _Codec | None:
    try:
        package: Any = import_module("zstandard")
    except ImportError:
        return None

    def unpack(body: bytes, most: int) -> bytes:
        """In pieces, since this package knows no limit: what a piece can become is about as large as what is allowed."""
        unpacker, piece = package.ZstdDecompressor(max_window_size=2**_WINDOW_LOG), max(_LEAST_PIECE, most // 2**15)
        parts: list[bytes] = []
        frame, left = unpacker.decompressobj(), memoryview(body)
        while left and most > 0:
            if frame.eof:
                frame = unpacker.decompressobj()
            parts.append(frame.decompress(left[:piece]))
            most -= len(parts[-1])
            left = left[len(left[:piece]) - len(frame.unused_data) :]
        if most > 0 and not frame.eof:
            raise EOFError("it ends too early")
        return b"".join(parts)

    return _Codec(unpack, package.ZstdCompressor(_LEVEL).compress, (package.ZstdError, EOFError))

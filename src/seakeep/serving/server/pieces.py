"""Pieces: a large body cut between its rows, so that no call into C works on all of it while the loop waits for its turn.

Nothing here has to understand JSON: where a cut is wrong (a text that looks like the border of two rows), a piece is no JSON, and
the whole is decoded in one go. Pieces that are rows one by one, put back together with commas between them, are rows.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

PIECE_BYTES = 96 * 1024
_TAIL_BYTES = 64 * 1024
_HEAD = re.compile(rb'\s*\{\s*"rows"\s*:\s*\[')
_BORDER = re.compile(rb"\}\s*,\s*\{")
_END = re.compile(rb"\}\s*\]")


def cut_rows(body: bytes) -> tuple[bytes, Iterator[bytes]] | None:
    """A body without its rows, and its rows, some hundred together, as JSON arrays; None where they do not come first.

    >>> frame, pieces = cut_rows(b'{"rows": [{"a": 1}, {"a": 2}], "id": "7"}')
    >>> frame, list(pieces)
    (b'{"rows": [], "id": "7"}', [b'[{"a": 1}, {"a": 2}]'])
    """
    head = _HEAD.match(body)
    begin = max(0, len(body) - _TAIL_BYTES)
    ends = [one.start() + 1 for one in _END.finditer(body, begin)]
    if head is None or not ends or ends[-1] <= head.end():
        return None
    return body[: head.end()] + body[ends[-1] :].lstrip(), _rows(body, head.end(), ends[-1])


def _rows(body: bytes, begin: int, end: int) -> Iterator[bytes]:
    while end - begin > PIECE_BYTES and (border := _BORDER.search(body, begin + PIECE_BYTES, end)):
        yield b"[" + body[begin : border.start() + 1] + b"]"
        begin = border.end() - 1
    yield b"[" + body[begin:end] + b"]"


def cut_lines(body: bytes) -> Iterator[bytes]:
    r"""Whole lines, some hundred together.

    >>> list(cut_lines(b"{}\n{}\n"))
    [b'{}\n{}\n']
    """
    begin = 0
    while begin < len(body):
        border = body.find(b"\n", begin + PIECE_BYTES)
        end = len(body) if border < 0 else border + 1
        yield body[begin:end]
        begin = end

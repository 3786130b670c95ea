"""How deep a line of JSON is nested, told before a parser sees it. Called by data.sources.jsonl.

Parsers descend a level of the call stack a level of nesting, and one that runs out of stack ends the whole process. Brackets are counted
a line first, which costs about as much as copying the text; only lines with very many are looked at one by one.
"""

from __future__ import annotations

import re

import numpy as np

DEEPEST = 128
_TEXT = re.compile(rb'"(?:[^"\\]|\\.)*"', re.DOTALL)


def deep_line(content: bytes) -> int | None:
    r"""Index of the first line that is nested deeper than DEEPEST levels; None where there is none. Brackets in texts are no nesting.

    >>> deep_line(b'{"a": 1}\n' + b"[" * 200), deep_line(b'{"a": "' + b"[" * 200 + b'"}')
    (1, None)
    """
    signs = np.frombuffer(content, np.uint8)
    opening = (signs == ord("[")) | (signs == ord("{"))
    if np.count_nonzero(opening) <= DEEPEST:
        return None
    starts = np.concatenate(([0], np.flatnonzero(signs[:-1] == ord("\n")) + 1))
    counts = np.add.reduceat(opening, starts, dtype=np.int64)
    lines = content.split(b"\n")
    return next((int(line) for line in np.flatnonzero(counts > DEEPEST) if _depth(lines[line]) > DEEPEST), None)


def _depth(line: bytes) -> int:
    signs = np.frombuffer(_TEXT.sub(b"", line), np.uint8)
    opened = np.isin(signs, np.frombuffer(b"[{", np.uint8)).astype(np.int64)
    closed = np.isin(signs, np.frombuffer(b"]}", np.uint8)).astype(np.int64)
    return int(np.cumsum(opened - closed).max(initial=0))

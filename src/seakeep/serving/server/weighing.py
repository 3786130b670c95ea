"""Weighing: whether a body can be a request of as many rows as may come, told by its signs before it is decoded.

Decoded, three bytes such as `{},` take sixty, and where a model has hundreds of inputs that may be missing, thousands: so a body's rows
and values are counted first, at the speed of a search for a byte. What a text holds may look like values, so where a count is too
high, the texts' signs are taken off it, one text after another, which leaves time for others between them.
"""

from __future__ import annotations

import re
from itertools import islice
from typing import TYPE_CHECKING

from seakeep.serving.server.receiving import LARGE_BODY_BYTES
from seakeep.serving.server.refusals import BadBody, BadInput

if TYPE_CHECKING:
    from seakeep.serving.server.contract import Contract

_JSON_TEXT = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"', re.DOTALL)
_CSV_TEXT = re.compile(rb'"[^"]*"')
_BRACKET = re.compile(_JSON_TEXT.pattern + rb"|([\[{])|([\]}])", re.DOTALL)
_DEEP, _LOOKED_AT = 500, 20_000
_MORE = 1000
"""Objects, arrays and values that a request may have beside its rows: outputs, parameters."""
_LEAST_ROW_BYTES = 3


class Scale:
    """Weighs requests for one model. Parameters: contract: says how many rows and columns they may have.

    light: bytes up to which a body need not be weighed. values: that a request may have.
    """

    def __init__(self, contract: Contract) -> None:
        rows, names = contract.row_limit, len(contract.names) + len(contract.ignored)
        self._rows = rows
        self._objects = rows + 2 * names + _MORE
        self.values = rows * (names + 1) + 4 * names + _MORE
        self.light = min(LARGE_BODY_BYTES, rows * _LEAST_ROW_BYTES)

    def json(self, body: bytes, *, nested: bool = False) -> None:
        """Raise Refusal for JSON of more rows or values than a request may have, or nested deeply. nested: whether values may be
        objects.
        """
        if len(body) <= self.light:
            return
        most = {b"{": self.values if nested else self._objects, b"[": self.values, b",": self.values}
        for sign, bound in most.items():
            try:
                self._check(body, sign, bound, _JSON_TEXT)
            except BadInput:
                if _is_deep(body):
                    raise BadBody.too_deep() from None
                raise

    def csv(self, body: bytes) -> None:
        """Raise Refusal for CSV of more values than a request may have; rows are counted as they are read."""
        if len(body) > self.light:
            self._check(body, b",", self.values, _CSV_TEXT)

    def _check(self, body: bytes, sign: bytes, most: int, text: re.Pattern[bytes]) -> None:
        found = body.count(sign)
        if found > most:
            found -= sum(one.group().count(sign) for one in text.finditer(body))
        if found > most:
            raise BadInput.too_many_values(found, most, self._rows)


def _is_deep(body: bytes) -> bool:
    """Whether a body begins as one that nobody reads to its end."""
    depth = 0
    for one in islice(_BRACKET.finditer(body), _LOOKED_AT):
        depth += bool(one[1]) - bool(one[2])
        if depth > _DEEP:
            return True
    return False

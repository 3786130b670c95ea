"""Delimited: lines of CSV as cells, cells as values by the kind of their column, and values as cells.

A value without quotation marks that is empty is null. Text becomes a number, a boolean or a text by the kind of its column;
what does not fit stays text, so that the contract says what is wrong with it.
"""

from __future__ import annotations

import csv
import io
import itertools
import json
import math
import re
from collections import Counter
from typing import TYPE_CHECKING, Any

import msgspec

from seakeep.core.kinds import Kind
from seakeep.serving.server.refusals import BadBody, BadTable

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence

_encode = msgspec.json.Encoder().encode
_INTEGER = re.compile(r"[+-]?\d{1,30}")
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
_TRUTH = {"true": True, "false": False, "1": True, "0": False}


def table(body: bytes) -> Iterator[list[str]]:
    """The cells of every line that is not blank, a line at a time: all of them together take twenty times their bytes. Raises Refusal."""
    reader = csv.reader(io.TextIOWrapper(io.BytesIO(body), "utf-8-sig", newline=""), strict=True)
    try:
        for row in reader:  # a loop of Python's, in which others have their turn
            if row:
                yield row
    except UnicodeDecodeError:
        raise _not_utf8(body) from None
    except csv.Error as error:
        raise BadTable.csv(str(error), reader.line_num) from None


def _not_utf8(body: bytes) -> BadBody:
    try:
        body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        return BadBody.not_utf8(body, error.start, error.reason, form="CSV")
    return BadBody.not_utf8(body, len(body), "it ends too early", form="CSV")


def titled(
    found: Iterator[list[str]], names: Sequence[str], known: Collection[str], *, header: bool | None
) -> tuple[Sequence[str], Iterator[list[str]]]:
    """The columns' names, and the lines below them, each as wide as it has to be.

    Parameters: names: of the columns where no line names them. known: that a header may have. header: whether the first line is
        one; None for what it looks like: it is one if it has only known names. Raises: Refusal.
    """
    first = next(found, None)
    if first is None:
        raise BadBody.empty()
    if header or (header is None and all(cell.strip() in known for cell in first)):
        names = [cell.strip() for cell in first]
        counts = Counter(names)
        if repeated := next((name for name in names if counts[name] > 1), None):
            raise BadTable.twice(repeated)
    else:
        found = itertools.chain([first], found)
    return names, _as_wide(found, names)


def _as_wide(found: Iterator[list[str]], names: Sequence[str]) -> Iterator[list[str]]:
    for number, row in enumerate(found):
        if len(row) != len(names):
            raise BadTable.width(f"row {number}", len(row), names)
        yield row


def quick_values(cells: Sequence[str], kind: Kind) -> list[Any] | None:
    """The values of a column's cells where all are well, None where `values` must look at each."""
    if kind is Kind.BOOLEAN:
        truths = list(map(_TRUTH.get, cells))
        return None if None in truths else truths
    quick = _QUICK.get(kind)
    if quick is None:
        return [cell or None for cell in cells]
    if "_" in "".join(cells):  # Python reads 1_000 as a number, CSV does not
        return None
    try:
        found = list(map(quick, cells))
        return found if math.isfinite(sum(found)) else None
    except (ValueError, OverflowError):
        return None


def values(cells: Sequence[str], kind: Kind) -> list[Any]:
    """The values of a column's cells; what is none of its kind stays text."""
    return list(map(READERS[kind], cells))


def column_cells(found: Sequence[Any]) -> list[str]:
    """The cells of a column's values: numbers with all digits, booleans as in JSON, null as nothing."""
    if found and all(type(value) is float for value in found):
        return _encode(found)[1:-1].decode().replace("null", "").split(",")
    return list(map(cell, found))


def cell(value: Any) -> str:
    """A value as text, as `column_cells` has it."""
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value)


def _integer(text: str) -> object:
    plain = text.strip()
    if not plain:
        return None
    if not _INTEGER.fullmatch(plain):
        return text
    found = int(plain)
    return found if -(2**63) <= found < 2**64 else text


def _number(text: str) -> object:
    plain = text.strip()
    if not plain:
        return None
    return float(plain) if _NUMBER.fullmatch(plain) and abs(float(plain)) < float("inf") else text


def _truth(text: str) -> object:
    plain = text.strip()
    return _TRUTH.get(plain.lower(), text) if plain else None


def _text(text: str) -> object:
    return text or None


READERS: dict[Kind, Callable[[str], object]] = {
    Kind.INTEGER: _integer,
    Kind.NUMBER: _number,
    Kind.BOOLEAN: _truth,
    Kind.STRING: _text,
    Kind.TIMESTAMP: _text,
}


_QUICK: dict[Kind, Callable[[str], Any]] = {Kind.INTEGER: int, Kind.NUMBER: float}

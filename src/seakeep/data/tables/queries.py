"""The answer to a query as a Source: fetched whole in one transaction when it is opened, kept as Parquet files of this process.

Called by tables.postgresql and tables.sqlite, which know how to connect. A dataset must be the same whenever it is looked at, and a table under writing is
not; so the answer is one snapshot, and pieces, statistics and digest are of it. What is hard is a database that drops the connection:
nothing was handed out yet, so what came is thrown away and it is asked again; and secrets, which stay in the address that the driver is
given and are in nothing else.
"""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import polars as pl

from seakeep.core.addresses import redacted
from seakeep.data.content import digest_of_frames
from seakeep.data.errors import CannotQuery
from seakeep.data.reading.landing import land

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from contextlib import AbstractContextManager

    from seakeep.data.reading.landing import Landed

PAUSES_SECONDS = (0.2, 1.0, 3.0)
"""Before another try, where the connection was lost."""
_QUOTED = re.compile(r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|\$(\w*)\$.*?\$\1\$|--[^\n]*|/\*.*?\*/", re.DOTALL)
_ORDER = re.compile(r"[()]|\border\s+by\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class QuerySource:
    """An answer. called: the database, without secrets. query: in its SQL. landed: the rows."""

    called: str
    query: str
    landed: Landed

    @property
    def description(self) -> str:
        """What to call this table in messages."""
        return f"{self.called}: {' '.join(self.query.split())}"

    def pieces(self) -> Sequence[pl.LazyFrame]:
        """The rows in the answer's order, some 2^19 a piece."""
        return self.landed.pieces()

    def files(self) -> Sequence[str]:
        """None that is anybody else's."""
        return ()

    def digest(self) -> str:
        """SHA-256 of names, types and values in the answer's order; neither the query nor the database's place counts."""
        return digest_of_frames(piece.collect() for piece in self.pieces())


class Lost(Exception):
    """The connection was lost, or could not be had; it may be had later."""


def asked(
    address: str, query: str | None, answered: Callable[[str], AbstractContextManager[Iterator[pl.DataFrame]]]
) -> QuerySource:
    """The answer to a query.

    Parameters: answered: a context in which the answer's frames can be had; raises Lost where another try may help.
    Raises: UsageError, without a query or an ORDER BY; CannotQuery, after as many tries as there are pauses and one.
    """
    if query is None:
        raise CannotQuery.no_query(address)
    if not is_ordered(query):
        raise CannotQuery.unordered(address, query)
    for pause in (*PAUSES_SECONDS, None):
        try:
            with answered(query) as frames:
                return QuerySource(redacted(address), query, _landed(frames, address))
        except Lost as error:
            if pause is None:
                raise CannotQuery.unreachable(address, str(error), len(PAUSES_SECONDS) + 1) from error
            time.sleep(pause)
    raise AssertionError


def is_ordered(query: str) -> bool:
    """Whether a query's rows are ordered, and not only those of a query or a window within it.

    >>> is_ordered("select a from (select a from t order by a) t"), is_ordered("select a from t order by a")
    (False, True)
    """
    depth = 0
    for sign in _ORDER.finditer(_QUOTED.sub("''", query)):
        if sign[0] in "()":
            depth += 1 if sign[0] == "(" else -1
        elif depth == 0:
            return True
    return False


def checked_names(names: Sequence[str], address: str) -> None:
    """Raise CannotQuery for a name that two columns of an answer have."""
    twice = [name for name in dict.fromkeys(names) if list(names).count(name) > 1]
    if twice:
        raise CannotQuery.twice(address, twice[0])


def framed(batch: Any, address: str) -> pl.DataFrame:
    """An Arrow batch or table as a frame. Raises CannotQuery, for a type that Polars does not have."""
    try:
        batch.validate(full=True)  # SQLite's driver hands on bytes as text
        frame = pl.from_arrow(batch)
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, ValueError, TypeError) as error:
        for name in batch.schema.names:
            told = batch.schema.field(name).type
            raise CannotQuery.unknown_type(address, name, str(told)) from error
        raise
    assert isinstance(frame, pl.DataFrame)
    return frame


def _landed(frames: Iterator[pl.DataFrame], address: str) -> Landed:
    first = next(frames)
    return land(_all(first, frames), redacted(address), schema=first.schema)


def _all(first: pl.DataFrame, rest: Iterator[pl.DataFrame]) -> Iterator[pl.DataFrame]:
    yield first
    yield from rest

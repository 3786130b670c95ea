"""CSV: a line a row, below a line with the columns' names or in the order of the model's inputs; and the answer as a table."""

from __future__ import annotations

import csv
import io
from itertools import islice
from typing import TYPE_CHECKING, Any

from seakeep.serving.server.form import Notation, Reading
from seakeep.serving.server.receiving import TOGETHER, media_of
from seakeep.serving.server.refusals import Refusal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from seakeep.core.kinds import Kind
    from seakeep.serving.served import Served
    from seakeep.serving.server.ask import Ask
    from seakeep.serving.server.contract import Contract
    from seakeep.serving.server.engine import Answered
    from seakeep.serving.server.form import HeaderList, Headers

MEDIA = "text/csv"
_ANSWER = f"{MEDIA}; charset=utf-8; header=present"


class Reader:
    """Reads requests for one model. Parameters: contract: what they may hold."""

    def __init__(self, contract: Contract) -> None:
        from seakeep.serving.server.careful import CarefulReader
        from seakeep.serving.server.weighing import Scale

        self._careful, self._scale = CarefulReader(contract), Scale(contract)
        self._names, self._key, self._row_limit = contract.names, contract.key, contract.row_limit
        self._columns = contract.columns
        self._known = frozenset((*contract.names, *contract.ignored))
        self._kinds = {column.name: column.kind for column in contract.columns}

    def read(self, body: bytes, headers: Headers) -> Ask:
        """What `body` asks for. Raises Refusal."""
        from seakeep.core.kinds import Kind
        from seakeep.serving.server.delimited import values
        from seakeep.serving.server.refusals import BadInput

        self._scale.csv(body)
        names, found = self._titled(body, headers)
        columns: list[list[str]] = [[] for _ in names]
        rows = 0
        while piece := list(islice(found, TOGETHER)):
            rows += len(piece)
            if rows > self._row_limit:
                raise BadInput.too_many_rows(rows + sum(1 for _ in found), self._row_limit)
            for own, more in zip(columns, zip(*piece, strict=True), strict=True):
                own.extend(more)
        if not rows:
            raise BadInput.no_rows("the body")
        cells = dict(zip(names, columns, strict=True))
        if (ask := self._quick(cells, rows)) is not None:
            return ask
        return self._careful.read_table({n: values(own, self._kinds.get(n, Kind.STRING)) for n, own in cells.items()})

    def _quick(self, cells: Mapping[str, Sequence[str]], rows: int) -> Ask | None:
        """The ask, or None for the careful reader to judge. Raises Refusal where a value may not come in."""
        from seakeep.serving.server.ask import Ask

        if not self._known.issuperset(cells) or not self._kinds.keys() <= cells.keys():
            return None
        found = [_quick_values(cells[column.name], column.kind) for column in self._columns]
        if any(values is None for values in found):
            return None
        columns = [column.admit_natural(values or []) for column, values in zip(self._columns, found, strict=True)]
        keys = None
        if self._key in self._kinds:
            keys = columns[list(self._kinds).index(self._key)]
        elif self._key is not None and self._key in cells:
            keys = [value or None for value in cells[self._key]]
        return Ask(columns, rows, True, keys=keys)

    def key(self, body: bytes, headers: Headers) -> str | None:
        """The key column's value in the first row. Never raises."""
        if self._key is None:
            return None
        try:
            names, found = self._titled(body, headers)
            first = next(found, None)
        except Refusal:
            return None
        return first[list(names).index(self._key)] or None if first and self._key in names else None

    def _titled(self, body: bytes, headers: Headers) -> tuple[list[str], Iterator[list[str]]]:
        from seakeep.serving.server.delimited import table, titled

        parameters = media_of(headers, (MEDIA,)).partition(";")[2]
        header = {"header=present": True, "header=absent": False}.get(parameters)
        names, found = titled(table(body), self._names, self._known, header=header)
        return list(names), found


def _quick_values(cells: Sequence[str], kind: Kind) -> list[Any] | None:
    """As `delimited.quick_values`, some thousand cells together."""
    from seakeep.serving.server.delimited import quick_values

    made: list[Any] = []
    for begin in range(0, len(cells), TOGETHER):
        part = quick_values(cells[begin : begin + TOGETHER], kind)
        if part is None:
            return None
        made += part
    return made


def reader(contract: Contract) -> Reading:
    """What reads bodies for one model."""
    own = Reader(contract)
    return Reading(own.read, own.key)


def writer(served: Served) -> Callable[[Answered, Headers], tuple[HeaderList, bytes]]:
    """What writes answers of one release."""
    from seakeep.serving.server.delimited import column_cells
    from seakeep.serving.server.tabular import about, answer_columns

    def write(answered: Answered, headers: Headers) -> tuple[HeaderList, bytes]:
        del headers
        columns = answer_columns(served, answered)
        written = io.StringIO()
        lines = csv.writer(written, lineterminator="\n")
        lines.writerow([name for name, _ in columns])
        for row in range(0, answered.ask.rows, TOGETHER):
            cells = [column_cells(values[row : row + TOGETHER]) for _, values in columns]
            lines.writerows(zip(*cells, strict=True))
        return [("content-type", _ANSWER), *about(served, answered)], written.getvalue().encode()

    return write


NOTATION = Notation("csv", (MEDIA,), reader, writer)

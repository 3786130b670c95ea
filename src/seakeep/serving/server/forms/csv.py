"""CSV: a line a row, below a line with the columns' names or in the order of the model's inputs; and the answer as a table."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

from seakeep.serving.server.form import Notation, Reading
from seakeep.serving.server.receiving import media_of
from seakeep.serving.server.refusals import Refusal

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

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

        self._careful = CarefulReader(contract)
        self._names, self._key, self._row_limit = contract.names, contract.key, contract.row_limit
        self._columns = contract.columns
        self._known = frozenset((*contract.names, *contract.ignored))
        self._kinds = {column.name: column.kind for column in contract.columns}

    def read(self, body: bytes, headers: Headers) -> Ask:
        """What `body` asks for. Raises Refusal."""
        from seakeep.core.kinds import Kind
        from seakeep.serving.server.delimited import values
        from seakeep.serving.server.refusals import BadInput

        names, found = self._titled(body, headers)
        if not found:
            raise BadInput.no_rows("the body")
        cells = dict(zip(names, zip(*found, strict=True), strict=True))
        if (ask := self._quick(cells, len(found))) is not None:
            return ask
        return self._careful.read_table({n: values(own, self._kinds.get(n, Kind.STRING)) for n, own in cells.items()})

    def _quick(self, cells: Mapping[str, Sequence[str]], rows: int) -> Ask | None:
        """The ask, or None for the careful reader to judge. Raises Refusal where a value may not come in."""
        from seakeep.serving.server.ask import Ask
        from seakeep.serving.server.delimited import quick_values

        if rows > self._row_limit or not self._known.issuperset(cells) or not self._kinds.keys() <= cells.keys():
            return None
        found = [quick_values(cells[column.name], column.kind) for column in self._columns]
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
            names, found = self._titled(body[: 1 << 16].rpartition(b"\n")[0] or body, headers)
        except Refusal:
            return None
        return found[0][list(names).index(self._key)] or None if found and self._key in names else None

    def _titled(self, body: bytes, headers: Headers) -> tuple[list[str], list[list[str]]]:
        from seakeep.serving.server.delimited import table, titled

        parameters = media_of(headers, (MEDIA,)).partition(";")[2]
        header = {"header=present": True, "header=absent": False}.get(parameters)
        names, found = titled(table(body), self._names, self._known, header=header)
        return list(names), found


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
        lines.writerows(zip(*(column_cells(values) for _, values in columns), strict=True))
        return [("content-type", _ANSWER), *about(served, answered)], written.getvalue().encode()

    return write


NOTATION = Notation("csv", (MEDIA,), reader, writer)

"""Examples: requests in every form that a model answers, all of one row that keeps its contract.

A value is looked for where the contract and training have some: what is typical of training, what the contract lists, its bounds, a text that
its pattern matches. What is hard are rules between columns: combinations are tried, some thousands at most. Where no row is found the
document has no examples, rather than ones that are refused.
"""

from __future__ import annotations

import csv
import io
import itertools
import json
import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from seakeep.core.kinds import Kind, Task
from seakeep.features.nulls import MISSING_TEXT, MISSING_TIME
from seakeep.serving.server.filling import likely
from seakeep.serving.server.intervals import Intervals
from seakeep.serving.server.limits import limits_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from seakeep.core.model import Input
    from seakeep.core.schema import ColumnSchema
    from seakeep.core.statistics import ColumnStatistics
    from seakeep.serving.served import Served

_PLAIN: dict[Kind, tuple[Any, ...]] = {
    Kind.INTEGER: (1, 0),
    Kind.NUMBER: (1.5, 0.0),
    Kind.BOOLEAN: (True, False),
    Kind.STRING: ("a", "https://example.org/a"),
    Kind.TIMESTAMP: (1_735_732_800_000_000,),
}
_DATATYPES = {
    Kind.INTEGER: "INT64",
    Kind.NUMBER: "FP64",
    Kind.BOOLEAN: "BOOL",
    Kind.STRING: "BYTES",
    Kind.TIMESTAMP: "BYTES",
}
_INT64 = 2**63
_MOST_VALUES, _MOST_ROWS = 6, 20_000
_LEVEL = 0.9


@dataclass(frozen=True, slots=True)
class Examples:
    """Bodies by name, each of which is answered; none where none was found. row: that they are of, as a request writes it."""

    row: Mapping[str, Any] = field(default_factory=dict)
    requests: Mapping[str, Any] = field(default_factory=dict)
    explained: Mapping[str, Any] = field(default_factory=dict)
    lines: Mapping[str, str] = field(default_factory=dict)
    csv: Mapping[str, str] = field(default_factory=dict)
    labels: Mapping[str, Any] = field(default_factory=dict)


def examples_of(served: Served) -> Examples:
    """Examples for a release. Reads its statistics; takes milliseconds."""
    model = served.model
    label = 1.5 if model.task is Task.REGRESSION else model.classes[0]
    labels = {"by_key": {"labels": [{"key": "a", "label": label}]}}
    statistics = served.statistics.columns
    row = _row(served, statistics)
    if row is None:
        return Examples(labels=labels)
    rows = {"rows": {"rows": [row]}}
    requests: dict[str, Any] = {
        **rows,
        "columns": {"columns": {name: [value] for name, value in row.items()}},
        "tensors": {"inputs": [_tensor(column, row[column.name]) for column in model.inputs]},
    }
    if Intervals(served).highest >= _LEVEL:
        requests["interval"] = {**rows["rows"], "parameters": {"interval": _LEVEL}}
    has_baseline = any(column.name in statistics for column in model.inputs)
    line = json.dumps(row, ensure_ascii=False)
    return Examples(row, requests, rows if has_baseline else {}, {"rows": f"{line}\n{line}\n"}, _csv(row), labels)


def _row(served: Served, statistics: Mapping[str, ColumnStatistics]) -> dict[str, Any] | None:
    """A row that keeps the contract, as a request writes it; None where none was found."""
    from seakeep.serving.server.explaining import readable  # NumPy, which the parent lives without

    model = served.model
    found = [
        list(itertools.islice(_allowed(column, model.schema.columns.get(column.name), statistics), _MOST_VALUES))
        for column in model.inputs
    ]
    keeps = _rules(served)
    tried = itertools.islice(itertools.product(*found), _MOST_ROWS)
    values = next((values for values in tried if keeps(values)), None)
    if values is None:
        return None
    return {column.name: readable(column.kind, value) for column, value in zip(model.inputs, values, strict=True)}


def _rules(served: Served) -> Any:
    """Whether a row breaks no rule of the contract that the door reads."""
    from seakeep.serving.server.door import judges_of

    judges = judges_of(served)
    return lambda values: not any(judge([values[at] for at in places]) is False for judge, places in judges)


def _allowed(column: Input, schema: ColumnSchema | None, statistics: Mapping[str, ColumnStatistics]) -> Iterator[Any]:
    """Different values of a column that keep its contract, the likeliest first; None last, where it may be missing."""
    limits, seen = limits_of(column.name, column.kind, schema), set()
    for value in _candidates(column.kind, schema, statistics.get(column.name)):
        if value in seen or not _fits(column.kind, value) or any(limit.breaks(value) for limit in limits):
            continue
        seen.add(value)
        yield value
    if schema is not None and (schema.missing_at_most > 0 or not schema.required):
        yield None


def _candidates(kind: Kind, schema: ColumnSchema | None, statistics: ColumnStatistics | None) -> Iterator[Any]:
    if statistics is not None:
        yield from itertools.islice(likely(kind, statistics), _MOST_VALUES)
    if schema is None:
        yield from _PLAIN[kind]
        return
    yield from (float(value) if kind is Kind.NUMBER else value for value in schema.values or ())
    yield from _PLAIN[kind]
    if kind.is_numeric:
        yield from _within(kind, schema)
    elif kind is Kind.STRING:
        yield from _texts(schema)


def _within(kind: Kind, schema: ColumnSchema) -> Iterator[int | float]:
    """The bounds of a number, rounded inwards where it is whole, and what lies between them."""
    least, most = schema.minimum, schema.maximum
    middle = None if least is None or most is None else least / 2 + most / 2
    for bound, inwards in ((least, math.ceil), (middle, math.floor), (most, math.floor)):
        if bound is not None and math.isfinite(bound):
            yield float(bound) if kind is Kind.NUMBER else inwards(bound)


def _texts(schema: ColumnSchema) -> Iterator[str]:
    """Texts of the least length that is allowed, and one that the pattern matches."""
    least = schema.length_at_least or 0
    yield "a" * least
    yield "https://example.org/".ljust(least, "a")
    if not schema.pattern:
        return
    from seakeep.data.rows.automaton import Automaton
    from seakeep.data.rows.regular import Unread, read

    try:
        found = Automaton(read(schema.pattern)).shortest(schema.pattern, least=least)
    except Unread:  # it is not held against requests either
        return
    if found is not None:
        yield found


def _fits(kind: Kind, value: Any) -> bool:
    """Whether a value can be written in a request of this kind, as itself."""
    if kind is Kind.BOOLEAN:
        return isinstance(value, bool)
    if kind is Kind.STRING:
        return isinstance(value, str) and value != MISSING_TEXT
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return False
    return kind is Kind.NUMBER or (-_INT64 < value < _INT64 and value != MISSING_TIME and _is_dated(kind, int(value)))


def _is_dated(kind: Kind, value: int) -> bool:
    """Whether a time is of a year that has a text; every other whole number is."""
    from seakeep.serving.server.explaining import readable

    return kind is not Kind.TIMESTAMP or isinstance(readable(kind, value), str)


def _tensor(column: Input, value: Any) -> dict[str, Any]:
    return {"name": column.name, "datatype": _DATATYPES[column.kind], "shape": [1], "data": [value]}


def _csv(row: Mapping[str, Any]) -> dict[str, str]:
    """The row as CSV with a header; none where a text would not come back as itself: the empty one is null there."""
    if "" in row.values():
        return {}
    text = io.StringIO()
    made = csv.writer(text, lineterminator="\n")
    made.writerow(row)
    made.writerow(_cells(list(row.values())))
    return {"rows": text.getvalue()}


def _cells(values: Sequence[Any]) -> list[Any]:
    return [str(value).lower() if isinstance(value, bool) else value for value in values]

"""check_operation: what a feature operation must keep to, whoever wrote it. The built-in ones pass it too.

    def test_my_operation_keeps_the_rules() -> None:
        check_operation("my_operation", number("number").then("my_operation", 3))

The features are fitted on an ordinary table and then asked about a hostile one. Both have the columns number, whole (integers),
flag (booleans), text, word and time.
"""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from seakeep.data import profile, read
from seakeep.features import Features, FittedFeatures, Session, feeds, fit
from seakeep.features.operation import module_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from seakeep.features import Feature

ABSOLUTE = 1e-15
_SCHEMA: dict[str, pl.DataType | type[pl.DataType]] = {
    "number": pl.Float64,
    "whole": pl.Int64,
    "flag": pl.Boolean,
    "text": pl.String,
    "word": pl.String,
    "time": pl.Datetime("us"),
}


def check_operation(name: str, *features: Feature) -> None:
    """Raise AssertionError, saying what is wrong, unless operation `name` keeps the rules in each of `features`.

    The rules: its file says what it is; declaration and state are frozen dataclasses; the state reads back equal from JSON;
    graph and NumPy reference agree on hostile values within one unit in the last place of a float32 (or 1e-15); answers
    are equal to the bit whatever the batch's size, none included; every item has a name of its own; NaN comes out only
    where the declaration says that a value can be missing; and a table cut in pieces fits to the same state.
    """
    module = module_of(name)
    _require(bool(module.__doc__), f"{name} does not say what it is: its module has no docstring")
    _require(hasattr(module, "DECLARATION") and hasattr(module, "STATE"), f"{name} lacks DECLARATION or STATE")
    for kind in (module.DECLARATION, module.STATE):
        _require(_is_frozen(kind), f"{kind.__name__} is not a frozen dataclass with slots")
    _require(bool(features), "give at least one feature that uses the operation")
    for feature in features:
        used = any(isinstance(operation, module.DECLARATION) for operation in feature.chain)
        _require(used, f"{feature} does not use {name}")
    for chosen in (*((feature,) for feature in features), _named(features)):
        check_features(Features(*chosen), hostile_table())


def check_features(features: Features, table: pl.DataFrame) -> None:
    """Raise AssertionError unless `features`, fitted on an ordinary table, keep the rules above for the rows of `table`."""
    training = read(ordinary_table())
    fitted = fit(features, profile(training), training)
    parts = [profile(read(part)) for part in (ordinary_table()[:7], ordinary_table()[7:])]
    whole = fit(features, parts[0] + parts[1], training)
    _require(fitted == whole, f"{features} is fitted to another state when the table comes in pieces")
    again = FittedFeatures.from_json(fitted.to_json())
    _require(again == fitted and again.digest == fitted.digest, f"{features} does not read back equal from JSON")
    arrays = feeds(table, fitted.inputs)
    session = Session(fitted.lower().SerializeToString())
    answer = _answer(session, arrays)
    expected = fitted.reference_of(arrays)
    _require(answer.shape == (table.height, len(fitted.names)), f"{features} gives the shape {answer.shape}")
    _require_near(answer, expected, fitted, table)
    for rows in (0, 1, 3, 9):
        starts = range(0, table.height, rows) if rows else (0,)
        batches = np.concatenate([_answer(session, _cut(arrays, start, rows)) for start in starts])
        same = batches.tobytes() == answer[: len(batches)].tobytes() and len(batches) == min(rows, 1) * table.height
        _require(same, f"{features} answers differently in batches of {rows} rows")
    ordinary = (~table["number"].is_infinite()).fill_null(value=True).to_numpy()
    absent = np.array(fitted.names)[np.isnan(answer[ordinary]).any(axis=0)].tolist()
    unannounced = set(absent) - set(fitted.may_be_missing)
    _require(not unannounced, f"{sorted(unannounced)} are NaN, which the operations do not announce (leaves_missing)")


def ordinary_table(rows: int = 60) -> pl.DataFrame:
    """A table to fit on: every column has some missing values, numbers are above -1."""
    start = datetime(2013, 1, 1)  # noqa: DTZ001  (a column without a zone is meant)
    return pl.DataFrame(
        {
            "number": [None if i % 11 == 5 else i * 1.37 % 17 for i in range(rows)],
            "whole": [None if i % 13 == 3 else i * i % 10 - 2 for i in range(rows)],
            "flag": [None if i % 7 == 2 else i % 3 == 0 for i in range(rows)],
            "text": [None if i % 9 == 4 else "ABCDEFG"[i * i % 7] for i in range(rows)],
            "word": [None if i % 10 == 6 else ["JFK", "LGA", "EWR", "", "None", "Zürich"][i % 6] for i in range(rows)],
            "time": [None if i % 12 == 8 else start + timedelta(hours=31.7 * i) for i in range(rows)],
        },
        schema=_SCHEMA,
    )


def hostile_table() -> pl.DataFrame:
    """A table of what breaks feature code: every value beside a missing one, 25 rows."""
    tiny, huge = 5e-324, 1.7976931348623157e308
    numbers = [0.0, -0.0, tiny, -tiny, 1e-300, huge, -huge, float("inf"), float("-inf"), float("nan"), None, -1.0, -2.0]
    numbers += [-0.9999999999999999, 1.0, 6.85, 16.44, 23.0, 24.0, 1e15, 1e16, 1e22, 2.0**53 + 2, 0.1, 1e38]
    integers = [0, 1, -1, None, 2**53, -(2**53), 2**62, -(2**63), 2**63 - 1, 7, 5, 3, 2, -2]
    texts = [
        "",
        "None",
        "nan",
        "null",
        "A",
        "a",
        " A",
        "A ",
        "é",
        "e\u0301",
        "日本語",
        "🛫",
        "x" * 5000,
        "a\x00b",
        "\x1f",
        None,
    ]
    texts += ["A\x1fB", "\n", "JFK", "Zürich", "\ufffd", "0", "-9223372036854775808", "\U0010ffff", "abc"]
    first, last = datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC)
    stamps = [first, last, datetime(1969, 12, 31, 23, 59, 59, 999999, tzinfo=UTC), datetime(2000, 2, 29, tzinfo=UTC)]
    stamps += [
        datetime(1900, 3, 1, tzinfo=UTC),
        datetime(2024, 12, 31, 23, tzinfo=UTC),
        datetime(400, 12, 31, tzinfo=UTC),
    ]
    epoch = datetime(1970, 1, 1, tzinfo=UTC)
    times: list[int | None] = [(stamp - epoch) // timedelta(microseconds=1) for stamp in stamps]
    times += [0, -1, None, 2**63 - 1, -(2**63) + 1, 253_402_300_800_000_000, -62_135_596_800_000_001]
    rows = len(numbers)
    return pl.DataFrame(
        {
            "number": pl.Series(numbers, dtype=pl.Float64),
            "whole": pl.Series(_repeated(integers, rows), dtype=pl.Int64),
            "flag": pl.Series(_repeated([True, None, False], rows), dtype=pl.Boolean),
            "text": pl.Series(texts, dtype=pl.String),
            "word": pl.Series(texts[::-1], dtype=pl.String),
            "time": pl.Series(_repeated(times, rows), dtype=pl.Int64).cast(pl.Datetime("us")),
        }
    )


def _require_near(
    answer: NDArray[np.float32], expected: NDArray[np.float32], fitted: FittedFeatures, table: pl.DataFrame
) -> None:
    with np.errstate(invalid="ignore", over="ignore"):
        near = np.abs(answer.astype(np.float64) - expected) <= np.maximum(np.spacing(np.abs(expected)), ABSOLUTE)
    near |= (answer == expected) | (np.isnan(answer) & np.isnan(expected))
    for row, item in np.argwhere(~near):
        name = fitted.names[item]
        values = {source: table[source][int(row)] for source in fitted.sources[name]}
        raise AssertionError(f"{name} of {values}: graph {answer[row, item]!r}, reference {expected[row, item]!r}")


def _answer(session: Session, arrays: dict[str, NDArray[np.generic]]) -> NDArray[np.float32]:
    answer: NDArray[np.float32] = session.run(["features"], arrays)[0]
    return answer


def _cut(arrays: dict[str, NDArray[np.generic]], start: int, rows: int) -> dict[str, NDArray[np.generic]]:
    return {name: array[start : start + rows] for name, array in arrays.items()}


def _named(features: Sequence[Feature]) -> tuple[Feature, ...]:
    """Each feature twice, so that several columns are lowered together."""
    return tuple(feature.named(f"{turn} {i}") for turn in ("once", "again") for i, feature in enumerate(features))


def _repeated(values: Sequence[object], rows: int) -> list[object]:
    return [values[i % len(values)] for i in range(rows)]


def _is_frozen(kind: type) -> bool:
    parameters = getattr(kind, "__dataclass_params__", None)
    return dataclasses.is_dataclass(kind) and parameters is not None and parameters.frozen and "__slots__" in vars(kind)


def _require(holds: bool, otherwise: str) -> None:
    if not holds:
        raise AssertionError(otherwise)

"""The conformance suite of kinds of findings: what `data.inspect` relies on, whoever wrote the kind.

A kind that breaks on an empty column, tells another fact in every run, or grows with the rows would spoil an inspection of every
other kind. Each law is one function; a broken one raises AssertionError with the law and what was found.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from seakeep.core import plugins
from seakeep.core.kinds import Kind
from seakeep.data import inspect, read
from seakeep.testing.laws import hold

if TYPE_CHECKING:
    from seakeep.core.report import Report

_GROUP = "data.quality.findings"
_COSTS, _ROLES = ("statistics", "rows", "both tables"), ("label", "time", "key", "against")
_ROWS = 510


def check_finding(name: str) -> None:
    """Hold the kind of finding called `name` to the laws; raises AssertionError naming the first that it breaks.

    The module must offer MEANING, COST, NEEDS, LEAST_ROWS, `find(table, look)` and, where it must see every row, `look(table)`; see
    `seakeep.data.quality.finding`.
    """
    module = plugins.load(_GROUP, name)
    _check_constants(module)
    for label, table in _tables().items():
        report = _inspected(name, table)
        _check_facts(name, label, report)
        hold(report == _inspected(name, table), f"the same table gives the same facts ({label})", report.checks)
        hold(
            report == _inspected(name, table, cut=True),
            f"the pieces that a table comes in leave no trace ({label})",
            report.checks,
        )


def _check_constants(module: Any) -> None:
    meaning = getattr(module, "MEANING", None)
    hold(isinstance(meaning, str) and meaning.endswith("."), "MEANING is a sentence", meaning)
    hold(getattr(module, "COST", None) in _COSTS, f"COST is one of {_COSTS}", getattr(module, "COST", None))
    needs = getattr(module, "NEEDS", None)
    hold(isinstance(needs, tuple) and set(needs) <= set(_ROLES), f"NEEDS holds some of {_ROLES}", needs)
    least = getattr(module, "LEAST_ROWS", None)
    hold(isinstance(least, int) and least >= 1, "LEAST_ROWS is a number of rows, at least 1", least)
    kinds = getattr(module, "KINDS", ())
    hold(isinstance(kinds, tuple) and set(kinds) <= set(Kind), "KINDS holds kinds of columns", kinds)
    hold(
        not (module.COST == "statistics" and hasattr(module, "look")), "who needs statistics alone sees no rows", module
    )


def _check_facts(name: str, label: str, report: Report) -> None:
    hold(bool(report.checks), f"a kind says something of every table ({label})", report.checks)
    for check in report.checks:
        hold(check.code in (f"quality.{name}", "quality.rows"), f"the code is the kind's ({label})", check.code)
        hold(bool(check.message) and bool(check.subject), f"a fact has a subject and a sentence ({label})", check)
        hold(check.verdict.value == "pass" or bool(check.fix), f"a fact says what to do ({label})", check)
    hold(type(report).load is not None and len(report.digest) == 64, f"facts are plain values ({label})", report)


def _inspected(name: str, table: pl.DataFrame, *, cut: bool = False) -> Report:
    lazy = pl.concat([table[:7], table[7:]]) if cut else table
    others = read(table.head(max(1, table.height // 2)))
    return inspect(read(lazy), label="label", time="time", key="key", against=others, only=[name])


def _tables() -> dict[str, pl.DataFrame]:
    """Tables that break what was not thought of: no rows, one row, nothing but nulls, every type, hostile values."""
    full = _full()
    return {
        "every type": full,
        "no rows": full.clear(),
        "one row": full.head(1),
        "all missing": full.with_columns(pl.lit(None, dtype=dtype).alias(name) for name, dtype in full.schema.items()),
        "one value": pl.concat([full.head(1)] * _ROWS),
    }


def _full() -> pl.DataFrame:
    numbers = pl.int_range(_ROWS, eager=True)
    floats = [float("nan"), float("inf"), -float("inf"), -0.0, 5e-324, 1.7e308]
    texts = ["", " ", "a\x00b", "Ã©", "\ufeff", "🙂", "1,5", "N/A", "2026-01-02", "x" * 2000]
    return pl.DataFrame(
        {
            "label": numbers % 3 == 0,
            "time": pl.datetime_range(
                pl.datetime(2026, 1, 1), pl.datetime(2026, 1, 1) + pl.duration(minutes=_ROWS - 1), "1m", eager=True
            ),
            "key": numbers,
            "number": pl.Series([floats[at % 6] for at in range(_ROWS)]),
            "text": pl.Series([texts[at % 10] for at in range(_ROWS)]),
            "category": pl.Series([f"c{at % 4}" for at in range(_ROWS)], dtype=pl.Categorical),
            "flag": pl.Series([None if at % 5 == 0 else at % 2 == 0 for at in range(_ROWS)]),
            "wide": pl.Series([2**63 + at for at in range(_ROWS)], dtype=pl.UInt64),
            "day": pl.Series([at % 40 for at in range(_ROWS)]).cast(pl.Date),
            "clock": pl.Series([at * 10**9 for at in range(_ROWS)]).cast(pl.Time),
            "wait": pl.Series([at - 5 for at in range(_ROWS)]).cast(pl.Duration("ms")),
            "decimal": pl.Series(list(range(_ROWS))).cast(pl.Decimal(12, 2)),
            "bytes": pl.Series([b"\xff", b"", None] * (_ROWS // 3)),
            "list": pl.Series([[at, None] for at in range(_ROWS)]),
            "struct": pl.Series([{"x": at, "y": "z"} for at in range(_ROWS)]),
            "nothing": pl.Series([None] * _ROWS, dtype=pl.Null),
        }
    )

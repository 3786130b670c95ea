"""Rules in plain Python, as a server judges requests: they give what Polars gives, for rules and rows drawn at random."""

from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import example, given

from seakeep.core.kinds import Kind
from seakeep.data.rows.errors import BadRule
from seakeep.data.rows.expression import Expression
from seakeep.data.rows.plain import judge_of
from seakeep.data.rows.regular import Unread

from . import oracle
from .test_differential import KINDS, TYPES, frame, tables

COLUMNS = {name: KINDS[kind] for name, kind in oracle.COLUMNS.items()}


@given(oracle.made("B", 3).filter(oracle.mentions), tables())
@example(("<", "B", ("column", "N", "f"), ("value", "N", 0.5)), [dict.fromkeys(TYPES) | {"f": float("nan")}])
def test_a_judge_says_what_polars_says(rule, rows):
    text = oracle.text(rule)
    judge, columns = judge_of(text, COLUMNS)
    table = frame(rows)
    expected = table.select(Expression.of(text).polars(table.schema, COLUMNS).alias("answer"))["answer"].to_list()
    assert [judge(tuple(row[name] for name in columns)) for row in rows] == expected, text


@pytest.mark.parametrize(
    ("rule", "error"),
    [("fare > 0 and", BadRule), ("fare", BadRule), ("price > 0", BadRule), (r'matches(code, "\\ba")', Unread)],
)
def test_a_rule_that_cannot_be_judged_is_refused_when_it_is_made(rule, error):
    with pytest.raises(error):
        judge_of(rule, {"fare": Kind.NUMBER, "code": Kind.STRING})


def test_a_time_beyond_the_years_has_no_parts():
    judge, _ = judge_of("year(at) > 0", {"at": Kind.TIMESTAMP})
    assert judge((0,)) is True
    assert judge((2**62,)) is None


def test_a_judge_needs_no_polars():
    code = (
        "import sys; from seakeep.core.kinds import Kind; from seakeep.data.rows.plain import judge_of;"
        r"judge, _ = judge_of('matches(code, \"[A-Z]{3}\") and length(code) = 3', {'code': Kind.STRING});"
        "assert judge(('JFK',)) is True and judge(('jfk',)) is False; assert 'polars' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)

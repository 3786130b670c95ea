"""Skew in a watched window: the contract's own thresholds, serving's statistics against the release's training statistics."""

from __future__ import annotations

from dataclasses import replace

import pytest

from seakeep.core import Verdict
from seakeep.data.statistics.profile import profile_frame
from seakeep.monitoring.skew import judge_skew
from seakeep.pipeline.control.metrics.families import INCIDENT_KINDS

from .conftest import hour, model, raw


def strict(column: str = "temp", **thresholds: float):
    """The watched model, whose contract states thresholds of skew for a column."""
    made = model()
    stated = {**made.schema.columns, column: replace(made.schema.columns[column], skew=thresholds)}
    return replace(made.schema, columns=stated)


def skew_checks(result):
    return {(check.code, check.subject): check for check in result.report.checks if check.code.startswith("skew.")}


def test_a_window_is_judged_by_the_contracts_skew_beside_drift(watched):
    release = watched.again(schema=strict(kolmogorov_smirnov=0.1))
    for number, warmer in enumerate((0.0, 0.6)):
        watched.log(raw(2000, number, warmer=warmer), number, release=release)
    same, moved = watched.monitor().tick(hour(2.1))
    assert {key: check.verdict for key, check in skew_checks(same).items()} == {
        ("skew.kolmogorov_smirnov", "temp"): Verdict.PASS
    }
    (check,) = skew_checks(moved).values()
    assert (check.verdict, check.threshold) == (Verdict.FAIL, 0.1)
    assert "of serving to training is 0.2" in check.message
    (table,) = (table for table in moved.report.tables if table.name == "skew")
    assert [record["column"] for record in table.records()] == ["temp"]
    assert sum(table.name == "shapes" for table in moved.report.tables) == 1
    opened = {(event.incident.code, event.incident.subject) for event in moved.events}
    assert ("skew.kolmogorov_smirnov", "temp") in opened
    assert {code.partition(".")[0] for code, _ in opened} <= set(INCIDENT_KINDS)


def test_a_contract_without_skew_is_judged_by_drift_alone(watched):
    watched.log(raw(500), 0)
    (result,) = watched.monitor().tick(hour(1.1))
    assert skew_checks(result) == {}
    assert not any(table.name == "skew" for table in result.report.tables)


def test_a_window_of_few_rows_leaves_skew_inconclusive(watched):
    release = watched.again(schema=strict("carrier", l_infinity=0.05))
    watched.log(raw(30), 0, release=release)
    (result,) = watched.monitor().tick(hour(1.1))
    (check,) = skew_checks(result).values()
    assert (check.code, check.verdict) == ("skew.l_infinity", Verdict.INCONCLUSIVE)


def test_a_column_that_lost_all_its_values_is_told_and_not_drawn(watched):
    release = watched.again(schema=strict(kolmogorov_smirnov=0.1, missing_rate=0.05))
    frame = raw(2000).with_columns(temp=None)
    watched.log(frame.cast({"temp": raw(1)["temp"].dtype}), 0, release=release)
    (result,) = watched.monitor().tick(hour(1.1))
    found = {code: check.verdict for (code, _), check in skew_checks(result).items()}
    assert found == {"skew.kolmogorov_smirnov": Verdict.INCONCLUSIVE, "skew.missing_rate": Verdict.FAIL}


def test_a_window_and_a_table_given_by_hand_are_judged_alike():
    schema = strict(kolmogorov_smirnov=0.1)
    training, serving = profile_frame(raw(3000)), profile_frame(raw(2000, 1, warmer=1.0))
    from seakeep.data import validate

    by_hand = [check for check in validate(training, schema, serving=serving).checks if check.code.startswith("skew.")]
    judged = judge_skew(training, serving, schema)
    assert list(judged.checks) == by_hand
    assert judged.failed == ("temp",)
    assert judged.checks[0].observed == pytest.approx(0.38, abs=0.05)

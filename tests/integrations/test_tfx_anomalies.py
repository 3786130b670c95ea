"""Reports to TFX's anomalies and back, and a code of ours for each of TFDV's types, or the reason that there is none."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest

import seakeep
from seakeep.core import Check, Kind, Report, Schema, Verdict
from seakeep.core.schema import ColumnSchema
from seakeep.data.validation.anomalies import MEANINGS
from seakeep.integrations import tfx
from seakeep.integrations._tfx.anomaly_types import CODES, GAPS, SIDES, TYPES
from seakeep.integrations._tfx.files import protos

FAIL, PASS, UNSURE = Verdict.FAIL, Verdict.PASS, Verdict.INCONCLUSIVE


def known() -> set[str]:
    return set(protos("anomalies_pb2").AnomalyInfo.Type.keys())


def test_every_type_of_tfdv_has_a_code_or_a_reason() -> None:
    assert known() == CODES.keys() | GAPS.keys()
    assert not CODES.keys() & GAPS.keys()


def test_every_code_is_one_that_we_have() -> None:
    assert set(CODES.values()) | set(TYPES) | set(SIDES) <= set(MEANINGS)
    assert set(TYPES.values()) | {name for pair in SIDES.values() for name in pair} <= known()


def back(*checks: Check, **given: Any) -> Report:
    message = tfx.anomalies_to_proto(Report("validation", "t", "s", checks), **given).value
    return tfx.anomalies_from_proto(message, subject="s").value


@pytest.mark.parametrize(
    "code", sorted(set(TYPES) | set(SIDES) | {"schema.bounds", "schema.unique", "metric.at_least"})
)
def test_a_failed_check_comes_back_with_its_code_and_message(code: str) -> None:
    found = back(Check(code, "fare", FAIL, "It is wrong.", 3, 5))
    assert [(c.code, c.subject, c.verdict, c.message) for c in found.checks] == [(code, "fare", FAIL, "It is wrong.")]


def test_an_inconclusive_check_is_a_warning() -> None:
    assert back(Check("schema.domain", "fare", UNSURE, "Who knows.")).checks[0].verdict is UNSURE


def test_both_bounds_broken_are_two_reasons_and_one_check() -> None:
    check = Check("schema.bounds", "n", FAIL, "1.0 is below the minimum 2.0 and 9.0 is above the maximum 8.0", 1.0, 2.0)
    message = tfx.anomalies_to_proto(Report("validation", "t", "s", (check,))).value
    names = [protos("anomalies_pb2").AnomalyInfo.Type.Name(each.type) for each in message.anomaly_info["n"].reason]
    assert names == ["FLOAT_TYPE_SMALL_FLOAT", "FLOAT_TYPE_BIG_FLOAT"]
    assert [each.code for each in back(check).checks] == ["schema.bounds"]


def test_the_table_is_the_dataset() -> None:
    check = Check("schema.growth", "table", FAIL, "Too few.", 0.2, 0.5)
    message = tfx.anomalies_to_proto(Report("validation", "t", "s", (check,))).value
    assert not message.anomaly_info
    assert (
        message.dataset_anomaly_info.reason[0].type == protos("anomalies_pb2").AnomalyInfo.COMPARATOR_LOW_NUM_EXAMPLES
    )
    assert back(check).checks[0].subject == "table"


def test_a_table_without_rows_is_missing_data() -> None:
    check = Check("schema.rows", "table", FAIL, "None.", 0, 1)
    message = tfx.anomalies_to_proto(Report("validation", "t", "s", (check,))).value
    assert message.data_missing
    assert {each.code for each in tfx.anomalies_from_proto(message).value.checks} == {"schema.rows"}


def test_fields_of_structs_have_paths_where_the_contract_tells_them() -> None:
    schema = Schema("t", {"a.b": ColumnSchema(Kind.INTEGER), "p": ColumnSchema(Kind.STRUCT)})
    checks = (
        Check("schema.kind", "p.x", FAIL, "m"),
        Check("schema.kind", "a.b", FAIL, "m"),
        Check("schema.kind", "p[]", FAIL, "m"),
    )
    message = tfx.anomalies_to_proto(Report("validation", "t", "s", checks), schema=schema).value
    assert sorted(tuple(info.path.step) for info in message.anomaly_info.values()) == [("a.b",), ("p",), ("p", "x")]
    assert [each.name for each in message.baseline.feature] == ["a.b", "p"]


def test_distances_go_along_whether_they_pass_or_not() -> None:
    checks = (
        Check("drift.jensen_shannon", "n", PASS, "m", 0.1, 0.5),
        Check("skew.l_infinity", "n", FAIL, "m", 0.3, 0.2),
        Check("drift.psi", "n", PASS, "m", 0.1, 0.2),
    )
    message = tfx.anomalies_to_proto(Report("drift", "t", "s", checks)).value
    assert len(message.drift_skew_info) == 1
    drift, skew = message.drift_skew_info[0].drift_measurements, message.drift_skew_info[0].skew_measurements
    assert [(m.value, m.threshold) for m in drift] == [(pytest.approx(0.01), 0.25)]
    assert [(m.value, m.threshold) for m in skew] == [(0.3, 0.2)]
    found = {check.code: (check.verdict, check.observed) for check in tfx.anomalies_from_proto(message).value.checks}
    assert found["drift.jensen_shannon"] == (PASS, pytest.approx(0.1))
    assert found["skew.l_infinity"][0] is FAIL


def test_what_anomalies_do_not_hold_is_told() -> None:
    report = seakeep.validate(
        seakeep.profile(seakeep.read(pl.DataFrame({"a": [1, None]}))), Schema("t", {"a": ColumnSchema(Kind.INTEGER)})
    )
    whats = [each.what for each in tfx.anomalies_to_proto(report).lost]
    assert whats == ["2 checks that passed", "observed values, thresholds, evidence, fixes"]


def anomalies(text: str) -> tfx.Carried[Report]:
    from google.protobuf import text_format

    return tfx.anomalies_from_proto(text_format.Parse(text, protos("anomalies_pb2").Anomalies()))


def test_no_anomaly_is_a_pass_only_where_a_schema_judged_rows() -> None:
    assert anomalies("").value.verdict is UNSURE
    assert anomalies('baseline { feature { name: "a" } }').value.verdict is PASS
    assert anomalies('baseline { feature { name: "a" } } data_missing: true').value.verdict is FAIL


def test_tfdv_says_skew_by_the_word_serving() -> None:
    text = """anomaly_info { key: "a" value { severity: ERROR path { step: "a" } reason { type: COMPARATOR_L_INFTY_HIGH
        description: "The Linfty distance between training and serving is 0.5" } } }"""
    assert [check.code for check in anomalies(text).value.checks] == ["skew.l_infinity"]


def test_a_type_without_a_code_keeps_its_name_and_is_told() -> None:
    text = 'anomaly_info { key: "a" value { severity: ERROR reason { type: SPARSE_FEATURE_LENGTH_MISMATCH } } }'
    carried = anomalies(text)
    assert [(c.code, c.subject) for c in carried.value.checks] == [("tfx.sparse_feature_length_mismatch", "a")]
    assert [each.what for each in carried.lost] == ["SPARSE_FEATURE_LENGTH_MISMATCH"]


def test_an_anomaly_without_a_reason_is_still_one() -> None:
    text = 'anomaly_info { key: "a" value { severity: ERROR description: "Odd." } }'
    assert [(c.code, c.verdict, c.message) for c in anomalies(text).value.checks] == [
        ("tfx.unknown_type", FAIL, "Odd.")
    ]

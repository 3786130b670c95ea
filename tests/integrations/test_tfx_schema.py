"""Contracts to TFX's schemas and back: what each field becomes, and that nothing is dropped in silence."""

from __future__ import annotations

from typing import Any

import pytest

from seakeep.core import Kind, Schema
from seakeep.core.schema import ColumnSchema, RowRule
from seakeep.data import dump_schema
from seakeep.data.contract.reading import read_schema
from seakeep.integrations import tfx
from seakeep.integrations._tfx.fields import CARRIED, LOST
from seakeep.integrations._tfx.files import protos


def parsed(text: str) -> Any:
    from google.protobuf import text_format

    return text_format.Parse(text, protos("schema_pb2").Schema())


def column(text: str, **given: Any) -> tuple[ColumnSchema, tuple[tfx.Lost, ...]]:
    carried = tfx.schema_from_proto(parsed("feature {" + f'name: "c" {text}' + "}"), **given)
    return carried.value["c"], carried.lost


def messages(descriptor: Any, seen: dict[str, Any]) -> dict[str, Any]:
    if descriptor.full_name not in seen and descriptor.full_name.startswith("tensorflow.metadata"):
        seen[descriptor.full_name] = descriptor
        for field in descriptor.fields:
            if field.message_type is not None and f"{descriptor.name}.{field.name}" not in LOST:
                messages(field.message_type, seen)
    return seen


def test_every_field_of_the_proto_has_its_fate() -> None:
    found = {
        f"{each.name}.{field.name}"
        for each in messages(protos("schema_pb2").Schema.DESCRIPTOR, {}).values()
        for field in each.fields
    }
    assert found - CARRIED - set(LOST) == set()
    assert CARRIED & set(LOST) == set()
    assert (CARRIED | set(LOST)) - found == set()


FULL = Schema(
    "trips",
    {
        "id": ColumnSchema(Kind.INTEGER),
        "fare": ColumnSchema(Kind.NUMBER, minimum=-1.5, maximum=250.1, missing_at_most=0.25, drift={"jensen_shannon": 0.5}),
        "strict": ColumnSchema(Kind.NUMBER, nan="refused", infinite=False),
        "open": ColumnSchema(Kind.NUMBER, nan="allowed", infinite=True, note="as it comes"),
        "kind": ColumnSchema(Kind.STRING, values=("a", "b"), others_at_most=0.125, skew={"l_infinity": 0.1}),
        "zip": ColumnSchema(Kind.INTEGER, semantics="categorical", distinct_at_least=2, distinct_at_most=9),
        "late": ColumnSchema(Kind.BOOLEAN),
        "at": ColumnSchema(Kind.TIMESTAMP),
        "until": ColumnSchema(Kind.TIMESTAMP, minimum=0, maximum=10**15),
        "took": ColumnSchema(Kind.DURATION, minimum=0),
        "photo": ColumnSchema(Kind.BINARY, semantics="image", length_at_most=1000),
        "page": ColumnSchema(Kind.STRING, semantics="url"),
        "words": ColumnSchema(Kind.STRING, semantics="natural_language", present_at_least=7, missing_at_most=1.0),
        "tags": ColumnSchema(Kind.LIST, items=ColumnSchema(Kind.STRING, values=("x",)), length_at_least=1, length_at_most=4),
        "grid": ColumnSchema(
            Kind.LIST,
            items=ColumnSchema(Kind.LIST, items=ColumnSchema(Kind.INTEGER, minimum=0), length_at_least=2),
        ),
        "place": ColumnSchema(Kind.STRUCT, fields={"city": ColumnSchema(Kind.STRING), "n": ColumnSchema(Kind.INTEGER)}),
        "tip": ColumnSchema(Kind.NUMBER, available="after"),
        "old": ColumnSchema(Kind.INTEGER, required=False, missing_at_most=1.0, deprecated="nobody knows"),
        "web": ColumnSchema(Kind.STRING, in_=("training", "web")),
        "inner": ColumnSchema(Kind.STRING, not_in=("serving",)),
    },
    label="late",
    time="at",
    key="id",
    rows_at_least=100,
    rows_at_most=10_000,
    growth_at_least=0.5,
    growth_at_most=2.0,
    environments=("web",),
)  # fmt: skip


def test_a_contract_goes_out_and_comes_back_whole() -> None:
    written = tfx.schema_to_proto(FULL)
    back = tfx.schema_from_proto(written.value)
    different = {
        name: (c, back.value.columns[name]) for name, c in FULL.columns.items() if back.value.columns[name] != c
    }
    assert set(different) == {
        "late",
        "web",
    }  # the label and another's environments: said of each column, and meant the same
    for environment in ("training", "serving", "web"):
        assert set(back.value.expected(environment)) == set(FULL.expected(environment))
    assert back.value.label == "late"
    assert (back.value.time, back.value.key, back.value.name) == ("at", "id", "trips")
    assert (back.value.rows_at_least, back.value.rows_at_most) == (100, 10_000)
    assert (back.value.growth_at_least, back.value.growth_at_most) == (0.5, 2.0)
    assert back.lost == ()


def test_what_an_imported_schema_says_is_a_contract_that_can_be_saved() -> None:
    back = tfx.schema_from_proto(tfx.schema_to_proto(FULL).value).value
    assert read_schema(dump_schema(back), where="dumped", version=1) == back


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (ColumnSchema(Kind.INTEGER, unique=True), "unique"),
        (ColumnSchema(Kind.STRING, pattern="[A-Z]+"), "pattern '[A-Z]+'"),
        (ColumnSchema(Kind.STRING, length_at_most=3), "length None to 3"),
        (ColumnSchema(Kind.INTEGER, values=(1, 5)), "values 1, 5"),
        (ColumnSchema(Kind.BOOLEAN, values=(True,)), "values [True]"),
        (ColumnSchema(Kind.NUMBER, distinct_at_most=3), "distinct None to 3"),
        (ColumnSchema(Kind.NUMBER, drift={"psi": 0.2}), "psi: 0.2"),
        (ColumnSchema(Kind.INTEGER, drift={"l_infinity": 0.2}), "l_infinity: 0.2"),
        (ColumnSchema(Kind.NUMBER, minimum=0.123456789012), "min 0.123456789012"),
        (ColumnSchema(Kind.STRING, required=False), "missing_at_most: 0"),
        (ColumnSchema(Kind.STRING, missing_at_most=1.0), "required, and may be all missing"),
        (ColumnSchema(Kind.NUMBER, missing_at_most=0.5), "NaN among the missing values"),
        (ColumnSchema(Kind.STRING, values=("a",), semantics="url"), "semantics url"),
    ],
)
def test_what_tfmd_cannot_say_is_told(given: ColumnSchema, told: str) -> None:
    lost = tfx.schema_to_proto(Schema("t", {"c": given})).lost
    assert told in {each.what for each in lost}
    assert all(each.why for each in lost)


def test_row_rules_are_told() -> None:
    rules = (RowRule("order", holds="a > b"), RowRule("known", refers=("a",), to="other.parquet", by=("a",)))
    lost = tfx.schema_to_proto(Schema("t", {"a": ColumnSchema(Kind.INTEGER)}, rules=rules)).lost
    assert [each.what for each in lost] == ["rule 'order': a > b", "rule 'known': a in other.parquet"]


def test_a_list_whose_items_are_not_told_has_no_type() -> None:
    with pytest.raises(tfx.BadProto, match="does not say what the list holds"):
        tfx.schema_to_proto(Schema("t", {"c": ColumnSchema(Kind.LIST)}))


def test_a_column_without_a_name_is_not_written() -> None:
    with pytest.raises(tfx.BadProto, match="column '': it has no name"):
        tfx.schema_to_proto(Schema("t", {"": ColumnSchema(Kind.INTEGER)}))


def test_a_feature_without_presence_may_be_absent() -> None:
    found, _ = column("type: INT")
    assert (found.required, found.missing_at_most) == (False, 1.0)


def test_presence_is_a_share_and_a_count() -> None:
    found, _ = column("type: INT presence { min_fraction: 0.9 min_count: 5 }")
    assert (found.required, found.missing_at_most, found.present_at_least) == (True, 0.1, 5)


def test_a_fixed_shape_leaves_no_row_without_a_value() -> None:
    found, _ = column("type: INT shape { dim { size: 1 } } presence { min_fraction: 0.5 }")
    assert (found.kind, found.missing_at_most) == (Kind.INTEGER, 0.0)


def test_a_shape_of_several_dimensions_is_one_list_of_so_many() -> None:
    found, lost = column("type: FLOAT shape { dim { size: 2 } dim { size: 3 } }")
    assert (found.kind, found.length_at_least, found.length_at_most) == (Kind.LIST, 6, 6)
    assert [each.what for each in lost] == ["shape [2, 3]"]


@pytest.mark.parametrize("stage", ["PLANNED", "ALPHA", "DEPRECATED", "DEBUG_ONLY", "DISABLED"])
def test_stages_that_tfdv_does_not_judge_are_deprecated(stage: str) -> None:
    assert column(f"type: INT lifecycle_stage: {stage}")[0].deprecated == f"lifecycle stage {stage}"


@pytest.mark.parametrize("stage", ["BETA", "PRODUCTION", "VALIDATION_DERIVED"])
def test_other_stages_are_notes(stage: str) -> None:
    found, _ = column(f"type: INT lifecycle_stage: {stage}")
    assert (found.deprecated, found.note) == ("", f"lifecycle stage {stage}")


def test_strings_that_are_numbers_have_a_pattern_and_go_back() -> None:
    for domain in ("int_domain", "float_domain"):
        found, lost = column(f"type: BYTES {domain} {{ }}")
        assert found.pattern
        assert lost == ()
        assert tfx.schema_to_proto(Schema("t", {"c": found})).value.feature[0].WhichOneof("domain_info") == domain


def test_bounds_of_text_are_told() -> None:
    _, lost = column("type: BYTES int_domain { min: 0 max: 9 }")
    assert [each.what for each in lost] == ["bounds 0 to 9"]


def test_booleans_are_integers_of_two_values_unless_said_otherwise() -> None:
    assert column("type: INT bool_domain { }")[0].values == (0, 1)
    assert column("type: INT bool_domain { }", kinds={"c": Kind.BOOLEAN})[0] == ColumnSchema(
        Kind.BOOLEAN, required=False, missing_at_most=1.0
    )
    found, _ = column('type: BYTES bool_domain { true_value: "yes" false_value: "no" }')
    assert found.values == ("yes", "no")


def test_a_shared_domain_is_found_and_one_that_nobody_names_is_told() -> None:
    text = 'feature { name: "c" type: BYTES domain: "d" } string_domain { name: "d" value: "x" } string_domain { name: "e" }'
    carried = tfx.schema_from_proto(parsed(text))
    assert carried.value["c"].values == ("x",)
    assert [each.what for each in carried.lost] == ["domain 'e'"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("type: BYTES mid_domain { }", "mid_domain"),
        ("type: BYTES natural_language_domain { coverage { min_coverage: 0.5 } }", "coverage"),
        ("type: BYTES image_domain { minimum_supported_image_fraction: 0.9 }", "minimum_supported_image_fraction"),
        ("type: INT time_domain { integer_format: UNIX_SECONDS }", "time_domain UNIX_SECONDS"),
        ("type: FLOAT float_domain { is_embedding: true }", "is_embedding"),
        ("type: FLOAT drift_comparator { infinity_norm { threshold: 0.1 } }", "infinity_norm: 0.1"),
        ("type: INT distribution_constraints { min_domain_mass: 0.5 }", "min_domain_mass: 0.5"),
        ("type: BYTES sequence_metadata { joint_group: 'g' }", "sequence_metadata"),
        ("", "type"),
    ],
)  # fmt: skip
def test_what_a_contract_cannot_say_is_told(text: str, told: str) -> None:
    _, lost = column(text)
    assert any(each.what.startswith(told) for each in lost), lost


def test_tensors_are_told() -> None:
    text = 'feature { name: "c" type: INT } sparse_feature { name: "s" } weighted_feature { name: "w" }'
    assert [each.what for each in tfx.schema_from_proto(parsed(text)).lost] == [
        "sparse_feature s",
        "weighted_feature w",
    ]


def test_thresholds_of_divergence_become_distances() -> None:
    text = "type: FLOAT drift_comparator { jensen_shannon_divergence { threshold: 0.25 } }"
    assert column(text)[0].drift == {"jensen_shannon": 0.5}


def test_environments_are_ours_however_they_are_written() -> None:
    text = (
        'default_environment: "TRAINING" default_environment: "SERVING" '
        'feature { name: "a" type: INT } feature { name: "b" type: INT not_in_environment: "SERVING" } '
        'feature { name: "c" type: INT in_environment: "EVAL" }'
    )
    schema = tfx.schema_from_proto(parsed(text)).value
    assert schema.environments == ("EVAL",)
    assert set(schema.expected("serving")) == {"a"} | ({"c"} & set(schema.expected("serving")))
    assert "b" in schema.expected("training")


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("feature { type: INT }", "a feature has no name"),
        ('feature { name: "a" type: INT } feature { name: "a" type: INT }', "occurs twice"),
        ('feature { name: "a" type: INT int_domain { min: 3 max: 1 } }', "min 3 is above its max 1"),
        ('feature { name: "a" type: BYTES domain: "gone" }', "'gone' is not in the schema"),
        ('feature { name: "a" type: INT presence { min_fraction: 1.5 } }', "min_fraction is 1.5"),
        ('feature { name: "a" type: INT value_count { min: -3 } }', "min is -3, a number of at least 0"),
        ("dataset_constraints { num_examples_drift_comparator { max_fraction_threshold: nan } }", "max_fraction_threshold is nan"),
        ('feature { name: "a" type: INT value_count { min: 3 max: 2 } }', "at least 3 and at most 2"),
        ("dataset_constraints { min_examples_count: 9 max_examples_count: 3 }", "rows_at_least 9 is above"),
    ],
)  # fmt: skip
def test_a_schema_that_contradicts_itself_is_refused(text: str, match: str) -> None:
    with pytest.raises(tfx.BadProto, match=match):
        tfx.schema_from_proto(parsed(text))

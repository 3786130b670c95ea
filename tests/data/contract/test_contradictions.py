"""A contract that contradicts itself is refused, with the lines of both sides; every new field refuses what it cannot mean."""

from __future__ import annotations

from dataclasses import replace

import pytest

from seakeep.core import ColumnSchema, Kind, RowRule, Schema
from seakeep.data.contract.errors import BadContract
from seakeep.data.contract.reading import COLUMN_KEYS, read_schema
from seakeep.data.contract.writing import save_schema

START = "seakeep_schema: 1\nname: t\n"
LATE = "columns:\n  late:\n    kind: boolean\n"


def refused(text: str) -> BadContract:
    with pytest.raises(BadContract) as error:
        read_schema(START + text, where="t.yaml", version=1)
    assert error.value.fix
    return error.value


def column(body: str, kind: str = "string") -> str:
    return "columns:\n  a:\n" + "".join(f"    {line}\n" for line in (f"kind: {kind}", *body.split("\n")))


@pytest.mark.parametrize(
    ("text", "lines", "message"),
    [
        (column("minimum: 3\nmaximum: 2", "number"), "6 and 7", "minimum 3 is above maximum 2"),
        (
            column("minimum: 2014-01-01\nmaximum: 2013-01-01", "timestamp"),
            "6 and 7",
            "minimum 2014-01-01T00:00:00Z is above maximum 2013-01-01T00:00:00Z",
        ),
        (column("values: [1, 9]\nmaximum: 5", "integer"), "6 and 7", "values lists 9, which maximum 5 does not allow"),
        (column("values: [1, 9]\nminimum: 5", "integer"), "6 and 7", "values lists 1, which minimum 5 does not allow"),
        (column("values: [a, bbb]\nlength_at_most: 2"), "6 and 7", "values lists 'bbb', which length_at_most 2"),
        (column("values: [a, bbb]\nlength_at_least: 2"), "6 and 7", "values lists 'a', which length_at_least 2"),
        (column("values: [a, b]\npattern: a+"), "6 and 7", "values lists 'b', which pattern 'a+' does not allow"),
        (column("values: [a, b]\ndistinct_at_least: 3"), "6 and 7", "asks for 3, and values allows 2"),
        (column("length_at_least: 3\nlength_at_most: 2"), "6 and 7", "length_at_least 3 is above length_at_most 2"),
        (column("distinct_at_least: 3\ndistinct_at_most: 2"), "6 and 7", "distinct_at_least 3 is above"),
        (column("deprecated: old\nrequired: true"), "6 and 7", "is deprecated (old), and required"),
        (column("deprecated: old"), "5 and 6", "is deprecated (old), and required, as columns are unless"),
        (column("in: [training]\nnot_in: [training]"), "6 and 7", "in names training, and so does not_in"),
        (column("available: after\nin: [serving]"), "6 and 7", "comes after the prediction"),
        (
            "rows_at_most: 5\n" + column("present_at_least: 9"),
            "3 and 7",
            "present_at_least asks for 9 values, and rows_at_most allows 5 rows",
        ),
        (
            column("unique: true\npresent_at_least: 9\ndistinct_at_most: 5"),
            "7 and 8",
            "ask for 9 different values, and distinct_at_most allows 5",
        ),
        ("rows_at_least: 5\nrows_at_most: 4\n", "3 and 4", "rows_at_least 5 is above rows_at_most 4"),
        ("growth_at_least: 2\ngrowth_at_most: 0.5\n", "3 and 4", "growth_at_least 2.0 is above growth_at_most 0.5"),
        ("label: late\n" + LATE + "    not_in: [training]\n", "3 and 7", "not_in says that training does not have it"),
        ("label: late\n" + LATE + "    in: [serving]\n", "3 and 7", "in says that training does not have it"),
        ("label: late\n" + LATE + "    in: [training, serving]\n", "3 and 7", "in says that serving has it"),
        ("label: late\ndefault_in: [serving]\n" + LATE, "3 and 4", "default_in says that training does not have it"),
        ("label: late\n" + LATE + "    deprecated: old\n    required: false\n", "3 and 7", "the label, and deprecated"),
        ("key: late\n" + LATE + "    deprecated: old\n    required: false\n", "3 and 7", "the key, and deprecated"),
        ("rules:\n  r: {note: x}\n", "4", "says neither holds nor refers"),
        (LATE + "rules:\n  r:\n    holds: late\n    refers: late\n", "8 and 9", "says both holds and refers"),
        (LATE + "rules:\n  r:\n    refers: late\n", "8", "does not say to which"),
        (LATE + "rules:\n  r:\n    refers: late\n    to: x.csv\n", "8 and 9", "does not say by which columns"),
        (LATE + "rules:\n  r:\n    refers: late\n    to: x.csv\n    by: [a, b]\n", "8 and 10", "by 1 columns to 2"),
        (LATE + "rules:\n  r:\n    holds: late\n    by: b\n", "8 and 9", "by belongs to a rule that refers"),
        (
            "columns:\n  a:\n    kind: list\n    items:\n      kind: number\n      minimum: 2\n      maximum: 1\n",
            "8 and 9",
            "column 'a[]': minimum 2 is above maximum 1",
        ),
        (
            "columns:\n  a:\n    kind: struct\n    fields:\n      b: {kind: number, minimum: 2, maximum: 1}\n",
            "7",
            "column 'a.b': minimum 2 is above maximum 1",
        ),
    ],
)
def test_a_contract_that_contradicts_itself_is_refused_with_both_lines(text, lines, message):
    error = refused(text)
    assert "the contract contradicts itself" in error.found
    assert message in error.found
    assert error.where.endswith(f"{'lines' if ' and ' in lines else 'line'} {lines}")


@pytest.mark.parametrize(
    ("text", "line", "message", "hint"),
    [
        (column("pattern: '(a'"), 6, "pattern '(a' does not compile: unclosed group", "single quotes"),
        (column(r"pattern: '(?=a)'"), 6, "look-around", "linear"),
        (column("pattern: a", "number"), 6, "number columns hold no text", "Correct"),
        (column("length_at_most: 3", "number"), 6, "values of number columns have no length", "Correct"),
        (column("length_at_most: -1"), 6, "a whole number of at least 0", "Correct"),
        (column("distinct_at_most: 3", "list"), 6, "different values of list columns are not counted", "Correct"),
        (column("nan: refused", "integer"), 6, "integer columns hold no NaN", "Correct"),
        (column("nan: refuse", "number"), 6, "expected one of missing, allowed, refused", "'refused'"),
        (column("semantics: urls"), 6, "expected one of natural_language, image, url", "Did you mean 'url'?"),
        (column("semantics: categorical"), 6, "is said of integer columns, and this one is string", "Correct"),
        (column("sensitive: hashed"), 6, "expected one of hash, drop", "Did you mean 'hash'?"),
        (column("sensitive: hash", "number"), 6, "number columns cannot be hashed, texts and whole", "Correct"),
        (column("items: {kind: string}"), 6, "string columns hold no items", "Correct"),
        (column("fields: {b: {kind: string}}", "list"), 6, "list columns hold no fields", "Correct"),
        (column("items: {kind: string, available: after}", "list"), 6, "there is no key 'available'", "Known"),
        (column("items: {kind: string, required: false}", "list"), 6, "there is no key 'required'", "Known"),
        (column("skew: {psy: 1}"), 6, "there is no key 'psy'", "Did you mean 'psi'?"),
        (column("in: [bach]"), 6, "is 'bach', expected one of training, serving", "Correct"),
        ("environments: [batch]\n" + column("not_in: [bath]"), 7, "is 'bath'", "Did you mean 'batch'?"),
        ("growth_at_most: -1\n", 3, "expected a number of at least 0, such as 0.8", "Correct"),
        ("growth_at_most: fast\n", 3, "expected a number", "Correct"),
        (LATE + "rules:\n  r: {refers: lat, to: x.csv, by: a}\n", 7, "is 'lat', expected one of late", "'late'"),
        (LATE + "rules:\n  r: {hold: a}\n", 7, "there is no key 'hold'", "Did you mean 'holds'?"),
        (LATE + "rules:\n  r: {holds: late, broken_at_most: 5}\n", 7, "a share from 0 to 1", "'0.05'"),
        (LATE + "rules:\n  r:\n    holds: late >\n", 8, "rule 'r': ", "late >"),
        (LATE + "rules:\n  r:\n    holds: lat\n", 8, "rule 'r': ", "late"),
        (LATE + "rules:\n  r:\n    holds: late > 3\n", 8, "rule 'r': ", "late > 3"),
        (LATE + "rules: [a]\n", 6, "rules is 'a list', expected a mapping", "Correct"),
    ],
)  # fmt: skip
def test_every_new_field_refuses_what_it_cannot_mean(text, line, message, hint):
    error = refused(text)
    assert message in str(error)
    assert hint in str(error)
    assert error.where.startswith(f"t.yaml, line {line}")


@pytest.mark.parametrize("levels", [150, 400, 5000])
def test_columns_nested_too_deeply_are_refused_and_do_not_kill(levels):
    text = "columns: {a: " + "{kind: list, items: " * levels + "{kind: string}" + "}" * levels + "}\n"
    assert refused(text).where.startswith("t.yaml")


def test_one_environment_column_and_bound_may_be_written_without_a_list():
    text = (
        START
        + "environments: batch\ncolumns:\n  a: {kind: string, in: batch}\nrules:\n  r: {refers: a, to: b.csv, by: c}\n"
    )
    schema = read_schema(text, where="t.yaml", version=1)
    assert (schema.environments, schema["a"].in_) == (("batch",), ("batch",))
    assert schema.rules == (RowRule("r", refers=("a",), to="b.csv", by=("c",)),)


def test_what_contradicts_itself_is_not_written(tmp_path):
    with pytest.raises(BadContract, match="minimum 3 is above maximum 2") as error:
        save_schema(Schema("t", {"a": ColumnSchema(Kind.NUMBER, minimum=3, maximum=2)}), tmp_path / "t.yaml")
    assert str(tmp_path / "t.yaml") in error.value.where
    assert not (tmp_path / "t.yaml").exists()
    typed = Schema("t", {"a": ColumnSchema(Kind.STRING)}, rules=(RowRule("r", holds="a > 3"),))
    with pytest.raises(BadContract, match="rule 'r'"):
        save_schema(typed, tmp_path / "t.yaml")
    unknown = Schema("t", {"a": ColumnSchema(Kind.NUMBER)}, rules=(RowRule("r", refers=("b",), to="x", by=("c",)),))
    with pytest.raises(BadContract, match="columns has none of that name"):
        save_schema(unknown, tmp_path / "t.yaml")


def test_every_key_of_a_column_is_read():
    assert "in" in COLUMN_KEYS
    assert len(COLUMN_KEYS) == len(ColumnSchema.__slots__)
    assert replace(ColumnSchema(Kind.NULL), in_=("training",)).expected_in("training")

"""The YAML contract: equal after a round trip, readable, and strict about every mistake a hand can make."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import given

from seakeep.core import ColumnSchema, Kind, Schema
from seakeep.core.files import CannotWrite
from seakeep.data.contract.errors import BadContract
from seakeep.data.contract.reading import read_schema
from seakeep.data.contract.writing import dump_schema, load_schema, save_schema, scalar

from .strategies import schemas


def read(text: str) -> Schema:
    return read_schema(text, where="flights.yaml", version=1)


@given(schemas())
def test_a_contract_reads_back_equal(schema):
    text = dump_schema(schema)
    again = read(text)
    assert again == schema
    assert list(again.columns) == list(schema.columns)
    assert again.digest == read(dump_schema(again)).digest
    assert dump_schema(again) == text


@given(schemas())
def test_lines_stay_readable(schema):
    plain = replace(
        schema, name="t", columns={f"c{i}": replace(c, note="") for i, c in enumerate(schema.columns.values())}
    )
    plain = replace(plain, label=None, time=None, key=None, rules=())
    assert max(len(line) for line in dump_schema(plain).splitlines()) <= 230


def test_a_saved_contract_loads_equal(tmp_path):
    schema = Schema("t", {"a": ColumnSchema(Kind.NUMBER, minimum=0.5)}, key="a")
    save_schema(schema, tmp_path / "t.yaml")
    assert load_schema(tmp_path / "t.yaml") == schema
    assert "seakeep validate DATA --schema t.yaml" in (tmp_path / "t.yaml").read_text()


def test_usual_values_are_left_out_and_times_are_readable():
    schema = Schema(
        "flights",
        {
            "carrier": ColumnSchema(Kind.STRING, values=("9E", "AA", "NO"), others_at_most=0.001),
            "scheduled": ColumnSchema(Kind.TIMESTAMP, minimum=1356998400000000, drift={"kolmogorov_smirnov": 0.3}),
            "late": ColumnSchema(Kind.BOOLEAN, missing_at_most=0.05, available="after", note="more than 15 minutes"),
        },
        label="late",
        time="scheduled",
    )
    assert dump_schema(schema).partition("seakeep_schema")[2] == (
        """: 1
name: flights
label: late  # what is predicted; not expected in serving
time: scheduled
columns:
  carrier:
    kind: string
    values: ["9E", AA, "NO"]
    others_at_most: 0.001
  scheduled:
    kind: timestamp
    minimum: 2013-01-01T00:00:00Z
    drift:
      kolmogorov_smirnov: 0.3
  late:
    kind: boolean
    missing_at_most: 0.05
    available: after
    note: more than 15 minutes
"""
    )


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("a b", "a b"),
        ("Null", '"Null"'),
        (1e-05, "1.0e-05"),
        (1e16, "1.0e+16"),
        (math.inf, ".inf"),
        (-math.inf, "-.inf"),
        (3, "3"),
    ],
)
def test_scalars_are_written_so_that_they_read_as_they_were(value, text):
    assert scalar(value) == text


def test_times_may_be_written_as_people_do():
    body = "seakeep_schema: 1\nname: t\ncolumns:\n  at: {kind: timestamp, minimum: %s}"
    for written in (
        "2013-01-01",
        "2013-01-01T00:00:00",
        '"2013-01-01T02:00:00+02:00"',
        "2013-01-01 00:00:00Z",
        "1356998400000000",
    ):
        assert read(body % written)["at"].minimum == 1356998400000000


@pytest.mark.parametrize(
    ("written", "number"),
    [("0x1F", 31), ("0o17", 15), ("1_000", 1000), ("0123", 123), ("-.5", -0.5), ("1e3", 1000.0), ("+7", 7)],
)
def test_numbers_may_be_written_in_every_way_of_yaml(written, number):
    assert (
        read(f"seakeep_schema: 1\nname: t\ncolumns:\n  a: {{kind: number, minimum: {written}}}")["a"].minimum == number
    )


START = "seakeep_schema: 1\nname: t\n"


@pytest.mark.parametrize(
    ("text", "line", "message", "hint"),
    [
        ("", None, "the key 'seakeep_schema' is missing", "seakeep_schema: 1"),
        ("[1, 2]", 1, "the contract is 'a list', expected a mapping", "Correct"),
        ("name: t", 1, "the key 'seakeep_schema' is missing", "seakeep_schema: 1"),
        ("seakeep_schema: 1", 1, "the key 'name' is missing", "name: flights"),
        ("seakeep_schema: 2\nname: t", 1, "format 2, this Seakeep reads format 1", "pip install --upgrade seakeep"),
        ("seakeep_schema: one\nname: t", 1, "seakeep_schema is 'one', expected a whole number", "Correct"),
        (START + "colums: {}", 3, "there is no key 'colums'", "Did you mean 'columns'?"),
        (START + "name: u", 3, "the key 'name' stands here for the second time; the first is on line 2", "Keep one"),
        (
            START + "columns:\n  a: {kind: number}\n  a: {kind: number}",
            5,
            "'a' stands here for the second time",
            "Keep one",
        ),
        (
            START + "columns:\n  a:\n    kind: number\n    kind: string",
            6,
            "'kind' stands here for the second time",
            "Keep one",
        ),
        (START + "columns: [a]", 3, "columns is 'a list', expected a mapping", "Correct"),
        (START + "columns:\n  a: number", 4, "a is 'number', expected a mapping", "Correct"),
        (START + "columns:\n  a: {required: true}", 4, "the key 'kind' is missing", "kind: number"),
        (START + "columns:\n  a: {kind: strng}", 4, "kind is 'strng', expected one of", "Did you mean 'string'?"),
        (START + "columns:\n  a:\n    kind: number\n    min: 3", 6, "there is no key 'min'", "minimum"),
        (START + "columns:\n  a: {kind: number, minimum: low}", 4, "minimum is 'low', expected a number", "Correct"),
        (START + "columns:\n  a: {kind: number, minimum: .nan}", 4, "minimum is '.nan', expected a number", "Correct"),
        (
            START + "columns:\n  a: {kind: number, minimum: 3, maximum: 2}",
            4,
            "column 'a': minimum 3 is above maximum 2",
            "Swap them",
        ),
        (START + "columns:\n  a: {kind: string, minimum: 3}", 4, "string columns have no bounds", "Correct"),
        (START + "columns:\n  a: {kind: timestamp, minimum: May}", 4, "expected a time such as 2013-01-01", "Correct"),
        (
            START + "columns:\n  a: {kind: number, missing_at_most: 5}",
            4,
            "expected a share from 0 to 1",
            "Did you mean '0.05'?",
        ),
        (START + "columns:\n  a: {kind: number, missing_at_most: -0.1}", 4, "expected a share from 0 to 1", "Correct"),
        (
            START + "columns:\n  a: {kind: number, required: maybe}",
            4,
            "required is 'maybe', expected true or false",
            "Correct",
        ),
        (START + "columns:\n  a: {kind: number, values: [1]}", 4, "number columns have no list of values", "Correct"),
        (START + "columns:\n  a: {kind: string, values: [1]}", 4, "is '1', expected text", """Did you mean '"1"'?"""),
        (START + "columns:\n  a: {kind: string, values: [true]}", 4, "is 'true', expected text", """'"true"'"""),
        (START + "columns:\n  a: {kind: integer, values: [true]}", 4, "is 'true', expected integer", "Correct"),
        (START + "columns:\n  a: {kind: string, values: EWR}", 4, "values is 'EWR', expected a list", "Correct"),
        (START + "columns:\n  a: {kind: string, values: [[1]]}", 4, "is 'a list', expected one value", "Correct"),
        (START + "columns:\n  a: {kind: string, available: later}", 4, "expected one of before, after", "'after'"),
        (START + "columns:\n  a: {kind: string, not_in: [servin]}", 4, "is 'servin'", "Did you mean 'serving'?"),
        (START + "columns:\n  a: {kind: string, drift: {pis: 0.2}}", 4, "there is no key 'pis'", "Did you mean 'psi'?"),
        (
            START + "columns:\n  a: {kind: string, drift: {psi: -1}}",
            4,
            "psi is '-1', expected a number of at least 0",
            "Correct",
        ),
        (
            START + "columns:\n  a: {kind: string, drift: {wasserstein: 1}}",
            4,
            "does not compare string columns",
            "Correct",
        ),
        (START + "columns:\n  a: {kind: string, note: 3}", 4, "note is '3', expected text", """'"3"'"""),
        (START + "columns:\n  1: {kind: string}", 4, "a key of columns is '1', expected text", """'"1"'"""),
        (START + "label: lat\ncolumns:\n  late: {kind: boolean}", 3, "label is 'lat', expected one of late", "'late'"),
        (START + "rows_at_least: -1", 3, "rows_at_least is '-1', expected a whole number of at least 0", "Correct"),
        (START + "columns: {a: [}", 3, "the contract is not YAML", "quote or a bracket"),
        (START + "\tcolumns: 1", 3, "the contract is not YAML", "indentation"),
        (START + "columns: *nothing", 3, "the contract is not YAML", "indentation"),
        (START + "columns: {<<: {a: {kind: number}}, <<: 1}", 3, "stands here for the second time", "Keep one"),
        ("seakeep_schema: 1\n---\nname: t", 2, "the contract is not YAML", "indentation"),
        (START + "columns:\n  a: {kind: number, minimum: !!int low}", 4, "expected a value of type int", "Correct"),
        (START + "columns: \x01", None, "the contract is not YAML", "indentation"),
    ],
)
def test_every_mistake_is_refused_with_its_line_and_a_way_out(text, line, message, hint):
    with pytest.raises(BadContract) as error:
        read(text)
    assert message in str(error.value)
    assert hint in str(error.value)
    assert line is None or error.value.where.startswith(f"flights.yaml, line {line}")
    assert "flights.yaml" in str(error.value)


def test_a_missing_contract_names_its_neighbour(tmp_path):
    (tmp_path / "flights.yaml").write_text("")
    with pytest.raises(BadContract, match="No such file") as error:
        load_schema(tmp_path / "flight.yaml")
    assert "Did you mean" in str(error.value)
    assert "seakeep schema infer DATA -o" in str(error.value)


def test_a_contract_in_no_folder_is_refused(tmp_path):
    with pytest.raises(BadContract, match="No such file"):
        load_schema(tmp_path / "none" / "flights.yaml")


def test_a_contract_that_is_not_text_is_refused(tmp_path):
    (tmp_path / "t.yaml").write_bytes(b"name: \xff\xfe")
    with pytest.raises(BadContract, match="byte 6 is not") as error:
        load_schema(tmp_path / "t.yaml")
    assert "iconv" in str(error.value)


def test_a_byte_order_mark_is_forgiven(tmp_path):
    (tmp_path / "t.yaml").write_bytes(b"\xef\xbb\xbf" + START.encode())
    assert load_schema(tmp_path / "t.yaml") == Schema("t")


def test_deeply_nested_text_is_refused_and_does_not_kill():
    with pytest.raises(BadContract, match="not YAML"):
        read(START + "columns: " + "[" * 5000 + "]" * 5000)


@pytest.mark.parametrize("column", ["{kind: integer, minimum: %s}", "{kind: string, pattern: '[%s'}", "{%s: 1}"])
def test_what_is_too_long_to_be_read_is_told_by_its_beginning(column):
    with pytest.raises(BadContract) as error:
        read(START + "columns:\n  a: " + column % ("9" * 900))
    assert "9" * 150 + "\u2026" not in str(error.value).splitlines()[0][:150]
    assert len(str(error.value).splitlines()[0]) < 300


def test_a_contract_that_cannot_be_written_leaves_the_old_one(tmp_path):
    (tmp_path / "file").write_text("mine")
    with pytest.raises(CannotWrite):
        save_schema(Schema("t"), tmp_path / "file" / "t.yaml")
    assert (tmp_path / "file").read_text() == "mine"


def test_a_column_name_of_any_length_reads_back():
    schema = Schema("t", columns={"long " * 1000: ColumnSchema(Kind.NUMBER), "b": ColumnSchema(Kind.STRING)})
    assert read(dump_schema(schema)) == schema

"""Changing a contract's text: what changed is written, all else stays to the byte."""

from __future__ import annotations

import difflib
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seakeep.core import ColumnSchema, Kind, Schema
from seakeep.data.contract.contradictions import contradictions
from seakeep.data.contract.editing import changed_text, save_changed
from seakeep.data.contract.errors import BadContract
from seakeep.data.contract.evolve import rename_column
from seakeep.data.contract.reading import read_schema
from seakeep.data.contract.update import update_schema
from seakeep.data.contract.writing import dump_schema, load_schema
from seakeep.testing import table_of

from .strategies import column_schemas, schemas

HAND = """\
# Ours, since 2013.   Two  spaces stay.
seakeep_schema: 1

name: flights # the table
label:   late
columns:

  # who flies
  carrier: {kind: string, values: [UA, 'B6'], note: "IATA"}   # two letters

  distance:
    kind: integer      # miles
    minimum: 0         # never negative
    maximum: 5_000     # the longest there is

    # nothing here yet
  origin:
    kind: string
    values:
    - EWR   # Newark
    - JFK

    # the last comment of origin
  late: {kind: boolean,
         available: after}
  tags:
    kind: list
    items:
      kind: string   # short words
      length_at_most: 8

rules:
  far: {holds: "distance  >  100 or carrier = 'distance'", broken_at_most: 0.5}  # mostly
  known:
    refers: origin
    to: airports.parquet
    by: faa
# the end
"""


def read(text: str) -> Schema:
    return read_schema(text, where="flights.yaml", version=1)


def lines_changed(before: str, after: str) -> tuple[list[str], list[str]]:
    found = list(difflib.ndiff(before.splitlines(), after.splitlines()))
    return [line[2:] for line in found if line[0] == "-"], [line[2:] for line in found if line[0] == "+"]


def change(**columns: dict[str, object]) -> tuple[list[str], list[str]]:
    before = read(HAND)
    after = replace(
        before,
        columns={name: replace(column, **columns.get(name, {})) for name, column in before.columns.items()},
    )
    text = changed_text(HAND, before, after)
    assert text is not None
    assert read(text) == after
    return lines_changed(HAND, text)


def test_a_value_is_changed_in_its_place_and_its_comment_stays():
    assert change(distance={"maximum": 9000}) == (
        ["    maximum: 5_000     # the longest there is"],
        ["    maximum: 9000     # the longest there is"],
    )


def test_new_fields_stand_behind_those_that_come_before_them():
    assert change(distance={"missing_at_most": 0.1, "required": False}) == (
        [],
        ["    required: false", "    missing_at_most: 0.1"],
    )


def test_a_field_that_is_usual_again_leaves_with_its_line():
    assert change(distance={"minimum": None}) == (["    minimum: 0         # never negative"], [])


def test_lists_grow_in_their_own_style():
    assert change(origin={"values": ("EWR", "JFK", "LGA", "no")}) == ([], ["    - LGA", '    - "no"'])
    assert change(carrier={"values": ("UA", "B6", "DL")}) == (
        ["  carrier: {kind: string, values: [UA, 'B6'], note: \"IATA\"}   # two letters"],
        ["  carrier: {kind: string, values: [UA, 'B6', DL], note: \"IATA\"}   # two letters"],
    )


def test_columns_in_braces_stay_in_braces():
    assert change(late={"missing_at_most": 0.5, "drift": {"psi": 0.25}})[1] == [
        "         available: after, missing_at_most: 0.5, drift: {psi: 0.25}}"
    ]
    assert change(carrier={"values": None, "pattern": "[A-Z]{2}"})[1] == [
        "  carrier: {kind: string, pattern: '[A-Z]{2}', note: IATA}   # two letters"
    ]


def test_what_lies_inside_of_columns_is_changed_there():
    before = read(HAND)
    tags = replace(before["tags"], items=replace(before["tags"].items, length_at_most=20, missing_at_most=0.5))
    text = changed_text(HAND, before, replace(before, columns={**before.columns, "tags": tags}))
    assert lines_changed(HAND, text) == (
        ["      length_at_most: 8"],
        ["      missing_at_most: 0.5", "      length_at_most: 20"],
    )


def test_a_column_of_another_kind_is_written_in_its_place():
    text = changed_text(
        HAND, read(HAND), replace(read(HAND), columns={**read(HAND).columns, "origin": ColumnSchema(Kind.INTEGER)})
    )
    assert lines_changed(HAND, text)[0] == ["    kind: string", "    values:", "    - EWR   # Newark", "    - JFK"]
    assert "    # the last comment of origin" in text


def test_new_columns_come_last_and_the_table_changes_on_its_own_lines():
    before = read(HAND)
    columns = {**before.columns, "new one": ColumnSchema(Kind.STRUCT, fields={"a": ColumnSchema(Kind.NUMBER)})}
    after = replace(before, columns=columns, rows_at_least=7, label=None)
    text = changed_text(HAND, before, after)
    assert read(text) == after
    assert lines_changed(HAND, text) == (
        ["label:   late"],
        ["rows_at_least: 7", "  new one:", "    kind: struct", "    fields:", "      a:", "        kind: number"],
    )


def test_a_rename_reaches_roles_and_rules_and_nothing_else():
    before = read(HAND)
    text = changed_text(HAND, before, rename_column(before, "distance", "how far"), renamed=("distance", "how far"))
    assert lines_changed(HAND, text) == (
        ["  distance:", "  far: {holds: \"distance  >  100 or carrier = 'distance'\", broken_at_most: 0.5}  # mostly"],
        ["  how far:", "  far: {holds: \"`how far`  >  100 or carrier = 'distance'\", broken_at_most: 0.5}  # mostly"],
    )
    text = changed_text(HAND, before, rename_column(before, "late", "tardy"), renamed=("late", "tardy"))
    assert "label:   tardy" in text
    text = changed_text(HAND, before, rename_column(before, "origin", "from"), renamed=("origin", "from"))
    assert "    refers: from" in text


def test_a_files_line_ends_and_mark_stay(tmp_path):
    path = tmp_path / "t.yaml"
    path.write_bytes(b"\xef\xbb\xbf" + HAND.replace("\n", "\r\n").encode())
    before = load_schema(path)
    after = update_schema(before, table_of({**{name: [None] for name in before.columns}, "new": [1.5]}))
    assert save_changed(before, after, path)
    content = path.read_bytes()
    assert content.startswith(b"\xef\xbb\xbf# Ours")
    assert content.count(b"\n") == content.count(b"\r\n")
    assert load_schema(path) == after


@pytest.mark.parametrize(
    "body",
    [
        "columns:\n  a: &a {kind: number}\n  b: *a\n",
        "columns: {a: &a {kind: number}, b: *a}\n",
    ],
)
def test_a_text_that_stands_for_two_columns_is_written_anew(tmp_path, body):
    path = tmp_path / "t.yaml"
    path.write_text("seakeep_schema: 1\nname: t\n" + body)
    before = load_schema(path)
    after = replace(before, columns={**before.columns, "b": ColumnSchema(Kind.NUMBER, minimum=1.0)})
    assert not save_changed(before, after, path)
    assert load_schema(path) == after


def test_a_change_that_contradicts_itself_leaves_the_file(tmp_path):
    path = tmp_path / "t.yaml"
    path.write_text(HAND)
    before = load_schema(path)
    wrong = replace(before, columns={**before.columns, "distance": ColumnSchema(Kind.INTEGER, minimum=3, maximum=2)})
    with pytest.raises(BadContract, match="minimum 3 is above maximum 2"):
        save_changed(before, wrong, path)
    assert path.read_text() == HAND


@pytest.mark.parametrize("columns", ["columns: {}\n", "columns:  {}  # none\n", ""])
def test_first_columns_are_written_in_blocks(columns):
    text = "seakeep_schema: 1\nname: t\n" + columns
    before = read(text)
    after = replace(before, columns={"a": ColumnSchema(Kind.NUMBER)})
    changed = changed_text(text, before, after)
    assert read(changed) == after
    assert "columns:\n  a:\n    kind: number" in changed


def test_a_field_that_is_gone_is_taken_out():
    before = Schema("t", {"a": ColumnSchema(Kind.STRUCT, fields={"b": ColumnSchema(Kind.INTEGER)})})
    after = replace(before, columns={"a": ColumnSchema(Kind.STRUCT, fields={"c": ColumnSchema(Kind.NUMBER)})})
    changed = changed_text(dump_schema(before), before, after)
    assert changed is not None
    assert read(changed) == after


@settings(max_examples=30)
@given(schemas(), st.data())
def test_any_contract_is_changed_into_any_other_with_its_columns(schema, data):
    columns = {
        name: data.draw(column_schemas()) if data.draw(st.booleans()) else c for name, c in schema.columns.items()
    }
    after = replace(schema, columns=columns, rows_at_least=data.draw(st.integers(0, 3)))
    if any(contradictions(after)):
        return
    text = "# mine\n" + dump_schema(schema).replace("columns:\n", "columns:  # here\n", 1)
    changed = changed_text(text, schema, after)
    assert changed is not None
    assert read(changed) == after
    assert changed.startswith("# mine\n")
    assert changed_text(changed, after, after) == changed

"""The quick reading of a contract: what it takes has the nodes of the parser, and whatever it does not take is left to it."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ruamel.yaml.nodes import MappingNode, ScalarNode

from seakeep.core import ColumnSchema, Kind, Schema
from seakeep.data import load_schema, save_schema
from seakeep.data.contract.errors import BadContract
from seakeep.data.contract.nodes import compose
from seakeep.data.contract.plain import compose_plain
from seakeep.data.contract.writing import dump_schema

from .strategies import schemas


def plainly(node):
    """A node as texts and tags, without its places."""
    if isinstance(node, ScalarNode):
        return str(node.tag), node.value
    if isinstance(node, MappingNode):
        return str(node.tag), [(plainly(key), plainly(value)) for key, value in node.value]
    return str(node.tag), [plainly(item) for item in node.value]


def check(text: str) -> bool:
    """Whether the text was taken; if it was, as the parser takes it."""
    found = compose_plain(text)
    if found is None:
        return False
    assert plainly(found) == plainly(compose(text, "here"))
    return True


USUAL = """\
# A contract.
seakeep_schema: 1
name: trips   # said
label: on
columns:

  fare: # in euros
    kind: number
    minimum: -0.5
    maximum: 1e+3
    drift: {psi: 0.1, kolmogorov_smirnov: .inf}
  "Unnamed: 0":
    kind: string
    values: [a, "b c", no, 1.0,
      x]
  many:
    kind: string
    values: [
      a b, "c, ] # d", -1,
      e-f,
    ]
    # between
    note: "a \\"quoted\\" text"
  last: {kind: boolean}
rules:
  ordered: {holds: "a >= b"}
"""


def test_a_contract_as_it_is_usually_written_is_taken() -> None:
    assert check(USUAL.replace(",\n      x]", ", x]"))
    assert compose_plain(USUAL) is None  # a list that is broken in another way


@settings(max_examples=60, deadline=None)
@given(schemas())
def test_what_we_write_means_the_same(schema: Schema) -> None:
    check(dump_schema(schema))


LINES = (
    "a:", "a: 1", "  b: x", "    c: [1, 2]", "  b:", "- 1", "a: [", "  1,", "]", "a: {b: c}", "a: b: c", "a: 'x'", "#", "",
    "  ", " d: ~", "? k", ": v", "a: &x 1", "b: *x", "a: |", "   text", "---", "...", "<<: {a: 1}", "a: 2013-01-01",
    "%YAML 1.1", "a: y", "true: 1", "null: 2", "a: 0x1f", "a: 0o17", "a: 1_000", "a: 12:30", "a:b: 1", "a: b #c", "a: b#c",
    "a: [b #c]", '"k": "v"', 'a: "x', '  y"', "a: [x, [y]]", "a: [x: y]", "a: {b, c}", "a: [b:c]", "a: -", "a: !t x",
    "a: @b", "a: é", "a: \x07", "a: b\tc", "a: # b", "a: [x] # y", "a: {b: c}# y", "a: [x]#", 'a: "x"#', "e f: g h",
)  # fmt: skip
MANGLED = st.lists(st.sampled_from(LINES), min_size=1, max_size=6)


@settings(max_examples=500, deadline=None)
@given(MANGLED)
def test_lines_put_together_by_chance_mean_the_same_or_are_left(lines: list[str]) -> None:
    check("\n".join(lines))


@pytest.mark.parametrize(
    "text", ["", "# nothing", "a:\n  - 1", "a: &x 1", "--- a: 1", "a: 1\n...\n", "a: |\n  b", "\ufeffa: 1", "a:\t1"]
)
def test_other_ways_to_write_yaml_are_left_to_the_parser(text: str) -> None:
    assert compose_plain(text) is None


def test_what_is_wrong_is_told_with_its_line(tmp_path) -> None:
    path = tmp_path / "trips.schema.yaml"
    path.write_text("seakeep_schema: 1\nname: trips\ncolumns:\n  fare:\n    kind: number\n    minimun: 0\n")
    with pytest.raises(BadContract, match=r"(?s)minimun.*trips\.schema\.yaml, line 6"):
        load_schema(path)
    path.write_text("seakeep_schema: 1\nname: trips\ncolumns:\n  fare: {kind: number}\n  fare: {kind: string}\n")
    with pytest.raises(BadContract, match="line 5"):
        load_schema(path)


def test_blocks_without_end_are_left_to_the_parser() -> None:
    deep = "\n".join(f"{' ' * depth}a:" for depth in range(200)) + " 1"
    assert compose_plain(deep) is None


def test_thousands_of_columns_are_read_in_a_fraction_of_the_parsers_time(tmp_path) -> None:
    """Twenty thousand take some two seconds; the parser took ten times as long."""
    columns = {f"c{number}": ColumnSchema(Kind.STRING, values=("a", f"b {number}", "é")) for number in range(2000)}
    schema, path = Schema("wide", columns), tmp_path / "wide.schema.yaml"
    save_schema(schema, path)
    began = time.process_time()
    assert load_schema(path) == schema
    quick = time.process_time() - began
    began = time.process_time()
    compose(path.read_text("utf-8"), "here")
    assert quick < (time.process_time() - began) / 2

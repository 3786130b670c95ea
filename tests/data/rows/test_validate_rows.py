"""Rows held to a contract: what is counted, shown, written out, and left whole."""

from __future__ import annotations

import itertools
import subprocess
import sys
import textwrap
import time
from datetime import date, datetime, timedelta

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seakeep.core import Kind
from seakeep.core.errors import DataError, UsageError
from seakeep.core.report import Verdict
from seakeep.core.schema import ColumnSchema, RowRule, Schema
from seakeep.data import profile, read, split_rows, validate, validate_rows
from seakeep.data.rows import repeats
from seakeep.data.rows.errors import BadQuarantine, BadReference, BadRule

ANY = {"missing_at_most": 1.0}


def contract(*rules, **columns) -> Schema:
    return Schema("trips", columns, rules=rules)


def checks(table, schema, **options):
    return {(check.code, check.subject): check for check in validate_rows(read(table), schema, **options).checks}


def broken(table, schema, **options) -> dict[str, int]:
    """How many rows break each rule that fails."""
    report = validate_rows(read(table), schema, **options)
    return {row["rule"]: row["broken"] for row in report.table("rules").records() if row["verdict"] == "fail"}


@pytest.mark.parametrize(
    ("column", "values", "rule", "count"),
    [
        (ColumnSchema(Kind.INTEGER), [1, None, None], "x.missing", 2),
        (ColumnSchema(Kind.NUMBER), [1.0, float("nan"), None], "x.missing", 2),
        (ColumnSchema(Kind.NUMBER, nan="allowed"), [1.0, float("nan"), None], "x.missing", 1),
        (ColumnSchema(Kind.NUMBER, nan="refused", **ANY), [1.0, float("nan"), None], "x.nan", 1),
        (ColumnSchema(Kind.NUMBER), [1.0, float("inf"), -float("inf")], "x.infinite", 2),
        (ColumnSchema(Kind.NUMBER, minimum=0, maximum=2, infinite=True), [-1.0, 3.0, float("inf")], "x.bounds", 2),
        (ColumnSchema(Kind.NUMBER, minimum=0, **ANY), [float("nan"), None, -1], "x.bounds", 1),
        (ColumnSchema(Kind.INTEGER, minimum=0.5, maximum=2.5), [0, 1, 3], "x.bounds", 2),
        (ColumnSchema(Kind.INTEGER, maximum=1 << 53), [1 << 53, (1 << 53) + 1], "x.bounds", 1),
        (ColumnSchema(Kind.INTEGER, maximum=1 << 63), pl.Series([(1 << 63) + 1, 0], dtype=pl.UInt64), "x.bounds", 1),
        (ColumnSchema(Kind.TIMESTAMP, minimum=86_400_000_000), [date(1970, 1, 1), date(1970, 1, 2)], "x.bounds", 1),
        (ColumnSchema(Kind.DURATION, maximum=10**6), [timedelta(seconds=1), timedelta(seconds=2)], "x.bounds", 1),
        (ColumnSchema(Kind.STRING, values=("a", "b"), **ANY), ["a", "c", None], "x.domain", 1),
        (ColumnSchema(Kind.INTEGER, values=(1, 2)), [1, 3, 1 << 40], "x.domain", 2),
        (ColumnSchema(Kind.INTEGER, values=(1,)), pl.Series([1, (1 << 64) - 1], dtype=pl.UInt64), "x.domain", 1),
        (ColumnSchema(Kind.BOOLEAN, values=(True,)), [True, False], "x.domain", 1),
        (ColumnSchema(Kind.STRING, values=("a",)), pl.Series(["a", "b"], dtype=pl.Categorical), "x.domain", 1),
        (ColumnSchema(Kind.STRING, length_at_least=1, length_at_most=2), ["", "é", "abc"], "x.length", 2),
        (ColumnSchema(Kind.BINARY, length_at_most=1), [b"", "é".encode()], "x.length", 1),
        (ColumnSchema(Kind.LIST, length_at_least=1), [[1], []], "x.length", 1),
        (ColumnSchema(Kind.STRING, pattern="[A-Z]{3}|x"), ["JFK", "x", "JFKx", "jfk"], "x.pattern", 2),
        (ColumnSchema(Kind.STRING, unique=True, **ANY), ["a", "b", "a", None, None], "x.unique", 2),
        (ColumnSchema(Kind.NUMBER, unique=True), [0.0, -0.0, 1.0], "x.unique", 2),
        (ColumnSchema(Kind.LIST, items=ColumnSchema(Kind.INTEGER, minimum=0)), [[1, -1, -2], [1], []], "x[].bounds", 1),
        (ColumnSchema(Kind.LIST, items=ColumnSchema(Kind.INTEGER)), [[1, None], [1]], "x[].missing", 1),
        (ColumnSchema(Kind.STRUCT, fields={"a": ColumnSchema(Kind.INTEGER, minimum=0)}, **ANY), [{"a": -1}, None], "x.a.bounds", 1),
        (ColumnSchema(Kind.INTEGER, **ANY), ["1", " 2", "x", None], "x.kind", 1),
        (ColumnSchema(Kind.INTEGER, **ANY), [1.0, 1.5, float("nan")], "x.kind", 1),
        (ColumnSchema(Kind.TIMESTAMP), ["2013-01-01", "2013-01-01T05:00:00Z", "soon"], "x.kind", 1),
        (ColumnSchema(Kind.BOOLEAN), ["true", "FALSE", "maybe"], "x.kind", 1),
    ],
)  # fmt: skip
def test_each_rule_counts_the_rows_that_break_it(column, values, rule, count):
    assert broken(pl.DataFrame({"x": values}), contract(x=column)) == {rule: count}


def test_a_share_of_texts_may_not_match_the_pattern_as_in_statistics():
    column = ColumnSchema(Kind.STRING, pattern="[a-z]", others_at_most=0.25)
    table = read(pl.DataFrame({"x": ["a", "b", "c", "9"]}))
    assert validate(profile(table), contract(x=column)).verdict is Verdict.PASS
    report = validate_rows(table, contract(x=column))
    assert (report.verdict, report.checks[0].evidence["broken"]) == (Verdict.PASS, 0)
    assert broken(pl.DataFrame({"x": ["a", "8", "9"]}), contract(x=column)) == {"x.pattern": 2}


def test_a_share_of_a_structs_field_is_one_of_the_structs_that_are_there():
    inner = ColumnSchema(Kind.INTEGER, missing_at_most=0.4)
    column = ColumnSchema(Kind.STRUCT, fields={"a": inner}, **ANY)
    table = pl.DataFrame({"x": [{"a": 1}, {"a": None}, None, None]})
    assert [check.subject for check in validate(profile(read(table)), contract(x=column)).failed] == ["x.a"]
    found = checks(table, contract(x=column))["rows.missing", "x.a"]
    assert (found.verdict, found.observed, found.evidence["of"]) == (Verdict.FAIL, 0.5, 2)


def test_a_field_that_the_contract_requires_and_no_struct_has_is_told_at_any_depth():
    fields = {"a": ColumnSchema(Kind.INTEGER), "b": ColumnSchema(Kind.INTEGER)}
    optional = ColumnSchema(Kind.INTEGER, required=False)
    struct = ColumnSchema(Kind.STRUCT, fields={**fields, "c": optional})
    schema = contract(x=ColumnSchema(Kind.LIST, items=struct), y=ColumnSchema(Kind.STRUCT, fields={"in": struct}))
    table = read(pl.DataFrame({"x": [[{"a": 1}]], "y": [{"in": {"b": 1}}]}))
    lacking = [check.subject for check in validate_rows(table, schema).failed]
    assert lacking == ["x[].b", "y.in.a"]
    assert lacking == [check.subject for check in validate(profile(table), schema).failed]


def test_durations_in_nanoseconds_are_cut_as_statistics_cut_them():
    column = ColumnSchema(Kind.DURATION, minimum=-2)
    table = pl.DataFrame({"x": pl.Series([-2001, -2000, 1999]).cast(pl.Duration("ns"))})
    assert validate(profile(read(table)), contract(x=column)).verdict is Verdict.FAIL
    assert broken(table, contract(x=column)) == {"x.bounds": 1}


def test_a_column_of_another_kind_is_not_held_to_be_unique():
    schema = contract(x=ColumnSchema(Kind.INTEGER, unique=True))
    assert broken(pl.DataFrame({"x": ["1", "1"]}), schema) == {"x.kind": 0}


def test_a_share_that_the_contract_allows_breaks_no_row():
    table = pl.DataFrame({"x": ["a", "b", None, "z"]})
    column = ColumnSchema(Kind.STRING, missing_at_most=0.25, values=("a", "b"), others_at_most=0.34)
    report = validate_rows(read(table), contract(x=column))
    assert report.verdict is Verdict.PASS
    assert report.checks[0].evidence["broken"] == 0
    less = validate_rows(read(table), contract(x=ColumnSchema(Kind.STRING, missing_at_most=0.2)))
    assert [check.code for check in less.failed] == ["rows.missing"]


def test_a_column_of_another_kind_fails_though_no_row_is_to_blame():
    found = checks(pl.DataFrame({"x": ["1", "2"]}), contract(x=ColumnSchema(Kind.INTEGER)))
    check = found["rows.kind", "x"]
    assert check.verdict is Verdict.FAIL
    assert "no single row" in check.message


def test_a_row_rule_tells_the_first_rows_that_break_it():
    table = pl.DataFrame(
        {"left": [datetime(2013, 1, 1, hour) for hour in range(4)], "landed": [datetime(2013, 1, 1, 2)] * 3 + [None]}
    )
    rule = RowRule("lands_after", holds="landed>left", note="clocks differ")
    schema = contract(rule, left=ColumnSchema(Kind.TIMESTAMP), landed=ColumnSchema(Kind.TIMESTAMP, **ANY))
    check = checks(table, schema)["rows.holds", "lands_after"]
    assert check.verdict is Verdict.FAIL
    assert check.message == (
        "Rule 'lands_after': 1 of 4 rows break 'landed > left', none may. "
        "The first is row 2: landed 2013-01-01T02:00:00Z, left 2013-01-01T02:00:00Z. (clocks differ)"
    )
    assert check.evidence["unknown"] == 1
    assert check.evidence["examples"] == [{"row": 2, "landed": "2013-01-01T02:00:00Z", "left": "2013-01-01T02:00:00Z"}]


def test_a_tolerated_rule_passes_and_its_rows_are_broken_all_the_same(tmp_path):
    rule = RowRule("positive", holds="x > 0", broken_at_most=0.5)
    schema = contract(rule, x=ColumnSchema(Kind.INTEGER))
    report = validate_rows(read(pl.DataFrame({"x": [1, -1]})), schema, quarantine=tmp_path / "q.parquet")
    assert report.verdict is Verdict.PASS
    assert pl.read_parquet(tmp_path / "q.parquet")["@broken"].to_list() == [["positive"]]


def test_a_rule_that_nothing_could_be_told_of_is_inconclusive():
    schema = contract(RowRule("r", holds="x > 0"), x=ColumnSchema(Kind.INTEGER, **ANY))
    assert checks(pl.DataFrame({"x": [None, None]}), schema)["rows.holds", "r"].verdict is Verdict.INCONCLUSIVE


def test_a_rule_over_a_lost_or_strange_column_is_inconclusive():
    schema = contract(RowRule("r", holds="x > y"), x=ColumnSchema(Kind.INTEGER), y=ColumnSchema(Kind.INTEGER))
    lost = checks(pl.DataFrame({"x": [1]}), schema)
    assert lost["rows.missing_column", "y"].verdict is Verdict.FAIL
    assert "no column 'y'" in lost["rows.holds", "r"].message
    strange = checks(pl.DataFrame({"x": [1], "y": ["1"]}), schema)["rows.holds", "r"]
    assert strange.verdict is Verdict.INCONCLUSIVE
    assert "string in the table" in strange.message


def test_an_optional_column_that_the_table_lacks_is_missing_in_every_row():
    optional = ColumnSchema(Kind.INTEGER, required=False)
    rules = (RowRule("known", holds="x > 0 or y > 0"), RowRule("told", holds="not is_missing(y)"))
    found = checks(pl.DataFrame({"x": [1, 2]}), contract(*rules, x=ColumnSchema(Kind.INTEGER), y=optional))
    assert found["rows.holds", "known"].verdict is Verdict.PASS
    assert found["rows.holds", "told"].evidence["broken"] == 2


def test_rules_of_other_environments_are_not_judged():
    rules = (RowRule("r", holds="x > 0", not_in=("serving",)), RowRule("labelled", holds="late"))
    columns = {"x": ColumnSchema(Kind.INTEGER), "late": ColumnSchema(Kind.BOOLEAN)}
    schema = Schema("trips", columns, label="late", rules=rules)
    table = pl.DataFrame({"x": [-1], "late": [False]})
    assert set(broken(table, schema)) == {"r", "labelled"}
    assert broken(table, schema, environment="serving") == {}
    with pytest.raises(UsageError, match="environment 'servin'"):
        validate_rows(read(table), schema, environment="servin")


def test_a_wrong_rule_is_told_with_its_name_before_any_row_is_read(tmp_path):
    schema = contract(
        RowRule("later", holds="landed > lft"), landed=ColumnSchema(Kind.INTEGER), left=ColumnSchema(Kind.INTEGER)
    )
    with pytest.raises(BadRule) as caught:
        validate_rows(read(pl.DataFrame({"landed": [1], "left": [1]})), schema, quarantine=tmp_path / "q.parquet")
    assert str(caught.value).startswith(
        "there is no column 'lft' (rule 'later' of schema trips)\n    landed > lft\n             ^^^"
    )
    assert not list(tmp_path.iterdir())


def test_a_table_without_rows_is_inconclusive(tmp_path):
    schema = contract(x=ColumnSchema(Kind.INTEGER, unique=True))
    empty = read(pl.DataFrame({"x": []}, schema={"x": pl.Int64}))
    report = validate_rows(empty, schema, quarantine=tmp_path / "q.parquet", good=tmp_path / "g.parquet")
    assert report.verdict is Verdict.INCONCLUSIVE
    assert pl.read_parquet(tmp_path / "q.parquet").columns == ["x", "@row", "@broken"]
    assert pl.read_parquet(tmp_path / "g.parquet").height == 0


def airports(**columns):
    return read(pl.DataFrame(columns))


def test_references_are_held_to_another_table():
    rules = (RowRule("known", refers=("origin",), to="airports", by=("faa",)),)
    schema = contract(*rules, origin=ColumnSchema(Kind.STRING, **ANY))
    table = pl.DataFrame({"origin": ["JFK", "XXX", None, "EWR", "XXX"]})
    tables = {"airports": airports(faa=["JFK", "EWR", "JFK", None])}
    check = checks(table, schema, tables=tables)["rows.refers", "known"]
    assert (check.evidence["broken"], check.evidence["unknown"]) == (2, 1)
    assert [each["row"] for each in check.evidence["examples"]] == [1, 4]


def test_references_by_several_columns_and_by_numbers_of_any_width():
    rule = RowRule("known", refers=("a", "b"), to="other", by=("x", "y"))
    schema = contract(rule, a=ColumnSchema(Kind.INTEGER), b=ColumnSchema(Kind.TIMESTAMP))
    table = pl.DataFrame(
        {"a": pl.Series([1, 1, 2], dtype=pl.UInt8), "b": [date(2013, 1, 1), date(2013, 1, 2), date(2013, 1, 1)]}
    )
    other = airports(x=[1.0, 2.0], y=[datetime(2013, 1, 1), datetime(2013, 1, 2)])
    assert broken(table, schema, tables={"other": other}) == {"known": 2}


def test_a_reference_is_read_beside_the_contract(tmp_path):
    pl.DataFrame({"faa": ["JFK"]}).write_parquet(tmp_path / "airports.parquet")
    rule = RowRule("known", refers=("origin",), to="airports.parquet", by=("faa",))
    table = pl.DataFrame({"origin": ["JFK", "XXX"]})
    assert broken(table, contract(rule, origin=ColumnSchema(Kind.STRING)), folder=tmp_path) == {"known": 1}
    with pytest.raises(BadReference, match="rule 'known' refers to cannot be read: there is no file"):
        validate_rows(read(table), contract(rule, origin=ColumnSchema(Kind.STRING)), folder=tmp_path / "elsewhere")


def test_references_that_can_never_hold_are_refused():
    rule = RowRule("known", refers=("origin",), to="other", by=("fa",))
    schema, table = contract(rule, origin=ColumnSchema(Kind.STRING)), read(pl.DataFrame({"origin": ["JFK"]}))
    with pytest.raises(BadReference, match="there is no column 'fa' in other") as caught:
        validate_rows(table, schema, tables={"other": airports(faa=["JFK"])})
    assert caught.value.nearest == "faa"
    with pytest.raises(BadReference, match="they can never be equal"):
        validate_rows(table, schema, tables={"other": airports(fa=[1])})


def test_what_occurs_twice_is_found_on_the_disk_too(monkeypatch):
    monkeypatch.setattr(repeats, "IN_MEMORY", 1000)
    values = [f"id{number}" for number in range(5000)] + ["id7", "id4999", "id7"]
    assert broken(pl.DataFrame({"x": values}), contract(x=ColumnSchema(Kind.STRING, unique=True))) == {"x.unique": 5}


def test_two_values_of_one_hash_are_not_taken_for_one(monkeypatch):
    monkeypatch.setattr(repeats, "_hash", lambda name: pl.col(name).str.len_chars().cast(pl.UInt64))
    assert broken(pl.DataFrame({"x": ["a", "b", "cc", "cc"]}), contract(x=ColumnSchema(Kind.STRING, unique=True))) == {
        "x.unique": 2
    }


SCHEMA = Schema(
    "trips",
    {
        "id": ColumnSchema(Kind.INTEGER, unique=True, missing_at_most=0.5),
        "x": ColumnSchema(Kind.NUMBER, minimum=0, maximum=5, missing_at_most=0.2),
        "y": ColumnSchema(Kind.STRING, values=("a", "b")),
    },
    rules=(RowRule("r", holds="x < id"), RowRule("known", refers=("y",), to="t", by=("k",))),
)
TABLES = {"t": read(pl.DataFrame({"k": ["a", "c"]}))}


@settings(max_examples=20)
@given(
    st.lists(
        st.tuples(st.integers(0, 9) | st.none(), st.floats(-1, 6) | st.none(), st.sampled_from(["a", "b", "c", None])),
        min_size=1,
        max_size=30,
    ),
    st.lists(st.integers(1, 29), max_size=4),
)
def test_the_answer_does_not_depend_on_how_rows_are_cut(tmp_path_factory, rows, cuts):
    table = pl.DataFrame(rows, schema={"id": pl.Int64, "x": pl.Float64, "y": pl.String}, orient="row")
    folder = tmp_path_factory.mktemp("cut")
    marks = sorted({0, table.height, *(cut for cut in cuts if cut < table.height)})
    for number, (start, end) in enumerate(itertools.pairwise(marks)):
        table[start:end].write_parquet(folder / f"{number}.parquet")
    whole = validate_rows(
        read(table), SCHEMA, tables=TABLES, subject="t", quarantine=folder / "q1.parquet", good=folder / "g1.parquet"
    )
    parts = read([folder / f"{number}.parquet" for number in range(len(marks) - 1)])
    cut = validate_rows(
        parts, SCHEMA, tables=TABLES, subject="t", quarantine=folder / "q2.parquet", good=folder / "g2.parquet"
    )
    assert cut == whole
    one, two = (pl.read_parquet(folder / f"q{number}.parquet") for number in (1, 2))
    assert two.drop("@source", strict=False).equals(one)
    assert pl.read_parquet(folder / "g1.parquet").equals(pl.read_parquet(folder / "g2.parquet"))
    assert one.height + pl.read_parquet(folder / "g1.parquet").height == table.height
    again = validate_rows(read(pl.read_parquet(folder / "g1.parquet")), SCHEMA, tables=TABLES)
    assert again.checks[0].evidence.get("broken", 0) == 0


def test_the_quarantine_says_which_row_of_which_file_broke_which_rule(tmp_path):
    (tmp_path / "a").mkdir()
    pl.DataFrame({"x": [1, -1]}).write_parquet(tmp_path / "a" / "one.parquet")
    pl.DataFrame({"x": [-2, 9]}).write_parquet(tmp_path / "two.parquet")
    dataset = read([tmp_path / "a" / "one.parquet", tmp_path / "two.parquet"])
    schema = contract(RowRule("even", holds="x % 2 = 0"), x=ColumnSchema(Kind.INTEGER, minimum=0, maximum=8))
    validate_rows(dataset, schema, quarantine=tmp_path / "q.parquet", good=tmp_path / "g.parquet")
    assert pl.read_parquet(tmp_path / "q.parquet").rows() == [
        (1, 0, "a/one.parquet", ["even"]),
        (-1, 1, "a/one.parquet", ["x.bounds", "even"]),
        (-2, 2, "two.parquet", ["x.bounds"]),
        (9, 3, "two.parquet", ["x.bounds", "even"]),
    ]
    assert pl.read_parquet(tmp_path / "g.parquet").rows() == []


def test_files_that_cannot_be_written_are_refused_before_any_row_is_read(tmp_path):
    path = tmp_path / "t.parquet"
    pl.DataFrame({"x": [1]}).write_parquet(path)
    schema = contract(x=ColumnSchema(Kind.INTEGER))
    for options, text in (
        ({"quarantine": tmp_path / "q.csv"}, "expected a name that ends in .parquet"),
        ({"good": path}, "is a file of the table that is judged"),
        ({"good": tmp_path / "q.parquet", "quarantine": tmp_path / "q.parquet"}, "the same file"),
    ):
        with pytest.raises(BadQuarantine, match=text):
            validate_rows(read(path), schema, **options)
    taken = read(pl.DataFrame({"x": [1], "@row": [1]}))
    with pytest.raises(BadQuarantine, match="has a column '@row' already"):
        validate_rows(taken, schema, quarantine=tmp_path / "q.parquet")
    assert [item.name for item in tmp_path.iterdir()] == ["t.parquet"]


def test_a_quarantine_can_be_judged_again(tmp_path):
    schema = contract(x=ColumnSchema(Kind.INTEGER, minimum=0))
    validate_rows(read(pl.DataFrame({"x": [-1, 1]})), schema, quarantine=tmp_path / "q.parquet")
    again = validate_rows(read(tmp_path / "q.parquet"), schema, good=tmp_path / "g.parquet")
    assert [check.subject for check in again.failed] == ["x"]
    assert pl.read_parquet(tmp_path / "g.parquet").columns == ["x", "@row", "@broken"]
    with pytest.raises(BadQuarantine, match="'@broken' already"):
        split_rows(pl.read_parquet(tmp_path / "q.parquet"), schema)


def test_a_torn_file_is_named_and_nothing_is_left(tmp_path):
    paths = [tmp_path / f"{number}.parquet" for number in range(2)]
    for path in paths:
        pl.DataFrame({"x": list(range(1000))}).write_parquet(path, compression="uncompressed")
    content = bytearray(paths[1].read_bytes())
    content[4:600] = b"\xff" * 596
    paths[1].write_bytes(content)
    with pytest.raises(DataError, match=r"1\.parquet"):
        validate_rows(read(paths), contract(x=ColumnSchema(Kind.INTEGER)), quarantine=tmp_path / "q.parquet")
    assert sorted(item.name for item in tmp_path.iterdir()) == ["0.parquet", "1.parquet"]


WRITE = """
import resource, signal, sys
import polars as pl
from seakeep.core import Kind
from seakeep.core.schema import ColumnSchema, Schema
from seakeep.data import read, validate_rows

signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
table = pl.DataFrame({"x": range(-100_000, 100_000)}).with_columns(y=pl.col("x").hash())
schema = Schema("t", {"x": ColumnSchema(Kind.INTEGER, minimum=0), "y": ColumnSchema(Kind.INTEGER)})
try:
    validate_rows(read(table), schema, quarantine=sys.argv[1] + "/q.parquet", good=sys.argv[1] + "/g.parquet")
except Exception as error:
    print(type(error).__name__, error)
"""


def test_a_disk_that_fills_up_leaves_nothing_half_written(tmp_path):
    command = [sys.executable, "-c", textwrap.dedent(WRITE), str(tmp_path)]
    ended = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert ended.stdout.startswith("CannotWrite cannot write"), (ended.stdout, ended.stderr)
    assert not list(tmp_path.iterdir())


KILLED = """
import sys
import polars as pl
from seakeep.core import Kind
from seakeep.core.schema import ColumnSchema, Schema
from seakeep.data import read, validate_rows

table = pl.DataFrame({"x": range(-1_500_000, 1_500_000)}).with_columns(y=pl.col("x").hash())
schema = Schema("t", {"x": ColumnSchema(Kind.INTEGER, minimum=0), "y": ColumnSchema(Kind.INTEGER)})
validate_rows(read(table), schema, quarantine=sys.argv[1] + "/q.parquet", good=sys.argv[1] + "/g.parquet")
"""


@pytest.mark.slow
def test_a_kill_while_writing_leaves_neither_file(tmp_path):
    with subprocess.Popen([sys.executable, "-c", KILLED, str(tmp_path)]) as process:
        while not any(item.stat().st_size for item in tmp_path.iterdir()) and process.poll() is None:
            time.sleep(0.005)
        process.kill()
    assert process.returncode == -9, "it ended before it was killed"
    assert [item.name for item in tmp_path.iterdir() if not item.name.startswith(".tmp-")] == []


def test_a_batch_is_split_into_good_and_broken_rows():
    columns = {
        "id": ColumnSchema(Kind.INTEGER, unique=True),
        "x": ColumnSchema(Kind.NUMBER, minimum=0, missing_at_most=0.1),
    }
    schema = contract(RowRule("r", holds="x < 9"), RowRule("elsewhere", refers=("id",), to="t", by=("k",)), **columns)
    batch = pl.DataFrame({"id": [1, 1, 2, 3], "x": [1.0, -1.0, None, 10.0], "more": list("abcd")})
    good, bad = split_rows(batch, schema)
    assert good["id"].to_list() == [1, 2]
    assert bad.rows() == [(1, -1.0, "b", ["x.bounds"]), (3, 10.0, "d", ["r"])]
    good, bad = split_rows(batch, schema, tables={"t": read(pl.DataFrame({"k": [1]}))})
    assert bad["@broken"].to_list() == [["x.bounds"], ["elsewhere"], ["r", "elsewhere"]]


def test_split_rows_of_a_contract_without_rules_keeps_every_row():
    batch = pl.DataFrame({"x": [1]})
    good, bad = split_rows(batch, contract())
    assert (good.rows(), bad.height) == ([(1,)], 0)


def test_progress_ends_with_all_rows():
    told = []
    validate_rows(
        read(pl.DataFrame({"x": [1, 2]})),
        contract(x=ColumnSchema(Kind.INTEGER)),
        progress=lambda *each: told.append(each),
    )
    assert told[-1][:2] == (2, 1.0)


def test_a_negative_number_of_examples_is_refused():
    with pytest.raises(UsageError, match="examples must be at least 0"):
        validate_rows(read(pl.DataFrame({"x": [1]})), contract(), examples=-1)


def test_parts_of_a_table_show_examples_of_what_only_the_whole_makes_too_much(monkeypatch):
    from seakeep.data.rows import elsewhere

    monkeypatch.setattr(elsewhere, "ROWS", 10)
    columns = {
        "x": ColumnSchema(Kind.INTEGER, minimum=0, missing_at_most=0.2),
        "y": ColumnSchema(Kind.INTEGER, missing_at_most=0.05),
    }
    x = [None] * 5 + list(range(-2, 93))
    table = read(pl.DataFrame({"x": x, "y": [1] * 40 + [None] * 5 + [1] * 45 + [None] * 10}))
    here, there = (validate_rows(table, contract(**columns), engine=engine) for engine in (None, "local[2]"))
    assert here == there
    shown = {(check.code, check.subject) for check in here.checks if "examples" in check.evidence}
    assert shown == {("rows.bounds", "x"), ("rows.missing", "y")}

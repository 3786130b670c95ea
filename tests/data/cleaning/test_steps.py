"""Every step does what it says, is one line of text that reads back, and refuses what it cannot do."""

from __future__ import annotations

import subprocess
import sys
from datetime import date, datetime

import polars as pl
import pytest

import seakeep
from seakeep.core import Verdict, plugins
from seakeep.core.errors import UsageError
from seakeep.data import collect
from seakeep.data.cleaning import clean, load_steps, save_steps, step
from seakeep.data.cleaning.errors import BadCleaning
from seakeep.data.cleaning.files import parsed_step
from seakeep.data.cleaning.step import GROUP

NAMES = plugins.names(GROUP)


def done(text, **columns):
    """The columns after one step."""
    cleaned = clean(seakeep.read(pl.DataFrame(columns)), [text])
    return collect(cleaned.dataset).to_dict(as_series=False)


@pytest.mark.parametrize("name", NAMES)
def test_a_steps_example_reads_back(name):
    made = parsed_step(plugins.load(GROUP, name).Step.EXAMPLE)
    assert made.name == name
    assert parsed_step(made.text) == made


@pytest.mark.parametrize(
    ("text", "before", "after"),
    [
        ("strip: {columns: [x]}", [" a", "b\u00a0", None], ["a", "b", None]),
        ("lower: {columns: [x]}", ["Ab", None], ["ab", None]),
        ("replace: {columns: [x], to: {NYC: New York}}", ["NYC", "Rome"], ["New York", "Rome"]),
        ("merge_levels: {columns: [x], levels: [a, b], into: c}", ["a", "b", "d"], ["c", "c", "d"]),
        ("set_missing: {columns: [x], values: [-1]}", [-1, 0, None], [None, 0, None]),
        ("set_missing: {columns: [x], values: [N/A]}", ["N/A", "a"], [None, "a"]),
        (
            "set_missing: {columns: [x], values: [1900-01-01]}",
            [date(1900, 1, 1), date(2026, 1, 1)],
            [None, date(2026, 1, 1)],
        ),
        ("fill: {columns: [x], value: 0}", [None, 2], [0, 2]),
        ("fill: {columns: [x], value: 0}", [float("nan"), 2.0], [0.0, 2.0]),
        ("clip: {columns: [x], least: 0, most: 5}", [-3, 9, None], [0, 5, None]),
        ("drop_outliers: {columns: [x], most: 5}", [1, 9, None], [1, None]),
        ("drop_duplicates: {}", ["a", "b", "a", None, None], ["a", "b", None]),
        ("fix_encoding: {columns: [x]}", ["CafÃ©", "Straße", "\ufeffa\x07", None], ["Café", "Straße", "a", None]),
        (
            'parse_numbers: {columns: [x], thousands: ","}',
            ["$1,234.50", " (3) ", "5%", "", None],
            [1234.5, -3.0, 0.05, None, None],
        ),
        ('parse_numbers: {columns: [x], decimal: ",", thousands: "."}', ["1.234,5", "-2"], [1234.5, -2.0]),
        (
            'parse_dates: {columns: [x], formats: ["%Y-%m-%d", "%d.%m.%Y"]}',
            ["2026-01-02", "03.01.2026"],
            [date(2026, 1, 2), date(2026, 1, 3)],
        ),
        (
            'parse_dates: {columns: [x], formats: ["%Y-%m-%d %H:%M"]}',
            ["2026-01-02 03:04"],
            [datetime(2026, 1, 2, 3, 4)],
        ),
        ("parse_booleans: {columns: [x]}", ["Yes", "n", " TRUE"], [True, False, True]),
        ("convert_units: {columns: [x], factor: 0.001, above: 100}", [1, 5000], [1.0, 5.0]),
    ],
)
def test_a_step_does_what_it_says(text, before, after):
    assert done(text, x=before)["x"] == after


def test_units_are_converted_where_other_columns_say():
    text = 'convert_units: {columns: [x], factor: 1.8, offset: 32, equals: {unit: C}, time: [at, "2026-01-01", "2026-02-01"]}'
    at = [datetime(2026, 1, 5), datetime(2026, 1, 5), datetime(2026, 3, 1)]
    assert done(text, x=[10, 10, 10], unit=["C", "F", "C"], at=at)["x"] == [50.0, 10.0, 10.0]


def test_columns_are_dropped_and_duplicates_by_key_keep_the_first():
    assert list(done("drop_columns: {columns: [y]}", x=[1], y=[2])) == ["x"]
    assert done("drop_duplicates: {by: [k]}", k=[1, 2, 1], x=[5, 6, 7]) == {"k": [1, 2], "x": [5, 6]}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("scrub: {columns: [x]}", "no step 'scrub'"),
        ("strip: {column: [x]}", "strip has no option 'column'"),
        ("strip: {}", "strip lacks the option 'columns'"),
        ("strip: {columns: [1]}", "found 1"),
        ("strip: {columns: [x], at_most: 3}", "at_most is 3"),
        ("clip: {columns: [x]}", "there is neither least nor most"),
        ("clip: {columns: [x], least: 5, most: 1}", "least is 5, above most, 1"),
        ('parse_numbers: {columns: [x], decimal: ",", thousands: ","}', "both ','"),
        ("parse_dates: {columns: [x], formats: [day]}", "'day' is no format"),
        ("parse_booleans: {columns: [x], spelt_true: [a], spelt_false: [A]}", "'a' is true and false"),
        ("convert_units: {columns: [x], factor: 0}", "factor is 0"),
        ("convert_units: {columns: [x], offset: .inf}", "offset is inf, expected a finite number"),
        ("- strip", "expected one step with its options"),
        ("strip: {columns: [x", "the steps cannot be read"),
        ("", "expected one step with its options"),
    ],
)
def test_a_wrong_declaration_is_refused_in_words(text, found):
    with pytest.raises(UsageError) as caught:
        parsed_step(text)
    assert found in str(caught.value)
    assert caught.value.fix


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("strip: {columns: [z]}", "strip is about the column 'z', which the table does not have"),
        ("strip: {columns: [x]}", "strip needs text; the column 'x' is Int64"),
        ("clip: {columns: [t], least: 0}", "clip needs numbers; the column 't' is String"),
        ("set_missing: {columns: [x], values: [a]}", "set_missing needs a column that can hold 'a'"),
        ("drop_outliers: {columns: [t], least: 0}", "drop_outliers needs"),
        ("drop_columns: {columns: [y]}", "drop_columns drops 'y', which is the table's label"),
    ],
)
def test_a_step_that_does_not_fit_the_table_is_refused(text, found):
    table = seakeep.read(pl.DataFrame({"x": [1], "t": ["a"], "y": [True]}), label="y")
    with pytest.raises(BadCleaning) as caught:
        clean(table, [text])
    assert found in str(caught.value)


def test_one_text_is_no_list_of_steps():
    with pytest.raises(BadCleaning, match="expected a list of steps"):
        clean(seakeep.read(pl.DataFrame({"x": [1]})), "strip: {columns: [x]}")


def test_steps_are_saved_and_loaded(tmp_path):
    steps = (step("strip", columns="city"), step("set_missing", columns=["age"], values=[-1, 999], at_most=0.1))
    save_steps(steps, tmp_path / "cleaning.yaml", note="first\nsecond")
    assert load_steps(tmp_path / "cleaning.yaml") == steps
    save_steps((), tmp_path / "none.yaml")
    assert load_steps(tmp_path / "none.yaml") == ()
    with pytest.raises(BadCleaning, match="there is no file of steps"):
        load_steps(tmp_path / "absent.yaml")
    (tmp_path / "torn.yaml").write_text("strip: {columns: [x]}")
    with pytest.raises(BadCleaning, match="it is not a list"):
        load_steps(tmp_path / "torn.yaml")
    (tmp_path / "bad.yaml").write_text("- strip: {columns: [x]}\n- 7\n")
    with pytest.raises(BadCleaning, match="step 2"):
        load_steps(tmp_path / "bad.yaml")
    (tmp_path / "bytes.yaml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(BadCleaning, match="cannot be read"):
        load_steps(tmp_path / "bytes.yaml")


def test_what_a_step_cannot_read_fails_the_report_unless_declared():
    table = seakeep.read(pl.DataFrame({"x": ["1", "two", "", None, "-"]}))
    cleaned = clean(table, ["parse_numbers: {columns: [x]}"])
    (check,) = cleaned.report.failed
    assert (check.code, check.observed, check.evidence["examples"]) == ("cleaning.unread", 2, ["two", "-"])
    assert clean(table, ['parse_numbers: {columns: [x], missing: ["", "-", "two"]}']).report.verdict is Verdict.PASS
    assert clean(table, ["parse_numbers: {columns: [x], others: missing}"]).report.verdict is Verdict.PASS


def test_changes_are_counted_and_more_than_declared_fail():
    table = seakeep.read(pl.DataFrame({"x": [" a", "b", " c", "d"], "k": [1, 1, 2, 3]}))
    cleaned = clean(table, ["strip: {columns: [x], at_most: 0.4}", "drop_duplicates: {by: [k]}"])
    first, second = cleaned.report.checks
    assert (first.verdict, first.observed, first.threshold) == (Verdict.FAIL, 0.5, 0.4)
    assert first.evidence["values_changed"] == {"x": 2}
    assert (second.verdict, second.evidence["rows_dropped"]) == (Verdict.PASS, 1)
    assert [row[3:] for row in cleaned.report.table("cleaning").rows] == [(2, 0), (0, 1)]


def test_the_steps_enter_the_digest_and_the_pieces_leave_no_trace(tmp_path):
    rows = pl.DataFrame({"x": [f" {at % 7}" for at in range(100)], "k": [at % 60 for at in range(100)]})
    for at in range(4):
        rows[at * 25 : at * 25 + 25].write_parquet(tmp_path / f"{at}.parquet")
    steps = ["strip: {columns: [x]}", "drop_duplicates: {by: [k]}", "drop_outliers: {columns: [k], most: 50}"]
    parts = clean(seakeep.read(str(tmp_path / "*.parquet")), steps)
    whole = clean(seakeep.read(rows), steps)
    assert collect(parts.dataset).equals(collect(whole.dataset))
    assert parts.report.checks == whole.report.checks
    plain = seakeep.read(str(tmp_path / "*.parquet"))
    digests = {
        plain.digest,
        parts.dataset.digest,
        clean(plain, steps[:2]).dataset.digest,
        clean(plain, steps[:1]).dataset.digest,
    }
    assert len(digests) == 4
    assert clean(plain, steps).dataset.digest == parts.dataset.digest
    assert parts.dataset.source.files() == plain.source.files()
    assert seakeep.profile(parts.dataset).rows == 51


def test_a_file_that_is_torn_after_cleaning_was_planned_is_named(tmp_path):
    pl.DataFrame({"k": range(100)}).write_parquet(tmp_path / "a.parquet")
    cleaned = clean(seakeep.read(tmp_path / "a.parquet"), ["drop_duplicates: {by: [k]}"])
    (tmp_path / "a.parquet").write_bytes(b"PAR1 torn")
    with pytest.raises(seakeep.core.errors.DataError, match=r"a\.parquet"):
        collect(cleaned.dataset)


def test_a_full_disk_is_told_and_nothing_is_left(tmp_path):
    program = f"""
import pathlib, resource
import polars as pl
import seakeep
from seakeep.core.files import CannotWrite
from seakeep.data.cleaning.writing import write_table

table = seakeep.read(pl.DataFrame({{"x": pl.int_range(100_000, eager=True).hash(1)}}))
resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, 10_000))
try:
    write_table(table, pathlib.Path({str(tmp_path / "out.parquet")!r}))
except CannotWrite as error:
    print("refused", error)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("refused cannot write")
    assert list(tmp_path.iterdir()) == []

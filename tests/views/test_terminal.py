from __future__ import annotations

import io

import pytest

from seakeep.core import ColumnStatistics, Kind, Report, Schema, Statistics, Table, Verdict
from seakeep.core.distinct import DistinctSketch, hash_number
from seakeep.views import terminal
from seakeep.views.rows import LineageRow, ReleaseRow, StageRow

STAGES = (
    StageRow("read", 0.21, 0.3, 120 << 20, note="336,776 rows"),
    StageRow("train", 12.1, 22.0, 900 << 20, Verdict.PASS),
    StageRow("evaluate", verdict=Verdict.FAIL, cached=True),
)


def test_a_report_says_what_failed_and_what_to_do(evaluation):
    lines = terminal.text(terminal.report(evaluation)).splitlines()
    assert lines[0] == "Evaluation of flight-delay (flights after 2013-10-01): ✗ fail"
    assert lines[1] == "  Of 3 checks: 1 failed, 1 inconclusive, 1 passed."
    assert lines[2] == "✗ carrier  fairness.equal_opportunity"
    assert "  observed 0.21, threshold 0.15" in lines
    assert "  → seakeep show it" in lines
    assert not any("metric.at_least" in line and line.startswith("✓") for line in lines)


def test_a_report_of_few_checks_says_what_was_seen_where_they_passed(evaluation):
    shown = terminal.text(terminal.report(evaluation, passed=True)).splitlines()
    (passed,) = (check for check in evaluation.checks if check.verdict is Verdict.PASS)
    assert shown[-1] == f"✓ {passed.message}"
    assert shown[:-1] == terminal.text(terminal.report(evaluation)).splitlines()


def test_reports_of_one_title_are_told_apart_by_what_they_are_about():
    shown = terminal.text(terminal.report(Report("validation", "Validation against trips", "trips: held-out rows")))
    assert shown.startswith("Validation against trips (trips: held-out rows): ? inconclusive")


def test_a_report_shows_its_tables_when_asked(training):
    shown = terminal.text(terminal.report(training, tables=True))
    assert "Beside simpler models" in shown
    assert shown.splitlines()[-1].split() == ["majority", "roc_auc", "0.5", "0.5", "0.5"]


def test_a_long_table_is_cut_and_says_so():
    table = Table("t", "", ("n",), tuple((i,) for i in range(30)))
    shown = terminal.text(terminal.table(table, rows=5))
    assert shown.splitlines()[-1] == "and 25 more rows"


def test_a_drift_table_keeps_names_whole_and_what_moved_first_on_80_characters():
    columns = ("column", "kind", "distance", "observed", "threshold", "noise", "verdict", "reference", "current")
    when = "2024-06-22T02:20:55.810000Z"
    rows = [
        ("handed_over", "timestamp", "jensen_shannon", 0.01, 0.2, 0.03018, word, when, when)
        for word in ("pass", "fail", "pass")
    ]
    shown = terminal.text(terminal.table(Table("drift", "", columns, tuple(rows))), width=80)
    lines = shown.splitlines()
    assert [line.split()[-1] for line in lines[-3:]] == ["fail", "pass", "pass"]
    assert all(line.startswith("handed_over  jensen_shannon") for line in lines[-3:])


def test_an_estimate_of_different_values_says_so_and_is_not_more_than_there_are():
    sketch = DistinctSketch.of(hash_number(float(i)) for i in range(5000))
    column = ColumnStatistics(Kind.NUMBER, 4000, minimum=0.0, maximum=4999.0, sketch=sketch)
    assert "≈ 4,000" in terminal.text(terminal.statistics(Statistics(4000, {"x": column})))


def test_statistics_take_a_line_a_column(statistics):
    lines = terminal.text(terminal.statistics(statistics)).splitlines()
    assert lines[0] == "200 rows, 9 columns"
    assert lines[2].split() == ["distance", "integer", "40", "80", "…", "327", "…", "587"]
    assert lines[-1].split() == ["empty", "null", "100", "%", "0", "nothing", "but", "missing", "values"]
    assert "year" in lines[8]
    assert "2013 … 2013" in lines[8]


def test_a_schema_takes_a_line_a_column(schema):
    shown = terminal.text(terminal.schema(schema))
    assert "schema flights, 6 columns" in shown
    assert "known afterwards" in shown
    assert "key, optional" in shown


def test_stages_end_with_their_sum():
    lines = terminal.text(terminal.stages(STAGES)).splitlines()
    assert lines[0].split() == ["stage", "time", "CPU", "peak", "memory", "verdict"]
    assert "cached" in lines[3]
    assert lines[-1].split() == ["all", "12.3", "s", "22.3", "s", "900", "MiB"]


def test_the_sum_of_the_cpu_is_told_only_where_every_stage_was_measured():
    lines = terminal.text(terminal.stages([*STAGES, StageRow("traffic", seconds=2.0)])).splitlines()
    assert lines[-1].split() == ["all", "14.3", "s", "–", "900", "MiB"]


def test_stages_that_were_all_cached_have_no_times():
    shown = terminal.text(terminal.stages([StageRow("read", cached=True), StageRow("train", cached=True)]))
    assert shown.splitlines()[-1].split() == ["all", "–", "–", "–"]


def test_releases_show_their_aliases_and_none_says_what_to_do():
    shown = terminal.text(
        terminal.releases([ReleaseRow("flight-delay", 3, "ab" * 32, Verdict.PASS, "2026-11-23", ("champion",))])
    )
    assert shown.splitlines()[1].split() == ["flight-delay@3", "champion", "✓", "pass", "abababababab", "2026-11-23"]
    assert "seakeep run FILE" in terminal.text(terminal.releases([]))


def test_a_lineage_is_a_tree():
    rows = (
        LineageRow(0, "release", "flight-delay@3", digest="ab" * 32),
        LineageRow(1, "model", "flight-delay", "register"),
        LineageRow(2, "dataset", "training", "train"),
        LineageRow(1, "report", "evaluation", "register", repeated=True),
    )
    assert terminal.text(terminal.lineage(rows)).splitlines() == [
        "release flight-delay@3 abababababab",
        "├── register: model flight-delay",
        "│   └── train: dataset training",
        "└── register: report evaluation (opened above)",
    ]
    assert terminal.text(terminal.lineage(())) == "Nothing is on record.\n"


def test_neighbours_that_were_all_shown_before_are_one_line_of_a_lineage():
    files = [LineageRow(2, "file", f"{month}.csv", "read", "ab" * 32, repeated=month > 2) for month in range(1, 7)]
    rows = [LineageRow(0, "release", "a"), LineageRow(1, "dataset", "training", "train"), *files]
    pair = [LineageRow(2, "report", name, "evaluate", repeated=True) for name in ("b", "c")]
    assert terminal.text(terminal.lineage([*rows, *pair])).splitlines()[2:] == [
        "    ├── read: file 1.csv abababababab",
        "    ├── read: file 2.csv abababababab",
        "    ├── read: 4 files (opened above)",
        "    ├── evaluate: report b (opened above)",
        "    └── evaluate: report c (opened above)",
    ]


def test_a_lineage_that_skips_depths_is_still_drawn():
    rows = (
        LineageRow(0, "release", "a"),
        LineageRow(3, "file", "b"),
        LineageRow(2, "file", "c"),
        LineageRow(0, "x", "d"),
    )
    assert len(terminal.text(terminal.lineage(rows)).splitlines()) == 4


@pytest.mark.parametrize("width", [30, 48, 80, 120])
def test_nothing_is_wider_than_the_terminal(
    width,
    evaluation,
    statistics,
    schema,
    hostile_report,
    hostile_statistics,
    monitoring_report,
    rollout_report,
    hostile_life,
):
    drawn = [terminal.report(evaluation, tables=True), terminal.statistics(statistics), terminal.schema(schema)]
    drawn += [terminal.report(hostile_report, tables=True), terminal.statistics(hostile_statistics)]
    drawn += [terminal.stages(STAGES)]
    drawn += [
        terminal.monitoring(monitoring_report),
        terminal.rollout(rollout_report),
        terminal.monitoring(hostile_life),
    ]
    for one in drawn:
        assert max(len(line) for line in terminal.text(one, width=width).splitlines()) <= width


def test_hostile_names_move_no_cursor_and_are_no_markup(hostile_report, hostile_statistics, hostile_life):
    shown = [terminal.report(hostile_report, tables=True), terminal.statistics(hostile_statistics)]
    for drawn in (*shown, terminal.monitoring(hostile_life)):
        shown = terminal.text(drawn, width=200)
        assert not set("\x1b\x07\u202e\r") & set(shown)
        assert "[bold red]markup[/]" in shown
        assert "\\x1b[31mred" in shown


def test_a_pipe_gets_no_colour(evaluation):
    out = io.StringIO()
    terminal.console(out).print(terminal.report(evaluation))
    assert "\x1b" not in out.getvalue()


def test_a_terminal_gets_colour_and_no_color_takes_it_away(evaluation, monkeypatch):
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    shown = io.StringIO()
    terminal.console(shown, colour=True).print(terminal.report(evaluation))
    assert "\x1b[1;31m" in shown.getvalue()
    monkeypatch.setenv("NO_COLOR", "1")
    plain = io.StringIO()
    terminal.console(plain, colour=True).print(terminal.report(evaluation))
    assert "\x1b[1;31m" not in plain.getvalue()


def test_empty_nouns_are_drawn():
    for drawn in (
        terminal.report(Report("validation", "Empty", "")),
        terminal.statistics(Statistics()),
        terminal.schema(Schema("none")),
        terminal.stages([]),
    ):
        assert terminal.text(drawn) is not None

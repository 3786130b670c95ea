"""A pipeline that cleans: counted, on record, cached, and never behind the server's back."""

from __future__ import annotations

from pathlib import Path

import pytest

from seakeep.core import Report, Verdict
from seakeep.pipeline import run
from seakeep.pipeline.errors import BadPipeline

DROP = "drop_duplicates: {by: [trip]}"


def cleans(project, *steps: str) -> None:
    project.edit("    train=train,\n", f"    train=train,\n    clean={list(steps)!r},\n")


def test_what_was_cleaned_is_a_report_of_the_run_and_of_the_release(project) -> None:
    cleans(project, DROP, "strip: {columns: [zone]}")
    result = run(project.file)
    assert result.verdict is Verdict.PASS
    read = result.stages[0]
    assert "cleaning" in {output.name for output in read.outputs}
    report = Report.load(Path(result.folder) / "reports" / "cleaning.json")
    assert [check.subject for check in report.checks] == ["drop_duplicates", "strip"]
    again = run(project.file)
    assert all(stage.cached for stage in again.stages)
    assert again.release == result.release


def test_what_was_cleaned_does_not_tell_where_the_data_was(project) -> None:
    cleans(project, DROP)
    report = Report.load(Path(run(project.file).folder) / "reports" / "cleaning.json")
    assert str(project.folder) not in f"{report}"


def test_another_list_of_steps_is_another_dataset(project) -> None:
    cleans(project, DROP)
    first = run(project.file)
    project.edit(DROP, "drop_outliers: {columns: [fare], least: 5}")
    second = run(project.file)
    assert not any(stage.cached for stage in second.stages[:2])
    assert first.release != second.release


def test_a_step_that_changes_a_feature_is_refused_unless_requests_arrive_cleaned(project) -> None:
    cleans(project, "clip: {columns: [fare], most: 30}")
    with pytest.raises(BadPipeline, match="changes 'fare', which is a feature") as caught:
        run(project.file)
    stated = 'clip: {columns: ["fare"], most: 30, requests: "cleaned"}'
    assert stated in caught.value.fix
    assert "asked about values that were never cleaned" in caught.value.cause
    project.edit("clip: {columns: [fare], most: 30}", stated)
    assert run(project.file).verdict is Verdict.PASS


def test_more_changes_than_declared_end_the_run(project) -> None:
    cleans(project, "drop_outliers: {columns: [fare], most: 1, at_most: 0.01}")
    result = run(project.file, stage="read")
    assert result.verdict is Verdict.FAIL
    assert [check.code for check in result.not_passed] == ["cleaning.changed"]


def test_one_step_is_no_list(project) -> None:
    project.edit("    train=train,\n", f"    train=train,\n    clean={DROP!r},\n")
    with pytest.raises(Exception, match=r"clean"):
        run(project.file)

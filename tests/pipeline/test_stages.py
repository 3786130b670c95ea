"""What the stages leave beyond what every run needs: the measure for monitoring, where a window is declared."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from seakeep.core import Report, Verdict
from seakeep.pipeline import run
from seakeep.pipeline.errors import BadPipeline

NAMES = ["read", "profile", "validate", "train", "evaluate", "register"]


def timed(project, *, days: int, window: str) -> None:
    """Twelve rows a day with a time column, and a declared window."""
    start = datetime(2026, 3, 2)
    lines = ["trip,when,fare,zone,tip"]
    for number in range(days * 12):
        when = (start + timedelta(hours=2 * number)).isoformat()
        lines.append(
            f"T{number:04},{when},{number * 7 % 40}.5,{'north' if number % 3 else 'south'},{str(number % 2 == 0).lower()}"
        )
    (project.folder / "data" / "a.csv").write_text("\n".join(lines) + "\n")
    project.edit('label="tip", key="trip"', 'label="tip", key="trip", time="when"')
    project.edit("    train=train,\n", f'    train=train,\n    window="{window}",\n')


def test_a_declared_window_puts_a_reference_report_into_the_release(project) -> None:
    timed(project, days=35, window="7d")
    result = run(project.file)
    report = Report.load(Path(result.folder) / "reports" / "reference.json")
    assert (result.verdict, report.verdict, report.kind) == (Verdict.PASS, Verdict.PASS, "reference")
    columns = {str(record["column"]) for record in report.table("windows").records()}
    assert "fare" in columns
    assert "tip" not in columns
    again = run(project.file)
    assert [stage.stage for stage in again.stages if stage.cached] == NAMES
    assert again.release == result.release


def test_too_few_windows_make_a_release_inconclusive(project) -> None:
    timed(project, days=5, window="7d")
    result = run(project.file)
    assert result.verdict is Verdict.INCONCLUSIVE
    (check,) = result.not_passed
    assert (check.code, check.verdict) == ("reference.windows", Verdict.INCONCLUSIVE)


def test_a_window_without_a_time_column_is_refused(project) -> None:
    project.edit("    train=train,\n", '    train=train,\n    window="7d",\n')
    with pytest.raises(BadPipeline, match="the pipeline has window='7d', and its dataset has no time column") as caught:
        run(project.file)
    assert 'time="scheduled"' in caught.value.fix
    (project.folder / "tips.schema.yaml").unlink()
    timed(project, days=5, window="1d")
    table = project.folder / "data" / "a.csv"
    table.write_text(table.read_text().replace(",2026-03-", ",some day "))
    project.edit('    window="7d",\n', "")
    with pytest.raises(BadPipeline, match="its time column 'when' holds values of kind string") as caught:
        run(project.file)
    assert 'derive={"when": polars.col("when").str.to_datetime(' in caught.value.fix

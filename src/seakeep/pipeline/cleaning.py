"""The cleaning of a pipeline's data, before it is divided; and why a step that changes a feature is refused unless it says more.

Called by `Work`. Cleaning is done to tables, never within the graph. A model fitted on cleaned values and asked about raw ones would
answer another question than it was trained for, and no parity check would see it, since both sides of that check are cleaned. So
a step that changes a column which is a feature must state `requests: cleaned`: whoever asks cleans first. What can be said in
the graph belongs into the features (fill, clip, missing_flag), which are the same in training and serving by construction.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from seakeep.core.report import Report
from seakeep.pipeline.errors import BadPipeline

if TYPE_CHECKING:
    from collections.abc import Mapping

    from seakeep.core import Dataset
    from seakeep.data.cleaning import Cleaned
    from seakeep.pipeline.declaration import Pipeline


def cleaned_for(pipeline: Pipeline, dataset: Dataset) -> Cleaned:
    """The dataset after the pipeline's steps, and what they changed; the report names the pipeline, not where the data is on this machine.

    Raises: BadPipeline, for a step that changes a feature and does not state `requests: cleaned`; BadCleaning, for one that does not fit.
    """
    from seakeep.data.cleaning import clean
    from seakeep.data.cleaning.step import declared

    steps = declared(pipeline.clean)
    features = pipeline.features.columns
    for step in steps:
        changed = [name for name in step.changes if name in features]
        if changed and step.requests != "cleaned":
            raise BadPipeline.cleans_feature(step.text, changed[0], _stated(step))
    cleaned = clean(dataset, steps)
    return replace(cleaned, report=replace(cleaned.report, subject=pipeline.name))


def joined(reports: Mapping[str, Report]) -> Report | None:
    """One report of the parts that were cleaned; None where none was. Subjects name the part where there are several."""
    if not reports:
        return None
    if len(reports) == 1:
        return next(iter(reports.values()))
    checks = tuple(
        replace(check, subject=f"{check.subject} ({part.replace('_', '-')})")
        for part, report in reports.items()
        for check in report.checks
    )
    tables = tuple(
        replace(table, name=f"{table.name}_{part}", title=f"{table.title}: {part.replace('_', '-')} rows")
        for part, report in reports.items()
        for table in report.tables
    )
    first = next(iter(reports.values()))
    return Report(first.kind, first.title, first.subject, checks, tables)


def _stated(step: object) -> str:
    from dataclasses import replace as changed

    return changed(step, requests="cleaned").text  # type: ignore[type-var,attr-defined,no-any-return]

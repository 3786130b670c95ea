"""Hold one span to the pipeline's contract, before anything is trained on it.

A feed breaks at its newest end: a unit has changed, a column was renamed, the file is empty. A training's own validation looks
at all spans together, where a tenth of bad rows may pass; here the span is read by the pipeline's read function, profiled
and judged alone. Seasons move a span away from those before it, so drift is not judged, only the contract; where that has limits
for growth, the span before is counted too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from seakeep.core import Check, Report, Statistics, Verdict
from seakeep.core.errors import DataError, SchemaMismatch
from seakeep.pipeline.calling import called
from seakeep.pipeline.load import importable
from seakeep.pipeline.measuring import Cost
from seakeep.pipeline.project import Project
from seakeep.pipeline.reading import rows_of
from seakeep.pipeline.recording import record_of_step
from seakeep.pipeline.sights import look_at_path
from seakeep.pipeline.spans.errors import BadSpans
from seakeep.pipeline.work import Work
from seakeep.registry import Artifact, Registry

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from seakeep.core import Schema
    from seakeep.core.errors import SeakeepError
    from seakeep.pipeline.spans.choosing import Span
    from seakeep.registry import Execution

READABLE, CONTRACT = "span.readable", "span.contract"


def check_span(
    file: Path | str,
    span: str,
    *,
    home: Path | str | None = None,
    name: str | None = None,
    flags: Mapping[str, object] | None = None,
) -> Report:
    """Judge one span of the pipeline in `file` by its contract; the report is put on record.

    Parameters: span: its name. home, name, flags: as in `runner.run`.
    Returns: report of kind "validation": "span.readable" fails where the span is empty or cannot be read; "span.contract" is
        inconclusive where there is no contract yet; else the contract's own checks.
    Raises: BadSpans, where the pipeline has no spans or none of this name; CannotLoad; BadPipeline.
    """
    project = Project.of(file, arguments={"home": home}, flags=flags)
    with Registry(project.place) as registry, importable(project), registry.writing():
        work = Work(project, registry, name=name, code=project.code())
        found = _found(work, span)
        with Cost() as cost:
            report = _judged(work, *found)
            registry.put(report)
        registry.record(_record(work, found[0], report, cost))
    return report


def _found(work: Work, name: str) -> tuple[Span, Span | None]:
    """The span of this name, and the one before it."""
    spans, folder = work.pipeline.spans, work.project.file.parent
    if spans is None:
        raise BadSpans.not_declared(work.project.file)
    by_name = {span.name: span for span in spans.find(folder)}
    if name not in by_name:
        raise BadSpans.unknown(name, list(by_name), spans.place(folder))
    names = list(by_name)
    at = names.index(name)
    return by_name[name], by_name[names[at - 1]] if at else None


def _judged(work: Work, span: Span, before: Span | None) -> Report:
    subject = f"{work.pipeline.name}: span {span.name}"
    try:
        rows = rows_of(work, span)
        statistics = called("profile", work.pipeline.profile, Statistics, work.read(span.path))
    except (DataError, SchemaMismatch) as error:
        return Report("validation", "Validation", subject, (_unreadable(span, error),))
    readable = Check(READABLE, span.name, Verdict.PASS, f"The span has {rows:,} rows.", rows, 1)
    path = work.schema_path()
    if not path.exists():
        message = f"There is no contract at {path.name} yet; the first run infers one."
        check = Check(CONTRACT, span.name, Verdict.INCONCLUSIVE, message, fix=f"seakeep run {work.project.file}")
        return Report("validation", "Validation", subject, (readable, check))
    from seakeep import data

    named = {"environment": "training", "reference": None, "subject": subject}
    schema = data.load_schema(path)
    report = called("validate", work.pipeline.validate, Report, statistics, schema, **named)
    if schema.rules:
        report += data.validate_rows(work.read(span.path), schema, folder=path.parent, subject=subject)
    checks = (readable, *report.checks, *_growth(work, schema, rows, before))
    return Report(report.kind, report.title, report.subject, checks, report.tables)


def _growth(work: Work, schema: Schema, rows: int, before: Span | None) -> Iterator[Check]:
    """The span's rows over those of the span before, where the contract has limits for it and there is one."""
    if before is None or (schema.growth_at_least is None and schema.growth_at_most is None):
        return
    from seakeep.data.validation.sizes import check_growth

    try:
        yield check_growth(rows, rows_of(work, before), schema)
    except DataError as error:
        message = f"The span before, {before.name}, cannot be counted: {error.found}."
        yield Check("schema.growth", "table", Verdict.INCONCLUSIVE, message, fix=error.fix)


def _unreadable(span: Span, error: SeakeepError) -> Check:
    evidence = {"path": str(span.path), "cause": error.cause}
    return Check(READABLE, span.name, Verdict.FAIL, f"{error.found}.", 0, 1, fix=error.fix, evidence=evidence)


def _record(work: Work, span: Span, report: Report, cost: Cost) -> Execution:
    """A record by which the lineage of the report leads to the span's files."""
    files = tuple(Artifact(each.path, "file", each.digest) for each in look_at_path(span.path) if each.kind == "file")
    outputs = (Artifact("span_validation", "report", report.digest),)
    name, verdict, told = work.pipeline.name, report.verdict, {"span": span.name}
    return record_of_step("validate", name, cost, files, outputs, verdict=verdict, code=work.code, parameters=told)

"""The local runner: find each stage's outputs by key, or perform it, measure it and put it on record.

A stage's key is the digest of the stage, the project's sources, all that is installed, and its inputs' digests; what it looked
at beside them (data files, the schema) is remembered as sights and compared. So the cache looks before it imports: with nothing
changed the pipeline's file is not executed and no library is loaded. Resuming after a kill is the same search: the outputs that
are on record are found, the rest is made again, and the release's digest is that of an undisturbed run.

One run of a pipeline works at a time; a second waits, and then finds the first one's outputs. A stage that fails its checks
ends the run; an inconclusive one does not: the release is made, is inconclusive, and does not become the champion.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from seakeep.core import Report, Verdict, locks, plugins
from seakeep.core.errors import SeakeepError, UsageError
from seakeep.core.files import TEMPORARY
from seakeep.data.engines import place_of
from seakeep.pipeline.errors import CannotRun, StageBroke
from seakeep.pipeline.measuring import Cost
from seakeep.pipeline.on_record import OnRecord
from seakeep.pipeline.overrides import Overrides
from seakeep.pipeline.project import Project, environment
from seakeep.pipeline.recording import identifier, keep_outputs, page_of, record_of
from seakeep.pipeline.results import Observer, RunResult, Silent, StageResult
from seakeep.pipeline.stages import STAGES
from seakeep.pipeline.work import Choice, Work
from seakeep.registry import Execution, Registry, upkeep

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from seakeep.core import Check
    from seakeep.pipeline.stage import Stage


def run(
    file: Path | str,
    *,
    home: Path | str | None = None,
    name: str | None = None,
    stage: str | None = None,
    cache: bool = True,
    observer: Observer | None = None,
    flags: Mapping[str, object] | None = None,
    span: str | None = None,
    without: Sequence[str] = (),
    overrides: Mapping[str, str] | None = None,
    metrics: Sequence[str] = (),
) -> RunResult:
    """Run the pipeline in `file` from its data to a release.

    Parameters: home: the registry's folder (default: see Settings). name: which pipeline, where the file has several.
        stage: perform this stage only; its inputs must be on record (`read` is performed where it is not).
        cache: False performs every stage, or the one asked for, although its outputs are on record.
        observer: is told of the run's progress. flags: settings given on a command line.
        span: of a pipeline with spans, the newest to use; without: those to leave out. overrides: parameters of the
        estimator to change for this run, as text by dotted key ("estimator.num_leaves"). metrics: to tell in the result.
    Returns: the result; its verdict says whether a stage failed. Raises: SeakeepError, where it cannot go on.
    """
    names = [each.name for each in STAGES]
    if stage is not None and stage not in names:
        raise UsageError.unknown_name("stage", stage, names)
    for metric in metrics:
        if metric not in plugins.names("evaluation.metrics"):
            raise UsageError.unknown_name("metric", metric, plugins.names("evaluation.metrics"))
    project = Project.of(file, arguments={"home": home}, flags=flags)
    place_of(project.settings.engine)
    with Registry(project.place) as registry:
        choice = Choice(span, tuple(dict.fromkeys(without)))
        changed = Overrides.of(overrides or {})
        work = Work(project, registry, name=name, code=project.code(), choice=choice, overrides=changed)
        with contextlib.closing(work):
            result = _Run(work, name=name, only=stage, cache=cache, observer=observer or Silent()).run()
        return replace(result, metrics=_metrics(work, metrics)) if metrics else result


class _Run:
    """One run: which stages are done, and how the next one is found or performed."""

    def __init__(self, work: Work, *, name: str | None, only: str | None, cache: bool, observer: Observer) -> None:
        self.work, self.only, self.cache, self.observer = work, only, cache, observer
        self.identifier = identifier()
        self.record = OnRecord(work, [work.project.name, name, work.code, environment()])
        self.pipeline = ""
        self.results: list[StageResult] = []
        self.not_passed: list[Check] = []
        self._failed = ""

    def run(self) -> RunResult:
        waiting = list(self._stages())
        while waiting and self._goes_on() and self._find(waiting[0]):
            waiting.pop(0)
        if waiting and self._goes_on():
            self._check_allowed(waiting[0])
            with self._at_work():
                while waiting and self._goes_on():
                    stage = waiting.pop(0)
                    if not self._find(stage):
                        self._perform(stage)
        return self._result()

    def _stages(self) -> tuple[Stage, ...]:
        if self.only is None:
            return STAGES
        return STAGES[: 1 + [stage.name for stage in STAGES].index(self.only)]

    def _goes_on(self) -> bool:
        """Whether no stage has failed so far. Raises CannotRun, if one has on which the stage asked for rests."""
        if self._failed and self.only:
            raise CannotRun.after_failure(self.only, self._failed, self.work.project.file)
        return not self._failed

    def _check_allowed(self, stage: Stage) -> None:
        """With one stage asked for, those before it must be on record; `read` is performed all the same."""
        if self.only and stage.name not in (self.only, "read"):
            raise CannotRun.stage_first(self.only, stage.name, self.work.project.file)

    def _find(self, stage: Stage) -> bool:
        """Whether the stage's outputs are on record and whole; they become those of this run."""
        performs = self.only in (None, stage.name)
        if not self.cache and performs:
            return False
        with Cost() as cost:
            execution = self.record.find(stage, self.pipeline)
        if execution is None:
            return False
        self._accept(stage, execution, cost, shown=performs, cached=True)
        return True

    @contextlib.contextmanager
    def _at_work(self) -> Iterator[None]:
        """Alone with this pipeline, leftovers of killed runs removed, its modules importable."""
        project, registry = self.work.project, self.work.registry
        mark = hashlib.sha256(str(project.file).encode("utf-8", "surrogateescape")).hexdigest()[:16]
        path = registry.home / "locks" / f"run-{mark}"
        with contextlib.ExitStack() as stack:
            if not stack.enter_context(locks.alone(path, wait=False)):
                self.observer.noted(f"another run (process {locks.holder(path)}) has this pipeline; waiting for it")
                stack.enter_context(locks.alone(path))
            self._clean()
            stack.enter_context(registry.writing())
            _limit_threads(project.settings.run.threads)
            from seakeep.pipeline.load import importable

            stack.enter_context(importable(project))
            yield

    def _clean(self) -> None:
        removed = self.work.registry.clean()
        beside = tuple(self.work.project.file.parent.glob(f"{TEMPORARY}*.schema.yaml"))
        gone = (*removed, *upkeep.remove(beside))
        if gone:
            self.observer.noted(f"removed {len(gone)} leftovers of a killed run")

    def _perform(self, stage: Stage) -> None:
        """Perform a stage and put it on record, outputs first."""
        self._check_allowed(stage)
        self.observer.started(stage.name)
        cost = Cost()
        try:
            with cost:
                made = stage.perform(self.work)
                outputs = keep_outputs(self.work, made)
        except (Exception, SystemExit) as error:
            self._record_error(stage, cost, error)
            explained = self._explained(stage, error)
            if explained is error:
                raise
            raise explained from error
        self.pipeline = self.work.pipeline.name
        key = self.record.key(stage, made.variant) if made.cacheable else ""
        execution = self._record(stage, cost, key=key, made=made, outputs=outputs)
        number = self.work.registry.record(execution)
        self._accept(stage, execution, cost, shown=True, notes=made.notes, number=number)

    def _record(self, stage: Stage, cost: Cost, **found: Any) -> Execution:
        return record_of(self.work, stage, cost, run=self.identifier, pipeline=self.pipeline, **found)

    def _accept(
        self,
        stage: Stage,
        execution: Execution,
        cost: Cost,
        *,
        shown: bool,
        cached: bool = False,
        notes: tuple[str, ...] = (),
        number: int = 0,
    ) -> None:
        """Take an execution's outputs as this run's."""
        self.pipeline = self.pipeline or execution.pipeline
        self.work.artifacts |= {output.name: output for output in execution.outputs}
        if stage.name == "read":
            self.work.data_sights, self.work.read_parameters = execution.looked_at, execution.parameters
        if execution.verdict == "fail":
            self._failed = stage.name
        if not shown:
            return
        pages = (page_of(self.work, output.name, output.digest) for output in execution.outputs)
        result = StageResult(
            stage.name,
            execution.verdict,
            cached,
            cost.wall_seconds,
            cost.cpu_seconds,
            cost.peak_bytes,
            execution.wall_seconds,
            number or execution.id,
            execution.inputs,
            execution.outputs,
            tuple(str(page) for page in pages if page.exists()),
            notes,
        )
        self.results.append(result)
        self.not_passed += self._open_checks(execution)
        self.observer.finished(result)

    def _open_checks(self, execution: Execution) -> list[Check]:
        if execution.verdict not in ("fail", "inconclusive"):
            return []
        reports = [self.work.noun(Report, output.name) for output in execution.outputs if output.kind == "report"]
        return [check for report in reports for check in report.checks if check.verdict is not Verdict.PASS]

    def _record_error(self, stage: Stage, cost: Cost, error: BaseException) -> None:
        """Put the failure on record if that is possible; the failure itself is what matters."""
        with contextlib.suppress(SeakeepError):
            first_line = f"{type(error).__name__}: {error}".partition("\n")[0]
            self.work.registry.record(self._record(stage, cost, error=first_line))

    def _explained(self, stage: Stage, error: BaseException) -> BaseException:
        """An exception of the project's own code as one that names its line; others as they are."""
        from seakeep.pipeline.load import place_of

        if isinstance(error, SeakeepError):
            return error
        place = place_of(error, self.work.project.root)
        return StageBroke.at(stage.name, place, error) if place else error

    def _result(self) -> RunResult:
        project = self.work.project
        releases = [artifact for artifact in self.work.artifacts.values() if artifact.kind == "release"]
        found = self.work.registry.resolve(releases[0].digest) if releases else None
        champion = self.work.registry.champion(found.release.name) if found else None
        return RunResult(
            self.identifier,
            self.pipeline,
            str(project.file),
            str(project.home),
            tuple(self.results),
            tuple(self.not_passed),
            found.release.digest if found else "",
            found.label if found else "",
            str(found.folder) if found else "",
            champion.label if champion else "",
        )


def _metrics(work: Work, asked: Sequence[str]) -> dict[str, float | None]:
    """The metrics asked for, over all rows, from the evaluation of this run; empty where it did not come to one."""
    if "evaluation" not in work.artifacts:
        return {}
    from seakeep.evaluation.champion import reported

    report = work.noun(Report, "evaluation")
    estimates = {name: reported(report, name) for name in asked}
    return {name: estimate.value if estimate else None for name, estimate in estimates.items()}


def _limit_threads(threads: int) -> None:
    """Bound the libraries that have not started their threads yet; they read these variables when they load."""
    if threads and "polars" not in sys.modules:
        for variable in ("POLARS_MAX_THREADS", "OMP_NUM_THREADS"):
            os.environ.setdefault(variable, str(threads))

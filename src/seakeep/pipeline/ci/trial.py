"""A trial: the pipeline on a sample, from its data to a judged model, and nothing of it on record.

Run in a process of its own by `checking`, under a time limit, since it executes the code of a change that nobody has read yet: what that
prints, leaks or breaks stays there. The stages are those of a run; the registry is only asked for the champion.
"""

from __future__ import annotations

import contextlib
import json
import sys
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from seakeep.core import Model, Report, Statistics, Verdict
from seakeep.core.codec import to_plain
from seakeep.core.errors import SeakeepError
from seakeep.core.model import STATISTICS_FILE
from seakeep.pipeline import stages
from seakeep.pipeline.ci.errors import CannotCheck
from seakeep.pipeline.ci.sampling import count, sampled
from seakeep.pipeline.errors import StageBroke
from seakeep.pipeline.load import importable, place_of
from seakeep.pipeline.measuring import Cost
from seakeep.pipeline.project import Project
from seakeep.pipeline.work import PARTS, Work, baseline
from seakeep.registry import Artifact, Registry
from seakeep.registry.errors import UnreadableRegistry

if TYPE_CHECKING:
    from collections.abc import Iterator

    from seakeep.core.schema import Schema
    from seakeep.pipeline.declaration import Pipeline
    from seakeep.pipeline.stage import Stage
    from seakeep.registry import Registered

_GATE = "metric.no_worse_than"


@dataclass(frozen=True, slots=True)
class Asked:
    """What to try. rows: about so many of the table at most; of each part of one that arrives in spans.

    spans: the newest so many; None for as many as the pipeline uses.
    """

    file: str
    home: str
    name: str | None
    rows: int
    spans: int | None


@dataclass(frozen=True, slots=True)
class Tried:
    """What came of it: the reports by part, as far as it came, and their seconds.

    beside: what the model was judged beside, in words; "" where it was not come to. used: rows by part. schema: path of the contract.
    """

    pipeline: str
    beside: str
    reports: dict[str, Report]
    seconds: dict[str, float]
    used: dict[str, int]
    schema: str


def main(text: str) -> None:
    """Try what `text` asks for (JSON of Asked) and write what came of it, or the four parts of the error, to standard output."""
    asked = Asked(**json.loads(text))
    try:
        with contextlib.redirect_stdout(sys.stderr):
            told: object = {"tried": to_plain(tried(asked))}
    except SeakeepError as error:
        told = {"error": error.as_plain()}
    sys.stdout.write("\n" + json.dumps(told, allow_nan=False) + "\n")


def tried(asked: Asked) -> Tried:
    """Read, profile, validate, train and evaluate on a sample; stops at the part that fails."""
    project = Project.of(asked.file, arguments={"home": asked.home})
    with tempfile.TemporaryDirectory() as scratch, _registry(project, scratch) as registry, importable(project):
        work = Work(project, registry, name=asked.name, code=project.code())
        declared = work.pipeline
        work.pipeline = _prepared(sampled(declared, rows=asked.rows, spans=asked.spans), project, Path(scratch))
        return _Trial(work, declared.schema_path(project.file.parent)).run()


def _registry(project: Project, scratch: str) -> Registry:
    """The registry, which is only read; an empty one of this trial's own where there is none yet."""
    try:
        return Registry.existing(project.place)
    except UnreadableRegistry as error:
        if not error.found.startswith("there is no registry"):
            raise
        return Registry(Path(scratch) / "registry")


def _prepared(pipeline: Pipeline, project: Project, scratch: Path) -> Pipeline:
    """The pipeline, its contract in a place where it may be inferred where there is none; a sample may be smaller than a table must be."""
    path = pipeline.schema_path(project.file.parent)
    validate = pipeline.validate

    def of_sample(statistics: Statistics, schema: Schema, /, **given: object) -> Report:
        least = min(schema.rows_at_least, statistics.rows)
        return validate(statistics, replace(schema.of_part(), rows_at_least=least), **given)  # type: ignore[arg-type]

    own = path if path.exists() else scratch / "inferred.schema.yaml"
    return replace(pipeline, schema=own, validate=of_sample)


class _Trial:
    """One trial: the reports so far."""

    def __init__(self, work: Work, schema: Path) -> None:
        self.work, self.schema = work, schema
        self.reports: dict[str, Report] = {}
        self.seconds: dict[str, float] = {}
        self.used: dict[str, int] = {}
        self.beside = ""

    def run(self) -> Tried:
        with self._part("data"):
            self._read()
            self._perform("profile")
            self._perform("validate")
            self.reports["data"] = self._report("validation") + self._report("held_out_validation")
        if not self.reports["data"].failed:
            self._judge()
        name = self.work.pipeline.name
        return Tried(name, self.beside, self.reports, self.seconds, self.used, str(self.schema))

    def _judge(self) -> None:
        with self._part("training"):
            self._perform("train")
            self.reports["training"] = self._report("training_report")
        if self.reports["training"].failed:
            return
        with self._part("gates"):
            model = self.work.noun(Model, "model")
            self.work.artifacts["model"] = Artifact("model", "model", model.digest)
            rival = baseline(self.work.registry, self.work.pipeline.name, model.digest)
            self._perform("evaluate")
            self.beside = self._beside(rival)
            self.reports["gates"] = _fair(self._report("evaluation"), rival, self.used["training"])

    def _beside(self, rival: Registered | None) -> str:
        """What the model was judged beside, in words."""
        present = self.work.registry.champion(self.work.pipeline.name)
        if present is None:
            return "with no champion on record"
        if rival is None or rival.label != present.label:
            return f"and its model is that of the champion {present.label}"
        return f"beside the champion {present.label}"

    def _read(self) -> None:
        with self._explained("read"):
            parts = self.work.parts()
        self.used = {name: count(part) for name, part in zip(PARTS, parts, strict=True)}
        for name, rows in self.used.items():
            if not rows:
                raise CannotCheck.empty_sample(name.replace("_", "-"), sum(self.used.values()))

    def _perform(self, name: str) -> None:
        stage: Stage = next(each for each in stages.STAGES if each.name == name)
        with self._explained(name):
            self.work.keep(stage.perform(self.work).outputs)

    def _report(self, name: str) -> Report:
        return self.work.noun(Report, name)

    @contextlib.contextmanager
    def _part(self, name: str) -> Iterator[None]:
        with Cost() as cost:
            yield
        self.seconds[name] = cost.wall_seconds

    @contextlib.contextmanager
    def _explained(self, stage: str) -> Iterator[None]:
        """An exception of the project's own code as one that names its line."""
        root = self.work.project.root
        try:
            yield
        except SeakeepError:
            raise
        except (Exception, SystemExit) as error:
            place = place_of(error, root)
            if place is None:
                raise
            raise StageBroke.at(stage, place, error) from error


def _fair(report: Report, rival: Registered | None, rows: int) -> Report:
    """The report, in which a model that learnt from fewer rows than the champion is not called worse for it.

    Fewer rows make a worse model whatever the change does: a lost comparison is then inconclusive, and the full run decides. A comparison
    that is won is won all the same.
    """
    learnt = Statistics.load(rival.folder / STATISTICS_FILE).rows if rival else 0
    if rows >= learnt:
        return report
    checks = tuple(
        replace(
            check,
            verdict=Verdict.INCONCLUSIVE,
            message=f"{check.message} It learnt from {rows:,} rows and the champion from {learnt:,}, which may be why.",
            fix="The full run after the merge decides; or try it on more rows: --rows.",
        )
        if check.code == _GATE and check.verdict is Verdict.FAIL
        else check
        for check in report.checks
    )
    return replace(report, checks=checks)


if __name__ == "__main__":
    main(sys.argv[1])

"""A project whose record earns every point, made in tenths of a second, and in which any single piece can be changed or left out."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from unittest import mock

from seakeep.core import Check, Input, Kind, Model, Report, Schema, Statistics, Task, Verdict
from seakeep.core.report import Table
from seakeep.core.schema import ColumnSchema
from seakeep.pipeline.readiness import assess
from seakeep.pipeline.readiness.proofs import Proof
from seakeep.pipeline.retraining.trainings import Kept, Outcome
from seakeep.pipeline.retraining.triggers import History
from seakeep.registry import Artifact, Execution, Registered, Registry

PASS, FAIL, OPEN = Verdict.PASS, Verdict.FAIL, Verdict.INCONCLUSIVE
DAY = 86_400.0
STAGES = ("read", "profile", "validate", "train", "evaluate", "register")
COVERED = ("D3", "D5", "D6", "D7", "M3", "I2", "I3")
PIPELINE = '"""A project."""\n\nimport seakeep\n\ntips = seakeep.Pipeline(name="tips", read=None, features=None, estimator=None)\n'
WORKFLOW = "on:\n  pull_request:\njobs:\n  check:\n    steps:\n      - run: seakeep ci check pipeline.py\n"
RULES = "groups:\n  - name: tips\n    rules:\n      - alert: Slow\n        expr: seakeep_request_seconds_count > 5\n"


def check(code: str, subject: str = "tips", verdict: Verdict = PASS, **facts: Any) -> Check:
    return Check(code, subject, verdict, f"{code} of {subject} is {verdict.value}.", **facts)


@dataclass
class Craft:
    """What stands on record; tests change these before `make`.

    evaluation, training, validation: checks of the champion's reports. tables: of its evaluation. window: checks of each window.
    rollout: checks of each rollout's report; phases: of the champion's rollout. service: whether a service trained. ci: who proved.
    """

    root: Path
    validation: list[Check] = field(
        default_factory=lambda: [
            check("schema.kind", "fare"),
            check("schema.bounds", "fare"),
            check("schema.rows", "table"),
        ]
    )
    evaluation: list[Check] = field(
        default_factory=lambda: [
            check("evaluation.scores", "scores"),
            check("metric.at_least", "roc_auc", observed=0.8),
            check("metric.at_least", "roc_auc[carrier=UA]", observed=0.7),
            check("metric.no_worse_than", "roc_auc", observed=0.01),
            check("fairness.equal_opportunity", "equal_opportunity[by origin]"),
            check("explain.additivity"),
        ]
    )
    training: list[Check] = field(
        default_factory=lambda: [
            check("training.rows", observed=10_000),
            *(check(f"parity.{name}") for name in ("features", "max_difference", "flips", "batch_invariance")),
            check("baseline.better"),
        ]
    )
    importance: list[tuple[str, float, float, float]] = field(default_factory=lambda: [("fare", 0.1, 0.08, 0.12)])
    slices: tuple[str, ...] = ("all", "carrier=UA")
    contributions: int = 5
    window: list[Check] = field(
        default_factory=lambda: [
            check("monitoring.answered"),
            check("schema.kind", "fare"),
            check("drift.psi", "fare"),
            check("decay.roc_auc", "roc_auc"),
        ]
    )
    windows: int = 4
    labelled: int = 900
    watched: str = "champion"
    rollout: list[Check] = field(
        default_factory=lambda: [
            check("rollout.goal", "goal", observed=0.1, evidence={"low": -0.02, "high": 0.01}),
            check("rollout.latency", "latency", observed=0.0),
        ]
    )
    sent_back: list[Check] = field(default_factory=lambda: [check("rollout.errors", "errors", FAIL)])
    phases: tuple[str, ...] = ("shadow", "canary", "promoted")
    back_phases: tuple[str, ...] = ("canary", "rolled_back")
    back_code: str = "rollout.errors"
    forced: str = ""
    versions: int = 4
    after: bool = True
    enforced: bool = True
    inferred_here: bool = False
    service: bool = True
    ci: str = "GitHub Actions"
    proofs: tuple[str, ...] = ("tests", "reproducible")
    covers: tuple[str, ...] = COVERED
    failed: int = 0
    reproduced: bool = True
    wall_seconds: Mapping[int, float] = field(default_factory=dict)
    peak_bytes: Mapping[int, int] = field(default_factory=dict)
    looked: bool = True
    spans: bool = True
    rules: str | None = RULES
    workflow: str | None = WORKFLOW
    reviewer: str | None = "Bea <bea@example.org>"
    git: bool = True
    at: float = field(default_factory=lambda: time.time() - DAY)
    made: dict[int, Registered] = field(default_factory=dict)

    @property
    def home(self) -> Path:
        return self.root / ".seakeep"

    @property
    def champion(self) -> Registered:
        return self.made[self.versions]

    def make(self) -> Craft:
        """Write the project and its registry."""
        self.root.mkdir(parents=True, exist_ok=True)
        (self.root / "pipeline.py").write_text(PIPELINE)
        (self.root / "seakeep.toml").write_text("")
        if self.rules is not None:
            (self.root / "alerts.yml").write_text(self.rules)
        self._commit()
        with (
            mock.patch("os.fsync"),
            Registry(self.home) as registry,
            registry.transaction(),
        ):  # for speed: no power fails here
            for version in range(1, self.versions + 1):
                self._release(registry, version)
            self._production(registry)
            self._proofs(registry)
        return self

    def code(self) -> str:
        from seakeep.pipeline.project import Project

        return Project.of(self.root / "pipeline.py").code()

    def assess(self, **given: Any) -> Report:
        return assess(self.root, **given)

    def check(self, test: str, **given: Any) -> Check:
        """The check of one test."""
        return next(c for c in self.assess(**given).checks if c.code == f"readiness.{test.lower()}")

    def _commit(self) -> None:
        if self.workflow is not None:
            (self.root / ".github" / "workflows").mkdir(parents=True)
            (self.root / ".github" / "workflows" / "seakeep.yml").write_text(self.workflow)
        if self.git:
            message = "Tips" + (f"\n\nReviewed-by: {self.reviewer}" if self.reviewer else "")
            git(self.root, "init", "-q")
            git(self.root, "add", "pipeline.py")
            git(self.root, "commit", "-q", "-m", message)

    def _release(self, registry: Registry, version: int) -> None:
        made, run = model(version, after=self.after), f"run{version}"
        reports = self._reports(version)
        earlier = self.made.get(version - 1)
        digests = {name: f"{name}{version}".ljust(64, "0") for name in ("training", "held_out")}
        made_from = {**digests, "schema": made.schema.digest, "model": registry.put(made), "code": self.code()}
        made_from |= {"champion": earlier.release.digest} if earlier else {}
        found = registry.register("tips", made, reports, made_from=made_from, force=True)
        self.made[version] = found
        for report in reports:
            registry.put(report)
        self._stages(registry, version, run, made, reports, found)
        if earlier:
            self._promoted(registry, version, earlier, found)

    def _reports(self, version: int) -> list[Report]:
        titled = f"of tips {version}"  # so that each release's reports are its own
        tables = (
            Table(
                "metrics",
                "Metrics",
                ("slice", "metric", "value"),
                tuple((name, "roc_auc", 0.8) for name in self.slices),
            ),
            Table("importance", "Importance", ("column", "importance", "low", "high"), tuple(self.importance)),
            Table("contributions", "Rows", ("row", "column"), tuple((i, "fare") for i in range(self.contributions))),
        )
        return [
            Report("validation", f"Validation {titled}", "tips", tuple(self.validation)),
            Report("training", f"Training {titled}", "tips", tuple(self.training)),
            Report("evaluation", f"Evaluation {titled}", "tips", tuple(self.evaluation), tables),
        ]

    def _stages(
        self, registry: Registry, version: int, run: str, made: Model, reports: list[Report], found: Registered
    ) -> None:
        """The six stages of one run, and a second training of the same inputs where one is proven."""
        by_kind = {report.kind: Artifact(report.kind, "report", report.digest) for report in reports}
        statistics = Artifact("statistics", "statistics", f"{version:064d}")
        contract = Artifact("schema", "schema", made.schema.digest)
        trained = Artifact("model", "model", made.digest)
        outputs = {
            "profile": (statistics,),
            "validate": (contract, by_kind["validation"]),
            "train": (trained, by_kind["training"]),
            "evaluate": (by_kind["evaluation"],),
            "register": (Artifact(found.label, "release", found.release.digest),),
        }
        if self.inferred_here:
            self._execution(
                registry, "validate", f"{run}i", version, (statistics,), outputs["validate"], schema="inferred"
            )
        for stage in STAGES:
            told = {"schema": "enforced" if self.enforced else "inferred"} if stage == "validate" else {}
            inputs = (statistics,) if stage in ("validate", "train") else ()
            self._execution(registry, stage, run, version, inputs, outputs.get(stage, ()), **told)
        if "reproducible" in self.proofs:
            again = (trained if self.reproduced else replace(trained, digest="f" * 64),)
            self._execution(registry, "train", f"{run}b", version, (statistics,), again)

    def _execution(
        self, registry: Registry, stage: str, run: str, version: int, inputs: tuple, outputs: tuple, **told: Any
    ) -> None:
        wall, peak = self.wall_seconds.get(version, 10.0), self.peak_bytes.get(version, 2**30)
        verdict = "done" if stage in ("read", "profile", "train") else "pass"
        key = f"{stage}{version}"
        made = Execution(
            run, "tips", stage, key, self.code(), self.at, wall, wall, peak, verdict, inputs, outputs, told
        )  # type: ignore[arg-type]
        registry.record(made)

    def _promoted(self, registry: Registry, version: int, earlier: Registered, found: Registered) -> None:
        self.ended(registry, earlier, found, self.phases, self.rollout, "rollout.step", forced=self.forced)
        registry.promote("tips", version, why="rollout", at=self.at)

    def ended(
        self,
        registry: Registry,
        champion: Registered,
        challenger: Registered,
        phases: tuple[str, ...],
        checks: list[Check],
        code: str,
        *,
        forced: str = "",
    ) -> None:
        """A rollout that went through these phases, 500 requests in each."""
        rows = tuple((i and phases[i - 1], phase, 500 * i) for i, phase in enumerate(phases))
        table = Table("decisions", "Decisions", ("from", "to", "challenger requests"), rows)
        title = f"Rollout of {challenger.label} beside {champion.label}, {phases[-1]}"
        report = Report("rollout", title, "tips", tuple(checks), (table,))
        registry.put(report)
        told = {"phase": phases[-1], "code": code, "plan": "canary"} | ({"forced": forced} if forced else {})
        inputs = tuple(Artifact(each.label, "release", each.release.digest) for each in (champion, challenger))
        outputs = (Artifact("rollout", "report", report.digest),)
        registry.record(
            Execution(
                f"r{challenger.version}", "tips", "rollout", "", "", self.at, 1.0, 1.0, 1, "pass", inputs, outputs, told
            )
        )  # type: ignore[arg-type]

    def _production(self, registry: Registry) -> None:
        if self.versions > 1 and self.back_phases:
            sent = self.made[self.versions - 1]
            self.ended(registry, self.champion, sent, self.back_phases, self.sent_back, self.back_code)
        for number in range(self.windows):
            self._window(registry, number)
        if self.looked:
            registry.documents.put("retrain", "tips", Kept(history=History(looked=self.at)), expected=None)
        if self.spans:
            registry.journal.append(
                "span", "tips", {"span": "2026-06", "verdict": "accepted", "report": "a" * 64}, at=self.at
            )
        if self.service:
            run = f"run{self.versions}"
            registry.journal.append("retraining", "tips", Outcome("released", "", 1, run=run), at=self.at)

    def _window(self, registry: Registry, number: int) -> None:
        release = self.champion if self.watched == "champion" else self.made[1]
        start, end = f"2026-06-0{number + 1}T00:00:00Z", f"2026-06-0{number + 2}T00:00:00Z"
        report = Report("monitoring", f"Window {start}", release.label, tuple(self.window))
        registry.put(report)
        content = {
            "window": {"start": start, "end": end},
            "release": release.release.digest,
            "label": release.label,
            "revision": 0,
            "verdict": report.verdict,
            "rows": 1000,
            "labelled": self.labelled,
            "report": report.digest,
            "decay": [["roc_auc", 0.8]],
        }
        registry.journal.append("window", "tips", content, at=self.at)

    def _proofs(self, registry: Registry) -> None:
        code, release = self.code(), self.champion.release
        model_digest = release.made_from["model"]
        again = model_digest if self.reproduced else "f" * 64
        made = {
            "tests": Proof("tests", not self.failed, code, self.ci, passed=9, failed=self.failed, covers=dict.fromkeys(self.covers, ("test_it",))),
            "reproducible": Proof("reproducible", self.reproduced, code, self.ci, release=release.digest, model=model_digest, again=again),
        }  # fmt: skip
        for name in self.proofs:
            registry.journal.append("proof", "tips", made[name], at=self.at)


def model(version: int, *, after: bool) -> Model:
    columns = {"fare": ColumnSchema(Kind.NUMBER, minimum=0.0), "tip": ColumnSchema(Kind.NUMBER)}
    columns |= {"paid": ColumnSchema(Kind.NUMBER, available="after")} if after else {}
    schema = Schema("tips", columns, label="tip")
    inputs = (Input("fare", Kind.NUMBER),)
    graph = f"graph {version}".encode()
    return Model("tips", Task.BINARY, graph, inputs, schema, Statistics(7), classes=(False, True), features=("fare",))


def git(root: Path, *arguments: str) -> None:
    environment = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    person = ["-c", "user.name=Ada", "-c", "user.email=ada@example.org"]
    subprocess.run(["git", *person, *arguments], cwd=root, check=True, env=environment, capture_output=True)

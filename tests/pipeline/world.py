"""A small world for rollouts: releases without real graphs, and a server made of a loop that follows the registry's route.

Time is simulated: every moment is given, so that weeks of traffic take seconds and every run is the same.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

from seakeep.core import Check, Input, Kind, Model, Report, Route, Schema, Statistics, Task, Verdict
from seakeep.core.schema import ColumnSchema
from seakeep.prediction_log import Header, Label, PredictionLog, Record, Spool
from seakeep.registry import Registered, Registry

BEGAN = 1_700_000_000.0
Errors = Callable[[int], float]


def none(version: int) -> float:
    """No release fails."""
    return 0.0


def model(
    graph: bytes, *, task: Task = Task.BINARY, name: str = "tips", missing: float = 0.0, classes: tuple = (False, True)
) -> Model:
    classes = classes if task is not Task.REGRESSION else ()
    schema = Schema(
        "trips",
        {"fare": ColumnSchema(Kind.NUMBER, missing_at_most=missing), "tip": ColumnSchema(Kind.NUMBER)},
        label="tip",
    )
    inputs = (Input("fare", Kind.NUMBER),)
    return Model(name, task, graph, inputs, schema, Statistics(7), classes=classes, features=("fare",), estimator="E()")


class World:
    """A home with releases of "tips" and a server that logs."""

    def __init__(self, home: Path, *, task: Task = Task.BINARY, seed: int = 1) -> None:
        self.home, self.task, self.draw = home, task, random.Random(seed)
        self.now = BEGAN
        self.asked = 0
        self.releases: dict[str, Registered] = {}
        self.spool = Spool(home / "predictions" / "tips" / "spool", boot=f"world{seed}", clock=lambda: self.now)

    def release(
        self,
        graph: bytes,
        verdict: Verdict = Verdict.PASS,
        *,
        task: Task | None = None,
        missing: float = 0.0,
        classes: tuple = (False, True),
    ) -> Registered:
        """A release with this graph; the first that passes becomes the champion."""
        made = model(graph, task=task or self.task, missing=missing, classes=classes)
        report = Report("evaluation", "Evaluation", "tips", (Check("metric.x", "x", verdict, "x is 1"),))
        with Registry(self.home) as registry:
            found = registry.register("tips", made, [report], made_from={}, force=True)
        self.releases[found.release.digest] = found
        self.spool.describe(Header.of(made, name="tips", release=found.release.digest, version=found.version))
        return found

    def serve(
        self,
        seconds: float,
        *,
        rate: float = 20,
        errors: Errors = none,
        slow: Errors = none,
        refused: Errors = none,
        reason: str = "missing_value",
        good: Callable[[int], float] = lambda version: 0.8,
        keys: int = 0,
        lost: Callable[[str], bool] = lambda role: False,
        label_after: float | None = None,
        disagree: float = 0.0,
        rows: int = 1,
    ) -> None:
        """Answer `rate` requests a second, on the route as it is now.

        errors, slow: probability of each by version. good: probability of the right class. keys: so many different ones, 0
        for none. refused: probability by version of being refused for `reason`. lost: roles whose records do not reach the log. label_after: seconds until a label comes; None for never.
        """
        with Registry(self.home) as registry:
            route = registry.route("tips")
        for number in range(round(seconds * rate)):
            at = self.now + number / rate
            name = f"r{self.asked:08}"
            self.asked += 1
            key = f"k{self.draw.randrange(keys)}" if keys else None
            arm = route.arm_for(route.point(key or name))
            truth = self.draw.random() < 0.5
            for each in (arm, *route.shadows):
                if not lost(each.role):
                    right = good(each.version) if each.role != "shadow" or self.draw.random() >= disagree else 0.05
                    self._log(each, route, at, name, key, truth, right, errors, slow, rows)
                    if self.draw.random() < refused(each.version):
                        self._refuse(each, route, at, reason)
            if label_after is not None:
                for row in range(rows):
                    self.spool.append(Label(round((at + label_after) * 1e6), "id", f"{name}.{row}", truth))
        self.now += seconds
        self.spool.flush()

    def _log(self, arm, route: Route, at, name, key, truth, right, errors, slow, rows) -> None:
        failed = self.draw.random() < errors(arm.version)
        latency = 500.0 if self.draw.random() < slow(arm.version) else 2.0 + self.draw.random()
        decided = truth if right >= 0.5 else not truth
        scores = [1 - right, right] if truth else [right, 1 - right]
        if self.task is Task.REGRESSION:
            scores, decisions = [10.0 if truth else 20.0 + 30 * (1 - right)], []
        else:
            decisions = [int(decided)] * rows
        answered = {"columns": [[1.0] * rows], "scores": scores * rows, "decisions": decisions}
        self.spool.append(
            Record(
                round(at * 1e6),
                name,
                arm.release,
                arm.role,
                route.revision,
                latency,
                rows,
                outcome="failed" if failed else "answered",
                keys=[key] * rows if key else None,
                reason="broken" if failed else None,
                **({} if failed else answered),
            )
        )

    def _refuse(self, arm, route: Route, at: float, reason: str) -> None:
        self.asked += 1
        self.spool.append(
            Record(
                *(round(at * 1e6), f"r{self.asked:08}", arm.release, arm.role, route.revision, 0.1, 1),
                outcome="refused",
                reason=reason,
            )
        )

    @property
    def log(self) -> PredictionLog:
        return PredictionLog.of(self.home, "tips")

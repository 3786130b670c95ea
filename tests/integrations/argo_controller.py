"""Argo Rollouts' controller, as far as a canary of ours needs it: steps, the web metric, conditions, and when a metric is over.

Written from Argo's documentation of analysis and from what its controller does (analysis/analysis.go: assessMetricStatus;
utils/evaluate: EvaluateResult; metricproviders/webmetric), so that exported templates are judged by its rules and not by
ours. Times run `speed` times as fast. Of the expressions of conditions it knows comparisons of `result` with a text.
"""

from __future__ import annotations

import json
import re
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

SUCCESSFUL, FAILED, INCONCLUSIVE, ERROR, RUNNING = "Successful", "Failed", "Inconclusive", "Error", "Running"
_CONDITION = re.compile(r'result (==|!=) "([^"]*)"')
_PATH = re.compile(r"\{\$((?:\.[A-Za-z_]\w*)*)\}")
_UNITS = {"s": 1.0, "m": 60.0, "h": 3600.0}


@dataclass
class Measurement:
    """One question and its answer."""

    at: float
    weight: int
    url: str
    status: int
    value: object
    phase: str


@dataclass
class Metric:
    """A metric of an AnalysisTemplate, with its arguments filled in, and what was measured so far."""

    spec: dict[str, Any]
    arguments: dict[str, str]
    measurements: list[Measurement] = field(default_factory=list)
    next_at: float = 0.0

    @property
    def interval(self) -> float:
        return seconds(self.spec["interval"])

    def measure(self, *, at: float, weight: int) -> None:
        url = re.sub(
            r"\{\{\s*args\.([\w-]+)\s*\}\}", lambda found: self.arguments[found[1]], self.spec["provider"]["web"]["url"]
        )
        status, value, phase = self._asked(url)
        self.measurements.append(Measurement(at, weight, url, status, value, phase))

    def _asked(self, url: str) -> tuple[int, object, str]:
        """An answer that is not 2xx, no JSON, or lacks the path is an error, neither success nor failure."""
        web = self.spec["provider"]["web"]
        request = urllib.request.Request(url, method=web.get("method", "GET"))
        try:
            with urllib.request.urlopen(request, timeout=web.get("timeoutSeconds", 10)) as answer:
                value = path_of(json.load(answer), web.get("jsonPath", "{$}"))
                return answer.status, value, evaluated(value, self.spec)
        except urllib.error.HTTPError as error:
            error.close()
            return error.code, None, ERROR
        except (OSError, ValueError, LookupError):
            return 0, None, ERROR

    def phase(self, *, terminating: bool = False) -> str:
        """As the controller assesses a metric. What is not in the spec has the controller's default."""
        counts = Counter(each.phase for each in self.measurements)
        spec, taken = self.spec, counts[SUCCESSFUL] + counts[FAILED] + counts[INCONCLUSIVE]
        if not self.measurements:
            return SUCCESSFUL if terminating else RUNNING
        if counts[FAILED] > spec.get("failureLimit", 0):
            return FAILED
        if counts[INCONCLUSIVE] > spec.get("inconclusiveLimit", 0):
            return INCONCLUSIVE
        if self._in_a_row(ERROR) > spec.get("consecutiveErrorLimit", 4):
            return ERROR
        wanted = spec.get("consecutiveSuccessLimit", 0)
        if wanted and self._in_a_row(SUCCESSFUL) >= wanted:
            return SUCCESSFUL
        count = spec.get("count", None if "interval" in spec else 1)
        if (count is not None and taken >= count) or terminating:
            return SUCCESSFUL
        return RUNNING

    def _in_a_row(self, phase: str) -> int:
        found = 0
        for each in reversed(self.measurements):
            if each.phase != phase:
                break
            found += 1
        return found


def evaluated(value: object, spec: dict[str, Any]) -> str:
    """The phase of one measurement, by both conditions."""
    success, failure = spec.get("successCondition", ""), spec.get("failureCondition", "")
    passed, failed = (bool(each) and condition(each, value) for each in (success, failure))
    if not success and not failure:
        return SUCCESSFUL
    if success and not failure:
        failed = not passed
    if failure and not success:
        passed = not failed
    return FAILED if failed else SUCCESSFUL if passed else INCONCLUSIVE


def condition(text: str, value: object) -> bool:
    """A condition of the one form that our templates use."""
    found = _CONDITION.fullmatch(text)
    assert found, text
    return (value == found[2]) == (found[1] == "==")


def path_of(content: Any, path: str) -> object:
    """The value at a path such as {$.verdict}. Raises KeyError where there is none."""
    found = _PATH.fullmatch(path)
    assert found, path
    for name in found[1].split(".")[1:]:
        if not isinstance(content, dict):
            raise KeyError(path)
        content = content[name]
    return content


def seconds(text: str | int) -> float:
    """A duration as Argo writes it."""
    return float(text) if isinstance(text, int) else float(text[:-1]) * _UNITS[text[-1]]


class Controller:
    """Goes through a Rollout's steps. weigh: told the canary's weight. speed: how much faster than the clock."""

    def __init__(
        self,
        rollout: dict[str, Any],
        templates: dict[str, dict[str, Any]],
        weigh: Callable[[int], None],
        *,
        speed: float,
        tick: Callable[[], None] = lambda: None,
    ) -> None:
        self.canary, self.templates, self.weigh = rollout["spec"]["strategy"]["canary"], templates, weigh
        self.speed, self.tick, self.began, self.weight = speed, tick, time.monotonic(), 0
        self.background = list(self._metrics(self.canary.get("analysis", {})))
        self.inline: list[Metric] = []
        self.weights: list[int] = []

    def run(self) -> str:
        """Promote ("Healthy"), abort ("Degraded") or pause ("Paused") the canary, as its analyses say."""
        for step in self.canary["steps"]:
            found = self._step(step)
            if found in (FAILED, ERROR):
                self._set(0)
                return "Degraded"
            if found == INCONCLUSIVE:
                return "Paused"
        self._set(100)
        assert all(each.phase(terminating=True) == SUCCESSFUL for each in self.background)
        return "Healthy"

    @property
    def measurements(self) -> list[Measurement]:
        """All of them, in time."""
        return sorted(
            (one for each in (*self.background, *self.inline) for one in each.measurements), key=lambda each: each.at
        )

    def _step(self, step: dict[str, Any]) -> str:
        if "setWeight" in step:
            self._set(step["setWeight"])
            return SUCCESSFUL
        if "pause" in step:
            return self._until(self._now() + seconds(step["pause"]["duration"]), [])
        self.inline = list(self._metrics(step["analysis"]))
        return self._until(float("inf"), self.inline)

    def _until(self, end: float, inline: list[Metric]) -> str:
        """Measure what is due until the time is up, or an analysis is over that ends the step."""
        while self._now() < end:
            for metric in (*self.background, *inline):
                if metric.next_at <= self._now() and metric.phase() == RUNNING:
                    metric.measure(at=self._now(), weight=self.weight)
                    metric.next_at = self._now() + metric.interval
            worst = {each.phase() for each in (*self.background, *inline)}
            for bad in (FAILED, ERROR, INCONCLUSIVE):
                if bad in worst:
                    return bad
            if inline and all(each.phase() == SUCCESSFUL for each in inline):
                return SUCCESSFUL
            self.tick()
            time.sleep(0.05)
        return SUCCESSFUL

    def _metrics(self, analysis: dict[str, Any]) -> Iterator[Metric]:
        arguments = {each["name"]: each["value"] for each in analysis.get("args", [])}
        for reference in analysis.get("templates", []):
            spec = self.templates[reference["templateName"]]["spec"]
            assert {each["name"] for each in spec["args"]} <= set(arguments)
            yield from (Metric(metric, arguments) for metric in spec["metrics"])

    def _set(self, weight: int) -> None:
        self.weight = weight
        self.weights.append(weight)
        self.weigh(weight)

    def _now(self) -> float:
        """Seconds of the controller's own time."""
        return (time.monotonic() - self.began) * self.speed

"""The trial's Report: does it start, does it answer as it did when it was made, how fast, with how much memory.

Figures of time and memory are of this machine at this moment, so they are judged against limits that are generous, and stand in the
report's evidence; what is exact is the answers, which may differ from the stored ones by no more than parity allows.
"""

from __future__ import annotations

import hashlib
import http.client
import json
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from seakeep.core.codec import BadDocument
from seakeep.core.release import EXAMPLES_FILE, MANIFEST_FILE, Release
from seakeep.core.report import Check, Report, Verdict
from seakeep.serving.checking.codes import ANSWERS, LATENCY, MEMORY, METADATA, STARTS
from seakeep.serving.checking.trial import NotReady, Trial, trial
from seakeep.serving.examples import Examples
from seakeep.serving.served import Served

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

KIND = "serving"
TOLERANCE = 1e-5
_REQUESTS = 200
_BROKEN = (OSError, http.client.HTTPException, ValueError, KeyError, TypeError, IndexError)


@dataclass(frozen=True, slots=True)
class Limits:
    """What a release may take. start_seconds: to be ready. p99_ms: of single requests. memory_mb: of its workers."""

    start_seconds: float = 30.0
    p99_ms: float = 50.0
    memory_mb: float = 1024.0


def check(folder: Path, label: str, limits: Limits | None = None) -> Report:
    """Serve the release or model in `folder` in a process of its own, and judge it. label: what a person calls it."""
    own = limits or Limits()
    try:
        with trial(folder, seconds=own.start_seconds) as server:
            return _report(label, _judged(server, folder, own, label))
    except NotReady as error:
        found = Check(
            STARTS,
            label,
            Verdict.FAIL,
            f"a server of {label} was not ready within {own.start_seconds:g} s: {error.cause}",
            threshold=own.start_seconds,
            fix=f"Serve it by hand, and read what it says: seakeep serve {label}",
            evidence={"said": str(error.said)},
        )
        return _report(label, (found,))


def _report(label: str, checks: Sequence[Check]) -> Report:
    return Report(KIND, f"{label}, served for a trial", label, tuple(checks))


def _judged(server: Trial, folder: Path, limits: Limits, label: str) -> tuple[Check, ...]:
    started = Check(
        STARTS,
        label,
        Verdict.PASS,
        f"a server of {label} was ready after {server.seconds:.2f} s",
        observed=round(server.seconds, 3),
        threshold=limits.start_seconds,
    )
    told = _metadata(server, folder, label)
    if told.verdict is not Verdict.PASS:
        return started, told
    return started, told, *_asked(server, folder, limits, label)


def _metadata(server: Trial, folder: Path, label: str) -> Check:
    """Whether the server tells of the release what its files say: it might serve another, or a client be told of other inputs."""
    from seakeep.serving.server.engine import metadata  # with the server's engine, once it is known to start

    try:
        found = server.told()
    except _BROKEN as error:
        found = {"error": repr(error)[:500]}
    expected = json.loads(json.dumps(metadata(Served.load(folder))))
    wrong = [name for name, value in expected.items() if not isinstance(found, dict) or found.get(name) != value]
    differs = f"the server tells other {', '.join(wrong)} than the release has"
    return Check(
        METADATA,
        label,
        Verdict.FAIL if wrong else Verdict.PASS,
        differs if wrong else f"the server tells of the release's {len(expected['inputs'])} inputs and its outputs",
        fix=f"Restore the release's folder, or serve it by hand, and ask GET /v2/models/{server.name}" if wrong else "",
        evidence={"told": found, "expected": expected} if wrong else {},
    )


def _asked(server: Trial, folder: Path, limits: Limits, label: str) -> tuple[Check, ...]:
    """What it answers, how fast, and with how much memory."""
    try:
        examples = _examples(folder)
    except (BadDocument, OSError) as error:
        torn = "the stored examples are not those of the release"
        fix = "Restore the release's folder, or register it again: seakeep run"
        return (Check(ANSWERS, label, Verdict.FAIL, torn, fix=fix, evidence={"why": str(error)}),)
    if examples is None:
        none = "the release holds no examples, as those that older versions registered"
        fix = "Register it again: seakeep run"
        return Check(ANSWERS, label, Verdict.INCONCLUSIVE, none, fix=fix), _memory(server, limits, label)
    answers = _answers(server, examples, label)
    if answers.verdict is not Verdict.PASS:
        return (answers,)
    return answers, _latency(server, examples, limits, label), _memory(server, limits, label)


def _examples(folder: Path) -> Examples | None:
    """The stored examples, held to the manifest. Raises BadDocument, where they are others."""
    path = folder / EXAMPLES_FILE
    if (folder / MANIFEST_FILE).exists():
        expected = Release.load(folder).files.get(EXAMPLES_FILE, "")
        found = hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""
        if found != expected:
            raise BadDocument.at(str(path), found[:12] or "nothing", f"the digest {expected[:12] or 'of no such file'}")
    return Examples.load(folder)


def _answers(server: Trial, examples: Examples, label: str) -> Check:
    """Every example alone, then all together: the coalescer must not mix them."""
    wrong: list[str] = []
    furthest = 0.0
    rows = list(examples.rows)
    try:
        answered = [(f"row {number}", server.ask([row]), number) for number, row in enumerate(rows)]
        _, together, _ = server.ask(rows)
        given = [(name, _scores(content, 0), number) for name, (_, content, _), number in answered]
        given += [(f"row {number} among all", _scores(together, number), number) for number in range(len(rows))]
    except _BROKEN as error:
        return Check(
            ANSWERS,
            label,
            Verdict.FAIL,
            f"a stored example was not answered: {type(error).__name__}",
            fix=f"Serve it by hand, and ask it: seakeep serve {label}",
            evidence={"error": repr(error)[:500]},
        )
    for name, scores, number in given:
        apart = _apart(scores, examples.scores[number])
        furthest = max(furthest, apart)
        if not apart <= TOLERANCE:
            wrong.append(name)
    verdict = Verdict.FAIL if wrong else Verdict.PASS
    told = f"{len(wrong)} of {len(given)} answers are not" if wrong else f"all {len(given)} answers are"
    return Check(
        ANSWERS,
        label,
        verdict,
        f"{told} those that were stored when the release was made",
        observed=furthest,
        threshold=TOLERANCE,
        fix="The runtime or the processor answers otherwise than where it was made: compare versions of onnxruntime."
        if wrong
        else "",
        evidence={"examples": len(rows), "first_wrong": list(wrong[:5])},
    )


def _scores(content: Any, row: int) -> list[float]:
    """The scores in an answer's row. Raises KeyError, where it is no answer."""
    found = content["predictions"][row]
    scores = found["probabilities"].values() if "probabilities" in found else [found["value"]]
    return [math.nan if score is None else score for score in scores]


def _apart(found: Sequence[float], expected: Sequence[float]) -> float:
    """The largest difference, scaled as parity scales it; infinite where one alone is no number, or there are more or fewer."""
    if len(found) != len(expected):
        return math.inf
    return max(_difference(one, other) for one, other in zip(found, expected, strict=True))


def _difference(one: float, other: float) -> float:
    if math.isfinite(one) and math.isfinite(other):
        return abs(one - other) / max(1.0, abs(other))
    return math.inf if math.isfinite(one) or math.isfinite(other) else 0.0


def _latency(server: Trial, examples: Examples, limits: Limits, label: str) -> Check:
    try:
        taken = sorted(server.ask([examples.rows[number % len(examples.rows)]])[2] for number in range(_REQUESTS))
    except _BROKEN as error:
        return Check(
            LATENCY,
            label,
            Verdict.FAIL,
            f"one of {_REQUESTS} single requests was not answered: {type(error).__name__}",
            threshold=limits.p99_ms,
            fix=f"Serve it by hand, and ask it again and again: seakeep serve {label}",
            evidence={"error": repr(error)[:500]},
        )
    p50, p99 = taken[_REQUESTS // 2] * 1e3, taken[_REQUESTS * 99 // 100] * 1e3
    slow = p99 > limits.p99_ms
    return Check(
        LATENCY,
        label,
        Verdict.FAIL if slow else Verdict.PASS,
        f"99 of 100 single requests took at most {p99:.2f} ms, half of them {p50:.2f} ms",
        observed=round(p99, 3),
        threshold=limits.p99_ms,
        fix="Look what makes it slow, or raise the limit: check.p99_ms in seakeep.toml." if slow else "",
        evidence={"requests": _REQUESTS, "p50_ms": round(p50, 3), "longest_ms": round(taken[-1] * 1e3, 3)},
    )


def _memory(server: Trial, limits: Limits, label: str) -> Check:
    peak = server.peak_mb()
    large = peak > limits.memory_mb
    return Check(
        MEMORY,
        label,
        Verdict.FAIL if large else Verdict.PASS,
        f"its worker held at most {peak:.0f} MiB",
        observed=round(peak, 1),
        threshold=limits.memory_mb,
        fix="Look what makes it large, or raise the limit: check.memory_mb in seakeep.toml." if large else "",
    )

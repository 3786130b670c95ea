"""The verdict of a rollout as controllers ask for it: one word, the same as numbers, and the evidence behind it. Pure.

A controller must never take silence for a pass. So `verdict` is one of three words and never absent, numbers are finite or
null, and a rollout that is not the asking canary's is no verdict at all (see `refuse_another`). Nothing here depends on the
moment of asking: the same state is the same answer, byte for byte.
"""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

from seakeep.core.report import Verdict
from seakeep.pipeline.control.refusals import Refused

if TYPE_CHECKING:
    from collections.abc import Mapping

    from seakeep.core.codec import Json
    from seakeep.core.report import Check
    from seakeep.pipeline.rollouts.record import Status
    from seakeep.rollout import Rollout

SCORES = {Verdict.PASS: 1, Verdict.INCONCLUSIVE: 0, Verdict.FAIL: -1}
LEAST_DIGITS = 8
_DIGEST, _VERSION = re.compile(rf"[0-9a-f]{{{LEAST_DIGITS},64}}"), re.compile(r"[1-9]\d{0,8}")
_TESTS = ("rollout.errors", "rollout.latency", "rollout.goal", "rollout.sample_ratio", "rollout.shadow")


def verdict_of(found: Status) -> dict[str, Json]:
    """The answer to GET /rollouts/{name}/verdict.

    Returns: verdict: "pass" (let in), "fail" (sent back) or "inconclusive" (neither yet). passed, failed: the same as booleans;
    score: as a number, 1, -1 or 0. ended: whether it can still change. why: the last decision's words, waiting: what it
    waits for. requests: the challenger's so far. release, version: the challenger's, which is what was asked about.
    began, looked: Unix seconds. tests: see `_test`.
    """
    rollout, verdict = found.rollout, found.verdict
    return {
        "name": rollout.name,
        "rollout": rollout.id,
        "plan": rollout.plan.name,
        "verdict": verdict.value,
        "passed": verdict is Verdict.PASS,
        "failed": verdict is Verdict.FAIL,
        "score": SCORES[verdict],
        "ended": rollout.ended,
        "phase": rollout.phase,
        "step": rollout.step + 1 if rollout.plan.steps else 0,
        "steps": len(rollout.plan.steps),
        "release": rollout.challenger.release,
        "version": rollout.challenger.version,
        "champion": {"release": rollout.champion.release, "version": rollout.champion.version},
        "requests": rollout.evidence.requests.rows,
        "why": rollout.decisions[-1].why if rollout.ended else "; ".join(found.waiting) or "the next look",
        "waiting": list(found.waiting),
        "began": rollout.began,
        "looked": rollout.last,
        "forced": found.forced,
        "tests": [_test(rollout, check) for check in found.report.checks if check.code in _TESTS],
    }


def refuse_another(rollout: Rollout, query: Mapping[str, str]) -> None:
    """Refuse to speak of another release than the one that `query` names by release (first digits of its digest) or version.

    Raises: Refused, also for a parameter that there is not.
    """
    for name, value in query.items():
        if name == "release":
            _same(name, value, rollout, rollout.challenger.release.startswith(value), fits=_DIGEST.fullmatch(value))
        elif name == "version":
            _same(name, value, rollout, value == str(rollout.challenger.version), fits=_VERSION.fullmatch(value))
        else:
            raise Refused.query(name, value, "release or version")


def _same(name: str, value: str, rollout: Rollout, same: bool, *, fits: object) -> None:
    if not fits:
        expected = f"{LEAST_DIGITS} to 64 hexadecimal digits" if name == "release" else "a version, such as 3"
        raise Refused.query(name, value, expected)
    if not same:
        raise Refused.another(name, value, rollout.name, rollout.challenger)


def _test(rollout: Rollout, check: Check) -> dict[str, Json]:
    """One test's evidence against its limits.

    log_e: natural logarithm of the evidence that the challenger is worse; at `fails_at` it is sent back. log_e_fine: that it is
    within the tolerance; from `passes_at` on the test no longer stands against a pass.
    """
    told = check.evidence
    return {
        "test": check.code.removeprefix("rollout."),
        "watched": check.code.removeprefix("rollout.") in rollout.plan.tests,
        "verdict": check.verdict.value,
        "observed": _finite(check.observed),
        "threshold": _finite(check.threshold),
        "log_e": _finite(told.get("log_e_worse", told.get("log_e"))),
        "fails_at": _finite(told.get("rolls_back_at")),
        "log_e_fine": _finite(told.get("log_e_fine")),
        "passes_at": _finite(told.get("goes_on_at")),
        "low": _finite(told.get("low")),
        "high": _finite(told.get("high")),
        "message": check.message,
    }


def _finite(value: object) -> Json:
    """A number that JSON has; null for none. What is infinite is the largest number there is."""
    if isinstance(value, bool) or not isinstance(value, int | float) or math.isnan(value):
        return None
    return value if math.isfinite(value) else math.copysign(1e308, value)

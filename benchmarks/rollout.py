"""Rollouts under simulation: how often a good release is rolled back, and how soon a bad one is.

    python benchmarks/rollout.py [--runs 5000] [--processes 2]

1. The whole canary (shadow, 5 %, 25 %, 50 %, champion) of a release as good as its champion (A/A) at 200 requests a second, looked at
   after each minute, with errors, slow requests, labelled losses, disagreements and the split all watched. The rates of both double
   within the hour.
2. Canaries that stay at 10 % of 100 requests a second (10 canary requests a second), looked at each minute: the share rolled back
   within 10 and 60 looks, and the minutes until then, for pairs of error rates. All tests share alpha = 5 %.
"""

from __future__ import annotations

import argparse
import multiprocessing
import time
from functools import partial
from typing import Any

import numpy as np

from seakeep.evidence.intervals import clopper_pearson
from seakeep.rollout import Look, Party, Plan, Rollout, Rules, Step, Stratum, Tally, begin, make_plan, observe

MINUTE = 60.0
CANARY = make_plan("canary", {"copies": 1000, "slow_ms": 100})
STAYING = Plan("canary", (Step("canary", 0.1, 10**9, 0.0),), Rules(slow_ms=100.0))
PAIRS = ((0.005, 0.005), (0.01, 0.01), (0.01, 0.02), (0.005, 0.01), (0.01, 0.015))


def course(plan: Plan, rates: tuple[float, float], seed: int, *, rows: int, drift: bool, minutes: int = 60) -> Rollout:
    """One rollout, ended or after so many minutes. rates: of errors: the champion's, the challenger's. rows: a minute."""
    draw = np.random.default_rng(seed)
    rollout = begin(plan, name="m", champion=Party("a" * 64, 1), challenger=Party("b" * 64, 2), at=0.0)
    for minute in range(minutes):
        step = rollout.present
        if step is None:
            break
        ours = int(draw.binomial(rows, step.share)) if step.share else rows
        theirs = rows - ours if step.share else rows
        more = 1 + minute / minutes if drift else 1.0
        arms = [arm(draw, size, rate * more, labelled) for size, rate, labelled in
                ((theirs, rates[0], drift * 40), (ours, rates[1], drift * max(1, 40 * ours // theirs)))]  # fmt: skip
        copies = 0 if step.share else ours
        rollout = observe(rollout, Look((Stratum(*arms),), copies, copies // 50), at=MINUTE * (minute + 1))
    return rollout


def arm(draw: np.random.Generator, rows: int, rate: float, labelled: int) -> Tally:
    """One arm's minute: 1 % of the requests are slow, losses have a mean of 0.1 to 0.2."""
    losses = tuple(draw.beta(2, 8, size=labelled))
    return Tally(rows, int(draw.binomial(rows, rate)), rows, int(draw.binomial(rows, 0.01)), rows, losses)


def ended(plan: Plan, rates: tuple[float, float], seed: int, **given: Any) -> tuple[str, str, float]:
    """Phase, the code it rests on, and the minute of the last decision."""
    found = course(plan, rates, seed, **given)
    return found.phase, found.decisions[-1].code, found.decisions[-1].at / MINUTE


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=5000)
    parser.add_argument("--processes", type=int, default=2)
    asked = parser.parse_args()
    with multiprocessing.Pool(asked.processes) as pool:
        a_a(pool, asked.runs)
        staying(pool, max(1, asked.runs // 5))


def a_a(pool: multiprocessing.pool.Pool, runs: int) -> None:
    started = time.perf_counter()
    found = pool.map(partial(ended, CANARY, (0.005, 0.005), rows=12_000, drift=True), range(runs), chunksize=20)
    back = [code for phase, code, _ in found if phase == "rolled_back"]
    promoted = [minute for phase, _, minute in found if phase == "promoted"]
    low, high = clopper_pearson(len(back), runs)
    print(f"A/A, whole canary, {runs:,} runs in {time.perf_counter() - started:.0f} s")
    print(f"  rolled back {len(back)} = {len(back) / runs:.2%} (95 %: {low:.2%} to {high:.2%}; promised: at most 5 %)")
    print(f"  by {', '.join(f'{code} {back.count(code)}' for code in sorted(set(back))) or 'nothing'}")
    print(f"  promoted {len(promoted) / runs:.1%}, median after {np.median(promoted):.0f} minutes")


def staying(pool: multiprocessing.pool.Pool, runs: int) -> None:
    print(f"10 canary requests a second of 100, looked at each minute, {runs:,} runs each")
    for rates in PAIRS:
        found = pool.map(partial(ended, STAYING, rates, rows=6_000, drift=False), range(runs), chunksize=20)
        back = sorted(minute for phase, _, minute in found if phase == "rolled_back")
        within = [sum(minute <= looks for minute in back) / runs for looks in (10, 60)]
        told = (
            f"median {np.median(back):.0f} min, 9 of 10 within {np.quantile(back, 0.9):.0f} min"
            if len(back) > runs / 2
            else ""
        )
        print(
            f"  {rates[0]:.1%} -> {rates[1]:.1%}: rolled back within 10 looks {within[0]:.1%}, 60 looks {within[1]:.1%} {told}"
        )


if __name__ == "__main__":
    main()

"""Canaries by simulation: how often a good release is rolled back, and how soon a bad one is found.

    python benchmarks/canary.py [--runs 5000] [--looks 60] [--seed 20]

One request in ten goes to the challenger; the log is looked at once a minute, and the challenger is rolled back at the first
look at which the test rejects at 5 %. Compared on the same simulated counts:
  seakeep       seakeep.evidence.sequential.betting, as a rollout runs it
  naive         a uniform mixture over the challenger's share of all errors, from its share of rows to a quarter
  knows rates   the growth-optimal bet of one who knows both rates beforehand: no test of this kind is faster
  peeked z      a z-test at 5 %, looked at every minute as if each look were the only one: what not to do
  one look      a z-test planned for a single look after just so many minutes that it finds the fault with a chance of 50 %
                and of 90 %: knows the rates and may look once
Prints a table; takes about 4 minutes on one core.
"""

from __future__ import annotations

import argparse
import math
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from seakeep.evidence.sequential import betting

Array = NDArray[np.float64]
ALPHA = 0.05
BOUND = math.log(1 / ALPHA)
NORMAL = NormalDist()
NEVER = 10**6
MOST_MINUTES = 240


@dataclass(frozen=True)
class Setting:
    """Traffic in rows a minute, the champion's error rate, and that of a bad challenger."""

    challenger: int
    champion: int
    rate: float
    bad: float

    def drawn(self, generator: np.random.Generator, runs: int, looks: int, rate: float) -> tuple[Array, Array]:
        """Errors (runs, looks) of the challenger at `rate`, and of the champion."""
        errors = generator.binomial(self.challenger, rate, (runs, looks))
        return errors.astype(float), generator.binomial(self.champion, self.rate, (runs, looks)).astype(float)


SETTINGS = (
    Setting(600, 5400, 0.005, 0.01),
    Setting(600, 5400, 0.01, 0.015),
    Setting(60, 540, 0.01, 0.02),
    Setting(60, 540, 0.005, 0.01),
)


def seakeep(setting: Setting, errors: Array, others: Array) -> Array:
    """Minutes until the test rejects, for each run."""
    return np.array([_minutes(setting, *run) for run in zip(errors, others, strict=True)])


def _minutes(setting: Setting, errors: Array, others: Array) -> float:
    state = betting.start()
    for minute, (ours, theirs) in enumerate(zip(errors, others, strict=True), start=1):
        state = betting.update_counts(state, (int(ours), setting.challenger), (int(theirs), setting.champion))
        if betting.log_e_value(state) >= BOUND:
            return minute
    return NEVER


def naive(setting: Setting, errors: Array, others: Array) -> Array:
    share = setting.challenger / (setting.challenger + setting.champion)
    ours, theirs = np.cumsum(errors, axis=1), np.cumsum(others, axis=1)
    shares = share + (0.25 - share) * (np.arange(100) + 0.5) / 100
    ratio = sum(
        np.exp(ours * math.log(one / share) + theirs * math.log((1 - one) / (1 - share))) / len(shares)
        for one in shares
    )
    return _first(np.asarray(ratio) >= 1 / ALPHA)


def knows_rates(setting: Setting, errors: Array, others: Array) -> Array:
    rows = setting.challenger + setting.champion
    pooled = (setting.challenger * setting.bad + setting.champion * setting.rate) / rows
    wealth = np.zeros_like(errors)
    for count, total, rate in ((errors, setting.challenger, setting.bad), (others, setting.champion, setting.rate)):
        wealth += count * math.log(rate / pooled) + (total - count) * math.log((1 - rate) / (1 - pooled))
    return _first(np.cumsum(wealth, axis=1) >= BOUND)


def peeked(setting: Setting, errors: Array, others: Array) -> Array:
    looks = np.arange(1, errors.shape[1] + 1)
    ours, theirs = setting.challenger * looks, setting.champion * looks
    first, second = np.cumsum(errors, axis=1), np.cumsum(others, axis=1)
    pooled = (first + second) / (ours + theirs)
    deviation = np.sqrt(np.maximum(pooled * (1 - pooled), 1e-12) * (1 / ours + 1 / theirs))
    return _first((first / ours - second / theirs) / deviation >= NORMAL.inv_cdf(1 - ALPHA))


def one_look(setting: Setting, power: float) -> int:
    """The fewest whole minutes after which one z-test finds the fault with this chance."""
    for minutes in range(1, NEVER):
        ours, theirs = setting.challenger * minutes, setting.champion * minutes
        pooled = (ours * setting.bad + theirs * setting.rate) / (ours + theirs)
        expected = math.sqrt(pooled * (1 - pooled) * (1 / ours + 1 / theirs))
        actual = math.sqrt(setting.bad * (1 - setting.bad) / ours + setting.rate * (1 - setting.rate) / theirs)
        if NORMAL.cdf((setting.bad - setting.rate - NORMAL.inv_cdf(1 - ALPHA) * expected) / actual) >= power:
            return minutes
    raise AssertionError("never")


def _first(rejected: NDArray[np.bool_]) -> Array:
    return np.where(rejected.any(axis=1), rejected.argmax(axis=1) + 1.0, NEVER)


TESTS = {"seakeep": seakeep, "naive": naive, "knows rates": knows_rates, "peeked z": peeked}


def report(setting: Setting, runs: int, looks: int, seed: int) -> None:
    good = setting.drawn(np.random.default_rng([seed, 0]), runs, looks, setting.rate)
    bad = setting.drawn(np.random.default_rng([seed, 1]), runs, MOST_MINUTES, setting.bad)
    for name, test in TESTS.items():
        false = float((test(setting, *good) <= looks).mean())
        minutes = test(setting, *bad)
        quantiles = tuple(np.quantile(minutes, share, method="higher") for share in (0.5, 0.9))
        _line(setting, name, f"{false:.2%} {np.minimum(minutes, MOST_MINUTES).mean():>7.1f}", quantiles)
    _line(setting, "one look", f"{ALPHA:.2%} {'':7}", (one_look(setting, 0.5), one_look(setting, 0.9)))


def _line(setting: Setting, test: str, figures: str, quantiles: tuple[float, ...]) -> None:
    minutes = [f"{value:.0f}" if value < NEVER else f"> {MOST_MINUTES}" for value in quantiles]
    change = f"{setting.rate:.1%} -> {setting.bad:.1%}"
    print(
        f"{setting.challenger // 60:>3} rps  {change:14}  {test:12} {figures:>18} {minutes[0]:>8} {minutes[1]:>8}",
        flush=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=5_000)
    parser.add_argument("--looks", type=int, default=60)
    parser.add_argument("--seed", type=int, default=20)
    given = parser.parse_args()
    print(f"{given.runs} runs; good releases looked at {given.looks} times; minutes to find a bad one")
    print(f"{'canary':7}  {'errors':14}  {'test':12} {'rolled back':>10} {'mean':>6} {'median':>8} {'90 %':>8}")
    for setting in SETTINGS:
        report(setting, given.runs, given.looks, given.seed)


if __name__ == "__main__":
    main()

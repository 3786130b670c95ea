"""The conformance suite of sequential tests: what a rollout relies on, whoever wrote the test.

A test that is valid at one look only rolls back good releases once it is looked at every minute, and one that answers NaN or
forgets what it saw lets bad ones in. Laws are held by seeded simulation where they are promises of probability: more false
answers than chance allows in 10,000 suites are a broken promise. A broken law raises AssertionError with what was found.
"""

from __future__ import annotations

import dataclasses
import math
from typing import TYPE_CHECKING, Any

from seakeep.core import codec, plugins
from seakeep.core.errors import UsageError
from seakeep.testing.arms import EDGES, LOOKS, Traffic, planted, planted_values, seeded
from seakeep.testing.laws import hold

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from seakeep.testing.arms import Batch

RUNS = 200
ALLOWED = 23  # what 200 runs at 5 % exceed once in 10,000 times
ALPHA = 0.05
_BOUND = math.log(1 / ALPHA)
_BAD_VALUES = (-0.001, 1.001, math.nan, math.inf)
_BAD_COUNTS = ((2, 1), (-1, 5), (0, -1), (0.5, 2), (1, 2.0))
_LACKING: tuple[Batch, ...] = (
    ((0, 0), (0, 0)),
    ((0, 0), (1, 9)),
    ((1, 9), (0, 0)),
    ([], []),
    ([], [0.5]),
    ([0.5], []),
)
_BAD_SHARES = ((1.0,), (0.5, 0.6), (0.0, 1.0), (-0.5, 1.5), (math.nan, 0.5))


def check_sequential_test(name: str) -> None:
    """Hold the sequential test called `name` to the laws; raises AssertionError naming the first that it breaks.

    The module must offer SOURCE, COMPARES ("means", "shares" or "interval"), State, and the functions that go with it; see
    `seakeep.evidence.sequential`. Takes 10 to 30 seconds: 200 seeded runs of eight kinds of traffic, a look at each batch.
    """
    module = plugins.load("evidence.sequential", name)
    source, form = getattr(module, "SOURCE", None), getattr(module, "COMPARES", None)
    hold(isinstance(source, str) and bool(source), "SOURCE says where the test is defined", source)
    hold(form in _SUITES, f"COMPARES is one of {', '.join(_SUITES)}", form)
    for law in _SUITES[str(form)]:
        law(module)


def _check_means_start(module: Any) -> None:
    for margin in (-0.2, 0.0, 0.2):
        found = module.log_e_value(module.start(margin=margin))
        hold(abs(found) < 1e-9, "the e-value is 1 at the start", found)
    for margin in (-1.0, 1.0, math.nan):
        hold(_refuses(module.start, margin=margin), "a margin is between -1 and 1", margin)


def _check_means_errors(module: Any) -> None:
    for traffic in EDGES:

        def rejects(batches: Sequence[Batch], margin: float = traffic.difference) -> bool:
            return _first_rejection(module, batches, margin=margin) is not None

        false = _false_answers(traffic, rejects)
        hold(false <= ALLOWED, f"rejects what H0 allows in at most {ALPHA:.0%} of runs ({traffic.name})", false)


def _check_means_power(module: Any) -> None:
    for batches in (planted(seeded(1)), _merged(planted(seeded(1)), 5), planted_values(seeded(1))):
        found = _first_rejection(module, batches)
        hold(found is not None, f"finds a planted difference within {LOOKS} looks", found)
        turned = [(champion, challenger) for challenger, champion in batches]
        found = _first_rejection(module, turned)
        hold(found is None, "a challenger that is lower is never rejected", found)


def _check_interval_start(module: Any) -> None:
    limits = module.interval(module.start(), 0.95)
    hold(limits == (-1.0, 1.0), "nothing is known at the start", limits)
    for level in (0.0, 1.0, 95, math.nan):
        hold(_refuses(module.interval, module.start(), level), "a level is a share", level)


def _check_interval_errors(module: Any) -> None:
    for traffic in EDGES:

        def misses(batches: Sequence[Batch], truth: float = traffic.difference) -> bool:
            state = module.start()
            for batch in batches:
                state = _seen(module, state, batch)
                low, high = module.interval(state, 1 - ALPHA)
                if not low - 1e-9 <= truth <= high + 1e-9:
                    return True
            return False

        false = _false_answers(traffic, misses)
        hold(false <= ALLOWED, f"misses the difference in at most {ALPHA:.0%} of runs ({traffic.name})", false)


def _check_interval_power(module: Any) -> None:
    for batches in (planted(seeded(1)), _merged(planted(seeded(1)), 5), planted_values(seeded(1))):
        state = module.start()
        for batch in batches:
            state = _seen(module, state, batch)
        narrow, wide = module.interval(state, 0.9), module.interval(state, 0.99)
        hold(narrow[0] > 0, f"finds a planted difference within {LOOKS} looks", narrow)
        nested = -1 <= wide[0] <= narrow[0] <= narrow[1] <= wide[1] <= 1
        hold(nested, "a higher level is no narrower, and both lie within [-1, 1]", (narrow, wide))


def _check_arms_state(module: Any) -> None:
    state = module.start()
    for batch in (*planted(seeded(2))[:3], *planted_values(seeded(2))[:3]):
        again = _seen(module, state, batch)
        state = _seen(module, state, batch)
        hold(state == again, "the same batches give the same state", (state, again))
        _check_state(module, state)
    for lacking in _LACKING:
        found = _seen(module, state, lacking)
        hold(found == state, "a batch that lacks an arm changes nothing", found)


def _check_arms_extremes(module: Any) -> None:
    extremes: tuple[Batch, ...] = (
        ((0, 10**9), (0, 10**9)),
        ((10**9, 10**9), (0, 10**9)),
        ((0, 1), (10**9, 10**9)),
        ([0.0], [1.0] * 1000),
        ([1.0] * 1000, [0.0]),
    )
    for batch in extremes:
        state = _seen(module, _seen(module, module.start(), batch), batch)
        numbers = module.interval(state, 0.95) if module.COMPARES == "interval" else (module.log_e_value(state),)
        hold(not any(map(math.isnan, numbers)), f"no batch makes the answer NaN ({batch[0][:2]})", numbers)


def _check_arms_refusals(module: Any) -> None:
    for value in _BAD_VALUES:
        for batch in (([0.5, value], [0.5]), ([0.5], [0.5, value])):
            refused = _refuses(module.update, module.start(), *batch)
            hold(refused, "a value outside [0, 1] is refused with a UsageError that says what to do", value)
    for counts in _BAD_COUNTS:
        for pair in ((counts, (1, 2)), ((1, 2), counts)):
            refused = _refuses(module.update_counts, module.start(), *pair)
            hold(refused, "counts that are none are refused with a UsageError that says what to do", counts)


def _check_shares_start(module: Any) -> None:
    found = module.log_e_value(module.start((0.1, 0.2, 0.7)))
    hold(abs(found) < 1e-9, "the e-value is 1 at the start", found)
    for shares in _BAD_SHARES:
        hold(_refuses(module.start, shares), "shares are above 0 and add up to 1", shares)


def _check_shares_errors(module: Any) -> None:
    for rows in (3, 400):
        false = sum(_finds_mismatch(module, seed, rows, kept=1.0) for seed in range(RUNS))
        hold(false <= ALLOWED, f"rejects true shares in at most {ALPHA:.0%} of runs ({rows} rows a look)", false)


def _check_shares_power(module: Any) -> None:
    hold(_finds_mismatch(module, 0, 400, kept=0.7), "finds an arm that loses 3 rows of 10", False)


def _check_shares_state(module: Any) -> None:
    state = module.start((0.25, 0.75))
    for counts, shares in (((3, 5), None), ((50, 60), (0.5, 0.5)), ((1, 0), None)):
        again = module.update(state, counts, shares=shares)
        state = module.update(state, counts, shares=shares)
        hold(state == again, "the same batches give the same state", (state, again))
        _check_state(module, state)
    hold(module.update(state, (0, 0)) == state, "a batch without rows changes nothing", module.update(state, (0, 0)))
    large = module.log_e_value(module.update(state, (10**9, 10**9)))
    hold(math.isfinite(large), "a billion rows are as good as ten", large)
    for wrong in ((1,), (1, 2, 3), (-1, 2), (0.5, 1), (math.nan, 1)):
        refused = _refuses(module.update, state, wrong)
        hold(refused, "counts that are none are refused with a UsageError that says what to do", wrong)


_SUITES: dict[str, tuple[Callable[[Any], None], ...]] = {
    "means": (
        _check_means_start,
        _check_arms_state,
        _check_arms_extremes,
        _check_arms_refusals,
        _check_means_power,
        _check_means_errors,
    ),
    "shares": (_check_shares_start, _check_shares_state, _check_shares_power, _check_shares_errors),
    "interval": (
        _check_interval_start,
        _check_arms_state,
        _check_arms_extremes,
        _check_arms_refusals,
        _check_interval_power,
        _check_interval_errors,
    ),
}


def _seen(module: Any, state: Any, batch: Batch) -> Any:
    update = module.update_counts if isinstance(batch[0], tuple) else module.update
    return update(state, *batch)


def _first_rejection(module: Any, batches: Sequence[Batch], *, margin: float = 0.0) -> int | None:
    state = module.start(margin=margin)
    for look, batch in enumerate(batches):
        state = _seen(module, state, batch)
        if not module.log_e_value(state) < _BOUND:
            return look
    return None


def _finds_mismatch(module: Any, seed: int, rows: int, *, kept: float) -> bool:
    """Whether the test rejects the shares 1:9, from the middle on 1:1, when the first arm keeps this share of its rows."""
    generator, state = seeded(seed), module.start((0.1, 0.9))
    for look in range(LOOKS):
        share = 0.1 if look < LOOKS // 2 else 0.5
        first, second = (int(count) for count in generator.multinomial(rows, (share, 1 - share)))
        counts = int(generator.binomial(first, kept)), second
        state = module.update(state, counts, shares=(share, 1 - share))
        if not module.log_e_value(state) < _BOUND:
            return True
    return False


def _false_answers(traffic: Traffic, wrong: Callable[[Sequence[Batch]], bool]) -> int:
    return sum(wrong(traffic.batches(seeded(seed))) for seed in range(RUNS))


def _merged(batches: Sequence[Any], times: int) -> list[Batch]:
    """The same counts, looked at once every `times` batches."""
    groups = [batches[begin : begin + times] for begin in range(0, len(batches), times)]
    return [tuple((sum(b[arm][0] for b in group), sum(b[arm][1] for b in group)) for arm in (0, 1)) for group in groups]  # type: ignore[misc]


def _check_state(module: Any, state: Any) -> None:
    frozen = dataclasses.is_dataclass(state) and isinstance(state, module.State) and hash(state) is not None
    hold(frozen, "State is a frozen dataclass", type(state))
    text = codec.to_json(state)
    hold(codec.from_json(module.State, text) == state, "a state that is written and read is the same", text)
    hold(len(text) < 8_000, "a state is small: under 8 kB as text", len(text))


def _refuses(call: Callable[..., object], *arguments: object, **named: object) -> bool:
    try:
        call(*arguments, **named)
    except UsageError as error:
        return bool(error.fix)
    return False

"""When to train again: every trigger, everything against it, and that no clock makes a cool-down or a budget shorter."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seakeep.pipeline.retraining.triggers import BadSpan, Decision, Facts, History, Incident, Policy, decide, moment

DAY = 86_400.0
NOW = 1_760_000_000.0
DRIFT = Incident("1", "drift", "temp", "temp moved")
BAD = BadSpan("b")
DECAY = Incident("2", "decay", "roc_auc")
ALERT = Incident("3", "alerts", "FeedStopped")


def decided(facts: Facts = Facts(), policy: Policy = Policy(), *, starts=(), trained=NOW - DAY) -> Decision:  # noqa: B008
    return decide(policy, facts, History(tuple(starts), trained, NOW))


@pytest.mark.parametrize(
    ("facts", "policy", "triggers", "why"),
    [
        (Facts(("a",)), Policy(), ("spans",), "new span a"),
        (Facts(("a", "b", "c", "d", "e")), Policy(), ("spans",), "new spans a, b, c and 2 more"),
        (Facts(incidents=(DRIFT,)), Policy(), ("drift",), "drift of temp"),
        (Facts(incidents=(DECAY, DRIFT)), Policy(), ("drift", "decay"), "drift of temp; decay of roc_auc"),
        (Facts(incidents=(ALERT,)), Policy(on=("alerts",)), ("alerts",), "firing alert FeedStopped"),
        (
            Facts(incidents=(ALERT, DRIFT)),
            Policy(on=("alerts", "drift")),
            ("drift", "alerts"),
            "drift of temp; firing alert FeedStopped",
        ),
        (Facts(), Policy(every=DAY), ("schedule",), f"the latest training was at {moment(NOW - DAY)}, due every 1d"),
        (Facts(asked=True), Policy(on=()), ("asked",), "somebody asked for it"),
        (Facts(("a",), (BAD,)), Policy(skip_bad_spans=True), ("spans",), "new span a"),
    ],
)
def test_each_trigger_starts_a_training_and_says_so(facts, policy, triggers, why) -> None:
    assert decided(facts, policy) == Decision("retrain", why, triggers)


@pytest.mark.parametrize(
    "facts",
    [Facts(("a",)), Facts(incidents=(DRIFT,)), Facts(incidents=(DECAY,)), Facts(incidents=(ALERT,)), Facts()],
    ids=str,
)
def test_what_the_policy_does_not_name_starts_nothing(facts) -> None:
    found = decided(facts, Policy(on=(), every=1.0))
    assert (found.code, found.why) == ("nothing", "nothing asks for a training")


def test_a_first_training_is_due_at_once_where_there_is_a_schedule() -> None:
    assert decided(policy=Policy(every=DAY), trained=None).why == "no training yet, due every 1d"


def test_until_the_schedule_is_due_it_says_when() -> None:
    found = decided(policy=Policy(every=2 * DAY))
    assert (found.code, found.until) == ("nothing", NOW + DAY)
    assert found.why == f"nothing asks for a training; by the schedule the next training is due at {moment(NOW + DAY)}"


def test_a_bad_span_blocks_every_training_even_one_that_a_person_asks_for() -> None:
    for facts in (Facts(("a",), (BAD,)), Facts((), (BAD,), asked=True), Facts((), (BAD,), incidents=(DRIFT,))):
        found = decided(facts)
        assert found.code == "blocked"
        assert found.why.startswith("span b breaks the contract: replace the file, or set skip_bad_spans (asked for: ")
    two = (BadSpan("b", "fare is missing"), BadSpan("c", "no rows"))
    assert decided(Facts((), two)).why == (
        "span b breaks the contract (fare is missing), and 1 more: replace the file, or set skip_bad_spans"
    )


def test_a_span_that_cannot_be_judged_is_the_fault_of_the_projects_code() -> None:
    assert decided(Facts((), (BadSpan("b", "KeyError: 'x'", judged=False),))).why == (
        "span b cannot be judged (KeyError: 'x'): mend the project's code, or set skip_bad_spans"
    )


def test_a_bad_span_that_is_left_out_is_told() -> None:
    found = decided(Facts((), (BAD,)), Policy(skip_bad_spans=True))
    assert (found.code, found.why) == ("nothing", "nothing asks for a training; span b left out")


def test_too_few_spans_block_a_training() -> None:
    assert decided(Facts(("a",), short="there is 1 span")).why == "there is 1 span (asked for: new span a)"
    assert decided(Facts(short="there is 1 span")).code == "nothing"


def test_within_the_cool_down_nothing_starts_and_the_words_stay_the_same() -> None:
    start = NOW - 600
    first = decided(Facts(("a",)), starts=[start])
    later = decide(Policy(), Facts(("a",)), History((start,), start, NOW + 5))
    assert first == later
    assert (first.code, first.until) == ("cooling", start + 3600)
    assert first.why == f"not now, cooling down until {moment(start + 3600)}: new span a"
    assert decided(Facts(("a",)), starts=[NOW - 3600]).acts


def test_a_spent_budget_says_when_there_is_room_again() -> None:
    starts = [NOW - 20 * 3600, NOW - 10 * 3600, NOW - 5 * 3600]
    found = decided(Facts(("a",)), Policy(most_runs=2), starts=starts)
    assert (found.code, found.until) == ("budget", starts[1] + DAY)
    assert "the budget of 2 in 1d is spent until" in found.why
    assert decided(Facts(("a",)), Policy(most_runs=4), starts=starts).acts


def test_a_budget_of_nothing_never_has_room() -> None:
    found = decided(Facts(("a",)), Policy(most_runs=0))
    assert (found.code, found.until) == ("budget", None)
    assert found.why == "not now, the budget of 0 in 1d is spent: new span a"


def test_a_persons_word_goes_before_cool_down_and_budget() -> None:
    assert decided(Facts(asked=True), Policy(most_runs=0), starts=[NOW]).acts


def test_a_clock_that_goes_back_moves_the_history_back_with_it() -> None:
    history = History((NOW - 1800,), NOW - 1800, NOW).at(NOW - 10 * DAY)
    found = decide(Policy(), Facts(("a",)), history)
    assert (found.code, found.until) == ("cooling", NOW - 10 * DAY + 1800)


def test_times_that_no_calendar_has_are_told_as_numbers() -> None:
    assert moment(1e18) == f"second {10**18}"


@dataclass
class World:
    """A service that looks at random times, by a clock that jumps back at will. forward: how far it has gone forward in all."""

    policy: Policy
    wall: float = NOW
    forward: float = 0.0
    history: History = field(default_factory=History)
    starts: list[float] = field(default_factory=list)

    def look(self, step: float, facts: Facts) -> None:
        self.wall += step
        self.forward += max(0.0, step)
        self.history = self.history.at(self.wall)
        if decide(self.policy, facts, self.history).acts:
            self.history = self.history.started(self.policy)
            self.starts.append(self.forward)


POLICIES = st.builds(
    Policy,
    every=st.none() | st.integers(1, 50).map(float),
    cooldown=st.integers(1, 50).map(float),
    most_runs=st.integers(0, 4),
    per=st.integers(1, 200).map(float),
)
FACTS = st.builds(
    Facts,
    new_spans=st.sampled_from([(), ("a",)]),
    bad_spans=st.sampled_from([(), (), (BAD,)]),
    incidents=st.sampled_from([(), (DRIFT,), (DECAY,)]),
)
STEPS = st.lists(st.tuples(st.integers(-300, 60).map(float), FACTS), max_size=80)


@given(POLICIES, STEPS)
def test_no_clock_gives_two_starts_within_the_cool_down_or_more_than_the_budget(policy, steps) -> None:
    world = World(policy)
    for step, facts in steps:
        world.look(step, facts)
    gaps = [after - before for before, after in zip(world.starts, world.starts[1:], strict=False)]
    assert all(gap >= policy.cooldown - 1e-6 for gap in gaps)
    for first in world.starts:
        assert sum(first <= start < first + policy.per - 1e-6 for start in world.starts) <= policy.most_runs
    assert len(world.history.starts) <= max(policy.per, policy.cooldown) / policy.cooldown + 1


@given(POLICIES.filter(lambda policy: policy.every), st.lists(st.integers(1, 60).map(float), min_size=1, max_size=60))
def test_a_schedule_on_a_clock_that_goes_on_is_kept_as_soon_as_the_rest_allows(policy, steps) -> None:
    world = World(replace(policy, most_runs=1000))
    for step in steps:
        before = len(world.starts)
        world.look(step, Facts())
        since = None if not before else world.forward - world.starts[before - 1]
        due = since is None or since >= max(policy.every or 0, policy.cooldown)
        assert (len(world.starts) > before) == due


@given(POLICIES, FACTS, st.lists(st.floats(0, 1e4), max_size=6))
def test_a_decision_that_waits_for_a_time_is_another_one_then(policy, facts, ages) -> None:
    history = History(tuple(sorted(NOW - age for age in ages)), NOW - 10, NOW)
    found = decide(policy, facts, history)
    if found.until is not None and found.code in ("cooling", "budget"):
        assert found.until > NOW
        later = decide(policy, facts, history.at(found.until))
        assert later.code != found.code or (later.until or 0) > found.until

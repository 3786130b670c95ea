"""Ready-made plans and looks for the tests of this room."""

from __future__ import annotations

from seakeep.rollout import Look, Party, Plan, Rollout, Stratum, Tally, begin, make_plan, observe

CHAMPION, CHALLENGER = Party("a" * 64, 1), Party("b" * 64, 2)
QUICK = {"copies": 100, "shadow_seconds": 10, "requests": 100, "seconds": 10, "slow_ms": 100, "longest_seconds": 1000}


def begun(plan: Plan | None = None, **settings: object) -> Rollout:
    """A rollout at time 0; by default a quick canary."""
    return begin(
        plan or make_plan("canary", QUICK | settings), name="m", champion=CHAMPION, challenger=CHALLENGER, at=0
    )


def look(
    rollout: Rollout,
    *,
    requests: int = 4000,
    errors: tuple[float, float] = (0.005, 0.005),
    slow: tuple[float, float] = (0.01, 0.01),
    losses: tuple[float, float] | None = None,
    labelled: int = 200,
    differing: float = 0.0,
    mismatch: float = 0.0,
    p99: float | None = None,
) -> Look:
    """So many requests in the present step with exactly these rates: (champion's, challenger's).

    mismatch: part of the challenger's keys that is missing.
    """
    step = rollout.present
    shadow = step is None or step.kind == "shadow"
    share = 0.2 if step is not None and step.kind == "external" else step.share if step else 0.0
    ours = requests if shadow else round(requests * share)
    theirs = requests if shadow else requests - ours
    values = losses or (0.0, 0.0)
    rows = labelled if losses else 0
    champion = Tally(theirs, round(theirs * errors[0]), theirs, round(theirs * slow[0]), theirs, (values[0],) * rows)
    challenger = Tally(
        *(ours, round(ours * errors[1]), ours, round(ours * slow[1]), round(ours * (1 - mismatch))),
        (values[1],) * rows,
    )
    copies = requests if shadow else 0
    return Look((Stratum(champion, challenger),), copies, round(copies * differing), p99)


def after(rollout: Rollout, looks: int = 1, *, seconds: float = 20, **given: object) -> Rollout:
    """The rollout after so many equal looks."""
    for _ in range(looks):
        rollout = observe(rollout, look(rollout, **given), at=rollout.last + seconds)
    return rollout

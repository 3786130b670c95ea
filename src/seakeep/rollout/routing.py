"""Who answers in each phase of a rollout. The champion always answers, alone or beside the challenger, until it is replaced."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seakeep.core.route import Arm, Route

if TYPE_CHECKING:
    from seakeep.rollout.state import Rollout


def route(rollout: Rollout, *, revision: int = 0) -> Route:
    """The route that the state wants. revision: of the route that it replaces (see registry.set_route).

    Of an external rollout the champion stays where requests go that this route deals out: the platform deals out its own.
    A held rollout keeps the shares it had: its step is neither over nor undone, and goes on being watched.
    """
    champion, challenger, step = rollout.champion, rollout.challenger, rollout.present
    if step is None:
        alone = challenger if rollout.phase == "promoted" else champion
        return Route(rollout.name, (Arm("champion", alone.release, alone.version),), revision=revision)
    rest = Arm("champion", champion.release, champion.version, 1 - step.share)
    if step.kind == "external":
        return Route(rollout.name, (rest,), revision=revision)
    if step.kind == "shadow":
        shadows = (Arm("shadow", challenger.release, challenger.version),)
        return Route(rollout.name, (rest,), shadows, salt=rollout.id, revision=revision)
    arm = Arm("challenger", challenger.release, challenger.version, step.share)
    return Route(rollout.name, (rest, arm), salt=rollout.id, revision=revision)

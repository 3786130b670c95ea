"""Lanes: the ways on which requests go: a release in a role, and the crossing at which a key decides between several.

The request path looks up a crossing by the path and, where it has one lane only, is on it: a split costs nothing where there is
none. Nothing here changes once it is made (see `board`): a request stays on the lane that it took, whatever the route becomes.
"""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from seakeep.serving.server.families import LATENCY, PREDICTED, REFUSALS, REQUESTS, STATUSES
from seakeep.serving.server.metrics import counted_classes
from seakeep.serving.server.refusals import CODES

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from seakeep.core.route import Arm, Route
    from seakeep.prediction_log.columns import Role
    from seakeep.serving.served import Served
    from seakeep.serving.server.engine import Engine
    from seakeep.serving.server.form import Request
    from seakeep.serving.server.logbook import Logbook
    from seakeep.serving.server.metrics import Metrics

Rest = Literal["loading", "asleep", "unloaded"]


class Lane:
    """A release in a role.

    engine: that answers, None until it is made. rest: why there is none: it is "loading", it is "asleep" (left for memory's sake, and made
    when it is asked), or it is "unloaded" by request. revision: of the route, 0 where there is none. log: where its answers are
    written down, None for nowhere. answered, refused, latency: its counters.
    """

    __slots__ = ("_classes", "answered", "engine", "latency", "log", "refused", "rest", "revision", "role", "served")

    def __init__(
        self,
        served: Served,
        role: Role | Literal["explain"],
        metrics: Metrics,
        *,
        engine: Engine | None,
        revision: int = 0,
        log: Logbook | None = None,
        rest: Rest = "loading",
    ) -> None:
        self.served, self.role, self.engine, self.revision, self.log = served, role, engine, revision, log
        self.rest: Rest = rest
        own = (served.name, served.version)
        arm, release = metrics.of_arm(served, role), metrics.of_release(served)
        self.latency = arm.distribution(LATENCY, *own, role)
        self.answered = {status: arm.cell(REQUESTS, *own, role, str(status)) for status in STATUSES}
        self.refused = {code: release.cell(REFUSALS, *own, code) for code in CODES}
        self._classes = [arm.cell(PREDICTED, *own, role, name) for name in counted_classes(served)]

    def decided(self, decisions: Sequence[int]) -> None:
        """Count answers by their class; a regression has none."""
        cells = self._classes
        if not cells:
            return
        if len(decisions) == 1:
            cells[decisions[0]].add()
            return
        for place, number in Counter(decisions).items():
            cells[place].add(number)

    @property
    def ready(self) -> bool:
        """Whether a request gets an answer, at once or when the engine is made again."""
        return self.engine is not None or self.rest == "asleep"


class Crossing:
    """Where requests for a path come, and from where they go on a lane.

    Parameters: main: the champion's lane, or the only one; it counts what fails before the key is known. lanes: of all arms;
    none where there is nothing to decide. shadows: lanes that get copies, with the share of the requests that they get.
    """

    __slots__ = ("__weakref__", "_lanes", "_route", "main", "only", "shadows")

    def __init__(
        self,
        main: Lane,
        *,
        route: Route | None = None,
        lanes: Mapping[Arm, Lane] | None = None,
        shadows: tuple[tuple[Lane, float], ...] = (),
    ) -> None:
        self.main, self.shadows = main, shadows
        self._route, self._lanes = route, lanes or {}
        self.only = main if len(self._lanes) <= 1 else None

    def lane(self, request: Request, key: str | None) -> tuple[Lane, str | None]:
        """The lane for a request, and the key that it was dealt by: `key` of its header, else that in its body, else chance."""
        if self.only or self._route is None or self.main.engine is None:
            return self.main, key
        if key is None:
            key = self.main.engine.script(request.form).key(request.body, request.headers)
        return self.dealt(key)

    def opened(self, request: Request) -> tuple[Request, str | None]:
        """A large request as every arm can read it, and the key in its body. Takes as long as reading. Raises Refusal."""
        if self._route is None or self.main.engine is None:
            return request, None
        script = self.main.engine.script(request.form)
        if script.open is not None and request.form.opened is not None:
            body = script.open(request.body, request.headers)
            request = request._replace(body=body, form=request.form.opened)
            script = self.main.engine.script(request.form)
        return request, script.key(request.body, request.headers)

    def dealt(self, key: str | None) -> tuple[Lane, str | None]:
        """The lane that a key is dealt to, chance without one; and the key."""
        if self._route is None or self.main.engine is None:
            return self.main, key
        point = random.random() if key is None else self._route.point(key)  # noqa: S311  (nobody guesses for gain)
        return self._lanes[self._route.arm_for(point)], key

    def on(self, other: Callable[[Lane], Lane]) -> Crossing:
        """This crossing with other lanes, and without shadows."""
        lanes = {arm: other(lane) for arm, lane in self._lanes.items()}
        champion = next((lanes[arm] for arm, lane in self._lanes.items() if lane is self.main), None)
        return Crossing(champion or other(self.main), route=self._route, lanes=lanes)


@dataclass(frozen=True, slots=True)
class Place:
    """A model's name. crossing: where requests without a version come. versions: a lane each, the first of which is told of
    where no version is named. route: that is followed, None for a name that stays as it was at the start.
    """

    name: str
    crossing: Crossing
    versions: Mapping[str, Lane]
    route: Route | None = None

    @property
    def ready(self) -> bool:
        """Whether every release on the route can answer."""
        return all(lane.ready for lane in self.versions.values())

"""Board: all that the request path needs to know, made whole and swapped in one assignment.

A route changes while requests are answered: whoever holds the old board goes on with it, whoever looks after the swap has the
new one, and nobody sees half of each. What only the old board held (engines, above all) is freed when its last request ends.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import quote

from seakeep.serving.server.lanes import Crossing, Lane, Place

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from seakeep.prediction_log.columns import Role
    from seakeep.serving.followed import Followed
    from seakeep.serving.served import Identity, Served
    from seakeep.serving.server.dialect import Dialect
    from seakeep.serving.server.engine import Engine
    from seakeep.serving.server.form import Form
    from seakeep.serving.server.lanes import Rest
    from seakeep.serving.server.logbook import Logbook
    from seakeep.serving.server.metrics import Metrics

MODELS = "/v2/models"
EXPLAINING = ("kserve_v1",)
"""Dialects that ask for an explanation where others predict: `:explain` instead of `:predict`."""


@dataclass(frozen=True, slots=True)
class Board:
    """places: by model name. infer: crossings by path. labels: names by the path at which their labels arrive. spoken: crossings by
    path, with the dialect in which one asks there.
    """

    places: Mapping[str, Place] = field(default_factory=dict)
    infer: Mapping[str, Crossing] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)
    spoken: Mapping[str, tuple[Crossing, Form]] = field(default_factory=dict)

    @property
    def served(self) -> list[Served]:
        """Every release that can be asked."""
        return [lane.served for place in self.places.values() for lane in place.versions.values()]

    @property
    def ready(self) -> bool:
        """Whether everything on it can answer."""
        return all(place.ready for place in self.places.values())

    def explained(self, path: str) -> tuple[Crossing, Form | None] | None:
        """Where an explanation is asked for at a path, the crossing of its predictions, and the form where a dialect says it."""
        plain = path.rstrip("/")
        crossing = self.infer.get(plain.removesuffix("/explain") + "/infer") if plain.endswith("/explain") else None
        if crossing is not None:
            return crossing, None
        if not plain.endswith(":explain"):
            return None
        spoken = self.spoken.get(plain.removesuffix(":explain") + ":predict")
        return spoken if spoken is not None and spoken[1].name in EXPLAINING else None


def make_board(
    pinned: Sequence[Served],
    followed: Sequence[Followed],
    engines: Mapping[Identity, Engine],
    metrics: Metrics,
    logs: Mapping[str, Logbook],
    *,
    dialects: Sequence[Dialect] = (),
    rest: Callable[[Identity], Rest] = lambda _: "loading",
) -> Board:
    """A board for these releases.

    Parameters: pinned: named at the start; the first of a name answers where no version is named, unless the name is followed.
        engines: by what they answer for. logs: by model name. dialects: that are spoken. rest: why one has no engine.
    """
    names = dict.fromkeys([one.name for one in followed] + [one.name for one in pinned])
    routes = {one.name: one for one in followed}
    places = {}
    for name in names:
        own = [one for one in pinned if one.name == name]
        places[name] = _Maker(engines, metrics, logs.get(name), rest).place(name, own, routes.get(name))
    infer = {path: crossing for place in places.values() for path, crossing in _infer_paths(place).items()}
    labels = {path: name for name in logs for path in _paths(name, "/labels")}
    return Board(places, infer, labels, _spoken(places, dialects))


@dataclass(frozen=True, slots=True)
class _Maker:
    engines: Mapping[Identity, Engine]
    metrics: Metrics
    log: Logbook | None
    rest: Callable[[Identity], Rest]

    def place(self, name: str, pinned: Sequence[Served], followed: Followed | None) -> Place:
        on_route = followed.served if followed else ()
        versions = {one.version: self._lane(one, "pinned") for one in (*on_route, *pinned)}
        if followed is None:
            first = pinned[0]
            main = versions[first.version] if first.role == "pinned" else self._lane(first, first.role)
            return Place(name, Crossing(main), versions)
        return Place(name, self._crossing(followed), versions, followed.route)

    def _crossing(self, followed: Followed) -> Crossing:
        route = followed.route
        served = {one.release: one for one in followed.served}
        lanes = {arm: self._lane(served[arm.release], arm.role, route.revision) for arm in route.arms}
        champion = next((arm for arm in route.arms if arm.role == "champion"), route.arms[0])
        shadows = tuple((self._lane(served[arm.release], arm.role, route.revision), arm.share) for arm in route.shadows)
        return Crossing(lanes[champion], route=route, lanes=lanes, shadows=shadows)

    def _lane(self, served: Served, role: Role, revision: int = 0) -> Lane:
        engine = self.engines.get(served.identity)
        rest = self.rest(served.identity)
        return Lane(served, role, self.metrics, engine=engine, revision=revision, log=self.log, rest=rest)


def _infer_paths(place: Place) -> dict[str, Crossing]:
    paths = dict.fromkeys(_paths(place.name, "/infer"), place.crossing)
    for version, lane in place.versions.items():
        paths |= dict.fromkeys(_paths(place.name, f"/versions/{version}/infer"), Crossing(lane))
    return paths


def _spoken(places: Mapping[str, Place], dialects: Sequence[Dialect]) -> dict[str, tuple[Crossing, Form]]:
    """Where dialects are spoken; of two that would ask at one path, the first."""
    found: dict[str, tuple[Crossing, Form]] = {}
    for dialect in dialects:
        form = dialect.form
        for place in places.values():
            for name in (place.name, quote(place.name, safe="")):
                found.setdefault(dialect.predict.replace("{model}", name), (place.crossing, form))
                for version, lane in place.versions.items() if dialect.versioned else ():
                    path = str(dialect.versioned).replace("{model}", name).replace("{version}", version)
                    found.setdefault(path, (Crossing(lane), form))
    return found


def _paths(name: str, rest: str) -> tuple[str, ...]:
    """The ways of writing a path below a model's name."""
    names = dict.fromkeys((name, quote(name, safe="")))
    return tuple(f"{MODELS}/{one}{rest}{slash}" for one in names for slash in ("", "/"))

"""Explanations: `POST …/explain`, from a body in any form that an inference takes to what each input of each row added.

A request goes the way of an inference (the gate, the valve, the key's arm, the contract), on lanes of its own role, `explain`: it is counted
apart, is no prediction, and so is not logged and has no shadows. Nobody who waits for a prediction waits for more than one row's
explanation. It runs the model thousands of times, and a token whose rate is limited pays for that: one request to be let in, and one
for each run.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import msgspec

from seakeep.core.kinds import Task
from seakeep.serving.server.ask import ROWS_TOGETHER
from seakeep.serving.server.engine import Answered, Reply
from seakeep.serving.server.explaining import MOST_ROWS, readable, samples_of
from seakeep.serving.server.form import Script
from seakeep.serving.server.lanes import Crossing, Lane
from seakeep.serving.server.receiving import LARGE_BODY_BYTES
from seakeep.serving.server.refusals import BadWish
from seakeep.serving.server.traffic.urgency import urged

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from seakeep.serving.server.ask import Ask
    from seakeep.serving.server.crew import Crew
    from seakeep.serving.server.engine import Engine
    from seakeep.serving.server.explaining import Explained
    from seakeep.serving.server.form import Form, Headers, Request
    from seakeep.serving.server.pages import Page
    from seakeep.serving.server.steps import Body, Charge, Way

METHOD = "shapley"
_HEADERS = [("content-type", "application/json")]
_encode = msgspec.json.Encoder().encode


class Explanations:
    """Answers requests for explanations. Parameters: crew: the worker's parts. way: of an inference, from gate to answer."""

    def __init__(self, crew: Crew, way: Way) -> None:
        self._metrics, self._waker, self._way, self._charge = crew.metrics, crew.waker, way, crew.charge
        self._own: WeakKeyDictionary[Crossing, Crossing] = WeakKeyDictionary()

    async def answer(self, crossing: Crossing, form: Form, headers: Headers, body: Body) -> Page | None:
        """Status, headers and body, as `Inference.answer`. crossing: where an inference would come in."""
        own = self._own.get(crossing)
        if own is None:  # made once a crossing: who has no token must not have anything made
            own = self._own[crossing] = crossing.on(self._lane)
        return await self._way(own, form, headers, body)

    def _lane(self, lane: Lane) -> Lane:
        """The lane that explains what `lane` answers."""
        asleep = lane.engine is None and lane.rest != "asleep"
        engine: Any = None if asleep else Explaining(lane, self._waker.engine, charge=self._charge)
        return Lane(lane.served, "explain", self._metrics, engine=engine, revision=lane.revision, rest=lane.rest)


class Explaining:
    """Stands where an engine does, and explains.

    Parameters: lane: that answers. wake: gives its engine, where it sleeps. charge: has a token pay for more requests than the one
        that let it in; None where nobody is held to a rate.
    """

    def __init__(self, lane: Lane, wake: Callable[[Lane], Any], *, charge: Charge | None = None) -> None:
        self._own, self._wake, self._charge = lane, wake, charge

    def script(self, form: Form) -> Script:
        """As the engine's. While that sleeps no key can be read, and chance deals."""
        engine = self._own.engine
        return _KEYLESS if engine is None else engine.script(form)

    async def answer(self, request: Request, prediction_id: str | None = None) -> Reply:
        """The explanation of every row. Raises Refusal."""
        del prediction_id
        engine = self._own.engine or await self._wake(self._own)
        ask = await self._ask(engine, request)
        if ask.rows > MOST_ROWS:
            raise BadWish.too_many_rows(ask.rows, MOST_ROWS)
        samples = samples_of(ask.parameters)
        if ask.parameters:
            request = urged(request, ask.parameters)
        found = [await self._row(engine, row, samples, request) for row in zip(*ask.columns, strict=True)]
        content = _encode(_told(engine, ask, found, samples))
        ask.rows = sum(one.shares.sets for one in found)  # that the model was asked of
        decisions = [one.decision for one in found if one.decision is not None]
        return Reply(_HEADERS, content, Answered(ask, (), decisions, None))

    async def _ask(self, engine: Engine, request: Request) -> Ask:
        """What is asked; a large body is read beside the loop, as an inference's is."""
        read = engine.script(request.form).read
        if len(request.body) <= LARGE_BODY_BYTES:
            return read(request.body, request.headers)
        ask: Ask = await engine.aside.run(
            *(read, request.body, request.headers), priority=request.priority, until=request.until
        )
        return ask

    async def _row(self, engine: Engine, row: tuple[Any, ...], samples: int, request: Request) -> Explained:
        explained: Explained = await engine.aside.run(
            *(engine.explainer.explain, row, samples),
            seconds=engine.explainer.seconds(samples, engine.row_seconds),
            priority=request.priority,
            until=request.until,
        )
        if self._charge is not None:  # row by row, so that what else the token asks meanwhile is held at once
            self._charge(request.headers, explained.shares.sets / ROWS_TOGETHER)
        return explained


def _told(engine: Engine, ask: Ask, found: Sequence[Explained], samples: int) -> dict[str, Any]:
    """The answer's JSON."""
    served, columns = engine.served, engine.columns
    base = engine.explainer.typical()
    told = {
        "explanations": [_row(engine, one) for one in found],
        "baseline": {column.name: readable(column.kind, value) for column, value in zip(columns, base, strict=True)},
        "method": METHOD,
        "scale": "value" if served.model.task is Task.REGRESSION else "probability",
        "samples": samples,
        "model": served.name,
        "release": served.release,
        "version": served.version,
    }
    if ask.id is not None:
        told["id"] = ask.id
    if ask.marks:
        told["broken"] = [mark.as_answer() for mark in ask.marks]
    return told


def _row(engine: Engine, one: Explained) -> dict[str, Any]:
    """One row's explanation: inputs by the size of what they added, those that added nothing since they are typical last."""
    shares = {place: (value, error) for place, value, error in zip(one.players, *_lists(one), strict=True)}
    parts = []
    for place, column in enumerate(engine.columns):
        value, error = shares.get(place, (0.0, 0.0))
        shown = readable(column.kind, one.row[place])
        parts.append({"input": column.name, "value": shown, "contribution": value, "error": error})
    parts.sort(key=lambda part: -abs(part["contribution"]))
    classes = engine.served.model.classes
    told = {"score": one.shares.everybody, "expected": one.shares.nobody, "contributions": parts, "gap": one.shares.gap}
    return {"target": classes[one.target], **told} if classes else told


def _lists(one: Explained) -> tuple[list[float], list[float]]:
    return one.shares.values.tolist(), one.shares.errors.tolist()


def _nothing(*given: object) -> Any:
    """What a lane that sleeps says of a key; nothing else is asked of its script."""
    del given


_KEYLESS = Script(_nothing, _nothing, _nothing)

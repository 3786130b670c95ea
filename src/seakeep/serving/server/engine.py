"""Engine: one release, ready to answer: its contract, decoder, session, coalescer and counters. Made in a worker, once."""

from __future__ import annotations

import time
from functools import cached_property
from itertools import takewhile
from typing import TYPE_CHECKING, Any, NamedTuple

from seakeep.features.nulls import missing
from seakeep.serving.server.answering import label_datatype
from seakeep.serving.server.ask import ROWS_TOGETHER
from seakeep.serving.server.coalescing import Coalescer
from seakeep.serving.server.contract import Contract, output_names
from seakeep.serving.server.converting import DATATYPES
from seakeep.serving.server.door import Door
from seakeep.serving.server.forms import json
from seakeep.serving.server.intervals import Intervals
from seakeep.serving.server.predicting import predictor_of
from seakeep.serving.server.receiving import LARGE_BODY_BYTES
from seakeep.serving.server.refusals.traffic import Pressed
from seakeep.serving.server.traffic.cost import measured
from seakeep.serving.server.traffic.holding import longest
from seakeep.serving.server.traffic.urgency import urged

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Sequence

    from seakeep.features.bound import Bound
    from seakeep.serving.runtimes.onnx import OnnxPredictor
    from seakeep.serving.served import Served
    from seakeep.serving.server.ask import Ask
    from seakeep.serving.server.explaining import Explainer
    from seakeep.serving.server.form import Form, HeaderList, Request, Script
    from seakeep.serving.server.metrics import Metrics
    from seakeep.serving.server.settings import Settings
    from seakeep.serving.server.traffic.aside import Aside

_WARM_UP_ROWS = (1, 64)
_FEW_ROWS = 16
"""Up to so many rows a run has memory of its own: what that spares (12 µs) is then much of a run."""
_BEGIN_SECONDS, _WEIGHT_OF_NEW = 2e-8, 0.2
"""Of a byte of a large body, until one was read; and how much the last one counts."""


class Answered(NamedTuple):
    """What was asked, and what the model said.

    scores: (rows, width) in row order, flat. decisions: class indices, empty for regression. prediction_id: under which it is
    logged, None where it is not; row n is `prediction_id.n`.
    """

    ask: Ask
    scores: Sequence[float]
    decisions: Sequence[int]
    prediction_id: str | None


class Reply(NamedTuple):
    """What is sent to the client, and what it says."""

    headers: HeaderList
    content: bytes
    answered: Answered


class Engine:
    """Answers requests for one release.

    Raises: GraphError, if the graph cannot be loaded or does not run on a row of missing values.
    """

    def __init__(
        self,
        served: Served,
        settings: Settings,
        metrics: Metrics,
        *,
        loop: asyncio.AbstractEventLoop,
        aside: Aside,
    ) -> None:
        self.served = served
        self._predictor = predictor_of(served, settings, metrics)
        self._contract = Contract(served, settings, metrics)
        self._door = Door(served, settings, metrics.of_release(served))
        self._intervals = Intervals(served)
        self.columns, self.aside = self._contract.columns, aside
        self._scripts: dict[str, Script] = {}
        self.script(json.FORM)
        self._aside, self._body_seconds = aside, _BEGIN_SECONDS
        runs, runs_aside = metrics.runs_of(served)
        self._coalescer = Coalescer(
            self._predictor,
            self._contract.columns,
            loop=loop,
            aside=aside,
            runs=runs,
            runs_aside=runs_aside,
            turn_seconds=settings.bounds.turn_seconds,
            hold_seconds=longest(settings.bounds.target_ms / 1e3),
            few=_few(self._predictor),
        )
        self._warm_up()

    def script(self, form: Form) -> Script:
        """A form as it reads and writes for this release. Made once; may be called in any thread."""
        found = self._scripts.get(form.name)
        if found is None:
            found = self._scripts[form.name] = self._door.guarded(form.script(self._contract, self.served))
        return found

    async def answer(self, request: Request, prediction_id: str | None = None) -> Reply:
        """The answer to a request. Raises Refusal, for a request that is wrong.

        prediction_id: that the answer is to name, None where it is not logged.
        """
        script = self.script(request.form)
        if len(request.body) > LARGE_BODY_BYTES:
            return await self._answered_aside(script, request, prediction_id)
        ask = script.read(request.body, request.headers)
        if ask.parameters:
            request = urged(request, ask.parameters)
            ask.interval = self._intervals.asked(ask.parameters)
        scores, decisions = await self._coalescer.answer(ask, request.until, request.priority)
        return _reply(script, request, Answered(ask, scores, decisions, prediction_id))

    def metadata(self) -> dict[str, Any]:
        """What the protocol tells of a model: its inputs and outputs."""
        return metadata(self.served)

    @cached_property
    def explainer(self) -> Explainer:
        """Explains its answers."""
        from seakeep.serving.server.explaining import Explainer

        return Explainer(self.served, self._predictor, self.columns)

    @property
    def row_seconds(self) -> float:
        """What one row costs among many."""
        seconds: float = self._coalescer.cost.of(ROWS_TOGETHER)
        return seconds / ROWS_TOGETHER

    async def _answered_aside(self, script: Script, request: Request, prediction_id: str | None) -> Reply:
        """The answer to a large request; how long it takes is told by how long the ones before took for each byte."""
        work, size = self._answer_aside, len(request.body)
        seconds: float
        reply: Reply
        seconds, reply = await self._aside.run(
            *(work, script, request, prediction_id),
            seconds=size * self._body_seconds,
            priority=request.priority,
            until=request.until,
        )
        self._body_seconds += (seconds / size - self._body_seconds) * _WEIGHT_OF_NEW
        return reply

    def _answer_aside(self, script: Script, request: Request, prediction_id: str | None) -> tuple[float, Reply]:
        started = time.perf_counter()
        ask = script.read(request.body, request.headers)
        ask.interval = self._intervals.asked(ask.parameters) if ask.parameters else None
        if (
            ask.parameters
            and time.perf_counter() + self._coalescer.cost.of(ask.rows) > urged(request, ask.parameters).until
        ):
            raise Pressed.late()
        reply = _reply(script, request, Answered(ask, *self._coalescer.run_aside([ask]), prediction_id))
        return time.perf_counter() - started, reply

    def _warm_up(self) -> None:
        """Run, so that the first request finds memory allocated, a graph that cannot run is found now, and a run's cost is known."""
        columns = self.served.model.inputs
        feeds = {rows: {column.name: missing(rows, column.kind) for column in columns} for rows in _WARM_UP_ROWS}
        self._coalescer.cost = measured(lambda rows: self._predictor.predict_feeds(feeds[rows]), *_WARM_UP_ROWS)


def metadata(served: Served) -> dict[str, Any]:
    """What the protocol tells of a model, loaded or not: its inputs and outputs."""
    classes = served.model.classes
    outputs = {
        "value": ("FP32", [-1]),
        "probabilities": ("FP32", [-1, len(classes)]),
        "label": (label_datatype(classes), [-1]),
    }
    return {
        "name": served.name,
        "versions": [served.version],
        "platform": "onnx_onnxruntime",
        "inputs": [_tensor(column.name, DATATYPES[column.kind][0], [-1]) for column in served.model.inputs],
        "outputs": [_tensor(name, *outputs[name]) for name in output_names(served)],
        "parameters": {"release": served.release, "classes": list(classes)},
    }


def _few(predictor: OnnxPredictor) -> list[Bound]:
    """What runs 1 row, 2 rows, …, each sooner than the predictor does, as far as that is to be had."""
    made = map(predictor.bound, range(1, _FEW_ROWS + 1))
    return [bound for bound in takewhile(bool, made) if bound is not None]


def _reply(script: Script, request: Request, answered: Answered) -> Reply:
    headers, content = script.write(answered, request.headers)
    return Reply(headers, content, answered)


def _tensor(name: str, datatype: str, shape: list[int]) -> dict[str, Any]:
    return {"name": name, "datatype": datatype, "shape": shape}

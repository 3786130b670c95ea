"""Engine: one release, ready to answer: its contract, decoder, session, coalescer and counters. Made in a worker, once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from seakeep.features.nulls import missing
from seakeep.serving.runtimes.onnx import OnnxPredictor
from seakeep.serving.server.answering import label_datatype
from seakeep.serving.server.coalescing import Coalescer
from seakeep.serving.server.columns import DATATYPES
from seakeep.serving.server.contract import Contract
from seakeep.serving.server.families import RUNS
from seakeep.serving.server.forms import json
from seakeep.serving.server.receiving import LARGE_BODY_BYTES

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Sequence
    from concurrent.futures import Executor

    from seakeep.serving.served import Served
    from seakeep.serving.server.ask import Ask
    from seakeep.serving.server.form import Form, HeaderList, Request, Script
    from seakeep.serving.server.metrics import Metrics
    from seakeep.serving.server.settings import Settings

_WARM_UP_ROWS = (1, 1, 64)


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
        aside: Executor,
    ) -> None:
        self.served = served
        self._predictor = OnnxPredictor(served.model, threads=1)
        self._contract = Contract(served, settings, metrics)
        self._scripts: dict[str, Script] = {}
        self.script(json.FORM)
        self._loop, self._aside = loop, aside
        runs = metrics.of_release(served).distribution(RUNS, served.name, served.version)
        self._coalescer = Coalescer(self._predictor, self._contract.columns, loop=loop, aside=aside, runs=runs)
        self._warm_up()

    def script(self, form: Form) -> Script:
        """A form as it reads and writes for this release. Made once; may be called in any thread."""
        found = self._scripts.get(form.name)
        if found is None:
            found = self._scripts[form.name] = form.script(self._contract, self.served)
        return found

    async def answer(self, request: Request, prediction_id: str | None = None) -> Reply:
        """The answer to a request. Raises Refusal, for a request that is wrong.

        prediction_id: that the answer is to name, None where it is not logged.
        """
        script = self.script(request.form)
        if len(request.body) > LARGE_BODY_BYTES:
            return await self._loop.run_in_executor(self._aside, self._answer_aside, script, request, prediction_id)
        ask = script.read(request.body, request.headers)
        scores, decisions = await self._coalescer.answer(ask)
        return _reply(script, request, Answered(ask, scores, decisions, prediction_id))

    def metadata(self) -> dict[str, Any]:
        """What the protocol tells of a model: its inputs and outputs."""
        served = self.served
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
            "inputs": [_tensor(column.name, DATATYPES[column.kind][0], [-1]) for column in self._contract.columns],
            "outputs": [_tensor(name, *outputs[name]) for name in self._contract.outputs],
            "parameters": {"release": served.release, "classes": list(classes)},
        }

    def _answer_aside(self, script: Script, request: Request, prediction_id: str | None) -> Reply:
        ask = script.read(request.body, request.headers)
        return _reply(script, request, Answered(ask, *self._coalescer.run([ask]), prediction_id))

    def _warm_up(self) -> None:
        """Run once, so that the first request finds memory allocated and a graph that cannot run is found now."""
        for rows in _WARM_UP_ROWS:
            columns = self.served.model.inputs
            self._predictor.predict_feeds({column.name: missing(rows, column.kind) for column in columns})


def _reply(script: Script, request: Request, answered: Answered) -> Reply:
    headers, content = script.write(answered, request.headers)
    return Reply(headers, content, answered)


def _tensor(name: str, datatype: str, shape: list[int]) -> dict[str, Any]:
    return {"name": name, "datatype": datatype, "shape": shape}

"""The floor that benchmarks/serving/compare.py compares with: a Granian RSGI handler around the same graph, without contract, policy,
limits, metrics or coalescing. MODEL names the model's folder. Start: granian --interface rsgi bare_handler:app
"""

from __future__ import annotations

import datetime as dt
import os
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from seakeep.core import Kind
from seakeep.features.session import Session
from seakeep.serving import Served

_served = Served.load(Path(os.environ["MODEL"]))
_session = Session(_served.model.graph)
_decode, _encode = msgspec.json.Decoder().decode, msgspec.json.Encoder().encode
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_MICROSECOND = dt.timedelta(microseconds=1)


def _time(text: str) -> int:
    moment = dt.datetime.fromisoformat(text)
    return ((moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)) - _EPOCH) // _MICROSECOND


def _array(values: list[Any], kind: Kind) -> Any:
    if kind is Kind.STRING:
        return np.array(values, np.object_)
    if kind is Kind.TIMESTAMP:
        return np.array([_time(value) for value in values], np.int64)
    return np.array(values, np.float64)


async def app(scope: Any, protocol: Any) -> None:
    del scope
    rows = _decode(await protocol())["rows"]
    feeds = {item.name: _array([row[item.name] for row in rows], item.kind) for item in _served.model.inputs}
    scores, decisions = _session.run(("probabilities", "decision"), feeds)
    classes = _served.model.classes
    made = [
        {
            "label": classes[decision],
            "probability": own[decision],
            "probabilities": dict(zip(("false", "true"), own, strict=True)),
        }
        for own, decision in zip(scores.tolist(), decisions.tolist(), strict=True)
    ]
    body = _encode({"predictions": made, "model": _served.name, "release": _served.release})
    protocol.response_bytes(200, [("content-type", "application/json")], body)

"""Events: a request of the prediction log, and its answer, as the CloudEvents 1.0 that KServe's payload logger sends.

Types, extension attributes and the id that request and response share are those of KServe's pkg/logger/worker.go. The log keeps
values, not bytes: a payload is made of them again, as the tensors of V2, whatever form the request had; timestamps are microseconds
since 1970 UTC. Refused and failed requests have no values, and shadows answered nobody: they give no events.
"""

from __future__ import annotations

import datetime as dt
import json
import math
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import polars as pl

from seakeep.core.kinds import Kind, Task
from seakeep.prediction_log import columns as names
from seakeep.serving.server.answering import label_datatype
from seakeep.serving.server.converting import DATATYPES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from seakeep.prediction_log import Header

REQUEST, RESPONSE = "org.kubeflow.serving.inference.request", "org.kubeflow.serving.inference.response"
COMPONENT = "predictor"
Plain = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Origin:
    """What events say of where they come from. service: of the InferenceService. namespace: its own."""

    service: str
    namespace: str


@dataclass(frozen=True, slots=True)
class Exchange:
    """A request and its answer. time: of its arrival. id: of the request. events: both, in order."""

    time: dt.datetime
    id: str
    events: tuple[Event, Event]


@dataclass(frozen=True, slots=True)
class Event:
    """attributes: context attributes by name, in lower case, without the content type. data: JSON."""

    attributes: Mapping[str, str]
    data: Plain

    def structured(self) -> Plain:
        """The event as one JSON object (JSON event format)."""
        return {**self.attributes, "datacontenttype": "application/json", "data": self.data}

    def binary(self) -> tuple[dict[str, str], bytes]:
        """Headers and body of an HTTP request (binary content mode)."""
        headers = {f"ce-{name}": quote(value, safe=_PRINTABLE) for name, value in self.attributes.items()}
        return {**headers, "content-type": "application/json"}, json.dumps(self.data, allow_nan=False).encode()


_PRINTABLE = "".join(chr(code) for code in range(0x21, 0x7F) if chr(code) not in '"%')
"""What a header's value may hold as it is; the rest is percent-encoded (HTTP binding, 3.1.3.2)."""


def exchanges(frame: pl.DataFrame, header: Header, origin: Origin) -> Iterator[Exchange]:
    """The requests in the rows of one release, by time and id.

    frame: of `PredictionLog.scan_by_release`; a request's rows must all be in it.
    """
    split = pl.col(names.ID).str.splitn(".", 2)
    rows = frame.filter(pl.col(names.OUTCOME) == "answered").with_columns(
        split.struct.field("field_0").alias("@request"),
        split.struct.field("field_1").cast(pl.Int64).alias("@row"),
        *(pl.col(name).dt.epoch("us") for name, kind in header.inputs if kind == Kind.TIMESTAMP.value),
    )
    ordered = rows.sort(names.TIME, "@request", "@row")
    for request, group in groupby(ordered.iter_rows(named=True), key=lambda row: row["@request"]):
        yield _exchange(request, list(group), header, origin)


def _exchange(request: str, rows: Sequence[Plain], header: Header, origin: Origin) -> Exchange:
    first = rows[0]
    came: dt.datetime = first[names.TIME]
    left = came + dt.timedelta(milliseconds=first[names.LATENCY] or 0.0)  # a row of a batch has none
    context = _attributes(request, first, header, origin)
    asked = Event({**context, "type": REQUEST, "time": _text(came)}, _request(request, rows, header))
    answered = Event({**context, "type": RESPONSE, "time": _text(left)}, _response(request, rows, header))
    return Exchange(came, request, (asked, answered))


def _attributes(request: str, row: Plain, header: Header, origin: Origin) -> dict[str, str]:
    key = row[names.DEALT]
    return {
        "specversion": "1.0",
        "id": request,
        "source": f"/v2/models/{quote(header.name, safe='')}/versions/{row[names.VERSION] or header.release[:12]}",
        "inferenceservicename": origin.service,
        "namespace": origin.namespace,
        "component": COMPONENT,
        "endpoint": "canary" if row[names.ROLE] == "challenger" else "default",
        "metadata": json.dumps({} if key is None else {"seakeep-key": [key]}),
    }


def _request(request: str, rows: Sequence[Plain], header: Header) -> Plain:
    inputs = [
        _tensor(name, DATATYPES[Kind(kind)][0], [len(rows)], [row[name] for row in rows])
        for name, kind in header.inputs
    ]
    return {"id": request, "inputs": inputs}


def _response(request: str, rows: Sequence[Plain], header: Header) -> Plain:
    made = [row[names.PREDICTION] for row in rows]
    if header.task == Task.REGRESSION.value:
        outputs = [_tensor("value", "FP32", [len(rows)], made)]
    else:
        columns = [names.probability(one) for one in header.classes]
        scores = [row[column] for row in rows for column in columns]
        outputs = [
            _tensor("probabilities", "FP32", [len(rows), len(columns)], scores),
            _tensor("label", label_datatype(header.classes), [len(rows)], made),
        ]
    version = rows[0][names.VERSION] or header.release[:12]
    return {
        "model_name": header.name,
        "model_version": str(version),
        "id": request,
        "outputs": outputs,
        "parameters": {"release": header.release, "prediction_id": request, **_sampled(rows[0])},
    }


def _sampled(row: Plain) -> Plain:
    """The probability with which the request was kept, where not every one is."""
    probability = row.get(names.SAMPLED)
    return {} if probability is None else {"sampled": probability}


def _tensor(name: str, datatype: str, shape: list[int], data: list[Any]) -> Plain:
    """A tensor of V2; what is not finite is null, since JSON has no other word for it."""
    finite = [None if isinstance(value, float) and not math.isfinite(value) else value for value in data]
    return {"name": name, "datatype": datatype, "shape": shape, "data": finite}


def _text(moment: dt.datetime) -> str:
    """RFC 3339."""
    return moment.astimezone(dt.UTC).isoformat().replace("+00:00", "Z")

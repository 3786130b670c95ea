"""Operations: what each address takes and answers, its refusals and its examples."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from seakeep.core.kinds import Task
from seakeep.serving.server.forms import arrow, csv, lines
from seakeep.serving.server.keys import HEADER as KEY
from seakeep.serving.server.keys import MOST_CHARACTERS
from seakeep.serving.server.openapi.schemas import reference
from seakeep.serving.server.traffic.urgency import PRIORITY, TIMEOUT

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from seakeep.serving.served import Served
    from seakeep.serving.server.board import Board
    from seakeep.serving.server.openapi.examples import Examples
    from seakeep.serving.server.openapi.security import Security

_JSON, _LINES = "application/json", lines.MEDIA[0]
_HEADERS = (
    (
        KEY,
        "Deals the request to an arm; one key is always answered by the same release.",
        {"maxLength": MOST_CHARACTERS},
    ),
    (TIMEOUT, "Milliseconds that the answer is worth waiting for, more than 0.", {"pattern": r"^\d{1,9}(\.\d{1,9})?$"}),
    (
        PRIORITY,
        "1 before others (with tokens: of the scope urgent), 2 as others, 3 after them.",
        {"enum": ["1", "2", "3"]},
    ),
)
_RETRY = {"Retry-After": {"description": "Seconds until asking again may help.", "schema": {"type": "integer"}}}
_REFUSED = {"400": "Refused", "408": "Too slow", "413": "Too large", "415": "Of a type that is not taken"}
_SHUT = {"401": "No token, or one that does not hold", "403": "A token that may not do this"}
_BUSY = {"429": "Too busy, or too often", "500": "Failed", "503": "Being loaded", "504": "Too late"}
_HELD = ("429", "503")


def get(summary: str, security: Security, *, scope: str | None = "predict", also: Sequence[str] = ()) -> dict[str, Any]:
    """An address that is only read."""
    answers = {status: {"description": summary, "content": {_JSON: {}}} for status in ("200", *also)}
    shut = _shut(security) if scope is not None else {}
    return {"get": {"summary": summary, "responses": {**answers, **shut}, **security.of(scope)}}


def of_server(security: Security) -> dict[str, Any]:
    """The addresses that every server has."""
    metrics = get("Metrics in Prometheus' text format", security, scope="metrics")
    metrics["get"]["responses"]["200"]["content"] = {"text/plain": {"schema": {"type": "string"}}}
    return {
        "/v2": get("The server and what it serves", security),
        "/v2/health/live": get("Whether the process lives", security, scope=None),
        "/v2/health/started": get("Whether every worker loaded its models once", security, scope=None, also=("503",)),
        "/v2/health/ready": get("Whether every model can answer", security, scope=None, also=("503",)),
        "/v2/models": get("The models served", security),
        "/metrics": metrics,
    }


def of_repository(board: Board, security: Security, *, changes: bool) -> dict[str, Any]:
    """The addresses that list what is served and, where that is allowed, unload and load it."""
    admin = security.of("admin")
    asked = {"type": "object", "properties": {"ready": {"type": "boolean"}}, "additionalProperties": False}
    state = {"type": "object", "required": ["name", "version", "state", "reason"]}
    index = {
        "summary": "The models and their states",
        "operationId": "repository_index",
        "requestBody": {"content": {_JSON: {"schema": asked, "examples": {"ready": {"value": {"ready": True}}}}}},
        "responses": {"200": _said("A state a release", {"type": "array", "items": state}), **_faults(security)},
        **admin,
    }
    paths: dict[str, Any] = {"/v2/repository/index": {"post": index}}
    for name in board.places if changes else ():
        for change in ("unload", "load"):
            paths[f"/v2/repository/models/{quote(name, safe='')}/{change}"] = {
                "post": {
                    "summary": f"{change.capitalize()} {name} in every worker",
                    "operationId": f"{change}_{name}",
                    "requestBody": {
                        "content": {_JSON: {"schema": {"type": "object"}, "examples": {"plain": {"value": {}}}}}
                    },
                    "responses": {"200": _said("Every worker has taken it", {"type": "object"}), **_faults(security)},
                    **admin,
                }
            }
    return paths


@dataclass(frozen=True, slots=True)
class Asked:
    """What one model is asked. examples: that it answers."""

    served: Served
    examples: Examples
    security: Security

    def infer(self) -> dict[str, Any]:
        """Predictions."""
        answer = reference(f"{self.served.name}.answer")
        return {
            "summary": f"Predictions of {self.served.name}",
            **self._posted("infer", self._bodies()),
            "responses": {"200": _said("Predictions, in the order of the rows", answer), **_faults(self.security)},
        }

    def explain(self) -> dict[str, Any]:
        """What each input added."""
        bodies = {_JSON: _body(reference(f"{self.served.name}.request"), self.examples.explained)}
        told = {"type": "object", "required": ["explanations", "baseline", "method", "scale"]}
        return {
            "summary": f"What each input of a row added to the score of {self.served.name}",
            **self._posted("explain", bodies),
            "responses": {"200": _said("An explanation a row", told), **_faults(self.security)},
        }

    def stream(self) -> dict[str, Any]:
        """Predictions, while rows come."""
        answer = {"description": "Predictions, a line for a line", "content": {_LINES: {"schema": {"type": "string"}}}}
        return {
            "summary": f"Predictions of {self.served.name}, a line for a line, while they come",
            **self._posted("stream", {_LINES: _body({"type": "string"}, self.examples.lines)}),
            "responses": {"200": answer, **_faults(self.security)},
        }

    def labels(self) -> dict[str, Any]:
        """The truth, told afterwards."""
        model = self.served.model
        label = {"type": "number"} if model.task is Task.REGRESSION else {"enum": list(model.classes)}
        names = {"prediction_id": {"type": "string"}, "key": {"type": ["string", "number"]}, "label": label}
        item = {"type": "object", "required": ["label"], "properties": names}
        labels = {"type": "array", "minItems": 1, "items": item}
        body = {"type": "object", "required": ["labels"], "properties": {"labels": labels}}
        accepted = {"type": "object", "properties": {"accepted": {"type": "integer"}}}
        return {
            "summary": f"Labels of predictions of {self.served.name}",
            "operationId": f"label_{self.served.name}",
            "requestBody": {"required": True, "content": {_JSON: _body(body, self.examples.labels)}},
            "responses": {"200": _said("How many are on the disk", accepted), **_faults(self.security)},
            **self.security.of("labels"),
        }

    def _bodies(self) -> dict[str, Any]:
        return {
            _JSON: _body(reference(f"{self.served.name}.request"), self.examples.requests),
            _LINES: _body({"type": "string"}, self.examples.lines),
            csv.MEDIA: _body({"type": "string"}, self.examples.csv),
            arrow.STREAM: {"schema": {"type": "string", "format": "binary"}},
        }

    def _posted(self, what: str, bodies: dict[str, Any]) -> dict[str, Any]:
        return {
            "operationId": f"{what}_{self.served.name}",
            "parameters": [
                {"name": name, "in": "header", "description": about, "schema": {"type": "string", **more}}
                for name, about, more in _HEADERS
            ],
            "requestBody": {"required": True, "content": bodies},
            **self.security.of("predict"),
        }


def _body(schema: dict[str, Any], examples: Mapping[str, Any]) -> dict[str, Any]:
    if not examples:
        return {"schema": schema}
    return {"schema": schema, "examples": {name: {"value": value} for name, value in examples.items()}}


def _said(about: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"description": about, "content": {_JSON: {"schema": schema}}}


def _shut(security: Security) -> dict[str, Any]:
    return (
        {status: _said(about, reference("Refusal")) for status, about in _SHUT.items()} if security.has_tokens else {}
    )


def _faults(security: Security) -> dict[str, Any]:
    busy = {status: _said(about, reference("Busy")) for status, about in _BUSY.items()}
    for status in _HELD:
        busy[status]["headers"] = _RETRY
    refused = {status: _said(about, reference("Refusal")) for status, about in _REFUSED.items()}
    return {**refused, **_shut(security), **busy}

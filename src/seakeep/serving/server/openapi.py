"""OpenAPI: a description of what this server answers now, made from the contracts of the releases on its board.

Every model's columns are typed, with what the contract allows, and every request has an example that is answered: a client can be
made from it, a form drawn, and a fuzzer let loose (https://spec.openapis.org/oas/v3.1.0). It is made when it is asked for.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from seakeep import __version__
from seakeep.core.kinds import Kind, Task
from seakeep.serving.served import class_text
from seakeep.serving.server.forms import arrow, csv, lines
from seakeep.serving.server.refusals import CODES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from seakeep.core.schema import ColumnSchema
    from seakeep.serving.served import Served
    from seakeep.serving.server.board import Board

PATH = "/openapi.json"
_JSON = "application/json"
_TYPES: dict[Kind, dict[str, Any]] = {
    Kind.INTEGER: {"type": "integer", "minimum": -(2**63), "maximum": 2**63 - 1},
    Kind.NUMBER: {"type": "number"},
    Kind.BOOLEAN: {"type": "boolean"},
    Kind.STRING: {"type": "string"},
    Kind.TIMESTAMP: {"type": "string", "format": "date-time"},
}
_PLAIN: dict[Kind, Any] = {
    Kind.INTEGER: 1,
    Kind.NUMBER: 1.5,
    Kind.BOOLEAN: True,
    Kind.STRING: "a",
    Kind.TIMESTAMP: "2025-01-01T12:00:00Z",
}
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_REFUSAL = {
    "type": "object",
    "description": "What was wrong with the request, where, and what to do.",
    "required": ["error", "code", "field", "found", "expected", "fix"],
    "properties": {
        "error": {"type": "string"},
        "code": {"type": "string", "enum": list(CODES)},
        **{name: {"type": "string"} for name in ("field", "found", "expected", "fix", "cause")},
    },
}
_BUSY = {
    "type": "object",
    "description": "The server cannot answer now, or failed.",
    "required": ["error", "fix"],
    "properties": {name: {"type": "string"} for name in ("error", "fix", "request", "code")},
}
_KEY = {
    "name": "seakeep-key",
    "in": "header",
    "description": "Deals the request to an arm; one key is always answered by the same release.",
    "schema": {"type": "string", "maxLength": 512},
}


def document(board: Board) -> dict[str, Any]:
    """The OpenAPI 3.1 document of what is served."""
    paths: dict[str, Any] = {
        "/v2": {"get": _get("The server and what it serves")},
        "/v2/health/live": {"get": _get("Whether the process lives")},
        "/v2/health/started": {"get": _get("Whether every worker loaded its models once", also=("503",))},
        "/v2/health/ready": {"get": _get("Whether every model can answer", also=("503",))},
        "/v2/models": {"get": _get("The models served")},
    }
    schemas: dict[str, Any] = {"Refusal": _REFUSAL, "Busy": _BUSY}
    for name, place in board.places.items():
        served = place.crossing.main.served
        base = f"/v2/models/{quote(name, safe='')}"
        paths[base] = {"get": _get(f"Inputs and outputs of {name}", also=("503",))}
        paths[f"{base}/ready"] = {"get": _get(f"Whether {name} can answer", also=("503",))}
        paths[f"{base}/infer"] = {"post": _infer(served, schemas)}
        paths[f"{base}/explain"] = {"post": _explain(served)}
        paths[f"{base}/stream"] = {"post": _stream(served)}
        if name in board.labels.values():
            paths[f"{base}/labels"] = {"post": _labels(served)}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Seakeep",
            "version": __version__,
            "description": "Open Inference Protocol V2, and rows beside it.",
        },
        "paths": paths,
        "components": {"schemas": schemas},
    }


def _get(summary: str, *, also: Sequence[str] = ()) -> dict[str, Any]:
    answers = {status: {"description": summary, "content": {_JSON: {}}} for status in ("200", *also)}
    return {"summary": summary, "responses": answers}


def _infer(served: Served, schemas: dict[str, Any]) -> dict[str, Any]:
    """The operation that predicts; its schemas are added to `schemas`."""
    name = served.name
    row, request, answer = (f"{name}.{part}" for part in ("row", "request", "answer"))
    columns = {one.name: served.model.schema.columns.get(one.name) for one in served.model.inputs}
    kinds = {one.name: one.kind for one in served.model.inputs}
    typed = {column: _column(kinds[column], schema) for column, schema in columns.items()}
    example = {column: _example(kinds[column], schema) for column, schema in columns.items()}
    needed = [column for column, schema in columns.items() if schema is None or schema.required]
    schemas[row] = {"type": "object", "properties": typed, "required": needed, "examples": [example]}
    schemas[request] = _request(row, typed, needed)
    schemas[answer] = _answer(served)
    bodies: dict[str, Any] = {
        _JSON: {
            "schema": _ref(request),
            "examples": {
                "rows": {"value": {"rows": [example]}},
                "columns": {"value": {"columns": {column: [value] for column, value in example.items()}}},
            },
        },
        lines.MEDIA[0]: {"schema": {"type": "string"}},
        csv.MEDIA: {"schema": {"type": "string"}},
        arrow.STREAM: {"schema": {"type": "string", "format": "binary"}},
    }
    return {
        "summary": f"Predictions of {name}",
        "operationId": f"infer_{name}",
        "parameters": [_KEY],
        "requestBody": {"required": True, "content": bodies},
        "responses": {"200": _said("Predictions, in the order of the rows", _ref(answer)), **_faults()},
    }


def _explain(served: Served) -> dict[str, Any]:
    """The operation that tells what each input added to a score; made after the one that predicts."""
    name = served.name
    return {
        "summary": f"What each input of a row added to the score of {name}",
        "operationId": f"explain_{name}",
        "requestBody": {"required": True, "content": {_JSON: {"schema": _ref(f"{name}.request")}}},
        "responses": {"200": _said("An explanation a row", {"type": "object"}), **_faults()},
    }


def _stream(served: Served) -> dict[str, Any]:
    name = served.name
    media = lines.MEDIA[0]
    return {
        "summary": f"Predictions of {name}, a line for a line, while they come",
        "operationId": f"stream_{name}",
        "requestBody": {"required": True, "content": {media: {"schema": {"type": "string"}}}},
        "responses": {"200": {"description": "Predictions", "content": {media: {}}}, **_faults()},
    }


def _request(row: str, typed: dict[str, Any], needed: Sequence[str]) -> dict[str, Any]:
    same = {"id": {"type": "string"}, "parameters": {"type": "object"}}
    arrays = {column: {"type": "array", "minItems": 1, "items": schema} for column, schema in typed.items()}
    rows = {"rows": {"type": "array", "minItems": 1, "items": _ref(row)}}
    tensors = {"inputs": {"type": "array", "minItems": 1, "items": _tensor(tuple(typed))}}
    table = {"columns": {"type": "object", "properties": arrays, "required": list(needed)}}
    return {
        "oneOf": [
            {"type": "object", "required": list(form), "properties": {**form, **same}}
            for form in (rows, table, tensors)
        ],
        "description": "Rows by column name, columns by name, or the protocol's tensors.",
    }


def _tensor(names: Sequence[str]) -> dict[str, Any]:
    return {
        "type": "object",
        "required": ["name", "datatype", "shape", "data"],
        "properties": {
            "name": {"type": "string", "examples": list(names[:1])},
            "datatype": {"type": "string", "enum": ["BOOL", "INT64", "INT32", "FP64", "FP32", "BYTES"]},
            "shape": {"type": "array", "items": {"type": "integer", "minimum": 1}, "minItems": 1, "maxItems": 2},
            "data": {"type": "array", "items": {"type": ["number", "string", "boolean", "null"]}, "minItems": 1},
        },
    }


def _answer(served: Served) -> dict[str, Any]:
    told = {name: {"type": "string"} for name in ("model", "release", "version", "prediction_id", "id")}
    if served.model.task is Task.REGRESSION:
        one: dict[str, Any] = {
            "type": "object",
            "required": ["value"],
            "properties": {"value": {"type": ["number", "null"]}},
        }
    else:
        classes = served.model.classes
        each = {class_text(name): {"type": ["number", "null"]} for name in classes}
        own = {
            "label": {"enum": list(classes)},
            "probability": {"type": ["number", "null"]},
            "probabilities": {"type": "object", "required": list(each), "properties": each},
        }
        one = {"type": "object", "required": list(own), "properties": own}
    rows = {"predictions": {"type": "array", "items": one}}
    tensors = {"model_name": {"type": "string"}, "outputs": {"type": "array", "items": {"type": "object"}}}
    table = {"columns": {"type": "object"}}
    return {
        "anyOf": [
            {"type": "object", "required": list(form), "properties": {**form, **told}}
            for form in (rows, table, tensors)
        ]
    }


def _labels(served: Served) -> dict[str, Any]:
    name = served.name
    label = {"type": "number"} if served.model.task is Task.REGRESSION else {"enum": list(served.model.classes)}
    item = {
        "type": "object",
        "required": ["label"],
        "properties": {"prediction_id": {"type": "string"}, "key": {"type": ["string", "number"]}, "label": label},
    }
    body = {"type": "object", "required": ["labels"], "properties": {"labels": {"type": "array", "items": item}}}
    accepted = {"type": "object", "properties": {"accepted": {"type": "integer"}}}
    return {
        "summary": f"Labels of predictions of {name}",
        "operationId": f"label_{name}",
        "requestBody": {"required": True, "content": {_JSON: {"schema": body}}},
        "responses": {"200": _said("How many are on the disk", accepted), **_faults()},
    }


def _column(kind: Kind, schema: ColumnSchema | None) -> dict[str, Any]:
    """A column's type as JSON Schema; null where it may be missing. Bounds are told, not imposed: what is outside may be scored."""
    made: dict[str, Any] = dict(_TYPES[kind])
    if schema is None or schema.missing_at_most > 0 or not schema.required:
        made["type"] = [made["type"], "null"]
    if schema is not None and schema.values is not None:
        made["examples"] = list(schema.values[:5])
    if schema is not None and (schema.minimum is not None or schema.maximum is not None):
        made["description"] = f"from {schema.minimum} to {schema.maximum}".replace("None", "any")
    return made


def _example(kind: Kind, schema: ColumnSchema | None) -> Any:
    """A value that the contract allows, but for its pattern and lengths."""
    if schema is not None and schema.values:
        return schema.values[0]
    if schema is None or (schema.minimum is None and schema.maximum is None) or not kind.is_numeric:
        return _PLAIN[kind]
    value = schema.minimum if schema.minimum is not None else schema.maximum
    if kind is not Kind.TIMESTAMP:
        return value
    try:
        return (_EPOCH + dt.timedelta(microseconds=int(value or 0))).isoformat()
    except OverflowError:  # of a year that has no text
        return _PLAIN[kind]


def _ref(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}


def _said(about: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"description": about, "content": {_JSON: {"schema": schema}}}


def _faults() -> dict[str, Any]:
    refused = {"400": "Refused", "408": "Too slow", "413": "Too large", "415": "Of a type that is not taken"}
    busy = {"429": "Too busy", "500": "Failed", "503": "Being loaded", "504": "Too late"}
    return {
        **{status: _said(about, _ref("Refusal")) for status, about in refused.items()},
        **{status: _said(about, _ref("Busy")) for status, about in busy.items()},
    }

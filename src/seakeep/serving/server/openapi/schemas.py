"""Schemas: what requests of a model may hold and what answers do, as JSON Schema.

Where a server rejects what is outside of the contract, its bounds are the schema's; where it only counts it, they are told in words:
what is outside may be scored. A pattern is told in words anyway, since JSON Schema reads it in another dialect.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from seakeep.core.kinds import Kind, Task
from seakeep.evidence.conformal import THOUSANDTHS
from seakeep.serving.served import class_text
from seakeep.serving.server.refusals import CODES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from seakeep.core.schema import ColumnSchema
    from seakeep.serving.served import Served
    from seakeep.serving.server.settings import Settings

_TYPES: dict[Kind, dict[str, Any]] = {
    Kind.INTEGER: {"type": "integer", "minimum": -(2**63), "maximum": 2**63 - 1},
    Kind.NUMBER: {"type": "number"},
    Kind.BOOLEAN: {"type": "boolean"},
    Kind.STRING: {"type": "string"},
    Kind.TIMESTAMP: {"type": "string", "format": "date-time"},
}
_LISTED = 20
_DATATYPES = (
    *("BOOL", "INT8", "INT16", "INT32", "INT64", "UINT8", "UINT16", "UINT32", "UINT64"),
    *("FP16", "FP32", "FP64", "BYTES"),
)
REFUSAL = {
    "type": "object",
    "description": "What was wrong with the request, where, and what to do.",
    "required": ["error", "code", "field", "found", "expected", "fix"],
    "properties": {
        "error": {"type": "string"},
        "code": {"type": "string", "enum": list(CODES)},
        **{name: {"type": "string"} for name in ("field", "found", "expected", "fix", "cause")},
    },
}
BUSY = {
    "type": "object",
    "description": "The server cannot answer now, or failed.",
    "required": ["error", "fix"],
    "properties": {name: {"type": "string"} for name in ("error", "fix", "request", "code")},
}
_PARAMETERS = {
    "type": "object",
    "properties": {
        "key": {"type": ["string", "number", "boolean"], "description": "Deals the request to an arm, as seakeep-key."},
        "interval": {
            "type": "number",
            "minimum": THOUSANDTHS[0] / 1000,
            "exclusiveMaximum": 1,
            "description": "Asks for intervals, or sets of classes, that hold the truth at least so often.",
        },
        "timeout": {
            "type": "integer",
            "minimum": 0,
            "description": "Microseconds that the answer is worth waiting for.",
        },
        "priority": {"enum": [0, 1, 2, 3], "description": "As seakeep-priority."},
        "samples": {"type": "integer", "minimum": 2, "maximum": 1000, "description": "Of an explanation."},
    },
}


def request_schemas(served: Served, settings: Settings, row: Mapping[str, Any]) -> dict[str, Any]:
    """Schemas of a row, a request and an answer, by name. row: an example, empty where there is none."""
    name = served.name
    columns = {one.name: served.model.schema.columns.get(one.name) for one in served.model.inputs}
    kinds = {one.name: one.kind for one in served.model.inputs}
    typed = {column: _column(kinds[column], schema, settings) for column, schema in columns.items()}
    needed = [column for column, schema in columns.items() if schema is None or schema.required]
    made: dict[str, Any] = {"type": "object", "properties": typed, "required": needed}
    if row:
        made["examples"] = [row]
    return {
        f"{name}.row": made,
        f"{name}.request": _request(f"{name}.row", typed, needed),
        f"{name}.answer": _answer(served),
    }


def reference(name: str) -> dict[str, str]:
    """A schema of the document, by its name."""
    return {"$ref": f"#/components/schemas/{name}"}


def _request(row: str, typed: dict[str, Any], needed: Sequence[str]) -> dict[str, Any]:
    same = {"id": {"type": "string"}, "parameters": _PARAMETERS}
    arrays = {column: {"type": "array", "minItems": 1, "items": schema} for column, schema in typed.items()}
    rows = {"rows": {"type": "array", "minItems": 1, "items": reference(row)}}
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
            "datatype": {"type": "string", "enum": list(_DATATYPES)},
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


def _column(kind: Kind, schema: ColumnSchema | None, settings: Settings) -> dict[str, Any]:
    """A column's type; null where the server takes a missing value."""
    made: dict[str, Any] = dict(_TYPES[kind])
    optional = schema is not None and (schema.missing_at_most > 0 or not schema.required)
    takes_null = settings.missing in ("accept", "mark", "impute") or (settings.missing == "schema" and optional)
    if takes_null:
        made["type"] = [made["type"], "null"]
    if schema is None:
        return made
    if schema.values is not None:
        made["examples"] = list(schema.values[:5])
    words = list(_told(kind, schema))
    if words:
        made["description"] = "; ".join(words)
    return made | _imposed(kind, schema, takes_null=takes_null) if settings.domain == "reject" else made


def _told(kind: Kind, schema: ColumnSchema) -> Iterator[str]:
    """What the contract says of a value, in words."""
    if schema.values is not None:
        more = ", …" if len(schema.values) > _LISTED else ""
        yield f"one of {', '.join(map(class_text, schema.values[:_LISTED]))}{more}"
    if schema.minimum is not None or schema.maximum is not None:
        unit = " microseconds since 1970 UTC" if kind is Kind.TIMESTAMP else ""
        yield f"from {schema.minimum} to {schema.maximum}{unit}".replace("None", "any")
    if schema.length_at_least is not None or schema.length_at_most is not None:
        yield f"of {schema.length_at_least or 0} to {schema.length_at_most} characters".replace("None", "any number of")
    if schema.pattern:
        yield f"matches {schema.pattern} as a whole"
    if schema.semantics == "url":
        yield "a URL"


def _imposed(kind: Kind, schema: ColumnSchema, *, takes_null: bool) -> dict[str, Any]:
    """What the contract says of a value, in JSON Schema's words."""
    made: dict[str, Any] = {}
    if schema.values is not None:
        made["enum"] = [*schema.values, None] if takes_null else list(schema.values)
    if kind in (Kind.INTEGER, Kind.NUMBER):
        made |= {name: getattr(schema, name) for name in ("minimum", "maximum") if getattr(schema, name) is not None}
    if kind is Kind.STRING:
        made |= {} if schema.length_at_least is None else {"minLength": schema.length_at_least}
        made |= {} if schema.length_at_most is None else {"maxLength": schema.length_at_most}
    return made

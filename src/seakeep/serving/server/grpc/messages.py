"""The messages of the Open Inference Protocol over gRPC, as a table from which protobuf makes them when gRPC is switched on.

On the wire a field is a number and a type, so the table says no more than that: fields are numbered from 1 in their order. The
messages live in a pool of their own, since a client's library in the same process may bring its own of the same names.
"""

from __future__ import annotations

from functools import cache
from types import SimpleNamespace
from typing import Any

PACKAGE = "inference"
SERVICE = f"{PACKAGE}.GRPCInferenceService"
HEALTH = "grpc.health.v1.Health"
_ONE_OF = "parameter_choice"
_TABLE = """
Empty
Named           name string, version string
Live            live bool
Ready           ready bool
Parameter       bool_param ?bool, int64_param ?int64, string_param ?string, double_param ?double, uint64_param ?uint64
ServerMetadata  name string, version string, extensions *string
TensorMetadata  name string, datatype string, shape *int64
ModelMetadata   name string, versions *string, platform string, inputs *TensorMetadata, outputs *TensorMetadata,\
                properties {string}
Contents        bool_contents *bool, int_contents *int32, int64_contents *int64, uint_contents *uint32,\
                uint64_contents *uint64, fp32_contents *float, fp64_contents *double, bytes_contents *bytes
Tensor          name string, datatype string, shape *int64, parameters {Parameter}, contents Contents
Wanted          name string, parameters {Parameter}
InferRequest    model_name string, model_version string, id string, parameters {Parameter}, inputs *Tensor,\
                outputs *Wanted, raw_input_contents *bytes
InferResponse   model_name string, model_version string, id string, parameters {Parameter}, outputs *Tensor,\
                raw_output_contents *bytes
Peeked          model_name string, model_version string
IndexRequest    repository_name string, ready bool
IndexEntry      name string, version string, state string, reason string
IndexResponse   models *IndexEntry
Change          repository_name string, model_name string, parameters {Parameter}
Changed         model_name string, done bool
HealthRequest   service string
HealthResponse  status int32
"""
"""`?` is one of a choice, `*` repeated, `{…}` a map from texts. InferRequest and Peeked are one message, read whole or in part."""


@cache
def messages() -> Any:
    """The classes of all messages by name. Imports protobuf."""
    from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

    file = descriptor_pb2.FileDescriptorProto(name="open_inference.proto", package=PACKAGE, syntax="proto3")
    for line in _TABLE.strip().splitlines():
        name, _, fields = line.partition(" ")
        _add(file, name, [field.split() for field in fields.split(",") if field.strip()])
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    found = {one.name: pool.FindMessageTypeByName(f"{PACKAGE}.{one.name}") for one in file.message_type}
    return SimpleNamespace(**{name: message_factory.GetMessageClass(one) for name, one in found.items()})


def _add(file: Any, name: str, fields: list[list[str]]) -> None:
    message = file.message_type.add(name=name)
    if any(kind.startswith("?") for _, kind in fields):
        message.oneof_decl.add(name=_ONE_OF)
    for number, (field, kind) in enumerate(fields, 1):
        entry = f"{field.title().replace('_', '')}Entry"  # the name that protobuf asks of a map's entry
        if kind.startswith("{"):
            nested = message.nested_type.add(name=entry)
            nested.options.map_entry = True
            _field(nested, "key", 1, "string")
            _field(nested, "value", 2, kind.strip("{}"))
        _field(message, field, number, f"*{name}.{entry}" if kind.startswith("{") else kind)


def _field(message: Any, name: str, number: int, kind: str) -> None:
    from google.protobuf.descriptor_pb2 import FieldDescriptorProto as Field

    field = message.field.add(name=name, number=number)
    field.label = Field.LABEL_REPEATED if kind.startswith("*") else Field.LABEL_OPTIONAL
    if kind.startswith("?"):
        field.oneof_index = 0
    own = kind.lstrip("*?")
    if own[0].isupper():
        field.type, field.type_name = Field.TYPE_MESSAGE, f".{PACKAGE}.{own}"
    else:
        field.type = Field.Type.Value(f"TYPE_{own.upper()}")

"""TFX's protos in files: text (.pbtxt), binary (.pb) or, as TFDV writes statistics, a TFRecord of one record.

Called by integrations.tfx. A TFRecord is known by its first bytes, whatever the file is called, since its lengths carry checksums and
TFDV gives such files no ending; text and binary are told by the ending. Reading is strict: bytes that end early, and fields
that the installed tensorflow-metadata does not know, are errors, because protobuf itself would keep or drop them in silence.
"""

from __future__ import annotations

import importlib
import importlib.metadata
import io
import re
from pathlib import Path
from typing import Any

from seakeep.core.errors import MissingExtra
from seakeep.core.files import write_bytes
from seakeep.data.tfrecord.framing import BrokenFrame, framed, frames_of, looks_like_frames
from seakeep.integrations._tfx.errors import BadProto

TEXT = (".pbtxt", ".textproto", ".prototxt")
BINARY = (".pb", ".binpb")
RECORD = (".tfrecord",)
_HEAD = 12
"""Bytes of a record's length and its checksum."""
_LISTED = (*TEXT, *BINARY, *RECORD)
_UNKNOWN = re.compile(r'has no field named "([^"]+)"|no extension|no field with number')


def protos(module: str) -> Any:
    """The module `schema_pb2`, `statistics_pb2`, `anomalies_pb2` or `path_pb2`. Raises MissingExtra."""
    try:
        return importlib.import_module(f"tensorflow_metadata.proto.v0.{module}")
    except ImportError as error:
        raise MissingExtra.of("tensorflow-metadata", "tfx", purpose="reading and writing TFX's files") from error


def read(path: Path | str, message: Any) -> Any:
    """`message`, filled from the file. Raises BadProto: no such file, empty, torn, unknown fields, several records."""
    path, kind = Path(path), message.DESCRIPTOR.name
    try:
        content = path.read_bytes()
    except OSError as error:
        raise BadProto.unreadable(path, error) from error
    if not content:
        raise BadProto.empty(str(path), kind)
    if looks_like_frames(content[:_HEAD]):
        return _from_binary(_one_record(content, str(path), kind), message, str(path))
    if path.suffix in RECORD:
        raise BadProto.torn(str(path), kind, "it does not begin as a TFRecord does")
    if path.suffix in TEXT or (path.suffix not in BINARY and _is_text(content)):
        return _from_text(content, message, str(path))
    return _from_binary(content, message, str(path))


def write(message: Any, path: Path | str) -> None:
    """Write `message` to `path`, whole or not at all, in the form that the ending names. Equal messages give equal bytes."""
    path = Path(path)
    if path.suffix in TEXT:
        content = _protobuf("text_format").MessageToString(message, as_utf8=True).encode("utf-8")
    elif path.suffix in BINARY:
        content = message.SerializeToString(deterministic=True)
    elif path.suffix in RECORD:
        content = framed([message.SerializeToString(deterministic=True)])
    else:
        raise BadProto.ending(path, _LISTED)
    write_bytes(path, content)


def is_proto(path: Path | str) -> bool:
    """Whether the ending is one of TFX's protos."""
    return Path(path).suffix in _LISTED


def _one_record(content: bytes, where: str, kind: str) -> bytes:
    """The content of a TFRecord's only record. Raises BadProto: torn, several records."""
    found, records = b"", 0
    try:
        for frames in frames_of(io.BytesIO(content)):
            records += len(frames.starts)
            if len(frames.starts):
                found = frames.content[frames.starts[0] : frames.stops[0]].tobytes()
    except BrokenFrame as error:
        raise BadProto.torn(where, kind, str(error)) from error
    if records != 1:
        raise BadProto.several_records(where, kind, records)
    return found


def _protobuf(module: str) -> Any:
    """A module of protobuf, which comes with tensorflow-metadata."""
    return importlib.import_module(f"google.protobuf.{module}")


def _from_text(content: bytes, message: Any, where: str) -> Any:
    text_format, kind = _protobuf("text_format"), message.DESCRIPTOR.name
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadProto.torn(where, kind, f"byte {error.start} is not UTF-8, a text proto is expected") from error
    try:
        text_format.Parse(text, message)
    except text_format.ParseError as error:
        unknown = _UNKNOWN.search(str(error))
        if unknown:
            raise BadProto.unknown_fields(where, kind, [unknown.group(1) or str(error)], _version()) from error
        raise BadProto.torn(where, kind, str(error).strip().split("\n")[0]) from error
    return message


def _from_binary(content: bytes, message: Any, where: str) -> Any:
    kind = message.DESCRIPTOR.name
    try:
        message.ParseFromString(content)
    except _protobuf("message").DecodeError as error:
        raise BadProto.torn(where, kind, f"{len(content):,} bytes that do not decode") from error
    unknown = sorted(set(_unknown(message)))
    if unknown:
        raise BadProto.unknown_fields(where, kind, unknown, _version())
    return message


def _unknown(message: Any) -> list[str]:
    """Fields without a name anywhere in the message, as "Feature field 99"."""
    found = [
        f"{message.DESCRIPTOR.name} field {each.field_number}"
        for each in _protobuf("unknown_fields").UnknownFieldSet(message)
    ]
    for field, value in message.ListFields():
        if field.message_type is not None:
            for item in _messages(field, value):
                found += _unknown(item)
    return found


def _messages(field: Any, value: Any) -> list[Any]:
    if field.message_type.GetOptions().map_entry:
        held = field.message_type.fields_by_name["value"].message_type
        return list(value.values()) if held is not None else []
    return list(value) if field.is_repeated else [value]


def _is_text(content: bytes) -> bool:
    """Whether bytes are UTF-8 without control characters; the lengths and numbers of a binary proto hardly ever are."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return False
    return not any(character < " " and character not in "\t\r\n" for character in text)


def _version() -> str:
    return importlib.metadata.version("tensorflow-metadata")

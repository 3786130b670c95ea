"""Parsing: a body as a JSON object, and its members by kind, with the place of what is wrong. For readers that word refusals."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import msgspec

from seakeep.serving.server.refusals import BadBody, Refusal

if TYPE_CHECKING:
    from collections.abc import Sequence

_lines = msgspec.json.Decoder(msgspec.Raw).decode_lines


def decode_object(body: bytes, complaint: str = "") -> dict[str, Any]:
    """The JSON object that `body` is. complaint: what a typed decoder said, which knows the place of a number out of range.

    Raises: Refusal, naming the place of the fault.
    """
    if not body.strip():
        raise BadBody.empty()
    try:
        request = msgspec.json.decode(body)
    except UnicodeDecodeError:
        raise _not_utf8(body) from None
    except RecursionError:
        raise BadBody.too_deep() from None
    except msgspec.ValidationError as error:
        told = complaint if "out of range" in complaint else str(error)
        raise BadBody.out_of_range(told.rpartition(" - at ")[2].strip("`") or "the body") from None
    except msgspec.DecodeError as error:
        raise _malformed(body, str(error)) from None
    if not isinstance(request, dict):
        raise BadBody.structure("the body", request, "an object")
    return request


def json_lines(body: bytes) -> list[bytes]:
    """The JSON values that stand in `body` one after another. Raises Refusal, naming the place of the fault."""
    if not body.strip():
        raise BadBody.empty()
    try:
        return [bytes(line) for line in _lines(body)]
    except UnicodeDecodeError:
        raise _not_utf8(body) from None
    except RecursionError:
        raise BadBody.too_deep() from None
    except msgspec.DecodeError as error:
        raise _malformed(body, str(error)) from None


def _not_utf8(body: bytes) -> Refusal:
    try:
        body.decode()
    except UnicodeDecodeError as error:
        return BadBody.not_utf8(body, error.start, error.reason)
    return BadBody.not_utf8(body, 0, "a lone surrogate")


def _malformed(body: bytes, message: str) -> Refusal:
    place = re.search(r"\(byte (\d+)\)", message)
    problem = message.removeprefix("JSON is malformed: ").split(" (byte")[0]
    if place is not None:
        return BadBody.malformed(problem, body, int(place[1]))
    if message == "Input data was truncated":
        return _cut_short(body)
    return BadBody.malformed(problem, body, None)


def _cut_short(body: bytes) -> Refusal:
    """msgspec says "truncated" of an escape with half a surrogate pair too."""
    lone = re.search(rb"\\u[dD][89a-fA-F][0-9a-fA-F]{2}", body)
    if lone is not None and body.rstrip().endswith(b"}"):
        return BadBody.malformed("half of a surrogate pair", body, lone.start())
    return BadBody.malformed("it ends too early", body, len(body))


def check_members(where: str, found: dict[str, Any], known: Sequence[str]) -> None:
    """Raise Refusal for the first member that is not known."""
    for name in found:
        if name not in known:
            raise BadBody.unknown_member(where, name, known)


def typed(found: dict[str, Any], name: str, kind: type, expected: str, *, where: str = "the body") -> Any:
    """The member `name` of `found`, None where it is absent or null. Raises Refusal, if it is not of this kind."""
    value = found.get(name)
    if value is not None and not isinstance(value, kind):
        raise BadBody.structure(f"{name} of {where}", value, expected)
    return value

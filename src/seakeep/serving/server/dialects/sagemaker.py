"""Amazon SageMaker's contract of a container: `GET /ping` and `POST /invocations`, on port 8080 or the one it names.

A body is JSON (`instances` as rows, arrays or `features`; or the server's own forms), JSON Lines (a row a line), or CSV, with or without
a header. The answer has the body's type, or the one of these that Accept names. Of the answer's headers clients see
X-Amzn-SageMaker-Custom-Attributes, which carries the `prediction_id`, since CSV has no place for it.
Source: https://docs.aws.amazon.com/sagemaker/latest/dg/your-algorithms-inference-code.html (container),
https://docs.aws.amazon.com/sagemaker/latest/dg/cdf-inference.html (forms of bodies), API_runtime_InvokeEndpoint (headers).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from seakeep.serving.server.dialect import Dialect
from seakeep.serving.server.dialects import _csv, _rows
from seakeep.serving.server.refusals import BadBody

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from seakeep.core.model import Input
    from seakeep.serving.server.board import Board
    from seakeep.serving.server.engine import Answered
    from seakeep.serving.server.form import HeaderList

PORT = CALLED_BY = "SAGEMAKER_BIND_TO_PORT"
"""Which SageMaker names where an endpoint has several containers."""
JSON, LINES, CSV = "application/json", "application/jsonlines", "text/csv"
_ATTRIBUTES = "x-amzn-sagemaker-custom-attributes"
_OWN = ("rows", "inputs")
_KNOWN = ("instances", "parameters", "id", "outputs", *_OWN)


def dialect(environ: Mapping[str, str]) -> Dialect:
    """The dialect."""
    del environ
    return Dialect("sagemaker", "/invocations", read, write, page, media=(JSON, LINES, CSV))


def read(body: bytes, media: str, inputs: Sequence[Input]) -> bytes:
    """The body in the server's own form."""
    kind, _, parameters = media.partition(";")
    if kind == CSV:
        header = {"header=present": True, "header=absent": False}.get(parameters)
        return _rows.own(_csv.rows(body, inputs, header=header))
    if kind == LINES:
        lines = b",\n".join(line for line in body.splitlines() if line.strip())
        return _rows.own(_rows.array(_rows.whole(b"[" + lines + b"]"), "lines", inputs))
    found = _rows.members(body, _KNOWN)
    given = [name for name in ("instances", *_OWN) if name in found]
    if not given:
        raise BadBody.missing_member("the body", "instances", 'an array of rows; or "rows", or "inputs" as in V2')
    if given != ["instances"]:
        return body
    return _rows.own(_rows.array(found["instances"], "instances", inputs), found.get("parameters"))


def write(content: bytes, answered: Answered, accept: str, media: str) -> tuple[HeaderList, bytes]:
    """The answer in the type that was asked for."""
    kind = _kind(accept, media) if answered.ask.natural else JSON
    if kind == CSV:
        content = _csv.lines(content)
    elif kind == LINES:
        content = b"".join(bytes(one) + b"\n" for one in msgspec.json.decode(content, type=_Told).predictions)
    prediction_id = answered.prediction_id
    named = [] if prediction_id is None else [(_ATTRIBUTES, f"prediction_id={prediction_id}")]
    return [("content-type", kind), *named], content


def page(path: str, board: Board, is_ready: bool) -> tuple[int, Any] | None:
    """`/ping`: whether every model can answer."""
    del board
    return (200 if is_ready else 503, {"ready": is_ready}) if path == "/ping" else None


class _Told(msgspec.Struct, gc=False):
    predictions: list[msgspec.Raw]


def _kind(accept: str, media: str) -> str:
    """The first type in Accept that there is, else the body's."""
    for asked in accept.lower().split(","):
        name = asked.partition(";")[0].strip()
        if name in (JSON, LINES, CSV):
            return name
    return media.partition(";")[0]

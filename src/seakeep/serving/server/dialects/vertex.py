"""Vertex AI's contract of a container: a health route and a prediction route, both named by variables of its own.

A body is `{"instances": […], "parameters": {…}}`; the answer has `predictions` and nothing else, one an instance, since nothing else
comes through to the client; each carries the `prediction_id` that a label of it needs. Requests and answers have at most 1.5 MB,
which is what shared public endpoints let through.
Source: https://cloud.google.com/vertex-ai/docs/predictions/custom-container-requirements
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import msgspec

from seakeep.serving.server.dialect import Dialect, route_of
from seakeep.serving.server.dialects import _rows
from seakeep.serving.server.pages import JSON
from seakeep.serving.server.refusals import BadBody, BadTable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from seakeep.core.model import Input
    from seakeep.serving.server.board import Board
    from seakeep.serving.server.engine import Answered
    from seakeep.serving.server.form import HeaderList

PORT, HEALTH, PREDICT = "AIP_HTTP_PORT", "AIP_HEALTH_ROUTE", "AIP_PREDICT_ROUTE"
CALLED_BY = PREDICT
MOST_BYTES = 1_500_000
_KNOWN = ("instances", "parameters")


class _Told(msgspec.Struct, gc=False):
    predictions: list[msgspec.Raw]


_told = msgspec.json.Decoder(_Told).decode


def dialect(environ: Mapping[str, str]) -> Dialect:
    """The dialect at the routes that the variables name, elsewhere at /predict and /health. Raises BadDialect."""
    health = route_of(HEALTH, environ, "/health")
    return Dialect(
        "vertex",
        route_of(PREDICT, environ, "/predict"),
        read,
        write,
        partial(_page, health=health),
        most_bytes=MOST_BYTES,
    )


def read(body: bytes, media: str, inputs: Sequence[Input]) -> bytes:
    """The body in the server's own form."""
    del media
    found = _rows.members(body, _KNOWN)
    if "instances" not in found:
        raise BadBody.missing_member("the body", "instances", "an array of rows")
    return _rows.own(_rows.array(found["instances"], "instances", inputs), found.get("parameters"))


def write(content: bytes, answered: Answered, accept: str, media: str) -> tuple[HeaderList, bytes]:
    """The predictions alone. Raises Refusal, if they are more than comes through."""
    del accept, media
    made = [bytes(one) for one in _told(content).predictions]
    if (prediction_id := answered.prediction_id) is not None:
        made = [one[:-1] + b',"prediction_id":"%s.%d"}' % (prediction_id.encode(), row) for row, one in enumerate(made)]
    content = b'{"predictions":[' + b",".join(made) + b"]}"
    if len(content) > MOST_BYTES:
        raise BadTable.answer_too_large(len(content), MOST_BYTES, "Vertex AI")
    return JSON, content


def _page(path: str, board: Board, is_ready: bool, *, health: str) -> tuple[int, Any] | None:
    del board
    return (200 if is_ready else 503, {"ready": is_ready}) if path == health else None

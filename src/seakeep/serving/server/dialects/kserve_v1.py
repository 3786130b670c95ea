"""KServe's V1 protocol: `POST /v1/models/NAME:predict` with `instances`, and what clients of it ask besides.

Answers are those of rows: `predictions` has an object a row, beside the members that name the release. A model is ready with 200 and
not yet with 503, as KServe's own server answers; `:explain` is answered as V2's is (see board).
Source: https://kserve.github.io/website/docs/concepts/architecture/data-plane/v1-protocol; kserve 0.21, InferenceRESTClient.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from seakeep.serving.server.dialect import Dialect
from seakeep.serving.server.dialects import _rows
from seakeep.serving.server.pages import JSON
from seakeep.serving.server.refusals import BadBody, BadCall

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from seakeep.core.model import Input
    from seakeep.serving.server.board import Board
    from seakeep.serving.server.engine import Answered
    from seakeep.serving.server.form import HeaderList

MODELS = "/v1/models"
_KNOWN = ("instances", "inputs", "parameters")


def dialect(environ: Mapping[str, str]) -> Dialect:
    """The dialect."""
    del environ
    return Dialect("kserve_v1", MODELS + "/{model}:predict", read, write, page)


def read(body: bytes, media: str, inputs: Sequence[Input]) -> bytes:
    """The body in the server's own form. `inputs` is taken for `instances`, as KServe's server does."""
    del media
    found = _rows.members(body, _KNOWN)
    given = [name for name in ("instances", "inputs") if name in found]
    if len(given) != 1:
        said = " and ".join(given) or "neither"
        raise BadBody.missing_member(
            "the body", "instances", f"an array of rows; it has {said} of instances and inputs"
        )
    return _rows.own(_rows.array(found[given[0]], given[0], inputs), found.get("parameters"))


def write(content: bytes, answered: Answered, accept: str, media: str) -> tuple[HeaderList, bytes]:
    """The answer as rows have it."""
    del answered, accept, media
    return JSON, content


def page(path: str, board: Board, is_ready: bool) -> tuple[int, Any] | None:
    """`/`, `/v1/models` and `/v1/models/NAME`. Raises Refusal for a model that is not there."""
    del is_ready
    if path == "/":
        return 200, {"status": "alive"}
    if path == MODELS:
        return 200, {"models": list(board.places)}
    if not path.startswith(MODELS + "/"):
        return None
    name, _, verb = path.removeprefix(MODELS + "/").rpartition(":")
    if name in board.places and verb == "explain":
        raise BadCall.method("GET", "POST", path)
    place = board.places.get(path.removeprefix(MODELS + "/"))
    if place is None:
        raise BadCall.unknown_model(path.removeprefix(MODELS + "/"), list(board.places))
    return 200 if place.ready else 503, {"name": place.name, "ready": place.ready}

"""TensorFlow Serving's REST: `POST /v1/models/NAME[/versions/V]:predict`, for clients that move from it without a change.

`instances` are rows and are answered by `predictions`; `inputs` are columns and are answered by `outputs`. As there, a model of one
output answers its values bare, one of several an object of them; probabilities are an array in the order of the classes.
Texts may be `{"b64": "…"}`. What TensorFlow has beside it (classify, regress, other signatures) is refused.
Source: https://www.tensorflow.org/tfx/serving/api_rest
"""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING, Any

import msgspec

from seakeep.serving.server.dialect import Dialect
from seakeep.serving.server.dialects import _rows
from seakeep.serving.server.pages import JSON
from seakeep.serving.server.parsing import decode_object
from seakeep.serving.server.refusals import BadBody, BadCall, BadInput, BadTable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from seakeep.core.model import Input
    from seakeep.serving.server.board import Board
    from seakeep.serving.server.engine import Answered
    from seakeep.serving.server.form import HeaderList
    from seakeep.serving.server.lanes import Lane, Place

MODELS = "/v1/models"
_KNOWN = ("instances", "inputs", "signature_name", "parameters")
_SIGNATURE = "serving_default"
_BASE64 = b'"b64"'
_TYPES = {"BOOL": "DT_BOOL", "INT64": "DT_INT64", "FP64": "DT_DOUBLE", "FP32": "DT_FLOAT", "BYTES": "DT_STRING"}
_encode = msgspec.json.Encoder().encode


def dialect(environ: Mapping[str, str]) -> Dialect:
    """The dialect."""
    del environ
    predict = MODELS + "/{model}:predict"
    return Dialect("tensorflow", predict, read, write, page, versioned=MODELS + "/{model}/versions/{version}:predict")


def read(body: bytes, media: str, inputs: Sequence[Input]) -> bytes:
    """The body in the server's own form."""
    del media
    body = _plain(body) if _BASE64 in body else body
    found = _rows.members(body, _KNOWN)
    given = [name for name in ("instances", "inputs") if name in found]
    if len(given) != 1:
        said = " and ".join(given) or "neither"
        raise BadBody.missing_member("the body", "instances", f"rows; it has {said} of instances and inputs")
    signature = _rows.decoded(found["signature_name"]) if "signature_name" in found else _SIGNATURE
    if signature not in ("", _SIGNATURE):
        raise BadBody.structure("signature_name", signature, f"{_SIGNATURE!r}, the only one")
    parameters = found.get("parameters")
    if given == ["instances"]:
        return _rows.own(_rows.array(found["instances"], "instances", inputs), parameters)
    more = b"" if parameters is None else b',"parameters":' + bytes(parameters)
    return b'{"columns":' + _columns(_rows.decoded(found["inputs"]), inputs) + more + b"}"


def write(content: bytes, answered: Answered, accept: str, media: str) -> tuple[HeaderList, bytes]:
    """`predictions` a row, or `outputs` a column."""
    del accept, media
    answer = msgspec.json.decode(content)
    named = [] if answered.prediction_id is None else [("seakeep-prediction-id", answered.prediction_id)]
    headers = [*JSON, ("seakeep-release", answer["release"]), *named]
    if answered.ask.columnar:
        columns = answer["columns"]
        each = columns.get("probabilities")
        if each is None:
            return headers, _encode({"outputs": columns["value"]})
        rows = [list(row) for row in zip(*each.values(), strict=True)]
        return headers, _encode({"outputs": {"label": columns["label"], "probabilities": rows}})
    return headers, _encode({"predictions": [_prediction(one) for one in answer["predictions"]]})


def page(path: str, board: Board, is_ready: bool) -> tuple[int, Any] | None:
    """`/v1/models/NAME[/versions/V][/metadata]`. Raises Refusal for a model or a version that is not there."""
    del is_ready
    if not path.startswith(MODELS + "/"):
        return None
    name, _, rest = path.removeprefix(MODELS + "/").partition("/")
    plain, _, verb = name.partition(":")
    place = board.places.get(plain)
    if place is None:
        raise BadCall.unknown_model(plain, list(board.places))
    if verb:
        raise BadTable.no_verb(path, verb)
    parts = rest.split("/") if rest else []
    lanes = dict(place.versions)
    if parts[:1] == ["versions"] and len(parts) > 1:
        if parts[1] not in lanes:
            raise BadCall.unknown_version(plain, parts[1], list(lanes))
        lanes, parts = {parts[1]: lanes[parts[1]]}, parts[2:]
    if parts == ["metadata"]:
        return _metadata(place, next(iter(lanes.values())))
    return (200, {"model_version_status": [_status(lane) for lane in lanes.values()]}) if not parts else None


def _prediction(one: dict[str, Any]) -> Any:
    if "probabilities" not in one:
        return one["value"]
    return {"label": one["label"], "probabilities": list(one["probabilities"].values())}


def _columns(given: Any, inputs: Sequence[Input]) -> bytes:
    """Columns by name; a model of one input may have its values bare, and each value may be in an array of its own."""
    if isinstance(given, list) and len(inputs) == 1:
        given = {inputs[0].name: given}
    if not isinstance(given, dict):
        raise BadBody.structure("inputs", given, "an object of arrays by input")
    return _encode({name: _flat(values) for name, values in given.items()})


def _flat(values: Any) -> Any:
    if isinstance(values, list) and all(isinstance(item, list) and len(item) == 1 for item in values):
        return [item[0] for item in values]
    return values


def _plain(body: bytes) -> bytes:
    """The body with `{"b64": "…"}` as the text that it is."""
    try:
        return _encode(_decoded(decode_object(body)))
    except RecursionError:
        raise BadBody.too_deep() from None


def _decoded(value: Any) -> Any:
    if isinstance(value, list):
        return [_decoded(item) for item in value]
    if not isinstance(value, dict):
        return value
    if set(value) != {"b64"}:
        return {name: _decoded(item) for name, item in value.items()}
    try:
        return base64.b64decode(value["b64"], validate=True).decode()
    except (binascii.Error, UnicodeDecodeError, TypeError, ValueError):
        raise BadInput.value("b64", 0, value["b64"], "base64 of a text in UTF-8") from None


def _status(lane: Lane) -> dict[str, Any]:
    """As TensorFlow Serving tells of a version."""
    status = {"error_code": "OK", "error_message": ""}
    state = "AVAILABLE" if lane.ready else "END" if lane.rest == "unloaded" else "LOADING"
    return {"version": lane.served.version, "state": state, "status": status}


def _metadata(place: Place, lane: Lane) -> tuple[int, Any]:
    if lane.engine is None and lane.rest == "loading":
        return 503, {"error": f"{place.name} is being loaded"}
    from seakeep.serving.server.engine import metadata  # NumPy, which the parent does without

    told = metadata(lane.served)
    signature = {
        "inputs": {one["name"]: _tensor(one) for one in told["inputs"]},
        "outputs": {one["name"]: _tensor(one) for one in told["outputs"]},
        "method_name": "tensorflow/serving/predict",
    }
    spec = {"name": place.name, "signature_name": "", "version": lane.served.version}
    return 200, {"model_spec": spec, "metadata": {"signature_def": {"signature_def": {_SIGNATURE: signature}}}}


def _tensor(one: dict[str, Any]) -> dict[str, Any]:
    sizes = [{"size": str(size), "name": ""} for size in one["shape"]]
    shape = {"dim": sizes, "unknown_rank": False}
    return {"dtype": _TYPES[one["datatype"]], "tensor_shape": shape, "name": one["name"]}

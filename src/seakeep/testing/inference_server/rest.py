"""What the Open Inference Protocol asks of a server over REST."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from seakeep.testing.inference_server.requirement import NotOffered, Suite, hold
from seakeep.testing.inference_server.tensors import declared, fits, judge_equal, judge_outputs, nested, repeated

if TYPE_CHECKING:
    from seakeep.testing.inference_server.server import Server

SOURCE = "https://github.com/kserve/open-inference-protocol/blob/main/specification/protocol/inference_rest.md"
REST = Suite("rest", SOURCE)
ROWS = 3


@REST.must
def server_live(server: Server) -> str:
    """GET v2/health/live answers 200 while the server can be asked."""
    return server.get("v2/health/live").succeeded()


@REST.must
def server_ready(server: Server) -> str:
    """GET v2/health/ready answers 200 when all models can be asked."""
    return server.get("v2/health/ready").succeeded()


@REST.should
def server_health_body(server: Server) -> str:
    """The answers of server health are JSON objects that say `live` or `ready` as a boolean."""
    for name in ("live", "ready"):
        said = server.get(f"v2/health/{name}").object()
        held = any(isinstance(said.get(word), bool) for word in ("live", "ready"))
        hold(held, f"v2/health/{name} answers {said}")
    return "both say so"


@REST.must
def server_metadata(server: Server) -> str:
    """GET v2 answers 200 with the server's name and version as texts and its extensions as a list of texts."""
    said = server.get("v2").ok()
    for field in ("name", "version"):
        hold(isinstance(said.get(field), str), f"{field} is {said.get(field)!r}, expected a text")
    hold(_are_texts(said.get("extensions")), f"extensions are {said.get('extensions')!r}, expected a list of texts")
    return f"{said['name']} {said['version']}"


@REST.must
def model_ready(server: Server) -> str:
    """GET v2/models/MODEL/ready answers 200 when the model can be asked."""
    return server.get(f"{server.path}/ready").succeeded()


@REST.should
def model_ready_body(server: Server) -> str:
    """The answer of a model's readiness is a JSON object with its name and `ready` as a boolean."""
    said = server.get(f"{server.path}/ready").object()
    hold(said.get("name") == server.model and isinstance(said.get("ready"), bool), f"it answers {said}")
    return "it says both"


@REST.must
def model_metadata(server: Server) -> str:
    """GET v2/models/MODEL answers 200 with the model's name, its platform, and its inputs and outputs as tensors."""
    said = server.get(server.path).ok()
    hold(said.get("name") == server.model, f"the name is {said.get('name')!r}, expected {server.model!r}")
    hold(isinstance(said.get("platform"), str), f"the platform is {said.get('platform')!r}, expected a text")
    for side in ("inputs", "outputs"):
        hold(isinstance(said.get(side), list), f"{side} are {said.get(side)!r}, expected a list")
        for tensor in said[side]:
            declared(tensor)
    return f"{len(said['inputs'])} inputs, {len(said['outputs'])} outputs"


@REST.must
def model_versions(server: Server) -> str:
    """Versions, where a model's metadata has them, are a list of texts."""
    said = server.get(server.path).ok()
    if said.get("versions") is None:
        raise NotOffered("the model has no versions")
    hold(_are_texts(said["versions"]), f"versions are {said['versions']!r}, expected a list of texts")
    return f"{len(said['versions'])} versions"


@REST.must
def version_metadata(server: Server) -> str:
    """GET v2/models/MODEL/versions/VERSION answers 200 for a version that the metadata list."""
    return server.get(f"{server.path}/versions/{server.version()}").succeeded()


@REST.must
def version_ready(server: Server) -> str:
    """GET v2/models/MODEL/versions/VERSION/ready answers 200 for a version that can be asked."""
    return server.get(f"{server.path}/versions/{server.version()}/ready").succeeded()


@REST.must
def version_infer(server: Server) -> str:
    """POST v2/models/MODEL/versions/VERSION/infer is answered by that version."""
    version = server.version()
    said = server.infer({"inputs": server.example()}, version=version).ok()
    hold(said.get("model_version") in (None, version), f"{said.get('model_version')!r} answered, not {version!r}")
    return "that version answered"


@REST.must
def infer(server: Server) -> str:
    """POST v2/models/MODEL/infer with inputs that the metadata declare answers 200 with the model's name."""
    said = server.infer({"inputs": server.example()}).ok()
    hold(said.get("model_name") == server.model, f"model_name is {said.get('model_name')!r}")
    return "it answered"


@REST.should
def infer_content_type(server: Server) -> str:
    """An answer is told to be application/json."""
    kind = server.infer({"inputs": server.example()}).headers.get("content-type", "")
    hold(kind.partition(";")[0].strip() == "application/json", f"the content type is {kind!r}")
    return kind


@REST.must
def infer_outputs(server: Server) -> str:
    """Each output has a name, a datatype of the protocol, a shape, and as many values of that datatype as the shape says."""
    outputs = judge_outputs(server.infer({"inputs": server.example()}).ok().get("outputs"))
    return ", ".join(f"{one['name']} {one['datatype']} {one['shape']}" for one in outputs)


@REST.must
def infer_declared_outputs(server: Server) -> str:
    """Outputs are those that the metadata declare, in name, datatype and shape."""
    known = {one["name"]: one for one in server.declared("outputs")}
    for one in server.outputs({"inputs": server.example()}):
        hold(one["name"] in known, f"{one['name']!r} is not in the metadata, which have {sorted(known)}")
        own = known[one["name"]]
        hold(own["datatype"] == one["datatype"], f"{one['name']} is {one['datatype']}, declared {own['datatype']}")
        hold(fits(one["shape"], own["shape"]), f"{one['name']} has shape {one['shape']}, declared {own['shape']}")
    return "all are declared so"


@REST.must
def infer_id(server: Server) -> str:
    """The id of a request is the id of its answer."""
    said = server.infer({"id": "a/1 ü", "inputs": server.example()}).ok()
    hold(said.get("id") == "a/1 ü", f"the id is {said.get('id')!r}, expected 'a/1 ü'")
    return "the id came back"


@REST.must
def infer_requested_outputs(server: Server) -> str:
    """A request that names outputs is answered with those alone."""
    wanted = server.outputs({"inputs": server.example()})[-1]["name"]
    found = server.outputs({"inputs": server.example(), "outputs": [{"name": wanted}]})
    names = [one["name"] for one in found]
    hold(names == [wanted], f"{names} came, asked for {wanted!r}")
    return f"{wanted} came alone"


@REST.must
def infer_nested_data(server: Server) -> str:
    """Values may come as lists of lists by the shape, and mean the same as in one list."""
    plain, inputs = server.outputs({"inputs": server.example()}), [nested(one) for one in server.example()]
    judge_equal(server.outputs({"inputs": inputs}), plain, by="the request with nested lists")
    return "the answers are equal"


@REST.must
def infer_batch(server: Server) -> str:
    """Inputs hold the whole batch, by the dimension that the metadata leave open, and outputs answer for all of it."""
    inputs = repeated(server.batchable(), ROWS)
    alone, found = (server.outputs({"inputs": one}) for one in (server.batchable(), inputs))
    judge_equal(found, repeated(alone, ROWS), by="a batch of equal rows")
    return f"{ROWS} equal rows have {ROWS} equal answers"


@REST.should
def infer_order(server: Server) -> str:
    """Inputs are known by their names, whatever their order."""
    if len(server.example()) < 2:
        raise NotOffered("the model has one input")
    plain = server.outputs({"inputs": server.example()})
    judge_equal(
        server.outputs({"inputs": server.example()[::-1]}), plain, by="the request with inputs in another order"
    )
    return "the answers are equal"


@REST.should
def infer_parameters(server: Server) -> str:
    """Requests, inputs and outputs may have parameters; those that a server does not know change no values."""
    own = {"parameters": {"of_no_server": 1}}
    plain = server.outputs({"inputs": server.example()})
    asked = {"inputs": [{**one, **own} for one in server.example()], **own}
    judge_equal(server.outputs(asked), plain, by="the request with parameters")
    return "the answers are equal"


def _refuses(name: str, what: str, body: Any, *, path: str = "") -> None:
    """Add a requirement that this is refused. body: bytes, or made of a server."""

    def held(server: Server) -> str:
        content = body if isinstance(body, bytes) else json.dumps(body(server)).encode()
        return server.post(path or f"{server.path}/infer", content).refused()

    held.__name__, held.__doc__ = name, f"{what} is refused by an error status and a JSON object with the text `error`."
    REST.must(held)


def _changed(**changes: Any) -> Any:
    def body(server: Server) -> Any:
        first, *rest = server.example()
        return {"inputs": [{**first, **changes}, *rest]}

    return body


_refuses(
    "refuses_unknown_model",
    "A request for a model that there is not",
    lambda server: {"inputs": server.example()},
    path="v2/models/no-such-model/infer",
)
_refuses("refuses_broken_json", "A body that is no JSON", b'{"inputs": [')
_refuses("refuses_other_json", "A body that is no object", b"[1, 2]")
_refuses("refuses_no_inputs", "A request without inputs", lambda server: {"id": server.model})
_refuses("refuses_missing_input", "A request that lacks all inputs that are required", lambda _: {"inputs": []})
_refuses("refuses_nameless_input", "An input whose name is a number", _changed(name=7))
_refuses("refuses_unknown_datatype", "A datatype that the protocol has not", _changed(datatype="FP99"))
_refuses("refuses_negative_shape", "A shape with a negative size", _changed(shape=[-1]))
_refuses("refuses_other_shape", "A shape that says more values than came", _changed(shape=[1 << 20]))
_refuses("refuses_other_values", "Values that are objects", _changed(data=[{"a": 1}]))
_refuses(
    "refuses_unknown_output",
    "A request for an output that the model has not",
    lambda server: {"inputs": server.example(), "outputs": [{"name": "no_such_output"}]},
)


@REST.must
def refuses_metadata_of_unknown_model(server: Server) -> str:
    """Metadata of a model that there is not are refused by an error status and a JSON object with the text `error`."""
    return server.get("v2/models/no-such-model").refused()


@REST.should
def blames_the_client(server: Server) -> str:
    """What a client did wrong has a status of 400 to 499, so that nobody takes it for the server's fault and asks again."""
    wrong = {
        "broken JSON": server.post(f"{server.path}/infer", b'{"inputs": ['),
        "no inputs": server.infer({"inputs": []}),
        "another shape": server.infer(_changed(shape=[1 << 20])(server)),
        "an unknown datatype": server.infer(_changed(datatype="FP99")(server)),
        "an unknown model": server.get("v2/models/no-such-model"),
    }
    other = {what: answer.status for what, answer in wrong.items() if not 400 <= answer.status < 500}
    hold(not other, f"statuses are {other}")
    return "all have"


@REST.must
def serves_after_refusals(server: Server) -> str:
    """A refused request changes nothing for the next: the same request has the same answer before and after."""
    before = server.outputs({"inputs": server.example()})
    server.infer({"inputs": []})
    server.post(f"{server.path}/infer", b"\xff\x00")
    judge_equal(server.outputs({"inputs": server.example()}), before, by="the request after refusals")
    return "the answers are equal"


def _are_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(one, str) for one in value)

"""What the Open Inference Protocol asks of a server over gRPC.

The messages are made of the same table of field numbers as the server's: it is the protocol's, and Triton's and KServe's own clients,
which have it from the published description, are asked the same in the tests of the repository.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from seakeep.core.errors import MissingExtra
from seakeep.serving.server.grpc.messages import SERVICE, messages
from seakeep.testing.inference_server.requirement import Broken, Suite, Unknown, hold
from seakeep.testing.inference_server.tensors import Tensor, judge_equal, judge_outputs, pack, unpack

if TYPE_CHECKING:
    from seakeep.testing.inference_server.server import Server

SOURCE = "https://github.com/kserve/open-inference-protocol/blob/main/specification/protocol/inference_grpc.md"
GRPC = Suite("grpc", SOURCE)
TIMEOUT_SECONDS = 30.0
_FIELDS = {
    "BOOL": "bool_contents",
    "UINT64": "uint64_contents",
    "INT64": "int64_contents",
    "FP32": "fp32_contents",
    "FP64": "fp64_contents",
    "BYTES": "bytes_contents",
}
"""Where values stand; smaller integers share the fields of 32 bits. FP16 has none."""


class Called(Exception):
    """An error that a call ended with: its code's name and its words."""

    def __init__(self, code: str, words: str) -> None:
        super().__init__(f"{code}: {words}")
        self.code, self.words = code, words


class Channel:
    """A server over gRPC, beside the same over REST. Parameters: address: "127.0.0.1:9000". Raises MissingExtra."""

    def __init__(self, address: str, server: Server) -> None:
        try:
            import grpc
        except ImportError as error:
            raise MissingExtra.of("grpcio", "grpc", purpose="Judging a server over gRPC") from error
        self.rest, self.model, self.kinds = server, server.model, messages()
        self._channel, self._error = grpc.insecure_channel(address), grpc.RpcError
        self._metadata = tuple((name.lower(), value) for name, value in server.headers.items())

    def close(self) -> None:
        """Hang up."""
        self._channel.close()

    def call(self, method: str, request: Any, answer: Any) -> Any:
        """The answer's message. Raises Called."""
        ask = self._channel.unary_unary(
            f"/{SERVICE}/{method}",
            request_serializer=lambda message: message.SerializeToString(),
            response_deserializer=answer.FromString,
        )
        try:
            return ask(request, timeout=TIMEOUT_SECONDS, metadata=self._metadata)
        except self._error as error:
            raise Called(error.code().name, error.details() or "") from None

    def get(self, method: str, answer: str, **fields: str) -> Any:
        """The answer of a call that must succeed. Raises Broken."""
        request = self.kinds.Named(**fields) if fields else self.kinds.Empty()
        try:
            return self.call(method, request, getattr(self.kinds, answer))
        except Called as error:
            raise Broken(f"{method} ended with {error}") from None

    def request(self, inputs: list[Tensor], *, raw: bool = False, **fields: str) -> Any:
        """A message with these inputs, their values as bytes if `raw`."""
        request = self.kinds.InferRequest(**{"model_name": self.model, **fields})
        for one in inputs:
            tensor = request.inputs.add(name=one["name"], datatype=one["datatype"], shape=one["shape"])
            if raw:
                request.raw_input_contents.append(pack(one))
            else:
                getattr(tensor.contents, _field(one["datatype"])).extend(_values(one))
        return request

    def infer(self, request: Any) -> Any:
        """The answer to a good request. Raises Broken."""
        try:
            return self.call("ModelInfer", request, self.kinds.InferResponse)
        except Called as error:
            raise Broken(f"a good request ended with {error}") from None

    def outputs(self, request: Any) -> list[Tensor]:
        """The outputs of a good request, with their values. Raises Broken."""
        answer = self.infer(request)
        raws = list(answer.raw_output_contents)
        hold(len(raws) in (0, len(answer.outputs)), f"{len(answer.outputs)} outputs, {len(raws)} raw contents")
        found = []
        for place, one in enumerate(answer.outputs):
            tensor = {"name": one.name, "datatype": one.datatype, "shape": list(one.shape)}
            data = unpack(one.datatype, raws[place]) if raws else list(getattr(one.contents, _field(one.datatype)))
            tensor["data"] = [value.decode() if isinstance(value, bytes) else value for value in data]
            found.append(tensor)
        return judge_outputs(found)

    def refused(self, request: Any, method: str = "ModelInfer", answer: str = "InferResponse") -> Called:
        """The error that a wrong request ends with. Raises Broken."""
        try:
            self.call(method, request, getattr(self.kinds, answer))
        except Called as error:
            hold(error.words, f"the status is {error.code} without words")
            return error
        raise Broken("it was answered")


def _field(datatype: str) -> str:
    if datatype == "FP16":
        raise Unknown("FP16 has no typed contents")
    if datatype not in _FIELDS and not datatype.startswith(("INT", "UINT")):
        raise Broken(f"{datatype!r} is no datatype")
    return _FIELDS.get(datatype, "uint_contents" if datatype.startswith("U") else "int_contents")


def _values(tensor: Tensor) -> list[Any]:
    if tensor["datatype"] == "BYTES":
        return [str(value).encode() for value in tensor["data"]]
    return list(tensor["data"])


@GRPC.must
def server_live(channel: Channel) -> str:
    """ServerLive says whether the server can be asked."""
    hold(channel.get("ServerLive", "Live").live, "it says that it is not live")
    return "live"


@GRPC.must
def server_ready(channel: Channel) -> str:
    """ServerReady says whether the server is ready for inferencing."""
    hold(channel.get("ServerReady", "Ready").ready, "it says that it is not ready")
    return "ready"


@GRPC.must
def server_metadata(channel: Channel) -> str:
    """ServerMetadata names the server, its version and extensions, as REST does."""
    told, page = channel.get("ServerMetadata", "ServerMetadata"), channel.rest.get("v2").ok()
    for name in ("name", "version"):
        hold(getattr(told, name) == page.get(name), f"{name} is {getattr(told, name)!r}, over REST {page.get(name)!r}")
    return f"{told.name} {told.version}"


@GRPC.must
def model_ready(channel: Channel) -> str:
    """ModelReady says whether a model is ready for inferencing."""
    hold(channel.get("ModelReady", "Ready", name=channel.model).ready, "it says that it is not ready")
    return "ready"


@GRPC.must
def model_metadata(channel: Channel) -> str:
    """ModelMetadata are those of REST: name, platform, versions, inputs and outputs."""
    told, page = channel.get("ModelMetadata", "ModelMetadata", name=channel.model), channel.rest.metadata()
    own: dict[str, Any] = {"name": told.name, "platform": told.platform, "versions": list(told.versions)}
    for side in ("inputs", "outputs"):
        tensors = getattr(told, side)
        own[side] = [{"name": one.name, "datatype": one.datatype, "shape": list(one.shape)} for one in tensors]
    for name, value in own.items():
        other = page.get(name) or type(value)()
        if name in ("inputs", "outputs"):
            other = [{field: one[field] for field in ("name", "datatype", "shape")} for one in other]
        hold(value == other, f"{name} are {value!r}, over REST {other!r}")
    return "all are equal"


@GRPC.must
def infer_typed(channel: Channel) -> str:
    """ModelInfer takes values in the contents of their datatype, and answers as REST does."""
    example = channel.rest.example()
    plain = channel.rest.outputs({"inputs": example})
    judge_equal(channel.outputs(channel.request(example)), plain, by="gRPC")
    return "the answers are equal"


@GRPC.must
def infer_raw(channel: Channel) -> str:
    """ModelInfer takes values as bytes, one entry an input, and answers as REST does."""
    example = channel.rest.example()
    plain = channel.rest.outputs({"inputs": example})
    judge_equal(channel.outputs(channel.request(example, raw=True)), plain, by="gRPC")
    return "the answers are equal"


@GRPC.must
def infer_names(channel: Channel) -> str:
    """An answer has the model's name and the id of its request."""
    answer = channel.infer(channel.request(channel.rest.example(), id="a/1 ü"))
    found = (answer.model_name, answer.id)
    hold(found == (channel.model, "a/1 ü"), f"name and id are {found}")
    return "it has both"


@GRPC.must
def infer_requested_outputs(channel: Channel) -> str:
    """A request that names outputs is answered with those alone."""
    request = channel.request(channel.rest.example())
    wanted = channel.outputs(request)[-1]["name"]
    request.outputs.add(name=wanted)
    names = [one["name"] for one in channel.outputs(request)]
    hold(names == [wanted], f"{names} came, asked for {wanted!r}")
    return f"{wanted} came alone"


@GRPC.must
def refuses_unknown_model(channel: Channel) -> str:
    """A request for a model that there is not ends with an error in words."""
    return str(channel.refused(channel.request([], model_name="no-such-model")))


@GRPC.must
def refuses_no_inputs(channel: Channel) -> str:
    """A request without inputs ends with an error in words."""
    return str(channel.refused(channel.request([])))


@GRPC.must
def refuses_other_shape(channel: Channel) -> str:
    """A shape that says more values than came ends with an error in words."""
    return str(channel.refused(_misshapen(channel)))


@GRPC.must
def refuses_both_contents(channel: Channel) -> str:
    """Values both in contents and as bytes end with an error: where bytes are given, contents must be empty."""
    request = channel.request(channel.rest.example())
    request.raw_input_contents.extend(pack(one) for one in channel.rest.example())
    return str(channel.refused(request))


@GRPC.must
def refuses_missing_bytes(channel: Channel) -> str:
    """Fewer entries of bytes than inputs end with an error in words."""
    request = channel.request(channel.rest.example() * 2, raw=True)
    del request.raw_input_contents[-1]
    return str(channel.refused(request))


@GRPC.should
def status_of_refusals(channel: Channel) -> str:
    """A model that there is not is NOT_FOUND, and what a client did wrong INVALID_ARGUMENT."""
    unknown = channel.refused(channel.request([], model_name="no-such-model")).code
    wrong = channel.refused(_misshapen(channel)).code
    hold((unknown, wrong) == ("NOT_FOUND", "INVALID_ARGUMENT"), f"the statuses are {unknown} and {wrong}")
    return "they are"


def _misshapen(channel: Channel) -> Any:
    first, *rest = channel.rest.example()
    return channel.request([{**first, "shape": [1 << 20]}, *rest])

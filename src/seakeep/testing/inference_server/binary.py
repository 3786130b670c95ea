"""What the binary tensor data extension asks of a server that lists it among its extensions."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from seakeep.testing.inference_server.requirement import Broken, NotOffered, Suite, hold
from seakeep.testing.inference_server.tensors import Tensor, declared, judge_equal, pack, unpack

if TYPE_CHECKING:
    from seakeep.testing.inference_server.server import Answer, Server

SOURCE = "https://github.com/triton-inference-server/server/blob/main/docs/protocol/extension_binary_data.md"
BINARY = Suite("binary", SOURCE)
EXTENSION = "binary_tensor_data"
LENGTH = "inference-header-content-length"


@BINARY.must
def binary_inputs(server: Server) -> str:
    """Values may follow the JSON as bytes, if the input says how many and a header where the JSON ends; they mean the same."""
    packed, plain = _packed(server), server.outputs({"inputs": server.example()})
    judge_equal(_outputs(_ask(server, packed, {})), plain, by="the request with binary inputs")
    return "the answers are equal"


@BINARY.must
def binary_and_plain_inputs(server: Server) -> str:
    """Some inputs of a request may be binary and others in the JSON."""
    (first, data), *_ = _packed(server)
    plain = server.outputs({"inputs": server.example()})
    mixed = [(first, data), *((one, b"") for one in server.example()[1:])]
    judge_equal(_outputs(_ask(server, mixed, {})), plain, by="the request with one binary input")
    return "the answers are equal"


@BINARY.must
def binary_outputs(server: Server) -> str:
    """A request whose parameter binary_data_output is true is answered in bytes behind the JSON, each with its size."""
    packed, plain = _packed(server), server.outputs({"inputs": server.example()})
    answer = _ask(server, packed, {"parameters": {"binary_data_output": True}})
    tensors, sizes = _unpacked(answer)
    hold(all(size is not None for size in sizes), "an output came without binary_data_size")
    judge_equal(tensors, plain, by="the binary answer")
    return "the answers are equal"


@BINARY.must
def binary_output_by_name(server: Server) -> str:
    """An output whose parameter binary_data is true comes in bytes, others as JSON."""
    packed, plain = _packed(server), server.outputs({"inputs": server.example()})
    names = [one["name"] for one in plain]
    wanted = [{"name": names[0], "parameters": {"binary_data": True}}, *({"name": name} for name in names[1:])]
    tensors, sizes = _unpacked(_ask(server, packed, {"outputs": wanted}))
    came = {one["name"] for one, size in zip(tensors, sizes, strict=True) if size is not None}
    hold(came == {names[0]}, f"{sorted(came)} came in bytes, asked for {names[0]!r}")
    judge_equal(tensors, plain, by="the answer in both forms")
    return "it came so"


@BINARY.must
def refuses_short_bytes(server: Server) -> str:
    """Fewer bytes than the inputs say are refused by an error status and a JSON object with the text `error`."""
    *rest, (last, data) = _packed(server)
    return _ask(server, [*rest, (last, data[:-1])], {}).refused()


def _packed(server: Server) -> list[tuple[Tensor, bytes]]:
    if EXTENSION not in server.extensions():
        raise NotOffered(f"the server does not list {EXTENSION}")
    found = []
    for tensor in server.example():
        data = pack(tensor)
        head = {name: tensor[name] for name in ("name", "shape", "datatype")}
        found.append(({**head, "parameters": {"binary_data_size": len(data)}}, data))
    return found


def _ask(server: Server, inputs: list[tuple[Tensor, bytes]], more: dict[str, Any]) -> Answer:
    head = json.dumps({"inputs": [tensor for tensor, _ in inputs], **more}).encode()
    body = head + b"".join(data for _, data in inputs)
    headers = {"content_type": "application/octet-stream", LENGTH: str(len(head))}
    return server.post(f"{server.path}/infer", body, **headers)


def _outputs(answer: Answer) -> list[Tensor]:
    return _unpacked(answer)[0]


def _unpacked(answer: Answer) -> tuple[list[Tensor], list[int | None]]:
    """Outputs with their values, and how many bytes each took, None for those in the JSON."""
    answer.succeeded()
    told = answer.headers.get(LENGTH)
    hold(told is None or told.isdecimal(), f"{LENGTH} is {told!r}")
    size = int(told) if told else len(answer.body)
    try:
        outputs = json.loads(answer.body[:size])["outputs"]
    except (ValueError, KeyError, TypeError):
        raise Broken(f"the first {size} bytes are no JSON with outputs: {answer.body[:40]!r}") from None
    tensors, sizes, at = [], [], size
    for one in outputs:
        own = (declared(one).get("parameters") or {}).get("binary_data_size")
        if own is not None:
            tensors.append({**one, "data": unpack(one["datatype"], answer.body[at : at + own])})
            at += own
        else:
            tensors.append(one)
        sizes.append(own)
    hold(at == len(answer.body), f"{len(answer.body) - at} bytes follow the last output")
    return tensors, sizes

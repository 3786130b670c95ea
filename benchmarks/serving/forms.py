"""The forms in which `compare.py` asks: bodies of the same rows for each server, and what their answers say.

A server's dialect is its own: Seakeep, MLServer and KServe's speak the Open Inference Protocol, the floor and BentoML take rows by name.
"""

from __future__ import annotations

import json
import struct

from model import COLUMNS

FORMS = ("json", "binary", "grpc")
Row = dict[str, float | None]


def bodies(name: str, rows: list[Row]) -> dict[str, tuple[bytes, dict[str, str]]]:
    """Body and headers by form, of those that a server takes."""
    plain = {"content-type": "application/json"}
    if name in ("floor", "bentoml"):
        return {"json": (json.dumps({"rows": rows}).encode(), plain)}
    head = [{"name": column, "shape": [len(rows)], "datatype": "FP64"} for column in COLUMNS]
    values = {column: [row[column] for row in rows] for column in COLUMNS}
    tensors = [{**one, "data": values[str(one["name"])]} for one in head]
    raws = [struct.pack(f"<{len(rows)}d", *values[column]) for column in COLUMNS]
    found = {"json": (json.dumps({"inputs": tensors}).encode(), plain), "grpc": grpc_body(len(rows), raws)}
    if name != "mlserver":
        sized = [{**one, "parameters": {"binary_data_size": 8 * len(rows)}} for one in head]
        text = json.dumps({"inputs": sized, "parameters": {"binary_data_output": True}}).encode()
        own = {"content-type": "application/octet-stream", "inference-header-content-length": str(len(text))}
        found["binary"] = (text + b"".join(raws), own)
    return found


def grpc_body(rows: int, raws: list[bytes]) -> tuple[bytes, dict[str, str]]:
    """A message in gRPC's frame, for a load generator that speaks HTTP/2 alone."""
    from seakeep.serving.server.grpc.messages import messages

    request = messages().InferRequest(model_name="flights", raw_input_contents=raws)
    for column in COLUMNS:
        request.inputs.add(name=column, datatype="FP64", shape=[rows])
    text = request.SerializeToString()
    return b"\0" + struct.pack(">I", len(text)) + text, {"content-type": "application/grpc", "te": "trailers"}


def of_json(body: bytes) -> list[float]:
    """The probabilities of the first row, as each protocol has them."""
    answer = json.loads(body)
    if "outputs" in answer:
        return next(one["data"] for one in answer["outputs"] if one["name"] == "probabilities")
    if "predictions" in answer:
        return list(answer["predictions"][0]["probabilities"].values())
    return list(answer["probabilities"][0])


def of_binary(body: bytes) -> list[float]:
    """The same of an answer with its tensors behind the JSON, in the order of its outputs."""
    answer, end = json.JSONDecoder().raw_decode(body.decode("latin-1"))
    for one in answer["outputs"]:
        size = (one.get("parameters") or {}).get("binary_data_size")
        if one["name"] == "probabilities":
            kind = {"FP32": "f", "FP64": "d"}[one["datatype"]]
            return one["data"] if size is None else list(struct.unpack(f"<2{kind}", body[end : end + size]))
        end += size or 0
    return []


def of_grpc(body: bytes) -> list[float]:
    """The same of gRPC's message, its tensors raw or not."""
    from seakeep.serving.server.grpc.messages import messages

    answer = messages().InferResponse.FromString(body)
    for at, one in enumerate(answer.outputs):
        if one.name == "probabilities":
            if answer.raw_output_contents:
                return list(
                    struct.unpack("<2" + {"FP32": "f", "FP64": "d"}[one.datatype], answer.raw_output_contents[at])
                )
            return list(one.contents.fp32_contents or one.contents.fp64_contents)
    return []


READ = {"json": of_json, "binary": of_binary, "grpc": of_grpc}

"""Asks a server with all four of Triton's clients: python triton_clients.py HTTP_ADDRESS GRPC_ADDRESS ROWS. Prints what they got as JSON."""

from __future__ import annotations

import asyncio
import json
import sys

import numpy as np
import tritonclient.grpc
import tritonclient.grpc.aio
import tritonclient.http
import tritonclient.http.aio
from tritonclient.utils import InferenceServerException

MODEL = "flights"
COLUMNS = {
    "distance": ("FP64", np.float64, 1400.0),
    "seats": ("INT64", np.int64, 149),
    "night": ("BOOL", np.bool_, True),
    "carrier": ("BYTES", np.object_, "AA"),
    "scheduled": ("INT64", np.int64, 1_380_604_500_000_000),
}


def inputs(module, rows, **data):
    """A tensor an input; distances differ by row."""
    made = []
    for name, (datatype, kind, value) in COLUMNS.items():
        tensor = module.InferInput(name, [rows], datatype)
        values = np.array([value] * rows, kind)
        tensor.set_data_from_numpy(values + np.arange(rows) if name == "distance" else values, **data)
        made.append(tensor)
    return made


def told(result):
    return {
        "scores": result.as_numpy("probabilities").tolist(),
        "labels": result.as_numpy("label").astype(str).tolist(),
    }


def refused(call):
    try:
        call()
    except InferenceServerException as error:
        return [error.status(), error.message()]
    return None


def waiting(module, client, rows, data):
    """Everything that a waiting client can ask."""
    client.unload_model("minutes")
    without = client.is_model_ready("minutes")
    client.load_model("minutes")
    index = client.get_model_repository_index()
    entries = index if isinstance(index, list) else [{"name": one.name, "state": one.state} for one in index.models]
    wanted = [module.InferRequestedOutput("label", **({"binary_data": True} if data else {}))]
    only = client.infer(MODEL, inputs(module, 1, **data), outputs=wanted, request_id="mine")
    return {
        "live": client.is_server_live(),
        "ready": [client.is_server_ready(), client.is_model_ready(MODEL)],
        "name": getattr(client.get_server_metadata(), "name", None) or client.get_server_metadata()["name"],
        "inputs": [
            one["name"] if isinstance(one, dict) else one.name for one in _inputs(client.get_model_metadata(MODEL))
        ],
        "unloaded": without,
        "index": sorted((entry["name"], entry["state"]) for entry in entries),
        "answers": [told(client.infer(MODEL, inputs(module, rows, **data))) for _ in range(3)],
        "no_outputs_but_label": only.as_numpy("probabilities") is None,
        "unknown": refused(lambda: client.infer("nothing", inputs(module, 1, **data))),
        "short": refused(lambda: client.infer(MODEL, inputs(module, 1, **data)[:2])),
        "timeout": told(client.infer(MODEL, inputs(module, 1, **data), timeout=5_000_000))["labels"],
    }


def _inputs(metadata):
    return metadata["inputs"] if isinstance(metadata, dict) else metadata.inputs


async def asynchronous(module, client, rows, data):
    """Many requests at once of an asynchronous client."""
    async with client:
        live = await client.is_server_live()
        sizes = range(1, 17)
        answers = await asyncio.gather(*(client.infer(MODEL, inputs(module, size, **data)) for size in sizes))
        return {
            "live": live,
            "scores": [answer.as_numpy("probabilities").tolist() for answer in answers],
            "answers": [told(await client.infer(MODEL, inputs(module, rows, **data)))],
        }


def main() -> None:
    http, grpc, rows = sys.argv[1], sys.argv[2], int(sys.argv[3])
    binary, plain = {"binary_data": True}, {"binary_data": False}
    found = {}
    for name, data in (("http binary", binary), ("http json", plain)):
        with tritonclient.http.InferenceServerClient(http) as client:
            found[name] = waiting(tritonclient.http, client, rows, data)
    with tritonclient.grpc.InferenceServerClient(grpc) as client:
        found["grpc"] = waiting(tritonclient.grpc, client, rows, {})
        stream = []
        for _ in range(5):
            client.async_infer(
                MODEL, inputs(tritonclient.grpc, rows), lambda result, error: stream.append(error or told(result))
            )
        while len(stream) < 5:
            pass
        found["grpc callbacks"] = {"answers": stream}

    async def both():
        own = tritonclient.http.aio.InferenceServerClient(http)
        found["http aio"] = await asynchronous(tritonclient.http, own, rows, binary)
        other = tritonclient.grpc.aio.InferenceServerClient(grpc)
        found["grpc aio"] = await asynchronous(tritonclient.grpc, other, rows, {})

    asyncio.run(both())
    print(json.dumps(found))


if __name__ == "__main__":
    main()

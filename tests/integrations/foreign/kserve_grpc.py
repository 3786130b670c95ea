"""Asks a server with KServe's gRPC client, and its stub's repository calls: python kserve_grpc.py ADDRESS ROWS. Prints JSON."""

from __future__ import annotations

import asyncio
import json
import sys

import grpc
import numpy as np
from kserve import InferenceGRPCClient, InferInput, InferRequest
from kserve.protocol.grpc import grpc_predict_v2_pb2 as messages
from kserve.protocol.grpc.grpc_predict_v2_pb2_grpc import GRPCInferenceServiceStub

MODEL = "flights"
COLUMNS = {
    "distance": ("FP64", np.float64, 1400.0),
    "seats": ("INT64", np.int64, 149),
    "night": ("BOOL", np.bool_, True),
    "carrier": ("BYTES", np.object_, "AA"),
    "scheduled": ("INT64", np.int64, 1_380_604_500_000_000),
}


def request(rows, *, binary):
    made = []
    for name, (datatype, kind, value) in COLUMNS.items():
        values = np.array([value] * rows, kind)
        if name == "distance":
            values = values + np.arange(rows)
        tensor = InferInput(name, [rows], datatype)
        tensor.set_data_from_numpy(values, binary_data=binary)
        made.append(tensor)
    return InferRequest(MODEL, made, request_id="mine")


def told(answer):
    outputs = {one.name: one.as_numpy() for one in answer.outputs}
    return {
        "id": answer.id,
        "scores": outputs["probabilities"].tolist(),
        "labels": outputs["label"].astype(str).tolist(),
    }


async def main() -> None:
    address, rows = sys.argv[1], int(sys.argv[2])
    async with InferenceGRPCClient(address) as client:
        found = {
            "live": await client.is_server_live(),
            "ready": [await client.is_server_ready(), await client.is_model_ready(MODEL)],
            "typed": told(await client.infer(request(rows, binary=False))),
            "binary": told(await client.infer(request(rows, binary=True), timeout=5)),
        }
        try:
            await client.infer(InferRequest("nothing", request(1, binary=True).inputs))
        except grpc.RpcError as error:
            found["unknown"] = error.code().name
    async with grpc.aio.insecure_channel(address) as channel:
        stub = GRPCInferenceServiceStub(channel)
        unloaded = await stub.RepositoryModelUnload(messages.RepositoryModelUnloadRequest(model_name="three"))
        ready = await stub.ModelReady(messages.ModelReadyRequest(name="three"))
        loaded = await stub.RepositoryModelLoad(messages.RepositoryModelLoadRequest(model_name="three"))
        found["repository"] = [unloaded.model_name, unloaded.isUnloaded, ready.ready, loaded.isLoaded]
        found["metadata"] = (await stub.ServerMetadata(messages.ServerMetadataRequest())).name
        metadata = await stub.ModelMetadata(messages.ModelMetadataRequest(name=MODEL))
        found["inputs"] = [[one.name, one.datatype] for one in metadata.inputs]
    print(json.dumps(found))


asyncio.run(main())

"""Asks a server with KServe's own client, in V1 and V2, and with Triton's; run with .platforms/kserve: URL NAME ROW, a JSON object."""

import asyncio
import json
import sys

import httpx
import numpy as np
import tritonclient.http as triton
from kserve import InferenceRESTClient, InferInput, InferRequest
from kserve.inference_client import RESTConfig

URL, NAME, ROW = sys.argv[1], sys.argv[2], json.loads(sys.argv[3])
TYPES = {"FP64": np.float64, "INT64": np.int64, "BOOL": np.bool_, "BYTES": np.object_}
told = {}


async def v1():
    async with InferenceRESTClient(RESTConfig(protocol="v1")) as client:
        told["v1"] = {
            "live": await client.is_server_live(URL),
            "ready": await client.is_model_ready(URL, NAME),
            "answer": await client.infer(URL, {"instances": [ROW, ROW]}, model_name=NAME),
        }
        try:
            await client.explain(URL, NAME, {"instances": [ROW]})
        except httpx.HTTPStatusError as error:
            told["v1"]["explain"] = str(error)
        try:
            await client.infer(URL, {"instances": [{}]}, model_name=NAME)
        except httpx.HTTPStatusError as error:
            told["v1"]["refused"] = str(error)


async def v2(inputs):
    async with InferenceRESTClient(RESTConfig(protocol="v2")) as client:
        made = [InferInput(one["name"], [1], one["datatype"], data=one["data"]) for one in inputs]
        answer = await client.infer(URL, InferRequest(NAME, made, request_id="a1"), model_name=NAME)
        told["v2"] = {
            "live": await client.is_server_live(URL),
            "ready": await client.is_server_ready(URL),
            "model_ready": await client.is_model_ready(URL, NAME),
            "id": answer.id,
            "outputs": {one.name: [one.datatype, one.shape, one.as_numpy().tolist()] for one in answer.outputs},
        }


def by_triton(inputs):
    with triton.InferenceServerClient(URL.removeprefix("http://")) as client:
        made = []
        for one in inputs:
            tensor = triton.InferInput(one["name"], [1], one["datatype"])
            tensor.set_data_from_numpy(np.array(one["data"], TYPES[one["datatype"]]), binary_data=False)
            made.append(tensor)
        wanted = [triton.InferRequestedOutput("probabilities", binary_data=False)]
        answer = client.infer(NAME, made, outputs=wanted, request_id="b2")
        told["triton"] = {
            "live": client.is_server_live(),
            "ready": client.is_server_ready() and client.is_model_ready(NAME),
            "metadata": client.get_model_metadata(NAME)["name"],
            "server": client.get_server_metadata()["name"],
            "id": answer.get_response()["id"],
            "probabilities": answer.as_numpy("probabilities").tolist(),
        }


tensors = json.loads(sys.argv[4])
asyncio.run(v1())
asyncio.run(v2(tensors))
by_triton(tensors)
print(json.dumps(told))

"""KServe's Python server around the graph of benchmarks/serving/model.py, as its documentation writes a predictor.

Usage: GRAPH=model.onnx python kserve_flights.py --http_port 8080 --grpc_port 8081
"""

from __future__ import annotations

import os

import numpy as np
import onnxruntime
from kserve import InferOutput, InferRequest, InferResponse, Model, ModelServer
from kserve.utils.utils import generate_uuid


class Flights(Model):
    """Inputs by name to the graph's own outputs."""

    def load(self) -> bool:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        self.session = onnxruntime.InferenceSession(os.environ["GRAPH"], options, providers=["CPUExecutionProvider"])
        self.names = [one.name for one in self.session.get_inputs()]
        self.ready = True
        return self.ready

    async def get_input_types(self) -> list[dict[str, object]]:
        return [{"name": name, "datatype": "FP64", "shape": [-1]} for name in self.names]

    async def get_output_types(self) -> list[dict[str, object]]:
        return [
            {"name": "probabilities", "datatype": "FP32", "shape": [-1, 2]},
            {"name": "label", "datatype": "BOOL", "shape": [-1]},
        ]

    async def predict(
        self, payload: InferRequest, headers: object = None, response_headers: object = None
    ) -> InferResponse:
        del headers, response_headers
        given = {one.name: one.as_numpy().astype(np.float64).reshape(-1) for one in payload.inputs}
        scores, labels = self.session.run(["probabilities", "decision"], {name: given[name] for name in self.names})
        outputs, wanted = [], [one.name for one in payload.request_outputs or ()]
        for name, datatype, values in (("probabilities", "FP32", scores), ("label", "BOOL", labels.astype(bool))):
            output = InferOutput(name, list(values.shape), datatype)
            output.set_data_from_numpy(values, binary_data=payload.from_grpc)
            if not wanted or name in wanted:
                outputs.append(output)
        return InferResponse(payload.id or generate_uuid(), self.name, outputs)


if __name__ == "__main__":
    model = Flights("flights")
    model.load()
    ModelServer(workers=1).start([model])

"""MLServer around the graph of benchmarks/serving/model.py, as its documentation writes a runtime; its Python runs this file's folder.

The settings beside it are written by `compare.py`: one process, no parallel workers (with its default of one, MLServer 1.7.1 does not
start with the uvloop that it resolves to).
"""

from __future__ import annotations

import os

import numpy as np
import onnxruntime
from mlserver import MLModel
from mlserver.codecs import NumpyCodec
from mlserver.types import InferenceRequest, InferenceResponse


class Flights(MLModel):
    """Inputs by name to the graph's own outputs."""

    async def load(self) -> bool:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        self.session = onnxruntime.InferenceSession(os.environ["GRAPH"], options, providers=["CPUExecutionProvider"])
        self.names = [one.name for one in self.session.get_inputs()]
        return True

    async def predict(self, payload: InferenceRequest) -> InferenceResponse:
        feeds = {one.name: NumpyCodec.decode_input(one).astype(np.float64).reshape(-1) for one in payload.inputs}
        scores, labels = self.session.run(["probabilities", "decision"], {name: feeds[name] for name in self.names})
        wanted = [one.name for one in payload.outputs or ()]
        made = {"probabilities": scores, "label": labels.astype(bool)}
        outputs = [
            NumpyCodec.encode_output(name, values) for name, values in made.items() if not wanted or name in wanted
        ]
        return InferenceResponse(model_name=self.name, model_version=self.version, outputs=outputs)

"""BentoML around the graph of benchmarks/serving/model.py, as its documentation writes a service; it has a protocol of its own.

Usage: GRAPH=model.onnx bentoml serve bentoml_flights:Flights --port 8080
"""

from __future__ import annotations

import os
from typing import Any

import bentoml
import numpy as np
import onnxruntime


@bentoml.service(workers=1)
class Flights:
    """Rows to probabilities and labels."""

    def __init__(self) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        self.session = onnxruntime.InferenceSession(os.environ["GRAPH"], options, providers=["CPUExecutionProvider"])
        self.names = [one.name for one in self.session.get_inputs()]

    @bentoml.api
    def infer(self, rows: list[dict[str, float | None]]) -> dict[str, Any]:
        """Scores and labels of rows."""
        feeds = {name: np.array([row[name] for row in rows], np.float64) for name in self.names}
        scores, labels = self.session.run(["probabilities", "decision"], feeds)
        return {"probabilities": scores.tolist(), "label": labels.astype(bool).tolist()}

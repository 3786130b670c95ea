"""The built-in runtimes pass the suite that others must pass, and the suite finds what is wrong."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from seakeep.core import plugins
from seakeep.serving.runtimes.onnx import OnnxPredictor
from seakeep.testing import runtimes
from seakeep.testing.runtimes import check_runtime


@pytest.mark.parametrize("name", plugins.names("serving.runtimes"))
def test_built_in_runtimes_conform(name):
    check_runtime(name)


def test_answers_that_follow_the_size_of_the_batch_are_found(monkeypatch):
    class Unsteady(OnnxPredictor):
        def predict(self, frame):
            answers = super().predict(frame)
            return (
                replace(answers, scores=np.nextafter(answers.scores, np.float32(9))) if frame.height == 7 else answers
            )

    monkeypatch.setattr(runtimes.plugins, "load", lambda group, name: SimpleNamespace(predictor=Unsteady))
    with pytest.raises(AssertionError, match="equal to the bit in batches of 7"):
        check_runtime("unsteady")


def test_a_missing_number_taken_for_zero_is_found(monkeypatch):
    class Lenient(OnnxPredictor):
        def features(self, frame):
            return super().features(frame.fill_null(0))

    monkeypatch.setattr(runtimes.plugins, "load", lambda group, name: SimpleNamespace(predictor=Lenient))
    with pytest.raises(AssertionError, match=r"null is missing|what the features make them"):
        check_runtime("lenient")

"""Declared feature operations, fitted in few passes and lowered to one ONNX graph over raw columns."""

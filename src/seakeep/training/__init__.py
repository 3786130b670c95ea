"""Fit an estimator, export it to ONNX, prove that both agree."""

"""Exporters to ONNX, one file a library."""

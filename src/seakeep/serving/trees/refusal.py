"""Uncompilable: why a graph's trees stay with ONNX Runtime. Raised while a release is loaded, and told, never served with."""

from __future__ import annotations

from seakeep.core.errors import ModelError


class Uncompilable(ModelError):
    """These trees cannot be compiled so that every answer stays equal to the bit."""

    @classmethod
    def torn(cls) -> Uncompilable:
        return cls(
            "the trees cannot be compiled: the graph's bytes are not a message that can be read",
            cause="The file is torn.",
            fix="Fetch the release again.",
        )

    @classmethod
    def of(cls, reason: str) -> Uncompilable:
        return cls(
            f"the trees cannot be compiled: {reason}",
            cause="Only graphs that Seakeep's exporters write are compiled, as equal answers were proved for those.",
            fix='Leave the trees to ONNX Runtime: serve.trees = "onnxruntime".',
            reason=reason,
        )

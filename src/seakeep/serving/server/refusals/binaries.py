"""Inputs as bytes that are not what they claim: their lengths, their frame, and what stands beside them."""

from __future__ import annotations

from seakeep.serving.server.refusals.refusal import SHOWN, Refusal, shown


class BadBinary(Refusal):
    """Tensors in binary form that cannot be read."""

    @classmethod
    def length(cls, name: str, found: int, datatype: str, size: int) -> BadBinary:
        return cls(
            "wrong_shape",
            f"input {name!r} has {found} bytes, which is no whole number of {datatype} values",
            field=name,
            found=f"{found} bytes",
            expected=f"a multiple of {size} bytes",
            fix=f"Send {size} bytes a value, little-endian.",
        )

    @classmethod
    def texts(cls, name: str, row: int, size: int) -> BadBinary:
        return cls(
            "wrong_shape",
            f"input {name!r} ends within the text of row {row}",
            field=name,
            found=f"{size} bytes",
            expected="a length in 4 bytes, little-endian, before each text, and as many bytes",
            fix="Count the bytes of the text in UTF-8, not its characters.",
        )

    @classmethod
    def count(cls, found: int, expected: int) -> BadBinary:
        return cls(
            "wrong_structure",
            f"raw_input_contents has {found} items for {expected} inputs",
            field="raw_input_contents",
            found=f"{found} items",
            expected=f"{expected} items, one an input, in the order of the inputs",
            fix="Send the values of all inputs as bytes, or of none.",
        )

    @classmethod
    def beside_contents(cls, name: str) -> BadBinary:
        return cls(
            "wrong_structure",
            f"input {name!r} has contents beside raw_input_contents",
            field=name,
            found="contents and raw_input_contents",
            expected="one of them",
            fix="Send the values of all inputs as bytes, or of none.",
        )

    @classmethod
    def without_field(cls, name: str, datatype: str) -> BadBinary:
        return cls(
            "wrong_datatype",
            f"input {name!r} has the datatype {datatype} in typed contents, which have no field for it",
            field=name,
            found=datatype,
            expected="the values in raw_input_contents",
            fix=f"Send {datatype} in raw_input_contents, or FP32 in fp32_contents.",
        )

    @classmethod
    def unframed(cls, name: str) -> BadBinary:
        return cls(
            "binary_tensors",
            f"input {name!r} has binary_data_size, but the request does not say where its JSON ends",
            field=name,
            found="binary_data_size without Inference-Header-Content-Length",
            expected="the header Inference-Header-Content-Length: the length of the JSON in bytes",
            fix='Send the header, or the values as JSON in "data".',
        )

    @classmethod
    def not_here(cls) -> BadBinary:
        return cls(
            "binary_tensors",
            "tensors in binary form are not taken here",
            field="Inference-Header-Content-Length",
            found="binary data",
            expected="JSON alone",
            fix="Leave the header out; binary tensors go to /v2/models/NAME/infer.",
        )

    @classmethod
    def header(cls, found: str, size: int) -> BadBinary:
        return cls(
            "binary_tensors",
            f"Inference-Header-Content-Length is {shown(found)}, and the body has {size} bytes",
            field="Inference-Header-Content-Length",
            found=found[:SHOWN],
            expected=f"the length of the JSON in bytes, from 0 to {size}",
            fix="Count the bytes of the JSON at the body's beginning, in UTF-8.",
        )

    @classmethod
    def size(cls, claimed: int, size: int) -> BadBinary:
        return cls(
            "binary_tensors",
            f"the inputs claim {claimed} bytes after the JSON, and there are {size}",
            field="binary_data_size",
            found=f"{size} bytes",
            expected=f"{claimed} bytes, those of each input in the order of the inputs",
            fix="Send for each input with binary_data_size as many bytes as it says.",
        )

    @classmethod
    def beside_data(cls, name: str) -> BadBinary:
        return cls(
            "binary_tensors",
            f"input {name!r} has data beside binary_data_size",
            field=name,
            found="data and binary_data_size",
            expected="one of them",
            fix='Leave "data" out where the values follow as bytes.',
        )

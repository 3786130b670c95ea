"""Binary tensors: what the Open Inference Protocol's extension of that name adds to a request's JSON, read carefully.

The values of inputs that have `binary_data_size` follow the JSON, in the order of the inputs and with nothing between them. What
a request claims of their sizes is compared with what is there.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

from seakeep.serving.server.parsing import typed
from seakeep.serving.server.raw import LETTERS, unpack
from seakeep.serving.server.refusals import BadBinary, BadBody, Refusal

if TYPE_CHECKING:
    from collections.abc import Sequence

SIZE = "binary_data_size"
ALL = "binary_data_output"
_ONE = "binary_data"


def raw_parts(tensors: Sequence[Any], binary: bytes | None) -> list[bytes | None]:
    """The bytes of each tensor, None where its values are in the JSON. Parameters: binary: what follows the JSON.

    Raises: Refusal.
    """
    sizes = [_size(tensor) for tensor in tensors]
    if binary is None:
        named = next(
            (tensor.get("name") for tensor, size in zip(tensors, sizes, strict=True) if size is not None), None
        )
        if named is not None:
            raise BadBinary.unframed(str(named))
        return [None] * len(sizes)
    if (claimed := sum(size or 0 for size in sizes)) != len(binary):
        raise BadBinary.size(claimed, len(binary))
    parts: list[bytes | None] = []
    at = 0
    for size in sizes:
        parts.append(None if size is None else binary[at : at + size])
        at += size or 0
    return parts


def wanted_in_binary(
    wanted: Sequence[Any] | None, parameters: dict[str, Any] | None, known: Sequence[str]
) -> tuple[str, ...]:
    """Names of the outputs that are to go as bytes: those that say so, or all that do not say otherwise.

    >>> wanted_in_binary([{"name": "label", "parameters": {"binary_data": True}}], None, ("probabilities", "label"))
    ('label',)
    >>> wanted_in_binary(None, {"binary_data_output": True}, ("probabilities", "label"))
    ('probabilities', 'label')
    """
    rest = _truth(parameters or {}, ALL, "parameters of the body")
    if not wanted:
        return tuple(known) if rest else ()
    own = {output["name"]: _truth(output.get("parameters") or {}, _ONE, "parameters of an output") for output in wanted}
    return tuple(name for name, asked in own.items() if (rest if asked is None else asked))


def raw_keys(datatype: object, raw: bytes) -> Sequence[Any] | None:
    """The values of a key's tensor, which no contract holds; None where they cannot be read."""
    if datatype in LETTERS or datatype == "BYTES":
        with contextlib.suppress(Refusal):
            return unpack(raw, str(datatype), "key")
    return None


def _size(tensor: Any) -> int | None:
    if not isinstance(tensor, dict):
        return None  # what it is instead is told when it is read
    where = f"input {tensor.get('name')!r}"
    size = (typed(tensor, "parameters", dict, "an object", where=where) or {}).get(SIZE)
    if size is None:
        return None
    if type(size) is not int or size < 0:
        raise BadBody.structure(f"{SIZE} of {where}", size, "a number of bytes")
    if tensor.get("data") is not None:
        raise BadBinary.beside_data(str(tensor.get("name")))
    return size


def _truth(parameters: dict[str, Any], name: str, where: str) -> bool | None:
    value = parameters.get(name)
    if value is not None and not isinstance(value, bool):
        raise BadBody.structure(f"{name} of {where}", value, "true or false")
    return value

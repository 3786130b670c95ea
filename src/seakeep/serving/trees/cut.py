"""A model's graph in three parts: what makes the features, one TreeEnsemble, and what makes answers of its sums.

Called when a release is loaded. The first part and the last are written here as graphs of their own, from the same nodes, byte by
byte, so that they round as the whole does; asking the whole for its features would not do, as ONNX Runtime computes every node
whatever is asked for. What is hard is to be sure: whatever is not the form that Seakeep's exporters write is refused.
Source: onnx.proto's field numbers; ai.onnx.ml 5's TreeEnsemble.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from seakeep.serving.trees.refusal import Uncompilable
from seakeep.serving.trees.wire import field, fields, integers

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

FEATURES = "features"
_GRAPH = 7
_NODE, _NAME, _INITIALIZER, _INPUT, _OUTPUT = 1, 2, 5, 11, 12
_FLOAT, _UINT8, _DOUBLE = 1, 2, 11
_DTYPES: dict[int, np.dtype[Any]] = {_FLOAT: np.dtype("<f4"), _DOUBLE: np.dtype("<f8"), _UINT8: np.dtype("u1")}
_LISTS = (
    *("nodes_featureids", "nodes_missing_value_tracks_true", "nodes_truenodeids", "nodes_trueleafs"),
    *("nodes_falsenodeids", "nodes_falseleafs", "leaf_targetids", "tree_roots"),
)
_TENSORS = ("nodes_modes", "nodes_splits", "leaf_weights")
_FIXED = {"aggregate_function": 1, "post_transform": 0}
"""A sum, and nothing done to it afterwards."""


@dataclass(frozen=True, slots=True)
class Node:
    """A node of a graph, as far as it matters here. attributes: by name, the messages."""

    message: memoryview
    op: str
    domain: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    attributes: Mapping[str, memoryview]


@dataclass(frozen=True, slots=True)
class Cut:
    """Trees, what they read, and what follows them.

    before: an ONNX file that makes `features` of the raw columns. attributes: the operator's, by name: int64 lists, and tensors. targets: sums of a row. dtype: in which they are added up, float32 or
    float64. sums: the name under which `after`, an ONNX file, takes them, shape (rows, targets).
    """

    before: bytes
    attributes: Mapping[str, NDArray[Any]]
    targets: int
    dtype: np.dtype[Any]
    sums: str
    after: bytes


def cut(graph: bytes, outputs: Sequence[str]) -> Cut:
    """The graph's trees, what they read, and what makes `outputs` of their sums. Raises Uncompilable for a graph of another form."""
    model = [(number, value) for number, value, _ in fields(memoryview(graph))]
    parts = [(number, value) for number, value, _ in fields(_one(model, _GRAPH))]
    nodes = [_node(_bytes(value)) for number, value in parts if number == _NODE]
    trees = [node for node in nodes if node.op.startswith("TreeEnsemble")]
    if len(trees) != 1 or trees[0].op != "TreeEnsemble":
        raise Uncompilable.of(f"the graph has {', '.join(node.op for node in trees) or 'no trees'}")
    reads = _reads_features(trees[0], nodes)
    attributes = _attributes(trees[0])
    dtype = attributes["nodes_splits"].dtype
    if (reads == _DOUBLE) != (dtype == np.float64) or attributes["leaf_weights"].dtype != dtype:
        raise Uncompilable.of("inputs, thresholds and weights differ in their precision")
    targets = _integer(trees[0].attributes.get("n_targets"), 0)
    sums = trees[0].outputs[0]
    taken = _value_info(sums, _DOUBLE if dtype == np.float64 else _FLOAT, targets)
    rest = b"".join(field(number, value) for number, value in model if number != _GRAPH)
    inputs = [_bytes(value) for number, value in parts if number == _INPUT]
    before = field(_GRAPH, _leading(parts, nodes, inputs, (FEATURES,)))
    return Cut(
        rest + before, attributes, targets, dtype, sums, rest + field(_GRAPH, _leading(parts, nodes, [taken], outputs))
    )


def _leading(
    parts: Sequence[tuple[int, int | memoryview]],
    nodes: Sequence[Node],
    inputs: Sequence[bytes | memoryview],
    outputs: Sequence[str],
) -> bytes:
    """The graph that leads from these inputs to these outputs, and has no node besides."""
    constants = {_named(_bytes(value), 8): value for number, value in parts if number == _INITIALIZER}
    results = {_named(_bytes(value), 1): value for number, value in parts if number == _OUTPUT}
    if unknown := [name for name in outputs if name not in results]:
        raise Uncompilable.of(f"the graph has no output {unknown[0]!r}")
    needed = _needed(nodes, {_named(memoryview(value), 1) for value in inputs}, {*constants}, outputs)
    kept = [field(_NODE, node.message) for node in nodes if not needed.isdisjoint(node.outputs)]
    kept.append(field(_NAME, b"part"))
    kept += [field(_INITIALIZER, constant) for name, constant in constants.items() if name in needed]
    kept += [field(_INPUT, value) for value in inputs]
    return b"".join(kept + [field(_OUTPUT, results[name]) for name in outputs])


def _needed(nodes: Sequence[Node], given: set[str], constants: set[str], outputs: Sequence[str]) -> set[str]:
    """The tensors that the outputs are made of, but for the given ones. Raises Uncompilable where one cannot be made."""
    made = {name: node for node in nodes for name in node.outputs}
    needed: set[str] = set()
    waiting = list(outputs)
    while waiting:
        name = waiting.pop()
        if name in needed or name in given or not name:
            continue
        needed.add(name)
        if name in made:
            waiting.extend(made[name].inputs)
        elif name not in constants:
            raise Uncompilable.of(f"the answers need {name!r} beside the trees")
    return needed


def _reads_features(trees: Node, nodes: Sequence[Node]) -> int:
    """The type in which the trees read the graph's output `features`. Raises Uncompilable, if they read something else."""
    if trees.inputs == (FEATURES,):
        return _FLOAT
    for node in nodes:
        if node.op == "Cast" and node.outputs == trees.inputs and node.inputs == (FEATURES,):
            return _integer(node.attributes.get("to"), 0)
    raise Uncompilable.of(f"they read {', '.join(trees.inputs)}, expected {FEATURES!r}")


def _attributes(trees: Node) -> dict[str, NDArray[Any]]:
    known = {*_LISTS, *_TENSORS, *_FIXED, "n_targets"}
    if unknown := sorted(set(trees.attributes) - known):
        raise Uncompilable.of(f"the attribute {unknown[0]!r} is not one that Seakeep writes")
    for name, expected in _FIXED.items():
        if _integer(trees.attributes.get(name), 1 - expected) != expected:
            raise Uncompilable.of(f"{name} is another than {expected}")
    if missing := sorted({*_LISTS, *_TENSORS} - set(trees.attributes)):
        raise Uncompilable.of(f"the attribute {missing[0]!r} is missing")
    lists = {name: integers(trees.attributes[name], 8) for name in _LISTS}
    return {**lists, **{name: _tensor(trees.attributes[name]) for name in _TENSORS}}


def _tensor(attribute: memoryview) -> NDArray[Any]:
    """The values of an attribute that is a tensor, as `onnx.numpy_helper.from_array` writes it."""
    parts = [(number, value) for number, value, _ in fields(_one([(n, v) for n, v, _ in fields(attribute)], 5))]
    kinds = [value for number, value in parts if number == 2 and isinstance(value, int)]
    dtype = _DTYPES.get(kinds[0] if kinds else 0)
    raw = _one(parts, 9)
    if dtype is None or len(raw) % dtype.itemsize:
        raise Uncompilable.of("a tensor of the trees is of another type")
    values: NDArray[Any] = np.frombuffer(raw, dtype=dtype)
    return values


def _node(message: memoryview) -> Node:
    inputs: list[str] = []
    outputs: list[str] = []
    attributes: dict[str, memoryview] = {}
    op = domain = ""
    for number, value, _ in fields(message):
        if number == 5:
            attributes[_named(_bytes(value), 1)] = _bytes(value)
        elif number in (1, 2):
            (inputs if number == 1 else outputs).append(_text(value))
        elif number == 4:
            op = _text(value)
        elif number == 7:
            domain = _text(value)
    return Node(message, op, domain, tuple(inputs), tuple(outputs), attributes)


def _value_info(name: str, element: int, width: int) -> bytes:
    shape = field(1, field(2, b"rows")) + field(1, field(1, width))
    return field(1, name.encode()) + field(2, field(1, field(1, element) + field(2, shape)))


def _one(parts: Iterable[tuple[int, int | memoryview]], number: int) -> memoryview:
    found = [value for key, value in parts if key == number]
    if len(found) != 1:
        raise Uncompilable.torn()
    return _bytes(found[0])


def _named(message: memoryview, number: int) -> str:
    for key, value, _ in fields(message):
        if key == number:
            return _text(value)
    return ""


def _integer(attribute: memoryview | None, otherwise: int) -> int:
    values = [value for key, value, _ in fields(attribute or memoryview(b"")) if key == 3]
    return values[0] if values and isinstance(values[0], int) else otherwise


def _text(value: int | memoryview) -> str:
    try:
        return bytes(_bytes(value)).decode()
    except UnicodeDecodeError as error:
        raise Uncompilable.torn() from error


def _bytes(value: int | memoryview) -> memoryview:
    if isinstance(value, int):
        raise Uncompilable.torn()
    return value

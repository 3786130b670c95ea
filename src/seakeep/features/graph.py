"""GraphBuilder: writes one ONNX graph, node by node. Features are lowered into it and training appends the estimator.

Names are made here, so that two rooms can add to the same graph without meeting. Equal constants and equal nodes are
made once: an hour and a weekday of the same column share what they have in common, which matters because ONNX Runtime
needs about half a microsecond a node whatever the node does. The versions below are ones that onnxruntime 1.30, the
oldest supported, can run; a newer opset would load here and fail at a customer's edge device.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from seakeep.core.errors import MissingExtra, ModelError

if TYPE_CHECKING:
    from collections.abc import Sequence

    import onnx
    from numpy.typing import NDArray

OPSET = 21
IR_VERSION = 10
DOMAINS = {"": OPSET, "ai.onnx.ml": 5, "com.microsoft": 1}
ML = "ai.onnx.ml"
MICROSOFT = "com.microsoft"
INNER = "//"

Dimension = str | int | None


class GraphBuilder:
    """One growing ONNX graph.

    >>> import numpy as np
    >>> builder = GraphBuilder()
    >>> x = builder.input("x", np.float64)
    >>> builder.output("y", builder.node("Add", [x, builder.constant(np.float64(1))]), np.float64, ["rows"])
    >>> [node.op_type for node in builder.build("plus_one").graph.node]
    ['Add']
    """

    def __init__(self) -> None:
        try:
            import onnx
        except ImportError as error:
            raise MissingExtra.of("onnx", "train", purpose="Writing a model's graph") from error
        self._onnx = onnx
        self._nodes: list[onnx.NodeProto] = []
        self._inputs: dict[str, onnx.ValueInfoProto] = {}
        self._outputs: dict[str, tuple[str, onnx.ValueInfoProto]] = {}
        self._constants: dict[tuple[object, ...], onnx.TensorProto] = {}
        self._made: dict[tuple[object, ...], tuple[str, ...]] = {}

    def input(self, name: str, dtype: Any, shape: Sequence[Dimension] = ("rows",)) -> str:
        """Declare the graph input `name` of a NumPy dtype (object for strings); returns its name. Twice is once."""
        if name.startswith(INNER):
            raise ModelError(
                f"the column {name!r} begins with {INNER!r}, which is reserved for tensors inside of a graph",
                cause="The graph's inputs are named as the columns, and must not meet the names of tensors.",
                fix=f'Rename it on reading: seakeep.read(…, derive={{"{name.strip("/")}": polars.col("{name}")}}).',
                name=name,
            )
        self._inputs.setdefault(name, self._value(name, dtype, shape))
        return name

    def constant(self, array: NDArray[Any] | np.generic) -> str:
        """The name of a constant tensor with this content, dtype and shape; strings come as arrays of dtype object."""
        array = np.asarray(array)
        content = tuple(array.ravel().tolist()) if array.dtype == object else array.tobytes()
        key = (array.dtype.str, array.shape, content)
        if key not in self._constants:
            name = f"{INNER}constant_{len(self._constants)}"
            self._constants[key] = self._onnx.numpy_helper.from_array(array, name)
        return self._constants[key].name

    def node(self, op: str, inputs: Sequence[str], *, domain: str = "", **attributes: Any) -> str:
        """Add a node with one output; returns its name. A node equal to an earlier one is that one.

        inputs: names of tensors, "" for an optional one left out. attributes: as onnx.helper.make_node takes them.
        """
        return self.nodes(op, inputs, outputs=1, domain=domain, **attributes)[0]

    def nodes(
        self, op: str, inputs: Sequence[str], *, outputs: int, domain: str = "", **attributes: Any
    ) -> tuple[str, ...]:
        """Add a node with `outputs` outputs (Split, TreeEnsembleClassifier); returns their names."""
        proto = self._onnx.helper.make_node(op, list(inputs), [], domain=domain, **attributes)
        key = (proto.SerializeToString(deterministic=True), outputs)
        if key not in self._made:
            self._made[key] = self._added(proto, outputs)
        return self._made[key]

    def cast(self, tensor: str, dtype: Any) -> str:
        """`tensor` cast to a NumPy dtype (object for strings)."""
        return self.node("Cast", [tensor], to=self._element(dtype))

    def output(self, name: str, tensor: str, dtype: Any, shape: Sequence[Dimension]) -> None:
        """Declare that the graph's output `name` is `tensor`, which may go on being used."""
        self._outputs[name] = (tensor, self._value(name, dtype, shape))

    def build(self, name: str) -> onnx.ModelProto:
        """The graph as a checked model. The builder may go on growing afterwards."""
        helper = self._onnx.helper
        graph = helper.make_graph(
            self._finished_nodes(),
            name,
            list(self._inputs.values()),
            [value for _, value in self._outputs.values()],
            list(self._constants.values()),
        )
        used = ["", *sorted({node.domain for node in graph.node} - {""})]
        opsets = [helper.make_opsetid(domain, DOMAINS[domain]) for domain in used]
        model: onnx.ModelProto = helper.make_model(
            graph, opset_imports=opsets, ir_version=IR_VERSION, producer_name="seakeep"
        )
        self._checked(model)
        return model

    def _added(self, proto: onnx.NodeProto, outputs: int) -> tuple[str, ...]:
        if proto.domain not in DOMAINS:
            raise ModelError(
                f"operator {proto.op_type} is of domain {proto.domain!r}, which onnxruntime does not bring",
                fix=f"Use an operator of {', '.join(repr(domain) for domain in DOMAINS)}.",
                domain=proto.domain,
            )
        names = tuple(f"{INNER}{proto.op_type}_{len(self._nodes)}_{i}" for i in range(outputs))
        proto.output.extend(names)
        proto.name = f"{proto.op_type}_{len(self._nodes)}"
        self._nodes.append(proto)
        return names

    def _finished_nodes(self) -> list[onnx.NodeProto]:
        """The nodes, with tensors that leave the graph renamed to the output's name, or copied where that cannot be."""
        made = {name for names in self._made.values() for name in names}
        renamed: dict[str, str] = {}
        copies: list[onnx.NodeProto] = []
        for name, (tensor, _) in self._outputs.items():
            if tensor in made and tensor not in renamed:
                renamed[tensor] = name
            else:
                copies.append(self._onnx.helper.make_node("Identity", [renamed.get(tensor, tensor)], [name]))
        return [_renamed(node, renamed) for node in self._nodes] + copies

    def _checked(self, model: onnx.ModelProto) -> None:
        try:
            self._onnx.checker.check_model(model)
        except self._onnx.checker.ValidationError as error:
            raise ModelError(
                f"the graph {model.graph.name!r} is not valid ONNX: {error}",
                cause="An exporter or an operation added a node with wrong inputs or attributes.",
                fix="Run seakeep.testing's conformance suite on the operation or exporter that was changed last.",
            ) from error

    def _value(self, name: str, dtype: Any, shape: Sequence[Dimension]) -> onnx.ValueInfoProto:
        return self._onnx.helper.make_tensor_value_info(name, self._element(dtype), list(shape))

    def _element(self, dtype: Any) -> int:
        if np.dtype(dtype) == object:
            return int(self._onnx.TensorProto.STRING)
        return int(self._onnx.helper.np_dtype_to_tensor_dtype(np.dtype(dtype)))


def _renamed(node: onnx.NodeProto, names: dict[str, str]) -> onnx.NodeProto:
    if not any(tensor in names for tensor in (*node.input, *node.output)):
        return node
    copy = type(node)()
    copy.CopyFrom(node)
    copy.input[:] = [names.get(tensor, tensor) for tensor in node.input]
    copy.output[:] = [names.get(tensor, tensor) for tensor in node.output]
    return copy

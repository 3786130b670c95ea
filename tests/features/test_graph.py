"""GraphBuilder: names never meet, equal things are made once, and what is built is valid."""

from __future__ import annotations

import builtins

import numpy as np
import onnx
import pytest

from seakeep.core.errors import MissingExtra, ModelError
from seakeep.features import GraphBuilder, Session
from seakeep.features.graph import DOMAINS, IR_VERSION, ML


def run(builder: GraphBuilder, **feeds: np.ndarray) -> list[np.ndarray]:
    session = Session(builder.build("test").SerializeToString())
    return session.run(session.outputs, feeds)


def test_a_graph_computes_what_was_added():
    builder = GraphBuilder()
    x = builder.input("x", np.float64)
    builder.output("y", builder.node("Mul", [x, builder.constant(np.float64(3))]), np.float64, ["rows"])
    assert run(builder, x=np.array([1.0, 2.0]))[0].tolist() == [3.0, 6.0]


def test_equal_constants_and_equal_nodes_are_made_once():
    builder = GraphBuilder()
    x = builder.input("x", np.float64)
    first = builder.node("Add", [x, builder.constant(np.array([1.0]))])
    assert builder.node("Add", [x, builder.constant(np.array([1.0]))]) == first
    assert builder.node("Sub", [x, builder.constant(np.array([1.0]))]) != first
    assert builder.constant(np.array([1])) != builder.constant(np.array([1.0]))
    assert builder.constant(np.array([0.0])) != builder.constant(np.array([-0.0]))
    assert builder.constant(np.array(["a"], object)) == builder.constant(np.array(["a"], object))


def test_a_tensor_may_leave_the_graph_and_be_used_further():
    builder = GraphBuilder()
    doubled = builder.node("Add", [builder.input("x", np.float64), "x"])
    builder.output("doubled", doubled, np.float64, ["rows"])
    builder.output("again", doubled, np.float64, ["rows"])
    builder.output("raw", "x", np.float64, ["rows"])
    builder.output("fourfold", builder.node("Add", [doubled, doubled]), np.float64, ["rows"])
    answers = [answer.tolist() for answer in run(builder, x=np.array([1.5]))]
    assert answers == [[3.0], [3.0], [1.5], [6.0]]


def test_a_node_may_have_several_outputs():
    builder = GraphBuilder()
    x = builder.input("x", np.float64, ["rows", 2])
    left, right = builder.nodes("Split", [x], outputs=2, axis=1, num_outputs=2)
    builder.output("left", left, np.float64, ["rows", 1])
    builder.output("right", right, np.float64, ["rows", 1])
    assert [answer.tolist() for answer in run(builder, x=np.array([[1.0, 2.0]]))] == [[[1.0]], [[2.0]]]


def test_the_builder_may_go_on_growing_after_a_build():
    builder = GraphBuilder()
    x = builder.input("x", np.float64)
    builder.output("y", builder.node("Neg", [x]), np.float64, ["rows"])
    before = builder.build("test").SerializeToString()
    builder.output("z", builder.node("Abs", [x]), np.float64, ["rows"])
    assert before != builder.build("test").SerializeToString()
    assert [answer.tolist() for answer in run(builder, x=np.array([1.0]))] == [[-1.0], [1.0]]


def test_versions_are_those_that_the_oldest_runtime_runs_and_only_used_domains_are_named():
    builder = GraphBuilder()
    builder.output("y", builder.node("Neg", [builder.input("x", np.float64)]), np.float64, ["rows"])
    model = builder.build("test")
    assert model.ir_version == IR_VERSION == 10
    assert [(opset.domain, opset.version) for opset in model.opset_import] == [("", DOMAINS[""])]


def test_the_same_calls_give_the_same_bytes():
    def built() -> bytes:
        builder = GraphBuilder()
        x = builder.input("x", np.float64)
        builder.output("y", builder.node("Binarizer", [x], domain=ML, threshold=0.5), np.float64, ["rows"])
        return builder.build("test").SerializeToString()

    assert built() == built()


def test_a_column_whose_name_could_meet_an_inner_tensor_is_refused():
    with pytest.raises(ModelError, match=r"'//Add_0_0' begins with '//', which is reserved"):
        GraphBuilder().input("//Add_0_0", np.float64)


def test_a_column_may_be_called_like_an_operator():
    builder = GraphBuilder()
    x = builder.input("Add_0_0", np.float64)
    builder.output("y", builder.node("Add", [x, builder.input("constant_0", np.float64)]), np.float64, ["rows"])
    assert run(builder, Add_0_0=np.array([1.0]), constant_0=np.array([2.0]))[0].tolist() == [3.0]


def test_an_operator_of_an_unknown_domain_is_refused():
    with pytest.raises(ModelError, match=r"operator Bessel is of domain 'acme'.*\n.*Use an operator of"):
        GraphBuilder().node("Bessel", ["x"], domain="acme")


def test_an_invalid_graph_is_refused():
    builder = GraphBuilder()
    builder.output("y", builder.node("Add", ["nowhere", "nowhere"]), np.float64, ["rows"])
    with pytest.raises(ModelError, match="not valid ONNX"):
        builder.build("test")


def test_without_onnx_the_line_that_installs_it_is_said(monkeypatch):
    original = builtins.__import__

    def refuse(name, *args, **kwargs):
        if name == "onnx":
            raise ImportError(name)
        return original(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", refuse)
    with pytest.raises(MissingExtra, match=r"pip install 'seakeep\[train\]'"):
        GraphBuilder()


def test_a_built_graph_is_an_onnx_model():
    builder = GraphBuilder()
    builder.output("y", builder.node("Neg", [builder.input("x", np.float64)]), np.float64, ["rows"])
    assert isinstance(builder.build("test"), onnx.ModelProto)

"""Graphs whose trees are not compiled: of another form, torn, or hostile. Native code reads memory by their numbers."""

from __future__ import annotations

import re

import numpy as np
import onnx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import numpy_helper

from seakeep.serving.trees.cut import cut
from seakeep.serving.trees.kernel import Kernel
from seakeep.serving.trees.refusal import Uncompilable
from seakeep.serving.trees.tables import laid_out

from .forests import forest, graph, rows

RNG = np.random.default_rng(1)
ENSEMBLE = forest(RNG, 6, 80, outputs=2)
GRAPH = graph(ENSEMBLE)
ROWS = rows(RNG, ENSEMBLE, 70)


def changed(**attributes):
    """The graph with attributes of its trees replaced; None takes one away."""
    model = onnx.load_from_string(GRAPH)
    node = next(node for node in model.graph.node if node.op_type == "TreeEnsemble")
    for name, value in attributes.items():
        for one in [one for one in node.attribute if one.name == name]:
            node.attribute.remove(one)
        kind = onnx.AttributeProto.INTS if value == [] else None
        if value is not None:
            node.attribute.append(onnx.helper.make_attribute(name, value, attr_type=kind))
    return model.SerializeToString()


def given_of(name):
    model = onnx.load_from_string(GRAPH)
    node = next(node for node in model.graph.node if node.op_type == "TreeEnsemble")
    value = onnx.helper.get_attribute_value(next(one for one in node.attribute if one.name == name))
    return numpy_helper.to_array(value).copy() if isinstance(value, onnx.TensorProto) else np.array(value)


def edited(name, place, value):
    values = given_of(name)
    values[place] = value
    is_tensor = name in ("nodes_modes", "nodes_splits", "leaf_weights")
    return changed(**{name: numpy_helper.from_array(values) if is_tensor else values.tolist()})


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        (lambda: changed(aggregate_function=0), "aggregate_function is another than 1"),
        (lambda: changed(post_transform=3), "post_transform is another than 0"),
        (lambda: changed(tree_roots=None), "the attribute 'tree_roots' is missing"),
        (lambda: changed(nodes_hitrates=numpy_helper.from_array(np.ones(3))), "'nodes_hitrates' is not one that"),
        (lambda: edited("nodes_modes", 0, 1), "compares otherwise than by 'at most'"),
        (lambda: edited("nodes_splits", 0, 0.1), "a threshold is no float32"),
        (lambda: edited("nodes_splits", 0, np.nan), "a threshold is no float32"),
        (lambda: edited("nodes_truenodeids", 0, 10**6), "points at no split, leaf, feature or output"),
        (lambda: edited("nodes_falsenodeids", 0, -1), "points at no split, leaf, feature or output"),
        (lambda: edited("nodes_featureids", 0, 2**40), "points at no split, leaf, feature or output"),
        (lambda: edited("leaf_targetids", 0, 2), "points at no split, leaf, feature or output"),
        (lambda: edited("leaf_targetids", 0, 1), "a tree has leaves of several outputs"),
        (lambda: edited("tree_roots", 1, 0), "a split is reached in two ways"),
        (lambda: changed(tree_roots=[]), "their lists differ in length"),
        (lambda: changed(nodes_featureids=[0]), "their lists differ in length"),
    ],
)
def test_trees_of_another_form_are_refused(broken, reason):
    with pytest.raises(Uncompilable, match=reason):
        laid_out(cut(broken(), ("value",)))


def test_the_words_of_a_refusal():
    with pytest.raises(Uncompilable) as caught:
        cut(changed(post_transform=3), ("value",))
    assert str(caught.value) == (
        "the trees cannot be compiled: post_transform is another than 0\n"
        "  Only graphs that Seakeep's exporters write are compiled, as equal answers were proved for those.\n"
        '  Leave the trees to ONNX Runtime: serve.trees = "onnxruntime".'
    )


def test_a_torn_graph_is_refused():
    with pytest.raises(Uncompilable, match=re.escape("the graph's bytes are not a message")) as caught:
        cut(GRAPH[: len(GRAPH) // 2], ("value",))
    assert "Fetch the release again." in str(caught.value)


def test_an_output_that_the_graph_has_not_is_refused():
    with pytest.raises(Uncompilable, match="the graph has no output 'probabilities'"):
        cut(GRAPH, ("probabilities",))


def test_rows_of_too_few_features_are_refused():
    kernel = Kernel(laid_out(cut(GRAPH, ("value",))))
    with pytest.raises(Uncompilable, match="rows have 2 features, expected 5"):
        kernel.sums(ROWS[:, :2])


@given(at=st.lists(st.tuples(st.integers(0, len(GRAPH) - 1), st.integers(0, 255)), min_size=1, max_size=4))
@settings(max_examples=150)
def test_a_hostile_graph_is_refused_or_run_and_never_reads_beyond_its_tables(at):
    octets = bytearray(GRAPH)
    for place, value in at:
        octets[place] = value
    try:
        tables = laid_out(cut(bytes(octets), ("value",)))
    except Uncompilable:
        return
    if tables.width <= ROWS.shape[1] and tables.targets <= 8:
        Kernel(tables).sums(ROWS)

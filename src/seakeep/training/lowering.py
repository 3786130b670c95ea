"""An estimator's arrays as ONNX nodes, appended to the graph of its features.

Called by `trainer` with the feature graph's builder. Trees become one `TreeEnsemble` (ai.onnx.ml 5) in the precision the
library adds in: doubles for scikit-learn and LightGBM, so that sums agree to the last bit and a forest's exact tie stays a
tie; float32 for XGBoost. Measured in ONNX Runtime 1.32 with 200 trees of 31 leaves: doubles take 6.8 µs a row in batches and
8.9 µs for one row, float32 5.2 and 6.2; the older TreeEnsembleRegressor 5.4 and 6.5, in twice the bytes.
What is hard: links are float32 nodes, because ONNX Runtime's double Exp, Sigmoid and Softmax round differently at the end
of a batch and answers must not depend on the batch's size; decisions are taken from the sums, before any link.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from seakeep.core.kinds import Task
from seakeep.features.graph import ML
from seakeep.training.ensemble import Ensemble
from seakeep.training.errors import ConfigurationRefused
from seakeep.training.operator import Operator

if TYPE_CHECKING:
    from seakeep.features.graph import GraphBuilder
    from seakeep.training.ensemble import Answers, Exported, Linear

MOST_NODES = 20_000_000
_SUM, _NO_TRANSFORM, _LESS_OR_EQUAL = 1, 0, 0


def add_estimator(builder: GraphBuilder, features: str, exported: Exported) -> None:
    """Append the estimator and declare its outputs: `probabilities` and `decision`, or `value`.

    Parameters: features: the name of the float32 (rows, features) tensor that the estimator was fitted on.
    Raises: ConfigurationRefused, for an ensemble too large for one ONNX file.
    """
    sums, answers = _sums(builder, features, exported.scores), exported.answers
    if answers.task is Task.REGRESSION:
        value = _single(builder, _scaled(builder, sums, answers), exported.scores)
        if answers.link != "identity":
            value = builder.node({"exp": "Exp", "sigmoid": "Sigmoid"}[answers.link], [value])
        flat = builder.node("Reshape", [value, builder.constant(np.array([-1], dtype=np.int64))])
        builder.output("value", flat, np.float32, ["rows"])
        return
    probabilities = _probabilities(builder, sums, exported)
    builder.output("probabilities", probabilities, np.float32, ["rows", max(2, exported.scores.outputs)])
    builder.output("decision", _decision(builder, sums, probabilities, exported), np.int64, ["rows"])


def _sums(builder: GraphBuilder, features: str, scores: Ensemble | Linear) -> str:
    """Raw sums (rows, outputs): double, or float32 for a float32 library. Averaged for forests."""
    if not isinstance(scores, Ensemble):
        product = builder.node("MatMul", [builder.cast(features, np.float64), builder.constant(scores.coefficients)])
        return builder.node("Add", [product, builder.constant(scores.intercept)])
    sums = _tree_ensemble(builder, features if scores.single else builder.cast(features, np.float64), scores)
    return sums if scores.divisor == 1 else builder.node("Div", [sums, builder.constant(np.float64(scores.divisor))])


def _tree_ensemble(builder: GraphBuilder, features: str, ensemble: Ensemble) -> str:
    from onnx.numpy_helper import from_array

    trees = Operator.of(ensemble)
    if trees.nodes > MOST_NODES:
        raise ConfigurationRefused.of(
            "too_many_nodes",
            found=f"the trees have {trees.nodes:,} nodes, expected at most {MOST_NODES:,}",
            reason="An ONNX file holds 2 GB at most, and such a model would not fit a server either.",
            fix="Grow smaller trees: min_samples_leaf=20, max_depth=12, or fewer of them.",
        )
    dtype = np.float32 if ensemble.single else np.float64
    return builder.node(
        "TreeEnsemble",
        [features],
        domain=ML,
        n_targets=ensemble.outputs,
        aggregate_function=_SUM,
        post_transform=_NO_TRANSFORM,
        tree_roots=trees.root.tolist(),
        nodes_featureids=trees.feature.tolist(),
        nodes_modes=from_array(np.full(len(trees.feature), _LESS_OR_EQUAL, dtype=np.uint8)),
        nodes_splits=from_array(trees.threshold.astype(dtype)),
        nodes_missing_value_tracks_true=trees.missing_left.astype(np.int64).tolist(),
        nodes_truenodeids=trees.left.tolist(),
        nodes_trueleafs=trees.left_leaf.astype(np.int64).tolist(),
        nodes_falsenodeids=trees.right.tolist(),
        nodes_falseleafs=trees.right_leaf.astype(np.int64).tolist(),
        leaf_targetids=trees.target.tolist(),
        leaf_weights=from_array(trees.weight.astype(dtype)),
    )


def _probabilities(builder: GraphBuilder, sums: str, exported: Exported) -> str:
    """float32 (rows, classes)."""
    answers = exported.answers
    scaled = _scaled(builder, sums, answers)
    if answers.link == "softmax":
        below = _single(builder, _below_greatest(builder, scaled), exported.scores)
        return builder.node("Softmax", [below], axis=1)
    single = _single(builder, scaled, exported.scores)
    if answers.link == "votes":
        return single if exported.scores.outputs > 1 else _both(builder, single)
    each = builder.node("Sigmoid", [single])
    if answers.link == "sigmoid":
        return _both(builder, each)
    return _shares(builder, each, exported.scores.outputs) if answers.link == "shares" else each


def _below_greatest(builder: GraphBuilder, sums: str) -> str:
    """Sums less the row's greatest. In doubles, since two sums beyond float32 would both be infinite, and a softmax of them NaN."""
    greatest = builder.node("ReduceMax", [sums, builder.constant(np.array([1], dtype=np.int64))], keepdims=1)
    return builder.node("Sub", [sums, greatest])


def _both(builder: GraphBuilder, positive: str) -> str:
    """Probabilities of class 0 and 1 from class 1's."""
    negative = builder.node("Sub", [builder.constant(np.float32(1)), positive])
    return builder.node("Concat", [negative, positive], axis=1)


def _shares(builder: GraphBuilder, each: str, outputs: int) -> str:
    """Each divided by the row's sum; equal shares where all are 0. Summed by Add, class by class, so that order is fixed."""
    parts = builder.nodes("Split", [each], outputs=outputs, axis=1, num_outputs=outputs)
    total = parts[0]
    for part in parts[1:]:
        total = builder.node("Add", [total, part])
    none = builder.node("Equal", [total, builder.constant(np.float32(0))])
    even = builder.node("Where", [none, builder.constant(np.float32(1)), each])
    return builder.node("Div", [even, builder.node("Where", [none, builder.constant(np.float32(outputs)), total])])


def _decision(builder: GraphBuilder, sums: str, probabilities: str, exported: Exported) -> str:
    """int64 (rows,): the class that the library decides for, ties included."""
    answers, scores = exported.answers, exported.scores
    if scores.outputs > 1:
        compared = _compared(builder, sums, probabilities, exported)
        return builder.node("ArgMax", [compared], axis=1, keepdims=0)
    dtype = np.float32 if isinstance(scores, Ensemble) and scores.single else np.float64
    op = "GreaterOrEqual" if answers.at_cut else "Greater"
    above = builder.cast(builder.node(op, [sums, builder.constant(dtype(answers.cut))]), np.int64)
    return builder.node("Reshape", [above, builder.constant(np.array([-1], dtype=np.int64))])


def _compared(builder: GraphBuilder, sums: str, probabilities: str, exported: Exported) -> str:
    """What the library takes the first greatest of: sums (a forest's are its probabilities), or rounded probabilities."""
    if exported.answers.decide == "sums" or exported.answers.link == "votes":
        return sums
    if exported.answers.link != "sigmoids":
        return probabilities
    # Sigmoids of doubles saturate at 1, which makes ties; float32 ones would make more.
    raised = builder.node("Exp", [builder.node("Neg", [_scaled(builder, sums, exported.answers)])])
    one = builder.constant(np.float64(1))
    return builder.node("Div", [one, builder.node("Add", [one, raised])])


def _scaled(builder: GraphBuilder, sums: str, answers: Answers) -> str:
    return sums if answers.scale == 1 else builder.node("Mul", [sums, builder.constant(np.float64(answers.scale))])


def _single(builder: GraphBuilder, tensor: str, scores: Ensemble | Linear) -> str:
    is_single = isinstance(scores, Ensemble) and scores.single
    return tensor if is_single else builder.cast(tensor, np.float32)

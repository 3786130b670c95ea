"""LightGBM's fitted trees, read from the text that the library itself saves models as.

Called by name by `training.export`. The text, unlike the JSON dump, is flat arrays (no recursion) and ends at the best
iteration. What is hard is the routing of missing values: a split knows one of three kinds. "None" turns NaN into 0 before
comparing, "NaN" sends it to the default side, and "Zero" (zero_as_missing) sends zeros there too, which no ONNX node can say.
Numbers within 1e-35 of zero are zero to LightGBM, and it likes to split exactly there.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np

from seakeep.core.kinds import Task
from seakeep.training.ensemble import Answers, Ensemble, Exported, Takes, Tree, floored, just_below
from seakeep.training.errors import ConfigurationRefused

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from numpy.typing import NDArray

ESTIMATORS = ("LGBMClassifier", "LGBMRegressor")

_CATEGORICAL, _DEFAULT_LEFT = 1, 2
_MISSING_NONE, _MISSING_ZERO = 0, 1
_ZERO = np.float32(1e-35)
# 1 / (1 + exp(-x)) is above 1/2 in doubles from here on: below, exp(-x) rounds to 1, or 1 + exp(-x) to 2.
_SIGMOID_CUT = 1.5 * 2.0**-53
_IDENTITY = ("regression", "regression_l1", "huber", "fair", "quantile", "mape")
_EXP = ("poisson", "gamma", "tweedie")


def takes(_: Any) -> Takes:
    """NaN and infinities."""
    return Takes(missing=True, infinite=True)


def export(estimator: Any, *, task: Task) -> Exported:
    """The trees of a fitted LGBMClassifier or LGBMRegressor. Raises ConfigurationRefused for trees ONNX cannot say."""
    header, *blocks = estimator.booster_.model_to_string().split("\nTree=")
    facts = _facts(header)
    outputs = int(facts["num_tree_per_iteration"])
    parsed = [_facts("Tree=" + block) for block in blocks]
    trees = [_tree(facts, output=i % outputs, outputs=outputs) for i, facts in enumerate(parsed)]
    divisor = len(trees) / outputs if "average_output" in header.splitlines() else 1.0
    return Exported(
        Ensemble.of(trees, base=np.zeros(outputs), divisor=divisor),
        _answers(facts["objective"].split(), task),
        labels=() if task is Task.REGRESSION else tuple(int(label) for label in estimator.classes_),
    )


def _facts(text: str) -> dict[str, str]:
    return dict(line.split("=", 1) for line in text.splitlines() if "=" in line)


def _tree(facts: Mapping[str, str], *, output: int, outputs: int) -> Tree:
    """Inner nodes first, then leaves; LightGBM counts leaves from -1 down."""
    _refuse_unsayable(facts)
    leaves = int(facts["num_leaves"])
    inner = leaves - 1
    kind = _numbers(facts, "decision_type", np.int32)[:inner]
    threshold = _beside_zero(floored(_numbers(facts, "threshold", np.float64)[:inner]))
    missing_none = (kind >> 2) & 3 == _MISSING_NONE
    nan_left = np.where(missing_none, threshold >= 0, kind & _DEFAULT_LEFT > 0)
    value = np.zeros((inner + leaves, outputs))
    value[inner:, output] = _numbers(facts, "leaf_value", np.float64)
    cover = _counts(facts, inner, leaves)
    return Tree(
        feature=_padded(_numbers(facts, "split_feature", np.int32)[:inner], leaves, -1),
        threshold=_padded(threshold, leaves, 0),
        left=_padded(_children(facts, "left_child", inner), leaves, -1),
        right=_padded(_children(facts, "right_child", inner), leaves, -1),
        missing_left=_padded(nan_left, leaves, False),
        value=value,
        cover=cover,
    )


def _beside_zero(threshold: NDArray[np.float32]) -> NDArray[np.float32]:
    """Thresholds within 1e-35 of zero moved out, so that every number that LightGBM reads as zero is on zero's side."""
    near = np.abs(threshold) <= _ZERO
    return np.where(near, np.where(threshold < 0, just_below(-_ZERO), _ZERO), threshold).astype(np.float32)


def _refuse_unsayable(facts: Mapping[str, str]) -> None:
    if facts.get("is_linear") == "1":
        raise ConfigurationRefused.of(
            "lightgbm.linear_tree",
            found="this LightGBM model has linear leaves",
            reason="A leaf holds a regression, and an ONNX tree's leaf holds a number.",
            fix="LGBMClassifier(linear_tree=False)",
        )
    kind = _numbers(facts, "decision_type", np.int32)
    if np.any(kind & _CATEGORICAL):
        raise ConfigurationRefused.of(
            "lightgbm.categorical_feature",
            found="this LightGBM model has categorical splits",
            reason="Categories as codes are turned into vocabularies by the features, not by the estimator.",
            fix='category("NAME").one_hot(min_count=50)',
        )
    if np.any((kind >> 2) & 3 == _MISSING_ZERO):
        raise ConfigurationRefused.of(
            "lightgbm.zero_as_missing",
            found="this LightGBM model treats zeros as missing",
            reason="An ONNX tree has one way for NaN and none for zero.",
            fix="LGBMClassifier(zero_as_missing=False)",
        )


def _counts(facts: Mapping[str, str], inner: int, leaves: int) -> NDArray[np.float64]:
    """Training rows by node. A tree of one leaf has no counts; it explains nothing, so any number serves."""
    if not inner:
        return np.ones(leaves)
    return np.concatenate([_numbers(facts, "internal_count", np.float64), _numbers(facts, "leaf_count", np.float64)])


def _children(facts: Mapping[str, str], name: str, inner: int) -> NDArray[np.int32]:
    child = _numbers(facts, name, np.int32)[:inner]
    return np.where(child < 0, inner - 1 - child, child).astype(np.int32)


def _padded(values: NDArray[Any], leaves: int, fill: float) -> NDArray[Any]:
    return np.concatenate([values, np.full(leaves, fill, dtype=values.dtype)])


def _numbers(facts: Mapping[str, str], name: str, dtype: type) -> NDArray[Any]:
    return np.array(facts.get(name, "").split(), dtype=dtype)


def _answers(objective: list[str], task: Task) -> Answers:
    name, options = objective[0], dict(_options(objective[1:]))
    sigmoid = float(options.get("sigmoid", 1.0))
    if name in ("binary", "cross_entropy"):
        return Answers(task, "sigmoid", scale=sigmoid, cut=_SIGMOID_CUT / sigmoid)
    if name == "multiclass":
        return Answers(task, "softmax")
    if name == "multiclassova":
        return Answers(task, "sigmoids", scale=sigmoid, decide="probabilities")
    if name in _EXP:
        return Answers(task, "exp")
    if name in _IDENTITY and "sqrt" not in objective:
        return Answers(task, "identity")
    raise ConfigurationRefused.of(
        "lightgbm.objective",
        found=f"LightGBM objective {' '.join(objective)!r} has no known link to probabilities or values",
        reason="Its raw sums would be released as answers.",
        fix=f"Choose one of binary, multiclass, multiclassova, cross_entropy, {', '.join((*_IDENTITY, *_EXP))}.",
    )


def _options(words: list[str]) -> Iterator[tuple[str, str]]:
    for word in words:
        if match := re.fullmatch(r"(\w+):(\S+)", word):
            yield match[1], match[2]

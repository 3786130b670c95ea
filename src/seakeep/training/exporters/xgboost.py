"""XGBoost's fitted trees, read from the JSON that the library itself saves models as.

Called by name by `training.export`. XGBoost works in float32 throughout: a row goes left when x < threshold, strictly, and
sums start from the base margin and add tree by tree in float32. Both are kept, so that raw sums agree to the last bit.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np

from seakeep.core.kinds import Task
from seakeep.training.ensemble import Answers, Ensemble, Exported, Takes, Tree, just_below
from seakeep.training.errors import ConfigurationRefused

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

ESTIMATORS = ("XGBClassifier", "XGBRegressor", "XGBRFClassifier", "XGBRFRegressor")

# 1 / (1 + exp(-x)) is above 1/2 in float32 from here on: below, exp(-x) rounds to 1, or 1 + exp(-x) to 2.
_SIGMOID_CUT = 1.5 * 2.0**-24
_SIGMOID = ("binary:logistic", "reg:logistic")
_SOFTMAX = ("multi:softprob", "multi:softmax")
_EXP = ("count:poisson", "reg:gamma", "reg:tweedie")
_IDENTITY = (
    "reg:squarederror",
    "reg:squaredlogerror",
    "reg:absoluteerror",
    "reg:pseudohubererror",
    "reg:quantileerror",
)


def takes(_: Any) -> Takes:
    """NaN; infinities are refused."""
    return Takes(missing=True, infinite=False)


def export(estimator: Any, *, task: Task) -> Exported:
    """The trees of a fitted XGBoost estimator, up to its best iteration. Raises ConfigurationRefused where ONNX cannot."""
    learner = json.loads(bytes(_best(estimator).save_raw("json")))["learner"]
    objective = learner["objective"]["name"]
    booster = learner["gradient_booster"]
    if booster["name"] not in ("gbtree", "dart"):
        raise _refused("booster", f"booster {booster['name']!r}", "It is not a tree model.", 'booster="gbtree"')
    model = booster["gbtree"]["model"] if booster["name"] == "dart" else booster["model"]
    weights = np.array(booster.get("weight_drop", np.ones(len(model["trees"]))), dtype=np.float32)
    outputs = max(1, int(learner["learner_model_param"]["num_class"]))
    trees = [
        _tree(tree, output=int(output), outputs=outputs, weight=weight)
        for tree, output, weight in zip(model["trees"], model["tree_info"], weights, strict=True)
    ]
    base = _base(learner["learner_model_param"]["base_score"], objective, outputs)
    return Exported(
        Ensemble.of(trees, base=base, single=True),
        _answers(objective, task),
        labels=() if task is Task.REGRESSION else tuple(int(label) for label in estimator.classes_),
    )


def _best(estimator: Any) -> Any:
    """The booster up to the iteration that `predict` of the estimator stops at."""
    booster = estimator.get_booster()
    if getattr(estimator, "early_stopping_rounds", None) is None or "best_iteration" not in booster.attributes():
        return booster
    return booster[: int(booster.best_iteration) + 1]


def _tree(tree: Mapping[str, Any], *, output: int, outputs: int, weight: np.float32) -> Tree:
    if any(tree["split_type"]):
        raise _refused(
            "enable_categorical",
            "categorical splits",
            "Categories are turned into vocabularies by the features, not by the estimator.",
            'category("NAME").one_hot(min_count=50)',
        )
    if int(tree["tree_param"]["size_leaf_vector"]) > 1:
        raise _refused("multi_strategy", "vector leaves", "One tree has several outputs.", "multi_strategy=None")
    left = np.array(tree["left_children"], dtype=np.int32)
    leaf = left < 0
    condition = np.array(tree["split_conditions"], dtype=np.float32)
    value = np.zeros((len(left), outputs))
    value[leaf, output] = (condition * weight)[leaf]
    return Tree(
        feature=np.where(leaf, -1, np.array(tree["split_indices"])).astype(np.int32),
        threshold=np.where(leaf, np.float32(0), just_below(condition)).astype(np.float32),
        left=left,
        right=np.array(tree["right_children"], dtype=np.int32),
        missing_left=np.array(tree["default_left"], dtype=np.bool_) & ~leaf,
        value=value,
        cover=np.array(tree["sum_hessian"], dtype=np.float64),
    )


def _base(text: str, objective: str, outputs: int) -> NDArray[np.float64]:
    """The base score as a margin, in float32 as the library computes it; saved as "[5E-1]" or "5E-1"."""
    score = np.array(text.strip("[]").split(","), dtype=np.float32)
    with np.errstate(divide="ignore"):
        if objective in _SIGMOID:
            score = -np.log(np.float32(1) / score - np.float32(1))
        elif objective in _EXP:
            score = np.log(score)
    return np.broadcast_to(score, (outputs,)).astype(np.float64)


def _answers(objective: str, task: Task) -> Answers:
    if objective in _SIGMOID:
        return Answers(task, "sigmoid", cut=_SIGMOID_CUT)
    if objective in _SOFTMAX:
        return Answers(task, "softmax", decide="probabilities")
    if objective in _EXP:
        return Answers(task, "exp")
    if objective in _IDENTITY:
        return Answers(task, "identity")
    known = ", ".join((*_SIGMOID, *_SOFTMAX, *_EXP, *_IDENTITY))
    raise _refused(
        "objective", f"objective {objective!r}", "Its raw sums would be released as answers.", f"Choose one of {known}."
    )


def _refused(name: str, what: str, reason: str, fix: str) -> ConfigurationRefused:
    return ConfigurationRefused.of(f"xgboost.{name}", found=f"this XGBoost model has {what}", reason=reason, fix=fix)

"""scikit-learn's fitted trees, forests, boosted trees and linear models.

Called by name by `training.export`. scikit-learn sums in doubles in the trees' order, breaks ties towards the first class
(forests), towards class 1 (gradient boosting, at a sum of exactly 0) or class 0 (histogram boosting), and stores where
a missing value goes per split, also when training saw none; each is kept as it is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from seakeep.core.kinds import Task
from seakeep.training.ensemble import Answers, Ensemble, Exported, Linear, Link, Takes, Tree, floored
from seakeep.training.errors import ConfigurationRefused

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

_LOG_LINK = ("PoissonRegressor", "GammaRegressor")
_LINEAR_REGRESSORS = (
    "LinearRegression",
    "Ridge",
    "RidgeCV",
    "Lasso",
    "LassoCV",
    "ElasticNet",
    "ElasticNetCV",
    "SGDRegressor",
    *_LOG_LINK,
    "TweedieRegressor",
)
_LINEAR_CLASSIFIERS = ("LogisticRegression", "LogisticRegressionCV", "SGDClassifier")
_FORESTS = ("RandomForestClassifier", "RandomForestRegressor", "ExtraTreesClassifier", "ExtraTreesRegressor")
_TREES = ("DecisionTreeClassifier", "DecisionTreeRegressor", "ExtraTreeClassifier", "ExtraTreeRegressor")
_BOOSTED = ("GradientBoostingClassifier", "GradientBoostingRegressor")
_HISTOGRAM = ("HistGradientBoostingClassifier", "HistGradientBoostingRegressor")
ESTIMATORS = (*_TREES, *_FORESTS, *_BOOSTED, *_HISTOGRAM, *_LINEAR_CLASSIFIERS, *_LINEAR_REGRESSORS)


def takes(estimator: Any) -> Takes:
    """NaN: trees, but for gradient boosting without histograms; infinities: histogram boosting alone."""
    name = type(estimator).__name__
    return Takes(
        missing=name in (*_TREES, *_FORESTS, *_HISTOGRAM),
        infinite=name in _HISTOGRAM,
        doubles_to_fit=name in _LINEAR_REGRESSORS,
        doubles_to_answer=name in (*_LINEAR_REGRESSORS, *_LINEAR_CLASSIFIERS),
    )


def export(estimator: Any, *, task: Task) -> Exported:
    """The trees or weights of a fitted estimator of `ESTIMATORS`. Raises ConfigurationRefused for categorical splits."""
    scores, answers = _reader(type(estimator).__name__)(estimator, task)
    labels = () if task is Task.REGRESSION else tuple(int(label) for label in estimator.classes_)
    return Exported(scores, answers, labels)


def _reader(name: str) -> Callable[[Any, Task], tuple[Ensemble | Linear, Answers]]:
    if name in _TREES:
        return _single_tree
    if name in _FORESTS:
        return _forest
    if name in _BOOSTED:
        return _boosted
    return _histogram if name in _HISTOGRAM else _linear


def _single_tree(estimator: Any, task: Task) -> tuple[Ensemble, Answers]:
    return _averaged([estimator], task)


def _forest(estimator: Any, task: Task) -> tuple[Ensemble, Answers]:
    return _averaged(estimator.estimators_, task)


def _averaged(members: list[Any], task: Task) -> tuple[Ensemble, Answers]:
    trees = [_tree(member.tree_, member.tree_.value[:, 0, :]) for member in members]
    base = np.zeros(trees[0].value.shape[1])
    answers = Answers(task, "identity") if task is Task.REGRESSION else Answers(task, "votes", decide="probabilities")
    return Ensemble.of(trees, base=base, divisor=float(len(trees))), answers


def _tree(tree: Any, values: NDArray[np.float64]) -> Tree:
    """`values`: (nodes, outputs); only the leaves' count."""
    leaf = tree.children_left < 0
    return Tree(
        feature=np.where(leaf, -1, tree.feature).astype(np.int32),
        threshold=np.where(leaf, np.float32(0), floored(tree.threshold)).astype(np.float32),
        left=tree.children_left.astype(np.int32),
        right=tree.children_right.astype(np.int32),
        missing_left=np.asarray(tree.missing_go_to_left, dtype=np.bool_) & ~leaf,
        value=np.where(leaf[:, None], values, 0.0),
        cover=np.asarray(tree.weighted_n_node_samples, dtype=np.float64),
    )


def _boosted(estimator: Any, task: Task) -> tuple[Ensemble, Answers]:
    outputs = estimator.estimators_.shape[1]
    rate = estimator.learning_rate
    trees = [
        _tree(member.tree_, _placed(rate * member.tree_.value[:, 0, 0], output, outputs))
        for stage in estimator.estimators_
        for output, member in enumerate(stage)
    ]
    probe = np.zeros((1, estimator.n_features_in_), dtype=np.float32)
    base = estimator._raw_predict_init(probe)[0]  # the one place that knows every loss's first guess
    if task is Task.REGRESSION:
        return Ensemble.of(trees, base=base), Answers(task, "identity")
    if outputs > 1:
        return Ensemble.of(trees, base=base), Answers(task, "softmax")
    scale = 2.0 if estimator.loss == "exponential" else 1.0
    return Ensemble.of(trees, base=base), Answers(task, "sigmoid", scale=scale, at_cut=True)


def _histogram(estimator: Any, task: Task) -> tuple[Ensemble, Answers]:
    base = np.asarray(estimator._baseline_prediction, dtype=np.float64).reshape(-1)
    trees = [
        _histogram_tree(member.nodes, output, len(base))
        for stage in estimator._predictors
        for output, member in enumerate(stage)
    ]
    if task is Task.REGRESSION:
        link: Link = "exp" if estimator.loss in ("poisson", "gamma") else "identity"
        return Ensemble.of(trees, base=base), Answers(task, link)
    return Ensemble.of(trees, base=base), Answers(task, "softmax" if len(base) > 1 else "sigmoid")


def _histogram_tree(nodes: NDArray[Any], output: int, outputs: int) -> Tree:
    leaf = nodes["is_leaf"].astype(np.bool_)
    if np.any(nodes["is_categorical"].astype(np.bool_) & ~leaf):
        raise ConfigurationRefused.of(
            "sklearn.categorical_features",
            found="this histogram gradient boosting model has categorical splits",
            reason="Categories are turned into vocabularies by the features, not by the estimator.",
            fix='category("NAME").one_hot(min_count=50)',
        )
    return Tree(
        feature=np.where(leaf, -1, nodes["feature_idx"]).astype(np.int32),
        threshold=np.where(leaf, np.float32(0), floored(nodes["num_threshold"])).astype(np.float32),
        left=np.where(leaf, -1, nodes["left"].astype(np.int64)).astype(np.int32),
        right=np.where(leaf, -1, nodes["right"].astype(np.int64)).astype(np.int32),
        missing_left=nodes["missing_go_to_left"].astype(np.bool_) & ~leaf,
        value=np.where(leaf[:, None], _placed(nodes["value"], output, outputs), 0.0),
        cover=nodes["count"].astype(np.float64),
    )


def _placed(values: NDArray[np.float64], output: int, outputs: int) -> NDArray[np.float64]:
    placed = np.zeros((len(values), outputs))
    placed[:, output] = values
    return placed


def _linear(estimator: Any, task: Task) -> tuple[Linear, Answers]:
    coefficients = np.atleast_2d(np.asarray(estimator.coef_, dtype=np.float64)).T
    intercept = np.broadcast_to(np.asarray(estimator.intercept_, dtype=np.float64), (coefficients.shape[1],))
    linear = Linear(np.ascontiguousarray(coefficients), intercept.copy())
    if task is Task.REGRESSION:
        return linear, Answers(task, "exp" if _has_log_link(estimator) else "identity")
    if linear.outputs == 1:
        return linear, Answers(task, "sigmoid")
    one_against_rest = type(estimator).__name__ == "SGDClassifier" or estimator.solver == "liblinear"
    return linear, Answers(task, "shares" if one_against_rest else "softmax")


def _has_log_link(estimator: Any) -> bool:
    name = type(estimator).__name__
    if name != "TweedieRegressor":
        return name in _LOG_LINK
    return bool(estimator.link == "log" or (estimator.link == "auto" and estimator.power > 0))

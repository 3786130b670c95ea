"""Configurations that are refused by name before anything is read or fitted, each with its reason and the way out.

Called by `estimators.prepare`. A configuration stands here because its export is known to be wrong (a test shows what a
naive export would answer), because ONNX has no words for it, or because training would need what a pipeline does not give.
What our own writer makes right (forests with NaN, LightGBM rf, dart and multiclassova, XGBoost dart and reg:logistic, …) does not.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from seakeep.core.errors import UsageError, nearest
from seakeep.training.errors import ConfigurationRefused

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

Parameters = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Refusal:
    """One refused configuration.

    name: stable, "lightgbm.linear_tree". found: a few words on what was found, "" where it does not apply; called with
    the class's name and the parameters under their canonical names. reason, fix: as in the error.
    """

    name: str
    found: Callable[[str, Parameters], str]
    reason: str
    fix: str


def _set(parameter: str) -> Callable[[str, Parameters], str]:
    """Applies where the parameter is given and neither false nor empty."""
    return lambda _, given: f"{parameter}={given[parameter]!r}" if _is_on(given.get(parameter)) else ""


def _is_on(value: object) -> bool:
    return value not in (None, False, 0, "", "false", "auto", "from_dtype") and not (
        isinstance(value, list | tuple) and not value
    )


def _custom_objective(_: str, given: Parameters) -> str:
    return "a function as objective" if callable(given.get("objective")) else ""


def _lightgbm_objective(_: str, given: Parameters) -> str:
    objective = given.get("objective")
    return f"objective={objective!r}" if isinstance(objective, str) and objective in _LIGHTGBM_UNSAYABLE else ""


def _lightgbm_predicting(_: str, given: Parameters) -> str:
    on = [name for name in _LIGHTGBM_PREDICTING if _is_on(given.get(name))]
    return f"{on[0]}={given[on[0]]!r}" if on else ""


def _xgboost_objective(_: str, given: Parameters) -> str:
    objective = given.get("objective")
    refused = isinstance(objective, str) and objective.startswith(_XGBOOST_UNSAYABLE)
    return f"objective={objective!r}" if refused else ""


def _xgboost_missing(_: str, given: Parameters) -> str:
    missing = given.get("missing", math.nan)
    return "" if missing is None or math.isnan(missing) else f"missing={missing!r}"


def _xgboost_booster(_: str, given: Parameters) -> str:
    return "booster='gblinear'" if given.get("booster") == "gblinear" else ""


def _xgboost_strategy(_: str, given: Parameters) -> str:
    return "multi_strategy='multi_output_tree'" if given.get("multi_strategy") == "multi_output_tree" else ""


def _several_quantiles(_: str, given: Parameters) -> str:
    alpha = given.get("quantile_alpha")
    several = isinstance(alpha, list | tuple) and len(alpha) > 1
    return f"quantile_alpha={alpha!r}" if several else ""


def _feature_types(_: str, given: Parameters) -> str:
    return "feature_types with 'c'" if "c" in (given.get("feature_types") or ()) else ""


def _initial_estimator(name: str, given: Parameters) -> str:
    custom = name.startswith("GradientBoosting") and given.get("init") not in (None, "zero")
    return f"init={type(given['init']).__name__}()" if custom else ""


def _sgd_loss(name: str, given: Parameters) -> str:
    return f"loss={given['loss']!r}" if name == "SGDClassifier" and given["loss"] != "log_loss" else ""


def _multi_class(_: str, given: Parameters) -> str:
    chosen = given.get("multi_class", "auto")
    return f"multi_class={chosen!r}" if chosen not in ("auto", "warn", "deprecated") else ""


_LIGHTGBM_UNSAYABLE = ("cross_entropy_lambda", "xentlambda", "lambdarank", "rank_xendcg", "xendcg", "custom", "none")
_LIGHTGBM_PREDICTING = ("pred_early_stop", "predict_raw_score", "predict_leaf_index", "predict_contrib")
_XGBOOST_UNSAYABLE = ("binary:hinge", "binary:logitraw", "rank:", "survival:")
_VOCABULARY = 'Let the features do it: category("NAME").one_hot(min_count=50)'
_NO_VALIDATION = (
    "Early stopping needs rows that train does not cut out, and would stop never or at random without them."
)
_CODES = "Splits on category codes depend on a coding that raw columns do not have; a naive export flips decisions."

REFUSALS: dict[str, tuple[Refusal, ...]] = {
    "lightgbm": (
        Refusal(
            "lightgbm.linear_tree",
            _set("linear_tree"),
            "A leaf holds a regression, and an ONNX tree's leaf holds a number; a naive export drops the slopes.",
            "linear_tree=False",
        ),
        Refusal(
            "lightgbm.zero_as_missing",
            _set("zero_as_missing"),
            "An ONNX tree has one way for NaN and none for zero; a naive export sends zeros the wrong way.",
            'zero_as_missing=False, and number("NAME") with real nulls',
        ),
        Refusal("lightgbm.categorical_feature", _set("categorical_feature"), _CODES, _VOCABULARY),
        Refusal(
            "lightgbm.custom_objective",
            _custom_objective,
            "Nothing says how its raw sums become probabilities or values.",
            'objective="binary", "regression", "poisson", …',
        ),
        Refusal(
            "lightgbm.objective",
            _lightgbm_objective,
            "Its raw sums are ranks or have no link that ONNX nodes here compute.",
            'objective="binary", "multiclass", "regression", "cross_entropy", …',
        ),
        Refusal(
            "lightgbm.reg_sqrt",
            _set("reg_sqrt"),
            "The library squares the sum behind the link; contributions would not add up to the answer.",
            'Take the root of the label on reading: derive={"LABEL": polars.col("LABEL").sqrt()}',
        ),
        Refusal(
            "lightgbm.prediction_parameters",
            _lightgbm_predicting,
            "It makes the library's own answers approximate or of another kind, so that nothing is left to compare with.",
            "Leave it out.",
        ),
        Refusal(
            "lightgbm.early_stopping",
            _set("early_stopping_round"),
            _NO_VALIDATION,
            "Leave it out and set n_estimators.",
        ),
    ),
    "xgboost": (
        Refusal(
            "xgboost.booster",
            _xgboost_booster,
            "It is a linear model in another coat, with an update order that depends on threads.",
            "LogisticRegression() or Ridge()",
        ),
        Refusal("xgboost.enable_categorical", _feature_types, _CODES, _VOCABULARY),
        Refusal(
            "xgboost.multi_strategy",
            _xgboost_strategy,
            "One tree has several outputs.",
            'multi_strategy="one_output_per_tree"',
        ),
        Refusal(
            "xgboost.custom_objective",
            _custom_objective,
            "Nothing says how its raw sums become probabilities or values.",
            'objective="binary:logistic", "reg:squarederror", …',
        ),
        Refusal(
            "xgboost.objective",
            _xgboost_objective,
            "Its answers are neither probabilities nor values (ranks, hazards, or bare decisions).",
            'objective="binary:logistic", "reg:squarederror", "count:poisson", …',
        ),
        Refusal(
            "xgboost.missing",
            _xgboost_missing,
            "A number that means missing goes the way of NaN in the library and of numbers in ONNX.",
            'missing=nan, and make it null on reading: derive={"NAME": polars.col("NAME").replace(-1, None)}',
        ),
        Refusal(
            "xgboost.quantile_alpha",
            _several_quantiles,
            "A model answers one value.",
            "quantile_alpha=0.5, and one model a quantile",
        ),
        Refusal(
            "xgboost.early_stopping",
            _set("early_stopping_rounds"),
            _NO_VALIDATION,
            "Leave it out and set n_estimators.",
        ),
    ),
    "sklearn": (
        Refusal("sklearn.categorical_features", _set("categorical_features"), _CODES, _VOCABULARY),
        Refusal(
            "sklearn.init",
            _initial_estimator,
            "Sums start from another model's answers, which the trees do not hold.",
            'init=None or init="zero"',
        ),
        Refusal(
            "sklearn.loss",
            _sgd_loss,
            "Without log loss there are no probabilities that evaluation and thresholds could stand on.",
            'loss="log_loss"',
        ),
        Refusal(
            "sklearn.multi_class",
            _multi_class,
            "Its probabilities are normalised in another way from version to version.",
            "Leave multi_class out.",
        ),
    ),
}

_SUBSTITUTES = {
    "Pipeline": "Give its last step as the estimator, and declare the steps before it as seakeep.features.Features(…).",
    "ColumnTransformer": "Declare its columns as seakeep.features.Features(…), and give an estimator.",
    "CalibratedClassifierCV": "Give its inner estimator: log loss, which they all minimise, calibrates by itself.",
    "IsotonicRegression": "HistGradientBoostingRegressor",
    "SVC": "LogisticRegression",
    "LinearSVC": "LogisticRegression",
    "RidgeClassifier": "LogisticRegression",
    "SVR": "HistGradientBoostingRegressor",
    "CatBoostClassifier": "LGBMClassifier",
    "CatBoostRegressor": "LGBMRegressor",
    "LGBMRanker": "LGBMRegressor",
    "XGBRanker": "XGBRegressor",
}


def check_parameters(library: str, class_name: str, parameters: Parameters) -> None:
    """Raise ConfigurationRefused for the first refusal of the library that applies."""
    for refusal in REFUSALS.get(library, ()):
        if found := refusal.found(class_name, parameters):
            raise ConfigurationRefused.of(
                refusal.name, found=f"{class_name} with {found}", reason=refusal.reason, fix=refusal.fix
            )


def parameters_of(library: str, built: Any) -> Parameters:
    """The parameters under canonical names. Raises UsageError for a name that LightGBM would ignore with a warning."""
    given: Parameters = built.get_params(deep=False)
    if library != "lightgbm":
        return given
    aliases = _lightgbm_aliases()
    usual = type(built)().get_params(deep=False)
    for name in given:
        if aliases and name not in usual and name not in aliases:
            raise UsageError.unknown_name("parameter", name, {*usual, *aliases}, where=type(built).__name__)
    return {aliases.get(name, name): value for name, value in given.items()}


def substitute(class_name: str) -> str:
    """The supported estimator that comes nearest to one that is not, or what to do instead."""
    if class_name in _SUBSTITUTES:
        return _SUBSTITUTES[class_name]
    kind = "Regressor" if "Regress" in class_name and "Logistic" not in class_name else "Classifier"
    known = [
        f"{name}{kind}"
        for name in ("RandomForest", "ExtraTrees", "GradientBoosting", "HistGradientBoosting", "DecisionTree")
    ]
    return nearest(class_name, known) or f"HistGradientBoosting{kind}"


def _lightgbm_aliases() -> Mapping[str, str]:
    """Canonical name by every name that LightGBM knows; empty where this version keeps the list elsewhere."""
    from lightgbm import basic

    table = getattr(getattr(basic, "_ConfigAliases", None), "_get_all_param_aliases", None)
    if table is None:
        return {}
    return {alias: name for name, aliases in table().items() for alias in {name, *aliases}}

"""Contributions of trees: equal to LightGBM's and XGBoost's own, to the definition by enumeration, and additive always."""

from __future__ import annotations

from itertools import combinations
from math import factorial

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seakeep.evaluation import tree_shap
from seakeep.evaluation.explainer import Trees
from seakeep.evaluation.tree_shap import contributions, cost, raw_scores


def trees_of(nodes: list[dict], roots: list[int], *, base: list[float], link: str = "identity") -> Trees:
    def column(name: str, kind: type) -> np.ndarray:
        return np.array([node.get(name, -1) for node in nodes], kind)

    value = np.array([node.get("value", [0.0] * len(base)) for node in nodes], float)
    missing = np.array([node.get("missing_left", False) for node in nodes], bool)
    return Trees(
        column("feature", np.int32),
        column("threshold", np.float32),
        column("left", np.int32),
        column("right", np.int32),
        missing,
        value,
        column("cover", float),
        np.array(roots, np.int32),
        np.array(base, float),
        link,
    )


def grown(seed: int, *, count: int = 3, features: int = 4, depth: int = 4, outputs: int = 1) -> Trees:
    """Random trees: random splits (a feature may come again on a path), covers that add, some leaves never reached."""
    random = np.random.default_rng(seed)
    nodes: list[dict] = []

    def grow(level: int, cover: float) -> int:
        place = len(nodes)
        nodes.append({"cover": cover})
        if level == 0 or random.random() < 0.2:
            nodes[place]["value"] = random.normal(size=outputs).tolist()
            return place
        part = random.choice([0.0, random.random(), 1.0], p=[0.1, 0.8, 0.1])
        nodes[place] |= {
            "feature": int(random.integers(features)),
            "threshold": float(random.normal()),
            "missing_left": bool(random.random() < 0.5),
            "left": grow(level - 1, cover * part),
            "right": grow(level - 1, cover * (1 - part)),
        }
        return place

    roots = [grow(depth, 100.0) for _ in range(count)]
    return trees_of(nodes, roots, base=random.normal(size=outputs).tolist())


def expected_given(trees: Trees, row: np.ndarray, known: tuple[int, ...]) -> np.ndarray:
    """The path-dependent expectation by its definition: unknown features split by cover."""

    def walk(node: int) -> np.ndarray:
        if trees.left[node] < 0:
            return trees.value[node]
        left, right, feature = trees.left[node], trees.right[node], trees.feature[node]
        if feature in known:
            value = row[feature]
            goes_left = trees.missing_left[node] if np.isnan(value) else value <= trees.threshold[node]
            return walk(left if goes_left else right)
        both = trees.cover[left] + trees.cover[right]
        share = trees.cover[left] / both if both > 0 else 0.5
        return share * walk(left) + (1 - share) * walk(right)

    return trees.base + sum(walk(root) for root in trees.root)


def by_definition(trees: Trees, row: np.ndarray) -> np.ndarray:
    count = len(row)
    found = np.zeros((count, len(trees.base)))
    for j in range(count):
        others = [k for k in range(count) if k != j]
        for size in range(count):
            weight = factorial(size) * factorial(count - size - 1) / factorial(count)
            for known in combinations(others, size):
                found[j] += weight * (expected_given(trees, row, (*known, j)) - expected_given(trees, row, known))
    return found


def rows_of(seed: int, count: int, features: int) -> np.ndarray:
    random = np.random.default_rng(seed)
    rows = random.normal(size=(count, features)).astype(np.float32)
    rows[random.random(rows.shape) < 0.15] = np.nan
    return rows


@given(seed=st.integers(0, 10**6), outputs=st.integers(1, 3))
def test_contributions_are_shapley_values_by_their_definition(seed, outputs):
    trees, rows = grown(seed, outputs=outputs), rows_of(seed, 3, 4)
    found, expected = contributions(trees, rows)
    assert expected == pytest.approx(expected_given(trees, rows[0], ()), abs=1e-12)
    for row, parts in zip(rows, found, strict=True):
        assert parts == pytest.approx(by_definition(trees, row), abs=1e-12)


@given(seed=st.integers(0, 10**6), depth=st.integers(0, 9), outputs=st.integers(1, 3))
def test_contributions_and_the_expected_score_add_to_the_raw_score(seed, depth, outputs):
    trees, rows = grown(seed, depth=depth, features=9, outputs=outputs), rows_of(seed, 6, 9)
    found, expected = contributions(trees, rows)
    assert expected + found.sum(axis=1) == pytest.approx(raw_scores(trees, rows), abs=1e-10)


def test_a_feature_that_no_tree_asks_for_contributes_nothing():
    found, _ = contributions(grown(1, features=3), rows_of(1, 5, 6))
    assert (found[:, 3:] == 0).all()


def test_an_ensemble_of_single_leaves_contributes_nothing_and_expects_their_sum():
    trees = trees_of([{"value": [2.0], "cover": 5}, {"value": [-0.5], "cover": 5}], [0, 1], base=[1.0])
    found, expected = contributions(trees, rows_of(0, 2, 3))
    assert (found == 0).all()
    assert expected.tolist() == [2.5]
    assert cost(trees) == 0


def test_cutting_the_work_into_runs_changes_nothing(monkeypatch):
    trees, rows = grown(4, count=20, depth=6, features=8), rows_of(4, 10, 8)
    whole, _ = contributions(trees, rows)
    monkeypatch.setattr(tree_shap, "CELLS", 50)
    assert contributions(trees, rows)[0] == pytest.approx(whole, abs=1e-12)


def lightgbm_trees(booster, outputs: int) -> Trees:
    nodes: list[dict] = []

    def add(node: dict, output: int) -> int:
        place = len(nodes)
        if "leaf_value" in node:
            value = [node["leaf_value"] if k == output else 0.0 for k in range(outputs)]
            nodes.append({"value": value, "cover": node.get("leaf_count", 1)})
            return place
        nodes.append({})
        threshold = np.float32(min(node["threshold"], float(np.finfo(np.float32).max)))
        if float(threshold) > node["threshold"]:
            threshold = np.nextafter(threshold, np.float32(-np.inf))
        nodes[place] |= {
            "feature": node["split_feature"],
            "threshold": threshold,
            "missing_left": node["default_left"] if node["missing_type"] == "NaN" else node["threshold"] >= 0,
            "cover": node["internal_count"],
            "left": add(node["left_child"], output),
            "right": add(node["right_child"], output),
        }
        return place

    found = booster.dump_model()["tree_info"]
    roots = [add(tree["tree_structure"], number % outputs) for number, tree in enumerate(found)]
    return trees_of(nodes, roots, base=[0.0] * outputs)


@pytest.mark.parametrize("classes", [2, 3])
def test_contributions_equal_lightgbms(classes):
    lightgbm = pytest.importorskip("lightgbm")
    rows = rows_of(7, 800, 6)
    raw = np.nan_to_num(rows[:, 0]) * np.nan_to_num(rows[:, 1]) + np.nan_to_num(rows[:, 2])
    labels = np.digitize(raw, [0.0] if classes == 2 else [-0.5, 0.5])
    outputs = 1 if classes == 2 else classes
    objective = {"objective": "binary"} if classes == 2 else {"objective": "multiclass", "num_class": classes}
    data = lightgbm.Dataset(rows.astype(float), labels)
    options = {"verbose": -1, "num_leaves": 25, "num_threads": 1, "use_missing": True, **objective}
    booster = lightgbm.train(options, data, num_boost_round=20)
    theirs = booster.predict(rows.astype(float), pred_contrib=True).reshape(len(rows), outputs, 7)
    found, expected = contributions(lightgbm_trees(booster, outputs), rows)
    assert found.transpose(0, 2, 1) == pytest.approx(theirs[:, :, :6], abs=1e-9)
    assert expected == pytest.approx(theirs[0, :, 6], abs=1e-9)


def xgboost_trees(booster, base: float) -> Trees:
    frame = booster.trees_to_dataframe()
    place = {name: number for number, name in enumerate(frame["ID"])}
    nodes = []
    for row in frame.to_dict("records"):
        if row["Feature"] == "Leaf":
            nodes.append({"value": [row["Gain"]], "cover": row["Cover"]})
            continue
        nodes.append(
            {
                "feature": int(row["Feature"].removeprefix("f")),
                "threshold": np.nextafter(np.float32(row["Split"]), np.float32(-np.inf)),
                "missing_left": row["Missing"] == row["Yes"],
                "cover": row["Cover"],
                "left": place[row["Yes"]],
                "right": place[row["No"]],
            }
        )
    return trees_of(nodes, [place[name] for name in frame["ID"] if name.endswith("-0")], base=[base])


def test_contributions_equal_xgboosts():
    xgboost = pytest.importorskip("xgboost")
    rows = rows_of(8, 800, 6)
    labels = np.nan_to_num(rows[:, 0] * rows[:, 1]) + np.nan_to_num(rows[:, 2]) > 0
    options = {"objective": "binary:logistic", "max_depth": 6, "base_score": 0.5, "nthread": 1}
    booster = xgboost.train(options, xgboost.DMatrix(rows, labels), num_boost_round=20)
    theirs = booster.predict(xgboost.DMatrix(rows), pred_contribs=True)
    found, expected = contributions(xgboost_trees(booster, 0.0), rows)
    assert found[:, :, 0] == pytest.approx(theirs[:, :6], abs=2e-5)
    assert expected[0] == pytest.approx(theirs[0, 6], abs=2e-5)

"""Explanations: they add up, speak of raw columns, and files that cannot be used are refused by name."""

from __future__ import annotations

import io
from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from seakeep.core import Task, Verdict
from seakeep.core.codec import from_plain, to_plain
from seakeep.evaluation import Explanation, explain
from seakeep.evaluation.additivity import additivity
from seakeep.evaluation.collect import collect
from seakeep.evaluation.explainer import BadExplanation, Trees, linked, load


def packed(**items) -> bytes:
    file = io.BytesIO()
    np.savez(file, **items)
    return file.getvalue()


TREES = {
    "kind": "trees",
    "feature": np.array([3, -1, -1], np.int32),
    "threshold": np.array([0.8, 0, 0], np.float32),
    "left": np.array([1, -1, -1], np.int32),
    "right": np.array([2, -1, -1], np.int32),
    "missing_left": np.array([True, False, False]),
    "value": np.array([[0.0], [-0.5], [0.7]]),
    "cover": np.array([100.0, 60.0, 40.0]),
    "root": np.array([0], np.int32),
    "base": np.array([0.2]),
    "link": "sigmoid",
}


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def test_contributions_and_the_expected_score_add_to_the_raw_score_and_its_link_is_the_score(flights):
    for each in explain(flights.model, flights.predictor, flights.frame.head(20)):
        assert each.expected + sum(part.contribution for part in each.contributions) == pytest.approx(
            each.raw, abs=1e-12
        )
        assert sigmoid(each.raw) == pytest.approx(each.score, abs=1e-6)
        assert abs(each.gap) < 1e-6
        assert each.target is True


def test_features_are_summed_under_their_raw_columns_and_a_cross_stands_under_both(flights):
    row = flights.frame.filter(pl.col("carrier") == "EV").head(1)
    (found,) = explain(flights.model, flights.predictor, row)
    parts = {part.column: part for part in found.contributions}
    assert set(parts) == {"carrier", "distance", "hour", "carrier × hour"}
    assert parts["carrier"].value == "EV"
    assert parts["carrier × hour"].value == f"EV × {row['hour'][0]}"
    mean = flights.predictor.features(flights.frame).astype(float).mean(axis=0)
    assert parts["carrier"].contribution == pytest.approx(1.6 - np.array([0.5, 0.9, 1.6]) @ mean[:3], abs=1e-9)


def test_the_largest_contribution_comes_first(flights):
    for each in explain(flights.model, flights.predictor, flights.frame.head(20)):
        sizes = [abs(part.contribution) for part in each.contributions]
        assert sizes == sorted(sizes, reverse=True)


def test_of_several_classes_the_decided_one_is_explained(outcomes):
    rows = outcomes.frame.head(30)
    answers = outcomes.predictor.predict(rows)
    for row, each in enumerate(explain(outcomes.model, outcomes.predictor, rows)):
        assert each.target == outcomes.model.classes[answers.decisions[row]]
        assert each.score == pytest.approx(answers.scores[row].max())
        assert each.link == "softmax"


def test_a_number_is_explained_in_its_own_unit(delays):
    (found,) = explain(delays.model, delays.predictor, delays.frame.head(1))
    assert found.target is None
    assert found.raw == pytest.approx(found.score, rel=1e-6)


def test_an_explanation_is_saved_and_read_back_equal(flights):
    (found,) = explain(flights.model, flights.predictor, flights.frame.head(1))
    assert from_plain(Explanation, to_plain(found)) == found


def test_missing_values_are_told_as_missing(flights):
    row = flights.frame.filter(pl.col("carrier").is_null()).head(1)
    (found,) = explain(flights.model, flights.predictor, row)
    values = {part.column: part.value for part in found.contributions}
    assert values["carrier"] is None
    assert values["carrier × hour"].startswith("missing × ")


def test_no_rows_have_no_explanations(flights):
    assert explain(flights.model, flights.predictor, flights.frame.head(0)) == ()


def test_links_turn_raw_scores_into_answers():
    raw = np.array([[-800.0, 0.0, 800.0]])
    assert linked(raw, "sigmoid").tolist() == [[0.0, 0.5, 1.0]]
    assert linked(raw, "softmax").tolist() == [[0.0, 0.0, 1.0]]
    assert linked(np.log(raw[:, 2:]), "exp") == pytest.approx(800.0)
    assert linked(raw, "identity") is raw


class Tree:
    """Answers as TREES does."""

    def __init__(self, inner, *, scale=1.0):
        self.inner, self.scale = inner, scale

    def features(self, frame):
        return self.inner.features(frame)

    def predict(self, frame):
        goes_left = self.features(frame)[:, 3] <= np.float32(0.8)
        share = sigmoid(0.2 + np.where(goes_left, -0.5, 0.7) * self.scale)
        return replace(self.inner.predict(frame), scores=np.column_stack([1 - share, share]).astype(np.float32))


def test_trees_are_explained_through_the_same_door(flights):
    model = replace(flights.model, explanation=packed(**TREES))
    for row in explain(model, Tree(flights.predictor), flights.frame.head(10)):
        assert row.expected == pytest.approx(0.2 - 0.5 * 0.6 + 0.7 * 0.4)
        assert {part.column: part.contribution for part in row.contributions if part.contribution}.keys() == {
            "distance"
        }


def checked(world, model=None, predictor=None):
    seen = collect(predictor or world.predictor, world.model, world.dataset)
    return additivity(predictor or world.predictor, model or world.model, seen.raw)


@pytest.mark.parametrize("name", ["flights", "outcomes", "delays"])
def test_additivity_is_checked_and_a_few_rows_are_shown(name, request):
    world = request.getfixturevalue(name)
    (check,), (table,) = checked(world)
    assert (check.code, check.verdict) == ("explain.additivity", Verdict.PASS)
    assert check.observed < check.threshold
    assert {row["row"] for row in table.records()} == {1, 2, 3, 4, 5}
    scores = [row["score"] for row in table.records() if row["column"] == "carrier"]
    assert len(set(scores)) == 5


def test_an_explanation_of_another_model_fails(flights):
    model = replace(flights.model, explanation=packed(**TREES))
    assert checked(flights, model, Tree(flights.predictor))[0][0].verdict is Verdict.PASS
    (check,), _ = checked(flights, model, Tree(flights.predictor, scale=1.01))
    assert check.verdict is Verdict.FAIL
    assert "do not sum to the model's answer" in check.message
    assert check.fix


def test_an_explanation_of_another_number_of_classes_fails(flights):
    trees = TREES | {"value": np.zeros((3, 3)), "base": np.zeros(3), "link": "softmax"}
    (check,), _ = checked(flights, replace(flights.model, explanation=packed(**trees)))
    assert check.verdict is Verdict.FAIL
    assert "speaks of 3 scores a row and the model answers 2" in check.message


def test_a_torn_explanation_fails_the_evaluation_and_does_not_stop_it(flights):
    (check,), tables = checked(flights, replace(flights.model, explanation=packed(**TREES)[:-30]))
    assert (check.verdict, tables) == (Verdict.FAIL, ())


def test_a_model_without_explanation_is_not_judged_by_it(flights):
    assert checked(flights, replace(flights.model, explanation=b"")) == ((), ())


def test_too_large_an_ensemble_is_told_and_not_attempted(flights, monkeypatch):
    monkeypatch.setattr("seakeep.evaluation.additivity.WORK_A_ROW", 0)
    (check,), _ = checked(flights, replace(flights.model, explanation=packed(**TREES)))
    assert check.verdict is Verdict.INCONCLUSIVE


def test_a_large_ensemble_is_checked_on_fewer_rows(flights, monkeypatch):
    monkeypatch.setattr("seakeep.evaluation.additivity.WORK", 4)
    (check,), (table,) = checked(flights, replace(flights.model, explanation=packed(**TREES)), Tree(flights.predictor))
    assert check.evidence["rows"] == 2
    assert {row["row"] for row in table.records()} == {1, 2}


def refused(world, content: bytes) -> str:
    with pytest.raises(BadExplanation) as caught:
        load(replace(world.model, explanation=content))
    return str(caught.value)


def test_a_model_without_an_explanation_file_says_what_can_be_looked_at_instead(flights):
    assert refused(flights, b"") == (
        "the model has no explanation file (model delays)\n"
        "  Contributions are known for trees and linear models; the estimator is Arithmetic().\n"
        '  Look at the importance of the raw columns instead: report.table("importance").'
    )


def test_a_file_that_is_no_archive_is_refused(flights):
    text = refused(flights, b"not a file")
    assert text.startswith("the explanation file cannot be read: ")
    assert text.endswith("  Train the model again, or evaluate with explain=False.")


def test_a_pickled_object_is_refused(flights):
    assert "cannot be read" in refused(flights, packed(kind=np.array([{"a": 1}], dtype=object)))


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"kind": "forest"}, "is of kind 'forest', expected 'trees' or 'linear'"),
        ({"link": "tanh"}, "has the link 'tanh', expected one of identity, sigmoid, softmax, exp"),
        ({"cover": np.ones(2)}, "holds arrays of different lengths for 3 nodes"),
        ({"base": np.zeros(2)}, "holds arrays of different lengths for 3 nodes"),
        ({"left": np.array([7, -1, -1])}, "points to nodes beyond its 3"),
        ({"root": np.array([3])}, "points to nodes beyond its 3"),
        ({"right": np.array([1, -1, -1])}, "holds nodes that are not trees"),
        ({"left": np.array([0, -1, -1])}, "holds nodes that are not trees"),
        ({"right": np.array([-1, -1, -1])}, "points to nodes beyond its 3"),
        ({"feature": np.array(["a", "b", "c"])}, "holds an array of the wrong type or shape"),
        ({"cover": np.float64(1)}, "holds an array of the wrong type or shape"),
        (
            {name: np.empty(0) for name in TREES if name not in ("kind", "link")},
            "holds an array of the wrong type or shape",
        ),
        ({"root": np.empty(0, np.int32)}, "holds nodes that no root leads to"),
        ({"feature": np.array([6, -1, -1])}, "names features beyond the model's 6"),
    ],
)
def test_trees_that_do_not_fit_together_are_refused(flights, change, told):
    assert f"the explanation file {told}" in refused(flights, packed(**(TREES | change)))


def test_nodes_that_lead_in_a_circle_are_refused_and_do_not_hang(flights):
    circle = TREES | {
        "feature": np.zeros(5), "threshold": np.zeros(5), "missing_left": np.zeros(5), "value": np.zeros((5, 1)), "cover": np.ones(5),
        "left": np.array([-1, 2, 1, -1, -1]), "right": np.array([-1, 3, 4, -1, -1]), "root": np.array([0]),
    }  # fmt: skip
    assert "holds nodes that no root leads to" in refused(flights, packed(**circle))


def test_a_file_that_lacks_an_array_names_it(flights):
    assert "lacks cover, root" in refused(
        flights, packed(**{k: v for k, v in TREES.items() if k not in ("cover", "root")})
    )


def test_coefficients_of_another_number_of_features_are_refused(flights):
    linear = {
        "kind": "linear",
        "coefficients": np.zeros((5, 1)),
        "intercept": np.zeros(1),
        "mean": np.zeros(5),
        "link": "identity",
    }
    assert "coefficients of shape (5, 1), expected (6, 1)" in refused(flights, packed(**linear))


def test_values_of_one_output_may_be_a_plain_column(flights):
    found = load(
        replace(flights.model, explanation=packed(**(TREES | {"value": np.zeros(3), "base": np.float64(0.5)})))
    )
    assert isinstance(found, Trees)
    assert found.value.shape == (3, 1)
    assert flights.model.task is Task.BINARY

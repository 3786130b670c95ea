"""The one pass over the data: what is kept, what is left out, and that batches leave no trace."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from seakeep.core import Input, Kind, Schema
from seakeep.core.errors import UsageError
from seakeep.core.prediction import Predictions
from seakeep.data import read
from seakeep.data.frames import batches as real_batches
from seakeep.evaluation import collect as module
from seakeep.evaluation.collect import SAMPLE_ROWS, BadAnswer, NoLabel, collect, label_of
from seakeep.evaluation.slices import columns_of, named, slices_by


def seen_of(world, **options):
    return collect(world.predictor, world.model, world.dataset, **options)


def test_rows_without_a_label_are_left_out_counted_and_never_asked_about(flights):
    frame = flights.frame.with_columns(late=pl.when(pl.int_range(pl.len()) % 4 == 0).then(None).otherwise("late"))
    asked = []

    class Counting:
        def predict(self, rows):
            asked.append(rows.height)
            return flights.predictor.predict(rows)

    seen = collect(Counting(), flights.model, read(frame, label="late"))
    assert (seen.sample.rows, seen.missing, sum(asked)) == (3000, 1000, 3000)


def test_answers_stand_beside_their_labels_and_groups(flights):
    seen = seen_of(flights)
    answers = flights.predictor.predict(flights.frame)
    assert (seen.sample.labels == flights.frame["late"].to_numpy()).all()
    assert np.allclose(seen.sample.scores, answers.scores)
    assert (seen.sample.chosen == answers.decisions).all()
    rows = named(seen.groups, "carrier=EV").rows
    assert (flights.frame["carrier"].gather(rows) == "EV").all()


def test_the_size_of_batches_leaves_no_trace(flights, monkeypatch, make_binary):
    world = make_binary(SAMPLE_ROWS + 3000)
    whole = seen_of(world)
    monkeypatch.setattr(module, "batches", lambda dataset, columns: real_batches(dataset, rows=777, columns=columns))
    parts = seen_of(world)
    assert (whole.sample.scores == parts.sample.scores).all()
    assert whole.raw.frame.equals(parts.raw.frame)
    assert whole.raw.frame.height == SAMPLE_ROWS
    assert (whole.raw.sample.labels == parts.raw.sample.labels).all()
    for column, group in whole.groups.items():
        assert group.names == parts.groups[column].names
        assert (group.codes == parts.groups[column].codes).all()


def test_the_raw_sample_is_uniform_and_its_answers_are_its_rows(make_binary):
    world = make_binary(50_000)
    seen = seen_of(world)
    assert np.allclose(world.predictor.predict(seen.raw.frame).scores, seen.raw.sample.scores)
    assert (seen.raw.frame["carrier"] == "UA").mean() == pytest.approx(0.4, abs=0.03)
    assert not seen_of(world, seed=1).raw.frame.equals(seen.raw.frame)


def test_only_the_columns_needed_are_read(flights):
    extra = flights.frame.with_columns(unused=pl.lit("x"), origin=pl.lit("EWR"))

    class Strict:
        def predict(self, rows):
            assert set(rows.columns) == {"carrier", "distance", "hour", "origin", "late"}
            return flights.predictor.predict(rows)

    seen = collect(Strict(), flights.model, read(extra, label="late"), columns=["origin"])
    assert set(seen.groups) == {"carrier", "distance", "hour", "origin"}


def test_the_label_may_be_grouped_by(flights):
    seen = seen_of(flights, columns=["late"])
    assert {each.name for each in slices_by(seen.groups, ("late",)).slices} == {"late=true", "late=false"}


def test_the_label_is_the_datasets_or_else_the_models(flights):
    assert label_of(read(flights.frame), flights.model) == "late"
    other = flights.frame.rename({"late": "tardy"})
    assert label_of(read(other, label="tardy"), flights.model) == "tardy"
    with pytest.raises(UsageError, match="there is no column 'late'"):
        label_of(read(other), flights.model)


def test_no_label_at_all_is_refused_with_what_to_write(flights):
    with pytest.raises(NoLabel) as caught:
        label_of(read(flights.frame), replace(flights.model, schema=Schema("rows")))
    assert str(caught.value).startswith(
        "an evaluation needs labels, and neither the dataset nor the model's schema names a label column ("
    )
    assert str(caught.value).endswith(
        '\n  The dataset was read without its roles.\n  Name it on reading: seakeep.read(…, label="late").'
    )


def test_an_unknown_column_to_slice_by_is_refused_with_the_nearest_name(flights):
    with pytest.raises(UsageError, match="Did you mean 'carrier'"):
        seen_of(flights, columns=["carier"])


def test_an_input_that_the_table_lacks_is_refused_by_name(flights):
    model = replace(flights.model, inputs=(*flights.model.inputs, Input("origin", Kind.STRING)))
    with pytest.raises(UsageError, match="there is no column 'origin'"):
        collect(flights.predictor, model, flights.dataset)


class Answers:
    def __init__(self, scores, decisions=None):
        self.scores, self.decisions = scores, decisions

    def predict(self, rows):
        scores = np.tile(np.float32(self.scores), (rows.height, 1))
        return Predictions(scores, None if self.decisions is None else np.full(rows.height, self.decisions))


def test_answers_of_another_shape_are_refused(flights):
    with pytest.raises(BadAnswer) as caught:
        collect(Answers([0.2, 0.3, 0.5]), flights.model, flights.dataset)
    assert str(caught.value) == (
        "the predictor answered scores of shape (4000, 3), expected (4000, 2) (rows, classes) (model delays)\n"
        "  The predictor runs another model, or the model's list of classes is not its graph's.\n"
        "  Build the predictor from this model: OnnxPredictor(model)."
    )


@pytest.mark.parametrize("decision", [-1, 2])
def test_decisions_that_are_no_class_are_refused(flights, decision):
    with pytest.raises(BadAnswer, match=r"expected \(4000,\) and 0 to 1"):
        collect(Answers([0.2, 0.8], decision), flights.model, flights.dataset)


def test_without_decisions_the_most_probable_class_is_decided(flights):
    assert (collect(Answers([0.2, 0.8]), flights.model, flights.dataset).sample.chosen == 1).all()


@pytest.mark.parametrize("name", ["flights", "outcomes", "delays"])
def test_a_table_without_rows_or_labels_is_an_empty_sample(name, request):
    world = request.getfixturevalue(name)
    unlabelled = world.frame.with_columns(late=pl.lit(None, dtype=world.frame["late"].dtype))
    for frame in (world.frame.head(0), unlabelled):
        seen = seen_of(world.with_frame(frame))
        assert seen.sample.rows == 0
        assert seen.sample.scores.shape == (0, max(1, len(world.model.classes)))
        assert slices_by(seen.groups, ("carrier", "hour")).slices == ()


def test_slices_are_the_most_frequent_groups_and_the_rest_is_counted(flights):
    seen = seen_of(flights)
    found = slices_by(seen.groups, ("hour",), most=5)
    sizes = [len(each.rows) for each in found.slices]
    assert sizes == sorted(sizes, reverse=True)
    assert found.left_out == 13
    assert sum(sizes) + found.rows_left_out == 4000


def test_slices_by_a_cross_are_disjoint_and_cover_all_rows(flights):
    seen = seen_of(flights)
    found = slices_by(seen.groups, ("carrier", "distance"), most=1000)
    rows = np.concatenate([each.rows for each in found.slices])
    assert sorted(rows.tolist()) == list(range(4000))
    assert all((np.diff(each.rows) > 0).all() for each in found.slices)


def test_a_column_crossed_with_itself_is_the_column():
    assert columns_of(("carrier", "carrier")) == columns_of("carrier") == ("carrier",)

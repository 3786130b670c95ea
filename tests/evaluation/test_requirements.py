"""Requirements: readable, saved and read back equal, and refused early where they cannot be judged."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seakeep.core import Task
from seakeep.core.codec import digest, from_plain, to_plain
from seakeep.core.errors import UsageError
from seakeep.evaluation import at_least, at_most, check_names, check_requirements, gap_at_most, no_worse_than
from seakeep.evaluation.checking import columns_needed
from seakeep.evaluation.requirements import FAIRNESS, BadRequirement, Requirement
from seakeep.evaluation.slices import BadSlice

shares = st.floats(0, 1)
columns = st.one_of(st.text(min_size=1), st.lists(st.text(min_size=1), min_size=1, max_size=3))
requirements = st.one_of(
    st.builds(at_least, st.text(), shares, by=st.one_of(st.none(), columns), confident=st.booleans()),
    st.builds(at_most, st.text(), shares, slice=st.one_of(st.none(), st.text()), confident=st.booleans()),
    st.builds(no_worse_than, st.just("champion"), st.text(), margin=shares),
    st.builds(gap_at_most, st.sampled_from(FAIRNESS), by=columns, most=shares, confident=st.booleans()),
)


@given(st.lists(requirements))
def test_requirements_are_saved_and_read_back_equal(found):
    plain = to_plain(tuple(found))
    assert from_plain(tuple[Requirement, ...], plain, path="require") == tuple(found)


def test_different_requirements_have_different_digests():
    found = [
        at_least("accuracy", 0.7),
        at_most("accuracy", 0.7),
        at_least("accuracy", 0.7, by="carrier"),
        at_least("accuracy", 0.7, slice="carrier=UA"),
        at_least("accuracy", 0.7, confident=True),
    ]
    assert len({digest(each) for each in found}) == len(found)
    assert digest(at_least("accuracy", 0.7, by="carrier")) == digest(at_least("accuracy", 0.7, by=["carrier"]))


@pytest.mark.parametrize(
    ("requirement", "text"),
    [
        (at_least("roc_auc", 0.7), "roc_auc at least 0.7"),
        (at_most("log_loss", 0.5, slice="carrier=UA"), "log_loss at most 0.5 where carrier=UA"),
        (
            at_least("recall", 0.5, by=("carrier", "origin"), confident=True),
            "recall at least 0.5 for every carrier and origin, confidently",
        ),
        (no_worse_than("champion", "roc_auc", margin=0.005), "roc_auc no worse than the champion's by 0.005"),
        (gap_at_most("equalized_odds", by="carrier", most=0.15), "equalized_odds gap by carrier at most 0.15"),
    ],
)
def test_a_requirement_reads_as_a_sentence(requirement, text):
    assert str(requirement) == text


def test_the_columns_that_requirements_group_by_are_known_beforehand():
    found = [
        at_least("accuracy", 0.5),
        at_least("accuracy", 0.5, by=("a", "b")),
        at_most("log_loss", 1, slice="c=1 & d in (1, 2]"),
        gap_at_most("demographic_parity", by="e", most=0.1),
        no_worse_than("champion", "roc_auc", margin=0.1),
    ]
    assert columns_needed(found) == ("a", "b", "c", "d", "e")


def test_a_misspelt_metric_is_refused_with_the_nearest_name():
    with pytest.raises(UsageError, match="Did you mean 'roc_auc'"):
        check_requirements([at_least("roc_acu", 0.7)], Task.BINARY)


def test_a_metric_of_another_task_is_refused_with_those_of_this_one():
    with pytest.raises(BadRequirement) as caught:
        check_requirements([at_least("r2", 0.7)], Task.BINARY)
    assert str(caught.value).startswith(
        "r2 judges regression models, and this one is binary (r2 at least 0.7)\n"
        "  The requirement was written for another model.\n"
        "  Metrics of this task: accuracy, average_precision, "
    )


def test_a_percentage_where_a_share_is_wanted_is_refused_with_the_share():
    with pytest.raises(BadRequirement) as caught:
        check_requirements([at_least("roc_auc", 70)], Task.BINARY)
    assert str(caught.value) == (
        "roc_auc lies between 0 and 1, and 70.0 is asked of it (roc_auc at least 70)\n"
        "  It is a share, not a percentage.\n"
        "  Write 0.7."
    )


@pytest.mark.parametrize("value", [-0.1, float("nan"), float("inf")])
def test_a_threshold_that_no_model_can_meet_is_refused(value):
    with pytest.raises(BadRequirement, match="No model can meet it"):
        check_requirements([at_least("accuracy", value)], Task.BINARY)


@pytest.mark.parametrize("margin", [0.0, -0.01, 1.5, float("nan")])
def test_a_margin_that_means_nothing_is_refused(margin):
    with pytest.raises(BadRequirement, match="the margin lies between 0 and 1"):
        check_requirements([no_worse_than("champion", "roc_auc", margin=margin)], Task.BINARY)


def test_a_metric_without_a_better_direction_cannot_be_worse():
    with pytest.raises(BadRequirement) as caught:
        check_requirements([no_worse_than("champion", "bias", margin=1)], Task.REGRESSION)
    assert str(caught.value) == (
        "bias has no better direction, so neither model can be the worse (bias no worse than the champion's by 1)\n"
        "  It is best near zero, from either side.\n"
        '  Bound it instead: at_most("bias", …) and at_least("bias", …).'
    )


@pytest.mark.parametrize("task", [Task.MULTICLASS, Task.REGRESSION])
def test_fairness_of_other_than_two_classes_is_refused(task):
    with pytest.raises(BadRequirement, match="equal_opportunity judges binary models"):
        check_requirements([gap_at_most("equal_opportunity", by="carrier", most=0.1)], task)


def test_a_misspelt_metric_is_told_before_the_task_is_known():
    with pytest.raises(UsageError) as told:
        check_names(
            [gap_at_most("equal_opportunity", by="a", most=0.1), no_worse_than("champion", "roc_acu", margin=0.1)]
        )
    assert str(told.value).startswith("there is no metric 'roc_acu'")
    assert "Did you mean 'roc_auc'?" in str(told.value)


def test_a_bare_number_is_no_requirement_before_the_task_is_known():
    with pytest.raises(BadRequirement, match=r"found 0\.7 among the requirements"):
        check_names([0.7])


def test_an_unknown_fairness_measure_is_refused_with_the_nearest_name():
    with pytest.raises(UsageError, match="Did you mean 'equal_opportunity'"):
        gap_at_most("equal_oportunity", by="carrier", most=0.1)


def test_a_gap_beyond_a_share_is_refused():
    with pytest.raises(BadRequirement, match=r"a gap of rates lies between 0 and 1, and 15.0 is asked of it"):
        gap_at_most("equal_opportunity", by="carrier", most=15)


def test_only_the_champion_can_be_compared_with():
    with pytest.raises(BadRequirement) as caught:
        no_worse_than("last", "roc_auc", margin=0.01)
    assert str(caught.value) == (
        "found 'last' to compare with, expected 'champion'\n"
        "  A release is compared with the one it would replace.\n"
        '  no_worse_than("champion", "roc_auc", margin=0.005)'
    )


def test_one_slice_and_every_slice_at_once_are_refused():
    with pytest.raises(BadRequirement, match="about one slice or about every slice"):
        at_least("accuracy", 0.5, slice="carrier=UA", by="carrier")


def test_a_number_among_the_requirements_is_refused():
    with pytest.raises(BadRequirement) as caught:
        check_requirements([0.7], Task.BINARY)
    assert str(caught.value) == (
        "found 0.7 among the requirements, expected at_least, at_most, no_worse_than or gap_at_most\n"
        "  A threshold stands there without its verb.\n"
        '  require=[seakeep.at_least("roc_auc", 0.70)]'
    )


@pytest.mark.parametrize("name", ["UA", "carrier", "carrier=UA & ", "=UA", ""])
def test_a_slices_name_that_names_no_column_is_refused(name):
    with pytest.raises(BadSlice, match="is not the name of a slice"):
        check_requirements([at_least("accuracy", 0.5, slice=name)], Task.BINARY)

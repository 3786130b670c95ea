"""Production data is one more dataset: the same verbs, a canonical order, a digest that forgets workers and files."""

from __future__ import annotations

import datetime as dt
import random

import polars as pl
import pytest

import seakeep
from seakeep.core.errors import UsageError
from seakeep.data import collect
from seakeep.prediction_log import Label, PredictionLog

from .examples import HOUR, NOON, TWO, asked, written


@pytest.fixture
def log(tmp_path) -> PredictionLog:
    return PredictionLog.of(tmp_path, "late")


def test_a_log_is_profiled_as_any_table(log):
    written(log, [asked(i, time=NOON + i * HOUR) for i in range(5)])
    statistics = seakeep.profile(log.as_dataset())
    assert statistics.rows == 5
    assert list(statistics.columns) == ["@time", "@key", "distance", "carrier", "seats", "fresh", "due"]


def test_roles_are_set_and_the_label_has_its_own_name(log):
    written(log, [asked(1, key="a"), asked(2, key="b"), Label(NOON + 5, "id", "q1.0", True)])
    dataset = log.as_dataset(label="late")
    assert (dataset.label, dataset.time, dataset.key) == ("late", "@time", "@key")
    assert collect(dataset).select("@key", "distance", "late").to_dicts() == [
        {"@key": "a", "distance": 1.0, "late": True}
    ]


def test_only_answers_that_were_given_are_in_it(log):
    refused = asked(3, columns=[], scores=b"", decisions=[], outcome="refused", reason="x")
    written(log, [asked(1), asked(2, role="shadow"), refused])
    assert collect(log.as_dataset())["distance"].to_list() == [1.0]
    assert collect(log.as_dataset(roles=["shadow"]))["distance"].to_list() == [2.0]


def test_rows_are_in_order_of_time_and_the_digest_forgets_where_they_were(tmp_path):
    records = [asked(i, time=NOON + i * HOUR // 7, key=str(i)) for i in range(30)]
    digests = []
    for number in range(3):
        log = PredictionLog.of(tmp_path / str(number), "late")
        mixed = list(records)
        random.Random(number).shuffle(mixed)
        for start in range(0, 30, 10 + 5 * number):
            written(log, mixed[start : start + 10 + 5 * number])
        if number:
            log.convert()
        dataset = log.as_dataset()
        assert collect(dataset)["distance"].to_list() == [float(i) for i in range(30)]
        digests.append(dataset.digest)
    assert len(set(digests)) == 1


def test_a_dataset_stays_what_it_was_while_the_log_goes_on(log):
    written(log, [asked(1)])
    dataset = log.as_dataset()
    before = dataset.digest
    written(log, [asked(2)])
    log.convert()
    assert dataset.digest == before
    assert log.as_dataset().digest != before


def test_pieces_are_hours_within_the_window_and_all_have_the_same_columns(log):
    written(log, [asked(i, time=NOON + i * HOUR, release=("a" * 64, TWO)[i % 2]) for i in range(4)])
    log.convert()
    dataset = log.as_dataset(since="2013-11-04T12:30", until=dt.datetime(2013, 11, 4, 14, 30, tzinfo=dt.UTC))
    pieces = [piece.collect() for piece in dataset.pieces()]
    assert [piece["distance"].to_list() for piece in pieces] == [[], [1.0], [2.0]]
    assert len({tuple(piece.schema.items()) for piece in pieces}) == 1
    assert "origin" in pieces[0].columns


def test_an_empty_log_is_one_empty_piece(log):
    (piece,) = log.as_dataset(label="late").pieces()
    assert piece.collect().shape == (0, 3)
    assert seakeep.profile(log.as_dataset()).rows == 0


def test_messages_name_the_log_and_its_window(log):
    assert log.as_dataset().description == "predictions of late"
    windowed = log.as_dataset(since="2013-11-04", until="2013-11-05T06:00")
    assert windowed.description == "predictions of late since 2013-11-04 00:00 until 2013-11-05 06:00"
    assert windowed.source.files() == ()


@pytest.mark.parametrize("label", ["carrier", "@time"])
def test_a_label_that_is_called_as_a_column_of_the_log_is_refused(log, label):
    written(log, [asked(1)])
    with pytest.raises(UsageError, match=f"the label is called '{label}', as a column of the log"):
        log.as_dataset(label=label)


def test_a_log_can_be_trained_on_again(log):
    draw = random.Random(1)
    records = [asked(i, time=NOON + i * 1000, key=str(i)) for i in range(200)]
    for record in records:
        record.columns[0][0] = draw.random()
    written(log, [*records, *(Label(NOON + HOUR, "id", f"q{i}.0", records[i].columns[0][0] > 0.5) for i in range(200))])
    first, second = seakeep.split(log.as_dataset(label="late"), at=dt.datetime(2013, 11, 4, 12, 0, 0, 100_000))
    assert collect(first).height == collect(second).height == 100
    assert collect(first)["late"].dtype == pl.Boolean

"""Counters of several workers add up, and every series there can be is there from the start."""

from __future__ import annotations

import pytest
from prometheus_client.parser import text_string_to_metric_families

from seakeep.serving.served import Served
from seakeep.serving.server import metrics
from seakeep.serving.server.metrics import LATENCY, MISSING, REFUSALS, REQUESTS, SECONDS, Metrics
from seakeep.serving.server.refusals import CODES
from seakeep.testing.example_models import INPUTS, example_model


@pytest.fixture
def served():
    return [Served.of(example_model(name=name)) for name in ("a", 'b"\\\n')]


def samples(made):
    families = text_string_to_metric_families(made.text().decode())
    return {(sample.name, tuple(sorted(sample.labels.items()))): sample.value for f in families for sample in f.samples}


def worker(served, folder, number, monkeypatch):
    monkeypatch.setattr(metrics.os, "getpid", lambda: number)
    return Metrics(served, folder)


def test_a_scrape_of_any_worker_tells_of_all_and_of_dead_ones(served, tmp_path, monkeypatch):
    first, second = (worker(served, tmp_path, number, monkeypatch) for number in (1, 2))
    labels = ("a", served[0].version, "200")
    first.cell(REQUESTS, *labels).add()
    second.cell(REQUESTS, *labels).add(2)
    second.distribution(LATENCY, *labels[:2]).observe(0.003)
    name = ("seakeep_requests_total", (("model", "a"), ("status", "200"), ("version", labels[1])))
    assert samples(first) == samples(second)
    assert samples(first)[name] == 3
    third = worker(served, tmp_path, 3, monkeypatch)
    third.cell(REQUESTS, *labels).add()
    assert samples(third)[name] == 4


def test_observations_fall_into_their_buckets(served, tmp_path):
    made = Metrics(served, tmp_path)
    latency = made.distribution(LATENCY, "a", served[0].version)
    for seconds in (0.0001, 0.00011, 99.0):
        latency.observe(seconds)
    told = samples(made)
    labels = (("model", "a"), ("version", served[0].version))

    def bucket(bound):
        return told["seakeep_request_seconds_bucket", (("le", bound), *labels)]

    assert [bucket("0.0001"), bucket("0.00025"), bucket(str(SECONDS[-1])), bucket("+Inf")] == [1, 2, 2, 3]
    assert told["seakeep_request_seconds_sum", labels] == pytest.approx(99.00021)


def test_every_series_there_can_be_is_laid_out_at_the_start(served, tmp_path):
    made = Metrics(served, tmp_path)
    told = samples(made)
    for one in served:
        for code in CODES:
            assert ("seakeep_refusals_total", (("model", one.name), ("reason", code), ("version", one.version))) in told
        for column in INPUTS:
            made.cell(MISSING, one.name, one.version, column.name).add()
    made.cell(REFUSALS, "", "", "unknown_path").add()
    assert set(samples(made)) == set(told)


def test_a_status_that_is_none_of_ours_cannot_be_counted(served, tmp_path):
    with pytest.raises(KeyError):
        Metrics(served, tmp_path).cell(REQUESTS, "a", served[0].version, "418")

"""Counters of several workers add up, and every series that a release can have is there once it is loaded."""

from __future__ import annotations

import subprocess
import sys

import pytest
from prometheus_client.parser import text_string_to_metric_families

from seakeep.serving.served import Served
from seakeep.serving.server import metrics
from seakeep.serving.server.families import (
    LATENCY,
    LOG_WRITABLE,
    MISSING,
    REFUSALS,
    REQUESTS,
    SECONDS,
    SHARE,
)
from seakeep.serving.server.metrics import Metrics
from seakeep.serving.server.refusals import CODES
from seakeep.testing.example_models import INPUTS, example_model


@pytest.fixture
def served():
    return [Served.of(example_model(name=name)) for name in ("a", 'b"\\\n')]


def samples(made):
    families = text_string_to_metric_families(made.text().decode())
    return {(sample.name, tuple(sorted(sample.labels.items()))): sample.value for f in families for sample in f.samples}


def worker(folder, number, monkeypatch):
    monkeypatch.setattr(metrics.os, "getpid", lambda: number)
    return Metrics(folder)


def arm(made, one):
    """What counts a release that answers for itself."""
    sheet = made.of_arm(one, "pinned")
    own = (one.name, one.version, "pinned")
    return sheet.cell(REQUESTS, *own, "200"), sheet.distribution(LATENCY, *own)


def test_a_scrape_of_any_worker_tells_of_all_and_of_dead_ones(served, tmp_path, monkeypatch):
    cells = []
    for number in (1, 2):
        made = worker(tmp_path, number, monkeypatch)
        cells.append((made, *arm(made, served[0])))
    (first, requests, _), (second, others, latency) = cells
    requests.add()
    others.add(2)
    latency.observe(0.003)
    labels = (("model", "a"), ("role", "pinned"), ("status", "200"), ("version", served[0].version))
    assert samples(first) == samples(second)
    assert samples(first)["seakeep_requests_total", labels] == 3
    arm(worker(tmp_path, 3, monkeypatch), served[0])[0].add()
    assert samples(first)["seakeep_requests_total", labels] == 4


def test_a_worker_tells_of_releases_that_only_another_has_loaded(served, tmp_path, monkeypatch):
    first, second = (worker(tmp_path, number, monkeypatch) for number in (1, 2))
    arm(second, served[1])
    assert samples(first) == samples(second) != {}


def test_a_release_that_comes_back_counts_on(served, tmp_path):
    made = Metrics(tmp_path)
    arm(made, served[0])[0].add()
    arm(made, served[1])
    arm(made, served[0])[0].add()
    labels = (("model", "a"), ("role", "pinned"), ("status", "200"), ("version", served[0].version))
    assert samples(made)["seakeep_requests_total", labels] == 2
    assert len(list(tmp_path.iterdir())) == 2


def test_a_gauge_is_the_least_of_the_living_workers(served, tmp_path, monkeypatch):
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        process.wait()
    alive, dead = 1, process.pid
    for number, value in ((dead, 0), (alive, 1)):
        worker(tmp_path, number, monkeypatch).of_name("a").cell(LOG_WRITABLE, "a").set(value)
    made = worker(tmp_path, alive, monkeypatch)
    assert samples(made)["seakeep_log_writable", (("model", "a"),)] == 1
    made.of_name("a").cell(LOG_WRITABLE, "a").set(0)
    assert samples(made)["seakeep_log_writable", (("model", "a"),)] == 0


def test_what_is_told_as_it_stands_has_no_cells(tmp_path):
    made = Metrics(tmp_path, told=lambda: [(SHARE, ("a", "3", "challenger"), 0.25)])
    labels = (("model", "a"), ("role", "challenger"), ("version", "3"))
    assert samples(made) == {("seakeep_route_share", labels): 0.25}


def test_observations_fall_into_their_buckets(served, tmp_path):
    made = Metrics(tmp_path)
    latency = arm(made, served[0])[1]
    for seconds in (0.0001, 0.00011, 99.0):
        latency.observe(seconds)
    told = samples(made)
    labels = (("model", "a"), ("role", "pinned"), ("version", served[0].version))

    def bucket(bound):
        return told["seakeep_request_seconds_bucket", (("le", bound), *labels)]

    assert [bucket("0.0001"), bucket("0.00025"), bucket(str(SECONDS[-1])), bucket("+Inf")] == [1, 2, 2, 3]
    assert told["seakeep_request_seconds_sum", labels] == pytest.approx(99.00021)


def test_every_series_that_a_release_can_have_is_laid_out_when_it_is_loaded(served, tmp_path):
    made = Metrics(tmp_path)
    made.nowhere()
    for one in served:
        made.of_release(one)
    told = samples(made)
    for one in served:
        for code in CODES:
            assert ("seakeep_refusals_total", (("model", one.name), ("reason", code), ("version", one.version))) in told
        for column in INPUTS:
            made.of_release(one).cell(MISSING, one.name, one.version, column.name).add()
    made.nowhere().cell(REFUSALS, "", "", "unknown_path").add()
    assert set(samples(made)) == set(told)


def test_a_status_that_is_none_of_ours_cannot_be_counted(served, tmp_path):
    with pytest.raises(KeyError):
        Metrics(tmp_path).of_arm(served[0], "pinned").cell(REQUESTS, "a", served[0].version, "pinned", "418")


def test_answers_are_counted_by_class_and_the_loop_is_watched(server, row):
    def classes():
        found = server.metrics()
        return {
            label: sum(value for series, value in found.items() if _is_class(series, label))
            for label in ("true", "false")
        }

    before = classes()
    status, answer = server.infer({"rows": [row] * 3})
    assert status == 200
    (label,) = {str(each["label"]).lower() for each in answer["predictions"]}
    server.infer({"rows": [row]})
    after = classes()
    assert after[label] - before[label] == 4
    assert sum(after.values()) - sum(before.values()) == 4
    server.until(lambda: "seakeep_loop_delay_seconds" in server.metrics())
    assert 0 <= server.metrics()["seakeep_loop_delay_seconds"] < 5


def _is_class(series, label):
    return (
        series.startswith("seakeep_predictions_total") and f'class="{label}"' in series and 'model="flights"' in series
    )


def test_a_model_of_very_many_classes_makes_no_series_of_them(folders):
    from dataclasses import replace

    from seakeep.serving.served import Served
    from seakeep.serving.server.metrics import MOST_CLASSES, counted_classes

    served = Served.load(folders["flights"])
    assert counted_classes(served) == ("false", "true")
    many = replace(served, model=replace(served.model, classes=tuple(range(MOST_CLASSES + 1))))
    assert counted_classes(many) == ()

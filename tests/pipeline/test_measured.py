"""A release is measured once: what its server uses is kept by digest."""

from __future__ import annotations

import json

import pytest

from seakeep.core import Check, Model, Report, Statistics, Verdict
from seakeep.data import profile_frame
from seakeep.pipeline import measured
from seakeep.pipeline.measured import CannotMeasure, Measured, bodies_of, measure, measured_for
from seakeep.registry import Registry
from seakeep.testing.example_models import example_frame, example_model


@pytest.fixture(scope="module")
def model() -> Model:
    from dataclasses import replace

    frame = example_frame(500)
    kept = {"distance": frame["distance"].clip(0, 6000), "seats": frame["seats"].clip(1, 900)}
    return replace(example_model(), statistics=profile_frame(frame.with_columns(**kept)))


@pytest.fixture
def registered(model, tmp_path):
    check = Check("metric.at_least", "roc_auc", Verdict.PASS, "roc_auc is 0.7", 0.7, 0.6, fix="Find better features.")
    report = Report("evaluation", "Evaluation", "flights", (check,))
    with Registry(tmp_path / ".seakeep") as registry:
        yield registry, registry.register("flights", model, [report], made_from={})


def test_rows_are_made_of_the_training_statistics(model) -> None:
    rows = [json.loads(body)["rows"][0] for body in bodies_of(model)]
    assert len(rows) == 64
    distances = [row["distance"] for row in rows]
    assert distances == sorted(distances)
    assert {type(row["seats"]) for row in rows} == {int}
    assert len({row["carrier"] for row in rows}) > 3
    assert all(row["scheduled"].endswith("Z") for row in rows)


def test_a_release_is_measured_once_and_kept(registered) -> None:
    registry, release = registered
    found = measured_for(registry, release, seconds=0.5)
    assert 40 < found.server_mib < 400
    assert 40 < found.scribe_mib < 600
    assert found.peak_mib == found.server_mib + found.scribe_mib
    assert found.requests_per_core > 100
    assert found.requests > 20
    assert measured_for(registry, release) == found
    assert registry.documents.names("measured") == (release.release.digest,)


def test_what_another_process_measured_meanwhile_stands(registered, monkeypatch) -> None:
    registry, release = registered

    def meanwhile(*_: object, **__: object) -> Measured:
        registry.documents.put("measured", release.release.digest, Measured(1, 2, 3, 4), expected=None)
        return Measured(9, 9, 9, 9)

    monkeypatch.setattr(measured, "measure", meanwhile)
    assert measured_for(registry, release) == Measured(1, 2, 3, 4)


def test_a_release_whose_server_does_not_start_is_told_with_its_words(registered) -> None:
    _, release = registered
    (release.folder / "model.onnx").write_bytes(b"torn")
    with pytest.raises(CannotMeasure, match=r"server of flights@1 did not become ready(.|\n)*digest"):
        measure(release.folder, label="flights@1")


def test_a_release_that_refuses_typical_rows_is_told(model, tmp_path) -> None:
    from dataclasses import replace

    replace(model, statistics=Statistics()).save(tmp_path)  # nothing is known of any column, so that all are null
    with pytest.raises(CannotMeasure, match=r"answered 4\d\d to rows that are typical") as found:
        measure(tmp_path, label="flights@1")
    assert "seakeep show flights@1" in str(found.value)

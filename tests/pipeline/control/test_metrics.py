"""The state of a registry as Prometheus text: real monitors, rollouts and logs, read back by Prometheus' own parser."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from seakeep.core.report import Verdict
from seakeep.pipeline import rollouts
from seakeep.pipeline.control.alerts import Alert, receive
from seakeep.pipeline.control.metrics import FAMILIES, disk, text
from seakeep.pipeline.control.metrics.families import VERDICTS
from seakeep.registry import Registry
from seakeep.rollout.state import TRANSITIONS

from ...monitoring.conftest import HOUR, NAME, START, Watched, hour, make, raw  # noqa: TID252
from ..world import World  # noqa: TID252


class Series(dict[tuple[str, frozenset[tuple[str, str]]], float]):
    """Values by name and labels."""

    def of(self, name: str, **labels: str) -> float | None:
        return self.get((name, frozenset(labels.items())))

    def named(self, name: str) -> list[dict[str, str]]:
        return [dict(labels) for found, labels in self if found == name]


def series(registry: Registry) -> Series:
    families = text_string_to_metric_families(text(registry))
    return Series(
        ((sample.name, frozenset(sample.labels.items())), sample.value)
        for family in families
        for sample in family.samples
    )


@pytest.fixture
def watched(tmp_path: Path):
    found = make(tmp_path / ".seakeep")
    with found.registry:
        yield found


def drifting(watched: Watched) -> None:
    """Two calm hours, then a warm one with a label for most rows."""
    monitor = watched.monitor()
    for number in range(3):
        rows = watched.log(raw(4000, number, warmer=2.0 * (number == 2), start=START + number * HOUR), number)
        watched.label(rows.head(3000), at=number + 0.5)
    monitor.tick(hour(3.1))


def test_an_empty_registry_has_no_series(tmp_path):
    with Registry(tmp_path) as registry:
        assert text(registry) == "\n" or not text(registry).strip()


def test_the_champion_is_told_of_with_its_digest(watched):
    found = series(watched.registry)
    labels = {"model": NAME, "version": "1", "release": watched.digest[:12], "verdict": "pass"}
    assert found.of("seakeep_champion_info", **labels) == 1
    assert found.of("seakeep_champion_registered_at_seconds", model=NAME) == pytest.approx(
        watched.release.registered, abs=1
    )
    assert found.of("seakeep_releases", model=NAME) == 1


def test_a_name_that_nobody_watches_has_no_series_of_a_monitor(watched):
    assert not [name for name, _ in series(watched.registry) if name.startswith(("seakeep_monitor", "seakeep_inc"))]


def test_a_drifted_window_is_told_of_by_column(watched):
    drifting(watched)
    found = series(watched.registry)
    own = {"model": NAME, "version": "1"}
    assert found.of("seakeep_monitor_window_ended_at_seconds", model=NAME) == hour(3)
    assert found.of("seakeep_monitor_window_seconds", model=NAME) == 3600
    assert found.of("seakeep_monitor_verdict", **own) == VERDICTS["fail"]
    assert found.of("seakeep_monitor_rows", **own) == 4000
    assert found.of("seakeep_monitor_column_verdict", **own, column="temp") == VERDICTS["fail"]
    assert found.of("seakeep_monitor_column_verdict", **own, column="carrier") == VERDICTS["pass"]
    assert found.of("seakeep_monitor_drift_effect_deviations", **own, column="temp") == pytest.approx(2, abs=0.1)
    ks = {**own, "column": "temp", "distance": "kolmogorov_smirnov"}
    drift, limit = found.of("seakeep_monitor_drift", **ks), found.of("seakeep_monitor_drift_threshold", **ks)
    assert drift is not None
    assert limit is not None
    assert drift > limit
    assert found.of("seakeep_monitor_drift_effect_change", **ks) == pytest.approx(2, abs=0.1)
    assert found.of("seakeep_monitor_drift_verdict", **ks) == VERDICTS["fail"]
    assert found.of("seakeep_monitor_failed_checks", **own, kind="drift") == 1
    assert found.of("seakeep_monitor_failed_columns", **own) == 1


def test_metrics_are_told_of_with_their_reference(watched):
    drifting(watched)
    found = series(watched.registry)
    own = {"model": NAME, "version": "1", "metric": "roc_auc"}
    assert found.of("seakeep_monitor_metric_reference", **own) == 0.8
    assert found.of("seakeep_monitor_metric_threshold", **own) == pytest.approx(0.78)
    assert found.of("seakeep_monitor_metric_rows", **own) == 3000
    value = found.of("seakeep_monitor_metric", **own)
    assert value == pytest.approx(0.8, abs=0.03)
    assert found.of("seakeep_monitor_metric_low", **own) < value < found.of("seakeep_monitor_metric_high", **own)
    assert found.of("seakeep_monitor_unlabelled_share", model=NAME) == pytest.approx(0.25)


def test_alerts_that_fire_are_counted_by_model_and_those_of_none_apart(watched):
    def tell(state: str, model: str, fingerprint: str) -> None:
        receive(watched.registry, (Alert(fingerprint, model, "Down", state, 100.0),), now=200.0)

    assert series(watched.registry).of("seakeep_alerts_firing", model=NAME) == 0
    for fingerprint in ("a", "b"):
        tell("firing", NAME, fingerprint)
    tell("firing", f"{NAME}0", "c")
    found = series(watched.registry)
    assert found.of("seakeep_alerts_firing", model=NAME) == 2
    assert found.of("seakeep_alerts_firing", model="-") == 1
    tell("resolved", NAME, "a")
    assert series(watched.registry).of("seakeep_alerts_firing", model=NAME) == 1


def test_the_answers_are_told_of_by_class_once_there_are_earlier_windows(watched):
    for number in range(5):
        watched.log(raw(2000, number, start=START + number * HOUR), number, skill=1.2 if number < 4 else 6.0)
    watched.monitor().tick(hour(5.1))
    found = series(watched.registry)
    own = {"model": NAME, "version": "1", "class": "true"}
    assert found.of("seakeep_monitor_predictions_verdict", **own) == VERDICTS["fail"]
    assert found.of("seakeep_monitor_predictions", **own) > found.of("seakeep_monitor_predictions_threshold", **own)
    assert len(found.named("seakeep_monitor_predictions")) == 1


def test_open_incidents_are_counted_by_kind_and_closed_ones_are_not(watched):
    drifting(watched)
    found = series(watched.registry)
    assert found.of("seakeep_incidents_open", model=NAME, kind="drift") == 1
    assert found.of("seakeep_incidents_open", model=NAME, kind="decay") == 0
    assert found.of("seakeep_incident_since_at_seconds", model=NAME, kind="drift") == hour(2)
    for number in range(3, 6):
        watched.log(raw(4000, number, start=START + number * HOUR), number)
    watched.monitor().tick(hour(6.1))
    after = series(watched.registry)
    assert after.of("seakeep_incidents_open", model=NAME, kind="drift") == 0
    assert after.of("seakeep_incident_since_at_seconds", model=NAME, kind="drift") is None


def test_an_empty_window_leaves_the_last_one_with_rows_in_sight(watched):
    drifting(watched)
    watched.monitor().tick(hour(4.1))
    found = series(watched.registry)
    assert found.of("seakeep_monitor_window_ended_at_seconds", model=NAME) == hour(4)
    assert found.of("seakeep_monitor_rows", model=NAME, version="1") == 4000


def test_a_report_that_was_lost_leaves_what_the_journal_knows(watched):
    drifting(watched)
    for path in (watched.registry.home / "objects").rglob("*"):
        if path.is_file():
            path.unlink()
    found = series(watched.registry)
    ks = {"model": NAME, "version": "1", "column": "temp", "distance": "kolmogorov_smirnov"}
    assert found.of("seakeep_monitor_drift_verdict", **ks) == VERDICTS["fail"]
    assert not found.named("seakeep_monitor_column_verdict")
    assert found.of("seakeep_record_readable", model=NAME, part="monitor") == 1


def test_a_part_that_cannot_be_read_is_told_of_and_hides_no_other(watched):
    drifting(watched)
    revision = watched.registry.documents.revision("monitor", NAME)
    watched.registry.documents.put("monitor", NAME, {"window": 7}, expected=revision)
    found = series(watched.registry)
    assert found.of("seakeep_record_readable", model=NAME, part="monitor") == 0
    assert found.of("seakeep_record_readable", model=NAME, part="log") == 1
    assert found.of("seakeep_champion_info", model=NAME, version="1", release=watched.digest[:12], verdict="pass") == 1
    assert not found.named("seakeep_monitor_verdict")


def test_series_do_not_grow_with_windows_and_releases(watched):
    drifting(watched)
    before = {(name, labels) for name, labels in series(watched.registry)}
    second = watched.again()
    for number in range(3, 9):
        watched.log(raw(500, number, start=START + number * HOUR), number, release=second)
    watched.monitor().tick(hour(9.1))
    after = {(name, labels) for name, labels in series(watched.registry)}
    assert {dict(labels)["version"] for name, labels in after if name == "seakeep_monitor_drift"} == {"2"}
    assert len(after) <= len(before)


def test_the_log_on_the_disk_is_measured(watched):
    rows = watched.log(raw(1000), 0.0)
    found = series(watched.registry)
    files = [path for path in watched.layout.root.rglob("*") if path.is_file()]
    assert found.of("seakeep_log_disk_bytes", model=NAME) == sum(path.stat().st_size for path in files)
    assert found.of("seakeep_log_newest_at_seconds", model=NAME) == pytest.approx(hour(1), abs=5)
    assert found.of("seakeep_log_spools", model=NAME) == 0
    assert rows.height == 1000


def test_folders_that_did_not_change_are_remembered_and_changed_ones_are_not(tmp_path):
    inner = tmp_path / "parts" / "hour=01"
    inner.mkdir(parents=True)
    (inner / "one.parquet").write_bytes(b"x" * 10)
    past = time.time() - 60
    for folder in (inner, inner.parent, tmp_path):
        os.utime(folder, (past, past))
    disk._listed.cache_clear()
    assert disk.held(tmp_path) == disk.held(tmp_path) == 10
    assert disk._listed.cache_info().hits == 3
    (inner / "two.parquet").write_bytes(b"x" * 5)
    assert disk.held(tmp_path) == 15
    assert disk.held(tmp_path / "absent") == 0


def test_a_rollout_is_told_of_with_its_evidence_and_limits(tmp_path):
    home = tmp_path / ".seakeep"
    world = World(home)
    world.release(b"one")
    world.release(b"two", Verdict.PASS)
    settings = {"copies": 0, "shares": "0.3", "requests": 200, "seconds": 60}
    rollouts.start("tips", plan="canary", settings=settings, home=home, now=world.now)
    world.serve(60)
    rollouts.advance("tips", home=home, now=world.now + 3)
    with Registry(home) as registry:
        found = series(registry)
    assert found.of("seakeep_rollout_info", model="tips", champion="1", challenger="2", plan="canary") == 1
    phases = {each["phase"]: found.of("seakeep_rollout_phase", **each) for each in found.named("seakeep_rollout_phase")}
    assert phases["canary"] == 1
    assert sum(phases.values()) == 1
    assert set(phases) == set(TRANSITIONS)
    assert found.of("seakeep_rollout_share", model="tips") == 0.3
    assert found.of("seakeep_rollout_step", model="tips") == found.of("seakeep_rollout_steps", model="tips") == 1
    assert found.of("seakeep_rollout_step_requests", model="tips") > 200
    assert found.of("seakeep_rollout_log_e_limit", model="tips", test="errors") > 1
    assert found.of("seakeep_rollout_log_e", model="tips", test="errors") <= 0.1
    assert found.of("seakeep_rollout_rate", model="tips", measure="errors", arm="champion") == 0
    assert found.of("seakeep_rollout_requests", model="tips", measure="errors", arm="champion") > 500
    assert found.of("seakeep_log_spools", model="tips") == 1
    assert found.of("seakeep_log_newest_at_seconds", model="tips") == pytest.approx(time.time(), abs=60)
    rollouts.abort("tips", reason="enough", home=home, now=world.now + 5)
    with Registry(home) as registry:
        after = series(registry)
    assert after.of("seakeep_rollout_phase", model="tips", phase="aborted") == 1
    assert after.of("seakeep_rollout_verdict", model="tips") == VERDICTS["fail"]
    assert after.of("seakeep_rollout_share", model="tips") == 0


def test_the_last_training_is_told_of_and_a_waiting_rollout_is_none(watched):
    journal, documents = watched.registry.journal, watched.registry.documents
    documents.put("retrain", NAME, {"told": ["cooling", "not now"]}, expected=0)
    assert series(watched.registry).of("seakeep_retraining_running", model=NAME) == 0
    journal.append("retraining", NAME, {"result": "refused", "seconds": 12.5}, at=1000.0)
    journal.append("retraining", NAME, {"result": "waits", "label": "x@2", "why": "busy"}, at=2000.0)
    found = series(watched.registry)
    assert found.of("seakeep_retraining_ended_at_seconds", model=NAME) == 1000
    assert found.of("seakeep_retraining_seconds", model=NAME) == 12.5
    assert found.of("seakeep_retraining_result", model=NAME, result="refused") == 1
    assert found.of("seakeep_retraining_result", model=NAME, result="released") == 0
    assert found.of("seakeep_retraining_decision", model=NAME, decision="cooling") == 1


def test_every_family_is_named_once_and_is_no_name_of_the_server():
    from seakeep.serving.server.families import FAMILIES as SERVERS

    names = [family.name for family in FAMILIES]
    assert len(set(names)) == len(names)
    assert not set(names) & {family.name for family in SERVERS}


def test_a_scrape_is_quick(watched):
    drifting(watched)
    text(watched.registry)
    began = time.perf_counter()
    text(watched.registry)
    assert time.perf_counter() - began < 1

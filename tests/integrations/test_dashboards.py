"""What is exported for Grafana: nothing that its types do not know, stable identifiers, limits from the contract, wrong options in words."""

from __future__ import annotations

import json
import re
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from seakeep.core import Check, Kind, Report, Task, Verdict
from seakeep.core.errors import MissingExtra
from seakeep.integrations import grafana
from seakeep.integrations._grafana import building
from seakeep.pipeline.exports import BadExport, Subject
from seakeep.testing.example_models import example_model

from .facts import golden, release, subject

KINDS = ("service", "quality", "rollout")


@pytest.fixture
def judged(tmp_path: Path) -> Subject:
    """A release that had to reach two metrics."""
    checks = (
        Check("metric.at_least", "roc_auc", Verdict.PASS, "fine", 0.8, 0.7),
        Check("metric.at_most", "log_loss", Verdict.PASS, "fine", 0.5, 0.6),
    )
    Report("evaluation", "Evaluation", "flight-delay", checks).save(tmp_path / "reports" / "evaluation.json")
    return subject(release=release(folder=tmp_path))


def boards(found: Subject, **options) -> dict[str, dict]:
    files = grafana.files(found, grafana.Options(**options))
    return {kind: json.loads(files[f"dashboards/flight-delay-{kind}.json"]) for kind in KINDS}


def queries(board: dict) -> list[str]:
    return [target["expr"] for panel in board["panels"] for target in panel.get("targets", [])]


def test_the_files_are_those_that_people_review(judged):
    for path, text in grafana.files(judged, grafana.Options()).items():
        golden(f"grafana/{path}", text)


def test_the_same_subject_gives_the_same_bytes_and_no_path_of_this_machine(judged):
    files = grafana.files(judged, grafana.Options())
    assert files == grafana.files(judged, grafana.Options())
    assert not any(str(judged.release.folder) in text for text in files.values())


@pytest.mark.parametrize("kind", KINDS)
def test_grafanas_own_types_lose_nothing(judged, kind):
    assert building.lost(grafana.files(judged, grafana.Options())[f"dashboards/flight-delay-{kind}.json"]) == []


@pytest.mark.parametrize("kind", KINDS)
def test_broken_copies_are_caught(judged, kind):
    board = boards(judged)[kind]
    panel = next(number for number, panel in enumerate(board["panels"]) if panel.get("targets"))
    board["titel"] = "x"
    board["panels"][panel]["fieldConfig"]["defaults"]["unitt"] = "s"
    board["panels"][panel]["targets"][0]["exprr"] = "up"
    assert building.lost(json.dumps(board)) == [
        ".titel",
        f".panels[{panel}].fieldConfig.defaults.unitt",
        f".panels[{panel}].targets[0].exprr",
    ]
    board["panels"][panel]["gridPos"] = "wide"
    with pytest.raises((AttributeError, TypeError, KeyError)):
        building.lost(json.dumps(board))


def test_identifiers_are_stable_short_and_differ_by_model_and_kind(judged):
    uids = {board["uid"] for board in boards(judged).values()}
    assert uids == {building.uid(kind, "flight-delay") for kind in KINDS}
    assert len(uids) == 3
    assert all(len(building.uid(kind, "x" * 100)) <= 40 for kind in KINDS)


@pytest.mark.parametrize("kind", KINDS)
def test_every_panel_has_an_id_a_place_a_text_and_a_data_source(judged, kind):
    panels = boards(judged)[kind]["panels"]
    ids = [panel["id"] for panel in panels]
    assert len(set(ids)) == len(ids)
    places = [tuple(panel["gridPos"][key] for key in "xywh") for panel in panels]
    assert all(x + w <= 24 for x, _, w, _ in places)
    assert not any(_overlap(one, other) for number, one in enumerate(places) for other in places[number + 1 :])
    for panel in panels:
        if panel["type"] != "row":
            assert panel["description"]
            assert panel["datasource"] == {"type": "prometheus", "uid": "${datasource}"}
            assert panel["fieldConfig"]["defaults"]["unit"]
            assert [target["refId"] for target in panel["targets"]] == [*"ABCDEFGH"][: len(panel["targets"])]


def _overlap(one, other) -> bool:
    (x, y, w, h), (u, v, p, q) = one, other
    return x < u + p and u < x + w and y < v + q and v < y + h


def test_releases_can_be_chosen_where_queries_ask_for_them(judged):
    for board in boards(judged).values():
        names = {each["name"]: each for each in board["templating"]["list"]}
        assert ("$version" in " ".join(queries(board))) == ("version" in names)
        assert names["datasource"]["type"] == "datasource"
    version = {each["name"]: each for each in boards(judged)["service"]["templating"]["list"]}["version"]
    assert version["allValue"] == ".*"
    assert version["query"] == 'label_values(seakeep_model{model="flight-delay"}, version)'


def test_limits_are_drawn_from_the_contract_and_the_objectives(judged):
    panels = {panel["title"]: panel for panel in boards(judged, slow_seconds=0.25)["service"]["panels"]}
    assert [step["value"] for step in _steps(panels["99 of 100 within"])] == [None, 0.125, 0.25]
    metrics = {panel["title"]: panel for panel in boards(judged)["quality"]["panels"]}
    assert [(step["value"], step["color"]) for step in _steps(metrics["roc_auc"])] == [(None, "red"), (0.7, "green")]
    assert [(step["value"], step["color"]) for step in _steps(metrics["log_loss"])] == [(None, "green"), (0.6, "red")]


def test_what_may_be_negative_is_not_cut_at_zero(judged):
    panels = [panel for board in boards(judged).values() for panel in board["panels"] if panel["type"] == "timeseries"]
    free = {panel["title"] for panel in panels if "min" not in panel["fieldConfig"]["defaults"]}
    assert free == {"How far means moved", "Evidence and limits", "roc_auc", "log_loss"}


def _steps(panel: dict) -> list[dict]:
    return panel["fieldConfig"]["defaults"]["thresholds"]["steps"]


def test_a_release_without_an_evaluation_shows_its_tasks_first_metric():
    titles = {panel["title"] for panel in boards(subject())["quality"]["panels"]}
    assert "roc_auc" in titles
    regression = subject(release=release(model=example_model(Task.REGRESSION)))
    assert "mae" in {panel["title"] for panel in boards(regression)["quality"]["panels"]}


def test_a_model_of_numbers_has_no_panel_of_texts():
    model = example_model()
    numbers = replace(model, inputs=tuple(each for each in model.inputs if each.kind is Kind.NUMBER))
    titles = {panel["title"] for panel in boards(subject(release=release(model=numbers)))["service"]["panels"]}
    assert "Numbers in the last minute" in titles
    assert "Texts in the last minute" not in titles


def test_classes_are_named_where_there_are_any(judged):
    (answers,) = [panel for panel in boards(judged)["quality"]["panels"] if panel["title"] == "Answers"]
    assert answers["description"].endswith("Classes: false, true.")


@pytest.mark.parametrize(
    ("options", "name", "words"),
    [
        ({"refresh": "often"}, "refresh", "30s or 5m"),
        ({"prometheus": "localhost"}, "prometheus", "an address as http://host:port"),
        ({"available": 2.0}, "available", "a share above 0 and below 1"),
    ],
)
def test_an_option_that_no_grafana_could_use_is_refused(judged, options, name, words):
    with pytest.raises(BadExport, match=re.escape(words)) as caught:
        grafana.files(judged, grafana.Options(**options))
    assert caught.value.name == name


def test_without_grafanas_types_the_line_that_installs_them_is_told(judged, monkeypatch):
    monkeypatch.delitem(sys.modules, "seakeep.integrations._grafana.building")
    monkeypatch.delattr("seakeep.integrations._grafana.building")
    monkeypatch.setitem(sys.modules, "grafana_foundation_sdk", None)
    for name in [each for each in sys.modules if each.startswith("grafana_foundation_sdk.")]:
        monkeypatch.delitem(sys.modules, name)
    with pytest.raises(MissingExtra, match="seakeep\\[grafana\\]"):
        grafana.files(judged, grafana.Options())


def test_what_to_type_next_names_the_folder(judged):
    assert grafana.next_lines(judged, grafana.Options(path="/srv/boards"))[0].endswith("/srv/boards/")

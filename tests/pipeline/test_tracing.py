"""From one prediction to the release, the decisions and the files behind it; and going back to an earlier release."""

from __future__ import annotations

import json

import pytest

from seakeep import data
from seakeep.cli._main import code_of
from seakeep.core import Arm, Model, Route, Verdict
from seakeep.pipeline import run, verbs
from seakeep.pipeline.retraining import retrain
from seakeep.pipeline.tracing import trace
from seakeep.prediction_log import Header, PredictionLog, Record, Spool
from seakeep.registry import Registry

from .conftest import policy, rows

NOW = 1_760_000_000.0


def logged(
    project, digest: str, version: int, *, at: float, revision: int, role: str = "champion", number: int = 1
) -> None:
    """One answered request of two rows in the log, as a server leaves it."""
    log = PredictionLog.of(project.home, "tips")
    spool = Spool(log.layout.spool, boot=f"boot{number}{role}")
    spool.describe(Header("tips", digest, version, "binary", (("fare", "number"),), (False, True)))
    given = {"columns": [[3.5, 4.5]], "scores": [0.25, 0.75, 0.5, 0.5], "decisions": [1, 0], "keys": ["T1", "T2"]}
    spool.append(Record(round(at * 1e6), f"q{number}", digest, role, revision, 0.5, 2, **given))
    assert spool.flush()
    assert spool.close()


@pytest.fixture
def life(monthly, calls):
    """A first release, a second one that a new span asked for, a route that gives it half of the requests, and an answer."""
    policy(monthly)
    first = run(monthly.file)
    monthly.month(5)
    second = retrain(monthly.file, now=NOW).outcome
    with Registry(monthly.home) as registry:
        arms = (Arm("champion", first.release, 1, 0.5), Arm("challenger", second.release, 2, 0.5))
        route = registry.set_route(Route("tips", arms, salt="s"), why="a test divides them", at=NOW + 5)
        told = {"rollout": "r1", "decision": {"after": "canary", "why": "it has begun"}}
        registry.journal.append("rollout", "tips", told, at=NOW + 4)
        registry.journal.append(
            "rollout", "tips", {**told, "decision": {"after": "promoted", "why": "late"}}, at=NOW + 99
        )
    logged(monthly, second.release, 2, at=NOW + 10, revision=route.revision, role="challenger")
    logged(monthly, first.release, 1, at=NOW + 10, revision=route.revision, role="shadow")
    return monthly


def test_a_prediction_leads_to_the_release_the_route_the_rollout_the_trigger_and_the_files(life) -> None:
    with Registry(life.home) as registry:
        found = trace(registry, "q1.0")
    assert (found.release.label, found.name, found.answer["@role"]) == ("tips@2", "tips", "challenger")
    assert (found.answer["fare"], found.answer["@key"], found.answer["@prediction"]) == (3.5, "T1", True)
    assert [row["@role"] for row in found.rows] == ["challenger", "shadow"]
    assert found.route["content"]["why"] == "a test divides them"
    assert found.rollout["content"]["decision"]["why"] == "it has begun"
    assert found.trigger["content"]["new_spans"] == ["2013-05"]
    assert found.training["content"]["result"] == "released"
    assert found.promoted is None
    edge = found.lineage.edges[0]
    assert (edge.stage, edge.target.name, edge.source.name) == ("serve", "q1.0", "tips@2")
    files = {edge.source.name.rpartition("/")[2] for edge in found.lineage.edges if edge.source.kind == "file"}
    assert files >= {"m-2013-03.csv", "m-2013-04.csv", "m-2013-05.csv"}


def test_a_request_by_its_base_id_has_every_row(life) -> None:
    with Registry(life.home) as registry:
        found = trace(registry, "q1")
    assert [row["@id"] for row in found.rows] == ["q1.0", "q1.1", "q1.0", "q1.1"]


def test_the_first_champion_answers_before_any_route_was_set(monthly) -> None:
    first = run(monthly.file)
    logged(monthly, first.release, 1, at=NOW, revision=0)
    with Registry(monthly.home) as registry:
        found = trace(registry, "q1.1")
        registry.promote("tips", 1, why="it is good", at=NOW - 5)
        again = trace(registry, "q1.1")
    assert (found.route, found.rollout, found.promoted, found.trigger, found.training) == (None,) * 5
    assert again.promoted["content"]["why"] == "it is good"


def test_an_unknown_prediction_is_none(life, project) -> None:
    with Registry(life.home) as registry:
        assert trace(registry, "q2.0") is None
        assert trace(registry, "nothing") is None


def test_show_and_lineage_take_a_predictions_id(life, capsys) -> None:
    for verb in ("show", "lineage"):
        assert code_of([verb, "q1.0", "--home", str(life.home)]) == 0
        text = capsys.readouterr().out
        assert "answered by   tips@2" in text
        assert "as challenger, route revision 1" in text
        assert "trained for   new span 2013-05" in text
        assert "rollout       canary: it has begun" in text
        assert ("fare" in text) == (verb == "show")
        assert ("serve: release tips@2" in text) == (verb == "lineage")
        assert code_of([verb, "q1.0", "--json", "--home", str(life.home)]) == 0
        told = json.loads(capsys.readouterr().out)
        told = told["prediction"] if verb == "lineage" else told
        assert (told["kind"], told["release"]["label"], told["rows"][0]["fare"]) == ("prediction", "tips@2", 3.5)
    assert code_of(["show", "q9.0", "--home", str(life.home)]) == 3
    assert code_of(["lineage", "q9.0", "--home", str(life.home)]) == 3


def test_the_spans_of_a_release_are_shown_whole(life, capsys) -> None:
    assert code_of(["show", "tips@2", "--home", str(life.home)]) == 0
    assert "training_spans 2013-03, 2013-04" in capsys.readouterr().out


def test_the_lineage_of_a_release_holds_nothing_that_came_after_it(life) -> None:
    """The contract is the same one in both runs; the first release is not made from what the second one read."""
    with Registry(life.home) as registry:
        files = {edge.source.name.rpartition("/")[2] for edge in registry.lineage("tips@1").edges}
        later = {edge.source.name.rpartition("/")[2] for edge in registry.lineage("tips@2").edges}
    assert "m-2013-05.csv" not in files
    assert "m-2013-02.csv" in files
    assert "m-2013-05.csv" in later


def test_nothing_is_made_from_a_prediction(life, capsys) -> None:
    assert code_of(["lineage", "q1.0", "--down", "--json", "--home", str(life.home)]) == 0
    assert json.loads(capsys.readouterr().out)["edges"] == []


def test_going_back_restores_model_features_and_schema_together(monthly) -> None:
    first = run(monthly.file)
    for number in range(1, 5):
        monthly.month(number, rows(number * 50, number * 50 + 50).replace("fare", "amount"))
    monthly.edit('Input("fare"', 'Input("amount"')
    monthly.edit('features=("fare",)', 'features=("amount",)')
    monthly.edit('number("fare")', 'number("amount")')
    (monthly.folder / "tips.schema.yaml").unlink()
    second = run(monthly.file)
    old, new = monthly.folder / "old.csv", monthly.folder / "data" / "m-2013-04.csv"
    old.write_text(rows(0, 50))

    def served() -> tuple[str, tuple[str, ...], list[Verdict]]:
        model = verbs.find("tips", home=monthly.home).model
        verdicts = [data.validate(data.profile(data.read(path)), model.schema).verdict for path in (old, new)]
        return model.inputs[0].name, model.features, verdicts

    with Registry(monthly.home) as registry:
        registry.promote("tips", 2, why="it is better")
        assert served() == ("amount", ("amount",), [Verdict.FAIL, Verdict.PASS])
        before = registry.previous_champion("tips")
        assert before.release.digest == first.release
        registry.promote("tips", before.version, why="it is worse after all", back=True)
        assert served() == ("fare", ("fare",), [Verdict.PASS, Verdict.FAIL])
        (arm,) = registry.route("tips").arms
        assert (arm.release, arm.role) == (first.release, "champion")
        folder = registry.resolve("tips", check=True).folder
        assert Model.load(folder).schema.digest == registry.resolve("tips").release.made_from["schema"]
        assert registry.resolve("tips@2").release.digest == second.release

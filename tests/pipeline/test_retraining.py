"""Retraining: what starts a training, what comes of it, what is on record, and what a kill leaves.

The command line is called within this process, so that a training takes no time; tests with processes stand at the end.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

from seakeep.core import Verdict, locks
from seakeep.monitoring.incidents import Incident
from seakeep.pipeline import run
from seakeep.pipeline.control.alerts import Alert, receive
from seakeep.pipeline.retraining import RetrainBusy, attending, retrain
from seakeep.pipeline.retraining import declared as declared_module
from seakeep.pipeline.retraining import service as retraining
from seakeep.pipeline.retraining.child import Ended
from seakeep.pipeline.retraining.declared import CannotDeclare
from seakeep.registry import Registry

from .conftest import policy, rows

NOW = 1_760_000_000.0
HOUR = 3600.0
QUICK = "import seakeep.serving\nseakeep.serving.OnnxPredictor = lambda model: model\n"


@pytest.fixture
def trained(monthly, calls):
    """A project with four months, trained on the newest three, and looked at once."""
    policy(monthly)
    run(monthly.file)
    look(monthly)
    calls.made.clear()
    return monthly


def look(project, *, at: float = NOW, **given):
    return retrain(project.file, now=at, **given)


def journal(project, kind: str) -> list[dict]:
    with Registry(project.home) as registry:
        return [entry.content for entry in registry.journal.entries(kind=kind, name="tips")]


def incident(project, *, code="drift.psi", release="tips@1", state="open", number=1) -> None:
    found = Incident(f"{number:012}", "tips", code, "fare", state, 0, 1, 1, 0, (release,), "fare moved")
    with Registry(project.home) as registry:
        key = f"tips/{found.id}"
        registry.documents.put("incident", key, found, expected=registry.documents.revision("incident", key))


def spans_of(project, label: str) -> str:
    with Registry(project.home) as registry:
        made_from = registry.resolve(label).release.made_from
    return f"{made_from['training_spans']} | {made_from['held_out_spans']}"


def test_a_first_look_trains_a_pipeline_that_has_no_release_yet(monthly, calls) -> None:
    policy(monthly)
    found = look(monthly)
    assert (found.decision.code, found.decision.why) == ("retrain", "new spans 2013-02, 2013-03, 2013-04")
    assert (found.outcome.result, found.outcome.label) == ("released", "tips@1")
    assert calls.verbs() == [
        f"{monthly.file}",
        "validate 2013-04",
        "validate 2013-03",
        "validate 2013-02",
        "run 2013-04",
    ]
    assert found.exit_code == 0


def test_with_nothing_new_nothing_is_called_and_nothing_repeated_on_record(trained, calls) -> None:
    assert [entry["decision"] for entry in journal(trained, "trigger")] == ["nothing"]
    again = look(trained, at=NOW + 60)
    assert (again.decision.code, again.news, calls.verbs()) == ("nothing", False, [])
    assert len(journal(trained, "trigger")) == 1


def test_a_new_span_is_judged_and_then_trained_on(trained, calls) -> None:
    trained.month(5)
    found = look(trained, at=NOW + 60)
    assert (found.decision.triggers, found.decision.why) == (("spans",), "new span 2013-05")
    assert calls.verbs() == ["validate 2013-05", "run 2013-05"]
    assert (found.outcome.result, found.outcome.label) == ("released", "tips@2")
    assert spans_of(trained, "tips@2") == "2013-03, 2013-04 | 2013-05"
    (trigger,) = [entry for entry in journal(trained, "trigger") if entry["decision"] == "retrain"]
    assert (trigger["new_spans"], trigger["champion"]) == (["2013-05"], "tips@1")
    (outcome,) = journal(trained, "retraining")
    assert (outcome["release"], outcome["label"]) == (found.outcome.release, "tips@2")
    with Registry(trained.home) as registry:
        line = registry.journal.entries(kind="trigger", name="tips")[-1]
        assert registry.champion("tips").label == "tips@1"
    assert outcome["trigger"] == line.id
    assert look(trained, at=NOW + 2 * HOUR).decision.code == "nothing"


def test_within_the_cool_down_a_new_span_is_judged_and_waits(trained, calls) -> None:
    trained.month(5)
    look(trained, at=NOW)
    trained.month(6)
    calls.made.clear()
    waits = look(trained, at=NOW + 60)
    assert (waits.decision.code, waits.decision.until) == ("cooling", NOW + HOUR)
    assert calls.verbs() == ["validate 2013-06"]
    assert not look(trained, at=NOW + 120).news
    assert look(trained, at=NOW + HOUR).outcome.label == "tips@3"


def test_a_spent_budget_holds_trainings_back(trained) -> None:
    policy(trained, cooldown='"1m"', most_runs=2, per='"1d"')
    results = []
    for number in range(5, 9):
        trained.month(number)
        results.append(look(trained, at=NOW + number * HOUR).decision.code)
    assert results == ["retrain", "retrain", "budget", "budget"]
    assert look(trained, at=NOW + 5 * HOUR + 86_400).outcome.result == "released"


def test_a_span_that_breaks_the_contract_is_named_and_kept_apart(trained, calls) -> None:
    path = trained.month(5, rows(250, 300).replace("fare", "fare_amount"))
    found = look(trained, at=NOW + 60)
    assert (found.decision.code, found.outcome, found.exit_code) == ("blocked", None, 1)
    assert found.decision.why.startswith("span 2013-05 breaks the contract (schema.missing_column fare: ")
    assert found.decision.why.endswith("): replace the file, or set skip_bad_spans")
    assert calls.verbs() == ["validate 2013-05"]
    (told,) = journal(trained, "span")
    assert (told["span"], told["verdict"]) == ("2013-05", "quarantined")
    assert "schema.missing_column fare" in told["why"]
    assert "missing_column" in journal(trained, "trigger")[-1]["bad_spans"]["2013-05"]
    with Registry(trained.home) as registry:
        assert registry.has(told["report"])
    assert (look(trained, at=NOW + 120).news, calls.verbs()) == (False, [])
    path.write_text(rows(250, 300))
    mended = look(trained, at=NOW + 180)
    assert calls.verbs() == ["validate 2013-05", "run 2013-05"]
    assert mended.outcome.label == "tips@2"


def test_a_bad_span_is_left_out_where_the_policy_says_so(trained, calls) -> None:
    policy(trained, skip_bad_spans="true")
    trained.month(5, "trip,fare,zone,tip\n")
    assert "span 2013-05 left out" in look(trained, at=NOW + 60).decision.why
    trained.month(6)
    found = look(trained, at=NOW + 120)
    assert found.outcome.result == "released"
    assert spans_of(trained, found.outcome.label) == "2013-03, 2013-04 | 2013-06"


def test_a_changed_contract_judges_a_quarantined_span_anew(trained, calls) -> None:
    trained.month(5, rows(250, 300).replace("north", "west"))
    schema = trained.folder / "tips.schema.yaml"
    if look(trained, at=NOW + 60).decision.code == "blocked":
        schema.write_text(schema.read_text().replace("north", "west"))
        calls.made.clear()
        look(trained, at=NOW + 120)
        assert "validate 2013-05" in calls.verbs()


def test_a_span_that_the_projects_code_cannot_read_waits_for_other_code(trained, calls) -> None:
    trained.edit("def read(paths):\n", 'def read(paths):\n    assert "05" not in str(paths), "no"\n')
    trained.month(5)
    found = look(trained, at=NOW + 60)
    assert found.decision.code == "blocked"
    assert "span 2013-05 cannot be judged (" in found.decision.why
    assert journal(trained, "span")[-1]["verdict"] == "unjudged"
    calls.made.clear()
    look(trained, at=NOW + 120)
    assert calls.verbs() == []
    look(trained, at=NOW + 120 + HOUR)
    assert calls.verbs() == ["validate 2013-05"]
    trained.edit('    assert "05" not in str(paths), "no"\n', "")
    assert look(trained, at=NOW + 180 + HOUR).outcome.result == "released"


def test_a_trained_span_whose_file_changes_is_new_again(trained, calls) -> None:
    trained.month(3, rows(150, 190))
    found = look(trained, at=NOW + 60)
    assert (found.decision.why, found.outcome.label) == ("new span 2013-03", "tips@2")


@pytest.mark.parametrize(("code", "kind"), [("drift.psi", "drift"), ("decay.roc_auc", "decay")])
def test_an_open_incident_starts_one_training_and_no_second_one(trained, code, kind) -> None:
    incident(trained, code=code)
    found = look(trained, at=NOW + 60)
    assert (found.decision.triggers, found.decision.why) == ((kind,), f"{kind} of fare")
    assert (found.outcome.result, found.outcome.label) == ("equal", "tips@1")
    assert look(trained, at=NOW + 5 * HOUR).decision.code == "nothing"
    incident(trained, code=code, number=2)
    assert look(trained, at=NOW + 6 * HOUR).decision.triggers == (kind,)


def firing(trained, *, number: int = 1, began: float = NOW, state: str = "firing", **labels: str) -> None:
    """An alert that Alertmanager told of."""
    told = Alert(f"{number:x}", "tips", "FeedStopped", state, began, labels)
    with Registry(trained.home) as registry:
        receive(registry, [told], now=began)


def test_an_alert_starts_a_training_where_its_rule_and_the_settings_say_so_and_once(trained) -> None:
    firing(trained, seakeep_retrain="true")
    assert look(trained, at=NOW + 60).decision.code == "nothing", "the settings do not say so"
    (trained.file.parent / "seakeep.toml").write_text('[retrain]\non = ["alerts"]\n')
    found = look(trained, at=NOW + 120)
    assert (found.decision.triggers, found.decision.why) == (("alerts",), "firing alert FeedStopped")
    assert found.outcome.result == "equal"
    assert look(trained, at=NOW + 5 * HOUR).decision.code == "nothing"
    firing(trained, began=NOW + 6 * HOUR, seakeep_retrain="true")
    assert look(trained, at=NOW + 6 * HOUR + 60).decision.triggers == ("alerts",), "it ended and began again"


def test_alerts_that_ended_or_do_not_ask_start_nothing(trained) -> None:
    (trained.file.parent / "seakeep.toml").write_text('[retrain]\non = ["alerts"]\n')
    firing(trained)
    firing(trained, number=2, seakeep_retrain="no")
    firing(trained, number=3, seakeep_retrain="true")
    firing(trained, number=3, seakeep_retrain="true", state="resolved")
    assert look(trained, at=NOW + 60).decision.code == "nothing"


def test_incidents_that_are_closed_or_of_another_kind_or_release_start_nothing(trained) -> None:
    incident(trained, state="closed")
    incident(trained, code="schema.missing_rate", number=2)
    incident(trained, release="tips@7", number=3)
    assert look(trained, at=NOW + 60).decision.code == "nothing"


def test_an_incident_that_the_next_champion_has_too_asks_again(trained) -> None:
    incident(trained)
    look(trained, at=NOW + 60)
    trained.edit("Constant()", "Constant(1)")
    second = run(trained.file)
    with Registry(trained.home) as registry:
        registry.promote("tips", int(second.label[5:]), why="a test says so")
    assert look(trained, at=NOW + 5 * HOUR).decision.code == "nothing"
    incident(trained, release=second.label)
    assert look(trained, at=NOW + 9 * HOUR).decision.triggers == ("drift",)


def test_the_schedule_counts_from_the_latest_training_of_any_kind(trained) -> None:
    policy(trained, every='"1d"')
    with Registry(trained.home) as registry:
        made = registry.resolve("tips").registered
    assert look(trained, at=made + 3600).decision.until == pytest.approx(made + 86_400)
    found = look(trained, at=made + 86_401)
    assert (found.decision.triggers, found.outcome.result) == (("schedule",), "equal")
    assert look(trained, at=made + 86_401 + 7200).decision.until == pytest.approx(made + 2 * 86_400 + 1)


def test_a_person_may_ask_within_the_cool_down(trained) -> None:
    trained.month(5)
    look(trained)
    assert look(trained, at=NOW + 1).decision.code == "nothing"
    found = look(trained, at=NOW + 2, asked=True)
    assert (found.decision.why, found.outcome.result) == ("somebody asked for it", "equal")
    trained.month(6)
    assert look(trained, at=NOW + 3).decision.until == NOW + 2 + HOUR


def test_a_training_whose_checks_fail_is_on_record_and_is_not_repeated(trained) -> None:
    trained.edit('return judged("evaluation", value', 'return judged("evaluation", Verdict.FAIL, value')
    trained.month(5)
    found = look(trained, at=NOW + 60)
    assert (found.outcome.result, found.exit_code) == ("refused", 1)
    assert found.outcome.why == "evaluation.x x: x is 64"
    assert look(trained, at=NOW + 5 * HOUR).decision.code == "nothing"


def test_a_training_that_breaks_counts_for_the_cool_down_and_is_tried_again_after_it(trained) -> None:
    trained.edit('    note("train")', '    note("train"); 1 / 0')
    trained.month(5)
    found = look(trained, at=NOW + 60)
    assert (found.outcome.result, found.exit_code) == ("failed", 3)
    assert "ZeroDivisionError" in found.outcome.why
    assert look(trained, at=NOW + 120).decision.code == "cooling"
    trained.edit("; 1 / 0", "")
    assert look(trained, at=NOW + 60 + HOUR).outcome.result == "released"


def test_an_inconclusive_release_is_on_record_as_that(trained) -> None:
    trained.edit('return judged("evaluation", value', 'return judged("evaluation", Verdict.INCONCLUSIVE, value')
    trained.month(5)
    found = look(trained, at=NOW + 60)
    assert (found.outcome.result, found.outcome.label, found.exit_code) == ("inconclusive", "tips@2", 2)


def test_a_training_that_was_stopped_at_its_limit_is_over_budget(trained, monkeypatch) -> None:
    trained.month(5)
    look(trained, at=NOW - 10 * HOUR)
    trained.month(6)
    before = attending.call

    def overdue(arguments, **given):
        return Ended(-15, None, "ended by SIGTERM", True) if arguments[0] == "run" else before(arguments, **given)

    monkeypatch.setattr(attending, "call", overdue)
    found = look(trained, at=NOW + 60)
    assert (found.outcome.result, found.outcome.why) == ("over budget", "it was stopped after 60 minutes")
    monkeypatch.setattr(attending, "call", before)
    assert look(trained, at=NOW + 120).decision.code == "cooling"
    assert look(trained, at=NOW + 2 * HOUR).outcome.result == "released"


def test_too_few_spans_are_told(trained) -> None:
    for number in (1, 2, 3):
        trained.month(number).unlink()
    incident(trained)
    found = look(trained, at=NOW + 60)
    assert (found.decision.code, found.decision.why) == (
        "blocked",
        "1 spans can be used, expected at least 2 (asked for: drift of fare)",
    )


def test_a_pipeline_without_spans_is_trained_again_by_its_schedule(project, calls) -> None:
    policy(project, every='"1d"')
    assert look(project).outcome.label == "tips@1"
    assert look(project, at=time.time()).decision.code == "nothing"


def test_a_killed_service_goes_on_with_its_training_and_counts_it_once(trained, calls) -> None:
    trained.month(5)

    def die(arguments) -> None:
        if arguments[0] == "run":
            raise KeyboardInterrupt

    calls.before = die
    with pytest.raises(KeyboardInterrupt):
        look(trained, at=NOW + 60)
    calls.before = lambda _arguments: None
    trained.month(6)  # what arrived meanwhile does not change a training that has begun
    found = look(trained, at=NOW + 120)
    assert found.decision.why == "goes on with a training that was broken off"
    assert (found.outcome.result, found.outcome.label) == ("released", "tips@2")
    assert spans_of(trained, "tips@2") == "2013-03, 2013-04 | 2013-05"
    assert look(trained, at=NOW + 180).decision.until == NOW + 60 + HOUR
    assert len(journal(trained, "retraining")) == 1


def test_a_service_killed_after_its_training_had_ended_finds_the_release_it_made(trained, calls) -> None:
    trained.month(5)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(attending.Attending, "_end", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            look(trained, at=NOW + 60)
    found = look(trained, at=NOW + 120)
    assert (found.outcome.result, found.outcome.label) == ("released", "tips@2")
    with Registry(trained.home) as registry:
        assert len(registry.releases("tips")) == 2


def test_a_training_that_ends_its_service_again_and_again_is_given_up(trained, calls) -> None:
    trained.month(5)

    def die(arguments) -> None:
        if arguments[0] == "run":
            raise KeyboardInterrupt

    calls.before = die
    for number in range(3):
        with pytest.raises(KeyboardInterrupt):
            look(trained, at=NOW + number)
    found = look(trained, at=NOW + 9)
    assert (found.outcome.result, found.exit_code) == ("failed", 3)
    assert "was broken off 3 times" in found.outcome.why


def test_two_services_of_one_pipeline_are_kept_apart(trained) -> None:
    (path,) = (trained.home / "locks").glob("retrain-*")
    with locks.alone(path), pytest.raises(RetrainBusy, match="another process retrains this pipeline") as caught:
        look(trained)
    assert caught.value.process is not None


def test_a_second_service_says_so_and_takes_over_when_the_first_one_ends(trained, monkeypatch) -> None:
    (path,) = (trained.home / "locks").glob("retrain-*")
    first = locks.alone(path)
    first.__enter__()
    troubles = []

    def troubled(error) -> None:
        troubles.append(error)
        first.__exit__(None, None, None)

    def nap(_seconds) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(retraining.time, "sleep", nap)
    with pytest.raises(KeyboardInterrupt):
        retraining.serve(trained.file, troubled=troubled)
    assert [type(error) for error in troubles] == [RetrainBusy]


def test_a_release_that_passed_is_handed_to_a_rollout(trained, monkeypatch) -> None:
    from seakeep.core.errors import RegistryError
    from seakeep.pipeline.rollouts import verbs as rollouts

    started: list[tuple] = []

    def start(name, *, release, plan, settings, home, now):
        assert settings["requests"] == 7
        if not started:
            started.append(("refused", release))
            raise RegistryError("a rollout of tips@1 is under way")
        started.append((name, release, plan, Path(home), now))

    monkeypatch.setattr(rollouts, "start", start)
    policy(trained, rollout='"canary"')
    file = trained.folder / "seakeep.toml"
    file.write_text(f"{file.read_text()}\n[rollout]\nrequests = 7\n")
    trained.month(5)
    first = look(trained, at=NOW + 60)
    assert (first.outcome.label, first.rollout) == ("tips@2", "")
    assert journal(trained, "retraining")[-1]["why"] == (
        "its rollout could not be started: a rollout of tips@1 is under way"
    )
    second = look(trained, at=NOW + 120)
    assert (second.rollout, second.news) == ("tips@2", True)
    assert started[-1] == ("tips", "tips@2", "canary", trained.home, NOW + 120)
    assert look(trained, at=NOW + 180).rollout == ""
    assert len(started) == 2


def test_the_first_release_of_a_name_needs_no_rollout(monthly, calls, monkeypatch) -> None:
    from seakeep.pipeline.rollouts import verbs as rollouts

    monkeypatch.setattr(rollouts, "start", None)
    policy(monthly, rollout='"canary"')
    assert look(monthly).outcome.label == "tips@1"
    with Registry(monthly.home) as registry:
        assert registry.champion("tips").label == "tips@1"


def test_a_clock_that_goes_back_shortens_no_cool_down(trained) -> None:
    trained.month(5)
    look(trained, at=NOW)
    trained.month(6)
    back = look(trained, at=NOW - 30 * HOUR)
    assert (back.decision.code, back.decision.until) == ("cooling", NOW - 29 * HOUR)
    assert look(trained, at=NOW - 29 * HOUR).outcome.result == "released"


def test_a_service_looks_again_and_again_and_tells_trouble_once(trained, monkeypatch) -> None:
    told, troubles = [], []
    naps = iter(range(5))

    def nap(_seconds) -> None:
        number = next(naps)
        if number == 0:
            trained.month(5)
        if number == 1:
            trained.file.write_text(trained.file.read_text() + "\n1 / 0\n")
        if number == 4:
            raise KeyboardInterrupt

    monkeypatch.setattr(retraining.time, "sleep", nap)
    monkeypatch.setattr(declared_module, "call", lambda *_, **__: Ended(1, None, "CannotLoad: it breaks", False))
    with pytest.raises(KeyboardInterrupt):
        retraining.serve(trained.file, told=told.append, troubled=troubles.append)
    assert [look.outcome.label for look in told] == ["tips@2"]
    assert len(troubles) == 1
    assert isinstance(troubles[0], CannotDeclare)
    assert "CannotLoad: it breaks" in str(troubles[0])


def command(project, *arguments: str) -> list[str]:
    return [sys.executable, "-m", "seakeep", "retrain", str(project.file), *arguments]


def quick(project) -> None:
    """As a process of its own can run it; with two spans, since each is judged by a process too."""
    project.edit("import seakeep\n", "import seakeep\n" + QUICK)
    for number in (1, 2):
        project.month(number).unlink()


def test_retrain_in_processes_of_its_own(monthly) -> None:
    quick(monthly)
    policy(monthly)
    project = 'print("the project prints too")\n'
    monthly.file.write_text(monthly.file.read_text() + project)
    done = subprocess.run(command(monthly, "--once", "--json"), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    assert (answer["decision"]["code"], answer["outcome"]["label"]) == ("retrain", "tips@1")
    assert "training: new spans 2013-03, 2013-04" in done.stderr
    again = subprocess.run(command(monthly, "--once"), capture_output=True, text=True, check=False)
    assert again.stdout.endswith("tips  nothing  nothing asks for a training\n")


@pytest.mark.slow
def test_a_service_that_is_told_to_end_stops_its_training_and_the_next_one_goes_on(monthly) -> None:
    quick(monthly)
    policy(monthly)
    monthly.edit(
        '    note("train")', '    note("train")\n    while (HERE / "hold").exists(): __import__("time").sleep(0.05)'
    )
    (monthly.folder / "hold").write_text("")
    service = subprocess.Popen(
        command(monthly, "--every", "0.2"), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    deadline = time.monotonic() + 60
    log = monthly.folder / "calls.log"
    while not (log.exists() and "train" in log.read_text().split()) and time.monotonic() < deadline:
        time.sleep(0.05)
    service.terminate()
    _, err = service.communicate(timeout=30)
    assert service.returncode == 143, err
    (path,) = (monthly.home / "locks").glob("run-*")
    with locks.alone(path, wait=False) as held:
        assert held  # the training has ended with its service
    (monthly.folder / "hold").unlink()
    done = subprocess.run(command(monthly, "--once", "--json"), capture_output=True, text=True, check=True)
    answer = json.loads(done.stdout)
    assert answer["decision"]["why"] == "goes on with a training that was broken off"
    assert answer["outcome"]["label"] == "tips@1"
    with Registry(monthly.home) as registry:
        assert registry.verify().verdict is Verdict.PASS


def test_a_canary_really_begins(trained, monkeypatch) -> None:
    monkeypatch.chdir(trained.folder)
    policy(trained, rollout='"canary"')
    trained.month(5)
    assert look(trained, at=time.time()).rollout == "tips@2"
    with Registry(trained.home) as registry:
        assert registry.documents.get("rollout", "tips") is not None
        assert registry.champion("tips").label == "tips@1"


LIGHT = """
import sys
from seakeep.pipeline.retraining import retrain
assert retrain(sys.argv[1]).decision.code == "nothing"
print(sorted({"polars", "onnxruntime", "sklearn", "numpy"} & set(sys.modules)))
"""


def test_a_look_that_finds_nothing_loads_no_table_or_model_library(trained) -> None:
    done = subprocess.run([sys.executable, "-c", LIGHT, str(trained.file)], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


@pytest.mark.slow
def test_kill_9_of_a_retraining_at_random_moments_doubles_nothing(monthly) -> None:
    import random

    quick(monthly)
    policy(monthly)
    draw = random.Random(8)
    for _ in range(3):
        process = subprocess.Popen(command(monthly, "--once"), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(draw.uniform(0.2, 8))
        process.kill()
        process.wait()
    for _ in range(3):
        subprocess.run(command(monthly, "--once"), capture_output=True, check=False)
    with Registry(monthly.home) as registry:
        assert [each.label for each in registry.releases()] == ["tips@1"]
        assert registry.verify().verdict is Verdict.PASS
        state = registry.documents.get("retrain", "tips").content
    assert (state["running"], len(state["history"]["starts"])) == (None, 1)
    assert [each["result"] for each in journal(monthly, "retraining")] == ["released"]
    assert (monthly.folder / "calls.log").read_text().split().count("evaluate") == 1

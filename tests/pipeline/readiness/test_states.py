"""Each of the 28 tests in each of its states: what earns a point, half of one, nothing, and what is refused although it looks like evidence."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest

from seakeep.core import Verdict
from seakeep.pipeline.readiness import TESTS, attest

from .craft import COVERED, FAIL, OPEN, Craft, check, git

DAY = 86_400.0
Change = Callable[[Craft], Any]


def without(name: str, code: str) -> Change:
    """Leave the checks of a code out of one of the reports."""
    return lambda c: setattr(c, name, [each for each in getattr(c, name) if not each.code.startswith(code)])


def judged(name: str, code: str, verdict: Verdict) -> Change:
    """Give the checks of a code another verdict."""

    def change(c: Craft) -> None:
        changed = [
            check(each.code, each.subject, verdict, observed=each.observed, evidence=each.evidence)
            if each.code.startswith(code)
            else each
            for each in getattr(c, name)
        ]
        setattr(c, name, changed)

    return change


def put(**fields: Any) -> Change:
    """Set fields of the craft."""

    def change(c: Craft) -> None:
        for name, value in fields.items():
            assert hasattr(c, name)
            setattr(c, name, value)

    return change


BY_HAND = put(ci="")
NOT_COVERED = put(covers=())
NEVER_RUN = put(proofs=("reproducible",))
BROKEN = put(failed=2)
UNWATCHED = put(windows=0)
WATCHED_ONCE = put(windows=1)
OTHERS = put(watched="the first")
FIRST = put(versions=1)

STATES: list[tuple[str, Change, str, str]] = [
    ("D1", put(enforced=False), "nothing", "the very rows"),
    ("D1", put(inferred_here=True), "nothing", "the very rows"),
    ("D1", judged("validation", "schema.bounds", FAIL), "contradicted", "do not hold their contract"),
    ("D1", without("validation", "schema.bounds"), "nothing", "says nothing of the values of fare"),
    ("D2", put(importance=[]), "nothing", "No importance of fare"),
    ("D2", put(importance=[("fare", 0.1, -0.01, 0.2)]), "nothing", "not shown to help: fare"),
    ("D2", put(importance=[("fare", -0.1, -0.2, -0.05)]), "contradicted", "better without what fare says"),
    ("D4", put(after=False), "nothing", "no rule was ever tested"),
    ("D7", judged("training", "parity.features", FAIL), "contradicted", "do not agree"),
    ("D7", without("training", "parity.features"), "nothing", "held to no reference"),
    ("M1", put(git=False), "nothing", "git does not hold"),
    ("M1", put(reviewer=None), "nothing", "Nobody but its author"),
    ("M1", put(reviewer="Ada <ADA@example.org>"), "nothing", "Nobody but its author"),
    ("M1", put(workflow=None), "by hand", "no workflow checks"),
    ("M1", put(workflow="on: push\nrun: seakeep ci check\n"), "by hand", "no workflow checks"),
    ("M1", put(workflow="on: pull_request\nrun: pytest\n"), "by hand", "no workflow checks"),
    ("M2", put(versions=3), "nothing", "2 of 3 pairs"),
    ("M2", without("rollout", "rollout.goal"), "nothing", "0 of 3 pairs"),
    ("M2", judged("rollout", "rollout.goal", FAIL), "contradicted", "contradicted the held-out rows"),
    ("M2", without("evaluation", "metric.no_worse_than"), "nothing", "0 of 3 pairs"),
    ("M2", judged("evaluation", "metric.no_worse_than", OPEN), "nothing", "0 of 3 pairs"),
    ("M4", put(windows=3), "nothing", "3 of 4 labelled windows"),
    ("M4", put(labelled=0), "nothing", "0 of 4 labelled windows"),
    ("M4", OTHERS, "nothing", "0 of 4 labelled windows"),
    ("M5", judged("training", "baseline", FAIL), "contradicted", "baseline.better"),
    ("M5", judged("training", "baseline", OPEN), "nothing", "undecided"),
    ("M5", without("training", "baseline"), "nothing", "No baseline was fitted"),
    ("M6", put(slices=("all",)), "nothing", "No slices are declared"),
    ("M6", put(slices=("all", "carrier=UA", "origin=EWR & carrier=UA")), "nothing", "slices by origin and carrier are measured"),
    ("M6", put(slices=("all", "distance in (1, 2]")), "nothing", "slices by distance are measured"),
    ("M6", judged("evaluation", "metric.at_least", FAIL), "contradicted", "is fail"),
    ("M7", without("evaluation", "fairness"), "nothing", "No gap between groups"),
    ("M7", judged("evaluation", "fairness", FAIL), "contradicted", "fairness"),
    ("M7", judged("evaluation", "fairness", OPEN), "nothing", "undecided"),
    ("I1", BY_HAND, "by hand", "no CI job"),
    ("I1", put(proofs=()), "nothing", "trained once"),
    ("I1", put(reproduced=False), "contradicted", "another model"),
    ("I3", put(service=False, covers=()), "by hand", "nothing does it again and again"),
    ("I3", put(service=False, ci=""), "by hand", "no CI job has run them"),
    ("I4", judged("evaluation", "metric", FAIL), "contradicted", "without having passed its gates"),
    ("I4", put(forced="in a hurry"), "contradicted", "without having passed its gates"),
    ("I4", without("evaluation", "metric"), "nothing", "No metric had to reach"),
    ("I5", put(contributions=0), "nothing", "No contributions"),
    ("I5", without("evaluation", "explain"), "nothing", "No contributions"),
    ("I5", judged("evaluation", "explain", FAIL), "contradicted", "explain.additivity"),
    ("I6", put(phases=("shadow", "promoted")), "nothing", "without a canary that answered"),
    ("I6", put(forced="in a hurry"), "contradicted", "by force"),
    ("I6", FIRST, "nothing", "the first of its name"),
    ("I7", FIRST, "nothing", "no earlier champion"),
    ("I7", put(back_phases=()), "nothing", "ever sent back"),
    ("I7", put(back_phases=("shadow", "rolled_back")), "nothing", "ever sent back"),
    ("I7", put(back_phases=("canary", "aborted"), back_code="rollout.abort"), "by hand", "none happened by itself"),
    ("Mon1", put(spans=False), "nothing", "Nobody holds arriving data"),
    ("Mon1", put(rules=None), "nothing", "tells anybody"),
    ("Mon1", put(rules="groups:\n  - alert: Disk\n    expr: node_disk > 1\n"), "nothing", "tells anybody"),
    ("Mon2", judged("window", "schema", FAIL), "contradicted", "schema.kind fare"),
    ("Mon2", without("window", "schema"), "nothing", "did not run"),
    ("Mon3", judged("window", "drift", FAIL), "contradicted", "drift.psi fare"),
    ("Mon3", without("window", "drift"), "nothing", "did not run"),
    ("Mon3", judged("training", "parity.flips", FAIL), "contradicted", "parity.flips does not pass"),
    ("Mon3", without("training", "parity.flips"), "nothing", "parity.flips does not pass"),
    ("Mon4", put(looked=False), "nothing", "No service looks"),
    ("Mon5", judged("evaluation", "evaluation.scores", FAIL), "contradicted", "evaluation.scores"),
    ("Mon5", without("evaluation", "evaluation.scores"), "nothing", "Nobody looked"),
    ("Mon5", judged("window", "monitoring.answered", FAIL), "contradicted", "monitoring.answered"),
    ("Mon5", lambda c: c.window.append(check("schema.nan", "fare", FAIL)), "contradicted", "schema.nan fare"),
    ("Mon5", lambda c: c.window.append(check("schema.infinite", "fare", FAIL)), "contradicted", "schema.infinite fare"),
    ("Mon6", FIRST, "nothing", "no rollout compared"),
    ("Mon6", put(rules=None), "nothing", "no alert rule"),
    ("Mon6", put(rules="groups:\n  - alert: Lost\n    expr: seakeep_log_lost_rows > 0\n"), "nothing", "no alert rule"),
    ("Mon6", judged("rollout", "rollout.latency", FAIL), "contradicted", "rollout.latency"),
    ("Mon6", judged("rollout", "rollout.latency", OPEN), "nothing", "undecided"),
    ("Mon6", without("rollout", "rollout.latency"), "nothing", "did not run"),
    ("Mon6", put(wall_seconds={4: 16.0}), "contradicted", "the time a row"),
    ("Mon6", put(peak_bytes={4: 2**31}), "contradicted", "the memory a row"),
    ("Mon7", put(labelled=0), "nothing", "has labels"),
    ("Mon7", judged("window", "decay", FAIL), "contradicted", "decay.roc_auc"),
    ("Mon7", judged("window", "decay", OPEN), "nothing", "undecided"),
    ("Mon7", without("window", "decay"), "nothing", "did not run"),
    *((test, BY_HAND, "by hand", "no CI job has run them") for test in COVERED if test != "I3"),
    *((test, NOT_COVERED, "nothing", test) for test in COVERED if test != "I3"),
    *((test, NEVER_RUN, "nothing", "") for test in COVERED if test != "I3"),
    *((test, BROKEN, "contradicted", "2 of the project's tests fail") for test in COVERED),
    *((test, UNWATCHED, "nothing", "0 of 2 windows of tips@4") for test in ("Mon2", "Mon3", "Mon5", "Mon7")),
    *((test, WATCHED_ONCE, "nothing", "1 of 2 windows of tips@4") for test in ("Mon2", "Mon3", "Mon5", "Mon7")),
    *((test, OTHERS, "stale", "answered by tips@1, which is not in charge") for test in ("Mon2", "Mon3", "Mon5", "Mon7")),
]  # fmt: skip
POINTS = {"automatic": 1.0, "by hand": 0.5}


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Craft:
    """A project that earns everything; read only."""
    return Craft(tmp_path_factory.mktemp("whole") / "tips").make()


@pytest.fixture(scope="module")
def crafts(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Craft]:
    """Projects by what was changed in them, each made once; read only. git: three processes that few tests have a use for."""
    made: dict[tuple[Change, bool], Craft] = {}

    def of(change: Change, *, git: bool) -> Craft:
        if (change, git) not in made:
            craft = Craft(tmp_path_factory.mktemp("crafts") / "tips", git=git)
            change(craft)
            made[change, git] = craft.make()
        return made[change, git]

    return of


@pytest.mark.parametrize("test", [test.id for test in TESTS])
def test_a_full_point_rests_on_evidence(whole, test):
    found = whole.check(test)
    assert (found.observed, found.verdict, found.evidence["how"]) == (1.0, Verdict.PASS, "automatic"), found.message
    assert found.evidence["evidence"]
    assert found.fix == ""


@pytest.mark.parametrize(("test", "change", "how", "words"), STATES, ids=[f"{s[0]}-{i}" for i, s in enumerate(STATES)])
def test_less_earns_less_and_says_what_is_missing(crafts, test, change, how, words):
    found = crafts(change, git=test == "M1").check(test)
    assert found.evidence["how"] == how, found.message
    assert found.observed == POINTS.get(how, 0.0)
    assert words.lower() in found.message.lower()
    assert found.fix
    assert (found.verdict is FAIL) == (how == "contradicted")


def test_every_test_has_a_state_without_a_full_point():
    lesser = {test for test, _, _, _ in STATES}
    assert {test.id for test in TESTS} == lesser


@pytest.mark.parametrize("test", [test.id for test in TESTS if test.id != "M1"])
def test_stale_evidence_earns_nothing_and_says_its_age(whole, test):
    found = whole.check(test, now=time.time() + 40 * DAY)
    assert found.observed == 0.0, found.message
    assert (
        "older than 30 days" in found.message or "of 3 pairs" in found.message or test in ("I6", "I7", "Mon6", "I4")
    ), found.message


def test_the_review_of_the_very_sources_in_charge_does_not_age(whole):
    assert whole.check("M1", now=time.time() + 40 * DAY).observed == 1.0


def test_evidence_from_the_future_earns_nothing(craft):
    craft.at = time.time() + 10 * DAY
    earned = {c.subject.partition(" ")[0] for c in craft.make().assess().checks if c.observed}
    assert earned <= {"M1", "Mon4"}  # a review is about sources, and has no age


def test_an_empty_registry_earns_nothing(craft):
    from seakeep.registry import Registry

    craft.root.mkdir()
    (craft.root / "pipeline.py").write_text('Pipeline(name="tips")')
    Registry(craft.home).close()
    for found in craft.assess().checks:
        assert (found.observed, found.verdict) == (0.0, OPEN)
        assert "no release of tips is in charge" in found.message.lower()
        assert found.fix == f"seakeep run {craft.root / 'pipeline.py'}"


def test_a_project_without_a_registry_earns_nothing_and_gets_none(craft):
    craft.root.mkdir()
    (craft.root / "pipeline.py").write_text('Pipeline(name="tips")')
    assert {c.observed for c in craft.assess().checks} == {0.0}
    assert not craft.home.exists()


@pytest.mark.parametrize(
    ("report", "tests"),
    [
        ("validation", ("D1", "D4")),
        ("evaluation", ("D2", "M6", "M7", "I4", "I5", "Mon5")),
        ("training", ("D7", "M5", "Mon3")),
    ],
)
def test_a_torn_report_proves_nothing(craft, report, tests):
    craft.make()
    path = craft.champion.folder / "reports" / f"{report}.json"
    path.write_text(path.read_text()[:-20])
    for test in tests:
        found = craft.check(test)
        assert (found.observed, found.evidence["how"]) == (0.0, "torn"), found.message
        assert "torn or lost" in found.message
        assert found.fix == "seakeep gc"


@pytest.mark.parametrize("test", ["Mon2", "Mon3", "Mon5", "Mon7"])
def test_a_lost_report_of_a_window_proves_nothing(craft, test):
    import json
    import sqlite3

    craft.make()
    with sqlite3.connect(craft.home / "registry.sqlite") as database:
        last = database.execute("SELECT content FROM journal WHERE kind = 'window' ORDER BY id DESC").fetchone()[0]
        database.execute("DELETE FROM artifacts WHERE digest = ?", (json.loads(last)["report"],))
    database.close()
    found = craft.check(test)
    assert (found.observed, found.evidence["how"]) == (0.0, "torn"), found.message


def test_a_torn_release_to_go_back_to_contradicts_the_rollback(craft):
    craft.make()
    (craft.made[3].folder / "model.onnx").write_bytes(b"no graph")
    found = craft.check("I7")
    assert (found.observed, found.verdict) == (0.0, FAIL)
    assert "tips@3, the release to go back to, is torn or lost" in found.message


def test_lines_of_the_journal_that_cannot_be_read_count_for_nothing(craft):
    from seakeep.registry import Registry

    craft.make()
    with Registry(craft.home) as registry:
        for kind in ("window", "proof", "attestation", "retraining", "span"):
            for content in (None, [], {"window": 3}, {"what": "tests"}):
                registry.journal.append(kind, "tips", content, at=craft.at)
    assert {c.observed for c in craft.assess().checks} == {1.0}


def test_evidence_of_another_model_in_the_same_registry_does_not_count(craft):
    """Everything is on record, under the name of another pipeline."""
    craft.make()
    (craft.root / "pipeline.py").write_text('Pipeline(name="tolls")')
    assert {c.observed for c in craft.assess().checks} == {0.0}


def test_sources_that_changed_since_the_champion_take_their_tests_and_review_away(craft):
    craft.make()
    with (craft.root / "pipeline.py").open("a") as file:
        file.write("\nchanged = True\n")
    git(craft.root, "commit", "-qam", "Changed")
    assert craft.check("M1").evidence["how"] == "stale"
    assert craft.check("D7").observed == 1.0  # the tests ran for what is in charge


def test_an_uncommitted_source_is_not_checked_in(craft):
    craft.make()
    (craft.root / "features.py").write_text("")
    found = craft.check("M1")
    assert found.observed == 0.0
    assert found.evidence["how"] == "stale"  # the sources here are not those in charge any more


def test_live_labels_that_favour_the_older_release_contradict_the_held_out_rows(craft):
    from seakeep.registry import Registry

    craft.make()
    better = [check("rollout.goal", "goal", observed=0.1, evidence={"low": -0.2, "high": -0.1})]
    with Registry(craft.home) as registry:
        craft.ended(registry, craft.made[4], craft.made[3], ("experiment", "concluded"), better, "rollout.goal")
    assert craft.check("M2").evidence["how"] == "contradicted"


def test_the_same_pair_three_times_is_one_pair(craft):
    from seakeep.registry import Registry

    craft.versions = 2
    craft.make()
    with Registry(craft.home) as registry:
        for _ in range(3):
            craft.ended(registry, craft.made[1], craft.made[2], ("canary", "promoted"), craft.rollout, "rollout.step")
    assert "1 of 3 pairs" in craft.check("M2").message


def test_a_person_may_go_back_by_hand_for_half_a_point(craft):
    from seakeep.registry import Registry

    craft.back_phases = ()
    craft.make()
    with Registry(craft.home) as registry:
        registry.promote("tips", 3, why="drill", at=craft.at, back=True)
        registry.promote("tips", 4, why="after the drill", at=craft.at)
    found = craft.check("I7")
    assert (found.observed, found.evidence["how"]) == (0.5, "by hand")


def test_a_champion_that_nobody_let_in_by_a_rollout_was_not_canaried(craft):
    from seakeep.registry import Registry

    craft.make()
    with Registry(craft.home) as registry:
        registry.promote("tips", 1, why="by hand", at=craft.at)
    found = craft.check("I6")
    assert "put in charge without a rollout" in found.message


def test_a_champion_older_than_its_schedule_is_stale(craft):
    craft.make()
    (craft.root / "seakeep.toml").write_text('[retrain]\nevery = "6h"\n')
    found = craft.check("Mon4", now=time.time() + DAY)
    assert (found.observed, found.verdict) == (0.0, FAIL)
    assert "more than the 12h allowed" in found.message


def test_a_signature_of_what_the_record_contradicts_does_not_count(craft):
    craft.importance = [("fare", -0.1, -0.2, -0.05)]
    craft.make()
    attest(craft.root, "D2", by="Ada", evidence="I like it")
    found = craft.check("D2")
    assert (found.observed, found.verdict) == (0.0, FAIL)
    assert "the record says the contrary" in str(found.evidence)


def test_a_report_that_a_next_line_names_can_be_shown(crafts):
    """A window's report is kept, but no stage's input or output."""
    from seakeep.registry import Registry

    craft = crafts(judged("window", "schema", FAIL), git=False)
    verb, digest = craft.check("Mon2").fix.rsplit(" ", 1)
    assert verb == "seakeep show"
    with Registry(craft.home) as registry:
        found = registry.find(digest)
        assert (found.kind, found.name) == ("report", "report")
        assert registry.lineage(digest).edges == ()

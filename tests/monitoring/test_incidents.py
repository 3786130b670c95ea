"""Incidents: opened by a failure, extended by more, closed by calm, measured by labels."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seakeep.core import Check, Verdict
from seakeep.core.codec import from_plain, to_plain
from seakeep.monitoring.incidents import Incident, follow, measure
from seakeep.monitoring.windows import Window

HOUR = 3_600_000_000


def window(number: int) -> Window:
    return Window(number * HOUR, (number + 1) * HOUR)


def check(verdict: Verdict, subject: str = "temp", code: str = "drift.psi") -> Check:
    return Check(code, subject, verdict, f"{subject} moved", 0.5, 0.2, "", {"effect": {"words": "up", "by": 1.0}})


def played(verdicts: str, calm: int = 2) -> list[tuple[str, int]]:
    """Events of one column over windows: f fail, p pass, i inconclusive, - absent."""
    known: dict[str, Incident] = {}
    events = []
    names = {"f": Verdict.FAIL, "p": Verdict.PASS, "i": Verdict.INCONCLUSIVE}
    for number, letter in enumerate(verdicts):
        checks = [("flights@1", check(names[letter]))] if letter in names else []
        for event in follow(tuple(known.values()), checks, window(number), name="flights", calm=calm):
            known[event.incident.id] = event.incident
            events.append((event.kind, number))
    return events


@pytest.mark.parametrize(
    ("verdicts", "events"),
    [
        ("p", []),
        ("i", []),
        ("f", [("opened", 0)]),
        ("ff", [("opened", 0), ("extended", 1)]),
        ("fpp", [("opened", 0), ("calmed", 1), ("closed", 2)]),
        ("fpfpp", [("opened", 0), ("calmed", 1), ("extended", 2), ("calmed", 3), ("closed", 4)]),
        ("fpi-p", [("opened", 0), ("calmed", 1), ("closed", 4)]),
        ("fppf", [("opened", 0), ("calmed", 1), ("closed", 2), ("opened", 3)]),
    ],
)
def test_an_incidents_life(verdicts, events):
    assert played(verdicts) == events


@given(st.text("fpi-", max_size=30))
def test_an_incident_is_opened_before_it_is_closed_and_only_once_at_a_time(verdicts):
    still = False
    for kind, _ in played(verdicts):
        assert still is (kind != "opened")
        still = kind != "closed"


def test_the_worst_of_several_releases_counts():
    checks = [("flights@1", check(Verdict.PASS)), ("flights@2", check(Verdict.FAIL))]
    (event,) = follow((), checks, window(0), name="flights", calm=2)
    assert (event.kind, event.release) == ("opened", "flights@2")


def test_the_same_window_once_more_does_not_count_twice():
    (event,) = follow((), [("flights@1", check(Verdict.FAIL))], window(0), name="flights", calm=2)
    (again,) = follow((event.incident,), [("flights@1", check(Verdict.FAIL))], window(0), name="flights", calm=2)
    assert again.incident.windows == 1


def test_an_earlier_window_extends_it_backwards():
    (event,) = follow((), [("flights@1", check(Verdict.FAIL))], window(5), name="flights", calm=2)
    (again,) = follow((event.incident,), [("flights@1", check(Verdict.FAIL))], window(3), name="flights", calm=2)
    assert (again.incident.first, again.incident.last, again.incident.windows) == (3 * HOUR, 6 * HOUR, 2)


def test_an_incident_saves_and_loads():
    (event,) = follow((), [("flights@1", check(Verdict.FAIL))], window(0), name="flights", calm=2)
    assert from_plain(Incident, to_plain(event.incident)) == event.incident


def test_the_journals_line_says_what_others_read():
    (event,) = follow((), [("flights@1", check(Verdict.FAIL))], window(0), name="flights", calm=2)
    assert event.as_plain() == {
        "event": "opened",
        "id": event.incident.id,
        "code": "drift.psi",
        "subject": "temp",
        "release": "flights@1",
        "window": {"start": "1970-01-01T00:00:00Z", "end": "1970-01-01T01:00:00Z"},
        "windows": 1,
        "effect": {"words": "up", "by": 1.0},
        "metric": None,
        "message": "temp moved",
    }


def decay(change: float) -> Check:
    evidence = {"change": change, "reference": 0.8, "low": 0.7, "high": 0.75}
    return Check("decay.roc_auc", "roc_auc", Verdict.FAIL, "", 0.8 + change, 0.78, "", evidence)


def test_labels_tell_the_effect_on_the_metric_and_the_worst_window_stays():
    (first,) = follow((), [("flights@1", check(Verdict.FAIL))], window(0), name="flights", calm=2)
    (longer,) = follow((first.incident,), [("flights@1", check(Verdict.FAIL))], window(1), name="flights", calm=2)
    (told,) = measure((longer.incident,), decay(-0.1), window(0), "flights@1")
    assert told.incident.metric["change"] == -0.1
    assert measure((told.incident,), decay(-0.05), window(1), "flights@1") == ()
    (worse,) = measure((told.incident,), decay(-0.2), window(1), "flights@1")
    assert worse.incident.metric["window"] == "1970-01-01T01:00:00Z"


def test_labels_of_other_windows_and_of_decay_itself_tell_nothing():
    (first,) = follow((), [("flights@1", check(Verdict.FAIL))], window(0), name="flights", calm=2)
    assert measure((first.incident,), decay(-0.1), window(7), "flights@1") == ()
    (own,) = follow((), [("flights@1", decay(-0.1))], window(0), name="flights", calm=2)
    assert measure((own.incident,), decay(-0.1), window(0), "flights@1") == ()
    assert own.incident.effect["direction"] == "down"


def test_a_metric_without_a_value_tells_nothing():
    (first,) = follow((), [("flights@1", check(Verdict.FAIL))], window(0), name="flights", calm=2)
    empty = Check("decay.roc_auc", "roc_auc", Verdict.INCONCLUSIVE, "", None, None, "", {"rows": 3})
    assert measure((first.incident,), empty, window(0), "flights@1") == ()

"""Alertmanager's webhook: forged, replayed, malformed and from another time; what is new is on record once."""

from __future__ import annotations

import contextlib
import itertools
import json
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seakeep.pipeline.control.alerts import AHEAD_SECONDS, OLDEST_SECONDS, Alert, firing, read_alerts
from seakeep.pipeline.control.refusals import Refused
from seakeep.pipeline.control.tokens import TOKEN as VARIABLE
from seakeep.pipeline.control.tokens import TOKEN_FILE, BadToken, Guard
from seakeep.registry import Registry

from .desks import TOKEN, Asked, alert, webhook


def journal(world) -> list:
    with Registry(world.home) as registry:
        return [(entry.name, entry.content["state"]) for entry in registry.journal.entries(kind="alert")]


def test_an_alert_is_on_record_and_shown(world, ask):
    assert ask("/alerts", webhook(alert(world))) == (200, {"recorded": 1, "known": 0, "refused": 0})
    assert journal(world) == [("tips", "firing")]
    (shown,) = ask("/alerts")[1]["firing"]
    assert (shown["model"], shown["title"], shown["summary"]) == (
        *("tips", "SeakeepDrift"),
        "SeakeepDrift: fare has drifted",
    )
    assert shown["began"] == pytest.approx(world.now - 60, abs=1e-3)


def test_a_replayed_call_is_answered_and_counted_once(world, ask):
    call = webhook(alert(world), alert(world, fingerprint="77"))
    assert ask("/alerts", call)[1] == {"recorded": 2, "known": 0, "refused": 0}
    for _ in range(3):
        assert ask("/alerts", call) == (200, {"recorded": 0, "known": 2, "refused": 0})
    assert len(journal(world)) == 2
    assert [each["told"] for each in ask("/alerts")[1]["firing"]] == [4, 4]


def test_a_replayed_beginning_does_not_undo_the_end(world, ask):
    call = webhook(alert(world))
    ask("/alerts", call)
    ask("/alerts", webhook(alert(world, status="resolved")))
    assert ask("/alerts")[1]["firing"] == []
    assert ask("/alerts", call)[1] == {"recorded": 0, "known": 1, "refused": 0}
    assert ask("/alerts")[1]["firing"] == []
    assert journal(world) == [("tips", "firing"), ("tips", "resolved")]


def test_a_beginning_that_is_told_late_does_not_undo_a_newer_one(world, ask):
    ask("/alerts", webhook(alert(world, ago=60)))
    ask("/alerts", webhook(alert(world, status="resolved", ago=600)))
    assert len(ask("/alerts")[1]["firing"]) == 1


def test_the_same_alert_that_begins_again_is_new(world, ask):
    ask("/alerts", webhook(alert(world, ago=600)))
    ask("/alerts", webhook(alert(world, status="resolved", ago=600)))
    assert ask("/alerts", webhook(alert(world, ago=10)))[1]["recorded"] == 1


def test_an_old_alert_is_believed_only_where_it_is_known(world, ask):
    old = alert(world, ago=OLDEST_SECONDS - 10)
    assert ask("/alerts", webhook(old))[0] == 200
    world.now += 3600
    assert ask("/alerts", webhook(old)) == (200, {"recorded": 0, "known": 1, "refused": 0})
    status, told = ask("/alerts", webhook(alert(world, ago=OLDEST_SECONDS + 10, fingerprint="other")))
    assert (status, told["code"], told["field"]) == (400, "too_old", "startsAt")


def test_the_end_of_an_alert_that_lasted_long_is_believed(world, ask):
    begun = alert(world, ago=OLDEST_SECONDS - 10)
    ask("/alerts", webhook(begun))
    world.now += 86_400
    assert ask("/alerts", webhook({**begun, "status": "resolved"}))[1]["recorded"] == 1
    assert ask("/alerts")[1]["firing"] == []


def test_an_alert_of_the_future_is_refused(world, ask):
    status, told = ask("/alerts", webhook(alert(world, ago=-AHEAD_SECONDS - 1)))
    assert (status, told["code"], told["fix"]) == (400, "too_new", "Compare the clocks: date -u")
    assert ask("/alerts", webhook(alert(world, ago=-AHEAD_SECONDS + 1)))[0] == 200


def test_one_alert_that_is_too_old_does_not_keep_the_others_out(world, ask):
    """Alertmanager does not repeat a call that was refused, and an alert that burns for weeks is in each of its group's."""
    good, old = alert(world), alert(world, ago=OLDEST_SECONDS * 2, fingerprint="old")
    assert ask("/alerts", webhook(good, old)) == (200, {"recorded": 1, "known": 0, "refused": 1})
    assert journal(world) == [("tips", "firing")]
    assert ask("/alerts", webhook(old))[1]["code"] == "too_old"


@pytest.mark.parametrize("body", [{"note": "\ud800"}, {"model": "\udfff"}])
def test_half_a_character_is_refused(world, ask, body):
    sent = json.dumps(webhook(alert(world, **body))).encode()
    assert ask("/alerts", sent)[1]["code"] == "malformed_json"
    assert journal(world) == []


def test_a_key_that_is_there_twice_is_refused(world, ask):
    sent = json.dumps(webhook(alert(world))).replace(
        '"status": "firing", "labels"', '"status": "resolved", "status": "firing", "labels"'
    )
    status, told = ask("/alerts", sent.encode())
    assert (status, told["code"], told["found"]) == (400, "malformed_json", "a key is there twice")


def test_nul_and_any_text_is_kept(world, ask):
    assert ask("/alerts", webhook(alert(world, note="a\0b\x1b[2J\U0001f600")))[0] == 200
    assert ask("/alerts")[1]["firing"][0]["labels"]["note"] == "a\0b\x1b[2J\U0001f600"


def test_a_full_call_is_put_on_record_at_once(world, ask):
    (began,) = {alert(world)["startsAt"]}
    many = [
        {"status": "firing", "labels": {"model": "tips"}, "startsAt": began, "fingerprint": f"f{number}"}
        for number in range(1000)
    ]
    assert ask("/alerts", webhook(*many))[1]["recorded"] == 1000
    assert ask("/alerts", webhook(*many))[1]["known"] == 1000
    assert ask("/alerts", webhook(*many * 10))[1]["field"] == "alerts"


def test_an_alert_of_no_model_on_record_is_kept_without_one(world, ask):
    ask("/alerts", webhook(alert(world, model="../../etc"), alert(world, fingerprint="2", model="")))
    assert {name for name, _ in journal(world)} == {"-"}


MALFORMED = [
    ("the body", []),
    ("the body", None),
    ("version", webhook(version="3")),
    ("version", {}),
    ("alerts", webhook(alerts={})),
    ("alerts", webhook(alerts=[{}] * 1001)),
    ("alerts[0]", webhook(alerts=["x"])),
    ("alerts[0].status", webhook(alerts=[{"status": "on"}])),
    ("alerts[0].fingerprint", webhook(alerts=[{"status": "firing", "fingerprint": "../x"}])),
    ("alerts[0].labels", webhook(alerts=[{"status": "firing", "fingerprint": "a", "labels": {"a": 1}}])),
    (
        "alerts[0].labels",
        webhook(alerts=[{"status": "firing", "fingerprint": "a", "labels": {f"l{n}": "" for n in range(65)}}]),
    ),
    ("alerts[0].startsAt", webhook(alerts=[{"status": "firing", "fingerprint": "a", "labels": {}}])),
    ("alerts[0].startsAt", webhook(alerts=[{"status": "firing", "fingerprint": "a", "labels": {}, "startsAt": "now"}])),
    (
        "alerts[0].startsAt",
        webhook(alerts=[{"status": "firing", "fingerprint": "a", "labels": {}, "startsAt": "2026-06-01T12:00:00"}]),
    ),
]


@pytest.mark.parametrize(("field", "content"), MALFORMED)
def test_what_alertmanager_does_not_send_is_refused_with_its_place(ask, field, content):
    status, told = ask("/alerts", json.dumps(content).encode())
    assert (status, told["code"], told["field"]) == (400, "wrong_structure", field)


@pytest.mark.parametrize("body", [b"", b"{", b"\xff\xfe", b"[" * 100_000, b'{"a": NaN'])
def test_what_is_no_json_is_refused(ask, body):
    status, told = ask("/alerts", body)
    assert (status, told["code"]) == (400, "malformed_json")


def test_a_form_is_refused_so_that_no_web_page_can_post_one(ask):
    assert ask("/alerts", b"{}", content_type="text/plain")[1]["code"] == "wrong_content_type"


def test_nanoseconds_are_read(world):
    told = {**alert(world), "startsAt": "2026-06-01T12:00:00.123456789Z"}
    (found,) = read_alerts(webhook(told))
    assert found.began == pytest.approx(1_780_315_200.123456, abs=1e-6)


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_nothing_that_is_json_breaks_the_reading(content):
    for each in (content, webhook(alerts=[content]), webhook(alerts=content)):
        with contextlib.suppress(Refused):
            read_alerts(each)


def test_long_labels_are_cut(world):
    (found,) = read_alerts(webhook(alert(world, note="x" * 10_000)))
    assert len(found.labels["note"]) == 1024


def test_changes_that_are_remembered_are_bounded(world, ask):
    for number in range(40):
        ask("/alerts", webhook(alert(world, ago=1000 - number)))
    with Registry(world.home) as registry:
        (kept,) = firing(registry)
    assert len(kept.changes) == 32


def test_two_replicas_that_tell_at_once_are_counted_once(world, ask):
    call = webhook(alert(world))
    found: list[int] = []
    threads = [threading.Thread(target=lambda: found.append(ask("/alerts", call)[1]["recorded"])) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert sorted(found) == [0] * 7 + [1]
    assert len(journal(world)) == 1


def test_beyond_this_machine_a_token_is_needed(world):
    ask = Asked(world, Guard(loopback=False, text=TOKEN))
    call = webhook(alert(world))
    for authorization in (
        "",
        "Bearer",
        f"Basic {TOKEN}",
        "Bearer wrong",
        f"Bearer {TOKEN}x",
        "Bearer ü",
        "Bearer \udcff",
    ):
        answer = ask.raw("/alerts", call, authorization=authorization)
        assert (answer.status, answer.headers["www-authenticate"]) == (401, "Bearer"), authorization
        assert TOKEN not in answer.body.decode()
    assert ask("/alerts", call, authorization=f"bearer {TOKEN}")[0] == 200
    assert ask("/rollouts/tips/verdict")[0] == 404, "asking needs none"


def test_without_a_token_only_this_machine_is_believed(world):
    assert Asked(world, Guard(loopback=True))("/alerts", webhook(alert(world)))[0] == 200
    status, told = Asked(world, Guard(loopback=False))("/alerts", webhook(alert(world)))
    assert (status, told["code"]) == (401, "no_token")
    assert "was given no token" in told["cause"]


def test_a_token_that_is_set_holds_on_this_machine_too(world):
    assert Asked(world, Guard(loopback=True, text=TOKEN))("/alerts", webhook(alert(world)))[0] == 401


def test_a_mounted_token_is_read_anew(world, tmp_path, monkeypatch):
    file = tmp_path / "token"
    file.write_text(f"{TOKEN}\n")
    monkeypatch.setenv(TOKEN_FILE, str(file))
    guard = Guard.of_environment("0.0.0.0")
    guard.check(f"Bearer {TOKEN}")
    file.write_text(f"another-long-enough-token\n{TOKEN}\n")
    guard.check(f"Bearer {TOKEN}")  # while it is renewed both are right
    with pytest.raises(Refused):
        guard.check(f"Bearer another-long-enough-token\n{TOKEN}")
    file.write_text("another-long-enough-token")
    with pytest.raises(Refused):
        guard.check(f"Bearer {TOKEN}")
    guard.check("Bearer another-long-enough-token")


@pytest.mark.parametrize(("name", "value"), [(VARIABLE, "hunter2"), (VARIABLE, ""), (TOKEN_FILE, "/does/not/exist")])
def test_a_token_that_can_be_none_is_refused_at_the_start_and_not_told(monkeypatch, name, value):
    monkeypatch.setenv(name, value)
    with pytest.raises(BadToken) as caught:
        Guard.of_environment("127.0.0.1")
    assert "hunter2" not in str(caught.value)
    assert TOKEN not in repr(Guard(loopback=True, text=TOKEN))


def test_a_token_file_that_is_gone_lets_nobody_in(world, tmp_path, capsys):
    guard = Guard(loopback=False, file=str(tmp_path / "gone"))
    assert Asked(world, guard)("/alerts", webhook(alert(world)))[0] == 500
    assert "cannot be read" in capsys.readouterr().err


def test_the_summary_is_the_title_where_nothing_is_told():
    assert Alert("a", "tips", "Down", "firing", 0.0).summary == "Down"
    assert (
        len(
            {
                Alert("a", "tips", "Down", state, began).change
                for state, began in itertools.product(("firing", "resolved"), (1.0, 2.0))
            }
        )
        == 4
    )

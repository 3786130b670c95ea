"""Documents, the journal, transactions, and who is in charge."""

from __future__ import annotations

import sqlite3
import threading

import pytest

from seakeep.core import Arm, Route
from seakeep.registry import DocumentChanged, Registry, arm_of
from seakeep.registry.database import DOCUMENTS
from seakeep.registry.errors import BadReference, UnreadableRegistry


def released(registry, make_model, make_report, count: int = 3):
    made = (make_model(b"%d" % number) for number in range(count))
    return [registry.register("tips", model, [make_report()], made_from={}) for model in made]


def test_a_document_counts_its_changes(registry) -> None:
    assert registry.documents.get("cursor", "tips") is None
    assert registry.documents.revision("cursor", "tips") == 0
    assert registry.documents.put("cursor", "tips", {"at": 1}, expected=None) == 1
    assert registry.documents.put("cursor", "tips", {"at": 2.5, "rest": ["ä", None]}, expected=1) == 2
    found = registry.documents.get("cursor", "tips")
    assert (found.content, found.revision) == ({"at": 2.5, "rest": ["ä", None]}, 2)
    assert registry.documents.names("cursor") == ("tips",)
    registry.documents.remove("cursor", "tips")
    assert registry.documents.names("cursor") == ()


def test_a_document_that_somebody_else_changed_is_not_overwritten(registry) -> None:
    registry.documents.put("cursor", "tips", 1, expected=0)
    with pytest.raises(DocumentChanged, match="the cursor of tips has revision 1, expected 0") as caught:
        registry.documents.put("cursor", "tips", 2, expected=None)
    assert (caught.value.expected, caught.value.revision) == (0, 1)
    assert registry.documents.get("cursor", "tips").content == 1


def test_the_journal_grows_in_order_and_is_asked_by_kind_name_and_number(registry) -> None:
    first = registry.journal.append("route", "tips", {"a": 1}, at=5.0)
    registry.journal.append("incident", "tips", [1], at=4.0)
    registry.journal.append("route", "fares", None, at=6.0)
    assert [entry.content for entry in registry.journal.entries()] == [{"a": 1}, [1], None]
    assert [entry.at for entry in registry.journal.entries(name="tips")] == [5.0, 4.0]
    assert [entry.name for entry in registry.journal.entries(kind="route", after=first)] == ["fares"]


def test_a_transaction_is_kept_whole_or_not_at_all(registry, make_model, make_report) -> None:
    released(registry, make_model, make_report)

    def change() -> None:
        with registry.transaction():
            registry.documents.put("rollout", "tips", 1, expected=0)
            registry.promote("tips", 2, why="better")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        change()
    assert registry.documents.get("rollout", "tips") is None
    assert registry.champion("tips").version == 1
    assert registry.journal.entries() == ()


def test_without_a_route_the_champion_answers_alone(registry, make_model, make_report) -> None:
    first = released(registry, make_model, make_report)[0]
    assert registry.route("tips") == Route("tips", (Arm("champion", first.release.digest, 1),))
    with pytest.raises(BadReference, match="there is no release 'tipz'"):
        registry.route("tipz")


def test_a_route_is_kept_with_its_revision_and_its_reason(registry, make_model, make_report) -> None:
    first, second, _ = released(registry, make_model, make_report)
    wanted = Route("tips", (arm_of(first, "champion", 0.9), arm_of(second, "challenger", 0.1)), salt="s")
    changed = registry.set_route(wanted, why="a canary")
    assert registry.route("tips") == changed
    assert changed.revision == registry.documents.revision("route", "tips") == 1
    assert registry.journal.entries(kind="route")[0].content["why"] == "a canary"
    with pytest.raises(DocumentChanged):
        registry.set_route(wanted, why="from an old look")


def test_a_route_to_an_unknown_release_is_refused(registry, make_model, make_report) -> None:
    released(registry, make_model, make_report)
    with pytest.raises(BadReference, match="there is no release 'tips eeeeeeeeeeee'"):
        registry.set_route(Route("tips", (Arm("champion", "e" * 64, 9),)), why="a mistake")


def test_a_promotion_puts_a_release_in_charge_alone_and_remembers_who_was_before(
    registry, make_model, make_report
) -> None:
    first, second, third = released(registry, make_model, make_report)
    assert registry.previous_champion("tips") is None
    registry.set_route(
        Route("tips", (arm_of(first, "champion", 0.5), arm_of(second, "challenger", 0.5))), why="a canary"
    )
    assert registry.promote("tips", 2, why="it was better", at=1.0).aliases == ("champion",)
    assert [(arm.role, arm.release) for arm in registry.route("tips").arms] == [("champion", second.release.digest)]
    registry.promote("tips", 3, why="and this one too", at=2.0)
    assert registry.previous_champion("tips").version == 2
    registry.promote("tips", 2, why="it was not", at=3.0, back=True)
    assert registry.previous_champion("tips").version == 1  # going back was no promotion
    told = [entry.content for entry in registry.journal.entries(kind="champion")]
    assert [(each["version"], each["before"], each["back"]) for each in told] == [
        (2, 1, False), (3, 2, False), (2, 3, True),
    ]  # fmt: skip
    with pytest.raises(BadReference, match="has no version"):
        registry.promote("tips", 9, why="a mistake")
    assert third.version == 3


def test_a_registry_of_version_one_is_brought_up_to_date(home, make_model, make_report) -> None:
    with Registry(home) as registry:
        released(registry, make_model, make_report, 1)
    with sqlite3.connect(home / "registry.sqlite") as connection:
        for table in ("documents", "journal"):
            connection.execute(f"DROP TABLE {table}")
        connection.execute("UPDATE version SET number = 1")
    connection.close()
    assert "documents" in DOCUMENTS
    with Registry(home) as registry:
        assert registry.champion("tips").version == 1
        assert registry.journal.append("route", "tips", None, at=0.0) == 1
    with Registry(home) as registry:
        assert len(registry.journal.entries()) == 1


def test_many_writers_lose_no_change(place) -> None:
    def count() -> None:
        with Registry(place) as registry:
            for _ in range(25):
                with registry.transaction():
                    found = registry.documents.get("count", "all")
                    before = found.content if found else 0
                    registry.documents.put("count", "all", before + 1, expected=found.revision if found else None)

    threads = [threading.Thread(target=count) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with Registry(place) as registry:
        assert registry.documents.get("count", "all").content == 100


def test_a_locked_registry_is_told_in_words(home, monkeypatch) -> None:
    monkeypatch.setattr("seakeep.registry.database.BUSY_SECONDS", 0.05)
    with Registry(home) as registry:
        other = sqlite3.connect(home / "registry.sqlite", isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(UnreadableRegistry, match="the registry is locked: another process has held it"):
            registry.documents.put("cursor", "tips", 1, expected=0)
        assert registry.documents.get("cursor", "tips") is None  # reading goes on
        other.close()

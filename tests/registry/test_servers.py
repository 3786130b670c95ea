"""A registry on PostgreSQL and S3: kills of either side, and everything that a server may refuse, told in words."""

from __future__ import annotations

import contextlib
import random
import subprocess
import threading
import time
import traceback

import obstore
import psycopg
import pytest

from seakeep.core import Report, Verdict
from seakeep.registry import Registry, stores
from seakeep.registry.errors import TornObject, UnreadableRegistry
from seakeep.registry.place import Place
from seakeep.registry.stores._errors import BadPlace, ServerRefused, UnusableObjects
from seakeep.testing import check_store

from .servers import Breaking, Postgres
from .test_kills import check_whole, command, kill_while_registering

pytestmark = pytest.mark.platform


@pytest.fixture
def shared(new_place, tmp_path) -> Place:
    return new_place(tmp_path / "home")


def test_postgresql_conforms(shared):
    check_store(lambda: stores.open_database(shared, create=True))


def test_s3_conforms(shared):
    check_store(lambda: stores.open_objects(shared))


def test_a_release_made_on_one_machine_is_served_on_another(shared, tmp_path, make_model, make_report):
    with Registry(shared) as registry:
        made = registry.register("tips", make_model(), [make_report()], made_from={}, card="# Tips\n")
    other = Place(tmp_path / "other", shared.database, shared.objects)
    with Registry.existing(other) as registry:
        found = registry.resolve("tips", check=True)
        assert found.release == made.release
        assert found.folder == other.release(made.release.digest)
        (found.folder / "model.onnx").write_bytes(b"torn here")
        assert registry.resolve("tips", check=True).folder == found.folder  # fetched again


def test_twenty_kills_of_writers_leave_a_whole_registry(shared):
    moments = random.Random(2)
    for _ in range(20):
        kill_while_registering(shared, moments.uniform(0, 0.15))
    check_whole(shared)


def test_kills_of_the_database_are_outlived(new_place, servers, tmp_path):
    place = new_place(tmp_path / "home")
    writer = subprocess.Popen(command(place), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    moments = random.Random(3)
    time.sleep(1)
    for _ in range(3):
        servers.postgres.kill()
        servers.postgres.start()
        time.sleep(moments.uniform(0.3, 1.0))
    ended = writer.poll()
    writer.kill()
    _, told = writer.communicate()
    assert ended is None or "nothing of this change was kept" in told, told
    check_whole(place)


def test_a_reader_goes_on_after_a_restart(shared, servers):
    with Registry(shared) as registry:
        registry.documents.put("cursor", "tips", 1, expected=None)
        servers.postgres.kill()
        waiter = threading.Timer(1.0, servers.postgres.start)
        waiter.start()
        assert registry.documents.revision("cursor", "tips") == 1
        waiter.join()
        assert registry.documents.put("cursor", "tips", 2, expected=1) == 2


def test_a_change_that_is_broken_off_is_told_and_not_kept(shared, servers):
    with Registry(shared) as registry:

        def change() -> None:
            with registry.transaction():
                registry.documents.put("cursor", "tips", 1, expected=None)
                servers.postgres.kill()
                servers.postgres.start()
                registry.documents.put("cursor", "fares", 1, expected=None)

        with pytest.raises(ServerRefused, match="was lost within a change"):
            change()
        assert registry.documents.names("cursor") == ()


def test_a_change_whose_answer_was_lost_is_looked_up(shared):
    with Registry(shared) as registry:
        database = registry._connection
        with registry.transaction():
            registry.documents.put("cursor", "tips", 1, expected=None)
            number = database.execute("SELECT txid_current()")[0][0]
        database._look_up(number, psycopg.OperationalError("gone"))
        number = database._begin()
        database._connected().execute("ROLLBACK")
        with pytest.raises(ServerRefused, match="was lost within a change"):
            database._look_up(number, psycopg.OperationalError("gone"))


@pytest.mark.parametrize("kept", [True, False])
def test_a_change_whose_end_is_cut_off_by_the_network_is_known(shared, servers, tmp_path, kept):
    """The connection breaks at COMMIT, after or before the server hears it."""
    with Breaking(servers.postgres.port, at=b"COMMIT\0", forwarded=kept) as network:
        address = shared.database.replace(f":{servers.postgres.port}/", f":{network.port}/")
        with Registry(Place(tmp_path / "there", address)) as registry:
            network.armed = True
            if kept:
                assert registry.documents.put("cursor", "tips", 1, expected=None) == 1
            else:
                with pytest.raises(ServerRefused, match="nothing of this change was kept") as caught:
                    registry.documents.put("cursor", "tips", 1, expected=None)
                assert "tiger" not in "".join(traceback.format_exception(caught.value))
            assert not network.armed, "it was cut"
            assert registry.documents.revision("cursor", "tips") == int(kept)


def test_a_change_of_which_a_part_was_refused_is_not_taken_for_kept(shared):
    """PostgreSQL answers COMMIT with ROLLBACK then, and without an error."""

    def change(registry: Registry) -> None:
        with registry.transaction():
            registry.documents.put("cursor", "tips", 1, expected=None)
            with contextlib.suppress(ServerRefused):
                registry._connection.execute("SELECT nothing FROM nowhere")

    with Registry(shared) as registry:
        with pytest.raises(ServerRefused, match="undone a change"):
            change(registry)
        assert registry.documents.put("cursor", "tips", 1, expected=None) == 1


@pytest.mark.parametrize(
    ("given", "words"),
    [({"password": "lion"}, "does not let this user in"), ({"user": "bob"}, "does not let this user in"),
     ({"database": "absent"}, "there is no such database")],
)  # fmt: skip
def test_what_the_server_refuses_is_told_without_the_password(servers, tmp_path, given, words):
    address = servers.postgres.address(**{"database": "postgres", **given})
    with pytest.raises(ServerRefused, match=words) as caught:
        Registry(Place(tmp_path, address))
    told = f"{caught.value} {caught.value.as_plain()} {caught.value!r}"
    assert "tiger" not in told
    assert "lion" not in told
    assert ":***@" in told


def test_a_server_that_is_not_there_is_told_at_once(tmp_path):
    begun = time.monotonic()
    with pytest.raises(ServerRefused, match="cannot be reached") as caught:
        Registry(Place(tmp_path, Postgres(tmp_path).address()))
    assert time.monotonic() - begun < 5
    assert "tiger" not in str(caught.value)


def test_an_address_that_cannot_be_read_is_told_without_the_password(tmp_path):
    with pytest.raises(BadPlace, match="cannot be read as an address") as caught:
        Registry(Place(tmp_path, "postgresql://ann:ti%zzger@db/models"))
    assert "zzger" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_a_newer_registry_is_refused(shared):
    with Registry(shared) as registry:
        registry._connection.execute("UPDATE version SET number = 7")
    with pytest.raises(UnreadableRegistry, match="the registry has version 7"):
        Registry.existing(shared)


def test_an_empty_database_has_no_registry(shared):
    with pytest.raises(ServerRefused, match="there is no registry in this database"):
        Registry.existing(shared)


def test_a_user_who_may_only_read_reads(shared, servers, tmp_path):
    with Registry(shared) as registry:
        registry.documents.put("cursor", "tips", 1, expected=None)
    name = shared.database.rpartition("/")[2]
    servers.postgres.ask(
        "DROP ROLE IF EXISTS reader_only", "CREATE ROLE reader_only LOGIN PASSWORD 'tiger'",
        "GRANT USAGE ON SCHEMA seakeep TO reader_only", "GRANT SELECT ON ALL TABLES IN SCHEMA seakeep TO reader_only",
        database=name,
    )  # fmt: skip
    address = servers.postgres.address(name, user="reader_only")
    with Registry.existing(Place(tmp_path / "reader", address)) as registry:
        assert registry.documents.get("cursor", "tips").content == 1
        with pytest.raises(ServerRefused, match="refuses it: permission denied"):
            registry.documents.put("cursor", "tips", 2, expected=1)
    servers.postgres.ask("DROP OWNED BY reader_only", "DROP ROLE reader_only", database=name)


def test_a_key_that_may_only_read_reads(shared, servers, monkeypatch, make_report):
    with Registry(shared) as registry:
        digest = registry.put(make_report())
    for name, value in servers.bucket.environment("reader").items():
        monkeypatch.setenv(name, value)
    other = Place(shared.home.with_name("reader"), shared.database, shared.objects)
    with Registry.existing(other) as registry:
        assert registry.get(Report, digest) == make_report()
        with pytest.raises(UnusableObjects, match="writing is not allowed"):
            registry.put(make_report(Verdict.FAIL))


@pytest.mark.parametrize(("name", "value"), [("AWS_SECRET_ACCESS_KEY", "wrong"), ("AWS_ACCESS_KEY_ID", "nobody")])
def test_a_wrong_key_is_told(shared, monkeypatch, make_report, name, value):
    monkeypatch.setenv(name, value)
    with Registry(shared) as registry, pytest.raises(UnusableObjects, match="is not allowed"):
        registry.put(make_report())


def test_torn_and_missing_objects_are_told_and_mended(shared, servers, make_report):
    with Registry(shared) as registry:
        digest = registry.put(make_report())
        stored = registry._connection.execute("SELECT object FROM artifacts")[0][0]
        key = f"{shared.objects.rpartition('/')[2]}/objects/{stored[:2]}/{stored[2:]}"
        obstore.put(servers.bucket.store(), key, b"torn")
        (failed,) = registry.verify().failed
        assert failed.code == "registry.objects"
        registry.put(make_report())
        assert registry.verify().verdict is Verdict.PASS
        obstore.delete(servers.bucket.store(), key)
    other = Place(shared.home.with_name("other"), shared.database, shared.objects)
    with Registry.existing(other) as registry, pytest.raises(TornObject, match="there is no object"):
        registry.get(Report, digest)


def test_sweeping_removes_what_nothing_on_record_uses(shared, make_model, make_report):
    with Registry(shared) as registry:
        registry.put(make_model())
        registry.register("tips", make_model(), [make_report()], made_from={}, card="# Tips\n")
        left = registry._objects.put(b"left by a killed writer")
        assert registry.sweep() == ()
        assert registry.sweep(hours=0) == (left,)
        assert registry.verify().verdict is Verdict.PASS


def test_two_registries_do_not_share_a_prefix(shared, new_place, tmp_path, make_report):
    with Registry(shared) as registry:
        registry.put(make_report())
    other = new_place(tmp_path / "another")
    with (
        Registry(Place(other.home, other.database, shared.objects)) as registry,
        pytest.raises(UnusableObjects, match="belong to another registry"),
    ):
        registry.put(make_report())

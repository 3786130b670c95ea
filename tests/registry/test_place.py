"""Addresses of a registry: what is refused, and that no password is shown."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
import traceback

import pytest

from seakeep.core import plugins
from seakeep.data.reading.buckets import Bucket, CannotReach
from seakeep.pipeline.errors import BadSetting
from seakeep.pipeline.project import find_place
from seakeep.pipeline.settings import load_settings
from seakeep.registry import Registry, stores
from seakeep.registry.place import Place
from seakeep.registry.stores._errors import BadPlace, UnusableObjects

SECRET = "postgresql://ann:tiger@db/models"


def test_a_place_shows_no_password(tmp_path):
    place = Place(tmp_path, SECRET, "s3://models/x")
    assert "tiger" not in f"{place!r} {place}"


@pytest.mark.parametrize(("addresses", "key"), [(("mysql://db/x", ""), "database"), (("", "ftp://db/x"), "objects")])
def test_an_address_that_no_store_serves_is_refused(tmp_path, addresses, key):
    with pytest.raises(BadPlace, match=f"the setting {key} is '.*', which no store serves"):
        Registry(Place(tmp_path, *addresses))


def test_opening_a_folders_registry_looks_for_no_plug_ins_and_imports_no_driver(tmp_path):
    code = "import sys; from seakeep.registry import Registry; Registry(sys.argv[1]).close(); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=True, capture_output=True, text=True)
    heavy = {"importlib.metadata", "psycopg", "obstore", "polars", "numpy", "seakeep.data", "prometheus_client"}
    assert not heavy & set(done.stdout.split())


def test_every_store_of_the_house_is_opened_without_looking_for_it():
    assert set(plugins.names(stores.GROUP)) == set(stores._BUILT_IN)


@pytest.mark.parametrize(
    "database", ["ti/ger@db/models", "ti?ger@db/models", "t@iger@127.0.0.1/models", "t#i@db/models"]
)
def test_a_sign_that_ends_a_password_is_told_before_the_driver_takes_the_rest_for_a_host(tmp_path, database):
    with pytest.raises(BadPlace, match="cannot be read as an address") as caught:
        Registry(Place(tmp_path, f"postgresql://ann:{database}"))
    told = "".join(traceback.format_exception(caught.value))
    assert "postgresql://ann:***@" in told
    assert database.rpartition("@")[0] not in told


def test_what_is_no_address_is_not_taken_for_none(tmp_path):
    with pytest.raises(BadPlace, match="which no store serves") as caught:
        Registry(Place(tmp_path, "host=db password=tiger"))
    assert "tiger" not in str(caught.value)
    with pytest.raises(BadPlace):
        Registry(Place(tmp_path, "", "models/x"))
    assert not (tmp_path / "registry.sqlite").exists()


def test_a_torn_folder_of_copies_costs_requests_and_nothing_else(tmp_path):
    objects = stores.open_objects(Place(tmp_path / "home", "", f"file://{tmp_path}/bucket"))
    digest = objects.put(b"content")
    copy = tmp_path / "home" / "copies" / digest[:2] / digest[2:]
    copy.write_bytes(b"torn")
    assert objects.get(digest) == b"content"
    copy.unlink()
    copy.mkdir()
    assert objects.get(digest) == b"content"
    shutil.rmtree(copy.parent)
    copy.parent.write_bytes(b"a file where a folder was")
    assert objects.get(digest) == b"content"
    assert objects.put(b"content") == digest
    assert digest in objects


def test_what_is_written_anew_while_a_sweep_goes_on_stays(tmp_path, monkeypatch):
    address = f"file://{tmp_path}/bucket"
    objects, other = (stores.open_objects(Place(tmp_path / name, "", address)) for name in ("a", "b"))
    first, second = sorted(objects.put(content) for content in (b"1", b"2"))
    removed = Bucket.remove

    def remove(bucket: Bucket, key: str) -> None:
        os.utime(tmp_path / "bucket" / "objects" / second[:2] / second[2:])  # as a writer's put leaves it
        removed(bucket, key)

    for digest in (first, second):
        old = time.time() - 10 * 3600
        os.utime(tmp_path / "bucket" / "objects" / digest[:2] / digest[2:], (old, old))
    monkeypatch.setattr(Bucket, "remove", remove)
    assert objects.sweep(set, hours=1) == (first,)
    assert second in other


def test_a_password_in_the_file_is_refused_and_not_shown(tmp_path):
    (tmp_path / "seakeep.toml").write_text(f'database = "{SECRET}"\n')
    with pytest.raises(BadSetting, match="setting database holds a password") as caught:
        load_settings(tmp_path)
    assert "tiger" not in str(caught.value)
    assert "SEAKEEP_DATABASE" in caught.value.fix


def test_a_password_in_the_environment_is_taken_and_not_shown(tmp_path, monkeypatch):
    monkeypatch.setenv("SEAKEEP_DATABASE", SECRET)
    monkeypatch.setenv("SEAKEEP_OBJECTS", "s3://models/x")
    settings = load_settings(tmp_path)
    assert "tiger" not in repr(settings)
    place = find_place(tmp_path, settings)
    assert (place.database, place.objects) == (SECRET, "s3://models/x")
    monkeypatch.setenv("SEAKEEP_DATABASE", f"{SECRET} and more")
    with pytest.raises(BadSetting) as caught:
        load_settings(tmp_path)
    assert "tiger" not in f"{caught.value} {caught.value.as_plain()} {caught.value.value}"


def test_what_a_bucket_refuses_names_where_credentials_come_from():
    told = UnusableObjects.because(CannotReach.forbidden("s3://models/x", "writing", "Access Denied"))
    assert "writing is not allowed: Access Denied (s3://models/x)" in str(told)
    assert "AWS_WEB_IDENTITY_TOKEN_FILE" in told.fix
    assert "AZURE_FEDERATED_TOKEN_FILE" in CannotReach.nobody("az://models", "none").fix
    assert "no such bucket" in str(CannotReach.no_bucket("gs://models"))
    assert "no room left" in str(CannotReach.full("s3://models", "507"))
    assert "did not come to an end" in str(CannotReach.unreachable("s3://models", "reading", "timed out"))

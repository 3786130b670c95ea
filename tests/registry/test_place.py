"""Addresses of a registry: what is refused, and that no password is shown."""

from __future__ import annotations

import pytest

from seakeep.data.buckets import CannotReach
from seakeep.pipeline.errors import BadSetting
from seakeep.pipeline.project import find_place
from seakeep.pipeline.settings import load_settings
from seakeep.registry import Registry
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

"""A registry's objects, and data, in Azure's blobs: against Microsoft's emulator, with signed requests."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import seakeep
from seakeep.core import Verdict
from seakeep.data.reading.buckets import Bucket
from seakeep.registry import Registry, stores
from seakeep.registry.place import Place
from seakeep.registry.stores._errors import UnusableObjects
from seakeep.testing import check_store

from . import projects
from .azurite import Azurite

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.platform


@pytest.fixture(scope="module")
def azurite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Azurite]:
    with Azurite.started(tmp_path_factory.mktemp("azurite")) as started:
        yield started


@pytest.fixture
def blobs(azurite: Azurite, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    for name, value in azurite.environment().items():
        monkeypatch.setenv(name, value)
    return Place(tmp_path / "home", objects=f"az://{azurite.container}/{tmp_path.name}")


def test_azures_blobs_conform(blobs):
    check_store(lambda: stores.open_objects(blobs))


def test_a_whole_run_with_objects_in_azures_blobs_comes_to_the_same_release(blobs, azurite, tmp_path):
    given = projects.environment(blobs, azurite.environment())
    project = projects.new_project(tmp_path / "parcels")
    ran = projects.run(project, given)
    assert ran["release"] == projects.release_on_files()
    assert all(stage["cached"] for stage in projects.run(project, given)["stages"])
    with Registry.existing(blobs) as registry:
        assert registry.verify().verdict is Verdict.PASS
        assert registry.sweep(hours=0) == ()
    assert len(list(Bucket(blobs.objects).list("objects"))) > 5


def test_a_key_that_azure_does_not_know_is_told(blobs, azurite, monkeypatch, make_report):
    monkeypatch.setenv("AZURE_STORAGE_ACCOUNT_KEY", "bm9ib2R5")
    with Registry(blobs) as registry, pytest.raises(UnusableObjects, match="is not allowed") as caught:
        registry.put(make_report())
    assert "bm9ib2R5" not in str(caught.value)


def test_a_container_that_is_not_there_is_told(blobs, make_report):
    place = Place(blobs.home, objects="az://elsewhere/objects")
    with Registry(place) as registry, pytest.raises(UnusableObjects, match="there is no such bucket") as caught:
        registry.put(make_report())
    assert caught.value.fix == "Make it, or correct the address, and AZURE_STORAGE_ACCOUNT_NAME."


def test_tables_in_azures_blobs_are_those_of_the_disk(blobs, tmp_path):
    project = projects.new_project(tmp_path / "parcels")
    file = project / "data" / "parcels.csv"
    Bucket(blobs.objects).put("data/parcels.csv", file.read_bytes())
    there = seakeep.read(f"{blobs.objects}/data/*.csv", label="late")
    assert there.digest == seakeep.read(file, label="late").digest
    assert list(there.source.files()) == [f"{blobs.objects}/data/parcels.csv"]

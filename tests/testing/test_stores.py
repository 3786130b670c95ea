"""The built-in stores pass the suite, and the suite tells stores that break its laws."""

from __future__ import annotations

import contextlib

import pytest

from seakeep.registry import stores
from seakeep.registry.place import Place
from seakeep.testing import check_store


def test_a_database_in_a_file_conforms(tmp_path):
    check_store(lambda: stores.open_database(Place(tmp_path), create=True))


def test_objects_in_a_folder_conform(tmp_path):
    check_store(lambda: stores.open_objects(Place(tmp_path)))


def test_objects_in_a_shared_folder_conform(tmp_path):
    check_store(lambda: stores.open_objects(Place(tmp_path / "home", objects=f"file://{tmp_path / 'shared'}")))


def test_a_database_that_keeps_half_a_change_is_told(tmp_path):
    def make():
        database = stores.open_database(Place(tmp_path), create=True)
        database.transaction = contextlib.nullcontext
        return database

    with pytest.raises(AssertionError, match="broken off nothing is kept"):
        check_store(make)


def test_objects_that_other_processes_do_not_see_are_told(tmp_path):
    folders = iter(range(9))
    with pytest.raises(AssertionError, match="another process sees"):
        check_store(lambda: stores.open_objects(Place(tmp_path / str(next(folders)))))

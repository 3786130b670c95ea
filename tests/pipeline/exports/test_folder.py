"""The folder of an export: what was written there and no more is replaced and removed, whatever its list says and whenever a kill comes."""

from __future__ import annotations

import json
import threading
from pathlib import Path

import pytest

from seakeep.core.files import CannotWrite
from seakeep.pipeline.exports import folder as folders
from seakeep.pipeline.exports.errors import BadExport

FILES = {"a.yaml": "a: 1\n", "base/b.yaml": "b: 1\n"}


def put(folder: Path, files: dict[str, str], *, target: str = "kubernetes") -> dict[str, str]:
    found = folders.states(folder, files, target=target)
    folders.write(folder, files, found, target=target)
    return found


@pytest.mark.parametrize("path", ["../mine.txt", "{absolute}", "link/mine.txt", "base/../../mine.txt", "", "\0"])
def test_a_list_that_names_a_file_outside_of_the_folder_removes_nothing(tmp_path, path):
    mine = tmp_path / "mine.txt"
    mine.write_text("mine")
    folder = tmp_path / "deploy"
    put(folder, FILES)
    (folder / "link").symlink_to(tmp_path)
    (folder / folders.LIST).write_text(json.dumps({"kubernetes": [path.format(absolute=mine), *FILES]}))
    put(folder, {"a.yaml": "a: 2\n"})
    assert mine.read_text() == "mine"
    assert not (folder / "base" / "b.yaml").exists()


@pytest.mark.parametrize("text", ["{", "[]", "3", '{"kubernetes": 3}', '{"kubernetes": [3, null]}', "\udcff"])
def test_a_broken_list_names_no_file(tmp_path, text):
    put(tmp_path, FILES)
    (tmp_path / folders.LIST).write_bytes(text.encode("utf-8", "surrogateescape"))
    assert set(put(tmp_path, FILES).values()) == {"same"}
    assert json.loads((tmp_path / folders.LIST).read_text()) == {"kubernetes": sorted(FILES)}


def test_an_export_that_was_killed_goes_on_though_its_files_changed_since(tmp_path, monkeypatch):
    whole = folders.write_text

    def killed(path: Path, text: str) -> None:
        whole(path, text)
        if path.name == "a.yaml":
            raise KeyboardInterrupt

    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(folders, "write_text", killed)
        put(tmp_path, FILES)
    assert put(tmp_path, {"a.yaml": "a: 2\n"}) == {"a.yaml": "changed"}
    assert json.loads((tmp_path / folders.LIST).read_text()) == {"kubernetes": ["a.yaml"]}


def test_halves_of_files_that_a_kill_left_go_and_other_files_stay(tmp_path):
    (tmp_path / "base").mkdir()
    halves = [tmp_path / ".tmp-0123456789ab-a.yaml", tmp_path / "base" / ".tmp-0123456789ab-b.yaml"]
    others = [tmp_path / ".tmp-0123456789ab-mine.yaml", tmp_path / "base" / "mine.yaml"]
    for each in (*halves, *others):
        each.write_text("half")
    put(tmp_path, FILES)
    assert [each.exists() for each in (*halves, *others)] == [False, False, True, True]


def test_two_exports_at_once_into_one_folder_are_both_listed(tmp_path):
    names = [f"target-{number}" for number in range(12)]
    threads = [
        threading.Thread(target=put, args=(tmp_path, {f"{name}.yaml": "a: 1\n"}), kwargs={"target": name})
        for name in names
    ]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert json.loads((tmp_path / folders.LIST).read_text()) == {name: [f"{name}.yaml"] for name in sorted(names)}


@pytest.mark.parametrize("inside", [".", "releases/4f", "objects"])
def test_a_registrys_folder_is_refused(tmp_path, inside):
    (tmp_path / "registry.sqlite").touch()
    with pytest.raises(BadExport, match="lies within the registry") as told:
        folders.states(tmp_path / inside, FILES, target="kubernetes")
    assert "-o deploy" in told.value.fix
    assert [each.name for each in tmp_path.iterdir()] == ["registry.sqlite"]


def test_a_folder_below_a_file_cannot_be_written(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(CannotWrite, match="Not a directory"):
        put(tmp_path / "file" / "deploy", FILES)


def test_a_folder_in_the_place_of_a_file_is_somebody_elses(tmp_path):
    put(tmp_path, FILES)
    (tmp_path / "a.yaml").unlink()
    (tmp_path / "a.yaml").mkdir()
    with pytest.raises(BadExport, match="is no file that an export wrote"):
        put(tmp_path, FILES)

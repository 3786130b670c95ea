"""Sights: what counts as unchanged, and what is noticed."""

from __future__ import annotations

import os

from seakeep.pipeline.sights import current, digest_of_file, look_at_file, look_at_folder, look_at_path, look_at_table


def test_a_file_at_rest_is_taken_at_its_word(tmp_path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("1")
    os.utime(path, (1, 1))
    sight = look_at_file(path)
    assert sight.modified_ns == 10**9
    path.write_text("2")
    os.utime(path, (1, 1))
    assert current(sight) == sight  # same size, same time: as make and git do


def test_a_file_changed_just_now_is_compared_by_content(tmp_path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("1")
    sight = look_at_file(path)
    assert sight.modified_ns == 0
    path.write_text("2")
    assert current(sight) is None


def test_a_touched_file_of_equal_content_is_seen_anew(tmp_path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("1")
    os.utime(path, (1, 1))
    sight = look_at_file(path)
    os.utime(path, (2, 2))
    seen = current(sight)
    assert seen is not None
    assert (seen.digest, seen.modified_ns) == (sight.digest, 2 * 10**9)


def test_a_file_of_another_size_or_gone_has_changed(tmp_path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("1")
    sight = look_at_file(path)
    path.write_text("11")
    assert current(sight) is None
    path.unlink()
    assert current(sight) is None
    gone = look_at_file(path)
    assert current(gone) == gone
    path.write_text("1")
    assert current(gone) is None


def test_a_folder_notices_new_files_of_its_endings_and_new_folders_only(tmp_path) -> None:
    (tmp_path / "a.csv").write_text("1")
    sight = look_at_folder(tmp_path, [".csv"])
    for harmless in ("b.txt", ".hidden.csv"):
        (tmp_path / harmless).write_text("x")
        assert current(sight) is not None
    (tmp_path / "b.csv").write_text("1")
    assert current(sight) is None
    (tmp_path / "b.csv").unlink()
    assert current(sight) is not None
    (tmp_path / "new").mkdir()
    assert current(sight) is None


def test_one_file_named_by_its_path_needs_no_folder(tmp_path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("1")
    sights = look_at_table([str(path)], str(path), hashed=digest_of_file)
    assert [sight.kind for sight in sights] == ["file"]


def test_a_glob_over_folders_notices_a_file_in_a_new_folder(tmp_path) -> None:
    for month in ("1", "2"):
        (tmp_path / f"month={month}").mkdir()
        (tmp_path / f"month={month}" / "a.parquet").write_text("1")
    (tmp_path / "empty").mkdir()
    files = [str(path) for path in sorted(tmp_path.glob("*/*.parquet"))]
    sights = look_at_table(files, str(tmp_path / "**" / "*.parquet"), hashed=digest_of_file)
    assert all(current(sight) is not None for sight in sights)
    (tmp_path / "empty" / "b.parquet").write_text("1")
    assert any(current(sight) is None for sight in sights)


def test_a_watched_folder_is_watched_to_its_depth(tmp_path) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "a" / "b" / "c.txt").write_text("1")
    sights = look_at_path(tmp_path / "a")
    (tmp_path / "a" / "b" / "c.txt").write_text("2")
    assert any(current(sight) is None for sight in sights)
    assert look_at_path(tmp_path / "none")[0].kind == "absent"


def test_looking_again_reads_nothing(tmp_path, monkeypatch) -> None:
    path = tmp_path / "a.csv"
    path.write_text("1")
    os.utime(path, (1, 1))
    sight = look_at_file(path)
    path.chmod(0)
    monkeypatch.setattr("seakeep.pipeline.sights.hashlib.file_digest", None)
    assert current(sight) == sight

"""Files are whole or absent, whatever happens while they are written."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import textwrap

import pytest

from seakeep.core.files import TEMPORARY, CannotWrite, replacing, write_bytes, write_text


def test_a_file_is_written_whole(tmp_path):
    write_text(tmp_path / "deep" / "a.txt", "häuser")
    assert (tmp_path / "deep" / "a.txt").read_bytes() == "häuser".encode()


def test_an_error_leaves_the_old_file_and_no_temporary_one(tmp_path):
    path = tmp_path / "a.txt"
    write_text(path, "old")
    with pytest.raises(RuntimeError, match="stop"), replacing(path) as temporary:
        temporary.write_text("half")
        raise RuntimeError("stop")
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_the_temporary_name_keeps_the_ending_and_can_be_told(tmp_path):
    with replacing(tmp_path / "a.parquet") as temporary:
        assert temporary.suffix == ".parquet"
        assert temporary.name.startswith(TEMPORARY)
        temporary.write_bytes(b"x")


@pytest.mark.parametrize(
    ("number", "cause"),
    [(errno.ENOSPC, "disk is full"), (errno.EACCES, "read-only"), (errno.ENAMETOOLONG, "255 bytes")],
)
def test_a_full_disk_is_named_and_the_old_file_stands(tmp_path, number, cause):
    path = tmp_path / "a.txt"
    write_text(path, "old")
    with pytest.raises(CannotWrite, match=cause) as caught, replacing(path) as temporary:
        temporary.write_text("half")
        raise OSError(number, os.strerror(number))
    assert caught.value.errno == number
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_system_that_is_read_only_and_lets_nothing_be_removed_is_named(tmp_path, monkeypatch):
    def refused(path, missing_ok=False):
        raise OSError(errno.EROFS, os.strerror(errno.EROFS), str(path))

    monkeypatch.setattr("pathlib.Path.unlink", refused)
    with pytest.raises(CannotWrite, match="read-only"), replacing(tmp_path / "a.txt"):
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))


def test_a_file_that_outgrows_its_limit_is_refused_and_nothing_is_left(tmp_path):
    program = f"""
        import resource, signal, pathlib
        from seakeep.core.files import write_bytes, CannotWrite
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
        try:
            write_bytes(pathlib.Path({str(tmp_path / "a.bin")!r}), bytes(5000))
        except CannotWrite as error:
            print("refused", error.errno)
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(program)], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("refused")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(CannotWrite, match="file"):
        write_bytes(tmp_path / "file" / "a.txt", b"x")


def test_a_kill_while_writing_leaves_the_old_file(tmp_path):
    path = tmp_path / "a.txt"
    write_text(path, "old")
    program = f"""
        import os, pathlib, signal
        from seakeep.core.files import replacing
        with replacing(pathlib.Path({str(path)!r})) as temporary:
            temporary.write_text("half")
            os.kill(os.getpid(), signal.SIGKILL)
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(program)], check=False)
    assert done.returncode == -signal.SIGKILL
    assert path.read_text() == "old"
    assert all(item == path or item.name.startswith(TEMPORARY) for item in tmp_path.iterdir())


def test_a_full_disk_that_polars_tells_of_is_a_full_disk(tmp_path):
    error = OSError("No space left on device (os error 28)")
    assert CannotWrite.because(tmp_path / "a.csv", error).cause == "The disk is full."


def test_a_full_disk_that_a_writer_tells_in_its_own_words_is_one(tmp_path):
    with (
        pytest.raises(CannotWrite, match=r"No space left on device\n.*The disk is full"),
        replacing(tmp_path / "a.parquet"),
    ):
        raise RuntimeError("parquet: underlying IO error: No space left on device (os error 28)")
    with pytest.raises(RuntimeError, match="another"), replacing(tmp_path / "a.parquet"):
        raise RuntimeError("another")
    assert not list(tmp_path.iterdir())

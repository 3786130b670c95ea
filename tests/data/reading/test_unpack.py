"""Compressed files: bounded, whole, and gone with the process."""

from __future__ import annotations

import gzip
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from seakeep.data.errors import CannotRead
from seakeep.data.reading import scratch
from seakeep.data.reading.unpack import plain_file


def zipped(path: Path, members: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def test_a_plain_file_is_itself(tmp_path: Path) -> None:
    assert plain_file(tmp_path / "t.csv") == tmp_path / "t.csv"


def test_a_file_is_unpacked_once_until_it_changes(tmp_path: Path) -> None:
    path = zipped(tmp_path / "t.zip", {"t.csv": b"a\n1\n"})
    first = plain_file(path)
    assert first.read_bytes() == b"a\n1\n"
    assert plain_file(path) == first
    zipped(path, {"t.csv": b"a\n1\n2\n3\n"})
    assert plain_file(path).read_bytes() == b"a\n1\n2\n3\n"


def test_an_archive_must_hold_one_file(tmp_path: Path) -> None:
    path = zipped(tmp_path / "t.zip", {"a.csv": b"", "b.csv": b""})
    with pytest.raises(CannotRead) as caught:
        plain_file(path)
    assert str(caught.value) == (
        f"{path} must hold exactly one CSV file, it holds 2 (a.csv, b.csv)\n"
        "  Which member is meant cannot be told.\n"
        f"  unzip {path} -d tables, and read the folder: seakeep.read('tables/*.csv')."
    )
    with pytest.raises(CannotRead, match=r"it holds 0 \(none\)"):
        plain_file(zipped(tmp_path / "empty.zip", {}))


@pytest.mark.parametrize("keep", [0, 5, 100, -10])
def test_a_torn_archive_is_named(tmp_path: Path, keep: int) -> None:
    content = b"a,b\n" + b"".join(b"%d,%d\n" % (i, i * i % 9973) for i in range(3000))
    packed = zipped(tmp_path / "t.csv.zip", {"t.csv": content})
    packed.write_bytes(packed.read_bytes()[:keep])
    with gzip.open(tmp_path / "t.csv.gz", "wb") as file:
        file.write(content)
    squeezed = tmp_path / "t.csv.gz"
    squeezed.write_bytes(squeezed.read_bytes()[:keep])
    for path in (packed, squeezed):
        with pytest.raises(CannotRead, match=rf"{path.name} (is not a whole|is empty)"):
            plain_file(path)
    assert not list(scratch.folder().glob(".tmp-*"))


def test_an_archive_with_a_wrong_checksum_is_named(tmp_path: Path) -> None:
    path = zipped(tmp_path / "t.zip", {"t.csv": b"a,b\n" * 2000})
    content = bytearray(path.read_bytes())
    content[content.index(b"t.csv") + 6] ^= 0xFF
    path.write_bytes(content)
    with pytest.raises(CannotRead, match=r"t\.zip is not a whole zip file"):
        plain_file(path)


def test_a_gzip_file_with_wrong_content_is_named(tmp_path: Path) -> None:
    path = tmp_path / "t.csv.gz"
    content = bytearray(gzip.compress(b"a,b\n" * 2000))
    content[-8] ^= 0xFF
    for broken, reason in ((content, "CRC check failed"), (b"a,b\n1,2\n", "Not a gzipped file")):
        path.write_bytes(broken)
        with pytest.raises(CannotRead, match=rf"t\.csv\.gz is not a whole gz file: {reason}"):
            plain_file(path)


def test_an_encrypted_archive_is_named(tmp_path: Path) -> None:
    path = zipped(tmp_path / "t.zip", {"t.csv": b"a,b\n"})
    content = bytearray(path.read_bytes())
    content[6] |= 1
    content[content.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(content)
    with pytest.raises(CannotRead, match="encrypted"):
        plain_file(path)


def test_an_archive_that_would_fill_the_disk_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = zipped(tmp_path / "t.zip", {"t.csv": bytes(5 << 20)})
    with gzip.open(tmp_path / "t.csv.gz", "wb") as file:
        file.write(bytes(5 << 20))
    usage = shutil.disk_usage(tmp_path)
    before = sum(file.stat().st_size for file in scratch.folder().iterdir())

    def left(folder: Path) -> object:
        written = sum(file.stat().st_size for file in folder.iterdir()) - before
        return usage._replace(free=scratch.KEPT_FREE + (3 << 20) - written)

    monkeypatch.setattr(shutil, "disk_usage", left)
    for packed, needed in ((path, "5,242,880"), (tmp_path / "t.csv.gz", "4,194,304")):
        with pytest.raises(CannotRead, match=rf"unpacks to {needed} bytes or more, and .* bytes free") as caught:
            plain_file(packed)
        assert "export TMPDIR=" in str(caught.value)
    assert not list(scratch.folder().glob(".tmp-*"))


def test_a_missing_file_is_explained(tmp_path: Path) -> None:
    with pytest.raises(CannotRead, match=r"x\.csv\.gz cannot be opened: No such file"):
        plain_file(tmp_path / "x.csv.gz")


def test_the_unpacked_copy_goes_with_the_process(tmp_path: Path) -> None:
    path = zipped(tmp_path / "t.zip", {"t.csv": b"a\n1\n"})
    program = (
        "import os; from pathlib import Path; from seakeep.data.reading.unpack import plain_file\n"
        f"found = plain_file(Path({str(path)!r}))\n"
        "pid = os.fork()\n"
        "if pid == 0: raise SystemExit\n"
        "os.waitpid(pid, 0); assert found.exists(), 'a fork removed it'\n"
        "print(found)"
    )
    found = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True).stdout.strip()
    assert found
    assert not Path(found).parent.exists()


def test_a_wrong_checksum_is_that_of_a_torn_file(tmp_path: Path) -> None:
    content = bytearray(gzip.compress(b"a\n1\n"))
    content[-8] ^= 1
    (tmp_path / "t.csv.gz").write_bytes(content)
    with pytest.raises(CannotRead, match=r"t\.csv\.gz.*CRC check failed"):
        plain_file(tmp_path / "t.csv.gz")

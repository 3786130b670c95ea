"""Locks: shared beside shared, alone means alone, and a killed holder holds nothing."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest

from seakeep.core import locks
from seakeep.core.files import CannotWrite

HOLD = """
import sys, time
from pathlib import Path
from seakeep.core import locks
with locks.alone(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""


def test_shared_holders_stand_beside_each_other_and_keep_one_alone_out(tmp_path) -> None:
    path = tmp_path / "lock"
    with locks.shared(path), locks.shared(path), locks.alone(path, wait=False) as held:
        assert not held
    with locks.alone(path, wait=False) as held:
        assert held


def test_the_holder_is_told_and_a_killed_one_holds_nothing(tmp_path) -> None:
    path = tmp_path / "locks" / "run"
    process = subprocess.Popen([sys.executable, "-c", HOLD, str(path)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    assert locks.holder(path) == process.pid
    with locks.alone(path, wait=False) as held:
        assert not held
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    process.stdout.close()
    with locks.alone(path, wait=False) as held:
        assert held
    assert locks.holder(path) == os.getpid()


def test_a_lock_nobody_held_has_no_holder(tmp_path) -> None:
    assert locks.holder(tmp_path / "none") is None
    with locks.shared(tmp_path / "new"):
        assert locks.holder(tmp_path / "new") is None


def test_a_lock_whose_folder_cannot_be_made_says_so(tmp_path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(CannotWrite, match="cannot write"), locks.alone(tmp_path / "file" / "lock"):
        pass

"""What an engine says when it cannot: every message has what was found, the cause and the next line."""

from __future__ import annotations

import pytest

from seakeep.data.engines import CannotConnect, EngineBroke, NotVisible, WorkersDiffer

MESSAGES = [
    (CannotConnect.silent("ray://h:1", "refused", seconds=5, check="ray status"), "within 5 s: refused", "ray status"),
    (CannotConnect.broke("spark://local", "no Java", check="Install it."), "could not be started: no Java", "Install it."),
    (EngineBroke.lost("local[2]", "process 7"), "although it was tried again: process 7", "more memory"),
    (EngineBroke.raised("KeyError", "'a'", where="host, unit 3"), "a worker raised KeyError: 'a' (host, unit 3)", "--engine local"),
    (NotVisible.absent("/a", "host"), "/a is not there for a worker", "shared file system"),
    (NotVisible.rewritten("/a"), "/a is another file than when the table was read", "nothing writes to the table"),
    (NotVisible.other_rows("trips", 1, 2000), "answered 1 rows that can be judged, and 2,000 were read", "nothing writes"),
    (NotVisible.changed("trips", 1, 2000), "1 rows were read where 2,000 were counted before", "nothing writes to the table"),
    (WorkersDiffer.versions("host", {"numpy": ("2.4", "2.3")}), "numpy 2.3 (here 2.4)", "pip install numpy==2.4"),
    (WorkersDiffer.versions("host", {"python": ("3.11", "3.12")}), "python 3.12 (here 3.11)", "one version of Python"),
]  # fmt: skip


@pytest.mark.parametrize(("error", "found", "fix"), MESSAGES)
def test_messages_tell_what_was_found_and_what_to_do(error, found, fix):
    assert found in str(error)
    assert fix in str(error)

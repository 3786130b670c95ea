"""`seakeep serve FOLDER`: a release's folder is served without a registry, and logged as the settings say."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from urllib.error import URLError
from urllib.request import Request, urlopen

import pytest

from seakeep.prediction_log import PredictionLog
from seakeep.registry import Registry

HEALTH = [sys.executable, "-m", "seakeep.serving.health"]


@pytest.fixture
def release(finished, tmp_path):
    """The folder of a release, away from its registry, in a folder that has none."""
    with Registry(finished / ".seakeep") as registry:
        found = registry.resolve("trips")
    folder = tmp_path / "release"
    shutil.copytree(found.folder, folder)
    return folder


@contextlib.contextmanager
def serving(folder: Path, **environment: str):
    command = [sys.executable, "-c", "from seakeep.cli import main; main()", "serve", str(folder)]
    settings = {"SEAKEEP_SERVE_HTTP": "127.0.0.1:0", **environment}
    process = subprocess.Popen(
        command, cwd=folder.parent, stdout=subprocess.PIPE, text=True, env={**os.environ, **settings}
    )
    try:
        address = process.stdout.readline().rpartition(" at ")[2].strip()
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            with contextlib.suppress(URLError), urlopen(f"{address}/v2/health/ready", timeout=5):
                break
            time.sleep(0.05)
        yield address
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=60) == 0
    finally:
        process.kill()
        process.stdout.close()
        process.wait()


def asked(address: str, finished: Path, path: str = "infer") -> dict:
    question = re.search(r"-d '(.*?)'", (finished / "README.md").read_text(), re.DOTALL)[1]
    request = Request(f"{address}/v2/models/trips/{path}", question.encode(), {"content-type": "application/json"})
    with urlopen(request, timeout=20) as response:
        return json.load(response)


def test_a_folder_is_served_and_logged_with_its_name_version_digest_and_role(release, finished, tmp_path) -> None:
    digest = release_digest(release)
    home = tmp_path / "state"
    given = {"SEAKEEP_HOME": str(home), "SEAKEEP_SERVE_VERSION": "7", "SEAKEEP_SERVE_ROLE": "challenger"}
    with serving(release, **given, SEAKEEP_SERVE_LOG="acknowledged") as address:
        asked(address, finished)
        asked(address, finished, "versions/7/infer")
        port = address.rpartition(":")[2]
        healthy = subprocess.run(HEALTH, env={**os.environ, "SEAKEEP_SERVE_HTTP": f"0.0.0.0:{port}"}, check=False)
        assert healthy.returncode == 0
    rows = PredictionLog.of(home, "trips").scan().collect().sort("@time")
    assert rows.select("@role", "@version").rows() == [("challenger", 7), ("pinned", 7)]
    assert rows["@release"].unique().to_list() == [digest]
    assert not (home / "registry.sqlite").exists()


def test_a_folder_without_a_home_is_served_and_nothing_is_logged(release, finished) -> None:
    with serving(release) as address:
        assert asked(address, finished, f"versions/{release_digest(release)[:12]}/infer")["predictions"]
    assert sorted(path.name for path in release.parent.iterdir()) == ["release"]


def test_a_server_that_is_not_there_is_not_healthy() -> None:
    found = subprocess.run(HEALTH, env={**os.environ, "SEAKEEP_SERVE_HTTP": "127.0.0.1:1"}, check=False)
    assert found.returncode == 1


def test_an_empty_folder_is_told_as_such_and_not_as_an_absent_registry(shell, tmp_path) -> None:
    answer = shell("serve", tmp_path)
    assert answer.code == 3
    assert f"there is no model.json in {tmp_path}" in answer.err
    assert "Nothing is mounted there" in answer.err


def test_a_file_of_another_kind_of_model_is_told_to_be_no_release(shell, tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "model.pkl").write_bytes(b"")
    answer = shell("serve", "model.pkl")
    assert (answer.code, "CannotServe: model.pkl is a file" in answer.err) == (3, True)


def test_one_version_for_two_folders_is_refused(shell, release, tmp_path, monkeypatch) -> None:
    shutil.copytree(release, tmp_path / "other")
    monkeypatch.setenv("SEAKEEP_SERVE_VERSION", "3")
    answer = shell("serve", release, tmp_path / "other")
    assert answer.code == 3
    assert "serve.version is 3, and 2 releases are served" in answer.err


def test_a_role_that_there_is_not_is_refused(shell, release, monkeypatch) -> None:
    monkeypatch.setenv("SEAKEEP_SERVE_ROLE", "canary")
    answer = shell("serve", release)
    assert answer.code == 3
    assert "setting serve.role is 'canary', expected one of 'champion', 'challenger'" in answer.err


def test_a_machine_without_a_folder_for_temporary_files_is_told_so(shell, release, monkeypatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", "/dev/null/nowhere")
    answer = shell("serve", release, "--http", "127.0.0.1:0")
    assert answer.code == 3
    assert "no folder for temporary files" in answer.err
    assert "TMPDIR=DIR" in answer.err


def release_digest(folder: Path) -> str:
    from seakeep.core import Release

    return Release.load(folder).digest

"""One project, started and run once for all tests of the command line; and a way to call it as a shell would."""

from __future__ import annotations

import json
import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from seakeep.cli._main import code_of
from seakeep.registry import Registry


@dataclass
class Answer:
    """What a command ended with and wrote."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


class Shell:
    """Calls the command line in this process."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys

    def __call__(self, *arguments: object) -> Answer:
        self._capsys.readouterr()
        code = code_of([str(argument) for argument in arguments])
        out, err = self._capsys.readouterr()
        return Answer(code, out, err)


@pytest.fixture
def shell(capsys: pytest.CaptureFixture[str]) -> Shell:
    return Shell(capsys)


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project made by `seakeep init` and run; tests must not change it."""
    folder = tmp_path_factory.mktemp("work") / "trips"
    assert code_of(["init", str(folder)]) == 0
    assert code_of(["run", str(folder / "pipeline.py")]) == 0
    return folder


@pytest.fixture
def project(finished: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the finished project that a test may change; the working folder stands in it."""
    copy = tmp_path / "trips"
    shutil.copytree(finished, copy)
    monkeypatch.chdir(copy)
    return copy


@pytest.fixture(scope="session")
def run_twice(finished: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The finished project with a second release: the same pipeline with another estimator. Tests must not change it."""
    folder = tmp_path_factory.mktemp("twice") / "trips"
    shutil.copytree(finished, folder)
    file = folder / "pipeline.py"
    changed = re.sub(r"(random_state|max_iter|n_estimators)=\d+", r"\1=77", file.read_text())
    assert changed != file.read_text()
    file.write_text(changed)
    assert code_of(["run", str(file)]) == 0
    with Registry(folder / ".seakeep") as registry:
        assert len(registry.releases()) == 2
    return folder


@pytest.fixture
def two(run_twice: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of it that a test may change; the working folder stands in it."""
    copy = tmp_path / "trips"
    shutil.copytree(run_twice, copy)
    monkeypatch.chdir(copy)
    return copy

"""The digest of a project's sources: what counts, what does not."""

from __future__ import annotations

import pytest

from seakeep.pipeline.errors import CannotLoad
from seakeep.pipeline.project import Project, environment


@pytest.fixture
def project(tmp_path) -> Project:
    (tmp_path / "seakeep.toml").write_text("")
    (tmp_path / "pipelines").mkdir()
    (tmp_path / "pipelines" / "trips.py").write_text("x = 1\n")
    return Project.of(tmp_path / "pipelines" / "trips.py")


def test_the_root_is_the_folder_of_the_settings(project, tmp_path) -> None:
    assert (project.root, project.name) == (tmp_path, "pipelines/trips.py")


@pytest.mark.parametrize("name", ["helper.py", "package/deep/module.py", "pipelines/other.py"])
def test_what_could_be_imported_counts(project, name) -> None:
    before = project.code()
    path = project.root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("")
    added = project.code()
    path.write_text("y = 2\n")
    assert len({before, added, project.code()}) == 3


@pytest.mark.parametrize(
    "name",
    [
        "README.md",
        "tests/test_x.py",
        ".venv/lib/x.py",
        "not-a-package/x.py",
        "__pycache__/x.py",
        "node_modules/x.py",
        "data/a.csv",
    ],
)
def test_what_could_not_be_imported_does_not_count(project, name) -> None:
    before = project.code()
    path = project.root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("y = 2\n")
    assert project.code() == before


def test_a_virtual_environment_of_any_name_does_not_count(project) -> None:
    before = project.code()
    (project.root / "env" / "lib").mkdir(parents=True)
    (project.root / "env" / "pyvenv.cfg").write_text("")
    (project.root / "env" / "lib" / "x.py").write_text("")
    assert project.code() == before


def test_the_pipelines_own_file_counts_wherever_it_stands(tmp_path) -> None:
    folder = tmp_path / "not-a-package"
    folder.mkdir()
    (tmp_path / "seakeep.toml").write_text("")
    (folder / "p.py").write_text("x = 1\n")
    project = Project.of(folder / "p.py")
    before = project.code()
    (folder / "p.py").write_text("x = 2\n")
    assert project.code() != before


def test_the_environment_is_the_same_within_a_process() -> None:
    assert environment() == environment()
    assert len(environment()) == 64


def test_an_absent_file_is_told_the_nearest(project) -> None:
    with pytest.raises(CannotLoad, match="there is no file") as caught:
        Project.of(project.root / "pipelines" / "trip.py")
    assert "trips.py" in caught.value.cause


def test_a_file_that_is_not_python_is_refused(tmp_path) -> None:
    (tmp_path / "data.csv").write_text("a\n")
    with pytest.raises(CannotLoad, match="is not a Python file"):
        Project.of(tmp_path / "data.csv")


def test_a_folder_is_refused(tmp_path) -> None:
    with pytest.raises(CannotLoad):
        Project.of(tmp_path)

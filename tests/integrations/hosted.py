"""Projects on a platform of our own: made, committed with their contract and workflows, and pushed to a bare repository."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import seakeep
from seakeep.cli._main import code_of

from .runner import git

PROJECT = Path(seakeep.__file__).parent / "cli" / "_demo" / "project"
READY = "python -c 'import seakeep'"
"""Stands in for the installation: the environment is the tests' own."""


@contextlib.contextmanager
def standing_in(folder: Path) -> Iterator[None]:
    before = Path.cwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)


def parcels(root: Path, target: str, **options: str) -> Path:
    """A project made by `seakeep init`, its contract inferred and committed, with the workflows of `target`, pushed to root/origin.git."""
    project = root / "author" / "parcels"
    assert code_of(["init", str(project)]) == 0
    return published(project, root, target, **options)


def flights(root: Path, target: str, **options: str) -> Path:
    """The demo's flights, of which five months have arrived, committed as they are. See `month` for more."""
    project = root / "author" / "flights"
    project.mkdir(parents=True)
    shutil.copy(PROJECT / "pipeline.py", project)
    (project / ".gitignore").write_text(".seakeep/\nseakeep-ci/\n", "utf-8")
    for number in range(1, 6):
        _arrive(project, number)
    return published(project, root, target, **options)


def month(project: Path, number: int) -> None:
    """One more month arrives, and is pushed."""
    _arrive(project, number)
    commit(project, f"Month {number}")
    git(project, "push", "-q", "origin", "main")


def _arrive(project: Path, number: int) -> None:
    """A month's table, as the demo prepares it."""
    spec = importlib.util.spec_from_file_location("demo_flights", PROJECT / "flights.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    tables = module.prepare(project.parent / "tables")
    (project / "arrived").mkdir(exist_ok=True)
    shutil.copy(tables[number - 1], project / "arrived")


def published(project: Path, root: Path, target: str, **options: str) -> Path:
    with standing_in(project):
        assert code_of(["run", "pipeline.py"]) == 0
        settings = [
            part for name, value in {"install": READY, **options}.items() for part in ("--set", f"{name}={value}")
        ]
        assert code_of(["export", target, "pipeline.py", "-o", ".", *settings]) == 0
    git(root, "init", "-q", "--bare", "-b", "main", str(root / "origin.git"))
    git(project, "init", "-q", "-b", "main")
    commit(project, "The project, its contract and its workflows")
    git(project, "remote", "add", "origin", str(root / "origin.git"))
    git(project, "push", "-q", "origin", "main")
    return project


def commit(project: Path, message: str) -> None:
    git(project, "add", "-A")
    git(project, "commit", "-q", "-m", message)


def branch(project: Path, name: str, changes: dict[str, tuple[str, str]], *, onto: str = "main") -> None:
    """Push a branch off `onto` with changes: by file, what is replaced by what (a pattern and its replacement)."""
    git(project, "checkout", "-q", "-B", name, onto)
    for file, (pattern, replacement) in changes.items():
        path = project / file
        text, count = re.subn(pattern, replacement, path.read_text("utf-8"), flags=re.DOTALL)
        assert count, (file, pattern)
        path.write_text(text, "utf-8")
    commit(project, f"A change of {', '.join(changes)}")
    git(project, "push", "-q", "--force", "origin", f"HEAD:refs/heads/{name}")
    git(project, "checkout", "-q", "main")


def merge(project: Path, name: str) -> None:
    git(project, "checkout", "-q", "main")
    git(project, "merge", "-q", "--no-ff", "-m", "merged", name)
    git(project, "push", "-q", "origin", "main")

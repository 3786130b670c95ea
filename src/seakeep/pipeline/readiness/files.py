"""What the project's folder shows without running it: alert rules, workflows of continuous integration, git's record of the sources.

Text is searched, nothing is loaded. Searching is bounded in files and bytes, and hidden folders, environments and the registry are
left out, so that a folder beside a terabyte of data is still looked at in milliseconds.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from seakeep.pipeline.project import Project

_MOST_FILES, _MOST_BYTES = 5_000, 1_000_000
_SKIPPED = ("node_modules", "__pycache__", "site")
_GIT_SECONDS = 5.0
_CHECKS = re.compile(r"\bseakeep\s+ci\b")
_ON_PULL_REQUEST = re.compile(r"\bpull_request\b|\bmerge_request_event\b|\bmerge_requests\b")


@dataclass(frozen=True, slots=True)
class Written:
    """A file of the project. name: relative to the folder that was searched."""

    name: str
    text: str


@dataclass(frozen=True, slots=True)
class Commit:
    """The latest commit that touched a file. reviewers: who signed "Reviewed-by" on it and is not its author."""

    hash: str
    author: str
    at: float
    reviewers: tuple[str, ...]


def alert_rules(root: Path) -> tuple[Written, ...]:
    """Files of Prometheus rules in the project that alert on Seakeep's metrics."""
    return tuple(
        each
        for each in _yaml(root)
        if re.search(r"^\s*(- )?alert:", each.text, re.MULTILINE) and "seakeep_" in each.text
    )


def workflows(root: Path) -> tuple[Written, ...]:
    """Workflows of GitHub and GitLab around the project that run `seakeep ci` for a pull request."""
    top = _top(root)
    paths = [
        *sorted((top / ".github" / "workflows").glob("*.y*ml")),
        top / ".gitlab-ci.yml",
        *sorted((top / ".gitlab").glob("*.yml")),
    ]
    read = (Written(path.relative_to(top).as_posix(), text) for path in paths for text in _text(path))
    return tuple(each for each in read if _CHECKS.search(each.text) and _ON_PULL_REQUEST.search(each.text))


def test_files(root: Path) -> tuple[Path, ...]:
    """The files of the project's own tests."""
    return tuple(sorted((root / "tests").rglob("test_*.py"))) if (root / "tests").is_dir() else ()


def uncommitted(project: Project) -> tuple[str, ...] | None:
    """Python files of the project that git does not hold as they are; None where there is no repository, or no git."""
    told = _git(project.root, "status", "--porcelain", "--untracked-files=all", "-z", "--", "*.py")
    if told is None or _git(project.root, "ls-files", "--error-unmatch", "--", project.name) is None:
        return None
    return tuple(line[3:] for line in told.split("\0") if line[3:].endswith(".py"))


def last_commit(project: Project) -> Commit | None:
    """The latest commit of any of the project's Python files; None where there is none."""
    form = "%H%x1f%an <%ae>%x1f%ct%x1f%(trailers:key=Reviewed-by,valueonly,separator=%x1e)"
    told = _git(project.root, "log", "-1", f"--format={form}", "--", "*.py")
    if not told or not told.strip():
        return None
    found, author, at, reviewers = told.strip("\n").split("\x1f")
    others = (name.strip() for name in reviewers.split("\x1e"))
    return Commit(found, author, float(at), tuple(name for name in others if name and _mail(name) != _mail(author)))


def _mail(person: str) -> str:
    return person.rpartition("<")[2].rstrip(">").lower()


def _git(folder: Path, *arguments: str) -> str | None:
    """What git says; None where it fails or is not there."""
    git = shutil.which("git")
    if git is None:
        return None
    with contextlib.suppress(OSError, subprocess.TimeoutExpired):
        command = [git, "-c", "core.fsmonitor=false", *arguments]
        done = subprocess.run(command, cwd=folder, capture_output=True, timeout=_GIT_SECONDS, check=False)
        return done.stdout.decode("utf-8", "replace") if done.returncode == 0 else None
    return None


def _top(root: Path) -> Path:
    """The folder of the repository around the project, or the project's own."""
    return next((folder for folder in (root, *root.parents) if (folder / ".git").exists()), root)


def _yaml(root: Path) -> Iterator[Written]:
    seen = 0
    for folder, folders, names in os.walk(root):
        folders[:] = sorted(name for name in folders if not name.startswith(".") and name not in _SKIPPED)
        for name in sorted(names):
            seen += 1
            if seen > _MOST_FILES:
                return
            if name.endswith((".yml", ".yaml")):
                path = Path(folder, name)
                yield from (Written(path.relative_to(root).as_posix(), text) for text in _text(path))


def _text(path: Path) -> Iterator[str]:
    """The file's text, where it can be read and is no larger than rules and workflows are."""
    with contextlib.suppress(OSError):
        if path.is_file() and path.stat().st_size <= _MOST_BYTES:
            yield path.read_text("utf-8", "replace")

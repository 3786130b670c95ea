"""The contract as it stands on the branch that a change goes to, read from git without checking anything out.

Names of branches are written by strangers: they reach git as one argument after `--end-of-options`, never a shell. A clone that has
not got the base (shallow, or one branch only) is told, with the line that fetches it: no comparison is no pass.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from seakeep.core import Check, Report, Verdict
from seakeep.pipeline.ci.codes import BASE
from seakeep.pipeline.ci.errors import CannotCheck

if TYPE_CHECKING:
    from collections.abc import Mapping

    from seakeep.core import Schema


@dataclass(frozen=True, slots=True)
class Base:
    """reference: as given. schema: the contract there, None where it has none. missing: why the base cannot be read, or ""."""

    reference: str
    schema: Schema | None = None
    missing: str = ""


def reference_of(environment: Mapping[str, str]) -> str:
    """What a change is compared with, by the variables that GitHub and GitLab set for a pull request; "" elsewhere.

    >>> reference_of({"GITHUB_BASE_REF": "main"}), reference_of({"CI_MERGE_REQUEST_DIFF_BASE_SHA": "4b43767"})
    ('origin/main', '4b43767')
    """
    branch = environment.get("GITHUB_BASE_REF", "")
    return f"origin/{branch}" if branch else environment.get("CI_MERGE_REQUEST_DIFF_BASE_SHA", "")


def repository(folder: Path) -> Path:
    """The folder of the git repository around `folder`, or `folder` itself where there is none."""
    found = _git(folder, "rev-parse", "--show-toplevel") if shutil.which("git") else None
    return Path(found.decode("utf-8", "surrogateescape").rstrip("\n")) if found else folder


def find_base(reference: str, schema: Path) -> Base:
    """The contract at path `schema` as of `reference`: of the last commit that both have, so that what the base branch has learnt
    since is not taken for this change's doing.

    Raises: CannotCheck, for a name that is none, or without git; BadContract, where the contract there cannot be read.
    """
    if reference.startswith("-") or not reference.isprintable():
        raise CannotCheck.bad_reference(reference)
    if shutil.which("git") is None:
        raise CannotCheck.no_git()
    folder = schema.parent
    commit = _git(folder, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{reference}^{{commit}}")
    if commit is None:
        return Base(reference, missing=f"this clone has no commit {reference!r}")
    root, sha = repository(folder), commit.decode().strip()
    shared = _git(folder, "merge-base", sha, "HEAD")
    if shared is None:
        return Base(reference, missing=f"this clone has no commit that HEAD and {reference!r} share")
    if not schema.resolve().is_relative_to(root.resolve()):
        return Base(reference, missing=f"{schema.name} lies outside of the repository")
    path = schema.resolve().relative_to(root.resolve()).as_posix()
    text = _git(folder, "cat-file", "blob", f"{shared.decode().strip()}:{path}")
    return Base(reference, _read(text, f"{reference}:{path}") if text is not None else None)


def missing_check(base: Base) -> Check:
    """The check where the base cannot be looked at."""
    branch = base.reference.removeprefix("origin/")
    message = f"The contract cannot be compared with the base branch's: {base.missing}."
    fix = f"Fetch all of it: git fetch --unshallow origin {branch} (GitHub: fetch-depth: 0; GitLab: GIT_DEPTH: 0)."
    return Check(BASE, base.reference, Verdict.INCONCLUSIVE, message, fix=fix)


def report(base: Base, schema: Path, *, accepted: bool) -> Report:
    """What the change does to the contract."""
    from seakeep import data
    from seakeep.data.contract.compatibility import compare_contracts

    if base.missing:
        return Report("schema_diff", "Contract", schema.name, (missing_check(base),))
    if not schema.exists():
        return Report("schema_diff", "Contract", schema.name, (_absent(schema, gone=base.schema is not None),))
    now = data.load_schema(schema)
    if base.schema is None:
        first = (
            f"{base.reference} has no contract yet, so none can be broken."
            if base.reference
            else "Nothing to compare with."
        )
        return Report("schema_diff", "Contract", schema.name, (Check(BASE, now.name, Verdict.PASS, first),))
    return compare_contracts(base.schema, now, accepted=accepted)


def _absent(schema: Path, *, gone: bool) -> Check:
    told = "was removed" if gone else "is not committed"
    message = f"The contract {schema.name} {told}: a table of any form would pass."
    fix = f"Restore it: git checkout HEAD~1 -- {schema.name}" if gone else (
        f"seakeep run pipeline.py writes it; read it over, then: git add {schema.name}")  # fmt: skip
    return Check(BASE, schema.name, Verdict.FAIL if gone else Verdict.INCONCLUSIVE, message, fix=fix)


def _read(text: bytes, where: str) -> Schema:
    from seakeep.data.contract.reading import read_schema
    from seakeep.data.contract.writing import VERSION

    return read_schema(text.decode("utf-8-sig", "replace"), where=where, version=VERSION)


def _git(folder: Path, *arguments: str) -> bytes | None:
    """What git answers; None where it ends with an error. Raises CannotCheck, if the clone belongs to another user."""
    environment = {**os.environ, "GIT_OPTIONAL_LOCKS": "0", "LC_ALL": "C"}
    done = subprocess.run(["git", *arguments], cwd=folder, env=environment, capture_output=True, check=False)
    if b"dubious ownership" in done.stderr:
        raise CannotCheck.not_owned(folder)
    return done.stdout if done.returncode == 0 else None

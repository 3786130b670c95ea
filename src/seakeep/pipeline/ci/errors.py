"""What can go wrong with a check of a change, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seakeep.core.errors import SeakeepError

if TYPE_CHECKING:
    from pathlib import Path


class CannotCheck(SeakeepError):
    """A change cannot be checked."""

    @classmethod
    def of(cls, told: dict[str, str]) -> CannotCheck:
        """What the trial's own process said, its four parts kept."""
        return cls(
            told["found"], where=told["where"], cause=told["cause"], fix=told["fix"], error=told.get("error", "")
        )

    @classmethod
    def broke(cls, file: Path, trouble: str) -> CannotCheck:
        return cls(
            f"the trial broke: {trouble}",
            where=str(file),
            cause="The project's code, or a library that it loads, ended the process.",
            fix=f"Try it here: seakeep run {file}",
            file=str(file),
        )

    @classmethod
    def overdue(cls, file: Path, minutes: float) -> CannotCheck:
        return cls(
            f"the trial was stopped after {minutes:g} minutes",
            where=str(file),
            cause="The sample is too large for the time it has, or the project's code does not end.",
            fix="Take a smaller sample (--rows), or give it more time (--minutes).",
            file=str(file),
            minutes=minutes,
        )

    @classmethod
    def empty_sample(cls, part: str, rows: int) -> CannotCheck:
        return cls(
            f"the sample of {rows:,} rows has none in the {part} part",
            where="--rows",
            cause="The part is a small one of the table, and the sample too small to meet it; or it is empty in all of it.",
            fix="Take a larger sample (--rows); the whole table: seakeep run pipeline.py --stage profile",
            part=part,
        )

    @classmethod
    def bad_reference(cls, reference: str) -> CannotCheck:
        return cls(
            f"{reference!r} cannot be the name of a branch or commit",
            where="--base",
            cause="A name that begins with '-' would be taken for an option of git; control characters are in no name.",
            fix="Name the branch that the change goes to: --base origin/main",
            reference=reference,
        )

    @classmethod
    def no_git(cls) -> CannotCheck:
        return cls(
            "git is not installed",
            where="--base",
            cause="The contract of the base branch is read from git.",
            fix="apt-get install git, or leave --base out: the contract is then not compared",
        )

    @classmethod
    def not_owned(cls, folder: Path) -> CannotCheck:
        return cls(
            "git does not read this clone: it belongs to another user",
            where=str(folder),
            cause="In a container the checkout often belongs to the machine's user.",
            fix='git config --global --add safe.directory "$PWD"',
            folder=str(folder),
        )

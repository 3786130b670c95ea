"""What can go wrong with an assessment, in words.

SeakeepError
├── BadReadiness      the assessment, or a record for it, is asked for wrongly
└── CannotProve       a proof cannot be made as things stand
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from seakeep.core import durations
from seakeep.core.errors import SeakeepError, UsageError, nearest

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


class BadReadiness(UsageError):
    """The assessment, or a record for it, is asked for wrongly."""

    @classmethod
    def nameless(cls, file: Path, names: Sequence[str]) -> BadReadiness:
        return cls(
            f"found {len(names)} pipelines whose name can be read, expected one",
            where=str(file),
            cause=f"Readable without running the file: {', '.join(names)}."
            if names
            else "The file is not run for this, so the name must stand in it as text.",
            fix=f"Say which: seakeep readiness {file} --name {names[0] if names else 'NAME'}",
            file=file,
            names=tuple(names),
        )

    @classmethod
    def other_name(cls, file: Path, name: str, names: Sequence[str]) -> BadReadiness:
        near = nearest(name, names)
        return cls(
            f"{file.name} declares no pipeline {name!r}",
            where=str(file),
            cause=f"Did you mean {near!r}?" if near else f"It declares: {', '.join(names)}.",
            fix=f"seakeep readiness {file} --name {near or names[0]}",
            file=file,
            name=name,
        )

    @classmethod
    def unsigned(cls, test: str, option: str) -> BadReadiness:
        return cls(
            f"an attestation of {test} has no {option}, expected who says so and what it rests on",
            cause="Half a point rests on a named person's word and on something that others can look up.",
            fix=f"seakeep readiness PROJECT --attest {test} --by NAME --evidence TEXT|FILE",
            test=test,
            option=option,
        )

    @classmethod
    def bad_length(cls, option: str, found: str, most: float) -> BadReadiness:
        return cls(
            f"found {found!r}, expected a length of time above 0 and at most {durations.text(most)}",
            where=option,
            cause="Evidence that never grows old says nothing of today.",
            fix=f'{option} "90d"',
            option=option,
            value=found,
        )

    @classmethod
    def bad_score(cls, found: float) -> BadReadiness:
        return cls(
            f"found {found:g}, expected a score from 0 to 7",
            where="--at-least",
            cause="Each of the four sections has seven tests of one point.",
            fix="seakeep readiness PROJECT --at-least 2",
            value=found,
        )

    @classmethod
    def unreadable_evidence(cls, path: Path, trouble: str) -> BadReadiness:
        return cls(
            f"the evidence {path} cannot be read: {trouble}",
            cause="A file is kept by its name and digest, so it must be there when it is signed.",
            fix="Give a readable file, or the evidence in words.",
            path=path,
        )


class CannotProve(SeakeepError):
    """A proof cannot be made as things stand."""

    @classmethod
    def no_champion(cls, name: str, file: Path) -> CannotProve:
        return cls(
            f"no release of {name} is in charge, so there is no training to do again",
            cause="A proof is of the release that answers.",
            fix=f"seakeep run {file}",
            name=name,
        )

    @classmethod
    def other_inputs(cls, label: str, differs: Sequence[str], file: Path) -> CannotProve:
        return cls(
            f"the training that ran is not the one that made {label}: {', '.join(differs)} changed since",
            cause="Only the same inputs can be expected to give the same model.",
            fix=f"Check out the sources of {label} and its data, or release what is here now: seakeep run {file}",
            label=label,
            differs=tuple(differs),
        )

    @classmethod
    def no_tests(cls, folder: Path) -> CannotProve:
        return cls(
            f"there are no tests to run ({folder})",
            cause="The project has no folder tests with files test_*.py.",
            fix="See what a project's tests look like: seakeep init DIR",
            folder=folder,
        )

    @classmethod
    def no_pytest(cls) -> CannotProve:
        return cls(
            "the project's tests need pytest, which is not installed here",
            cause="Seakeep runs them with this Python.",
            fix="pip install pytest",
        )

    @classmethod
    def broke(cls, what: str, trouble: str, folder: Path) -> CannotProve:
        return cls(
            f"{what} came to no result: {trouble}",
            where=str(folder),
            cause="Nothing was put on record.",
            fix=f"See it whole: cd {folder} && python -m pytest tests",
            trouble=trouble,
        )

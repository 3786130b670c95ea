"""What the workflows of GitHub and GitLab have in common: the lines of shell of each job, and the checks of their options.

Called by github_actions and gitlab_ci. Lines run by bash or sh, without an option of the caller's in them that was not checked here: what
strangers may name (branches, labels, payloads) reaches a script through its environment alone.
"""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING

from seakeep.core.errors import UsageError
from seakeep.integrations._options import CRON, REFERENCE, check_forms

if TYPE_CHECKING:
    from collections.abc import Sequence

    from seakeep.pipeline.exports import Subject

REPORT, MANIFESTS = "seakeep-ci", "deploy"
_BRANCH = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]*")
_FOLDER = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._ -]*(/[A-Za-z0-9_][A-Za-z0-9._ -]*)*|\.")


class BadWorkflow(UsageError):
    """An option of a workflow has a value that it cannot have."""

    @classmethod
    def branch(cls, found: str) -> BadWorkflow:
        return cls(
            f"branch is {found!r}; expected the name of one branch",
            cause="It stands in rules that know no quotes: letters, digits and . _ / - are taken.",
            fix="--set branch=main",
            value=found,
        )

    @classmethod
    def folder(cls, found: str) -> BadWorkflow:
        return cls(
            f"folder is {found!r}; expected the project's folder, relative to the repository's",
            cause="It is '.' where the project is the whole repository; no '..', no '/' in front.",
            fix="--set folder=models/parcels",
            value=found,
        )

    @classmethod
    def schedule(cls, found: str) -> BadWorkflow:
        return cls(
            f"schedule is {found!r}; expected the five fields of cron, in UTC, or nothing",
            cause="Fields are minute, hour, day of the month, month, day of the week.",
            fix='--set schedule="17 3 * * *"',
            value=found,
        )

    @classmethod
    def least(cls, name: str, found: int) -> BadWorkflow:
        return cls(f"{name} is {found}; expected at least 1", fix=f"--set {name}=1", value=found, name=name)

    @classmethod
    def unknown_export(cls, found: str, known: Sequence[str]) -> BadWorkflow:
        told = UsageError.unknown_name("target", found, known)
        return cls(told.found, where="option exports", cause=told.cause, fix=told.fix, value=found)

    @classmethod
    def pin(cls, found: str, known: Sequence[str]) -> BadWorkflow:
        return cls(
            f"pins has {found!r}; expected ACTION=SHA with the 40 digits of a commit",
            cause=f"The actions of these workflows: {', '.join(known)}.",
            fix=f"--set pins={known[0]}=$(git ls-remote … v6 | cut -f1)",
            value=found,
        )


def check_words(target: str, options: object) -> None:
    """Raise BadTarget for an option of a workflow that the platform could not use, or would take for an expression."""
    forms = {
        "rollout": ("([a-z][a-z0-9_-]*)?", "the name of a plan, for example canary, or none"),
        "runner": (r"[A-Za-z0-9][A-Za-z0-9._-]*", "the label of a runner, for example ubuntu-24.04"),
        "python": (r"[0-9]+(\.[0-9a-z-]+)*", "a version of Python, for example 3.12"),
        "job_image": (rf"{REFERENCE}|\$[A-Z][A-Z0-9_]*[A-Za-z0-9._:/@+-]*", "an image with its name and tag"),
        "environment": (r"[A-Za-z0-9][A-Za-z0-9 ._/-]*", "the name of an environment, for example production"),
    }
    check_forms(target, options, {name: form for name, form in forms.items() if hasattr(options, name)})


def checked(*, branch: str, folder: str, schedule: str, exports: str, rows: int, minutes: int) -> tuple[str, ...]:
    """The targets in `exports`, after every option was looked at. Raises BadWorkflow."""
    from seakeep.pipeline.exports import targets

    if not _BRANCH.fullmatch(branch) or ".." in branch:
        raise BadWorkflow.branch(branch)
    if not _FOLDER.fullmatch(folder):
        raise BadWorkflow.folder(folder)
    if schedule and not re.fullmatch(CRON, schedule):
        raise BadWorkflow.schedule(schedule)
    for name, number in (("rows", rows), ("minutes", minutes)):
        if number < 1:
            raise BadWorkflow.least(name, number)
    named = tuple(dict.fromkeys(part.strip() for part in exports.split(",") if part.strip()))
    for each in named:
        if each not in targets():
            raise BadWorkflow.unknown_export(each, targets())
    return named


def install(subject: Subject, own: str) -> list[str]:
    """Lines that install the project: the option's, else its requirements.txt, else Seakeep with what its estimator needs."""
    if own:
        return [own]
    extras = ",".join(subject.project.extras) if subject.project else ""
    seakeep = shlex.quote(f"seakeep[{extras}]" if extras else "seakeep")
    return [
        "python -m pip install --disable-pip-version-check --quiet ruff pytest",
        "if [ -f requirements.txt ]; then",
        "  python -m pip install --disable-pip-version-check --quiet -r requirements.txt",
        "else",
        f"  python -m pip install --disable-pip-version-check --quiet {seakeep}",
        "fi",
    ]


def unit_tests() -> list[str]:
    """Lines that run the project's own tests, where it has any."""
    return ["if [ -d tests ]; then python -m pytest tests; else echo 'There is no folder tests.'; fi"]


def file_of(subject: Subject) -> str:
    """The pipeline's file as one word of shell."""
    assert subject.project is not None
    return shlex.quote(subject.project.file)


def check(subject: Subject, *, rows: int, minutes: int) -> str:
    """The line that checks a change; BREAKING says what happens to a contract that breaks others."""
    return f'seakeep ci check {file_of(subject)} --rows {rows} --minutes {minutes} --breaking "$BREAKING" --output {REPORT}'


def release(subject: Subject, exports: Sequence[str], rollout: str) -> str:
    """The line that delivers a merge."""
    chosen = f" --rollout {shlex.quote(rollout)}" if rollout else ""
    return f"seakeep ci release {file_of(subject)}{_exports(exports)}{chosen}"


def retrain(subject: Subject, exports: Sequence[str]) -> str:
    """The line that looks whether to train again."""
    return f"seakeep ci retrain {file_of(subject)}{_exports(exports)}"


def within(folder: str, path: str) -> str:
    """A path of the project as one of the repository.

    >>> within(".", "deploy"), within("models/parcels", "deploy")
    ('deploy', 'models/parcels/deploy')
    """
    return path if folder == "." else f"{folder}/{path}"


def _exports(targets: Sequence[str]) -> str:
    return "".join(f" --export {target}" for target in targets) + (f" --to {MANIFESTS}" if targets else "")

"""GitHub Actions: workflows that check pull requests, deliver merges and train again, by `seakeep ci`.

Written to .github/workflows, so export into the repository's folder. Actions stand by their major version, or by a commit where `pins` names
one; jobs may read the repository and nothing else; nothing a stranger can name is put into a script. The registry is where `state` says: in GitHub's
cache, which is for trying out (GitHub removes what was not used for a week), or in a database and an object store, for production.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from seakeep.integrations import _workflows, _yaml
from seakeep.integrations._github_steps import SAME, VERSIONS, Step, Steps, pins_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from seakeep.pipeline.exports import Subject

NEEDS = "project"
FOLDER = ".github/workflows"


@dataclass(frozen=True, slots=True)
class Options:
    """branch: that changes go to. folder: of the project within the repository. runner, python: what jobs run on.

    install: a line that installs the project, ruff and pytest; by default its requirements.txt, else Seakeep. rows: a check is tried on. minutes: a job may
    take. schedule: of retraining, cron in UTC, "" for none. exports: targets whose manifests a release gets, with commas.
    rollout: plan of a release's rollout, "none" for none, "" for the project's. state: where the registry is between jobs, "cache" or
    "remote" (the secrets SEAKEEP_DATABASE and SEAKEEP_OBJECTS; pull requests read with SEAKEEP_DATABASE_READ). cloud: whose
    identity jobs that deliver take, by OpenID Connect. inconclusive: of a check, "warn" or "fail". comment: whether the report is a
    comment on the pull request too. pins: commits of actions, ACTION=SHA with commas.
    """

    branch: str = "main"
    folder: str = "."
    runner: str = "ubuntu-24.04"
    python: str = "3.12"
    install: str = ""
    rows: int = 50_000
    minutes: int = 30
    schedule: str = "17 3 * * *"
    exports: str = ""
    rollout: str = ""
    state: Literal["cache", "remote"] = "cache"
    cloud: Literal["none", "aws", "gcp", "azure"] = "none"
    inconclusive: Literal["warn", "fail"] = "warn"
    comment: bool = False
    pins: str = ""


def files(subject: Subject, options: Options) -> Mapping[str, str]:
    """The three workflows. Raises: BadWorkflow, BadTarget."""
    _workflows.check_words("github-actions", options)
    targets = _workflows.checked(
        branch=options.branch, folder=options.folder, schedule=options.schedule, exports=options.exports,
        rows=options.rows, minutes=options.minutes)  # fmt: skip
    made = _Workflows(subject, options, targets, pins_of(options.pins))
    return {
        f"{FOLDER}/seakeep-check.yml": made.written(made.check(), _CHECK),
        f"{FOLDER}/seakeep-release.yml": made.written(made.release(), _RELEASE),
        f"{FOLDER}/seakeep-retrain.yml": made.written(made.retrain(), _RETRAIN),
    }


def next_lines(subject: Subject, options: Options) -> Sequence[str]:
    """What to do with them."""
    assert subject.project is not None
    lines = [f"git add {FOLDER} && git commit -m 'Check, deliver and train again by seakeep ci'"]
    if options.state == "remote":
        lines += [f"gh secret set {name}" for name in ("SEAKEEP_DATABASE", "SEAKEEP_DATABASE_READ", "SEAKEEP_OBJECTS")]
    return lines


class _Workflows:
    """The workflows of one project, as plain values."""

    def __init__(self, subject: Subject, options: Options, targets: Sequence[str], pins: Mapping[str, str]) -> None:
        self.subject, self.options, self.targets, self.pins = subject, options, targets, pins
        self.steps = Steps(options.folder, options.python, options.state, options.cloud, pins)

    def written(self, workflow: Mapping[str, Any], head: str) -> str:
        """The file's text; a commit's version stands beside it as a comment."""
        text = _yaml.document(dict(workflow), head=head.format(state=_STATES[self.options.state]))
        for action, sha in self.pins.items():
            text = re.sub(
                rf"({re.escape(action)}(?:/\w+)?@{sha})$", rf"\1 # {VERSIONS[action]}", text, flags=re.MULTILINE
            )
        return text

    def check(self) -> dict[str, Any]:
        """On a pull request."""
        # Labels are the reviewers' word: who may set them may accept a break.
        label = "contains(github.event.pull_request.labels.*.name, 'contract-breaking') && 'accept' || 'fail'"
        judge = self._script(
            "Check the contract, the data, a trial and its gates",
            {"BREAKING": f"${{{{ {label} }}}}", **self.steps.secrets("SEAKEEP_DATABASE_READ")},
            "".join([*self._forget_empty(), self._judged()]),
        )
        reads = self.options.state == "remote" and self.options.cloud != "none"
        identity = self.steps.identity(reading=True) if reads else []
        steps = [
            *self._ready(),
            *identity,
            *self.steps.restore(),
            judge,
            self.steps.keep_files("seakeep-check", _workflows.REPORT),
        ]
        permissions = {"permissions": {"contents": "read", "id-token": "write"}} if reads else {}
        jobs = {
            "test": self._job(20, [*self._ready(), self._lint(), self._tests()]),
            "check": {**permissions, **self._job(self.options.minutes + 15, steps)},
        }
        if self.options.comment:
            jobs["comment"] = self._comment()
        return {
            "name": "Seakeep check",
            "on": {"pull_request": {"branches": [self.options.branch], "types": ["opened", "synchronize", "reopened", "labeled", "unlabeled"]}},
            "permissions": {"contents": "read"},
            "concurrency": {"group": "${{ github.workflow }}-${{ github.event.pull_request.number }}", "cancel-in-progress": True},
            **self._defaults(),
            "jobs": jobs,
        }  # fmt: skip

    def release(self) -> dict[str, Any]:
        """After a merge."""
        deliver = self._script(
            "Run, register, export, open the rollout",
            self.steps.secrets("SEAKEEP_DATABASE"),
            self._accepted(_workflows.release(self.subject, self.targets, self.options.rollout)),
        )
        return {
            "name": "Seakeep release",
            "on": {"push": {"branches": [self.options.branch]}},
            **self._delivering("release", deliver),
        }

    def retrain(self) -> dict[str, Any]:
        """On a schedule, when another system says that something came, and by hand."""
        # An event says "look": what is found in the registry decides. Only who may write to the repository can send one.
        asked = "github.event_name == 'workflow_dispatch' || github.event.action == 'seakeep-retrain'"
        line = _workflows.retrain(self.subject, self.targets)
        look = self._script(
            "Look whether to train again",
            {"NOW": f"${{{{ {asked} }}}}", **self.steps.secrets("SEAKEEP_DATABASE")},
            'if [ "$NOW" = true ]; then set -- --now; else set --; fi\n' + self._accepted(f'{line} "$@"'),
        )
        schedule = {"schedule": [{"cron": self.options.schedule}]} if self.options.schedule else {}
        types = ["seakeep-spans", "seakeep-drift", "seakeep-decay", "seakeep-retrain"]
        return {
            "name": "Seakeep retrain",
            "on": {**schedule, "repository_dispatch": {"types": types}, "workflow_dispatch": {}},
            **self._delivering("retrain", look),
        }

    def _delivering(self, job: str, step: Step) -> dict[str, Any]:
        """What a release and a retraining share: one at a time, since both write to the registry."""
        steps = [*self._ready(), *self.steps.identity(), *self.steps.restore(), step, *self.steps.save()]
        if self.targets:
            steps.append(self.steps.keep_files("seakeep-manifests", _workflows.MANIFESTS))
        permissions = {"contents": "read"} | ({"id-token": "write"} if self.options.cloud != "none" else {})
        return {
            "permissions": permissions,
            "concurrency": {"group": "seakeep-registry", "cancel-in-progress": False},
            **self._defaults(),
            "jobs": {job: self._job(self.options.minutes + 15, steps)},
        }

    def _job(self, minutes: int, steps: Sequence[Step]) -> dict[str, Any]:
        return {"runs-on": self.options.runner, "timeout-minutes": minutes, "steps": list(steps)}

    def _defaults(self) -> dict[str, Any]:
        run = {"shell": "bash"} | ({"working-directory": self.options.folder} if self.options.folder != "." else {})
        return {"defaults": {"run": run}}

    def _ready(self) -> list[Step]:
        return self.steps.ready(_workflows.install(self.subject, self.options.install))

    def _lint(self) -> Step:
        return {"name": "Lint", "run": "python -m ruff check ."}

    def _tests(self) -> Step:
        return {"name": "Unit tests", "run": "\n".join(_workflows.unit_tests())}

    def _judged(self) -> str:
        return self._accepted(_workflows.check(self.subject, rows=self.options.rows, minutes=self.options.minutes))

    def _script(self, name: str, environment: Mapping[str, str], run: str) -> Step:
        return {"name": name, **({"env": dict(environment)} if environment else {}), "run": run}

    def _accepted(self, line: str) -> str:
        """The line, which may end inconclusive (2) where that is a warning: GitHub knows no step that neither passed nor failed."""
        if self.options.inconclusive == "fail":
            return f"{line}\n"
        warning = 'echo "::warning title=Seakeep::inconclusive: see the summary"'
        return f'code=0\n{line} || code=$?\nif [ "$code" -eq 2 ]; then {warning}; exit 0; fi\nexit "$code"\n'

    def _forget_empty(self) -> list[str]:
        """Pull requests from forks get no secrets: their check goes without a champion, and says so."""
        if self.options.state == "cache":
            return []
        return ['if [ -z "$SEAKEEP_DATABASE" ]; then unset SEAKEEP_DATABASE SEAKEEP_OBJECTS; fi\n']

    def _comment(self) -> dict[str, Any]:
        """A job of its own, since it may write to the pull request: it runs none of the change's code."""
        told = {"name": "seakeep-check", "path": _workflows.REPORT}
        step = {
            "name": "Write the comment, or write over it",
            "env": {"GH_TOKEN": "${{ github.token }}", "GH_REPO": "${{ github.repository }}",
                    "NUMBER": "${{ github.event.pull_request.number }}"},
            "run": f'gh pr comment "$NUMBER" --edit-last --create-if-none --body-file {_workflows.REPORT}/report.md',
            "working-directory": ".",
        }  # fmt: skip
        return {
            "needs": "check",
            "if": f"${{{{ !cancelled() && {SAME} }}}}",
            "permissions": {"pull-requests": "write"},
            **self._job(5, [self.steps.uses("actions/download-artifact", told), step]),
        }


_STATES = {
    "cache": "The registry (.seakeep) is kept in GitHub's cache: enough to try out. GitHub removes a cache that was not used for a week,\n"
    "and with it champion and lineage; for production: --set state=remote.",
    "remote": "The registry is where the secrets SEAKEEP_DATABASE and SEAKEEP_OBJECTS say. Pull requests read it with\n"
    "SEAKEEP_DATABASE_READ, a database user that may only read: their code was not reviewed yet.",
}
_HEAD = "Written by `seakeep export github-actions`; change its options and write it again.\n"
_CHECK = _HEAD + (
    "A pull request: lint, unit tests; its contract against the base branch's, its data against the contract, a trial on a sample, the gates.\n"
    "The label contract-breaking accepts a contract that breaks those who kept the old one.\n{state}\n"
)
_RELEASE = _HEAD + (
    "After a merge: the full run, its release (not signed), its manifests, its rollout. May be run again: what is there is found.\n"
    "Of several merges in a row GitHub keeps the one at work and the newest, which has the others in it.\n{state}\n"
)
_RETRAIN = _HEAD + (
    "On a schedule, and when another system sends a repository_dispatch: one look at new spans, the schedule, drift and decay, which decides.\n"
    "Events: seakeep-spans, seakeep-drift, seakeep-decay (look now), seakeep-retrain (train now).\n{state}\n"
)

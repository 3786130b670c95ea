"""GitLab CI: a pipeline that checks merge requests, delivers merges and trains again, by `seakeep ci`.

Written to .gitlab-ci.yml, so export into the repository's folder. Merge requests show every check (JUnit) and what did not pass beside its line
(code quality). Schedules and triggers are made in GitLab: Build > Pipeline schedules; a trigger with the variable RETRAIN=now trains whatever
the cool-down says. The registry is where `state` says: in GitLab's cache, to try out, or in a database and an object store, for production.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from seakeep.integrations import _workflows, _yaml

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from seakeep.pipeline.exports import Subject

NEEDS = "project"
FILE = ".gitlab-ci.yml"


@dataclass(frozen=True, slots=True)
class Options:
    """branch: that changes go to. folder: of the project within the repository. job_image: of the jobs, with Python and git.

    install: a line that installs the project, ruff and pytest; by default its requirements.txt, else Seakeep. rows: a check is tried on. minutes: a job may
    take. exports: targets whose manifests a release gets, with commas. rollout: plan of a release's rollout, "none" for none, "" for
    the project's. state: where the registry is between jobs, "cache" or "remote" (the protected variables SEAKEEP_DATABASE and
    SEAKEEP_OBJECTS; merge requests read with SEAKEEP_DATABASE_READ). cloud: whose identity jobs that deliver take, by
    OpenID Connect. environment: that releases go to. inconclusive: of a check, "warn" or "fail".
    """

    branch: str = "main"
    folder: str = "."
    job_image: str = "python:3.12-bookworm"
    install: str = ""
    rows: int = 50_000
    minutes: int = 30
    exports: str = ""
    rollout: str = ""
    state: Literal["cache", "remote"] = "cache"
    cloud: Literal["none", "aws", "azure"] = "none"
    environment: str = "production"
    inconclusive: Literal["warn", "fail"] = "warn"


def files(subject: Subject, options: Options) -> Mapping[str, str]:
    """The pipeline. Raises BadWorkflow."""
    _workflows.check_words("gitlab-ci", options)
    targets = _workflows.checked(
        branch=options.branch, folder=options.folder, schedule="", exports=options.exports,
        rows=options.rows, minutes=options.minutes)  # fmt: skip
    return {FILE: _yaml.document(_Pipeline(subject, options, targets).whole(), head=_HEAD + _STATES[options.state])}


def next_lines(subject: Subject, options: Options) -> Sequence[str]:
    """What to do with it."""
    assert subject.project is not None
    lines = [f"git add {FILE} && git commit -m 'Check, deliver and train again by seakeep ci'"]
    if options.state == "remote":
        lines += ["glab variable set SEAKEEP_DATABASE --masked --protected", "glab variable set SEAKEEP_OBJECTS --protected",
                  "glab variable set SEAKEEP_DATABASE_READ --masked"]  # fmt: skip
    return lines


class _Pipeline:
    """The pipeline of one project, as plain values."""

    def __init__(self, subject: Subject, options: Options, targets: Sequence[str]) -> None:
        self.subject, self.options, self.targets = subject, options, targets

    def whole(self) -> dict[str, Any]:
        """Every job and when it runs."""
        request, merge = (
            '$CI_PIPELINE_SOURCE == "merge_request_event"',
            self._on_branch('$CI_PIPELINE_SOURCE == "push"'),
        )
        again = self._on_branch("$CI_PIPELINE_SOURCE =~ /^(schedule|trigger|pipeline|api|web)$/")
        return {
            "stages": ["test", "check", "deliver"],
            "workflow": {"rules": [{"if": request}, {"if": merge}, {"if": again}]},
            "variables": {"GIT_DEPTH": "0", "PIP_CACHE_DIR": "$CI_PROJECT_DIR/.cache/pip"},
            "default": {"image": self.options.job_image, "cache": [self._downloads()]},
            "seakeep-test": self._job("test", request, 20, [*_workflows.unit_tests()], before=["python -m ruff check ."]),
            "seakeep-check": {**self._job("check", request, self.options.minutes + 15, self._check(), state="pull"),
                              **self._check_reports()},
            "seakeep-release": self._deliver(merge, [_workflows.release(self.subject, self.targets, self.options.rollout)]),
            "seakeep-retrain": self._deliver(again, self._retrain()),
        }  # fmt: skip

    def _job(self, stage: str, rule: str, minutes: int, script: Sequence[str], *, before: Sequence[str] = (),
             state: str = "") -> dict[str, Any]:  # fmt: skip
        enter = [f"cd '{self.options.folder}'"] if self.options.folder != "." else []
        install = ["\n".join(_workflows.install(self.subject, self.options.install))]
        caches = [self._downloads(), *([self._registry(state)] if state and self.options.state == "cache" else [])]
        return {
            "stage": stage,
            "rules": [{"if": rule}],
            "timeout": f"{minutes} minutes",
            "interruptible": state != "pull-push",
            "cache": caches,
            "script": [*enter, *install, *before, *script],
        }

    def _check(self) -> list[str]:
        line = _workflows.check(self.subject, rows=self.options.rows, minutes=self.options.minutes)
        accept = 'case ",$CI_MERGE_REQUEST_LABELS," in *,contract-breaking,*) BREAKING=accept;; *) BREAKING=fail;; esac'
        return [*self._reading(), accept, line]

    def _check_reports(self) -> dict[str, Any]:
        """What a merge request shows. Exit code 2 is a job that failed and may: GitLab shows it as a warning."""
        folder = _workflows.within(self.options.folder, _workflows.REPORT)
        reports = {"junit": f"{folder}/junit.xml", "codequality": f"{folder}/code-quality.json"}
        kept = {
            "when": "always",
            "expire_in": "30 days",
            "expose_as": "Seakeep report",
            "paths": [f"{folder}/"],
            "reports": reports,
        }
        may = {"allow_failure": {"exit_codes": [2]}} if self.options.inconclusive == "warn" else {}
        tokens = self._tokens() if self.options.state == "remote" else {}
        return {**may, **tokens, "artifacts": kept}

    def _deliver(self, rule: str, script: Sequence[str]) -> dict[str, Any]:
        """A release or a retraining: one at a time, since both write to the registry, and never broken off by a newer commit."""
        job = self._job("deliver", rule, self.options.minutes + 15, [*self._identity(), *script], state="pull-push")
        job |= {"resource_group": "seakeep-registry", "environment": {"name": self.options.environment}}
        if self.options.inconclusive == "warn":
            job["allow_failure"] = {"exit_codes": [2]}
        job |= self._tokens()
        if self.targets:
            manifests = _workflows.within(self.options.folder, _workflows.MANIFESTS)
            job["artifacts"] = {"when": "always", "expire_in": "30 days", "paths": [f"{manifests}/"]}
        return job

    def _retrain(self) -> list[str]:
        asked = 'if [ "${RETRAIN:-}" = now ]; then set -- --now; else set --; fi'
        return [f'{asked}\n{_workflows.retrain(self.subject, self.targets)} "$@"']

    def _reading(self) -> list[str]:
        """A merge request's code was not reviewed yet: it gets a database user that may only read, or none."""
        if self.options.state == "cache":
            return []
        identity = self._identity(reading=True)
        own = 'export SEAKEEP_DATABASE="$SEAKEEP_DATABASE_READ"'
        empty = "unset SEAKEEP_DATABASE SEAKEEP_OBJECTS"
        return [*identity, f'if [ -n "${{SEAKEEP_DATABASE_READ:-}}" ]; then {own}; else {empty}; fi']

    def _identity(self, *, reading: bool = False) -> list[str]:
        """GitLab's token where the cloud's own clients look for it, in a folder that is not kept. reading: as one that may only read."""
        if self.options.cloud == "none":
            return []
        place, who = _IDENTITIES[self.options.cloud]
        lines = ['( umask 077; printf %s "$CLOUD_ID_TOKEN" > "$CI_BUILDS_DIR/.identity-$CI_JOB_ID" )',
                 f'export {place}="$CI_BUILDS_DIR/.identity-$CI_JOB_ID"']  # fmt: skip
        return [*lines, *([f'export {who}="${{{who.replace("_", "_READ_", 1)}:-}}"'] if reading else [])]

    def _tokens(self) -> dict[str, Any]:
        if self.options.cloud == "none":
            return {}
        return {"id_tokens": {"CLOUD_ID_TOKEN": {"aud": _AUDIENCES[self.options.cloud]}}}

    def _downloads(self) -> dict[str, Any]:
        return {"key": "pip", "paths": [".cache/pip/"]}

    def _registry(self, policy: str) -> dict[str, Any]:
        home = _workflows.within(self.options.folder, ".seakeep")
        return {"key": "seakeep-registry", "paths": [f"{home}/"], "policy": policy, "when": "always"}

    def _on_branch(self, source: str) -> str:
        return f'$CI_COMMIT_BRANCH == "{self.options.branch}" && {source}'


_AUDIENCES = {"aws": "sts.amazonaws.com", "azure": "api://AzureADTokenExchange"}
_IDENTITIES = {
    "aws": ("AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_ROLE_ARN"),
    "azure": ("AZURE_FEDERATED_TOKEN_FILE", "AZURE_CLIENT_ID"),
}
"""Of each cloud the variable that names the token's file to its clients, and the one that says as whom."""
_HEAD = (
    "Written by `seakeep export gitlab-ci`; change its options and write it again.\n"
    "A merge request: lint, unit tests; its contract against the base branch's, its data against the contract, a trial on a sample, the\n"
    "gates. The label contract-breaking accepts a contract that breaks those who kept the old one. After a merge: the full run, its release\n"
    "(not signed), its manifests, its rollout. On a schedule or trigger: one look at new spans, the schedule, drift and decay, which decides.\n"
)
_STATES = {
    "cache": "The registry (.seakeep) is kept in GitLab's cache: enough to try out. Merge requests from branches that are not protected have a\n"
    "cache of their own unless the project says otherwise, and then find no champion; for production: --set state=remote.\n",
    "remote": "The registry is where the variables SEAKEEP_DATABASE and SEAKEEP_OBJECTS (protected) say. Merge requests read it with\n"
    "SEAKEEP_DATABASE_READ, a database user that may only read.\n",
}

"""Runs the jobs of a generated workflow as a platform's runner would: each step's script, in order, in a clean checkout.

The scripts are executed for real by bash, with the variables that the runner documents. What the platform brings itself is a stand-in,
stated here: `actions/checkout` is `git clone` and a detached checkout, `actions/setup-python` is this environment's Python, caches and
artifacts are folders that are copied, and of the platform's expressions those that the workflows use are worked out. GitHub runs a step by
`bash --noprofile --norc -eo pipefail FILE`, GitLab all lines of a job in one shell with `set -eo pipefail`.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

IDENTITY = {
    "GIT_AUTHOR_NAME": "A", "GIT_AUTHOR_EMAIL": "a@example.com", "GIT_COMMITTER_NAME": "A", "GIT_COMMITTER_EMAIL": "a@example.com",
}  # fmt: skip


def environment(home: Path) -> dict[str, str]:
    """What a runner's machine has: this Python first, a home of its own, no settings from outside."""
    outside = ("SEAKEEP_", "COV_", "COVERAGE_", "GITHUB_", "CI_", "GIT_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(outside)}
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    return kept | IDENTITY | {"PATH": path, "HOME": str(home), "CI": "true", "NO_COLOR": "1"}


def git(folder: Path, *arguments: str) -> str:
    done = subprocess.run(
        ["git", "-c", "commit.gpgsign=false", *arguments],
        cwd=folder, env={**os.environ, **IDENTITY}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def read(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = YAML(typ="safe", pure=True).load(path.read_text("utf-8"))
    return found


@dataclass
class Done:
    """A job that ran. code: its exit code. steps: names of those whose scripts ran. summary: of all steps (GitHub)."""

    code: int
    output: str
    seconds: float
    folder: Path
    steps: list[str] = field(default_factory=list)
    summary: str = ""


@dataclass
class Platform:
    """A hosted repository: the bare origin, and what its platform keeps between jobs."""

    root: Path
    caches: dict[str, Path] = field(default_factory=dict)
    artifacts: dict[str, Path] = field(default_factory=dict)
    runs: int = 0
    secrets: dict[str, str] = field(default_factory=dict)

    @property
    def origin(self) -> Path:
        return self.root / "origin.git"

    def checkout(self, reference: str, *, onto: str = "", depth: int = 0) -> Path:
        """A clean clone with a detached head. depth: 0 for the whole history. onto: the base, into which it is merged first, as
        GitHub does for a pull request."""
        self.runs += 1
        # One path for all: a hosted runner has the same one every time.
        folder = self.root / "runner" / "work"
        shutil.rmtree(folder.parent, ignore_errors=True)
        folder.parent.mkdir(parents=True)
        if depth:
            folder.mkdir()
            git(folder, "init", "-q")
            git(folder, "fetch", "-q", f"--depth={depth}", self.origin.as_uri(), reference)
            git(folder, "checkout", "-q", "--detach", "FETCH_HEAD")
        else:
            git(self.root, "clone", "-q", str(self.origin), str(folder))
            git(folder, "checkout", "-q", "--detach", git(folder, "rev-parse", f"origin/{onto or reference}"))
            if onto:
                git(folder, "merge", "-q", "--no-ff", "-m", "merged", f"origin/{reference}")
        return folder

    def keep(self, kept: dict[str, Path], key: str, source: Path) -> None:
        place = self.root / "kept" / f"{len(list((self.root / 'kept').glob('*')))}"
        place.parent.mkdir(exist_ok=True)
        if source.exists():
            shutil.copytree(source, place)
            kept[key] = place


class GitHub(Platform):
    """GitHub Actions."""

    def run(self, workflow: str, job: str, *, event: str, branch: str, base: str = "", labels: tuple[str, ...] = (),
            action: str = "", depth: int = 0) -> Done:  # fmt: skip
        """Run one job of one workflow on a branch."""
        folder = self.checkout(branch, onto="" if depth else base, depth=depth)
        text = read(folder / ".github" / "workflows" / f"{workflow}.yml")
        context = {"event": event, "labels": labels, "action": action, "run": str(self.runs), "secrets": self.secrets}
        machine = self.root / "machine"
        machine.mkdir(exist_ok=True)
        summary = machine / f"summary-{self.runs}"
        variables = environment(machine) | {
            "GITHUB_ACTIONS": "true", "GITHUB_EVENT_NAME": event, "GITHUB_WORKSPACE": str(folder), "GITHUB_REPOSITORY": "team/parcels",
            "GITHUB_SERVER_URL": "https://github.example.com", "GITHUB_RUN_ID": str(self.runs), "GITHUB_RUN_ATTEMPT": "1",
            "GITHUB_REF_NAME": branch, "GITHUB_HEAD_REF": branch if base else "", "GITHUB_BASE_REF": base,
            "GITHUB_STEP_SUMMARY": str(summary), "RUNNER_OS": "Linux",
        }  # fmt: skip
        where = folder / text.get("defaults", {}).get("run", {}).get("working-directory", ".")
        done = Done(0, "", 0.0, where)
        for step in text["jobs"][job]["steps"]:
            if done.code and "!cancelled()" not in str(step.get("if", "")):
                continue
            if "uses" in step:
                self._use(step, folder, context)
            else:
                self._script(step, where, variables, context, done)
        done.summary = summary.read_text("utf-8") if summary.exists() else ""
        return done

    def _script(
        self, step: dict[str, Any], where: Path, variables: dict[str, str], context: dict[str, Any], done: Done
    ) -> None:
        own = {name: value_of(value, context) for name, value in step.get("env", {}).items()}
        assert "${{" not in step["run"], "an expression stands in a script"
        script = self.root / "machine" / "step.sh"
        script.write_text(step["run"])
        command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", str(script)]
        started = time.monotonic()
        ended = subprocess.run(
            command, cwd=where, env=variables | own, capture_output=True, text=True, timeout=300, check=False
        )
        done.seconds += time.monotonic() - started
        done.output += ended.stdout + ended.stderr
        done.steps.append(step.get("name", step["run"]))
        done.code = done.code or ended.returncode

    def _use(self, step: dict[str, Any], folder: Path, context: dict[str, Any]) -> None:
        """The stand-ins of the actions."""
        action, told = step["uses"].partition("@")[0], step.get("with", {})
        if action == "actions/cache/restore":
            key = value_of(told["key"], context)
            fitting = [each for each in self.caches if each.startswith((key, told["restore-keys"]))]
            if fitting:
                shutil.copytree(self.caches[fitting[-1]], folder / told["path"], dirs_exist_ok=True)
        elif action == "actions/cache/save":
            key = value_of(told["key"], context)
            assert key not in self.caches, "a cache is never written over"
            self.keep(self.caches, key, folder / told["path"])
        elif action == "actions/upload-artifact":
            self.keep(self.artifacts, told["name"], folder / told["path"])
        else:
            assert action in ("actions/checkout", "actions/setup-python", "actions/cache"), action


def value_of(text: str, context: dict[str, Any]) -> str:
    """The expressions of the workflows, worked out."""
    known = {
        "${{ github.run_id }}": context["run"],
        "${{ github.run_attempt }}": "1",
        "${{ contains(github.event.pull_request.labels.*.name, 'contract-breaking') && 'accept' || 'fail' }}":
            "accept" if "contract-breaking" in context["labels"] else "fail",
        "${{ github.event_name == 'workflow_dispatch' || github.event.action == 'seakeep-retrain' }}":
            json.dumps(context["event"] == "workflow_dispatch" or context["action"] == "seakeep-retrain"),
    }  # fmt: skip
    known |= {
        f"${{{{ secrets.{name} }}}}": context["secrets"].get(name, "") for name in re.findall(r"secrets\.(\w+)", text)
    }
    for expression, value in known.items():
        text = text.replace(expression, value)
    assert "${{" not in text, text
    return text


class GitLab(Platform):
    """GitLab CI."""

    def run(
        self,
        job: str,
        *,
        source: str,
        branch: str,
        base: str = "",
        labels: str = "",
        variables: dict[str, str] | None = None,
    ) -> Done:
        """Run one job; its rule is looked at first."""
        folder = self.checkout(branch)
        told = read(folder / ".gitlab-ci.yml")[job]
        machine = self.root / "machine"
        machine.mkdir(exist_ok=True)
        own = {
            "GITLAB_CI": "true", "CI_PIPELINE_SOURCE": source, "CI_PROJECT_DIR": str(folder), "CI_BUILDS_DIR": str(folder.parent),
            "CI_JOB_ID": str(self.runs), "CI_JOB_URL": "https://gitlab.example.com/team/parcels/-/jobs/7", "CI_COMMIT_REF_NAME": branch,
        }  # fmt: skip
        own |= {"CI_COMMIT_BRANCH": branch} if source != "merge_request_event" else {}
        if source == "merge_request_event":
            start = git(folder, "merge-base", f"origin/{base}", "HEAD")
            own |= {"CI_MERGE_REQUEST_DIFF_BASE_SHA": start, "CI_MERGE_REQUEST_LABELS": labels,
                    "CI_MERGE_REQUEST_TARGET_BRANCH_NAME": base}  # fmt: skip
        assert applies(told["rules"][0]["if"], own), "the job's rule does not hold"
        cached = [each for each in told["cache"] if each["key"] == "seakeep-registry"]
        for each in cached:
            if each["key"] in self.caches:
                shutil.copytree(self.caches[each["key"]], folder / each["paths"][0], dirs_exist_ok=True)
        script = machine / "job.sh"
        script.write_text("set -eo pipefail\n" + "\n".join(told["script"]) + "\n")
        started = time.monotonic()
        ended = subprocess.run(
            ["bash", "--noprofile", "--norc", str(script)], cwd=folder, env=environment(machine) | own | (variables or {}),
            capture_output=True, text=True, timeout=300, check=False,
        )  # fmt: skip
        done = Done(
            ended.returncode, ended.stdout + ended.stderr, time.monotonic() - started, folder, list(told["script"])
        )
        for each in cached:
            if each["policy"] == "pull-push":
                self.keep(self.caches, each["key"], folder / each["paths"][0])
        return done


def applies(rule: str, variables: dict[str, str]) -> bool:
    """Whether a rule of the generated pipeline holds: comparisons with && between them."""
    for part in rule.split(" && "):
        found = re.fullmatch(r"\$(\w+) (==|=~) (?:\"(.*)\"|/(.*)/)", part)
        assert found, part
        value = variables.get(found[1], "")
        if not (value == found[3] if found[2] == "==" else re.search(found[4], value)):
            return False
    return True

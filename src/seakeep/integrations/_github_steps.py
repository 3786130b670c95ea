"""Steps of a workflow of GitHub that are actions: their versions, a cloud's identity, and where the registry is between jobs.

Called by github_actions. An action stands by its major version or by the commit that was given; no commit is known here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from seakeep.integrations import _workflows
from seakeep.integrations._workflows import BadWorkflow

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

VERSIONS = {
    "actions/checkout": "v6",
    "actions/setup-python": "v6",
    "actions/cache": "v5",
    "actions/upload-artifact": "v6",
    "actions/download-artifact": "v8",
    "aws-actions/configure-aws-credentials": "v6",
    "google-github-actions/auth": "v3",
    "azure/login": "v3",
}
"""Major versions whose runtime (node24) GitHub's runners have; earlier ones run on one that was taken out in 2026."""
_PIN = re.compile(r"(?P<action>[a-z0-9-]+/[a-z0-9-]+)=(?P<sha>[0-9a-f]{40})")
SUCCESS = "${{ !cancelled() }}"
SAME = "github.event.pull_request.head.repo.full_name == github.repository"
_KEY = "seakeep-registry-${{ github.run_id }}-${{ github.run_attempt }}"
_CLOUDS: dict[str, tuple[str, dict[str, str]]] = {
    "none": ("", {}),
    "aws": ("aws-actions/configure-aws-credentials", {"role-to-assume": "AWS_ROLE_ARN", "aws-region": "AWS_REGION"}),
    "gcp": (
        "google-github-actions/auth",
        {"workload_identity_provider": "GCP_WORKLOAD_IDENTITY_PROVIDER", "service_account": "GCP_SERVICE_ACCOUNT"},
    ),
    "azure": (
        "azure/login",
        {"client-id": "AZURE_CLIENT_ID", "tenant-id": "AZURE_TENANT_ID", "subscription-id": "AZURE_SUBSCRIPTION_ID"},
    ),
}
"""Of each cloud the action that takes its identity, and the variable of the repository for each of its inputs."""
_WHO = ("AWS_ROLE_ARN", "GCP_SERVICE_ACCOUNT", "AZURE_CLIENT_ID")
Step = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Steps:
    """folder: of the project. python: its version. state, cloud: see the options. pins: commits by action."""

    folder: str
    python: str
    state: str
    cloud: str
    pins: Mapping[str, str]

    def ready(self, install: Sequence[str]) -> list[Step]:
        """The checkout with its history, Python, what was downloaded before, and the project's packages."""
        key = "pip-${{ runner.os }}-${{ hashFiles('**/requirements*.txt', '**/pyproject.toml') }}"
        return [
            self.uses("actions/checkout", {"fetch-depth": 0, "persist-credentials": False}),
            self.uses("actions/setup-python", {"python-version": self.python}),
            self.uses("actions/cache", {"path": "~/.cache/pip", "key": key, "restore-keys": "pip-${{ runner.os }}-"}),
            {"name": "Install", "run": "\n".join(install) + "\n"},
        ]

    def identity(self, *, reading: bool = False) -> list[Step]:
        """A cloud's short-lived identity for this job; which one it is, variables of the repository say. reading: one that may only read."""
        action, told = _CLOUDS[self.cloud]
        if not action:
            return []
        named = {key: f"${{{{ vars.{_reading(name) if reading else name} }}}}" for key, name in told.items()}
        step = self.uses(action, named)
        return [{"if": f"${{{{ {SAME} }}}}", **step} if reading else step]

    def restore(self) -> list[Step]:
        """The registry as the latest job left it."""
        if self.state == "remote":
            return []
        told = {"path": self._home(), "key": _KEY, "restore-keys": "seakeep-registry-"}
        return [self.uses("actions/cache/restore", told, name="Bring the registry")]

    def save(self) -> list[Step]:
        """A cache is never written over, so each run keeps its own; the newest is brought back."""
        if self.state == "remote":
            return []
        step = self.uses("actions/cache/save", {"path": self._home(), "key": _KEY}, name="Keep the registry")
        return [{"name": step.pop("name"), "if": SUCCESS, **step}]

    def secrets(self, database: str) -> dict[str, str]:
        """The variables that say where the registry is. database: the secret with its address."""
        if self.state == "cache":
            return {}
        return {
            "SEAKEEP_DATABASE": f"${{{{ secrets.{database} }}}}",
            "SEAKEEP_OBJECTS": "${{ secrets.SEAKEEP_OBJECTS }}",
        }

    def keep_files(self, name: str, folder: str) -> Step:
        """A folder of the project as an artifact of this name, whatever came before."""
        path = _workflows.within(self.folder, folder)
        told = {
            "name": name,
            "path": path,
            "include-hidden-files": True,
            "if-no-files-found": "ignore",
            "retention-days": 30,
        }
        step = self.uses("actions/upload-artifact", told, name="Keep what it wrote")
        return {"name": step.pop("name"), "if": SUCCESS, **step}

    def uses(self, action: str, told: Mapping[str, object], *, name: str = "") -> Step:
        """A step that an action does, at its version or its commit."""
        base = "/".join(action.split("/")[:2])
        at = self.pins.get(base, VERSIONS[base])
        return {**({"name": name} if name else {}), "uses": f"{action}@{at}", "with": dict(told)}

    def _home(self) -> str:
        return _workflows.within(self.folder, ".seakeep")


def pins_of(text: str) -> dict[str, str]:
    """Commits by action. Raises BadWorkflow."""
    found = {}
    for part in (each.strip() for each in text.split(",") if each.strip()):
        pin = _PIN.fullmatch(part)
        if pin is None or pin["action"] not in VERSIONS:
            raise BadWorkflow.pin(part, tuple(VERSIONS))
        found[pin["action"]] = pin["sha"]
    return found


def _reading(variable: str) -> str:
    """The variable of the identity that may only read: AWS_READ_ROLE_ARN beside AWS_ROLE_ARN."""
    return variable.replace("_", "_READ_", 1) if variable in _WHO else variable

"""Azure Machine Learning: a release as a deployment of a managed online endpoint, and the split of its traffic.

Three files for `az ml`: the endpoint, the deployment of the release's image with its liveness, readiness and scoring routes, and the
endpoint with its traffic, which can name a deployment only once it is there. Requests come to /score (dialect `azure_ml`). No key
is written: callers and the container are known by Microsoft Entra's identities.
Source: https://learn.microsoft.com/azure/machine-learning/reference-yaml-deployment-managed-online
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

from seakeep.integrations import _clouds
from seakeep.integrations import _kube as kube
from seakeep.integrations._kube import BadTarget
from seakeep.integrations._options import check_forms, check_range
from seakeep.integrations._yaml import document

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from seakeep.pipeline.exports.subject import Subject

NEEDS: Final[Literal["project", "release", "either"]] = "release"
SCORE: Final = "/score"
_LONGEST = 32
_SCHEMA = "https://azuremlschemas.azureedge.net/latest/managedOnline{}.schema.json"


@dataclass(frozen=True, slots=True)
class Options:
    """What can be set with --set.

    name: of the endpoint, which is unique in its region; at most 32 characters. image: registry and name of the images (default:
    export.image). server_digest: of the pushed image. instance: type of the machines. instances: how many. auth: how callers say who
    they are: "aad_token" (Microsoft Entra) or "aml_token". identity: resource id of a user-assigned identity that the endpoint runs as;
    empty for its own. champion: name of the deployment that answers now; with it this release is a canary. canary_percent: of the
    requests that go to this release then.
    """

    name: str = ""
    image: str = ""
    server_digest: str = ""
    instance: str = "Standard_DS2_v2"
    instances: int = 1
    auth: Literal["aad_token", "aml_token"] = "aad_token"
    identity: str = ""
    champion: str = ""
    canary_percent: int = 5


def files(subject: Subject, options: Options) -> Mapping[str, str]:
    """`endpoint.yml`, `deployment.yml` and `traffic.yml`.

    Raises: BadExport, for an illegal name or no image; BadTarget, for options that make no sense.
    """
    _check(subject, options)
    head = kube.warning(subject)
    own = deployment_name(subject)
    share = options.canary_percent
    split = {options.champion: 100 - share, own: share} if options.champion else {own: 100}
    ready = "Applied once the deployment is there, with: az ml online-endpoint update"
    return {
        "endpoint.yml": document(endpoint(subject, options), head=f"{head}Made once, without traffic."),
        "deployment.yml": document(deployment(subject, options), head=f"{head}One deployment a release."),
        "traffic.yml": document({**endpoint(subject, options), "traffic": split}, head=head + ready),
    }


def next_lines(subject: Subject, options: Options) -> Sequence[str]:
    """What to type next, in the folder that was written."""
    del subject
    return (
        f"build and push {options.image}-server first: seakeep export container …",
        "az ml online-endpoint create --file endpoint.yml",
        "az ml online-deployment create --file deployment.yml",
        "az ml online-endpoint update --file traffic.yml",
    )


def endpoint(subject: Subject, options: Options) -> dict[str, Any]:
    """The endpoint."""
    identity: dict[str, Any] = {"type": "system_assigned"}
    if options.identity:
        identity = {"type": "user_assigned", "user_assigned_identities": [{"resource_id": options.identity}]}
    return {
        "$schema": _SCHEMA.format("Endpoint"),
        "name": subject.slug,
        "auth_mode": options.auth,
        "identity": identity,
        "tags": {"part-of": "seakeep"},
    }


def deployment(subject: Subject, options: Options) -> dict[str, Any]:
    """The deployment of this release."""
    release = _clouds.release_of(subject)
    role = "challenger" if options.champion else "champion"
    serve = subject.settings.serve
    return {
        "$schema": _SCHEMA.format("Deployment"),
        "name": deployment_name(subject),
        "endpoint_name": subject.slug,
        "description": _clouds.description(subject),
        "tags": {key.rpartition("/")[2]: value for key, value in kube.notes(release).items()},
        "environment": {
            "image": kube.server_image("azure-ml", options.image, release, digest=options.server_digest),
            "inference_config": {
                "liveness_route": {"path": kube.LIVE, "port": kube.PORT},
                "readiness_route": {"path": kube.READY, "port": kube.PORT},
                "scoring_route": {"path": SCORE, "port": kube.PORT},
            },
        },
        "environment_variables": _clouds.variables(subject, role=role, dialect="azure_ml"),
        "instance_type": options.instance,
        "instance_count": options.instances,
        "liveness_probe": _probe(initial_delay=10, period=10, failure_threshold=3),
        "readiness_probe": _probe(initial_delay=5, period=5, failure_threshold=24),
        "request_settings": {"request_timeout_ms": 30_000, "max_concurrent_requests_per_instance": 64 * serve.workers},
    }


def deployment_name(subject: Subject) -> str:
    """A name that no other release of this endpoint has."""
    release = _clouds.release_of(subject)
    return f"release-{release.version or release.digest[: kube.DIGITS]}"


def _probe(**times: int) -> dict[str, int]:
    return {**times, "timeout": 3, "success_threshold": 1}


def _check(subject: Subject, options: Options) -> None:
    if not 3 <= len(subject.slug) <= _LONGEST:
        raise BadTarget.wrong_option("azure-ml", "name", subject.slug, f"a name of 3 to {_LONGEST} characters")
    form = "/subscriptions/…/resourceGroups/…/providers/Microsoft.ManagedIdentity/userAssignedIdentities/…"
    check_forms(
        "azure-ml",
        options,
        {
            "instance": (r"Standard_[A-Za-z0-9_]+", "a type of machine, for example Standard_DS2_v2"),
            "identity": (r"(/subscriptions/\S+/userAssignedIdentities/\S+)?", form),
            "champion": (r"([A-Za-z0-9][A-Za-z0-9-]{1,30}[A-Za-z0-9])?", "the name of a deployment"),
        },
    )
    check_range("azure-ml", options, "canary_percent", 0, 100)
    check_range("azure-ml", options, "instances", 1, 1000)
    if options.champion == deployment_name(subject):
        raise BadTarget.wrong_option("azure-ml", "champion", options.champion, "another deployment than this release's")

"""Vertex AI: a release as a Model of an own container, its endpoint, and its deployment with a share of the traffic.

Three requests of the REST API, each a file: models:upload, endpoints, and endpoints:deployModel. Vertex asks the container at the
routes of the model, which it hands to the server in AIP_PREDICT_ROUTE and AIP_HEALTH_ROUTE. No key is written: who calls the
API is whoever `gcloud` is, and the container runs as `service_account`. The pipeline itself is that of the target kubeflow.
Source: types Model, UploadModelRequest, Endpoint and DeployModelRequest of google-cloud-aiplatform (aiplatform_v1).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from seakeep.integrations import _clouds
from seakeep.integrations import _kube as kube
from seakeep.integrations._kube import BadTarget
from seakeep.integrations._options import check_forms, check_range

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from seakeep.pipeline.exports.subject import Subject

NEEDS: Final[Literal["project", "release", "either"]] = "release"
PREDICT: Final = "/predict"
HEALTH: Final = "/health"
_THIS = "0"
"""What a traffic split calls the model that its request deploys."""


@dataclass(frozen=True, slots=True)
class Options:
    """What can be set with --set.

    name: of model and endpoint, where the release's is no legal one. image: registry and name of the images, in Artifact Registry
    (default: export.image). server_digest: of the pushed image. project: of Google Cloud. location: its region. machine: type of the
    machines. min_replicas, max_replicas: of them. service_account: e-mail address of the account that the container runs as; empty
    for Vertex AI's own. champion: id of the deployed model that answers now; with it this release is a canary. canary_percent:
    of the requests that go to this release then. endpoint, model: ids, which the first two requests answer.
    """

    name: str = ""
    image: str = ""
    server_digest: str = ""
    project: str = ""
    location: str = "europe-west4"
    machine: str = "n2-standard-2"
    min_replicas: int = 1
    max_replicas: int = 3
    service_account: str = ""
    champion: str = ""
    canary_percent: int = 5
    endpoint: str = "ENDPOINT_ID"
    model: str = "MODEL_ID"


def files(subject: Subject, options: Options) -> Mapping[str, str]:
    """`upload-model.json`, `create-endpoint.json` and `deploy-model.json`.

    Raises: BadExport, for an illegal name or no image; BadTarget, for options that make no sense.
    """
    _check(options)
    return {
        "upload-model.json": _clouds.document({"model": model(subject, options)}),
        "create-endpoint.json": _clouds.document({"displayName": subject.slug, "labels": {"part-of": "seakeep"}}),
        "deploy-model.json": _clouds.document(deployment(subject, options)),
    }


def next_lines(subject: Subject, options: Options) -> Sequence[str]:
    """What to type next, in the folder that was written."""
    del subject
    base = f"https://{options.location}-aiplatform.googleapis.com/v1/{_parent(options)}"
    call = (
        "curl -fsS -H \"Authorization: Bearer $(gcloud auth print-access-token)\" -H 'Content-Type: application/json'"
    )
    return (
        f"build and push {options.image}-server first: seakeep export container …",
        f"{call} -d @upload-model.json {base}/models:upload",
        f"{call} -d @create-endpoint.json {base}/endpoints",
        f"{call} -d @deploy-model.json {base}/endpoints/{options.endpoint}:deployModel",
    )


def model(subject: Subject, options: Options) -> dict[str, object]:
    """The Model that is uploaded."""
    release = _clouds.release_of(subject)
    settings = _clouds.variables(subject, role=_role(options))
    version = f"release-{release.version}" if release.version else f"release-{release.digest[: kube.DIGITS]}"
    return {
        "displayName": subject.slug,
        "description": _clouds.description(subject),
        "versionAliases": [version],
        "labels": {
            "part-of": "seakeep",
            "release": release.digest[: kube.DIGITS],
            "verdict": release.verdict.value,
            **({"forced": "true"} if release.forced else {}),
        },
        "containerSpec": {
            "imageUri": kube.server_image("vertex", options.image, release, digest=options.server_digest),
            "args": ["serve", kube.RELEASE],
            "env": [{"name": name, "value": value} for name, value in settings.items()],
            "ports": [{"containerPort": kube.PORT}],
            "predictRoute": PREDICT,
            "healthRoute": HEALTH,
        },
    }


def deployment(subject: Subject, options: Options) -> dict[str, object]:
    """The request that deploys it: alone, or beside the champion with a share."""
    release = _clouds.release_of(subject)
    deployed: dict[str, object] = {
        "model": f"{_parent(options)}/models/{options.model}",
        "displayName": f"{subject.slug}-{release.version or release.digest[: kube.DIGITS]}",
        "dedicatedResources": {
            "machineSpec": {"machineType": options.machine},
            "minReplicaCount": options.min_replicas,
            "maxReplicaCount": options.max_replicas,
        },
    }
    if options.service_account:
        deployed["serviceAccount"] = options.service_account
    share = options.canary_percent
    split = {_THIS: share, options.champion: 100 - share} if options.champion else {_THIS: 100}
    return {"deployedModel": deployed, "trafficSplit": split}


def _role(options: Options) -> str:
    return "challenger" if options.champion else "champion"


def _parent(options: Options) -> str:
    return f"projects/{options.project}/locations/{options.location}"


def _check(options: Options) -> None:
    if not options.project:
        raise BadTarget.wrong_option("vertex", "project", "", "the id of a project of Google Cloud")
    check_forms(
        "vertex",
        options,
        {
            "project": (r"[a-z][a-z0-9-]{4,28}[a-z0-9]|\d{6,}", "the id or number of a project of Google Cloud"),
            "location": (r"[a-z]+-[a-z]+\d+", "a region, for example europe-west4"),
            "machine": (r"[a-z0-9]+-[a-z0-9-]+", "a type of machine, for example n2-standard-2"),
            "service_account": (r"([a-z0-9.-]+@[a-z0-9.-]+)?", "the e-mail address of a service account"),
            "champion": (r"\d*", "the id of a deployed model, digits"),
            "endpoint": (r"[A-Za-z0-9_-]+", "the id of an endpoint"),
            "model": (r"[A-Za-z0-9_@-]+", "the id of a model"),
        },
    )
    check_range("vertex", options, "canary_percent", 0, 100)
    check_range("vertex", options, "min_replicas", 1, 1000)
    check_range("vertex", options, "max_replicas", options.min_replicas, 1000)

"""KServe: an InferenceService of one release, with canaries in both of its modes, payload logging and scraping.

The release comes in the image (the default: one thing to pull, and what was judged is what runs), or from an object store: KServe
then copies `storage_uri` to /mnt/models, for which a ServingRuntime is written too. A server checks every file it serves against
its release's digest in either case. A canary of mode `knative` is this release with a share, beside the revision that KServe has
rolled out last; one of mode `standard` stands in `spec.canary[]` (KServe 0.20) beside the release that `stable` names.
There is no explainer: a server holds no explanation, so `:explain` is refused, and none is promised here.
Fields are those of the models in the Python package kserve 0.21.0 (V1beta1InferenceServiceSpec.canary, V1beta1CanarySpec,
V1beta1PredictorSpec, V1beta1LoggerSpec, V1alpha1ServingRuntimeSpec).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

from seakeep.integrations import _clouds
from seakeep.integrations import _kube as kube
from seakeep.integrations._kube import BadTarget
from seakeep.integrations._options import ADDRESS, NAME, REFERENCE, check_forms, check_range
from seakeep.integrations._yaml import document

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from seakeep.integrations._kube import Plain
    from seakeep.pipeline.exports.subject import Subject

NEEDS: Final[Literal["project", "release", "either"]] = "release"
MEASURES: Final = True
FORMAT: Final = "seakeep"
MODELS: Final = "/mnt/models"
_API, _RUNTIME_API = "serving.kserve.io/v1beta1", "serving.kserve.io/v1alpha1"
_CONTAINER = "kserve-container"
_STORES = r"(s3|gs|hdfs|webhdfs|https|pvc|oci|hf)://\S+"
_MODE = "serving.kserve.io/deploymentMode"
_MODES = {"standard": "Standard", "knative": "Knative"}


@dataclass(frozen=True, slots=True)
class Options:
    """What can be set with --set.

    name: of the InferenceService, where the release's is no legal one. image: registry and name of the images (default:
    export.image). server_digest: of the pushed image ("sha256:…"), which then stands instead of its tag. namespace: in which it
    is put. mode: "standard" (Deployments; KServe's RawDeployment) or "knative" (serverless). storage_uri: folder of the release in an
    object store, copied there beforehand; empty for the release that is in the image. cluster_runtime: whether the runtime is
    one for all namespaces. stable: in mode standard the image, or with storage_uri the URI, of the release that answers now; this one
    is then its canary. canary_percent: of the requests that go to this release; in mode standard 0 is a dark launch.
    min_replicas, max_replicas: 0 as least is possible in mode knative. memory_mib: 0 for what was measured and a quarter more.
    cpu_millis: thousandths of a core. claim: of a volume that the prediction log is kept on; empty: it lives as long as its pod.
    service_account: whom pods run as; a cloud's identity is bound to it. pull_secret: name of the Secret for the images.
    logger_url: where KServe sends payloads as CloudEvents; empty for nowhere. logger_mode: which of them. v1: whether KServe's V1
    protocol is answered too.
    """

    name: str = ""
    image: str = ""
    server_digest: str = ""
    namespace: str = "default"
    mode: Literal["standard", "knative"] = "standard"
    storage_uri: str = ""
    cluster_runtime: bool = False
    stable: str = ""
    canary_percent: int = 0
    min_replicas: int = 1
    max_replicas: int = 4
    memory_mib: int = 0
    cpu_millis: int = 500
    claim: str = ""
    service_account: str = ""
    pull_secret: str = ""
    logger_url: str = ""
    logger_mode: Literal["all", "request", "response"] = "all"
    v1: bool = True


def files(subject: Subject, options: Options) -> Mapping[str, str]:
    """`inferenceservice.yaml`, and for a release in an object store `servingruntime.yaml`.

    Raises: BadExport, for an illegal name or no image; BadTarget, for options that make no sense.
    """
    _check(options)
    service = document(inference_service(subject, options), head=kube.warning(subject) + _about(options))
    if not options.storage_uri:
        return {"inferenceservice.yaml": service}
    head = f"What runs a release from an object store: KServe copies it to {MODELS}."
    return {"servingruntime.yaml": document(runtime(subject, options), head=head), "inferenceservice.yaml": service}


def next_lines(subject: Subject, options: Options) -> Sequence[str]:
    """What to type next, in the folder that was written."""
    first = f"build and push {options.image}-server first: seakeep export container …"
    stored = [f"copy the release's folder to {options.storage_uri}", "kubectl apply -f servingruntime.yaml"]
    applied = f"kubectl apply -n {options.namespace} -f inferenceservice.yaml"
    watched = f"kubectl get -n {options.namespace} inferenceservice {subject.slug} --watch"
    return (first, *(stored if options.storage_uri else ()), applied, watched)


def inference_service(subject: Subject, options: Options) -> Plain:
    """The InferenceService."""
    is_canary = _is_canary(options)
    own = _predictor(subject, options, role="challenger" if is_canary else "champion")
    spec: Plain = {"predictor": own}
    if is_canary and options.mode == "knative":
        own |= {"canaryTrafficPercent": options.canary_percent}
    elif is_canary:
        release = _clouds.release_of(subject)
        own["name"] = f"release-{release.version or release.digest[: kube.DIGITS]}"
        stable = _predictor(subject, options, role="champion", stable=options.stable)
        spec = {"predictor": stable, "canary": [{"trafficPercent": options.canary_percent, "predictor": own}]}
    notes = {_MODE: _MODES[options.mode], "serving.kserve.io/enable-prometheus-scraping": "true"}
    metadata = kube.metadata(subject, subject.slug, "server")
    metadata["annotations"] = {**metadata.get("annotations", {}), **notes}
    return {
        "apiVersion": _API,
        "kind": "InferenceService",
        "metadata": {**metadata, "namespace": options.namespace},
        "spec": spec,
    }


def runtime(subject: Subject, options: Options) -> Plain:
    """The ServingRuntime of releases in an object store. It is the same for every release of the name."""
    container = _container(subject, options, image=_image(subject, options), settings={})
    metadata: Plain = {"name": _runtime_name(subject), "labels": {"app.kubernetes.io/part-of": "seakeep"}}
    if not options.cluster_runtime:
        metadata["namespace"] = options.namespace
    return {
        "apiVersion": _RUNTIME_API,
        "kind": "ClusterServingRuntime" if options.cluster_runtime else "ServingRuntime",
        "metadata": metadata,
        "spec": {
            "annotations": _scraping(),
            "supportedModelFormats": [{"name": FORMAT, "version": "1", "autoSelect": True}],
            "protocolVersions": ["v1", "v2"] if options.v1 else ["v2"],
            "multiModel": False,
            "containers": [{**container, "args": ["serve", MODELS]}],
            **_pod_volumes(options),
        },
    }


def _predictor(subject: Subject, options: Options, *, role: str, stable: str = "") -> Plain:
    """This release's predictor, or that of the image or URI `stable`, about which nothing else is known here."""
    settings = _clouds.variables(subject, role=role, dialect="kserve_v1" if options.v1 else "")
    if stable:
        del settings["SEAKEEP_SERVE_VERSION"]  # the image, or the digest of the folder, says which it is
    found: Plain = {
        "minReplicas": options.min_replicas,
        "maxReplicas": options.max_replicas,
        "annotations": _scraping(),
    }
    found |= {"serviceAccountName": options.service_account} if options.service_account else {}
    found |= {"imagePullSecrets": [{"name": options.pull_secret}]} if options.pull_secret else {}
    if options.mode == "standard":
        found["securityContext"] = kube.pod_security()
        found["terminationGracePeriodSeconds"] = kube.grace_seconds(subject.settings.serve.drain_seconds)
    if options.logger_url:
        found["logger"] = {"mode": options.logger_mode, "url": options.logger_url}
    if options.storage_uri:
        found["model"] = {
            "modelFormat": {"name": FORMAT, "version": "1"},
            "runtime": _runtime_name(subject),
            "protocolVersion": "v2",
            "storageUri": stable or options.storage_uri,
            "env": _env(settings),
        }
        return found
    image = stable or _image(subject, options)
    return found | {
        "containers": [_container(subject, options, image=image, settings=settings)],
        **_pod_volumes(options),
    }


def _container(subject: Subject, options: Options, *, image: str, settings: dict[str, str]) -> Plain:
    """The server's container, as it is in a Deployment; without what Knative does not take."""
    memory, _ = kube.memory_of(_clouds.release_of(subject), workers=subject.settings.serve.workers)
    asked = kube.resources(options.memory_mib or memory, options.cpu_millis)
    found: dict[str, Any] = kube.server_container(image, role="", resources=asked, settings="", name=_CONTAINER)
    del found["envFrom"]
    found |= {"env": _env(settings), "args": ["serve", kube.RELEASE]}
    if options.mode == "knative":
        for name in ("lifecycle", "startupProbe"):
            del found[name]
        found["ports"] = [{"name": "http1", "containerPort": kube.PORT, "protocol": "TCP"}]
        for name in ("readinessProbe", "livenessProbe"):
            found[name] = {**found[name], "httpGet": {"path": found[name]["httpGet"]["path"], "port": kube.PORT}}
        found["securityContext"] |= {"runAsNonRoot": True, "runAsUser": kube.USER}
    return found


def _pod_volumes(options: Options) -> Plain:
    found = kube.volumes(options.claim)
    return {"volumes": found if options.claim else [found[0], {"name": "home", "emptyDir": {}}]}


def _env(settings: dict[str, str]) -> list[Plain]:
    return [{"name": name, "value": value} for name, value in settings.items()]


def _scraping() -> dict[str, str]:
    return {"prometheus.kserve.io/port": str(kube.PORT), "prometheus.kserve.io/path": "/metrics"}


def _image(subject: Subject, options: Options) -> str:
    return kube.server_image("kserve", options.image, _clouds.release_of(subject), digest=options.server_digest)


def _runtime_name(subject: Subject) -> str:
    return f"{subject.slug}-seakeep"


def _is_canary(options: Options) -> bool:
    return bool(options.stable) if options.mode == "standard" else options.canary_percent > 0


def _about(options: Options) -> str:
    if not _is_canary(options):
        return "Of one release. POST /v2/models/NAME/infer, where NAME is the release's own name."
    share = f"{options.canary_percent} % of the requests"
    if options.mode == "knative":
        return f"A canary: {share} go to this release, the others to the revision that was rolled out last."
    return f"A canary: {share} go to it, the others to the release that answers now. KServe promotes nothing by itself."


def _check(options: Options) -> None:
    store = (f"({_STORES})?", "a URI that KServe copies from: s3://…, gs://…, https://…, pvc://…, oci://… or hf://…")
    forms = {
        "namespace": (NAME, "lower-case letters, digits and '-', at most 63"),
        "storage_uri": store,
        "claim": (f"({NAME})?", "the name of a PersistentVolumeClaim"),
        "service_account": (f"({NAME})?", "the name of a ServiceAccount"),
        "pull_secret": (f"({NAME})?", "the name of a Secret"),
        "logger_url": (f"({ADDRESS})?", "an address that begins with http:// or https://"),
        "stable": store if options.storage_uri else (f"({REFERENCE})?", "an image with its registry, name and tag"),
    }
    check_forms("kserve", options, forms)
    check_range("kserve", options, "canary_percent", 0, 100)
    check_range("kserve", options, "min_replicas", 0 if options.mode == "knative" else 1, 10_000)
    check_range("kserve", options, "max_replicas", max(1, options.min_replicas), 10_000)
    check_range("kserve", options, "cpu_millis", 1, 1_000_000)
    check_range("kserve", options, "memory_mib", 0, 16_000_000)
    if options.mode == "standard" and options.canary_percent and not options.stable:
        expected = "0, unless stable names the release that answers now"
        raise BadTarget.wrong_option("kserve", "canary_percent", options.canary_percent, expected)
    if options.mode == "knative" and options.stable:
        expected = "nothing in mode knative, where KServe itself keeps the revision that answers now"
        raise BadTarget.wrong_option("kserve", "stable", options.stable, expected)

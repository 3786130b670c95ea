"""Manifests and chart, held to Kubernetes' own schemas, rendered by kubectl and Helm; and applied where there is a cluster."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from seakeep.integrations import helm as helm_chart
from seakeep.integrations import kubernetes
from seakeep.pipeline.exports import export

from .facts import finished, subject
from .test_kubernetes import SECURED

pytestmark = pytest.mark.platform
TOOLS = Path(__file__).parents[2] / ".platforms" / "kubernetes"
VERSIONS = ("1.31", "1.33", "1.35", "1.37")
IMAGE = "registry.example.com/team/trips"
# Written by us for the components; a cluster may lack them, and then they are not applied.
OPTIONAL = {
    "HTTPRoute": "gateway.networking.k8s.io",
    "ServiceMonitor": "monitoring.coreos.com",
    "PrometheusRule": "monitoring.coreos.com",
}


def called(*command: object, check: bool = True) -> subprocess.CompletedProcess[str]:
    own = {name: str(TOOLS / "state") for name in ("HELM_CACHE_HOME", "HELM_CONFIG_HOME", "HELM_DATA_HOME")}
    done = subprocess.run(
        [str(word) for word in command], capture_output=True, text=True, check=False, env={**os.environ, **own}
    )
    assert not check or done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return done


def kubectl(*arguments: object, check: bool = True) -> subprocess.CompletedProcess[str]:
    return called(TOOLS / "bin" / "kubectl", *arguments, check=check)


def helm(*arguments: object, check: bool = True) -> subprocess.CompletedProcess[str]:
    return called(TOOLS / "bin" / "helm", *arguments, check=check)


def validated(file: Path, version: str, *, check: bool = True) -> subprocess.CompletedProcess[str]:
    program = TOOLS / "venv" / "bin" / "kubernetes-validate"
    return called(program, "-k", version, "--strict", "--no-warn", file, check=check)


def objects(text: str) -> dict[tuple[str, str], dict]:
    """Objects by kind and name."""
    found = [value for value in YAML(typ="safe").load_all(text) if value]
    return {(value["kind"], value["metadata"]["name"]): value for value in found}


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    return finished(tmp_path_factory.mktemp("work"))


@pytest.fixture(scope="module")
def manifests(project):
    export("kubernetes", project / "pipeline.py", to=project / "deploy", settings={"image": IMAGE})
    return project / "deploy"


@pytest.fixture(scope="module")
def chart(project):
    export("helm", project / "pipeline.py", to=project / "chart", settings={"image": IMAGE})
    return project / "chart"


@pytest.fixture(scope="module")
def rendered(manifests, tmp_path_factory):
    """Each overlay in one file, with what it has of Kubernetes itself, and what is of others."""
    folder, found = tmp_path_factory.mktemp("rendered"), {}
    for overlay in ("staging", "production"):
        found[overlay] = folder / f"{overlay}.yaml"
        found[overlay].write_text(kubectl("kustomize", manifests / "overlays" / overlay).stdout)
    return found


@pytest.mark.parametrize("version", VERSIONS)
def test_every_object_has_the_fields_of_its_kind_and_no_others(rendered, manifests, version) -> None:
    for file in (*rendered.values(), *sorted((manifests / "jobs").iterdir())):
        assert "ERROR" not in validated(file, version).stdout


def test_a_misspelt_field_is_found(rendered, tmp_path) -> None:
    broken = tmp_path / "broken.yaml"
    broken.write_text(
        rendered["production"].read_text().replace("terminationGracePeriodSeconds", "terminationGraceSeconds")
    )
    done = validated(broken, VERSIONS[-1], check=False)
    assert done.returncode != 0
    assert "terminationGraceSeconds" in done.stdout + done.stderr


def crds(*files: Path) -> subprocess.CompletedProcess[str]:
    script = Path(__file__).parent / "foreign" / "crds.py"
    return called(TOOLS / "venv" / "bin" / "python", script, TOOLS / "schemas", *files, check=False)


def test_objects_of_gateway_api_and_the_prometheus_operator_fit_their_crds(rendered) -> None:
    done = crds(*rendered.values())
    assert done.returncode == 0, done.stdout
    assert done.stdout.split() == ["checked", *sorted(2 * list(OPTIONAL))]


@pytest.mark.parametrize("broken", [("weight:", "wait:"), ("endpoints:", "endpoint:"), ("expr:", "expression:")])
def test_a_misspelt_field_of_a_crd_is_found(rendered, tmp_path, broken) -> None:
    file = tmp_path / "broken.yaml"
    file.write_text(rendered["production"].read_text().replace(*broken))
    assert crds(file).returncode == 1


def test_tls_tokens_and_a_scrape_that_brings_one_are_whole_too(tmp_path) -> None:
    for name, settings in ((name, SECURED[name]) for name in ("mutual", "both")):
        folder = tmp_path / name
        for path, text in kubernetes.files(subject(settings=settings), kubernetes.Options(image=IMAGE)).items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text(text)
        file = tmp_path / f"{name}.yaml"
        file.write_text(kubectl("kustomize", folder / "overlays" / "production").stdout)
        assert "ERROR" not in validated(file, VERSIONS[-1]).stdout
        assert crds(file).returncode == 0
        chart = tmp_path / f"{name}-chart"
        for path, text in helm_chart.files(subject(settings=settings), helm_chart.Options(image=IMAGE)).items():
            (chart / path).parent.mkdir(parents=True, exist_ok=True)
            (chart / path).write_text(text)
        made = helm(
            "template", "flight-delay", chart, "--set", "prometheus.enabled=true", "--set", "gateway.enabled=true"
        )
        assert objects(made.stdout)[("Deployment", "flight-delay")] == objects(file.read_text())[
            ("Deployment", "flight-delay")
        ] | {"metadata": objects(made.stdout)[("Deployment", "flight-delay")]["metadata"]}


def test_a_release_is_measured_once_so_that_a_second_export_changes_nothing(project, manifests) -> None:
    done = export("kubernetes", project / "pipeline.py", to=manifests, settings={"image": IMAGE}, check=True)
    assert done.is_current
    assert "peak measured over" in (manifests / "base" / "deployment.yaml").read_text()


def test_overlays_differ_by_namespace_and_the_number_of_servers(rendered) -> None:
    staging, production = (objects(rendered[name].read_text()) for name in ("staging", "production"))
    assert staging.keys() == production.keys()
    assert {value["metadata"]["namespace"] for value in staging.values()} == {"default-staging"}
    assert {value["metadata"]["namespace"] for value in production.values()} == {"default"}
    replicas = [found["HorizontalPodAutoscaler", "trips"]["spec"] for found in (staging, production)]
    assert [(one["minReplicas"], one["maxReplicas"]) for one in replicas] == [(1, 2), (2, 10)]


def test_a_chart_with_its_defaults_is_the_base(manifests, chart) -> None:
    base = objects(kubectl("kustomize", manifests / "base").stdout)
    assert objects(helm("template", "trips", chart).stdout) == base


def test_a_chart_with_everything_on_is_the_base_with_its_components(manifests, chart, tmp_path) -> None:
    found = helm("template", "trips", chart, "--set", "gateway.enabled=true,prometheus.enabled=true").stdout
    production = objects(kubectl("kustomize", manifests / "overlays" / "production").stdout)
    for value in production.values():
        del value["metadata"]["namespace"]
    assert objects(found) == production
    file = tmp_path / "all.yaml"
    file.write_text(found)
    assert crds(file).stdout.split() == ["checked", *sorted(OPTIONAL)]
    assert "ERROR" not in validated(file, VERSIONS[-1]).stdout


def test_a_chart_is_without_fault(chart) -> None:
    assert "0 chart(s) failed" in helm("lint", "--strict", chart).stdout


def test_values_reach_the_objects(chart) -> None:
    given = "image.server=a.example/b:1,autoscaling.maxReplicas=3,resources.memory=1Gi,gateway.enabled=true,gateway.canaryPercent=25"
    more = (
        "--set",
        "nodeSelector.disk=fast",
        "--set",
        "settings.SEAKEEP_SERVE_LOG=off",
        "--set",
        "image.pullSecrets[0].name=x",
    )
    found = objects(helm("template", "trips", chart, "--set", given, *more).stdout)
    pod = found["Deployment", "trips"]["spec"]["template"]
    assert pod["spec"]["containers"][0]["image"] == "a.example/b:1"
    assert pod["spec"]["containers"][0]["resources"]["limits"]["memory"] == "1Gi"
    assert (pod["spec"]["nodeSelector"], pod["spec"]["imagePullSecrets"]) == ({"disk": "fast"}, [{"name": "x"}])
    assert found["HorizontalPodAutoscaler", "trips"]["spec"]["maxReplicas"] == 3
    weights = [arm["weight"] for arm in found["HTTPRoute", "trips"]["spec"]["rules"][0]["backendRefs"]]
    assert weights == [75, 25]
    before = objects(helm("template", "trips", chart).stdout)["Deployment", "trips"]["spec"]["template"]
    changed = "seakeep.dev/settings"
    assert pod["metadata"]["annotations"][changed] != before["metadata"]["annotations"][changed]


@pytest.mark.parametrize(
    "wrong",
    ["autoscaling.maxReplica=3", "autoscaling.maxReplicas=many", "gateway.canaryPercent=101", "imagee.server=x"],
)
def test_a_value_that_the_schema_does_not_know_is_refused(chart, wrong) -> None:
    done = helm("template", "trips", chart, "--set", wrong, check=False)
    assert done.returncode != 0
    assert "schema" in done.stderr


def test_a_challengers_chart_and_overlay_stand_beside_the_champions(project, manifests, tmp_path) -> None:
    export(
        "kubernetes", project / "pipeline.py", to=tmp_path / "canary", settings={"image": IMAGE, "role": "challenger"}
    )
    challenger = objects(kubectl("kustomize", tmp_path / "canary" / "base").stdout)
    champion = objects(kubectl("kustomize", manifests / "base").stdout)
    assert not challenger.keys() & champion.keys()
    file = tmp_path / "canary.yaml"
    file.write_text(kubectl("kustomize", tmp_path / "canary" / "overlays" / "production").stdout)
    assert "ERROR" not in validated(file, VERSIONS[-1]).stdout


def test_a_clusters_refusals_are_kubectls_to_tell(rendered, manifests) -> None:
    """No code of ours talks to a cluster, so that 403, 409 and 503 reach whoever typed the command, in kubectl's words."""
    done = kubectl(
        "--server", "http://127.0.0.1:9", "apply", "--server-side", "-f", rendered["production"], check=False
    )
    assert done.returncode != 0
    assert "refused" in done.stderr


@pytest.mark.skipif("KUBECONFIG" not in os.environ, reason="KUBECONFIG is not set: no API server to apply to")
def test_everything_is_applied_by_a_real_api_server(manifests, rendered, tmp_path) -> None:
    served = kubectl("api-versions").stdout
    namespace = f"seakeep-{os.getpid()}"
    kubectl("create", "namespace", namespace)
    try:
        file = tmp_path / "all.yaml"
        wanted = [value for value in objects(rendered["production"].read_text()).values() if _served(value, served)]
        for value in wanted:
            value["metadata"]["namespace"] = namespace
        with file.open("w") as stream:
            YAML(typ="safe").dump_all(wanted, stream)
        jobs = sorted((manifests / "jobs").iterdir())
        for options in (("--dry-run=server",), ()):
            kubectl("apply", "--server-side", "--validate=strict", *options, "--namespace", namespace, "-f", file)
            for job in jobs:
                kubectl("apply", "--server-side", "--validate=strict", *options, "--namespace", namespace, "-f", job)
        names = kubectl("get", "deployment,hpa,pdb", "--namespace", namespace, "-o", "name").stdout.split()
        assert len(names) == 3
    finally:
        kubectl("delete", "namespace", namespace, "--wait=false")


def _served(value: dict, versions: str) -> bool:
    group = OPTIONAL.get(value["kind"])
    return group is None or group in versions

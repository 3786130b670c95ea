"""The clouds' targets: what is written, and refused; held to CloudFormation's, Vertex AI's and Azure ML's published schemas."""

from __future__ import annotations

import json
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from seakeep.core import Verdict
from seakeep.integrations import azure_ml, sagemaker, vertex
from seakeep.integrations._kube import BadTarget
from seakeep.pipeline.exports.errors import BadExport

from .facts import DIGEST, IMAGE, golden, release, subject

HERE = Path(__file__).parent
BIN = HERE.parents[1] / ".platforms/clouds/bin"
IDENTITY = "/subscriptions/1/resourceGroups/g/providers/Microsoft.ManagedIdentity/userAssignedIdentities/seakeep"
VERTEX = vertex.Options(image=IMAGE, project="our-project")
SAGEMAKER = sagemaker.Options(image=IMAGE)
AZURE = azure_ml.Options(image=IMAGE)
FORMS = {
    "vertex": (vertex, VERTEX),
    "vertex canary": (
        vertex,
        replace(
            VERTEX, champion="123", canary_percent=10, service_account="seakeep@our-project.iam.gserviceaccount.com"
        ),
    ),
    "sagemaker": (sagemaker, SAGEMAKER),
    "sagemaker canary": (
        sagemaker,
        replace(SAGEMAKER, champion_image=f"{IMAGE}-server:2-abc", canary_percent=10, capture_uri="s3://logs/flights"),
    ),
    "azure_ml": (azure_ml, AZURE),
    "azure_ml canary": (azure_ml, replace(AZURE, champion="release-2", canary_percent=10, identity=IDENTITY)),
}
FORCED = subject(release=release(verdict=Verdict.FAIL, forced="only <to> try"))


def written(form, of=None):
    target, options = FORMS[form]
    return target.files(of or subject(), options)


def put(folder, files):
    for name, text in files.items():
        (folder / name).write_text(text)


def read(text):
    return YAML(typ="safe").load(text)


@pytest.mark.parametrize("form", FORMS)
def test_the_files_are_as_reviewed(form) -> None:
    for name, text in written(form).items():
        golden(f"clouds/{form.replace(' ', '-')}/{name}", text)
        assert "/nowhere/of" not in text
    assert written(form) == written(form)


@pytest.mark.parametrize("form", FORMS)
def test_next_lines_say_how_to_go_on(form) -> None:
    target, options = FORMS[form]
    lines = target.next_lines(subject(), options)
    assert lines[0].startswith(f"build and push {IMAGE}-server first")
    assert len(lines) >= 3


def test_vertex_asks_at_the_routes_that_its_dialect_answers() -> None:
    spec = json.loads(written("vertex")["upload-model.json"])["model"]["containerSpec"]
    assert (spec["predictRoute"], spec["healthRoute"]) == ("/predict", "/health")
    assert (spec["imageUri"], spec["ports"]) == (f"{IMAGE}-server:3-{DIGEST[:12]}", [{"containerPort": 8080}])


def test_a_canary_has_its_share_everywhere() -> None:
    assert json.loads(written("vertex canary")["deploy-model.json"])["trafficSplit"] == {"0": 10, "123": 90}
    variants = read(written("sagemaker canary")["template.yaml"])["Resources"]["Configuration"]["Properties"]
    weights = {one["VariantName"]: one["InitialVariantWeight"] for one in variants["ProductionVariants"]}
    assert weights == {"champion": 0.9, "challenger": 0.1}
    assert read(written("azure_ml canary")["traffic.yml"])["traffic"] == {"release-2": 90, "release-3": 10}


def test_a_release_alone_gets_all_requests() -> None:
    assert json.loads(written("vertex")["deploy-model.json"])["trafficSplit"] == {"0": 100}
    assert read(written("azure_ml")["traffic.yml"])["traffic"] == {"release-3": 100}
    (variant,) = read(written("sagemaker")["template.yaml"])["Resources"]["Configuration"]["Properties"][
        "ProductionVariants"
    ]
    assert variant["InitialVariantWeight"] == 1


def test_each_cloud_switches_on_what_it_asks() -> None:
    model = read(written("sagemaker")["template.yaml"])["Resources"]["ChampionModel"]["Properties"]
    assert model["PrimaryContainer"]["Environment"]["SEAKEEP_SERVE_DIALECTS"] == "sagemaker"
    found = read(written("azure_ml canary")["deployment.yml"])["environment_variables"]
    assert (found["SEAKEEP_SERVE_DIALECTS"], found["SEAKEEP_SERVE_ROLE"]) == ("azure_ml", "challenger")


def test_no_file_holds_a_key() -> None:
    for form in FORMS:
        for text in written(form).values():
            assert not any(word in text.lower() for word in ("password", "secret", "accesskey", "access_key"))
    assert read(written("azure_ml")["endpoint.yml"])["auth_mode"] == "aad_token"


@pytest.mark.parametrize("form", FORMS)
def test_a_forced_release_is_marked(form) -> None:
    assert "try" in "".join(written(form, FORCED).values())


@pytest.mark.parametrize(
    ("form", "changes", "words"),
    [
        ("vertex", {"project": ""}, "the id of a project of Google Cloud"),
        ("vertex", {"location": "here"}, "a region"),
        ("vertex", {"champion": "x"}, "the id of a deployed model"),
        ("vertex", {"canary_percent": 101}, "a whole number from 0 to 100"),
        ("vertex", {"max_replicas": 0}, "a whole number from 1 to 1000"),
        ("sagemaker", {"instance": "c5.large"}, "ml.c6i.large"),
        ("sagemaker", {"capture_uri": "gs://a"}, "s3://"),
        ("sagemaker", {"instances": 0}, "a whole number from 1 to 1000"),
        ("azure_ml", {"instance": "big"}, "Standard_DS2_v2"),
        ("azure_ml", {"identity": "me"}, "/subscriptions/"),
        ("azure_ml", {"champion": "release-3"}, "another deployment than this release's"),
    ],
)
def test_options_that_make_no_sense_are_refused(form, changes, words) -> None:
    target, options = FORMS[form]
    with pytest.raises(BadTarget) as caught:
        target.files(subject(), replace(options, **changes))
    assert words in str(caught.value)
    assert caught.value.fix.startswith(f"--set {caught.value.name}=")


def test_a_name_must_fit_azure() -> None:
    with pytest.raises(BadTarget, match="a name of 3 to 32 characters"):
        azure_ml.files(subject(name="a" * 40), AZURE)


@pytest.mark.parametrize("form", ["vertex", "sagemaker", "azure_ml"])
def test_an_image_is_needed(form) -> None:
    target, options = FORMS[form]
    with pytest.raises(BadExport, match="needs the name of an image"):
        target.files(subject(), replace(options, image=""))


@pytest.mark.platform
@pytest.mark.parametrize("form", ["sagemaker", "sagemaker canary"])
@pytest.mark.parametrize("of", [None, FORCED])
def test_cloudformation_finds_nothing_wrong(form, of, tmp_path) -> None:
    put(tmp_path, written(form, of))
    done = subprocess.run(
        [BIN / "cfn-lint", "--non-zero-exit-code", "informational", tmp_path / "template.yaml"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.stdout, done.returncode) == ("", 0), done.stdout


@pytest.mark.platform
def test_cloudformation_finds_a_wrong_field(tmp_path) -> None:
    text = written("sagemaker")["template.yaml"].replace("InitialVariantWeight", "Weight")
    (tmp_path / "template.yaml").write_text(text)
    done = subprocess.run([BIN / "cfn-lint", tmp_path / "template.yaml"], capture_output=True, text=True, check=False)
    assert done.returncode
    assert "Weight" in done.stdout


def loaded(target, folder):
    done = subprocess.run(
        [BIN / "python", "-W", "ignore", HERE / "foreign" / "strict_clouds.py", target, folder],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.platform
@pytest.mark.parametrize("form", ["vertex", "vertex canary"])
def test_vertex_types_take_every_field(form, tmp_path) -> None:
    put(tmp_path, written(form))
    told = loaded("vertex", tmp_path)
    spec = told["upload-model.json"]["model"]["container_spec"]
    assert (spec["predict_route"], spec["health_route"]) == ("/predict", "/health")
    assert sum(told["deploy-model.json"]["traffic_split"].values()) == 100


@pytest.mark.platform
def test_vertex_types_refuse_a_wrong_field(tmp_path) -> None:
    texts = written("vertex")
    put(tmp_path, {**texts, "upload-model.json": texts["upload-model.json"].replace("predictRoute", "route")})
    with pytest.raises(AssertionError, match="no field named"):
        loaded("vertex", tmp_path)


@pytest.mark.platform
@pytest.mark.parametrize("form", ["azure_ml", "azure_ml canary"])
def test_azure_loads_every_file(form, tmp_path) -> None:
    put(tmp_path, written(form))
    told = loaded("azure_ml", tmp_path)
    assert told["deployment.yml"] == "ManagedOnlineDeployment"
    assert told["scoring"] == {"path": "/score", "port": 8080}
    assert sum(told["traffic"].values()) == 100


@pytest.mark.platform
def test_azure_refuses_a_wrong_field(tmp_path) -> None:
    texts = written("azure_ml")
    put(tmp_path, {**texts, "deployment.yml": texts["deployment.yml"].replace("instance_count", "machines")})
    with pytest.raises(AssertionError, match="machines"):
        loaded("azure_ml", tmp_path)

"""KServe: what is written, and refused; held to the models of its Python package; and its own client asks a started server."""

from __future__ import annotations

import json
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from seakeep.core import Verdict
from seakeep.integrations import kserve
from seakeep.integrations._kube import BadTarget
from seakeep.integrations.kserve import Options, files, next_lines
from seakeep.pipeline.exports.errors import BadExport
from seakeep.testing.example_models import example_model

from .facts import DIGEST, IMAGE, golden, release, subject
from .started import served

HERE = Path(__file__).parent
PYTHON = HERE.parents[1] / ".platforms/kserve/bin/python"
PLAIN = Options(image=IMAGE)
STORED = Options(image=IMAGE, storage_uri="s3://models/flights/3", service_account="flights", namespace="ml")
CANARY = Options(image=IMAGE, stable=f"{IMAGE}-server:2-abc", canary_percent=10, logger_url="http://sink.ml/")
SERVERLESS = Options(image=IMAGE, mode="knative", canary_percent=10, min_replicas=0, claim="home", pull_secret="pull")
FORMS = {
    "plain": PLAIN,
    "stored": STORED,
    "canary": CANARY,
    "serverless": SERVERLESS,
    "stored canary": replace(STORED, stable="s3://models/flights/2", cluster_runtime=True),
    "serverless stored": replace(STORED, mode="knative", v1=False),
}


def read(text):
    return YAML(typ="safe").load(text)


def service(options):
    return read(files(subject(), options)["inferenceservice.yaml"])


def container(options):
    return service(options)["spec"]["predictor"]["containers"][0]


def settings_of(env):
    return {one["name"]: one["value"] for one in env}


def test_the_files_are_as_reviewed() -> None:
    golden("kserve/inferenceservice.yaml", files(subject(), PLAIN)["inferenceservice.yaml"])
    golden("kserve/canary.yaml", files(subject(), CANARY)["inferenceservice.yaml"])
    golden("kserve/serverless.yaml", files(subject(), SERVERLESS)["inferenceservice.yaml"])
    for name, text in files(subject(), STORED).items():
        golden(f"kserve/stored/{name}", text)


def test_equal_facts_give_equal_bytes_without_a_path_of_this_machine() -> None:
    for options in FORMS.values():
        assert files(subject(), options) == files(subject(), options)
        assert not any("/nowhere/of" in text for text in files(subject(), options).values())


def test_the_release_is_in_the_image_or_in_a_store() -> None:
    assert list(files(subject(), PLAIN)) == ["inferenceservice.yaml"]
    assert container(PLAIN)["image"] == f"{IMAGE}-server:3-{DIGEST[:12]}"
    assert container(PLAIN)["args"] == ["serve", "/release"]
    written = files(subject(), STORED)
    assert list(written) == ["servingruntime.yaml", "inferenceservice.yaml"]
    assert read(written["servingruntime.yaml"])["spec"]["containers"][0]["args"] == ["serve", "/mnt/models"]
    model = service(STORED)["spec"]["predictor"]["model"]
    assert (model["storageUri"], model["runtime"]) == ("s3://models/flights/3", "flight-delay-seakeep")


def test_a_canary_stands_beside_the_release_that_answers_now() -> None:
    spec = service(CANARY)["spec"]
    ((canary),) = spec["canary"]
    assert (canary["trafficPercent"], canary["predictor"]["name"]) == (10, "release-3")
    assert spec["predictor"]["containers"][0]["image"] == f"{IMAGE}-server:2-abc"
    roles = [
        settings_of(one["containers"][0]["env"])["SEAKEEP_SERVE_ROLE"]
        for one in (spec["predictor"], canary["predictor"])
    ]
    assert roles == ["champion", "challenger"]
    assert "SEAKEEP_SERVE_VERSION" not in settings_of(spec["predictor"]["containers"][0]["env"])
    dark = service(replace(CANARY, canary_percent=0))["spec"]["canary"]
    assert dark[0]["trafficPercent"] == 0


def test_knative_keeps_the_revision_itself_and_takes_fewer_fields() -> None:
    predictor = service(SERVERLESS)["spec"]["predictor"]
    assert predictor["canaryTrafficPercent"] == 10
    assert "securityContext" not in predictor
    own = predictor["containers"][0]
    assert "lifecycle" not in own
    assert own["ports"][0]["name"] == "http1"
    assert own["securityContext"]["runAsNonRoot"] is True
    assert own["readinessProbe"]["httpGet"] == {"path": "/v2/health/ready", "port": 8080}


def test_settings_reach_the_server_and_dialects_add_up() -> None:
    found = settings_of(container(PLAIN)["env"])
    assert (found["SEAKEEP_SERVE_DIALECTS"], found["SEAKEEP_SERVE_VERSION"]) == ("kserve_v1", "3")
    assert found["SEAKEEP_SERVE_LOG"] == "interval"
    assert "SEAKEEP_SERVE_DIALECTS" not in settings_of(container(replace(PLAIN, v1=False))["env"])


def test_payloads_are_logged_where_an_address_is_given() -> None:
    assert service(CANARY)["spec"]["predictor"]["logger"] == {"mode": "all", "url": "http://sink.ml/"}
    assert "logger" not in service(PLAIN)["spec"]["predictor"]


def test_a_forced_release_is_marked() -> None:
    forced = subject(release=release(verdict=Verdict.FAIL, forced="only to try"))
    text = files(forced, PLAIN)["inferenceservice.yaml"]
    assert text.startswith("# WARNING: flight-delay@3 did not pass its checks (fail). Exported because: only to try\n")
    assert read(text)["metadata"]["annotations"]["seakeep.dev/forced"] == "only to try"


def test_the_next_lines_name_what_must_be_there_first() -> None:
    assert next_lines(subject(), STORED)[1] == "copy the release's folder to s3://models/flights/3"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"storage_uri": "/models"}, "a URI that KServe copies from"),
        ({"stable": "b", "storage_uri": "s3://a"}, "a URI that KServe copies from"),
        ({"canary_percent": 5}, "0, unless stable names the release that answers now"),
        ({"mode": "knative", "stable": "b"}, "KServe itself keeps the revision"),
        ({"canary_percent": 101, "stable": "b"}, "a whole number from 0 to 100"),
        ({"min_replicas": 0}, "a whole number from 1 to 10000"),
        ({"min_replicas": 3, "max_replicas": 2}, "a whole number from 3 to 10000"),
        ({"logger_url": "sink"}, "begins with http"),
        ({"namespace": "A"}, "lower-case"),
        ({"claim": "a b"}, "PersistentVolumeClaim"),
    ],
)
def test_options_that_make_no_sense_are_refused(changes, words) -> None:
    with pytest.raises(BadTarget) as caught:
        files(subject(), replace(PLAIN, **changes))
    assert words in str(caught.value)
    assert f"--set {caught.value.name}=" in caught.value.fix


def test_an_image_is_needed() -> None:
    with pytest.raises(BadExport, match="kserve needs the name of an image"):
        files(subject(), Options())


def test_the_format_is_ours() -> None:
    assert kserve.FORMAT == "seakeep"


@pytest.mark.platform
def test_every_field_is_one_of_kserves_models(tmp_path) -> None:
    paths = []
    for form, options in FORMS.items():
        for name, text in files(subject(), options).items():
            paths.append(tmp_path / f"{form}-{name}")
            paths[-1].write_text(text)
    done = subprocess.run(
        [PYTHON, HERE / "foreign" / "strict_kserve.py", *paths], capture_output=True, text=True, check=False
    )
    assert (done.stdout.strip(), done.returncode) == ("nothing is wrong", 0), done.stdout + done.stderr


@pytest.mark.platform
def test_a_field_that_kserve_lacks_is_found(tmp_path) -> None:
    text = files(subject(), CANARY)["inferenceservice.yaml"].replace("trafficPercent", "weight")
    (tmp_path / "a.yaml").write_text(text)
    done = subprocess.run(
        [PYTHON, HERE / "foreign" / "strict_kserve.py", tmp_path / "a.yaml"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "weight is no field of V1beta1CanarySpec" in done.stdout


@pytest.mark.platform
def test_kserves_and_tritons_clients_are_answered(tmp_path) -> None:
    example_model(name="flight-delay").save(tmp_path / "model")
    row = {"distance": 1400.0, "seats": 149, "night": True, "carrier": "AA", "scheduled": "2013-10-01T05:15:00Z"}
    kinds = {"distance": "FP64", "seats": "INT64", "night": "BOOL", "carrier": "BYTES", "scheduled": "BYTES"}
    tensors = [{"name": name, "datatype": kinds[name], "data": [value]} for name, value in row.items()]
    with served(tmp_path / "model", "--dialects", "kserve_v1") as address:
        asked = [
            PYTHON,
            HERE / "foreign" / "kserve_clients.py",
            address,
            "flight-delay",
            json.dumps(row),
            json.dumps(tensors),
        ]
        done = subprocess.run(asked, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert (told["v1"]["live"], told["v1"]["ready"]) == (True, True)
    first, second = told["v1"]["answer"]["predictions"]
    assert first == second
    assert "has no training statistics to explain against, '400" in told["v1"]["explain"]
    assert "is missing from row 0" in told["v1"]["refused"]
    assert all(told["v2"][name] for name in ("live", "ready", "model_ready"))
    assert told["v2"]["id"] == "a1"
    assert told["v2"]["outputs"]["label"] == ["BOOL", [1], [first["label"]]]
    assert told["v2"]["outputs"]["probabilities"][2] == [pytest.approx(list(first["probabilities"].values()), rel=1e-6)]
    assert (told["triton"]["live"], told["triton"]["ready"], told["triton"]["id"]) == (True, True, "b2")
    assert (told["triton"]["metadata"], told["triton"]["server"]) == ("flight-delay", "seakeep")
    assert told["triton"]["probabilities"] == told["v2"]["outputs"]["probabilities"][2]

"""Argo Rollouts: what is written and refused, that nothing but a pass can let a canary in, and the objects' own schemas."""

from __future__ import annotations

import json
import re
import socket
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from seakeep.core import Verdict
from seakeep.integrations import argo_rollouts
from seakeep.integrations._kube import BadTarget
from seakeep.integrations.argo_rollouts import Options, files, next_lines
from seakeep.pipeline.exports.errors import BadExport

from .argo_controller import ERROR, FAILED, INCONCLUSIVE, RUNNING, SUCCESSFUL, Measurement, Metric, evaluated, path_of
from .facts import DIGEST, IMAGE, golden, release, subject
from .yaml_reading import read

GIVEN = Options(image=IMAGE)
ARGO = Path(__file__).parents[2] / ".platforms" / "argo"
VERDICT, WATCH = "analysis-verdict.yaml", "analysis-watch.yaml"


def metric(name: str, options: Options = GIVEN) -> dict:
    return read(files(subject(), options)[name])["spec"]["metrics"][0]


def measured(spec: dict, phases: list[str]) -> Metric:
    return Metric(spec, {}, [Measurement(0.0, 5, "", 200, None, phase) for phase in phases])


def test_a_rollout_its_analyses_and_the_control_server_are_written() -> None:
    written = files(subject(), GIVEN)
    golden("argo-rollouts/files.txt", "\n".join(written) + "\n")
    golden("argo-rollouts/rollout.yaml", written["rollout.yaml"])
    golden("argo-rollouts/analysis-verdict.yaml", written[VERDICT])
    golden("argo-rollouts/analysis-watch.yaml", written[WATCH])
    golden("argo-rollouts/control.yaml", written["control.yaml"])


def test_equal_facts_give_equal_bytes_without_a_path_of_this_machine() -> None:
    written = files(subject(), GIVEN)
    assert written == files(subject(), GIVEN)
    assert not any("/nowhere/of" in text for text in written.values())


def test_every_name_that_is_referred_to_is_there() -> None:
    written = {name: read(text) for name, text in files(subject(), GIVEN).items()}
    canary = written["rollout.yaml"]["spec"]["strategy"]["canary"]
    named = {each["metadata"]["name"] for each in written.values() if "metadata" in each}
    used = re.findall(r"templateName['\"]?: ['\"]?([\w-]+)", json.dumps(canary))
    assert {*used, canary["stableService"], canary["canaryService"]} <= named
    assert canary["trafficRouting"]["plugins"]["argoproj-labs/gatewayAPI"]["httpRoute"] in named
    backends = written["route.yaml"]["spec"]["rules"][0]["backendRefs"]
    assert [each["name"] for each in backends] == [canary["stableService"], canary["canaryService"]]
    assert written["kustomization.yaml"]["resources"] == [name for name in written if name != "kustomization.yaml"]


def test_selectors_are_the_same_for_every_release_and_of_servers_only() -> None:
    written = {name: read(text) for name, text in files(subject(), GIVEN).items()}
    selector = written["rollout.yaml"]["spec"]["selector"]["matchLabels"]
    assert selector == {"app.kubernetes.io/name": "flight-delay", "app.kubernetes.io/component": "server"}
    labels = written["rollout.yaml"]["spec"]["template"]["metadata"]["labels"]
    assert selector.items() <= labels.items()
    assert written["service.yaml"]["spec"]["selector"] == written["service-canary.yaml"]["spec"]["selector"] == selector
    assert not selector.items() <= written["control.yaml"]["spec"]["template"]["metadata"]["labels"].items()
    later = subject(release=release(version=4, digest="5e" * 32))
    assert read(files(later, GIVEN)["rollout.yaml"])["spec"]["selector"]["matchLabels"] == selector


def test_both_analyses_ask_about_this_release_and_no_other() -> None:
    canary = read(files(subject(), GIVEN)["rollout.yaml"])["spec"]["strategy"]["canary"]
    for args in (canary["analysis"]["args"], canary["steps"][-1]["analysis"]["args"]):
        assert args == [{"name": "release", "value": DIGEST[:12]}]
    assert metric(VERDICT)["provider"]["web"]["url"].endswith("/rollouts/flight-delay/verdict?release={{args.release}}")


@pytest.mark.parametrize(
    ("answer", "phase"),
    [
        ("pass", SUCCESSFUL),
        ("fail", FAILED),
        ("inconclusive", INCONCLUSIVE),
        ("", INCONCLUSIVE),
        (None, INCONCLUSIVE),
        (float("nan"), INCONCLUSIVE),
    ],
)
@pytest.mark.parametrize("name", [VERDICT, WATCH])
def test_only_the_word_pass_is_a_success(name, answer, phase) -> None:
    assert evaluated(answer, metric(name)) == phase


def test_an_answer_without_a_verdict_is_an_error() -> None:
    with pytest.raises(KeyError):
        path_of({"error": "busy"}, metric(VERDICT)["provider"]["web"]["jsonPath"])


@pytest.mark.parametrize("patience", [1, 2, 120])
def test_a_verdict_that_is_never_made_pauses_and_never_promotes(patience) -> None:
    spec = metric(VERDICT, replace(GIVEN, patience_minutes=patience))
    count = spec["count"]
    assert measured(spec, [INCONCLUSIVE] * (count - 1)).phase() == RUNNING
    assert measured(spec, [INCONCLUSIVE] * count).phase() == INCONCLUSIVE
    assert measured(spec, [ERROR, INCONCLUSIVE] * count).phase() == INCONCLUSIVE
    assert measured(spec, [INCONCLUSIVE] * (count - 1) + [SUCCESSFUL]).phase() == SUCCESSFUL
    assert measured(spec, [INCONCLUSIVE, FAILED]).phase() == FAILED
    older = {key: value for key, value in spec.items() if key != "consecutiveSuccessLimit"}
    assert measured(older, [INCONCLUSIVE] * count).phase() == INCONCLUSIVE, (
        "a controller that lacks the field is no worse"
    )


def test_what_argo_would_do_with_a_limit_as_large_as_the_count_is_the_trap_that_is_avoided() -> None:
    spec = metric(VERDICT)
    trap = {**spec, "inconclusiveLimit": spec["count"]}
    assert measured(trap, [INCONCLUSIVE] * spec["count"]).phase() == SUCCESSFUL


def test_a_server_that_does_not_answer_ends_the_canary() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
    asked = Metric({**metric(VERDICT, replace(GIVEN, control_url=url, errors=2)), "interval": "1s"}, {"release": "x"})
    for _ in range(3):
        assert asked.phase() == RUNNING
        asked.measure(at=0, weight=5)
    assert asked.phase() == ERROR


def test_the_background_analysis_has_no_end_of_its_own_but_a_failure() -> None:
    spec = metric(WATCH)
    assert "count" not in spec
    assert measured(spec, [INCONCLUSIVE] * 5000).phase() == RUNNING
    assert measured(spec, [SUCCESSFUL] * 3).phase() == RUNNING
    assert measured(spec, [INCONCLUSIVE, FAILED]).phase() == FAILED


def test_steps_follow_the_weights() -> None:
    options = replace(GIVEN, weights="10,60", pause_minutes=7)
    steps = read(files(subject(), options)["rollout.yaml"])["spec"]["strategy"]["canary"]["steps"]
    assert steps[:4] == [
        {"setWeight": 10},
        {"pause": {"duration": "7m"}},
        {"setWeight": 60},
        {"pause": {"duration": "7m"}},
    ]
    assert "analysis" in steps[4]


def test_weights_by_replicas_need_no_route() -> None:
    written = files(subject(), replace(GIVEN, routing="replicas"))
    canary = read(written["rollout.yaml"])["spec"]["strategy"]["canary"]
    assert "trafficRouting" not in canary
    assert (canary["maxUnavailable"], canary["maxSurge"]) == (0, 1)
    assert "route.yaml" not in written


def test_without_a_project_or_with_a_control_server_none_is_written() -> None:
    alone = files(subject(project=None), GIVEN)
    assert not any(name.startswith("control") for name in alone)
    there = files(subject(), replace(GIVEN, control_url="https://control.example.com/"))
    assert not any(name.startswith("control") for name in there)
    assert "url: https://control.example.com/rollouts/" in there[VERDICT]


def test_the_control_server_may_be_asked_by_the_controller_and_by_prometheus_only() -> None:
    policy = read(files(subject(), GIVEN)["control-network.yaml"])["spec"]
    (rule,) = policy["ingress"]
    names = [each["namespaceSelector"]["matchLabels"]["kubernetes.io/metadata.name"] for each in rule["from"][1:]]
    assert names == ["argo-rollouts", "monitoring"]
    assert rule["ports"] == [{"port": "control", "protocol": "TCP"}]


def test_a_name_with_signs_is_quoted_in_the_url() -> None:
    odd = subject(release=release(name="flights/é ü"))
    assert "/rollouts/flights%2F%C3%A9%20%C3%BC/verdict" in files(odd, GIVEN)[VERDICT]


def test_a_release_that_did_not_pass_is_marked_in_every_file() -> None:
    forced = subject(release=release(verdict=Verdict.FAIL, forced="a drill"))
    assert all("WARNING: flight-delay@3 did not pass" in text for text in files(forced, GIVEN).values())


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"weights": ""}, "percents from 1 to 99 that grow"),
        ({"weights": "5,5"}, "percents from 1 to 99 that grow"),
        ({"weights": "50,25"}, "percents from 1 to 99 that grow"),
        ({"weights": "0,50"}, "percents from 1 to 99 that grow"),
        ({"weights": "5,100"}, "percents from 1 to 99 that grow"),
        ({"weights": "0.05,0.5"}, "percents from 1 to 99 that grow"),
        ({"interval_seconds": 1}, "a whole number of at least 5"),
        ({"patience_minutes": 0}, "a whole number of at least 1"),
        ({"errors": -1}, "a whole number of at least 0"),
        ({"control_url": "control:8081"}, "http://HOST:PORT of a control server"),
        ({"gateway": "A/B/C"}, "NAME or NAMESPACE/NAME"),
    ],
)
def test_options_that_make_no_sense_are_refused(changes, message) -> None:
    with pytest.raises(BadTarget, match=message):
        files(subject(), replace(GIVEN, **changes))


def test_an_image_is_needed() -> None:
    with pytest.raises(BadExport, match="needs the name of an image"):
        files(subject(), Options())


def test_what_to_type_next_starts_the_rollout_first() -> None:
    first, *others = next_lines(subject(), GIVEN)
    assert first == "seakeep rollout start flight-delay --release flight-delay@3 --plan external"
    assert others[-1] == "kubectl apply --server-side -k ."
    assert argo_rollouts.NEEDS == "release"


def typed(documents: list[dict], folder: Path) -> subprocess.CompletedProcess[str]:
    """What TypeScript's compiler says of documents as values of the package's types: unknown fields are errors."""
    place = "@kubernetes-models/argo-rollouts/argoproj.io/v1alpha1"
    kinds = sorted({each["kind"] for each in documents})
    lines = [
        f'import {{ {kind} }} from "{place}/{kind}";\nimport type {{ I{kind} }} from "{place}/{kind}";'
        for kind in kinds
    ]
    for number, each in enumerate(documents):
        lines.append(
            f"const d{number}: I{each['kind']} = {json.dumps(each)};\nnew {each['kind']}(d{number}).validate();"
        )
    file = folder / "check.mts"
    file.write_text("\n".join(lines) + '\nconsole.log("valid");\n')
    options = [
        "--strict",
        "--skipLibCheck",
        "--module",
        "nodenext",
        "--moduleResolution",
        "nodenext",
        "--target",
        "es2022",
    ]
    compiler = ["node", "node_modules/typescript/bin/tsc", *options, str(file)]
    compiled = subprocess.run(compiler, cwd=ARGO, capture_output=True, text=True, check=False)
    if compiled.returncode:
        return compiled
    return subprocess.run(["node", str(file.with_suffix(".mjs"))], capture_output=True, text=True, check=False)


@pytest.fixture
def within():
    """A folder from which the package is found."""
    folder = ARGO / "checks"
    folder.mkdir(exist_ok=True)
    yield folder
    for file in folder.iterdir():
        file.unlink()


@pytest.mark.platform
def test_objects_are_what_argo_rollouts_types_and_validators_take(within) -> None:
    documents = [
        read(text)
        for options in (GIVEN, replace(GIVEN, routing="replicas"))
        for name, text in files(subject(), options).items()
        if name in ("rollout.yaml", VERDICT, WATCH)
    ]
    assert len(documents) == 6
    found = typed(documents, within)
    assert (found.returncode, found.stdout.strip()) == (0, "valid"), found.stdout + found.stderr


@pytest.mark.platform
@pytest.mark.parametrize("wrong", ["unknown", "type", "missing"])
def test_what_is_wrong_would_be_found(within, wrong) -> None:
    document = read(files(subject(), GIVEN)[VERDICT])
    (metric_,) = document["spec"]["metrics"]
    if wrong == "unknown":
        metric_["provider"]["web"]["jsonPaht"] = "{$}"
    elif wrong == "type":
        metric_["failureLimit"] = {"at": "most"}
    else:
        del metric_["provider"]
    assert typed([document], within).returncode != 0

"""Options that a foreign system could not use, or would take for something else than text, are refused by every target."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from seakeep.core import Verdict
from seakeep.integrations._kube import BadTarget
from seakeep.pipeline.exports import BadExport, Target

from .facts import IMAGE, release, subject
from .workers import remote

HOSTILE = ("-rf", "$(touch x)", "${{ github.token }}", "{{ .Values.x }}", 'a"b', "a b: c", "#x", "\u00e9")
REFUSING = [
    ("argo-rollouts", "controller_namespace"),
    ("argo-rollouts", "control_url"),
    ("flagger", "controller_namespace"),
    ("flagger", "prometheus"),
    ("argo-workflows", "service_account"),
    ("prometheus", "namespace"),
    ("prometheus", "webhook"),
    ("grafana", "prometheus"),
    ("kserve", "stable"),
    ("kserve", "logger_url"),
    ("sagemaker", "champion_image"),
    ("github-actions", "runner"),
    ("github-actions", "python"),
    ("github-actions", "rollout"),
    ("gitlab-ci", "job_image"),
    ("gitlab-ci", "rollout"),
]


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize(("target", "option"), REFUSING)
def test_an_option_that_is_no_name_or_address_is_refused(target, option, text, tmp_path):
    found = Target.of(target)
    image = {"image": IMAGE} if hasattr(found.module.Options(), "image") else {}
    options = found.options({**image, option: text}, {})
    with pytest.raises((BadTarget, BadExport), match=f"{option} is "):
        found.files(replace(remote(tmp_path), release=release()), options)


@pytest.mark.parametrize("text", ["http://a b/", 'http://h/"x', "http://", "ftp://h/", "http://{{ x }}/"])
@pytest.mark.parametrize(
    ("target", "option"), [("prometheus", "webhook"), ("grafana", "prometheus"), ("flagger", "prometheus")]
)
def test_an_address_with_what_no_uri_has_is_refused(target, option, text):
    found = Target.of(target)
    image = {"image": IMAGE} if hasattr(found.module.Options(), "image") else {}
    with pytest.raises(BadTarget, match=f"{option} is "):
        found.files(subject(), found.options({**image, option: text}, {}))


@pytest.mark.parametrize("text", ["2147483648", "-2147483648", "99999999999999999999"])
def test_a_number_of_more_than_32_bits_is_refused(text):
    with pytest.raises(BadExport, match="at most 2147483647"):
        Target.of("kubernetes").options({"storage_gib": text}, {})


def test_boards_of_a_release_that_did_not_pass_say_so():
    forced = subject(release=release(forced='the "test" cluster', verdict=Verdict.FAIL))
    found = Target.of("grafana").files(forced, Target.of("grafana").options({}, {}))
    boards = [json.loads(text) for path, text in found.items() if path.endswith(".json")]
    assert len(boards) == 3
    assert all(each["description"].startswith("WARNING: flight-delay@3 did not pass its checks") for each in boards)

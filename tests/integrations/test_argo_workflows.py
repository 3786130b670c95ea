"""The WorkflowTemplate and the CronWorkflow; test_workflows_schema.py holds them to Argo's own types."""

from __future__ import annotations

import pytest

from seakeep.integrations._kube import BadTarget
from seakeep.integrations.argo_workflows import CRON, TEMPLATE, Options, files, next_lines
from seakeep.pipeline.settings import Settings

from .facts import IMAGE, golden
from .workers import remote
from .yaml_reading import read


def test_the_files_are_as_reviewed(tmp_path) -> None:
    written = files(remote(tmp_path), Options(image=IMAGE, data_claim="arrivals"))
    golden("argo-workflows/workflow-template.yaml", written[TEMPLATE])
    golden("argo-workflows/cron-workflow.yaml", written[CRON])


def test_every_stage_follows_the_success_of_the_one_before(tmp_path) -> None:
    spec = read(files(remote(tmp_path), Options(image=IMAGE))[TEMPLATE])["spec"]
    tasks = next(each for each in spec["templates"] if each["name"] == "life")["dag"]["tasks"]
    assert [task["name"] for task in tasks] == ["read", "profile", "validate", "train", "evaluate", "register"]
    assert tasks[0].get("depends") is None
    assert [task["depends"] for task in tasks[1:]] == [f"{task['name']}.Succeeded" for task in tasks[:-1]]
    assert {task["template"] for task in tasks} <= {each["name"] for each in spec["templates"]}


def test_training_asks_for_resources_of_its_own(tmp_path) -> None:
    given = Options(image=IMAGE, train_memory_mib=9000, train_cpu_millis=7000)
    stages = {each["name"]: each for each in read(files(remote(tmp_path), given)[TEMPLATE])["spec"]["templates"]}
    assert stages["train"]["container"]["resources"]["limits"] == {"memory": "9000Mi"}
    assert stages["read"]["container"]["resources"]["limits"] == {"memory": "2048Mi"}


def test_a_span_reaches_the_command_by_the_environment_alone(tmp_path) -> None:
    stages = {
        each["name"]: each
        for each in read(files(remote(tmp_path), Options(image=IMAGE))[TEMPLATE])["spec"]["templates"]
    }
    container = stages["train"]["container"]
    assert not any("{{" in part for part in container["command"])
    assert {"name": "SPAN", "value": "{{workflow.parameters.span}}"} in container["env"]


def test_a_pipeline_without_spans_has_no_such_parameter(tmp_path) -> None:
    written = files(remote(tmp_path, spans=False, data=()), Options(image=IMAGE))[TEMPLATE]
    assert "SPAN" not in written
    assert read(written)["spec"]["arguments"] == {"parameters": []}


@pytest.mark.parametrize("schedule", ["daily", "0 3 * *", "0 0 3 * * *", "a b c d e", ""])
def test_a_schedule_has_five_fields(schedule, tmp_path) -> None:
    with pytest.raises(BadTarget, match=r"schedule is .*expected cron's five fields"):
        files(remote(tmp_path), Options(image=IMAGE, schedule=schedule))


def test_what_to_type_next_names_the_files(tmp_path) -> None:
    lines = next_lines(remote(tmp_path), Options(image=IMAGE))
    assert lines[0] == f"kubectl apply -f {TEMPLATE} -f {CRON}"
    assert Settings().retrain.rollout == "canary"  # which the CronWorkflow's retraining heeds

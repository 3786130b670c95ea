"""The TrainJob and its runtime; test_workflows_schema.py holds them to the Trainer's own types."""

from __future__ import annotations

from seakeep.integrations.trainer import JOB, RUNTIME, Options, files, next_lines

from .facts import IMAGE, golden
from .workers import remote
from .yaml_reading import read


def test_the_files_are_as_reviewed(tmp_path) -> None:
    written = files(remote(tmp_path), Options(image=IMAGE, data_claim="arrivals"))
    golden("trainer/training-runtime.yaml", written[RUNTIME])
    golden("trainer/train-job.yaml", written[JOB])


def test_the_stages_before_training_run_first_in_their_order(tmp_path) -> None:
    runtime = read(files(remote(tmp_path), Options(image=IMAGE))[RUNTIME])
    pod = runtime["spec"]["template"]["spec"]["replicatedJobs"][0]["template"]["spec"]["template"]["spec"]
    assert [each["name"] for each in pod["initContainers"]] == ["read", "profile", "validate"]
    assert [each["name"] for each in pod["containers"]] == ["node"]  # the name by which the Trainer finds it
    assert "--stage train" in pod["containers"][0]["command"][-1]


def test_the_job_refers_to_its_runtime_and_does_what_it_does(tmp_path) -> None:
    written = files(remote(tmp_path), Options(image=IMAGE))
    runtime, job = read(written[RUNTIME]), read(written[JOB])
    assert job["spec"]["runtimeRef"]["name"] == runtime["metadata"]["name"]
    pod = runtime["spec"]["template"]["spec"]["replicatedJobs"][0]["template"]["spec"]["template"]["spec"]
    assert job["spec"]["trainer"]["command"] == pod["containers"][0]["command"]
    assert job["spec"]["trainer"]["image"] == pod["containers"][0]["image"]
    assert next_lines(remote(tmp_path), Options()) == (f"kubectl apply -f {RUNTIME}", f"kubectl create -f {JOB}")

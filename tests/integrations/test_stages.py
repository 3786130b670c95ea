"""Stages that run apart: what must hold for it, and the pods that they run in."""

from __future__ import annotations

import subprocess
from dataclasses import replace

import pytest

from seakeep.integrations import argo_workflows, katib, kubeflow, trainer
from seakeep.integrations._kube import BadTarget
from seakeep.integrations._stages import NotRemote, Worker, accepting, data_folder
from seakeep.pipeline.exports import BadExport

from .facts import IMAGE, project, subject
from .workers import remote

TARGETS = {"argo-workflows": argo_workflows, "katib": katib, "trainer": trainer, "kubeflow": kubeflow}


def written(target: str, subject, **options) -> object:
    module = TARGETS[target]
    given = module.Options(image=options.pop("image", IMAGE), **options)
    return kubeflow.text_of(subject, given) if module is kubeflow else module.files(subject, given)


@pytest.mark.parametrize("target", TARGETS)
def test_a_project_without_a_contract_cannot_run_in_pieces(target, tmp_path) -> None:
    alone = subject(project=project(root=tmp_path))
    with pytest.raises(NotRemote) as caught:
        written(target, alone)
    assert f"{target} runs each stage in a pod of its own" in str(caught.value)
    assert "(flight-delay.schema.yaml)" in str(caught.value)
    assert "seakeep run pipeline.py, then review flight-delay.schema.yaml and commit it" in str(caught.value)


@pytest.mark.parametrize("target", TARGETS)
def test_a_release_alone_has_no_stages(target) -> None:
    with pytest.raises(BadExport, match=f"seakeep export {target} pipeline.py"):
        written(target, subject(project=None))


@pytest.mark.parametrize("target", TARGETS)
def test_an_image_and_legal_names_are_needed(target, tmp_path) -> None:
    with pytest.raises(BadExport, match=f"{target} needs the name of an image"):
        written(target, remote(tmp_path), image="")
    with pytest.raises(BadTarget, match=r"data_claim is 'My Data'(.|\n)*--set data_claim="):
        written(target, remote(tmp_path), data_claim="My Data")
    with pytest.raises(BadExport, match="--set name=flight-delay"):
        written(target, replace(remote(tmp_path), name="Flight Delay"))


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("option", ["max_minutes", "memory_mib", "cpu_millis"])
def test_numbers_that_nothing_could_run_with_are_refused(target, option, tmp_path) -> None:
    with pytest.raises(BadTarget, match=f"{option} is 0; expected a whole number of at least 1"):
        written(target, remote(tmp_path), **{option: 0})


@pytest.mark.parametrize("target", TARGETS)
def test_the_same_facts_give_the_same_bytes_without_a_path_of_this_machine(target, tmp_path) -> None:
    found = written(target, remote(tmp_path))
    assert found == written(target, remote(tmp_path))
    assert str(tmp_path) not in str(found)


@pytest.mark.parametrize(
    ("pattern", "file", "expected"),
    [
        ("data/*.parquet", "pipeline.py", "/project/data"),
        ("data/*/day=*/x.parquet", "pipeline.py", "/project/data"),
        ("data/[ab]/x.parquet", "models/pipeline.py", "/project/models/data"),
        ("/mnt/flights/*.parquet", "pipeline.py", "/mnt/flights"),
        ("*.parquet", "pipeline.py", ""),  # beside the sources, which no volume may hide
        ("s3://bucket/flights/*.parquet", "pipeline.py", ""),
    ],
)
def test_data_are_mounted_where_the_spans_arrive(pattern, file, expected) -> None:
    assert data_folder(project(data=(pattern,), file=file)) == expected
    assert data_folder(project(data=())) == ""


def test_no_volume_is_mounted_for_data_that_no_claim_holds(tmp_path) -> None:
    plain = Worker.of("trainer", remote(tmp_path), trainer.Options(image=IMAGE))
    claimed = Worker.of("trainer", remote(tmp_path), trainer.Options(image=IMAGE, data_claim="arrivals"))
    assert [mount["name"] for mount in plain.mounts()] == ["tmp", "home"]
    assert claimed.mounts()[-1] == {"name": "data", "mountPath": "/project/data", "readOnly": True}
    assert claimed.volumes()[-1]["persistentVolumeClaim"] == {"claimName": "arrivals", "readOnly": True}


@pytest.mark.parametrize(("code", "expected"), [(0, 0), (1, 1), (2, 0), (3, 3), (137, 137)])
def test_a_verdict_that_goes_on_is_a_success_and_breakage_stays_what_it_is(code, expected) -> None:
    assert subprocess.run(accepting("2", f"sh -c 'exit {code}'"), check=False).returncode == expected
    more = subprocess.run(accepting("1|2", f"sh -c 'exit {code}'"), check=False).returncode
    assert more == (0 if code == 1 else expected)

"""The build contexts of the images: what is written, pinned and refused. test_container_runs.py builds and starts them."""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import replace

import pytest

from seakeep.core import Verdict
from seakeep.integrations import _slim, container
from seakeep.integrations._kube import BadTarget
from seakeep.integrations.container import Options, files, next_lines
from seakeep.pipeline.exports.errors import BadExport

from .facts import DIGEST, IMAGE, golden, release, subject

BASE = f"python:3.12-slim@sha256:{'ab' * 32}"
PINNED = Options(image=IMAGE, base=BASE)


def test_a_project_with_a_champion_has_both_images() -> None:
    written = files(subject(), PINNED)
    assert [name for name in written if name.endswith("Dockerfile")] == ["server/Dockerfile", "worker/Dockerfile"]
    golden("container/server.Dockerfile", written["server/Dockerfile"])
    golden("container/worker.Dockerfile", written["worker/Dockerfile"])
    golden("container/server-prepare.sh", written["server/prepare.sh"])
    golden("container/worker-prepare.sh", written["worker/prepare.sh"])
    golden("container/build.sh", written["build.sh"])


def test_equal_facts_give_equal_bytes_without_a_path_of_this_machine() -> None:
    written = files(subject(), PINNED)
    assert written == files(subject(), PINNED)
    assert not any("/nowhere/of" in text for text in written.values())


def test_the_images_tags_are_used_once() -> None:
    server, worker = container.images(subject(), PINNED)
    assert server.tag == f"{IMAGE}-server:3-{DIGEST[:12]}"
    assert worker.tag == f"{IMAGE}-worker:c0dec0dec0de"


def test_a_release_alone_has_a_server_and_a_project_alone_a_worker() -> None:
    assert {name.partition("/")[0] for name in files(subject(project=None), PINNED)} == {"server", "build.sh"}
    assert {name.partition("/")[0] for name in files(subject(release=None), PINNED)} == {"worker", "build.sh"}


def test_a_base_without_its_digest_is_refused() -> None:
    with pytest.raises(BadTarget, match=r"base is 'python:3.12'(.|\n)*a tag may mean another image tomorrow"):
        files(subject(), Options(image=IMAGE, base="python:3.12"))


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"python": "3.10"}, "from 3.11 on"),
        ({"extras": "a b"}, "commas"),
        ({"server_extras": "grpc;x"}, "commas"),
        ({"packages": "x; rm -rf"}, "commas"),
    ],
)
def test_impossible_options_are_refused(wrong, told) -> None:
    with pytest.raises(BadTarget, match=told):
        files(subject(), replace(PINNED, **wrong))


def test_without_a_base_the_build_asks_for_one_and_takes_no_tag(tmp_path) -> None:
    for name, text in files(subject(), Options(image=IMAGE)).items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    engine = {**os.environ, "ENGINE": "echo"}
    refused = subprocess.run(
        ["sh", tmp_path / "build.sh"],
        env={**engine, "BASE": "python:3.12"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert refused.returncode == 3
    assert "BASE must name an image with its digest, found: python:3.12" in refused.stderr
    told = subprocess.run(
        ["sh", tmp_path / "build.sh"], env={**engine, "BASE": BASE}, capture_output=True, text=True, check=True
    )
    assert f"build --build-arg BASE={BASE} --tag {IMAGE}-server:3-{DIGEST[:12]} server" in told.stdout


def test_no_image_and_an_impossible_one_are_refused() -> None:
    with pytest.raises(BadExport, match="container needs the name of an image"):
        files(subject(), Options(base=BASE))
    with pytest.raises(BadTarget, match="without tag"):
        files(subject(), Options(image="Registry/Name:latest", base=BASE))


def test_a_release_that_did_not_pass_is_marked_wherever_it_goes() -> None:
    failed = release(verdict=Verdict.FAIL, forced='only for $HOME "tests"')
    written = files(subject(release=failed, project=None), PINNED)
    assert all(
        "WARNING: flight-delay@3 did not pass its checks (fail)" in text
        for name, text in written.items()
        if "/" in name
    )
    assert written["server/prepare.sh"].startswith("#!/bin/sh\n# WARNING")
    line = next(line for line in written["server/Dockerfile"].splitlines() if "dev.seakeep.forced" in line)
    assert line == r'LABEL dev.seakeep.forced="only for \$HOME \"tests\""'


def test_a_release_without_a_registry_is_prepared_from_its_folder() -> None:
    alone = release(version=0, label="flight-delay 4f4f")
    written = files(subject(release=alone, project=None), PINNED)
    assert "seakeep show" not in written["server/prepare.sh"]
    assert "Name the release's folder" in written["server/prepare.sh"]
    assert f"{IMAGE}-server:{DIGEST[:12]}" in written["build.sh"]


def test_the_worker_has_what_the_estimator_the_stores_and_the_user_need() -> None:
    written = files(subject(), replace(PINNED, extras="kubeflow", packages="shapely>=2,holidays"))
    lines = written["worker/requirements.in"].splitlines()
    assert lines[1].startswith("seakeep[cloud,kubeflow,lightgbm,postgres]==")
    assert lines[2:] == ["shapely>=2", "holidays"]


def test_the_server_has_the_extras_that_its_settings_need_and_no_others() -> None:
    assert files(subject(), PINNED)["server/requirements.in"].splitlines()[1].startswith("seakeep==")
    written = files(subject(), replace(PINNED, server_extras="grpc,cloud,grpc"))
    assert written["server/requirements.in"].splitlines()[1].startswith("seakeep[cloud,grpc]==")


def test_data_that_arrives_in_spans_and_secrets_stay_out_of_the_worker(tmp_path) -> None:
    for name in (
        "data/2013.parquet",
        "data/notes.txt",
        ".env",
        "key.pem",
        ".git/config",
        "pipeline.py",
        "deploy/server/x",
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("x")
    place = tmp_path / "deploy" / "worker"
    place.mkdir(parents=True)
    text = files(subject(), PINNED)["worker/prepare.sh"]
    copying = text.partition("# The project:")[2]
    (place / "copy.sh").write_text(
        f"called_in=$1\ncd {place}\nhere=$(pwd -P)\n{copying.replace('${1:-$called_in}', '$called_in')}"
    )
    subprocess.run(["sh", place / "copy.sh", tmp_path], check=True)
    found = {str(path.relative_to(place / "project")) for path in (place / "project").rglob("*") if path.is_file()}
    assert found == {"data/notes.txt", "pipeline.py"}


def test_the_next_lines_build_and_push() -> None:
    lines = next_lines(subject(), Options(image=IMAGE))
    assert lines[0] == "sh server/prepare.sh"
    assert lines[2].startswith("BASE=python:3.12-slim@sha256:")
    assert lines[-1] == f"docker push {IMAGE}-worker:c0dec0dec0de"


def test_scripts_are_right_for_a_plain_shell(tmp_path) -> None:
    for name, text in files(subject(), PINNED).items():
        if name.endswith(".sh"):
            path = tmp_path / name.replace("/", "-")
            path.write_text(text)
            subprocess.run(["sh", "-n", path], check=True)


def test_slimming_removes_tests_stubs_and_tools_and_nothing_else(tmp_path) -> None:
    kept, gone = (
        ("numpy/core.py", "polars/testing/a.py"),
        ("numpy/tests/t.py", "numpy/core.pyi", "onnxruntime/tools/a.py"),
    )
    for name in (*kept, *gone):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("12345")
    assert _slim.slim(tmp_path) == 15
    assert {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file()} == set(kept)


def test_only_an_images_own_environment_is_slimmed(capsys) -> None:
    assert _slim.main() == 3
    assert "only an image's own environment" in capsys.readouterr().err


def test_labels_are_those_of_the_open_container_initiative() -> None:
    text = files(subject(), PINNED)["server/Dockerfile"]
    labels = dict(line.removeprefix("LABEL ").split("=", 1) for line in text.splitlines() if line.startswith("LABEL"))
    assert json.loads(labels["org.opencontainers.image.version"]) == "3"
    assert json.loads(labels["org.opencontainers.image.revision"]) == DIGEST

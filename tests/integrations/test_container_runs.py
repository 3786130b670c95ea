"""The server's and the worker's image, built offline by buildah from what is installed here, and started by podman on runc."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from seakeep.integrations import _kube
from seakeep.pipeline.exports import export
from seakeep.pipeline.measured import measured_for
from seakeep.prediction_log import PredictionLog
from seakeep.registry import Registry

from .facts import finished
from .images import Engine, base_image, wheelhouse

pytestmark = pytest.mark.platform
MOST_BYTES = 350_000_000
# Raising limits and timers of health checks are refused on machines without these rights and without systemd.
RUN = ("--no-healthcheck", "--ulimit", "nofile=10000:10000", "--ulimit", "nproc=10000:10000", "--network", "host")
HARD = ("--read-only", "--read-only-tmpfs=false", "--cap-drop", "all", "--security-opt", "no-new-privileges")


@pytest.fixture(scope="module")
def engine(tmp_path_factory):
    found = Engine(tmp_path_factory.mktemp("containers"))
    yield found
    found.remove()


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    return finished(tmp_path_factory.mktemp("work"))


@pytest.fixture(scope="module")
def offline(tmp_path_factory):
    """What makes uv and pip look into a folder of wheels and nowhere else."""
    wheels = wheelhouse(tmp_path_factory.mktemp("wheels"), "seakeep[lightgbm,cloud,postgres]")
    found = {"UV_NO_INDEX": "1", "UV_FIND_LINKS": str(wheels), "PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(wheels)}
    return found | {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}


@pytest.fixture(scope="module")
def images(engine, project, offline, tmp_path_factory):
    """Both images' tags by role, and the folder that was exported."""
    here = f"{sys.version_info.major}.{sys.version_info.minor}"
    base = base_image(engine, tmp_path_factory.mktemp("base"))
    assert re.fullmatch(r"localhost/python@sha256:[0-9a-f]{64}", base)
    given = {"image": "localhost/team/trips", "python": here, "base": base, "extras": "lightgbm"}
    export("container", project / "pipeline.py", to=project / "deploy", settings=given)
    for role in ("server", "worker"):
        script = ["sh", project / "deploy" / role / "prepare.sh"]
        done = subprocess.run(
            script, cwd=project, env={**os.environ, **offline}, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
    engine.environment |= {"ENGINE": "buildah", "BUILD_FLAGS": "--isolation chroot --format docker"}
    engine("sh", project / "deploy" / "build.sh")
    told = (project / "deploy" / "build.sh").read_text()
    return {role: re.search(rf"--tag (\S+) {role}$", told, re.MULTILINE)[1] for role in ("server", "worker")}


@pytest.fixture(scope="module")
def memory(project):
    """What kubernetes would ask for, in MiB."""
    with Registry(project / ".seakeep") as registry:
        return measured_for(registry, registry.resolve("trips"))


@contextlib.contextmanager
def started(engine, image, home, *flags):
    """A server of the image, and its port; stopped at the end."""
    home.mkdir()
    os.chown(home, _kube.USER, _kube.USER)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    name = f"seakeep-{port}"
    engine("podman", "run", "--detach", "--name", name, *RUN, "--env", f"SEAKEEP_SERVE_HTTP=127.0.0.1:{port}",
           "--volume", f"{home}:{_kube.HOME}", *flags, image)  # fmt: skip
    try:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            with contextlib.suppress(OSError):
                if asked(port, "GET", "/v2/health/ready")[0] == 200:
                    break
            time.sleep(0.1)
        else:
            pytest.fail(engine("podman", "logs", name).stderr)
        yield name, port
    finally:
        engine("podman", "rm", "--force", "--time", "0", name)


def asked(port, method, path, body=None):
    with contextlib.closing(http.client.HTTPConnection("127.0.0.1", port, timeout=30)) as line:
        line.request(method, path, body, {"content-type": "application/json"} if body else {})
        answer = line.getresponse()
        return answer.status, json.loads(answer.read())


def question(project):
    return re.search(r"-d '(.*?)'", (project / "README.md").read_text(), re.DOTALL)[1]


def test_a_server_answers_under_a_memory_limit_as_nobody_on_a_file_system_that_it_cannot_write(
    engine, images, project, memory, tmp_path
) -> None:
    home, limit = tmp_path / "home", f"{-(-memory.peak_mib * 5 // 4)}m"
    with started(engine, images["server"], home, *HARD, "--memory", limit, "--tmpfs", "/tmp:rw,size=64m") as (
        name,
        port,
    ):
        status, answer = asked(port, "POST", "/v2/models/trips/infer", question(project))
        assert status == 200
        assert answer["predictions"][0]["label"] in (True, False)
        for _ in range(300):
            assert asked(port, "POST", "/v2/models/trips/infer", question(project))[0] == 200
        told = "{{.Config.User}} {{.HostConfig.ReadonlyRootfs}} {{.HostConfig.Memory}}"
        user, is_read_only, bytes_ = engine("podman", "inspect", "--format", told, name).stdout.split()
        assert (user, is_read_only) == (f"{_kube.USER}:{_kube.USER}", "true")
        assert int(bytes_) == int(limit[:-1]) << 20
        pid = engine("podman", "inspect", "--format", "{{.State.Pid}}", name).stdout.strip()
        assert Path(f"/proc/{pid}").stat().st_uid == _kube.USER
        refused = engine("podman", "exec", name, _kube.PYTHON, "-c", "open('/release/x', 'w')", check=False)
        assert "Read-only file system" in refused.stderr
        healthy = engine("podman", "exec", name, _kube.PYTHON, "-m", "seakeep.serving.health", check=False)
        assert healthy.returncode == 0
        engine("podman", "stop", "--time", "40", name)
        assert engine("podman", "inspect", "--format", "{{.State.ExitCode}}", name).stdout.strip() == "0"
    with Registry(project / ".seakeep") as registry:
        digest = registry.resolve("trips").release.digest
    rows = PredictionLog.of(home, "trips").scan().collect()
    assert rows.height == 301
    assert rows.select("@role", "@version", "@release").unique().rows() == [("champion", 1, digest)]


def test_requests_under_way_are_answered_when_the_container_is_told_to_stop(engine, images, project, tmp_path) -> None:
    row = json.loads(question(project))["rows"][0]
    body = json.dumps({"rows": [row] * 9000})
    with started(engine, images["server"], tmp_path / "home", *HARD, "--tmpfs", "/tmp:rw,size=64m") as (name, port):
        line = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        line.putrequest("POST", "/v2/models/trips/infer")
        line.putheader("content-type", "application/json")
        line.putheader("content-length", str(len(body)))
        line.endheaders(body[: len(body) // 2].encode())
        time.sleep(0.3)
        engine("podman", "kill", "--signal", "TERM", name)
        time.sleep(0.5)
        line.send(body[len(body) // 2 :].encode())
        answer = line.getresponse()
        assert answer.status == 200
        assert len(json.loads(answer.read())["predictions"]) == 9000
        line.close()
        assert engine("podman", "wait", name).stdout.strip() == "0"


def test_a_server_without_a_folder_for_temporary_files_says_so(engine, images) -> None:
    done = engine("podman", "run", "--rm", *RUN, *HARD, images["server"], check=False)
    assert done.returncode == 3
    assert "there is no folder for temporary files" in done.stderr


def test_more_memory_than_the_limit_ends_the_container_and_nothing_else(engine, images) -> None:
    command = ("--entrypoint", _kube.PYTHON, images["server"], "-c", "x = bytearray(200 << 20)")
    done = engine("podman", "run", "--rm", *RUN, "--memory", "64m", *command, check=False)
    assert done.returncode == 137


def test_the_servers_packages_stay_below_350_mb_and_are_those_of_the_core(engine, images) -> None:
    code = (
        "import json, pathlib, sysconfig; site = pathlib.Path(sysconfig.get_path('purelib')); "
        "size = lambda p: sum(f.lstat().st_size for f in p.rglob('*')) if p.is_dir() else p.stat().st_size; "
        "print(json.dumps({p.name: size(p) for p in site.iterdir()}))"
    )
    done = engine("podman", "run", "--rm", *RUN, "--entrypoint", _kube.PYTHON, images["server"], "-c", code)
    parts = dict(sorted(json.loads(done.stdout).items(), key=lambda item: -item[1]))
    print({name: round(size / 1e6, 1) for name, size in parts.items() if size > 500_000})
    print("together", round(sum(parts.values()) / 1e6, 1), "MB")
    assert sum(parts.values()) < MOST_BYTES, parts
    assert not {"pip", "setuptools", "sklearn", "lightgbm", "onnx", "pandas"} & set(parts)
    assert sum(name.endswith(".dist-info") for name in parts) <= 25


def test_nothing_is_compiled_when_a_slim_server_starts(engine, images) -> None:
    code = (
        "import sys, importlib.util, os; import seakeep.serving.server.app, seakeep.cli.serve, polars, onnxruntime; "
        "print([m for m in sys.modules.values() if str(getattr(m, '__file__', '')).startswith('/opt') and m.__file__.endswith('.py') "
        "and not os.path.exists(importlib.util.cache_from_source(m.__file__))])"
    )
    done = engine("podman", "run", "--rm", *RUN, "--entrypoint", _kube.PYTHON, images["server"], "-c", code)
    assert done.stdout.strip() == "[]"


def test_an_image_says_what_it_holds(engine, images, project) -> None:
    told = engine("podman", "image", "inspect", "--format", "{{json .Labels}}", images["server"]).stdout
    labels = json.loads(told)
    assert labels["org.opencontainers.image.title"] == "trips server"
    assert labels["dev.seakeep.verdict"] == "pass"
    with Registry(project / ".seakeep") as registry:
        assert labels["dev.seakeep.release"] == registry.resolve("trips").release.digest


def test_another_release_than_the_exported_one_is_not_built(engine, images, project, tmp_path) -> None:
    """The line of the Dockerfile that compares, on top of what is built already, since only the release differs."""
    exported = project / "deploy" / "server"
    shutil.copytree(exported / "release", tmp_path / "release")
    line = next(line for line in (exported / "Dockerfile").read_text().splitlines() if "check_folder" in line)
    (tmp_path / "Dockerfile").write_text(f"FROM {images['server']}\nUSER 0\nCOPY release/ /release/\n{line}\n")
    build = ("buildah", "build", "--isolation", "chroot", "--tag", "localhost/broken", tmp_path)
    engine(*build)
    schema = tmp_path / "release" / "schema.json"
    schema.write_text(schema.read_text() + "\n")
    done = engine(*build, check=False)
    assert done.returncode != 0
    assert "TornRelease" in done.stderr


def test_a_wheel_that_the_lock_does_not_know_is_not_installed(engine, images, project, tmp_path) -> None:
    """One package of the exported ones is enough to see the build end."""
    exported, context = project / "deploy" / "server", tmp_path / "server"
    (context / "wheelhouse").mkdir(parents=True)
    shutil.copy(exported / "Dockerfile", context)
    shutil.copy(next(exported.glob("wheelhouse/click-*.whl")), context / "wheelhouse")
    known = re.search(r"click==\S+ \\\n\s+--hash=sha256:[0-9a-f]{64}", (exported / "requirements.txt").read_text())
    (context / "requirements.txt").write_text(known[0][:-4] + "0000\n")
    done = engine("buildah", "build", "--isolation", "chroot", "--tag", "localhost/broken", context, check=False)
    assert done.returncode != 0
    assert "DO NOT MATCH THE HASHES" in done.stderr


def test_the_worker_runs_a_stage_the_monitor_and_the_retraining(engine, images, tmp_path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    os.chown(home, _kube.USER, _kube.USER)
    flags = (*RUN, *HARD, "--tmpfs", "/tmp:rw,size=256m", "--volume", f"{home}:{_kube.HOME}", images["worker"])
    for stage in ("read", "profile"):
        done = engine("podman", "run", "--rm", *flags, "run", "/project/pipeline.py", "--stage", stage, check=False)
        assert done.returncode == 0, done.stderr
    done = engine("podman", "run", "--rm", *flags, "run", "/project/pipeline.py", "--json")
    assert json.loads(done.stdout)["verdict"] == "pass"
    done = engine("podman", "run", "--rm", *flags, "monitor", "trips", "--once", "--json", check=False)
    assert done.returncode in (0, 1, 2), done.stderr
    done = engine("podman", "run", "--rm", *flags, "retrain", "/project/pipeline.py", "--once", "--json", check=False)
    assert done.returncode in (0, 2), done.stderr


def test_lightgbm_finds_gnu_openmp_in_a_worker_whose_base_has_none(engine, images) -> None:
    code = "import lightgbm, numpy; print(lightgbm.LGBMRegressor(n_estimators=1, min_child_samples=1).fit(numpy.eye(4), [1, 2, 3, 4]).n_features_)"
    done = engine("podman", "run", "--rm", *RUN, "--entrypoint", _kube.PYTHON, images["worker"], "-c", code)
    assert done.stdout.split()[-1] == "4"

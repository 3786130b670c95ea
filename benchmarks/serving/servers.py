"""The servers that are compared, started around the model of `model.py`: Seakeep (also with compiled trees), its floor, MLServer,
KServe's and BentoML.

Each is a context manager that gives a `Started` once the server answers, and ends it. The peers come with scripts/serving-peers; how
each is written is in `peers/`. What is hard: each has its own way to be told of ports, and all start processes of their own, so a
server is a process group, ended as one.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from model import COLUMNS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
PEERS = ROOT / ".platforms" / "serving-peers"
NAMES = ("seakeep", "compiled", "floor", "mlserver", "kserve", "bentoml")
WITH_GRPC = ("seakeep", "compiled", "mlserver", "kserve")
READY_SECONDS = 120
_INFER = "/v2/models/flights/infer"


@dataclass(frozen=True, slots=True)
class Started:
    """A server that answers. grpc: port, 0 where there is none. ready_s: from the start to the first good answer."""

    name: str
    process: subprocess.Popen[bytes]
    port: int
    grpc: int
    path: str
    ready_s: float

    def post(self, body: bytes, **headers: str) -> tuple[int, dict[str, str], bytes]:
        """Status, headers by name in small letters, and content."""
        return post(self.port, self.path, body, **headers)

    def memory(self) -> dict[str, float]:
        """Resident and proportional MiB of its processes, and how many they are; shared pages count once in the latter."""
        rollups = [Path(f"/proc/{pid}/smaps_rollup").read_text() for pid in descendants(self.process.pid)]
        sums = {
            name: sum(int(re.search(rf"^{name}:\s+(\d+)", text, re.MULTILINE)[1]) for text in rollups)
            for name in ("Rss", "Pss")
        }
        return {
            **{f"{name.lower()}_mib": round(kib / 1024, 1) for name, kib in sums.items()},
            "processes": len(rollups),
        }


def post(port: int, path: str, body: bytes, **headers: str) -> tuple[int, dict[str, str], bytes]:
    """One request on a connection of its own."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    with contextlib.closing(connection):
        connection.request("POST", path, body, {"content-type": "application/json", **named})
        answer = connection.getresponse()
        return answer.status, {key.lower(): value for key, value in answer.getheaders()}, answer.read()


def descendants(pid: int) -> list[int]:
    """A process and all below it, whichever of its threads began them."""
    children = [child for own in Path(f"/proc/{pid}/task").glob("*/children") for child in own.read_text().split()]
    return [pid, *(below for child in children for below in descendants(int(child)))]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def started(name: str, folder: Path, body: bytes, *, prefix: Sequence[str] = (), scratch: Path) -> Iterator[Started]:
    """A server by its name. folder: of the model. body: what it must answer. prefix: before the command (taskset)."""
    port, grpc = free_port(), free_port()
    command, environment, path = COMMANDS[name](folder, port, grpc, scratch)
    began = time.perf_counter()
    log = scratch / f"{name}.log"
    with log.open("wb") as sink:
        process = subprocess.Popen(
            [*prefix, *map(str, command)],
            env={**os.environ, "GRAPH": str(folder / "model.onnx"), **environment},
            stdout=sink,
            stderr=sink,
            cwd=scratch,
            start_new_session=True,
        )
    try:
        until_answered(process, port, path, body, log)
        yield Started(
            name, process, port, grpc if name in WITH_GRPC else 0, path, round(time.perf_counter() - began, 2)
        )
    finally:
        end(process)


def until_answered(process: subprocess.Popen[bytes], port: int, path: str, body: bytes, log: Path) -> None:
    deadline = time.perf_counter() + READY_SECONDS
    while time.perf_counter() < deadline and process.poll() is None:
        with contextlib.suppress(OSError, http.client.HTTPException):
            if post(port, path, body)[0] == 200:
                return
        time.sleep(0.005)
    raise SystemExit(f"no answer at port {port}{path}: {log.read_text()[-1000:]}")


def end(process: subprocess.Popen[bytes]) -> None:
    """End a server and what it started."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGTERM)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(20)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


Command = tuple[list[object], dict[str, str], str]


def _seakeep(folder: Path, port: int, grpc: int, scratch: Path) -> Command:
    """With all that is on by default, and its predictions on record."""
    command = [sys.executable, "-m", "seakeep.serving", folder, "--port", port, "--grpc", f"127.0.0.1:{grpc}"]
    return [*command, "--home", scratch / "home"], {}, _INFER


def _compiled(folder: Path, port: int, grpc: int, scratch: Path) -> Command:
    """The same with its trees in native code."""
    command, environment, path = _seakeep(folder, port, grpc, scratch)
    return [*command, "--trees", "compiled"], environment, path


def _floor(folder: Path, port: int, grpc: int, scratch: Path) -> Command:
    del grpc, scratch
    command = [Path(sys.executable).with_name("granian"), "--interface", "rsgi", "--no-ws", "--log-level", "error"]
    return (
        [*command, "--port", port, "bare_handler:app"],
        {"MODEL": str(folder), "PYTHONPATH": str(HERE.parent)},
        _INFER,
    )


def _mlserver(folder: Path, port: int, grpc: int, scratch: Path) -> Command:
    """One process: with one of its workers, its default, 1.7.1 does not start with the uvloop that it resolves to."""
    del folder
    ports = {"http_port": port, "grpc_port": grpc, "metrics_port": free_port()}
    settings = {"host": "127.0.0.1", **ports, "parallel_workers": 0, "debug": False}
    inputs = [{"name": name, "datatype": "FP64", "shape": [-1]} for name in COLUMNS]
    outputs = [
        {"name": "probabilities", "datatype": "FP32", "shape": [-1, 2]},
        {"name": "label", "datatype": "BOOL", "shape": [-1, 1]},
    ]
    model = {"name": "flights", "implementation": "mlserver_flights.Flights", "platform": "onnx"}
    own = scratch / "flights"
    own.mkdir(exist_ok=True)
    (own / "settings.json").write_text(json.dumps(settings))
    (own / "model-settings.json").write_text(json.dumps({**model, "inputs": inputs, "outputs": outputs}))
    return [PEERS / "mlserver/bin/mlserver", "start", own], {"PYTHONPATH": str(HERE / "peers")}, _INFER


def _kserve(folder: Path, port: int, grpc: int, scratch: Path) -> Command:
    del folder, scratch
    ports = ["--http_port", port, "--grpc_port", grpc]
    return [PEERS / "kserve/bin/python", HERE / "peers/kserve_flights.py", *ports], {}, _INFER


def _bentoml(folder: Path, port: int, grpc: int, scratch: Path) -> Command:
    del folder, grpc
    own = {"BENTOML_DO_NOT_TRACK": "1", "BENTOML_HOME": str(scratch / "bentoml"), "PYTHONPATH": str(HERE / "peers")}
    own["PATH"] = f"{PEERS / 'bentoml/bin'}:{os.environ['PATH']}"
    command = [PEERS / "bentoml/bin/bentoml", "serve", "bentoml_flights:Flights", "--host", "127.0.0.1", "--port", port]
    return [*command, "--working-dir", HERE / "peers"], own, "/infer"


COMMANDS = {
    "seakeep": _seakeep,
    "compiled": _compiled,
    "floor": _floor,
    "mlserver": _mlserver,
    "kserve": _kserve,
    "bentoml": _bentoml,
}

"""A server on one core and load on the other: what the benchmarks of the prediction log share.

h2load (Debian package nghttp2-client) is the load. On a machine that others use too, PREFIX runs server and load in the real-time class.
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
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from seakeep.core import Kind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from seakeep.serving import Served

SERVER_CPU, CLIENT_CPU = "0", "1"
PREFIX: list[str] = []


def as_json(row: dict[str, Any], served: Served) -> dict[str, Any]:
    """A raw row as a client writes it."""
    return {
        item.name: row[item.name].isoformat() if item.kind is Kind.TIMESTAMP and row[item.name] else row[item.name]
        for item in served.model.inputs
    }


def body_of(rows: list[dict[str, Any]]) -> bytes:
    return json.dumps({"rows": rows}).encode()


def tensors(row: dict[str, Any], served: Served) -> bytes:
    datatypes = {Kind.INTEGER: "INT64", Kind.NUMBER: "FP64", Kind.BOOLEAN: "BOOL"}
    inputs = [
        {"name": item.name, "shape": [1], "datatype": datatypes.get(item.kind, "BYTES"), "data": [row[item.name]]}
        for item in served.model.inputs
    ]
    return json.dumps({"inputs": inputs}).encode()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def running(command: list[str], **environment: str) -> Iterator[tuple[subprocess.Popen[bytes], float]]:
    started = time.perf_counter()
    process = subprocess.Popen(
        [*PREFIX, "taskset", "-c", SERVER_CPU, *command], env={**os.environ, **environment}, stdout=subprocess.DEVNULL
    )
    try:
        yield process, started
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)


def first_answer(port: int, path: str, row: dict[str, Any]) -> float:
    deadline = time.perf_counter() + 20
    while time.perf_counter() < deadline:
        with contextlib.suppress(OSError):
            if post(port, path, body_of([row]))[0] == 200:
                return time.perf_counter()
        time.sleep(0.005)
    raise SystemExit(f"no answer at port {port}")


def post(port: int, path: str, body: bytes) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    with contextlib.closing(connection):
        connection.request("POST", path, body, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        return answer.status, answer.read()


def load(port: int, path: str, body: bytes, clients: int, seconds: float) -> tuple[float, float, float]:
    with tempfile.TemporaryDirectory() as folder:
        file, log = Path(folder, "body"), Path(folder, "log")
        file.write_bytes(body)
        command = [
            *PREFIX,
            "taskset",
            "-c",
            CLIENT_CPU,
            "h2load",
            "--h1",
            f"-c{clients}",
            "-t1",
            f"-D{seconds}",
            "-d",
            str(file),
        ]
        command += [f"--log-file={log}", "-H", "content-type: application/json", f"http://127.0.0.1:{port}{path}"]
        text = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        entries = [line.split("\t") for line in log.read_text().splitlines()]
    statuses = {entry[1] for entry in entries}
    if statuses != {"200"}:
        raise SystemExit(f"port {port} answered {statuses}")
    times = sorted(int(entry[2]) / 1000 for entry in entries)
    rate = float(re.search(r"([\d.]+) req/s", text)[1])
    return rate, times[len(times) // 2], times[len(times) * 99 // 100]

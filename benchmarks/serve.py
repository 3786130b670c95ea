"""Serving: requests a second on one core, with validation and metrics on, beside a bare handler around the same graph.

    python benchmarks/serve.py MODEL_FOLDER ROWS.parquet [--rounds 5] [--seconds 2] [--realtime] [--json]

The server is pinned to CPU 0 and the load generator (h2load, Debian package nghttp2-client) to CPU 1; bursts of the two
servers take turns, the first of each is thrown away, and the median is reported. Before anything is timed, 200 rows are
sent to both and the answers must be equal to the bit to those in process. On a machine that others use too, --realtime runs
servers and load in the real-time class (SCHED_RR, needs root), so that neighbours are not measured.
"""

from __future__ import annotations

import argparse
import contextlib
import http.client
import json
import os
import platform
import re
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from seakeep.core import Kind
from seakeep.serving import OnnxPredictor, Served

if TYPE_CHECKING:
    from collections.abc import Iterator

PORTS = {"seakeep": 18461, "bare": 18462}
SERVER_CPU, CLIENT_CPU = "0", "1"
CHECKED_ROWS = 200
HERE = Path(__file__).parent
PREFIX: list[str] = []


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", type=Path, help="folder of a model or release")
    parser.add_argument("rows", type=Path, help="Parquet file with the raw columns")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=2)
    parser.add_argument("--realtime", action="store_true", help="SCHED_RR for servers and load; needs root")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    if options.realtime:
        PREFIX.extend(("chrt", "-r", "1"))
    served = Served.load(options.model)
    frame = pl.read_parquet(options.rows).head(CHECKED_ROWS)
    rows = [as_json(row, served) for row in frame.iter_rows(named=True)]
    expected = OnnxPredictor(served.model).predict(frame).scores.tolist()
    path = f"/v2/models/{served.name}/infer"
    figures: dict[str, Any] = {"versions": versions(), "rows_in_body": 1, "inputs": len(served.model.inputs)}
    with seakeep_server(options.model, figures, path, rows[0]), bare_server(options.model, path, rows[0]):
        for name, port in PORTS.items():
            check_answers(port, path, rows, expected)
            figures[f"{name}_answers_equal"] = CHECKED_ROWS
        timed = [("rows", body_of(rows[:1])), ("tensors", tensors(rows[0], served)), ("64 rows", body_of(rows[:64]))]
        for form, body in timed:
            for clients in (1, 16, 64):
                figures[f"{form}, c={clients}"] = compare(path, body, clients, form != "tensors", options)
    show(figures, as_json_text=options.json)


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


@contextlib.contextmanager
def seakeep_server(folder: Path, figures: dict[str, Any], path: str, row: dict[str, Any]) -> Iterator[None]:
    command = [sys.executable, "-m", "seakeep.serving", str(folder), "--port", str(PORTS["seakeep"])]
    with running(command) as (process, started):
        figures["start_to_first_answer_s"] = round(first_answer(PORTS["seakeep"], path, row) - started, 3)
        time.sleep(1)
        figures["idle_memory_mib"] = memory(process.pid)
        yield


@contextlib.contextmanager
def bare_server(folder: Path, path: str, row: dict[str, Any]) -> Iterator[None]:
    command = [str(Path(sys.executable).with_name("granian")), "--interface", "rsgi", "--no-ws", "--log-level", "error"]
    command += ["--port", str(PORTS["bare"]), "bare_handler:app"]
    with running(command, MODEL=str(folder), PYTHONPATH=str(HERE)):
        first_answer(PORTS["bare"], path, row)
        yield


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


def check_answers(port: int, path: str, rows: list[dict[str, Any]], expected: list[list[float]]) -> None:
    for row, own in zip(rows, expected, strict=True):
        status, body = post(port, path, body_of([row]))
        found = list(json.loads(body)["predictions"][0]["probabilities"].values()) if status == 200 else body
        if found != own:
            raise SystemExit(f"port {port} answers {status} {found!r}, expected {own} for {row}")


def memory(pid: int) -> dict[str, float]:
    """Resident and proportional memory in MiB of a process and its children; shared pages count once in the latter."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    rollups = [Path(f"/proc/{one}/smaps_rollup").read_text() for one in (str(pid), *children)]
    sums = {
        name: sum(int(re.search(rf"^{name}:\s+(\d+)", text, re.MULTILINE)[1]) for text in rollups)
        for name in ("Rss", "Pss")
    }
    return {**{name.lower(): round(kib / 1024, 1) for name, kib in sums.items()}, "processes": len(rollups)}


def compare(path: str, body: bytes, clients: int, bare_too: bool, options: argparse.Namespace) -> dict[str, Any]:
    """Median requests/s and p50/p99 milliseconds of each server; bursts take turns."""
    names = list(PORTS) if bare_too else ["seakeep"]
    bursts: dict[str, list[tuple[float, float, float]]] = {name: [] for name in names}
    for number in range(options.rounds + 1):
        for name in names:
            burst = load(PORTS[name], path, body, clients, options.seconds)
            if number:
                bursts[name].append(burst)
    return {
        name: dict(
            zip(("requests_per_s", "p50_ms", "p99_ms"), map(statistics.median, zip(*own, strict=True)), strict=True)
        )
        for name, own in bursts.items()
    }


def load(port: int, path: str, body: bytes, clients: int, seconds: float) -> tuple[float, float, float]:
    with tempfile.TemporaryDirectory() as folder:
        file, log = Path(folder, "body"), Path(folder, "log")
        file.write_bytes(body)
        command = [
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


def versions() -> dict[str, str]:
    names = ("granian", "onnxruntime", "msgspec", "numpy", "polars")
    return {"python": platform.python_version(), **{name: version(name) for name in names}}


def show(figures: dict[str, Any], *, as_json_text: bool) -> None:
    if as_json_text:
        print(json.dumps(figures, indent=1))
        return
    for name, value in figures.items():
        print(f"{name:28} {value}")


if __name__ == "__main__":
    main()

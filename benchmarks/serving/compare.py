"""Seakeep with all on, its floor (a bare handler around the same graph), MLServer, KServe's server and BentoML, on one core.

Usage: python benchmarks/serving/compare.py [--only seakeep,floor] [--rounds 5] [--seconds 2] [--realtime]     (after scripts/serving-peers)

A server is pinned to CPU 0 and the load (h2load, Debian package nghttp2-client) to CPU 1. Servers run one after another, each form and
number of clients in bursts whose first is thrown away; medians are told, as JSON. Before anything is timed, the answers to 200 rows
must be those of the model in process, to seven digits. A server that speaks no such form is left out of it. On a machine that others
use too, --realtime runs servers and load in the real-time class (SCHED_RR, needs root).
"""

from __future__ import annotations

import argparse
import json
import math
import re
import statistics
import struct
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import polars as pl
from model import COLUMNS, made
from servers import NAMES, Started, started

from seakeep.serving import OnnxPredictor, Served

CHECKED_ROWS = 200
CLIENTS = (1, 16, 64)
ROWS = (1, 64)
GRPC_PATH = "/inference.GRPCInferenceService/ModelInfer"
Row = dict[str, float | None]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default=",".join(NAMES))
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=2)
    parser.add_argument("--realtime", action="store_true", help="SCHED_RR for servers and load; needs root")
    options = parser.parse_args()
    folder = made()
    frame = pl.read_parquet(folder / "rows.parquet").drop_nulls(COLUMNS).head(CHECKED_ROWS)
    expected = OnnxPredictor(Served.load(folder / "flights").model).predict(frame).scores.tolist()
    rows = frame.select(COLUMNS).to_dicts()
    figures = {name: measured(name, folder / "flights", rows, expected, options) for name in options.only.split(",")}
    print(json.dumps(figures, indent=1))


def measured(name: str, folder: Path, rows: list[Row], expected: list[list[float]], options: Any) -> dict[str, Any]:
    """All figures of one server."""
    prefix = [*(("chrt", "-r", "1") if options.realtime else ()), "taskset", "-c"]
    first = bodies(name, rows[:1])["json"][0]
    with (
        tempfile.TemporaryDirectory() as scratch,
        started(name, folder, first, prefix=[*prefix, "0"], scratch=Path(scratch)) as server,
    ):
        found: dict[str, Any] = {"ready_s": server.ready_s, "idle": server.memory()}
        for row, own in zip(rows, expected, strict=True):
            check(server, row, own)
        for count in ROWS:
            for form, (body, headers) in bodies(name, rows[:count]).items():
                for clients in CLIENTS:
                    bursts = [
                        load(server, form, body, headers, clients, options.seconds, [*prefix, "1"])
                        for _ in range(options.rounds + 1)
                    ][1:]
                    figures = map(statistics.median, zip(*bursts, strict=True))
                    named = zip(("requests_per_s", "p50_ms", "p99_ms"), figures, strict=True)
                    found[f"{form}, {count} rows, c={clients}"] = dict(named)
    return found


def bodies(name: str, rows: list[Row]) -> dict[str, tuple[bytes, dict[str, str]]]:
    """Body and headers by form, of those that a server takes."""
    plain = {"content-type": "application/json"}
    if name in ("floor", "bentoml"):
        return {"json": (json.dumps({"rows": rows}).encode(), plain)}
    head = [{"name": column, "shape": [len(rows)], "datatype": "FP64"} for column in COLUMNS]
    values = {column: [row[column] for row in rows] for column in COLUMNS}
    tensors = [{**one, "data": values[str(one["name"])]} for one in head]
    raws = [struct.pack(f"<{len(rows)}d", *values[column]) for column in COLUMNS]
    found = {"json": (json.dumps({"inputs": tensors}).encode(), plain), "grpc": grpc_body(len(rows), raws)}
    if name != "mlserver":
        sized = [{**one, "parameters": {"binary_data_size": 8 * len(rows)}} for one in head]
        text = json.dumps({"inputs": sized, "parameters": {"binary_data_output": True}}).encode()
        own = {"content-type": "application/octet-stream", "inference-header-content-length": str(len(text))}
        found["binary"] = (text + b"".join(raws), own)
    return found


def grpc_body(rows: int, raws: list[bytes]) -> tuple[bytes, dict[str, str]]:
    """A message in gRPC's frame, for a load generator that speaks HTTP/2 alone."""
    from seakeep.serving.server.grpc.messages import messages

    request = messages().InferRequest(model_name="flights", raw_input_contents=raws)
    for column in COLUMNS:
        request.inputs.add(name=column, datatype="FP64", shape=[rows])
    text = request.SerializeToString()
    return b"\0" + struct.pack(">I", len(text)) + text, {"content-type": "application/grpc", "te": "trailers"}


def check(server: Started, row: Row, expected: list[float]) -> None:
    """End with a message unless a row has its answer."""
    status, _, body = server.post(bodies(server.name, [row])["json"][0])
    found = scores(json.loads(body)) if status == 200 else []
    if len(found) != len(expected) or not all(
        math.isclose(*pair, rel_tol=1e-7) for pair in zip(found, expected, strict=True)
    ):
        raise SystemExit(f"{server.name} answers {status} {body[:300]!r}, expected {expected} for {row}")


def scores(answer: dict[str, Any]) -> list[float]:
    """The probabilities of the first row, as each protocol has them."""
    if "outputs" in answer:
        return next(one["data"] for one in answer["outputs"] if one["name"] == "probabilities")
    if "predictions" in answer:
        return list(answer["predictions"][0]["probabilities"].values())
    return list(answer["probabilities"][0])


def load(  # noqa: PLR0917
    server: Started, form: str, body: bytes, headers: dict[str, str], clients: int, seconds: int, prefix: list[str]
) -> tuple[float, float, float]:
    """Requests a second and milliseconds at p50 and p99 of one burst. Ends with a message for another status than 200."""
    with tempfile.TemporaryDirectory() as folder:
        file, log = Path(folder, "body"), Path(folder, "log")
        file.write_bytes(body)
        command = [*prefix, "h2load", f"-c{clients}", "-t1", f"-D{seconds}", "-d", str(file), f"--log-file={log}"]
        command += [part for name, value in headers.items() for part in ("-H", f"{name}: {value}")]
        address = f"http://127.0.0.1:{server.grpc}{GRPC_PATH}"
        if form != "grpc":
            command, address = [*command, "--h1"], f"http://127.0.0.1:{server.port}{server.path}"
        text = subprocess.run([*command, address], check=True, capture_output=True, text=True).stdout
        entries = [line.split("\t") for line in log.read_text().splitlines()]
    statuses = {entry[1] for entry in entries}
    if statuses != {"200"}:
        raise SystemExit(f"{server.name} answered {form} with {statuses}")
    times = sorted(int(entry[2]) / 1000 for entry in entries)
    rate = float(re.search(r"([\d.]+) req/s", text)[1])
    return rate, times[len(times) // 2], times[len(times) * 99 // 100]


if __name__ == "__main__":
    main()

"""gRPC: calls a second on one core, everything on, beside bare handlers around the same graph, waiting and asynchronous.

Usage: python benchmarks/serving/grpc_calls.py [--calls 4000] [--rounds 3] [--realtime] [--json]

One row of 12 numbers as raw contents; server on CPU 0, h2load (Debian package nghttp2-client) on CPU 1; servers take turns and the median
is reported. Answers are compared with those in process before anything is timed. CPU seconds of the server's process
are told beside the rate, since a shared machine disturbs them less. `--realtime`: SCHED_RR for servers and load; needs root.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import re
import statistics
import struct
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import grpc
import numpy as np
import polars as pl
from model import made

from seakeep.features.nulls import feeds
from seakeep.serving import OnnxPredictor, Served
from seakeep.serving.server.grpc.messages import SERVICE, messages

if TYPE_CHECKING:
    from collections.abc import Iterator

KINDS = messages()
CLIENTS = {"1 channel": (1, 1), "16 channels": (16, 1), "64 channels": (64, 1), "1 channel, 16 calls": (1, 16)}
SERVERS = ("seakeep", "bare", "bare asyncio")
THREADS = 64


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=4000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--realtime", action="store_true")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--bare", choices=SERVERS[1:], help=argparse.SUPPRESS)
    options = parser.parse_args()
    folder = made()
    served = Served.load(folder / "flights")
    if options.bare:
        serve_bare(served, asynchronous=options.bare == SERVERS[2])
        return
    frame = pl.read_parquet(folder / "rows.parquet").head(1)
    body = request(served, frame)
    expected = OnnxPredictor(served.model).predict(frame).scores.ravel().tolist()
    prefix = ("chrt", "-r", "1") if options.realtime else ()
    rates: dict[tuple[str, str], list[tuple[float, float]]] = {}
    for _ in range(options.rounds):
        for name in SERVERS:
            with started(name, folder / "flights", prefix) as (address, worker):
                check(address, body, expected)
                for client, (connections, streams) in CLIENTS.items():
                    rate = load(prefix, address, worker, body, (connections, streams, options.calls))
                    rates.setdefault((name, client), []).append(rate)
    told = {
        f"{name}, {client}": [
            round(statistics.median(one[0] for one in found)),
            round(statistics.median(one[1] for one in found)),
        ]
        for (name, client), found in rates.items()
    }
    if options.json:
        print(json.dumps(told))
        return
    for row, (calls, micros) in told.items():
        print(f"{row:32} {calls:7,} calls/s  {micros:5} µs of CPU a call")


def request(served: Served, frame: pl.DataFrame) -> bytes:
    """A call as Triton's client would write it: NaN where missing."""
    message = KINDS.InferRequest(model_name=served.name)
    for name, array in feeds(frame, served.model.inputs).items():
        message.inputs.add(name=name, datatype="FP64", shape=[len(array)])
        message.raw_input_contents.append(array.astype("<f8").tobytes())
    body: bytes = message.SerializeToString()
    return body


def serve_bare(served: Served, *, asynchronous: bool) -> None:
    """The least that answers: parse, one run, write. No checks, no log, no metrics."""
    predictor = OnnxPredictor(served.model, threads=1)

    def answer(body: bytes, context: Any) -> bytes:
        del context
        message = KINDS.InferRequest.FromString(body)
        raws = zip(message.inputs, message.raw_input_contents, strict=True)
        scores = predictor.predict_feeds({one.name: np.frombuffer(raw, "<f8") for one, raw in raws}).scores
        response = KINDS.InferResponse(model_name=served.name, raw_output_contents=[scores.tobytes()])
        response.outputs.add(name="probabilities", datatype="FP32", shape=scores.shape)
        told: bytes = response.SerializeToString()
        return told

    if asynchronous:
        asyncio.run(_serve_asynchronous(answer))
        return
    server = grpc.server(ThreadPoolExecutor(THREADS))
    server.add_registered_method_handlers(SERVICE, {"ModelInfer": grpc.unary_unary_rpc_method_handler(answer)})
    print(f"grpc://127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}", flush=True)
    server.start()
    server.wait_for_termination()


async def _serve_asynchronous(answer: Any) -> None:
    async def own(body: bytes, context: Any) -> bytes:
        told: bytes = answer(body, context)
        return told

    server = grpc.aio.server()
    handlers = {"ModelInfer": grpc.unary_unary_rpc_method_handler(own)}
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(SERVICE, handlers),))
    print(f"grpc://127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}", flush=True)
    await server.start()
    await server.wait_for_termination()


@contextlib.contextmanager
def started(name: str, folder: Path, prefix: tuple[str, ...]) -> Iterator[tuple[str, int]]:
    """The address of a server, and the process that answers."""
    command = [sys.executable, __file__, "--bare", name]
    with tempfile.TemporaryDirectory() as home:
        if name == SERVERS[0]:
            command = [
                sys.executable,
                "-m",
                "seakeep.serving",
                str(folder),
                "--port",
                "0",
                "--grpc",
                "127.0.0.1:0",
                "--home",
                home,
            ]
        with subprocess.Popen([*prefix, "taskset", "-c", "0", *command], stdout=subprocess.PIPE, text=True) as process:
            try:
                assert process.stdout is not None
                address = (
                    next(line for line in process.stdout if line.startswith("grpc://")).strip().removeprefix("grpc://")
                )
                time.sleep(1)
                children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text("ascii").split()
                yield address, int(children[0]) if children else process.pid
            finally:
                process.terminate()


def check(address: str, body: bytes, expected: list[float]) -> None:
    with grpc.insecure_channel(address) as channel:
        answer = KINDS.InferResponse.FromString(channel.unary_unary(f"/{SERVICE}/ModelInfer")(body, timeout=30))
    found = list(struct.unpack(f"<{len(expected)}f", answer.raw_output_contents[0]))
    assert found == expected, (found, expected)


def load(
    prefix: tuple[str, ...], address: str, worker: int, body: bytes, given: tuple[int, int, int]
) -> tuple[float, float]:
    """Calls a second, and microseconds of the server's CPU a call."""
    connections, streams, calls = given
    with tempfile.NamedTemporaryFile() as file:
        file.write(b"\0" + len(body).to_bytes(4, "big") + body)
        file.flush()
        command = [
            *prefix,
            "taskset",
            "-c",
            "1",
            "h2load",
            "-n",
            str(calls),
            "-c",
            str(connections),
            "-m",
            str(streams),
        ]
        command += ["-d", file.name, "-H", "content-type: application/grpc", "-H", "te: trailers"]
        before = _cpu(worker)
        done = subprocess.run(
            [*command, f"http://{address}/{SERVICE}/ModelInfer"], capture_output=True, text=True, check=True
        )
    assert f" {calls} succeeded, 0 failed" in done.stdout, done.stdout
    found = re.search(r"([\d.]+) req/s", done.stdout)
    assert found
    return float(found[1]), (_cpu(worker) - before) / calls * 1e6


def _cpu(pid: int) -> float:
    """Seconds of the CPU that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    main()

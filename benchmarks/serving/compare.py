"""Seakeep with all on, its floor (a bare handler around the same graph), MLServer, KServe's server and BentoML, on one core.

Usage: python benchmarks/serving/compare.py [--only seakeep,floor] [--rounds 5] [--seconds 2] [--realtime]     (after scripts/serving-peers)

All servers are pinned to CPU 0 and wait there; the load (h2load, Debian package nghttp2-client) is pinned to CPU 1 and goes from one to
the next, so that a busy minute of the machine hurts all of them. Each form and number of clients has bursts, the first of which
is thrown away; medians are told, as a table and as JSON. Before anything is timed, the answers to 200 rows must be those of the model in
process, to seven digits, in every form; in each burst every status must be 200 and the answers as long as a good one is (gRPC tells of
errors where h2load does not look). A server that speaks no such form is left out of it. On a machine that others use too, --realtime
runs servers and load in the real-time class (SCHED_RR, needs root).
"""

from __future__ import annotations

import argparse
import contextlib
import json
import re
import statistics
import struct
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from model import COLUMNS, made
from servers import NAMES, Started, started

from seakeep.serving import OnnxPredictor, Served

CHECKED_ROWS = 200
CLIENTS = (1, 16, 64)
ROWS = (1, 64)
FORMS = ("json", "binary", "grpc")
FRAME_BYTES = 5
SHORTER = 0.9  # a good answer may be a little shorter than another: an id, the digits of a number
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
    expected = OnnxPredictor(Served.load(folder / "flights").model).predict(frame).scores
    rows = frame.select(COLUMNS).to_dicts()
    prefix = [*(("chrt", "-r", "1") if options.realtime else ()), "taskset", "-c"]
    with contextlib.ExitStack() as stack:
        scratch = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        servers = []
        for name in options.only.split(","):
            first, own = bodies(name, rows[:1])["json"][0], scratch / name
            own.mkdir()
            servers.append(
                stack.enter_context(started(name, folder / "flights", first, prefix=[*prefix, "0"], scratch=own))
            )
        time.sleep(1)
        figures = {one.name: {"ready_s": one.ready_s, "idle": one.memory()} for one in servers}
        for server in servers:
            check(server, rows, expected)
        for count in ROWS:
            for form in FORMS:
                for clients in CLIENTS:
                    told = in_turns(servers, form, rows[:count], clients, options, [*prefix, "1"])
                    for name, found in told.items():
                        figures[name][f"{form}, {count} rows, c={clients}"] = found
    show(figures)
    print(json.dumps(figures))


def in_turns(  # noqa: PLR0917
    servers: list[Started], form: str, rows: list[Row], clients: int, options: Any, prefix: list[str]
) -> dict[str, dict[str, float]]:
    """Medians of one form and number of clients, by server."""
    able = [(server, bodies(server.name, rows)) for server in servers]
    able = [(server, own[form]) for server, own in able if form in own]
    bursts: dict[str, list[tuple[float, float, float]]] = {server.name: [] for server, _ in able}
    for _ in range(options.rounds + 1):
        for server, body in able:
            bursts[server.name].append(load(server, form, *body, clients, options.seconds, prefix))
    names = ("requests_per_s", "p50_ms", "p99_ms")
    return {
        name: dict(zip(names, map(statistics.median, zip(*taken[1:], strict=True)), strict=True))
        for name, taken in bursts.items()
    }


def show(figures: dict[str, dict[str, Any]]) -> None:
    """The table, as Markdown."""
    names = list(figures)
    print("| " + " | ".join(["requests/s · p50/p99 ms", *names]) + " |\n|" + "---|" * (len(names) + 1))
    ready = [f"{own['ready_s']} s, {own['idle']['rss_mib']}/{own['idle']['pss_mib']} MiB" for own in figures.values()]
    print("| " + " | ".join(["ready, idle RSS/PSS", *ready]) + " |")
    for case in [f"{form}, {count} rows, c={clients}" for count in ROWS for form in FORMS for clients in CLIENTS]:
        cells = [figures[name].get(case) for name in names]
        told = ["–" if one is None else "{:,.0f} · {:.2f}/{:.2f}".format(*one.values()) for one in cells]
        print("| " + " | ".join([case, *told]) + " |")


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


def check(server: Started, rows: list[Row], expected: Any) -> None:
    """End with a message unless every row has its answer, in every form that the server speaks."""
    for form in bodies(server.name, rows[:1]):
        for row, own in zip(rows, expected, strict=True):
            status, body = asked(server, form, *bodies(server.name, [row])[form])
            found = READ[form](body) if status == 200 else []
            if len(found) != len(own) or not np.allclose(found, own, rtol=1e-7, atol=0):
                raise SystemExit(f"{server.name} answers {form} with {status} {body[:300]!r}, expected {own} for {row}")


def asked(server: Started, form: str, body: bytes, headers: dict[str, str]) -> tuple[int, bytes]:
    """Status and content of one answer; a call of gRPC that fails has the status 500."""
    if form != "grpc":
        status, _, content = server.post(body, **headers)
        return status, content
    import grpc

    with grpc.insecure_channel(f"127.0.0.1:{server.grpc}") as channel:
        try:
            return 200, channel.unary_unary(GRPC_PATH)(body[FRAME_BYTES:])
        except grpc.RpcError as error:
            return 500, str(error).encode()


def of_json(body: bytes) -> list[float]:
    """The probabilities of the first row, as each protocol has them."""
    answer = json.loads(body)
    if "outputs" in answer:
        return next(one["data"] for one in answer["outputs"] if one["name"] == "probabilities")
    if "predictions" in answer:
        return list(answer["predictions"][0]["probabilities"].values())
    return list(answer["probabilities"][0])


def of_binary(body: bytes) -> list[float]:
    """The same of an answer with its tensors behind the JSON, in the order of its outputs."""
    answer, end = json.JSONDecoder().raw_decode(body.decode("latin-1"))
    for one in answer["outputs"]:
        size = one.get("parameters", {}).get("binary_data_size")
        if one["name"] == "probabilities":
            kind = {"FP32": "f", "FP64": "d"}[one["datatype"]]
            return one["data"] if size is None else list(struct.unpack(f"<2{kind}", body[end : end + size]))
        end += size or 0
    return []


def of_grpc(body: bytes) -> list[float]:
    """The same of gRPC's message, its tensors raw or not."""
    from seakeep.serving.server.grpc.messages import messages

    answer = messages().InferResponse.FromString(body)
    for at, one in enumerate(answer.outputs):
        if one.name == "probabilities":
            if answer.raw_output_contents:
                return list(
                    struct.unpack("<2" + {"FP32": "f", "FP64": "d"}[one.datatype], answer.raw_output_contents[at])
                )
            return list(one.contents.fp32_contents or one.contents.fp64_contents)
    return []


READ = {"json": of_json, "binary": of_binary, "grpc": of_grpc}


def load(  # noqa: PLR0917
    server: Started, form: str, body: bytes, headers: dict[str, str], clients: int, seconds: int, prefix: list[str]
) -> tuple[float, float, float]:
    """Requests a second and milliseconds at p50 and p99 of one burst. Ends with a message for answers that are no good ones."""
    good = asked(server, form, body, headers)[1]
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
    size = int(re.search(r"\((\d+)\) data", text)[1]) / len(entries)
    if size < SHORTER * len(good):
        raise SystemExit(
            f"{server.name} answered {form} with {size:.0f} bytes on average, a good answer has {len(good)}"
        )
    times = sorted(int(entry[2]) / 1000 for entry in entries)
    rate = float(re.search(r"([\d.]+) req/s", text)[1])
    return rate, times[len(times) // 2], times[len(times) * 99 // 100]


if __name__ == "__main__":
    main()

"""Seakeep with all on (also with compiled trees), its floor (a bare handler around the same graph), MLServer, KServe's server and BentoML, on
one core.

Usage: python benchmarks/serving/compare.py [--only seakeep,floor] [--rounds 3] [--seconds 2] [--realtime]     (after scripts/serving-peers;
as it stands some 15 minutes)

All servers are pinned to CPU 0 and wait there; the load (h2load, Debian package nghttp2-client) is pinned to CPU 1 and goes from one to
the next, so that a busy minute of the machine hurts all of them. Each form and number of clients has bursts, the first of which
is thrown away; medians are told, as a table and as JSON, and each as soon as it is known on standard error. Before anything is timed, the answers to
200 rows must be those of the model in process, to seven digits, in every form. Only answers with the status 200 count, and which share had another is
told; on average they must be as long as a good one is (gRPC tells of errors where h2load does not look). A server that speaks no such
form is left out of it; a peer that does not start, answers wrong or breaks is told of, and the others go on. On a machine that others use too,
--realtime runs servers and load in the real-time class (SCHED_RR, needs root).
"""

from __future__ import annotations

import argparse
import contextlib
import json
import re
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
from forms import FORMS, READ, Row, bodies
from model import COLUMNS, made
from servers import NAMES, Started, started

from seakeep.serving import OnnxPredictor, Served

if TYPE_CHECKING:
    from collections.abc import Iterator

PEERS = ("mlserver", "kserve", "bentoml")
CHECKED_ROWS = 200
IDLE_SECONDS = 2
CLIENTS = (1, 16, 64)
ROWS = (1, 64)
FRAME_BYTES = 5
SHORTER = 0.9  # a good answer may be a little shorter than another: an id, the digits of a number
GRPC_PATH = "/inference.GRPCInferenceService/ModelInfer"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default=",".join(NAMES))
    parser.add_argument("--rounds", type=int, default=3)
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
        servers, idle = [], {}
        for name in options.only.split(","):
            first, own = bodies(name, rows[:1])["json"][0], scratch / name
            own.mkdir()
            with spared(name):
                beginning = started(name, folder / "flights", first, prefix=[*prefix, "0"], scratch=own)
                servers.append(stack.enter_context(beginning))
                time.sleep(IDLE_SECONDS)
                idle[name] = servers[-1].memory()
        checked = []
        for server in servers:
            with spared(server.name):
                check(server, rows, expected)
                checked.append(server)
        servers = checked
        figures: dict[str, Any] = {
            server.name: {"ready_s": server.ready_s, "idle": idle[server.name]} for server in servers
        }
        for count in ROWS:
            for form in FORMS:
                for clients in CLIENTS:
                    told = in_turns(servers, form, rows[:count], clients, options, [*prefix, "1"])
                    case = f"{form}, {count} rows, c={clients}"
                    print(json.dumps({case: told}), file=sys.stderr, flush=True)
                    for name, found in told.items():
                        figures[name][case] = found
    show(figures)
    print(json.dumps(figures))


def in_turns(  # noqa: PLR0917
    servers: list[Started], form: str, rows: list[Row], clients: int, options: Any, prefix: list[str]
) -> dict[str, dict[str, float]]:
    """Medians of one form and number of clients, by server; without those that broke."""
    able = [(server, bodies(server.name, rows)) for server in servers]
    able = [(server, own[form]) for server, own in able if form in own]
    bursts: dict[str, list[tuple[float, ...]]] = {server.name: [] for server, _ in able}
    for _ in range(options.rounds + 1):
        for server, body in able:
            with spared(server.name):
                bursts[server.name].append(load(server, form, *body, clients, options.seconds, prefix))
    names = ("requests_per_s", "p50_ms", "p99_ms", "failed_share")
    return {
        name: dict(zip(names, map(statistics.median, zip(*taken[1:], strict=True)), strict=True))
        for name, taken in bursts.items()
        if len(taken) > 1
    }


@contextlib.contextmanager
def spared(name: str) -> Iterator[None]:
    """Tell of a peer that fails and go on; what Seakeep or its floor does wrong ends the benchmark."""
    try:
        yield
    except (SystemExit, Exception) as error:  # whatever a peer's answer is made of
        if name not in PEERS:
            raise
        print(f"{name}: {str(error)[:500]}", file=sys.stderr, flush=True)


def show(figures: dict[str, dict[str, Any]]) -> None:
    """The table, as Markdown."""
    names = list(figures)
    print("| " + " | ".join(["requests/s · p50/p99 ms", *names]) + " |\n|" + "---|" * (len(names) + 1))
    ready = [f"{own['ready_s']} s, {own['idle']['rss_mib']}/{own['idle']['pss_mib']} MiB" for own in figures.values()]
    print("| " + " | ".join(["ready, idle RSS/PSS", *ready]) + " |")
    for case in [f"{form}, {count} rows, c={clients}" for count in ROWS for form in FORMS for clients in CLIENTS]:
        cells = [figures[name].get(case) for name in names]
        told = ["–" if one is None else "{:,.0f} · {:.2f}/{:.2f}".format(*list(one.values())[:3]) for one in cells]
        told = [
            f"{text} ({one['failed_share']:.1%} failed)" if one and one["failed_share"] else text
            for text, one in zip(told, cells, strict=True)
        ]
        print("| " + " | ".join([case, *told]) + " |")


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


def load(  # noqa: PLR0917
    server: Started, form: str, body: bytes, headers: dict[str, str], clients: int, seconds: int, prefix: list[str]
) -> tuple[float, float, float, float]:
    """Good answers a second, their milliseconds at p50 and p99, and the share of other ones, of one burst.

    Ends with a message for answers of which none is good, or that are not as long as one.
    """
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
    times = sorted(int(entry[2]) / 1000 for entry in entries if entry[1] == "200")
    if not times:
        raise SystemExit(f"{server.name} answered {form} with {sorted({entry[1] for entry in entries})}")
    size = int(re.search(r"\((\d+)\) data", text)[1]) / len(entries)
    if len(times) == len(entries) and size < SHORTER * len(good):
        raise SystemExit(
            f"{server.name} answered {form} with {size:.0f} bytes on average, a good answer has {len(good)}"
        )
    share = len(times) / len(entries)
    rate = float(re.search(r"([\d.]+) req/s", text)[1]) * share
    return rate, times[len(times) // 2], times[len(times) * 99 // 100], 1 - share


if __name__ == "__main__":
    main()

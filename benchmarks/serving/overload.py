"""Overload: a server that is asked for several times what it can answer goes on answering as much as it can, in time, and refuses the rest.

Usage: python benchmarks/serving/overload.py [--times 3] [--target-ms 50] [--rows 64] [--rounds 7] [--realtime] [--json]

The server has CPU 0 and the load CPU 1. In each round its capacity is measured (h2load, 32 connections that wait for their answers),
then requests arrive as a Poisson process at so many times that capacity (arrivals.py: they come whether answered or not). Medians
over the rounds are reported, of ratios within a round. --realtime runs both in the real-time class (SCHED_RR, needs root), so that neighbours are not measured. Ends with 1 if less than 80 % of the capacity is answered, or 1 of 100 answers takes longer than
the target, or anything but 200 and 429 comes.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import re
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl
from model import COLUMNS, made

if TYPE_CHECKING:
    from collections.abc import Iterator

HERE = Path(__file__).parent
PATH = "/v2/models/flights/infer"
GOODPUT = 0.8
PREFIX: list[str] = []


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--times", type=float, default=3.0, help="of the capacity")
    parser.add_argument("--target-ms", type=float, default=50.0)
    parser.add_argument("--rows", type=int, default=64, help="of a request")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=float, default=2.0)
    parser.add_argument("--connections", type=int, default=512)
    parser.add_argument("--realtime", action="store_true", help="SCHED_RR for server and load; needs root")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    PREFIX.extend(("chrt", "-r", "1") if options.realtime else ())
    folder = made()
    with tempfile.TemporaryDirectory() as temporary, server(folder / "flights", options.target_ms) as port:
        body = Path(temporary) / "body"
        body.write_bytes(tensors(folder, options.rows))
        rounds = [measured(port, body, options) for _ in range(options.rounds + 1)][1:]
    figures = summary(rounds, options)
    print(json.dumps(figures, indent=1) if options.json else "\n".join(f"{k:28} {v}" for k, v in figures.items()))
    return 0 if figures["holds"] else 1


def tensors(folder: Path, rows: int) -> bytes:
    frame = pl.read_parquet(folder / "rows.parquet", columns=list(COLUMNS)).head(rows)
    inputs = [
        {"name": name, "shape": [rows], "datatype": "FP64", "data": frame[name].to_list()} for name in frame.columns
    ]
    return json.dumps({"inputs": inputs}).encode()


@contextlib.contextmanager
def server(model: Path, target_ms: float) -> Iterator[int]:
    command = [*PREFIX, "taskset", "-c", "0", sys.executable, "-m", "seakeep.serving", str(model), "--port", "0"]
    with subprocess.Popen([*command, "--latency-target-ms", str(target_ms)], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        try:
            yield int(process.stdout.readline().decode().rpartition(":")[2])
        finally:
            process.send_signal(signal.SIGTERM)


def measured(port: int, body: Path, options: argparse.Namespace) -> dict[str, Any]:
    """One round: the capacity, then what became of so many times as much."""
    able = capacity(port, body)
    command = [*PREFIX, "taskset", "-c", "1", sys.executable, str(HERE / "arrivals.py"), str(port), PATH, str(body)]
    command += ["--rate", str(able * options.times), "--seconds", str(options.seconds)]
    done = subprocess.run(
        [*command, "--connections", str(options.connections)], check=True, capture_output=True, text=True
    )
    time.sleep(0.5)
    return {"capacity": able, **json.loads(done.stdout)}


def capacity(port: int, body: Path) -> float:
    """Requests a second that are answered to 32 who wait for their answers."""
    command = [
        *PREFIX,
        "taskset",
        "-c",
        "1",
        "h2load",
        "--h1",
        "-c32",
        "-t1",
        "-D1",
        "--warm-up-time=1",
        "-d",
        str(body),
    ]
    command += ["-H", "content-type: application/json", f"http://127.0.0.1:{port}{PATH}"]
    text = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    found = re.search(r"(\d+) 2xx", text)
    assert found is not None, text
    return float(found[1])


def summary(rounds: list[dict[str, Any]], options: argparse.Namespace) -> dict[str, Any]:
    def median(of: Any) -> float:
        return float(statistics.median(of(one) for one in rounds))

    goodput = median(lambda one: one["answers_per_s"].get("200", 0.0) / one["capacity"])
    p99 = median(lambda one: one["ms"]["200"]["p99"])
    statuses = {status for one in rounds for status in one["answers_per_s"]}
    return {
        "target_ms": options.target_ms,
        "rows of a request": options.rows,
        "capacity, requests/s": round(median(lambda one: one["capacity"])),
        "arriving, of the capacity": options.times,
        "answered, of the capacity": round(goodput, 3),
        "answered, ms p50": median(lambda one: one["ms"]["200"]["p50"]),
        "answered, ms p99": p99,
        "p99 by round": [one["ms"]["200"]["p99"] for one in rounds],
        "refused, requests/s": round(median(lambda one: one["answers_per_s"].get("429", 0.0))),
        "refused, ms p50": median(lambda one: one["ms"].get("429", {"p50": 0.0})["p50"]),
        "found no free connection": sum(one["queued"] for one in rounds),
        "statuses": sorted(statuses),
        "holds": goodput >= GOODPUT and p99 <= options.target_ms and statuses <= {"200", "429"},
    }


if __name__ == "__main__":
    sys.exit(main())

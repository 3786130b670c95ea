"""What a kill -9 loses of the prediction log: promised against measured, at random moments under load.

    python benchmarks/log_durability.py MODEL_FOLDER ROWS.parquet [--kills 50] [--log-seconds 1] [--sample-seconds 2] [--seed 0] [--json]

For each mode a server is started, three connections ask as fast as they can, one of its processes is killed at a random moment of the
first seconds, and every prediction id that a client got is looked for in the log. Killed are in turn the worker; the parent, whose death
ends the worker; and the scribe, and the worker a moment later. Told: kills, answers, answers that are not in the log, the age of the
oldest of them at the kill (promised: less than --log-seconds; none when acknowledged), and rows that are in the log twice (none).

A sampled log keeps a part of each period (--sample-seconds, here shorter than the minute that it is by default). Promised: of a period
that ended --log-seconds before the kill, and the pause between two looks at the clock, the whole sample is there. Told: periods that
were over by then, those of which rows or their weights are missing, and by how much the weights differ from what was answered.
"""

from __future__ import annotations

import argparse
import contextlib
import http.client
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl
from _pinned import as_json, body_of, first_answer

from seakeep.prediction_log import PredictionLog
from seakeep.serving import Served

if TYPE_CHECKING:
    from collections.abc import Iterator

PORT = 18481
CLIENTS = 3
VICTIMS = ("worker", "parent", "scribe")
START_SECONDS = 20
LONGEST_SECONDS = {"interval": 3.0, "acknowledged": 3.0, "sampled": 6.0}
SAMPLE_REQUESTS = 200


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", type=Path, help="folder of a model or release")
    parser.add_argument("rows", type=Path, help="Parquet file with the raw columns")
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--log-seconds", type=float, default=1.0)
    parser.add_argument("--sample-seconds", type=int, default=2)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    chance = random.Random(options.seed)
    served = Served.load(options.model)
    row = as_json(next(pl.read_parquet(options.rows).iter_rows(named=True)), served)
    figures = {}
    for mode, promised in (("interval", options.log_seconds), ("acknowledged", 0.0)):
        found = [killed(options, served.name, row, mode, chance, victim=n) for n in range(options.kills)]
        ages = [[one.at - at for at, _, base in one.answered if f"{base}.0" not in one.kept] for one in found]
        figures[mode] = {
            "kills": len(found),
            "answers": sum(len(one.answered) for one in found),
            "not_in_the_log": sum(map(len, ages)),
            "kills_that_lost": sum(map(bool, ages)),
            "twice": sum(one.twice for one in found),
            "oldest_lost_s": round(max((age for each in ages for age in each), default=0.0), 3),
            "promised_s": promised,
        }
    figures["sampled"] = sampled(options, served.name, row, chance)
    print(
        json.dumps(figures, indent=1)
        if options.json
        else "\n".join(f"{mode:14} {told}" for mode, told in figures.items())
    )


@dataclass
class Killed:
    """at, clock: when the process was killed, monotonic and Unix seconds. answered: when each answer came, by both, and its id.
    kept: rows of the log by id, with the number that each stands for. twice: ids that are there twice.
    """

    at: float
    clock: float
    answered: list[tuple[float, float, str]]
    kept: dict[str, float]
    twice: int


def sampled(options: argparse.Namespace, name: str, row: dict[str, Any], chance: random.Random) -> dict[str, Any]:
    found = [killed(options, name, row, "sampled", chance, victim=n) for n in range(options.kills)]
    length, periods, short, worst = options.sample_seconds, 0, 0, 0.0
    for one in found:
        asked: dict[int, int] = {}
        weights: dict[int, float] = {}
        for _, clock, base in one.answered:
            asked[int(clock // length)] = asked.get(int(clock // length), 0) + 1
            if (weight := one.kept.get(f"{base}.0")) is not None:
                weights[int(clock // length)] = weights.get(int(clock // length), 0.0) + weight
        over = [each for each in asked if (each + 1) * length < one.clock - 4 / 3 * options.log_seconds]
        periods += len(over)
        short += sum(not weights.get(each) for each in over)
        worst = max([worst, *(abs(weights.get(each, 0.0) / asked[each] - 1) for each in over)])
    return {
        "kills": len(found),
        "answers": sum(len(one.answered) for one in found),
        "kept": sum(len(one.kept) for one in found),
        "periods_that_were_over": periods,
        "of_these_lost": short,
        "twice": sum(one.twice for one in found),
        "weights_off_by_at_most": round(worst, 3),
        "promised": f"every period of {length} s that ended {4 / 3 * options.log_seconds:.1f} s before",
    }


def killed(
    options: argparse.Namespace, name: str, row: dict[str, Any], mode: str, chance: random.Random, *, victim: int
) -> Killed:
    """Kill one of a server's processes at a random moment under load. victim: whose turn it is."""
    path = f"/v2/models/{name}/infer"
    with tempfile.TemporaryDirectory() as home:
        command = [sys.executable, "-m", "seakeep.serving", str(options.model), "--port", str(PORT), "--home", home]
        command += ["--log", mode, "--log-seconds", str(options.log_seconds)]
        command += ["--log-sample-requests", str(SAMPLE_REQUESTS), "--log-sample-seconds", str(options.sample_seconds)]
        with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process, ended(process):
            first_answer(PORT, path, row)
            answered: list[tuple[float, float, str]] = []
            clients = [threading.Thread(target=ask, args=(path, body_of([row]), answered)) for _ in range(CLIENTS)]
            for client in clients:
                client.start()
            time.sleep(chance.random() * LONGEST_SECONDS[mode])
            worker, scribe = children(process.pid)
            who = VICTIMS[victim % len(VICTIMS)]
            if who == "scribe":
                os.kill(scribe, signal.SIGKILL)
                time.sleep(chance.random() / 2)
            at, clock = time.monotonic(), time.time()
            os.kill(process.pid if who == "parent" else worker, signal.SIGKILL)
            for client in clients:
                client.join()
            process.send_signal(signal.SIGTERM)
            while who == "parent" and any(Path(f"/proc/{pid}/stat").exists() for pid in (worker, scribe)):
                time.sleep(0.05)
        rows = PredictionLog.of(home, name).scan(labels=False).select("@id", "@sampled").collect()
        kept = dict(zip(rows["@id"], 1 / rows["@sampled"].fill_null(1.0), strict=True))
    return Killed(at, clock, answered, kept, rows.height - len(kept))


@contextlib.contextmanager
def ended(process: subprocess.Popen[bytes]) -> Iterator[None]:
    """Where something went wrong, the server does not outlive it."""
    try:
        yield
    except BaseException:
        process.kill()
        raise


def children(parent: int) -> tuple[int, int]:
    """Process ids of a server's worker and of its scribe, which begins a moment after the worker."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        found = [pid for path in Path(f"/proc/{parent}/task").glob("*/children") for pid in path.read_text().split()]
        scribes = [pid for pid in found if b"seakeep.serving.scribe" in Path(f"/proc/{pid}/cmdline").read_bytes()]
        if scribes:
            (worker,) = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
            return int(worker), int(scribes[0])
        time.sleep(0.01)
    raise SystemExit(f"the server {parent} has no scribe")


def ask(path: str, body: bytes, answered: list[tuple[float, float, str]]) -> None:
    """Ask until the connection breaks; keep when each answer came, by two clocks, and its id."""
    connection = http.client.HTTPConnection("127.0.0.1", PORT, timeout=10)
    with contextlib.closing(connection), contextlib.suppress(OSError, http.client.HTTPException):
        while True:
            connection.request("POST", path, body, {"Content-Type": "application/json"})
            content = connection.getresponse().read()
            answered.append((time.monotonic(), time.time(), json.loads(content)["prediction_id"]))


if __name__ == "__main__":
    main()

"""What a kill -9 loses of the prediction log: promised against measured, at random moments under load.

    python benchmarks/log_durability.py MODEL_FOLDER ROWS.parquet [--kills 30] [--log-seconds 1] [--seed 0] [--json]

For each mode a server is started, three connections ask as fast as they can, its worker is killed at a random moment of the
first three seconds, and every prediction id that a client got is looked for in the log. Told: kills, answers, answers that are
not in the log, the age of the oldest of them when the worker died (promised: less than --log-seconds; none when acknowledged).
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
from pathlib import Path
from typing import Any

import polars as pl
from serve import as_json, body_of, first_answer

from seakeep.prediction_log import PredictionLog
from seakeep.serving import Served

PORT = 18481
CLIENTS = 3
LONGEST_SECONDS = 3.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", type=Path, help="folder of a model or release")
    parser.add_argument("rows", type=Path, help="Parquet file with the raw columns")
    parser.add_argument("--kills", type=int, default=30)
    parser.add_argument("--log-seconds", type=float, default=1.0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    chance = random.Random(options.seed)
    served = Served.load(options.model)
    row = as_json(next(pl.read_parquet(options.rows).iter_rows(named=True)), served)
    figures = {}
    for mode, promised in (("interval", options.log_seconds), ("acknowledged", 0.0)):
        kills = [kill(options, served.name, row, mode, chance.random() * LONGEST_SECONDS) for _ in range(options.kills)]
        figures[mode] = {
            "kills": len(kills),
            "answers": sum(answers for answers, _ in kills),
            "not_in_the_log": sum(len(ages) for _, ages in kills),
            "kills_that_lost": sum(bool(ages) for _, ages in kills),
            "oldest_lost_s": round(max((age for _, ages in kills for age in ages), default=0.0), 3),
            "promised_s": promised,
        }
    print(
        json.dumps(figures, indent=1)
        if options.json
        else "\n".join(f"{mode:14} {told}" for mode, told in figures.items())
    )


def kill(
    options: argparse.Namespace, name: str, row: dict[str, Any], mode: str, delay: float
) -> tuple[int, list[float]]:
    """How many answers clients got, and the ages in seconds of those that are not in the log."""
    path = f"/v2/models/{name}/infer"
    with tempfile.TemporaryDirectory() as home:
        command = [sys.executable, "-m", "seakeep.serving", str(options.model), "--port", str(PORT), "--home", home]
        command += ["--log", mode, "--log-seconds", str(options.log_seconds)]
        with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
            first_answer(PORT, path, row)
            answered: list[tuple[float, str]] = []
            clients = [threading.Thread(target=ask, args=(path, body_of([row]), answered)) for _ in range(CLIENTS)]
            for client in clients:
                client.start()
            time.sleep(delay)
            (worker,) = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
            killed = time.monotonic()
            os.kill(int(worker), signal.SIGKILL)
            for client in clients:
                client.join()
            process.send_signal(signal.SIGTERM)
        found = set(PredictionLog.of(home, name).scan(labels=False).select("@id").collect()["@id"])
    return len(answered), [killed - at for at, base in answered if f"{base}.0" not in found]


def ask(path: str, body: bytes, answered: list[tuple[float, str]]) -> None:
    """Ask until the connection breaks; keep when each answer came, and its id."""
    connection = http.client.HTTPConnection("127.0.0.1", PORT, timeout=10)
    with contextlib.closing(connection), contextlib.suppress(OSError, http.client.HTTPException):
        while True:
            connection.request("POST", path, body, {"Content-Type": "application/json"})
            content = connection.getresponse().read()
            answered.append((time.monotonic(), json.loads(content)["prediction_id"]))


if __name__ == "__main__":
    main()

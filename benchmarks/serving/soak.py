"""Soak: a server under mixed load for as long as one likes, with hot swaps, bad requests and killed workers.

Usage: python benchmarks/serving/soak.py [--minutes 60] [--swap-seconds 10] [--kill-seconds 60] [--clients 6] [--workers 2] [--json]

Two releases of a small model answer in turn: every swap makes the other one champion, or gives it half of the requests. Clients ask for
1 to 3,000 rows, for nonsense, and with deadlines, and compare every answer to the bit with what its release says in process. Ends
with 1 if an answer was another's, if a request failed that no kill explains, or if memory grew by more than a quarter.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import random
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from clients import PATH, Client

from seakeep.core import Arm, Check, Report, Route, Verdict
from seakeep.registry import Registry
from seakeep.serving import OnnxPredictor
from seakeep.testing.example_models import example_frame, example_model

if TYPE_CHECKING:
    from collections.abc import Iterator

    from seakeep.core.model import Model

ROWS = 500
SETTLE_SECONDS = 3.0
"""After a kill, in which connections to the dead worker break."""
GROWTH = 1.25


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--swap-seconds", type=float, default=10.0)
    parser.add_argument("--kill-seconds", type=float, default=60.0)
    parser.add_argument("--clients", type=int, default=6)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        figures = soaked(Path(temporary) / ".seakeep", options)
    print(json.dumps(figures, indent=1) if options.json else "\n".join(f"{k:36} {v}" for k, v in figures.items()))
    return 0 if figures["holds"] else 1


def soaked(home: Path, options: argparse.Namespace) -> dict[str, Any]:
    models = [example_model(seed=seed) for seed in (7, 8)]
    frame = example_frame(ROWS).filter(pl_valid())
    digests = registered(home, models)
    expected = {digest: probabilities(model, frame) for digest, model in zip(digests, models, strict=True)}
    rows = json.loads(frame.write_json())
    with server(home, options.workers) as (process, port):
        clients = [Client(port, rows, expected, seed=options.seed + i) for i in range(options.clients)]
        for client in clients:
            client.start()
        time.sleep(min(10.0, options.minutes * 12))
        memory = [resident(process.pid)]
        kills = disturbed(process.pid, home, digests, memory, options)
        for client in clients:
            client.going = False
        for client in clients:
            client.join(90)
        memory.append(resident(process.pid))
    return summary(clients, kills, memory, options)


def pl_valid() -> Any:
    """Rows that the example's contract lets in."""
    import polars as pl

    return (
        pl.col("seats").is_between(1, 900)
        & pl.col("night").is_not_null()
        & pl.col("carrier").is_not_null()
        & (pl.col("distance").is_null() | pl.col("distance").is_between(0, 6000))
    )


def registered(home: Path, models: list[Model]) -> list[str]:
    check = Check("metric.at_least", "roc_auc", Verdict.PASS, "roc_auc is 0.7", 0.7, 0.6, fix="Find better features.")
    report = Report("evaluation", "Evaluation", "flights", (check,))
    with Registry(home) as registry:
        return [registry.register("flights", model, [report], made_from={}).release.digest for model in models]


def probabilities(model: Model, frame: Any) -> list[dict[str, float]]:
    names = [json.dumps(one) for one in model.classes]
    return [dict(zip(names, scores, strict=True)) for scores in OnnxPredictor(model).predict(frame).scores.tolist()]


@contextlib.contextmanager
def server(home: Path, workers: int) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    command = [sys.executable, "-m", "seakeep.serving", "--follow", "flights", "--home", str(home), "--port", "0"]
    command += ["--workers", str(workers)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        try:
            port = int(process.stdout.readline().decode().rpartition(":")[2])
            until_ready(port)
            yield process, port
        finally:
            process.send_signal(signal.SIGTERM)


def until_ready(port: int) -> None:
    import http.client

    for _ in range(1000):
        with contextlib.suppress(OSError, http.client.HTTPException):
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
            with contextlib.closing(connection):
                connection.request("GET", "/v2/health/ready")
                if connection.getresponse().status == 200:
                    return
        time.sleep(0.02)
    raise SystemExit(f"the server did not become ready for {PATH}")


def disturbed(
    pid: int, home: Path, digests: list[str], memory: list[float], options: argparse.Namespace
) -> list[float]:
    """Swap and kill until the time is over. Returns when workers were killed."""
    chance, kills = random.Random(options.seed), []
    began = time.monotonic()
    swap_at, kill_at, look_at = began + options.swap_seconds, began + options.kill_seconds, began + 60
    swaps = 0
    while (now := time.monotonic()) < began + options.minutes * 60:
        if now >= swap_at:
            swaps += 1
            swap(home, digests, swaps)
            swap_at += options.swap_seconds
        if now >= kill_at:
            os.kill(chance.choice(children(pid)), signal.SIGKILL)
            kills.append(now)
            kill_at += options.kill_seconds
        if now >= look_at:
            memory.append(resident(pid))
            look_at += 60
        time.sleep(0.05)
    time.sleep(SETTLE_SECONDS)
    return kills


def swap(home: Path, digests: list[str], number: int) -> None:
    """The other release becomes champion; every third time the two share the requests."""
    first, second = (0, 1) if number % 2 else (1, 0)
    arms = [Arm("champion", digests[second], second + 1, 1.0)]
    if number % 3 == 0:
        arms = [Arm("champion", digests[second], second + 1, 0.5), Arm("challenger", digests[first], first + 1, 0.5)]
    with Registry(home) as registry:
        revision = registry.route("flights").revision
        registry.set_route(Route("flights", tuple(arms), revision=revision), why="soak")


def children(pid: int) -> list[int]:
    """Workers; the scribe is a child too, and is left alone: it harms no request."""
    found = [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    return [one for one in found if b"seakeep.serving.scribe" not in Path(f"/proc/{one}/cmdline").read_bytes()]


def resident(pid: int) -> float:
    """MiB that the parent and its workers hold; pages that they share count once."""
    texts = []
    for one in (pid, *children(pid)):
        with contextlib.suppress(OSError):  # it has just ended
            texts.append(Path(f"/proc/{one}/smaps_rollup").read_text())
    return round(
        sum(int(found[1]) for text in texts if (found := re.search(r"^Pss:\s+(\d+)", text, re.MULTILINE))) / 1024, 1
    )


def summary(
    clients: list[Client], kills: list[float], memory: list[float], options: argparse.Namespace
) -> dict[str, Any]:
    tallies = [client.tally for client in clients]
    statuses: Counter[int] = sum((one.statuses for one in tallies), Counter())
    broken = [at for one in tallies for at in one.broken]
    unexplained = [at for at in broken if not any(0 <= at - kill <= SETTLE_SECONDS for kill in kills)]
    wrong = [each for one in tallies for each in one.wrong]
    failed = [each for one in tallies for each in one.failed]
    return {
        "minutes": options.minutes,
        "requests": statuses.total(),
        "by status": dict(sorted(statuses.items())),
        "answers by release": sorted(sum((one.releases for one in tallies), Counter()).values()),
        "workers killed": len(kills),
        "connections that broke then": len(broken) - len(unexplained),
        "connections that broke otherwise": len(unexplained),
        "answers that were another's": len(wrong),
        "failures": len(failed),
        "first of them": (wrong + failed)[:3],
        "memory, MiB": memory,
        "holds": not wrong
        and not failed
        and not unexplained
        and len(broken) <= len(kills) * options.clients
        and memory[-1] <= memory[0] * GROWTH,
    }


if __name__ == "__main__":
    sys.exit(main())

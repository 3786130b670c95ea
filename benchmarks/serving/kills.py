"""Kills: workers and servers that are killed (kill -9) at random moments, again and again.

Usage: python benchmarks/serving/kills.py [--workers-killed 50] [--servers-killed 50] [--seed 1] [--json]

A worker that dies is replaced, and what the other one answers is not disturbed: clients that ask on a connection of their own each time get an
answer, or find their connection broken, which must end within seconds. A server that dies, at any moment from its begin on, leaves no
process that holds its port. Ends with 1 if a worker was not replaced, a server ended by itself, or a process was left.
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
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from seakeep.testing.example_models import example_model

if TYPE_CHECKING:
    from collections.abc import Callable

PATH = "/v2/models/flights/infer"
ROW = {"distance": 1400.0, "seats": 149, "night": True, "carrier": "AA", "scheduled": "2013-10-01T05:15:00Z"}
WAIT_SECONDS = 20.0
_CALM_SECONDS = 1.5
"""Before every other kill, so that both workers answer; the rest hits workers that only begin."""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--workers-killed", type=int, default=50)
    parser.add_argument("--servers-killed", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    chance = random.Random(options.seed)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / "flights"
        example_model().save(folder)
        figures = killed_workers(folder, options.workers_killed, chance)
        servers = killed_servers(folder, options.servers_killed, chance)
        figures |= servers | {"holds": figures["holds"] and servers["holds"]}
    print(json.dumps(figures, indent=1) if options.json else "\n".join(f"{k:36} {v}" for k, v in figures.items()))
    return 0 if figures["holds"] else 1


def started(folder: Path) -> subprocess.Popen[bytes]:
    """A server in a session of its own, by which its processes are found when it is gone."""
    command = [sys.executable, "-m", "seakeep.serving", str(folder), "--port", "0", "--workers", "2"]
    return subprocess.Popen(command, stdout=subprocess.PIPE, start_new_session=True)


def killed_workers(folder: Path, count: int, chance: random.Random) -> dict[str, Any]:
    answered = broken = 0
    slowest = 0.0
    with started(folder) as process:
        assert process.stdout is not None
        port = int(process.stdout.readline().decode().rpartition(":")[2])
        until(lambda: ask(port, "GET", "/v2/health/ready") == 200)
        for number in range(count):
            if is_calm := number % 2 == 0:
                time.sleep(_CALM_SECONDS)
            victim = chance.choice(children(process.pid))
            os.kill(victim, signal.SIGKILL)
            began = time.monotonic()
            until_moment = began + chance.uniform(0.0, 0.5)
            while victim in children(process.pid) or len(children(process.pid)) < 2 or time.monotonic() < until_moment:
                if process.poll() is not None or time.monotonic() > began + WAIT_SECONDS:
                    process.kill()
                    return {
                        "workers killed": count,
                        "after a kill": "no worker came in the dead one's place",
                        "holds": False,
                    }
                status = ask(port, "POST", PATH, json.dumps({"rows": [ROW]}).encode())
                answered, broken = answered + (status == 200), broken + (is_calm and status is None)
            slowest = max(slowest, time.monotonic() - began)
        process.send_signal(signal.SIGTERM)
    return {
        "workers killed": count,
        "answered meanwhile": answered,
        "broke where the other one was up": broken,
        "slowest to be replaced, s": round(slowest, 2),
        "holds": True,
    }


def killed_servers(folder: Path, count: int, chance: random.Random) -> dict[str, Any]:
    left, slowest = 0, 0.0
    for _ in range(count):
        process = started(folder)
        time.sleep(chance.uniform(0.0, 1.2))
        process.kill()
        process.wait()
        began = time.monotonic()
        with contextlib.suppress(TimeoutError):
            until(lambda session=process.pid: not of_session(session))
        left += len(of_session(process.pid))
        slowest = max(slowest, time.monotonic() - began)
        assert process.stdout is not None
        process.stdout.close()
    return {
        "servers killed": count,
        "processes left": left,
        "slowest to end, s": round(slowest, 2),
        "holds": left == 0,
    }


def ask(port: int, method: str, path: str, body: bytes | None = None) -> int | None:
    """The answer's status, None where the connection broke."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    with contextlib.closing(connection), contextlib.suppress(OSError, http.client.HTTPException):
        connection.request(method, path, body, {"Content-Type": "application/json"})
        return connection.getresponse().status
    return None


def children(pid: int) -> list[int]:
    return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def of_session(session: int) -> list[int]:
    """Living processes of a session."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            state, _, _, own = stat.read_text().rpartition(")")[2].split()[:4]
            found += [int(stat.parent.name)] if int(own) == session and state != "Z" else []
    return found


def until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + WAIT_SECONDS
    while not holds():
        if time.monotonic() > deadline:
            raise TimeoutError
        time.sleep(0.02)


if __name__ == "__main__":
    sys.exit(main())

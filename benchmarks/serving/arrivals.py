"""Arrivals: requests that come when they come, whether the earlier ones were answered or not (an open loop), as those of real callers do.

Usage: python benchmarks/serving/arrivals.py PORT PATH BODY_FILE --rate 9000 [--seconds 4] [--connections 256] [--poisson-seed 1]

Writes JSON: requests by status, and quantiles of milliseconds from sending to the last byte, by status. h2load's `--rps` sends in
bursts, all clients at once; here arrivals are a Poisson process, over connections that are kept. What finds no free connection waits for
one, and is counted as `queued` (the loop was not open there; give it more connections).
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import time
from collections import defaultdict, deque
from pathlib import Path


class Connection(asyncio.Protocol):
    """One connection: one request at a time. Keeps its own and gives itself back to `idle`."""

    def __init__(self, load: Load) -> None:
        self.load, self.sent, self.need, self.status, self.buffer = load, 0.0, 0, 0, b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        self.load.idle.append(self)

    def send(self, now: float) -> None:
        self.sent, self.status, self.buffer = now, 0, b""
        self.transport.write(self.load.request)

    def data_received(self, data: bytes) -> None:
        self.buffer = self.buffer + data if self.buffer else data
        if not self.status:
            head, found, _ = self.buffer.partition(b"\r\n\r\n")
            if not found:
                return
            self.status = int(head[9:12])
            at = head.lower().index(b"content-length: ") + 16
            self.need = len(head) + 4 + int(head[at:].split(b"\r\n", 1)[0])
        if len(self.buffer) >= self.need:
            self.load.answered(self, time.perf_counter() - self.sent)

    def connection_lost(self, error: Exception | None) -> None:
        del error
        self.load.lost(self)


class Load:
    """Sends one request again and again. Parameters: rate: a second."""

    def __init__(self, port: int, request: bytes, *, rate: float, connections: int, seed: int = 1) -> None:
        self.port, self.request, self.rate, self.connections = port, request, rate, connections
        self.idle: deque[Connection] = deque()
        self.times: dict[int, list[float]] = defaultdict(list)
        self.waiting = self.queued = self.broken = 0
        self.chance = random.Random(seed)

    async def run(self, seconds: float) -> dict[str, object]:
        loop = asyncio.get_running_loop()
        for _ in range(self.connections):
            await loop.create_connection(lambda: Connection(self), "127.0.0.1", self.port)
        began = following = time.perf_counter()
        while (now := time.perf_counter()) < began + seconds:
            while following <= now:
                following += self.chance.expovariate(self.rate)
                self.arrive(now)
            await asyncio.sleep(max(0.0, min(following - now, 0.001)))
        took = time.perf_counter() - began
        sent = {status: len(times) for status, times in self.times.items()}
        await asyncio.sleep(1)
        return {
            "seconds": round(took, 3),
            "answers_per_s": {status: round(count / took, 1) for status, count in sorted(sent.items())},
            "ms": {status: quantiles(times) for status, times in sorted(self.times.items())},
            "queued": self.queued,
            "broken": self.broken,
        }

    def arrive(self, now: float) -> None:
        if self.idle:
            self.idle.popleft().send(now)
        else:
            self.queued += 1
            self.waiting += 1

    def answered(self, connection: Connection, seconds: float) -> None:
        self.times[connection.status].append(seconds)
        if self.waiting:
            self.waiting -= 1
            connection.send(time.perf_counter())
        else:
            self.idle.append(connection)

    def lost(self, connection: Connection) -> None:
        if connection in self.idle:
            self.idle.remove(connection)
        elif connection.sent:
            self.broken += 1
        loop = asyncio.get_running_loop()
        self.opening = loop.create_task(loop.create_connection(lambda: Connection(self), "127.0.0.1", self.port))


def quantiles(times: list[float]) -> dict[str, float]:
    ordered = sorted(times)
    return {f"p{q}": round(ordered[min(len(ordered) - 1, len(ordered) * q // 100)] * 1e3, 2) for q in (50, 90, 99)}


def request_of(path: str, body: bytes, **headers: str) -> bytes:
    """The bytes of a POST."""
    named = {"Host": "127.0.0.1", "Content-Type": "application/json", "Content-Length": str(len(body)), **headers}
    head = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in named.items())
    return f"POST {path} HTTP/1.1\r\n{head}\r\n".encode() + body


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("port", type=int)
    parser.add_argument("path")
    parser.add_argument("body", type=Path)
    parser.add_argument("--rate", type=float, required=True, help="requests a second")
    parser.add_argument("--seconds", type=float, default=4.0)
    parser.add_argument("--connections", type=int, default=256)
    parser.add_argument("--poisson-seed", type=int, default=1)
    given = parser.parse_args()
    request = request_of(given.path, given.body.read_bytes())
    load = Load(given.port, request, rate=given.rate, connections=given.connections, seed=given.poisson_seed)
    print(json.dumps(asyncio.run(load.run(given.seconds))))


if __name__ == "__main__":
    main()

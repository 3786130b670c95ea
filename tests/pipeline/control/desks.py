"""Ready-made desks, servers and messages for the tests of the control server."""

from __future__ import annotations

import contextlib
import json
import socket
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from seakeep.pipeline import rollouts
from seakeep.pipeline.control.calls import Answer, Call, Desk
from seakeep.pipeline.control.pulse import Pulse
from seakeep.pipeline.control.server import Server
from seakeep.pipeline.control.tokens import Guard

from ..world import World  # noqa: TID252

TOKEN = "correct-horse-battery-staple"
JSON = {"content-type": "application/json"}


class Asked:
    """A desk that is asked without a socket."""

    def __init__(self, world: World, guard: Guard | None = None) -> None:
        self.world = world
        self.desk = Desk("tips", guard or Guard(loopback=True), Pulse(1.0), home=world.home, clock=lambda: world.now)

    def __call__(self, target: str, body: object = None, *, method: str = "", **headers: str) -> tuple[int, Any]:
        answer = self.raw(target, body, method=method, **headers)
        return answer.status, json.loads(answer.body or b"null")

    def raw(self, target: str, body: object = None, *, method: str = "", **headers: str) -> Answer:
        sent = b"" if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
        given = {**({} if body is None else JSON), **{key.replace("_", "-"): value for key, value in headers.items()}}
        return self.desk.answer(Call(method or ("GET" if body is None else "POST"), target, given, sent))


def start(world: World, **settings: object) -> rollouts.Status:
    """A rollout that a platform moves, from now."""
    given = {"requests": 300, "seconds": 30, "tolerance": 0.03, "slow_ms": 100, **settings}
    return rollouts.start("tips", plan="external", settings=given, home=world.home, now=world.now)


def alert(
    world: World, *, status: str = "firing", ago: float = 60, fingerprint: str = "8f2a", **labels: str
) -> dict[str, Any]:
    """One alert of a webhook, that began so many seconds ago."""
    began = datetime.fromtimestamp(world.now - ago, UTC).isoformat().replace("+00:00", "Z")
    return {
        "status": status,
        "labels": {"alertname": "SeakeepDrift", "model": "tips", "severity": "page", **labels},
        "annotations": {"summary": "fare has drifted"},
        "startsAt": began,
        "endsAt": "0001-01-01T00:00:00Z",
        "generatorURL": "http://prometheus.example/graph",
        "fingerprint": fingerprint,
    }


def webhook(*alerts: dict[str, Any], **given: object) -> dict[str, Any]:
    """A call of Alertmanager's, version 4."""
    return {
        "version": "4",
        "groupKey": '{}:{alertname="SeakeepDrift"}',
        "truncatedAlerts": 0,
        "status": "firing",
        "receiver": "seakeep",
        "groupLabels": {},
        "commonLabels": {},
        "commonAnnotations": {},
        "externalURL": "http://alertmanager.example",
        "alerts": list(alerts),
        **given,
    }


@contextlib.contextmanager
def listening(desk: Desk) -> Iterator[tuple[str, int]]:
    """A server of a desk on a free port."""
    server = Server("127.0.0.1", 0, desk.answer)
    server.start()
    host, _, port = server.address.removeprefix("http://").rpartition(":")
    try:
        yield host, int(port)
    finally:
        server.stop()


def sent(address: tuple[str, int], data: bytes, *, timeout: float = 20.0) -> bytes:
    """What comes back for some bytes, until the end."""
    with socket.create_connection(address, timeout=timeout) as connection:
        connection.sendall(data)
        found = b""
        while more := connection.recv(65536):
            found += more
    return found


def status_of(answer: bytes) -> int:
    """The status of a response's bytes."""
    return int(answer.split(b" ", 2)[1])


def home_of(tmp_path: Path) -> World:
    """A home with two releases."""
    made = World(tmp_path / ".seakeep")
    made.release(b"first")
    made.release(b"second")
    return made

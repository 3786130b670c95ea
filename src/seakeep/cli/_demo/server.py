"""A real server for the demo: its own process on this machine, stopped by its process id whatever happens."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from seakeep.core.errors import SeakeepError

if TYPE_CHECKING:
    from collections.abc import Iterator

START_SECONDS = 30.0
STOP_SECONDS = 15.0


class ServerSilent(SeakeepError):
    """The demo's server did not begin to answer."""

    @classmethod
    def after(cls, seconds: float, said: str) -> ServerSilent:
        return cls(
            f"the server did not answer within {seconds:.0f} s",
            cause=said or "It said nothing.",
            fix="Start it by hand to see why: seakeep serve flight-delay",
        )


@dataclass(frozen=True, slots=True)
class Running:
    """A server that answers. seconds: from the start of its process to its first answer."""

    host: str
    port: int
    process: int
    seconds: float

    def connect(self) -> http.client.HTTPConnection:
        """A connection of its own for one thread."""
        return http.client.HTTPConnection(self.host, self.port, timeout=30)


@contextlib.contextmanager
def serving(name: str, project: Path) -> Iterator[Running]:
    """Serve a name of the project on a free port of 127.0.0.1 while the block runs, then drain it. It logs to server.log."""
    started = time.perf_counter()
    command = [sys.executable, "-m", "seakeep", "serve", name, "--http", "127.0.0.1:0", "--json"]
    with (project / "server.log").open("w") as log:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True, cwd=project)
    try:
        address = urlsplit(_announced(process))
        if not address.port:
            raise ServerSilent.after(time.perf_counter() - started, f"It ended at once; see {project / 'server.log'}.")
        host = address.hostname or "127.0.0.1"
        _wait(host, address.port, process, until=started + START_SECONDS)
        yield Running(host, address.port, process.pid, time.perf_counter() - started)
    finally:
        _stop(process)


def ask(
    connection: http.client.HTTPConnection, path: str, body: bytes, kind: str = "application/json"
) -> tuple[int, Any]:
    """One POST; returns the status and the JSON answer."""
    connection.request("POST", path, body, {"Content-Type": kind})
    answer = connection.getresponse()
    content = answer.read()
    return answer.status, json.loads(content) if content else {}


def resident_bytes(process: int) -> int:
    """Memory of a process and its children that no other process shares, plus its part of what is shared (PSS), in bytes."""
    total = 0
    for one in (process, *_children(process)):
        with contextlib.suppress(OSError):
            lines = Path(f"/proc/{one}/smaps_rollup").read_text("ascii").splitlines()
            total += sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))
    return total


def _announced(process: subprocess.Popen[str]) -> str:
    """The address in the JSON document that the server writes once it accepts connections; empty where it ended."""
    assert process.stdout is not None
    text = ""
    for line in process.stdout:
        text += line
        with contextlib.suppress(json.JSONDecodeError):
            return str(json.loads(text)["address"])
    return ""


def _children(process: int) -> list[int]:
    with contextlib.suppress(OSError):
        return [int(child) for child in Path(f"/proc/{process}/task/{process}/children").read_text("ascii").split()]
    return []


def _wait(host: str, port: int, process: subprocess.Popen[str], *, until: float) -> None:
    begun = time.perf_counter()
    while time.perf_counter() < until and process.poll() is None:
        with contextlib.suppress(OSError, http.client.HTTPException):
            connection = http.client.HTTPConnection(host, port, timeout=1)
            connection.request("GET", "/v2/health/ready")
            if connection.getresponse().status == 200:
                connection.close()
                return
        time.sleep(0.02)
    raise ServerSilent.after(time.perf_counter() - begun, "Its process ended." if process.poll() is not None else "")


def _stop(process: subprocess.Popen[str]) -> None:
    if process.poll() is None:
        os.kill(process.pid, signal.SIGTERM)
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    if process.stdout:
        process.stdout.close()

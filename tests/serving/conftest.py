"""Models on the disk, and servers that are really started."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import signal
import ssl
import subprocess
import sys
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from seakeep.core import Arm, Check, ColumnSchema, Kind, Report, Route, Task, Verdict
from seakeep.registry import Registry
from seakeep.testing.example_models import example_model, example_schema

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from seakeep.core import Model

START_SECONDS = 30


@dataclass
class Running:
    """A started server."""

    process: subprocess.Popen[bytes]
    port: int
    tls: ssl.SSLContext | None = None

    def ask(self, method: str, path: str, body: bytes | None = None, **headers: str) -> tuple[int, dict[str, str], Any]:
        """Status, headers and content of one answer, on a connection of its own."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        connection = self.connection()
        with contextlib.closing(connection):
            connection.request(method, path, body, named)
            answer = connection.getresponse()
            content = answer.read()
        is_json = answer.getheader("content-type") == "application/json"
        return answer.status, dict(answer.getheaders()), json.loads(content) if is_json and content else content

    def connection(self) -> http.client.HTTPConnection:
        """A connection of its own."""
        if self.tls is None:
            return http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        return http.client.HTTPSConnection("127.0.0.1", self.port, timeout=20, context=self.tls)

    def infer(self, request: Any, *, model: str = "flights") -> tuple[int, Any]:
        """Status and content of an inference; bytes are sent as they are."""
        body = request if isinstance(request, bytes) else json.dumps(request).encode()
        status, _, content = self.ask("POST", f"/v2/models/{model}/infer", body, content_type="application/json")
        return status, content

    def until(self, holds: Callable[[], bool], seconds: float = 15.0) -> None:
        """Wait until something is so."""
        deadline = time.monotonic() + seconds
        while not holds():
            assert time.monotonic() < deadline, "it did not become so"
            time.sleep(0.02)

    def until_revision(self, revision: int, *, model: str = "flights") -> None:
        """Wait until every worker has taken this revision of the route."""
        self.until(lambda: self.metrics().get(f'seakeep_route_revision{{model="{model}"}}') == revision)

    def metrics(self) -> dict[str, float]:
        """Values by series."""
        text = self.ask("GET", "/metrics")[2].decode()
        lines = (line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#"))
        return {series: float(value) for series, value in lines}

    @property
    def workers(self) -> list[int]:
        """Process ids of the workers."""
        return [
            int(pid) for pid in Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        ]

    def until_ready(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            with contextlib.suppress(OSError, http.client.HTTPException):
                if self.ask("GET", "/v2/health/ready")[0] == 200:
                    return
            assert self.process.poll() is None, "the server ended"
            time.sleep(0.02)
        raise AssertionError("the server did not become ready")


@contextlib.contextmanager
def started(
    *arguments: str | Path, code: str = "", tls: ssl.SSLContext | None = None, **environment: str
) -> Iterator[Running]:
    """A server started as `python -m seakeep.serving`, on a free port, or by `code`; ended at the end. tls: to ask it with."""
    command = [sys.executable, "-m", "seakeep.serving", *map(str, arguments), "--port", "0"]
    if code:
        command = [sys.executable, "-c", code, *map(str, arguments)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, env={**os.environ, **environment})
    with process:
        assert process.stdout is not None
        try:
            address = process.stdout.readline().decode().strip()
            running = Running(process, int(address.rpartition(":")[2]), tls)
            running.until_ready()
            yield running
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(20)
            if process.poll() is None:
                process.kill()


@pytest.fixture(scope="session")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Folders of one saved model a task."""
    base = tmp_path_factory.mktemp("models")
    named = {"flights": Task.BINARY, "three": Task.MULTICLASS, "minutes": Task.REGRESSION}
    for name, task in named.items():
        example_model(task, name=name).save(base / name)
    return {name: base / name for name in named}


@dataclass
class Released:
    """A registry with releases of one name, numbered from 1; the first is the champion."""

    home: Path
    name: str
    digests: tuple[str, ...]

    def arm(self, role: str, version: int, share: float = 1.0) -> Arm:
        """A release's place on a route."""
        return Arm(role, self.digests[version - 1], version, share)

    def route(self, *arms: Arm, shadows: tuple[Arm, ...] = (), salt: str = "") -> Route:
        """Set the route; returns it with its revision."""
        with Registry(self.home) as registry:
            before = registry.route(self.name)
            return registry.set_route(
                Route(self.name, arms, shadows=shadows, salt=salt, revision=before.revision), why="test"
            )

    def canary(self, share: float, *, salt: str = "", champion: int = 1, challenger: int = 2) -> Route:
        """Give the challenger a share."""
        return self.route(
            self.arm("champion", champion, 1 - share), self.arm("challenger", challenger, share), salt=salt
        )


@pytest.fixture
def release(tmp_path: Path) -> Callable[..., Released]:
    """What registers some releases in a home of its own."""

    def make(*models: Model, home: Path = tmp_path / ".seakeep") -> Released:
        check = Check(
            "metric.at_least", "roc_auc", Verdict.PASS, "roc_auc is 0.7", 0.7, 0.6, fix="Find better features."
        )
        report = Report("evaluation", "Evaluation", "flights", (check,))
        with Registry(home) as registry:
            found = [registry.register("flights", model, [report], made_from={}) for model in models]
        return Released(home, "flights", tuple(one.release.digest for one in found))

    return make


@pytest.fixture
def keyed() -> Callable[..., Model]:
    """What makes releases that differ; `flight` is the schema's key column, which no model reads."""

    def make(number: int, **changes: Any) -> Model:
        schema = example_schema(flight=ColumnSchema(Kind.STRING))
        model = example_model(schema=replace(schema, key="flight"))
        return replace(model, **{"estimator": f"Number({number})", **changes})

    return make


@pytest.fixture(scope="session")
def server(folders: dict[str, Path]) -> Iterator[Running]:
    """One server with the three models, shared by tests that leave it as it was."""
    with started(*folders.values(), "--row-limit", "20000", "--body-limit-bytes", "4000000") as running:
        yield running


@pytest.fixture(scope="session")
def running() -> type[Running]:
    """What asks a server that a test started itself: `running(process, port)`."""
    return Running


@pytest.fixture(scope="session")
def start() -> Any:
    """What starts a server of one's own: `with start(folder, "--workers", "2") as server`."""
    return started


@pytest.fixture
def row() -> dict[str, Any]:
    """A good row."""
    return {"distance": 1400.0, "seats": 149, "night": True, "carrier": "AA", "scheduled": "2013-10-01T05:15:00Z"}


@pytest.fixture
def tensors() -> list[dict[str, Any]]:
    """The same row as tensors."""
    return [
        {"name": "distance", "shape": [1], "datatype": "FP64", "data": [1400.0]},
        {"name": "seats", "shape": [1], "datatype": "INT64", "data": [149]},
        {"name": "night", "shape": [1], "datatype": "BOOL", "data": [True]},
        {"name": "carrier", "shape": [1], "datatype": "BYTES", "data": ["AA"]},
        {"name": "scheduled", "shape": [1], "datatype": "INT64", "data": [1_380_604_500_000_000]},
    ]

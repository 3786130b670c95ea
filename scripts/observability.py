# ruff: noqa: INP001
"""Prometheus and Alertmanager on a live server under gentle load, with the files that `seakeep export` writes; ends with Ctrl-C.

A small project is made below .platforms/observability and trained twice; then a server answers synthetic requests, a monitor judges a window
every ten seconds, a canary is under way, and real Prometheus and Alertmanager watch, on this machine only. Whatever was started is
stopped again, by its process id. The tests of `make platforms` use the same parts.

Usage: .venv/bin/python scripts/observability.py [--seconds N]
"""

from __future__ import annotations

import argparse
import contextlib
import csv
import http.client
import json
import os
import random
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

ROOT = Path(__file__).resolve().parents[1]
BIN = Path(sys.executable).parent
NAME = "parcels"
SETTINGS = """
[monitor]
window = "10s"
grace = "1s"
calm = 1

[rollout]
shares = "0.3"
requests = 100000
seconds = 10
copies = 100
shadow_seconds = 5
look_seconds = 2
slow_ms = 100

[retrain]
on = ["drift"]
rollout = "none"
"""
MISSING = "{} is not installed. Install it with: sh scripts/platforms.d/prometheus.sh"


def free_port() -> int:
    """A port of this machine that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@dataclass
class Processes:
    """What was started, and is stopped again in the reverse order. logs: where each one's output goes."""

    logs: Path
    started: list[tuple[str, subprocess.Popen[bytes]]] = field(default_factory=list)

    def start(
        self, name: str, *command: object, cwd: Path | None = None, **environment: str
    ) -> subprocess.Popen[bytes]:
        """Start a program; its output goes to a file of its name."""
        self.logs.mkdir(parents=True, exist_ok=True)
        with (self.logs / f"{name}.log").open("wb") as log:
            process = subprocess.Popen(
                list(map(str, command)),
                cwd=cwd,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env={**os.environ, **environment},
                start_new_session=True,  # Ctrl-C is for us; we stop them in order
            )
        self.started.append((name, process))
        return process

    def stop(self) -> None:
        """Stop everything, the last started first."""
        while self.started:
            _, process = self.started.pop()
            with contextlib.suppress(ProcessLookupError):
                process.terminate()
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def log(self, name: str) -> str:
        """What a program has said."""
        return (self.logs / f"{name}.log").read_text(errors="replace")

    def check(self) -> None:
        """Raises RuntimeError, if one of them has ended by itself, with its last words."""
        for name, process in self.started:
            if process.poll() is not None:
                last = self.log(name)[-2000:]
                raise RuntimeError(f"{name} has ended with {process.returncode}:\n{last}")


def until(true: Callable[[], Any], *, seconds: float, what: str, processes: Processes | None = None) -> Any:
    """The first true answer of `true`, asked five times a second. Raises TimeoutError."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if processes is not None:
            processes.check()
        with contextlib.suppress(OSError, http.client.HTTPException):
            if found := true():
                return found
        time.sleep(0.2)
    raise TimeoutError(f"waited {seconds:g} s for {what}")


def get(address: str, path: str) -> bytes:
    """The body that an address of this machine answers with. Raises OSError."""
    with urllib.request.urlopen(f"http://{address}{path}", timeout=10) as answer:
        body: bytes = answer.read()
        return body


@dataclass
class Load:
    """Requests at a gentle rate, with labels for the rows that were answered. Runs in a thread until stopped.

    address: of the server. rows: to choose from. per_second: requests. size: rows of each. far: a factor on the distance, so that the
    column drifts. bad: share of the requests that lack a column. outside: share of them with a value that the contract does not
    know. labelled: share of the answered rows that get their label.
    """

    address: str
    rows: list[dict[str, Any]]
    per_second: float = 20
    size: int = 20
    far: float = 1.0
    bad: float = 0.02
    outside: float = 0.0
    labelled: float = 0.8
    answered: int = 0
    refused: int = 0
    failed: int = 0

    def start(self) -> None:
        """Begin."""
        self._ends = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End, and wait for the last answer."""
        self._ends.set()
        self._thread.join(30)

    def _run(self) -> None:
        draw = random.Random(7)  # noqa: S311  (nobody guesses for gain)
        connection = http.client.HTTPConnection(self.address, timeout=10)
        while not self._ends.wait(1 / self.per_second):
            try:
                self._ask(connection, draw)
            except (OSError, http.client.HTTPException):
                self.failed += 1
                connection.close()
                time.sleep(0.2)
        connection.close()

    def _ask(self, connection: http.client.HTTPConnection, draw: random.Random) -> None:
        chosen = draw.choices(self.rows, k=self.size)
        asked = [{**row, "distance_km": _times(row["distance_km"], self.far)} for row in chosen]
        sent = [{key: value for key, value in row.items() if key != "late"} for row in asked]
        luck = draw.random()
        if luck < self.bad:
            del sent[0]["carrier"]
        elif luck < self.bad + self.outside:
            sent[0]["distance_km"] = -5.0
        status, answer = _post(connection, f"/v2/models/{NAME}/infer", {"rows": sent})
        if status != 200:
            self.refused += status < 500
            self.failed += status >= 500
            return
        self.answered += 1
        labels = [
            {"prediction_id": f"{answer['prediction_id']}.{number}", "label": row["late"]}
            for number, row in enumerate(chosen)
            if draw.random() < self.labelled
        ]
        _post(connection, f"/v2/models/{NAME}/labels", {"labels": labels})


def _times(value: float | None, factor: float) -> float | None:
    return None if value is None else value * factor


def _post(connection: http.client.HTTPConnection, path: str, content: object) -> tuple[int, Any]:
    connection.request("POST", path, json.dumps(content), {"Content-Type": "application/json"})
    answer = connection.getresponse()
    return answer.status, json.loads(answer.read())


def parcels(path: Path) -> list[dict[str, Any]]:
    """The project's rows as requests hold them, with their label; what is known too late is left out."""
    with path.open(newline="") as file:
        return [
            {key: _value(key, text) for key, text in row.items() if key != "hours_taken"}
            for row in csv.DictReader(file)
        ]


def _value(key: str, text: str) -> Any:
    if text == "":
        return None
    if key in ("distance_km", "weight_kg"):
        return float(text)
    if key == "items":
        return int(text)
    if key == "handed_over":
        return text.replace(" ", "T") + "Z"
    return text == "true" if key in ("express", "late") else text


@dataclass
class Stack:
    """A project with two releases, and everything that watches them. folder: where it all lies. rows: of its data."""

    folder: Path
    processes: Processes
    server: str = ""
    control: str = ""
    prometheus: str = ""
    alertmanager: str = ""
    rows: list[dict[str, Any]] = field(default_factory=list)

    @property
    def project(self) -> Path:
        """The project's folder."""
        return self.folder / NAME

    @property
    def home(self) -> Path:
        """Its registry."""
        return self.project / ".seakeep"

    @property
    def token(self) -> Path:
        """The file of the token that goes with alerts."""
        return self.folder / "alerts-token"

    @property
    def exported(self) -> Path:
        """Where the exported files lie."""
        return self.folder / "exported"

    def seakeep(self, *arguments: object, codes: tuple[int, ...] = (0,)) -> str:
        """What a command of Seakeep says, told in the project's folder. Raises RuntimeError, for another exit code than these."""
        command = [str(BIN / "seakeep"), *map(str, arguments)]
        done = subprocess.run(command, cwd=self.project, capture_output=True, text=True, check=False)
        if done.returncode not in codes:
            raise RuntimeError(f"{' '.join(command)} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
        return done.stdout

    def make(self) -> None:
        """A project, trained twice, so that the second release can be rolled out beside the first."""
        self.folder.mkdir(parents=True, exist_ok=True)
        subprocess.run([str(BIN / "seakeep"), "init", str(self.project)], check=True, capture_output=True)
        settings, pipeline = self.project / "seakeep.toml", self.project / "pipeline.py"
        settings.write_text(settings.read_text() + SETTINGS)
        self.seakeep("run", "pipeline.py")
        pipeline.write_text(pipeline.read_text().replace("n_estimators=120", "n_estimators=90"))
        self.seakeep("run", "pipeline.py")
        self.token.write_text(secrets.token_hex(16))
        self.rows = parcels(self.project / "data" / "parcels.csv")

    def serve(self) -> None:
        """A server, a monitor that judges every ten seconds, a rollout, and the server that tells of both."""
        self.server, self.control = (f"127.0.0.1:{free_port()}" for _ in range(2))
        started, seakeep = self.processes, BIN / "seakeep"
        started.start("serve", seakeep, "serve", NAME, "--http", self.server, cwd=self.project)
        until(
            lambda: get(self.server, "/v2/health/ready") is not None, seconds=60, what="the server", processes=started
        )
        self.seakeep("rollout", "start", NAME, "--release", f"{NAME}@2", codes=(0, 2))
        started.start("monitor", seakeep, "monitor", NAME, "--every", 1, cwd=self.project)
        command = (seakeep, "rollout", "serve", NAME, "--every", 2, "--http", self.control)
        started.start("control", *command, cwd=self.project, SEAKEEP_WEBHOOK_TOKEN_FILE=str(self.token))
        until(lambda: get(self.control, "/metrics"), seconds=60, what="the control server", processes=started)

    def export(self, *, every: int = 1) -> None:
        """The files of prometheus and grafana, for the addresses of this stack."""
        self.prometheus, self.alertmanager = (f"127.0.0.1:{free_port()}" for _ in range(2))
        given = {
            "servers": self.server,
            "control": self.control,
            "alertmanagers": self.alertmanager,
            "scrape_seconds": str(every),
            "webhook": f"http://{self.control}/alerts",
            "token_file": str(self.token),
        }
        settings = [part for key, value in given.items() for part in ("--set", f"{key}={value}")]
        self.seakeep("export", "prometheus", NAME, "-o", self.exported, *settings)
        self.seakeep("export", "grafana", NAME, "-o", self.exported, "--set", f"prometheus=http://{self.prometheus}")

    def watch(self) -> None:
        """Prometheus and Alertmanager, with the exported files."""
        data, own = self.folder / "data", self.exported
        self.processes.start(
            "alertmanager",
            program("prometheus-alertmanager"),
            f"--config.file={own / 'alertmanager.yml'}",
            f"--storage.path={data / 'alertmanager'}",
            f"--web.listen-address={self.alertmanager}",
            "--cluster.listen-address=",
        )
        self.processes.start(
            "prometheus",
            program("prometheus"),
            f"--config.file={own / 'prometheus.yml'}",
            f"--storage.tsdb.path={data / 'prometheus'}",
            f"--web.listen-address={self.prometheus}",
        )
        for address in (self.alertmanager, self.prometheus):
            until(lambda: get(address, "/-/ready"), seconds=30, what=address, processes=self.processes)  # noqa: B023

    def query(self, expr: str) -> list[dict[str, Any]]:
        """The series that an expression has now. Raises ValueError, in Prometheus' own words."""
        path = "/api/v1/query?" + urllib.parse.urlencode({"query": expr})
        try:
            answer = json.loads(get(self.prometheus, path))
        except urllib.error.HTTPError as error:
            raise ValueError(f"{json.load(error)['error']}: {expr}") from error
        found: list[dict[str, Any]] = answer["data"]["result"]
        return found

    def alerts(self) -> list[dict[str, Any]]:
        """The alerts that Prometheus holds as firing."""
        found = json.loads(get(self.prometheus, "/api/v1/alerts"))["data"]["alerts"]
        return [each for each in found if each["state"] == "firing"]


def program(name: str) -> str:
    """The path of a program. Raises SystemExit, with the line that installs it."""
    found = shutil.which(name)
    if found is None:
        raise SystemExit(MISSING.format(name))
    return found


@contextlib.contextmanager
def stack(folder: Path) -> Iterator[Stack]:
    """A stack whose processes are stopped at the end, whatever happens."""
    processes = Processes(folder / "logs")
    try:
        yield Stack(folder, processes)
    finally:
        processes.stop()


def main(arguments: list[str] | None = None) -> int:
    """Start everything, say where it is, and wait."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=0.0, help="end by itself after so long; 0 for Ctrl-C")
    given = parser.parse_args(arguments)
    for name in ("prometheus", "prometheus-alertmanager"):
        program(name)
    folder = ROOT / ".platforms" / "observability"
    shutil.rmtree(folder, ignore_errors=True)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with stack(folder) as running, contextlib.suppress(KeyboardInterrupt):
        _run(running, given.seconds)
    print("stopped")
    return 0


def _run(running: Stack, seconds: float) -> None:
    print(f"a small project is trained below {running.folder.relative_to(ROOT)} …", flush=True)
    running.make()
    running.serve()
    load = Load(running.server, running.rows)
    load.start()
    running.export(every=5)
    running.watch()
    print(_told(running), flush=True)
    deadline = time.monotonic() + seconds if seconds else float("inf")
    try:
        while time.monotonic() < deadline:
            running.processes.check()
            time.sleep(0.5)
    finally:
        load.stop()
        print(f"{load.answered:,} requests answered, {load.refused:,} refused, {load.failed:,} failed")


def _told(running: Stack) -> str:
    addresses: Mapping[str, str] = {
        "server": f"http://{running.server}/metrics",
        "control": f"http://{running.control}/metrics",
        "Prometheus": f"http://{running.prometheus}/alerts",
        "Alertmanager": f"http://{running.alertmanager}",
        "dashboards": str((running.exported / "dashboards").relative_to(ROOT)),
    }
    lines = [f"  {name:<13} {address}" for name, address in addresses.items()]
    return "\n".join([f"{NAME} is served, watched and rolled out:", *lines, "Ctrl-C stops all of it."])


if __name__ == "__main__":
    raise SystemExit(main())

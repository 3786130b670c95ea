"""Measured: what a server of a release uses, so that what is asked of a cluster is a measurement and not a guess.

The release is served once, by the same program that an image starts, and asked for a few seconds with rows made of its training
statistics. Memory is the proportional set size of all of its processes (shared pages count once); the scribe's is measured
while it converts what was logged, which on a server happens a minute later. Requests are counted per second of processor time, so
that a busy machine does not make a release look slow. The result is kept as a document by the release's digest: a release is
measured once, and whoever exports it twice gets the same bytes.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import math
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self

from seakeep.core import Model
from seakeep.core.codec import from_plain
from seakeep.core.errors import SeakeepError
from seakeep.core.kinds import Kind
from seakeep.registry.documents import DocumentChanged

if TYPE_CHECKING:
    from collections.abc import Iterator

    from seakeep.core.codec import Json
    from seakeep.core.statistics import ColumnStatistics
    from seakeep.registry import Registered, Registry

KIND = "measured"
SECONDS = 3.0
_BODIES = 64
_CLIENTS = 4
_START_SECONDS = 30.0
_LOOK_SECONDS = 0.05
_MIB = 1024
_SCRIBE = (
    "import sys, time; from seakeep.prediction_log.layout import Layout; from seakeep.serving.scribe import Scribe; "
    "from pathlib import Path; Scribe([Layout.of(sys.argv[1], sys.argv[2])], Path(sys.argv[1])).look(time.time())"
)


class CannotMeasure(SeakeepError):
    """A release cannot be measured on this machine."""

    @classmethod
    def not_started(cls, label: str, told: str) -> CannotMeasure:
        return cls(
            f"a server of {label} did not become ready, so what it uses cannot be measured",
            cause=told or "It said nothing.",
            fix=f"See why: seakeep serve {label} --http 127.0.0.1:0",
            label=label,
        )

    @classmethod
    def refused(cls, label: str, status: int, told: str) -> CannotMeasure:
        return cls(
            f"a server of {label} answered {status} to rows that are typical of its training data",
            cause=told,
            fix=f"Ask it as its card says: seakeep show {label}",
            label=label,
            status=status,
        )


@dataclass(frozen=True, slots=True)
class Measured:
    """What one server with one worker used.

    server_mib: peak proportional set size of its processes while it answered, in MiB. scribe_mib: the same of the scribe while
    it converted the log. requests_per_core: requests of one row answered in a second of processor time. requests: asked.
    """

    server_mib: int
    scribe_mib: int
    requests_per_core: int
    requests: int

    @property
    def peak_mib(self) -> int:
        """Most that both can use at one time, in MiB."""
        return self.server_mib + self.scribe_mib


def measured_for(registry: Registry, registered: Registered, *, seconds: float = SECONDS) -> Measured:
    """What a server of a release uses: as it is on record, else measured now and put on record.

    Raises: CannotMeasure; UnreadableRegistry.
    """
    digest = registered.release.digest
    known = registry.documents.get(KIND, digest)
    if known is None:
        found = measure(registered.folder, label=registered.label, seconds=seconds)
        with contextlib.suppress(DocumentChanged):  # somebody else measured it meanwhile; one figure stands for both
            registry.documents.put(KIND, digest, found, expected=None)
        known = registry.documents.get(KIND, digest)
    assert known is not None
    return from_plain(Measured, known.content, path=f"{KIND} {digest[:12]}")


def measure(folder: Path, *, label: str, seconds: float = SECONDS) -> Measured:
    """Serve the release in `folder` and ask it for some seconds. label: what it is called in errors. Raises CannotMeasure."""
    bodies = bodies_of(Model.load(folder))
    with tempfile.TemporaryDirectory(prefix="seakeep-measure-") as home, _Server(folder, Path(home), label) as server:
        server.ask(bodies[0])
        with _Watch(server.process.pid) as watch:
            before = _processor_seconds(server.process.pid)
            answered = _load(server, bodies, seconds)
            used = _processor_seconds(server.process.pid) - before
        server.end()
        scribe = _peak_of([sys.executable, "-c", _SCRIBE, home, server.name])
    rate = math.floor(answered / used) if used > 0 else 0
    return Measured(math.ceil(watch.peak_kib / _MIB), math.ceil(scribe / _MIB), rate, answered)


def bodies_of(model: Model) -> tuple[bytes, ...]:
    """Requests of one row each, spread over what the model learned from: quantiles of numbers, most frequent texts."""
    rows = (
        {one.name: _value(one.kind, model.statistics.columns.get(one.name), number) for one in model.inputs}
        for number in range(_BODIES)
    )
    return tuple(json.dumps({"rows": [row]}).encode() for row in rows)


def _value(kind: Kind, column: ColumnStatistics | None, number: int) -> Json:
    """The value of a column in row `number`; null where training saw none."""
    if column is None or not column.finite:
        return None
    if not kind.is_numeric:
        return column.top.values[number % len(column.top.values)] if column.top.values else None
    found = column.quantile((number + 0.5) / _BODIES)
    if found is None:
        return None
    if kind is Kind.TIMESTAMP:
        return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(found // 1_000_000))
    return round(found) if kind is not Kind.NUMBER else found


class _Server:
    """A server of one release in a process of its own, with a log as in production; ended at the end of the block."""

    def __init__(self, folder: Path, home: Path, label: str) -> None:
        self._label, self._errors = label, home / "errors.txt"
        command = [sys.executable, "-m", "seakeep.serving", str(folder), "--port", "0", "--home", str(home)]
        own = {name: value for name, value in os.environ.items() if not name.startswith("SEAKEEP_")}
        with self._errors.open("wb") as errors:
            self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors, env=own)

    def __enter__(self) -> Self:
        try:
            assert self.process.stdout is not None
            self.port = int(self.process.stdout.readline().decode().strip().rpartition(":")[2] or 0)
            self.name = self._first_name()
        except BaseException:
            self.end()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    def end(self) -> None:
        """Let it drain, so that its log is whole; kill it where that takes too long."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(_START_SECONDS)
        self.process.kill()
        self.process.wait()
        if self.process.stdout:
            self.process.stdout.close()

    def ask(self, body: bytes) -> None:
        """Ask once. Raises CannotMeasure, if the answer is not 200."""
        with contextlib.closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=_START_SECONDS)) as line:
            status, content = _post(line, self.path, body)
        if status != http.client.OK:
            raise CannotMeasure.refused(self._label, status, content.decode(errors="replace")[:500])

    @property
    def path(self) -> str:
        """Where inferences are asked for."""
        from urllib.parse import quote

        return f"/v2/models/{quote(self.name, safe='')}/infer"

    def _first_name(self) -> str:
        """The name of what it serves, once that is ready."""
        deadline = time.monotonic() + _START_SECONDS
        while self.port and self.process.poll() is None and time.monotonic() < deadline:
            with contextlib.suppress(OSError):
                line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=_START_SECONDS)
                with contextlib.closing(line):
                    if _get(line, "/v2/health/ready")[0] == http.client.OK:
                        return str(json.loads(_get(line, "/v2/models")[1])["models"][0]["name"])
            time.sleep(_LOOK_SECONDS)
        raise CannotMeasure.not_started(self._label, self._errors.read_text("utf-8", "replace").strip()[-500:])


def _get(line: http.client.HTTPConnection, path: str) -> tuple[int, bytes]:
    line.request("GET", path)
    answer = line.getresponse()
    return answer.status, answer.read()


def _post(line: http.client.HTTPConnection, path: str, body: bytes) -> tuple[int, bytes]:
    line.request("POST", path, body, {"content-type": "application/json"})
    answer = line.getresponse()
    return answer.status, answer.read()


def _load(server: _Server, bodies: tuple[bytes, ...], seconds: float) -> int:
    """Ask on a few connections for some seconds; returns how often an answer came."""
    counts, until = [0] * _CLIENTS, time.monotonic() + seconds

    def client(number: int) -> None:
        with contextlib.closing(http.client.HTTPConnection("127.0.0.1", server.port, timeout=_START_SECONDS)) as line:
            while time.monotonic() < until:
                status, _ = _post(line, server.path, bodies[counts[number] % len(bodies)])
                counts[number] += status == http.client.OK

    threads = [threading.Thread(target=client, args=(number,)) for number in range(_CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(counts)


class _Watch:
    """The peak memory of a process and all below it during a block. peak_kib: proportional set size."""

    def __init__(self, pid: int) -> None:
        self.peak_kib = 0
        self._pid, self._over = pid, threading.Event()
        self._thread = threading.Thread(target=self._look, name="memory", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._over.wait(_LOOK_SECONDS):
            self.peak_kib = max(self.peak_kib, sum(map(_pss_kib, _tree(self._pid))))


def _peak_of(command: list[str]) -> int:
    """The peak memory of a command until it ends, in KiB."""
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        with _Watch(process.pid) as watch:
            process.wait()
        return watch.peak_kib


def _tree(pid: int) -> Iterator[int]:
    """A process and all below it, as far as they live."""
    yield pid
    for children in Path(f"/proc/{pid}/task").glob("*/children"):
        with contextlib.suppress(OSError):
            for child in children.read_text(encoding="ascii").split():
                yield from _tree(int(child))


def _pss_kib(pid: int) -> int:
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1])
    return 0


def _processor_seconds(pid: int) -> float:
    """Processor time of a process and all below it, in seconds."""
    ticks = 0
    for each in _tree(pid):
        with contextlib.suppress(OSError):
            fields = Path(f"/proc/{each}/stat").read_text("ascii", "replace").rpartition(")")[2].split()
            ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")

"""Trial: a server of a release in processes of its own, asked over HTTP as a client would, and ended whatever it does.

What is served is not trusted to end: the process leads a group of its own, which is killed when its time is up, so that no worker
is left behind.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import queue
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any
from urllib.parse import quote

from seakeep.core.errors import ModelError

if TYPE_CHECKING:
    from collections.abc import Iterator

_ASK_SECONDS = 10.0
_END_SECONDS = 10.0
_LOOK_SECONDS = 0.02
_PEAK = "VmHWM:"
_SHOWN = 2000
_ERROR = re.compile(r"[A-Z]\w+: ")


class NotReady(ModelError):
    """A release's server did not become ready. said: what it said."""

    @classmethod
    def in_time(cls, folder: Path, seconds: float, said: str) -> NotReady:
        return cls(
            f"the server was not ready after {seconds:g} s, and was ended",
            where=str(folder),
            cause=_last(said) if said else "It said nothing.",
            fix=f"Give it longer: check.start_seconds in seakeep.toml; or read what it says: seakeep serve {folder}",
            seconds=seconds,
            said=said or "it said nothing in time",
        )

    @classmethod
    def ended(cls, folder: Path, code: int, said: str) -> NotReady:
        return cls(
            f"the server ended with exit code {code}, expected one that answers",
            where=str(folder),
            cause=_last(said) if said else "It said nothing.",
            fix=f"Serve it by hand, and read what it says: seakeep serve {folder}",
            code=code,
            said=said or f"it ended with exit code {code}",
        )


class Trial:
    """A server that is ready. name: of its model. seconds: that it took to be."""

    def __init__(self, process: subprocess.Popen[str], port: int, name: str, seconds: float) -> None:
        self._process, self.name, self.seconds = process, name, seconds
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_ASK_SECONDS)

    def ask(self, rows: list[Any]) -> tuple[int, Any, float]:
        """Status and content of the answer to some rows, and the seconds that it took. Raises OSError, HTTPException, ValueError."""
        body = json.dumps({"rows": rows}).encode()
        begun = time.perf_counter()
        self._connection.request(
            "POST", f"/v2/models/{quote(self.name, safe='')}/infer", body, {"content-type": "application/json"}
        )
        answer = self._connection.getresponse()
        content = answer.read()
        return answer.status, json.loads(content), time.perf_counter() - begun

    def told(self) -> Any:
        """What the server tells of the model. Raises OSError, HTTPException, ValueError."""
        self._connection.request("GET", f"/v2/models/{quote(self.name, safe='')}")
        return json.loads(self._connection.getresponse().read())

    def peak_mb(self) -> float:
        """The most that its workers have held, MiB, one by one and added."""
        pid = self._process.pid
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text("ascii").split()
        return sum(_peak_kib(child) for child in children) / 1024

    def close(self) -> None:
        """Let go of the connection."""
        self._connection.close()


@contextlib.contextmanager
def trial(folder: Path, *, seconds: float) -> Iterator[Trial]:
    """A server of the release in `folder`, for the block. seconds: that it has to become ready. Raises NotReady."""
    begun = time.monotonic()
    command = [sys.executable, "-m", "seakeep.serving", str(folder), "--port", "0", "--missing", "accept"]
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as errors:
        process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=errors, text=True, start_new_session=True, env=_environment()
        )
        try:
            port = _port(process, begun + seconds)
            name = None if port is None else _ready(process, port, begun + seconds)
            if port is None or name is None:
                raise _why(process, errors, folder, seconds)
            made = Trial(process, port, name, time.monotonic() - begun)
            with contextlib.closing(made):
                yield made
        finally:
            _end(process)


def _environment() -> dict[str, str]:
    """This one's, without what clouds say of their port."""
    return {
        name: value for name, value in os.environ.items() if not name.startswith(("AIP_", "SAGEMAKER_", "SEAKEEP_"))
    }


def _port(process: subprocess.Popen[str], deadline: float) -> int | None:
    """Where it listens, as it says in its first line; None where it does not say it."""
    lines: queue.Queue[str] = queue.Queue()
    assert process.stdout is not None
    threading.Thread(target=lambda out: lines.put(out.readline()), args=(process.stdout,), daemon=True).start()
    with contextlib.suppress(queue.Empty):
        line = lines.get(timeout=max(0.0, deadline - time.monotonic()))
        if line.strip():
            return int(line.rpartition(":")[2])
        process.wait(_END_SECONDS)
    return None


def _ready(process: subprocess.Popen[str], port: int, deadline: float) -> str | None:
    """Wait until it is ready; returns the name of its model, None where it does not become so."""
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(OSError, http.client.HTTPException, ValueError):
            if _got(port, "/v2/health/ready")[0] == http.client.OK:
                return str(_got(port, "/v2/models")[1]["models"][0]["name"])
        time.sleep(_LOOK_SECONDS)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(_LOOK_SECONDS)
    return None


def _got(port: int, path: str) -> tuple[int, Any]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_ASK_SECONDS)
    with contextlib.closing(connection):
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())


def _why(process: subprocess.Popen[str], errors: IO[str], folder: Path, seconds: float) -> NotReady:
    errors.seek(0)
    said = errors.read()[-_SHOWN:].strip()
    code = process.poll()
    return NotReady.in_time(folder, seconds, said) if code is None else NotReady.ended(folder, code, said)


def _last(said: str) -> str:
    """The error in what a server has said: its last line that begins with an error's name, else the first line."""
    lines = said.splitlines()
    return next((line for line in reversed(lines) if _ERROR.match(line)), lines[0])


def _end(process: subprocess.Popen[str]) -> None:
    """End the server and everything that it began."""
    process.terminate()
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(_END_SECONDS)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    if process.stdout is not None:
        process.stdout.close()


def _peak_kib(pid: str) -> float:
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text("utf-8").splitlines():
            if line.startswith(_PEAK):
                return float(line.split()[1])
    return 0.0

"""Hostile bytes: requests that no client should send, over raw sockets and gRPC, and what schemathesis makes of the OpenAPI document.

Usage: python benchmarks/serving/fuzz.py [--requests 20000] [--seconds 300] [--seed 1] [--schemathesis 60] [--grpc-requests 5000]

A server with one model is started, its two workers watched. Each request is a good one (rows, tensors, binary, CSV, gRPC) with a few
seeded damages: bytes changed, cut, doubled, swapped for tokens that parsers trip over (huge numbers, deep nesting, broken UTF-8), or a
head that lies (lengths, transfer encodings, versions of HTTP). Told: requests, answers by status, 5xx, workers that died, and MiB before
and after. The exit code is 1 if a worker died, a status was 500 or above, a good request was not answered at the end, or memory grew by
more than GROWTH_MIB. schemathesis comes with scripts/serving-peers; `--schemathesis 0` leaves it out.
"""

from __future__ import annotations

import argparse
import collections
import contextlib
import json
import os
import random
import re
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROOT = Path(__file__).parents[2]
SCHEMATHESIS = ROOT / ".platforms/serving-peers/fuzz/bin/schemathesis"
GROWTH_MIB = 64
READ_SECONDS = 3.0
WAITING_SECONDS = 0.1
MODEL = "flights"
ROW = {"distance": 1400.0, "seats": 149, "night": True, "carrier": "AA", "scheduled": "2013-10-01T05:15:00Z"}
TENSORS = (
    ("distance", "FP64", 1400.0, struct.pack("<d", 1400.0)),
    ("seats", "INT64", 149, struct.pack("<q", 149)),
    ("night", "BOOL", True, b"\x01"),
    ("carrier", "BYTES", "AA", b"\x02\0\0\0AA"),
    ("scheduled", "INT64", 1_380_604_500_000_000, struct.pack("<q", 1_380_604_500_000_000)),
)
TOKENS = (
    b"1e999",
    b"-0",
    b"9" * 400,
    b"18446744073709551616",
    b"NaN",
    b"null",
    b'"\\ud800"',
    b"\xff\xfe\xfd",
    b"\0",
    b"[" * 2000,
    b'{"a":' * 500,
    b"]}",
    b'"inputs"',
    b"\r\n\r\n",
    b"\xed\xa0\x80",
    b"-9223372036854775809",
    b"0x10",
    b"\xe2\x80\xae",
    b"1" + b"0" * 5000,
)
HEADS = (
    b"content-length: -1\r\n",
    b"content-length: 99999999999999999999\r\n",
    b"content-length: 5\r\n",
    b"transfer-encoding: chunked\r\n",
    b"transfer-encoding: chunked, chunked\r\ncontent-length: 3\r\n",
    b"expect: 100-continue\r\n",
    b"content-encoding: gzip\r\n",
    b"content-encoding: deflate, gzip, br\r\n",
    b"inference-header-content-length: 999999\r\n",
    b"inference-header-content-length: -1\r\n",
    b"accept: */*;q=nan\r\n",
    b"seakeep-timeout-ms: 1e400\r\n",
    b"seakeep-key: " + b"k" * 5000 + b"\r\n",
    b"traceparent: 00-zz-zz-01\r\n",
    b"x-request-id: \xff\xff\r\n",
    b"no-colon\r\n",
    b": no-name\r\n",
    b"upgrade: h2c\r\nconnection: upgrade, http2-settings\r\nhttp2-settings: AA\r\n",
)
TYPES = (
    b"application/json",
    b"application/octet-stream",
    b"text/csv",
    b"application/x-ndjson",
    b"application/vnd.apache.arrow.stream",
    b"multipart/form-data",
    b"\xff",
)
PATHS = (
    f"/v2/models/{MODEL}/infer",
    f"/v2/models/{MODEL}/explain",
    f"/v1/models/{MODEL}:predict",
    f"/v2/models/{MODEL}/versions/x/infer",
    "/v2/models/%00/infer",
    "/v2/models/" + "a" * 3000 + "/infer",
    "/v2/repository/index",
    f"/v2/models/{MODEL}",
    "/metrics",
    "/openapi.json",
    "/../../etc/passwd",
    "*",
)


@dataclass
class Found:
    """What came of the requests."""

    requests: int = 0
    answers: collections.Counter[str] = field(default_factory=collections.Counter)
    errors: list[str] = field(default_factory=list)

    def add(self, status: str, told: Callable[[], str]) -> None:
        """Count an answer; one of 500 or above is kept, with what was asked."""
        self.requests += 1
        self.answers[status] += 1
        if status.startswith("5") or status in ("INTERNAL", "UNKNOWN"):
            self.errors.append(f"{status} {told()}")


def main() -> int:
    options = parser().parse_args()
    from seakeep.testing.example_models import example_model

    with tempfile.TemporaryDirectory() as folder:
        example_model(name=MODEL).save(Path(folder, MODEL))
        with serving(Path(folder, MODEL)) as server:
            for _ in range(200):
                alive(server.http)
                exchange(server.http, whole(PATHS[0], TYPES[4], b"\xff\xff\xff\xff"))  # loads pyarrow, 70 MiB a worker
            before, workers = memory(server.process.pid), children(server.process.pid)
            found = {"http": over_http(server.http, options.requests, options.seconds, seed=options.seed)}
            found["grpc"] = over_grpc(server.grpc, options.grpc_requests, options.seconds, seed=options.seed)
            told = {name: vars(one) for name, one in found.items()}
            if options.schemathesis:
                told["schemathesis"] = by_schema(server.http, options.schemathesis, options.seed)
            time.sleep(1)
            told["mib"] = {"before": before, "after": memory(server.process.pid)}
            told["crashes"] = len(set(workers) - set(children(server.process.pid)))
            told["alive"] = alive(server.http)
    print(json.dumps(told, indent=1, default=dict))
    return int(failed(told))


def parser() -> argparse.ArgumentParser:
    found = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    found.add_argument("--requests", type=int, default=20_000)
    found.add_argument("--grpc-requests", type=int, default=5_000)
    found.add_argument("--seconds", type=float, default=300, help="at most, of each kind")
    found.add_argument("--schemathesis", type=int, default=60, metavar="SECONDS")
    found.add_argument("--seed", type=int, default=1)
    return found


def failed(told: dict[str, Any]) -> bool:
    """Whether something is wrong."""
    errors = [error for name in ("http", "grpc") for error in told[name]["errors"]]
    grew = told["mib"]["after"] - told["mib"]["before"] > GROWTH_MIB
    wrong = told.get("schemathesis", {}).get("server_errors", 0)
    return bool(errors or told["crashes"] or grew or wrong or not told["alive"])


@dataclass(frozen=True, slots=True)
class Serving:
    """Ports of a started server."""

    process: subprocess.Popen[str]
    http: int
    grpc: int


@contextlib.contextmanager
def serving(folder: Path) -> Iterator[Serving]:
    """A server of one model with two workers and gRPC, that takes bodies up to a megabyte."""
    command = [sys.executable, "-m", "seakeep.serving", str(folder), "--port", "0", "--grpc", "127.0.0.1:0"]
    command += ["--workers", "2", "--body-limit-bytes", "1000000"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=dict(os.environ)) as process:
        try:
            http, grpc = (int(process.stdout.readline().strip().rpartition(":")[2]) for _ in range(2))
            deadline = time.monotonic() + 30
            while not alive(http):
                if time.monotonic() > deadline:
                    raise SystemExit("the server did not become ready")
                time.sleep(0.02)
            yield Serving(process, http, grpc)
        finally:
            process.send_signal(signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(20)
            process.kill()


def children(pid: int) -> list[int]:
    """Process ids of the workers."""
    return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def memory(pid: int) -> float:
    """Resident MiB of a server and its workers, pages that they share counted in each."""
    texts = [Path(f"/proc/{one}/status").read_text() for one in (pid, *children(pid))]
    return round(sum(int(re.search(r"VmRSS:\s+(\d+)", text)[1]) for text in texts) / 1024, 1)


def alive(port: int) -> bool:
    """Whether a good request is answered."""
    with contextlib.suppress(OSError):
        return exchange(port, whole(PATHS[0], b"application/json", rows(1))) == "200"
    return False


def rows(count: int) -> bytes:
    return json.dumps({"rows": [ROW] * count}).encode()


def tensors(count: int) -> bytes:
    inputs = [
        {"name": name, "datatype": datatype, "shape": [count], "data": [value] * count}
        for name, datatype, value, _ in TENSORS
    ]
    return json.dumps({"id": "7", "inputs": inputs, "outputs": [{"name": "label"}]}).encode()


def binary(count: int) -> tuple[bytes, int]:
    """A body with the values as bytes, and where its JSON ends."""
    inputs = [
        {"name": name, "datatype": datatype, "shape": [count], "parameters": {"binary_data_size": len(raw) * count}}
        for name, datatype, _, raw in TENSORS
    ]
    head = json.dumps({"inputs": inputs, "parameters": {"binary_data_output": True}}).encode()
    return head + b"".join(raw * count for *_, raw in TENSORS), len(head)


def whole(path: str, kind: bytes, body: bytes, more: bytes = b"", *, method: bytes = b"POST") -> bytes:
    """A request as bytes."""
    head = b"%s %s HTTP/1.1\r\nhost: a\r\nconnection: close\r\ncontent-type: %s\r\n" % (method, path.encode(), kind)
    length = b"" if b"content-length" in more or b"transfer-encoding" in more else b"content-length: %d\r\n" % len(body)
    return head + more + length + b"\r\n" + body


def damaged(data: bytes, chance: random.Random) -> bytes:
    """The same bytes, hurt in one to four places."""
    found = bytearray(data)
    for _ in range(chance.randint(1, 4)):
        at = chance.randrange(len(found) + 1)
        kind = chance.randrange(6)
        if kind == 0 and found:
            found[at % len(found)] ^= 1 << chance.randrange(8)
        elif kind == 1:
            del found[at:]
        elif kind == 2:
            found[at : at + chance.randrange(1, 30)] = chance.choice(TOKENS)
        elif kind == 3:
            found[at:at] = found[max(0, at - chance.randrange(200)) : at]
        elif kind == 4:
            found[at:at] = chance.randbytes(chance.randrange(1, 40))
        else:
            digits = [one.span() for one in re.finditer(rb"\d+", found)]
            start, end = chance.choice(digits) if digits else (at, at)
            found[start:end] = chance.choice(TOKENS)
    return bytes(found[:900_000])


def request(chance: random.Random) -> bytes:
    """One hostile request: a damaged body in a whole head, a head that lies, or bytes damaged anywhere."""
    count = chance.choice((1, 1, 2, 50))
    body, kind, more = rows(count), b"application/json", b""
    form = chance.randrange(4)
    if form == 1:
        body = tensors(count)
    elif form == 2:
        body, length = binary(count)
        kind, more = b"application/octet-stream", b"inference-header-content-length: %d\r\n" % length
    elif form == 3:
        line = ",".join(str(value) for value in ROW.values())
        body, kind = f"{','.join(ROW)}\n{(line + chr(10)) * count}".encode(), b"text/csv"
    how = chance.randrange(4)
    if how < 2:
        return whole(PATHS[0], kind, damaged(body, chance), more)
    if how == 2:
        lies = b"".join(chance.sample(HEADS, chance.randint(1, 3)))
        method = chance.choice((b"POST", b"GET", b"PUT", b"BREW", b"HEAD", b"OPTIONS"))
        return whole(chance.choice(PATHS), chance.choice(TYPES), body, lies, method=method)
    return damaged(whole(PATHS[0], kind, body, more), chance)


def over_http(port: int, requests: int, seconds: float, *, seed: int) -> Found:
    """Hostile requests over raw sockets, each on its own."""
    found, chance, deadline = Found(), random.Random(seed), time.monotonic() + seconds
    while found.requests < requests and time.monotonic() < deadline:
        asked = request(chance)
        found.add(exchange(port, asked), lambda asked=asked: repr(asked[:2000]))
    return found


def exchange(port: int, asked: bytes) -> str:
    """The status of the first answer; "closed" where none came, "waiting" where the server waits for what will not come.

    Nothing is said after the request, and the connection is not half closed: servers take that for a client that has gone.
    """
    with socket.create_connection(("127.0.0.1", port), timeout=READ_SECONDS) as connection:
        try:
            connection.sendall(asked)
            connection.settimeout(WAITING_SECONDS)
            head = connection.recv(65536)
        except TimeoutError:
            return "waiting"
        except OSError:
            return "closed"
    status = re.match(rb"HTTP/1\.[01] (\d{3})", head)
    return status[1].decode() if status else "closed"


def over_grpc(port: int, requests: int, seconds: float, *, seed: int) -> Found:
    """Hostile messages over one channel."""
    import grpc

    found, chance, deadline = Found(), random.Random(seed), time.monotonic() + seconds
    good = message()
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        while found.requests < requests and time.monotonic() < deadline:
            method = chance.choice(("ModelInfer", "ModelInfer", "ModelInfer", "ModelMetadata", "ModelReady", "Nothing"))
            asked = damaged(good, chance) if chance.random() < 0.95 else chance.randbytes(chance.randrange(300))
            call = channel.unary_unary(f"/inference.GRPCInferenceService/{method}")
            try:
                call(asked, timeout=READ_SECONDS)
                status = "OK"
            except grpc.RpcError as error:
                status = error.code().name
            found.add(status, lambda asked=asked, method=method: f"{method} {asked[:2000]!r}")
    return found


def message() -> bytes:
    """A good message of gRPC."""
    from seakeep.serving.server.grpc.messages import messages

    asked = messages().InferRequest(model_name=MODEL, id="7")
    for name, datatype, _, raw in TENSORS:
        asked.inputs.add(name=name, datatype=datatype, shape=[1])
        asked.raw_input_contents.append(raw)
    return asked.SerializeToString()


def by_schema(port: int, seconds: int, seed: int) -> dict[str, Any]:
    """What schemathesis finds for all operations of the OpenAPI document, in so many seconds."""
    address = f"http://127.0.0.1:{port}"
    command = [SCHEMATHESIS, "run", f"{address}/openapi.json", "--max-time", str(seconds), "--seed", str(seed)]
    command += ["--checks", "not_a_server_error,response_schema_conformance", "--no-color", "--continue-on-failure"]
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=seconds + 120, check=False, cwd=tempfile.gettempdir()
    )
    errors = len(re.findall(r"Server error", done.stdout))
    return {"exit_code": done.returncode, "server_errors": errors, "told": done.stdout[-3000:].splitlines()}


if __name__ == "__main__":
    sys.exit(main())

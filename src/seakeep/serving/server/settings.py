"""Settings of a server, validated once. They travel from `serve` to the workers."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, get_args

from seakeep.core.errors import UsageError
from seakeep.core.tls import Tls  # noqa: TC001  (a field, whose type is read)
from seakeep.serving.server.dialect import names
from seakeep.serving.server.gates.access import Access
from seakeep.serving.server.keeping import Keeping
from seakeep.serving.server.telemetry.settings import Telemetry
from seakeep.serving.server.traffic.bounds import Bounds

Missing = Literal["schema", "reject", "accept", "mark", "impute"]
Domain = Literal["accept", "reject", "mark", "impute"]
Rules = Literal["accept", "reject", "mark"]
Log = Literal["off", "sampled", "interval", "acknowledged"]
Control = Literal["look", "change"]
Trees = Literal["onnxruntime", "auto", "compiled"]

_LOG_LEAST, _LOG_MOST = 0.05, 60.0
_ANYWHERE = ("0.0.0.0", "::")  # noqa: S104  (compared with, not listened at)
_PORT_MOST = 65_535
_ANYWHERE = ("0.0.0.0", "::")  # noqa: S104  (compared with, not listened at)


class BadSetting(UsageError):
    """A setting of the server has a value that it cannot have."""

    @classmethod
    def of(cls, name: str, found: object, expected: str) -> BadSetting:
        typed = ", or at the command line: --http HOST:PORT" if name == "host" else ""
        return cls(f"{name} is {found!r}, expected {expected}", fix=f"Change it: serve(…, {name}=…){typed}.", name=name)


@dataclass(frozen=True, slots=True)
class Settings:
    """How a server listens and what it lets in.

    host: address to listen on. port: TCP port, 0 for any free one. workers: processes, each with its own models.
    missing: whether a null is let in: "schema" (where the column's `missing_at_most` is above 0), "reject" (nowhere), or
        "accept" (everywhere); where the schema allows none, "mark" scores it as missing, and "impute" what training had most of,
        and the answer says so. NaN and infinities are not JSON, and are refused whatever this says.
    domain: what happens to values that break the schema (its values, bounds, lengths, pattern, semantics, number of different
        values): "accept" (counted and scored), "reject", "mark" (scored, and the answer says what was wrong) or "impute" (as mark, and
        what training had most of is scored instead).
    rules: what happens to rows that break a rule of the schema: "accept" (counted and scored), "reject" or "mark".
    body_limit_bytes, row_limit: of one request; more is refused with 413. read_seconds: time that a client has to send
        its body, else 408. drain_seconds: time that requests under way have at the end before workers are killed.
    log: how predictions are logged, where there is a home for them: "off", "interval" (an answer's row is on the disk at most
        log_seconds later), "acknowledged" (before the answer is sent), or "sampled" (a stated number of requests a minute, on the
        disk when the minute is over).
    dialects: spoken beside V2 and rows, see `dialects`. tls: None for plain HTTP. access: what a request must bring.
    telemetry: what is told of single requests.
    bounds: how much may wait.
    keeping: what of the requests is logged, and where it goes.
    grpc: "HOST:PORT" for gRPC, a port of 0 for any free one; "" for none.
    repository: whether models are loaded and unloaded by request: "look" (they are only listed) or "change".
    memory_mb: MiB that the loaded models of a worker may take together; those that were not asked for the longest time are
        left, and loaded again by the request that asks for them. 0 for any number.
    trees: what adds up a model's trees, to the same bits: "onnxruntime", "compiled" (native code for many rows, and ONNX Runtime
        where that cannot be), or "auto" (as compiled, where llvmlite is installed).
    Raises: BadSetting.
    """

    host: str = "127.0.0.1"
    port: int = 8080
    workers: int = 1
    missing: Missing = "schema"
    domain: Domain = "accept"
    rules: Rules = "accept"
    body_limit_bytes: int = 8 * 1024 * 1024
    row_limit: int = 10_000
    read_seconds: int = 30
    drain_seconds: int = 30
    log: Log = "interval"
    log_seconds: float = 1.0
    dialects: tuple[str, ...] = ()
    grpc: str = ""
    repository: Control = "look"
    memory_mb: int = 0
    trees: Trees = "onnxruntime"
    tls: Tls | None = None
    access: Access = field(default_factory=Access)
    telemetry: Telemetry = field(default_factory=Telemetry)
    bounds: Bounds = field(default_factory=Bounds)
    keeping: Keeping = field(default_factory=Keeping)

    def __post_init__(self) -> None:
        for name, choices in (("missing", Missing), ("domain", Domain), ("rules", Rules), ("log", Log)):
            if getattr(self, name) not in get_args(choices):
                raise BadSetting.of(name, getattr(self, name), "one of " + ", ".join(map(repr, get_args(choices))))
        if unknown := [name for name in self.dialects if name not in names()]:
            raise BadSetting.of("dialects", unknown[0], "some of " + ", ".join(map(repr, names())))
        if not 0 <= self.port <= _PORT_MOST:
            raise BadSetting.of("port", self.port, "a port from 0 to 65535")
        for name in ("workers", "body_limit_bytes", "row_limit", "read_seconds", "drain_seconds"):
            if getattr(self, name) < 1:
                raise BadSetting.of(name, getattr(self, name), "at least 1")
        if self.grpc:
            self._refuse_http_port(*address_of("grpc", self.grpc))
        if self.repository not in get_args(Control):
            raise BadSetting.of("repository", self.repository, "'look' or 'change'")
        if self.trees not in get_args(Trees):
            raise BadSetting.of("trees", self.trees, "one of " + ", ".join(map(repr, get_args(Trees))))
        if self.memory_mb < 0:
            raise BadSetting.of("memory_mb", self.memory_mb, "0, or a number of MiB")
        if not _LOG_LEAST <= self.log_seconds <= _LOG_MOST:
            raise BadSetting.of("log_seconds", self.log_seconds, f"{_LOG_LEAST} to {_LOG_MOST} seconds")

    def _refuse_http_port(self, host: str, port: int) -> None:
        """Listening sockets are shared by workers, so that the system would deal connections out to both protocols."""
        meets = host == self.host or not {host, self.host}.isdisjoint(_ANYWHERE)
        if meets and port == self.port != 0:
            raise BadSetting.of("grpc", self.grpc, f"another port than HTTP's, {self.port}")


def address_of(name: str, found: str) -> tuple[str, int]:
    """Host and port of "HOST:PORT", "[IPv6]:PORT" or ":PORT" (this machine). Raises BadSetting.

    >>> address_of("grpc", ":9000"), address_of("grpc", "[::1]:0")
    (('127.0.0.1', 9000), ('::1', 0))
    """
    host, colon, port = found.rpartition(":")
    if not colon or not port.isascii() or not port.isdecimal() or int(port) > _PORT_MOST:
        raise BadSetting.of(name, found, "HOST:PORT, such as 127.0.0.1:9000")
    return host.strip("[]") or "127.0.0.1", int(port)

"""The settings as they are used: a frozen dataclass for each section of `seakeep.toml`, with its defaults and what they mean.

A field is a setting: its name, type and default are read from here by reading, values and the reference. [monitor] stands where
it is used, in monitoring.settings.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from seakeep.monitoring.settings import MonitorSettings

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True)
class RunSettings:
    """threads: of Polars and of estimators that ask; 0 for all cores. Answers do not depend on it."""

    threads: int = 0


@dataclass(frozen=True, slots=True)
class ServeSettings:
    """How the server listens and what it lets in (see serving.server.settings).

    http: "host:port". grpc: the same for gRPC, empty for none. repository: whether models are loaded and unloaded by request. memory_mb:
    MiB that the loaded models of a worker may take together, 0 for any number. trees: what adds up a model's trees. log: when a prediction is on the disk. log_seconds: at most, with "interval".
    log_sample_requests: with "sampled", how many of each minute and arm a worker keeps. log_sample_seconds: length of that minute.
    log_keep: how long hours of predictions are kept; empty for ever. log_sinks: addresses that get what is logged. redact: columns that
    are not written. hash: columns that are written as keyed hashes. hash_key_file: that holds the key. dialects: spoken beside
    V2; a cloud that runs the server switches its own on. max_body_mb: MiB of one
    request. max_rows: rows of one request. latency_target_ms: of 99 of 100 answers; what would wait for longer is refused; 0 for none.
    concurrency: requests of one model under way in a worker; 0 for any number. drain_seconds: time that requests under way have at the end. role: as what a release
    that is served from its folder is logged. version: the registry's number of such a release; 0 where it is not known.
    """

    http: str = "127.0.0.1:8080"
    grpc: str = ""
    repository: Literal["look", "change"] = "look"
    memory_mb: int = 0
    trees: Literal["onnxruntime", "auto", "compiled"] = "onnxruntime"
    workers: int = 1
    missing: Literal["schema", "reject", "accept", "mark", "impute"] = "schema"
    domain: Literal["accept", "reject", "mark", "impute"] = "accept"
    rules: Literal["accept", "reject", "mark"] = "accept"
    log: Literal["off", "sampled", "interval", "acknowledged"] = "interval"
    log_seconds: float = 1.0
    log_sample_requests: int = 1000
    log_sample_seconds: int = 60
    log_keep: str = ""
    log_sinks: tuple[str, ...] = ()
    redact: tuple[str, ...] = ()
    hash: tuple[str, ...] = ()
    hash_key_file: str = ""
    dialects: tuple[Literal["azure_ml", "kserve_v1", "sagemaker", "tensorflow", "vertex"], ...] = ()
    max_body_mb: int = 8
    max_rows: int = 10_000
    latency_target_ms: float = 0.0
    concurrency: int = 0
    drain_seconds: int = 30
    role: Literal["champion", "challenger"] = "champion"
    version: int = 0


@dataclass(frozen=True, slots=True)
class CheckSettings:
    """What a release may take when it is served for a trial (see serving.checking). start_seconds: until it is ready. p99_ms: of
    single requests, one after another. memory_mb: MiB that its workers hold at most.
    """

    start_seconds: float = 30.0
    p99_ms: float = 50.0
    memory_mb: float = 1024.0


@dataclass(frozen=True, slots=True)
class TelemetrySettings:
    """What a server tells of single requests (see serving.server.telemetry.settings).

    lines: of its log. access_log: whether each request has a line. request_ids: whether answers carry x-request-id. traces: address of a
    collector, OTLP over HTTP; empty for none. trace_share: of the requests that begin a trace of their own.
    """

    lines: Literal["text", "json"] = "text"
    access_log: bool = False
    request_ids: bool = False
    traces: str = ""
    trace_share: float = 0.01


@dataclass(frozen=True, slots=True)
class TlsSettings:
    """What the server and the control server speak TLS with (see core.tls); plain HTTP without. Files in PEM.

    certificate: the server's own, then those up to its authority. key: without a password. client_ca: whose clients are let in;
    empty where clients need no certificate. least: oldest version.
    """

    certificate: str = ""
    key: str = ""
    client_ca: str = ""
    least: Literal["1.2", "1.3"] = "1.3"


@dataclass(frozen=True, slots=True)
class AccessSettings:
    """Who may ask the server and the control server (see serving.server.gates.access).

    tokens: file of bearer tokens, as `seakeep tokens` writes it; empty where nobody needs one. rate: requests a second of a token
    that has no rate of its own; 0 for no limit. burst_seconds: so much of a rate may come at once.
    """

    tokens: str = ""
    rate: float = 0.0
    burst_seconds: float = 1.0


@dataclass(frozen=True, slots=True)
class RolloutSettings:
    """How releases are let in, where a rollout is not told otherwise (see rollout.plan for what each means).

    shares: of the canary's steps, with commas between. requests, seconds: least of each step. copies, shadow_seconds: least of
    the shadow; 0 copies for none. goal_tolerance, labelled: of the loss on labelled predictions. slow_ms: a request is slow above
    so many milliseconds; 0 for the champion's own 99th percentile. look_seconds: the window of one look. settle_seconds: how
    long after it was answered a request may need to be in the log; more than the server's interval of writing (where serve.log is
    "sampled", its minute is added). needs_check: whether a release must have passed a trial, which is made then if it was not yet;
    one that failed is refused, whatever this says.
    """

    plan: str = "canary"
    shares: str = "0.05,0.25,0.5"
    requests: int = 500
    seconds: int = 300
    copies: int = 500
    shadow_seconds: int = 60
    margin: float = 0.0
    tolerance: float = 0.01
    goal_tolerance: float = 0.02
    labelled: int = 0
    alpha: float = 0.05
    slow_ms: int = 0
    look_seconds: int = 10
    settle_seconds: int = 2
    needs_check: bool = False

    def of(self, known: Sequence[str]) -> dict[str, object]:
        """The settings of a plan that has those called `known`."""
        given = {name: getattr(self, name) for name in known if name in self.__slots__}
        if not self.slow_ms:
            given.pop("slow_ms", None)
        return given


@dataclass(frozen=True, slots=True)
class RetrainSettings:
    """When a model is trained again, and what happens to what comes of it (see pipeline.retraining.triggers).

    on: what may start a training. every: the schedule's interval; empty for none. cooldown: least time between the starts of
    two trainings. most_runs, per: a budget, so many within that time. max_minutes: a run that takes longer is stopped.
    rollout: of a release that passed. skip_bad_spans: whether training goes on without a span that breaks the contract.
    """

    on: tuple[Literal["spans", "schedule", "drift", "decay", "alerts"], ...] = ("spans", "schedule", "drift", "decay")
    every: str = ""
    cooldown: str = "1h"
    most_runs: int = 4
    per: str = "1d"
    max_minutes: int = 60
    rollout: Literal["canary", "none"] = "canary"
    skip_bad_spans: bool = False


@dataclass(frozen=True, slots=True)
class ExportSettings:
    """What exported files name (see pipeline.exports). image: registry and name of the images. namespace: of Kubernetes."""

    image: str = ""
    namespace: str = "default"


@dataclass(frozen=True, slots=True)
class Settings:
    """Every setting. home: folder of the registry; empty for `.seakeep` beside the project.

    database: address of the registry's database, "postgresql://user@host/name"; empty for a file in home. objects: address of
    its objects, "s3://bucket/prefix", "gs://…" or "az://…"; empty for home. No password may stand in the file: it comes from the
    environment, a password file, or the cloud's own identity.

    engine: where tables are profiled, judged and scored (see data.engines); it decides no answer.

    file: the seakeep.toml that was read, or None.
    """

    home: str = ""
    database: str = field(default="", repr=False)
    objects: str = ""
    engine: str = "local"
    run: RunSettings = field(default_factory=RunSettings)
    serve: ServeSettings = field(default_factory=ServeSettings)
    check: CheckSettings = field(default_factory=CheckSettings)
    telemetry: TelemetrySettings = field(default_factory=TelemetrySettings)
    tls: TlsSettings = field(default_factory=TlsSettings)
    access: AccessSettings = field(default_factory=AccessSettings)
    rollout: RolloutSettings = field(default_factory=RolloutSettings)
    retrain: RetrainSettings = field(default_factory=RetrainSettings)
    monitor: MonitorSettings = field(default_factory=MonitorSettings)
    export: ExportSettings = field(default_factory=ExportSettings)
    file: Path | None = None

    @property
    def key_file(self) -> Path | None:
        """The file of serve.hash_key_file, looked for beside seakeep.toml; None where none is set."""
        named = Path(self.serve.hash_key_file).expanduser()
        return (self.file.parent if self.file else Path()) / named if self.serve.hash_key_file else None

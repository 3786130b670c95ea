"""`python -m seakeep.serving FOLDER …`: a server without the command line's imports, for containers and tests."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import get_args

from seakeep.core.errors import SeakeepError
from seakeep.core.tls import Tls
from seakeep.serving.followed import Followed
from seakeep.serving.server.dialect import in_cloud
from seakeep.serving.server.gates.access import Access
from seakeep.serving.server.keeping import Keeping
from seakeep.serving.server.run import serve
from seakeep.serving.server.settings import Control, Domain, Log, Missing, Rules, Settings, Trees
from seakeep.serving.server.telemetry.settings import Lines, Telemetry
from seakeep.serving.server.traffic.bounds import Bounds


def main(arguments: list[str] | None = None) -> int:
    """Serve until told to stop. Returns the exit code: 0, or 3 if it could not."""
    defaults = Settings()
    parser = argparse.ArgumentParser("python -m seakeep.serving", description="Serve models over HTTP.")
    parser.add_argument("models", nargs="*", metavar="FOLDER", help="folder of a release or a model")
    parser.add_argument("--follow", action="append", default=[], metavar="NAME", help="whose route --home has")
    parser.add_argument("--home", type=Path, help="registry, below which predictions are logged too")
    parser.add_argument("--log", choices=get_args(Log), default=defaults.log)
    parser.add_argument("--log-seconds", type=float, default=defaults.log_seconds)
    parser.add_argument("--host", default=defaults.host)
    parser.add_argument("--port", type=int, default=defaults.port, help="0 for any free one")
    parser.add_argument("--workers", type=int, default=defaults.workers)
    for name, choices in (
        ("missing", Missing),
        ("domain", Domain),
        ("rules", Rules),
        ("repository", Control),
        ("trees", Trees),
    ):
        parser.add_argument(f"--{name}", choices=get_args(choices), default=getattr(defaults, name))
    for name in ("body_limit_bytes", "row_limit", "read_seconds", "drain_seconds"):
        parser.add_argument(f"--{name.replace('_', '-')}", type=int, default=getattr(defaults, name))
    parser.add_argument("--dialects", type=lambda text: tuple(text.split(",")), default=defaults.dialects)
    parser.add_argument("--memory-mb", type=int, default=defaults.memory_mb)
    parser.add_argument("--grpc", default=defaults.grpc, metavar="HOST:PORT", help="for gRPC; without it there is none")
    for name, kind in (("--log-sample-requests", int), ("--log-sample-seconds", int), ("--log-keep", float)):
        parser.add_argument(name, type=kind, default=getattr(defaults.keeping, _kept(name)))
    for name in ("--redact", "--hash", "--log-sinks"):
        parser.add_argument(name, type=lambda text: tuple(text.split(",")), default=())
    parser.add_argument("--hash-key-file", default="")
    parser.add_argument("--latency-target-ms", type=float, default=defaults.bounds.target_ms, help="0 for none")
    parser.add_argument("--concurrency", type=int, default=defaults.bounds.concurrency, help="of a model; 0 for any")
    parser.add_argument("--tls-certificate", type=Path, metavar="FILE", help="PEM, for TLS")
    parser.add_argument("--tls-key", type=Path, metavar="FILE", help="PEM, without a password")
    parser.add_argument("--tls-client-ca", type=Path, metavar="FILE", help="PEM of the authorities of clients")
    parser.add_argument("--tokens", type=Path, metavar="FILE", help="of those who are let in")
    parser.add_argument("--rate", type=float, default=defaults.access.rate, help="requests a second and token")
    parser.add_argument("--lines", choices=get_args(Lines), default=defaults.telemetry.lines, help="of the log")
    parser.add_argument("--access-log", action="store_true", help="a line for each request")
    parser.add_argument("--request-ids", action="store_true", help="answers carry x-request-id")
    parser.add_argument("--traces", default=defaults.telemetry.traces, metavar="URL", help="OTLP over HTTP")
    parser.add_argument("--trace-share", type=float, default=defaults.telemetry.trace_share)
    options = vars(parser.parse_args(arguments))
    try:
        options["telemetry"] = Telemetry(**{name: options.pop(name) for name in Telemetry.__slots__})
        options["tls"] = Tls.of(*(options.pop(f"tls_{name}") for name in ("certificate", "key", "client_ca")))
        options["access"] = Access(options.pop("tokens"), options.pop("rate"))
        options["bounds"] = Bounds(options.pop("latency_target_ms"), options.pop("concurrency"))
        keeping = {_kept(name): options.pop(name) for name in list(options) if _kept(name) in Keeping.__slots__}
        options["keeping"] = Keeping(**keeping)
        own = in_cloud(options["dialects"], options["host"], options["port"], os.environ)
        options |= dict(zip(("dialects", "host", "port"), own, strict=True))
        models, names = options.pop("models"), options.pop("follow")
        if names and options["home"] is None:
            parser.error("--follow needs --home, the registry that has the route")
        followed = [Followed.of(options["home"], name) for name in names]
        serve([*followed, *models], **options, announce=lambda address: print(address, flush=True))
    except SeakeepError as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        return error.exit_code
    return 0


def _kept(option: str) -> str:
    """The field of Keeping that an option sets: "--log-sample-seconds" sets `sample_seconds`."""
    return option.lstrip("-").replace("-", "_").removeprefix("log_")


if __name__ == "__main__":
    sys.exit(main())

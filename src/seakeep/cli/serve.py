"""Answer for releases over HTTP: the Open Inference Protocol, and plain rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from seakeep.cli._door import Door, verb

if TYPE_CHECKING:
    from seakeep.core.report import Verdict

_FILE = click.Path(dir_okay=False)


@verb
@click.argument("releases", nargs=-1, required=True, metavar="RELEASE...", envvar="SEAKEEP_SERVE_RELEASE")
@click.option("--http", metavar="HOST:PORT", help="Where to listen (default 127.0.0.1:8080; port 0 for any free one).")
@click.option("--grpc", metavar="HOST:PORT", help="Where to listen for gRPC (default: nowhere).")
@click.option("--workers", type=click.IntRange(min=1), help="Processes (default 1).")
@click.option(
    "--missing",
    type=click.Choice(["schema", "reject", "accept", "mark", "impute"]),
    help="Whether null is let in where the contract allows none, and how.",
)
@click.option(
    "--domain",
    type=click.Choice(["accept", "reject", "mark", "impute"]),
    help="Whether values outside of the contract are let in, and how.",
)
@click.option(
    "--log",
    type=click.Choice(["off", "sampled", "interval", "acknowledged"]),
    help="When predictions are on the disk: within serve.log_seconds (default), before the answer, a sample of each minute, or never.",
)
@click.option("--tls-certificate", type=_FILE, metavar="FILE", help="Speak TLS with this certificate (PEM).")
@click.option("--tls-key", type=_FILE, metavar="FILE", help="The certificate's key (PEM, without a password).")
@click.option(
    "--tls-client-ca", type=_FILE, metavar="FILE", help="Let in only clients whom these authorities know (PEM)."
)
@click.option(
    "--tokens", type=_FILE, metavar="FILE", help="Let in only who brings a token of this file (seakeep tokens)."
)
@click.option("--check", is_flag=True, help="Serve each for a trial, say whether it holds, and end.")
def command(
    door: Door,
    *,
    releases: tuple[str, ...],
    http: str | None,
    grpc: str | None,
    workers: int | None,
    missing: str | None,
    domain: str | None,
    log: str | None,
    tls_certificate: str | None,
    tls_key: str | None,
    tls_client_ca: str | None,
    tokens: str | None,
    check: bool,
) -> Verdict | None:
    """Serve one or more releases until SIGTERM or Ctrl-C.

    A release's name is followed: a rollout, a promotion or a rollback reaches the server within a second, without a failed
    request. NAME@3 and a digest stay what they are. A release's FOLDER needs no registry; with --home its predictions are
    logged below that folder. In containers SEAKEEP_SERVE_RELEASE may name it, and clouds may name the port
    and what they ask (see the guide to clouds).

    With --check a server of each release answers the examples that it holds, in a process of its own, and its time and memory are held
    to the settings of [check]. The verdict is put on record, and a rollout refuses a release that failed.
    Exit codes then: 0 pass, 1 fail, 2 inconclusive.

    Every flag is a setting as well, and most settings are no flag: they stand in seakeep.toml, section [serve], or in variables
    such as SEAKEEP_SERVE_WORKERS.

    Example: seakeep serve trips --http 0.0.0.0:8080 --workers 2
    """
    if check:
        from seakeep.pipeline.trying import check as tried

        return door.show_report(tried(releases, home=door.home), passed=True)
    from seakeep.pipeline.answering import serve

    flags = {"serve.http": http, "serve.workers": workers, "serve.missing": missing, "serve.domain": domain}
    flags |= {"serve.log": log, "serve.grpc": grpc}
    flags |= {"tls.certificate": tls_certificate, "tls.key": tls_key, "tls.client_ca": tls_client_ca}
    flags["access.tokens"] = tokens

    def announce(address: str) -> None:
        door.show(
            {"serving": list(releases), "address": address}, lambda: f"serving {', '.join(releases)} at {address}"
        )

    serve(*releases, home=door.home, flags=flags, announce=announce)
    return None

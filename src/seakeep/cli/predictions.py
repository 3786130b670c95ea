"""Show what a model's prediction log holds, or write it to a file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from seakeep.cli._door import Door, verb
from seakeep.core.errors import UsageError
from seakeep.prediction_log.columns import ROLES

if TYPE_CHECKING:
    from rich.console import RenderableType

    from seakeep.pipeline.predictions import LogSummary
    from seakeep.prediction_log.overview import Group

_TIME = "%Y-%m-%d %H:%M:%S"
_COLUMNS = ("release", "role", "outcome", "rows", "labelled", "median", "95 %", "99 %")


@verb
@click.argument("name")
@click.option("--since", metavar="TIME", help="From this time on, ISO 8601, UTC.")
@click.option("--until", metavar="TIME", help="Up to this time, not including it.")
@click.option("--release", "releases", multiple=True, metavar="DIGEST", help="Only of this release; may be repeated.")
@click.option("--role", "roles", multiple=True, type=click.Choice(ROLES), help="Only in this role; may be repeated.")
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help="Write rows: .parquet or .csv")
@click.option("--overwrite", is_flag=True, help="Replace the output if it is there.")
@click.option(
    "--cloudevents",
    metavar="FILE|URL",
    help="Give requests and answers as KServe's payload logger does: to a file (.jsonl), or to an address by HTTP.",
)
@click.option("--service", metavar="NAME", default="", help="The InferenceService that events name (default NAME).")
@click.option("--namespace", default="", help="Its namespace (default: export.namespace).")
def command(
    door: Door,
    *,
    name: str,
    since: str | None,
    until: str | None,
    releases: tuple[str, ...],
    roles: tuple[str, ...],
    output: Path | None,
    overwrite: bool,
    cloudevents: str | None,
    service: str,
    namespace: str,
) -> None:
    """Show the predictions of NAME by release, role and outcome: rows, labels, latency.

    With --cloudevents URL every request goes to the receiver at least once, in order; the next call goes on where the last
    one stopped. Requests of the last two minutes wait for it.

    Example: seakeep predictions trips --since 2026-06-01 -o june.parquet
    """
    from seakeep.pipeline import payloads, predictions

    if cloudevents is not None:
        if output is not None:
            raise UsageError(
                "rows and events are written apart", fix="Give -o or --cloudevents, one of the two.", where=str(output)
            )
        sent = payloads.events(
            name,
            cloudevents,
            since=since,
            until=until,
            releases=releases,
            roles=roles,
            service=service,
            namespace=namespace,
            overwrite=overwrite,
            home=door.home,
        )
        door.show(sent, lambda: f"{sent.events:,} events of {sent.name} to {sent.target}")
        return
    found = predictions.summary(
        name,
        output,
        since=since,
        until=until,
        releases=releases,
        roles=roles,
        overwrite=overwrite,
        home=door.home,
    )
    filtered = any((since, until, releases, roles))
    door.show(_plain(found), lambda: _drawn(found, filtered=filtered))


def _plain(found: LogSummary) -> dict[str, object]:
    return {
        "name": found.name,
        "rows": found.rows,
        "labelled_share": found.labelled_share,
        "path": found.path,
        "groups": [_group(group) for group in found.groups],
    }


def _group(group: Group) -> dict[str, object]:
    named = {name: getattr(group, name) for name in type(group).__slots__}
    return named | {"first": group.first.isoformat(), "last": group.last.isoformat()}


def _drawn(found: LogSummary, *, filtered: bool) -> RenderableType:
    from rich.console import Group as Stack
    from rich.table import Table
    from rich.text import Text

    if not found.groups and filtered:
        return Text(
            f"{found.name} has no predictions of that time, release and role. See all: seakeep predictions {found.name}"
        )
    if not found.groups:
        return Text(f"{found.name} has no predictions here yet. They come with: seakeep serve {found.name}")
    grid = Table(box=None, pad_edge=False)
    for number, name in enumerate(_COLUMNS):
        grid.add_column(name, justify="right" if number >= 3 else "left", no_wrap=True)
    for group in found.groups:
        grid.add_row(*_cells(group))
    share = "" if found.labelled_share is None else f", {found.labelled_share:.1%} of the answered ones labelled"
    first, last = min(group.first for group in found.groups), max(group.last for group in found.groups)
    head = f"{found.name}: {found.rows:,} rows{share}\nfrom {first:{_TIME}} to {last:{_TIME}} UTC; latency in ms\n"
    written = "" if found.path is None else f"\nwritten to {found.path}"
    return Stack(Text(head), grid, Text(written))


def _cells(group: Group) -> list[str]:
    share = f"{group.labelled / group.rows:.1%}"
    latencies = [f"{value:.2f}" for value in (group.median_ms, group.p95_ms, group.p99_ms)]
    release = f"@{group.version} {group.release[:12]}"
    return [release, group.role, group.outcome, f"{group.rows:,}", share, *latencies]

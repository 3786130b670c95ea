"""Watch a name's predictions: windows judged for drift, data quality and decay."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import click

from seakeep.cli._door import Door, Seconds, verb
from seakeep.core.errors import DataError, RegistryError
from seakeep.core.moments import moment
from seakeep.core.report import Verdict
from seakeep.core.words import listed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from seakeep.monitoring import Monitor, WindowResult
    from seakeep.pipeline.control.alerts import KeptAlert
    from seakeep.registry import Registry


@verb
@click.argument("name")
@click.option("--once", is_flag=True, help="Judge what is due and end with the worst verdict's code.")
@click.option("--every", type=Seconds(0.05), default=60.0, metavar="SECONDS", help="Look so often (default 60).")
@click.option("--window", metavar="LENGTH", help='Length of a window, "1h", "7d" (default: as the pipeline declares).')
@click.option("--by", metavar="COLUMN", help="Cut windows by this input column of times instead of when requests came.")
@click.option("--grace", metavar="LENGTH", help="How long a window waits for late rows (default 5m).")
@click.option("--restart", is_flag=True, help="Forget how far the watch has come, to begin anew with other windows.")
def command(
    door: Door,
    *,
    name: str,
    once: bool,
    every: float,
    window: str | None,
    by: str | None,
    grace: str | None,
    restart: bool,
) -> Verdict | None:
    """Watch NAME until SIGTERM or Ctrl-C, one line a window; windows that closed while nobody watched come first.

    Example: seakeep monitor trips --once --window 1h
    """
    from seakeep.pipeline import verbs

    flags = {"monitor.window": window, "monitor.by": by, "monitor.grace": grace}
    with door.registry() as registry:
        monitor = verbs.monitor(registry, name, flags=flags, restart=restart)
        if once:
            return _once(door, monitor, registry)
        by = monitor.settings.by
        click.echo(f"watching {name}: windows of {monitor.settings.hours:g} h by {by}", err=True)
        known: tuple[KeptAlert, ...] = ()
        while True:
            known = _tick(door, monitor, registry, known)
            time.sleep(every)


def _once(door: Door, monitor: Monitor, registry: Registry) -> Verdict:
    from seakeep.pipeline.control.alerts import as_plain, firing

    results = list(_results(monitor))
    alerts = firing(registry, monitor.name)
    plain = {"name": monitor.name, "windows": [_plain(each) for each in results], "told": monitor.told}
    verdict = Verdict.worst(tuple(each.report.verdict for each in results))
    lines = [*(map(_line, results) if results else [_nothing(monitor)]), *map(_alert, alerts)]
    door.show({"verdict": verdict, **plain, "alerts": [as_plain(each) for each in alerts]}, lambda: "\n".join(lines))
    return verdict


def _tick(door: Door, monitor: Monitor, registry: Registry, known: tuple[KeptAlert, ...]) -> tuple[KeptAlert, ...]:
    """Judge what is due; returns the alerts that are firing, of which those that are not `known` are told to people.

    A registry, log or disk that cannot be used now is told, and tried again at the next look.
    """
    from seakeep.pipeline.control.alerts import firing

    try:
        for result in _results(monitor):
            click.echo(_json(result) if door.as_json else _line(result))
        found = firing(registry, monitor.name)
    except (RegistryError, DataError) as error:
        click.echo(f"{type(error).__name__}: {error}", err=True)
        return known
    told = {(each.alert.fingerprint, each.alert.change) for each in known}
    for each in found if not door.as_json else ():
        if (each.alert.fingerprint, each.alert.change) not in told:
            click.echo(_alert(each))
    return found


def _alert(kept: KeptAlert) -> str:
    """An alert that is firing, in one line. Its words came from elsewhere, so nothing in them may move the cursor."""
    began = moment(round(kept.alert.began * 1e6)).strftime("%Y-%m-%dT%H:%M:%SZ")
    text = "".join(sign if sign.isprintable() else " " for sign in kept.alert.summary)
    return f"alert firing since {began}: {text}"


def _results(monitor: Monitor) -> Iterator[WindowResult]:
    from seakeep.monitoring.monitor import MonitorBusy

    try:
        yield from monitor.ticking(time.time(), wait=False)
    except MonitorBusy as busy:
        click.echo(f"{busy.found}{f' ({busy.where})' if busy.where else ''}; waiting", err=True)
        yield from monitor.ticking(time.time())


def _plain(result: WindowResult) -> dict[str, object]:
    """A result without its report, which `seakeep show` gives by its digest."""
    return {
        "window": {"start": result.window.name, "end": result.window.until},
        "release": result.label,
        "revision": result.revision,
        "verdict": result.report.verdict,
        "rows": result.rows,
        "labelled": result.labelled,
        "failed": [{"code": c.code, "subject": c.subject, "message": c.message} for c in result.report.failed],
        "incidents": [event.as_plain() for event in result.events],
        "report": result.digest,
        "page": str(result.page),
    }


def _json(result: WindowResult) -> str:
    import json

    from seakeep.core.codec import to_plain

    return json.dumps(to_plain(_plain(result)), allow_nan=False)


def _line(result: WindowResult) -> str:
    """One window in one line, and a line more for each incident that opened, closed or was measured."""
    again = f", revision {result.revision}" if result.revision else ""
    labelled = f", {result.labelled:,} labelled" if result.labelled else ""
    head = f"{result.window.name} to {result.window.until}  {result.label}{again}  {result.rows:,} rows{labelled}  "
    lines = [head + result.report.verdict.value + _why(result)]
    lines += [
        f"  incident {event.incident.id} {event.kind}: {_about(event)}"
        for event in result.events
        if event.kind not in ("extended", "calmed")
    ]
    return "\n".join(lines)


def _about(event: object) -> str:
    from seakeep.monitoring.incidents import Event

    assert isinstance(event, Event)
    incident, metric = event.incident, event.incident.metric
    if event.kind == "measured" and metric:
        return f"{incident.subject}: {metric['metric']} went from {metric['reference']:.4g} to {metric['value']:.4g} in its windows"
    return incident.message if event.kind == "opened" else f"{incident.code} {incident.subject}"


def _why(result: WindowResult) -> str:
    failed = list(dict.fromkeys(f"{check.code} {check.subject}" for check in result.report.failed))
    return f": {listed(failed)}" if failed else ""


def _nothing(monitor: Monitor) -> str:
    if monitor.told.unplaced:
        return (
            f"no window has closed; {monitor.told.unplaced:,} rows have no {monitor.settings.by}, so they are in none"
        )
    if not monitor.told.rows:
        return f"no prediction of {monitor.name} is on record yet; answer some: seakeep serve {monitor.name}"
    return "no window has closed since the last look"

"""Remove what killed processes left behind and old predictions, and check that everything on record is whole."""

from __future__ import annotations

import datetime as dt
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from seakeep.cli._door import Door, plain_object, verb
from seakeep.core import durations

if TYPE_CHECKING:
    from pathlib import Path

    from seakeep.core.report import Verdict
    from seakeep.prediction_log.retention import Removed

_TIMES = ("first", "last")


def _length(_context: click.Context, _option: click.Parameter, text: str | None) -> dt.timedelta | None:
    """A length of time, as an option gives it."""
    if text is None:
        return None
    length = durations.seconds(text)
    if length is None:
        raise click.BadParameter(f"{text!r} is no length of time; expected, say, {durations.EXAMPLE}")
    try:
        dt.datetime.now(dt.UTC) - dt.timedelta(seconds=length)
    except OverflowError:
        raise click.BadParameter(f"{text!r} is longer than time is counted") from None
    return dt.timedelta(seconds=length)


@verb
@click.option(
    "--predictions-older-than",
    "age",
    metavar="LENGTH",
    callback=_length,
    help="Also remove hours of predictions, and labels, older than this: 90d, 12h.",
)
def command(door: Door, age: dt.timedelta | None) -> Verdict:
    """Clean the registry and check every object and release. Only temporary files are removed, and old predictions where asked.

    Example: seakeep gc --predictions-older-than 90d
    """
    with door.registry() as registry:
        removed, swept, report = registry.clean(), registry.sweep(), registry.verify()
        logs = () if age is None else _remove_predictions(registry.home, age)

    def drawn() -> object:
        from rich.console import Group
        from rich.text import Text

        from seakeep.views import terminal

        lines = [f"removed {len(removed)} leftovers", *map(_told, logs)]
        lines += [f"removed {len(swept)} objects that nothing on record uses"] if swept else []
        return Group(*map(Text, lines), terminal.report(report))

    told = {
        "removed": [str(path) for path in removed],
        "swept": list(swept),
        "predictions": [_plain(each) for each in logs],
        "verdict": report.verdict,
    }
    door.show({**told, **plain_object(report)}, drawn)
    return report.verdict


def _remove_predictions(home: Path, age: dt.timedelta) -> tuple[Removed, ...]:
    from seakeep.prediction_log.layout import Layout
    from seakeep.prediction_log.retention import remove

    before = dt.datetime.now(dt.UTC) - age
    return tuple(remove(log, before=before) for log in Layout.all_of(home))


def _plain(gone: Removed) -> dict[str, object]:
    return {
        name: value if value is None or name not in _TIMES else value.isoformat()
        for name, value in asdict(gone).items()
    }


def _told(gone: Removed) -> str:
    if not gone.anything:
        return f"{gone.name}: no predictions are that old"
    span = f" from {gone.first:%Y-%m-%d %H:00} to {gone.last:%Y-%m-%d %H:00}" if gone.first and gone.last else ""
    return (
        f"{gone.name}: removed {gone.hours:,} hours of predictions{span} ({gone.files:,} files, {gone.bytes / 1e6:,.1f} MB), "
        f"{gone.labels:,} labels, {gone.torn:,} damaged spools"
        + (f", {gone.unsent:,} files that a sink had not taken" if gone.unsent else "")
    )

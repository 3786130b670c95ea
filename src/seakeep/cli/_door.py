"""What every verb shares: `--json`, `--home`, and how a noun is shown: as JSON, or drawn for a person.

A verb is a function decorated with `verb`; it gets a Door first, then its own options, and returns an exit code, a Verdict, or
nothing (0). Its docstring is its help and ends in an example.
"""

from __future__ import annotations

import functools
import json
import math
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from seakeep.cli._help import NAMES, Command
from seakeep.core.codec import to_plain
from seakeep.core.report import Report, Verdict

if TYPE_CHECKING:
    from collections.abc import Sequence

    from seakeep.registry import Registry

Verb = Callable[..., int | Verdict | None]
LONGEST_PAUSE = 86_400.0


class Seconds(click.FloatRange):
    """Seconds between two looks: from `least` to a day."""

    def __init__(self, least: float) -> None:
        super().__init__(least, LONGEST_PAUSE)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """A finite number within the limits; "nan" lies within any range for click."""
        found: float = super().convert(value, param, ctx)
        if math.isnan(found):
            self.fail(f"{value!r} is not a number of seconds.", param, ctx)
        return found


@dataclass(frozen=True, slots=True)
class Door:
    """as_json: whether the answer is JSON. home: the registry's folder, where it was given."""

    as_json: bool
    home: Path | None

    def show(self, value: object, drawn: Callable[[], object]) -> None:
        """Write `value` as one JSON document, or what `drawn` makes of it: text, or something that rich prints."""
        if self.as_json:
            encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
            plain_signs = encoding.lower().replace("-", "") != "utf8"
            click.echo(json.dumps(to_plain(value), ensure_ascii=plain_signs, indent=1, allow_nan=False))
            return
        picture = drawn()
        if isinstance(picture, str):
            click.echo(picture)
            return
        from seakeep.views import terminal

        terminal.console().print(picture)

    def show_report(self, report: Report, *, tables: Sequence[str] = (), passed: bool = False) -> Verdict:
        """Write a report; returns its verdict. The JSON has the verdict and all there is, the terminal the tables named.

        passed: the terminal also has what was seen by the checks that passed; for reports of a few.
        """
        from seakeep.views import terminal

        plain = {"verdict": report.verdict, **plain_object(report)}
        shown = replace(report, tables=tuple(table for table in report.tables if table.name in tables))
        self.show(plain, lambda: terminal.report(shown, tables=True, passed=passed))
        return report.verdict

    def registry(self) -> Registry:
        """The registry. Raises UnreadableRegistry where there is none."""
        from seakeep.pipeline.verbs import find_registry

        return find_registry(self.home)


def verb(function: Verb) -> click.Command:
    """A command that calls `function` with a Door, and with every option declared below the decorator."""

    @click.option("--json", "as_json", is_flag=True, help="Write one JSON document to standard output.")
    @click.option(
        "--home",
        type=click.Path(file_okay=False, path_type=Path),
        metavar="DIR",
        help="The registry's folder (default: .seakeep beside the project).",
    )
    @functools.wraps(function)
    def called(*, as_json: bool, home: Path | None, **given: Any) -> int:
        found = function(Door(as_json, home), **given)
        return found.exit_code if isinstance(found, Verdict) else found or 0

    return click.command(cls=Command, context_settings={"help_option_names": NAMES})(called)


def pair(text: str) -> tuple[str, str]:
    """The key and the value of KEY=VALUE. Raises click's BadParameter."""
    key, equals, value = text.partition("=")
    if not equals or not key.strip():
        raise click.BadParameter(f"{text!r} is not KEY=VALUE, for example --set shares=0.05,0.25,0.5")
    return key.strip(), value.strip()


def plain_object(noun: object) -> dict[str, Any]:
    """A noun's fields as JSON values."""
    found = to_plain(noun)
    assert isinstance(found, dict)
    return found

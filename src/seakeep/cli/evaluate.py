"""Judge a release on labelled rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from seakeep.cli._door import Door, verb
from seakeep.cli._pages import page_option, write_page
from seakeep.cli._tables import engine_option

if TYPE_CHECKING:
    from pathlib import Path

    from seakeep.core.report import Verdict


@verb
@click.argument("release")
@click.argument("data")
@click.option("--at-least", multiple=True, metavar="METRIC=NUMBER", help="Require a metric to be so high.")
@click.option("--at-most", multiple=True, metavar="METRIC=NUMBER", help="Require a metric to be so low.")
@click.option(
    "--slice", "slices", multiple=True, metavar="COLUMN[,COLUMN]", help="Judge every group, or cross of groups."
)
@click.option("--no-explain", is_flag=True, help="Leave out importance and contributions.")
@engine_option
@page_option
def command(
    door: Door,
    *,
    release: str,
    data: str,
    at_least: tuple[str, ...],
    at_most: tuple[str, ...],
    slices: tuple[str, ...],
    no_explain: bool,
    engine: str | None,
    output: Path | None,
) -> Verdict:
    """Evaluate RELEASE on DATA, which must have the label. Without a requirement the verdict is inconclusive.

    Example: seakeep evaluate trips@3 trips/2026-06.parquet --at-least roc_auc=0.7 --slice zone
    """
    from seakeep import evaluation
    from seakeep.cli._tables import pairs
    from seakeep.pipeline import verbs

    require = [evaluation.at_least(*each) for each in pairs(at_least, option="--at-least").items()]
    require += [evaluation.at_most(*each) for each in pairs(at_most, option="--at-most").items()]
    groups = [tuple(each.split(",")) if "," in each else each for each in slices]
    report = verbs.evaluate(
        release, data, slices=groups, require=require, explain=not no_explain, engine=engine, home=door.home
    )
    write_page(output, report)
    return door.show_report(report, tables=("metrics", "fairness", "importance"))

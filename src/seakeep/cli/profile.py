"""Know a table: rows, missing values, ranges, quantiles, most frequent values of every column; or several, side by side."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from seakeep.cli._door import Door, plain_object, verb
from seakeep.cli._tables import engine_option, is_saved, statistics_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from seakeep.core import Statistics
    from seakeep.core.associations import Associations

_FILE = click.Path(dir_okay=False, path_type=Path)
_SLICES_SHOWN = 12


@verb
@click.argument("data", nargs=-1, required=True)
@click.option("-o", "--output", type=_FILE, help="Write statistics (.json) or a page (.html).")
@click.option(
    "--html", "page", type=_FILE, help="Write a page (.html) of all tables, or a table's slices, side by side."
)
@click.option("--weight", metavar="COLUMN", help="The column that says what each row weighs.")
@click.option(
    "--by", "slices", multiple=True, metavar="COLUMN", help='Slices too, by a column or by "COLUMN & COLUMN".'
)
@click.option("--label", metavar="COLUMN", help="Tell this column's mean by the values of every other.")
@click.option("--associations", "associated", is_flag=True, help="Tell what every two columns say of each other.")
@engine_option
def command(
    door: Door,
    *,
    data: tuple[str, ...],
    output: Path | None,
    page: Path | None,
    weight: str | None,
    slices: tuple[str, ...],
    label: str | None,
    associated: bool,
    engine: str | None,
) -> None:
    """Profile DATA: paths, globs or folders of tables, or statistics that `-o` saved.

    Example: seakeep profile january.json "trips/*.parquet" --html trips.html
    """
    from seakeep.pipeline.verbs import on_engine

    asked = {"weight": weight, "slices": tuple(_crossed(by) for by in slices), "label": label}
    _check(data, output, page, asked=any(asked.values()), associated=associated)
    with on_engine(engine) as connection:
        found = {name: statistics_of(one, engine=connection, **asked) for name, one in _named(data).items()}
    pairs = _associations(data[0], next(iter(found.values()))) if associated else None
    for path in filter(None, (output, page)):
        _write(path, found, together=path is page or len(found) > 1)
    _show(door, found, pairs)


def _check(data: Sequence[str], output: Path | None, page: Path | None, *, asked: bool, associated: bool) -> None:
    """Refuse what cannot be written, and what saved statistics can no longer be asked."""
    if output is not None and output.suffix not in (".json", ".html"):
        raise click.BadParameter(f"{output} ends in neither .json nor .html")
    if page is not None and page.suffix != ".html":
        raise click.BadParameter(f"{page} does not end in .html")
    if len(data) > 1 and output is not None and output.suffix == ".json":
        raise click.BadParameter(
            f"{output} can hold the statistics of one table; {len(data)} were named. Profile each by itself."
        )
    if associated and len(data) > 1:
        raise click.BadParameter("--associations are those of one table; name one")
    saved = next((one for one in data if is_saved(one)), None)
    if saved and (asked or associated):
        raise click.BadParameter(
            f"{saved} holds statistics; --weight, --by, --label and --associations need the rows. Name the table."
        )


def _crossed(by: str) -> tuple[str, ...]:
    return tuple(column.strip() for column in by.split(" & "))


def _named(data: Sequence[str]) -> Mapping[str, str]:
    """What to call each DATA: its file's name, or all of it where two have the same."""
    short = [Path(one).name or one for one in data]
    return {one if short.count(name) > 1 else name: one for name, one in zip(short, data, strict=True)}


def _write(path: Path, found: Mapping[str, Statistics], *, together: bool) -> None:
    from seakeep.core.files import write_text
    from seakeep.views import html

    first = next(iter(found.values()))
    if path.suffix == ".json":
        first.save(path)
    elif together:
        write_text(path, html.side_by_side(found if len(found) > 1 else _with_slices(found)))
    else:
        write_text(path, html.render(first, title=next(iter(found))))


def _with_slices(found: Mapping[str, Statistics]) -> Mapping[str, Statistics]:
    """One table and its largest slices."""
    [(name, whole)] = found.items()
    largest = sorted(whole.slices.items(), key=lambda one: (-one[1].rows, one[0]))[:_SLICES_SHOWN]
    return {name: whole, **dict(largest)}


def _associations(data: str, statistics: Statistics) -> Associations:
    from seakeep import data as data_room

    return data_room.associate(data_room.read(data), statistics=statistics)


def _show(door: Door, found: Mapping[str, Statistics], pairs: Associations | None) -> None:
    from rich.console import Group

    from seakeep.views import terminal
    from seakeep.views.columns import strongest

    plain: object = next(iter(found.values())) if len(found) == 1 else found
    if pairs is not None:
        told = [{"first": a, "second": b, **plain_object(one)} for a, b, one in strongest(pairs)]
        plain = {**plain_object(plain), "associations": told}
    drawn = [
        terminal.named_statistics(name, one) if len(found) > 1 else terminal.statistics(one)
        for name, one in found.items()
    ]
    door.show(plain, lambda: Group(*drawn, *([terminal.associations(pairs)] if pairs else [])))

"""DATA on a command line: a table to read, or statistics that `seakeep profile -o` saved."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from seakeep.core import Statistics

if TYPE_CHECKING:
    from collections.abc import Iterable


def statistics_of(data: str) -> Statistics:
    """Statistics of what DATA stands for; a `.json` file is read as saved statistics."""
    if data.endswith(".json") and Path(data).is_file():
        return Statistics.load(Path(data))
    from seakeep import data as data_room

    return data_room.profile(data_room.read(data))


def pairs(texts: Iterable[str], *, option: str) -> dict[str, float]:
    """`NAME=NUMBER` options as a mapping. Raises click's BadParameter."""
    import click

    found: dict[str, float] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        try:
            found[name.strip()] = float(value)
        except ValueError:
            equals = ""
        if not equals or not name.strip():
            raise click.BadParameter(
                f"{text!r} is not NAME=NUMBER, for example {option} {'psi=0.2' if option == '--distance' else 'roc_auc=0.7'}"
            )
    return found

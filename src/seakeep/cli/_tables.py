"""DATA on a command line: a table to read, or statistics that `seakeep profile -o` saved."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from seakeep.core import Statistics

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from seakeep.data.engines import Engine

F = TypeVar("F", bound="Callable[..., Any]")


def statistics_of(data: str, *, engine: Engine | None = None, **asked: Any) -> Statistics:
    """Statistics of what DATA stands for; a `.json` file is read as saved statistics.

    engine: where it is counted; None for this machine. asked: weight, slices and label of `seakeep.profile`.
    """
    if is_saved(data):
        return Statistics.load(Path(data))
    from seakeep import data as data_room

    return data_room.profile(data_room.read(data), engine=engine, **asked)


def is_saved(data: str) -> bool:
    """Whether DATA is a file of saved statistics, and no table."""
    return data.endswith(".json") and Path(data).is_file()


def engine_option(function: F) -> F:
    """`--engine ADDRESS`, for verbs whose work other machines can do."""
    import click

    told = "Where the table is worked on: local, ray://HOST:PORT, spark://HOST:PORT (default: the setting engine)."
    return click.option("--engine", metavar="ADDRESS", help=told)(function)


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

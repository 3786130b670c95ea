"""Where a batch run's answers go, one module a kind; an address says which.

A module has `open_output(address, plan) -> Output`. An output takes a run's units, each of them whole or not at all and once
however often it is tried, and shows them to its readers when the run is done (`publish`). One that is `resumable` remembers the
units of a run that was killed, so that the same run goes on with the others. Whatever a run must know of a unit later (its
rows, what was wrong with some, their statistics) is its note, which is kept with the unit in one step.

Where the output can be reached by an engine's workers they write their own units: `reach` is what they are told, and
`reached` gives them the writer.
"""

from __future__ import annotations

import importlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, cast

from seakeep.core.addresses import scheme

if TYPE_CHECKING:
    from collections.abc import Mapping

    import polars as pl

_SCHEMES = {
    "az": "buckets",
    "delta": "delta",
    "delta+file": "delta",
    "delta+s3": "delta",
    "gs": "buckets",
    "postgres": "postgresql",
    "postgresql": "postgresql",
    "s3": "buckets",
    "sqlite": "sqlite",
}
"""Kinds of output by the scheme of their addresses."""
ONE_FILE, FOLDER = "one_file", "folder"


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be written, and by which run.

    job: digest of all that the answers depend on; a run with another one never goes on where this one stood. columns: of every
    unit, in order. release: digest of what answers. files: the input's, which may not be written over. table: what the input is
    called in messages. overwrite: whether what stands there may be replaced. facts: what `job` is the digest of, by name, so that
    a refusal can say what differs. parts: the format of a folder's parts, one of formats.FORMATS; "" where nobody asked for a folder. second: whether this output stands
    beside another one that is published after it: the same job's may then be there already, and is as good as one to be written.
    """

    job: str
    columns: pl.Schema
    release: str
    files: tuple[str, ...] = ()
    table: str = ""
    overwrite: bool = False
    facts: Mapping[str, str] = field(default_factory=dict)
    parts: str = ""
    second: bool = False


class Writer(Protocol):
    """Writes units."""

    def write(self, number: int, frame: pl.DataFrame, note: bytes) -> None:
        """Keep a unit and its note in one step: after a kill at any moment both are there or neither is.

        A unit that is written again replaces itself. Where only one process writes, units come in ascending order; `frame`
        may have no rows. Raises: CannotWrite.
        """


class Output(Writer, Protocol):
    """Where a run's units go. Opening one takes the target for this run alone; `close` lets go of it."""

    @property
    def resumable(self) -> bool:
        """Whether units outlive a run that ends before `publish`."""

    @property
    def reach(self) -> str:
        """What `reached` makes a Writer of in a process of another machine; empty where only this object can write."""

    def done(self) -> Mapping[int, bytes]:
        """The notes of the units of this job that are written already, by number."""

    def publish(self, units: int) -> None:
        """Show all units, 0 to `units` - 1, to readers, in one step; nothing can be written after it. Raises: CannotWrite."""

    def close(self) -> None:
        """Let go of the target. What was not published is kept if the output is resumable, and otherwise leaves no trace."""


def open_output(address: Path | str, plan: Plan) -> Output:
    """The output that an address names. Raises: CannotScore, before anything is written; CannotWrite."""
    module = importlib.import_module(f"{__name__}.{kind_of(address, parts=plan.parts)}")
    return cast("Output", module.open_output(address, plan))


def reached(reach: str) -> Writer:
    """On a worker: the writer behind `Output.reach`, which is "kind:…" with the module's own text behind the colon."""
    kind, _, rest = reach.partition(":")
    return cast("Writer", importlib.import_module(f"{__name__}.{kind}").reached(rest))


def kind_of(address: Path | str, *, parts: str = "") -> str:
    """The module for an address. parts: see Plan.

    >>> kind_of("scored.csv"), kind_of("scored/"), kind_of("scored", parts="csv")
    ('one_file', 'folder', 'folder')
    """
    if isinstance(address, str) and (found := scheme(address)) in _SCHEMES:
        return _SCHEMES[found]
    is_folder = parts or str(address).endswith("/") or Path(address).is_dir()
    return FOLDER if is_folder else ONE_FILE

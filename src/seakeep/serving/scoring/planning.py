"""What a run is: its facts, by which it is known when it goes on, and what its outputs are told."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from seakeep.core.codec import digest
from seakeep.core.errors import UsageError
from seakeep.serving.scoring.columns import output_schema, quarantine_schema
from seakeep.serving.scoring.errors import CannotScore
from seakeep.serving.scoring.identity import table_digest
from seakeep.serving.scoring.outputs import ONE_FILE, Plan, kind_of

if TYPE_CHECKING:
    from seakeep.core.dataset import Dataset
    from seakeep.serving.scoring.asked import Asked, Broken
    from seakeep.serving.scoring.identity import Sights
    from seakeep.serving.served import Served


@dataclass(frozen=True, slots=True)
class Places:
    """Where a run writes. out: its answers. quarantine: the rows that it sets aside, or None. parts: the format of a folder's parts, or "".
    part_rows: rows of one. overwrite: whether what stands there may be replaced.
    """

    out: Path | str
    quarantine: Path | str | None
    parts: str
    part_rows: int
    overwrite: bool

    def __post_init__(self) -> None:
        if self.part_rows < 1:
            raise UsageError(f"part_rows must be at least 1, it is {self.part_rows}", fix="--part-rows 524288")
        for place in (self.out, self.quarantine):
            if place is not None and _is_odd(str(place)):
                raise CannotScore.odd_name(str(place))

    def broken(self, wanted: Broken | None) -> Broken:
        """What becomes of broken rows. Raises CannotScore, where they are to be set aside and have no place, or the other way round."""
        found = wanted or ("accept" if self.quarantine is None else "quarantine")
        if found == "quarantine" and self.quarantine is None:
            raise CannotScore.nowhere_to_set_aside()
        if found != "quarantine" and self.quarantine is not None:
            raise CannotScore.quarantine_unused(found)
        return found


def _is_odd(place: str) -> bool:
    """Whether a name is of bytes that are no text, which Polars cannot open."""
    return any("\ud800" <= letter <= "\udfff" for letter in place)


def plan_of(served: Served, dataset: Dataset, asked: Asked, places: Places, sights: Sights, *, logs: bool) -> Plan:
    """What the output is told. A run into files that are whole or not at all never goes on, and need not be known again. logs: whether rows are logged.

    Raises: CannotScore; BadValue, if the table is not one for this model.
    """
    columns = output_schema(served.model, dataset, asked.keep, marks=asked.broken in ("mark", "impute"))
    plan = Plan("", columns, served.release, tuple(dataset.source.files()), dataset.description, places.overwrite)
    kinds = {
        kind_of(places.out, parts=places.parts),
        ONE_FILE if places.quarantine is None else kind_of(places.quarantine),
    }
    if kinds == {ONE_FILE}:
        return replace(plan, job=secrets.token_hex(32))
    facts = {
        "release": served.release,
        "table": table_digest(dataset, sights),
        "columns": asked.keep,
        "format": places.parts or "parquet",
        "rows a part": str(places.part_rows),
        "broken rows": asked.broken,
        "statistics": "yes" if asked.statistics else "no",
        "log": "yes" if logs else "no",
    }
    return replace(plan, job=digest(facts), facts=facts, parts=places.parts)


def second_plan(plan: Plan, served: Served, dataset: Dataset, asked: Asked, places: Places, *, resumable: bool) -> Plan:
    """What the output of rows that are set aside is told. Raises CannotScore, where it would forget them when the other goes on."""
    assert places.quarantine is not None
    if resumable and kind_of(places.quarantine) == ONE_FILE:
        raise CannotScore.quarantine_forgets(str(places.quarantine), str(places.out))
    if Path(places.quarantine).absolute() == Path(places.out).absolute():
        raise CannotScore.same_place(str(places.out))
    return replace(plan, columns=quarantine_schema(served.model, dataset, asked.keep), parts="", second=True)

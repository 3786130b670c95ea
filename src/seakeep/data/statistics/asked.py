"""What a profile is asked for besides the columns: a column of weights, slices, means of the label. Checked here, once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from seakeep.core.errors import UsageError
from seakeep.core.kinds import Kind
from seakeep.data.kinds import kind_of
from seakeep.data.statistics.errors import BadLabel, BadSlicing, BadWeights

if TYPE_CHECKING:
    from collections.abc import Sequence

    import polars as pl

_MEANS = (Kind.BOOLEAN, Kind.INTEGER, Kind.NUMBER, Kind.NULL)
_UNNAMED = (Kind.BINARY, Kind.LIST, Kind.STRUCT)


@dataclass(frozen=True, slots=True)
class Asked:
    """weight, label: columns, "" for none. slices: the columns of each slicing; more than one make a cross."""

    weight: str = ""
    slices: tuple[tuple[str, ...], ...] = ()
    label: str = ""

    @classmethod
    def of(
        cls,
        schema: pl.Schema,
        *,
        weight: str | None,
        slices: Sequence[str | Sequence[str]],
        label: str | None,
        where: str,
    ) -> Asked:
        """What was asked of a table of this schema. Raises: UsageError, BadWeights, BadSlicing, BadLabel."""
        by = tuple(dict.fromkeys((one,) if isinstance(one, str) else tuple(dict.fromkeys(one)) for one in slices))
        asked = cls(weight or "", tuple(one for one in by if one), label or "")
        for name in (*filter(None, (asked.weight, asked.label)), *(name for one in by for name in one)):
            if name not in schema:
                raise UsageError.unknown_name("column", name, schema, where=where)
        asked._check_kinds(schema)
        return asked

    def _check_kinds(self, schema: pl.Schema) -> None:
        if self.weight and kind_of(schema[self.weight], name=self.weight) not in _MEANS:
            raise BadWeights.kind(self.weight, schema[self.weight])
        if self.label and kind_of(schema[self.label], name=self.label) not in _MEANS:
            raise BadLabel.kind(self.label, schema[self.label])
        for name in (name for one in self.slices for name in one):
            if kind_of(schema[name], name=name) in _UNNAMED:
                raise BadSlicing.kind(name, schema[name])

    def __bool__(self) -> bool:
        return bool(self.weight or self.slices or self.label)

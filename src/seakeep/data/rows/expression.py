"""Expression: what a contract's `holds` says, read, checked against columns, and ready to judge rows.

    >>> from seakeep.core.kinds import Kind
    >>> rule = Expression.of("dropoff_at>pickup_at  AND fare >= 0")
    >>> str(rule), rule.columns
    ('dropoff_at > pickup_at and fare >= 0', ('dropoff_at', 'pickup_at', 'fare'))

Three values of truth (Kleene's): a rule whose answer depends on a missing value is neither kept nor broken.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from seakeep.core.kinds import Kind
from seakeep.data.rows.errors import BadRule
from seakeep.data.rows.grammar import parse
from seakeep.data.rows.kinds import Typed, typed
from seakeep.data.rows.patterns import checked_pattern
from seakeep.data.rows.tree import Node, canonical, columns_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import polars as pl


@dataclass(frozen=True, slots=True)
class Expression:
    """A rule's text as it was written, and its tree."""

    text: str
    tree: Node

    @classmethod
    def of(cls, text: str) -> Expression:
        """The expression of a text. Raises BadRule, pointing at what is wrong."""
        return cls(text, parse(text))

    def __str__(self) -> str:
        return canonical(self.tree)

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the columns it mentions, each once, in order."""
        return tuple(dict.fromkeys(column.name for column in columns_of(self.tree)))

    def typed(self, kinds: Mapping[str, Kind], *, pattern_fault: Callable[[str], str] = checked_pattern) -> Typed:
        """The tree with the kinds of its parts. Raises BadRule, where a column is unknown or kinds do not fit.

        pattern_fault: why a pattern cannot be used, "" where it can.
        """
        if not self.columns:
            raise BadRule.no_column(self.text)
        found = typed(self.tree, kinds, self.text, pattern_fault=pattern_fault)
        if found.kind is not Kind.BOOLEAN:
            raise BadRule.not_boolean(found.kind.value, self.text)
        return found

    def polars(self, dtypes: pl.Schema, kinds: Mapping[str, Kind]) -> pl.Expr:
        """The Polars expression for a table of these types: true, false, or null where it cannot be told.

        kinds: of columns that the table lacks, or that hold no value in it: they are missing in every row.
        """
        from seakeep.data.kinds import kind_of
        from seakeep.data.rows.lowering import lowered

        known = {name: kind_of(dtypes[name], name=name) for name in self.columns if name in dtypes}
        own = {name: kind for name, kind in known.items() if kind is not Kind.NULL}
        return lowered(self.typed({**kinds, **own}), dtypes)

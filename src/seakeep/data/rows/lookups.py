"""What no row can tell alone, as one more column of every row: whether a value occurs again, and whether another table has it.

Called by `plan`. The other rows are looked at first (`repeats`, `references`) and leave a table of keys; a join by the left then keeps
rows and order, so that the rules of a piece are row-wise again, and equal whatever the pieces.
"""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

OWN = "@seakeep "
"""How the columns begin that are added to rows while they are judged."""


@dataclass(frozen=True, slots=True)
class Lookup:
    """flag: the column that is true where the key of a row is among `keys`, else null. on: the parts of the key, of one type with
    the columns of `keys`, which are different from each other and without nulls.
    """

    flag: str
    on: tuple[pl.Expr, ...]
    keys: pl.DataFrame

    def joined(self, piece: pl.LazyFrame) -> pl.LazyFrame:
        """The piece with the flag; its rows and their order stay."""
        names = [f"{self.flag} {number}" for number in range(len(self.on))]
        known = self.keys.lazy().rename(dict(zip(self.keys.columns, names, strict=True)))
        keyed = piece.with_columns(part.alias(name) for part, name in zip(self.on, names, strict=True))
        flagged = known.with_columns(pl.lit(True).alias(self.flag))
        return keyed.join(flagged, on=names, how="left", maintain_order="left").drop(names)

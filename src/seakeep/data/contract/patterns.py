"""A contract's pattern held against values that statistics list; the dialect is that of rules (see data.rows.patterns)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seakeep.data.rows.patterns import whole

if TYPE_CHECKING:
    from collections.abc import Sequence


def matches(pattern: str, values: Sequence[str]) -> tuple[bool, ...]:
    """Whether each value matches as a whole.

    >>> matches("[A-Z]{3}", ["EWR", "Newark", "EWRX"])
    (True, False, False)
    """
    import polars as pl

    return tuple(pl.Series(values, dtype=pl.String).str.contains(whole(pattern), strict=True))

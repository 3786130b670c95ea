"""Words for messages that several rooms put together: a list that is cut off says how much it leaves out."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


def listed(items: Sequence[str], most: int = 3, *, between: str = ", ") -> str:
    """The first of these, at most so many, and how many more there are.

    >>> listed(["a", "b"]), listed(["a", "b", "c", "d"], 2)
    ('a, b', 'a, b and 2 more')
    """
    more = f" and {len(items) - most} more" if len(items) > most else ""
    return f"{between.join(items[:most])}{more}"

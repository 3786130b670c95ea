r"""Regular expressions of a contract: those that take linear time on any text, as Polars has them (Rust's `regex`).

Statistics, rows and the reader of contracts share this one dialect. It has no look-around and no back-references, so that no
text, however it was made, can hold a validation up. A pattern must match a value as a whole.

>>> matches("[A-Z]{3}", ["EWR", "Newark", "EWRX"])
(True, False, False)
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


def whole(pattern: str) -> str:
    """The expression that matches where `pattern` matches a value as a whole."""
    return rf"\A(?:{pattern})\z"


def matches(pattern: str, values: Sequence[str]) -> tuple[bool, ...]:
    """Whether each value matches as a whole."""
    import polars as pl

    return tuple(pl.Series(values, dtype=pl.String).str.contains(whole(pattern), strict=True))


@functools.lru_cache(maxsize=1000)
def problem(pattern: str) -> str | None:
    """What is wrong with a pattern, in one line; None for a right one."""
    import polars as pl

    for each in (pattern, whole(pattern)):
        try:
            pl.Series([""]).str.contains(each, strict=True)
        except pl.exceptions.PolarsError as error:
            told = [line.strip() for line in str(error).splitlines() if line.strip()]
            return next(
                (line[7:] for line in told if line.startswith("error: ")), told[0].removeprefix("regex error: ")
            )
    return None

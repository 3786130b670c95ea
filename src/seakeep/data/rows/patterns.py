"""Regular expressions of a contract, as Polars runs them: Rust's regex crate, in time linear in the text whatever the pattern.

Called for `matches` in rules and for a column's `pattern`; both are held against the whole text.
"""

from __future__ import annotations

import functools


@functools.cache
def checked_pattern(pattern: str) -> str:
    """Why a pattern cannot be used; "" where it can.

    >>> checked_pattern("[A-Z]{3}"), checked_pattern("(")
    ('', 'unclosed group')
    """
    import polars as pl

    for text in (pattern, whole(pattern)):
        try:
            pl.Series([""]).str.contains(text)
        except pl.exceptions.ComputeError as error:
            return next((line[7:] for line in str(error).splitlines() if line.startswith("error: ")), "not a pattern")
    return ""


def whole(pattern: str) -> str:
    """A pattern that only matches where `pattern` matches the whole text.

    >>> whole("a|b")
    '^(?:a|b)$'
    """
    return f"^(?:{pattern})$"

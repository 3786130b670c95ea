"""Limits: what the contract says of one value of a column, each as a test that the careful check asks. Made once a column.

Their names are those of a row's rules everywhere (`rows.domain`, the quarantine's `@broken`). The quick check of `columns` may only
pass what all of these would pass.
"""

from __future__ import annotations

import functools
import logging
import math
from typing import TYPE_CHECKING, Any, NamedTuple

from seakeep.core.kinds import Kind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from seakeep.core.schema import ColumnSchema

LISTED = 20
_log = logging.getLogger("seakeep.serving")


class Limit(NamedTuple):
    """name: of the rule. breaks: whether a value that is there breaks it. expected: what it allows, in words."""

    name: str
    breaks: Callable[[Any], bool]
    expected: str


def limits_of(name: str, kind: Kind, schema: ColumnSchema | None) -> tuple[Limit, ...]:
    """What holds for each value of the column `name` by itself; shares and counts of a whole table are for tables."""
    return () if schema is None else tuple(_limits(name, kind, schema))


def distinct_limit(most: int) -> Limit:
    """At most so many different values in one request; made anew for each, since it counts."""
    seen: set[Any] = set()

    def breaks(value: Any) -> bool:
        if len(seen) >= most and value not in seen:
            return True
        seen.add(value)
        return False

    return Limit("distinct", breaks, f"at most {most} different values")


def _limits(name: str, kind: Kind, schema: ColumnSchema) -> Iterator[Limit]:
    if schema.values is not None:
        allowed = frozenset(schema.values)
        yield Limit("domain", lambda value: value not in allowed, _one_of(schema.values))
    if kind.is_numeric and (schema.minimum is not None or schema.maximum is not None):
        yield _bounds(kind, schema)
    if kind is not Kind.STRING:
        return
    if schema.length_at_least is not None or schema.length_at_most is not None:
        yield _length(schema)
    if schema.pattern:
        yield from _pattern(name, schema.pattern)
    if schema.semantics == "url":
        from seakeep.data.validation.limits import is_url

        yield Limit("semantics", lambda text: not is_url(text), "a URL such as https://example.org/a")


def _one_of(values: tuple[bool | int | str, ...]) -> str:
    listed = sorted(map(str, values))
    return "one of " + ", ".join(listed[:LISTED]) + (f", … ({len(listed)})" if len(listed) > LISTED else "")


def _bounds(kind: Kind, schema: ColumnSchema) -> Limit:
    least, most = bounds(schema)
    unit = " microseconds since 1970 UTC" if kind is Kind.TIMESTAMP else ""
    return Limit("bounds", lambda value: not least <= value <= most, f"from {least} to {most}{unit}")


def bounds(schema: ColumnSchema) -> tuple[int | float, int | float]:
    """The least and the greatest value that the contract allows, infinite where it sets no bound."""
    least = -math.inf if schema.minimum is None else schema.minimum
    return least, math.inf if schema.maximum is None else schema.maximum


def _length(schema: ColumnSchema) -> Limit:
    least = schema.length_at_least or 0
    most = math.inf if schema.length_at_most is None else schema.length_at_most
    told = "more" if most == math.inf else most
    return Limit("length", lambda text: not least <= len(text) <= most, f"a text of {least} to {told} characters")


def _pattern(name: str, pattern: str) -> Iterator[Limit]:
    """The pattern, where it can be held against a text without Polars; else it is told, once, that it is not."""
    from seakeep.data.rows.automaton import matcher
    from seakeep.data.rows.regular import Unread

    try:
        matches = remembering(matcher(pattern))
    except Unread as error:
        _log.warning("requests are not held to the pattern of %r: %s is not read at the door", name, error)
        return
    yield Limit("pattern", lambda text: not matches(text), f"a text that matches {pattern}")


def remembering(matches: Callable[[str], bool]) -> Callable[[str], bool]:
    """`matches`, its last answers kept: most columns hold few texts, again and again. Long ones are not kept."""
    kept = functools.lru_cache(4096)(matches)
    return lambda text: kept(text) if len(text) <= 64 else matches(text)

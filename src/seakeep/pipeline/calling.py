"""Calling the functions that a user put into a pipeline's slots, and checking what comes back.

Called by the stages and by `Work`. A function of the wrong shape, or one that returns something else than its slot's noun, would
otherwise break far from its cause, within code that the user never wrote. What such a function itself raises passes.
"""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from seakeep.pipeline.errors import BadPipeline
from seakeep.pipeline.spans.errors import BadSpans

if TYPE_CHECKING:
    from collections.abc import Callable

N = TypeVar("N")


def called(slot: str, function: Callable[..., Any], expected: type[N], /, *values: Any, **named: Any) -> N:
    """What the function in `slot` returns for these arguments. Raises BadPipeline, if its shape or what it returns is wrong."""
    check_shape(slot, function, *values, **named)
    found = function(*values, **named)
    if not isinstance(found, expected):
        raise BadPipeline.wrong_noun(slot, found, expected, place=place_of(function))
    return found


def check_read(function: Callable[..., Any], *, spans: bool) -> None:
    """Raise BadSpans, unless a read function can be called with paths where there are spans, and without where there are none."""
    try:
        shape = inspect.signature(function)
    except (TypeError, ValueError):
        return
    try:
        shape.bind(*([()] if spans else []))
    except TypeError as error:
        told = BadSpans.no_parameter if spans else BadSpans.no_spans
        raise told(str(shape), place=place_of(function)) from error


def check_shape(slot: str, function: Callable[..., Any], /, *values: Any, **named: Any) -> None:
    """Raise BadPipeline, if a function cannot be called with these arguments. One that does not tell its shape passes."""
    try:
        shape = inspect.signature(function)
    except (TypeError, ValueError):
        return
    try:
        shape.bind(*values, **named)
    except TypeError as error:
        raise BadPipeline.wrong_shape(slot, str(shape), str(error), place=place_of(function)) from error


def place_of(function: Callable[..., Any]) -> str:
    """Where a function was written: "pipeline.py:12"; its name, where that cannot be told."""
    code = getattr(inspect.unwrap(function), "__code__", None)
    return f"{Path(code.co_filename).name}:{code.co_firstlineno}" if code else str(getattr(function, "__name__", ""))

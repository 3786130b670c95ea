"""Kinds of columns: what a value means, whatever the file calls its type."""

from __future__ import annotations

from enum import Enum


class Kind(Enum):
    """What a column's values are.

    integer, number (floating point or decimal), boolean, string (also categoricals and enums), timestamp (also dates;
    microseconds since 1970 UTC inside), duration (microseconds), binary, list, struct, null (only missing values seen).
    """

    INTEGER = "integer"
    NUMBER = "number"
    BOOLEAN = "boolean"
    STRING = "string"
    TIMESTAMP = "timestamp"
    DURATION = "duration"
    BINARY = "binary"
    LIST = "list"
    STRUCT = "struct"
    NULL = "null"

    @property
    def is_numeric(self) -> bool:
        """Whether values lie on a line: they have extremes, quantiles and a histogram."""
        return self in (Kind.INTEGER, Kind.NUMBER, Kind.TIMESTAMP, Kind.DURATION)


class Task(Enum):
    """What a model predicts: one of two classes, one of several, or a number."""

    BINARY = "binary"
    MULTICLASS = "multiclass"
    REGRESSION = "regression"

"""Log lines on standard error: for people, or one JSON object a line for machines, with the request that they are about."""

from __future__ import annotations

import datetime as dt
import json
import logging
from typing import TYPE_CHECKING, Any

from seakeep.serving.server.telemetry.ids import REQUEST

if TYPE_CHECKING:
    from seakeep.serving.server.telemetry.settings import Lines

TEXT = "%(asctime)s %(levelname)s [%(process)d] %(message)s"


class JsonLines(logging.Formatter):
    """One object a line. What a client sent stands in it as JSON writes it, so it can begin no line of its own."""

    def format(self, record: logging.LogRecord) -> str:
        """The line of a record."""
        told: dict[str, Any] = {
            "time": stamp(record.created),
            "level": record.levelname,
            "process": record.process,
            "logger": record.name,
            "message": record.getMessage(),
        }
        if request := REQUEST.get():
            told["request"] = request
        if record.exc_info:
            told["exception"] = self.formatException(record.exc_info)
        return json.dumps(told)


def stamp(seconds: float) -> str:
    """Unix seconds as ISO 8601, to the millisecond.

    >>> stamp(0.25)
    '1970-01-01T00:00:00.250+00:00'
    """
    return dt.datetime.fromtimestamp(seconds, dt.UTC).isoformat(timespec="milliseconds")


def formatter(lines: Lines) -> logging.Formatter:
    """What writes lines of that kind."""
    return JsonLines() if lines == "json" else logging.Formatter(TEXT)


def config(lines: Lines) -> dict[str, Any]:
    """Standard error's configuration, for logging.config.dictConfig in the parent and in every worker."""
    loggers = {"_granian": "ERROR", "seakeep.serving": "INFO", "opentelemetry": "ERROR"}
    return {
        "formatters": {"line": {"()": formatter, "lines": lines}},
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line", "stream": "ext://sys.stderr"}},
        "loggers": {
            name: {"handlers": ["stderr"], "level": level, "propagate": False} for name, level in loggers.items()
        },
    }

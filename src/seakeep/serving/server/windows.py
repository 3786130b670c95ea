"""Windows: the statistics of the last whole minute, a file a model that the scribe writes and a scrape reads.

What the labels may be is known: releases on the board, their columns, and a fixed list of statistics a column.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import msgspec

from seakeep.core.files import write_bytes
from seakeep.serving.server.families import WINDOW_END, WINDOW_ROWS, WINDOW_VALUES

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from pathlib import Path

    from seakeep.serving.served import Served
    from seakeep.serving.server.families import Labels
    from seakeep.serving.server.metrics import Told

_SUFFIX = ".window.json"


class Window(msgspec.Struct, frozen=True):
    """One release's last minute. release: digest. end: Unix seconds. columns: statistics by column, each a number by its name."""

    release: str
    end: float
    rows: int
    columns: dict[str, dict[str, float]]


_decode = msgspec.json.Decoder(tuple[Window, ...]).decode


def write_windows(folder: Path, name: str, windows: tuple[Window, ...]) -> None:
    """Leave a model's windows, one a release, for whoever is scraped. folder: the server's."""
    write_bytes(folder / f"{name}{_SUFFIX}", msgspec.json.encode(windows))


def told_windows(folder: Path, served: Collection[Served]) -> Iterator[Told]:
    """The windows of the releases that are served. What cannot be read is not told."""
    for name in dict.fromkeys(one.name for one in served):
        labels = {one.release: (one.name, one.version) for one in served if one.name == name}
        with contextlib.suppress(FileNotFoundError, msgspec.MsgspecError):
            for window in _decode((folder / f"{name}{_SUFFIX}").read_bytes()):
                if window.release in labels:
                    yield from _told(window, labels[window.release])


def _told(window: Window, own: Labels) -> Iterator[Told]:
    yield WINDOW_ROWS, own, float(window.rows)
    yield WINDOW_END, own, window.end
    for column, values in window.columns.items():
        for statistic, value in values.items():
            yield WINDOW_VALUES, (*own, column, statistic), value

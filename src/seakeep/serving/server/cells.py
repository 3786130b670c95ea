"""Cells: counters and histograms in files that are mapped into memory and say themselves what is in them.

A counter is one double in shared memory, so that counting takes some 80 ns, and a file outlives the process that counted in it.
Adding to it is reading, adding and writing: only the event loop's thread may count, and needs no lock. What the thread beside the loop counts
too, and seldom, says so (`Family.shared`) and is added under a lock; what it counts often has a sheet of its own there (`Metrics.runs_of`).
A file begins with its layout, since releases come and go while a server runs: whoever reads it needs to know nothing of who
wrote it. It gets its name when it is whole, so that no reader meets half a layout.
"""

from __future__ import annotations

import json
import mmap
import threading
from array import array
from bisect import bisect_left
from typing import TYPE_CHECKING

from seakeep.core.files import write_bytes

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from seakeep.serving.server.families import Family, Labels

SUFFIX = ".cells"
_WORD = 8
Series = tuple["Family", "Labels"]


class Cell:
    """A counter, or a value that is set."""

    __slots__ = ("_at", "_cells")

    def __init__(self, cells: memoryview[float], at: int) -> None:
        self._cells, self._at = cells, at

    def add(self, amount: float = 1.0) -> None:
        """Add `amount`, not negative."""
        self._cells[self._at] += amount

    def set(self, value: float) -> None:
        """Make it `value`."""
        self._cells[self._at] = value


class SharedCell(Cell):
    """A counter that several threads add to. Parameters: turn: the lock of its sheet."""

    __slots__ = ("_turn",)

    def __init__(self, cells: memoryview[float], at: int, turn: threading.Lock) -> None:
        super().__init__(cells, at)
        self._turn = turn

    def add(self, amount: float = 1.0) -> None:
        """Add `amount`, not negative."""
        with self._turn:
            self._cells[self._at] += amount


class Distribution:
    """A histogram of what was observed."""

    __slots__ = ("_at", "_bounds", "_cells", "_sum_at")

    def __init__(self, cells: memoryview[float], at: int, bounds: tuple[float, ...]) -> None:
        self._cells, self._at, self._bounds = cells, at, bounds
        self._sum_at = at + len(bounds) + 1

    def observe(self, value: float) -> None:
        """Count `value` in its bucket."""
        self._cells[self._at + bisect_left(self._bounds, value)] += 1.0
        self._cells[self._sum_at] += value

    @property
    def total(self) -> float:
        """The sum of what was observed."""
        return self._cells[self._sum_at]


class Sheet:
    """Some series in one new file. Parameters: path: of the file. series: what it is to hold, all at 0."""

    def __init__(self, path: Path, series: Sequence[Series]) -> None:
        self._places: dict[tuple[str, Labels], int] = {}
        self._turn = threading.Lock()
        size = 0
        for family, labels in series:
            self._places[family.name, labels] = size
            size += family.width
        layout = json.dumps([[name, labels] for name, labels in self._places]).encode()
        layout += b" " * (-len(layout) % _WORD)
        write_bytes(path, len(layout).to_bytes(_WORD, "little") + layout + bytes(size * _WORD))
        with path.open("r+b") as file:
            whole = memoryview(mmap.mmap(file.fileno(), 0))
        self._cells = whole[_WORD + len(layout) :].cast("d")

    def cell(self, family: Family, *labels: str) -> Cell:
        """The counter with these labels; look it up once and keep it. Raises KeyError if it was not laid out."""
        place = self._places[family.name, labels]
        return SharedCell(self._cells, place, self._turn) if family.shared else Cell(self._cells, place)

    def distribution(self, family: Family, *labels: str) -> Distribution:
        """The histogram with these labels; look it up once and keep it."""
        place, bounds = self._places[family.name, labels], family.bounds
        return Distribution(self._cells, place, bounds)


def read_sheet(path: Path, widths: dict[str, int]) -> Iterator[tuple[str, Labels, list[float]]]:
    """Every series of a file: its family's name, labels and cells. Parameters: widths: cells of a series by family."""
    content = path.read_bytes()
    begin = _WORD + int.from_bytes(content[:_WORD], "little")
    cells = array("d", content[begin:]).tolist()
    at = 0
    for name, labels in json.loads(content[_WORD:begin]):
        yield name, tuple(labels), cells[at : at + widths[name]]
        at += widths[name]

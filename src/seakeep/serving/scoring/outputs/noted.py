"""Units of a job in a store: each a file, with a note that says that it is whole.

Called by `delta` and `buckets`. A file is put before its note, so that a kill at any moment leaves a unit done or not done. A file
without a note is written again, under the same name, which replaces it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from seakeep.serving.scoring.outputs.formats import SINKS

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import polars as pl

    from seakeep.serving.scoring.outputs.stores import Store

NOTES = "_seakeep"
"""Folder of the notes, in the place that is written to; readers of tables pass over names that begin so."""


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit that is whole. key: of its file. rows: of it. size: bytes. facts: what its writer told of it. note: what the run wants to know."""

    key: str
    rows: int
    size: int
    facts: Mapping[str, object]
    note: bytes


class Noted:
    """Writes the units of a job, in any process that reaches the store.

    Parameters: name: of the job, as it stands in the names of its files. key: of a unit's file, with places for {number:06d} and
        {name}. ending: of formats.SINKS, by which it is written. release: digest of what answers.
    """

    def __init__(self, store: Store, name: str, *, key: str, release: str, ending: str = ".parquet") -> None:
        self.store, self._key, self._release, self._ending = store, key, release, ending
        self._name = name

    @property
    def folder(self) -> str:
        """Where the notes are."""
        return f"{NOTES}/{self._name}"

    def key(self, number: int) -> str:
        """Where a unit's file is."""
        return self._key.format(number=number, name=self._name)

    def write(self, number: int, frame: pl.DataFrame, note: bytes, *, facts: Mapping[str, object]) -> None:
        """Write a unit, then that it is whole. facts: what is to be known of it at the end. Raises CannotWrite, CannotReach."""
        sizes: list[int] = []

        def write(path: Path) -> None:
            SINKS[self._ending](frame.rechunk().lazy(), path, self._release)
            sizes.append(path.stat().st_size)

        self.store.put(self.key(number), write)
        head = {"rows": frame.height, "bytes": sizes[-1], "facts": facts}
        content = json.dumps(head).encode() + b"\n" + note
        self.store.put(f"{self.folder}/{number:06d}.note", lambda path: path.write_bytes(content))

    def whole(self) -> dict[int, Unit]:
        """The units that are whole, by number."""
        found = {}
        for name in sorted(self.store.sizes(self.folder)):
            if name.endswith(".note"):
                head, _, note = self.store.get(f"{self.folder}/{name}").partition(b"\n")
                number, told = int(name.removesuffix(".note")), json.loads(head)
                found[number] = Unit(self.key(number), told["rows"], told["bytes"], told["facts"], note)
        return found

    def forget(self) -> None:
        """Remove the notes, and what else is in their folder."""
        for name in self.store.sizes(self.folder):
            self.store.remove(f"{self.folder}/{name}")

"""Objects in a bucket: `s3://bucket/scored.parquet` is one object, `s3://bucket/scored/` a folder of parts.

One object is made here and sent when it is whole. A folder's parts are sent as they are made, below `_seakeep/`, and are copied to their names by the
bucket itself when all are there; `_SUCCESS` comes last, and tells which parts there are. What is hard: a bucket can give many objects no
name in one step. Until `_SUCCESS` is there a folder is not whole, and who reads it then, without looking, may meet some of its parts.
"""

from __future__ import annotations

import json
import re
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from seakeep.core.addresses import redacted
from seakeep.core.codec import to_json
from seakeep.data.reading.buckets import Bucket
from seakeep.serving.scoring.errors import CannotScore
from seakeep.serving.scoring.outputs.formats import ENDINGS, FORMATS
from seakeep.serving.scoring.outputs.noted import NOTES, Noted
from seakeep.serving.scoring.outputs.one_file import OneFile
from seakeep.serving.scoring.outputs.refusals import CannotFill, CannotInsert
from seakeep.serving.scoring.outputs.stores import Objects

if TYPE_CHECKING:
    from collections.abc import Mapping

    import polars as pl

    from seakeep.serving.scoring.outputs import Plan

SUCCESS = "_SUCCESS"
_NAME = 16
_PART = re.compile(r"part-[0-9]{6,}\.[a-z]+")


class Object:
    """One object in the making. Nothing outlives a run that ends before `publish`."""

    resumable = False
    reach = ""

    def __init__(self, address: str, plan: Plan) -> None:
        place, _, self._key = address.rpartition("/")
        self._bucket = Bucket(place)
        if self._bucket.look(self._key) is not None and not plan.overwrite:
            raise CannotFill.taken_place(address)
        with ExitStack() as stack:
            folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="seakeep-"))
            self._path = Path(folder) / self._key
            self._file = OneFile(self._path, plan)
            self._held = stack.pop_all()

    def done(self) -> Mapping[int, bytes]:
        """Nothing."""
        return self._file.done()

    def write(self, number: int, frame: pl.DataFrame, note: bytes) -> None:
        """Write the next rows, here. Raises CannotWrite."""
        self._file.write(number, frame, note)

    def publish(self, units: int) -> None:
        """Send the file. Raises CannotWrite, CannotReach."""
        self._file.publish(units)
        self._bucket.send(self._key, self._path)

    def close(self) -> None:
        """Remove the file that was made here."""
        self._file.close()
        self._held.close()


class Folder:
    """A folder of parts in the making. Two runs of one job at a time send the same parts, and harm nothing."""

    resumable = True
    reach = ""

    def __init__(self, address: str, plan: Plan) -> None:
        self._address, self._plan, self._ending = address, plan, f".{plan.parts or FORMATS[0]}"
        name = plan.job[:_NAME]
        key = f"{NOTES}/{{name}}/{{number:06d}}.part"
        self._noted = Noted(Objects(address), name, key=key, release=plan.release, ending=self._ending)
        there = self._there()
        self._job = self._manifest().get("job") if SUCCESS in there else None
        begun = bool(self.done())
        if strange := next((found for found in there if found != SUCCESS and not _PART.fullmatch(found)), ""):
            raise CannotFill.taken_place(address, strange)
        if there and not plan.overwrite and not (begun and self._job in (None, plan.job)):
            raise CannotFill.taken_place(address)

    def done(self) -> Mapping[int, bytes]:
        """The notes of the parts that are whole."""
        return {number: unit.note for number, unit in self._noted.whole().items()}

    def write(self, number: int, frame: pl.DataFrame, note: bytes) -> None:
        """Send a part. Raises CannotWrite, CannotReach."""
        self._noted.write(number, frame, note, facts={})

    def publish(self, units: int) -> None:
        """Give all parts their names, then say that they are there. Raises CannotInsert, if one has gone; CannotReach."""
        store, whole, sizes = self._noted.store, self._noted.whole(), self._noted.store.sizes("")
        for number in range(units):
            if number not in whole or sizes.get(whole[number].key) != whole[number].size:
                raise CannotInsert.gone(self._address, number)
        names = {number: f"part-{number:06d}{self._ending}" for number in range(units)}
        store.remove(SUCCESS)
        for number, name in names.items():
            store.copy(whole[number].key, name)
        for name in self._there() - set(names.values()):
            store.remove(name)
        parts = [{"name": names[number], "rows": whole[number].rows, "bytes": whole[number].size} for number in names]
        told = to_json(
            {"job": self._plan.job, "facts": self._plan.facts, "release": self._plan.release, "parts": parts}
        )
        store.put(SUCCESS, lambda path: path.write_text(told, encoding="utf-8"))
        self._noted.forget()

    def close(self) -> None:
        """Nothing is held; what was not published stays for the next run."""

    def _there(self) -> set[str]:
        """What is in the folder, beside what runs keep there."""
        return {name for name in self._noted.store.sizes("") if not name.startswith(f"{NOTES}/")}

    def _manifest(self) -> dict[str, object]:
        try:
            told = json.loads(self._noted.store.get(SUCCESS))
        except ValueError:
            return {}
        return told if isinstance(told, dict) else {}


def open_output(address: str, plan: Plan) -> Object | Folder:
    """The object or folder at an address. Raises CannotScore, if it may not be written; CannotReach; MissingExtra."""
    is_folder = bool(plan.parts) or address.endswith("/")
    if plan.parts and plan.parts not in FORMATS:
        raise CannotScore.format(plan.parts, FORMATS)
    if address in plan.files or (is_folder and any(file.startswith(f"{address.rstrip('/')}/") for file in plan.files)):
        raise CannotFill.itself(redacted(address))
    if is_folder:
        return Folder(address.rstrip("/"), plan)
    if not address.lower().endswith(ENDINGS):
        raise CannotScore.ending(Path(address.rpartition("/")[2]), ENDINGS)
    return Object(address, plan)

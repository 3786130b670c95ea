"""A folder of parts: each unit is a file of its own, and the folder appears when all are there.

    .scored.scoring/            beside the folder, while a run is under way or was killed
        job.json                whose run it is
        lock                    held by the run
        parts/part-000007.parquet
        notes/000007            that the part is whole: its size and digest, and what the run wants to know of it
    scored/part-000007.parquet  when the run is done, by one rename, with
    scored/_SUCCESS             what Spark, Hadoop and their kin look for; here it lists the parts with their digests

A part gets its name by rename, and its note after it, so that a kill at any moment leaves a unit done or not done. A part
without a note is written again, which replaces it.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from seakeep.core import locks
from seakeep.core.codec import to_json
from seakeep.core.files import TEMPORARY, CannotWrite, replacing, write_bytes, write_text
from seakeep.data.engines import NotVisible
from seakeep.serving.scoring.errors import CannotScore
from seakeep.serving.scoring.outputs.formats import FORMATS, SINKS

if TYPE_CHECKING:
    from collections.abc import Mapping

    import polars as pl

    from seakeep.serving.scoring.outputs import Plan

SUCCESS = "_SUCCESS"
_JOB, _LOCK, _PARTS, _NOTES = "job.json", "lock", "parts", "notes"


class Parts:
    """Writes parts into a working folder, in any process that sees it. format: one of formats.FORMATS."""

    def __init__(self, working: Path, format: str, release: str) -> None:  # noqa: A002
        self.parts, self.notes = working / _PARTS, working / _NOTES
        self._ending, self._release = f".{format}", release

    def path(self, number: int) -> Path:
        """Where a part stands."""
        return self.parts / f"part-{number:06d}{self._ending}"

    def write(self, number: int, frame: pl.DataFrame, note: bytes) -> None:
        """Write a part, then that it is whole. Raises CannotWrite."""
        with replacing(self.path(number)) as temporary:
            SINKS[self._ending](frame.rechunk().lazy(), temporary, self._release)
            with temporary.open("rb") as file:
                found = hashlib.file_digest(file, "sha256").hexdigest()
            size = temporary.stat().st_size
        head = {"name": self.path(number).name, "rows": frame.height, "bytes": size, "sha256": found}
        write_bytes(self.notes / f"{number:06d}", json.dumps(head).encode() + b"\n" + note)

    def count(self) -> int:
        """How many parts were written, whatever their format."""
        return sum(not path.name.startswith(TEMPORARY) for path in self.notes.glob("*"))

    def whole(self) -> dict[int, tuple[dict[str, object], bytes]]:
        """What is known of every whole part, and its note, by number."""
        found: dict[int, tuple[dict[str, object], bytes]] = {}
        for path in self.notes.iterdir():
            if path.name.startswith(TEMPORARY):
                continue
            head, _, note = path.read_bytes().partition(b"\n")
            told, number = json.loads(head), int(path.name)
            with contextlib.suppress(FileNotFoundError):
                if self.path(number).stat().st_size == told["bytes"]:
                    found[number] = told, note
        return dict(sorted(found.items()))


class Folder:
    """A folder in the making, held by this run alone."""

    resumable = True

    def __init__(self, path: Path, plan: Plan, held: contextlib.ExitStack) -> None:
        self._path, self._plan, self._held = path, plan, held
        self._working, self._format = working_folder(path), plan.parts or FORMATS[0]
        self._parts = Parts(self._working, self._format, plan.release)
        self._begin()

    @property
    def reach(self) -> str:
        """Where workers find the working folder."""
        return "folder:" + json.dumps([str(self._working.absolute()), self._format, self._plan.release])

    def done(self) -> Mapping[int, bytes]:
        """The notes of the parts that are whole."""
        return {number: note for number, (_, note) in self._parts.whole().items()}

    def write(self, number: int, frame: pl.DataFrame, note: bytes) -> None:
        """Write a part. Raises CannotWrite."""
        self._parts.write(number, frame, note)

    def publish(self, units: int) -> None:
        """List the parts, and give the folder its name. Raises CannotScore, if one has gone; CannotWrite."""
        whole = self._parts.whole()
        if lacking := [number for number in range(units) if number not in whole]:
            raise CannotScore.part_gone(self._parts.path(lacking[0]))
        told = [whole[number][0] for number in range(units)]
        _sweep(self._parts.parts, {str(part["name"]) for part in told})
        manifest = {"job": self._plan.job, "facts": self._plan.facts, "parts": told}
        write_text(self._parts.parts / SUCCESS, to_json(manifest))
        try:
            _put(self._parts.parts, self._path)
        except OSError as error:
            raise CannotWrite.because(self._path, error) from error
        shutil.rmtree(self._working, ignore_errors=True)

    def close(self) -> None:
        """Let go of the folder; what was not published stays for the next run."""
        self._held.close()

    def _begin(self) -> None:
        """Go on with this job's parts, or begin with none. Raises CannotScore, where another job's stand."""
        path = self._working / _JOB
        known = _read_job(path)
        if known is not None and known[0] != self._plan.job:
            if not self._plan.overwrite:
                raise CannotScore.other_job(self._path, known[1], self._plan.facts, self._parts.count())
            known = None
        try:
            if known is None:
                for folder in (self._parts.notes, self._parts.parts):
                    shutil.rmtree(folder, ignore_errors=True)
                    folder.mkdir(parents=True)
                write_text(path, to_json({"job": self._plan.job, "facts": self._plan.facts}))
            for folder in (self._parts.notes, self._parts.parts):
                folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise CannotWrite.because(path, error) from error


class Finished:
    """A folder that this very job has published."""

    resumable = True
    reach = "folder:"

    def done(self) -> Mapping[int, bytes]:
        """Nothing that anybody asks for."""
        return {}

    def write(self, number: int, frame: pl.DataFrame, note: bytes) -> None:
        """It is there."""

    def publish(self, units: int) -> None:
        """It is there."""

    def close(self) -> None:
        """Nothing is held."""


def open_output(address: Path | str, plan: Plan) -> Folder | Finished:
    """The folder at a path, taken for this run. Raises CannotScore, if it may not be written or another run writes it; CannotWrite."""
    path = Path(address).resolve()  # a link to a folder stays one
    if plan.parts and plan.parts not in FORMATS:
        raise CannotScore.format(plan.parts, FORMATS)
    if plan.second and (manifest_of(path) or {}).get("job") == plan.job:
        return Finished()
    _check_path(path, plan)
    lock = working_folder(path) / _LOCK
    with contextlib.ExitStack() as stack:
        if not stack.enter_context(locks.alone(lock, wait=False)) or not lock.exists():
            raise CannotScore.busy(path, locks.holder(lock))
        _check_path(path, plan)  # the run that held it may have finished it
        return Folder(path, plan, stack.pop_all())


def reached(rest: str) -> Parts | Finished:
    """On a worker: what writes parts. Raises NotVisible, where the working folder is not there."""
    import socket

    if not rest:
        return Finished()
    working, ending, release = json.loads(rest)
    if not Path(working).is_dir():
        raise NotVisible.absent(working, socket.gethostname())
    return Parts(Path(working), ending, release)


def working_folder(path: Path) -> Path:
    """Where the parts of a folder are made. Hidden, so that readers of the place around it pass it over."""
    return path.with_name(f".{path.name}.scoring")


def manifest_of(path: Path) -> dict[str, object] | None:
    """What `_SUCCESS` says of a folder that a run has made; None for any other folder."""
    try:
        told = json.loads((path / SUCCESS).read_bytes())
    except (OSError, ValueError):
        return None
    return told if isinstance(told, dict) and "job" in told else None


def _check_path(path: Path, plan: Plan) -> None:
    """Raise CannotScore for a place where no folder can go, or where something is that may not be replaced."""
    absolute = path.absolute()
    inputs = [Path(file) for file in plan.files if "://" not in file]
    if any(file.is_relative_to(absolute) for file in inputs):
        raise CannotScore.holds_input(path, plan.table)
    if inputs and Path(plan.table).is_dir() and absolute.is_relative_to(Path(plan.table).absolute()):
        raise CannotScore.inside_input(path, plan.table)
    if not path.exists() or (path.is_dir() and not any(path.iterdir())):
        return
    if not plan.overwrite:
        raise CannotScore.exists(path)
    manifest = manifest_of(path)
    if manifest is None or (strange := _strange(path, manifest)):
        raise CannotScore.not_ours(path, "" if manifest is None else strange)


def _strange(path: Path, manifest: dict[str, object]) -> str:
    """The name of something in the folder that no run put there; "" for none."""
    parts = manifest["parts"]
    assert isinstance(parts, list)
    own = {SUCCESS, *(part["name"] for part in parts)}
    return next((item.name for item in sorted(path.iterdir()) if item.name not in own), "")


def _read_job(path: Path) -> tuple[str, dict[str, str]] | None:
    """The digest of the job whose parts stand there, and what it is the digest of."""
    try:
        found = json.loads(path.read_bytes())
    except FileNotFoundError:
        return None
    except ValueError:  # of another version, or by another hand
        return "", {}
    return found["job"], found["facts"]


def _sweep(folder: Path, names: set[str]) -> None:
    """Remove what killed writers left beside the parts."""
    for path in folder.iterdir():
        if path.name not in names:
            path.unlink()


def _put(parts: Path, path: Path) -> None:
    """Give the parts the folder's name; what had it goes after that."""
    old = path.with_name(f"{TEMPORARY}{path.name}")
    if path.is_dir() and any(path.iterdir()):
        shutil.rmtree(old, ignore_errors=True)
        path.rename(old)
    parts.rename(path)
    shutil.rmtree(old, ignore_errors=True)

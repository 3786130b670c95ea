"""Batches: rows of a table that was scored (`seakeep score --log`), as parts of the log that appear when all of them are there.

    predictions/<name>/batches/<job>/batch.json           when the batch began, and its id
    predictions/<name>/batches/<job>/000007.parquet       a unit's rows, until they are shown

Whoever scores writes each unit's rows beside the log, as often as the unit is tried; a run that was killed goes on with the same id
and time. At the end every file takes its name among the parts by rename, so that one that was shown is not here any more
and a kill in between neither loses nor doubles one, whatever compaction has made of it meanwhile. Row n of the table is the
prediction `<batch>-<n>.0`: a request of its own, to labels, sinks and whoever looks for it.
"""

from __future__ import annotations

import datetime as dt
import secrets
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec
import polars as pl

from seakeep.core import locks
from seakeep.core.errors import DataError
from seakeep.core.files import TEMPORARY, CannotWrite, replacing, write_bytes
from seakeep.prediction_log import columns as names
from seakeep.prediction_log.outbox import give_as
from seakeep.prediction_log.tables import OWN, schema_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from seakeep.prediction_log.frames import Header
    from seakeep.prediction_log.layout import Layout

_FILE = "batch.json"
_JOB_DIGITS = 16


class LostBatch(DataError):
    """Rows of a batch that were written are not there any more."""

    @classmethod
    def gone(cls, folder: Path) -> LostBatch:
        return cls(
            f"the rows for the prediction log that an earlier run wrote to {folder} are gone",
            cause="They were removed by hand, or for their age (serve.log_keep), before the run went on.",
            fix="Begin anew in another place (-o), since the parts that are done have lost their rows for the log.",
            path=str(folder),
        )


class Batch(msgspec.Struct, frozen=True):
    """A run over a table. id: of its predictions. time: when it began, in microseconds since 1970 UTC; that of all its rows."""

    id: str
    time: int


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows to be logged. numbers: in the table. inputs: values by name, in the log's types (see tables). predicted: the prediction and the
    probabilities, named as the log names them. keys: as texts, or None. broken: the rules that each row breaks, or None.
    """

    numbers: pl.Series
    inputs: Mapping[str, pl.Series]
    predicted: Mapping[str, pl.Series]
    keys: pl.Series | None = None
    broken: pl.Series | None = None


def begin(log: Layout, job: str, *, goes_on: bool) -> Batch:
    """The batch of a job, new or as it was begun. Parameters: job: its digest. goes_on: whether units of it were kept before.

    Raises: LostBatch; CannotWrite.
    """
    folder = folder_of(log, job)
    if goes_on:
        try:
            return msgspec.json.decode((folder / _FILE).read_bytes(), type=Batch)
        except (FileNotFoundError, msgspec.MsgspecError) as error:
            raise LostBatch.gone(folder) from error
    shutil.rmtree(folder, ignore_errors=True)
    batch = Batch(secrets.token_hex(8), int(dt.datetime.now(dt.UTC).timestamp() * 1e6))
    write_bytes(folder / _FILE, msgspec.json.encode(batch))
    return batch


def folder_of(log: Layout, job: str) -> Path:
    """Where a job's rows wait."""
    return log.batches / job.rpartition(":")[2][:_JOB_DIGITS]


def keep(folder: Path, number: int, frame: pl.DataFrame) -> None:
    """Write a unit's rows, in any process that sees the folder; written again they replace themselves. Raises CannotWrite."""
    with replacing(folder / f"{number:06d}.parquet") as temporary:
        frame.write_parquet(temporary, compression="zstd")


def table(rows: Rows, batch: Batch, header: Header) -> pl.DataFrame:
    """Rows as the log has them: those that were answered."""
    given: dict[str, pl.Expr | pl.Series] = {
        names.ID: pl.concat_str(pl.lit(f"{batch.id}-"), rows.numbers.cast(pl.String), pl.lit(".0")),
        names.TIME: pl.lit(batch.time).cast(OWN[names.TIME]),
        names.RELEASE: pl.lit(header.release),
        names.VERSION: pl.lit(header.version, pl.Int64),
        names.ROLE: pl.lit("batch"),
        names.REVISION: pl.lit(0, pl.Int64),
        names.OUTCOME: pl.lit("answered"),
        **rows.inputs,
        **rows.predicted,
    }
    if rows.keys is not None:
        given[names.KEY] = rows.keys
    if rows.broken is not None:
        given[names.BROKEN] = rows.broken
    wanted = schema_of(header)
    own = [
        pl.lit(None, dtype).alias(name) if name not in given else _named(given[name], name)
        for name, dtype in wanted.items()
    ]
    return pl.DataFrame({names.MARK: rows.numbers}).select(names.MARK, *own).drop(names.MARK).cast(pl.Schema(wanted))


def _named(values: pl.Expr | pl.Series, name: str) -> pl.Expr | pl.Series:
    return values.alias(name)


def show(log: Layout, job: str, header: Header) -> int:
    """Make a batch's rows part of the log, and give them to its sinks. Returns how many files; 0 for all that were shown before.

    Raises: CannotWrite; what was shown until then stays, and the next call goes on.
    """
    folder = folder_of(log, job)
    batch = msgspec.json.decode((folder / _FILE).read_bytes(), type=Batch)
    began = dt.datetime.fromtimestamp(batch.time / 1e6, dt.UTC)
    target = log.hour(began) / f"release={header.release[: names.RELEASE_DIGITS]}"
    waiting = sorted(path for path in folder.glob("*.parquet") if not path.name.startswith(TEMPORARY))
    try:
        target.mkdir(parents=True, exist_ok=True)
        for path in waiting:
            shown = target / f"{began:%Y%m%dT%H%M%S}-{batch.id}-{path.name}"
            with locks.alone(log.publishing):
                give_as(log, path, shown)  # before it is shown: who is killed in between gives the same file again
                path.rename(shown)
    except OSError as error:
        raise CannotWrite.because(target, error) from error
    return len(waiting)


def forget(log: Layout, job: str) -> None:
    """Remove what is left of a batch that was shown."""
    shutil.rmtree(folder_of(log, job), ignore_errors=True)

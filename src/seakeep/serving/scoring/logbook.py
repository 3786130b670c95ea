"""Scored rows as the prediction log has them, with what is hidden there hidden."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import polars as pl

from seakeep.prediction_log import batches
from seakeep.prediction_log.frames import Header
from seakeep.prediction_log.layout import Layout
from seakeep.serving.scoring.asked import Hidden, Logged
from seakeep.serving.server.keeping import Keeping
from seakeep.serving.server.keys import as_key
from seakeep.serving.server.logbook import describe
from seakeep.serving.server.veils import Veil, check_names

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from seakeep.core.model import Model
    from seakeep.serving.served import Served


@dataclass(frozen=True, slots=True)
class LogTo:
    """The prediction log that rows are written to: that of the model, below a registry's home. hidden: what is not written as it is."""

    home: Path
    hidden: Hidden = field(default_factory=Hidden)


@dataclass(frozen=True, slots=True)
class OpenLog:
    """A run's rows on their way into a log. layout: of the log. job: the run's digest. logged: what workers are told. header: of the release."""

    layout: Layout
    job: str
    logged: Logged
    header: Header

    @property
    def folder(self) -> Path:
        """Where units' rows wait."""
        return Path(self.logged.folder)

    def show(self) -> None:
        """Make all rows part of the log. Raises CannotWrite."""
        batches.show(self.layout, self.job, self.header)

    def forget(self) -> None:
        """Remove what says that the rows were logged; the run can not go on any more."""
        batches.forget(self.layout, self.job)


def open_log(served: Served, to: LogTo, job: str, *, goes_on: bool) -> OpenLog:
    """The log for a run's rows. goes_on: whether units of it were kept before.

    Raises: CannotWrite; LostBatch; CannotHide; BadHashKey.
    """
    layout = Layout.of(to.home, served.name)
    check_names(_keeping(to.hidden), [served.model])
    batch = batches.begin(layout, job, goes_on=goes_on)
    folder = str(batches.folder_of(layout, job).absolute())
    version = int(served.version) if served.version.isdecimal() else 0
    logged = Logged(folder, batch.id, batch.time, served.name, served.release, version, to.hidden)
    header = Logbook(served.model, logged).header
    describe(layout, header)
    return OpenLog(layout, job, logged, header)


def _keeping(hidden: Hidden) -> Keeping:
    return Keeping(redact=hidden.redact, hash=hidden.hash, hash_key_file=hidden.hash_key_file)


class Logbook:
    """Makes rows of one release's log. Raises BadHashKey, where the key cannot be read; CannotHide."""

    def __init__(self, model: Model, logged: Logged) -> None:
        self._inputs = [column.name for column in model.inputs]
        self._batch = batches.Batch(logged.batch, logged.time)
        self._veil = Veil(model, _keeping(logged.hidden))
        self.header = Header.of(model, name=logged.name, release=logged.release, version=logged.version)
        if self._veil.hidden:
            self.header = msgspec.structs.replace(self.header, hidden=self._veil.hidden)

    def table(
        self,
        numbers: pl.Series,
        views: Mapping[str, pl.Series],
        predicted: Mapping[str, pl.Series],
        keys: pl.Series | None,
        broken: pl.Series | None,
    ) -> pl.DataFrame:
        """Rows of the log."""
        keys = None if keys is None else _texts(keys)
        views = self._veiled(views)
        keys = keys if keys is None or self._veil.key is None else _each(keys, self._veil.key, pl.String())
        return batches.table(batches.Rows(numbers, views, predicted, keys, broken), self._batch, self.header)

    def _veiled(self, views: Mapping[str, pl.Series]) -> dict[str, pl.Series]:
        """The values with those that are hidden replaced; each different one is hashed once."""
        made = dict(views)
        for name in set(self._veil.hidden) & set(views):
            different = views[name].drop_nulls().unique()
            columns = [different.to_list() if column == name else [] for column in self._inputs]
            hidden = self._veil.columns(columns)[self._inputs.index(name)]
            made[name] = _replaced(views[name], different, hidden)
        return made


def _texts(keys: pl.Series) -> pl.Series:
    """Keys as a server would have read them."""
    if keys.dtype == pl.String:
        return keys
    if keys.dtype.is_integer():
        return keys.cast(pl.String)
    return _each(keys, as_key, pl.String())


def _each(values: pl.Series, make: Callable[[Any], str | None], dtype: pl.DataType) -> pl.Series:
    different = values.drop_nulls().unique()
    return _replaced(values, different, list(map(make, different.to_list())), dtype)


def _replaced(values: pl.Series, old: pl.Series, new: Any, dtype: pl.DataType | None = None) -> pl.Series:
    made = pl.Series(new, dtype=dtype or values.dtype)
    return values.replace_strict(old, made, return_dtype=made.dtype) if len(old) else values.cast(made.dtype)

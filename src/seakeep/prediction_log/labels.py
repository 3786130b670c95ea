"""Labels that arrive later, by file, query or request: added whole or not at all, and counted by what they change.

Rows are kept as they came, also repetitions and labels of predictions that are not known yet; which of them counts is
decided when the log is read (see joining), so that the order in which files come leaves no trace.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import polars as pl

from seakeep.core.errors import DataError, UsageError
from seakeep.core.files import replacing
from seakeep.prediction_log import columns as names
from seakeep.prediction_log.classes import meant
from seakeep.prediction_log.hashing import hashed
from seakeep.prediction_log.joining import latest
from seakeep.prediction_log.outbox import give_as
from seakeep.prediction_log.tables import LABELS, TIME

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence

    from seakeep.prediction_log.frames import Header
    from seakeep.prediction_log.layout import Layout

_NEW, _BEFORE = "@new", "@before"


class BadLabels(DataError):
    """Labels cannot be taken as they are; none of them was."""

    @classmethod
    def not_plain(cls, name: str, dtype: pl.DataType) -> BadLabels:
        return cls(
            f"column {name!r} is {dtype}, expected texts, whole numbers, numbers or booleans",
            cause="An id, key or label is a single value.",
            fix=f'Convert it before: frame.with_columns(polars.col("{name}").cast(polars.String)).',
            name=name,
        )

    @classmethod
    def hidden_keys(cls, name: str) -> BadLabels:
        return cls(
            f"the keys in the log of {name} are hidden, and there is no key to hash those of the labels with",
            cause="The server leaves keys out or hashes them (serve.redact, serve.hash); as they are, these would find nothing.",
            fix="Name the same file as the server: SEAKEEP_SERVE_HASH_KEY_FILE=FILE. Or give labels by id: --id COLUMN",
            name=name,
        )


@dataclass(frozen=True, slots=True)
class LabelSummary:
    """What became of the labels, one count a row.

    added: first labels of known predictions. duplicate: equal to the label that counts already. corrected: they replace
    another one. outdated: they arrived before the other one, and are kept without effect. unknown: of ids or keys that no
    prediction has yet; kept, and joined if one comes. empty: rows without an id, key or label, left out. strange: no class of any
    release, or no finite number where numbers are predicted; kept, counted here whatever their id or key, and nothing is judged
    by them. These seven add up to `rows`.
    classes: not a count: every class that a release in the log knows, as text; none of a regression.
    """

    added: int = 0
    duplicate: int = 0
    corrected: int = 0
    outdated: int = 0
    unknown: int = 0
    empty: int = 0
    strange: int = 0
    classes: tuple[str, ...] = field(default=(), compare=False)

    @property
    def rows(self) -> int:
        """All rows that were given."""
        counted = self.added + self.duplicate + self.corrected + self.outdated
        return counted + self.unknown + self.empty + self.strange


def labels_of(frame: pl.DataFrame, *, label: str, by: str, column: str, arrived: dt.datetime) -> pl.DataFrame:
    """A user's table as labels: the columns LABELS, without the rows that lack something.

    Parameters: by: columns.ID or columns.KEY, which `column` is. Raises: UsageError, for a column that is not there;
        BadLabels, for one whose values are no single ones.
    """
    for role, name in (("label", label), (by.lstrip(names.MARK), column)):
        if name not in frame.columns:
            raise UsageError.unknown_name("column", name, frame.columns, where=f"the {role} of the labels")
        dtype = frame.schema[name]
        if dtype.is_nested() or dtype.is_temporal() or dtype in (pl.Binary, pl.Object):
            raise BadLabels.not_plain(name, dtype)
    given = pl.DataFrame([_texts(frame[column]).alias(by), _texts(frame[label]).alias(names.LABEL)])
    other = names.KEY if by == names.ID else names.ID
    return (
        given.drop_nulls()
        .select(
            by,
            pl.lit(None, pl.String).alias(other),
            names.LABEL,
            pl.lit(arrived).cast(TIME).alias(names.LABELLED),
        )
        .select(list(LABELS))
    )


def with_hashed_keys(labels: pl.DataFrame, hash_key: bytes | None, *, name: str) -> pl.DataFrame:
    """Labels by keys as the log of the model `name` has them. Raises BadLabels, where there is nothing to hash with."""
    if hash_key is None:
        raise BadLabels.hidden_keys(name)
    keys = [hashed(key, hash_key) for key in labels[names.KEY].to_list()]
    return labels.with_columns(pl.Series(names.KEY, keys, pl.String))


def translated(labels: pl.DataFrame, headers: Sequence[Header]) -> pl.DataFrame:
    """Labels in the words of the newest release that knows them: "1" becomes "true" where it predicts booleans; others as given."""
    text = pl.col(names.LABEL)
    return labels.with_columns(pl.coalesce(meant(text, headers), text).alias(names.LABEL))


def summary(
    labels: pl.DataFrame,
    before: pl.DataFrame,
    known: pl.LazyFrame,
    *,
    by: str,
    empty: int,
    headers: Sequence[Header] = (),
) -> LabelSummary:
    """What `labels` change. before: all labels so far. known: the column `by` of the log. headers: of its releases, if any."""
    rows = labels.height
    if headers:
        labels, before = _understood(labels, headers), _understood(before, headers)
    counts = latest(labels, by).rename({names.LABEL: _NEW, names.LABELLED: "@arrived"}).drop("@last")
    repeated = labels.height - counts.height
    counting = latest(before, by).rename({names.LABEL: _BEFORE}).drop(names.LABELLED)
    joined = counts.join(counting, on=by, how="left")
    is_new, is_same = pl.col(_BEFORE).is_null(), pl.col(_BEFORE) == pl.col(_NEW)
    is_later = (pl.col("@arrived") > pl.col("@last")) | (
        (pl.col("@arrived") == pl.col("@last")) & (pl.col(_NEW) > pl.col(_BEFORE))
    )
    fresh = joined.filter(is_new).select(by)
    found = fresh.lazy().join(known, on=by, how="semi").select(pl.len()).collect().item()
    corrected = joined.filter(~is_new & ~is_same & is_later).height
    duplicate = joined.filter(~is_new & is_same).height
    return LabelSummary(
        added=found,
        duplicate=duplicate + repeated,
        corrected=corrected,
        outdated=joined.height - fresh.height - corrected - duplicate,
        unknown=fresh.height - found,
        empty=empty,
        strange=rows - labels.height,
        classes=_known_classes(headers),
    )


def _understood(labels: pl.DataFrame, headers: Sequence[Header]) -> pl.DataFrame:
    """Without the strange ones, in the words of the newest release that knows them."""
    return labels.with_columns(meant(pl.col(names.LABEL), headers).alias(names.LABEL)).drop_nulls(names.LABEL)


def _known_classes(headers: Sequence[Header]) -> tuple[str, ...]:
    ordered = sorted(headers, key=lambda header: (header.version, header.release), reverse=True)
    return tuple(dict.fromkeys(names.text(value) for header in ordered for value in header.classes))


def write(log: Layout, labels: pl.DataFrame, *, arrived: dt.datetime) -> None:
    """Keep labels in a file of their own, whole or not at all, and give them to the sinks before: a kill in between leaves the sinks
    with labels that whoever adds them again sends once more, and none that no sink gets. Raises CannotWrite.
    """
    target = log.labels / f"{arrived:%Y%m%dT%H%M%S}-labels-{secrets.token_hex(6)}.parquet"
    with replacing(target) as temporary:
        labels.write_parquet(temporary)
        give_as(log, temporary, target)


def _texts(values: pl.Series) -> pl.Series:
    """Ids, keys or labels as text. Floats that are all whole numbers are written as such: a table with missing whole numbers
    often has them so; NaN is missing. Booleans are written as JSON writes them.
    """
    if values.dtype.is_float():
        values = values.fill_nan(None)
        whole = values.cast(pl.Int64, strict=False)
        values = (
            whole
            if (whole.cast(values.dtype) == values).all() and whole.null_count() == values.null_count()
            else values
        )
    return values.cast(pl.String)

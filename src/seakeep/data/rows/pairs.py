"""Rows of two tables that have the same key, compared column by column, in parts that fit into memory.

Called by `skew`. Both tables are cut by a hash of the key, so that a key's rows meet in one part whatever file they stood in; where there is
more than one part they lie on the disk in between. Everything that is counted adds over parts, and examples are the smallest keys, so the
answer is the same however many parts there are.
"""

from __future__ import annotations

import secrets
import shutil
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import polars as pl

from seakeep.core.files import CannotWrite
from seakeep.core.kinds import Kind
from seakeep.data.frames import fetch
from seakeep.data.kinds import kind_of
from seakeep.data.reading import scratch
from seakeep.data.rows.lowering import plain

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from seakeep.core.dataset import Dataset

CELLS = 1 << 25
"""Values that a part may have on both sides together; some 270 MB of numbers."""
TRAINING, SERVING = "in training", "in serving"
_PART, _SEED = "@part", 0x5EA
_NESTED = (Kind.LIST, Kind.STRUCT, Kind.BINARY)


@dataclass(frozen=True, slots=True)
class Pairing:
    """keys: names; own, other: their expressions in the first and the second table, of one type each. columns: to compare; unlike: of kinds
    that cannot be. first, second: the tables' types. tolerance: of numbers; examples: to keep of each column.
    """

    keys: tuple[str, ...]
    own: tuple[pl.Expr, ...]
    other: tuple[pl.Expr, ...]
    columns: tuple[str, ...]
    unlike: tuple[str, ...]
    first: pl.Schema
    second: pl.Schema
    tolerance: float
    examples: int

    @property
    def names(self) -> list[str]:
        """The columns that rows are joined by."""
        return [f"@key {number}" for number in range(len(self.keys))]

    def keyed(self, piece: pl.LazyFrame, key: tuple[pl.Expr, ...]) -> pl.LazyFrame:
        """The columns needed of one table, and its key in the joint form."""
        joint = (part.alias(name) for part, name in zip(key, self.names, strict=True))
        return piece.select(*joint, *self.keys, *self.columns)

    def differ(self, name: str) -> pl.Expr:
        """Whether a joined row has other values of a column on both sides."""
        first, second = self.first[name], self.second[name]
        kinds = kind_of(first), kind_of(second)
        if kinds[0] in _NESTED or kinds[1] in _NESTED:
            return pl.col(name).ne_missing(pl.col(f"{name}{_SUFFIX}"))
        own, other = plain(pl.col(name), first), plain(pl.col(f"{name}{_SUFFIX}"), second)
        if Kind.NULL in kinds:
            return own.is_null() != other.is_null()
        if Kind.NUMBER not in kinds:
            return own.ne_missing(other)
        own, other = own.cast(pl.Float64), other.cast(pl.Float64)
        scale = pl.max_horizontal(pl.lit(1.0), own.abs(), other.abs())
        agree = (own == other) | ((own - other).abs() <= self.tolerance * scale) & own.is_finite() & other.is_finite()
        return ~agree.fill_null(own.is_null() & other.is_null())


@dataclass(slots=True)
class Compared:
    """joined: rows that met. only_training, only_serving: without a partner; lonely_…: the smallest keys of these. repeated: keys that a table
    has more than once; repeats: the smallest. keyless: rows that miss a part of the key. differ: rows by column; examples: the smallest
    keys of these, with both values.
    """

    joined: int = 0
    only_training: int = 0
    only_serving: int = 0
    repeated: int = 0
    keyless: int = 0
    differ: dict[str, int] = field(default_factory=dict)
    lonely_training: pl.DataFrame = field(default_factory=pl.DataFrame)
    lonely_serving: pl.DataFrame = field(default_factory=pl.DataFrame)
    repeats: pl.DataFrame = field(default_factory=pl.DataFrame)
    examples: dict[str, pl.DataFrame] = field(default_factory=dict)


_SUFFIX = "@serving"


def compared_rows(pairing: Pairing, training: Dataset, serving: Dataset) -> Compared:
    """Both tables' rows, joined and compared. Raises DataError, naming the file; CannotWrite."""
    found = Compared(differ=dict.fromkeys(pairing.columns, 0))
    for own, other in _parts(pairing, training, serving):
        _compare(pairing, own, other, found)
    return found


def _parts(pairing: Pairing, training: Dataset, serving: Dataset) -> Iterator[tuple[pl.DataFrame, pl.DataFrame]]:
    """Both tables, cut by the hash of the key; as a whole where both are small."""
    rows = _rows(training) + _rows(serving)
    count = max(1, -(-rows * (len(pairing.columns) + len(pairing.keys)) // CELLS))
    sides = ((training, pairing.own), (serving, pairing.other))
    if count == 1:
        own, other = (pl.concat(_keyed(pairing, dataset, key)) for dataset, key in sides)
        yield own, other
        return
    folder = scratch.folder() / f"skew-{secrets.token_hex(6)}"
    try:
        for side, (dataset, key) in zip((TRAINING, SERVING), sides, strict=True):
            _spill(pairing, _keyed(pairing, dataset, key), folder / side, count)
        for part in range(count):
            own, other = (_unspilled(folder / side / str(part)) for side in (TRAINING, SERVING))
            yield own, other
    except OSError as error:
        raise CannotWrite.because(folder, error) from error
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _rows(dataset: Dataset) -> int:
    counts = (fetch(dataset, at, piece.select(pl.len()), streaming=True) for at, piece in enumerate(dataset.pieces()))
    return sum(int(count.item()) for count in counts)


def _keyed(pairing: Pairing, dataset: Dataset, key: tuple[pl.Expr, ...]) -> Iterator[pl.DataFrame]:
    for number, piece in enumerate(dataset.pieces()):
        yield fetch(dataset, number, pairing.keyed(piece, key))


def _spill(pairing: Pairing, frames: Iterator[pl.DataFrame], folder: Path, count: int) -> None:
    """Write frames to folders of their parts; every part has at least one file."""
    hashed = pl.struct(pairing.names).hash(_SEED) % count
    for part in range(count):
        (folder / str(part)).mkdir(parents=True)
    for number, frame in enumerate(frames):
        cut = frame.with_columns(hashed.alias(_PART))
        for part in range(count) if number == 0 else sorted(cut[_PART].unique()):
            some = cut.filter(pl.col(_PART) == part).drop(_PART)
            some.write_ipc(folder / str(part) / f"{number}.arrow", compression="lz4")


def _unspilled(folder: Path) -> pl.DataFrame:
    paths = sorted(folder.iterdir(), key=lambda path: int(path.stem))
    return pl.concat([pl.read_ipc(path) for path in paths])


def _compare(pairing: Pairing, own: pl.DataFrame, other: pl.DataFrame, found: Compared) -> None:
    """Add what one part has."""
    names = pairing.names
    whole = own.drop_nulls(names), other.drop_nulls(names)
    found.keyless += own.height + other.height - whole[0].height - whole[1].height
    counted = [frame.group_by(names).len().filter(pl.col("len") > 1).select(names) for frame in whole]
    twice = pl.concat(counted).unique()
    single = tuple(frame.join(twice, on=names, how="anti") for frame in whole)
    found.repeated += twice.height
    found.repeats = _least(pairing, found.repeats, _named(pairing, twice, whole))
    lonely = single[0].join(single[1], on=names, how="anti"), single[1].join(single[0], on=names, how="anti")
    found.only_training += lonely[0].height
    found.only_serving += lonely[1].height
    found.lonely_training = _least(pairing, found.lonely_training, lonely[0].select(*names, *pairing.keys))
    found.lonely_serving = _least(pairing, found.lonely_serving, lonely[1].select(*names, *pairing.keys))
    _compare_values(pairing, single[0].join(single[1], on=names, suffix=_SUFFIX), found)


def _named(pairing: Pairing, keys: pl.DataFrame, tables: tuple[pl.DataFrame, pl.DataFrame]) -> pl.DataFrame:
    """These keys as the tables write them: as text, since they may write them in different types."""
    texts = [pl.col(name).cast(pl.String) for name in pairing.keys]
    rows = [table.join(keys, on=pairing.names, how="semi").select(*pairing.names, *texts) for table in tables]
    return pl.concat(rows).unique(pairing.names, keep="first", maintain_order=True)


def _compare_values(pairing: Pairing, joined: pl.DataFrame, found: Compared) -> None:
    found.joined += joined.height
    marks = joined.select(pairing.differ(name).alias(name) for name in pairing.columns)
    for name in pairing.columns:
        count = int(marks[name].sum())
        found.differ[name] += count
        if count:
            values = (pl.col(name).alias(TRAINING), pl.col(f"{name}{_SUFFIX}").alias(SERVING))
            some = joined.filter(marks[name]).select(*pairing.names, *pairing.keys, *values)
            found.examples[name] = _least(pairing, found.examples.get(name, pl.DataFrame()), some)


def _least(pairing: Pairing, before: pl.DataFrame, some: pl.DataFrame) -> pl.DataFrame:
    """The rows of the smallest keys of both."""
    both = some if not before.width else pl.concat([before, some])
    return both.sort(pairing.names).head(pairing.examples)

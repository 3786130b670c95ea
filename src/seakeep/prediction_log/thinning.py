"""Thinning: of rows that were kept with different probabilities, a part in which all had the same one.

A log of log = "sampled" keeps as many requests of a quiet minute as of a busy one, so that rows taken as they are would tell more of
the night than of the day. Whoever judges rows one by one (a monitor, a rollout, a training) reads an even part instead: a
request that was kept with probability p stays with probability q / p, where q is the smallest p of all. What stays is a
plain random sample of the traffic: no weights, and as many rows as the evidence really has. Where nothing was sampled nothing
is thinned. Statistics that need no even part weigh each row by 1 / p instead (`weights`).

The second chance is a hash of the request's id, so that reading again gives the same rows and a request's rows stay together.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import polars as pl

from seakeep.prediction_log import columns as names

if TYPE_CHECKING:
    from collections.abc import Sequence

_SCALE = 2.0**-64
_PERSON = b"seakeep thinning"


def kept_with(table: pl.LazyFrame) -> float:
    """The smallest probability that a row of the table was kept with; 1 where every request is kept. Reads one column."""
    found = table.select(pl.col(names.SAMPLED).min()).collect().item()
    return 1.0 if found is None else float(found)


def evened(table: pl.LazyFrame, to: float) -> pl.LazyFrame:
    """The rows that stay where every request shall have been kept with probability `to`, at most that of any row."""
    if to >= 1:
        return table
    probability = pl.col(names.SAMPLED).fill_null(1.0)
    return table.filter(chance(pl.col(names.ID).str.replace(r"\.\d+$", "")) < to / probability)


def evened_by(frame: pl.DataFrame, group: str, *, request: str, probability: str) -> pl.DataFrame:
    """As `evened`, with a smallest probability of its own in each group. The names are columns; no probability is null."""
    if not frame.height or frame[probability].min() == 1:
        return frame
    least = pl.col(probability).min().over(group)
    return frame.filter(chance(pl.col(request)) < least / pl.col(probability))


def weights(frame: pl.DataFrame) -> pl.Series:
    """How many rows of the traffic each row stands for: 1 where every request is kept."""
    return (1.0 / frame[names.SAMPLED].fill_null(1.0)).alias(names.SAMPLED)


def chance(requests: pl.Expr) -> pl.Expr:
    """A number in [0, 1) for each request, the same for the same id at all times."""
    return requests.map_batches(lambda ids: pl.Series(_chances(ids.to_list()), dtype=pl.Float64), pl.Float64)


def _chances(ids: Sequence[str | None]) -> list[float]:
    """One number an id; each different id is hashed once."""
    found = {one: _chance(one or "") for one in set(ids)}
    return [found[one] for one in ids]


def _chance(identity: str) -> float:
    own = hashlib.blake2b(identity.encode(), digest_size=8, person=_PERSON).digest()
    return int.from_bytes(own) * _SCALE

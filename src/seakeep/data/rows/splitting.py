"""split_rows: a batch in memory as its good and its broken rows, for whoever goes on with the good ones: a scorer, a stream.

What one batch cannot tell is left out: whether a value occurs again in other batches, and what another table holds, unless it is given.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import polars as pl

from seakeep.data.rows.errors import BadQuarantine
from seakeep.data.rows.plan import Asks, mask, plan_of
from seakeep.data.rows.quarantine import BROKEN
from seakeep.data.rows.references import lookup_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from seakeep.core.dataset import Dataset
    from seakeep.core.schema import Environment, RowRule, Schema
    from seakeep.data.rows.lookups import Lookup


def split_rows(
    frame: pl.DataFrame,
    schema: Schema,
    environment: Environment = "serving",
    *,
    tables: Mapping[str, Dataset] | None = None,
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The rows of a batch that keep every rule of its contract, and those that break one, with `@broken`: the names of the rules.

    tables: what rules refer to, by the text of `to`; rules that refer to others are not judged, and neither is `unique`.
    Both parts keep the batch's order. Raises: BadRule, BadReference; BadQuarantine, for a batch with `@broken` already; UsageError, for an unknown environment.
    >>> from seakeep.core import Kind
    >>> from seakeep.core.schema import ColumnSchema, Schema
    >>> contract = Schema("trips", {"fare": ColumnSchema(Kind.NUMBER, minimum=0)})
    >>> good, broken = split_rows(pl.DataFrame({"fare": [3.5, -1.0, None]}), contract)
    >>> good.height, broken["@broken"].to_list()
    (1, [['fare.bounds'], ['fare.missing']])
    """
    if BROKEN in frame.columns:
        raise BadQuarantine.taken(BROKEN, "the batch")
    given = dict(tables or {})
    known = tuple(rule for rule in schema.rules if not rule.refers or rule.to in given)
    asks = Asks(None, _reference(given, frame.schema))
    plan = plan_of(replace(schema, rules=known), frame.schema, environment, asks)
    masked = plan.masked(frame.lazy())
    marks = [(mask(at), each.name) for at, each in enumerate(plan.criteria) if each.marks]
    names = pl.concat_list([pl.when(pl.col(column)).then(pl.lit(name)) for column, name in marks]) if marks else None
    broken = names.list.drop_nulls() if names is not None else pl.lit([], dtype=pl.List(pl.String))
    judged = masked.with_columns(broken.alias(BROKEN)).collect()
    is_broken = judged[BROKEN].list.len() > 0
    return judged.filter(~is_broken).select(frame.columns), judged.filter(is_broken).select(*frame.columns, BROKEN)


def _reference(given: Mapping[str, Dataset], dtypes: pl.Schema) -> Callable[[RowRule], Lookup]:
    return lambda rule: lookup_of(rule, given[rule.to], dtypes)

"""One category in several spellings of capitals: "Paris", "PARIS", "paris"."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from seakeep.data.quality.finding import Found
from seakeep.data.quality.findings.booleans_as_text import is_boolean
from seakeep.data.quality.telling import listed, proposed, some

if TYPE_CHECKING:
    from collections.abc import Iterator

    from seakeep.data.quality.finding import Look, Table

MEANING = "No two texts of a column differ in capitals only."
COST = "rows"
NEEDS: tuple[str, ...] = ()
LEAST_ROWS = 1
MOST_LEVELS, MOST_WRITTEN = 20_000, 50


def find(table: Table, look: Look | None) -> Iterator[Found]:  # noqa: ARG001  (of rows it needs none)
    """Columns of categories (two rows each, at least, on average) with texts that differ in capitals alone."""
    for name, texts in table.texts.items():
        if texts.values.height > MOST_LEVELS or texts.rows < 2 * texts.values.height or is_boolean(texts):
            continue
        plain = texts.values.with_columns(
            plain=pl.col("text").str.strip_chars().str.to_lowercase(), bare=pl.col("text").str.strip_chars()
        )
        groups = plain.group_by("plain", maintain_order=True).agg(
            "text", "rows", pl.col("bare").n_unique().alias("forms")
        )
        groups = groups.filter(pl.col("forms") > 1)
        if groups.is_empty():
            continue
        changed = {text: group["text"][0] for group in groups.iter_rows(named=True) for text in group["text"][1:]}
        rows = int(sum(sum(group["rows"][1:]) for group in groups.iter_rows(named=True)))
        message = f"Column {name!r}: {groups.height:,} categories are written in several ways: {listed(groups['text'].to_list())}."
        fix = (
            proposed("replace", columns=[name], to=changed)
            if len(changed) <= MOST_WRITTEN
            else proposed("lower", columns=[name])
        )
        yield Found(name, message, groups.height, 0, fix, {"rows": rows, "groups": some(groups["text"].to_list())})

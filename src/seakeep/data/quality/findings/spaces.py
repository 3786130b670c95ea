"""Texts with spaces at their ends: "UA " is another category than "UA"."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from seakeep.data.quality.finding import Found
from seakeep.data.quality.telling import listed, proposed, some

if TYPE_CHECKING:
    from collections.abc import Iterator

    from seakeep.data.quality.finding import Look, Table

MEANING = "No text begins or ends with spaces."
COST = "rows"
NEEDS: tuple[str, ...] = ()
LEAST_ROWS = 1


def find(table: Table, look: Look | None) -> Iterator[Found]:  # noqa: ARG001  (of rows it needs none)
    """Columns with such texts; a text of nothing but spaces counts."""
    for name, texts in table.texts.items():
        bad = texts.values.filter(pl.col("text").str.strip_chars() != pl.col("text"))
        rows = int(bad["rows"].sum())
        if rows:
            others = set(texts.values["text"].to_list())
            twins = sum(text.strip() in others for text in bad["text"].to_list())
            message = f"Column {name!r}: {rows:,} texts begin or end with spaces: {listed(bad['text'])}; {twins:,} have a twin without."
            evidence = {"rows": rows, "texts": bad.height, "twins": twins, "examples": some(bad["text"])}
            yield Found(name, message, rows, 0, proposed("strip", columns=[name]), evidence)

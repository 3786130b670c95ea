"""Dates as text, in one form or, worse, in several: 03/04/2026 is a day in March or in April."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from seakeep.data.quality.finding import Found
from seakeep.data.quality.findings.placeholders import WORDS
from seakeep.data.quality.telling import proposed, some

if TYPE_CHECKING:
    from collections.abc import Iterator

    from seakeep.data.quality.finding import Look, Table

MEANING = "No column of text holds dates."
COST = "rows"
NEEDS: tuple[str, ...] = ()
LEAST_ROWS = 5
LEAST_SHARE = 0.9
SHAPES = {
    r"^\d{4}-\d{1,2}-\d{1,2}$": ("%Y-%m-%d",),
    r"^\d{4}-\d{1,2}-\d{1,2}[T ]\d{1,2}:\d{2}$": ("%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M"),
    r"^\d{4}-\d{1,2}-\d{1,2}[T ]\d{1,2}:\d{2}:\d{2}Z?$": (
        "%Y-%m-%d %H:%M:%S",
        "%Y-%m-%dT%H:%M:%S",
        "%Y-%m-%dT%H:%M:%SZ",
    ),
    r"^\d{4}/\d{1,2}/\d{1,2}$": ("%Y/%m/%d",),
    r"^\d{1,2}/\d{1,2}/\d{4}$": ("%d/%m/%Y", "%m/%d/%Y"),
    r"^\d{1,2}-\d{1,2}-\d{4}$": ("%d-%m-%Y", "%m-%d-%Y"),
    r"^\d{1,2}\.\d{1,2}\.\d{4}$": ("%d.%m.%Y",),
    r"^\d{1,2}[- ][A-Za-z]{3}[- ]\d{4}$": ("%d-%b-%Y", "%d %b %Y"),
    r"^[A-Za-z]{3} \d{1,2}, \d{4}$": ("%b %d, %Y",),
    r"^(19|20)\d{2}(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])$": ("%Y%m%d",),
}


def find(table: Table, look: Look | None) -> Iterator[Found]:  # noqa: ARG001  (of rows it needs none)
    """Columns nearly all of whose texts are dates; forms are told apart by their shape, day and month by a number above 12."""
    for name, texts in table.texts.items():
        values = texts.values.filter(~pl.col("text").str.strip_chars().str.to_lowercase().is_in(sorted(WORDS)))
        rows = int(values["rows"].sum())
        forms = _forms(values)
        dated = sum(forms.values())
        if rows < LEAST_ROWS or dated < LEAST_SHARE * rows:
            continue
        told = ", ".join(f"{form} in {count:,} rows" for form, count in forms.items())
        both = ("%d/%m/%Y" in forms) and ("%m/%d/%Y" in forms)
        message = f"Column {name!r} holds dates as text, in {len(forms)} form{'s' if len(forms) > 1 else ''}: {told}."
        message += " Day and month cannot be told apart in all of them." if both else ""
        marks = sorted(set(texts.values["text"].to_list()) - set(values["text"].to_list()))
        fix = proposed("parse_dates", columns=[name], formats=list(forms), missing=["", *(m for m in marks if m)])
        yield Found(name, message, len(forms), 0, fix, {"forms": forms, "examples": some(values["text"])})


def _forms(values: pl.DataFrame) -> dict[str, int]:
    """Rows by form, the most frequent first. Where day and month are exchanged in a part of the rows, both forms are named."""
    found: dict[str, int] = {}
    left = values.with_columns(text=pl.col("text").str.strip_chars())
    for shape, forms in SHAPES.items():
        part = left.filter(pl.col("text").str.contains(shape))
        for form in forms:
            fits = pl.col("text").str.strptime(pl.Datetime("us"), form, strict=False).is_not_null()
            rows = int(part.filter(fits)["rows"].sum())
            if rows:
                found[form] = rows
            part = part.filter(~fits)
    return dict(sorted(found.items(), key=lambda item: -item[1]))

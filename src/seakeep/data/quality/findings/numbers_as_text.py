"""Numbers written as text: with thousands separators, decimal commas, currency or percent signs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from seakeep.data.cleaning.step import step
from seakeep.data.quality.finding import Found
from seakeep.data.quality.findings.booleans_as_text import is_boolean
from seakeep.data.quality.findings.placeholders import WORDS
from seakeep.data.quality.telling import listed, proposed, some

if TYPE_CHECKING:
    from collections.abc import Iterator

    from seakeep.data.quality.finding import Look, Table

MEANING = "No column of text holds numbers."
COST = "rows"
NEEDS: tuple[str, ...] = ()
LEAST_ROWS = 5
LEAST_SHARE = 0.9
FORMS = ((".", ""), (".", ","), (",", "."), (",", ""), (".", " "), (",", " "), (".", "'"))


def find(table: Table, look: Look | None) -> Iterator[Found]:  # noqa: ARG001  (of rows it needs none)
    """Columns nearly all of whose texts are numbers, but for codes: leading zeros, digits of one length from five on, telephones."""
    for name, texts in table.texts.items():
        values = texts.values.filter(~pl.col("text").str.strip_chars().str.to_lowercase().is_in(sorted(WORDS)))
        rows = int(values["rows"].sum())
        if rows < LEAST_ROWS or name in (table.key, table.label) or _codes(values):
            continue
        forms = {form: _rows_of(values, form) for form in FORMS}
        decimal, thousands = max(FORMS, key=lambda form: (forms[form], FORMS.index(form) == 0))
        if max(forms.values()) < LEAST_SHARE * rows or is_boolean(texts):
            continue
        share = forms[decimal, thousands] / rows
        message = f"Column {name!r} holds numbers as text in {share:.1%} of its rows: {listed(values['text'])}."
        marks = sorted(set(texts.values["text"].to_list()) - set(values["text"].to_list()))
        fix = proposed(
            "parse_numbers",
            columns=[name],
            decimal=decimal,
            thousands=thousands,
            missing=["", *(m for m in marks if m)],
        )
        yield Found(
            name,
            message,
            share,
            LEAST_SHARE,
            fix,
            {"decimal": decimal, "thousands": thousands, "examples": some(values["text"])},
        )


def _rows_of(values: pl.DataFrame, form: tuple[str, str]) -> int:
    """Rows whose text a step with these signs can read."""
    made = step("parse_numbers", columns=["text"], decimal=form[0], thousands=form[1])
    number = made.rewritten({"text": pl.String()})["text"]
    return int(values.filter(number.is_not_null())["rows"].sum())


def _codes(values: pl.DataFrame) -> bool:
    """Whether the texts are digits as names: with leading zeros, all of one length, or telephone numbers ("+49" and more)."""
    if values["text"].str.contains(r"^\+[\d ()/-]{7,}$").mean() > LEAST_SHARE:  # type: ignore[operator]
        return True
    digits = values.filter(pl.col("text").str.contains(r"^\d+$"))
    if digits.height < values.height / 2:
        return False
    zeros = digits.filter(pl.col("text").str.contains(r"^0\d")).height
    lengths = digits["text"].str.len_chars().unique()
    return zeros > 0 or (len(lengths) == 1 and lengths[0] >= 5 and digits.height == values.height)

"""Classes: which class of a release a label's text means, and one form of a class that all releases share.

Called where labels are added and joined, and by whoever compares releases. What is hard is that releases of one name may write
one class in different ways (True, 1, "True"), and so may files of labels. The rules:
1. A text that is a class, as names.text writes it, is that class.
2. Any other text is the class with the same form: the form of true and false, in any case, is 1 and 0, that of a whole number is
   written without a point, and that of anything else is itself. Two classes of one release with one form have none but their text.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from seakeep.core.kinds import Task
from seakeep.prediction_log import columns as names

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from seakeep.prediction_log.frames import Header

_EXACT = 2.0**53
"""Up to here a float is the whole number that was written."""


@dataclass(frozen=True, slots=True)
class Classes:
    """forms: of every class of one release, by its text; None for a regression, whose labels are any finite number."""

    forms: Mapping[str, str] | None

    @classmethod
    def of(cls, header: Header) -> Classes:
        """A release's classes, in their order."""
        if header.task == Task.REGRESSION.value:
            return cls(None)
        texts = [names.text(value) for value in header.classes]
        shared = pl.select(form(pl.lit(pl.Series(texts, dtype=pl.String)))).to_series().to_list()
        counts = Counter(shared)
        return cls({text: one if counts[one] == 1 else text for text, one in zip(texts, shared, strict=True)})

    def own(self, text: pl.Expr) -> pl.Expr:
        """The text of the class that a text means; null where it means none of them. A regression's: the text of a number."""
        if self.forms is None:
            return pl.when(text.cast(pl.Float64, strict=False).is_finite()).then(text)
        exact = pl.when(text.is_in(list(self.forms))).then(text)
        alike = {one: text for text, one in self.forms.items()}
        return pl.coalesce(exact, _mapped(form(text), alike))

    def shared(self, text: pl.Expr) -> pl.Expr:
        """The form of what a text means, equal for equal classes of all releases; of no class here, its form all the same."""
        if self.forms is None:
            return text
        return pl.coalesce(_mapped(self.own(text), self.forms), form(text))


def form(text: pl.Expr) -> pl.Expr:
    """A text's form, see the rules: "1" for "True", "true", "1.0" and "1"; "late" for "late"."""
    lower, number = text.str.to_lowercase(), text.cast(pl.Float64, strict=False)
    whole = number.cast(pl.Int64, strict=False)
    return (
        pl.when(lower == "true")
        .then(pl.lit("1"))
        .when(lower == "false")
        .then(pl.lit("0"))
        .when((whole.cast(pl.Float64) == number) & (number.abs() <= _EXACT))
        .then(whole.cast(pl.String))
        .otherwise(text)
    )


def meant(text: pl.Expr, headers: Iterable[Header]) -> pl.Expr:
    """The text of the class that a text means in the newest release that knows it; null where none does: a strange label."""
    ordered = sorted(headers, key=lambda header: (header.version, header.release), reverse=True)
    return pl.coalesce(*(Classes.of(header).own(text) for header in ordered), pl.lit(None, pl.String))


def _mapped(text: pl.Expr, mapping: Mapping[str, str]) -> pl.Expr:
    return text.replace_strict(list(mapping), list(mapping.values()), default=None, return_dtype=pl.String)

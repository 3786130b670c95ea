"""clean: a dataset with declared steps applied to it, and a report of what each of them changed.

Steps that look at one row at a time stay lazy: they are steps of the dataset, done piece by piece wherever it is read. Dropping
repeated rows needs all rows before: one pass finds which rows go, and they are left out of the pieces from then on. What is
hard is that nothing may happen silently: every step is counted in the same pass over the rows, text that a step cannot read
fails the report, and the steps' text enters the dataset's digest.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import polars as pl

from seakeep.core.report import Report
from seakeep.data.cleaning.counting import Counts, checks_of, table_of
from seakeep.data.cleaning.errors import BadCleaning
from seakeep.data.cleaning.repeats import Distinct, repeated_rows
from seakeep.data.cleaning.step import Cleaning, declared
from seakeep.data.frames import fetch, schema_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from seakeep.core.dataset import Dataset

ROLES = ("label", "time", "key")


@dataclass(frozen=True, slots=True)
class Cleaned:
    """dataset: cleaned, lazily. report: of kind "cleaning", what each step changed. steps: as they were done."""

    dataset: Dataset
    report: Report
    steps: tuple[Cleaning, ...]


@dataclass(frozen=True, slots=True)
class Applied:
    """A cleaning step that looks at one row at a time, as a step of a dataset."""

    step: Cleaning

    @property
    def description(self) -> str:
        """A few words for messages."""
        return f"cleaned by {self.step.name}"

    @property
    def canonical(self) -> str:
        """Equal for equal steps on any machine."""
        return f"clean {self.step.text}"

    def apply(self, piece: pl.LazyFrame) -> pl.LazyFrame:
        """The piece after this step."""
        kept = self.step.kept()
        if kept is not None:
            return piece.filter(kept)
        if self.step.dropped():
            return piece.drop(self.step.dropped(), strict=False)
        changed = self.step.rewritten(piece.collect_schema())
        return piece.with_columns(values.alias(name) for name, values in changed.items())


def clean(dataset: Dataset, steps: Sequence[str | Cleaning]) -> Cleaned:
    """Apply declared steps to a dataset, in order.

    Parameters: steps: each made by `step`, or one line of text ("strip: {columns: [carrier]}").
    Returns: the dataset, read lazily with every step, and a report of kind "cleaning": a check a step that passes with the rows it
        changed, and fails where it changed a larger share than its `at_most`, or met texts that it cannot read.
    Cost: one pass over the rows, and one more for each drop_duplicates. Memory: one piece; 24 bytes a row where duplicates are
        dropped. Raises: BadCleaning, where a step does not fit the table; UsageError; DataError, naming the file.
    """
    made = declared(steps)
    types = schema_of(dataset)
    for each in made:
        types = _types_after(dataset, each, types)
    found: list[Counts] = []
    for group in _groups(made):
        if group[0].repeated(types):
            dataset = _without_repeats(dataset, group[0], found)
        else:
            dataset = _row_by_row(dataset, group, found)
    checks = tuple(check for each in found for check in checks_of(each))
    report = Report("cleaning", "Cleaning", dataset.source.description, checks, (table_of(found),))
    return Cleaned(dataset, report, made)


def _types_after(dataset: Dataset, step: Cleaning, types: Mapping[str, pl.DataType]) -> pl.Schema:
    """The columns after a step. Raises BadCleaning, where it does not fit the columns before it."""
    for name in step.needs:
        if name not in types:
            raise BadCleaning.unknown_column(step.name, name, types, where=dataset.description)
    for role in ROLES:
        if getattr(dataset, role) in step.dropped():
            raise BadCleaning.drops_role(step.name, getattr(dataset, role), role)
    try:
        return Applied(step).apply(pl.LazyFrame(schema=pl.Schema(types))).collect().schema
    except pl.exceptions.PolarsError as error:
        names = ", ".join(step.needs)
        raise BadCleaning.wrong_type(step.name, names, [str(types[name]) for name in step.needs], str(error)) from error


def _groups(steps: Sequence[Cleaning]) -> list[list[Cleaning]]:
    """Neighbouring steps that look at one row at a time together; each other step by itself."""
    groups: list[list[Cleaning]] = []
    for each in steps:
        alone = each.name == "drop_duplicates"
        if alone or not groups or groups[-1][0].name == "drop_duplicates":
            groups.append([each])
        else:
            groups[-1].append(each)
    return groups


def _row_by_row(dataset: Dataset, steps: Sequence[Cleaning], found: list[Counts]) -> Dataset:
    """The dataset with these steps; what they changed is counted piece by piece."""
    counts = [Counts(step) for step in steps]
    for number, piece in enumerate(dataset.pieces()):
        rows = fetch(dataset, number, piece)
        for step, count in zip(steps, counts, strict=True):
            after = Applied(step).apply(rows.lazy()).collect()
            count.add(rows, after)
            rows = after
    found += counts
    for step in steps:
        dataset = dataset.then(Applied(step))
    return dataset


def _without_repeats(dataset: Dataset, step: Cleaning, found: list[Counts]) -> Dataset:
    """The dataset without the rows that repeat others."""
    gone, rows = repeated_rows(dataset, step.repeated(schema_of(dataset)))
    counts = Counts(step)
    counts.rows, counts.dropped = rows, sum(map(len, gone))
    found.append(counts)
    return replace(dataset, source=Distinct(dataset, step.text, gone), steps=())

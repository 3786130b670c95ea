"""Pipeline: what a user declares, as one frozen value: where the data is, the features, the estimator, what is required.

The life that a pipeline goes through (read, profile, validate, train, evaluate, register) is one known graph, so there is no
graph to describe: a user who wants a stage to do something else puts a function of the same shape in its slot.
Declaring costs nothing and reads nothing; the runner (see `runner`) does the work.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from seakeep.core import durations
from seakeep.evaluation import check_names
from seakeep.pipeline import slots
from seakeep.pipeline.errors import BadPipeline
from seakeep.pipeline.spans import Spans
from seakeep.pipeline.spans.errors import BadSpans
from seakeep.registry.folders import checked_name

if TYPE_CHECKING:
    from pathlib import Path

    from seakeep.core import Dataset
    from seakeep.data.cleaning import Cleaning
    from seakeep.evaluation import Requirement
    from seakeep.features import Features

HeldOut = float | str | date | slots.Split
HELD_OUT = 0.25
_LISTS = ("slices", "require", "after", "watch", "clean")
_FUNCTIONS = ("read", "profile", "infer_schema", "validate", "train", "evaluate")


@dataclass(frozen=True, slots=True, kw_only=True)
class Pipeline:
    """A model's life, declared.

    name: of the releases it makes: letters, digits, '.', '_', '-'. read: a function without parameters that returns a Dataset
    with a label; with spans it has one, the paths to read. spans: the files or folders that the table arrives in, of which the
    newest are used and the last held out (see `spans`); then there is no held_out. features, estimator: what is fitted; the
    estimator may be named lazily (seakeep.estimator). held_out: what the model is judged on and never sees: a share of the keys
    (0.25), a point in time from which on ("2013-10-01", a date or datetime), or a function that divides a dataset in two.
    slices: columns, or tuples of columns, whose groups are judged one by one. require: what must hold for a release. after:
    columns not known before the prediction, refused as features. schema: path of the contract, relative to the pipeline's file;
    by default `<name>.schema.yaml` beside it. It is enforced where it is there, else inferred and written. watch: files,
    folders or globs that `read` depends on beyond the files of its dataset. window: how long a window of production data is
    ("7d", "12h"): how far such windows of the training rows lie from all of them is kept with the release, as the measure for
    monitoring; needs a time column. seed: of everything that draws. clean: cleaning steps, as text or made by
    `seakeep.data.cleaning.step`, done to what `read` gives before it is divided (see `cleaning`). drop_at_most: the largest
    share of rows, 0 to 1, that may break the contract and be left out, each part on its own; None to leave out none (see `rows`).

    profile, infer_schema, validate, train, evaluate: the stages' functions; replace one by any function of its shape (see
    `slots`). Raises: BadPipeline; UsageError, for a requirement on a metric that does not exist.
    """

    name: str
    read: slots.Read | slots.ReadSpans
    features: Features
    estimator: Any
    held_out: HeldOut = HELD_OUT
    spans: Spans | None = None
    slices: Sequence[str | tuple[str, ...]] = ()
    require: Sequence[Requirement] = ()
    after: Sequence[str] = ()
    schema: str | Path | None = None
    watch: Sequence[str | Path] = ()
    window: str | None = None
    seed: int = 0
    clean: Sequence[str | Cleaning] = ()
    drop_at_most: float | None = None
    profile: slots.Profile = slots.profile
    infer_schema: slots.InferSchema = slots.infer_schema
    validate: slots.Validate = slots.validate
    train: slots.Train = slots.train
    evaluate: slots.Evaluate = slots.evaluate

    def __post_init__(self) -> None:
        checked_name(self.name)
        for field in _FUNCTIONS:
            if not callable(getattr(self, field)):
                fix = f"Give the function itself, without calling it: {field}={field}_trips"
                raise BadPipeline.of(field, getattr(self, field), "a function", fix=fix)
        for field in _LISTS:
            found = getattr(self, field)
            if isinstance(found, str) or not isinstance(found, Sequence):
                raise BadPipeline.of(field, found, "a list", fix=f"{field}=[{found!r}]")
        self._check_items()
        self._check_held_out()
        self._check_spans_and_window()
        self._check_dropping()
        check_names(self.require)

    def divided(self, dataset: Dataset) -> tuple[Dataset, Dataset]:
        """The dataset's training and held-out parts. Raises BadSplit, where it lacks the column that this needs."""
        from seakeep import data

        held_out = self.held_out
        if isinstance(held_out, str | date):
            return data.split(dataset, at=held_out)
        if isinstance(held_out, int | float):
            return data.split(dataset, share=float(held_out))
        return held_out(dataset)

    def schema_path(self, folder: Path) -> Path:
        """Where the contract stands, or will. folder: of the pipeline's file."""
        return folder / (self.schema or f"{self.name}.schema.yaml")

    def _check_items(self) -> None:
        for group in self.slices:
            columns = group if isinstance(group, tuple) and group else (group,)
            if not all(isinstance(column, str) for column in columns):
                expected, fix = "names of columns, or tuples of them", 'slices=["carrier", ("carrier", "origin")]'
                raise BadPipeline.wrong_item("slices", group, expected, fix=fix)
        for path in self.watch:
            if not isinstance(path, str | os.PathLike):
                raise BadPipeline.wrong_item("watch", path, "paths or globs", fix='watch=["tables/*.csv"]')
        for column in self.after:
            if not isinstance(column, str):
                raise BadPipeline.wrong_item("after", column, "names of columns", fix='after=["arr_delay"]')

    def _check_held_out(self) -> None:
        found = self.held_out
        share = isinstance(found, int | float) and not isinstance(found, bool)
        fits = (
            0 < found < 1
            if isinstance(found, int | float) and share
            else isinstance(found, str | date) or callable(found)
        )
        if not fits:
            expected = "a share between 0 and 1, a point in time, or a function"
            raise BadPipeline.of("held_out", found, expected, fix='held_out=0.25, or held_out="2013-10-01"')

    def _check_spans_and_window(self) -> None:
        spans: object = self.spans
        if spans is not None and not isinstance(spans, Spans):
            fix = 'spans=seakeep.Spans("data/flights-*.parquet", newest=6)'
            raise BadPipeline.of("spans", spans, "a seakeep.Spans", fix=fix)
        if spans is not None and self.held_out != HELD_OUT:
            raise BadSpans.and_held_out(self.held_out)
        window: object = self.window
        if window is not None and (not isinstance(window, str) or durations.seconds(window) is None):
            expected = f"a length of time, for example {durations.EXAMPLE}"
            raise BadPipeline.of("window", window, expected, fix='window="7d"')

    def _check_dropping(self) -> None:
        found: object = self.drop_at_most
        is_share = isinstance(found, int | float) and not isinstance(found, bool) and 0 <= found <= 1
        if found is not None and not is_share:
            raise BadPipeline.of("drop_at_most", found, "a share from 0 to 1, or None", fix="drop_at_most=0.01")

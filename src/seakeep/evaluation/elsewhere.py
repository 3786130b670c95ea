"""Answers for an evaluation that an engine's workers give, so that the slow part of judging is done on many machines.

Called by `collect`. Workers read the table for themselves, leave out the rows that cannot be judged, and answer the others with
a predictor of the same class, built from the model; the driver reads labels and groups, and takes the answers where it would
have asked. All that follows is the same code on the same numbers, so a report is equal to the bit on any engine. What is hard: a table that is
written anew in between, with as many rows, would give answers for other rows than the labels are of; so its files are looked at before and after.
"""

from __future__ import annotations

import inspect
import io
import json
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import polars as pl

from seakeep.core.codec import to_json
from seakeep.core.prediction import Predictions
from seakeep.data.engines import NotVisible, each, files_of, model_of, name_of, named, once
from seakeep.data.errors import CannotRead
from seakeep.data.frames import batches
from seakeep.data.reading.kept import facts_of
from seakeep.evaluation.labels import LabelReader

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from seakeep.core.dataset import Dataset
    from seakeep.data.engines import Call, Engine
    from seakeep.data.reading.kept import Facts
    from seakeep.evaluation.collect import Champion

ROWS = 65_536
ROLES = ("model", "champion")


class Answered:
    """A predictor that has been asked already: `predict` gives what lies ready, once. table: what it was asked about."""

    def __init__(self) -> None:
        self.ready: Predictions | None = None
        self.table = ""

    def predict(self, frame: pl.DataFrame) -> Predictions:
        """The answers for these rows, which are those that can be judged of the batch at hand. Raises NotVisible, if they are others."""
        assert self.ready is not None
        if len(self.ready.scores) != frame.height:
            raise NotVisible.other_rows(self.table, len(self.ready.scores), frame.height)
        ready, self.ready = self.ready, None
        return ready

    def features(self, frame: pl.DataFrame) -> NDArray[np.float32]:
        """Never asked for while rows are collected."""
        raise NotImplementedError


def batches_answered(
    engine: Engine,
    asked: Sequence[tuple[Champion, Answered]],
    dataset: Dataset,
    *,
    label: str,
    columns: Sequence[str],
) -> Iterator[pl.DataFrame]:
    """The batches of `dataset` with these columns, the answers for each ready in the predictors beside the models.

    Parameters: asked: who is asked, the model itself first, and who has the answers then.
    Raises: as data.engines.each; BadEngine, for a predictor whose class workers cannot import; CannotRead or NotVisible, for a table
        that was written to meanwhile.
    """
    before = _facts(dataset)
    files: dict[str, bytes] = {}
    kinds: list[str] = []
    for (who, _), role in zip(asked, ROLES, strict=False):
        files |= files_of(who.model, role=role)
        kinds.append(name_of(type(who.predictor)))
    inputs = dict.fromkeys(column.name for who, _ in asked for column in who.model.inputs)
    wanted = list(dict.fromkeys((*inputs, label)))
    given = to_json({"label": label, "kinds": kinds}, indent=None)
    answers = each(engine, dataset, answers_of, rows=ROWS, columns=wanted, given=given, files=files)
    read = 0
    with closing(answers):
        for batch in batches(dataset, rows=ROWS, columns=columns):
            answer = next(answers, None)
            if answer is None:
                raise CannotRead.changed(dataset.description, read, read + batch.height)
            read += batch.height
            for (_, ready), predictions in zip(asked, _read(answer), strict=True):
                ready.ready, ready.table = predictions, dataset.description
            yield batch
        if read and next(answers, None) is not None:
            raise CannotRead.changed(dataset.description, read, read + 1)
    _check_same(before, _facts(dataset))


def _facts(dataset: Dataset) -> dict[str, Facts | None]:
    """What changes with the content of each of a table's files that are on this machine."""
    return {path: facts_of(Path(path)) for path in dataset.source.files() if "://" not in path}


def _check_same(before: Mapping[str, Facts | None], after: Mapping[str, Facts | None]) -> None:
    """Raise NotVisible, naming the first file that is another now."""
    for path, facts in before.items():
        if after.get(path) != facts:
            raise NotVisible.rewritten(path)


def answers_of(frame: pl.DataFrame, call: Call) -> bytes:
    """On a worker: the answers for the rows that can be judged, of every model."""
    told = json.loads(call.given)
    asked = once(call, "predictors", lambda: _predictors(call, told["kinds"]))
    _, judged = LabelReader(asked[0].model, told["label"]).read(frame[told["label"]])
    rows = frame.filter(pl.Series(judged, dtype=pl.Boolean))
    arrays: dict[str, NDArray[Any]] = {}
    for role, who in zip(ROLES, asked, strict=False):
        predictions = who.predictor.predict(rows)
        arrays[f"{role}_scores"] = predictions.scores
        if predictions.decisions is not None:
            arrays[f"{role}_decisions"] = predictions.decisions
    file = io.BytesIO()
    np.savez(file, allow_pickle=False, **arrays)
    return file.getvalue()


def _read(answer: bytes) -> list[Predictions]:
    """What `answers_of` wrote."""
    with np.load(io.BytesIO(answer), allow_pickle=False) as arrays:
        roles = [role for role in ROLES if f"{role}_scores" in arrays]
        return [
            Predictions(arrays[f"{role}_scores"], arrays[name] if (name := f"{role}_decisions") in arrays else None)
            for role in roles
        ]


def _predictors(call: Call, kinds: Sequence[str]) -> list[Champion]:
    """Predictors of these classes; of one thread, where it can be told, since a worker is one of many."""
    from seakeep.evaluation.collect import Champion

    found = []
    for role, kind in zip(ROLES, kinds, strict=False):
        made, model = cast("Any", named(kind)), model_of(call, role=role)
        one = {"threads": 1} if "threads" in inspect.signature(made).parameters else {}
        found.append(Champion(made(model, **one), model))
    return found

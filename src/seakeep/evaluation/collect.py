"""One pass over a dataset that keeps what judging needs: labels, answers, groups, and a bounded sample of raw rows.

Called by `evaluate`. Reads only the columns the model and the slices need, asks the predictor batch by batch, and keeps 16
bytes a row, 8 more for each class and 4 for each grouped column. What is hard is that the answers are somebody else's: their shape is checked, and rows
that cannot be judged (no label, an unknown one) are left out before they reach a metric, and counted.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from seakeep.core.errors import ModelError, UsageError
from seakeep.core.kinds import Task
from seakeep.data.frames import batches, known_columns, schema_of
from seakeep.evaluation.elsewhere import Answered, batches_answered
from seakeep.evaluation.groups import Grouping, grouping
from seakeep.evaluation.labels import LabelReader
from seakeep.evaluation.parts import generator
from seakeep.evaluation.sample import Sample

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from seakeep.core.dataset import Dataset
    from seakeep.core.model import Model
    from seakeep.core.prediction import Predictions, Predictor
    from seakeep.data.engines import Engine

SAMPLE_ROWS = 5000


class BadAnswer(ModelError):
    """A predictor's answer does not have the shape that its model promises."""

    @classmethod
    def shape(cls, model: str, found: tuple[int, ...], expected: tuple[int, int]) -> BadAnswer:
        return cls(
            f"the predictor answered scores of shape {found}, expected {expected} (rows, classes)",
            where=f"model {model}",
            cause="The predictor runs another model, or the model's list of classes is not its graph's.",
            fix="Build the predictor from this model: OnnxPredictor(model).",
            found_shape=found,
            expected_shape=expected,
        )

    @classmethod
    def decisions(cls, model: str, found: NDArray[np.int64], expected: tuple[int, int]) -> BadAnswer:
        return cls(
            f"the predictor answered decisions of shape {found.shape} up to {found.max(initial=0)}, "
            f"expected ({expected[0]},) and 0 to {expected[1] - 1}",
            where=f"model {model}",
            cause="The predictor runs another model, or answers labels where class numbers are wanted.",
            fix="Build the predictor from this model: OnnxPredictor(model).",
            found_shape=found.shape,
            expected_shape=expected,
        )


class NoLabel(UsageError):
    """Nothing says which column holds the labels."""

    @classmethod
    def named(cls, dataset: str) -> NoLabel:
        return cls(
            "an evaluation needs labels, and neither the dataset nor the model's schema names a label column",
            where=dataset,
            cause="The dataset was read without its roles.",
            fix='Name it on reading: seakeep.read(…, label="late").',
        )


@dataclass(frozen=True, slots=True, eq=False)
class Grouped:
    """A column's groups: codes int32 (rows,), an index into names."""

    column: str
    codes: NDArray[np.int32]
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Raw:
    """A uniform sample of at most SAMPLE_ROWS judged rows: the model's raw columns, and the answers to them."""

    frame: pl.DataFrame
    sample: Sample


@dataclass(frozen=True, slots=True, eq=False)
class Collected:
    """All judged rows of a dataset. missing, unknown: rows left out, without a label and by unknown label value."""

    label: str
    sample: Sample
    groups: Mapping[str, Grouped]
    raw: Raw
    champion: Sample | None
    missing: int
    unknown: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Champion:
    """The model to beat, and what runs it."""

    predictor: Predictor
    model: Model


def collect(
    predictor: Predictor,
    model: Model,
    dataset: Dataset,
    *,
    columns: Sequence[str] = (),
    champion: Champion | None = None,
    seed: int = 0,
    engine: Engine | None = None,
) -> Collected:
    """The judged rows of `dataset` with the model's answers.

    Parameters: columns: to group rows by, besides the model's inputs. champion: also asked, about the same rows.
    seed: of the raw sample. engine: whose workers answer; None for the predictors at hand. Raises: NoLabel; UsageError, for an unknown column; BadAnswer; what the predictor raises.
    """
    label = label_of(dataset, model)
    inputs = [each.name for each in model.inputs]
    grouped = known_columns(list(dict.fromkeys((*inputs, *columns))), dataset)
    asked = [each.name for each in champion.model.inputs] if champion else []
    own, rows = Champion(predictor, model), list(dict.fromkeys((*grouped, *asked, label)))
    taken = batches(dataset, columns=rows)
    if engine is not None and engine.is_remote:
        there = [(who, Answered()) for who in (own, champion) if who]
        taken = batches_answered(engine, there, dataset, label=label, columns=rows)
        own, *rest = (Champion(ready, who.model) for who, ready in there)
        champion = rest[0] if rest else None
    gatherer = _Gatherer(own, label, champion, seed)
    schema = schema_of(dataset)
    gatherer.groupings = {c: grouping(c, schema[c], model.statistics.columns.get(c)) for c in grouped}
    for batch in taken:
        gatherer.add(batch)
    return gatherer.collected()


def label_of(dataset: Dataset, model: Model) -> str:
    """The label column: the dataset's, or else the model's schema's. Raises NoLabel; UsageError where it does not exist."""
    label = dataset.label or model.schema.label
    if label is None:
        raise NoLabel.named(dataset.description)
    return known_columns([label], dataset)[0]


class _Gatherer:
    """The pass's state: lists of arrays, one item a batch, and the sample so far."""

    def __init__(self, own: Champion, label: str, champion: Champion | None, seed: int) -> None:
        self.groupings: dict[str, Grouping] = {}
        self._own, self._champion, self._label = own, champion, label
        self._reader = LabelReader(own.model, label)
        self._samples: list[Sample] = []
        self._theirs: list[Sample] = []
        self._codes: dict[str, list[NDArray[np.int32]]] = {}
        self._inputs = [each.name for each in own.model.inputs]
        self._random = generator(seed, 0)
        self._keys: NDArray[np.float64] = np.empty(0)
        self._rows: list[tuple[pl.DataFrame, Sample]] = []

    def add(self, batch: pl.DataFrame) -> None:
        labels, judged = self._reader.read(batch[self._label])
        if not judged.any():
            return
        batch, labels = batch.filter(pl.Series(judged)), labels[judged]
        sample = _answered(self._own, batch, labels)
        self._samples.append(sample)
        if self._champion:
            self._theirs.append(
                _reordered(_answered(self._champion, batch, labels), self._champion.model, self._own.model)
            )
        for column, how in self.groupings.items():
            self._codes.setdefault(column, []).append(how.codes(batch[column]))
        self._draw(batch.select(self._inputs), sample)

    def collected(self) -> Collected:
        groups = {
            column: Grouped(column, _joined(self._codes.get(column, ()), np.dtype(np.int32)), how.names())
            for column, how in self.groupings.items()
        }
        frames, samples = [frame for frame, _ in self._rows], [sample for _, sample in self._rows]
        raw = Raw(pl.concat(frames) if frames else pl.DataFrame(), self._whole(samples))
        champion = self._whole(self._theirs) if self._champion else None
        reader = self._reader
        return Collected(
            self._label, self._whole(self._samples), groups, raw, champion, reader.missing, dict(reader.unknown)
        )

    def _whole(self, samples: Sequence[Sample]) -> Sample:
        if samples:
            return together(samples)
        model = self._own.model
        is_class = model.task is not Task.REGRESSION
        labels = np.empty(0, np.int64) if is_class else np.empty(0)
        scores = np.empty((0, max(1, len(model.classes))))
        return Sample(model.task, labels, scores, np.empty(0, np.int64) if is_class else None)

    def _draw(self, frame: pl.DataFrame, sample: Sample) -> None:
        """Keep the SAMPLE_ROWS rows with the smallest random keys: a uniform sample, the same for any batch size."""
        keys = self._random.random(frame.height)
        limit = np.inf if len(self._keys) < SAMPLE_ROWS else self._keys.max()
        near = np.flatnonzero(keys < limit)
        if not len(near):
            return
        self._rows.append((frame[near], sample.take(near)))
        self._keys = np.concatenate((self._keys, keys[near]))
        if len(self._keys) > SAMPLE_ROWS:
            kept = np.sort(np.argpartition(self._keys, SAMPLE_ROWS)[:SAMPLE_ROWS])
            frame, sample = pl.concat([each for each, _ in self._rows]), together([each for _, each in self._rows])
            self._rows, self._keys = [(frame[kept], sample.take(kept))], self._keys[kept]


def together(samples: Sequence[Sample]) -> Sample:
    """The samples' rows, one after the other."""
    first = samples[0]
    labels = np.concatenate([sample.labels for sample in samples])
    decided = None if first.decisions is None else np.concatenate([sample.chosen for sample in samples])
    return Sample(first.task, labels, np.concatenate([sample.scores for sample in samples]), decided)


def answered(model: Model, answers: Predictions, labels: NDArray[np.int64] | NDArray[np.float64]) -> Sample:
    """A sample of the labels and a predictor's answers. Raises BadAnswer. Without decisions the most probable class is it."""
    expected = (len(labels), max(1, len(model.classes)))
    if answers.scores.shape != expected:
        raise BadAnswer.shape(model.name, answers.scores.shape, expected)
    scores = answers.scores.astype(np.float64)
    if model.task is Task.REGRESSION:
        return Sample(model.task, labels, scores)
    chosen = scores.argmax(axis=1) if answers.decisions is None else answers.decisions
    if chosen.shape != expected[:1] or (len(chosen) and not 0 <= chosen.min() <= chosen.max() < expected[1]):
        raise BadAnswer.decisions(model.name, chosen, expected)
    return Sample(model.task, labels, scores, chosen.astype(np.int64))


def _answered(who: Champion, batch: pl.DataFrame, labels: NDArray[np.int64] | NDArray[np.float64]) -> Sample:
    return answered(who.model, who.predictor.predict(batch), labels)


def _reordered(theirs: Sample, champion: Model, model: Model) -> Sample:
    """The champion's answers with classes in our model's order; both have the same ones (see champion)."""
    if champion.classes == model.classes or theirs.decisions is None:
        return theirs
    order = np.array([champion.classes.index(value) for value in model.classes])
    place = np.argsort(order)
    return Sample(theirs.task, theirs.labels, theirs.scores[:, order], place[theirs.decisions].astype(np.int64))


def _joined(parts: Iterable[NDArray[np.int32]], dtype: np.dtype[np.int32]) -> NDArray[np.int32]:
    return np.concatenate([np.empty(0, dtype), *parts])

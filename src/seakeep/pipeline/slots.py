"""The shapes of a pipeline's stage functions, and the functions that stand there unless the user puts another.

Each shape is that of the public verb of the same name, so a replacement can wrap the verb, and a wrong shape is a type
error in the editor. The defaults import their room when they are called: a pipeline is declared without Polars.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from seakeep.core import Dataset, Model, Report, Schema, Statistics
    from seakeep.core.prediction import Predictor
    from seakeep.core.schema import Environment
    from seakeep.data.engines import Engine
    from seakeep.evaluation import Requirement
    from seakeep.features import Features
    from seakeep.training import Trained


class Read(Protocol):
    """Says where the data is; returns without reading it."""

    def __call__(self) -> Dataset: ...


class ReadSpans(Protocol):
    """Says where the data of some spans is; called with the paths of those trained on, and of those held out."""

    def __call__(self, paths: Sequence[Path], /) -> Dataset: ...


class Split(Protocol):
    """Divides a dataset into what is trained on and what is held out to judge the model."""

    def __call__(self, dataset: Dataset, /) -> tuple[Dataset, Dataset]: ...


class Profile(Protocol):
    """seakeep.profile."""

    def __call__(self, dataset: Dataset, /) -> Statistics: ...


class InferSchema(Protocol):
    """seakeep.infer_schema; called only where no schema file stands beside the pipeline yet."""

    def __call__(
        self,
        statistics: Statistics,
        /,
        *,
        name: str,
        label: str | None,
        time: str | None,
        key: str | None,
        after: Sequence[str],
    ) -> Schema: ...


class Validate(Protocol):
    """seakeep.validate. reference: statistics of the training part when the held-out part is validated."""

    def __call__(
        self,
        statistics: Statistics,
        schema: Schema,
        /,
        *,
        environment: Environment,
        reference: Statistics | None,
        subject: str,
    ) -> Report: ...


class Train(Protocol):
    """seakeep.train."""

    def __call__(
        self,
        dataset: Dataset,
        features: Features,
        estimator: Any,
        /,
        *,
        schema: Schema,
        statistics: Statistics,
        name: str,
        held_out: Dataset | None,
        seed: int,
    ) -> Trained: ...


class Evaluate(Protocol):
    """seakeep.evaluation.evaluate. The champion's report, predictor and model are None where there is no champion."""

    def __call__(
        self,
        predictor: Predictor,
        model: Model,
        dataset: Dataset,
        /,
        *,
        slices: Sequence[str | tuple[str, ...]],
        require: Sequence[Requirement],
        champion: Report | None,
        champion_predictor: Predictor | None,
        champion_model: Model | None,
        seed: int,
    ) -> Report: ...


def profile(dataset: Dataset, /, *, engine: Engine | None = None) -> Statistics:
    """Statistics of every column in one pass."""
    from seakeep import data

    return data.profile(dataset, engine=engine)


def infer_schema(
    statistics: Statistics, /, *, name: str, label: str | None, time: str | None, key: str | None, after: Sequence[str]
) -> Schema:
    """The contract that these statistics suggest."""
    from seakeep import data

    return data.infer_schema(statistics, name=name, label=label, time=time, key=key, after=after)


def validate(
    statistics: Statistics,
    schema: Schema,
    /,
    *,
    environment: Environment,
    reference: Statistics | None,
    subject: str,
) -> Report:
    """The contract against what the table holds."""
    from seakeep import data

    return data.validate(statistics, schema, environment=environment, reference=reference, subject=subject)


def train(
    dataset: Dataset,
    features: Features,
    estimator: Any,
    /,
    *,
    schema: Schema,
    statistics: Statistics,
    name: str,
    held_out: Dataset | None,
    seed: int,
) -> Trained:
    """Fit, export to ONNX, and prove that both agree."""
    from seakeep import training

    return training.train(
        dataset, features, estimator, schema=schema, statistics=statistics, name=name, held_out=held_out, seed=seed
    )


def evaluate(
    predictor: Predictor,
    model: Model,
    dataset: Dataset,
    /,
    *,
    slices: Sequence[str | tuple[str, ...]],
    require: Sequence[Requirement],
    champion: Report | None,
    champion_predictor: Predictor | None,
    champion_model: Model | None,
    seed: int,
    engine: Engine | None = None,
) -> Report:
    """Judge the model on the held-out part, beside the champion where there is one."""
    from seakeep import evaluation

    return evaluation.evaluate(
        predictor,
        model,
        dataset,
        slices=slices,
        require=require,
        champion=champion,
        champion_predictor=champion_predictor,
        champion_model=champion_model,
        seed=seed,
        engine=engine,
    )

"""A small world: rows with real structure, a logistic predictor that answers them by arithmetic, and its Model."""

from __future__ import annotations

import io
from dataclasses import dataclass, replace

import numpy as np
import polars as pl
import pytest

from seakeep.core import Dataset, Input, Kind, Model, Schema, Task
from seakeep.core.prediction import Predictions
from seakeep.data import profile_frame, read

CARRIERS = ("UA", "B6", "EV", "DL")
RATES = {"UA": -0.6, "B6": 0.2, "EV": 1.0, "DL": -1.2}
INPUTS = (Input("carrier", Kind.STRING), Input("distance", Kind.NUMBER), Input("hour", Kind.INTEGER))
FEATURES = ("carrier=UA", "carrier=B6", "carrier=EV", "distance", "hour", "carrier×hour")
SOURCES = {
    "carrier=UA": ("carrier",),
    "carrier=B6": ("carrier",),
    "carrier=EV": ("carrier",),
    "distance": ("distance",),
    "hour": ("hour",),
    "carrier×hour": ("carrier", "hour"),
}
WEIGHTS = np.array([0.5, 0.9, 1.6, 0.4, 1.5, 0.3])
INTERCEPT = -1.8


@dataclass(frozen=True)
class Arithmetic:
    """Answers by arithmetic on the raw columns; `weights` (features, outputs)."""

    task: Task
    weights: np.ndarray
    intercept: np.ndarray
    poison: float | None = None  # answers this for rows of carrier DL

    def features(self, frame: pl.DataFrame) -> np.ndarray:
        carrier, hour = frame["carrier"], frame["hour"].fill_null(12).to_numpy() / 24
        distance = frame["distance"].cast(pl.Float64).fill_null(1000.0).fill_nan(1000.0).to_numpy() / 1000
        flags = [(carrier == name).fill_null(False).to_numpy().astype(float) for name in CARRIERS[:3]]
        return np.column_stack([*flags, distance, hour, flags[2] * hour]).astype(np.float32)

    def predict(self, frame: pl.DataFrame) -> Predictions:
        raw = self.features(frame).astype(np.float64) @ self.weights + self.intercept
        if self.task is Task.REGRESSION:
            return Predictions(self._poisoned(raw, frame).astype(np.float32))
        if self.task is Task.BINARY:
            share = 1 / (1 + np.exp(-raw[:, 0]))
            scores = np.column_stack([1 - share, share])
        else:
            scores = np.exp(raw - raw.max(axis=1, keepdims=True))
            scores /= scores.sum(axis=1, keepdims=True)
        scores = self._poisoned(scores, frame).astype(np.float32)
        return Predictions(scores, np.nan_to_num(scores).argmax(axis=1))

    def _poisoned(self, scores: np.ndarray, frame: pl.DataFrame) -> np.ndarray:
        if self.poison is None:
            return scores
        return np.where((frame["carrier"] == "DL").fill_null(False).to_numpy()[:, None], self.poison, scores)


@dataclass(frozen=True)
class World:
    frame: pl.DataFrame
    predictor: Arithmetic
    model: Model

    @property
    def dataset(self) -> Dataset:
        return read(self.frame, label="late")

    def with_frame(self, frame: pl.DataFrame) -> World:
        return replace(self, frame=frame)


def rows(count: int, *, seed: int = 0) -> pl.DataFrame:
    random = np.random.default_rng(seed)
    carrier = random.choice(CARRIERS, count, p=[0.4, 0.3, 0.25, 0.05])
    distance = np.round(random.gamma(3, 350, count))
    distance[random.random(count) < 0.03] = np.nan
    hour = random.integers(5, 23, count)
    return pl.DataFrame({"carrier": carrier, "distance": distance, "hour": hour}).with_columns(
        pl.when(pl.int_range(pl.len()) % 97 == 0).then(None).otherwise(pl.col("carrier")).alias("carrier")
    )


def explanation(predictor: Arithmetic, frame: pl.DataFrame, link: str) -> bytes:
    file = io.BytesIO()
    mean = predictor.features(frame).astype(np.float64).mean(axis=0)
    np.savez(file, kind="linear", coefficients=predictor.weights, intercept=predictor.intercept, mean=mean, link=link)
    return file.getvalue()


def model_of(task: Task, frame: pl.DataFrame, classes: tuple[bool | int | str, ...], contributions: bytes) -> Model:
    statistics = profile_frame(frame)
    schema = Schema("rows", label="late")
    return Model(
        "delays", task, b"", INPUTS, schema, statistics, classes, FEATURES, SOURCES, "Arithmetic()", contributions
    )


def binary(count: int = 4000, *, seed: int = 0) -> World:
    """P(late) from the predictor's own arithmetic, so that it is calibrated."""
    frame = rows(count, seed=seed)
    predictor = Arithmetic(Task.BINARY, WEIGHTS[:, None], np.array([INTERCEPT]))
    share = predictor.predict(frame).scores[:, 1]
    late = np.random.default_rng(seed + 1).random(count) < share
    model = model_of(Task.BINARY, frame, (False, True), explanation(predictor, frame, "sigmoid"))
    return World(frame.with_columns(late=late), predictor, model)


def multiclass(count: int = 3000, *, seed: int = 0) -> World:
    frame = rows(count, seed=seed)
    weights = np.random.default_rng(5).normal(size=(len(FEATURES), 4))
    predictor = Arithmetic(Task.MULTICLASS, weights, np.zeros(4))
    scores = predictor.predict(frame).scores.astype(float)
    drawn = (np.random.default_rng(seed + 1).random((count, 1)) > scores.cumsum(axis=1)).sum(axis=1).clip(0, 3)
    classes = ("early", "on time", "late", "cancelled")
    model = model_of(Task.MULTICLASS, frame, classes, explanation(predictor, frame, "softmax"))
    return World(frame.with_columns(late=pl.Series([classes[k] for k in drawn])), predictor, model)


def regression(count: int = 3000, *, seed: int = 0) -> World:
    frame = rows(count, seed=seed)
    predictor = Arithmetic(Task.REGRESSION, 10 * WEIGHTS[:, None], np.array([INTERCEPT]))
    noise = np.random.default_rng(seed + 1).normal(size=count) * np.where(frame["carrier"] == "EV", 9, 3)
    values = predictor.predict(frame).scores[:, 0] + noise
    model = model_of(Task.REGRESSION, frame, (), explanation(predictor, frame, "identity"))
    return World(frame.with_columns(late=values), predictor, model)


@pytest.fixture(scope="session")
def flights() -> World:
    """4,000 rows, two classes."""
    return binary()


@pytest.fixture(scope="session")
def outcomes() -> World:
    """3,000 rows, four classes."""
    return multiclass()


@pytest.fixture(scope="session")
def delays() -> World:
    """3,000 rows, a number."""
    return regression()


@pytest.fixture(scope="session")
def make_binary():
    """The maker of binary worlds of any size."""
    return binary

"""A small table with every kind of column, and what is known of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from seakeep.data import profile, read
from seakeep.features import Features, Session, feeds, fit
from seakeep.testing.operations import ordinary_table

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    import polars as pl
    from numpy.typing import NDArray

    from seakeep.features import Feature, FittedFeatures


@pytest.fixture(scope="session")
def table() -> pl.DataFrame:
    return ordinary_table()


@pytest.fixture(scope="session")
def fitted_on() -> Callable[..., FittedFeatures]:
    """Fits features on a frame: fitted_on(frame, *features)."""

    def fitted(frame: pl.DataFrame, *features: Feature) -> FittedFeatures:
        dataset = read(frame)
        return fit(Features(*features), profile(dataset), dataset)

    return fitted


@pytest.fixture(scope="session")
def answers(fitted_on: Callable[..., FittedFeatures]) -> Callable[..., NDArray[np.float32]]:
    """Fits features on one frame and runs the graph on another: answers(frame, *features, on=other)."""

    def answer(frame: pl.DataFrame, *features: Feature, on: pl.DataFrame | None = None) -> NDArray[np.float32]:
        fitted = fitted_on(frame, *features)
        session = Session(fitted.lower().SerializeToString())
        return session.run(["features"], feeds(frame if on is None else on, fitted.inputs))[0]

    return answer

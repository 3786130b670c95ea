"""A registry in a temporary home, and small nouns to keep in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from seakeep.core import Check, Input, Kind, Model, Report, Schema, Statistics, Task, Verdict
from seakeep.core.schema import ColumnSchema
from seakeep.registry import Registry

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / ".seakeep"


@pytest.fixture
def registry(home: Path) -> Iterator[Registry]:
    with Registry(home) as opened:
        yield opened


@pytest.fixture
def make_model() -> Callable[..., Model]:
    return model


@pytest.fixture
def make_report() -> Callable[..., Report]:
    return report


def model(graph: bytes = b"graph", name: str = "tips") -> Model:
    return Model(
        name,
        Task.BINARY,
        graph,
        (Input("fare", Kind.NUMBER),),
        Schema("trips", {"zone": ColumnSchema(Kind.STRING), "fare": ColumnSchema(Kind.NUMBER)}, label="tip"),
        Statistics(7),
        classes=(False, True),
        features=("fare",),
        sources={"fare": ("fare",)},
        estimator="Something()",
    )


def report(verdict: Verdict = Verdict.PASS, kind: str = "evaluation") -> Report:
    check = Check("metric.at_least", "roc_auc", verdict, "roc_auc is 0.7", 0.7, 0.6, fix="Find better features.")
    return Report(kind, "Evaluation", "tips", (check,))

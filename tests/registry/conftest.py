"""A registry in a temporary home, and small nouns to keep in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from seakeep.core import Check, Input, Kind, Model, Report, Schema, Statistics, Task, Verdict
from seakeep.core.schema import ColumnSchema
from seakeep.registry import Registry
from seakeep.registry.place import Place

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from .servers import Servers


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / ".seakeep"


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Tests of a registry run on files, and on PostgreSQL and S3; those that look into its folder on files only."""
    if "place" in metafunc.fixturenames:
        stores = (
            ["files"]
            if "home" in metafunc.fixturenames
            else ["files", pytest.param("servers", marks=pytest.mark.platform)]
        )
        metafunc.parametrize("stores", stores)


@pytest.fixture(scope="session")
def servers() -> Iterator[Servers]:
    from .servers import Servers

    with Servers.started() as started:
        yield started


@pytest.fixture
def place(stores: str, tmp_path: Path, request: pytest.FixtureRequest) -> Place:
    """A place without a registry."""
    if stores == "files":
        return Place(tmp_path / ".seakeep")
    return request.getfixturevalue("new_place")(tmp_path / ".seakeep")


@pytest.fixture
def new_place(servers: Servers, monkeypatch: pytest.MonkeyPatch) -> Callable[[Path], Place]:
    """Makes a database and a prefix of its own for each call; this process may use both."""
    for name, value in servers.bucket.environment().items():
        monkeypatch.setenv(name, value)
    return servers.place


@pytest.fixture
def registry(place: Place) -> Iterator[Registry]:
    with Registry(place) as opened:
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

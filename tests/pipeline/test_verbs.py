"""Verbs over several rooms: what they find, do, and put on record."""

from __future__ import annotations

import shutil

import numpy as np
import polars as pl
import pytest

import seakeep
from seakeep.core import Check, Report, Verdict
from seakeep.features import Features, number
from seakeep.pipeline import load_settings, verbs
from seakeep.pipeline.answering import address
from seakeep.registry import Registry
from seakeep.registry.errors import BadReference, ReleaseRefused, TornRelease, UnreadableRegistry


@pytest.fixture(scope="module")
def table() -> pl.DataFrame:
    draw = np.random.default_rng(3)
    x = draw.normal(size=400)
    late = x + draw.normal(scale=0.3, size=400) > 0
    return pl.DataFrame({"trip": [f"T{i}" for i in range(400)], "x": x, "late": late})


@pytest.fixture(scope="module")
def trained(table):
    dataset = seakeep.read(table, label="late", key="trip")
    statistics = seakeep.profile(dataset)
    schema = seakeep.infer_schema(statistics, name="tips", label="late", key="trip")
    estimator = seakeep.estimator("sklearn.linear_model.LogisticRegression")
    features = Features(number("x").standardize().fill(0))
    return seakeep.train(dataset, features, estimator, schema=schema, statistics=statistics, name="tips")


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path / ".seakeep"


def passing(verdict: Verdict = Verdict.PASS) -> Report:
    return Report("evaluation", "Evaluation", "tips", (Check("metric.x", "x", verdict, "x is 1"),))


def test_registering_makes_a_release_with_a_card_and_a_record(home, trained) -> None:
    registered = verbs.register("tips", trained.model, [passing()], made_from={"training": "d" * 64})
    assert (registered.version, registered.aliases) == (1, ("champion",))
    assert (registered.folder / "card.md").read_text().startswith("# ")
    with Registry(home) as registry:
        origins = {(edge.source.kind, edge.source.digest) for edge in registry.lineage("tips").edges}
    assert {("dataset", "d" * 64), ("model", trained.model.digest)} <= origins
    with pytest.raises(ReleaseRefused):
        verbs.register("tips", trained.model, [passing(Verdict.FAIL)])
    assert verbs.register("tips", trained.model, [passing(Verdict.FAIL)], force=True).version == 2


def test_a_model_is_found_by_name_folder_or_itself(home, trained) -> None:
    registered = verbs.register("tips", trained.model, [passing()])
    by_name, by_folder, itself = (verbs.find(each) for each in ("tips@1", registered.folder, trained.model))
    assert by_name.model == by_folder.model == itself.model == trained.model
    assert by_name.artifact.kind == "release"
    assert (by_folder.registered, itself.artifact.kind) == (None, "model")
    with pytest.raises(BadReference):
        verbs.find("tops")


def test_a_folder_whose_files_were_changed_is_no_release(home, trained, tmp_path) -> None:
    folder = tmp_path / "copied"
    shutil.copytree(verbs.register("tips", trained.model, [passing()]).folder, folder)
    with (folder / "model.onnx").open("ab") as file:
        file.write(b"x")
    with pytest.raises(TornRelease, match=r"model\.onnx"):
        verbs.find(folder)


def test_without_a_registry_nothing_is_made(home) -> None:
    with pytest.raises(UnreadableRegistry, match="there is no registry here"):
        verbs.find("tips")
    assert not home.exists()


def test_evaluating_takes_roles_from_the_contract_and_a_champion_by_name(home, trained, table) -> None:
    verbs.register("tips", trained.model, [passing()])
    require = [seakeep.at_least("roc_auc", 0.8), seakeep.no_worse_than("champion", "roc_auc", margin=0.01)]
    report = seakeep.evaluate("tips", table, require=require, champion="tips@1", explain=False)
    assert report.verdict is Verdict.PASS
    assert any("equal to the champion's on the same rows" in check.message for check in report.checks)


def test_scoring_writes_a_file_and_a_record_that_leads_back(home, trained, table, tmp_path) -> None:
    verbs.register("tips", trained.model, [passing()])
    table.drop("late").write_parquet("in.parquet")
    summary = seakeep.score("tips", "in.parquet", "out.parquet")
    assert summary.rows == 400
    assert pl.read_parquet("out.parquet")["trip"].to_list() == table["trip"].to_list()
    with Registry(home) as registry:
        sources = {edge.source.name for edge in registry.lineage("out.parquet").edges}
    assert {"tips@1", str(tmp_path / "in.parquet")} <= sources


def test_a_table_without_the_key_and_a_model_without_a_release_can_be_scored(home, trained, table) -> None:
    summary = seakeep.score(trained.model, table.select("x"), "out.csv")
    assert summary.columns[:2] == ("row", "prediction")
    assert not home.exists()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("127.0.0.1:80", ("127.0.0.1", 80)),
        (":0", ("127.0.0.1", 0)),
        ("[::1]:8080", ("::1", 8080)),
        ("a.b:1", ("a.b", 1)),
    ],
)
def test_an_address_is_host_and_port(tmp_path, text, expected) -> None:
    assert address(load_settings(tmp_path, flags={"serve.http": text})) == expected

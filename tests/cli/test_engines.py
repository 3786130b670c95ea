"""The verbs on an engine of other processes: the same answers to the bit, and the engine on record where it decides nothing."""

from __future__ import annotations

import shutil

import polars as pl

from seakeep.registry import Registry


def test_a_run_makes_the_same_release_on_an_engine(shell, finished, tmp_path) -> None:
    project = tmp_path / "trips"
    shutil.copytree(finished, project, ignore=shutil.ignore_patterns(".seakeep"))
    answer = shell("run", project / "pipeline.py", "--engine", "local[2]", "--json")
    assert answer.code == 0, answer.err
    with Registry(project / ".seakeep") as registry, Registry(finished / ".seakeep") as other:
        assert registry.resolve("trips").release.digest == other.resolve("trips").release.digest
        told = {each.stage: each.parameters.get("engine") for each in registry.executions.of_run(answer.json["run"])}
    assert told == {
        "read": None, "profile": "local[2]", "validate": None, "train": None, "evaluate": "local[2]", "register": None,
    }  # fmt: skip
    again = shell("run", project / "pipeline.py", "--json")
    assert all(stage["cached"] for stage in again.json["stages"]), "the engine is part of no key"


def test_single_verbs_answer_alike_on_an_engine(shell, project, monkeypatch) -> None:
    data = next((project / "data").glob("*.csv"))
    verbs = (
        ("profile", data),
        ("evaluate", "trips", data, "--at-least", "roc_auc=0.5"),
        ("validate", data, "--schema", next(project.glob("*.schema.yaml"))),
    )
    here = [shell(*verb, "--json").out for verb in verbs]
    monkeypatch.setenv("SEAKEEP_ENGINE", "local[1]")
    assert [shell(*verb, "--json").out for verb in verbs] == here


def test_scores_are_the_same_file(shell, project) -> None:
    data = next((project / "data").glob("*.csv"))
    for name, engine in (("a", "local"), ("b", "local[2]")):
        answer = shell("score", "trips", data, "-o", f"{name}.parquet", "--keep", "all", "--engine", engine)
        assert answer.code == 0, answer.err
    assert (project / "a.parquet").read_bytes() == (project / "b.parquet").read_bytes()
    assert pl.read_parquet(project / "a.parquet").height > 0
    told = shell("lineage", project / "b.parquet", "--json")
    assert told.code in (0, 3)


def test_an_engine_that_is_not_one_is_refused_before_anything_is_done(shell, project) -> None:
    answer = shell("run", "pipeline.py", "--engine", "spak://master:7077")
    assert answer.code == 3
    assert "Did you mean 'spark://master:7077'?" in answer.err
    assert shell("profile", "data", "--engine", "not one").code == 3

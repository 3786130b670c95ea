"""A pipeline whose contract has row rules: they are enforced, and broken rows are left out where the pipeline says so."""

from __future__ import annotations

import polars as pl
import pytest

from seakeep.core import Report, Schema
from seakeep.data import collect, read, split
from seakeep.pipeline import Pipeline, run
from seakeep.pipeline.errors import BadPipeline
from seakeep.registry import Registry

PIPELINE = """
import seakeep
from pathlib import Path
from seakeep.features import Features, category, number

def read_rows():
    return seakeep.read(Path(__file__).parent / "rows.parquet", label="late", key="id")

rows = seakeep.Pipeline(
    name="rows",
    read=read_rows,
    features=Features(number("a"), category("port").one_hot()),
    estimator=seakeep.estimator("sklearn.linear_model.LogisticRegression"),
    require=[seakeep.at_least("roc_auc", 0.5)],
    {option}
)
"""
SCHEMA = """
seakeep_schema: 1
name: rows
label: late
key: id
columns:
  id: {kind: integer}
  a: {kind: number, minimum: 0.0}
  b: {kind: number}
  port: {kind: string}
  late: {kind: boolean}
rules:
  ordered: {holds: "b >= a"}
  known: {refers: port, to: ports.parquet, by: code}
"""


@pytest.fixture
def folder(tmp_path):
    """A project with 400 rows, of which 8 break `ordered` and 4 a bound."""
    table = pl.DataFrame({"id": range(400)}).with_columns(
        a=(pl.col("id") * 37 % 101).cast(pl.Float64),
        port=pl.when(pl.col("id") % 3 == 0).then(pl.lit("JFK")).otherwise(pl.lit("EWR")),
    )
    table = table.with_columns(
        b=pl.when(pl.col("id") % 50 == 7).then(-5.0).otherwise(pl.col("a") + 1),
        late=(pl.col("a") + pl.col("id") % 11) > 50,
    ).with_columns(a=pl.when(pl.col("id") % 100 == 9).then(-1.0).otherwise(pl.col("a")))
    table.write_parquet(tmp_path / "rows.parquet")
    pl.DataFrame({"code": ["JFK", "EWR"]}).write_parquet(tmp_path / "ports.parquet")
    (tmp_path / "rows.schema.yaml").write_text(SCHEMA, encoding="utf-8")
    return tmp_path


def ran(folder, option: str):
    (folder / "pipeline.py").write_text(PIPELINE.replace("{option}", option), encoding="utf-8")
    return run(folder / "pipeline.py", home=folder / "home")


def validation(folder, result, name: str = "validation") -> Report:
    stage = next(stage for stage in result.stages if stage.stage == "validate")
    with Registry(folder / "home") as registry:
        return registry.get(Report, next(each.digest for each in stage.outputs if each.name == name))


def test_row_rules_stop_a_pipeline_that_drops_nothing(folder):
    result = ran(folder, "")
    assert {check.subject for check in result.not_passed} == {"ordered", "a"}
    assert not result.label


def test_broken_rows_are_left_out_and_kept_aside(folder):
    result = ran(folder, "drop_at_most=0.1,")
    assert result.label == "rows@1", result.not_passed
    reports = [validation(folder, result, name) for name in ("validation", "held_out_validation")]
    dropped = [next(check for check in report.checks if check.code == "rows.dropped") for report in reports]
    totals = [sum(check.evidence["rules"].get(rule, 0) for check in dropped) for rule in ("ordered", "a.bounds")]
    assert totals == [8, 4]
    quarantine = pl.concat(map(pl.read_parquet, sorted((folder / "home" / "quarantine").glob("*.parquet"))))
    assert quarantine.height == 12
    assert set(quarantine["@broken"].explode()) == {"ordered", "a.bounds"}
    again = ran(folder, "drop_at_most=0.1,")
    assert all(stage.cached for stage in again.stages)


def test_too_many_broken_rows_stop_the_pipeline(folder):
    result = ran(folder, "drop_at_most=0.01,")
    assert "rows.dropped" in {check.code for check in result.not_passed}
    assert not result.label


def test_another_reference_judges_again(folder):
    assert ran(folder, "drop_at_most=0.1,").label == "rows@1"
    pl.DataFrame({"code": ["JFK"]}).write_parquet(folder / "ports.parquet")
    result = ran(folder, "drop_at_most=0.1,")
    assert {check.subject for check in result.not_passed} == {"known"}


def test_other_rows_with_the_same_statistics_are_judged_again(folder):
    fair = pl.read_parquet(folder / "rows.parquet").with_columns(a=pl.col("id") % 40 + 0.0, b=pl.col("id") % 40 + 1.0)
    fair.write_parquet(folder / "rows.parquet")
    assert ran(folder, "held_out=0.25,").label == "rows@1"
    parts = split(read(fair, key="id"), share=0.25)
    swapped = pl.concat([collect(part).with_columns(pl.col("b").reverse()) for part in parts]).sort("id")
    swapped.write_parquet(folder / "rows.parquet")
    result = ran(folder, "held_out=0.25,")
    assert "ordered" in {check.subject for check in result.not_passed}


def test_another_contract_drops_other_rows(folder):
    first = ran(folder, "drop_at_most=0.1,")
    path = folder / "rows.schema.yaml"
    path.write_text(path.read_text("utf-8").replace('"b >= a"', '"b >= a or true"'), encoding="utf-8")
    second = ran(folder, "drop_at_most=0.1,")
    assert not any(stage.cached for stage in second.stages)
    assert first.release != second.release


def test_a_first_run_without_a_contract_trains_once(folder):
    """The contract that it infers is that of the next run, so both have the same rows."""
    (folder / "rows.schema.yaml").unlink()
    first = ran(folder, "drop_at_most=0.1,")
    assert first.label == "rows@1", first.not_passed
    (noted,) = [note for stage in first.stages for note in stage.notes]
    assert "the schema was inferred and written to" in noted
    (dropped,) = [check for check in validation(folder, first).checks if check.code == "rows.dropped"]
    assert (dropped.verdict.value, dropped.observed) == ("pass", 0)
    again = ran(folder, "drop_at_most=0.1,")
    assert all(stage.cached for stage in again.stages)
    assert again.release == first.release


def test_a_part_without_rows_is_told_and_leaves_no_contract(folder):
    (folder / "rows.schema.yaml").unlink()
    pl.read_parquet(folder / "rows.parquet").head(0).write_parquet(folder / "rows.parquet")
    with pytest.raises(BadPipeline, match="no rows"):
        ran(folder, "drop_at_most=0.1,")
    assert not (folder / "rows.schema.yaml").exists()


@pytest.mark.parametrize("share", [-0.1, 1.5, True, "1%"])
def test_a_share_that_is_none_is_refused(share):
    with pytest.raises(BadPipeline, match="a share from 0 to 1"):
        Pipeline(name="x", read=lambda: None, features=None, estimator=None, drop_at_most=share)


def test_a_contract_of_the_fixture_is_read(folder):
    from seakeep.data import load_schema

    assert isinstance(load_schema(folder / "rows.schema.yaml"), Schema)

"""seakeep validate: rows, quarantine, the span before, and serving, by exit code and by what is written."""

from __future__ import annotations

import polars as pl
import pytest

SCHEMA = """
seakeep_schema: 1
name: trips
columns:
  id: {kind: integer}
  fare: {kind: number, minimum: 0.0, skew: {kolmogorov_smirnov: 0.2}}
  tip: {kind: number, missing_at_most: 1.0}
rules:
  no_free_tips: {holds: "if fare = 0 then tip = 0"}
"""


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "s.yaml").write_text(SCHEMA, encoding="utf-8")
    table = pl.DataFrame({"id": range(200), "fare": [1.0] * 199 + [0.0], "tip": [0.5] * 200})
    table.write_parquet("broken.parquet")
    table.head(199).write_parquet("fine.parquet")
    return tmp_path


def codes(answer) -> set[tuple[str, str]]:
    return {(check["code"], check["verdict"]) for check in answer.json["checks"]}


def test_row_rules_are_judged_wherever_the_contract_has_some(shell, place):
    assert shell("validate", "fine.parquet", "--schema", "s.yaml").code == 0
    answer = shell("validate", "broken.parquet", "--schema", "s.yaml", "--json")
    assert answer.code == 1
    assert ("rows.holds", "fail") in codes(answer)


def test_broken_and_good_rows_are_written(shell, place):
    answer = shell(
        "validate", "broken.parquet", "--schema", "s.yaml", "--quarantine", "q.parquet", "--good", "g.parquet"
    )
    assert answer.code == 1
    assert pl.read_parquet("q.parquet").select("id", "@row", "@source", "@broken").rows() == [
        (199, 199, "broken.parquet", ["no_free_tips"])
    ]
    assert pl.read_parquet("g.parquet").equals(pl.read_parquet("fine.parquet"))


def test_serving_is_compared_row_by_row_where_a_key_is_named(shell, place):
    pl.read_parquet("fine.parquet").with_columns(fare=pl.col("fare") * 3).write_parquet("served.parquet")
    arguments = ("validate", "fine.parquet", "--schema", "s.yaml", "--serving", "served.parquet", "--json")
    answer = shell(*arguments, "--key", "id")
    assert answer.code == 1
    assert {("skew.kolmogorov_smirnov", "fail"), ("skew.values", "fail"), ("skew.joined", "pass")} <= codes(answer)
    assert ("skew.values", "fail") not in codes(shell(*arguments))


def test_statistics_have_no_rows(shell, place):
    assert shell("profile", "fine.parquet", "-o", "fine.json").code == 0
    assert shell("validate", "fine.json", "--schema", "s.yaml", "--previous", "fine.json").code == 0
    for more in (["--rows"], ["--key", "id", "--serving", "fine.parquet"]):
        answer = shell("validate", "fine.json", "--schema", "s.yaml", *more)
        assert answer.code == 3
        assert "statistics" in answer.err
    assert shell("validate", "fine.parquet", "--schema", "s.yaml", "--key", "id").code == 3


def test_a_wrong_rule_ends_with_3_and_points_at_the_place(shell, place):
    text = SCHEMA.replace("if fare = 0", "if fair = 0")
    (place / "s.yaml").write_text(text, encoding="utf-8")
    answer = shell("validate", "fine.parquet", "--schema", "s.yaml", "--quarantine", "q.parquet")
    assert answer.code == 3
    assert "there is no column 'fair'" in answer.err
    assert "^^^^" in answer.err
    assert not (place / "q.parquet").exists()

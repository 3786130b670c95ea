"""`seakeep tfx`: the endings say which way, the answer says what stayed behind, and nothing half-written is left."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl
import pytest

from seakeep.core import Report, Statistics
from seakeep.data import load_schema

if TYPE_CHECKING:
    from .conftest import Shell


@pytest.fixture
def table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    pl.DataFrame(
        {"fare": [1.5, None, 3.0] * 40, "late": [True, False, None] * 40, "at": ["a", "b", "b"] * 40}
    ).write_parquet("t.parquet")
    return Path("t.parquet")


def test_statistics_go_out_and_come_back(shell: Shell, table: Path) -> None:
    assert shell("tfx", "statistics", table, "-o", "t.tfrecord").code == 0
    answer = shell("tfx", "statistics", "t.tfrecord", "-o", "t.json", "--like", table, "--json")
    assert answer.code == 0
    assert {each["where"] for each in answer.json["lost"]} == {"fare", "at"}
    found = Statistics.load(Path("t.json"))
    assert (found.rows, found["late"].mean, found["fare"].missing) == (120, 0.5, 40)


def test_a_contract_goes_out_and_comes_back(shell: Shell, table: Path) -> None:
    assert shell("schema", "infer", table, "-o", "t.schema.yaml", "--label", "late").code == 0
    answer = shell("tfx", "schema", "t.schema.yaml", "-o", "t.pbtxt")
    assert "fare: NaN among the missing values" in answer.out
    assert shell("tfx", "schema", "t.pbtxt", "-o", "back.yaml", "--name", "trips").code == 0
    again = shell("tfx", "schema", "t.pbtxt", "-o", "back.yaml")
    assert (again.code, "back.yaml exists" in again.err) == (3, True)
    assert (load_schema("back.yaml").name, load_schema("back.yaml").label) == ("trips", "late")
    assert shell("validate", table, "--schema", "back.yaml").code == 0


def test_a_report_goes_out_and_comes_back(shell: Shell, table: Path) -> None:
    shell("schema", "infer", table, "-o", "t.schema.yaml")
    pl.read_parquet(table).drop("at").write_parquet("worse.parquet")
    answer = shell("validate", "worse.parquet", "--schema", "t.schema.yaml", "--json")
    Path("r.json").write_text(answer.out)
    assert shell("tfx", "anomalies", "r.json", "-o", "a.pb", "--schema", "t.schema.yaml").code == 0
    assert shell("tfx", "anomalies", "a.pb", "-o", "back.json").code == 0
    assert [(check.code, check.subject) for check in Report.load(Path("back.json")).failed] == [
        ("schema.missing_column", "at")
    ]


@pytest.mark.parametrize(
    ("verb", "source", "output"),
    [
        ("statistics", "t.parquet", "t.txt"),
        ("statistics", "a.json", "b.json"),
        ("schema", "a.pb", "b.pbtxt"),
        ("schema", "a.yaml", "b.yaml"),
        ("anomalies", "a.pb", "b.yaml"),
    ],
)
def test_endings_that_do_not_say_which_way(shell: Shell, table: Path, verb: str, source: str, output: str) -> None:
    answer = shell("tfx", verb, source, "-o", output)
    assert answer.code == 3
    assert "do not say which way to convert" in answer.err
    assert f"seakeep tfx {verb}" in answer.err
    assert not Path(output).exists()


def test_a_torn_file_leaves_the_old_one(shell: Shell, table: Path) -> None:
    shell("tfx", "statistics", table, "-o", "t.pb")
    Path("t.pb").write_bytes(Path("t.pb").read_bytes()[:-7])
    Path("t.json").write_text("old")
    answer = shell("tfx", "statistics", "t.pb", "-o", "t.json")
    assert answer.code == 3
    assert "is no whole DatasetFeatureStatisticsList" in answer.err
    assert Path("t.json").read_text() == "old"


def test_what_is_no_report_is_told(shell: Shell, table: Path) -> None:
    assert "cannot read gone.json" in shell("tfx", "anomalies", "gone.json", "-o", "a.pb").err
    Path("r.json").write_text("{")
    assert "a report as JSON" in shell("tfx", "anomalies", "r.json", "-o", "a.pb").err
    Path("r.json").write_text("[]")
    assert shell("tfx", "anomalies", "r.json", "-o", "a.pb").code == 3


def test_the_guide_lists_every_class_of_difference_type_and_field() -> None:
    import sys

    from seakeep.integrations._tfx.anomaly_types import CODES, GAPS
    from seakeep.integrations._tfx.fields import LOST

    root = Path(__file__).parents[2]
    text = (root / "docs" / "guides" / "coming-from-tfx.md").read_text("utf-8")
    sys.path.insert(0, str(root / "tests" / "integrations"))
    try:
        import tfx_compare  # type: ignore[import-not-found]
    finally:
        sys.path.pop(0)
    for name, told in (*tfx_compare.STATISTICS.items(), *tfx_compare.ANOMALIES.items()):
        assert f"| {name} | {told} |" in text
    for name in (*CODES, *GAPS, *LOST):
        assert f"`{name}`" in text

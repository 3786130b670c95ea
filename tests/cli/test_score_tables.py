"""`seakeep score` from and into tables: Delta Lake and SQLite by address, a query, secrets that nothing shows."""

from __future__ import annotations

import polars as pl
from deltalake import write_deltalake

from seakeep import data
from seakeep.serving.scoring.outputs import databases


def test_tables_are_scored_into_tables(shell, project) -> None:
    assert shell("score", "trips", "data/parcels.csv", "-o", "expected.parquet").code == 0
    expected = pl.read_parquet("expected.parquet")
    write_deltalake("parcels", data.collect(data.read("data/parcels.csv")).to_arrow())
    answer = shell("score", "trips", "delta://parcels", "-o", "delta://scored-delta", "--part-rows", "700", "--json")
    assert answer.code == 0, answer.err
    assert (answer.json["path"], answer.json["rows"]) == ("delta://scored-delta", 2000)
    scored = data.collect(data.read("delta://scored-delta"))
    assert scored.sort("parcel").equals(expected.sort("parcel")), "the library may write rows in another order"
    again = shell("score", "trips", "delta://parcels", "-o", "delta://scored-delta", "--part-rows", "700")
    assert again.code == 3
    assert "in the table already" in again.err
    up = shell("lineage", "delta://scored-delta", "--json").json
    assert any("trips" in edge["source"]["name"] for edge in up["edges"])


def test_a_query_is_scored_into_a_database(shell, project) -> None:
    assert shell("score", "trips", "data/parcels.csv", "-o", "plain.parquet", "--keep", "all").code == 0
    rows = pl.read_parquet("plain.parquet")
    assert (
        shell("score", "trips", "data/parcels.csv", "-o", "sqlite:///rows.db?table=parcels", "--keep", "all").code == 0
    )
    stored = data.collect(data.read("sqlite:///rows.db", query="select * from parcels order by rowid"))
    assert stored["prediction"].cast(rows["prediction"].dtype).equals(rows["prediction"])
    names = [name for name in rows.columns if name.startswith("probability_")]
    assert stored.select(pl.col(names).cast(pl.Float32)).equals(rows.select(names))
    answer = shell("score", "trips", "sqlite:///rows.db", "--query", "select 1 as a order by a", "-o", "none.csv")
    assert answer.code == 3
    assert "which the features read, is missing" in answer.err


def test_an_output_that_cannot_be_reached_is_told_without_its_password(shell, project, monkeypatch) -> None:
    monkeypatch.setattr(databases, "PAUSES_SECONDS", (0.01,))
    address = "postgresql://ann:tiger@127.0.0.1:1/models?table=scored"
    answer = shell("score", "trips", "data/parcels.csv", "-o", address)
    assert answer.code == 3
    assert "the database did not answer in 2 tries" in answer.err
    assert "tiger" not in answer.out + answer.err

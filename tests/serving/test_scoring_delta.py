"""Predictions in a table of Delta Lake: types, adding and replacing, what is refused, and runs that are cut off at any moment."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest
from deltalake import DeltaTable, write_deltalake

from seakeep import data
from seakeep.core import Task
from seakeep.serving import score
from seakeep.serving.scoring import CannotScore
from seakeep.serving.scoring.outputs import Plan, delta, open_output, reached
from seakeep.serving.scoring.outputs.refusals import CannotInsert
from seakeep.testing.example_models import example_frame, example_model

FRAME = pl.DataFrame({"row": [1, 2], "probability_true": pl.Series([0.1, 0.7], dtype=pl.Float32)})


@pytest.fixture
def place(tmp_path):
    return f"delta://{tmp_path / 'scored'}"


def planned(job="a" * 64, columns=FRAME.schema, **more):
    return Plan(job, columns, "release", **more)


def filled(place, plan, *units):
    output = open_output(place, plan)
    for number, frame in enumerate(units):
        output.write(number, frame, str(number).encode())
    output.publish(len(units))
    output.close()


def rows(place):
    return pl.DataFrame(DeltaTable(place.removeprefix("delta://")).to_pyarrow_table()).sort("row")


def test_what_is_scored_is_read_again_to_the_bit(tmp_path, place):
    table = data.read(example_frame(3000).with_columns(flight=pl.int_range(3000)), key="flight")
    for out in (place, tmp_path / "out.parquet"):
        score(example_model(Task.MULTICLASS), table, out, keep="all", chunk_rows=700)
    assert data.collect(data.read(place)).equals(pl.read_parquet(tmp_path / "out.parquet"))
    assert DeltaTable(place.removeprefix("delta://")).version() == 0, "one commit, however many units"


def test_rows_are_added_once_a_job_and_replaced_when_asked(place):
    filled(place, planned("a" * 64), FRAME)
    filled(place, planned("b" * 64), FRAME, FRAME)
    assert rows(place)["row"].to_list() == [1, 1, 1, 2, 2, 2]
    with pytest.raises(CannotScore, match=r"in the table already.*\n.*twice would double every row.*\n.*--overwrite"):
        open_output(place, planned("b" * 64))
    for _ in range(2):
        filled(place, planned("b" * 64, overwrite=True), FRAME)
        assert rows(place).equals(FRAME)
    assert not (Path(place.removeprefix("delta://")) / "_seakeep").exists(), "nothing of a run stays"


def test_the_table_tells_of_the_release_and_of_its_files(place):
    filled(place, planned(), FRAME)
    table = DeltaTable(place.removeprefix("delta://"))
    assert table.history()[0]["seakeep.release"] == "release"
    actions = pl.DataFrame(table.get_add_actions(flatten=True)).to_dicts()[0]
    assert (actions["num_records"], actions["min.row"], actions["max.row"], actions["null_count.row"]) == (2, 1, 2, 0)


def test_a_run_goes_on_where_it_was_cut_off(place):
    output = open_output(place, planned())
    output.write(0, FRAME, b"first")
    with pytest.raises(CannotScore, match="under way already"):
        open_output(place, planned())
    output.close()
    again = open_output(place, planned())
    assert again.done() == {0: b"first"}
    reached(again.reach).write(1, FRAME, b"second")
    again.publish(2)
    again.close()
    assert rows(place).height == 4


def test_a_run_that_was_cut_off_after_its_commit_ends_without_doubling_a_row(place, monkeypatch):
    monkeypatch.setattr(delta.Noted, "forget", lambda _self: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        filled(place, planned(), FRAME)
    monkeypatch.undo()
    again = open_output(place, planned())
    assert again.done() == {0: b"0"}
    again.publish(1)
    assert rows(place).height == 2


def test_a_unit_whose_file_is_gone_is_told(tmp_path, place):
    output = open_output(place, planned())
    output.write(0, FRAME, b"")
    next((tmp_path / "scored").glob("*.parquet")).unlink()
    with pytest.raises(CannotInsert, match=r"unit 0 was written and is not there any more"):
        output.publish(1)


def test_another_machine_that_commits_the_same_job_meanwhile_is_noticed(tmp_path, place):
    """There is no lock in a bucket."""
    outputs = [open_output(f"delta+file://{tmp_path / 'scored'}", planned()) for _ in range(2)]
    for output in outputs:
        output.write(0, FRAME, b"")
    outputs[0].publish(1)
    outputs[1].write(0, FRAME, b"")
    with pytest.raises(CannotScore, match="in the table already"):
        outputs[1].publish(1)
    assert rows(place).height == 2


def test_a_table_that_appears_meanwhile_is_added_to_only_where_it_fits(place):
    output = open_output(place, planned())
    output.write(0, FRAME, b"")
    write_deltalake(place.removeprefix("delta://"), FRAME.drop("row").to_arrow())
    with pytest.raises(CannotScore, match="it has no 'row'"):
        output.publish(1)


def test_types_that_delta_lacks_are_written_wider(place):
    frame = pl.DataFrame(
        {
            "u8": pl.Series([255], dtype=pl.UInt8),
            "u32": pl.Series([2**32 - 1], dtype=pl.UInt32),
            "u64": pl.Series([2**64 - 1], dtype=pl.UInt64),
            "word": pl.Series(["a"], dtype=pl.Categorical),
            "words": pl.Series([["a"]], dtype=pl.List(pl.Categorical)),
            "time": pl.Series([1], dtype=pl.Datetime("ns", "Europe/Paris")),
            "inner": [{"a": 1}],
        }
    )
    filled(place, planned(columns=frame.schema), frame)
    found = data.collect(data.read(place))
    assert found.schema == delta.written_as(frame.schema)
    assert found["u32"].item() == 2**32 - 1
    assert int(found["u64"].item()) == 2**64 - 1


def test_a_type_that_delta_has_no_place_for_is_refused(place):
    with pytest.raises(
        CannotScore, match=r"column 't' is Time, which a table of Delta Lake has no type for\n.*\n.*drop="
    ):
        open_output(place, planned(columns=pl.Schema({"t": pl.Time()})))


def test_a_table_of_other_columns_is_refused_column_by_column(place):
    path = place.removeprefix("delta://")
    write_deltalake(path, pl.DataFrame({"row": ["1"], "more": [1]}).to_arrow())
    with pytest.raises(CannotScore) as error:
        open_output(place, planned())
    assert error.value.differences == ("it has no 'probability_true'", "'row' is string there and long here")
    filled(place, planned(overwrite=True), FRAME)
    assert rows(place).equals(FRAME)


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ({"partition_by": ["row"]}, "is partitioned by row"),
        ({"configuration": {"delta.appendOnly": "true"}}, "is append-only"),
    ],
)
def test_tables_with_wishes_of_their_own_are_refused(place, how, words):
    path = place.removeprefix("delta://")
    schema = pl.DataFrame(schema=FRAME.schema).to_arrow().schema
    DeltaTable.create(path, schema, **how)
    with pytest.raises(CannotScore, match=words):
        open_output(place, planned(overwrite="configuration" in how))


def test_a_table_whose_columns_go_by_other_names_in_its_files_is_refused(place):
    """Made by hand: not every deltalake makes one."""
    path = Path(place.removeprefix("delta://"))
    DeltaTable.create(path, pl.DataFrame(schema=FRAME.schema).to_arrow().schema)
    (log,) = (path / "_delta_log").glob("*.json")
    actions = [json.loads(line) for line in log.read_text().splitlines()]
    for action in actions:
        if "metaData" in action:
            action["metaData"]["configuration"]["delta.columnMapping.mode"] = "name"
    log.write_text("\n".join(map(json.dumps, actions)))
    with pytest.raises(CannotScore, match="columnMapping"):
        open_output(place, planned(overwrite=True))


def test_a_table_with_rules_is_refused(place):
    path = place.removeprefix("delta://")
    write_deltalake(path, FRAME.to_arrow())
    DeltaTable(path).alter.add_constraint({"sane": "row > 0"})
    with pytest.raises(CannotScore, match="rules of its own for what it holds: sane"):
        open_output(place, planned())


@pytest.mark.parametrize("address", ["delta://", "delta://t?version=1", "delta+s3://me:secret@bucket/t"])
def test_an_address_that_names_no_table_is_refused(address):
    with pytest.raises(CannotScore, match="names no table to write to") as error:
        open_output(address, planned())
    assert "secret" not in str(error.value)


@pytest.mark.parametrize("kind", ["delta://{}/t", "sqlite:///{}/t.db?table=t"])
def test_tables_have_no_parts_of_another_format(tmp_path, kind):
    with pytest.raises(CannotScore, match=r"a table has no parts in 'csv'.*\n.*\n.*Leave out --parts"):
        open_output(kind.format(tmp_path), planned(parts="csv"))


def test_workers_write_their_own_files(tmp_path, place):
    frame = example_frame(3000)
    frame.write_parquet(tmp_path / "in.parquet")
    table = data.read(tmp_path / "in.parquet")
    score(example_model(), table, place, part_rows=700, engine="local[1]")
    score(example_model(), table, tmp_path / "out.parquet")
    assert data.collect(data.read(place)).equals(pl.read_parquet(tmp_path / "out.parquet"))


def test_the_table_that_is_scored_is_not_its_own_output(tmp_path, place):
    write_deltalake(place.removeprefix("delta://"), example_frame(10).to_arrow())
    with pytest.raises(CannotScore, match="the output is the table that is to be scored"):
        score(example_model(), data.read(place), place, overwrite=True)

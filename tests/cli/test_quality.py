"""seakeep inspect and seakeep clean: exit codes, pages, proposals, whole files or none."""

from __future__ import annotations

import polars as pl
import pytest


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "trips.parquet"
    rows = {"city": [" Oslo", "Oslo", "Bergen"] * 100, "age": [-1, 20, 45] * 100, "n": [at / 7 for at in range(300)]}
    pl.DataFrame(rows).write_parquet(path)
    return path


def test_inspect_finds_and_proposes_and_clean_does_it(shell, table, tmp_path) -> None:
    steps, page, out = tmp_path / "cleaning.yaml", tmp_path / "page.html", tmp_path / "clean.parquet"
    answer = shell("inspect", table, "--propose", steps, "-o", page, "--json")
    assert answer.code == 1
    assert "quality.spaces" in {check["code"] for check in answer.json["checks"] if check["verdict"] == "fail"}
    assert "quality.spaces" in page.read_text()
    assert 'strip: {columns: ["city"]}' in steps.read_text()
    done = shell("clean", table, "--steps", steps, "-o", out)
    assert done.code == 0, done.err
    assert "strip changed 100 values of city" in shell("clean", table, "--steps", steps, "-o", out, "--json").out
    assert shell("inspect", out, "--only", "spaces").code == 0
    assert pl.read_parquet(out)["city"].unique().sort().to_list() == ["Bergen", "Oslo"]


def test_inspect_ends_with_2_where_nothing_could_be_looked_at_and_3_where_it_is_asked_wrongly(
    shell, table, tmp_path
) -> None:
    pl.DataFrame({"x": [1]}).clear().write_parquet(tmp_path / "none.parquet")
    assert shell("inspect", tmp_path / "none.parquet").code == 2
    wrong = shell("inspect", table, "--only", "leakage")
    assert (wrong.code, "--label late" in wrong.err) == (3, True)
    assert "Did you mean 'spaces'" in shell("inspect", table, "--only", "space").err
    assert shell("inspect", table, "--label", "lat").code == 3


def test_proposals_are_written_over_nothing(shell, table, tmp_path) -> None:
    steps, before = tmp_path / "cleaning.yaml", table.read_bytes()
    steps.write_text("- strip: {columns: [city]}  # corrected by hand\n")
    for path, told in ((table, "does not end in .yaml"), (steps, "exists; name another file")):
        wrong = shell("inspect", table, "--propose", path)
        assert (wrong.code, told in wrong.err) == (3, True)
    assert table.read_bytes() == before
    assert "corrected by hand" in steps.read_text()


def test_clean_leaves_nothing_half_done(shell, table, tmp_path) -> None:
    steps, out = tmp_path / "cleaning.yaml", tmp_path / "clean.parquet"
    steps.write_text("- parse_numbers: {columns: [city]}\n")
    assert shell("clean", table, "--steps", steps, "-o", out).code == 1
    assert not out.exists()
    steps.write_text("- strip: {columns: [town]}\n")
    wrong = shell("clean", table, "--steps", steps, "-o", out)
    assert wrong.code == 3
    assert "the column 'town', which the table does not have" in wrong.err
    steps.write_text("- strip: {columns: [city]}\n")
    before = table.read_bytes()
    over = shell("clean", table, "--steps", steps, "-o", table)
    assert (over.code, "one of the files that are cleaned" in over.err) == (3, True)
    assert table.read_bytes() == before
    assert shell("clean", table, "--steps", steps, "-o", tmp_path / "clean.csv").code == 3
    assert not list(tmp_path.glob(".tmp-*"))

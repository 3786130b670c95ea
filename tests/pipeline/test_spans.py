"""Spans: which files they are, how they are ordered and chosen, and what a run with spans finds, remembers and refuses."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import seakeep
from seakeep.pipeline import Spans, run
from seakeep.pipeline.errors import BadPipeline, CannotRun
from seakeep.pipeline.spans import order
from seakeep.pipeline.spans.errors import BadSpan, BadSpans
from seakeep.registry import Registry

from .conftest import folder_of, names, rows

NAMES = ["read", "profile", "validate", "train", "evaluate", "register"]


def cached(result) -> list[str]:
    return [stage.stage for stage in result.stages if stage.cached]


def used(project, result) -> tuple[str, str]:
    with Registry(project.home) as registry:
        made_from = registry.resolve(result.release).release.made_from
    return made_from["training_spans"], made_from["held_out_spans"]


def test_what_the_star_matched_is_the_name_and_names_are_in_natural_order(tmp_path) -> None:
    folder = folder_of(tmp_path, "d/week-10.csv", "d/week-9.csv", "d/week-9.txt", "d/.week-8.csv", "d/week-11.csv.tmp")
    assert names(Spans("d/week-*.csv").find(folder)) == ["9", "10"]
    assert names(Spans(str(folder / "d" / "week-*.csv")).find(Path("/"))) == ["9", "10"]


def test_folders_are_spans_too_also_in_the_middle_of_a_path(tmp_path) -> None:
    folder = folder_of(tmp_path, "d/month=2/a.csv", "d/month=1/a.csv", "d/month=3/b.csv", "d/other/a.csv")
    assert names(Spans("d/month=*").find(folder)) == ["1", "2", "3"]
    assert names(Spans("d/month=*/").find(folder)) == ["1", "2", "3"]
    assert names(Spans("d/month=*/a.csv").find(folder)) == ["1", "2"]


def test_other_signs_of_patterns_stand_for_themselves(tmp_path) -> None:
    folder = folder_of(tmp_path, "[a]/x?-1.csv", "a/xy-2.csv")
    assert names(Spans("[a]/x?-*.csv").find(folder)) == ["1"]


def test_the_newest_are_used_and_the_last_of_them_held_out(tmp_path) -> None:
    folder = folder_of(tmp_path, *(f"m-{n:02}" for n in range(1, 13)))
    chosen = Spans("m-*", newest=6).select(folder)
    assert (names(chosen.training), names(chosen.held_out)) == (["07", "08", "09", "10", "11"], ["12"])
    chosen = Spans("m-*", newest=4, held_out=2).select(folder, upto="09", without=["08"])
    assert (names(chosen.training), names(chosen.held_out)) == (["05", "06"], ["07", "09"])
    assert names(Spans("m-*").select(folder).all) == [f"{n:02}" for n in range(1, 13)]
    assert names(Spans("m-*", newest=40).select(folder).training) == [f"{n:02}" for n in range(1, 12)]


@given(st.lists(st.text("0123456789ab-", min_size=1, max_size=8)))
def test_natural_order_is_an_order_of_its_own(given_names) -> None:
    ordered, backwards = sorted(given_names, key=order), given_names[::-1]
    assert ordered == sorted(backwards, key=order)
    numbers = [name for name in ordered if name.isdecimal()]
    assert [int(name) for name in numbers] == sorted(int(name) for name in numbers)


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda: Spans("data/x.csv"), "has 0 stars, expected one"),
        (lambda: Spans("data/*/x-*.csv"), "has 2 stars, expected one"),
        (lambda: Spans("data/**"), "has 2 stars, expected one"),
        (lambda: Spans(3), "pattern=…. is 3, expected a path"),
        (lambda: Spans("m-*", held_out=0), "held_out=…. is 0, expected a whole number of at least 1"),
        (lambda: Spans("m-*", held_out=True), "held_out=…. is True"),
        (lambda: Spans("m-*", newest=1), "newest=…. is 1, expected a whole number above held_out=1"),
        (lambda: Spans("m-*", newest=2.5), "newest=…. is 2.5"),
    ],
)
def test_spans_that_cannot_be_are_refused_as_they_are_declared(make, told) -> None:
    with pytest.raises(BadSpans, match=told) as caught:
        make()
    assert "seakeep.Spans(" in caught.value.fix


def test_spans_that_are_not_there_are_told(tmp_path) -> None:
    folder = folder_of(tmp_path, "m-2013-01", "m-2013-02")
    with pytest.raises(BadSpans, match="no file or folder matches the spans' pattern 'n-\\*'"):
        Spans("n-*").select(folder)
    with pytest.raises(BadSpans, match=r"there are 2 spans \(2013-01, 2013-02\), expected at least 3"):
        Spans("m-*", held_out=2).select(folder)
    with pytest.raises(BadSpans, match=r"there are 1 spans \(2013-01\), expected at least 2"):
        Spans("m-*").select(folder, without=["2013-02"])
    with pytest.raises(BadSpans, match="there is no span '2013-03'") as caught:
        Spans("m-*").select(folder, upto="2013-03")
    assert "Did you mean '2013-0" in caught.value.cause
    with pytest.raises(BadSpans, match="there is no span 'x'") as caught:
        Spans("m-*").select(folder, without=["x"])
    assert "The newest: 2013-01, 2013-02." in caught.value.cause


def test_a_declaration_says_what_else_cannot_stand_beside_spans() -> None:
    def declared(**more):
        return seakeep.Pipeline(name="t", read=lambda paths: None, features=None, estimator=None, **more)

    with pytest.raises(BadSpans, match=r"spans and held_out=0\.5, expected one of them"):
        declared(spans=Spans("m-*"), held_out=0.5)
    with pytest.raises(BadPipeline, match=r"Pipeline\(spans=…\) is 'm-\*', expected a seakeep.Spans"):
        declared(spans="m-*")
    for window in ("7", "a week", 7):
        with pytest.raises(BadPipeline, match=r"Pipeline\(window=…\) is .*, expected a length of time"):
            declared(window=window)
    assert declared(window="7d").window == "7d"


def test_a_run_trains_on_the_newest_spans_and_says_which(monthly) -> None:
    result = run(monthly.file)
    assert used(monthly, result) == ("2013-02, 2013-03", "2013-04")
    with Registry(monthly.home) as registry:
        read = registry.executions.of_run(result.run)[0]
        files = {edge.source.name for edge in registry.lineage("tips").edges if edge.source.kind == "file"}
    assert read.parameters["spans"] == {"training": {"2013-02": 50, "2013-03": 50}, "held_out": {"2013-04": 50}}
    assert "held_out" not in read.parameters
    assert {Path(name).name for name in files} == {f"m-2013-{n:02}.csv" for n in (2, 3, 4)}


def test_a_second_run_with_spans_finds_everything_and_imports_nothing(monthly, monkeypatch) -> None:
    first = run(monthly.file)
    monthly.calls()
    monkeypatch.setattr("seakeep.pipeline.load.load_pipeline", None)
    again = run(monthly.file)
    assert cached(again) == NAMES
    assert (again.release, monthly.calls()) == (first.release, [])


def test_a_new_span_moves_the_window_on(monthly) -> None:
    run(monthly.file)
    monthly.month(5)
    again = run(monthly.file)
    assert cached(again) == []
    assert used(monthly, again) == ("2013-03, 2013-04", "2013-05")


def test_a_changed_span_counts_only_while_it_is_used(monthly) -> None:
    run(monthly.file)
    monthly.month(1, rows(0, 20))
    assert cached(run(monthly.file)) == NAMES
    monthly.month(3, rows(150, 190))
    assert "read" not in cached(run(monthly.file))


def test_a_run_as_of_an_earlier_span_or_without_one_is_another_run(monthly) -> None:
    newest = run(monthly.file)
    earlier = run(monthly.file, span="2013-03")
    assert used(monthly, earlier) == ("2013-01, 2013-02", "2013-03")
    assert cached(run(monthly.file, span="2013-03")) == NAMES
    without = run(monthly.file, without=["2013-03"])
    assert used(monthly, without) == ("2013-01, 2013-02", "2013-04")
    named = run(monthly.file, span="2013-04")
    assert (named.release, cached(named)) == (newest.release, NAMES[1:])


def test_a_new_span_that_arrives_while_a_stage_runs_does_not_disturb_it(monthly) -> None:
    monthly.edit(
        '    note("train")', '    note("train"); (HERE / "data" / "m-2013-05.csv").write_text("trip,fare,zone,tip\\n")'
    )
    assert used(monthly, run(monthly.file)) == ("2013-02, 2013-03", "2013-04")


def test_a_span_that_arrives_between_the_cache_and_a_stage_is_noticed(monthly) -> None:
    run(monthly.file, stage="read")
    run(monthly.file, stage="profile")
    run(monthly.file, stage="validate")
    from seakeep.pipeline import work

    before = work.Work.parts

    def late(self):
        monthly.month(5)
        return before(self)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(work.Work, "parts", late)
        with pytest.raises(CannotRun, match="data changed while stage read was running"):
            run(monthly.file, stage="train")


def test_an_empty_span_is_named(monthly) -> None:
    monthly.month(3, "trip,fare,zone,tip\n")
    with pytest.raises(BadSpan, match=r"span 2013-03 has no rows") as caught:
        run(monthly.file)
    assert "--without 2013-03" in caught.value.fix
    assert used(monthly, run(monthly.file, without=["2013-03"])) == ("2013-01, 2013-02", "2013-04")


def test_a_torn_span_is_named(monthly) -> None:
    monthly.month(3).write_bytes(b"")
    with pytest.raises(BadSpan, match=r"span 2013-03 (cannot be read|has no rows)"):
        run(monthly.file)


def test_spans_may_be_folders_and_a_new_file_in_one_is_noticed(monthly) -> None:
    for number in range(1, 5):
        folder = monthly.folder / "data" / f"month={number}"
        folder.mkdir()
        monthly.month(number).rename(folder / "a.csv")
    monthly.edit("data/m-*.csv", "data/month=*")
    assert used(monthly, run(monthly.file)) == ("2, 3", "4")
    assert cached(run(monthly.file)) == NAMES
    (monthly.folder / "data" / "month=3" / "b.csv").write_text(rows(300, 320))
    assert "read" not in cached(run(monthly.file))


def test_a_span_of_a_pipeline_without_spans_is_refused(project) -> None:
    with pytest.raises(BadSpans, match="the pipeline has no spans, so none can be chosen"):
        run(project.file, span="2013-01")


def test_declaring_spans_loads_no_polars() -> None:
    import subprocess

    program = "import sys, seakeep; seakeep.Spans('m-*', newest=3).find('.'); assert 'polars' not in sys.modules"
    subprocess.run([sys.executable, "-c", program], check=True)

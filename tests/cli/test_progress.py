"""How a run looks: one line a stage, a clock on a terminal, and what did not pass at the end."""

from __future__ import annotations

import sys

import pytest
from click import unstyle

from seakeep.cli import _progress
from seakeep.core import Check, Verdict
from seakeep.pipeline.results import RunResult, StageResult
from seakeep.views.figures import seconds, size


@pytest.fixture
def project(tmp_path, monkeypatch) -> tuple[str, str]:
    """A pipeline's file and its registry's folder; the working folder is theirs."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("SEAKEEP_HOME", raising=False)
    (tmp_path / "seakeep.toml").write_text("")
    return str(tmp_path / "pipeline.py"), str(tmp_path / ".seakeep")


def stage(
    name: str = "train", *, cached: bool = False, verdict: str = "pass", notes: tuple[str, ...] = ()
) -> StageResult:
    return StageResult(name, verdict, cached, 1.5, 2.5, 300 << 20, 9.0, 1, (), (), ("/r/x.html",), notes)  # type: ignore[arg-type]


def test_a_stage_is_one_line_with_its_costs() -> None:
    assert unstyle(_progress.line(stage())).split() == [
        "train",
        "pass",
        *f"{seconds(1.5)} {seconds(2.5)} CPU {size(300 << 20)}".split(),
    ]
    assert unstyle(_progress.line(stage(cached=True))).split() == [
        "train",
        "pass",
        "cached",
        *f"(took {seconds(9.0)})".split(),
    ]


def test_without_a_terminal_rich_is_not_asked(capsys) -> None:
    with _progress.Lines() as lines:
        lines.started("train")
        lines.finished(stage(notes=("written to x",)))
    out, err = capsys.readouterr()
    assert out.startswith("train     pass")
    assert err == "  written to x\n"


def test_on_a_terminal_a_clock_runs_while_a_stage_is_at_work(capsys, monkeypatch) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    with _progress.Lines() as lines:
        lines.started("train")
        assert lines._clock is not None
        lines.finished(stage())
        assert lines._clock is None
        lines.started("evaluate")
    assert lines._clock is None
    assert "train     pass" in unstyle(capsys.readouterr().out)


def test_the_ending_names_checks_release_and_pages(project) -> None:
    check = Check("metric.at_least", "roc_auc", Verdict.FAIL, "roc_auc is 0.5", fix="See errors.")
    failed = RunResult("r", "tips", *project, (stage(verdict="fail"),), (check,))
    text = unstyle(_progress.ending(failed))
    assert "fail  metric.at_least roc_auc: roc_auc is 0.5\n      See errors." in text
    assert "no release was made" in text
    made = RunResult("r", "tips", *project, (stage(),), (), "d" * 64, "tips@1", "/h/releases/d", "tips@1")
    assert _progress.ending(made).splitlines() == [
        "",
        "release tips@1  dddddddddddd  /h/releases/d",
        "page    /r/x.html",
        "",
        "next: seakeep serve tips",
    ]


def test_the_ending_says_how_to_roll_out_a_release_that_waits(project) -> None:
    waits = RunResult("r", "tips", *project, (stage(),), (), "d" * 64, "tips@2", "/h/releases/d", "tips@1")
    assert _progress.ending(waits).splitlines()[-2:] == [
        "tips@2 passed and waits: tips@1 is the champion",
        "next: seakeep rollout start tips",
    ]


def test_the_ending_says_how_to_serve_a_release_that_is_not_the_champion(project) -> None:
    stages = (stage(verdict="inconclusive"),)
    kept = RunResult("r", "tips", *project, stages, (), "d" * 64, "tips@2", "/h/releases/d")
    assert _progress.ending(kept).splitlines()[-2:] == [
        "tips@2 is kept, but it is not the champion: not every check passed",
        "next: seakeep serve tips@2",
    ]


def test_the_next_line_can_be_typed_where_the_run_was(project, monkeypatch, tmp_path) -> None:
    folder = tmp_path / "trips one"
    folder.mkdir()
    (folder / "seakeep.toml").write_text("")
    (tmp_path / "seakeep.toml").unlink()
    below = RunResult(
        "r", "tips", str(folder / "p.py"), str(folder / ".seakeep"), (stage(),), label="t@1", champion="t@1"
    )
    assert _progress.ending(below).splitlines()[-1] == "next: cd 'trips one' && seakeep serve t"
    elsewhere = RunResult("r", "tips", str(folder / "p.py"), "/else where", (stage(),), label="t@1", champion="t@1")
    assert _progress.ending(elsewhere).splitlines()[-1] == "next: seakeep serve t --home '/else where'"
    (tmp_path / "seakeep.toml").write_text("[")
    assert "cd 'trips one' && " in _progress.ending(below)
    monkeypatch.chdir(folder)
    assert _progress.ending(below).splitlines()[-1] == "next: seakeep serve t"

"""The runner: what is done, what is found, what stops a run, and that a second run asks the same questions."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from seakeep.core import Verdict, locks
from seakeep.core.errors import UsageError
from seakeep.pipeline import run
from seakeep.pipeline.errors import BadPipeline, CannotRun, StageBroke
from seakeep.registry import Registry
from seakeep.registry.errors import TornRelease

HOLD = """
import sys, time
from pathlib import Path
from seakeep.core import locks
with locks.alone(Path(sys.argv[1])):
    time.sleep(60)
"""
NAMES = ["read", "profile", "validate", "train", "evaluate", "register"]


def cached(result) -> list[str]:
    return [stage.stage for stage in result.stages if stage.cached]


def promote(project, result) -> None:
    """Put a run's release in charge, as a rollout's end does."""
    with Registry(project.home) as registry:
        name, _, version = result.label.partition("@")
        registry.promote(name, int(version), why="a test says so")


def test_a_run_makes_a_release(project) -> None:
    result = run(project.file)
    assert [stage.stage for stage in result.stages] == NAMES
    assert result.verdict is Verdict.PASS
    assert result.label == "tips@1"
    with Registry(project.home) as registry:
        found = registry.resolve("tips", check=True)
        assert registry.verify().verdict is Verdict.PASS
    assert set(found.release.made_from) == {"training", "held_out", "schema", "model", "code"}
    assert (found.folder / "card.md").exists()


def test_every_stage_has_its_costs_and_pages_on_record(project) -> None:
    result = run(project.file)
    with Registry(project.home) as registry:
        executions = registry.executions.of_run(result.run)
    assert [each.stage for each in executions] == NAMES
    assert all(each.wall_seconds > 0 and each.peak_bytes > 1 << 20 for each in executions)
    assert {each.parameters["peak_is"] for each in executions} <= {"stage", "process"}
    pages = [page for stage in result.stages for page in stage.pages]
    assert len(pages) == 7
    assert all(Path(page).read_text().startswith("<!") for page in pages)


def test_a_second_run_finds_everything_and_calls_nothing(project) -> None:
    first = run(project.file)
    project.calls()
    again = run(project.file)
    assert cached(again) == NAMES
    assert project.calls() == []
    assert (again.release, again.label, again.verdict) == (first.release, first.label, first.verdict)
    assert again.stages[3].first_seconds == first.stages[3].wall_seconds


def test_without_cache_everything_is_done_and_comes_to_the_same_release(project) -> None:
    first = run(project.file)
    again = run(project.file, cache=False)
    assert cached(again) == []
    assert (again.release, again.label) == (first.release, "tips@1")


def test_changed_sources_do_everything_again(project) -> None:
    run(project.file)
    project.edit("Constant()", "Constant(1)")
    again = run(project.file)
    assert cached(again) == []
    assert again.label == "tips@2"


def test_a_module_that_the_pipeline_imports_counts_as_its_source(project) -> None:
    (project.folder / "helper.py").write_text("NAME = 'Constant(1)'\n")
    project.edit("import seakeep\n", "import seakeep\nimport helper\n")
    project.edit('estimator="Constant()"', "estimator=helper.NAME")
    run(project.file)
    (project.folder / "helper.py").write_text("NAME = 'Constant(22)'\n")
    again = run(project.file)
    assert cached(again) == []
    with Registry(project.home) as registry:
        assert '"Constant(22)"' in (registry.resolve(again.label).folder / "model.json").read_text()


def test_changed_data_is_noticed(project) -> None:
    run(project.file)
    path = project.folder / "data" / "a.csv"
    path.write_text(path.read_text().replace("0.5,", "0.6,"))
    assert "read" not in cached(run(project.file))


def test_a_new_file_is_noticed(project) -> None:
    from_one = run(project.file)
    lines = (project.folder / "data" / "a.csv").read_text().splitlines()
    (project.folder / "data" / "b.csv").write_text("\n".join([lines[0], *lines[100:]]) + "\n")
    (project.folder / "data" / "a.csv").write_text("\n".join(lines[:100]) + "\n")
    both = run(project.file)
    assert "read" not in cached(both)
    assert both.release != from_one.release


def test_touched_files_of_the_same_content_are_found(project) -> None:
    run(project.file)
    path = project.folder / "data" / "a.csv"
    os.utime(path, (1, 1))
    project.calls()
    assert cached(run(project.file)) == NAMES
    path.write_text(path.read_text())
    assert cached(run(project.file)) == NAMES
    assert project.calls() == []


def test_data_that_change_back_are_found_again(project) -> None:
    first = run(project.file)
    path = project.folder / "data" / "a.csv"
    before = path.read_text()
    path.write_text(before.replace("0.5,", "0.6,"))
    promote(project, run(project.file))
    path.write_text(before)
    again = run(project.file)
    assert cached(again) == NAMES[:4]  # judged anew, since there is another champion by now
    assert again.stages[3].outputs == first.stages[3].outputs


def test_a_removed_release_is_made_again(project) -> None:
    first = run(project.file)
    (project.home / "releases" / first.release / "release.json").unlink()
    again = run(project.file)
    assert again.release == first.release
    with Registry(project.home) as registry:
        registry.resolve("tips", check=True)


@pytest.mark.parametrize("name", ["release.json", "model.onnx", "reports/evaluation.json", "card.md"])
@pytest.mark.parametrize("tear", [Path.unlink, lambda path: path.write_bytes(b"torn")], ids=["missing", "cut short"])
def test_a_torn_release_is_mended(project, name, tear) -> None:
    first = run(project.file)
    tear(project.home / "releases" / first.release / name)
    again = run(project.file)
    assert cached(again) == NAMES[:-1]
    assert again.release == first.release
    with Registry(project.home) as registry:
        assert registry.resolve("tips", check=True).version == 1
    assert cached(run(project.file)) == NAMES


def test_a_removed_object_is_made_again(project) -> None:
    first = run(project.file)
    for path in project.home.glob("objects/*/*"):
        path.unlink()
    again = run(project.file)
    assert again.release == first.release


def test_the_schema_is_inferred_once_and_then_enforced(project) -> None:
    result = run(project.file)
    path = project.folder / "tips.schema.yaml"
    assert "label: tip" in path.read_text()
    assert "review it and commit it" in result.stage("validate").notes[0]
    with Registry(project.home) as registry:
        before = registry.lineage("tips").edges
        assert not any(edge.source.name == str(path) for edge in before)
    path.write_text(path.read_text().replace("kind: string", "kind: integer", 1))
    again = run(project.file)
    assert again.verdict is Verdict.FAIL
    assert again.stages[-1].stage == "validate"
    assert again.release == ""


def test_a_deleted_schema_is_inferred_again_to_the_same_release(project) -> None:
    first = run(project.file)
    (project.folder / "tips.schema.yaml").unlink()
    again = run(project.file)
    assert "validate" not in cached(again)
    assert "train" in cached(again)
    assert again.release == first.release


def test_a_schema_of_other_roles_is_refused(project) -> None:
    run(project.file)
    path = project.folder / "tips.schema.yaml"
    path.write_text(path.read_text().replace("key: trip", "key: zone"))
    with pytest.raises(BadPipeline, match="the read function names 'trip' as the key, the schema 'zone'"):
        run(project.file)


def test_a_column_known_afterwards_must_be_so_in_the_schema_too(project) -> None:
    run(project.file)
    project.edit("    train=train,\n", '    train=train,\n    after=["zone"],\n')
    with pytest.raises(BadPipeline, match="column 'zone' is not known before the prediction"):
        run(project.file)


def test_a_failing_stage_ends_the_run_and_is_found_again(project) -> None:
    project.edit('return judged("evaluation", value', 'return judged("evaluation", Verdict.FAIL, value')
    first = run(project.file)
    assert [stage.stage for stage in first.stages] == NAMES[:5]
    assert (first.verdict, first.label) == (Verdict.FAIL, "")
    assert [check.code for check in first.not_passed] == ["evaluation.x"]
    again = run(project.file)
    assert cached(again) == NAMES[:5]
    assert again.not_passed == first.not_passed
    with Registry(project.home) as registry:
        assert registry.releases() == ()


def test_an_inconclusive_stage_goes_on_and_makes_no_champion(project) -> None:
    project.edit('return judged("evaluation", value', 'return judged("evaluation", Verdict.INCONCLUSIVE, value')
    result = run(project.file)
    assert (result.verdict, result.label) == (Verdict.INCONCLUSIVE, "tips@1")
    assert result.verdict.exit_code == 2
    with Registry(project.home) as registry:
        assert registry.champion("tips") is None


def test_a_later_release_waits_and_is_compared_with_the_champion_that_there_is(project) -> None:
    first = run(project.file)
    assert (first.waits, first.champion) == (False, "tips@1")
    project.edit("Constant()", "Constant(1)")
    second = run(project.file)
    assert (second.label, second.waits, second.champion) == ("tips@2", True, "tips@1")
    project.edit("Constant(1)", "Constant(2)")
    third = run(project.file)
    with Registry(project.home) as registry:
        assert registry.champion("tips").label == "tips@1"
        assert registry.resolve(third.label).release.made_from["champion"] == first.release
    promote(project, third)
    assert (run(project.file).waits, run(project.file).champion) == (False, "tips@3")


def test_running_again_after_a_release_compares_with_what_it_was_compared_with(project) -> None:
    run(project.file)
    project.edit("Constant()", "Constant(1)")
    second = run(project.file)
    promote(project, second)
    with Registry(project.home) as registry:
        assert registry.resolve("tips@2").release.made_from["champion"] == registry.resolve("tips@1").release.digest
    assert cached(run(project.file)) == NAMES
    again = run(project.file, cache=False)
    assert again.release == second.release


def test_a_new_champion_from_elsewhere_is_judged_against_anew(project) -> None:
    run(project.file)
    project.edit("Constant()", "Constant(1)")
    promote(project, run(project.file))
    project.edit("Constant(1)", "Constant()")
    back = run(project.file)
    assert cached(back) == NAMES[:4]
    assert back.label == "tips@3"
    with Registry(project.home) as registry:
        assert registry.resolve("tips@3").release.made_from["champion"] == registry.resolve("tips@2").release.digest


def test_a_champion_that_cannot_answer_for_todays_table_is_compared_by_its_report(project) -> None:
    project.edit("import seakeep\n", "import seakeep\nfrom seakeep.core.errors import SchemaMismatch\n")
    run(project.file)
    project.edit("Constant()", "Constant(1)")
    project.edit(
        '    note("evaluate")',
        '    note("evaluate")\n    if given["champion_predictor"]: raise SchemaMismatch("column \'age\' is missing")\n'
        '    assert given["champion"].kind == "evaluation" and given["champion_model"] is None',
    )
    result = run(project.file)
    assert result.stage("evaluate").notes == (
        "tips@1 cannot answer for this table (column 'age' is missing), so its own report was compared with",
    )


def test_a_champion_that_is_torn_is_named(project) -> None:
    first = run(project.file)
    (project.home / "releases" / first.release / "model.onnx").write_bytes(b"torn")
    project.edit("Constant()", "Constant(1)")
    with pytest.raises(TornRelease, match="its manifest says"):
        run(project.file)


def test_one_stage_runs_alone_when_its_inputs_are_on_record(project) -> None:
    for number, name in enumerate(NAMES):
        result = run(project.file, stage=name)
        assert [stage.stage for stage in result.stages] == [name]
        assert not result.stages[0].cached, number
    assert cached(run(project.file)) == NAMES


def test_a_stage_whose_inputs_are_not_on_record_says_what_comes_first(project) -> None:
    with pytest.raises(CannotRun, match="stage train needs what stage profile makes") as caught:
        run(project.file, stage="train")
    assert caught.value.fix.endswith("--stage profile")


def test_a_stage_after_a_failed_one_does_not_run(project) -> None:
    project.edit('return Trained(model, judged("training"))', 'return Trained(model, judged("training", Verdict.FAIL))')
    run(project.file)
    with pytest.raises(CannotRun, match="stage evaluate does not run, since stage train failed"):
        run(project.file, stage="evaluate")


def test_without_cache_only_the_stage_asked_for_is_done_again(project) -> None:
    run(project.file)
    project.calls()
    result = run(project.file, stage="train", cache=False)
    assert [(stage.stage, stage.cached) for stage in result.stages] == [("train", False)]
    assert project.calls() == ["read", "train"]


def test_a_relative_path_is_read_again_from_another_folder(project, monkeypatch) -> None:
    project.edit('HERE / "data" / "*.csv"', '"data/*.csv"')
    monkeypatch.chdir(project.folder)
    first = run(project.file)
    other = project.folder / "other"
    (other / "data").mkdir(parents=True)
    (other / "data" / "a.csv").write_text((project.folder / "data" / "a.csv").read_text().replace("0.5", "0.7"))
    monkeypatch.chdir(other)
    assert run(project.file).release != first.release
    monkeypatch.chdir(project.folder)
    assert run(project.file).stages[0].cached


def test_threads_are_limited_before_the_libraries_load(project) -> None:
    project.edit('    note("read")', '    import polars; note(f"threads={polars.thread_pool_size()}")')
    project.edit(
        "import seakeep\n",
        "import seakeep\nimport seakeep.serving\nseakeep.serving.OnnxPredictor = lambda model: model\n",
    )
    (project.folder / "seakeep.toml").write_text("[run]\nthreads = 1\n")
    command = [sys.executable, "-c", "from seakeep.cli import main; main()", "run", str(project.file)]
    subprocess.run(command, check=True, capture_output=True)
    assert set(project.calls()) == {"threads=1", "train", "evaluate"}


def test_an_unknown_stage_is_told_the_nearest(project) -> None:
    with pytest.raises(UsageError, match="there is no stage 'trian'") as caught:
        run(project.file, stage="trian")
    assert "'train'" in caught.value.cause


def test_an_exception_of_the_projects_own_code_names_its_line_and_is_on_record(project) -> None:
    project.edit('    note("train")', '    note("train"); 1 / 0')
    with pytest.raises(
        StageBroke, match=r"stage train broke off: ZeroDivisionError: division by zero \(pipeline.py:\d+ in train\)"
    ):
        run(project.file)
    project.edit("; 1 / 0", "")
    result = run(project.file)
    assert result.label == "tips@1"
    with Registry(project.home) as registry:
        rows = registry._connection.execute("SELECT stage, verdict FROM executions WHERE verdict = 'error'")
    assert rows == [("train", "error")]


def test_the_projects_code_cannot_end_the_process(project) -> None:
    project.edit('    note("train")', "    raise SystemExit(0)")
    with pytest.raises(StageBroke, match="stage train broke off: SystemExit"):
        run(project.file)


def test_a_read_function_that_returns_a_table_is_refused(project) -> None:
    project.edit('return seakeep.read(HERE / "data" / "*.csv", label="tip", key="trip")', "return 3")
    with pytest.raises(BadPipeline, match=r"returned a int, expected a seakeep\.Dataset"):
        run(project.file)


def test_a_dataset_without_a_label_is_refused(project) -> None:
    project.edit('label="tip", ', "")
    with pytest.raises(BadPipeline, match="the dataset has no label"):
        run(project.file)


def test_an_empty_held_out_part_is_refused(project) -> None:
    project.edit("    train=train,\n", "    train=train,\n    held_out=0.0001,\n")
    with pytest.raises(BadPipeline, match="the held_out part of the dataset has no rows"):
        run(project.file)


def test_data_in_memory_are_read_every_time_unless_their_files_are_named(project) -> None:
    project.edit("import seakeep\n", "import polars as pl\nimport seakeep\n")
    project.edit('seakeep.read(HERE / "data" / "*.csv"', 'seakeep.read(pl.read_csv(HERE / "data" / "a.csv")')
    first = run(project.file)
    assert "watch=" in first.stage("read").notes[0]
    assert cached(run(project.file)) == NAMES[1:]
    project.edit("    train=train,\n", '    train=train,\n    watch=["data/*.csv"],\n')
    run(project.file)
    project.calls()
    assert cached(run(project.file)) == NAMES
    assert project.calls() == []
    (project.folder / "data" / "a.csv").write_text(
        (project.folder / "data" / "a.csv").read_text().replace("0.5", "0.7")
    )
    assert "read" not in cached(run(project.file))


def test_data_that_change_while_a_stage_runs_are_noticed(project) -> None:
    project.edit(
        '    note("train")', '    note("train"); (HERE / "data" / "a.csv").write_text("trip,fare,zone,tip\\n")'
    )
    with pytest.raises(CannotRun, match="data changed while stage train was running"):
        run(project.file)


def test_sources_that_change_while_they_are_read_are_noticed(project) -> None:
    project.edit("import seakeep\n", 'import seakeep\nPath(__file__).with_name("new.py").write_text("")\n')
    with pytest.raises(CannotRun, match="sources changed while they were being read"):
        run(project.file)


def test_leftovers_of_a_killed_run_are_removed_by_the_next(project) -> None:
    leftovers = [
        project.home / "releases" / ".tmp-1",
        project.home / "objects" / "ab" / ".tmp-2",
        project.folder / ".tmp-3-tips.schema.yaml",
    ]
    for path in leftovers:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("half")
    run(project.file)
    assert not [path for path in leftovers if path.exists()]


def test_a_run_waits_for_another_of_the_same_pipeline(project) -> None:
    notes: list[str] = []

    class Watching:
        def started(self, stage: str) -> None: ...
        def finished(self, result: object) -> None: ...
        def noted(self, message: str) -> None:
            notes.append(message)
            holder.terminate()

    run(project.file)
    project.edit("Constant()", "Constant(1)")
    (path,) = (project.home / "locks").glob("run-*")
    holder = subprocess.Popen([sys.executable, "-c", HOLD, str(path)])
    deadline = time.monotonic() + 30
    while locks.holder(path) != holder.pid and time.monotonic() < deadline:
        time.sleep(0.01)
    result = run(project.file, observer=Watching())
    holder.wait()
    assert result.label == "tips@2"
    assert f"process {holder.pid}" in notes[0]


FULL = """
import resource, signal, sys
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[1]), resource.RLIM_INFINITY))
import seakeep.serving
seakeep.serving.OnnxPredictor = lambda model: model
from seakeep.cli._main import code_of
sys.exit(code_of(["run", sys.argv[2]]))
"""


@pytest.mark.parametrize("size", [2_000, 10_000, 40_000, 300_000])
def test_where_no_more_can_be_written_the_run_says_so_and_the_next_one_goes_on(project, size) -> None:
    """A limit on the size of files stands for a full disk: any file, the database's too, may be the one that hits it."""
    command = [sys.executable, "-c", FULL, str(size), str(project.file)]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert done.returncode in (0, 3)
    assert "Traceback" not in done.stderr
    result = run(project.file)
    assert result.label == "tips@1"
    with Registry(project.home) as registry:
        assert registry.verify().verdict is Verdict.PASS
    assert not list(project.folder.rglob(".tmp-*"))


def test_another_home_knows_nothing_of_this_one(project, tmp_path) -> None:
    run(project.file)
    other = run(project.file, home=tmp_path / "elsewhere")
    assert cached(other) == []
    assert other.label == "tips@1"
    assert (tmp_path / "elsewhere" / "registry.sqlite").exists()


def test_a_copy_of_the_project_elsewhere_makes_the_same_release(project, tmp_path) -> None:
    import shutil

    first = run(project.file)
    ignored = shutil.ignore_patterns(".seakeep", "calls.log", "copy")
    shutil.copytree(project.folder, tmp_path / "copy", ignore=ignored)
    assert run(tmp_path / "copy" / "pipeline.py").release == first.release


def test_a_file_that_appears_where_a_watched_pattern_looks_is_noticed(project) -> None:
    (project.folder / "codes" / "deep").mkdir(parents=True)
    project.edit('    estimator="Constant()",\n', '    estimator="Constant()",\n    watch=["codes/**/*.txt"],\n')
    run(project.file)
    assert cached(run(project.file)) == NAMES
    (project.folder / "codes" / "deep" / "new.txt").write_text("1")
    assert "read" not in cached(run(project.file))
    assert cached(run(project.file)) == NAMES
    (project.folder / "codes" / "deep" / "new.txt").write_text("22")
    assert "read" not in cached(run(project.file))

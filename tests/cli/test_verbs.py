"""Every verb: its exit codes, its JSON, its help."""

from __future__ import annotations

import errno
import json
import re
from pathlib import Path

import polars as pl
import pytest

import seakeep
from seakeep.cli._main import SECTIONS, Verbs, code_of
from seakeep.cli._main import seakeep as command_line

VERBS = [name for name in Verbs().list_commands(None) if name != "demo"]  # type: ignore[arg-type]


def test_the_verbs_are_the_files() -> None:
    ring = {"labels", "monitor", "predictions", "retrain", "rollout"}
    single = {
        "clean",
        "inspect",
        "drift",
        "evaluate",
        "lineage",
        "profile",
        "run",
        "schema",
        "score",
        "serve",
        "show",
        "validate",
    }
    platform = {"ci", "export", "readiness", "tfx"}
    assert ring | single | platform | {"completion", "gc", "init", "releases", "tokens"} == set(VERBS)


PARTS = [f"schema {part}" for part in ("infer", "update", "rename", "diff", "merge")]
PARTS += [f"rollout {part}" for part in ("start", "status", "advance", "abort", "rollback", "serve")]
PARTS += [f"ci {part}" for part in ("check", "release", "retrain")]
PARTS += [f"tokens {part}" for part in ("add", "list", "revoke")]


@pytest.mark.parametrize("verb", [*VERBS, *PARTS])
def test_every_verb_has_help_with_an_example_and_takes_json_and_home(shell, verb) -> None:
    answer = shell(*verb.split(), "--help")
    assert answer.code == 0
    (line,) = (line for line in answer.out.splitlines() if line.startswith(f"  Example: seakeep {verb}"))
    assert answer.out.split(line)[1].startswith("\n\n"), "an example can be pasted: it is one line"
    if verb not in ("schema", "rollout", "ci", "tfx", "tokens"):
        assert "--json" in answer.out
        assert "--home DIR" in answer.out


def test_help_lists_every_verb_with_its_files_first_line(shell) -> None:
    answer = shell("--help")
    assert answer.code == 0
    assert re.search(r"^  releases +List releases: versions, verdicts, champions$", answer.out, re.MULTILINE)
    assert all(f"\n  {verb} " in answer.out for verb in VERBS)


def test_every_verb_stands_in_one_section_of_the_help() -> None:
    assert sorted(name for names in SECTIONS.values() for name in names) == sorted([*VERBS, "demo"])


def test_the_verbs_of_a_group_are_told_in_whole_sentences(shell) -> None:
    told = " ".join(shell("rollout", "--help").out.split())
    assert "abort End the rollout of NAME: its champion answers alone." in told
    assert "... " not in told.partition("Verbs:")[2]


def test_the_version_is_told(shell) -> None:
    assert shell("--version").out == f"seakeep {seakeep.__version__}\n"


def test_init_writes_a_project_and_refuses_to_write_over_one(shell, tmp_path) -> None:
    answer = shell("init", tmp_path / "my trips", "--json")
    assert answer.code == 0
    assert {Path(name).name for name in answer.json["files"]} >= {
        "pipeline.py",
        "seakeep.toml",
        "parcels.csv",
        "test_pipeline.py",
    }
    assert 'name="my-trips"' in (tmp_path / "my trips" / "pipeline.py").read_text()
    table = pl.read_csv(tmp_path / "my trips" / "data" / "parcels.csv")
    assert (table.height, table["distance_km"].null_count() > 0, table["late"].mean() > 0.1) == (2000, True, True)
    assert "synthetic" in (tmp_path / "my trips" / "data" / "README.md").read_text()
    before = (tmp_path / "my trips" / "pipeline.py").stat().st_mtime_ns
    again = shell("init", tmp_path / "my trips")
    assert again.code == 3
    assert "Nothing is written over" in again.err
    assert (tmp_path / "my trips" / "pipeline.py").stat().st_mtime_ns == before
    (tmp_path / "file").write_text("")
    assert "is not a folder" in shell("init", tmp_path / "file").err


def test_init_in_a_folder_that_has_other_files_keeps_them(shell, tmp_path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    assert shell("init", tmp_path).code == 0
    assert (tmp_path / "notes.txt").read_text() == "mine"


def test_init_that_cannot_finish_takes_back_what_it_wrote(shell, tmp_path, monkeypatch) -> None:
    from seakeep.core import files

    write = files.write_text

    def full(path, text):
        if path.name == "seakeep.toml":
            raise files.CannotWrite.because(path, OSError(errno.ENOSPC, "No space left on device"))
        write(path, text)

    monkeypatch.setattr(files, "write_text", full)
    answer = shell("init", tmp_path / "p")
    assert answer.code == 3
    assert "The disk is full" in answer.err
    assert [path for path in (tmp_path / "p").rglob("*") if path.is_file()] == []
    monkeypatch.undo()
    assert shell("init", tmp_path / "p").code == 0


def test_init_writes_the_same_data_everywhere(shell, tmp_path) -> None:
    shell("init", tmp_path / "a")
    shell("init", tmp_path / "b")
    first, second = ((tmp_path / name / "data" / "parcels.csv").read_bytes() for name in "ab")
    assert first == second


def test_a_second_run_is_cached(shell, project) -> None:
    answer = shell("run", "pipeline.py", "--json")
    assert (answer.code, answer.json["verdict"]) == (0, "pass")
    again = shell("run", "pipeline.py", "--json")
    assert [stage["stage"] for stage in again.json["stages"] if stage["cached"]] == [
        *("read", "profile", "validate", "train", "evaluate", "register")
    ]
    assert (again.json["verdict"], again.json["exit_code"], again.json["label"]) == ("pass", 0, answer.json["label"])
    lines = shell("run", "pipeline.py").out.splitlines()
    assert lines[0].startswith("read      done          cached (took ")
    assert any(line.startswith(f"release {answer.json['label']}") for line in lines)


def test_a_failing_requirement_ends_with_1_and_says_what_failed(shell, project) -> None:
    path = project / "pipeline.py"
    path.write_text(path.read_text().replace('at_least("roc_auc", 0.70)', 'at_least("roc_auc", 0.999)'))
    answer = shell("run", "pipeline.py")
    assert answer.code == 1
    assert "fail  metric.at_least roc_auc" in answer.out
    assert "no release was made" in answer.out
    assert shell("run", "pipeline.py", "--json").json["not_passed"][0]["code"] == "metric.at_least"


def test_without_a_requirement_the_run_is_inconclusive(shell, project) -> None:
    path = project / "pipeline.py"
    text = path.read_text()
    path.write_text(text[: text.index("    require=[")] + ")\n")
    answer = shell("run", "pipeline.py", "--json")
    assert (answer.code, answer.json["verdict"], answer.json["label"]) == (2, "inconclusive", "trips@2")
    assert shell("releases", "--json").json["releases"][1]["aliases"] == []


def test_one_stage_can_be_asked_for(shell, project) -> None:
    answer = shell("run", "pipeline.py", "--stage", "read", "--json")
    assert [stage["stage"] for stage in answer.json["stages"]] == ["read"]
    assert shell("run", "pipeline.py", "--stage", "raed").code == 3


def test_profile_shows_and_saves(shell, project) -> None:
    answer = shell("profile", "data/parcels.csv", "-o", "s.json", "--json")
    assert (answer.code, answer.json["rows"]) == (0, 2000)
    assert seakeep.Statistics.load(project / "s.json").rows == 2000
    assert shell("profile", "s.json").out == shell("profile", "data/parcels.csv").out
    shell("profile", "data/parcels.csv", "-o", "s.html")
    assert (project / "s.html").read_text().startswith("<!")
    assert shell("profile", "data/parcels.csv", "-o", "s.txt").code == 3
    assert shell("profile", "none.csv").code == 3


def test_profile_takes_weights_slices_a_label_and_associations(shell, project) -> None:
    pl.DataFrame({"w": [1, 2, 3], "kind": ["a", "a", "b"], "late": [1, 0, 0], "x": [1.5, 2.5, None]}).write_parquet(
        "t.parquet"
    )
    asked = (
        "profile",
        "t.parquet",
        "--weight",
        "w",
        "--by",
        "kind",
        "--by",
        "kind & late",
        "--label",
        "late",
        "--associations",
    )
    answer = shell(*asked, "--json")
    assert answer.json["slices"]["kind=a & late=0"]["rows"] == 1
    assert answer.json["conditional"]["kind"]["values"]["a"]["rows"] == 2
    assert len(answer.json["associations"]) == 6
    pl.DataFrame({f"c{at}": [1, 2] for at in range(201)}).write_parquet("wide.parquet")
    assert shell("profile", "wide.parquet", "--associations", "-o", "wide.json").code == 3
    assert not Path("wide.json").exists()
    drawn = shell(*asked).out
    assert "kind=a" in drawn
    assert "weighted mean 2.167" in drawn
    assert "Columns that say most of each other" in drawn
    assert shell("profile", "t.parquet", "--weight", "x").code == 3
    assert "first in row 2" in shell("profile", "t.parquet", "--weight", "x").err
    assert shell("profile", "t.parquet", "--by", "kin").code == 3


def test_profile_puts_tables_side_by_side(shell, project) -> None:
    pl.DataFrame({"kind": ["a", "b"], "x": [1.5, 2.5]}).write_parquet("t.parquet")
    shell("profile", "data/parcels.csv", "-o", "s.json")
    answer = shell("profile", "s.json", "t.parquet", "--html", "page.html")
    assert answer.code == 0
    assert "t.parquet" in answer.out
    assert "Distances are from s.json" in (project / "page.html").read_text()
    assert list(shell("profile", "s.json", "t.parquet", "--json").json) == ["s.json", "t.parquet"]
    shell("profile", "t.parquet", "--by", "kind", "--html", "slices.html")
    assert "kind=a" in (project / "slices.html").read_text()


def test_profile_refuses_what_cannot_be(shell, project) -> None:
    pl.DataFrame({"x": [1.5, 2.5]}).write_parquet("t.parquet")
    shell("profile", "t.parquet", "-o", "s.json")
    refused = [
        (("s.json", "--weight", "x"), "s.json holds statistics"),
        (("t.parquet", "s.json", "-o", "both.json"), "can hold the statistics of one table; 2 were named"),
        (("t.parquet", "t.parquet", "--associations"), "those of one table"),
        (("t.parquet", "--html", "page.txt"), "does not end in .html"),
    ]
    for given, message in refused:
        answer = shell("profile", *given)
        assert answer.code == 3
        assert message in answer.err


def test_validate_passes_and_fails(shell, project) -> None:
    assert shell("validate", "data/parcels.csv", "--schema", "trips.schema.yaml").code == 0
    table = pl.read_csv("data/parcels.csv").with_columns(carrier=pl.lit("stork"))
    table.write_csv("other.csv")
    answer = shell("validate", "other.csv", "--schema", "trips.schema.yaml", "--json")
    assert (answer.code, answer.json["verdict"]) == (1, "fail")
    table.drop("late", "hours_taken").write_csv("serving.csv")
    assert shell("validate", "serving.csv", "--schema", "trips.schema.yaml").code == 1
    assert shell("validate", "data/parcels.csv", "--schema", "none.yaml").code == 3


def test_schema_is_inferred_updated_renamed_and_compared(shell, project) -> None:
    assert "label: late" in shell("schema", "infer", "data/parcels.csv", "--label", "late").out
    assert shell("schema", "infer", "data/parcels.csv", "-o", "new.yaml", "--key", "parcel").code == 0
    assert shell("schema", "infer", "data/parcels.csv", "-o", "new.yaml").code == 3
    assert shell("schema", "diff", "new.yaml", "new.yaml").code == 0
    assert shell("schema", "diff", "new.yaml", "trips.schema.yaml").code == 1
    renamed = shell("schema", "rename", "new.yaml", "items", "pieces", "--json")
    assert renamed.code == 0
    assert "pieces:" in Path("new.yaml").read_text()
    assert shell("schema", "rename", "new.yaml", "itms", "x").code == 3
    Path("link.yaml").symlink_to("new.yaml")
    assert shell("schema", "rename", "link.yaml", "pieces", "bits").code == 0
    assert shell("schema", "rename", "link.yaml", "bits", "pieces").code == 0
    assert Path("link.yaml").is_symlink()
    assert "pieces:" in Path("new.yaml").read_text()
    pl.read_csv("data/parcels.csv").with_columns(pieces="items", carrier=pl.lit("stork")).write_csv("other.csv")
    updated = shell("schema", "update", "new.yaml", "other.csv")
    assert (updated.code, "stork" in Path("new.yaml").read_text()) == (0, True)
    assert "nothing to change" in shell("schema", "update", "new.yaml", "other.csv").out
    assert shell("schema").code == 3


def test_schema_update_accepts_chosen_checks_and_keeps_every_comment(shell, project) -> None:
    contract = project / "trips.schema.yaml"
    contract.write_text("# ours\n" + contract.read_text())
    pl.read_csv("data/parcels.csv").with_columns(carrier=pl.lit("stork"), more=1).write_csv("other.csv")
    chosen = shell("schema", "update", "trips.schema.yaml", "other.csv", "--accept", "schema.domain:carrier", "--json")
    assert (chosen.code, [each["subject"] for each in chosen.json["changes"]]) == (0, ["carrier"])
    assert contract.read_text().startswith("# ours\n")
    wrong = shell("schema", "update", "trips.schema.yaml", "other.csv", "--accept", "schema.unexpected_column:mor")
    assert (wrong.code, "Did you mean 'schema.unexpected_column:more'?" in wrong.err) == (3, True)
    report = shell("validate", "other.csv", "--schema", "trips.schema.yaml", "--json")
    Path("report.json").write_text(report.out)
    assert shell("schema", "update", "trips.schema.yaml", "other.csv", "--report", "report.json").code == 0
    assert shell("validate", "other.csv", "--schema", "trips.schema.yaml").code == 0
    assert shell("schema", "update", "trips.schema.yaml", "other.csv", "--report", "none.json").code == 3


def test_schema_merge_writes_a_contract_and_tells_conflicts(shell, project) -> None:
    assert shell("schema", "infer", "data/parcels.csv", "-o", "new.yaml", "--name", "trips").code == 0
    merged = shell("schema", "merge", "trips.schema.yaml", "new.yaml", "-o", "both.yaml", "--json")
    assert merged.code in (0, 2)
    assert shell("validate", "data/parcels.csv", "--schema", "both.yaml").code == 0
    assert shell("schema", "merge", "trips.schema.yaml", "new.yaml", "-o", "both.yaml").code == 3
    assert "columns:" in shell("schema", "merge", "new.yaml", "new.yaml", "--strictest").out


def test_drift_tells_moved_from_unmoved(shell, project) -> None:
    assert shell("drift", "data/parcels.csv", "data/parcels.csv").code == 0
    pl.read_csv("data/parcels.csv").with_columns(pl.col("distance_km") * 10).write_csv("far.csv")
    answer = shell("drift", "data/parcels.csv", "far.csv", "--distance", "psi=0.2", "--json")
    assert answer.code == 1
    assert {check["subject"] for check in answer.json["checks"] if check["verdict"] == "fail"} == {"distance_km"}
    assert shell("drift", "data/parcels.csv", "far.csv", "--distance", "psi").code == 3
    assert shell("drift", "data/parcels.csv", "far.csv", "--distance", "psy=0.2").code == 3


def test_evaluate_passes_fails_and_is_inconclusive(shell, project) -> None:
    given = ("evaluate", "trips", "data/parcels.csv", "--no-explain")
    assert shell(*given, "--at-least", "roc_auc=0.7", "--slice", "carrier,region", "-o", "e.html").code == 0
    assert Path("e.html").exists()
    assert shell(*given, "--at-most", "log_loss=0.0001").code == 1
    answer = shell(*given, "--json")
    assert (answer.code, answer.json["verdict"]) == (2, "inconclusive")
    assert shell("evaluate", "trips@9", "data/parcels.csv").code == 3
    assert shell(*given, "--at-least", "roc_auc").code == 3


def test_score_writes_predictions_that_can_be_traced(shell, project) -> None:
    answer = shell("score", "trips", "data/parcels.csv", "-o", "out.parquet", "--json")
    assert (answer.code, answer.json["rows"]) == (0, 2000)
    assert pl.read_parquet("out.parquet").columns[:2] == ["parcel", "prediction"]
    assert shell("score", "trips", "data/parcels.csv", "-o", "out.parquet").code == 3
    assert shell("score", "trips", "data/parcels.csv", "-o", "out.parquet", "--overwrite").code == 0
    assert shell("score", "trips", "data/parcels.csv", "-o", "all.csv", "--keep", "all").code == 0
    up = shell("lineage", "out.parquet", "--json").json
    assert str(project / "data" / "parcels.csv") in {edge["source"]["name"] for edge in up["edges"]}
    down = shell("lineage", "data/parcels.csv", "--down").out
    assert "predictions" in down


def test_score_writes_parts_sets_rows_aside_profiles_and_logs(shell, project) -> None:
    given = ("score", "trips", "data/parcels.csv", "-o", "scored/", "--part-rows", "700", "--log")
    answer = shell(*given, "--quarantine", "broken/", "--statistics", "scored.json")
    assert answer.code == 0
    assert re.search(
        r"^[\d,]+ rows in .* rows/s\): scored\n  .*rows were set aside: broken\n  [\d,]+ rows were logged$",
        answer.out.strip(),
        re.DOTALL,
    )
    good, bad = (pl.read_parquet(f"{name}/part-*.parquet") for name in ("scored", "broken"))
    assert good.height + bad.height == 2000
    assert shell("drift", "scored.json", "scored.json", "--json").json["verdict"] == "pass"
    assert shell("predictions", "trips", "--role", "batch", "--json").json["groups"][0]["rows"] == good.height
    up = {edge["source"]["name"] for edge in shell("lineage", "scored", "--json").json["edges"]}
    assert str(project / "data" / "parcels.csv") in up
    answer = shell(*given, "--json")
    assert answer.code == 3
    assert "exists already" in answer.err
    marked = shell("score", "trips", "data/parcels.csv", "-o", "marked.csv", "--broken", "mark", "--json")
    assert marked.json["broken"] == {} or sum(marked.json["broken"].values()) >= bad.height
    assert (marked.json["parts"], marked.json["logged"], marked.json["quarantine"]) == (1, 0, None)


def test_a_long_score_says_how_far_it_is_where_nobody_looks_at_a_terminal(monkeypatch, capsys) -> None:
    from seakeep.cli import score

    now = [0.0]
    monkeypatch.setattr(score.time, "monotonic", lambda: now[0])
    told = score._Told(quiet=False, writes_over=False)
    for seconds in (1, 9, 11, 12, 22):
        now[0] = float(seconds)
        told.progress(seconds * 100, 4400, float(seconds))
    told.resumed(3, 1500)
    told.over()
    assert capsys.readouterr().err.splitlines() == [
        "1,100 of 4,400 rows  100 rows/s  33 s left",
        "2,200 of 4,400 rows  100 rows/s  22 s left",
        "going on with an earlier run: 3 parts with 1,500 rows are there",
    ]


def test_releases_show_and_lineage_speak_of_what_is_on_record(shell, project) -> None:
    (listed,) = shell("releases", "trips", "--json").json["releases"]
    assert (listed["version"], listed["verdict"], listed["aliases"]) == (1, "pass", ["champion"])
    assert "trips@1" in shell("releases").out
    assert shell("releases", "tripz").code == 3
    shown = shell("show", "trips@1", "--json").json
    assert shown["reports"] == {"evaluation": "pass", "training": "pass", "validation": "pass", "validation-2": "pass"}
    assert "release trips@1 (champion)" in shell("show", listed["digest"][:10]).out
    edges = shell("lineage", "trips", "--json").json["edges"]
    for edge in edges:
        for artifact in (edge["source"], edge["target"]):
            assert shell("show", artifact["digest"]).code == 0
            assert shell("show", artifact["digest"], "--json").json["digest"] == artifact["digest"]
    assert shell("show", "nothing").code == 3
    assert shell("lineage", "trips", "--down").out.startswith("release trips@1")


def test_gc_cleans_and_finds_what_is_torn(shell, project) -> None:
    (project / ".seakeep" / ".tmp-1").write_text("half")
    answer = shell("gc", "--json")
    assert (answer.code, len(answer.json["removed"])) == (0, 1)
    next((project / ".seakeep" / "objects").glob("*/*")).write_text("torn")
    assert shell("gc").code == 1


@pytest.mark.parametrize("name", ["bash", "zsh", "fish"])
def test_completion_scripts_are_printed(shell, name) -> None:
    answer = shell("completion", name)
    assert answer.code == 0
    assert "_SEAKEEP_COMPLETE" in answer.out
    assert shell("completion", name, "--json").json["shell"] == name


def test_completion_proposes_verbs(monkeypatch) -> None:
    from click.shell_completion import ShellComplete

    class Plain(ShellComplete):
        name = "plain"

    found = Plain(command_line, {}, "seakeep", "_SEAKEEP_COMPLETE").get_completions([], "rel")
    assert [item.value for item in found] == ["releases"]


def test_serve_refuses_what_it_cannot_serve(shell, project) -> None:
    assert "there is no release 'tripz'" in shell("serve", "tripz").err
    assert "expected HOST:PORT" in shell("serve", "trips", "--http", "nowhere").err
    assert shell("serve").code == 3


def test_without_a_registry_the_places_are_told(shell, tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    answer = shell("releases")
    assert answer.code == 3
    assert str(tmp_path / ".seakeep" / "registry.sqlite") in answer.err
    assert not (tmp_path / ".seakeep").exists()


def test_home_names_another_registry(shell, project, tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert shell("releases", "--home", project / ".seakeep").code == 0


def test_the_written_projects_own_test_passes(finished, tmp_path) -> None:
    import shutil
    import subprocess
    import sys

    shutil.copytree(finished, tmp_path / "trips", ignore=shutil.ignore_patterns(".seakeep"))
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests"]
    done = subprocess.run(command, cwd=tmp_path / "trips", capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    assert "2 passed" in done.stdout


def test_json_errors_have_four_parts(shell, tmp_path) -> None:
    answer = shell("run", tmp_path / "none.py", "--json")
    plain = json.loads(answer.err)
    assert answer.code == plain["exit_code"] == 3
    assert set(plain) == {"error", "found", "where", "cause", "fix", "exit_code"}


def test_main_ends_the_process_with_the_code() -> None:
    assert code_of(["run", "none.py"]) == 3


def test_predictions_that_no_filter_lets_through_are_not_called_absent(shell, project):
    assert "trips has no predictions here yet" in shell("predictions", "trips").out
    answer = shell("predictions", "trips", "--release", "ffff")
    assert (answer.code, "has no predictions of that time, release and role" in answer.out) == (0, True)

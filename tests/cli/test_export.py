"""Exporting: what is written, what is told, what is refused; over a target of the tests' own, as a third party would add one."""

from __future__ import annotations

import json
import types
from dataclasses import dataclass
from typing import Literal

import pytest

import seakeep
from seakeep.core import Check, Report, Verdict, plugins
from seakeep.core.errors import UsageError
from seakeep.pipeline.exports import BadExport, Subject, Target, export, targets
from seakeep.pipeline.exports.targets import refuse_secret
from seakeep.pipeline.settings import Settings
from seakeep.registry import Registry


@dataclass(frozen=True, slots=True)
class Options:
    """What the tests' target can be told."""

    name: str = ""
    image: str = ""
    namespace: str = "default"
    replicas: int = 2
    share: float = 0.1
    public: bool = False
    mode: Literal["fast", "safe"] = "safe"


def files(subject: Subject, options: Options) -> dict[str, str]:
    release = subject.release
    told = f"{subject.slug} {options.namespace} {options.replicas} {options.share} {options.public} {options.mode}\n"
    found = {"deploy/main.txt": told, "README.txt": f"{release.label if release else 'nothing yet'}\n"}
    if release and release.forced:
        found["forced.txt"] = release.forced + "\n"
    if options.public:
        found["public.txt"] = "open\n"
    return found


@pytest.fixture(autouse=True)
def target(monkeypatch):
    """A third party's target `moon-base`."""
    module = types.ModuleType("moon_base", "Files for the base on the moon.\n\nMore of it.")
    vars(module).update(NEEDS="either", Options=Options, files=files, next_lines=lambda *_: ("moonctl apply",))
    point = types.SimpleNamespace(name="moon_base", load=lambda: module)
    before = plugins._third_party
    found = {"moon_base": point}
    monkeypatch.setattr(plugins, "_third_party", lambda group: found if group == "integrations" else before(group))
    return module


def tree(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_project_is_written_with_its_champion_and_twice_the_same(project, shell):
    done = shell("export", "moon-base", "pipeline.py", "-o", "out")
    assert done.code == 0, done.err
    assert "moon-base of trips, in out" in done.out
    assert "moonctl apply" in done.out
    first = tree(project / "out")
    assert first["deploy/main.txt"] == b"trips default 2 0.1 False safe\n"
    assert first["README.txt"] == b"trips@1\n"
    again = shell("export", "moon-base", project, "-o", "out", "--json")
    assert again.json["files"] == {"deploy/main.txt": "same", "README.txt": "same"}
    assert tree(project / "out") == first


@pytest.mark.parametrize("reference", ["trips", "trips@1", "trips@champion"])
def test_a_release_is_written_by_what_names_it(project, shell, reference):
    assert shell("export", "moon_base", reference, "-o", "out").code == 0
    assert (project / "out" / "README.txt").read_text() == "trips@1\n"


def test_a_releases_folder_needs_no_registry(project, tmp_path):
    with Registry.existing(project / ".seakeep") as registry:
        found = registry.resolve("trips")
    made = export("moon-base", found.folder, to=tmp_path / "out", home=tmp_path / "nowhere")
    assert made.files["README.txt"] == f"trips {found.release.digest[:12]}\n"


def test_check_says_what_is_out_of_date_and_writes_nothing(project, shell):
    assert shell("export", "moon-base", "trips", "-o", "out", "--check").code == 1
    assert not (project / "out").exists()
    shell("export", "moon-base", "trips", "-o", "out", "--set", "public=true")
    before = tree(project / "out")
    same = shell("export", "moon-base", "trips", "-o", "out", "--set", "public=true", "--check")
    assert (same.code, "out is up to date" in same.out) == (0, True)
    stale = shell("export", "moon-base", "trips", "-o", "out", "--check", "--json")
    assert stale.code == 1
    assert stale.json["files"] == {"deploy/main.txt": "changed", "README.txt": "same", "public.txt": "left over"}
    assert tree(project / "out") == before


def test_what_an_earlier_export_left_over_goes_and_nothing_else(project, shell):
    shell("export", "moon-base", "trips", "-o", "out", "--set", "public=true")
    (project / "out" / "mine.txt").write_text("mine")
    shell("export", "moon-base", "trips", "-o", "out")
    assert set(tree(project / "out")) == {"deploy/main.txt", "README.txt", "mine.txt", ".seakeep-export"}


def test_a_file_that_no_export_wrote_is_not_overwritten(project, shell):
    (project / "out").mkdir()
    (project / "out" / "README.txt").write_text("my own notes")
    done = shell("export", "moon-base", "trips", "-o", "out")
    assert done.code == 3
    assert "is no file that an export wrote" in done.err
    assert tree(project / "out") == {"README.txt": b"my own notes"}


def test_settings_of_the_project_hold_where_an_option_was_not_given(project, shell):
    with (project / "seakeep.toml").open("a") as file:
        file.write('\n[export]\nnamespace = "models"\n')
    shell("export", "moon-base", "pipeline.py", "-o", "out")
    assert " models " in (project / "out/deploy/main.txt").read_text()
    shell("export", "moon-base", "pipeline.py", "-o", "out", "--set", "namespace=other")
    assert " other " in (project / "out/deploy/main.txt").read_text()


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("replica=3", "Did you mean 'replicas'?"),
        ("replicas=many", "a whole number"),
        ("share=nan", "a number"),
        ("public=yes", "true or false"),
        ("mode=quick", "one of fast, safe"),
        ("namespace=a\nb", "without line breaks"),
        ("replicas", "is not KEY=VALUE"),
    ],
)
def test_a_wrong_option_is_told_with_what_was_expected(project, shell, given, told):
    done = shell("export", "moon-base", "trips", "-o", "out", "--set", given)
    assert done.code == 3
    assert told in done.err
    assert not (project / "out").exists()


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("image", "https://joe:hunter2@registry.example.com/x"),
        ("webhook_token", "abc"),
        ("password", "abc"),
        ("api-key", "abc"),
        ("aws.secret", "abc"),
    ],
)
def test_a_secret_is_refused_and_not_repeated(key, value):
    with pytest.raises(BadExport, match="looks like a secret") as told:
        refuse_secret(f"option {key}", key, value)
    assert value not in str(told.value)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("secret_name", "trips"),
        ("token_file", "/run/x"),
        ("password", ""),
        ("image", "registry.example.com:5000/a@sha256:1"),
    ],
)
def test_where_a_secret_is_kept_may_be_said(key, value):
    refuse_secret(f"option {key}", key, value)


def test_a_secret_in_the_settings_is_refused_too(project, shell):
    with (project / "seakeep.toml").open("a") as file:
        file.write('\n[export]\nimage = "https://joe:hunter2@registry.example.com/x"\n')
    done = shell("export", "moon-base", "pipeline.py", "-o", "out")
    assert done.code == 3
    assert "export.image" in done.err
    assert "hunter2" not in done.err


@pytest.fixture
def failed(project):
    """A release that did not pass, on record because somebody forced it."""
    found = seakeep.Registry.existing(project / ".seakeep")
    with found as registry:
        model = seakeep.Model.load(registry.resolve("trips").folder)
    report = Report(
        "evaluation", "Evaluation", "trips", (Check("metric.x", "x", Verdict.FAIL, "x is 0", fix="More x."),)
    )
    return seakeep.register("trips", model, [report], home=project / ".seakeep", force=True)


def test_a_release_that_did_not_pass_is_refused_or_marked(project, shell, failed):
    done = shell("export", "moon-base", failed.label, "-o", "out")
    assert done.code == 3
    assert "did not pass its checks" in done.err
    assert shell("export", "moon-base", failed.label, "-o", "out", "--force", "  ").code == 3
    assert not (project / "out").exists()
    assert shell("export", "moon-base", failed.label, "-o", "out", "--force", "a trial").code == 0
    assert (project / "out/forced.txt").read_text() == "a trial\n"


def test_a_release_that_passed_is_not_marked_by_force(project, shell):
    shell("export", "moon-base", "trips", "-o", "out", "--force", "to be safe")
    assert not (project / "out/forced.txt").exists()


def test_what_a_target_needs_is_said(project, shell, target):
    target.NEEDS = "project"
    done = shell("export", "moon-base", "trips", "-o", "out")
    assert "is exported from a project" in done.err
    target.NEEDS = "release"
    done = shell("export", "moon-base", "pipeline.py", "-o", "out", "--home", project / "empty")
    assert "is exported from a release" in done.err
    assert "seakeep run pipeline.py" in done.err


def test_targets_are_listed_with_their_options(shell):
    listed = shell("export", "--list", "--json").json["targets"]
    assert {"target": "moon-base", "needs": "either", "summary": "Files for the base on the moon."} in listed
    assert "moon-base" in shell("export").out
    options = shell("export", "moon-base", "--list", "--json").json["options"]
    assert options["replicas"] == 2
    assert "replicas" in shell("export", "moon-base", "--list").out


def test_an_unknown_target_is_answered_with_the_nearest(shell):
    done = shell("export", "moonbase", "pipeline.py", "-o", "out")
    assert done.code == 3
    assert "Did you mean 'moon-base'?" in done.err
    assert "moon-base" in targets()
    with pytest.raises(UsageError):
        Target.of("mars")


def test_what_and_where_are_both_needed(shell):
    assert "needs what to export, and where to" in shell("export", "moon-base", "trips").err
    assert "needs what to export, and where to" in shell("export", "moon-base").err


@pytest.mark.parametrize(
    ("name", "legal"),
    [("Flight.Delay", "flight-delay"), ("9lives", "lives"), ("a_b", "a-b"), ("x" * 60, "x" * 52), ("é!", "")],
)
def test_a_name_that_kubernetes_refuses_is_answered_with_one_that_it_takes(name, legal):
    with pytest.raises(BadExport, match="cannot be the name of an object") as told:
        _ = Subject(name, Settings()).slug
    assert told.value.legal == legal
    if legal:
        assert Subject(legal, Settings()).slug == legal


def test_the_name_may_be_given(project, shell):
    shell("export", "moon-base", "trips", "-o", "out", "--set", "name=rides")
    assert (project / "out/deploy/main.txt").read_text().startswith("rides ")


def test_the_list_of_another_target_is_kept(project, shell):
    (project / "out").mkdir()
    (project / "out/.seakeep-export").write_text(json.dumps({"other": ["a.txt"]}))
    shell("export", "moon-base", "trips", "-o", "out")
    assert json.loads((project / "out/.seakeep-export").read_text())["other"] == ["a.txt"]


def test_a_torn_list_counts_as_none(project, shell):
    shell("export", "moon-base", "trips", "-o", "out")
    (project / "out/.seakeep-export").write_text("[1, {")
    assert shell("export", "moon-base", "trips", "-o", "out").code == 0
    assert "moon-base" in json.loads((project / "out/.seakeep-export").read_text())

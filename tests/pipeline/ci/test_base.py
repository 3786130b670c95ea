"""The contract of the base branch, read from git: whatever the clone is like and whatever the branches are called."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from seakeep.core import Kind, Schema, Verdict
from seakeep.core.schema import ColumnSchema
from seakeep.data import save_schema
from seakeep.pipeline.ci import base
from seakeep.pipeline.ci.errors import CannotCheck

BEFORE = Schema("trips", {"fare": ColumnSchema(Kind.NUMBER, minimum=0)})
AFTER = Schema("trips", {"fare": ColumnSchema(Kind.NUMBER, minimum=1)})
WHO = ["-c", "user.name=A", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false"]


def git(folder: Path, *arguments: str) -> str:
    done = subprocess.run(["git", *WHO, *arguments], cwd=folder, capture_output=True, text=True, check=True)
    return done.stdout.strip()


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A repository with the contract on main, and a change of it on a branch that is checked out."""
    folder = tmp_path / "a clone"
    (folder / "models").mkdir(parents=True)
    git(folder, "init", "-q", "-b", "main")
    save_schema(BEFORE, schema(folder))
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", "first")
    git(folder, "checkout", "-q", "-b", "change")
    save_schema(AFTER, schema(folder))
    git(folder, "commit", "-q", "-am", "tighter")
    return folder


def schema(folder: Path) -> Path:
    return folder / "models" / "trips.schema.yaml"


def judged(folder: Path, reference: str, **given: bool):
    found = base.find_base(reference, schema(folder))
    return base.report(found, schema(folder), accepted=given.get("accepted", False))


def test_a_change_is_compared_with_the_branch_it_goes_to(clone):
    report = judged(clone, "main")
    assert report.verdict is Verdict.FAIL
    assert "minimum was 0 and is 1" in report.checks[0].message
    assert judged(clone, "main", accepted=True).verdict is Verdict.PASS


def test_what_the_base_has_learnt_since_is_not_taken_for_the_changes_doing(clone):
    git(clone, "checkout", "-q", "main")
    save_schema(Schema("trips", {"fare": ColumnSchema(Kind.NUMBER, minimum=1, missing_at_most=0.5)}), schema(clone))
    git(clone, "commit", "-q", "-am", "looser")
    git(clone, "checkout", "-q", "change")
    assert "missing_at_most" not in judged(clone, "main").checks[0].message


def test_a_detached_head_and_a_commit_as_base_are_compared_all_the_same(clone):
    first = git(clone, "rev-parse", "main")
    git(clone, "checkout", "-q", "--detach", "change")
    assert judged(clone, first).verdict is Verdict.FAIL
    assert judged(clone, first[:10]).verdict is Verdict.FAIL


@pytest.mark.parametrize("name", ["it's", 'a"b', "$(touch${IFS}pwned)", "x;id", "ümlaut", "a&&b", "{x}", "%0A"])
def test_a_branch_may_be_called_anything_that_git_takes(clone, name):
    git(clone, "branch", name, "main")
    assert judged(clone, name).verdict is Verdict.FAIL
    assert not list(clone.rglob("pwned"))


@pytest.mark.parametrize("name", ["--output=x", "-x", "a\nb", "a\x00b"])
def test_what_would_be_an_option_of_git_is_refused(clone, name):
    with pytest.raises(CannotCheck, match="cannot be the name of a branch or commit") as caught:
        judged(clone, name)
    assert caught.value.fix


def test_a_base_that_this_clone_lacks_is_inconclusive_and_says_what_to_fetch(clone):
    report = judged(clone, "origin/main")
    assert report.verdict is Verdict.INCONCLUSIVE
    assert report.checks[0].code == "contract.base"
    assert "this clone has no commit 'origin/main'" in report.checks[0].message
    assert "git fetch --unshallow origin main" in report.checks[0].fix


def test_a_shallow_clone_without_a_shared_commit_is_inconclusive(clone, tmp_path):
    shallow = tmp_path / "shallow"
    git(tmp_path, "clone", "-q", "--depth=1", "--no-single-branch", "--branch=change", clone.as_uri(), str(shallow))
    report = judged(shallow, "origin/main")
    assert report.verdict is Verdict.INCONCLUSIVE
    assert "share" in report.checks[0].message


def test_a_folder_that_is_no_repository_has_no_base(tmp_path):
    folder = tmp_path / "plain"
    (folder / "models").mkdir(parents=True)
    save_schema(BEFORE, schema(folder))
    assert judged(folder, "main").verdict is Verdict.INCONCLUSIVE
    assert base.repository(folder) == folder


def test_a_contract_outside_of_the_repository_has_no_base(clone, tmp_path):
    (clone / "models" / "trips.schema.yaml").unlink()
    save_schema(BEFORE, tmp_path / "elsewhere.yaml")
    schema(clone).symlink_to(tmp_path / "elsewhere.yaml")
    report = judged(clone, "main")
    assert report.verdict is Verdict.INCONCLUSIVE
    assert "lies outside of the repository" in report.checks[0].message


def test_the_first_contract_breaks_nobody(clone):
    git(clone, "checkout", "-q", "--orphan", "fresh")
    git(clone, "rm", "-q", "-r", "--cached", ".")
    (clone / "README").write_text("no contract yet")
    git(clone, "add", "README")
    git(clone, "commit", "-q", "-m", "other beginnings")
    report = judged(clone, "fresh")
    assert report.verdict is Verdict.PASS
    assert "has no contract yet" in report.checks[0].message


def test_a_contract_that_was_removed_fails_and_one_never_committed_is_inconclusive(clone):
    schema(clone).unlink()
    removed = judged(clone, "main")
    assert removed.verdict is Verdict.FAIL
    assert "was removed" in removed.checks[0].message
    never = base.report(base.Base(""), schema(clone), accepted=False)
    assert never.verdict is Verdict.INCONCLUSIVE
    assert "is not committed" in never.checks[0].message


def test_without_a_base_there_is_nothing_that_could_break(clone):
    assert base.report(base.Base(""), schema(clone), accepted=False).verdict is Verdict.PASS


def test_without_git_the_error_says_what_to_install(clone, monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda _name: None)
    with pytest.raises(CannotCheck, match="git is not installed"):
        judged(clone, "main")


def test_a_clone_of_another_user_is_told_with_the_line_that_allows_it(clone, monkeypatch):
    answer = subprocess.CompletedProcess([], 128, b"", b"fatal: detected dubious ownership in repository at '/x'")
    monkeypatch.setattr(subprocess, "run", lambda *_given, **_named: answer)
    with pytest.raises(CannotCheck, match="belongs to another user") as caught:
        judged(clone, "main")
    assert "safe.directory" in caught.value.fix


@pytest.mark.parametrize(
    ("variables", "reference"),
    [({}, ""), ({"GITHUB_BASE_REF": ""}, ""), ({"GITHUB_BASE_REF": "main"}, "origin/main"),
     ({"CI_MERGE_REQUEST_DIFF_BASE_SHA": "abc"}, "abc")],
)  # fmt: skip
def test_the_platform_says_what_a_change_goes_to(variables, reference):
    assert base.reference_of(variables) == reference

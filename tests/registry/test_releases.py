"""Releases: folders, versions, the champion, what people type, and gates."""

from __future__ import annotations

import errno
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seakeep.core import Release, Report, Verdict
from seakeep.core.files import CannotWrite
from seakeep.registry import Registry
from seakeep.registry.errors import BadReference, ReleaseRefused, TornRelease
from seakeep.registry.folders import checked_name


def register(registry: Registry, model, *reports: Report, name: str = "tips", **given):
    return registry.register(name, model, reports, made_from={"training": "d" * 64}, **given)


def test_a_release_is_a_folder_named_by_its_digest(registry, home, make_model, make_report) -> None:
    model = make_model()
    found = register(registry, model, make_report(), card="# Tips\n")
    assert found.folder == home / "releases" / found.release.digest
    assert (found.version, found.created, found.aliases, found.label) == (1, True, ("champion",), "tips@1")
    assert Release.load(found.folder) == found.release
    files = {str(path.relative_to(found.folder)) for path in found.folder.rglob("*") if path.is_file()}
    assert files == {*found.release.files, "release.json"}
    assert type(model).load(found.folder) == model


def test_equal_content_is_the_same_release(registry, make_model, make_report) -> None:
    first, again = (register(registry, make_model(), make_report()) for _ in range(2))
    assert (again.version, again.created) == (1, False)
    assert again.release == first.release


def test_versions_count_up_within_a_name(registry, make_model, make_report) -> None:
    versions = [register(registry, make_model(graph), make_report()).version for graph in (b"1", b"2", b"3")]
    other = register(registry, make_model(b"1"), make_report(), name="fares")
    assert versions == [1, 2, 3]
    assert other.version == 1


def test_a_failing_report_refuses_the_release(registry, home, make_model, make_report) -> None:
    with pytest.raises(ReleaseRefused, match="tips was not released: 1 checks failed") as caught:
        register(registry, make_model(), make_report(), make_report(Verdict.FAIL))
    assert caught.value.exit_code == 1
    assert "metric.at_least roc_auc" in caught.value.cause
    assert caught.value.fix == "Find better features."
    assert not list((home / "releases").glob("*"))


def test_a_forced_release_is_kept_and_not_the_champion(registry, make_model, make_report) -> None:
    found = register(registry, make_model(), make_report(Verdict.FAIL), force=True)
    assert found.release.verdict is Verdict.FAIL
    assert found.aliases == ()
    with pytest.raises(BadReference, match="tips has no champion: none of its 1 releases passed") as caught:
        registry.resolve("tips")
    assert "tips@1" in caught.value.fix


def test_an_inconclusive_or_unjudged_release_is_not_the_champion(registry, make_model, make_report) -> None:
    first = register(registry, make_model(b"1"), make_report())
    register(registry, make_model(b"2"), make_report(Verdict.INCONCLUSIVE))
    register(registry, make_model(b"3"))
    assert registry.champion("tips") == first.__class__(
        first.release, 1, first.folder, False, first.registered, ("champion",)
    )
    assert registry.champion("fares") is None


def test_the_first_passing_release_stays_the_champion_until_another_is_promoted(
    registry, make_model, make_report
) -> None:
    register(registry, make_model(b"0"), make_report(Verdict.INCONCLUSIVE))
    register(registry, make_model(b"1"), make_report())
    third = register(registry, make_model(b"2"), make_report())
    assert registry.resolve("tips").version == 2
    registry.promote("tips", third.version, why="it is better")
    register(registry, make_model(b"1"), make_report())
    assert registry.resolve("tips").version == 3


def test_a_description_of_the_training_data_judges_no_release(registry, make_model, make_report) -> None:
    found = register(registry, make_model(), make_report(), make_report(Verdict.INCONCLUSIVE, "reference"))
    assert (found.release.verdict, found.aliases) == (Verdict.PASS, ("champion",))
    assert "reports/reference.json" in found.release.files


def test_two_reports_of_one_kind_are_both_kept(registry, make_model, make_report) -> None:
    found = register(registry, make_model(), make_report(), make_report(Verdict.INCONCLUSIVE))
    names = {name for name in found.release.files if name.startswith("reports/")}
    assert names == {"reports/evaluation.json", "reports/evaluation-2.json"}


def test_a_release_is_found_by_name_version_alias_and_digest(registry, make_model, make_report) -> None:
    first = register(registry, make_model(b"1"), make_report())
    second = register(registry, make_model(b"2"), make_report())
    for reference, version in {
        "tips": 1,
        "tips@champion": 1,
        "tips@2": 2,
        "tips@1": 1,
        first.release.digest[:8]: 1,
        second.release.digest.upper(): 2,
    }.items():
        assert registry.resolve(reference).version == version


def test_an_unknown_name_is_told_the_nearest(registry, make_model, make_report) -> None:
    register(registry, make_model(), make_report())
    with pytest.raises(BadReference, match="there is no release 'tipz'") as caught:
        registry.resolve("tipz")
    assert caught.value.nearest == "tips"
    assert "Did you mean 'tips'?" in str(caught.value)


def test_without_any_release_the_error_says_so(registry) -> None:
    with pytest.raises(BadReference, match="none yet"):
        registry.resolve("tips")


@pytest.mark.parametrize("reference", ["tips@9", "tips@latest", "tips@", "tips@-1"])
def test_an_unknown_version_lists_those_there_are(registry, make_model, make_report, reference) -> None:
    register(registry, make_model(), make_report())
    with pytest.raises(BadReference, match="has no version or alias") as caught:
        registry.resolve(reference)
    assert caught.value.versions == (1,)


def test_an_ambiguous_digest_lists_what_fits(registry, make_model, make_report) -> None:
    digests = [register(registry, make_model(b"%d" % number), make_report()).release.digest for number in range(30)]
    registry._connection.execute("UPDATE releases SET digest = 'abcd' || substr(digest, 5) WHERE version <= 2")
    with pytest.raises(BadReference, match="'abcd' begins 2 digests") as caught:
        registry.resolve("abcd")
    assert "tips@1" in caught.value.cause
    assert len(digests) == 30


@pytest.mark.parametrize("name", ["", "a/b", "a@1", "-a", "a b", "../x", "x" * 101, "é"])
def test_an_impossible_name_is_refused(registry, make_model, make_report, name) -> None:
    with pytest.raises(BadReference, match="cannot name a release"):
        register(registry, make_model(), make_report(), name=name)


@given(st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}", fullmatch=True))
def test_every_name_that_is_taken_is_a_plain_file_name(name) -> None:
    assert checked_name(name) == name
    assert os.sep not in name


def test_a_changed_file_is_found_when_the_release_is_checked(registry, home, make_model, make_report) -> None:
    found = register(registry, make_model(), make_report())
    (found.folder / "model.onnx").write_bytes(b"another")
    assert registry.resolve("tips").version == 1
    with pytest.raises(TornRelease, match="its manifest says") as caught:
        registry.resolve("tips", check=True)
    assert caught.value.path == found.folder / "model.onnx"


def test_a_removed_folder_is_named(registry, home, make_model, make_report) -> None:
    found = register(registry, make_model(), make_report())
    (found.folder / "release.json").unlink()
    assert registry.resolve("tips").release == found.release
    with pytest.raises(TornRelease, match="absent or has no manifest"):
        registry.resolve("tips", check=True)


def test_registering_again_mends_a_torn_folder(registry, make_model, make_report) -> None:
    found = register(registry, make_model(), make_report())
    (found.folder / "model.onnx").write_bytes(b"another")
    again = register(registry, make_model(), make_report())
    assert again.version == 1
    assert registry.resolve("tips", check=True).folder == found.folder


def test_a_folder_left_by_a_kill_before_its_number_is_taken_up(registry, make_model, make_report) -> None:
    found = register(registry, make_model(), make_report())
    registry._connection.execute("DELETE FROM aliases")
    registry._connection.execute("DELETE FROM releases")
    again = register(registry, make_model(), make_report())
    assert (again.version, again.created, again.folder) == (1, True, found.folder)


def test_a_full_disk_leaves_no_release_and_no_leftover(registry, home, make_model, make_report, monkeypatch) -> None:
    def full(source, target) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr("seakeep.core.files.os.replace", full)
        with pytest.raises(CannotWrite, match="No space left on device") as caught:
            register(registry, make_model(), make_report())
    assert "disk is full" in caught.value.cause
    assert not [path for path in (home / "releases").rglob("*") if path.is_file()]
    assert register(registry, make_model(), make_report()).version == 1


def test_listing_is_by_name_and_version(registry, make_model, make_report) -> None:
    register(registry, make_model(b"1"), make_report(), name="b")
    register(registry, make_model(b"2"), make_report(), name="a")
    register(registry, make_model(b"3"), make_report(), name="b")
    assert [each.label for each in registry.releases()] == ["a@1", "b@1", "b@2"]
    assert [each.label for each in registry.releases("b")] == ["b@1", "b@2"]
    with pytest.raises(BadReference, match="there is no release 'c'"):
        registry.releases("c")

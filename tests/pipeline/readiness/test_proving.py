"""Proofs made for real: a small project is trained again, its own tests run, and what came of it is on record."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from seakeep.pipeline.readiness import prove, proving
from seakeep.pipeline.readiness.errors import CannotProve
from seakeep.pipeline.readiness.proofs import job_of
from seakeep.registry import Registry

from .craft import Craft

TESTS = """
import pytest

def test_fares_are_positive(record_property):
    record_property("readiness", "D7, I2")

def test_nobody_is_named(record_property):
    record_property("readiness", "D5")
    record_property("readiness", "D99")

def test_of_nothing_in_particular():
    pass

@pytest.mark.skip
def test_that_is_left_out(record_property):
    record_property("readiness", "M3")
"""


@pytest.fixture
def tested(craft: Craft) -> Craft:
    """A project with tests of its own, which nobody has run."""
    craft.proofs, craft.git, craft.versions = (), False, 2
    craft.make()
    (craft.root / "tests").mkdir()
    (craft.root / "tests" / "test_tips.py").write_text(TESTS)
    return craft


def lines(craft: Craft) -> int:
    with Registry(craft.home) as registry:
        return len(registry.journal.entries(kind="proof"))


def test_the_projects_tests_run_and_say_what_they_cover(tested):
    assert tested.check("D7").message == "No run of the project's tests is on record."
    proof = prove(tested.root, "tests", environment={})
    assert (proof.passed, proof.failed, proof.holds) == (3, 0, True)
    assert proof.covers == {
        "D7": ("test_fares_are_positive",),
        "I2": ("test_fares_are_positive",),
        "D5": ("test_nobody_is_named",),
    }
    found = tested.check("D7")
    assert (found.observed, found.fix) == (
        0.5,
        f"In a CI job: seakeep readiness {tested.root / 'pipeline.py'} --prove tests",
    )
    assert tested.check("M3").observed == 0.0


def test_run_by_a_job_they_earn_a_full_point(tested):
    assert prove(tested.root, "tests", environment={"GITHUB_ACTIONS": "true"}).by == "GitHub Actions"
    assert tested.check("D5").observed == 1.0
    assert "run by GitHub Actions" in tested.check("D5").message


def test_a_test_that_fails_is_on_record_too(tested):
    (tested.root / "tests" / "test_more.py").write_text("def test_it():\n    assert False\n")
    proof = prove(tested.root, "tests", environment={"CI": "true"})
    assert (proof.passed, proof.failed, proof.holds) == (3, 1, False)
    assert tested.check("D5").evidence["how"] == "contradicted"


def test_a_file_of_tests_that_does_not_load_is_a_failure(tested):
    (tested.root / "tests" / "test_more.py").write_text("import nowhere_to_be_found\n")
    assert prove(tested.root, "tests", environment={}).failed == 1


def test_other_sources_than_those_in_charge_were_tested(tested):
    (tested.root / "more.py").write_text("")
    prove(tested.root, "tests", environment={"CI": "true"})
    found = tested.check("D5")
    assert (found.observed, found.evidence["how"]) == (0.0, "stale")


def test_without_tests_there_is_nothing_to_run(craft):
    craft.git = False
    craft.make()
    with pytest.raises(CannotProve, match="there are no tests to run"):
        prove(craft.root, "tests")


def test_a_folder_of_files_without_a_test_in_them_is_no_proof(tested):
    (tested.root / "tests" / "test_tips.py").write_text("x = 1\n")
    with pytest.raises(CannotProve, match="there are no tests to run"):
        prove(tested.root, "tests")
    assert lines(tested) == 0


def test_without_pytest_it_says_what_to_install(tested, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)
    with pytest.raises(CannotProve, match="which is not installed here") as caught:
        prove(tested.root, "tests")
    assert caught.value.fix == "pip install pytest"


def test_tests_that_end_the_process_are_no_proof(tested):
    (tested.root / "tests" / "test_tips.py").write_text("import os\n\ndef test_it():\n    os._exit(7)\n")
    with pytest.raises(CannotProve, match="pytest ended with code 7"):
        prove(tested.root, "tests")
    assert lines(tested) == 0


def test_tests_that_never_end_are_stopped(tested, monkeypatch):
    monkeypatch.setattr(proving, "LIMIT_SECONDS", 0.5)
    (tested.root / "tests" / "test_tips.py").write_text("import time\n\ndef test_it():\n    time.sleep(600)\n")
    with pytest.raises(CannotProve, match="stopped after"):
        prove(tested.root, "tests")


def test_without_a_champion_there_is_no_training_to_do_again(craft):
    craft.root.mkdir()
    (craft.root / "pipeline.py").write_text('Pipeline(name="tips")')
    with pytest.raises(CannotProve, match="no release of tips is in charge"):
        prove(craft.root, "reproducible")


@pytest.mark.parametrize(
    ("environment", "job"),
    [
        ({}, ""),
        ({"CI": "1"}, "a CI job"),
        ({"CI": "no"}, ""),
        ({"GITHUB_ACTIONS": "true", "CI": "true"}, "GitHub Actions"),
    ],
)
def test_a_job_is_known_by_its_variables(environment, job):
    assert job_of(environment) == job


@pytest.fixture(scope="module")
def parcels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A real project that was run to its first release."""
    root = tmp_path_factory.mktemp("real") / "parcels"
    for words in (["init", root], ["run", root / "pipeline.py", "--json"]):
        subprocess.run([sys.executable, "-m", "seakeep", *map(str, words)], check=True, capture_output=True)
    return root


def readiness(root: Path, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    import os

    kept = {name: value for name, value in os.environ.items() if name not in ("CI", "GITHUB_ACTIONS", "GITLAB_CI")}
    command = [sys.executable, "-m", "seakeep", "readiness", str(root / "pipeline.py"), *words, "--json"]
    return subprocess.run(command, capture_output=True, text=True, check=False, env={**kept, **environment})


def found(done: subprocess.CompletedProcess[str], test: str) -> dict:
    import json

    assert done.stdout, done.stderr
    return next(each for each in json.loads(done.stdout)["checks"] if each["code"] == f"readiness.{test.lower()}")


@pytest.mark.slow
def test_a_real_training_done_again_gives_the_same_model(parcels, tmp_path):
    root = tmp_path / "parcels"
    shutil.copytree(parcels, root)
    assert found(readiness(root), "I1")["observed"] == 0.0
    by_hand = found(readiness(root, "--prove", "reproducible"), "I1")
    assert (by_hand["observed"], by_hand["evidence"]["how"]) == (0.5, "by hand")
    by_job = found(readiness(root, "--prove", "reproducible", CI="true"), "I1")
    assert (by_job["observed"], by_job["evidence"]["how"]) == (1.0, "automatic")


@pytest.mark.slow
def test_other_data_is_no_proof_and_says_what_changed(parcels, tmp_path):
    root = tmp_path / "parcels"
    shutil.copytree(parcels, root)
    table = root / "data" / "parcels.csv"
    table.write_text("\n".join(table.read_text().splitlines()[:-1]) + "\n")
    done = readiness(root, "--prove", "reproducible")
    assert done.returncode == 3
    assert "changed since" in done.stderr
    assert found(readiness(root), "I1")["observed"] == 0.0


@pytest.mark.slow
def test_the_tests_that_init_writes_integrate_the_whole_pipeline(parcels, tmp_path):
    root = tmp_path / "parcels"
    shutil.copytree(parcels, root)
    done = readiness(root, "--prove", "tests", CI="true")
    assert found(done, "I3")["observed"] == 1.0

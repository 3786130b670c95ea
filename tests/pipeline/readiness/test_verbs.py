"""Assessing through the door: which pipeline is meant, what is refused, what is written, how quickly, with which exit code."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import time
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from click.testing import CliRunner

from seakeep.cli.readiness import command
from seakeep.core.errors import UsageError
from seakeep.pipeline.errors import CannotLoad
from seakeep.pipeline.readiness import BadReadiness, assess
from seakeep.registry.errors import UnreadableRegistry

from .craft import Craft
from .test_scoring import from_the_paper


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Craft:
    return Craft(tmp_path_factory.mktemp("verbs") / "tips").make()


def call(*arguments: object) -> tuple[int, str]:
    done = CliRunner().invoke(command, [str(each) for each in arguments], standalone_mode=False)
    if done.exception:
        raise done.exception
    return done.return_value, done.output


def content(root: Path) -> dict[str, str]:
    """Every file and what is in it, but for what SQLite keeps beside its database while it is open."""
    files = (path for path in sorted(root.rglob("*")) if path.is_file() and not path.name.endswith(("-shm", "-wal")))
    return {str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def test_a_whole_record_earns_seven(whole):
    code, told = call(whole.root, "--json")
    document = json.loads(told)
    assert (code, document["score"], document["verdict"]) == (0, 7.0, "pass")
    assert from_the_paper(document) == 7.0
    assert document["sections"] == dict.fromkeys(
        ("Features and data", "Model development", "ML infrastructure", "Monitoring"), 7.0
    )


@pytest.mark.parametrize(("asked", "code"), [(7, 0), (0, 0)])
def test_the_exit_code_follows_the_score_that_was_asked_for(whole, asked, code):
    found, told = call(whole.root, "--at-least", asked, "--json")
    assert found == code
    assert json.loads(told)["checks"][0]["code"] == "readiness.score"


def test_below_the_score_that_was_asked_for_the_exit_code_is_1(craft):
    craft.rules, craft.git = None, False
    craft.make()
    found, told = call(craft.root, "--at-least", 5.5, "--json")
    assert (found, json.loads(told)["score"]) == (1, 5.0)
    assert call(craft.root)[0] == 0


def test_an_assessment_writes_nothing(whole):
    before = content(whole.root)
    call(whole.root)
    assert content(whole.root) == before


def test_an_assessment_does_not_run_the_project_and_is_quick(whole):
    started = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "seakeep", "readiness", str(whole.root), "--json"],
        capture_output=True,
        text=True,
        check=False,
    )
    took = time.perf_counter() - started
    assert done.returncode == 0, done.stderr[-2000:]
    loaded = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
    assert not loaded & {"polars", "numpy", "onnx", "onnxruntime", "sklearn", "pandas", "jinja2"}
    assert took < 10, "two seconds where the machine is not shared"


def test_the_terminal_says_what_is_proven_and_what_to_type(craft):
    craft.rules, craft.git = None, False
    _, told = call(craft.make().root)
    assert "Readiness of tips@4: 5 of 7" in told
    assert "Monitoring         ██████████░░░░  5 of 7" in told
    assert "→ seakeep export prometheus" in told
    assert "Held down by monitoring." in " ".join(told.split())


def test_attest_and_show_in_one_line(craft):
    craft.proofs, craft.git = (), False
    craft.make()
    _, told = call(craft.root, "--attest", "d5", "--by", "Ada", "--evidence", "review 12", "--json")
    found = next(each for each in json.loads(told)["checks"] if each["code"] == "readiness.d5")
    assert found["observed"] == 0.5


def test_a_name_and_evidence_without_a_test_are_refused(whole):
    import click

    with pytest.raises(click.UsageError, match="need --attest TEST"):
        call(whole.root, "--by", "Ada")


def test_page_and_badge_are_written(whole, tmp_path):
    call(whole.root, "-o", tmp_path / "page.html", "--badge", tmp_path / "badge.svg")
    assert "Readiness of tips@4" in (tmp_path / "page.html").read_text()
    assert ET.fromstring((tmp_path / "badge.svg").read_text()).tag.endswith("svg")


def test_a_badge_is_an_svg(whole, tmp_path):
    import click

    with pytest.raises(click.BadParameter, match=r"does not end in \.svg"):
        call(whole.root, "--badge", tmp_path / "badge.png")


def test_a_file_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(CannotLoad, match="there is no file"):
        assess(tmp_path / "pipeline.py")
    with pytest.raises(CannotLoad, match="there is no file"):
        assess(tmp_path)


def test_a_torn_registry_is_an_error_and_no_score_of_zero(craft):
    craft.root.mkdir()
    (craft.root / "pipeline.py").write_text('Pipeline(name="tips")')
    craft.home.mkdir()
    (craft.home / "registry.sqlite").write_bytes(b"not a database, and long enough to be looked at" * 50)
    with pytest.raises(UnreadableRegistry):
        craft.assess()


@pytest.mark.parametrize(
    "text", ["", "this is not Python (", "seakeep.Pipeline(name=NAME)", 'Pipeline(name="a")\nPipeline(name="b")']
)
def test_a_name_that_cannot_be_read_is_asked_for(tmp_path, text):
    (tmp_path / "pipeline.py").write_text(text)
    with pytest.raises(BadReadiness, match="pipelines whose name can be read, expected one") as caught:
        assess(tmp_path)
    assert "--name" in caught.value.fix
    name = "b" if "b" in text and "Pipeline" in text and "NAME" not in text else "tips"
    assert assess(tmp_path, name=name).subject == name


def test_another_name_is_refused_with_the_nearest(whole):
    with pytest.raises(BadReadiness, match="Did you mean 'tips'"):
        assess(whole.root, name="tip")


@pytest.mark.parametrize("fresh", ["0d", "soon", "800d"])
def test_a_bad_age_is_refused(whole, fresh):
    with pytest.raises(BadReadiness, match="expected a length of time"):
        assess(whole.root, fresh=fresh)


@pytest.mark.parametrize("score", [-1, 7.5, float("nan")])
def test_a_bad_score_is_refused(whole, score):
    with pytest.raises(UsageError, match="expected a score from 0 to 7"):
        assess(whole.root, at_least=score)


def test_a_shorter_freshness_makes_evidence_stale(whole):
    assert whole.check("M5", fresh="12h").evidence["how"] == "stale"
    assert "older than 0.5 days" in whole.check("M5", fresh="12h").message

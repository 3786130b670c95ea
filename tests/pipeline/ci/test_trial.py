"""A trial on a sample: bounded, on the same rows every time, and nothing of it on record."""

from __future__ import annotations

import contextlib
import io
import json
import sqlite3

import polars as pl
import pytest

import seakeep
from seakeep.core import Verdict
from seakeep.core.errors import SeakeepError
from seakeep.pipeline.ci import CannotCheck, check, checking, trial
from seakeep.pipeline.ci.sampling import SALT, count, sample
from seakeep.pipeline.retraining.child import Ended
from seakeep.registry import Registry


def tried(project, **given) -> trial.Tried:
    return trial.tried(
        trial.Asked(str(project.file), str(project.home), None, **{"rows": 50_000, "spans": None, **given})
    )


@pytest.fixture
def here(monkeypatch):
    """Runs the trial in this process, where the tests' estimator is known."""

    def call(arguments, *, limit_seconds, module):
        out = io.StringIO()
        with contextlib.redirect_stdout(out):
            trial.main(*arguments)
        return Ended(0, json.loads(out.getvalue().splitlines()[-1]), "", False)

    monkeypatch.setattr(checking, "call", call)


@pytest.fixture
def contract(project):
    """The project with its contract and champion."""
    assert seakeep.run(project.file).label == "tips@1"
    project.calls()
    return project


def test_nothing_of_a_trial_is_on_record(contract):
    def record():
        with contextlib.closing(sqlite3.connect(contract.home / "registry.sqlite")) as database:
            rows = [
                database.execute(f"SELECT count(*) FROM {table}").fetchone()
                for table in ("executions", "releases", "uses")
            ]
        return rows, sorted(path for path in contract.home.rglob("*") if path.is_file() and "sqlite" not in path.name)

    before = record()
    contract.edit('estimator="Constant()"', 'estimator="Another()"')
    assert set(tried(contract).reports) == {"data", "training", "gates"}
    assert record() == before


def test_without_a_contract_one_is_inferred_for_the_trial_and_not_written(project):
    found = tried(project)
    assert found.reports["data"].verdict is Verdict.PASS
    assert not (project.folder / "tips.schema.yaml").exists()
    assert found.beside == "with no champion on record"
    assert not project.home.exists()


def test_data_that_breaks_the_contract_ends_the_trial_before_it_trains(contract):
    path = contract.folder / "data" / "a.csv"
    path.write_text(path.read_text().replace("north", "nowhere"))
    found = tried(contract)
    assert set(found.reports) == {"data"}
    assert contract.calls() == ["read"]


def test_a_sample_larger_than_the_table_is_the_table(contract):
    found = tried(contract, rows=10**9)
    assert sum(found.used.values()) == 200


def test_a_smaller_sample_is_tried_and_its_least_rows_are_not_asked_for(contract):
    schema = contract.folder / "tips.schema.yaml"
    schema.write_text(schema.read_text().replace("name: tips\n", "name: tips\nrows_at_least: 150\n", 1))
    assert "rows_at_least: 150" in schema.read_text()
    found = tried(contract, rows=60)
    assert 30 <= sum(found.used.values()) <= 90
    assert found.reports["data"].verdict is Verdict.PASS


def test_a_sample_that_leaves_a_part_empty_is_told(contract):
    with pytest.raises(CannotCheck, match=r"has none in the (training|held-out) part") as caught:
        tried(contract, rows=1)
    assert "--rows" in caught.value.fix


def test_of_spans_the_newest_are_tried(monthly):
    found = tried(monthly, spans=2)
    assert found.used == {"training": 50, "held_out": 50}
    assert tried(monthly, spans=99).used == {"training": 150, "held_out": 50}


def test_the_same_rows_are_sampled_every_time_with_a_key_and_without():
    frame = pl.DataFrame({"id": range(1000), "x": range(1000)})
    keyed, plain = seakeep.read(frame, key="id"), seakeep.read(frame)
    for dataset in (keyed, plain):
        one = sample(dataset, 100)
        assert one.digest == sample(dataset, 100).digest
        assert 60 <= count(one) <= 140
        assert sample(dataset, 1000) is dataset
    assert "every 10. row" in sample(plain, 100).description
    assert SALT in sample(keyed, 100).steps[0].canonical


def test_a_file_that_breaks_is_told_with_its_line(project, here):
    project.edit("def read():", "1 / 0\n\ndef read():")
    with pytest.raises(CannotCheck, match="ZeroDivisionError") as caught:
        check(project.file)
    assert caught.value.where.startswith("pipeline.py:")
    assert caught.value.error == "CannotLoad"


def test_a_function_that_breaks_within_a_stage_is_told_with_its_line(project, here):
    project.edit('    note("train")\n', '    raise KeyError("fare")\n')
    with pytest.raises(CannotCheck, match="stage train broke off: KeyError") as caught:
        check(project.file)
    assert "in train" in caught.value.where


def test_what_the_projects_code_prints_does_not_disturb_the_answer(project, capsys):
    project.edit("def read():\n", "def read():\n    print('{\"tried\": 1}')\n")
    trial.main(
        json.dumps({"file": str(project.file), "home": str(project.home), "name": None, "rows": 9999, "spans": None})
    )
    out, err = capsys.readouterr()
    assert "pipeline" in json.loads(out.splitlines()[-1])["tried"]
    assert '{"tried": 1}' in err


@pytest.mark.parametrize(
    ("ended", "told"),
    [
        (Ended(-9, None, "ended by SIGKILL", False), "the trial broke: ended by SIGKILL"),
        (Ended(-15, None, "", True), "the trial was stopped after 0.5 minutes"),
        (Ended(0, None, "", False), "the trial broke: it said nothing"),
    ],
)
def test_a_trial_that_does_not_come_back_is_told(project, monkeypatch, ended, told):
    monkeypatch.setattr(checking, "call", lambda *_given, **_named: ended)
    with pytest.raises(CannotCheck, match=told) as caught:
        check(project.file, minutes=0.5)
    assert caught.value.fix


def test_an_endless_trial_is_stopped_at_its_time(project):
    project.edit("def read():\n", "def read():\n    import time; time.sleep(600)\n")
    with pytest.raises(CannotCheck, match="stopped after"):
        check(project.file, minutes=0.03)


def test_a_lost_comparison_on_fewer_rows_is_inconclusive_and_on_as_many_it_fails(contract):
    from seakeep.core import Check, Report
    from seakeep.pipeline.ci.trial import _fair

    lost = Check(
        "metric.no_worse_than", "roc_auc", Verdict.FAIL, "roc_auc is 0.1 worse than the champion's.", -0.1, -0.01
    )
    other = Check("metric.at_least", "roc_auc", Verdict.FAIL, "roc_auc is 0.5.", 0.5, 0.7)
    report = Report("evaluation", "Evaluation", "tips", (lost, other))
    with Registry(contract.home) as registry:
        champion = registry.champion("tips")
    fewer = _fair(report, champion, 10)
    assert [check.verdict for check in fewer.checks] == [Verdict.INCONCLUSIVE, Verdict.FAIL]
    assert "It learnt from 10 rows and the champion from" in fewer.checks[0].message
    assert _fair(report, champion, 10**6) == report
    assert _fair(report, None, 10) == report


def test_a_check_has_its_parts_in_order_and_says_what_it_rests_on(contract, here):
    checked = check(contract.file)
    assert [part.name for part in checked.parts] == ["contract", "data", "training", "gates"]
    assert checked.verdict is Verdict.PASS
    assert checked.beside == "and its model is that of the champion tips@1"
    assert checked.sample.endswith("held out")
    assert (checked.file, checked.schema) == ("pipeline.py", "tips.schema.yaml")


def test_an_unknown_pipeline_is_told(project, here):
    with pytest.raises(SeakeepError, match="no pipeline in the file is called 'other'"):
        check(project.file, name="other")

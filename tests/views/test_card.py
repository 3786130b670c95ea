from __future__ import annotations

import json
import re
import shlex
from dataclasses import replace

import pytest
from markdown_it import MarkdownIt

from seakeep.core import ColumnStatistics, Input, Kind, Model, Schema, Statistics, Task, Verdict
from seakeep.views.card import card

from .conftest import HOSTILE, texts

SECTIONS = ["Data", "Features", "How good it is", "How it was judged", "Limits", "How to ask it"]


def sections(text: str) -> list[str]:
    return re.findall(r"^## (.*)$", text, re.MULTILINE)


def test_a_card_has_every_section_in_order(model, training, evaluation):
    assert sections(card(model, (training, evaluation))) == SECTIONS
    assert sections(card(model)) == SECTIONS


def test_equal_models_and_reports_give_equal_cards(model, training, evaluation):
    assert card(model, (training, evaluation)) == card(replace(model), (training, evaluation))


def test_what_has_no_evidence_is_said_to_have_none(model):
    text = card(model)
    assert "| verdict | not judged yet |" in text
    assert "No evaluation has been recorded with this model." in text
    assert "It has not been judged." in text
    assert "How good it is has not been measured." in text
    assert "What it is meant for, and for whom, has not been written down." in text


def test_metrics_stand_with_their_intervals_whole_first_then_by_slice(model, evaluation):
    text = card(model, (evaluation,))
    assert text.index("| all | roc_auc | 0.7 | 0.68 | 0.72 | 1,000 |") < text.index("### By slice")
    assert "| slice | roc_auc | recall |" in text
    assert "| carrier=EV | 0.7 (0.68 to 0.72) | 0.7 (0.68 to 0.72) |" in text


def test_checks_that_did_not_pass_are_listed(model, training, evaluation):
    text = card(model, (training, evaluation))
    assert "| verdict | fail |" in text
    assert "    - `fairness.equal_opportunity` carrier: fail. The gap is 0.21." in text
    assert "- `parity.difference` replay: pass. The graph agrees within 2e-7." in text
    assert "2 checks did not pass" in text


def test_columns_from_the_future_and_ranges_seen_are_named(model):
    text = card(model)
    assert "and so not read: `arr_delay`." in text
    assert "`distance`: 80 to 587" in text
    assert "`scheduled` runs from 2013-01-01 to 2013-07-19." in text
    assert "(`late`): false 73.7 %, true 26.3 %." in text


def asked(text: str) -> list[str]:
    block = re.findall(r"^(`{3,})bash\n(.*?)\n\1$", text, re.MULTILINE | re.DOTALL)[-1][1]
    return shlex.split(block.splitlines()[-1])


def test_the_example_request_is_json_with_every_column(model):
    words = asked(card(model))
    row = json.loads(words[words.index("-d") + 1])["rows"][0]
    assert row == {"distance": 327, "carrier": "B6", "scheduled": "2013-04-10"}


def test_a_model_that_passed_is_served_by_its_name_and_another_by_its_version(model, training, evaluation):
    passed = replace(training, checks=tuple(replace(each, verdict=Verdict.PASS) for each in training.checks))
    text = card(model, (passed,))
    assert f"\nseakeep serve {model.name}\ncurl" in text
    assert "until a rollout puts another in its place" in text
    for reports in ((training, evaluation), ()):
        text = card(model, reports)
        assert f"\nseakeep releases {model.name}\nseakeep serve {model.name}@VERSION\ncurl" in text
        assert "has not passed every check" in text


@pytest.mark.parametrize("name", HOSTILE[:12])
def test_hostile_names_stay_text_and_cannot_leave_the_shells_quotes(name):
    column = texts([name, "it's", "`id`"])
    model = Model(
        name,
        Task.BINARY,
        b"",
        (Input(name, Kind.STRING),),
        Schema(name),
        Statistics(3, {name: column}),
        ("it's", name),
        (name,),
        {name: (name,)},
        estimator=name,
    )
    text = card(model)
    assert "<script" not in MarkdownIt("commonmark", {"html": True}).enable("table").render(text)
    assert sections(text) == SECTIONS
    words = asked(text)
    assert json.loads(words[-1])["rows"][0] == {name: min([name, "it's", "`id`"])}
    assert len(words) == 7


def test_a_regression_without_statistics_has_a_card():
    model = Model(
        "m",
        Task.REGRESSION,
        b"",
        (Input("x", Kind.NUMBER), Input("gone", Kind.NUMBER)),
        Schema("s"),
        Statistics(0, {"x": ColumnStatistics(Kind.NUMBER)}),
    )
    text = card(model)
    assert "| predicts | a number for each row |" in text
    assert json.loads(asked(text)[-1]) == {"rows": [{"x": None, "gone": None}]}

"""The door: what the contract says of values and of whole rows, in each mode, by the quick way and the careful one."""

from __future__ import annotations

import json
from dataclasses import replace

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seakeep.core import ColumnSchema, Input, Kind, RowRule
from seakeep.data import profile_frame
from seakeep.serving.served import Served
from seakeep.serving.server.forms import json as json_form
from seakeep.serving.server.marks import Mark
from seakeep.serving.server.metrics import Metrics
from seakeep.serving.server.settings import Settings
from seakeep.testing.example_models import example_frame, example_model, example_schema

from .asking import GOOD, asking

RULES = (
    RowRule("night_is_short", holds="if night then distance < 5000"),
    RowRule("seated", holds="seats > 0 or is_missing(distance)"),
    RowRule("in_training", holds="seats > 100", not_in=("serving",)),
    RowRule("lands_late", holds="arr_delay > 0"),
    RowRule("known", refers=("carrier",), to="carriers.parquet", by=("code",)),
)


def model(carrier=None, rules=(), **columns):
    columns = {"carrier": carrier or ColumnSchema(Kind.STRING, pattern="[A-Z]{2}", length_at_most=4), **columns}
    schema = replace(example_schema(**columns), rules=rules)
    frame = pl.DataFrame({"carrier": ["UA", "UA", "AA"], "seats": [100, 200, 300], "distance": [1.0, 2.0, 9.0]})
    frame = frame.with_columns(night=pl.Series([True, False, True]), scheduled=example_frame(3)["scheduled"])
    return replace(example_model(schema=schema), statistics=profile_frame(frame))


@pytest.fixture
def ask(tmp_path):
    """`ask(model, **settings)` is an engine that is asked by rows."""
    with asking() as made:
        yield lambda model, **settings: made(Served.of(model), tmp_path, **settings)


BROKEN = [
    ({"carrier": "ua"}, "carrier.pattern"),
    ({"carrier": "UNITED"}, "carrier.length"),
    ({"distance": -5.0}, "distance.bounds"),
    ({"seats": None}, "seats.missing"),
    ({"scheduled": "1999-01-01"}, "scheduled.bounds"),
]


@pytest.mark.parametrize(("row", "rule"), BROKEN)
def test_marked_values_are_answered_as_they_came(ask, row, rule):
    found = ask(model(), domain="mark", missing="mark")({}, row)
    assert found["broken"] == [{"rule": rule, "rows": [1], "imputed": False}]
    assert found["predictions"] == ask(model(), missing="accept")({}, row)["predictions"]


@pytest.mark.parametrize(("row", "rule"), BROKEN)
def test_imputed_values_are_answered_as_what_training_had_most_of(ask, row, rule):
    typical = {"carrier": "UA", "distance": 2.0, "seats": 200}
    column = rule.partition(".")[0]
    asked = ask(model(), domain="impute", missing="impute")
    found = asked(row)
    assert found["broken"] == [{"rule": rule, "rows": [0], "imputed": True}]
    assert asked.counts()["seakeep_imputed_values", column] == 1
    if column in typical:
        assert found["predictions"] == ask(model())({column: typical[column]})["predictions"]


@pytest.mark.parametrize(("row", "rule"), BROKEN)
def test_rejected_values_say_what_the_contract_expects(ask, row, rule):
    found = ask(model(), domain="reject")(row)
    assert found["code"] == ("missing_value" if rule.endswith("missing") else "outside_domain")
    if rule == "carrier.pattern":
        assert found["error"] == "input 'carrier' is 'ua' in row 0, outside of what the schema allows"
        assert found["expected"] == "a text that matches [A-Z]{2}"


def test_accepted_values_are_counted(ask):
    asked = ask(model())
    assert "broken" not in asked({"carrier": "ua"}, {"carrier": "ub"}, {})
    assert asked.counts()["seakeep_outside_values", "carrier"] == 2


def test_a_url_and_a_number_of_different_values_are_held_to(ask):
    links = model(ColumnSchema(Kind.STRING, semantics="url", distinct_at_most=2), seats=ColumnSchema(Kind.INTEGER))
    asked = ask(links, domain="mark")
    one, two, three = ({"carrier": f"https://example.org/{name}"} for name in "abc")
    assert asked({"carrier": "no link"})["broken"] == [{"rule": "carrier.semantics", "rows": [0], "imputed": False}]
    assert "broken" not in asked(one, two, one, two)
    assert asked(one, two, three, one)["broken"] == [{"rule": "carrier.distinct", "rows": [2], "imputed": False}]


def test_nothing_stands_in_where_training_had_nothing_that_keeps_the_contract(ask):
    strict = ColumnSchema(Kind.STRING, pattern="ZZ")
    found = ask(model(strict), domain="impute")({"carrier": "AA"})
    assert found["broken"] == [{"rule": "carrier.pattern", "rows": [0], "imputed": False}]


def test_a_pattern_that_is_not_read_here_is_told_and_holds_nobody(ask, caplog):
    asked = ask(model(ColumnSchema(Kind.STRING, pattern=r"\bAA")), domain="reject")
    assert "predictions" in asked({"carrier": "none"})
    assert [record.getMessage() for record in caplog.records] == [
        r"requests are not held to the pattern of 'carrier': \b is not read at the door"
    ]


def test_rules_between_columns_are_counted_marked_or_refused(ask):
    far = {"distance": 5500.0}
    asked = ask(model(rules=RULES))
    assert "broken" not in asked({}, far)
    assert asked.counts()["seakeep_broken_rows", "night_is_short"] == 1
    found = ask(model(rules=RULES), rules="mark")({}, far, {"distance": None}, {"seats": -1})
    assert found["broken"] == [
        {"rule": "night_is_short", "rows": [1], "imputed": False},
        {"rule": "seated", "rows": [3], "imputed": False},
    ]
    refused = ask(model(rules=RULES), rules="reject")({}, far)
    assert (refused["code"], refused["field"], refused["found"]) == ("broken_rule", "night_is_short", "row 1")
    assert refused["error"] == "row 1 breaks the schema's rule 'night_is_short'"
    assert refused["expected"] == "if night then distance < 5000"


def test_rules_judge_what_is_imputed(ask):
    asked = ask(model(rules=(RowRule("near", holds="distance < 100"),)), domain="impute", rules="reject")
    assert asked({"distance": -1.0})["broken"] == [{"rule": "distance.bounds", "rows": [0], "imputed": True}]


def test_tensors_have_their_marks_as_a_parameter(ask):
    asked = ask(model(rules=RULES), rules="mark", domain="mark")
    tensors = [
        {"name": name, "shape": [1], "datatype": datatype, "data": [value]}
        for name, datatype, value in (
            ("distance", "FP64", 5500.0),
            ("seats", "INT64", 9000),
            ("night", "BOOL", True),
            ("carrier", "BYTES", "AA"),
            ("scheduled", "INT64", 1_380_604_500_000_000),
        )
    ]
    answer = asked.sent({"inputs": tensors})
    rules = [mark["rule"] for mark in json.loads(answer["parameters"]["broken"])]
    assert rules == ["seats.bounds", "night_is_short"]


def test_a_contract_without_rules_served_without_marks_adds_nothing(ask):
    engine = ask(model()).engine
    assert engine._door.guarded(script := json_form.FORM.script(engine._contract, engine.served)) is script


texts = st.sampled_from(["AA", "UA", "ua", "", "TOOLONG", "A\n", None])
numbers = st.sampled_from([0.0, -1.0, 6000.0, 6000.5, 1e308, None])
rows = st.lists(st.fixed_dictionaries({}, optional={"carrier": texts, "distance": numbers}), min_size=1, max_size=4)


@pytest.fixture(scope="module")
def pairs(tmp_path_factory):
    """The quick decoder and the careful reader of a model, by mode."""
    from seakeep.serving.server.contract import Contract
    from seakeep.serving.server.decoding import Decoder

    made = {}
    for mode in ("accept", "mark", "impute"):
        served = Served.of(model())
        settings = Settings(domain=mode, missing=mode)
        decoder = Decoder(Contract(served, settings, Metrics(tmp_path_factory.mktemp(mode))))
        made[mode] = decoder.read, decoder._careful.read
    return made


@given(rows=rows, mode=st.sampled_from(["accept", "mark", "impute"]))
def test_the_quick_way_marks_what_the_careful_one_marks(pairs, rows, mode):
    body = json.dumps({"rows": [{**GOOD, **row} for row in rows]}).encode()
    quick, careful = (read(body) for read in pairs[mode])
    assert [list(values) for values in quick.columns] == [list(values) for values in careful.columns]
    assert [getattr(values, "marks", ()) for values in quick.columns] == [
        getattr(values, "marks", ()) for values in careful.columns
    ]


def test_a_mark_says_its_rows():
    assert Mark("fare.bounds", (0, 2)).as_answer() == {"rule": "fare.bounds", "rows": (0, 2), "imputed": False}


def test_inputs_that_the_contract_does_not_know_are_let_in(ask):
    made = model()
    columns = {name: column for name, column in made.schema.columns.items() if name != "carrier"}
    unknown = replace(made, schema=replace(made.schema, columns=columns))
    assert Input("carrier", Kind.STRING) in unknown.inputs
    assert "predictions" in ask(unknown, domain="impute", missing="impute")({"carrier": "?"})


def test_every_form_names_the_broken_rules_in_a_header(tmp_path):
    from seakeep.serving.server.choosing import choose

    csv = {"content-type": "text/csv", "accept": "text/csv"}
    body = b"distance,seats,night,carrier,scheduled\n-5,149,true,ua,2013-10-01T05:15:00Z\n"
    with asking() as made:
        asked = made(Served.of(model(rules=RULES)), tmp_path, domain="mark", rules="mark")
        reply = asked.replied(body, choose(csv), content_type="text/csv", accept="text/csv")
        assert dict(reply.headers)["seakeep-broken"] == "distance.bounds,carrier.pattern"
        good = asked.replied(body.replace(b"-5", b"5").replace(b"ua", b"UA"), choose(csv), accept="text/csv")
        assert "seakeep-broken" not in dict(good.headers)
        lines = {"content-type": "text/csv", "accept": "application/x-ndjson"}
        told = asked.replied(body, choose(lines), accept="application/x-ndjson").content
        assert json.loads(told)["broken"] == "distance.bounds, carrier.pattern"


def test_bytes_are_imputed_and_marked_as_lists_are(tmp_path):
    import struct

    from seakeep.serving.server.choosing import choose

    parts = [struct.pack("<2d", -5.0, 9.0), struct.pack("<2q", 149, 149), b"\x01\x00"]
    parts += [b"\x02\x00\x00\x00ua\x02\x00\x00\x00UA", struct.pack("<2q", 1_380_604_500_000_000, 1_380_604_500_000_000)]
    kinds = {"distance": "FP64", "seats": "INT64", "night": "BOOL", "carrier": "BYTES", "scheduled": "INT64"}
    inputs = [
        {"name": name, "datatype": kind, "shape": [2], "parameters": {"binary_data_size": len(part)}}
        for (name, kind), part in zip(kinds.items(), parts, strict=True)
    ]
    head = json.dumps({"inputs": inputs}).encode()
    sent = {"content-type": "application/octet-stream", "inference-header-content-length": str(len(head))}
    with asking() as made:
        asked = made(Served.of(model()), tmp_path, domain="impute")
        reply = asked.replied(head + b"".join(parts), choose(sent), **sent)
        answered = reply.answered
        assert [mark.rule for mark in answered.ask.marks] == ["distance.bounds", "carrier.pattern"]
        assert answered.ask.columns[0] == [2.0, 9.0]
        plain = asked({"distance": 2.0, "carrier": "UA"}, {"distance": 9.0, "carrier": "UA", "night": False})
        assert plain["predictions"][0]["probability"] == max(answered.scores[:2])
        assert plain["predictions"][1]["probability"] == max(answered.scores[2:])

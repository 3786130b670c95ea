"""The OpenAPI document: every example in it is answered, whatever the contract; it says what the server asks for; others find it whole."""

from __future__ import annotations

import datetime as dt
import json
import re
import subprocess
import time
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

from seakeep.core import ColumnSchema, Kind, RowRule, Task
from seakeep.core.token_files import add_token
from seakeep.core.tokens import SCOPES, issue
from seakeep.data import profile_frame
from seakeep.data.rows.automaton import Automaton, matcher
from seakeep.data.rows.regular import read
from seakeep.serving.served import Served
from seakeep.serving.server.openapi.examples import examples_of
from seakeep.serving.server.openapi.schemas import request_schemas
from seakeep.serving.server.settings import Settings
from seakeep.testing.example_models import example_model, example_schema

VALIDATOR = Path(__file__).parents[2] / ".platforms/serving-peers/fuzz/bin/python"
_2013 = 1_357_000_000_000_000
CONTRACTS = {
    "codes": {
        "distance": ColumnSchema(Kind.NUMBER, minimum=100, maximum=100.25),
        "seats": ColumnSchema(Kind.INTEGER, minimum=3.5, maximum=4.5),
        "night": ColumnSchema(Kind.BOOLEAN, values=(False,)),
        "carrier": ColumnSchema(Kind.STRING, pattern="[B-Z][0-9]{2}|x{40}", length_at_least=4),
        "scheduled": ColumnSchema(Kind.TIMESTAMP, minimum=_2013, maximum=_2013 + 1),
    },
    "links": {
        "distance": ColumnSchema(Kind.NUMBER, values=(3, 5), minimum=4),
        "seats": ColumnSchema(Kind.INTEGER, minimum=-(2**62)),
        "carrier": ColumnSchema(Kind.STRING, semantics="url", length_at_least=60),
        "scheduled": ColumnSchema(Kind.TIMESTAMP, maximum=-1),
    },
    "identities": {
        "carrier": ColumnSchema(Kind.STRING, pattern="[a-f0-9]{8}(-[a-f0-9]{4}){3}-[a-f0-9]{12}"),
        "seats": ColumnSchema(Kind.INTEGER, minimum=1, maximum=900),
    },
}
RULES = {"identities": (RowRule("more", holds="seats > 100 and distance < 10"),)}
TASKS = dict(zip(CONTRACTS, Task, strict=True))


def made(name):
    schema = replace(example_schema(**CONTRACTS[name]), rules=RULES.get(name, ()))
    model = example_model(TASKS[name], name=name, schema=schema)
    frame = pl.DataFrame({"distance": [5.0, 600.0], "seats": [7, 500], "night": [True, False], "carrier": ["AA", "B"]})
    frame = frame.with_columns(scheduled=pl.Series([dt.datetime(2013, 1, 1), dt.datetime(2014, 1, 1)]))
    return replace(model, statistics=profile_frame(frame))


@pytest.fixture(scope="module")
def strict(start, tmp_path_factory):
    """A server that rejects whatever breaks a contract, asks for a token, and loads and unloads; and its document."""
    base = tmp_path_factory.mktemp("described")
    for name in CONTRACTS:
        made(name).save(base / name)
    text, token = issue("all", tuple(SCOPES), now=time.time())
    add_token(base / "tokens.json", token)
    options = ["--missing", "reject", "--domain", "reject", "--rules", "reject", "--repository", "change"]
    options += ["--home", base / "home", "--tokens", base / "tokens.json"]
    with start(*(base / name for name in CONTRACTS), *options) as running:
        running.bearer = {"authorization": f"Bearer {text}"}
        running.document = running.ask("GET", "/openapi.json", **running.bearer)[2]
        yield running


def examples(document):
    """Address, media type, name and value of every example of a request."""
    for path, operations in document["paths"].items():
        for media, body in operations.get("post", {}).get("requestBody", {}).get("content", {}).items():
            for name, example in body.get("examples", {}).items():
                yield path, media, name, example["value"]


def test_every_example_is_answered_whatever_the_contract(strict):
    found = list(examples(strict.document))
    forms = {"rows", "columns", "tensors"}
    for model in CONTRACTS:
        own = {name for path, media, name, _ in found if path == f"/v2/models/{model}/infer" and "+json" not in media}
        assert forms <= own, model
        posted = {path.rpartition("/")[2] for path, *_ in found if f"/{model}/" in path}
        assert posted == {"infer", "explain", "stream", "labels", "load", "unload"}
    for path, media, name, value in found:
        body = value if isinstance(value, str) else json.dumps(value)
        status, _, answer = strict.ask("POST", path, body.encode(), content_type=media, **strict.bearer)
        assert status == 200, (path, media, name, value, answer)
        if path.endswith("/stream"):
            assert b"error" not in answer
    assert {entry["state"] for entry in strict.ask("POST", "/v2/repository/index", **strict.bearer)[2]} == {"READY"}


def test_the_document_says_what_a_call_needs_and_how_it_may_end(strict):
    assert strict.document["components"]["securitySchemes"]["token"]["scheme"] == "bearer"
    needs = {"infer": "predict", "explain": "predict", "stream": "predict", "labels": "labels", "unload": "admin"}
    for path, operations in strict.document["paths"].items():
        operation = next(iter(operations.values()))
        if path.startswith("/v2/health"):
            assert "security" not in operation
            continue
        asked = operation["security"][0]["token"]
        assert asked == [needs.get(path.rpartition("/")[2], asked[0])]
        assert {"401", "403"} <= operation["responses"].keys()
        if "post" in operations:
            assert {"400", "413", "415", "429", "503", "504"} <= operation["responses"].keys()
            assert "Retry-After" in operation["responses"]["429"]["headers"]
    headers = {one["name"] for one in strict.document["paths"]["/v2/models/codes/infer"]["post"]["parameters"]}
    assert headers == {"seakeep-key", "seakeep-timeout-ms", "seakeep-priority"}
    request = strict.document["components"]["schemas"]["codes.request"]["oneOf"][0]
    assert request["properties"]["parameters"]["properties"]["interval"]["exclusiveMaximum"] == 1
    row = strict.document["components"]["schemas"]["codes.row"]["properties"]
    assert (row["night"]["enum"], row["distance"]["maximum"], row["carrier"]["minLength"]) == ([False], 100.25, 4)


def test_a_server_that_trusts_everybody_says_nothing_of_tokens(server):
    document = server.ask("GET", "/openapi.json")[2]
    assert "securitySchemes" not in document["components"]
    operation = document["paths"]["/v2/models/flights/infer"]["post"]
    assert "401" not in operation["responses"]
    assert "security" not in operation
    assert not any("/load" in path for path in document["paths"])
    row = document["components"]["schemas"]["flights.row"]["properties"]
    assert row["distance"]["type"] == ["number", "null"]
    assert "maximum" not in row["distance"], "what is outside is scored"


def test_a_contract_that_no_row_keeps_has_no_examples():
    schema = example_schema(carrier=ColumnSchema(Kind.STRING, pattern="a{3}", length_at_least=4))
    found = examples_of(Served.of(example_model(schema=schema)))
    assert (found.row, found.requests, found.lines) == ({}, {}, {})
    assert found.labels


@pytest.mark.parametrize("bounds", [{"minimum": -(2**62)}, {"maximum": 2**62}])
def test_an_example_of_a_time_has_a_year_that_a_calendar_has(bounds):
    schema = example_schema(scheduled=ColumnSchema(Kind.TIMESTAMP, **bounds))
    row = examples_of(Served.of(example_model(schema=schema))).row
    assert dt.datetime.fromisoformat(row["scheduled"]).tzinfo is not None


def test_every_reference_has_its_schema(strict):
    text = json.dumps(strict.document)
    found = set(re.findall(r"#/components/schemas/([\w.]+)", text))
    assert found <= set(strict.document["components"]["schemas"])
    assert len(found) > 3 * len(CONTRACTS)


def test_an_interval_is_shown_where_it_can_be_asked_for(monkeypatch):
    from seakeep.serving.server.intervals import Intervals

    served = Served.of(example_model())
    assert "interval" not in examples_of(served).requests
    monkeypatch.setattr(Intervals, "_distances", lambda _: {950: 0.5})
    assert examples_of(served).requests["interval"]["parameters"] == {"interval": 0.9}


@pytest.mark.parametrize(
    ("missing", "is_null"), [("accept", True), ("schema", False), ("reject", False), ("mark", True), ("impute", True)]
)
def test_null_is_said_where_it_is_taken(missing, is_null):
    schemas = request_schemas(Served.of(example_model()), Settings(missing=missing), {})
    assert ("null" in schemas["flights.row"]["properties"]["seats"]["type"]) == is_null


@pytest.mark.parametrize(
    ("pattern", "least"),
    [("", 0), ("[A-Z]{3}", 0), ("a*b", 7), (r"\d{4}-\d\d?", 0), ("(foo|ba+r){2}", 9), (r"\p{Lu}ß?", 2), ("^x$", 0)],
)
def test_a_text_that_matches_is_found(pattern, least):
    found = Automaton(read(pattern)).shortest(pattern, least=least)
    assert matcher(pattern)(found)
    assert least <= len(found)


@pytest.mark.parametrize(("pattern", "least"), [("[A-Z]{3}", 4), ("あ", 2), ("[ab]*a[ab]{300}", 0), ("🚢", 2)])
def test_looking_for_a_text_ends(pattern, least):
    begun = time.process_time()
    assert Automaton(read(pattern)).shortest("", least=least) is None
    assert time.process_time() - begun < 0.5


_JUDGE = """
import json, sys
import jsonschema_rs
from schemathesis.specs.openapi.definitions import OPENAPI_31_VALIDATOR
document = json.load(sys.stdin)
OPENAPI_31_VALIDATOR.validate(document)
judged = 0
for path, operations in document["paths"].items():
    for operation in operations.values():
        for body in operation.get("requestBody", {}).get("content", {}).values():
            schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", **body["schema"], "components": document["components"]}
            for example in body.get("examples", {}).values():
                jsonschema_rs.Draft202012Validator(schema).validate(example["value"])
                judged += 1
for schema in document["components"]["schemas"].values():
    for example in schema.get("examples", ()):
        jsonschema_rs.Draft202012Validator({**schema, "components": document["components"]}).validate(example)
        judged += 1
print(judged)
"""


@pytest.mark.platform
def test_an_independent_validator_finds_it_whole(strict):
    """schemathesis' schema of OpenAPI 3.1, and jsonschema-rs for every example against its own schema."""
    if not VALIDATOR.exists():
        pytest.skip("scripts/serving-peers makes it")
    text = json.dumps(strict.document)
    done = subprocess.run([VALIDATOR, "-c", _JUDGE], check=False, input=text, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    assert int(done.stdout) == sum(1 for _ in examples(strict.document)) + len(CONTRACTS)

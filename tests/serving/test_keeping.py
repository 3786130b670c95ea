"""What of the requests is kept: a sample of each minute, and no sensitive value; and what is refused of such settings."""

from __future__ import annotations

import json
import os
import signal
from dataclasses import replace

import polars as pl
import pytest

from seakeep.core import Task
from seakeep.prediction_log import PredictionLog
from seakeep.prediction_log.hashing import hashed, hashed_integer, read_key
from seakeep.prediction_log.parts import described
from seakeep.serving.server.keeping import BadKeeping, Keeping
from seakeep.serving.server.veils import CannotHide, Veil, check_names
from seakeep.testing.example_models import example_model

MODEL = example_model(Task.BINARY)


@pytest.fixture
def secret(tmp_path):
    path = tmp_path / "hash.key"
    path.write_text("a key that nobody guesses\n")
    return path


@pytest.fixture
def logged_by(start, release):
    def begin(model, *arguments, **environment):
        made = release(model)
        return made, start("--follow", "flights", "--home", made.home, *arguments, **environment)

    return begin


@pytest.fixture
def logged(logged_by, keyed):
    return lambda *arguments, **environment: logged_by(keyed(1), *arguments, **environment)


def rows(made, **given):
    return PredictionLog.of(made.home, "flights").scan(labels=False, **given).collect()


def stop(server):
    server.process.send_signal(signal.SIGTERM)
    assert server.process.wait(20) == 0


# Sampled


def test_of_a_burst_as_many_requests_are_kept_as_stated_and_say_how_likely_that_was(logged, row):
    made, server = logged("--log", "sampled", "--log-sample-requests", "10", "--log-sample-seconds", "3600")
    with server as server:
        answered = {server.infer({"rows": [row, row]})[1]["prediction_id"] for _ in range(60)}
        assert server.infer({"rows": [{**row, "seats": "many"}]})[0] == 400
        assert rows(made).height == 0
        stop(server)
    found = rows(made)
    requests = found.unique("@time", keep="any").height
    assert requests == 10
    assert set(found["@sampled"]) == {10 / 61}
    assert {one.partition(".")[0] for one in found.filter(found["@outcome"] == "answered")["@id"]} <= answered


def test_what_was_sampled_is_on_the_disk_when_its_period_is_over(logged, row):
    made, server = logged("--log", "sampled", "--log-sample-seconds", "1", "--log-seconds", "0.1")
    with server as server:
        server.infer({"rows": [row]})
        server.until(lambda: rows(made).height == 1, seconds=6)
        (worker,) = server.workers
        os.kill(worker, signal.SIGKILL)
    assert rows(made)["@sampled"].to_list() == [None]


def test_labels_are_all_kept_and_at_once_while_requests_are_sampled(logged, row):
    made, server = logged("--log", "sampled", "--log-sample-requests", "1", "--log-sample-seconds", "3600")
    with server as server:
        labels = {"labels": [{"key": f"{number}", "label": True} for number in range(50)]}
        path = "/v2/models/flights/labels"
        assert server.ask("POST", path, json.dumps(labels).encode(), content_type="application/json")[0] == 200
        (worker,) = server.workers
        os.kill(worker, signal.SIGKILL)
        log = PredictionLog.of(made.home, "flights")
        server.until(lambda: log.convert().busy or list(log.layout.labels.glob("*.parquet")))
    (path,) = log.layout.labels.glob("*.parquet")
    assert pl.read_parquet(path).height == 50


# Hidden


def test_hidden_columns_are_not_on_the_disk_in_any_file(logged, row, secret):
    hidden = ("--redact", "scheduled,seats", "--hash", "carrier,flight", "--hash-key-file", secret)
    made, server = logged(*hidden)
    with server as server:
        sent = {**row, "carrier": "SECRET-CARRIER", "flight": "SECRET-FLIGHT", "seats": 7654321}
        assert server.infer({"rows": [sent, {**sent, "carrier": "AA"}]})[0] == 200
        labels = {"labels": [{"key": "SECRET-FLIGHT", "label": True}]}
        path = "/v2/models/flights/labels"
        assert server.ask("POST", path, json.dumps(labels).encode(), content_type="application/json")[0] == 200
        refused = {"rows": [{**sent, "distance": "SECRET-TEXT"}]}
        status, _, _ = server.ask(
            "POST", "/v2/models/flights/infer", json.dumps(refused).encode(), seakeep_key="SECRET-FLIGHT",
            content_type="application/json",
        )  # fmt: skip
        assert status == 400
        stop(server)
    key = read_key(secret)
    found = PredictionLog.of(made.home, "flights").scan().collect().sort("@id")
    answered = found.filter(found["@outcome"] == "answered")
    assert answered["carrier"].to_list() == [hashed("SECRET-CARRIER", key), hashed("AA", key)]
    assert answered["@key"].to_list() == [hashed("SECRET-FLIGHT", key)] * 2
    assert answered["@label"].to_list() == [True, True]
    assert answered.select("scheduled", "seats").null_count().row(0) == (2, 2)
    assert answered["distance"].to_list() == [row["distance"]] * 2
    content = b"".join(path.read_bytes() for path in (made.home / "predictions").rglob("*") if path.is_file())
    assert b"SECRET" not in content
    assert b"a key that nobody" not in content
    (told,) = described(PredictionLog.of(made.home, "flights").layout).values()
    assert set(told.hidden) == {"carrier", "scheduled", "seats", "@key"}


def test_a_label_by_a_key_is_refused_where_keys_are_left_out(logged, row):
    made, server = logged("--redact", "flight")
    with server as server:
        base = server.infer({"rows": [{**row, "flight": "AA1"}]})[1]["prediction_id"]

        def label(*labels):
            path, body = "/v2/models/flights/labels", json.dumps({"labels": labels}).encode()
            status, _, answer = server.ask("POST", path, body, content_type="application/json")
            return status, answer

        mine = {"prediction_id": f"{base}.0", "label": True}
        status, answer = label(mine, {"key": "AA1", "label": True})
        assert (status, answer["code"]) == (400, "wrong_prediction_id")
        assert answer["error"] == "labels[1] is by a key, and the log of this model keeps no keys"
        assert not PredictionLog.of(made.home, "flights").scan().collect()["@label"].to_list()
        assert label(mine)[0] == 200
    found = PredictionLog.of(made.home, "flights").scan().collect()
    assert (found["@label"].to_list(), found["@key"].to_list()) == ([True], [None])


def sensitive(**ways):
    """A model whose contract says how columns are to be kept."""
    columns = {name: replace(column, sensitive=ways.get(name, "")) for name, column in MODEL.schema.columns.items()}
    return replace(MODEL, schema=replace(MODEL.schema, columns=columns))


def test_a_contract_says_what_is_hidden_and_the_stricter_of_two_holds(secret):
    model = sensitive(carrier="hash", seats="drop", night="drop")
    own = Veil(model, Keeping(hash=("seats",), redact=("distance",), hash_key_file=str(secret)))
    assert set(own.hidden) == {"carrier", "seats", "night", "distance"}
    columns = dict(zip([one.name for one in MODEL.inputs], own.columns([["UA"]] * len(MODEL.inputs)), strict=True))
    assert columns["carrier"] == [hashed("UA", read_key(secret))]
    assert columns["seats"] == columns["night"] == columns["distance"] == [None]


def test_without_a_key_what_a_contract_wants_hashed_is_left_out():
    own = Veil(sensitive(carrier="hash"), Keeping())
    assert own.hidden == ("carrier",)
    assert own.columns([["UA"]] * len(MODEL.inputs)).count([None]) == 1
    assert Veil(MODEL, Keeping()).hidden == ()


def test_a_server_hides_what_the_contract_of_its_release_says(logged_by, row, secret):
    model = sensitive(carrier="hash", scheduled="drop")
    made, server = logged_by(model, "--hash-key-file", secret)
    with server as server:
        assert server.infer({"rows": [{**row, "carrier": "SECRET-CARRIER"}]})[0] == 200
        stop(server)
    (found,) = rows(made).to_dicts()
    assert (found["carrier"], found["scheduled"]) == (hashed("SECRET-CARRIER", read_key(secret)), None)
    assert found["distance"] == row["distance"]
    (told,) = described(PredictionLog.of(made.home, "flights").layout).values()
    assert set(told.hidden) == {"carrier", "scheduled"}


def test_a_whole_number_stays_one(secret):
    veil = Veil(MODEL, Keeping(hash=("seats",), hash_key_file=str(secret)))
    place = [column.name for column in MODEL.inputs].index("seats")
    given = [[1] * 2 for _ in MODEL.inputs]
    assert veil.columns(given)[place] == [hashed_integer(1, read_key(secret))] * 2
    assert given[place] == [1, 1]
    assert veil.key is None


def test_a_key_that_the_contract_does_not_name_is_hidden_by_the_name_of_its_column(secret):
    veil = Veil(MODEL, Keeping(hash=("@key",), hash_key_file=str(secret)))
    assert veil.keys(["a", None]) == [hashed("a", read_key(secret)), None]
    assert Veil(MODEL, Keeping(redact=("@key",))).keys(["a"]) == [None]


# Refused


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"sample_requests": 0}, "log_sample_requests is 0, expected 1 to 1000000"),
        ({"sample_seconds": 3601}, "log_sample_seconds is 3601, expected 1 to 3600"),
        ({"keep": -1.0}, "log_keep is -1.0, expected a length of time"),
        ({"hash": ("a",)}, "a shall be hashed, and there is no key to hash with"),
        ({"redact": ("a",), "hash": ("a",)}, "a shall be left out and hashed, expected one of the two"),
        ({"sinks": ("nats://me:tiger@host/log",)}, "a sink's address holds a password"),
    ],
)
def test_settings_that_cannot_be_are_told(given, words):
    with pytest.raises(BadKeeping) as caught:
        Keeping(**given)
    assert str(caught.value).splitlines()[0] == words
    assert "tiger" not in str(caught.value)


def test_a_name_that_no_release_knows_is_refused(folders):
    with pytest.raises(CannotHide) as caught:
        check_names(Keeping(redact=("carier",)), [MODEL])
    assert str(caught.value).startswith("'carier' is to be hidden, and is a column of no release that is served")
    assert "carrier" in str(caught.value)


def test_a_number_cannot_be_hashed(secret):
    with pytest.raises(CannotHide, match="'distance' is a number and cannot be hashed; texts and whole numbers can"):
        Veil(MODEL, Keeping(hash=("distance",), hash_key_file=str(secret)))

"""Settings are checked once, and each refusal says the setting, what was found and what it can be."""

from __future__ import annotations

import pytest

from seakeep.serving.server.settings import BadSetting, Settings


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("missing", "maybe", "one of 'schema', 'reject', 'accept', 'mark', 'impute'"),
        ("domain", "maybe", "one of 'accept', 'reject', 'mark', 'impute'"),
        ("rules", "impute", "one of 'accept', 'reject', 'mark'"),
        ("port", 65_536, "a port from 0 to 65535"),
        ("port", -1, "a port from 0 to 65535"),
        ("workers", 0, "at least 1"),
        ("body_limit_bytes", 0, "at least 1"),
        ("row_limit", -5, "at least 1"),
        ("read_seconds", 0, "at least 1"),
        ("drain_seconds", 0, "at least 1"),
        ("log", "sometimes", "one of 'off', 'sampled', 'interval', 'acknowledged'"),
        ("log_seconds", 0.01, "0.05 to 60.0 seconds"),
        ("log_seconds", float("nan"), "0.05 to 60.0 seconds"),
    ],
)
def test_a_setting_that_cannot_be_is_refused(name, value, expected):
    with pytest.raises(BadSetting) as caught:
        Settings(**{name: value})
    assert str(caught.value) == f"{name} is {value!r}, expected {expected}\n  Change it: serve(…, {name}=…)."
    assert caught.value.name == name


def test_the_defaults_listen_on_this_machine_only():
    assert Settings().host == "127.0.0.1"


@pytest.mark.parametrize(
    ("host", "grpc"), [("127.0.0.1", ":8080"), ("0.0.0.0", "127.0.0.1:8080"), ("127.0.0.1", "[::]:8080")]
)
def test_one_port_for_both_protocols_is_refused(host, grpc):
    with pytest.raises(BadSetting, match="another port than HTTP's, 8080"):
        Settings(host=host, port=8080, grpc=grpc)


def test_the_same_port_of_another_address_is_another_one():
    assert Settings(host="127.0.0.1", port=8080, grpc="127.0.0.2:8080").grpc
    assert Settings(host="127.0.0.1", port=0, grpc="127.0.0.1:0").grpc


def test_a_wrong_host_is_told_to_who_typed_it():
    assert "--http HOST:PORT" in BadSetting.of("host", "nowhere", "an address").fix

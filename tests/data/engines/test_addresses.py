"""An engine's address: what it may be, and what is said of one that is not, or where nobody answers."""

from __future__ import annotations

import socket
import sys

import pytest

from seakeep.core.errors import MissingExtra
from seakeep.data.engines import BadEngine, CannotConnect, connect, connected, place_of


@pytest.mark.parametrize(
    ("address", "engine", "here", "workers", "host", "port"),
    [
        ("local", "local", True, 0, "", 0),
        ("local[3]", "local", True, 3, "", 0),
        ("local[*]", "local", True, 0, "", 0),
        ("ray://local", "ray", True, 0, "", 0),
        ("ray://local[2]", "ray", True, 2, "", 0),
        ("ray://auto", "ray", False, 0, "auto", 0),
        ("ray://head.example.com:10001", "ray", False, 0, "head.example.com", 10001),
        ("spark://[::1]:7077", "spark", False, 0, "::1", 7077),
        ("SPARK://master:7077/", "spark", False, 0, "master", 7077),
        (" local ", "local", True, 0, "", 0),
    ],
)
def test_addresses_say_where_an_engine_is(address, engine, here, workers, host, port):
    place = place_of(address)
    found = (place.engine, place.here, place.workers, place.host, place.port)
    assert found == (engine, here, workers, host, port)


@pytest.mark.parametrize(
    ("address", "near"),
    [
        ("loca", "local"),
        ("spak://master:7077", "spark://master:7077"),
        ("ray", "ray://local"),
        ("spark[2]", "spark://local"),
        ("local://2", "local"),
    ],
)
def test_a_mistyped_address_is_told_with_the_nearest(address, near):
    with pytest.raises(BadEngine, match="is not an engine's address, expected local, ") as caught:
        place_of(address)
    assert f"Did you mean {near!r}?" in str(caught.value)


@pytest.mark.parametrize(
    "address",
    ["", "ray://", "ray://head", "ray://head:0", "ray://head:65536", "spark://a:1,b:2", "spark://user@master:7077",
     "ray://head:10001/path", "local[]", "local[-1]", "local[0x2]", "http://head:1", "spark://master:7077?a=b", "a b"],
)  # fmt: skip
def test_other_addresses_are_refused(address):
    with pytest.raises(BadEngine):
        place_of(address)


def test_an_engine_whose_package_is_missing_says_what_installs_it(monkeypatch):
    for name, extra in (("ray", "ray"), ("pyspark", "spark")):
        monkeypatch.setitem(sys.modules, name, None)
        with pytest.raises(MissingExtra, match=rf"pip install 'seakeep\[{extra}\]'"):
            connect(f"{extra}://local")


def test_where_nothing_listens_it_is_told_at_once_and_what_to_check(monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: name)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound, and nobody listens
        port = taken.getsockname()[1]
        for name, check in (("ray", "ray status"), ("spark", "master's page")):
            with pytest.raises(
                CannotConnect, match=rf"no engine answered at {name}://127.0.0.1:{port} within"
            ) as caught:
                connect(f"{name}://127.0.0.1:{port}", seconds=2)
            assert check in str(caught.value)


def test_an_engine_that_is_connected_already_is_left_open():
    engine = connect("local[1]")
    try:
        with connected(engine) as same:
            assert same is engine
        with connected("local") as other:
            assert other.address == "local"
    finally:
        engine.close()
    engine.close()  # twice does no harm

"""What calls of gRPC may take before they are answered: nothing without a token, and with one no more memory and no longer than there is."""

from __future__ import annotations

import threading
import time

import grpc
import pytest

from seakeep.core.token_files import add_token
from seakeep.core.tokens import issue
from seakeep.serving.server.grpc.messages import SERVICE, messages
from seakeep.serving.server.grpc.room import MOST_BYTES, Room
from seakeep.serving.server.refusals.traffic import Pressed

from .test_grpc_lifecycle import asking

KINDS = messages()
METHOD = f"/{SERVICE}/ModelInfer"
LIMIT = 20_000_000
AWAITED = 16


@pytest.fixture(scope="module")
def token(tmp_path_factory):
    text, token = issue("client", ["predict"], now=time.time())
    file = tmp_path_factory.mktemp("tokens") / "tokens.json"
    add_token(file, token)
    return text, file


@pytest.fixture(scope="module")
def channel(start, folders, token):
    """A channel to a server that asks for a token and has one request of the model under way at most."""
    options = ("--tokens", token[1], "--grpc", "127.0.0.1:0", "--body-limit-bytes", str(LIMIT), "--concurrency", "1")
    with start(folders["flights"], *options, "--row-limit", "1000000") as server:
        address = server.process.stdout.readline().decode().strip().removeprefix("grpc://")
        with grpc.insecure_channel(address) as channel:
            yield channel


@pytest.fixture
def metadata(token):
    return (("authorization", f"Bearer {token[0]}"),)


class Silent:
    """A call that is opened and sends nothing until it is let go."""

    def __init__(self, channel, metadata=()):
        self._over = threading.Event()
        self.call = channel.stream_unary(METHOD).future(self._nothing(), metadata=metadata, timeout=25)

    def _nothing(self):
        self._over.wait(25)
        yield from ()

    def end(self):
        self._over.set()
        self.call.cancel()


def test_who_has_no_token_is_refused_before_a_message_is_read(channel):
    silent = Silent(channel)
    started = time.monotonic()
    try:
        with pytest.raises(grpc.RpcError) as caught:
            silent.call.result(10)
        assert caught.value.code().name == "UNAUTHENTICATED"
        assert time.monotonic() - started < 5
    finally:
        silent.end()


def test_of_many_messages_that_are_awaited_the_slowest_are_ended(channel, metadata):
    waiting = [Silent(channel, metadata) for _ in range(AWAITED + 4)]
    try:
        deadline = time.monotonic() + 10
        while sum(one.call.done() for one in waiting) < 4 and time.monotonic() < deadline:
            time.sleep(0.02)
        answer = channel.unary_unary(METHOD)(asking().SerializeToString(), metadata=metadata, timeout=10)
        assert KINDS.InferResponse.FromString(answer).model_name == "flights"
        assert sum(one.call.done() for one in waiting) == 4
    finally:
        for one in waiting:
            one.end()


def test_large_calls_that_wait_to_be_read_take_no_place_of_the_small(channel, metadata):
    ask = channel.unary_unary(METHOD)
    large, small = asking(40_000).SerializeToString(), asking().SerializeToString()
    under_way = [ask.future(large, metadata=metadata, timeout=30) for _ in range(3)]
    answered = 0
    while not all(one.done() for one in under_way):
        ask(small, metadata=metadata, timeout=10)  # raises where it is refused
        answered += 1
    assert answered
    assert all(len(one.result()) > 40_000 for one in under_way)


def test_the_length_that_metadata_claim_is_not_believed(channel, metadata):
    claimed = (*metadata, ("content-length", "9999999"), ("transfer-encoding", "chunked"))
    answer = channel.unary_unary(METHOD)(asking().SerializeToString(), metadata=claimed, timeout=10)
    assert KINDS.InferResponse.FromString(answer).model_name == "flights"


def test_large_messages_have_so_many_bytes_and_no_more():
    room = Room(8_000_000)
    with room.of(MOST_BYTES - 8_000_000), room.of(8_000_000):
        with pytest.raises(
            Pressed, match=f"large messages have {MOST_BYTES} bytes of this worker's memory already"
        ) as caught:
            room.of(1).__enter__()
        assert caught.value.status == 429
        assert dict(caught.value.headers)["retry-after"]
    with room.of(MOST_BYTES):
        pass
    assert Room(MOST_BYTES).most == 2 * MOST_BYTES


def test_a_refusal_for_want_of_room_leaves_what_is_held_as_it_was():
    room = Room(1)
    with room.of(MOST_BYTES), pytest.raises(Pressed):
        room.of(1).__enter__()
    with room.of(MOST_BYTES):
        pass

"""gRPC while a server lives: several workers, releases that are swapped, shadows, the log, and its end."""

from __future__ import annotations

import signal
import struct
import subprocess
import sys
import threading
import time

import grpc
import polars as pl
import pytest

from seakeep.prediction_log.log import PredictionLog
from seakeep.serving.server.grpc.bridge import Bridge, Call
from seakeep.serving.server.grpc.messages import SERVICE, messages

pytestmark = pytest.mark.slow
KINDS = messages()
METHOD = f"/{SERVICE}/ModelInfer"


def asking(rows=1, flight=None, model="flights"):
    """A request with raw contents, as Triton's client sends it."""
    request = KINDS.InferRequest(model_name=model)
    columns = {
        "distance": ("FP64", "d", [1400.0] * rows),
        "seats": ("INT64", "q", [149] * rows),
        "night": ("BOOL", "?", [True] * rows),
        "scheduled": ("INT64", "q", [1_380_604_500_000_000] * rows),
    }
    for name, (datatype, letter, values) in columns.items():
        request.inputs.add(name=name, datatype=datatype, shape=[rows])
        request.raw_input_contents.append(struct.pack(f"<{rows}{letter}", *values))
    request.inputs.add(name="carrier", datatype="BYTES", shape=[rows])
    request.raw_input_contents.append(b"\x02\x00\x00\x00AA" * rows)
    if flight is not None:
        request.inputs.add(name="flight", datatype="BYTES", shape=[rows])
        request.raw_input_contents.append((struct.pack("<I", len(flight)) + flight.encode()) * rows)
    return request


class Channel:
    """A connection of its own, so that any worker may have it."""

    def __init__(self, address):
        self._channel = grpc.insecure_channel(address, options=[("grpc.use_local_subchannel_pool", 1)])
        self._infer = self._channel.unary_unary(METHOD, response_deserializer=KINDS.InferResponse.FromString)

    def infer(self, request, **more):
        return self._infer(request.SerializeToString(), timeout=20, **more)

    def close(self):
        self._channel.close()


def address_of(server):
    return server.process.stdout.readline().decode().strip().removeprefix("grpc://")


@pytest.fixture
def followed(start, release, keyed):
    """What starts a server that follows two releases, and tells of its registry and its address for gRPC."""

    def begin(*options):
        made = release(keyed(1), keyed(2))
        return made, start("--follow", "flights", "--home", made.home, "--grpc", "127.0.0.1:0", *options)

    return begin


def test_workers_share_the_port(start, folders, tmp_path):
    options = ("--workers", "2", "--grpc", "127.0.0.1:0", "--home", tmp_path)
    with start(folders["flights"], *options) as server:
        address, boots = address_of(server), set()
        deadline = time.monotonic() + 15
        while len(boots) < 2 and time.monotonic() < deadline:
            channel = Channel(address)
            boots.add(channel.infer(asking()).parameters["prediction_id"].string_param.split("-")[0])
            channel.close()
        assert len(boots) == 2


def test_a_route_is_followed_keys_stay_and_nothing_fails(followed):
    made, server = followed("--log", "interval")
    with server as server:
        address, failed, versions, over = address_of(server), [], {}, threading.Event()

        def ask(own):
            channel = Channel(address)
            while not over.is_set():
                try:
                    answer = channel.infer(asking(flight=f"key-{own}"))
                except grpc.RpcError as error:
                    failed.append(error)
                    continue
                versions.setdefault((made_now[0], own), set()).add(answer.model_version)
            channel.close()

        made_now = [None]
        threads = [threading.Thread(target=ask, args=(own,)) for own in range(6)]
        for thread in threads:
            thread.start()
        for share in (0.5, 0.2, 0.5):
            made_now[0] = None
            route = made.canary(share, salt="s")
            server.until_revision(route.revision)
            time.sleep(0.05)  # answers that were under way at the swap
            made_now[0] = route.revision
            time.sleep(0.25)
        over.set()
        for thread in threads:
            thread.join()
        assert failed == []
        told = {row: seen for row, seen in versions.items() if row[0] == route.revision}
        assert told
        for (_, own), seen in told.items():
            assert seen == {str(route.arm_for(route.point(f"key-{own}")).version)}


def test_a_header_is_a_key_a_shadow_gets_a_copy_and_all_is_on_record(followed):
    made, server = followed("--log", "acknowledged")
    with server as server:
        channel = Channel(address_of(server))
        route = made.route(made.arm("champion", 1), shadows=(made.arm("shadow", 2),))
        server.until_revision(route.revision)
        ids = [
            channel.infer(asking(rows=2), metadata=[("seakeep-key", f"k{number}")])
            .parameters["prediction_id"]
            .string_param
            for number in range(5)
        ]
        with pytest.raises(grpc.RpcError):
            channel.infer(KINDS.InferRequest(model_name="flights"))
        shadowed = 'seakeep_shadow_rows_total{model="flights",version="2"}'
        server.until(lambda: server.metrics().get(shadowed) == 10)
        channel.close()
    log = PredictionLog.of(made.home, "flights")
    log.convert()
    rows = log.scan().collect()
    answered = rows.filter(pl.col("@role") == "champion", pl.col("@outcome") == "answered")
    assert set(answered["@id"]) == {f"{one}.{row}" for one in ids for row in range(2)}
    assert set(answered["@key"]) == {f"k{number}" for number in range(5)}
    assert rows.filter(pl.col("@outcome") == "refused")["@reason"].to_list() == ["missing_input"]
    assert rows.filter(pl.col("@role") == "shadow").height == 10


def test_a_large_request_is_answered_beside_small_ones(start, folders):
    with start(folders["flights"], "--grpc", "127.0.0.1:0", "--row-limit", "200000") as server:
        address, slow = address_of(server), []
        big, small = Channel(address), Channel(address)
        small.infer(asking())
        thread = threading.Thread(target=lambda: slow.append(big.infer(asking(rows=100_000))))
        thread.start()
        count = 0
        while thread.is_alive():
            small.infer(asking())
            count += 1
        thread.join()
        assert len(slow[0].raw_output_contents[0]) == 100_000 * 2 * 4
        assert count > 3


def test_what_is_under_way_is_answered_and_a_channel_that_stays_holds_nobody_up(start, folders):
    with start(folders["flights"], "--grpc", "127.0.0.1:0", "--row-limit", "200000") as server:
        address, codes, over = address_of(server), [], threading.Event()
        idle = Channel(address)
        idle.infer(asking())

        def ask():
            channel = Channel(address)
            while not over.is_set():
                try:
                    codes.append(len(channel.infer(asking(rows=20_000)).raw_output_contents))
                except grpc.RpcError as error:
                    codes.append(error.code())
                    over.set()
            channel.close()

        threads = [threading.Thread(target=ask) for _ in range(3)]
        for thread in threads:
            thread.start()
        time.sleep(0.5)
        began = time.monotonic()
        server.process.send_signal(signal.SIGTERM)
        assert server.process.wait(20) == 0
        assert time.monotonic() - began < 10
        over.set()
        for thread in threads:
            thread.join()
        assert {code for code in codes if code != 2} <= {grpc.StatusCode.UNAVAILABLE}
        assert codes.count(2) >= 3


def test_a_port_that_is_taken_and_an_address_that_is_none_are_told(folders):
    command = [sys.executable, "-m", "seakeep.serving", str(folders["flights"]), "--port", "0", "--grpc"]
    done = subprocess.run([*command, "nowhere"], capture_output=True, text=True, check=False)
    assert done.returncode == 3
    assert "grpc is 'nowhere', expected HOST:PORT" in done.stderr


def test_who_waits_for_an_answer_gets_the_error_of_making_it():
    import asyncio

    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    bridge = Bridge(loop)

    async def answer():
        raise ValueError("own")

    async def never():
        await asyncio.sleep(60)

    with pytest.raises(ValueError, match="own"):
        bridge.cross(Call(answer()))
    call = Call(never())
    threading.Timer(0.05, bridge.cancel, (call,)).start()
    assert bridge.cross(call) is None
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()

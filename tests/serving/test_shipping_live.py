"""The log against real servers: sinks to an S3 server and NATS with JetStream, which go away and are killed meanwhile; labels of PostgreSQL."""

from __future__ import annotations

import asyncio
import contextlib
import json
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import obstore
import polars as pl
import pytest
from tests.registry.servers import Bucket, Postgres, free_port

from seakeep.core.errors import SeakeepError
from seakeep.integrations._sinks.nats import NotStored
from seakeep.integrations._sinks.nats import open_sink as open_nats
from seakeep.prediction_log import Header, Layout, PredictionLog, Record, Spool
from seakeep.prediction_log.outbox import waiting
from seakeep.prediction_log.parts import convert
from seakeep.prediction_log.sql import read_sql
from seakeep.serving.shipping import Shipper

pytestmark = pytest.mark.platform
ONE = "a" * 64
NOON = 1_383_566_400_000_000
HEADER = Header("flight delay", ONE, 1, "binary", (("distance", "number"),), (False, True))
NEVER = threading.Event()


@pytest.fixture
def log(tmp_path):
    return Layout.of(tmp_path / "home", "flight delay")


@pytest.fixture
def shipper(tmp_path):
    """What makes a shipper, closed at the end."""
    made = []

    def make(address, log):
        made.append(Shipper(address, [log], tmp_path))
        return made[-1]

    yield make
    for one in made:
        one.close()


def put(log, numbers, *, boot="boot"):
    spool = Spool(log.spool, boot=boot)
    spool.describe(HEADER)
    for number in numbers:
        own = {"columns": [[float(number)]], "scores": [0.25, 0.75], "decisions": [1]}
        spool.append(Record(NOON + number, f"q{number:05}", ONE, "champion", 3, 1.5, 1, **own))
    assert spool.close()
    convert(log)


class Nats:
    """A NATS server whose streams lie in a folder."""

    def __init__(self, folder, port):
        assert shutil.which("nats-server"), "NATS is missing: scripts/platforms nats"
        self.folder, self.port, self.process = folder, port, None

    @property
    def address(self):
        return f"nats://127.0.0.1:{self.port}"

    def start(self):
        command = ["nats-server", "-a", "127.0.0.1", "-p", str(self.port), "-js", "-sd", str(self.folder)]
        self.process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + 20
        while True:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=1):
                return
            assert time.monotonic() < deadline
            time.sleep(0.02)

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(10)

    def run(self, work):
        """Run `work(jetstream)` as a client of its own."""

        async def connected():
            import nats

            client = await nats.connect(self.address)
            try:
                return await work(client.jetstream())
            finally:
                await client.close()

        return asyncio.run(connected())

    def messages(self, stream="LOG"):
        """Everything that a stream has."""

        async def read(jetstream):
            count = (await jetstream.stream_info(stream)).state.messages
            if not count:
                return []
            subscription = await jetstream.pull_subscribe("seakeep.>", stream=stream)
            found = []
            while len(found) < count:
                batch = await subscription.fetch(min(500, count - len(found)), timeout=10)
                for message in batch:
                    await message.ack()  # a consumer gets at most 1,000 that it has not acknowledged
                found += batch
            return found

        return self.run(read)


@pytest.fixture
def nats(tmp_path):
    server = Nats(tmp_path / "streams", free_port())
    server.start()
    yield server
    if server.process.poll() is None:
        server.kill()


def add_stream(server):
    server.run(lambda jetstream: jetstream.add_stream(name="LOG", subjects=["seakeep.>"]))


def test_a_bucket_gets_the_log_which_is_read_from_a_copy(log, shipper, tmp_path, monkeypatch):
    bucket = Bucket(tmp_path / "s3")
    bucket.start()
    try:
        for name, value in bucket.environment().items():
            monkeypatch.setenv(name, value)
        own = shipper("s3://models/logs", log)
        put(log, range(50))
        own.look(NEVER)
        assert waiting(log, "s3://models/logs") == []
        bucket.stop()
        put(log, range(50, 100), boot="later")
        own.look(NEVER)
        assert len(waiting(log, "s3://models/logs")) == 1
        bucket.start()
        own.look(NEVER)
        copy = tmp_path / "copy"
        for each in (one for batch in obstore.list(bucket.store(), "logs") for one in batch):
            target = copy / each["path"].removeprefix("logs/")
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(bytes(obstore.get(bucket.store(), each["path"]).bytes()))
    finally:
        bucket.stop()
    found = PredictionLog.of(copy, "flight delay").scan().collect().sort("@id")
    assert found.equals(PredictionLog(log).scan().collect().sort("@id"))
    assert found.height == 100


def test_a_stream_gets_every_request_and_answer_once(log, nats, shipper):
    add_stream(nats)
    own = shipper(f"{nats.address}/seakeep", log)
    put(log, range(300))
    own.look(NEVER)
    found = nats.messages()
    assert {message.subject for message in found} == {"seakeep.flight_delay.request", "seakeep.flight_delay.response"}
    assert len({message.headers["Nats-Msg-Id"] for message in found}) == len(found) == 600
    first = next(one for one in found if one.headers["Nats-Msg-Id"] == "q00007.request")
    assert json.loads(first.data)["inputs"] == [{"name": "distance", "datatype": "FP64", "shape": [1], "data": [7.0]}]
    assert first.headers["ce-specversion"] == "1.0"
    assert first.headers["ce-id"] == "q00007"


def test_what_is_sent_again_is_in_the_stream_once(log, nats, shipper, tmp_path):
    add_stream(nats)
    own = shipper(f"{nats.address}/seakeep", log)
    put(log, range(250))
    (parcel,) = waiting(log, f"{nats.address}/seakeep")
    sink = open_nats(f"{nats.address}/seakeep")
    sink.take(log, parcel)  # and the process is killed before it forgets the file
    sink.close()
    parcel.mark(0)
    own.look(NEVER)
    assert len(nats.messages()) == 500


def test_a_server_that_is_killed_and_comes_back_gets_what_waited(log, nats, shipper, caplog):
    add_stream(nats)
    own = shipper(f"{nats.address}/seakeep", log)
    put(log, range(10))
    own.look(NEVER)
    nats.kill()
    put(log, range(10, 20), boot="later")
    own.look(NEVER)
    assert "takes no predictions now" in caplog.text
    nats.start()
    own.look(NEVER)
    assert len(nats.messages()) == 40
    assert waiting(log, f"{nats.address}/seakeep") == []


def test_a_subject_that_no_stream_holds_is_told_with_the_line_that_makes_one(log, nats, shipper, caplog):
    own = shipper(f"{nats.address}/seakeep", log)
    put(log, range(3))
    own.look(NEVER)
    assert "no stream of" in caplog.text
    assert "nats stream add PREDICTIONS --subjects 'seakeep.>'" in caplog.text
    add_stream(nats)
    own.look(NEVER)
    assert len(nats.messages()) == 6


def test_a_stream_that_is_full_keeps_the_file_waiting(log, nats, shipper):
    def small(jetstream):
        return jetstream.add_stream(name="LOG", subjects=["seakeep.>"], max_msgs=5, discard="new")

    nats.run(small)
    own = shipper(f"{nats.address}/seakeep", log)
    put(log, range(20))
    own.look(NEVER)
    (parcel,) = waiting(log, f"{nats.address}/seakeep")
    sink = open_nats(f"{nats.address}/seakeep")
    with pytest.raises(NotStored, match=r"did not take a message: .*maximum messages exceeded"):
        sink.take(log, parcel)
    sink.close()


def test_a_request_that_is_no_message_is_told_and_waits(log, nats, shipper, caplog):
    add_stream(nats)
    own = shipper(f"{nats.address}/seakeep", log)
    spool = Spool(log.spool, boot="boot")
    spool.describe(HEADER)
    rows = 70_000
    values = {"columns": [[float(number) / 3 for number in range(rows)]], "scores": [0.25, 0.75] * rows}
    spool.append(Record(NOON, "q0", ONE, "champion", 3, 1.5, rows, decisions=[1] * rows, **values))
    assert spool.close()
    convert(log)
    own.look(NEVER)
    assert "takes no message of more than 1,048,576 bytes" in caplog.text
    assert len(waiting(log, f"{nats.address}/seakeep")) == 1


def test_kills_while_it_is_sent_lose_nothing_and_double_nothing(log, nats, tmp_path, shipper):
    add_stream(nats)
    address = f"{nats.address}/seakeep"
    own = shipper(address, log)
    for number in range(4):
        put(log, range(number * 300, number * 300 + 300), boot=f"b{number}")
    code = (
        "import threading; from pathlib import Path; from seakeep.prediction_log import Layout\n"
        "from seakeep.serving.shipping import Shipper\n"
        f"one = Shipper({address!r}, [Layout(Path({str(log.root)!r}))], Path({str(tmp_path)!r}))\n"
        "print('ready', flush=True); one.look(threading.Event())\n"
    )
    for turn in range(6):
        with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) as process:
            process.stdout.readline()
            time.sleep(0.1 + 0.07 * turn)
            process.send_signal(signal.SIGKILL)
    own.look(NEVER)
    found = [message.headers["Nats-Msg-Id"] for message in nats.messages()]
    assert len(found) == len(set(found)) == 2400


def test_labels_come_from_a_query_of_postgresql(log, monkeypatch):
    folder = Path(tempfile.mkdtemp(prefix="seakeep-servers-"))
    folder.chmod(0o755)
    put(log, range(3))
    monkeypatch.setenv("PGPASSWORD", "tiger")
    with contextlib.ExitStack() as stack:
        stack.callback(shutil.rmtree, folder)
        server = Postgres(folder / "data")
        server.make()
        server.start()
        stack.callback(server.stop)
        server.ready()
        server.ask("CREATE TABLE arrivals (id text, late boolean)", "INSERT INTO arrivals VALUES ('q00001.0', true)")
        address = f"postgresql://ann@127.0.0.1:{server.port}/postgres"
        table = read_sql("SELECT id, late FROM arrivals ORDER BY id", address)
        with pytest.raises(SeakeepError):
            read_sql("SELECT id, late FROM nowhere ORDER BY id", address)
    assert PredictionLog(log).add_labels(table, label="late", id="id").added == 1
    assert PredictionLog(log).scan().filter(pl.col("@label")).collect()["@id"].to_list() == ["q00001.0"]

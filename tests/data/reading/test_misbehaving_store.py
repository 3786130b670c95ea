"""An object store that answers 503, breaks off, or stays away: the real client against a server of this test that does so."""

from __future__ import annotations

import contextlib
import hashlib
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import polars as pl
import pytest

from seakeep.data import collect, read
from seakeep.data.reading import buckets
from seakeep.data.reading.buckets import CannotReach

TABLE = pl.DataFrame({"a": range(200_000), "b": [f"word {i % 997}" for i in range(200_000)]})


class Store(ThreadingHTTPServer):
    """One object of a bucket, at any name. trouble: what the next requests that read its bytes get: a status, or "cut"."""

    daemon_threads = True

    def __init__(self, content: bytes) -> None:
        super().__init__(("127.0.0.1", 0), Answer)
        self.content, self.trouble, self.asked = content, [], 0


class Answer(BaseHTTPRequestHandler):
    server: Store

    def do_HEAD(self) -> None:
        self._answer(whole=False)

    def do_GET(self) -> None:
        self._answer(whole=True)

    def _answer(self, *, whole: bool) -> None:
        self.server.asked += 1
        trouble = self.server.trouble.pop(0) if self.server.trouble else None
        if isinstance(trouble, int):
            self.send_response(trouble)
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        content, status, extra = self.server.content, 200, None
        asked = self.headers.get("Range")
        if asked:
            first, _, last = asked.removeprefix("bytes=").partition("-")
            start, stop = int(first), min(int(last or len(content) - 1), len(content) - 1)
            status, extra = 206, f"bytes {start}-{stop}/{len(content)}"
            content = content[start : stop + 1]
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.send_header("ETag", f'"{hashlib.md5(self.server.content).hexdigest()}"')
        self.send_header("Last-Modified", "Mon, 04 Nov 2013 12:00:00 GMT")
        if extra:
            self.send_header("Content-Range", extra)
        self.end_headers()
        if whole:
            with contextlib.suppress(OSError):
                self.wfile.write(content[: len(content) // 2] if trouble == "cut" else content)
        if trouble == "cut":
            self.close_connection = True
            with contextlib.suppress(OSError):
                self.connection.close()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def store(monkeypatch, tmp_path):
    TABLE.write_parquet(tmp_path / "t.parquet", compression="uncompressed")
    server = Store((tmp_path / "t.parquet").read_bytes())
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    given = {"AWS_ENDPOINT_URL": f"http://127.0.0.1:{server.server_port}", "AWS_REGION": "us-east-1"}
    for name, value in (given | {"AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret"}).items():
        monkeypatch.setenv(name, value)
    yield server
    server.shutdown()
    server.server_close()


def test_a_store_that_answers_503_and_recovers_is_asked_again(store) -> None:
    store.trouble = [503, 503, None, 503, 500, 503]
    assert collect(read("s3://bucket/recovers.parquet")).equals(TABLE)
    assert store.asked >= 7
    assert store.trouble == []


def test_an_answer_that_breaks_off_is_asked_for_again_and_nothing_half_is_read(store) -> None:
    store.trouble = [None, "cut", "cut"]
    assert collect(read("s3://bucket/cut.parquet")).equals(TABLE)
    assert store.asked >= 3


def test_a_store_that_stays_away_is_told_within_the_stated_time(store, monkeypatch) -> None:
    monkeypatch.setattr(buckets, "TRY_SECONDS", 2)
    store.trouble = [503] * 100
    with pytest.raises(
        CannotReach,
        match=r"did not come to an end within 2 seconds.*\(s3://bucket/away\.parquet\)\n  The store is down",
    ):
        read("s3://bucket/away.parquet")


def test_what_is_refused_is_not_asked_for_again(store) -> None:
    store.trouble = [403] * 5
    with pytest.raises(CannotReach, match="is not allowed"):
        read("s3://bucket/refused.parquet")
    assert store.asked == 1

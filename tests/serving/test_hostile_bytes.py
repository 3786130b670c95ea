"""A short form of benchmarks/serving/fuzz.py: hostile bytes over HTTP and gRPC neither end a worker nor are the server's own fault."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks" / "serving"))

import fuzz


@pytest.mark.slow
def test_hostile_bytes_are_refused_and_nothing_breaks(folders):
    with fuzz.serving(folders["flights"]) as server:
        workers = fuzz.children(server.process.pid)
        over_http = fuzz.over_http(server.http, 600, 6, seed=7)
        over_grpc = fuzz.over_grpc(server.grpc, 500, 4, seed=7)
        assert over_http.errors + over_grpc.errors == []
        assert over_http.answers["400"] > 100
        assert over_grpc.answers["INVALID_ARGUMENT"] > 100
        assert fuzz.children(server.process.pid) == workers
        assert fuzz.alive(server.http)

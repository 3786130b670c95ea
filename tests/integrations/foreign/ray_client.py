"""Ray's client server, started as an operator starts it, asked by the engine's own address: the same statistics, scores and errors as here.

Run by .platforms/ray's Python where there is no network but loopback: ray_client.py FOLDER PORT. Tells a JSON document. The cluster has a home and a token of
its own, made here, so that whatever a person's home holds is left alone.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

import seakeep
from seakeep.core.errors import SeakeepError
from seakeep.data.engines import connected

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PROGRAM = Path(sys.executable).with_name("ray")


def main(folder: Path, port: int) -> None:
    rows = pl.DataFrame({"a": range(200_000)}).with_columns(
        b=pl.col("a").cast(pl.String), c=(pl.col("a") * 7 % 101) / 3
    )
    rows.write_parquet(folder / "t.parquet", row_group_size=20_000)
    dataset = seakeep.read(folder / "t.parquet")
    here = seakeep.profile(dataset)
    with tempfile.TemporaryDirectory(prefix="ray", ignore_cleanup_errors=True) as short, head(Path(short), port):
        began = time.monotonic()
        with connected(f"ray://127.0.0.1:{port}") as engine:
            there = seakeep.profile(dataset, engine=engine)
            refused = said(lambda: seakeep.profile(seakeep.read(torn(folder)), engine=engine))
        took = time.monotonic() - began
    print(json.dumps({"equal": here == there, "rows": there.rows, "seconds": round(took, 1), "refused": refused}))


def said(doing: Callable[[], object]) -> str:
    """What an error of ours says, which a worker raised."""
    try:
        doing()
    except SeakeepError as error:
        return f"{type(error).__name__}: {error}"
    return ""


def torn(folder: Path) -> Path:
    """A file that is whole where it is opened and damaged where a worker reads it."""
    path = folder / "torn.parquet"
    pl.DataFrame({"a": [f"{number:09}" for number in range(50_000)]}).write_parquet(path, compression="uncompressed")
    content = bytearray(path.read_bytes())
    content[100:400] = bytes(300)
    path.write_bytes(content)
    return path


@contextlib.contextmanager
def head(folder: Path, port: int) -> Iterator[None]:
    """A head on the loopback address, which stays in the foreground and ends with its children; it and this process share a token."""
    os.environ |= {"HOME": str(folder), "RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": secrets.token_hex(32)}
    program = [str(PROGRAM), "start", "--head", "--block", "--node-ip-address=127.0.0.1", "--port=0", "--num-cpus=2"]
    program += [
        f"--ray-client-server-port={port}",
        "--include-dashboard=false",
        "--disable-usage-stats",
        f"--temp-dir={folder}",
    ]
    with (folder / "head.log").open("wb") as log:
        server = subprocess.Popen(program, stdout=log, stderr=subprocess.STDOUT)
    try:
        listens(port, server)
        yield
    finally:
        server.terminate()
        server.wait(20)


def listens(port: int, server: subprocess.Popen[bytes]) -> None:
    """Wait until somebody listens; fail, where the head has ended or a minute is over."""
    until = time.monotonic() + 60
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            assert server.poll() is None, "the head has ended"
            assert time.monotonic() < until, "the client server does not listen"
            time.sleep(0.1)
        else:
            return


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))

"""Every block that a page says runs, runs: in an empty folder, one after the other, as a reader would type them."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from .documents import DOCS, ROOT, Block, blocks, fences, pages

ADDRESS = "127.0.0.1:8080"
SECONDS = 300
QUICK = {ROOT / "README.md", DOCS / "quickstart.md"}


def identity(page: Path) -> str:
    return str(page.relative_to(ROOT))


@pytest.mark.parametrize("page", pages(), ids=identity)
def test_blocks_of_python_are_python(page):
    for language, code in fences(page):
        if language == "python":
            compile(code, str(page), "exec")


@pytest.mark.parametrize(
    "page",
    [pytest.param(page, marks=() if page in QUICK else pytest.mark.slow) for page in pages() if blocks(page)],
    ids=identity,
)
def test_blocks_that_say_they_run_run(page, tmp_path):
    address = f"127.0.0.1:{free_port()}"
    with contextlib.ExitStack() as background:
        for block in blocks(page):
            command = typed(block, address)
            if block.ready:
                background.enter_context(running(command, block.ready.replace(ADDRESS, address), tmp_path))
            else:
                done = subprocess.run(
                    command,
                    cwd=tmp_path,
                    env=environment(tmp_path),
                    capture_output=True,
                    text=True,
                    timeout=SECONDS,
                    check=False,
                )
                assert done.returncode in block.codes, f"{block.code}\n{done.stdout}\n{done.stderr}"


def typed(block: Block, address: str) -> list[str]:
    """The block as a process; the address in it is one that nobody else listens at."""
    code = block.code.replace(ADDRESS, address)
    if block.language == "python":
        return [sys.executable, "-W", "error", "-c", code]
    if block.ready:
        code = code.replace("seakeep serve ", f"exec seakeep serve --http {address} ")
    return ["bash", "-euo", "pipefail", "-c", code]


@contextlib.contextmanager
def running(command: list[str], ready: str, folder: Path) -> Iterator[None]:
    log = folder / "background.log"
    with log.open("w") as out:
        process = subprocess.Popen(command, cwd=folder, env=environment(folder), stdout=out, stderr=subprocess.STDOUT)
        try:
            wait_for(ready, process, log)
            yield
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(timeout=60)


def wait_for(address: str, process: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        assert process.poll() is None, log.read_text()
        with contextlib.suppress(urllib.error.URLError, ConnectionError), urllib.request.urlopen(address, timeout=5):
            return
        time.sleep(0.1)
    raise AssertionError(f"nothing answers at {address}\n{log.read_text()}")


def environment(folder: Path) -> dict[str, str]:
    """This environment with its commands first, a home of its own, and no settings from outside."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("SEAKEEP_", "COV_", "COVERAGE_"))}
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    return kept | {"PATH": path, "HOME": str(folder), "NO_COLOR": "1"}


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port

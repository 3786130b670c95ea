"""Engines' own environments, for the tests of Ray and Spark: programs are run there, with Ray in a network of its own."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

FOREIGN = Path(__file__).parent / "foreign"
ROOT = Path(__file__).parents[2]
_LIMIT_SECONDS = 600
_APART = 'ip link set lo up && exec "$@"'


def python(engine: str) -> Path:
    return ROOT / ".platforms" / engine / "bin" / "python"


def ran(engine: str, *arguments: object, apart: bool = False) -> subprocess.CompletedProcess[str]:
    """A program run by an engine's Python; apart: where there is no network but loopback, which Ray needs not to take another."""
    command = [str(python(engine)), *map(str, arguments)]
    if apart:
        command = [
            "unshare",
            "--net",
            *([] if os.getuid() == 0 else ["--map-root-user"]),
            "sh",
            "-c",
            _APART,
            "sh",
            *command,
        ]
    outside = ("SEAKEEP_", "RAY_", "SPARK_", "COV_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(outside)}
    environment = {**kept, "PYTHONPATH": str(FOREIGN), "SPARK_LOCAL_IP": "127.0.0.1", "RAY_USAGE_STATS_ENABLED": "0"}
    return subprocess.run(
        command, capture_output=True, text=True, env=environment, check=False, timeout=_LIMIT_SECONDS
    )  # fmt: skip


def told(done: subprocess.CompletedProcess[str]) -> Any:
    """The JSON document in the last line that a program wrote."""
    assert done.returncode == 0, done.stderr[-4000:] + done.stdout[-2000:]
    return json.loads(done.stdout.strip().splitlines()[-1])


def same_release(engine: str, address: str, folder: Path, *, apart: bool = False) -> None:
    """Hold a run on an engine to make the release that the same run makes on this machine."""
    digests = []
    for where in ("local", address):
        project = folder / where.partition(":")[0] / "trips"
        made = ran(engine, "-m", "seakeep", "init", project)
        assert made.returncode == 0, made.stderr
        done = ran(engine, "-m", "seakeep", "run", project / "pipeline.py", "--engine", where, "--json", apart=apart)
        assert done.returncode == 0, done.stderr[-4000:]
        digests.append(json.loads(done.stdout[done.stdout.index("{") :])["release"])
    assert digests[0] == digests[1] != ""

"""What a registry on PostgreSQL and S3 costs: whole `seakeep run`, uncached and cached, against files, on this machine's loopback.

Run: scripts/platforms stores, then python benchmarks/registry.py. Prints seconds as the median of three, and the release's digest.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests" / "registry"))
from servers import Servers  # noqa: E402


def timed(*arguments: str, folder: Path, environment: dict[str, str]) -> tuple[float, str]:
    begun = time.perf_counter()
    command = [sys.executable, "-m", "seakeep", *arguments]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    seconds = time.perf_counter() - begun
    assert done.returncode in (0, 2), done.stdout[-2000:] + done.stderr[-2000:]
    assert "tiger" not in done.stdout + done.stderr
    return seconds, done.stdout


def measure(name: str, environment: dict[str, str], project: Path) -> None:
    run = ("run", "pipeline.py", "--json")
    first, told = timed(*run, folder=project, environment=environment)
    again = statistics.median(timed(*run, "--no-cache", folder=project, environment=environment)[0] for _ in range(3))
    cached = statistics.median(timed(*run, folder=project, environment=environment)[0] for _ in range(5))
    digest = json.loads(told)["release"]
    print(f"{name:18} first {first:6.2f} s   no cache {again:6.2f} s   cached {cached:6.3f} s   release {digest[:12]}")


def main() -> None:
    with tempfile.TemporaryDirectory() as name, Servers.started() as servers:
        project = Path(name) / "trips"
        plain = {key: value for key, value in os.environ.items() if not key.startswith("SEAKEEP_")}
        subprocess.run(
            [sys.executable, "-m", "seakeep", "init", str(project)], env=plain, check=True, capture_output=True
        )
        for file in project.glob("*.schema.yaml"):
            file.unlink()
        timed("run", "pipeline.py", folder=project, environment=plain | {"SEAKEEP_HOME": str(project / ".warm")})
        measure("SQLite and folder", plain | {"SEAKEEP_HOME": str(project / ".local")}, project)
        place = servers.place(project / ".remote")
        given = {"SEAKEEP_HOME": str(place.home), "SEAKEEP_DATABASE": place.database, "SEAKEEP_OBJECTS": place.objects}
        measure("PostgreSQL and S3", plain | servers.bucket.environment() | given, project)


if __name__ == "__main__":
    main()

"""Whole runs of the project that `seakeep init` writes, each in a process of its own."""

from __future__ import annotations

import functools
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from seakeep.registry.place import Place

SEAKEEP = [sys.executable, "-m", "seakeep"]
RUN_SECONDS = 120


def seakeep(*words: object, given: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    argv = [*SEAKEEP, *map(str, words)]
    return subprocess.run(
        argv, capture_output=True, text=True, timeout=RUN_SECONDS, check=False, env=os.environ | dict(given)
    )


def new_project(folder: Path) -> Path:
    """The project, with fewer trees, so that a run is mostly reading, keeping and registering."""
    made = seakeep("init", folder, given={})
    assert made.returncode == 0, made.stderr
    file = folder / "pipeline.py"
    text, changed = re.subn(r"n_estimators=\d+", "n_estimators=20", file.read_text())
    assert changed == 1
    file.write_text(text)
    return folder


def environment(place: Place, given: Mapping[str, str]) -> dict[str, str]:
    """What a process on any machine is given to use this place."""
    found = {"SEAKEEP_HOME": str(place.home), "SEAKEEP_OBJECTS": place.objects, **given}
    return found | ({"SEAKEEP_DATABASE": place.database} if place.database else {})


def begun(project: Path, given: Mapping[str, str]) -> subprocess.Popen[str]:
    argv = [*SEAKEEP, "run", str(project / "pipeline.py"), "--json"]
    return subprocess.Popen(
        argv,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | dict(given),
        start_new_session=True,
    )


def killed_after(seconds: float, project: Path, given: Mapping[str, str]) -> bool:
    """Whether a run was still going on after so many seconds; it is killed then, with all that it has started."""
    process = begun(project, given)
    try:
        process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        return True
    return False


def run(project: Path, given: Mapping[str, str]) -> dict[str, Any]:
    done = seakeep("run", project / "pipeline.py", "--json", given=given)
    assert done.returncode == 0, done.stderr + done.stdout[-2000:]
    return dict(json.loads(done.stdout))


@functools.cache
def release_on_files() -> str:
    """The digest of the release that the project comes to, where everything is in a folder."""
    with tempfile.TemporaryDirectory(prefix="seakeep-project-") as name:
        return str(run(new_project(Path(name) / "parcels"), {})["release"])

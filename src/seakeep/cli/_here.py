"""How the next command is typed from the folder that one stands in, so that it finds the registry of a run.

`seakeep run trips/pipeline.py` makes its registry beside that file. A command that follows looks upwards from the working folder, where there
is none: it has to be typed in the project, or be told of the registry's folder.
"""

from __future__ import annotations

import os
import shlex
from pathlib import Path

from seakeep.core.errors import UsageError


def from_here(command: str, *, file: str, home: str) -> str:
    """The command as it is, after a `cd` to the project, or with `--home`.

    Parameters: file, home: absolute paths of the pipeline's file and of its registry's folder.
    """
    if _home(Path.cwd()) == Path(home):
        return command
    folder = Path(file).parent
    if _home(folder) == Path(home):
        return f"cd {shlex.quote(os.path.relpath(folder))} && {command}"
    return f"{command} --home {shlex.quote(home)}"


def _home(start: Path) -> Path | None:
    """Where a command that is typed in a folder looks for the registry; None where the settings there cannot be read."""
    from seakeep.pipeline.project import find_home
    from seakeep.pipeline.settings import load_settings

    try:
        return find_home(start, load_settings(start))
    except UsageError:
        return None

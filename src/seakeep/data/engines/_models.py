"""A model on its way to workers: its files' contents beside the job, loaded once a process."""

from __future__ import annotations

import functools
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from seakeep.core.model import Model

if TYPE_CHECKING:
    from collections.abc import Mapping

    from seakeep.data.engines._job import Call

_KEPT = 4


def files_of(model: Model, *, role: str = "model") -> dict[str, bytes]:
    """What `Model.save` writes, by name below `role`."""
    with tempfile.TemporaryDirectory(prefix="seakeep-") as folder:
        model.save(Path(folder))
        return {f"{role}/{path.name}": path.read_bytes() for path in sorted(Path(folder).iterdir())}


def model_of(call: Call, *, role: str = "model") -> Model:
    """On a worker: the model that `files_of` took apart."""
    return _loaded(_Files(call.identity, role, call.files))


class _Files:
    """A model's files, known by the job and the role, so that they need not be compared."""

    def __init__(self, identity: str, role: str, files: Mapping[str, bytes]) -> None:
        self.key, self.files = (identity, role), files

    def __hash__(self) -> int:
        return hash(self.key)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Files) and self.key == other.key


@functools.lru_cache(maxsize=_KEPT)
def _loaded(carried: _Files) -> Model:
    start = f"{carried.key[1]}/"
    with tempfile.TemporaryDirectory(prefix="seakeep-") as folder:
        for name, content in carried.files.items():
            if name.startswith(start):
                (Path(folder) / name.removeprefix(start)).write_bytes(content)
        return Model.load(Path(folder))

"""A model on its way to workers: its files' contents beside the job; and what a worker keeps from unit to unit."""

from __future__ import annotations

import tempfile
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any, TypeVar

from seakeep.core.model import Model

if TYPE_CHECKING:
    from collections.abc import Callable

    from seakeep.data.engines._job import Call

T = TypeVar("T")
_JOBS = 2
_kept: dict[str, dict[str, Any]] = {}
_lock = Lock()


def once(call: Call, name: str, make: Callable[[], T]) -> T:
    """On a worker: what `make` gave for this job when it was first asked for under that name. The latest jobs' are kept."""
    with _lock:
        own = _kept.setdefault(call.identity, {})
        if len(_kept) > _JOBS:
            del _kept[next(iter(_kept))]
        if name not in own:
            own[name] = make()
        found: T = own[name]
        return found


def files_of(model: Model, *, role: str = "model") -> dict[str, bytes]:
    """What `Model.save` writes, by name below `role`."""
    with tempfile.TemporaryDirectory(prefix="seakeep-") as folder:
        model.save(Path(folder))
        return {f"{role}/{path.name}": path.read_bytes() for path in sorted(Path(folder).iterdir())}


def model_of(call: Call, *, role: str = "model") -> Model:
    """On a worker: the model that `files_of` took apart. Reads it anew: keep it with `once`."""
    with tempfile.TemporaryDirectory(prefix="seakeep-") as folder:
        for name, content in call.files.items():
            if name.startswith(f"{role}/"):
                (Path(folder) / name.removeprefix(f"{role}/")).write_bytes(content)
        return Model.load(Path(folder))

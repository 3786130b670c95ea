"""Sinks, as a server's metrics tell of them: how far each is behind. The scribe's threads leave a file each, and a scrape reads them."""

from __future__ import annotations

import contextlib
import time
from typing import TYPE_CHECKING

import msgspec

from seakeep.core.files import CannotWrite, write_bytes
from seakeep.serving.server.families import SINK_LAG, SINK_TAKES, SINK_WAITING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from seakeep.serving.server.metrics import Told

_SUFFIX = ".sink.json"


class Behind(msgspec.Struct, frozen=True):
    """files: that wait. oldest: when the first of them was finished, in Unix seconds, 0 for none; so that a sink which hangs, and whose
    thread says nothing more, falls behind visibly. takes: whether the sink takes any.
    """

    files: int
    oldest: float
    takes: bool

    @property
    def seconds(self) -> float:
        """How long the first file has waited by now."""
        return max(0.0, time.time() - self.oldest) if self.oldest else 0.0


_decode = msgspec.json.Decoder(Behind).decode


def write_behind(folder: Path, name: str, sink: str, behind: Behind) -> None:
    """Leave how far a sink is behind with a model's log, where that can be written. folder: the server's."""
    with contextlib.suppress(CannotWrite):
        write_bytes(folder / f"{name}.{sink}{_SUFFIX}", msgspec.json.encode(behind))


def told_sinks(folder: Path, names: Iterable[str]) -> Iterator[Told]:
    """What is told of each model's sinks. What cannot be read is not told."""
    for name in names:
        for path in sorted(folder.glob(f"*{_SUFFIX}")):
            model, _, sink = path.name.removesuffix(_SUFFIX).rpartition(".")
            if model != name:
                continue
            with contextlib.suppress(FileNotFoundError, msgspec.MsgspecError):
                behind = _decode(path.read_bytes())
                yield SINK_WAITING, (name, sink), float(behind.files)
                yield SINK_LAG, (name, sink), behind.seconds
                yield SINK_TAKES, (name, sink), float(behind.takes)

"""Standing: which Parquet files of a folder count, where some were replaced by a larger one. See compaction."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from pathlib import Path

LIST = ".merged"
_decode = msgspec.json.Decoder(list[str]).decode


def standing(folder: Path) -> list[Path]:
    """The parts in a folder that count, by name."""
    found = [path for path in folder.iterdir() if path.name[0] != "."]
    names = {path.name for path in found}
    gone = {
        name
        for path in found
        if path.suffix == LIST and path.with_suffix(".parquet").name in names
        for name in replaced(path)
    }
    return sorted(path for path in found if path.suffix == ".parquet" and path.name not in gone)


def replaced(path: Path) -> list[str]:
    """The names of the parts that a list replaces."""
    return _decode(path.read_bytes())

"""The lazy plug-in loader: one file each, and the file name is the public name.

Built-ins are found by listing their folder and imported only when named, so that naming one distance does not import the
others. Third parties add to a group with an entry point `seakeep.<group>` (for example `seakeep.evidence.distances`).
"""

from __future__ import annotations

import importlib
import importlib.util
import pkgutil
from typing import TYPE_CHECKING

from seakeep.core.errors import UsageError

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint
    from types import ModuleType


def names(group: str) -> tuple[str, ...]:
    """Every plug-in name in a group such as "evidence.distances", sorted; nothing is imported but the group's folder."""
    return tuple(sorted({*_built_in(group), *_third_party(group)}))


def load(group: str, name: str) -> ModuleType:
    """The module of plug-in `name` of `group`. Raises UsageError with the nearest name where there is none."""
    if name in _built_in(group):
        return importlib.import_module(f"seakeep.{group}.{name}")
    point = _third_party(group).get(name)
    if point is None:
        raise UsageError.unknown_name(group.rpartition(".")[2].rstrip("s"), name, names(group))
    module: ModuleType = point.load()
    return module


def _built_in(group: str) -> tuple[str, ...]:
    package = importlib.import_module(f"seakeep.{group}")
    found = pkgutil.iter_modules(package.__path__)
    return tuple(item.name for item in found if not item.name.startswith("_"))


def _third_party(group: str) -> dict[str, EntryPoint]:
    from importlib.metadata import entry_points  # with email and zipfile, where nobody may ask for it

    return {point.name: point for point in entry_points(group=f"seakeep.{group}")}

"""Public names that are imported when first used, so that importing a room costs nothing until something of it is needed."""

from __future__ import annotations

import importlib
import sys
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


def lazily(package: str, homes: Mapping[str, str]) -> tuple[Callable[[str], object], Callable[[], list[str]]]:
    """The `__getattr__` and `__dir__` of a package whose public names live in the modules below it that `homes` names.

    Where a name is also that of a module (`data.split` lives in `data/split.py`), it means the public object, also after
    the import system has loaded the module.
    """
    names = sorted(homes)

    def getter(name: str) -> object:
        if name not in homes:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        return getattr(importlib.import_module(f"{package}.{homes[name]}"), name)

    class Package(ModuleType):
        def __setattr__(self, name: str, value: object) -> None:
            if not (name in homes and isinstance(value, ModuleType)):
                super().__setattr__(name, value)

    if any(name == home for name, home in homes.items()):
        sys.modules[package].__class__ = Package
    return getter, lambda: names

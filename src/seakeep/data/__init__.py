"""Read, profile, infer and validate tables.

Each verb is imported when first used, so that reading a schema does not load Polars. Some verbs are named as the file they
live in; whoever imports that file first must not turn `seakeep.data.profile` from the verb into the module.
"""

from __future__ import annotations

import importlib
import sys
from types import ModuleType
from typing import TYPE_CHECKING

_HOMES = {
    "batches": "frames",
    "collect": "frames",
    "drift": "drift",
    "dump_schema": "contract",
    "infer_schema": "infer",
    "kind_of": "kinds",
    "load_schema": "contract",
    "profile": "profile",
    "profile_frame": "profile",
    "read": "read",
    "save_schema": "contract",
    "split": "split",
    "validate": "validate",
}

__all__ = [
    "batches",
    "collect",
    "drift",
    "dump_schema",
    "infer_schema",
    "kind_of",
    "load_schema",
    "profile",
    "profile_frame",
    "read",
    "save_schema",
    "split",
    "validate",
]

if TYPE_CHECKING:
    from seakeep.data.contract import dump_schema, load_schema, save_schema
    from seakeep.data.drift import drift
    from seakeep.data.frames import batches, collect
    from seakeep.data.infer import infer_schema
    from seakeep.data.kinds import kind_of
    from seakeep.data.profile import profile, profile_frame
    from seakeep.data.read import read
    from seakeep.data.split import split
    from seakeep.data.validate import validate


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module 'seakeep.data' has no attribute {name!r}")
    return getattr(importlib.import_module(f"seakeep.data.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return list(__all__)


class _Verbs(ModuleType):
    """This package: a verb's name always means the verb, also after the import system has loaded the file of that name."""

    def __setattr__(self, name: str, value: object) -> None:
        if not (name in _HOMES and isinstance(value, ModuleType)):
            super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Verbs

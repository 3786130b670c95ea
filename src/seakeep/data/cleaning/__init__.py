"""Cleaning: declared steps that change a table, counted and on record; one step a file in `steps`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seakeep._lazy import lazily

_HOMES = {
    "Cleaned": "clean",
    "Cleaning": "step",
    "clean": "clean",
    "load_steps": "files",
    "save_steps": "files",
    "step": "step",
}

__all__ = ["Cleaned", "Cleaning", "clean", "load_steps", "save_steps", "step"]

if TYPE_CHECKING:
    from seakeep.data.cleaning.clean import Cleaned, clean
    from seakeep.data.cleaning.files import load_steps, save_steps
    from seakeep.data.cleaning.step import Cleaning, step

__getattr__, __dir__ = lazily(__name__, _HOMES)

"""The errors of reading tables, a file a topic: wording in classmethods, offending values as attributes.

DataError
├── CannotRead          a path, file or folder cannot be read as a table
│   ├── BadText         a file of text has lines, values or bytes that are not a table's
│   └── NoCopy          what must be unpacked or fetched first cannot be
├── MixedTables         the files of one dataset do not have the same columns
├── UnsupportedColumn   a column's type has no meaning here
└── BadStep             a derived column or filter cannot be applied
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from seakeep._lazy import lazily

_HOMES = {
    "BadStep": "steps",
    "BadText": "text",
    "CannotRead": "reading",
    "MixedTables": "tables",
    "NoCopy": "copies",
    "UnsupportedColumn": "tables",
}

__all__ = ["BadStep", "BadText", "CannotRead", "MixedTables", "NoCopy", "UnsupportedColumn"]

if TYPE_CHECKING:
    from seakeep.data.errors.copies import NoCopy
    from seakeep.data.errors.reading import CannotRead
    from seakeep.data.errors.steps import BadStep
    from seakeep.data.errors.tables import MixedTables, UnsupportedColumn
    from seakeep.data.errors.text import BadText

__getattr__, __dir__ = lazily(__name__, _HOMES)

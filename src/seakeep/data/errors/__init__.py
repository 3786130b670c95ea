"""The errors of reading tables, a file a topic: wording in classmethods, offending values as attributes.

DataError
├── CannotRead          a path, file or folder cannot be read as a table
│   ├── BadText         a file of text has lines, values or bytes that are not a table's
│   ├── NoCopy          what must be unpacked or fetched first cannot be
│   ├── CannotQuery     a database gives no table for a query
│   └── BadSnapshot     a table of Delta Lake or Iceberg is not there, or not in this version
├── MixedTables         the files of one dataset do not have the same columns
├── UnsupportedColumn   a column's type has no meaning here
└── BadStep             a derived column or filter cannot be applied
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from seakeep._lazy import lazily

_HOMES = {
    "BadSnapshot": "versions",
    "BadStep": "steps",
    "BadText": "text",
    "CannotQuery": "databases",
    "CannotRead": "reading",
    "MixedTables": "tables",
    "NoCopy": "copies",
    "UnsupportedColumn": "tables",
}

__all__ = [
    "BadSnapshot",
    "BadStep",
    "BadText",
    "CannotQuery",
    "CannotRead",
    "MixedTables",
    "NoCopy",
    "UnsupportedColumn",
]

if TYPE_CHECKING:
    from seakeep.data.errors.copies import NoCopy
    from seakeep.data.errors.databases import CannotQuery
    from seakeep.data.errors.reading import CannotRead
    from seakeep.data.errors.steps import BadStep
    from seakeep.data.errors.tables import MixedTables, UnsupportedColumn
    from seakeep.data.errors.text import BadText
    from seakeep.data.errors.versions import BadSnapshot

__getattr__, __dir__ = lazily(__name__, _HOMES)

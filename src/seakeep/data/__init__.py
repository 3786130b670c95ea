"""Read, profile, inspect, clean, infer and validate tables.

Each verb is imported when first used, so that reading a schema does not load Polars. A verb may be named as the file it
lives in; whoever imports that file first must not turn `seakeep.data.split` from the verb into the module.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from seakeep._lazy import lazily

_HOMES = {
    "associate": "statistics.associate",
    "batches": "frames",
    "collect": "frames",
    "clean": "cleaning.clean",
    "drift": "comparison.drift",
    "dump_schema": "contract.writing",
    "infer_schema": "contract.infer",
    "inspect": "quality.inspect",
    "kind_of": "kinds",
    "load_schema": "contract.writing",
    "profile": "statistics.profile",
    "profile_frame": "statistics.profile",
    "read": "reading.read",
    "save_schema": "contract.writing",
    "skew": "rows.skew",
    "split": "split",
    "total": "statistics.totals",
    "split_rows": "rows.splitting",
    "validate": "validation.validate",
    "validate_rows": "rows.judge",
    "write_tfrecord": "tfrecord.writing",
}

__all__ = [
    "associate",
    "batches",
    "clean",
    "collect",
    "drift",
    "dump_schema",
    "infer_schema",
    "inspect",
    "kind_of",
    "load_schema",
    "profile",
    "profile_frame",
    "read",
    "save_schema",
    "skew",
    "split",
    "split_rows",
    "total",
    "validate",
    "validate_rows",
    "write_tfrecord",
]

if TYPE_CHECKING:
    from seakeep.data.cleaning.clean import clean
    from seakeep.data.comparison.drift import drift
    from seakeep.data.contract.infer import infer_schema
    from seakeep.data.contract.writing import dump_schema, load_schema, save_schema
    from seakeep.data.frames import batches, collect
    from seakeep.data.kinds import kind_of
    from seakeep.data.quality.inspect import inspect
    from seakeep.data.reading.read import read
    from seakeep.data.rows.judge import validate_rows
    from seakeep.data.rows.skew import skew
    from seakeep.data.rows.splitting import split_rows
    from seakeep.data.split import split
    from seakeep.data.statistics.associate import associate
    from seakeep.data.statistics.profile import profile, profile_frame
    from seakeep.data.statistics.totals import total
    from seakeep.data.tfrecord.writing import write_tfrecord
    from seakeep.data.validation.validate import validate

__getattr__, __dir__ = lazily(__name__, _HOMES)

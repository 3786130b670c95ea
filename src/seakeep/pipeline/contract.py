"""The contract of a pipeline: read from its file, or inferred and written there where none stands yet.

Called by the validate stage, and by the read stage of a pipeline that drops broken rows. What is hard is the order: such a contract decides which rows
there are, and it is inferred from rows; it is made before the parts are, so that the first run and the next have the same parts, and train once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from seakeep.core import Schema, Statistics
from seakeep.pipeline import slots
from seakeep.pipeline.calling import called
from seakeep.pipeline.errors import BadPipeline

if TYPE_CHECKING:
    from pathlib import Path

    from seakeep.core import Dataset
    from seakeep.data.engines import Engine
    from seakeep.pipeline.work import Work


def engine_for(work: Work, function: object, own: object) -> dict[str, Engine]:
    """The run's engine as an argument, for our own function; one that a user put in its place has the shape of its slot."""
    engine = work.engine if function is own else None
    return {"engine": engine} if engine else {}


def inferred_from(work: Work, training: Dataset, held_out: Dataset) -> None:
    """Write the contract of all rows of both parts, where none stands yet and there are any; one pass over the rows."""
    path, function = work.schema_path(), work.pipeline.profile
    if path.exists():
        return
    given = engine_for(work, function, slots.profile)
    parts = [called("profile", function, Statistics, part, **given) for part in (training, held_out)]
    if all(part.rows for part in parts):
        write(work, training, parts[0] + parts[1], path)


def write(work: Work, training: Dataset, statistics: Statistics, path: Path) -> None:
    """Infer the contract and write it to its file. training: for the roles of columns."""
    from seakeep import data

    pipeline = work.pipeline
    roles = {"label": training.label, "time": training.time, "key": training.key, "after": pipeline.after}
    schema = called("infer_schema", pipeline.infer_schema, Schema, statistics, name=pipeline.name, **roles)
    data.save_schema(schema, path)
    work.inferred = True


def load(work: Work, path: Path) -> Schema:
    """The contract in the file, after checking that it speaks of the same label, time, key and future columns. Raises BadPipeline."""
    from seakeep import data

    schema: Schema = data.load_schema(path)
    dataset = work.dataset("training")
    for role in ("label", "time", "key"):
        if getattr(schema, role) != getattr(dataset, role):
            raise BadPipeline.roles_differ(role, getattr(dataset, role), getattr(schema, role), path)
    for name in work.pipeline.after:
        if schema[name].available != "after":
            raise BadPipeline.known_before(name, path)
    return schema

"""A table of Delta Lake: `delta://folder`, or `delta+s3://bucket/folder`; rows are added, or with overwrite replace the table's.

Each unit is a data file in the table's folder, which no reader sees before the one commit that names all of them. What is hard is
that no row comes twice: the commit carries the job as a transaction of Delta's own (`txn`), so the table itself knows whether it has
this job's rows, and refuses a second commit beside the first. A run that is killed leaves its files, and the same run goes on with them.
"""

from __future__ import annotations

import contextlib
import json
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from seakeep.core import locks
from seakeep.core.addresses import has_secret, scheme
from seakeep.core.errors import MissingExtra
from seakeep.data.tables._delta_buckets import storage_options
from seakeep.data.tables._versions import asked_of
from seakeep.serving.scoring.outputs.noted import NOTES, Noted
from seakeep.serving.scoring.outputs.refusals import CannotFill, CannotInsert
from seakeep.serving.scoring.outputs.stores import Disk, store_at

if TYPE_CHECKING:
    from collections.abc import Mapping

    from seakeep.serving.scoring.outputs import Plan
    from seakeep.serving.scoring.outputs.noted import Unit

_KEY = "part-{number:06d}-{name}.parquet"
_NAME = 16
_EXAMPLE = "delta://scored"
_WIDER: Mapping[type[pl.DataType], pl.DataType] = {
    pl.UInt8: pl.Int16(),
    pl.UInt16: pl.Int32(),
    pl.UInt32: pl.Int64(),
    pl.UInt64: pl.Decimal(20, 0),
    pl.Categorical: pl.String(),
    pl.Enum: pl.String(),
}
"""What columns are written as that Delta has no type for."""
_PLAIN = (pl.Int8, pl.Int16, pl.Int32, pl.Int64, pl.Float32, pl.Float64, pl.Boolean, pl.String, pl.Binary, pl.Date)
_ORDERED = (pl.Int8, pl.Int16, pl.Int32, pl.Int64)
_KNOWN = {
    "appendOnly",
    "changeDataFeed",
    "checkConstraints",
    "deletionVectors",
    "generatedColumns",
    "invariants",
    "timestampNtz",
    "v2Checkpoint",
    "vacuumProtocolCheck",
}
"""Features of tables that writers keep here, or that are looked at column by column."""
_RULES = ("delta.invariants", "delta.generationExpression", "delta.identity.start")


class Files:
    """Writes units as data files, in any process that reaches the folder.

    Parameters: place: the folder, or its address. name: of the job and how many times it was committed before. release: digest.
    """

    def __init__(self, place: str, name: str, release: str) -> None:
        self.noted = Noted(store_at(place), name, key=_KEY, release=release)

    def write(self, number: int, frame: pl.DataFrame, note: bytes) -> None:
        """Write a unit's file and note. Raises CannotWrite, CannotReach."""
        written = frame.cast(dict(written_as(frame.schema)))  # type: ignore[arg-type]
        self.noted.write(number, written, note, facts={"stats": _stats(written)})


class Delta:
    """A table that is being filled by this run alone."""

    resumable = True

    def __init__(self, address: str, place: str, plan: Plan, held: contextlib.ExitStack) -> None:
        self._address, self._place, self._plan, self._held = address, place, plan, held
        self._library = _library()
        self._schema = self._library.Schema.from_arrow(pl.DataFrame(schema=written_as(plan.columns)).to_arrow().schema)
        table = table_at(place, address)
        if table is not None:
            _check(table, self._schema, plan, address)
        self._last = self._commits(table)
        self._done = self._last > 0 and not plan.overwrite
        self._name = f"{plan.job[:_NAME]}-{self._last + (not self._done)}"
        self._files = Files(place, self._name, plan.release)
        if self._done and not self.done():
            raise CannotFill.there(address, plan.job)

    @property
    def reach(self) -> str:
        """Where workers find the folder; a bucket's credentials are this process's own."""
        return "" if scheme(self._place) else "delta:" + json.dumps([self._place, self._name, self._plan.release])

    def done(self) -> Mapping[int, bytes]:
        """The notes of the units whose files are whole."""
        return {number: unit.note for number, unit in self._files.noted.whole().items()}

    def write(self, number: int, frame: pl.DataFrame, note: bytes) -> None:
        """Write a unit's file. Raises CannotWrite, CannotReach."""
        self._files.write(number, frame, note)

    def publish(self, units: int) -> None:
        """Commit all files, once. Raises CannotInsert."""
        if not self._done:
            whole = self._files.noted.whole()
            sizes = self._files.noted.store.sizes("")
            for number in range(units):
                if number not in whole or sizes.get(whole[number].key) != whole[number].size:
                    raise CannotInsert.gone(self._address, number)
            self._commit([whole[number] for number in range(units)])
        self._files.noted.forget()

    def close(self) -> None:
        """Let go of the table; files that were not committed stay for the next run."""
        self._held.close()

    @property
    def _named(self) -> str:
        """What Delta calls this job."""
        return f"seakeep:{self._plan.job}"

    def _commits(self, table: Any | None) -> int:
        """How many times this job was committed."""
        return 0 if table is None else table.transaction_version(self._named) or 0

    def _commit(self, units: list[Unit]) -> None:
        from deltalake import transaction

        table = table_at(self._place, self._address)
        if table is not None:
            _check(table, self._schema, self._plan, self._address)
        if self._commits(table) != self._last:  # by another machine, as a bucket has no locks
            raise CannotFill.there(self._address, self._plan.job)
        how = transaction.CommitProperties(
            custom_metadata={"seakeep.release": self._plan.release, "seakeep.job": self._plan.job},
            app_transactions=[transaction.Transaction(self._named, self._last + 1)],
        )
        now = int(time.time() * 1000)
        adds = [
            transaction.AddAction(unit.key, unit.size, {}, now + number, True, json.dumps(unit.facts["stats"]))
            for number, unit in enumerate(units)  # readers take files in the order in which they came
        ]
        try:
            if table is None or self._plan.overwrite:
                transaction.create_table_with_add_actions(
                    self._place,
                    self._schema,
                    adds,
                    mode="error" if table is None else "overwrite",
                    commit_properties=how,
                    storage_options=storage_options(self._place),
                )
            else:
                table.create_write_transaction(adds, "append", self._schema, commit_properties=how)
        except (self._library.exceptions.DeltaError, OSError, ValueError) as error:
            raise CannotInsert.refused(self._address, str(error)) from error


def open_output(address: Path | str, plan: Plan) -> Delta:
    """The table at an address, taken for this run. Raises CannotScore, if it may not be written; CannotReach; MissingExtra."""
    _library()
    told, place = str(address), _place(str(address))
    if plan.parts:
        raise CannotFill.no_parts(told, plan.parts)
    if place.rstrip("/") in {_place_of_input(plan.table), plan.table.rstrip("/")}:
        raise CannotFill.itself(told)
    held = contextlib.ExitStack()
    with contextlib.ExitStack() as stack:
        if not scheme(place):
            _hold(Path(place) / NOTES / f"{plan.job[:_NAME]}.lock", stack, told)
        opened = Delta(told, place, plan, held)
        held.push(stack.pop_all())
        return opened


def _hold(lock: Path, stack: contextlib.ExitStack, address: str) -> None:
    """Take a job's lock until the stack ends, which removes its file. Raises CannotFill, where another run has it."""
    if not stack.enter_context(locks.alone(lock, wait=False)) or not lock.exists():
        raise CannotFill.under_way(address)
    stack.callback(Disk(lock.parent.parent).remove, f"{NOTES}/{lock.name}")


def table_at(place: str, address: str) -> Any | None:
    """The table in a folder or below an address, if it is there. Raises CannotInsert, where it cannot be read; CannotReach."""
    if not store_at(place).sizes("_delta_log"):
        return None
    library = _library()
    try:
        return library.DeltaTable(place, storage_options=storage_options(place))
    except (library.exceptions.DeltaError, OSError, ValueError) as error:
        raise CannotInsert.refused(address, str(error)) from error


def reached(rest: str) -> Files:
    """On a worker: what writes data files. Raises NotVisible, where the folder is not there."""
    import socket

    from seakeep.data.engines import NotVisible

    place, name, release = json.loads(rest)
    if not Path(place).is_dir():
        raise NotVisible.absent(place, socket.gethostname())
    return Files(place, name, release)


def written_as(columns: pl.Schema) -> pl.Schema:
    """The types that columns are written as. Raises CannotFill, for one that Delta has no type for."""
    return pl.Schema({name: _written_as(name, dtype) for name, dtype in columns.items()})


def _written_as(name: str, dtype: pl.DataType) -> pl.DataType:
    if type(dtype) in _WIDER:
        return _WIDER[type(dtype)]
    if isinstance(dtype, pl.Datetime):
        return pl.Datetime("us", "UTC" if dtype.time_zone else None)
    if isinstance(dtype, pl.List):
        return pl.List(_written_as(name, dtype.inner))  # type: ignore[arg-type]
    if isinstance(dtype, pl.Struct):
        return pl.Struct({field.name: _written_as(name, field.dtype) for field in dtype.fields})  # type: ignore[arg-type]
    if isinstance(dtype, (*_PLAIN, pl.Decimal)):
        return dtype
    raise CannotFill.type(name, dtype, "Delta Lake")


def _place(address: str) -> str:
    """The folder or address of objects behind an output's address. Raises CannotFill, for one with a version or a secret."""
    asked = asked_of(address, None, word="version")
    if asked.number is not None or asked.at is not None or not asked.place.strip("/") or has_secret(asked.place):
        raise CannotFill.address(address, _EXAMPLE)
    return asked.place if scheme(asked.place) else str(Path(asked.place).expanduser().absolute())


def _place_of_input(table: str) -> str:
    """The folder or address of a table of Delta's that is read; empty for another."""
    called = table.partition(" (version ")[0]
    if not scheme(called).startswith("delta"):
        return ""
    place = asked_of(called, None, word="version").place
    return (place if scheme(place) else str(Path(place).expanduser().absolute())).rstrip("/")


def _check(table: Any, schema: Any, plan: Plan, address: str) -> None:
    """Raise CannotFill for a table that rows cannot be added to as they are, or may not be replaced."""
    told, protocol = table.metadata(), table.protocol()
    unknown = sorted(set(protocol.writer_features or ()) - _KNOWN)
    mapped = told.configuration.get("delta.columnMapping.mode", "none") != "none"
    rules = [name.removeprefix("delta.constraints.") for name in told.configuration if name.startswith("delta.constr")]
    ruled = [field.name for field in table.schema().fields if any(rule in field.metadata for rule in _RULES)]
    if unknown or mapped:
        raise CannotFill.ability(
            address, f"has a feature that is not kept here: {', '.join(unknown) or 'columnMapping'}"
        )
    if rules or ruled:
        raise CannotFill.ability(address, f"has rules of its own for what it holds: {', '.join([*rules, *ruled])}")
    if told.partition_columns:
        raise CannotFill.ability(address, f"is partitioned by {', '.join(told.partition_columns)}")
    if plan.overwrite:
        if told.configuration.get("delta.appendOnly") == "true":
            raise CannotFill.ability(address, "is append-only, and cannot be overwritten")
        return
    if differences := _differences(table.schema().fields, schema.fields):
        raise CannotFill.unlike(address, differences)


def _differences(theirs: list[Any], own: list[Any]) -> list[str]:
    """What is to be said of columns that do not fit, one by one."""
    there, here = {field.name: field for field in theirs}, {field.name: field for field in own}
    found = [f"it has no {name!r}" for name in here if name not in there]
    found += [
        f"{name!r} is {_called(there[name])} there and {_called(here[name])} here"
        for name in here
        if name in there and there[name].type != here[name].type
    ]
    return found + [
        f"{name!r} may not be missing there" for name in there if name not in here and not there[name].nullable
    ]


def _called(field: Any) -> str:
    return str(json.loads(field.to_json())["type"])


def _stats(frame: pl.DataFrame) -> dict[str, object]:
    """What Delta keeps of a file, so that readers may pass it over: rows, nulls, and the bounds of whole numbers."""
    whole = [name for name, dtype in frame.schema.items() if isinstance(dtype, _ORDERED) and frame[name].count()]
    plain = [name for name, dtype in frame.schema.items() if isinstance(dtype, _PLAIN)]
    return {
        "numRecords": frame.height,
        "nullCount": {name: frame[name].null_count() for name in plain},
        "minValues": {name: frame[name].min() for name in whole},
        "maxValues": {name: frame[name].max() for name in whole},
    }


def _library() -> Any:
    try:
        import deltalake
        import deltalake.exceptions
    except ImportError as error:
        raise MissingExtra.of("deltalake", "delta", purpose="writing a table of Delta Lake") from error
    return deltalake

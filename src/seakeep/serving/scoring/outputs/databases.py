"""A table of a database: rows are added to it, or with overwrite take the place of its rows, in one transaction at the end.

Called by `postgresql` and `sqlite`, which know how to speak to theirs. Beside the table lie three of ours:

    seakeep_runs     whose runs wrote to which table, and of how many units those are that are done
    seakeep_units    the units that are written of a run that is under way, with their rows and notes
    seakeep_…        the rows of such a run, until they are shown; a name of its own for each run

A unit's rows and its line come in one transaction, so that after a kill both are there or neither is; and the rows are shown in one that
marks the run as done, so that the database itself knows it, and no row comes twice. What is hard is a connection that is lost in the middle:
everything that is done in a transaction can be done again, and is.
"""

# ruff: noqa: S608  (names in statements are quoted, values are bound)
from __future__ import annotations

import hashlib
import json
import time
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, TypeVar

from seakeep.serving.scoring.outputs.refusals import CannotFill, CannotInsert

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from contextlib import AbstractContextManager

    import polars as pl

    from seakeep.serving.scoring.outputs import Plan

RUNS, UNITS, UNIT = "seakeep_runs", "seakeep_units", "seakeep_unit"
PAUSES_SECONDS = (0.2, 1.0, 3.0)
"""Before another try, where the connection was lost or the table is held by another."""
_RUNS = "run varchar(64) primary key, job varchar(64), filled text, units bigint"
_UNITS = "run varchar(64), unit bigint, rows bigint, note {bytes}, primary key (run, unit)"
_NAME = 24
T = TypeVar("T")


class Lost(Exception):
    """The connection was lost, or what is needed is held by another for now."""


class Held(Lost):
    """Another holds the run, perhaps one that has just been killed."""


class Column(NamedTuple):
    """A column that is there. type: as the database calls it. required: whether each row must give it a value."""

    type: str
    required: bool


class Database(Protocol):
    """A connection. Names that are given to it are plain; it quotes them."""

    kind: str
    """What it is called in messages."""
    bytes: str
    """Its type of bytes."""

    def transaction(self) -> AbstractContextManager[None]:
        """A transaction; undone where the block raises. Raises Lost; CannotInsert."""

    def ask(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        """What a statement answers. Its signs for values are `?`; one with values has no names of the user's in it."""

    def insert(self, table: str, frame: pl.DataFrame) -> None:
        """Put rows into a table with the frame's columns, within a transaction."""

    def columns(self, table: str) -> Mapping[str, Column] | None:
        """The columns of a table, None where there is no such table. Raises CannotFill, for what is no table."""

    def quoted(self, name: str) -> str:
        """A column's name as it stands in a statement."""

    def placed(self, name: str) -> str:
        """The name of a table, or of one beside it, as it stands in a statement."""

    def type_of(self, name: str, dtype: pl.DataType) -> str:
        """The type that a column is made of. Raises CannotFill, where there is none."""

    def fits(self, own: str, there: str) -> bool:
        """Whether a column of type `there` holds all that one of type `own` does."""

    def hold(self, name: str) -> bool:
        """Take a name for this connection alone, until it ends; False where another has it. Twice does no harm."""

    def again(self) -> None:
        """Connect anew, where the connection was lost. Raises Lost."""

    def close(self) -> None:
        """End the connection."""


class _Named(NamedTuple):
    """Tables as they stand in statements: the user's, the run's rows, and ours."""

    table: str
    rows: str
    runs: str
    units: str


class Table:
    """A table that is being filled by this run alone.

    Parameters: table: its name in the database. called: what it is called in messages, without secrets.
    """

    resumable = True
    reach = ""

    def __init__(self, database: Database, table: str, called: str, plan: Plan) -> None:
        self._database, self._table, self._called, self._plan = database, table, called, plan
        if plan.parts:
            raise CannotFill.no_parts(called, plan.parts)
        self._types = {name: database.type_of(name, dtype) for name, dtype in plan.columns.items()}
        self._run = hashlib.sha256(json.dumps([plan.job, table]).encode()).hexdigest()[:_NAME]
        self._rows = f"seakeep_{self._run}"
        self._named = _Named(*map(database.placed, (table, self._rows, RUNS, UNITS)))
        self._done = self._tried(self._begin)
        if self._done and not self.done():
            raise CannotFill.there(called, plan.job)

    def done(self) -> Mapping[int, bytes]:
        """The notes of the units whose rows are kept."""
        statement = f"select unit, note from {self._named.units} where run = ? order by unit"
        told = self._tried(lambda: self._database.ask(statement, self._run))
        return {int(number): bytes(note) for number, note in told}

    def write(self, number: int, frame: pl.DataFrame, note: bytes) -> None:
        """Keep a unit's rows. Raises CannotInsert."""
        self._tried(lambda: self._write(number, frame, note))

    def publish(self, units: int) -> None:
        """Show all rows in one transaction, once. Raises CannotInsert."""
        if not self._done:
            self._tried(lambda: self._show(units))
        self._tried(self._forget)

    def close(self) -> None:
        """End the connection; rows that were not shown stay for the next run."""
        self._database.close()

    def _tried(self, work: Callable[[], T]) -> T:
        """What comes of work that does no harm when it is done twice. Raises CannotInsert, after some tries; CannotFill."""
        lost = False
        for pause in (*PAUSES_SECONDS, None):
            try:
                if lost:
                    self._database.again()
                    self._hold()
                return work()
            except Lost as error:
                if pause is None and isinstance(error, Held):
                    raise CannotFill.under_way(self._called) from error
                if pause is None:
                    raise CannotInsert.unreachable(self._called, str(error), len(PAUSES_SECONDS) + 1) from error
                time.sleep(pause)
                lost = True
        raise AssertionError

    def _hold(self) -> None:
        if not self._database.hold(self._run):
            raise Held(self._run)

    def _begin(self) -> bool:
        """Make what is lacking, and tell whether the run is done already. Raises CannotFill, where the table does not fit."""
        self._hold()
        ask, named = self._database.ask, self._named
        with self._database.transaction():
            self._check()
            ask(f"create table if not exists {named.runs} ({_RUNS})")
            ask(f"create table if not exists {named.units} ({_UNITS.format(bytes=self._database.bytes)})")
            told = ask(f"select units from {named.runs} where run = ?", self._run)
            shown = bool(told) and told[0][0] is not None
            if shown and not self._plan.overwrite:
                return True
            if shown or not told:
                self._begin_anew()
        return False

    def _begin_anew(self) -> None:
        ask, named = self._database.ask, self._named
        ask(f"delete from {named.runs} where run = ?", self._run)
        ask(f"delete from {named.units} where run = ?", self._run)
        ask(f"drop table if exists {named.rows}")
        ask(f"create table {named.rows} ({self._columns()}, {UNIT} bigint)")
        ask(f"insert into {named.runs} (run, job, filled) values (?, ?, ?)", self._run, self._plan.job, self._table)

    def _columns(self) -> str:
        """The columns of a new table."""
        return ", ".join(f"{self._database.quoted(name)} {kind}" for name, kind in self._types.items())

    def _check(self) -> None:
        """Raise CannotFill for a table whose columns are others, each of them told."""
        there = self._database.columns(self._table)
        if there is None:
            return
        differences = [f"it has no {name!r}" for name in self._types if name not in there]
        differences += [
            f"{name!r} is {there[name].type} there and {kind} here"
            for name, kind in self._types.items()
            if name in there and not self._database.fits(kind, there[name].type)
        ]
        differences += [
            f"{name!r} may not be missing there"
            for name, column in there.items()
            if column.required and name not in self._types
        ]
        if differences:
            raise CannotFill.unlike(self._called, differences)

    def _write(self, number: int, frame: pl.DataFrame, note: bytes) -> None:
        import polars as pl

        ask, named = self._database.ask, self._named
        with self._database.transaction():
            if ask(f"select 1 from {named.units} where run = ? and unit = ?", self._run, number):
                ask(f"delete from {named.units} where run = ? and unit = ?", self._run, number)
                ask(f"delete from {named.rows} where {UNIT} = ?", number)
            if frame.height:
                self._database.insert(self._rows, frame.with_columns(pl.lit(number, pl.Int64).alias(UNIT)))
            ask(f"insert into {named.units} values (?, ?, ?, ?)", self._run, number, frame.height, note)

    def _show(self, units: int) -> None:
        ask, named = self._database.ask, self._named
        columns = ", ".join(map(self._database.quoted, self._types))
        with self._database.transaction():
            if ask(f"select units from {named.runs} where run = ? and units is not null", self._run):
                return  # the connection was lost after the database had done it
            self._check_units(units)
            self._check()
            if self._database.columns(self._table) is None:
                ask(f"create table {named.table} ({self._columns()})")
            if self._plan.overwrite:
                ask(f"delete from {named.table}")
            ask(f"insert into {named.table} ({columns}) select {columns} from {named.rows}")
            ask(f"drop table {named.rows}")
            ask(f"update {named.runs} set units = ? where run = ?", units, self._run)

    def _check_units(self, units: int) -> None:
        """Raise CannotInsert, if a unit that was written, or a row of one, is not there."""
        ask, named = self._database.ask, self._named
        told = dict(ask(f"select unit, rows from {named.units} where run = ?", self._run))
        for number in range(units):
            if number not in told:
                raise CannotInsert.gone(self._called, number)
        ask(f"delete from {named.rows} where {UNIT} >= ?", units)
        if ask(f"select count(*) from {named.rows}")[0][0] != sum(told[number] for number in range(units)):
            raise CannotInsert.gone(self._called, units - 1)

    def _forget(self) -> None:
        with self._database.transaction():
            self._database.ask(f"delete from {self._named.units} where run = ?", self._run)

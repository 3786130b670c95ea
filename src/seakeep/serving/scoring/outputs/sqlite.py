"""SQLite: `sqlite:///file.db?table=scored` (below the working folder) or `sqlite:////data/file.db?table=scored`; the file is made where it is not there.

What is hard: SQLite keeps a type with every value and has few of them. Booleans become 0 and 1, days and times text (ISO 8601, times with a
zone in UTC), floats of 32 bits are kept in 64, which changes none of them; NaN, which it does not have, becomes null.
"""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

import polars as pl

from seakeep.core import locks
from seakeep.serving.scoring.outputs.databases import Column, Lost, Table
from seakeep.serving.scoring.outputs.refusals import CannotFill, CannotInsert

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from seakeep.serving.scoring.outputs import Plan

WAIT_SECONDS = 30.0
"""How long another writer is waited for."""
_EXAMPLE = "sqlite:///scored.db?table=scored"
_BUSY = ("locked", "busy")
_ROWS = 1 << 13
_TIME = "%Y-%m-%d %H:%M:%S%.6f"
_TYPES: tuple[tuple[type[pl.DataType], str], ...] = (
    (pl.Boolean, "BOOLEAN"),
    (pl.Int8, "INTEGER"),
    (pl.Int16, "INTEGER"),
    (pl.Int32, "INTEGER"),
    (pl.Int64, "INTEGER"),
    (pl.UInt8, "INTEGER"),
    (pl.UInt16, "INTEGER"),
    (pl.UInt32, "INTEGER"),
    (pl.Float32, "REAL"),
    (pl.Float64, "REAL"),
    (pl.String, "TEXT"),
    (pl.Categorical, "TEXT"),
    (pl.Enum, "TEXT"),
    (pl.Date, "DATE"),
    (pl.Datetime, "DATETIME"),
    (pl.Binary, "BLOB"),
)
_AFFINITIES = {
    "INT": "INTEGER",
    "CHAR": "TEXT",
    "CLOB": "TEXT",
    "TEXT": "TEXT",
    "BLOB": "BLOB",
    "REAL": "REAL",
    "FLOA": "REAL",
    "DOUB": "REAL",
}
_HOLDS = {"INTEGER": ("INTEGER", "NUMERIC"), "REAL": ("REAL",), "TEXT": ("TEXT",), "BLOB": ("BLOB",)}
_HOLDS |= {"NUMERIC": ("INTEGER", "NUMERIC")}


class Sqlite:
    """A connection to a file. Parameters: called: the table in messages."""

    kind, bytes = "SQLite", "BLOB"

    def __init__(self, path: Path, called: str) -> None:
        self._path, self._called = path, called
        self._held, self._lock = contextlib.ExitStack(), Path()
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._connection = sqlite3.connect(
                path, timeout=WAIT_SECONDS, isolation_level=None, check_same_thread=False
            )
        except (sqlite3.Error, OSError) as error:
            raise CannotInsert.refused(called, str(error)) from error

    @contextlib.contextmanager
    def transaction(self) -> Iterator[None]:
        """Writers come one after the other, so the lock for writing is taken at once."""
        self.ask("begin immediate")
        try:
            yield
            self.ask("commit")
        except BaseException:
            with contextlib.suppress(sqlite3.Error):
                self._connection.rollback()
            raise

    def ask(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        """What a statement answers."""
        with self._told():
            return self._connection.execute(statement, values).fetchall()

    def insert(self, table: str, frame: pl.DataFrame) -> None:
        """Put rows into a table, some thousands at a time, since each value becomes an object on its way."""
        plain = frame.with_columns(_plain(name, dtype) for name, dtype in frame.schema.items())
        marks = ", ".join("?" * plain.width)
        with self._told():
            statement = f"insert into {self.quoted(table)} values ({marks})"  # noqa: S608  (quoted)
            self._connection.executemany(statement, plain.iter_rows(buffer_size=_ROWS))

    def columns(self, table: str) -> Mapping[str, Column] | None:
        """The columns of a table."""
        told = self.ask("select type from sqlite_master where name = ? collate nocase", table)
        if not told:
            return None
        if told[0][0] != "table":
            raise CannotFill.ability(self._called, f"is a {told[0][0]}")
        rows = self.ask('select name, type, "notnull", dflt_value, pk, hidden from pragma_table_xinfo(?)', table)
        return {
            name: Column(kind or "BLOB", bool(required and default is None and not (key and kind.upper() == "INTEGER")))
            for name, kind, required, default, key, hidden in rows
            if not hidden
        }

    def quoted(self, name: str) -> str:
        """An identifier: quotes are doubled in it."""
        return '"' + name.replace('"', '""') + '"'

    placed = quoted

    def type_of(self, name: str, dtype: pl.DataType) -> str:
        """The type that a column is declared as."""
        if "\0" in name:
            raise CannotFill.name(name, self.kind, "no zero characters in names")
        for known, kind in _TYPES:
            if isinstance(dtype, known):
                return kind
        raise CannotFill.type(name, dtype, self.kind)

    def fits(self, own: str, there: str) -> bool:
        """By SQLite's own rules of affinity (its documentation, "Datatypes", 3.1), by which it converts what it is given."""
        if own in ("DATE", "DATETIME"):
            return _affinity(there) in ("TEXT", "NUMERIC", "BLOB")
        return _affinity(there) in _HOLDS[_affinity(own)]

    def hold(self, name: str) -> bool:
        """By a lock beside the file."""
        lock = self._path.with_name(f".{self._path.name}.{name}.lock")
        if self._lock == lock:
            return True
        with contextlib.ExitStack() as stack:
            if not stack.enter_context(locks.alone(lock, wait=False)) or not lock.exists():
                return False
            self._held.push(stack.pop_all())
        self._held.callback(lock.unlink, missing_ok=True)
        self._lock = lock
        return True

    def again(self) -> None:
        """A file's connection is not lost."""

    def close(self) -> None:
        """End the connection."""
        self._connection.close()
        self._held.close()

    @contextlib.contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.OperationalError as error:
            if any(word in str(error) for word in _BUSY):
                raise Lost(str(error)) from error
            raise CannotInsert.refused(self._called, str(error)) from error
        except (sqlite3.Error, OverflowError, UnicodeError) as error:
            raise CannotInsert.refused(self._called, str(error)) from error


def open_output(address: Path | str, plan: Plan) -> Table:
    """The table at an address, taken for this run. Raises CannotScore, if it may not be written; CannotInsert."""
    told = str(address)
    rest, _, parameters = told.partition("://")[2].partition("?")
    names = parse_qs(parameters)
    if set(names) != {"table"} or not rest.strip("/") or len(names["table"]) != 1 or "\0" in names["table"][0]:
        raise CannotFill.address(told, _EXAMPLE)
    path = Path(rest.removeprefix("/")).expanduser().absolute()
    database = Sqlite(path, told)
    try:
        return Table(database, names["table"][0], told, plan)
    except BaseException:
        database.close()
        raise


def _plain(name: str, dtype: pl.DataType) -> pl.Expr:
    """A column as values that SQLite has."""
    column = pl.col(name)
    if isinstance(dtype, pl.Datetime):
        naive = column.dt.convert_time_zone("UTC").dt.replace_time_zone(None) if dtype.time_zone else column
        return naive.dt.strftime(_TIME + ("+00:00" if dtype.time_zone else ""))
    if isinstance(dtype, pl.Date):
        return column.dt.strftime("%Y-%m-%d")
    if isinstance(dtype, (pl.Categorical, pl.Enum)):
        return column.cast(pl.String)
    return column


def _affinity(kind: str) -> str:
    found = next((affinity for part, affinity in _AFFINITIES.items() if part in kind.upper()), "NUMERIC")
    return found if kind else "BLOB"

"""PostgreSQL: `postgresql://user@host:5432/database?table=scored`, or `…?table=schema.scored`, by ADBC, which copies whole units (COPY, binary).

The password comes from the environment (PGPASSWORD), from ~/.pgpass or from the address; it is handed to the driver and is in no error, log or
record. A run is held by a lock of the session, which the server lets go of when the connection ends, however it ends.
"""

from __future__ import annotations

import contextlib
import hashlib
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import polars as pl

from seakeep.core.addresses import redacted
from seakeep.core.errors import MissingExtra
from seakeep.serving.scoring.outputs.databases import Column, Lost, Table
from seakeep.serving.scoring.outputs.refusals import CannotFill, CannotInsert

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from seakeep.serving.scoring.outputs import Plan

_EXAMPLE = "postgresql://user@host:5432/database?table=scored"
_NAME_BYTES = 63
_TYPES: tuple[tuple[type[pl.DataType], str, type[pl.DataType] | pl.DataType], ...] = (
    (pl.Boolean, "boolean", pl.Boolean),
    (pl.Int8, "smallint", pl.Int16),
    (pl.UInt8, "smallint", pl.Int16),
    (pl.Int16, "smallint", pl.Int16),
    (pl.UInt16, "integer", pl.Int32),
    (pl.Int32, "integer", pl.Int32),
    (pl.UInt32, "bigint", pl.Int64),
    (pl.Int64, "bigint", pl.Int64),
    (pl.UInt64, "numeric", pl.Decimal(20, 0)),
    (pl.Decimal, "numeric", pl.Decimal),
    (pl.Float32, "real", pl.Float32),
    (pl.Float64, "double precision", pl.Float64),
    (pl.String, "text", pl.String),
    (pl.Categorical, "text", pl.String),
    (pl.Enum, "text", pl.String),
    (pl.Binary, "bytea", pl.Binary),
    (pl.Date, "date", pl.Date),
    (pl.Time, "time without time zone", pl.Time),
)
"""By type: what a column is declared as, and what it is written as."""
_WIDER = {
    "smallint": ("integer", "bigint", "numeric"),
    "integer": ("bigint", "numeric"),
    "bigint": ("numeric",),
    "real": ("double precision",),
    "text": ("character varying",),
}
_SESSION = ("set lock_timeout = '30s'", "set tcp_keepalives_idle = 30", "set tcp_keepalives_interval = 10")
"""That nothing waits for ever, and that a server notices soon when this machine is gone and lets go of its locks."""
_COLUMNS = """select a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull and not a.atthasdef and a.attidentity = '' and a.attgenerated = ''
from pg_attribute a where a.attrelid = to_regclass($1) and a.attnum > 0 and not a.attisdropped order by a.attnum"""
_KINDS = {"v": "view", "m": "materialized view", "f": "foreign table", "S": "sequence", "i": "index", "c": "type"}
_LOST = ("08", "57P", "53300", "40001", "40P01", "55P03", "23505", "42P07")
"""Connections that end, servers that stop, transactions that meet, and tables of ours that another run makes at the same moment."""
_GONE = re.compile(
    r"server closed the connection|could not connect|connection to server|terminating connection|no connection to the server|SSL SYSCALL"
    r"|could not receive data|could not send data|Connection reset|Connection refused"
)
_NOBODY = re.compile(
    r"password authentication failed|no password supplied|does not exist|no pg_hba.conf entry|permission denied"
)


class Postgresql:
    """A connection to a server. Parameters: address: for the driver. schema: of the table; "" for the user's own. called: see Table."""

    kind, bytes = "PostgreSQL", "bytea"

    def __init__(self, address: str, schema: str, called: str) -> None:
        self._address, self._schema, self._called = address, schema, called
        self._driver = _driver()
        self._connection: Any = None

    @contextlib.contextmanager
    def transaction(self) -> Iterator[None]:
        """A transaction, which is undone where the connection ends."""
        self.ask("begin")
        try:
            yield
            self.ask("commit")
        except BaseException:
            with contextlib.suppress(Lost, CannotInsert):
                self.ask("rollback")
            raise

    def ask(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        """What a statement answers."""
        if values:
            for number in range(len(values)):
                statement = statement.replace("?", f"${number + 1}", 1)
        with self._told(), self._connected().cursor() as cursor:
            cursor.execute(statement, values or None)
            return cursor.fetchall() if cursor.description else []

    def insert(self, table: str, frame: pl.DataFrame) -> None:
        """Copy rows into a table."""
        written = frame.cast({name: _known(name, dtype, self.kind)[1] for name, dtype in frame.schema.items()})
        rows = written.to_arrow(compat_level=pl.CompatLevel.oldest())
        where = {"db_schema_name": self._schema} if self._schema else {}
        with self._told(), self._connected().cursor() as cursor:
            cursor.adbc_ingest(table, rows, mode="append", **where)

    def columns(self, table: str) -> Mapping[str, Column] | None:
        """The columns of a table."""
        named = self.placed(table)
        told = self.ask("select relkind::text from pg_class where oid = to_regclass(?)", named)
        if not told:
            return None
        if told[0][0] in _KINDS:
            raise CannotFill.ability(self._called, f"is a {_KINDS[told[0][0]]}")
        return {name: Column(kind, bool(required)) for name, kind, required in self.ask(_COLUMNS, named)}

    def quoted(self, name: str) -> str:
        """An identifier: quotes are doubled in it."""
        return '"' + name.replace('"', '""') + '"'

    def placed(self, name: str) -> str:
        """A table's name behind that of its schema."""
        return f"{self.quoted(self._schema)}.{self.quoted(name)}" if self._schema else self.quoted(name)

    def type_of(self, name: str, dtype: pl.DataType) -> str:
        """The type that a column is declared as."""
        if len(name.encode()) > _NAME_BYTES or "\0" in name:
            raise CannotFill.name(name, self.kind, f"at most {_NAME_BYTES} bytes in a name")
        return _known(name, dtype, self.kind)[0]

    def fits(self, own: str, there: str) -> bool:
        """Equal types, and those that hold more."""
        plain = re.sub(r"\(.*\)", "", there)
        return own == there or plain in _WIDER.get(own, ()) or (own == plain == "numeric")

    def hold(self, name: str) -> bool:
        """By a lock of the session."""
        key = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big", signed=True)
        return bool(self.ask("select pg_try_advisory_lock(?)", key)[0][0])

    def again(self) -> None:
        """Connect anew."""
        self.close()
        self._connected()

    def close(self) -> None:
        """End the connection."""
        connection, self._connection = self._connection, None
        if connection is not None:
            with contextlib.suppress(Exception):  # it may have ended already
                connection.close()

    def _connected(self) -> Any:
        if self._connection is None:
            with self._told():
                self._connection = self._driver.connect(self._address, autocommit=True)
                for statement in _SESSION:
                    self.ask(statement)
        return self._connection

    @contextlib.contextmanager
    def _told(self) -> Iterator[None]:
        """What went wrong, by its SQLSTATE where there is one."""
        import adbc_driver_manager

        try:
            yield
        except (adbc_driver_manager.Error, OSError) as error:
            state, text = str(getattr(error, "sqlstate", None) or "").strip("\0"), str(error)
            if _NOBODY.search(text):
                raise CannotInsert.refused(self._called, text) from error
            if state.startswith(_LOST) or (not state and _GONE.search(text)):
                raise Lost(text) from error
            raise CannotInsert.refused(self._called, text) from error


def open_output(address: str, plan: Plan) -> Table:
    """The table at an address, taken for this run. Raises CannotScore, if it may not be written; CannotInsert; MissingExtra."""
    place, schema, table = _parts(address)
    called = redacted(address)
    database = Postgresql(place, schema, called)
    try:
        return Table(database, table, called, plan)
    except BaseException:
        database.close()
        raise


def _parts(address: str) -> tuple[str, str, str]:
    """What the driver is given, and the schema and the table. Raises CannotFill."""
    place, _, told = address.partition("?")
    options = told.split("&") if told else []
    named = [option for option in options if option.startswith("table=")]
    table = unquote(named[0].removeprefix("table=").replace("+", " ")) if len(named) == 1 else ""
    schema, _, name = table.rpartition(".")
    if not name or "\0" in table or any(len(part.encode()) > _NAME_BYTES for part in (schema, name)):
        raise CannotFill.address(address, _EXAMPLE)
    others = [option for option in options if option not in named]
    return f"{place}?{'&'.join(others)}" if others else place, schema, name


def _known(name: str, dtype: pl.DataType, kind: str) -> tuple[str, Any]:
    """What a column is declared as, and written as. Raises CannotFill."""
    if isinstance(dtype, pl.Datetime):
        zone = "with" if dtype.time_zone else "without"
        return f"timestamp {zone} time zone", pl.Datetime("us", "UTC" if dtype.time_zone else None)
    for known, told, written in _TYPES:
        if isinstance(dtype, known):
            return told, dtype if written is pl.Decimal else written
    raise CannotFill.type(name, dtype, kind)


def _driver() -> Any:
    try:
        import adbc_driver_postgresql.dbapi as driver  # type: ignore[import-untyped]
        import pyarrow as pa  # noqa: F401
    except ImportError as error:
        raise MissingExtra.of("adbc-driver-postgresql", "sql", purpose="writing to PostgreSQL") from error
    return driver

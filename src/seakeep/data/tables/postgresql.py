"""PostgreSQL: `postgresql://user@host:5432/database` with a query, by ADBC, which gives Arrow batches as they come (COPY, binary).

The password comes from the environment (PGPASSWORD), from ~/.pgpass or from the address; it is handed to the driver and is in no description, digest, error or
log. The query runs read-only in one transaction at the isolation level REPEATABLE READ, so a row that others change meanwhile is seen once.
numeric becomes a 64-bit float (write `fare::text` to keep every digit), json and uuid text; an interval must be given as a number or text.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

import polars as pl

from seakeep.core.errors import MissingExtra, UsageError
from seakeep.data.errors import CannotQuery
from seakeep.data.tables.queries import Lost, QuerySource, asked, checked_names, framed

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

_SNAPSHOT = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY"
_NOBODY = ("28", "3D")
_LOST = ("08", "57P", "53")
_GONE = ("server closed the connection", "could not connect", "connection to server", "terminating connection", "no connection to the server", "SSL SYSCALL", "could not receive data", "Connection reset", "Connection refused")  # fmt: skip
_WORDS_OF_NOBODY = ("password authentication failed", "no password supplied", "does not exist", "no pg_hba.conf entry")


def open_table(address: str, *, query: str | None = None, version: int | str | datetime | None = None) -> QuerySource:
    """The answer to a query. Raises CannotQuery, UsageError, MissingExtra."""
    if version is not None:
        raise UsageError("a database has no versions to read", fix="Leave version out, or ask for it in the query.")
    driver = _driver()
    return asked(address, query, lambda text: _answered(driver, address, text))


@contextlib.contextmanager
def _answered(driver: Any, address: str, query: str) -> Iterator[Iterator[pl.DataFrame]]:
    import adbc_driver_manager

    try:
        with driver.connect(address) as connection, connection.cursor() as cursor:
            cursor.execute(_SNAPSHOT)
            cursor.execute(
                f"{query.rstrip().rstrip(';')}\n"
            )  # a comment at its end must not reach what the driver adds
            yield _frames(cursor.fetch_record_batch(), address)
    except (adbc_driver_manager.Error, OSError) as error:
        raise _told(error, address, query) from error


def _frames(reader: Any, address: str) -> Iterator[pl.DataFrame]:
    """The answer batch by batch, an empty one first."""
    checked_names(reader.schema.names, address)
    numeric = [each.name for each in reader.schema if _type_of(each) == "numeric"]
    yield _plain(reader.schema.empty_table(), numeric, address)
    for batch in reader:
        yield _plain(batch, numeric, address)


def _plain(batch: Any, numeric: list[str], address: str) -> pl.DataFrame:
    frame = framed(_storage(batch, address), address)
    return frame.with_columns(pl.col(name).cast(pl.Float64) for name in numeric)


def _storage(batch: Any, address: str) -> Any:
    """The batch without Arrow's extension types, which stand for types that the driver gives as text or bytes."""
    import pyarrow as pa

    table = pa.Table.from_batches([batch]) if isinstance(batch, pa.RecordBatch) else batch
    columns, fields = [], []
    for told, column in zip(table.schema, table.columns, strict=True):
        held = told.type.storage_type if isinstance(told.type, pa.BaseExtensionType) else told.type
        if pa.types.is_interval(held):
            raise CannotQuery.unknown_type(address, told.name, "interval")
        columns.append(column if held == told.type else column.cast(held))
        fields.append(pa.field(told.name, held))
    return pa.table(columns, schema=pa.schema(fields))


def _type_of(field: Any) -> str:
    """PostgreSQL's name of a column's type, as the driver tells it."""
    told = (field.metadata or {}).get(b"ADBC:postgresql:typname", b"").decode()
    return told or str(getattr(field.type, "type_name", ""))


def _told(error: Exception, address: str, query: str) -> Exception:
    """What went wrong, by its SQLSTATE where there is one."""
    state, text = str(getattr(error, "sqlstate", None) or ""), str(error)
    if state.startswith(_LOST) or (not state and any(words in text for words in _GONE)):
        if any(words in text for words in _WORDS_OF_NOBODY):
            return CannotQuery.nobody(address, text)
        return Lost(text)
    if state.startswith(_NOBODY):
        return CannotQuery.nobody(address, text)
    return CannotQuery.refused(address, query, text)


def _driver() -> Any:
    try:
        import adbc_driver_postgresql.dbapi as driver  # type: ignore[import-untyped]
        import pyarrow as pa  # noqa: F401
    except ImportError as error:
        raise MissingExtra.of("adbc-driver-postgresql", "sql", purpose="reading from PostgreSQL") from error
    return driver

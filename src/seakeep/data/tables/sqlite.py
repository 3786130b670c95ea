"""SQLite: `sqlite:///file.db` (below the working folder) or `sqlite:////data/file.db` with a query, by ADBC; the file is opened read-only.

SQLite keeps a type with every value, a column here has one: the driver finds it from the first 2^16 rows, and a value of another type after them
ends the reading, since nothing may be guessed. Times are text or numbers in SQLite: cast or derive them.
"""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from seakeep.core.errors import MissingExtra, UsageError
from seakeep.data.errors import CannotQuery, CannotRead
from seakeep.data.tables.queries import Lost, QuerySource, asked, checked_names, framed

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    import polars as pl

_ROWS = 1 << 16
_MIXED = ("Type mismatch", "cannot convert", "expected INT64", "expected DOUBLE")
_BUSY = ("database is locked", "database table is locked")


def open_table(address: str, *, query: str | None = None, version: int | str | datetime | None = None) -> QuerySource:
    """The answer to a query. Raises CannotQuery, CannotRead, UsageError, MissingExtra."""
    if version is not None:
        raise UsageError("a database has no versions to read", fix="Leave version out, or ask for it in the query.")
    path = Path(address.partition("://")[2].partition("?")[0].removeprefix("/")).absolute()
    if not path.exists():
        raise CannotQuery.no_file(path)
    driver = _driver()
    return asked(address, query, lambda text: _answered(driver, path, address, text))


@contextlib.contextmanager
def _answered(driver: Any, path: Path, address: str, query: str) -> Iterator[Iterator[pl.DataFrame]]:
    import adbc_driver_manager

    try:
        with driver.connect(f"file:{quote(str(path))}?mode=ro") as connection, connection.cursor() as cursor:
            cursor.adbc_statement.set_options(**{"adbc.sqlite.query.batch_rows": _ROWS})
            cursor.execute(query)
            yield _frames(cursor.fetch_record_batch(), address)
    except (adbc_driver_manager.Error, OSError) as error:
        raise _told(error, path, address, query) from error


def _frames(reader: Any, address: str) -> Iterator[pl.DataFrame]:
    """The answer batch by batch, an empty one first."""
    checked_names(reader.schema.names, address)
    yield framed(reader.schema.empty_table(), address)
    for batch in reader:
        yield framed(batch, address)


def _told(error: Exception, path: Path, address: str, query: str) -> Exception:
    text = str(error)
    if any(words in text for words in _MIXED):
        return CannotQuery.mixed(address, text)
    if any(words in text for words in _BUSY):
        return Lost(text)
    if "not a database" in text or "malformed" in text:
        return CannotRead.torn(path, "SQLite", text)
    return CannotQuery.refused(address, query, text)


def _driver() -> Any:
    try:
        import adbc_driver_sqlite.dbapi as driver
        import pyarrow as pa  # noqa: F401
    except ImportError as error:
        raise MissingExtra.of("adbc-driver-sqlite", "sql", purpose="reading from SQLite") from error
    return driver

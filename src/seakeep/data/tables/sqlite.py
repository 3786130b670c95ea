"""SQLite: `sqlite:///file.db` (below the working folder) or `sqlite:////data/file.db` with a query, by ADBC; the file is opened read-only.

SQLite keeps a type with every value, a column here has one. What is hard: the driver finds it from the first 2^16 rows, and turns what is of another
type there into text of six digits, or rounds it; so SQLite is asked which types there are, and a mixture is refused, since nothing may be guessed. Times are text or numbers in SQLite: cast or derive them.
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
_MAGIC = b"SQLite format 3\0"
_JOURNALS = ("-wal", "-journal")
_COLUMNS = 100
_MIXTURE = (
    "case when count(distinct nullif(typeof({name}), 'null')) > 1"
    " and (max(typeof({name}) in ('text', 'blob')) or max(typeof({name}) = 'integer' and {name} not between -{most} and {most}))"
    " then min(nullif(typeof({name}), 'null')) || ' and ' || max(nullif(typeof({name}), 'null')) end"
)
"""What a mixture is called, else null."""
_BUSY = ("database is locked", "database table is locked")


def open_table(address: str, *, query: str | None = None, version: int | str | datetime | None = None) -> QuerySource:
    """The answer to a query. Raises CannotQuery, CannotRead, UsageError, MissingExtra."""
    if version is not None:
        raise UsageError("a database has no versions to read", fix="Leave version out, or ask for it in the query.")
    path = Path(address.partition("://")[2].partition("?")[0].removeprefix("/")).absolute()
    if not path.exists():
        raise CannotQuery.no_file(path)
    _check_whole(path)
    driver = _driver()
    return asked(address, query, lambda text: _answered(driver, path, address, text))


def _check_whole(path: Path) -> None:
    """Raise CannotRead for a file that is shorter than its header says: SQLite takes what is missing of a page for zeros.

    A journal beside it means that the file is being written, and says what it lacks. Source: SQLite's file format, 1.3.
    """
    if any(path.with_name(path.name + ending).exists() for ending in _JOURNALS):
        return
    try:
        with path.open("rb") as file:
            head, size = file.read(100), file.seek(0, 2)
    except OSError as error:
        raise CannotRead.forbidden(path, error) from error
    if size == 0:
        return
    if not head.startswith(_MAGIC) or len(head) < 100:
        raise CannotRead.torn(path, "SQLite", "it does not begin as a database does")
    page = int.from_bytes(head[16:18], "big")
    page = 1 << 16 if page == 1 else page
    expected = page * int.from_bytes(head[28:32], "big")
    if head[24:28] == head[92:96] and size < expected:
        raise CannotRead.torn(path, "SQLite", f"it has {size:,} bytes of {expected:,}")


@contextlib.contextmanager
def _answered(driver: Any, path: Path, address: str, query: str) -> Iterator[Iterator[pl.DataFrame]]:
    import adbc_driver_manager

    try:
        with driver.connect(f"file:{quote(str(path))}?mode=ro") as connection, connection.cursor() as cursor:
            cursor.adbc_statement.set_options(**{"adbc.sqlite.query.batch_rows": _ROWS})
            cursor.execute(query)
            reader = cursor.fetch_record_batch()
            checked_names(reader.schema.names, address)
            _check_types(connection, reader.schema, query, address)
            yield _frames(reader, address)
    except (adbc_driver_manager.Error, OSError) as error:
        raise _told(error, path, address, query) from error


def _check_types(connection: Any, schema: Any, query: str, address: str) -> None:
    """Raise CannotQuery for a column of several types; whole numbers among floats may stand, where a float holds them.

    Columns of whole numbers need not be asked about: the driver has them only where all are, and ends at another.
    """
    names = [name for name in schema.names if str(schema.field(name).type) != "int64"]
    for begin in range(0, len(names), _COLUMNS):
        some = names[begin : begin + _COLUMNS]
        tests = ", ".join(_MIXTURE.format(name=_quoted(name), most=1 << 53) for name in some)
        with connection.cursor() as cursor:
            cursor.execute(f"select {tests} from (\n{query.rstrip().rstrip(';')}\n)")  # noqa: S608  (the user's own query)
            for name, told in zip(some, cursor.fetchone() or (), strict=False):
                if told is not None:
                    raise CannotQuery.mixed(address, f"{name!r} holds {told}")


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _frames(reader: Any, address: str) -> Iterator[pl.DataFrame]:
    """The answer batch by batch, an empty one first."""
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

"""Labels from a database: the rows of one query, by the standard library's SQLite, PostgreSQL, or any DB-API connection of the caller's.

PostgreSQL is asked as `seakeep.read` asks it: read-only, in one snapshot, the password from the environment. A SQLite file is opened read-only, so that a mistyped query can change nothing and a mistyped path makes no empty database.
"""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from seakeep.core.addresses import redacted, scheme
from seakeep.core.errors import DataError, UsageError
from seakeep.data.frames import collect
from seakeep.data.reading.read import read

if TYPE_CHECKING:
    from collections.abc import Iterator

SQLITE = "sqlite:///"
_POSTGRESQL = ("postgresql", "postgres")


class BadQuery(DataError):
    """A database or a query does not give a table."""

    @classmethod
    def address(cls, database: object) -> UsageError:
        return UsageError(
            f"the database is {redacted(str(database))!r}, expected {SQLITE}PATH, postgresql://… or an open connection",
            cause="Only SQLite and PostgreSQL are opened by address; other databases need their own driver.",
            fix=f"{SQLITE}labels.db, or in Python: log.add_labels(polars.read_database(sql, connection), …)",
            database=redacted(str(database)),
        )

    @classmethod
    def missing(cls, path: Path) -> BadQuery:
        return cls(
            f"there is no database {path}",
            where=f"looked from {Path.cwd()}",
            cause=f"Three slashes begin a path from here, four ({SQLITE}/data/labels.db) one from the root.",
            fix=f"ls {path.parent}",
            path=str(path),
        )

    @classmethod
    def failed(cls, sql: str, database: str, error: Exception) -> BadQuery:
        return cls(
            f"the query failed: {error}",
            where=f"{sql!r} on {database}",
            cause="A table or column is called otherwise, or this is no SQLite database.",
            fix="See its tables with: SELECT name, sql FROM sqlite_master",
            sql=sql,
        )

    @classmethod
    def no_table(cls, sql: str) -> BadQuery:
        return cls(
            "the query gives no table",
            where=repr(sql),
            cause="It is not a SELECT.",
            fix="SELECT flight_id, late FROM arrivals",
            sql=sql,
        )


def read_sql(sql: str, database: object) -> pl.DataFrame:
    """The rows that a query gives. Types are taken from all rows.

    Parameters: database: "sqlite:///PATH" (of the working folder; four slashes for a path from the root), "postgresql://…", or an
        open DB-API connection. Raises: UsageError, for another address; BadQuery; what seakeep.read raises of PostgreSQL.
    """
    if isinstance(database, str) and scheme(database) in _POSTGRESQL:
        return collect(read(database, query=sql))
    with _connection(database) as connection:
        cursor = connection.cursor()
        try:
            cursor.execute(sql)
            names = [column[0] for column in cursor.description or ()]
            rows = cursor.fetchall() if names else []
        except Exception as error:  # every driver has its own errors; DB-API gives them no common ancestor
            raise BadQuery.failed(sql, database if isinstance(database, str) else "the connection", error) from error
        finally:
            cursor.close()
    if not names:
        raise BadQuery.no_table(sql)
    columns = list(zip(*rows, strict=True)) or [()] * len(names)
    twice = [name for name in names if names.count(name) > 1]
    if twice:
        raise BadQuery.failed(sql, str(database), ValueError(f"two of its columns are called {twice[0]!r}"))
    return pl.DataFrame([_series(name, values) for name, values in zip(names, columns, strict=True)])


def _series(name: str, values: tuple[Any, ...]) -> pl.Series:
    """A column; SQLite may hold a number in one row and text in the next, which then are text."""
    try:
        return pl.Series(name, values)
    except (TypeError, OverflowError, pl.exceptions.PolarsError):
        return pl.Series(name, [None if value is None else str(value) for value in values], pl.String)


@contextlib.contextmanager
def _connection(database: object) -> Iterator[Any]:
    if hasattr(database, "cursor"):
        yield database
        return
    if not isinstance(database, str) or not database.startswith(SQLITE):
        raise BadQuery.address(database)
    path = Path(database.removeprefix(SQLITE))
    if not path.is_file():
        raise BadQuery.missing(path)
    with contextlib.closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as connection:
        yield connection

"""What PostgreSQL is told and what it tells: statements in its words, and its errors in ours. Called by `postgresql`.

What is hard is that a driver has no number for half of what goes wrong: a connection that broke, or a server that is starting, is known by its words alone.
"""

from __future__ import annotations

import functools
import re
from typing import TYPE_CHECKING

from seakeep.core.addresses import redacted
from seakeep.registry import database
from seakeep.registry.stores._errors import ServerRefused

if TYPE_CHECKING:
    import psycopg

_TYPES = {
    r" WITHOUT ROWID": "",
    r"INTEGER PRIMARY KEY( AUTOINCREMENT)?": "BIGINT PRIMARY KEY",
    r"\bINTEGER\b": "BIGINT",
    r"\bREAL\b": "DOUBLE PRECISION",
    r"\bTEXT\b": 'TEXT COLLATE "C"',
}
PASSING = ("40001", "40P01", "57P01", "57P02", "57P03", "53300")
STARTING = re.compile(r"starting up|shutting down|not yet accepting|too many (clients|connections)|connection slots")
LOGIN = re.compile(r"authentication|no password supplied|pg_hba\.conf|role .* (does not exist|is not permitted)")
NO_DATABASE = re.compile(r"database .* does not exist")


def in_postgresql(statement: str) -> str:
    """A statement that makes tables, in PostgreSQL's words. Text is compared by its bytes, as SQLite does.

    >>> in_postgresql("CREATE TABLE a (id INTEGER PRIMARY KEY AUTOINCREMENT, at REAL NOT NULL) WITHOUT ROWID")
    'CREATE TABLE a (id BIGINT PRIMARY KEY, at DOUBLE PRECISION NOT NULL)'
    """
    return functools.reduce(lambda text, each: re.sub(each, _TYPES[each], text), _TYPES, statement)


@functools.cache
def placed(query: str) -> str:
    """A query with the driver's signs for values.

    >>> placed("SELECT 1 FROM a WHERE b = ?")
    'SELECT 1 FROM a WHERE b = %s'
    """
    return query.replace("%", "%%").replace("?", "%s")


def refusal(error: psycopg.Error, where: str, *, broken: bool, changing: bool, waited: float) -> ServerRefused:
    """What the server or the driver says, in words that lead on.

    Parameters: where: the database, without secrets. broken: whether the connection is lost. changing: within a change. waited: seconds so far.
    """
    words, state = said(error), error.sqlstate or ""
    if changing and (broken or state in PASSING or state == "25P03"):
        return ServerRefused.broke_off(where, words)
    if state == "55P03":
        return ServerRefused.busy(where, database.BUSY_SECONDS)
    if state[:2] == "28" or LOGIN.search(words):
        return ServerRefused.login(where, words)
    if state == "3D000" or NO_DATABASE.search(words):
        return ServerRefused.no_database(where, words)
    if state in ("42501", "25006", "3F000"):
        return ServerRefused.no_rights(where, words)
    if state in ("53100", "53200"):
        return ServerRefused.full(where, words)
    if broken or state in PASSING or not state:
        return ServerRefused.unreachable(where, words, waited=waited)
    return ServerRefused.failed(where, words)


def said(error: BaseException) -> str:
    """The first line of an error that says something."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return redacted(lines[0].rstrip(".")) if lines else type(error).__name__

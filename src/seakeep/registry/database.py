"""The registry's SQLite database: opening, its version, and transactions.

Every process opens the same file: write-ahead logging lets readers go on while one writes, a busy timeout makes writers
wait their turn, and a kill in a transaction leaves what was there before. The version row is read before anything else,
so that an older Seakeep never writes into a newer registry. Opening costs about a millisecond.
"""

from __future__ import annotations

import contextlib
import json
import sqlite3
import time
from typing import TYPE_CHECKING

from seakeep.core.codec import to_plain
from seakeep.core.files import CannotWrite
from seakeep.registry.errors import UnreadableRegistry

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

VERSION = 2
BUSY_SECONDS = 30.0
DOCUMENTS = """
CREATE TABLE documents (
    kind TEXT NOT NULL, name TEXT NOT NULL, revision INTEGER NOT NULL, content TEXT NOT NULL, changed REAL NOT NULL,
    PRIMARY KEY (kind, name)
) WITHOUT ROWID;
CREATE TABLE journal (
    id INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, name TEXT NOT NULL, at REAL NOT NULL, content TEXT NOT NULL
);
CREATE INDEX journal_name ON journal (kind, name);
"""
TABLES = f"""
CREATE TABLE version (number INTEGER NOT NULL);
CREATE TABLE artifacts (
    digest TEXT PRIMARY KEY, kind TEXT NOT NULL, object TEXT NOT NULL, bytes INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE executions (
    id INTEGER PRIMARY KEY, run TEXT NOT NULL, pipeline TEXT NOT NULL, stage TEXT NOT NULL, key TEXT NOT NULL,
    code TEXT NOT NULL, parameters TEXT NOT NULL, looked_at TEXT NOT NULL, started REAL NOT NULL,
    wall_seconds REAL NOT NULL, cpu_seconds REAL NOT NULL, peak_bytes INTEGER NOT NULL, verdict TEXT NOT NULL
);
CREATE INDEX executions_key ON executions (key);
CREATE TABLE uses (
    execution INTEGER NOT NULL REFERENCES executions (id), direction TEXT NOT NULL, position INTEGER NOT NULL,
    name TEXT NOT NULL, kind TEXT NOT NULL, digest TEXT NOT NULL,
    PRIMARY KEY (execution, direction, position)
) WITHOUT ROWID;
CREATE INDEX uses_digest ON uses (digest, direction);
CREATE INDEX uses_name ON uses (name, kind);
CREATE TABLE releases (
    name TEXT NOT NULL, version INTEGER NOT NULL, digest TEXT NOT NULL UNIQUE, manifest TEXT NOT NULL,
    registered REAL NOT NULL, PRIMARY KEY (name, version)
) WITHOUT ROWID;
CREATE TABLE aliases (
    name TEXT NOT NULL, alias TEXT NOT NULL, version INTEGER NOT NULL, changed REAL NOT NULL,
    PRIMARY KEY (name, alias), FOREIGN KEY (name, version) REFERENCES releases (name, version)
) WITHOUT ROWID;
{DOCUMENTS}"""
UPGRADES = {1: DOCUMENTS}
"""What brings a registry of each earlier version to the next one."""


def connect(path: Path) -> sqlite3.Connection:
    """An open connection to the registry at `path`, which is made if it is not there.

    Statements outside of `transaction` commit one by one. Raises: UnreadableRegistry, if the file is newer, torn, or
    cannot be opened; CannotWrite, if its folder cannot be made.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CannotWrite.because(path, error) from error
    connection: sqlite3.Connection | None = None
    try:
        connection = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None)
        _prepare(connection, path)
    except sqlite3.DatabaseError as error:
        if connection is not None:
            connection.close()
        raise _unreadable(path, error) from error
    except BaseException:
        if connection is not None:
            connection.close()
        raise
    return connection


@contextlib.contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[sqlite3.Connection]:
    """All statements of the block or none. The write lock is taken at once, so that read-then-write is safe.

    Within another transaction the block is part of it: the outer one decides.
    """
    nested = connection.in_transaction
    if nested:
        yield connection
        return
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield connection
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:  # SQLite has ended it already where the disk was full
            connection.execute("ROLLBACK")
        raise


@contextlib.contextmanager
def explaining(path: Path) -> Iterator[None]:
    """Turn what SQLite says of the database at `path` into UnreadableRegistry."""
    try:
        yield
    except sqlite3.ProgrammingError:  # a closed registry, or one of another thread: the caller's mistake
        raise
    except sqlite3.DatabaseError as error:
        raise _unreadable(path, error) from error


def json_of(value: object) -> str:
    """What a column of JSON holds of anything that core.codec writes: one line without spaces."""
    return json.dumps(to_plain(value), ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def _unreadable(path: Path, error: sqlite3.DatabaseError) -> UnreadableRegistry:
    if str(error) == "database is locked":
        return UnreadableRegistry.locked(path, BUSY_SECONDS)
    usable = isinstance(error, sqlite3.OperationalError) and "malformed" not in str(error)
    return UnreadableRegistry.unusable(path, str(error)) if usable else UnreadableRegistry.corrupt(path, str(error))


def _prepare(connection: sqlite3.Connection, path: Path) -> None:
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA synchronous = NORMAL")
    found = _version(connection)
    if found is None:
        _create(connection)
        found = _version(connection)
    if found is None:
        raise UnreadableRegistry.corrupt(path, "it has other tables than a registry's")
    if found > VERSION:
        raise UnreadableRegistry.newer(path, found, VERSION)
    if found < VERSION:
        _upgrade(connection)


def _upgrade(connection: sqlite3.Connection) -> None:
    """Bring an earlier version's tables up to date, unless another process does so first."""
    with transaction(connection):
        for version in range(_version(connection) or VERSION, VERSION):
            for statement in UPGRADES[version].split(";"):
                connection.execute(statement)
            connection.execute("UPDATE version SET number = ?", (version + 1,))


def _version(connection: sqlite3.Connection) -> int | None:
    """The registry's version, None where there are no tables yet. Another program's tables count as no version."""
    if not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'version'").fetchone():
        return None
    row = connection.execute("SELECT number FROM version").fetchone()
    return None if row is None else int(row[0])


def _create(connection: sqlite3.Connection) -> None:
    """Make the tables, unless another process does so first or the database is somebody else's."""
    _use_write_ahead_log(connection)
    with transaction(connection):
        if connection.execute("SELECT 1 FROM sqlite_master").fetchone():
            return
        for statement in TABLES.split(";"):
            connection.execute(statement)
        connection.execute("INSERT INTO version VALUES (?)", (VERSION,))


def _use_write_ahead_log(connection: sqlite3.Connection) -> None:
    """Switch the journal; SQLite does not wait for other processes here, whatever the timeout, so we do."""
    until = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError:
            if time.monotonic() > until:
                raise
            time.sleep(0.01)
        else:
            return

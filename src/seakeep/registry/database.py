"""The registry's tables, and what it asks of a database: the same statements run on SQLite and on a server.

What differs between databases stands in `stores/<name>.py`: opening, transactions, and how their failures are told. Statements
are written once, with `?` for values, in the SQL that both know. The version row is read before anything else, so that an older
Seakeep never writes into a newer registry. Writers wait for each other: whoever is in a transaction is the only one
that writes, so that read-then-write is safe and the numbers of the journal grow in the order of its lines.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Protocol

from seakeep.core.codec import to_plain
from seakeep.registry.errors import UnreadableRegistry

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence
    from contextlib import AbstractContextManager

VERSION = 2
BUSY_SECONDS = 30.0
"""How long a writer waits for another one."""
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

Row = tuple[Any, ...]


class Database(Protocol):
    """An open database; held to its promises by `seakeep.testing.check_store`. Its failures are UnreadableRegistry.

    where: what to call it in messages, without a password.
    """

    where: str

    def execute(self, query: str, values: Sequence[object] = ()) -> list[Row]:
        """Run one statement; returns its rows. Outside of `transaction` it is kept at once."""

    def execute_many(self, query: str, rows: Collection[Sequence[object]]) -> None:
        """Run one statement that gives no rows for each of `rows`."""

    def transaction(self) -> AbstractContextManager[None]:
        """All statements of the block or none, alone among writers. Within another transaction it is part of that one."""

    def problems(self) -> list[str]:
        """What is damaged, in words; empty where all is whole. Reads everything."""

    def is_current(self) -> bool:
        """Whether this connection still leads to the database of its address (a file may have been replaced)."""

    def close(self) -> None:
        """Let go of it."""


def one(rows: Sequence[Row]) -> Row | None:
    """The first row, or None where there is none."""
    return rows[0] if rows else None


def following(database: Database, table: str) -> int:
    """The number of a table's next row. Within a transaction, so that no other writer takes it."""
    return int(database.execute(f"SELECT coalesce(max(id), 0) + 1 FROM {table}")[0][0])  # noqa: S608  (our own names)


def bring_up(
    database: Database,
    tables: Callable[[], Collection[str]],
    *,
    written: Callable[[str], str] = str,
    shared: bool = False,
) -> None:
    """Make the tables, or bring those of an earlier version up to date, unless another process does so first.

    Parameters: tables: names of those that are there. written: a statement of ours as this database wants it.
        shared: whether tables of other programs may stand beside.
    Raises: UnreadableRegistry, if the registry is newer, or the database is somebody else's.
    """
    found = _version(database, tables())
    if found is None:
        with database.transaction():
            present = tables()
            if not present or (shared and "version" not in present):
                _run(database, TABLES, written)
                database.execute("INSERT INTO version VALUES (?)", (VERSION,))
        found = _version(database, tables())
    if found is None:
        raise UnreadableRegistry.corrupt(database.where, "it has other tables than a registry's")
    check_version(found, database.where)
    if found < VERSION:
        with database.transaction():
            for version in range(_version(database, tables()) or VERSION, VERSION):
                _run(database, UPGRADES[version], written)
                database.execute("UPDATE version SET number = ?", (version + 1,))


def check_version(found: int, where: str) -> None:
    """Raise UnreadableRegistry for the tables of a newer Seakeep."""
    if found > VERSION:
        raise UnreadableRegistry.newer(where, found, VERSION)


def json_of(value: object) -> str:
    """What a column of JSON holds of anything that core.codec writes: one line without spaces."""
    return json.dumps(to_plain(value), ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def _version(database: Database, present: Collection[str]) -> int | None:
    """The registry's version, None where there are no tables yet. Another program's tables count as no version."""
    row = one(database.execute("SELECT number FROM version")) if "version" in present else None
    return None if row is None else int(row[0])


def _run(database: Database, text: str, written: Callable[[str], str]) -> None:
    for statement in filter(str.strip, text.split(";")):
        database.execute(written(statement))

"""The database on a PostgreSQL server, for many machines: `postgresql://USER@HOST/DATABASE`.

The tables stand in the schema `seakeep`. Every change takes one advisory lock first and is read-committed from then on, which gives
writers the guarantees of SQLite's: one at a time, each seeing all that was kept before, the journal in the order of its
numbers. What is hard is the network: a statement that only reads, and the beginning of a change, are tried again while the server
restarts; a change that was broken off is not; and one whose end was lost on the way is looked up by its number, so that it is
known whether it was kept. Passwords come from the environment (PGPASSWORD, PGPASSFILE, a URL in SEAKEEP_DATABASE), certificates, or
a token in a password file, which is read again at every connection.
"""

from __future__ import annotations

import contextlib
import random
import re
import time
from typing import TYPE_CHECKING, TypeVar

from seakeep.core.addresses import redacted
from seakeep.core.errors import MissingExtra
from seakeep.registry import database
from seakeep.registry.stores._errors import BadPlace, ServerRefused
from seakeep.registry.stores._postgresql import (
    LOGIN,
    NO_DATABASE,
    PASSING,
    STARTING,
    in_postgresql,
    placed,
    refusal,
    said,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence
    from types import ModuleType

    import psycopg

    from seakeep.registry.database import Row
    from seakeep.registry.place import Place

T = TypeVar("T")
SCHEMA = "seakeep"
EXAMPLE = "postgresql://USER@HOST:5432/DATABASE?sslmode=verify-full"
CONNECT_SECONDS = 10
PATIENCE_SECONDS = 30.0
"""How long a server that was there before is waited for."""
STALLED_SECONDS = 60
"""A change that has stood still for so long within its transaction is broken off by the server, so that others may go on."""
_LOCK = int.from_bytes(b"seakeep", "big")
_PASTED = re.compile(r"[^/]*://[^/?#@]*:[^/?#@]*[/?#].*@|[^/]*://[^/?#]*@[^/?#]*@", re.DOTALL)
"""A password with a sign that ends it: the driver would take the rest for a host or a port, and tell it."""
_END = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE backend_xid = CAST(? % 4294967296 AS TEXT)::xid"
"""The session of a change whose connection is lost, which the server may hold, with its lock, until it notices."""


def open_database(place: Place, *, create: bool) -> PostgresDatabase:
    """The database at the place's address; its tables are made if they are not there.

    Raises: ServerRefused, where it cannot be reached or used, or there are no tables and none are to be made; BadPlace, for an
    address that cannot be read; UnreadableRegistry, for the tables of a newer Seakeep; MissingExtra.
    """
    opened = PostgresDatabase(place.database)
    try:
        opened.prepare(create=create)
    except BaseException:
        opened.close()
        raise
    return opened


class PostgresDatabase:
    """A connection to a PostgreSQL server, made again when it breaks."""

    def __init__(self, address: str) -> None:
        self._driver = _driver()
        self._address, self.where = address, redacted(address)
        self._check_address()
        self._connection: psycopg.Connection | None = None
        self._was_there, self._changing, self._closed = False, False, False

    def prepare(self, *, create: bool) -> None:
        """See to the tables; without `create`, only that they are there."""
        present = self._tables()
        if create and "version" not in present:
            self._make_schema()
        if create:
            database.bring_up(self, self._tables, written=in_postgresql, shared=True)
            return
        if "version" not in present:
            raise ServerRefused.no_registry(self.where)
        database.check_version(int(self.execute("SELECT number FROM version")[0][0]), self.where)

    def execute(self, query: str, values: Sequence[object] = ()) -> list[Row]:
        """See Database.execute. What only reads is tried again while the server restarts."""
        if self._changing:
            return self._run(query, values)
        if query.lstrip()[:6].upper() == "SELECT":
            return self._patiently(lambda: self._run(query, values))
        with self.transaction():
            return self._run(query, values)

    def execute_many(self, query: str, rows: Collection[Sequence[object]]) -> None:
        """See Database.execute_many."""
        with self.transaction(), self._explained(), self._connected().cursor() as cursor:
            cursor.executemany(placed(query), list(rows))

    @contextlib.contextmanager
    def transaction(self) -> Iterator[None]:
        """See Database.transaction."""
        if self._changing:
            yield
            return
        number = self._patiently(self._begin)
        self._changing = True
        try:
            yield
        except BaseException:
            self._changing = False
            with contextlib.suppress(self._driver.Error):
                self._connected().rollback()
            raise
        self._changing = False
        self._commit(number)

    def problems(self) -> list[str]:
        """See Database.problems. Reads every row, so that the server compares its pages' checksums where it has them."""
        found = []
        for table in sorted(self._tables()):
            try:
                self.execute(f"SELECT count(*), sum(length(CAST(row AS TEXT))) FROM {table} AS row")  # noqa: S608
            except ServerRefused as error:
                found.append(f"{table}: {error.found}")
        return found

    def is_current(self) -> bool:
        """See Database.is_current: a server is found again by itself."""
        return True

    def close(self) -> None:
        """See Database.close."""
        self._closed = True
        if self._connection is not None:
            self._connection.close()

    def _tables(self) -> Collection[str]:
        query = "SELECT table_name FROM information_schema.tables WHERE table_schema = ?"
        return [row[0] for row in self.execute(query, (SCHEMA,))]

    def _make_schema(self) -> None:
        """The schema may have been made by an administrator, for a user that may not make one."""
        if not self.execute("SELECT 1 FROM pg_namespace WHERE nspname = ?", (SCHEMA,)):
            self.execute(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}")

    def _check_address(self) -> None:
        try:
            if _PASTED.match(self._address):
                raise self._driver.ProgrammingError("a sign in the password is not written as %..")
            self._driver.conninfo.conninfo_to_dict(self._address)
        except self._driver.Error:  # its words may quote the password
            raise BadPlace.unreadable(self.where, EXAMPLE) from None

    def _connected(self) -> psycopg.Connection:
        if self._closed:
            raise self._driver.ProgrammingError("Cannot operate on a closed registry.")
        if self._connection is None or self._connection.closed:
            self._connection = self._connect()
            self._was_there = True
        return self._connection

    def _connect(self) -> psycopg.Connection:
        given = self._driver.conninfo.conninfo_to_dict(self._address)
        usual = {"connect_timeout": CONNECT_SECONDS, "application_name": "seakeep", "tcp_user_timeout": 30_000}
        usual |= {"keepalives_idle": 30, "keepalives_interval": 10, "keepalives_count": 3}
        connection: psycopg.Connection = self._driver.connect(
            self._address,
            autocommit=True,
            prepare_threshold=None,
            **{name: value for name, value in usual.items() if name not in given},
        )
        connection.execute(
            f"SET search_path = {SCHEMA}; SET lock_timeout = {int(database.BUSY_SECONDS * 1000)}; "
            f"SET idle_in_transaction_session_timeout = {STALLED_SECONDS * 1000}; SET client_encoding = 'UTF8'"
        )
        return connection

    def _begin(self) -> int:
        """Begin a change, alone among writers; returns its number, by which its end can be asked for."""
        connection = self._connected()
        try:
            connection.execute(f"BEGIN ISOLATION LEVEL READ COMMITTED; SELECT pg_advisory_xact_lock({_LOCK})")
            row = connection.execute("SELECT txid_current()").fetchone()
        except self._driver.Error:
            with contextlib.suppress(self._driver.Error):
                connection.rollback()
            raise
        return int(row[0]) if row else 0

    def _commit(self, number: int) -> None:
        try:
            if (
                self._connected_still().execute("COMMIT").statusmessage != "COMMIT"
            ):  # a statement failed, and was let pass
                raise ServerRefused.failed(self.where, "it has undone a change of which a part was refused")
        except self._driver.Error as error:
            if not self._is_broken():
                raise self._told(error) from error
            self._look_up(number, error)

    def _connected_still(self) -> psycopg.Connection:
        """The connection that the change was begun on; another one knows nothing of it."""
        if self._connection is None or self._connection.closed:
            raise self._driver.OperationalError("the connection is closed")
        return self._connection

    def _look_up(self, number: int, error: psycopg.Error) -> None:
        """Whether a change whose end was lost on the way was kept. Raises ServerRefused, if not, or if nobody knows."""
        until = time.monotonic() + PATIENCE_SECONDS
        state = None
        with contextlib.suppress(ServerRefused, self._driver.Error):
            while time.monotonic() < until:
                state = self.execute("SELECT txid_status(?)", (number,))[0][0]
                if state != "in progress":
                    break
                time.sleep(0.1)
                self.execute(_END, (number,))
        if state == "aborted":
            raise ServerRefused.broke_off(self.where, said(error)) from error
        if state != "committed":
            raise ServerRefused.uncertain(self.where) from error

    def _run(self, query: str, values: Sequence[object]) -> list[Row]:
        with self._explained():
            connection = self._connected_still() if self._changing else self._connected()
            cursor = connection.execute(placed(query), tuple(values))
            return cursor.fetchall() if cursor.description else []

    def _patiently(self, act: Callable[[], T]) -> T:
        """Do what has no effect if it is broken off, again while the server restarts or others are in the way."""
        begun, pause = time.monotonic(), 0.05
        while True:
            try:
                with self._explained():
                    return act()
            except ServerRefused as refused:
                waited = time.monotonic() - begun
                if not self._passes(refused.__cause__) or waited > PATIENCE_SECONDS:
                    if isinstance(refused.__cause__, self._driver.Error) and waited >= 1:
                        raise self._told(refused.__cause__, waited=waited) from refused.__cause__
                    raise
            time.sleep(pause * random.uniform(0.5, 1.0))  # noqa: S311  (so that many do not come back at once)
            pause = min(pause * 2, 2.0)

    def _passes(self, error: BaseException | None) -> bool:
        """Whether it is worth trying again: the server restarts or is busy, or was there before and is not now."""
        if not isinstance(error, self._driver.Error):
            return False
        if error.sqlstate in PASSING or STARTING.search(str(error)):
            return True
        told = str(error)
        return self._was_there and self._is_broken() and not (LOGIN.search(told) or NO_DATABASE.search(told))

    def _is_broken(self) -> bool:
        return self._connection is None or self._connection.closed

    @contextlib.contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except self._driver.ProgrammingError as error:
            if error.sqlstate is None:  # a closed registry: the caller's mistake
                raise
            raise self._told(error) from error
        except self._driver.Error as error:
            raise self._told(error) from error

    def _told(self, error: psycopg.Error, *, waited: float = 0.0) -> ServerRefused:
        """What the server or the driver says, in words that lead on."""
        return refusal(error, self.where, broken=self._is_broken(), changing=self._changing, waited=waited)


def _driver() -> ModuleType:
    try:
        import psycopg
    except ImportError as error:
        raise MissingExtra.of("psycopg", "postgres", purpose="a registry on PostgreSQL") from error
    return psycopg

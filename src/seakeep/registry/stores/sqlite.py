"""The database as an SQLite file in the registry's folder: `registry.sqlite`.

Every process opens the same file: write-ahead logging lets readers go on while one writes, a busy timeout makes writers
wait their turn, and a kill in a transaction leaves what was there before. Opening costs about a millisecond.
"""

from __future__ import annotations

import contextlib
import itertools
import sqlite3
import time
from typing import TYPE_CHECKING

from seakeep.core.files import CannotWrite
from seakeep.registry import database
from seakeep.registry.errors import UnreadableRegistry

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence
    from pathlib import Path

    from seakeep.registry.database import Row
    from seakeep.registry.place import Place

FILE = "registry.sqlite"
_TOLD = 3


def open_database(place: Place, *, create: bool) -> SqliteDatabase:
    """The database in the place's folder, which is made if it is not there.

    Raises: UnreadableRegistry, if the file is newer, torn, cannot be opened, or is absent and not to be made; CannotWrite, if
    its folder cannot be made.
    """
    path = place.home / FILE
    if not create and not path.exists():
        raise UnreadableRegistry.absent([path], _near(place.home))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CannotWrite.because(path, error) from error
    opened = SqliteDatabase(path)
    try:
        opened.prepare()
    except BaseException:
        opened.close()
        raise
    return opened


def _near(home: Path) -> list[Path]:
    """Registries of projects in folders below the one in which `home` was looked for, three at most."""
    found = (path.parent for path in home.parent.glob(f"*/{home.name}/{FILE}"))
    return sorted(itertools.islice(found, _TOLD))


class SqliteDatabase:
    """An open SQLite file."""

    def __init__(self, path: Path) -> None:
        self.path, self.where = path, str(path)
        with self._explained():
            self._connection = sqlite3.connect(path, timeout=database.BUSY_SECONDS, isolation_level=None)
        self._file = _file(path)

    def prepare(self) -> None:
        """Set the connection up and see to the tables."""
        self.execute("PRAGMA foreign_keys = ON")
        self.execute("PRAGMA synchronous = NORMAL")
        if not self._tables():
            self._use_write_ahead_log()
        database.bring_up(self, self._tables)

    def execute(self, query: str, values: Sequence[object] = ()) -> list[Row]:
        """See Database.execute."""
        with self._explained():
            return self._connection.execute(query, values).fetchall()

    def execute_many(self, query: str, rows: Collection[Sequence[object]]) -> None:
        """See Database.execute_many."""
        with self._explained():
            self._connection.executemany(query, rows)

    @contextlib.contextmanager
    def transaction(self) -> Iterator[None]:
        """See Database.transaction. The write lock is taken at once."""
        nested = self._connection.in_transaction
        if nested:
            yield
            return
        self.execute("BEGIN IMMEDIATE")
        try:
            yield
            self.execute("COMMIT")
        except BaseException:
            if self._connection.in_transaction:  # SQLite has ended it already where the disk was full
                self.execute("ROLLBACK")
            raise

    def problems(self) -> list[str]:
        """See Database.problems."""
        found = [str(row[0]) for row in self.execute("PRAGMA integrity_check")]
        return [] if found == ["ok"] else found

    def is_current(self) -> bool:
        """See Database.is_current."""
        return _file(self.path) == self._file

    def close(self) -> None:
        """See Database.close."""
        with contextlib.suppress(AttributeError):
            self._connection.close()

    def _tables(self) -> Collection[str]:
        return [row[0] for row in self.execute("SELECT name FROM sqlite_master")]

    @contextlib.contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.ProgrammingError:  # a closed registry, or one of another thread: the caller's mistake
            raise
        except sqlite3.DatabaseError as error:
            raise _unreadable(self.path, error) from error

    def _use_write_ahead_log(self) -> None:
        """Switch the journal; SQLite does not wait for other processes here, whatever the timeout, so we do."""
        until = time.monotonic() + database.BUSY_SECONDS
        while True:
            try:
                self._connection.execute("PRAGMA journal_mode = WAL")
            except sqlite3.OperationalError as error:
                if time.monotonic() > until:
                    raise _unreadable(self.path, error) from error
                time.sleep(0.01)
            except sqlite3.DatabaseError as error:
                raise _unreadable(self.path, error) from error
            else:
                return


def _file(path: Path) -> tuple[int, int] | None:
    """What tells a file from another one of the same name; None where there is none."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_dev, found.st_ino


def _unreadable(path: Path, error: sqlite3.DatabaseError) -> UnreadableRegistry:
    if str(error) == "database is locked":
        return UnreadableRegistry.locked(path, database.BUSY_SECONDS)
    usable = isinstance(error, sqlite3.OperationalError) and "malformed" not in str(error)
    return UnreadableRegistry.unusable(path, str(error)) if usable else UnreadableRegistry.corrupt(path, str(error))

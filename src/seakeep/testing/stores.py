"""The conformance suite of stores: what a registry relies on in its database and in its objects, wherever they are.

    def test_my_store_conforms(tmp_path):
        check_store(lambda: my_store.open_objects(Place(tmp_path, objects="mine://somewhere")))

A database that lets two writers act on one state gives a version twice, and one whose journal's numbers do not grow makes its
readers miss a decision; objects that come back other than they were put make a release nobody has judged. The suite opens the store
several times, since what one process keeps another must see. A broken law raises AssertionError with the law and what was found.
"""

from __future__ import annotations

import hashlib
import threading
from typing import TYPE_CHECKING, Any

from seakeep.registry.database import VERSION, following
from seakeep.registry.errors import TornObject
from seakeep.testing.laws import hold

if TYPE_CHECKING:
    from collections.abc import Callable

    from seakeep.registry.database import Database
    from seakeep.registry.stores import Objects

    Make = Callable[[], Database] | Callable[[], Objects]

WRITERS, CHANGES = 4, 15
_INSERT = "INSERT INTO documents VALUES (?, ?, ?, ?, ?)"
_ADD = "INSERT INTO journal VALUES (?, ?, ?, ?, ?)"


def check_store(make: Make) -> None:
    """Hold a store to the laws; raises AssertionError naming the first that it breaks.

    Parameters: make: opens a store that is new and empty at first, and the same one at every call; either of a database (it has
        `transaction`) or of objects. It is left with what the suite has written.
    """
    store: Any = make()
    if hasattr(store, "transaction"):
        try:
            _check_statements(store)
            _check_transactions(store, make)
            _check_numbers(store)
        finally:
            store.close()
        _check_writers(make)
    else:
        _check_objects(store)
        _check_sharing(store, make)
        _check_sweep(store)


def _check_statements(database: Database) -> None:
    hold(bool(database.where) and "\n" not in database.where, "where is a line of text", database.where)
    found = database.execute("SELECT number FROM version")
    hold(found == [(VERSION,)], "the tables are there, of the present version", found)
    values = ("law", "Zürich %s ? ' \"", 3_000_000_000, '{"a":"\\u0000"}', 0.1 + 0.2)
    database.execute(_INSERT, values)
    found = database.execute("SELECT * FROM documents WHERE name = ?", (values[1],))
    hold(found == [values], "values come back as they were given: text, large numbers, exact doubles", found)
    names = ["b", "B", "a", "é", "_", "Z"]
    database.execute_many(_INSERT, [("order", name, 1, "{}", 0.0) for name in names])
    kept = [row[0] for row in database.execute("SELECT name FROM documents WHERE kind = ? ORDER BY name", ("order",))]
    hold(kept == sorted(names), "text is in the order of its signs' numbers", kept)
    database.execute("DELETE FROM documents WHERE kind = ?", ("order",))
    hold(not database.execute("SELECT 1 FROM documents WHERE kind = ?", ("order",)), "what is deleted is gone", found)
    hold(database.is_current(), "a database just opened is that of its address", database.is_current())
    hold(database.problems() == [], "a new database is whole", database.problems())


class _BrokenOff(Exception):
    pass


def _check_transactions(database: Database, make: Make) -> None:
    def broken_off(*, within: bool) -> None:
        with database.transaction():
            database.execute(_INSERT, ("half", str(within), 1, "{}", 0.0))
            if within:
                with database.transaction():
                    database.execute(_INSERT, ("half", "inner", 1, "{}", 0.0))
            raise _BrokenOff

    for within in (False, True):
        try:
            broken_off(within=within)
        except _BrokenOff:
            pass
        else:
            hold(held=False, law="an exception within a transaction goes on to the caller", found=None)
    found = database.execute("SELECT name FROM documents WHERE kind = ?", ("half",))
    hold(found == [], "of a transaction that is broken off nothing is kept, nor of one within it", found)
    other: Any = make()
    try:
        with database.transaction():
            database.execute(_INSERT, ("seen", "it", 1, "{}", 0.0))
            found = other.execute("SELECT 1 FROM documents WHERE kind = ?", ("seen",))
            hold(found == [], "nobody sees a change before it is kept, and readers do not wait", found)
        found = other.execute("SELECT 1 FROM documents WHERE kind = ?", ("seen",))
        hold(found == [(1,)], "everybody sees a change once it is kept", found)
    finally:
        other.close()


def _check_numbers(database: Database) -> None:
    with database.transaction():
        first = following(database, "journal")
        database.execute(_ADD, (first, "law", "a", 0.0, "{}"))
        hold(following(database, "journal") == first + 1, "a transaction sees what it has written", first)


def _check_writers(make: Make) -> None:
    """Many write at once: each acts on what all before it have kept, and the numbers of lines grow in their order."""
    failures: list[BaseException] = []

    def write(writer: int) -> None:
        try:
            database: Any = make()
            for change in range(CHANGES):
                with database.transaction():
                    number = following(database, "journal")
                    last = database.execute("SELECT content FROM journal WHERE id = ?", (number - 1,))[0][0]
                    content = f"{int(last) + 1 if last.isdecimal() else 1}"
                    database.execute(_ADD, (number, "writers", f"{writer}-{change}", 0.0, content))
            database.close()
        except BaseException as error:  # noqa: BLE001  (told below, in the thread that was asked)
            failures.append(error)

    threads = [threading.Thread(target=write, args=(writer,)) for writer in range(WRITERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    hold(not failures, "writers wait for each other", failures)
    database: Any = make()
    rows = database.execute("SELECT content FROM journal WHERE kind = ? ORDER BY id", ("writers",))
    database.close()
    found = [int(row[0]) for row in rows]
    hold(found == list(range(1, WRITERS * CHANGES + 1)), "no writer acts on what another has changed meanwhile", found)


def _check_objects(objects: Objects) -> None:
    contents = [b"", b"\x00\xff" * 4000, "Zürich".encode(), b"x" * (6 << 20)]
    for content in contents:
        digest = objects.put(content)
        hold(digest == hashlib.sha256(content).hexdigest(), "an object is called by its SHA-256", digest)
        hold(objects.put(content) == digest, "putting it twice changes nothing", digest)
        hold(digest in objects, "what was put is there", digest)
        hold(objects.get(digest) == content, "what was put comes back", len(content))
        objects.check(digest)
    digests = sorted(hashlib.sha256(content).hexdigest() for content in contents)
    hold(list(objects) == digests, "every object is listed once, in the order of their names", list(objects))
    absent = "ab" * 32
    hold(absent not in objects, "what was not put is not there", absent)
    for ask in (objects.get, objects.check):
        try:
            ask(absent)
        except TornObject:
            continue
        hold(held=False, law="asking for what is not there raises TornObject", found=ask)


def _check_sharing(objects: Objects, make: Make) -> None:
    digest = objects.put(b"for another process")
    other: Any = make()
    hold(digest in other, "another process sees what was put", digest)
    hold(other.get(digest) == b"for another process", "another process gets what was put", digest)


def _check_sweep(objects: Objects) -> None:
    used = objects.put(b"used"), objects.put(b"used as well")
    objects.put(b"not used")
    hold(objects.sweep(lambda: used, hours=1.0) == (), "nothing goes within the time of grace", used)
    gone = objects.sweep(lambda: used, hours=0.0)
    hold(not set(gone) & set(used), "nothing goes that is used", gone)
    hold(all(digest in objects for digest in used), "what is used is there after a sweep", used)
    hold(not any(digest in objects for digest in gone), "what went is not there", gone)

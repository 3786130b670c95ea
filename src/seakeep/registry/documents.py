"""Documents and the journal: what changes in a life after its releases are made, and every decision that changed it.

A document is the present state of one thing (a route, a rollout, a monitor's cursor), a JSON value under a kind and a name, with
a revision that counts its changes. Whoever writes says which revision it has seen, so that two processes cannot both act on
one state. The journal only grows: what was decided, when, and on what. Both belong into one transaction (see
Registry.transaction), so that there is no state without its reason.
"""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from seakeep.core.errors import RegistryError
from seakeep.registry.database import following, json_of, one

if TYPE_CHECKING:
    from seakeep.core.codec import Json
    from seakeep.registry.database import Database


class DocumentChanged(RegistryError):
    """Somebody else wrote a document in between."""

    @classmethod
    def of(cls, kind: str, name: str, expected: int, found: int) -> DocumentChanged:
        return cls(
            f"the {kind} of {name} has revision {found}, expected {expected}",
            cause="Another process changed it meanwhile; nothing was written.",
            fix="Look at its present state and decide again.",
            kind=kind,
            name=name,
            expected=expected,
            revision=found,
        )


@dataclass(frozen=True, slots=True)
class Document:
    """The present state of one thing. revision: 1 when it was first written. changed: Unix seconds."""

    content: Json
    revision: int
    changed: float


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the journal. id: grows with time. at: Unix seconds."""

    id: int
    kind: str
    name: str
    at: float
    content: Json


@dataclass(frozen=True, slots=True)
class Documents:
    """The table of documents."""

    database: Database

    def get(self, kind: str, name: str) -> Document | None:
        """The document, or None where there is none."""
        query = "SELECT content, revision, changed FROM documents WHERE kind = ? AND name = ?"
        row = one(self.database.execute(query, (kind, name)))
        return None if row is None else Document(json.loads(row[0]), row[1], row[2])

    def revision(self, kind: str, name: str) -> int:
        """The document's revision, 0 where there is none. Costs some 10 microseconds on SQLite, a round trip on a server."""
        query = "SELECT revision FROM documents WHERE kind = ? AND name = ?"
        row = one(self.database.execute(query, (kind, name)))
        return 0 if row is None else int(row[0])

    def beginning(self, kind: str, prefix: str) -> tuple[tuple[str, Document], ...]:
        """Documents of a kind by name, those whose names begin so; one question to the database.

        prefix: "" for all, else it ends in a slash.
        """
        query = "SELECT name, content, revision, changed FROM documents WHERE kind = ?{} ORDER BY name"
        if prefix:
            given = (kind, prefix, f"{prefix[:-1]}0")  # what follows a slash
            rows = self.database.execute(query.format(" AND name >= ? AND name < ?"), given)
        else:
            rows = self.database.execute(query.format(""), (kind,))
        return tuple((row[0], Document(json.loads(row[1]), row[2], row[3])) for row in rows)

    def put(self, kind: str, name: str, content: object, *, expected: int | None) -> int:
        """Write a document and return its new revision.

        Parameters: content: anything that core.codec writes. expected: the revision that was read; 0 or None for a new one.
        Raises: DocumentChanged, if it has another by now; nothing is written then.
        """
        with self.database.transaction():
            found = self.revision(kind, name)
            if found != (expected or 0):
                raise DocumentChanged.of(kind, name, expected or 0, found)
            query = (
                "INSERT INTO documents VALUES (?, ?, ?, ?, ?) ON CONFLICT (kind, name) DO UPDATE "
                "SET revision = excluded.revision, content = excluded.content, changed = excluded.changed"
            )
            self.database.execute(query, (kind, name, found + 1, json_of(content), time.time()))
        return found + 1

    def remove(self, kind: str, name: str) -> None:
        """Remove a document; nothing where there is none."""
        self.database.execute("DELETE FROM documents WHERE kind = ? AND name = ?", (kind, name))

    def names(self, kind: str) -> tuple[str, ...]:
        """Names of the documents of a kind, sorted."""
        rows = self.database.execute("SELECT name FROM documents WHERE kind = ? ORDER BY name", (kind,))
        return tuple(row[0] for row in rows)


@dataclass(frozen=True, slots=True)
class Journal:
    """The table of decisions."""

    database: Database

    def append(self, kind: str, name: str, content: object, *, at: float) -> int:
        """Add a line; returns its number. content: anything that core.codec writes. at: Unix seconds."""
        with self.database.transaction():
            number = following(self.database, "journal")
            values = (number, kind, name, at, json_of(content))
            self.database.execute("INSERT INTO journal VALUES (?, ?, ?, ?, ?)", values)
        return number

    def entries(self, *, kind: str | None = None, name: str | None = None, after: int = 0) -> tuple[Entry, ...]:
        """Lines in order. kind, name: only these. after: only lines with a higher number."""
        asked = {"kind": kind, "name": name}
        given = {column: value for column, value in asked.items() if value is not None}
        where = "".join(f" AND {column} = ?" for column in given)
        query = f"SELECT id, kind, name, at, content FROM journal WHERE id > ?{where} ORDER BY id"  # noqa: S608  (constants)
        rows = self.database.execute(query, (after, *given.values()))
        return tuple(Entry(row[0], row[1], row[2], row[3], json.loads(row[4])) for row in rows)

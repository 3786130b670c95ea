"""CannotQuery: a database gives no table for a query. No message shows a password: addresses are redacted, and so is what a driver says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seakeep.core.addresses import redacted
from seakeep.core.errors import UsageError
from seakeep.data.errors.reading import CannotRead
from seakeep.data.errors.words import first_line

if TYPE_CHECKING:
    from pathlib import Path


class CannotQuery(CannotRead):
    """A database gives no table for a query."""

    @classmethod
    def no_query(cls, address: str) -> UsageError:
        shown = redacted(address)
        return UsageError(
            f"{shown} is a database, and no query was given",
            cause="A dataset is the answer to one query.",
            fix=f"seakeep.read({shown!r}, query=…), with a query that ends with ORDER BY",
            address=shown,
        )

    @classmethod
    def unordered(cls, address: str, query: str) -> UsageError:
        ordered = query.rstrip().rstrip(";") + " order by …"
        return UsageError(
            "the query has no ORDER BY at its end",
            where=redacted(address),
            cause="A database may give rows in another order each time, and then the same data has another digest and another model.",
            fix=f"query={ordered!r}, by columns that tell rows apart",
            query=query,
        )

    @classmethod
    def no_file(cls, path: Path) -> CannotQuery:
        return cls(
            f"there is no database {path}",
            cause="The path is misspelt; sqlite:///name.db is below the folder that you are in, sqlite:////name.db below the root.",
            fix=f"ls {path.parent}",
            path=str(path),
        )

    @classmethod
    def refused(cls, address: str, query: str, reason: str) -> CannotQuery:
        return cls(
            f"the database refuses the query: {_words(reason)}",
            where=redacted(address),
            cause="A name is misspelt, it is not of the database's SQL, or the user may not read the table.",
            fix=f"Try it there: {_shell(address)} -c {query!r}"
            if address.startswith("postgres")
            else f"Look at the query: {query!r}",
            reason=_words(reason),
        )

    @classmethod
    def unreachable(cls, address: str, reason: str, tries: int) -> CannotQuery:
        return cls(
            f"the database did not give all rows in {tries} tries: {_words(reason)}",
            where=redacted(address),
            cause="It is down, it ended the connection, or a network is in between. Rows that had come were thrown away.",
            fix=f"Look whether it answers: {_shell(address)} -c 'select 1'; then run it again.",
            reason=_words(reason),
        )

    @classmethod
    def nobody(cls, address: str, reason: str) -> CannotQuery:
        return cls(
            f"the database lets nobody in: {_words(reason)}",
            where=redacted(address),
            cause="The user, the password or the database's name is wrong.",
            fix="Give the password by the environment (export PGPASSWORD=…) or by ~/.pgpass, not in the address.",
            reason=_words(reason),
        )

    @classmethod
    def mixed(cls, address: str, reason: str) -> CannotQuery:
        return cls(
            f"a column of the answer holds values of several types: {_words(reason)}",
            where=redacted(address),
            cause="SQLite keeps a type with every value; a column of a table has one.",
            fix="Say which: select cast(fare as real) as fare …",
            reason=_words(reason),
        )

    @classmethod
    def unknown_type(cls, address: str, column: str, told: str) -> CannotQuery:
        return cls(
            f"column {column!r} of the answer is of type {told}, which no column here can hold",
            where=redacted(address),
            cause="The driver has no plain type for it.",
            fix=f"Give it one in the query: select {column}::text as {column} …",
            column=column,
            type=told,
        )

    @classmethod
    def twice(cls, address: str, name: str) -> CannotQuery:
        return cls(
            f"the answer has two columns {name!r}",
            where=redacted(address),
            cause="A join gives the columns of both tables.",
            fix=f"Name one of them: select a.{name}, b.{name} as other_{name} …",
            name=name,
        )


def _words(reason: str) -> str:
    """What a driver says, in one line and without a password."""
    return redacted(first_line(reason))


def _shell(address: str) -> str:
    return f"psql {redacted(address)!r}"

"""What can go wrong with a registry that is kept elsewhere, in words. No message holds a password."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seakeep.core.errors import RegistryError, UsageError
from seakeep.registry.errors import UnreadableRegistry

if TYPE_CHECKING:
    from seakeep.core.errors import SeakeepError


class BadPlace(UsageError):
    """An address of a database or of objects cannot be one."""

    @classmethod
    def unknown_scheme(cls, address: str, *, database: bool) -> BadPlace:
        key, known = (
            ("database", "postgresql://USER@HOST/DATABASE")
            if database
            else ("objects", "s3://BUCKET/PREFIX, gs://…, az://…")
        )
        return cls(
            f"the setting {key} is {address!r}, which no store serves",
            cause="The scheme is misspelt, or the plug-in that serves it is not installed.",
            fix=f"Known: {known}; empty for the registry's folder.",
            address=address,
        )

    @classmethod
    def unreadable(cls, address: str, example: str) -> BadPlace:
        return cls(
            f"{address} cannot be read as an address",
            cause="A part is missing, or a sign such as @, / or % in a name is not written as %40, %2F or %25.",
            fix=f"For example: {example}",
            address=address,
        )


class ServerRefused(UnreadableRegistry):
    """The database's server does not do what is asked. where: the address without its password."""

    @classmethod
    def unreachable(cls, where: str, reason: str, *, waited: float = 0.0) -> ServerRefused:
        return cls(
            f"the registry's database cannot be reached: {reason}",
            where=where,
            cause="The server is not running or restarting, the host or port is wrong, or a network policy is in between."
            + (f" It was tried for {waited:.0f} seconds." if waited >= 1 else ""),
            fix=f"Try it by hand: psql '{where}' -c 'SELECT 1'",
            address=where,
        )

    @classmethod
    def login(cls, where: str, reason: str) -> ServerRefused:
        return cls(
            f"the registry's database does not let this user in: {reason}",
            where=where,
            cause="The password is wrong, has expired or is not given, or the server does not know the user from this host.",
            fix="Give it by the environment, not in a file: PGPASSFILE, PGPASSWORD, or a URL in SEAKEEP_DATABASE.",
            address=where,
        )

    @classmethod
    def no_database(cls, where: str, reason: str) -> ServerRefused:
        return cls(
            f"there is no such database: {reason}",
            where=where,
            cause="Seakeep makes its tables, and not the database.",
            fix="createdb NAME, or correct the setting: SEAKEEP_DATABASE",
            address=where,
        )

    @classmethod
    def no_rights(cls, where: str, reason: str) -> ServerRefused:
        return cls(
            f"the registry's database refuses it: {reason}",
            where=where,
            cause="The user may only read, or has no rights on the schema; or the server is a standby.",
            fix="As the owner: GRANT USAGE ON SCHEMA seakeep TO …; GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA "
            "seakeep TO …",
            address=where,
        )

    @classmethod
    def no_registry(cls, where: str) -> ServerRefused:
        return cls(
            "there is no registry in this database",
            where=where,
            cause="Nothing has been run against it yet, or the user may not see the schema 'seakeep'.",
            fix="Run a pipeline first: seakeep run FILE",
            address=where,
        )

    @classmethod
    def busy(cls, where: str, seconds: float) -> ServerRefused:
        return cls(
            f"the registry is locked: another process has held it for more than {seconds:g} seconds",
            where=where,
            cause="A program writes into it without end, or has stopped within a write.",
            fix="See who it is: SELECT pid, client_addr, state, query FROM pg_stat_activity WHERE application_name = 'seakeep'",
            address=where,
        )

    @classmethod
    def full(cls, where: str, reason: str) -> ServerRefused:
        return cls(
            f"the registry's database has no room left: {reason}",
            where=where,
            cause="The server's disk or memory is full; nothing of this change was kept.",
            fix="Free some space there and run it again.",
            address=where,
        )

    @classmethod
    def broke_off(cls, where: str, reason: str) -> ServerRefused:
        return cls(
            f"the connection to the registry's database was lost within a change: {reason}",
            where=where,
            cause="The server was restarted or the network broke; nothing of this change was kept.",
            fix="Run it again.",
            address=where,
        )

    @classmethod
    def uncertain(cls, where: str) -> ServerRefused:
        return cls(
            "the connection to the registry's database was lost while a change was being kept, and the server does not say whether "
            "it was",
            where=where,
            cause="The server was restarted in that moment and has forgotten, or did not come back in time.",
            fix="Look at what is on record before running it again: seakeep releases",
            address=where,
        )

    @classmethod
    def failed(cls, where: str, reason: str) -> ServerRefused:
        return cls(
            f"the registry's database failed: {reason}",
            where=where,
            cause="Its tables were changed by hand, are damaged, or belong to another program.",
            fix="Read the server's log; restore the database from a backup if it is damaged.",
            address=where,
        )


class UnusableObjects(RegistryError):
    """The store of objects does not do what is asked. where: the address."""

    @classmethod
    def because(cls, error: SeakeepError) -> UnusableObjects:
        """What went wrong with a bucket, as a failure of the registry."""
        return cls(error.found, where=error.where, cause=error.cause, fix=error.fix)

    @classmethod
    def another(cls, where: str) -> UnusableObjects:
        return cls(
            "the objects here belong to another registry",
            where=where,
            cause="Two databases may not share a prefix: cleaning one would remove what the other uses.",
            fix="Give each its own: SEAKEEP_OBJECTS=s3://BUCKET/ANOTHER-PREFIX",
        )

"""What can go wrong between a driver and its workers, in words: the address, the connection, a lost worker, another version."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seakeep.core.errors import DataError, SeakeepError, UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

GRAMMAR = "local, local[N], ray://HOST:PORT, ray://local[N], ray://auto, spark://HOST:PORT or spark://local[N]"


class BadEngine(UsageError):
    """An engine's address, or what it is asked to do, is not one that it can have."""

    @classmethod
    def address(cls, found: str, *, near: str = "") -> BadEngine:
        return cls(
            f"{found!r} is not an engine's address, expected {GRAMMAR}",
            cause=f"Did you mean {near!r}?" if near else "",
            fix="For all cores of this machine: --engine local",
            address=found,
        )

    @classmethod
    def function(cls, name: str) -> BadEngine:
        return cls(
            f"{name} cannot be sent to workers: it is not a function of a module",
            cause="Workers get a function's name and import it; a lambda, a method, a function within a function or one "
            "of a script that is being run has none.",
            fix="Put it at the top of a module that is installed where the workers are.",
            name=name,
        )


class CannotConnect(SeakeepError):
    """No engine could be started or reached at an address."""

    @classmethod
    def silent(cls, address: str, reason: str, *, seconds: float, check: str) -> CannotConnect:
        return cls(
            f"no engine answered at {address} within {seconds:.0f} s: {reason}",
            cause="It is not running, listens on another address or port, or a firewall stands between.",
            fix=check,
            address=address,
            reason=reason,
        )

    @classmethod
    def broke(cls, address: str, reason: str, *, check: str) -> CannotConnect:
        return cls(f"the engine {address} could not be started: {reason}", fix=check, address=address, reason=reason)


class EngineBroke(SeakeepError):
    """The work was begun and could not be ended; nothing was published."""

    @classmethod
    def lost(cls, engine: str, reason: str) -> EngineBroke:
        return cls(
            f"workers of {engine} were lost, and the work was not done although it was tried again: {reason}",
            cause="A worker was killed, often because a machine ran out of memory, or its machine went away.",
            fix="Give each worker more memory or fewer tasks at once, and run it again: what is on record is not done twice.",
            engine=engine,
            reason=reason,
        )

    @classmethod
    def raised(cls, kind: str, message: str, *, where: str) -> EngineBroke:
        return cls(
            f"a worker raised {kind}: {message}",
            where=where,
            cause="The function that was mapped does not take these rows, or there is a mistake in it.",
            fix="Run it with --engine local to see where.",
            kind=kind,
        )


class WorkersDiffer(SeakeepError):
    """The workers are not the driver's like, so that their answers might not be."""

    @classmethod
    def versions(cls, host: str, differing: Mapping[str, tuple[str, str]]) -> WorkersDiffer:
        listed = ", ".join(f"{name} {theirs} (here {own})" for name, (own, theirs) in differing.items())
        wanted = " ".join(f"{name}=={own}" for name, (own, _) in differing.items() if name != "python")
        return cls(
            f"the workers have other versions: {listed}",
            where=host,
            cause="Results must be equal to the bit wherever they are computed, and other versions may round otherwise.",
            fix=f"pip install {wanted}" if wanted else "Run the driver and the workers with one version of Python.",
            host=host,
            differing=dict(differing),
        )


class NotVisible(DataError):
    """A file that the driver sees is not there for a worker, or has changed since the table was cut."""

    @classmethod
    def absent(cls, path: str, host: str) -> NotVisible:
        return cls(
            f"{path} is not there for a worker, though it is for the driver",
            where=host,
            cause="Workers read the files themselves, so all machines must see them under one path.",
            fix="Put the table on a shared file system, or use --engine local.",
            path=path,
            host=host,
        )

    @classmethod
    def rewritten(cls, path: str) -> NotVisible:
        return cls(
            f"{path} is another file than when the table was read",
            cause="Something writes to the table while it is being worked on.",
            fix="Run it again when nothing writes to the table.",
            path=path,
        )

    @classmethod
    def changed(cls, description: str, found: int, expected: int) -> NotVisible:
        return cls(
            f"{found:,} rows were read where {expected:,} were counted before",
            where=description,
            cause="A file was written to while it was being read, or machines see different files under one path.",
            fix="Run it again when nothing writes to the table.",
            found_rows=found,
            expected_rows=expected,
        )

    @classmethod
    def other_rows(cls, description: str, answered: int, judged: int) -> NotVisible:
        return cls(
            f"workers answered {answered:,} rows that can be judged, and {judged:,} were read beside them",
            where=description,
            cause="A file was written anew while the table was being judged, or machines see different files under one path.",
            fix="Run it again when nothing writes to the table.",
            answered=answered,
            judged=judged,
        )

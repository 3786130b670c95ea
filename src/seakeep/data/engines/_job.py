"""What goes between a driver and its workers: a Job that all units share, Units that cut a table, and their answers.

Everything here is texts, numbers and bytes. A function goes by its name, a dataset as a description, values as what its
function wrote; nothing that a user defined is pickled. What is hard is failing well: an error of ours must come out at the
driver as it was raised, whatever lies between, so it travels as an answer.
"""

from __future__ import annotations

import importlib
import platform
import socket
import sys
from collections.abc import Callable, Generator, Iterable, Mapping
from dataclasses import dataclass, field
from importlib import metadata
from typing import TYPE_CHECKING, Any, Protocol, cast

from seakeep.core.errors import SeakeepError
from seakeep.data.engines._errors import BadEngine, EngineBroke

if TYPE_CHECKING:
    import polars as pl

SHARED = ("seakeep", "polars", "numpy", "onnxruntime")
"""Packages whose versions the driver and its workers must share."""


@dataclass(frozen=True, slots=True)
class Unit:
    """Rows that are worked on together. number: in canonical order, from 0. begin: the first one's number in the table.

    rows: how many; -1 where a piece is to be counted, and its number of rows is all that is read. ranges: where they are: piece, first row, rows.
    content: the rows themselves where workers cannot read the table: in Arrow's IPC format, or as they are for threads.
    """

    number: int
    begin: int
    rows: int
    ranges: tuple[tuple[int, int, int], ...] = ()
    content: bytes | pl.DataFrame | None = None


@dataclass(frozen=True, slots=True)
class Job:
    """What all units of a job share. function: "module:name". table: the dataset's description.

    columns: to be read, None for all. given: the function's own text. files: its own contents by name.
    identity: differs from job to job. versions: what the driver runs.
    """

    function: str
    table: str
    identity: str
    columns: tuple[str, ...] | None = None
    given: str = ""
    files: Mapping[str, bytes] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Call:
    """What a mapped function is told beside its rows. number, begin: of the unit. given, files, identity: of the job."""

    number: int
    begin: int
    given: str
    files: Mapping[str, bytes]
    identity: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of a unit: a value, or an error (its class, and its parts as texts)."""

    value: bytes = b""
    error: str = ""
    parts: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def refused(cls, error: BaseException, *, place: str) -> Answer:
        """An exception as an answer."""
        if isinstance(error, SeakeepError):
            parts = error.as_plain()
        else:
            parts = {"kind": type(error).__name__, "message": str(error), "where": place}
        return cls(error=f"{type(error).__module__}:{type(error).__qualname__}", parts=parts)

    def opened(self) -> bytes:
        """The value. Raises the worker's SeakeepError, or EngineBroke for another exception."""
        if not self.error:
            return self.value
        if "found" not in self.parts:
            raise EngineBroke.raised(self.parts["kind"], self.parts["message"], where=self.parts["where"])
        kind = named(self.error)
        assert isinstance(kind, type)
        assert issubclass(kind, SeakeepError)
        raise kind(*[self.parts["found"]], **{part: self.parts[part] for part in ("where", "cause", "fix")})


Mapped = Callable[["pl.DataFrame", Call], bytes]


class Engine(Protocol):
    """Where units are worked on. Implementations are one file each in `data/engines`, with `connect(place, seconds=)`."""

    @property
    def address(self) -> str:
        """As the user wrote it; for lineage and messages."""

    @property
    def is_remote(self) -> bool:
        """Whether workers are other processes, which read the table for themselves."""

    def each(self, job: Job, units: Iterable[Unit]) -> Generator[Answer]:
        """The answer of every unit, each once and in the units' order, whatever workers were lost meanwhile.

        Units are taken as there is room, so that neither they nor their answers pile up. Raises: EngineBroke.
        """

    def close(self) -> None:
        """Let go of what was started or connected; twice does no harm."""


def name_of(function: Callable[..., object]) -> str:
    """A function's name, by which workers import it. Raises BadEngine, where it has none."""
    module, name = getattr(function, "__module__", ""), getattr(function, "__qualname__", "")
    found = getattr(sys.modules.get(module), name, None) if module != "__main__" else None
    if found is not function:
        raise BadEngine.function(f"{module}.{name}" if name else repr(function))
    return f"{module}:{name}"


def named(name: str) -> object:
    """What has that name, "module:name"."""
    module, _, inner = name.partition(":")
    found: Any = importlib.import_module(module)
    for part in inner.split("."):
        found = getattr(found, part)
    return cast("object", found)


def versions() -> dict[str, str]:
    """What this process runs, by package."""
    return {"python": ".".join(platform.python_version_tuple()[:2])} | {name: metadata.version(name) for name in SHARED}


def host() -> str:
    """What this machine is called, for messages."""
    return socket.gethostname()

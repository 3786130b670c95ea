"""An engine by its address: `local`, `ray://head:10001`, `spark://master:7077`.

The part before `://` names the file in `data/engines`; what follows is that file's. Connecting costs seconds, so whoever does
several things on one engine keeps it: a run of a pipeline connects once.
"""

from __future__ import annotations

import contextlib
import re
import socket
from dataclasses import dataclass
from typing import TYPE_CHECKING

from seakeep.core import plugins
from seakeep.core.errors import nearest
from seakeep.data.engines._errors import BadEngine, CannotConnect

if TYPE_CHECKING:
    from collections.abc import Iterator

    from seakeep.data.engines._job import Engine

GROUP = "data.engines"
LOCAL = "local"
SECONDS = 60.0
_ADDRESS = re.compile(r"(?P<engine>[A-Za-z][\w+.-]*)(?:(?P<slashes>://)(?P<rest>[^\s]+)|\[(?P<count>\d+|\*)\])?")
_HERE = re.compile(r"local(?:\[(\d+|\*)\])?")
_HOST = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[^\s:/\[\]@?#]+):(\d{1,5})/?")


@dataclass(frozen=True, slots=True)
class Place:
    """Where an engine is. address: as written. here: whether it is started on this machine, with so many workers (0: as many as
    there are cores). host, port: else; host "auto" for the cluster that this machine is part of.
    """

    address: str
    engine: str
    here: bool = False
    workers: int = 0
    host: str = ""
    port: int = 0


def place_of(address: str) -> Place:
    """What an address says. Raises BadEngine, with the nearest engine's name.

    >>> place_of("spark://master:7077").port, place_of("ray://local[2]").workers
    (7077, 2)
    """
    found = _ADDRESS.fullmatch(address.strip())
    known = plugins.names(GROUP)
    if found is None:
        raise BadEngine.address(address)
    engine = found["engine"].lower()
    if engine not in known:
        near = nearest(engine, known)
        raise BadEngine.address(address, near=address.replace(found["engine"], near, 1) if near else "")
    if not found["slashes"]:
        if engine != LOCAL:
            raise BadEngine.address(address, near=f"{engine}://local")
        return Place(address, engine, here=True, workers=_count(found["count"]))
    return _elsewhere(address, engine, found["rest"])


def _elsewhere(address: str, engine: str, rest: str) -> Place:
    here, host = _HERE.fullmatch(rest), _HOST.fullmatch(rest)
    if engine == LOCAL:
        raise BadEngine.address(address, near=LOCAL)
    if here:
        return Place(address, engine, here=True, workers=_count(here[1]))
    if rest == "auto":
        return Place(address, engine, host=rest)
    if host is None or not 0 < int(host[2]) < 1 << 16:
        raise BadEngine.address(address)
    return Place(address, engine, host=host[1].strip("[]"), port=int(host[2]))


def _count(text: str | None) -> int:
    return 0 if text in (None, "*") else int(text or 0)


def connect(address: str, *, seconds: float = SECONDS) -> Engine:
    """The engine at an address, ready for work; `close` it at the end.

    Parameters: seconds: to wait for it. Raises: BadEngine; CannotConnect; MissingExtra, where its package is not installed.
    """
    place = place_of(address)
    engine: Engine = plugins.load(GROUP, place.engine).connect(place, seconds=seconds)
    return engine


@contextlib.contextmanager
def connected(engine: str | Engine) -> Iterator[Engine]:
    """The engine at an address, closed at the end; one that is connected already is left as it is."""
    if not isinstance(engine, str):
        yield engine
        return
    found = connect(engine)
    try:
        yield found
    finally:
        found.close()


def check_listens(place: Place, *, seconds: float, check: str) -> None:
    """Raise CannotConnect, where nothing listens at a place; told at once, which the engines' own clients do not."""
    try:
        socket.create_connection((place.host, place.port), timeout=min(seconds, 10.0)).close()
    except OSError as error:
        reason = error.strerror or str(error)
        raise CannotConnect.silent(place.address, reason, seconds=seconds, check=check) from error

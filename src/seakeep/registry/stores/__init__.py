"""Where a registry's database and its objects are kept, one file each.

A module has `open_database(place, *, create) -> Database` (see registry.database) or `open_objects(place) -> Objects` (below),
or both. `sqlite` and `local` keep them in the registry's folder; `postgresql` and `remote` serve many machines. An address whose
scheme no built-in knows is served by the plug-in of that name (entry point group `seakeep.registry.stores`). Stores of any make
are held to their promises by `seakeep.testing.check_store`.
"""

from __future__ import annotations

import contextlib
import importlib
from typing import TYPE_CHECKING, Any, Protocol

from seakeep.core.addresses import redacted
from seakeep.core.errors import UsageError
from seakeep.registry.stores._errors import BadPlace

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

    from seakeep.registry.database import Database
    from seakeep.registry.place import Place

GROUP = __name__.removeprefix("seakeep.")
_BUILT_IN = ("sqlite", "local", "postgresql", "remote")
"""Named here, so that opening a folder's registry looks for no plug-ins: that costs 50 modules and a third of its time."""


class Objects(Protocol):
    """Contents by their SHA-256: whole or absent, and checked when read."""

    shared: bool
    """Whether other machines see them, so that releases must be kept here too."""

    def put(self, content: bytes) -> str:
        """Keep `content`; returns its SHA-256. A damaged one of that name is replaced. When this returns, every reader sees it."""

    def get(self, digest: str) -> bytes:
        """The content with this digest. Raises TornObject where it is absent or differs."""

    def check(self, digest: str) -> None:
        """Raise TornObject, where the lasting copy is absent or differs; a local copy of it does not count."""

    def __contains__(self, digest: str) -> bool:
        """Whether the object is there. Its content is not read."""

    def __iter__(self) -> Iterator[str]:
        """Every object's digest, sorted."""

    def claim(self, owner: str) -> None:
        """Say once whose these are, before the first is put. Raises UnusableObjects, if they are another's."""

    def sweep(self, used: Callable[[], Collection[str]], *, hours: float) -> tuple[str, ...]:
        """Remove what killed writers have left behind and nobody has used for so many hours; returns what went.

        used: gives the digests of all objects on record, asked after the objects were listed.
        """


def open_database(place: Place, *, create: bool) -> Database:
    """The database of a place. Raises UnreadableRegistry, where there is none and not `create`; BadPlace."""
    module = _module(place.database_store, place.database, "open_database")
    return module.open_database(place, create=create)  # type: ignore[no-any-return]


def open_objects(place: Place) -> Objects:
    """The objects of a place. No store on a network is asked yet. Raises BadPlace."""
    return _module(place.objects_store, place.objects, "open_objects").open_objects(place)  # type: ignore[no-any-return]


def _module(name: str, address: str, function: str) -> Any:
    module = importlib.import_module(f"{__name__}.{name}") if name in _BUILT_IN else _third_party(name)
    if not hasattr(module, function):
        raise BadPlace.unknown_scheme(redacted(address), database=function == "open_database")
    return module


def _third_party(name: str) -> Any:
    """The plug-in of this name, or None."""
    from seakeep.core import plugins

    with contextlib.suppress(UsageError):
        return plugins.load(GROUP, name)
    return None

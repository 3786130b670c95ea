"""Objects in a bucket, for many machines: `s3://BUCKET/PREFIX`, `gs://…`, `az://…`; `file:///folder` for one that is shared.

An object is kept there before anything on record speaks of it. What was written or read here once is kept in the folder
`copies/` as well, so that a run with nothing to do asks the network nothing. What is hard is removing what killed
writers leave: nothing tells an object that nobody uses from one that is about to be put on record. So it is kept for a time
of grace, a writer that finds an old one writes it anew, which makes it young, and each is looked at again before it goes. A prefix belongs
to one registry, which its marker says; else one would remove what the other uses.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import hashlib
import json
import re
from functools import cached_property
from typing import TYPE_CHECKING

from seakeep.core.files import CannotWrite
from seakeep.data.reading.buckets import Bucket, CannotReach, NotThere
from seakeep.registry.errors import TornObject
from seakeep.registry.stores._errors import UnusableObjects
from seakeep.registry.stores.local import LocalObjects

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

    from seakeep.data.reading.buckets import Found
    from seakeep.registry.place import Place

COPIES = "copies"
YOUNG_HOURS = 24.0
"""An object that is older is written anew by whoever puts it, so that it is not swept meanwhile."""
MARKER = "owner.json"
_KEY = re.compile(r".*/objects/([0-9a-f]{2})/([0-9a-f]{62})$")


def open_objects(place: Place) -> RemoteObjects:
    """The objects at the place's address. The bucket is asked when it is first needed."""
    return RemoteObjects(place.objects, LocalObjects(place.home / COPIES))


class RemoteObjects:
    """The objects below an address, and their copies on this machine."""

    shared = True

    def __init__(self, address: str, copies: LocalObjects) -> None:
        self._address, self._copies = address, copies

    @cached_property
    def _bucket(self) -> Bucket:
        with _explained():
            return Bucket(self._address)

    def put(self, content: bytes) -> str:
        """See Objects.put."""
        digest = hashlib.sha256(content).hexdigest()
        with _explained():
            known = self._head(digest)
            if known is None or not self._holds(known, digest):
                self._bucket.put(_key(digest), content, new=known is None)
        with contextlib.suppress(CannotWrite, OSError):  # without a copy the next look costs a request
            self._copies.put(content)
        return digest

    def get(self, digest: str) -> bytes:
        """See Objects.get. A copy that was changed is fetched again."""
        with contextlib.suppress(TornObject, OSError):
            return self._copies.get(digest)
        content = self._fetched(digest)
        with contextlib.suppress(CannotWrite, OSError):
            self._copies.put(content)
        return content

    def check(self, digest: str) -> None:
        """See Objects.check."""
        self._fetched(digest)

    def __contains__(self, digest: str) -> bool:
        if digest in self._copies:
            return True
        with _explained():
            return self._head(digest) is not None

    def __iter__(self) -> Iterator[str]:
        with _explained():
            for each in self._bucket.list("objects"):
                found = _KEY.match(each.address)
                if found:
                    yield found[1] + found[2]

    def sweep(self, used: Callable[[], Collection[str]], *, hours: float) -> tuple[str, ...]:
        """See Objects.sweep. Times are as exact as this machine's clock."""
        with _explained():
            before = dt.datetime.now(dt.UTC) - dt.timedelta(hours=hours)
            old = [digest for digest in self if self._is_older(digest, before)]
            kept = frozenset(used()) if old else frozenset()
            gone = []
            for digest in old:
                if digest not in kept and self._is_older(digest, before):  # just before, as it may have been put anew
                    self._bucket.remove(_key(digest))
                    self._copies.path(digest).unlink(missing_ok=True)
                    gone.append(digest)
        return tuple(gone)

    def claim(self, owner: str) -> None:
        """See Objects.claim."""
        with _explained():
            marker = json.dumps({"registry": owner}).encode()
            found = self._bucket.get(MARKER) if self._bucket.look(MARKER) else b""
            if not found and not self._bucket.put(MARKER, marker, new=True):
                found = self._bucket.get(MARKER)
            if found and found != marker:
                raise UnusableObjects.another(self._bucket.address)

    def _fetched(self, digest: str) -> bytes:
        with _explained():
            try:
                content = self._bucket.get(_key(digest))
            except NotThere as error:
                raise TornObject.absent("object", digest) from error
        found = hashlib.sha256(content).hexdigest()
        if found != digest:
            raise TornObject.replaced(f"{self._bucket.address}/{_key(digest)}", found)
        return content

    def _head(self, digest: str) -> Found | None:
        return self._bucket.look(_key(digest))

    def _holds(self, known: Found, digest: str) -> bool:
        """Whether the object is whole and will not be taken for a leftover; costs reading it."""
        if dt.datetime.now(dt.UTC) - known.changed > dt.timedelta(hours=YOUNG_HOURS):
            return False
        with contextlib.suppress(TornObject):
            return bool(self._fetched(digest))
        return False

    def _is_older(self, digest: str, before: dt.datetime) -> bool:
        found = self._head(digest)
        return found is not None and found.changed < before


def _key(digest: str) -> str:
    return f"objects/{digest[:2]}/{digest[2:]}"


@contextlib.contextmanager
def _explained() -> Iterator[None]:
    """What a bucket does not do, as a failure of the registry."""
    try:
        yield
    except CannotReach as error:
        raise UnusableObjects.because(error) from error
